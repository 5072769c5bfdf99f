"""Who satisfies a query: the forms that hold enough of its parts, and their people, counted.

ARCHITECTURE.md says why nobody is left out.
"""

from libc.stdint cimport uint16_t, uint32_t, uint64_t

from phonosearch._align cimport Query
from phonosearch._arrays cimport CLASSES, OWNER_SEVERAL
from phonosearch._assignment cimport identifies
from phonosearch._bits cimport PS_LOWEST
from phonosearch._postings cimport PostingIndex
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._relation cimport CLOSE, EXACT, VARIANT, WIDE
from phonosearch._text cimport MAX_PARTS
from phonosearch._workspace cimport DOUBTFUL, PAIRED, Expansion, Workspace, has_bit

cdef enum:
    BY_LAST = 3                 # forms that are read in sequence in the time of one under a rarest part
    SCANNED = 1 << 12           # forms of a class at a time


cdef class FindingIndex(PostingIndex):
    """The people of a query over the packed arrays; arguments and errors as those of ``PackedNames``."""

    cdef int _search_form(self, Workspace space, int form) except -1 nogil:
        """Find the people of whom some form satisfies the level for one form of the query."""
        cdef Query* query = &space.query
        cdef int queries = query.size[form], position, group, size, lists, chosen, level = query.level
        cdef uint64_t count[MAX_PARTS]
        cdef int order[MAX_PARTS]
        cdef int full_part = -1     # the only one that is more than an initial
        cdef bint wide = level == WIDE and queries > 1 and query.full_parts[form] != 0, scan
        space.forget_form()
        space.form = form
        for position in range(queries):
            self.expand(space, &query.parts[form][position], level)
        space.marked = query.forms == 1 and level >= CLOSE
        if query.full_parts[form] & (query.full_parts[form] - 1) == 0:
            for position in range(queries):
                if query.full_parts[form] >> position & 1:
                    full_part = position
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
            if wide and full_part >= 0 and group + 1 >= queries:
                # The one part that is more than an initial cannot be the part that matches nothing.
                self._offer_list(space, full_part, form, wide, group)
                continue
            scan = False
            for chosen in range(lists):
                if level >= VARIANT and query.parts[form][order[chosen]].length == 1:
                    scan = True
            if scan:
                self._scan(space, form, wide, group, size)
                continue
            # Of two parts asked, `_offer_pairs` reads less.
            if (
                1 <= group <= 2 and group + 1 == size and queries > 2 and not space.has_initials
                and self._is_less_by_last(space, order, lists, group)
            ):
                self._offer_by_last(space, group)
                continue
            for chosen in range(lists):
                if size == 1 and (queries == 1 or not wide):
                    self._accept_list(space, order[chosen], group)
                elif wide and queries == 2 and group <= 2 and not space.has_initials:
                    self._offer_either(space, order[chosen], group)
                elif 1 <= group <= 2 and queries == 2 and not wide and not space.has_initials:
                    self._offer_pairs(space, order[chosen], group)
                else:
                    self._offer_list(space, order[chosen], form, wide, group)
        return 0

    cdef int _offer_pairs(self, Workspace space, int position, int group) except -1 nogil:
        """Two parts asked, the commonest case: keep the forms of two or three parts under a part whose marks pair off,
        then look at their people."""
        cdef size_t at, last, kept
        cdef int width = group + 1
        cdef uint32_t begin = self.class_start.data[group], count = self.class_start.data[group + 1] - begin, form
        cdef uint32_t* candidates
        cdef const uint16_t* mark = space.mark
        cdef const uint32_t* all_parts = self.form_part.data + self._class_offset(group)
        cdef const Expansion* asked = &space.expansion[position]
        space.candidate_count = 0
        self._keep_ending(space, position, group)
        if width == 2 and space.expansion[1 - position].lasts[group] < asked.forms[group] - asked.lasts[group]:
            # Of two parts that pair off, the last is a match of the one part of the query or of the other.
            self._keep_ending(space, 1 - position, group)
            return self._accept_candidates(space)
        kept = space.candidate_count
        self.gather_beside(space, position, 1 - position, group)
        last = space.candidate_count
        space.reserve_candidates(24)
        candidates = space.candidates
        for at in range(last, last + 24):
            candidates[at] = begin      # for what asks ahead
        if width == 2:
            for at in range(kept, last):
                PS_PREFETCH(all_parts + 2 * <size_t>(candidates[at + 24] - begin))
                form = candidates[at] - begin
                if form < count:        # but for a crafted file
                    candidates[kept] = form + begin
                    kept += _pair_off(mark, all_parts + 2 * <size_t>form, 2)
        else:
            for at in range(kept, last):
                PS_PREFETCH(all_parts + 3 * <size_t>(candidates[at + 24] - begin))
                form = candidates[at] - begin
                if form < count:
                    candidates[kept] = form + begin
                    kept += _pair_off(mark, all_parts + 3 * <size_t>form, 3)
        space.candidate_count = kept
        return self._accept_candidates(space)

    cdef int _keep_ending(self, Workspace space, int position, int group) except -1 nogil:
        """Two parts asked: add to the candidates the forms of two or three parts that end in a match of one of them,
        and hold one of the other."""
        cdef size_t at, ahead, last, kept = space.candidate_count
        cdef int width = group + 1
        cdef unsigned int marked, lacking
        cdef uint32_t begin = self.class_start.data[group], form, last_form
        cdef uint32_t* candidates
        cdef const uint16_t* mark = space.mark
        cdef const uint32_t* last_start = self.last_start.data + group
        cdef const uint32_t* all_parts = self.form_part.data + self._class_offset(group)
        cdef const uint32_t* parts
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        for at in range(start, stop):
            ahead = at + 24
            if ahead < stop:
                PS_PREFETCH(&last_start[CLASSES * <size_t>space.matches[ahead].part])
            ahead = at + 8
            if ahead < stop:
                form = last_start[CLASSES * <size_t>space.matches[ahead].part]
                PS_PREFETCH(all_parts + width * <size_t>(form - begin))
            last = CLASSES * <size_t>space.matches[at].part
            form = last_start[last]
            last_form = last_start[last + CLASSES]
            if form == last_form:
                continue
            # All of these end in the same part, so they pair off where another has the mark that it lacks. Few do, and
            # no processor foresees which: each is written down, and stays if so.
            marked = mark[space.matches[at].part]
            lacking = 3 ^ marked if marked != 3 else 3
            if kept + (last_form - form) > space.candidate_room:
                space.candidate_count = kept
                space.reserve_candidates(last_form - form)
            candidates = space.candidates
            parts = all_parts + width * <size_t>(form - begin)
            if width == 2:
                for form in range(form, last_form):
                    candidates[kept] = form
                    kept += (mark[parts[0]] & lacking) != 0
                    parts += 2
            else:
                for form in range(form, last_form):
                    candidates[kept] = form
                    kept += ((mark[parts[0]] | mark[parts[1]]) & lacking) != 0
                    parts += 3
        space.candidate_count = kept
        return 0

    cdef int _accept_candidates(self, Workspace space) except -1 nogil:
        """Count the people of candidates of which every part pairs off."""
        cdef size_t at, count = space.candidate_count
        for at in range(count):
            if at + 24 < count:
                PS_PREFETCH(&self.owner_start.data[space.candidates[at + 24]])
            if at + 8 < count:
                PS_PREFETCH(self.owner.data + self.owner_start.data[space.candidates[at + 8]])
            self._accept(space, space.candidates[at], PAIRED)
        return 0

    cdef int _accept_list(self, Workspace space, int position, int group) except -1 nogil:
        """One part is enough: count the people of all forms of a class that hold a match of a query part."""
        cdef size_t at, last, run, ahead
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        cdef uint32_t form
        for at in range(start, stop):
            last = CLASSES * <size_t>space.matches[at].part + group
            for form in range(self.last_start.data[last], self.last_start.data[last + CLASSES]):
                if form + 8 < self.forms:
                    PS_PREFETCH(self.owner.data + self.owner_start.data[form + 8])
                self._accept(space, form, PAIRED)
            if group == 0:
                continue            # nothing stands before the last part
            run = CLASSES * <size_t>space.matches[at].part + group
            for run in range(self.posting_start.data[run], self.posting_start.data[run + 1]):
                if run + 32 < self.posting_form.size:
                    PS_PREFETCH(&self.owner_start.data[self.posting_form.data[run + 32]])
                    ahead = self.posting_form.data[run + 12]
                    PS_PREFETCH(self.owner.data + self.owner_start.data[ahead])
                self._accept(space, self.posting_form.data[run], PAIRED)
        return 0

    cdef int _offer_either(self, Workspace space, int position, int group) except -1 nogil:
        """Two parts asked at level wide: one is enough. Count the people of all forms of a class that hold a match of a
        query part."""
        cdef size_t at, last, run
        cdef int width = group + 1
        cdef uint32_t begin = self.class_start.data[group], end = self.class_start.data[group + 1], form
        cdef const uint32_t* all_parts = self.form_part.data + self._class_offset(group)
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        for at in range(start, stop):
            last = CLASSES * <size_t>space.matches[at].part + group
            for form in range(self.last_start.data[last], self.last_start.data[last + CLASSES]):
                if form + 8 < self.forms:
                    PS_PREFETCH(self.owner.data + self.owner_start.data[form + 8])
                self._accept(space, form, PAIRED if width == 1 or _pair_off(
                    space.mark, all_parts + width * <size_t>(form - begin), width
                ) else DOUBTFUL)
            run = CLASSES * <size_t>space.matches[at].part + group
            for run in range(self.posting_start.data[run], self.posting_start.data[run + 1]):
                if run + 32 < self.posting_form.size:
                    form = self.posting_form.data[run + 32]
                    PS_PREFETCH(&self.owner_start.data[form])
                    PS_PREFETCH(all_parts + width * <size_t>(form - begin))
                    PS_PREFETCH(self.owner.data + self.owner_start.data[self.posting_form.data[run + 12]])
                form = self.posting_form.data[run]
                if begin <= form < end:     # in a crafted file it may not be
                    self._accept(space, form, PAIRED if width == 1 or _pair_off(
                        space.mark, all_parts + width * <size_t>(form - begin), width
                    ) else DOUBTFUL)
        return 0

    cdef bint _is_less_by_last(self, Workspace space, const int* order, int lists, int group) noexcept nogil:
        """Whether `_offer_by_last` is less work than reading the lists of the rarest parts."""
        cdef uint64_t forms = 0, lasts = 0
        cdef int at
        for at in range(lists):
            forms += space.expansion[order[at]].forms[group]
        for at in range(space.expansions):
            lasts += space.expansion[at].lasts[group]
        return lasts < BY_LAST * forms

    cdef int _offer_by_last(self, Workspace space, int group) except -1 nogil:
        """Keep the forms of two or three parts of which every part pairs off, then look at their people.

        The last part of each is one that pairs off, so they are all among the forms that end in a match of any part of
        the query. Those under one match are read in sequence.
        """
        cdef size_t at, stop, ahead
        cdef int position, width = group + 1
        cdef uint32_t begin = self.class_start.data[group], form, last_form
        cdef const uint32_t* last_start = self.last_start.data + group
        cdef const uint32_t* all_parts = self.form_part.data + self._class_offset(group)
        space.candidate_count = 0
        for position in range(space.expansions):
            stop = <size_t>space.expansion[position].start + space.expansion[position].count
            for at in range(space.expansion[position].start, stop):
                ahead = at + 24
                if ahead < stop:
                    PS_PREFETCH(&last_start[CLASSES * <size_t>space.matches[ahead].part])
                ahead = at + 8
                if ahead < stop:
                    form = last_start[CLASSES * <size_t>space.matches[ahead].part]
                    PS_PREFETCH(all_parts + width * <size_t>(form - begin))
                form = last_start[CLASSES * <size_t>space.matches[at].part]
                last_form = last_start[CLASSES * <size_t>space.matches[at].part + CLASSES]
                # A match of several parts of the query is read with the first of them.
                if form < last_form and PS_LOWEST(space.mark[space.matches[at].part]) == position:
                    self._keep_paired(space, form, last_form, group)
        return self._accept_candidates(space)

    cdef int _keep_paired(self, Workspace space, uint32_t form, uint32_t last_form, int group) except -1 nogil:
        """Add to the candidates those of some forms of two or three parts of which every part pairs off.

        They do, by Hall's theorem, where any parts of a form have marks of as many parts of the query as they are. Few
        do, and no processor foresees which: each form is written down, and stays if so.
        """
        cdef size_t kept = space.candidate_count
        cdef int width = group + 1
        cdef const uint16_t* mark = space.mark
        cdef const uint32_t* parts = self.form_part.data + self._class_offset(group)
        cdef uint32_t* candidates
        cdef unsigned int one, two, three
        space.reserve_candidates(last_form - form)
        candidates = space.candidates
        parts += width * <size_t>(form - self.class_start.data[group])
        if width == 2:
            for form in range(form, last_form):
                candidates[kept] = form
                one = mark[parts[0]]
                two = mark[parts[1]]
                kept += (one != 0) & (two != 0) & _several(one | two)
                parts += 2
        else:
            for form in range(form, last_form):
                candidates[kept] = form
                one = mark[parts[0]]
                two = mark[parts[1]]
                three = mark[parts[2]]
                kept += (
                    (one != 0) & (two != 0) & (three != 0)
                    & _several(one | two) & _several(one | three) & _several(two | three)
                    & _several((one | two | three) & ((one | two | three) - 1))
                )
                parts += 3
        space.candidate_count = kept
        return 0

    cdef int _keep_marked(
        self, Workspace space, uint32_t form, uint32_t last_form, int group, int size
    ) except -1 nogil:
        """Add to the candidates those of some forms of up to three parts of which at least ``size`` are marked."""
        cdef size_t kept = space.candidate_count
        cdef int width = group + 1
        cdef const uint16_t* mark = space.mark
        cdef const uint32_t* parts = self.form_part.data + self._class_offset(group)
        cdef uint32_t* candidates
        space.reserve_candidates(last_form - form)
        candidates = space.candidates
        parts += width * <size_t>(form - self.class_start.data[group])
        for form in range(form, last_form):
            candidates[kept] = form
            if width == 1:
                kept += mark[parts[0]] != 0
            elif width == 2:
                kept += (mark[parts[0]] != 0) + (mark[parts[1]] != 0) >= size
            else:
                kept += (mark[parts[0]] != 0) + (mark[parts[1]] != 0) + (mark[parts[2]] != 0) >= size
            parts += width
        space.candidate_count = kept
        return 0

    cdef int _scan(self, Workspace space, int query_form, bint wide, int group, int size) except -1 nogil:
        """Verify all forms of a class, of which ``size`` parts have to pair off: an initial has no postings."""
        cdef uint32_t form = self.class_start.data[group], end = self.class_start.data[group + 1], last_form
        cdef size_t at
        self._mark_initials(space)
        if group == CLASSES - 1:
            for form in range(form, end):
                self._offer(space, form, query_form, wide)
            return 0
        while form < end:
            last_form = form + min(end - form, <uint32_t>SCANNED)
            space.candidate_count = 0
            if 1 < size == group + 1:
                self._keep_paired(space, form, last_form, group)
                self._accept_candidates(space)
            else:
                self._keep_marked(space, form, last_form, group, size)
                if size == 1 and not wide:
                    self._accept_candidates(space)
                else:
                    for at in range(space.candidate_count):
                        self._offer(space, space.candidates[at], query_form, wide)
            form = last_form
        return 0

    cdef void _mark_initials(self, Workspace space) noexcept nogil:
        """Mark every part that begins with an initial of the query, so that a scan reads one number of a part."""
        cdef size_t part
        cdef uint32_t letter
        if not space.unmarked_initials:
            return
        for part in range(self.parts):
            letter = self.letters(<uint32_t>part)[0] - 97
            if letter < 26:
                space.mark[part] |= space.initial_mask[letter]
        space.unmarked_initials = False

    cdef int _offer_list(
        self, Workspace space, int position, int form, bint wide, int group
    ) except -1 nogil:
        """Verify all forms of a class that hold a match of a query part."""
        cdef size_t at, last
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        cdef uint32_t number, low = self.class_start.data[group]
        cdef size_t offset = self._class_offset(group)
        if group == CLASSES - 1:
            return self._offer_long(space, position, form, wide)
        for at in range(start, stop):
            last = CLASSES * <size_t>space.matches[at].part + group
            for number in range(self.last_start.data[last], self.last_start.data[last + CLASSES]):
                self._offer(space, number, form, wide)
        space.candidate_count = 0
        self.gather(space, position, group)
        last = space.candidate_count
        for at in range(last):
            if at + 16 < last:
                PS_PREFETCH(
                    self.form_part.data + offset + <size_t>(group + 1) * (space.candidates[at + 16] - low)
                )
            self._offer(space, space.candidates[at], form, wide)
        return 0

    cdef int _offer_long(self, Workspace space, int position, int form, bint wide) except -1 nogil:
        """Verify all forms of four parts and more that hold a match of a query part."""
        cdef int group = CLASSES - 1
        cdef size_t at, last, count
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        cdef uint32_t number, low = self.class_start.data[group], forms = self.class_start.data[CLASSES] - low
        cdef const uint32_t* long_start = self.long_start.data
        cdef bint several = space.query.size[form] > 1 and not wide and not space.unmarked_initials
        space.candidate_count = 0
        for at in range(start, stop):
            last = CLASSES * <size_t>space.matches[at].part + group
            space.reserve_candidates(self.last_start.data[last + CLASSES] - self.last_start.data[last])
            for number in range(self.last_start.data[last], self.last_start.data[last + CLASSES]):
                space.candidates[space.candidate_count] = number
                space.candidate_count += 1
        self.gather(space, position, group)
        count = space.candidate_count
        for at in range(count):
            if at + 32 < count:
                PS_PREFETCH(&long_start[space.candidates[at + 32] - low])
            if at + 16 < count:
                number = space.candidates[at + 16] - low
                if number < forms:
                    PS_PREFETCH(self.form_part.data + long_start[number])
            number = space.candidates[at] - low
            if number < forms and not (several and _has_one_mark(       # but for a crafted file
                space.mark, self.form_part.data + long_start[number], long_start[number + 1] - long_start[number]
            )):
                self._offer(space, number + low, form, wide)
        return 0

    cdef inline int _offer(self, Workspace space, uint32_t form, int query_form, bint wide) except -1 nogil:
        """Count the people of a form, if it satisfies the level."""
        cdef int size, part, pairs = 0, queries = space.query.size[query_form]
        cdef unsigned int marked = 0
        cdef const uint32_t* parts
        cdef uint16_t masks[MAX_PARTS]
        cdef unsigned int full_parts = space.query.full_parts[query_form]
        parts = self.form(form, &size)
        for part in range(size):
            masks[part] = self.marks(space, parts[part])
            marked |= masks[part]
            pairs += masks[part] != 0
        if queries > 1 and size > 1 and not wide and (pairs < 2 or not _several(marked)):
            return 0
        if has_bit(space.seen, form):
            return 0
        if identifies(masks, size, queries, full_parts, wide):
            self._accept(
                space, form,
                PAIRED if not wide or identifies(masks, size, queries, full_parts, False) else DOUBTFUL,
            )
        return 0

    cdef int _accept(self, Workspace space, uint32_t form, int way) except -1 nogil:
        """Count the people of a form that satisfies the level, once.

        Its people of several forms score at least what it does: they are counted, and looked at where that may matter
        (``_core``). Level exact asks each of them whether the form is a full one.
        """
        cdef uint32_t begin = self.owner_start.data[form], end = self.owner_start.data[form + 1], several, last = end
        if has_bit(space.seen, form):
            return 0
        while end > begin and self.owner.data[end - 1] & OWNER_SEVERAL:
            end -= 1
            several = self.owner.data[end] & ~<uint32_t>OWNER_SEVERAL
            if several >= self.several_person.size:
                continue            # in a crafted file
            if space.query.level > EXACT:
                if not has_bit(space.seen_several, several):
                    space.count_several(several)
            elif not has_bit(space.seen_several, several) and self._is_full(several, form):
                space.add_found(OWNER_SEVERAL | several, 1, 0, PAIRED)
        space.add_found(form, end - begin, last - end if space.query.level > EXACT else 0, way)
        return 0

    cdef bint _is_full(self, uint32_t several, uint32_t form) noexcept nogil:
        """Whether a form is the full one of some name of a person of several forms."""
        cdef uint32_t at
        for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
            if self.several_form.data[2 * <size_t>at] == form and not self.several_form.data[2 * <size_t>at + 1] & 3:
                return True
        return False

    cdef int find_people(self, Workspace space) except -1 nogil:
        """Find every person who satisfies the query."""
        cdef int form
        if space.query.level > EXACT:
            self.search_merged(space)
        for form in range(space.query.forms if space.query.level > EXACT else 1):
            self._search_form(space, form)
        return 0


cdef inline bint _pair_off(const uint16_t* mark, const uint32_t* parts, int width) noexcept nogil:
    """Whether two of two or three parts are marked as the two parts of the query, each as another one."""
    cdef unsigned int marks = mark[parts[0]] | mark[parts[1]] << 2
    if width > 2:
        marks |= mark[parts[2]] << 4
    return PAIR_OFF >> marks & 1


cdef uint64_t _marks_that_pair_off() noexcept:
    """A bit for every three marks of two parts of the query, two bits each."""
    cdef uint64_t found = 0
    cdef int marks, one, other
    for marks in range(64):
        for one in range(3):
            for other in range(3):
                if one != other and marks >> 2 * one & 1 and marks >> 2 * other & 2:
                    found |= <uint64_t>1 << marks
    return found


cdef uint64_t PAIR_OFF = _marks_that_pair_off()     # no processor foresees which do, so no branch asks


cdef inline bint _several(unsigned int marks) noexcept nogil:
    """Whether there are marks of at least two parts of the query."""
    return marks & (marks - 1) != 0


cdef inline bint _has_one_mark(const uint16_t* mark, const uint32_t* parts, size_t size) noexcept nogil:
    """Whether one part alone is marked, or all are as the same part of the query: a form is read since it holds one
    match, and most hold no other."""
    cdef unsigned int marked = 0, parts_marked = 0
    cdef size_t at
    for at in range(size):
        marked |= mark[parts[at]]
        parts_marked += mark[parts[at]] != 0
    return parts_marked < 2 or not _several(marked)
