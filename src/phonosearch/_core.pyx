"""The search kernel: parts to people, people to a ranked page, over packed arrays and without the GIL.

A query part is expanded to the parts of the index that its level accepts; the forms that hold enough of them are read
from postings; each is verified and counted with its people, scored as far as it can be on the page, and ranked.
``_reference`` states the same rules slowly, ARCHITECTURE.md says why this is complete.
"""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memcmp, memcpy, memset

from phonosearch._align cimport (
    CLOSE, DATE_ABSENT, EXACT, MAX_TURNS, NO_LEVEL, ROW, ROW_HEAD, UNEARNED, VARIANT, WIDE,
    Alignment, Grid, PartInfo, Query, date_agreement_of, earn, identifies, keep_better, no_reading, prepare, read_name,
    relate_kind, score_grid, score_merged, sex_agreement_of, write_row,
)
from phonosearch._arrays cimport CLASSES, OWNER_SEVERAL
from phonosearch._expansion cimport PartIndex
from phonosearch._text cimport MAX_FORMS, MAX_PARTS, TextRules
from phonosearch._workspace cimport UNBOUNDED, Found, Hit, Workspace

cdef uint32_t DOB_SEVERAL = 0x80000000

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define PS_PREFETCH(p) __builtin_prefetch(p)
    #else
    #define PS_PREFETCH(p) ((void)0)
    #endif
    """
    void PS_PREFETCH(const void* p) noexcept nogil


cdef class NameIndex(PartIndex):
    """The search over the packed arrays of an index; arguments and errors as those of ``PackedNames``."""

    cdef list pool                  # workspaces that no search uses
    cdef int earned_most            # points of 1000 that letters may earn

    def __cinit__(self, TextRules rules not None, dict arrays not None):
        cdef int knot
        self.pool = []
        self.earned_most = 0
        for knot in range(self.rules.letters.knots):
            self.earned_most = max(self.earned_most, self.rules.letters.knot_points[knot])

    cdef int _search_form(self, Workspace space, int form) except -1 nogil:
        """Find the people of whom some form satisfies the level for one form of the query."""
        cdef Query* query = &space.query
        cdef int queries = query.size[form], position, group, size, lists, chosen, level = query.level
        cdef uint64_t count[MAX_PARTS]
        cdef int order[MAX_PARTS]
        cdef uint32_t at
        cdef bint wide = level == WIDE and queries > 1 and query.full_parts[form] != 0, scan
        space.forget_form()
        space.form = form
        for position in range(queries):
            self.expand(space, &query.parts[form][position], level)
        space.marked = query.forms == 1 and level >= CLOSE
        for group in range(CLASSES):
            if self.class_start.data[group] == self.class_start.data[group + 1]:
                continue
            size = queries - 1 if wide else queries
            if group + 1 < size:
                size = group + 1
            # A form that pairs `size` of the query's parts misses at most the rest of them, so it stands under one of
            # any (rest + 1) parts: read the rarest.
            lists = queries - size + 1
            for position in range(queries):
                count[position] = space.expansion[position].forms[group]
                if level >= VARIANT and query.parts[form][position].length == 1:
                    count[position] = self.forms
                chosen = position
                while chosen > 0 and count[order[chosen - 1]] > count[position]:
                    order[chosen] = order[chosen - 1]
                    chosen -= 1
                order[chosen] = position
            scan = False
            for chosen in range(lists):
                if level >= VARIANT and query.parts[form][order[chosen]].length == 1:
                    scan = True
            if scan:
                for at in range(self.class_start.data[group], self.class_start.data[group + 1]):
                    self._offer(space, at, form, wide)
                continue
            for chosen in range(lists):
                if 1 <= group <= 2 and queries == 2 and not wide and not space.has_initials:
                    self._offer_pairs(space, order[chosen], group)
                else:
                    self._offer_list(space, order[chosen], form, wide, group)
        return 0

    cdef int _offer_pairs(self, Workspace space, int position, int group) except -1 nogil:
        """Two parts asked, the commonest case: keep the forms of two or three parts under a part whose marks pair off,
        then look at their people."""
        cdef size_t at, ahead, last, kept
        cdef int width = group + 1
        cdef uint32_t begin = self.class_start.data[group], end = self.class_start.data[group + 1], form, last_form
        cdef size_t lasts = group * self.parts
        cdef const uint32_t* all_parts = self.form_part.data + self._class_offset(group)
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        space.candidate_count = 0
        for at in range(start, stop):
            ahead = at + 8
            if ahead < stop:
                form = self.last_start.data[lasts + space.matches[ahead].part]
                PS_PREFETCH(all_parts + width * <size_t>(form - begin))
            form = self.last_start.data[lasts + space.matches[at].part]
            last_form = self.last_start.data[lasts + space.matches[at].part + 1]
            space.reserve_candidates(last_form - form)
            while form < last_form:
                if _pair_off(space.mark, all_parts + width * <size_t>(form - begin), width):
                    PS_PREFETCH(&self.owner_start.data[form])
                    space.candidates[space.candidate_count] = form
                    space.candidate_count += 1
                form += 1
        kept = space.candidate_count
        self._gather(space, position, group)
        last = space.candidate_count
        for at in range(kept, last):
            if at + 16 < last:
                PS_PREFETCH(all_parts + width * <size_t>(space.candidates[at + 16] - begin))
            form = space.candidates[at]
            if form < begin or form >= end:
                continue            # of a crafted file
            if _pair_off(space.mark, all_parts + width * <size_t>(form - begin), width):
                PS_PREFETCH(&self.owner_start.data[form])
                space.candidates[kept] = form
                kept += 1
        for at in range(kept):
            if at + 8 < kept:
                PS_PREFETCH(self.owner.data + self.owner_start.data[space.candidates[at + 8]])
            self._accept(space, space.candidates[at], True)
        return 0

    cdef int _offer_list(
        self, Workspace space, int position, int form, bint wide, int group
    ) except -1 nogil:
        """Verify all forms of a class that hold a match of a query part."""
        cdef size_t at, last
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        cdef uint32_t number, low = self.class_start.data[group]
        cdef size_t offset = self._class_offset(group)
        for at in range(start, stop):
            last = group * self.parts + space.matches[at].part
            for number in range(self.last_start.data[last], self.last_start.data[last + 1]):
                self._offer(space, number, form, wide)
        space.candidate_count = 0
        self._gather(space, position, group)
        last = space.candidate_count
        for at in range(last):
            if group < CLASSES - 1 and at + 16 < last:
                PS_PREFETCH(
                    self.form_part.data + offset + <size_t>(group + 1) * (space.candidates[at + 16] - low)
                )
            self._offer(space, space.candidates[at], form, wide)
        return 0

    cdef int _gather(self, Workspace space, int position, int group) except -1 nogil:
        """Collect the forms of a class that hold a match of a query part before the last: short runs, far apart."""
        cdef size_t at, run, ahead
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        cdef uint32_t begin, size
        for at in range(start, stop):
            ahead = at + 8
            if ahead < stop:
                PS_PREFETCH(
                    self.posting_form.data
                    + self.posting_start.data[CLASSES * <size_t>space.matches[ahead].part + group]
                )
            run = CLASSES * <size_t>space.matches[at].part + group
            begin = self.posting_start.data[run]
            size = self.posting_start.data[run + 1] - begin
            if size:
                space.reserve_candidates(size)
                memcpy(
                    space.candidates + space.candidate_count, self.posting_form.data + begin, size * sizeof(uint32_t)
                )
                space.candidate_count += size
        return 0

    cdef inline size_t _class_offset(self, int group) noexcept nogil:
        """Where the parts of the forms of a class of fixed size begin."""
        cdef uint32_t one = self.class_start.data[1]
        if group == 0:
            return 0
        if group == 1:
            return one
        return one + 2 * <size_t>(self.class_start.data[2] - one)

    cdef inline int _offer(self, Workspace space, uint32_t form, int query_form, bint wide) except -1 nogil:
        """Count the people of a form, if it satisfies the level."""
        cdef int size, part, queries = space.query.size[query_form]
        cdef const uint32_t* parts
        cdef uint16_t masks[MAX_PARTS]
        cdef unsigned int full_parts = space.query.full_parts[query_form]
        if space.seen[form >> 3] >> (form & 7) & 1:
            return 0
        parts = self.form(form, &size)
        for part in range(size):
            masks[part] = self._marks(space, parts[part])
        if identifies(masks, size, queries, full_parts, wide):
            self._accept(space, form, not wide or identifies(masks, size, queries, full_parts, False))
        return 0

    cdef int _accept(self, Workspace space, uint32_t form, bint surely_close) except -1 nogil:
        """Count the people of a form that satisfies the level, once."""
        cdef uint32_t begin = self.owner_start.data[form], end = self.owner_start.data[form + 1], several
        if space.seen[form >> 3] >> (form & 7) & 1:
            return 0
        while end > begin and self.owner.data[end - 1] & OWNER_SEVERAL:
            end -= 1
            several = self.owner.data[end] & ~<uint32_t>OWNER_SEVERAL
            if space.seen_several[several >> 3] >> (several & 7) & 1:
                continue
            PS_PREFETCH(&self.several_start.data[several])
            if space.query.level > EXACT or self._is_full(several, form):
                space.add_found(OWNER_SEVERAL | several, 1, True)
        space.add_found(form, end - begin, surely_close)
        return 0

    cdef bint _is_full(self, uint32_t several, uint32_t form) noexcept nogil:
        """Whether a form is the full one of some name of a person of several forms."""
        cdef uint32_t at
        for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
            if self.several_form.data[2 * <size_t>at] == form and not self.several_form.data[2 * <size_t>at + 1] & 3:
                return True
        return False

    cdef int _search_merged(self, Workspace space) except -1 nogil:
        """Find the people whose name holds joined what the query holds apart, or the reverse."""
        cdef Query* query = &space.query
        cdef int queries = query.size[0], position, count, member, length
        cdef uint8_t word[4 * 64]
        cdef int32_t run[4]
        cdef PartInfo* part
        for position in range(queries):
            part = &query.parts[0][position]
            if part.raw:
                continue
            for count in range(2, min(4, queries - position) + 1):
                length = 0
                for member in range(position, position + count):
                    memcpy(word + length, query.parts[0][member].letters, query.parts[0][member].length)
                    length += query.parts[0][member].length
                if length > 61 or (count > 2 and length > count):
                    continue
                run[0] = self.find_word(word, length)
                if run[0] >= 0:
                    self._offer_merged(space, run, 1)
            for length in range(1, part.length):
                run[0] = self.find_word(part.letters, length)
                if run[0] >= 0:
                    run[1] = self.find_word(part.letters + length, part.length - length)
                    if run[1] >= 0:
                        self._offer_merged(space, run, 2)
            if 3 <= part.length <= 4:
                for member in range(part.length):
                    run[member] = self.find_word(part.letters + member, 1)
                    if run[member] < 0:
                        break
                else:
                    self._offer_merged(space, run, part.length)
        return 0

    cdef int _offer_merged(self, Workspace space, const int32_t* run, int count) except -1 nogil:
        """Count the people whose name holds the parts of a run side by side, if their best reading satisfies the level.

        The forms of the rarest part of the run are read, in the classes that have room for the run.
        """
        cdef size_t at, last
        cdef uint32_t rarest = run[0]
        cdef uint64_t fewest = <uint64_t>-1, forms
        cdef int member, group
        for member in range(count):
            forms = 0
            for group in range(CLASSES):
                forms += self.forms_with(run[member], group)
            if forms < fewest:
                fewest = forms
                rarest = run[member]
        for group in range(count - 1, CLASSES):
            last = group * self.parts + rarest
            for at in range(self.last_start.data[last], self.last_start.data[last + 1]):
                self._offer_side_by_side(space, <uint32_t>at, run, count)
            last = CLASSES * <size_t>rarest + group
            for at in range(self.posting_start.data[last], self.posting_start.data[last + 1]):
                self._offer_side_by_side(space, self.posting_form.data[at], run, count)
        return 0

    cdef int _offer_side_by_side(self, Workspace space, uint32_t form, const int32_t* run, int count) except -1 nogil:
        cdef int size, position, member
        cdef const uint32_t* parts
        cdef uint32_t begin, end, several
        cdef Alignment found
        if space.seen[form >> 3] >> (form & 7) & 1:
            return 0
        parts = self.form(form, &size)
        for position in range(size - count + 1):
            for member in range(count):
                if parts[position + member] != <uint32_t>run[member]:
                    break
            else:
                break
        else:
            return 0
        begin = self.owner_start.data[form]
        end = self.owner_start.data[form + 1]
        while end > begin and self.owner.data[end - 1] & OWNER_SEVERAL:
            end -= 1
            several = self.owner.data[end] & ~<uint32_t>OWNER_SEVERAL
            if space.seen_several[several >> 3] >> (several & 7) & 1:
                continue
            self._align(space, self.owner.data[end], &found)
            if found.lowest <= space.query.level:
                space.add_found(self.owner.data[end], 1, True)
        if end > begin:
            self._align(space, form, &found)
            # All that can be said of these people has been said: those who do not satisfy the level now never will.
            space.add_found(form, end - begin if found.lowest <= space.query.level else 0, True)
        return 0

    cdef int _score_forms(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int name_form,
        bint contradicting, Alignment* found,
    ) except -1 nogil:
        """Score one reading. Unless ``contradicting``, one in which the pairs that some level accepts do not pair off
        every part of the shorter form is put off: its level is NO_LEVEL."""
        cdef Query* query = &space.query
        cdef Grid grid
        cdef int row, column, value
        cdef uint16_t accepted[MAX_PARTS]
        cdef uint16_t needed[MAX_PARTS]
        cdef int32_t* relations[MAX_PARTS]
        cdef PartInfo info
        cdef bint whole = False, marked = space.marked and not contradicting
        grid.rows = query.size[query_form]
        grid.columns = size
        found.merged = False
        found.query_form = query_form
        found.name_form = name_form
        if marked:
            for column in range(size):
                accepted[column] = self._marks(space, parts[column])
            whole = identifies(accepted, size, grid.rows, 0, False)
            if not whole:
                found.level = NO_LEVEL
                return 0
        for row in range(grid.rows):
            grid.query_weight[row] = query.weight[query_form][row]
        for column in range(size):
            space.relations(parts[column])
        for column in range(size):
            relations[column] = space.relations(parts[column])   # after the last has its place: places move
            info.letters = NULL
            grid.name_weight[column] = self.part_weight(parts[column])
            relations[column] += query.pool_start[query_form]
            if not marked:
                accepted[column] = 0
            for row in range(grid.rows):
                grid.kind[row][column] = 0
                grid.points[row][column] = 0
                if marked and not accepted[column] >> row & 1:
                    continue
                value = relations[column][row]
                if value < 0:
                    if info.letters == NULL:
                        self.describe_part(parts[column], &info, query.grouped)
                    value = relate_kind(self.rules, &query.parts[query_form][row], &info)
                    relations[column][row] = value
                grid.kind[row][column] = value >> 16
                if value >> 16:
                    accepted[column] |= 1u << row
        if not whole:
            whole = identifies(accepted, size, grid.rows, 0, False)
            if not (whole or contradicting):
                found.level = NO_LEVEL
                return 0
        _needed(accepted, size, grid.rows, whole, needed)
        for column in range(size):
            info.letters = NULL
            for row in range(grid.rows):
                if not needed[column] >> row & 1:
                    continue
                value = relations[column][row]
                if value & UNEARNED == UNEARNED:
                    if info.letters == NULL:
                        self.describe_part(parts[column], &info, query.grouped)
                    value = earn(self.rules, &query.parts[query_form][row], &info, value)
                    relations[column][row] = value
                grid.points[row][column] = value & UNEARNED
        score_grid(
            self.rules, &grid, VARIANT if query_form or name_form else EXACT, query.full_parts[query_form],
            query.share, found,
        )
        return 0

    cdef inline uint16_t _marks(self, Workspace space, uint32_t part) noexcept nogil:
        if space.has_initials:
            return space.mark[part] | space.initial_mask[self.first_letter(part)]
        return space.mark[part]

    cdef int _align(self, Workspace space, uint32_t source, Alignment* best) except -1 nogil:
        """The best reading of the names of a person, without other evidence; ``source`` is what ``owner`` tells of a
        person of several forms, or else the form."""
        return self._align_above(space, source, 0, best)

    cdef int _align_above(self, Workspace space, uint32_t source, int floor, Alignment* best) except -1 nogil:
        """``_align`` where readings with less than ``floor`` do not matter."""
        cdef size_t first, last, end
        cdef uint32_t name
        cdef int size
        cdef bint put_off = False, exact
        cdef Query* query = &space.query
        cdef uint32_t alone[2]
        cdef const uint32_t* parts
        no_reading(best)
        if not source & OWNER_SEVERAL:
            alone[0] = source
            alone[1] = 0
            if self._align_name(space, alone, 1, best):
                self._align_rest(space, source, 0, 0, best)
            return 0
        source &= ~<uint32_t>OWNER_SEVERAL
        first = self.several_start.data[source]
        last = self.several_start.data[source + 1]
        while first < last:
            name = self.several_form.data[2 * first + 1] >> 2
            end = first + 1
            while end < last and self.several_form.data[2 * end + 1] >> 2 == name:
                end += 1
            put_off |= self._align_name(space, self.several_form.data + 2 * first, <int>(end - first), best)
            first = end
        if put_off and (query.contradicted_bound > best.score or best.lowest > CLOSE):
            for first in range(self.several_start.data[source], last):
                name = self.several_form.data[2 * first + 1]
                if space.marked and best.level <= CLOSE:
                    parts = self.form(self.several_form.data[2 * first], &size)
                    if self._bound_apart(space, parts, size, 0, False, &exact) <= max(best.score, floor - 1):
                        continue        # of equal scores that with the lower level is kept
                self._align_rest(space, self.several_form.data[2 * first], name >> 2, name & 3, best)
        return 0

    cdef void _add_other_evidence(self, const Query* query, uint32_t person, Alignment* best) noexcept nogil:
        """What the date of birth and the sex of a person say."""
        cdef uint32_t dates, date_at
        cdef int kind, date_kind
        best.date_kind = best.date_points = best.sex_kind = best.sex_points = 0
        if query.date:
            dates = self.dob.data[person]
            date_kind = DATE_ABSENT
            if dates & DOB_SEVERAL and (dates & ~DOB_SEVERAL) + 1 < self.dob_several_start.size:
                date_kind = 0
                dates &= ~DOB_SEVERAL
                for date_at in range(self.dob_several_start.data[dates], self.dob_several_start.data[dates + 1]):
                    kind = date_agreement_of(query.date, self.dob_several.data[date_at])
                    if kind > date_kind:
                        date_kind = kind
                if date_kind == 0:
                    date_kind = DATE_ABSENT
            elif dates and not dates & DOB_SEVERAL:
                date_kind = date_agreement_of(query.date, dates)
            best.date_kind = date_kind
            best.date_points = self.rules.date_points[query.precision][query.sex != 0][date_kind]
        if query.sex:
            best.sex_kind = sex_agreement_of(query.sex, self.sex[person])
            best.sex_points = self.rules.sex_points[query.precision][query.sex != 0][best.sex_kind]
        best.score += best.date_points + best.sex_points

    cdef int _spread_of_other_evidence(self, const Query* query) noexcept nogil:
        """The points between the best and the worst that a date of birth and a sex can say."""
        cdef int kind, least = 0, most = 0, spread = 0, points
        if query.date:
            for kind in range(1, 8):
                points = self.rules.date_points[query.precision][query.sex != 0][kind]
                least = points if kind == 1 else min(least, points)
                most = points if kind == 1 else max(most, points)
            spread = most - least
        if query.sex:
            for kind in range(1, 4):
                points = self.rules.sex_points[query.precision][query.sex != 0][kind]
                least = points if kind == 1 else min(least, points)
                most = points if kind == 1 else max(most, points)
            spread += most - least
        return spread

    cdef int _align_name(self, Workspace space, const uint32_t* forms, int count, Alignment* best) except -1 nogil:
        """Offer the readings of one name; ``forms`` are pairs as in ``several_form``, the full form first.

        Returns whether any was put off, since some part contradicts there: ``_align_rest`` offers those.
        """
        cdef Query* query = &space.query
        cdef int query_form, number, size, position, full_size, name_form
        cdef const uint32_t* parts
        cdef const uint32_t* full
        cdef Alignment found
        cdef PartInfo infos[MAX_PARTS]
        cdef bint put_off = False
        cdef int turn = MAX_TURNS * <int>(forms[1] >> 2)
        for query_form in range(query.forms):
            for number in range(count):
                parts = self.form(forms[2 * number], &size)
                name_form = forms[2 * number + 1] & 3
                self._score_forms(space, query_form, parts, size, name_form, False, &found)
                if found.level > CLOSE:
                    put_off = True
                    continue
                found.name = forms[2 * number + 1] >> 2
                found.form = forms[2 * number]
                found.turn = turn + MAX_FORMS * query_form + name_form
                keep_better(&found, best)
        full = self.form(forms[0], &full_size)
        if self._may_join(space, full, full_size):
            for position in range(full_size):
                self.describe_part(full[position], &infos[position], True)
            found = best[0]
            score_merged(
                self.rules, query.parts[0], query.size[0], infos, full_size, query.share, turn + MAX_TURNS - 1, &found
            )
            if found.turn == turn + MAX_TURNS - 1:
                found.name = forms[1] >> 2
                found.form = forms[0]
            best[0] = found
        return put_off

    cdef int _align_rest(
        self, Workspace space, uint32_t form, uint32_t name, int name_form, Alignment* best
    ) except -1 nogil:
        """Offer the readings of one form that were put off."""
        cdef int size, query_form
        cdef const uint32_t* parts = self.form(form, &size)
        cdef Alignment found
        for query_form in range(space.query.forms):
            self._score_forms(space, query_form, parts, size, name_form, True, &found)
            if found.level > CLOSE:
                found.name = name
                found.form = form
                found.turn = MAX_TURNS * <int>name + MAX_FORMS * query_form + name_form
                keep_better(&found, best)
        return 0

    cdef bint _may_join(self, Workspace space, const uint32_t* full, int size) noexcept nogil:
        """Whether one side holds joined what the other holds apart: a part of the very length, then of the letters."""
        cdef const Query* query = &space.query
        cdef int position, joined, other, run = 0, queries = query.size[0]
        cdef int lengths[MAX_PARTS]
        cdef const uint8_t* letters
        for position in range(size):
            lengths[position] = self.part_length(full[position])
            if space.joined_lengths >> lengths[position] & 1:
                letters = self.letters(full[position])
                for other in range(1, queries):
                    joined = query.parts[0][other - 1].length
                    if (
                        joined + query.parts[0][other].length == lengths[position]
                        and memcmp(letters, query.parts[0][other - 1].letters, joined) == 0
                        and memcmp(letters + joined, query.parts[0][other].letters, lengths[position] - joined) == 0
                    ):
                        return True
                if space.query_initials and lengths[position] >= 3:
                    return True
            run = run + 1 if lengths[position] == 1 else 0
            if run >= 3 and space.lengths >> 3 & 1 or run >= 4 and space.lengths >> 4 & 1:
                return True
        for position in range(1, size):
            joined = lengths[position - 1] + lengths[position]
            if joined >= 63 or not space.lengths >> joined & 1:
                continue
            for other in range(queries):
                if (
                    query.parts[0][other].length == joined
                    and memcmp(
                        query.parts[0][other].letters, self.letters(full[position - 1]), lengths[position - 1]
                    ) == 0
                    and memcmp(
                        query.parts[0][other].letters + lengths[position - 1], self.letters(full[position]),
                        lengths[position],
                    ) == 0
                ):
                    return True
        return False

    cdef int _find_people(self, Workspace space) except -1 nogil:
        """Find every person who satisfies the query."""
        cdef int form
        if space.query.level > EXACT:
            self._search_merged(space)
        for form in range(space.query.forms if space.query.level > EXACT else 1):
            self._search_form(space, form)
        return 0

    cdef int _known_pairs(
        self, Workspace space, const uint32_t* parts, int size, int* column_of_row
    ) noexcept nogil:
        """The pairs of a form that some level accepts, where each part has one partner at most: how many, or -1."""
        cdef uint16_t mask, taken = 0
        cdef int column, row, pairs = 0
        for row in range(space.query.size[0]):
            column_of_row[row] = -1
        for column in range(size):
            mask = self._marks(space, parts[column])
            if mask == 0:
                continue
            if mask & (mask - 1) or mask & taken:
                return -1
            taken |= mask
            row = 0
            while mask >> row != 1:
                row += 1
            column_of_row[row] = column
            pairs += 1
        return pairs

    cdef int _bound(self, Workspace space, uint32_t form, int floor, bint earning, bint* exact) except -1 nogil:
        """The greatest score that a form may have for the only form of the query; UNBOUNDED where that is hard to say.

        Letters are aligned one pair after the other (if ``earning``) while the bound stays at or above ``floor`` and the
        pairs are beyond doubt; ``exact`` says whether the bound is the score in the end.
        """
        cdef int size
        cdef const uint32_t* parts = self.form(form, &size)
        exact[0] = False
        if self._may_join(space, parts, size):
            return UNBOUNDED
        return self._bound_apart(space, parts, size, floor, earning, exact)

    cdef int _bound_apart(
        self, Workspace space, const uint32_t* parts, int size, int floor, bint earning, bint* exact
    ) except -1 nogil:
        """``_bound`` without the reading in which parts are joined."""
        cdef Query* query = &space.query
        cdef int row, column, bound, rows = query.size[0], pairs, lacking = -1
        cdef int column_of_row[MAX_PARTS]
        cdef int points[MAX_PARTS]
        cdef int name_weight[MAX_PARTS]
        cdef uint32_t unearned = 0, taken = 0
        cdef int32_t* relations
        cdef PartInfo info
        exact[0] = False
        pairs = self._known_pairs(space, parts, size, column_of_row)
        if pairs < 0:
            return UNBOUNDED
        for column in range(size):
            name_weight[column] = self.part_weight(parts[column])
        for row in range(rows):
            points[row] = 0
            column = column_of_row[row]
            if column < 0:
                continue
            taken |= 1u << column
            points[row] = self._relation(space, parts[column], row) & UNEARNED
            if points[row] == UNEARNED:
                points[row] = self.earned_most
                unearned |= 1u << row
        if pairs < min(rows, size):
            bound = self._bound_contradicted(query, column_of_row, points, name_weight, size, pairs)
            if not earning or bound < floor or rows != size or pairs != rows - 1:
                return bound
            # One part of either is left, which no level pairs.
            for row in range(rows):
                if column_of_row[row] < 0:
                    lacking = row
            for column in range(size):
                if not taken >> column & 1:
                    column_of_row[lacking] = column
            points[lacking] = self.rules.none_most
            if self._relation(space, parts[column_of_row[lacking]], lacking) & UNEARNED == UNEARNED:
                unearned |= 1u << lacking
            else:
                points[lacking] = self._relation(space, parts[column_of_row[lacking]], lacking) & UNEARNED
        while True:
            bound = self._score_pairs(query, column_of_row, points, name_weight, size, lacking)
            if not unearned:
                exact[0] = True
                return bound
            if not earning or bound < floor:
                return bound
            row = 0
            while not unearned >> row & 1:
                row += 1
            unearned &= unearned - 1
            relations = space.relations(parts[column_of_row[row]])
            self.describe_part(parts[column_of_row[row]], &info, query.grouped)
            relations[row] = earn(self.rules, &query.parts[0][row], &info, relations[row])
            points[row] = relations[row] & UNEARNED

    cdef inline int32_t _relation(self, Workspace space, uint32_t part, int row) except -1 nogil:
        """The relation of a part to a part of the full form of the query, its points perhaps UNEARNED."""
        cdef int32_t* relations = space.relations(part)
        cdef PartInfo info
        if relations[row] < 0:
            self.describe_part(part, &info, space.query.grouped)
            relations[row] = relate_kind(self.rules, &space.query.parts[0][row], &info)
        return relations[row]

    cdef int _bound_contradicted(
        self, const Query* query, const int* column_of_row, const int* points, const int* name_weight, int size, int pairs
    ) noexcept nogil:
        """The greatest score where the other rows, as many as have a free column, are paired under no level.

        The score is a weighted mean, so it rises or falls with the weight of what contradicts: it is greatest where
        that is least or where that is most.
        """
        cdef int row, column, lightest = 0x7FFF, heaviest = 0, heavy, cost = 0, rows = query.size[0], free_rows
        cdef long long earned = 0, weights = 0, least = 0, most = 0, best
        cdef uint32_t taken = 0
        for row in range(rows):
            column = column_of_row[row]
            if column < 0:
                continue
            taken |= 1u << column
            heavy = min(query.weight[0][row], name_weight[column])
            weights += heavy
            earned += heavy * points[row]
        for column in range(size):
            if not taken >> column & 1:
                lightest = min(lightest, name_weight[column])
                heaviest = max(heaviest, name_weight[column])
        free_rows = min(rows, size) - pairs
        if pairs and self.rules.none_most < self.rules.contradicted_below:
            cost = free_rows * (
                query.share * self.rules.contradicted_cost * (self.rules.contradicted_below - self.rules.none_most)
                // (1000 * self.rules.contradicted_below)
            )
        # Any of the free rows may be left out, where the name has fewer parts: take the lightest for the least.
        column = 0
        for row in range(rows):
            if column_of_row[row] >= 0:
                continue
            most += min(query.weight[0][row], heaviest)
            heavy = min(query.weight[0][row], lightest)
            column += 1
            least = heavy if column == 1 else min(least, heavy)
        least *= free_rows
        best = max(
            (earned + self.rules.none_most * least) * query.share // (1000 * (weights + least)),
            (earned + self.rules.none_most * most) * query.share // (1000 * (weights + most)),
        )
        return <int>max(best - cost, 0)

    cdef int _score_pairs(
        self, const Query* query, const int* column_of_row, const int* points, const int* name_weight, int size,
        int lacking,
    ) noexcept nogil:
        """The score of pairs that pair off every part of the shorter of two full forms; ``score_grid`` says the same.
        ``lacking`` is the row of the pair that no level accepts, or -1."""
        cdef long long earned = 0, weights = 0, left_out = 0, whole
        cdef int row, column, heavy, accepted = 0, last = -1, score, cost
        cdef bint ordered = True
        for column in range(size):
            left_out += name_weight[column]
        for row in range(query.size[0]):
            column = column_of_row[row]
            if column < 0:
                left_out += query.weight[0][row]
                continue
            left_out -= name_weight[column]
            heavy = min(query.weight[0][row], name_weight[column])
            weights += heavy
            earned += heavy * points[row]
            if row != lacking:
                accepted += 1
                ordered &= column > last
                last = column
        whole = 1000 * (
            100 * weights + (self.rules.left_out_alone if accepted < 2 else self.rules.left_out) * left_out
        )
        score = <int>(query.share * 100 * earned // whole)
        if accepted > (lacking < 0):
            for row in range(query.size[0]):
                cost = self.rules.contradicted_below - points[row]
                if column_of_row[row] >= 0 and cost > 0 and accepted > (row != lacking):
                    cost = query.share * self.rules.contradicted_cost * cost // (1000 * self.rules.contradicted_below)
                    score -= min(cost, score)
        return score if ordered else score - min(self.rules.order_cost, score)

    cdef int _bound_several(self, Workspace space, uint32_t several) except -1 nogil:
        """The greatest score that a person of several forms may have."""
        cdef int bound = 0
        cdef uint32_t at, form
        cdef bint exact
        for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
            form = self.several_form.data[2 * <size_t>at]
            bound = max(bound, self._bound(space, form, 0, False, &exact))
        return bound

    cdef int _score_several(self, Workspace space, uint32_t several, int floor) except -1 nogil:
        """The score of a person of several forms, if it is at least ``floor``; else anything less. UNBOUNDED where only
        the whole alignment can tell."""
        cdef int best = -1, bound = -1, score, size, number
        cdef bint exact
        cdef uint32_t at
        cdef const uint32_t* parts
        for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
            parts = self.form(self.several_form.data[2 * <size_t>at], &size)
            number = self.several_form.data[2 * <size_t>at + 1] & 3
            if number == 0 and self._may_join(space, parts, size):
                return UNBOUNDED
            score = self._bound_apart(space, parts, size, max(floor, best), True, &exact)
            if score == UNBOUNDED:
                return UNBOUNDED
            if not exact:
                bound = max(bound, score)
                continue
            if number:
                score -= min(self.rules.form_cost, score)
            best = max(best, score)
        if bound > best and bound >= floor:
            return UNBOUNDED
        return max(best, 0)

    cdef void _prefetch_parts(self, Workspace space, uint32_t form) noexcept nogil:
        """Ask for what bounding a form reads of its parts."""
        cdef int size, part
        cdef const uint32_t* parts
        if form & OWNER_SEVERAL:
            form = self.several_form.data[2 * <size_t>self.several_start.data[form & ~<uint32_t>OWNER_SEVERAL]]
        parts = self.form(form, &size)
        for part in range(size):
            PS_PREFETCH(&self.part_facts[parts[part]])
            PS_PREFETCH(&space.slot[parts[part]])

    cdef int _order_found(self, Workspace space) except -1 nogil:
        """Bound the scores of what was found, and put it in the order of the bounds, greatest first."""
        cdef uint32_t begin[UNBOUNDED + 2]
        cdef size_t at
        cdef int bound
        cdef bint exact
        cdef Found* found
        space.reserve_order()
        memset(begin, 0, sizeof(begin))
        for at in range(space.found_count):
            if at + 6 < space.found_count and space.found[at + 6].source & OWNER_SEVERAL:
                PS_PREFETCH(&self.several_form.data[
                    2 * <size_t>self.several_start.data[space.found[at + 6].source & ~<uint32_t>OWNER_SEVERAL]
                ])
            if at + 3 < space.found_count:
                self._prefetch_parts(space, space.found[at + 3].source)
            found = &space.found[at]
            if found.people == 0:
                found.bound = 0
            elif space.marked:
                if found.source & OWNER_SEVERAL:
                    bound = self._bound_several(space, found.source & ~<uint32_t>OWNER_SEVERAL)
                else:
                    bound = self._bound(space, found.source, 0, False, &exact)
                found.bound = <int16_t>min(bound, <int>UNBOUNDED)
            begin[UNBOUNDED - found.bound + 1] += 1
        for bound in range(UNBOUNDED + 1):
            begin[bound + 1] += begin[bound]
        for at in range(space.found_count):
            bound = UNBOUNDED - space.found[at].bound
            space.order[begin[bound]] = <uint32_t>at
            begin[bound] += 1
        return 0

    cdef int _score_found(self, Workspace space, size_t wanted) except -1 nogil:
        """Score what can be among the first ``wanted``; return the least score for a name that can."""
        cdef size_t at, above = 0
        cdef size_t counts[UNBOUNDED + 1]
        cdef int floor = 0, score, spread = self._spread_of_other_evidence(&space.query)
        cdef Found* found
        cdef Alignment alignment
        cdef bint exact
        memset(counts, 0, sizeof(counts))
        self._order_found(space)
        for at in range(space.found_count):
            found = &space.found[space.order[at]]
            if found.bound < floor - spread:
                break
            if found.people == 0:
                continue
            score = UNBOUNDED
            if space.marked and found.source & OWNER_SEVERAL:
                score = self._score_several(
                    space, found.source & ~<uint32_t>OWNER_SEVERAL, max(floor - spread, 0)
                )
            elif found.bound < UNBOUNDED:
                score = self._bound(space, found.source, floor - spread, True, &exact)
                if score >= floor - spread and not exact:
                    score = UNBOUNDED
            if score < floor - spread:
                continue
            if score == UNBOUNDED:
                self._align_above(space, found.source, max(floor - spread, 0), &alignment)
                score = alignment.score
            found.score = <int16_t>score
            score = max(0, min(score, <int>UNBOUNDED))
            counts[score] += found.people
            if score > floor:
                above += found.people
                while above >= wanted:
                    floor += 1
                    above -= counts[floor]
        return floor - spread

    cdef int _rank(self, Workspace space, size_t wanted) except -1 nogil:
        """The people who can be among the first ``wanted``, the first of them in order."""
        cdef int least = self._score_found(space, wanted)
        cdef size_t at
        cdef uint32_t owner, source
        cdef Alignment other
        cdef bint asked = space.query.date != 0 or space.query.sex != 0
        for at in range(space.found_count):
            if space.found[at].score < least or space.found[at].score < 0:
                continue
            source = space.found[at].source
            if source & OWNER_SEVERAL:
                space.add_hit(
                    self.several_person.data[source & ~<uint32_t>OWNER_SEVERAL], source, space.found[at].score
                )
                continue
            for owner in range(self.owner_start.data[source], self.owner_start.data[source] + space.found[at].people):
                if self.owner.data[owner] < self.people:    # in a crafted file, it may be of several forms
                    space.add_hit(self.owner.data[owner], source, space.found[at].score)
        if asked:
            for at in range(space.hit_count):
                if at + 8 < space.hit_count:
                    PS_PREFETCH(&self.dob.data[space.hits[at + 8].person])
                    PS_PREFETCH(&self.sex[space.hits[at + 8].person])
                other.score = space.hits[at].score
                self._add_other_evidence(&space.query, space.hits[at].person, &other)
                space.hits[at].score = other.score
        _order_page(space.hits, space.hit_count, wanted)
        return 0

    cdef Workspace _borrow(self, bytes text, int level, uint32_t date, int sex):
        """A workspace with the query read into it."""
        cdef Workspace space
        if not EXACT <= level <= WIDE:
            raise ValueError("no such level")
        try:
            space = self.pool.pop()
        except IndexError:
            space = Workspace(self.parts, self.forms, self.several_person.size)
        space.query.level = level
        space.query.date = date
        space.query.sex = sex
        read_name(self.rules, text, &space.parsed)
        prepare(self.rules, &space.parsed, &space.query)
        _prepare_joins(space)
        return space

    def search(self, bytes text not None, int level, size_t offset, size_t limit, unsigned int date=0, int sex=0):
        """The exact number of people who satisfy the level, and one page of them.

        Returns the total and for each hit of the page what ``_show`` gives. The order is score descending, then person
        ascending. A workspace that an error leaves behind is dropped.
        """
        cdef Workspace space = self._borrow(text, level, date, sex)
        cdef size_t total, at, first = 0, count = 0
        cdef Alignment found
        cdef int32_t row[ROW]
        cdef list page = []
        with nogil:
            self._find_people(space)
            total = _total(space)
            first = offset if offset < total else total
            count = limit if limit < total - first else total - first
            if count:
                self._rank(space, first + count)
                count = min(count, space.hit_count - min(space.hit_count, first))
                self._prefetch_page(space.hits + first, count)
        for at in range(count):
            self._align(space, space.hits[first + at].source, &found)
            if found.lowest > level:
                raise ValueError("posting_form")    # only a crafted index finds a person whom the rules do not
            self._add_other_evidence(&space.query, space.hits[first + at].person, &found)
            write_row(&found, space.hits[first + at].person, row)
            page.append(self._show(row))
        space.forget()
        self.pool.append(space)
        return total, page

    cdef void _prefetch_page(self, const Hit* hits, size_t count) noexcept nogil:
        """Ask for what ``_show`` reads of the first hits, all at once."""
        cdef size_t at
        for at in range(min(count, <size_t>32)):
            PS_PREFETCH(&self.name_start.data[hits[at].person])
            PS_PREFETCH(&self.person_id_start.data[hits[at].person])
        for at in range(min(count, <size_t>32)):
            PS_PREFETCH(self.person_id + self.person_id_start.data[hits[at].person])
            if self.name_text != NULL:
                PS_PREFETCH(&self.name_text_start.data[self.name_start.data[hits[at].person]])

    cdef tuple _show(self, const int32_t* row):
        """The alignment row (see ``_align.write_row``) without its unused end, person id, name as given (None where the
        index keeps none) and kind of name."""
        cdef uint32_t person = row[0]
        cdef size_t name = self.name_start.data[person] + <size_t>row[3]
        cdef int kind = 0, at
        text = None
        if name < self.name_start.data[person + 1]:
            kind = self.name_kind[name]
            if self.name_text != NULL:
                text = PyUnicode_DecodeUTF8(
                    <const char*>self.name_text + self.name_text_start.data[name],
                    self.name_text_start.data[name + 1] - self.name_text_start.data[name], "replace",
                )
        return (
            tuple([row[at] for at in range(ROW_HEAD + 4 * row[7])]),
            PyUnicode_DecodeUTF8(
                <const char*>self.person_id + self.person_id_start.data[person],
                self.person_id_start.data[person + 1] - self.person_id_start.data[person], "replace",
            ),
            text, kind,
        )

    def count(self, bytes text not None):
        """How many people each level finds."""
        cdef Workspace space
        cdef int level
        totals = []
        for level in range(NO_LEVEL):
            space = self._borrow(text, level, 0, 0)
            with nogil:
                self._find_people(space)
            totals.append(_total(space))
            space.forget()
            self.pool.append(space)
        return totals

    def align(self, bytes text not None, size_t person, size_t form, unsigned int date=0, int sex=0):
        """What ``search`` gives for one person, hit or not; ``form`` is theirs, if they have only one."""
        cdef Workspace space
        cdef Alignment found
        cdef int32_t row[ROW]
        cdef int64_t several = self.several_of(person)
        cdef uint32_t source = <uint32_t>form
        if person >= self.people or form >= self.forms:
            raise ValueError("owner")
        if several >= 0:
            source = OWNER_SEVERAL | <uint32_t>several
        space = self._borrow(text, CLOSE, date, sex)
        self._align(space, source, &found)
        self._add_other_evidence(&space.query, <uint32_t>person, &found)
        write_row(&found, <int>person, row)
        space.forget()
        self.pool.append(space)
        return self._show(row)


cdef inline bint _pair_off(const uint16_t* mark, const uint32_t* parts, int width) noexcept nogil:
    """Whether two of two or three parts are marked as the two parts of the query, each as another one."""
    cdef unsigned int one = mark[parts[0]], other = mark[parts[1]], third
    if width == 2:
        return one != 0 and other != 0 and (one | other) == 3
    third = mark[parts[2]]
    return (one | other | third) == 3 and (one != 0) + (other != 0) + (third != 0) > 1


cdef void _prepare_joins(Workspace space) noexcept nogil:
    cdef const Query* query = &space.query
    cdef int position, run = 0, joined
    space.lengths = 0
    space.joined_lengths = 0
    space.query_initials = False
    for position in range(query.size[0]):
        space.lengths |= <uint64_t>1 << min(query.parts[0][position].length, 63)
        run = run + 1 if query.parts[0][position].length == 1 else 0
        if run >= 3:
            space.joined_lengths |= 1 << 3
            space.query_initials = True
        if run >= 4:
            space.joined_lengths |= 1 << 4
        if position:
            joined = query.parts[0][position - 1].length + query.parts[0][position].length
            if joined < 63:
                space.joined_lengths |= <uint64_t>1 << joined


cdef size_t _total(Workspace space) noexcept nogil:
    cdef size_t at, total = 0
    for at in range(space.found_count):
        total += space.found[at].people
    return total


cdef void _needed(const uint16_t* accepted, int columns, int rows, bint whole, uint16_t* needed) noexcept nogil:
    """For each part of a form, the query parts whose points beside it can matter.

    The best assignment holds as many accepted pairs as can be. Where these pair off every part of the shorter form
    (``whole``), no other pair is in it; where they all share a part, one of them pairs that part.
    """
    cdef int column, columns_accepted = 0
    cdef uint16_t every = <uint16_t>((1u << rows) - 1), rows_accepted = 0
    for column in range(columns):
        needed[column] = accepted[column]
        rows_accepted |= accepted[column]
        columns_accepted += accepted[column] != 0
    if whole:
        return
    for column in range(columns):
        if columns_accepted == 1 and accepted[column]:
            continue
        if rows_accepted and rows_accepted & (rows_accepted - 1) == 0:
            needed[column] |= every & ~rows_accepted
        else:
            needed[column] = every


cdef int _compare_hits(const void* one, const void* other) noexcept nogil:
    cdef const Hit* a = <const Hit*>one
    cdef const Hit* b = <const Hit*>other
    if a.score != b.score:
        return 1 if a.score < b.score else -1
    return (a.person > b.person) - (a.person < b.person)


cdef void _order_page(Hit* hits, size_t total, size_t wanted) noexcept nogil:
    """Move the first ``wanted`` hits to the front, in order."""
    cdef size_t counts[UNBOUNDED + 1]
    cdef size_t at, kept = 0, above = 0
    cdef int score
    cdef Hit hit
    if wanted == 0:
        return
    if total > 4 * wanted:
        memset(counts, 0, sizeof(counts))
        for at in range(total):
            counts[max(0, min(<int>UNBOUNDED, hits[at].score))] += 1
        score = UNBOUNDED
        while score > 0 and above + counts[score] < wanted:
            above += counts[score]
            score -= 1
        for at in range(total):
            if hits[at].score >= score:
                hit = hits[kept]
                hits[kept] = hits[at]
                hits[at] = hit
                kept += 1
        total = kept
    qsort(hits, total, sizeof(Hit), _compare_hits)
