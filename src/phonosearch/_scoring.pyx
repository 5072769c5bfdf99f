"""The score of what a search found: the best reading of the names of a person, and other evidence."""

from libc.stdint cimport int32_t, uint16_t, uint32_t, uint64_t

from phonosearch._agreement cimport (
    AGE_ABSENT, DATE_ABSENT, PLACE_ABSENT, PLACE_CONTRADICTED, PLACE_DISTRICT, PLACE_EXACT, PLACE_TOWN, Evidence,
    age_agreement_of, date_agreement_of, sex_agreement_of,
)
from phonosearch._align cimport (
    MAX_TURNS, Alignment, Pairs, Query, add_generation, holds_all, keep_better, level_of_pairs, no_reading,
    score_grid, score_merged, score_pairs,
)
from phonosearch._arrays cimport DOB_SEVERAL, OWNER_SEVERAL, PLACE_SEVERAL, Array
from phonosearch._assignment cimport Grid, identifies, needed
from phonosearch._first_bounds cimport FirstBoundIndex
from phonosearch._place_text cimport INWARD, POSTCODE_BITS
from phonosearch._relation cimport CLOSE, EXACT, NO_LEVEL, UNEARNED, VARIANT, PartInfo, letter_sketch
from phonosearch._text cimport BIRTH_STATES, MAX_FORMS, MAX_PARTS, PLACE_STATES
from phonosearch._words cimport pack_word
from phonosearch._workspace cimport UNBOUNDED, Workspace


cdef class ScoringIndex(FirstBoundIndex):
    """Scores over the packed arrays; arguments and errors as those of ``PackedNames``."""

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
        cdef uint16_t wanted[MAX_PARTS]
        cdef int32_t* relations[MAX_PARTS]
        cdef int column_of_row[MAX_PARTS]
        cdef int known, base = VARIANT if query_form or name_form else EXACT
        cdef bint whole = False, marked = space.marked and not contradicting
        cdef bint turned = holds_all(query, query_form, name_form)
        cdef uint32_t unearned
        cdef Pairs pairs
        grid.rows = query.size[query_form]
        grid.columns = size
        found.merged = False
        found.query_form = query_form
        found.name_form = name_form
        if marked:
            known = self._known_pairs(space, query_form, parts, size, column_of_row)
            if known >= 0:              # there is one pairing, and nothing to choose
                if known < min(grid.rows, size):
                    found.level = NO_LEVEL
                    return 0
                unearned = self._pair_up(space, query_form, parts, size, column_of_row, &pairs)
                while unearned:
                    self._earn_next(space, query_form, parts, &pairs, &unearned)
                found.level = level_of_pairs(&pairs, base)
                score_pairs(self.rules, &pairs, base, query.share, turned, found)
                return 0
            for column in range(size):
                accepted[column] = self.marks_of(space, query_form, parts[column])
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
                    value = self._relation(space, parts[column], query_form, row)
                grid.kind[row][column] = value >> 16
                if value >> 16:
                    accepted[column] |= 1u << row
        if not whole:
            whole = identifies(accepted, size, grid.rows, 0, False)
            if not (whole or contradicting):
                found.level = NO_LEVEL
                return 0
        needed(accepted, size, grid.rows, whole, wanted)
        for column in range(size):
            for row in range(grid.rows):
                if not wanted[column] >> row & 1:
                    continue
                value = relations[column][row]
                if value & UNEARNED == UNEARNED:
                    value = self._earn(space, parts[column], query_form, row, value)
                    relations[column][row] = value
                grid.points[row][column] = value & UNEARNED
        score_grid(self.rules, &grid, base, query.full_parts[query_form], query.share, turned, found)
        return 0

    cdef int align_names(self, Workspace space, uint32_t source, Alignment* best) except -1 nogil:
        """The best reading of the names of a person, without other evidence; ``source`` is what ``owner`` tells of a
        person of several forms, or else the form."""
        return self.align_between(space, source, 0, UNBOUNDED, best)

    cdef int align_between(
        self, Workspace space, uint32_t source, int floor, int most, Alignment* best
    ) except -1 nogil:
        """``align_names`` where readings with less than ``floor`` do not matter, and none scores above ``most``; where
        that is -1, only whether level close or one below it finds the person."""
        cdef size_t first, last, end
        cdef uint32_t name
        cdef bint put_off = False
        cdef uint32_t alone[2]
        no_reading(best)
        if not source & OWNER_SEVERAL:
            alone[0] = source
            alone[1] = 0
            if self._align_name(space, alone, 1, best) and _may_be_better(best, most):
                self._align_put_off(space, alone, floor, best)
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
        if put_off and _may_be_better(best, most):
            for first in range(self.several_start.data[source], last):
                self._align_put_off(space, self.several_form.data + 2 * first, floor, best)
        return 0

    cdef int _align_put_off(
        self, Workspace space, const uint32_t* form, int floor, Alignment* best
    ) except -1 nogil:
        """Offer the readings of one form that were put off, if any may be better; ``form`` is as in ``several_form``.
        """
        cdef int size, name_form = form[1] & 3
        cdef const uint32_t* parts
        if best.level <= CLOSE:
            floor = max(best.score + 1, floor)  # of equal scores that with the lower level is kept
        if floor > 0:
            if space.query.contradicted_bound < floor:
                return 0
            parts = self.form(form[0], &size)
            if self.bound_by_marks(space, parts, size, floor) < floor:
                return 0
            if self.bound_apart(space, parts, size, name_form, floor, False) < floor:
                return 0
        return self._align_rest(space, form[0], form[1] >> 2, name_form, best)

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
        if self.may_join(space, full, full_size):
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

    cdef inline int _birth_agreement(self, const Evidence* asked, uint32_t recorded) noexcept nogil:
        if asked.age_day:
            return age_agreement_of(asked, recorded)
        return date_agreement_of(asked.date, recorded)

    cdef int _place_agreement(self, const Evidence* asked, uint32_t person) noexcept nogil:
        """``_reference_agreement.place_kind``."""
        cdef uint64_t value, postcode
        cdef size_t at, end
        cdef int town, agree = 0
        cdef uint32_t met = 0, number
        cdef bint towns = False, postcodes = False, same = False, district = False
        cdef const Array* places = &self.place
        if self.place.size == 0:
            return PLACE_ABSENT
        at = person
        end = person + 1
        value = self.place_at(places, at)
        if value >> POSTCODE_BITS == PLACE_SEVERAL:
            number = <uint32_t>value
            if number + <size_t>1 >= self.place_several_start.size:
                return PLACE_ABSENT             # of a crafted file
            places = &self.place_several
            at = self.place_several_start.data[number]
            end = self.place_several_start.data[number + 1]
        while at < end:
            value = self.place_at(places, at)
            at += 1
            postcode = value & ((<uint64_t>1 << POSTCODE_BITS) - 1)
            number = value >> POSTCODE_BITS
            if postcode:
                postcodes = True
                if asked.postcode:
                    same |= postcode == asked.postcode
                    district |= postcode // INWARD == asked.postcode // INWARD
            if number:
                towns = True
                for town in range(asked.towns):
                    if asked.town[town] == number:
                        met |= 1u << town
        for town in range(asked.towns):
            agree += met >> town & 1
        if same or (asked.place == 2 and district) or (asked.place == 1 and agree == asked.towns):
            return PLACE_EXACT
        if district:
            return PLACE_DISTRICT
        if agree:
            return PLACE_TOWN
        if (asked.postcode and postcodes) or (asked.towns and towns):
            return PLACE_CONTRADICTED
        return PLACE_ABSENT

    cdef void add_other_evidence(self, const Query* query, uint32_t person, Alignment* best) noexcept nogil:
        """What the date of birth, the sex, the places and the generations of a person say."""
        cdef const Evidence* asked = &query.other
        cdef uint32_t dates, date_at
        cdef int found = 0
        best.birth_kind = best.birth_points = best.sex_kind = best.sex_points = best.place_kind = best.place_points = 0
        if asked.birth:
            dates = self.dates_of(person)
            if dates & DOB_SEVERAL and (dates & ~<uint32_t>DOB_SEVERAL) + 1 < self.dob_several_start.size:
                dates &= ~<uint32_t>DOB_SEVERAL
                for date_at in range(self.dob_several_start.data[dates], self.dob_several_start.data[dates + 1]):
                    found = max(found, self._birth_agreement(asked, self.dob_several.data[date_at]))
            elif dates and not dates & DOB_SEVERAL:
                found = self._birth_agreement(asked, dates)
            if found == 0:
                found = AGE_ABSENT if asked.age_day else DATE_ABSENT
            best.birth_kind = found
            best.birth_points = self.rules.birth_points[asked.birth][asked.sex != 0][asked.place][found]
        if asked.sex:
            best.sex_kind = sex_agreement_of(asked.sex, self.sex_of(person))
            best.sex_points = self.rules.sex_points[asked.birth][asked.sex != 0][asked.place][best.sex_kind]
        if asked.place:
            best.place_kind = self._place_agreement(asked, person)
            best.place_points = self.rules.place_points[asked.birth][asked.sex != 0][asked.place][best.place_kind]
        best.score += best.birth_points + best.sex_points + best.place_points
        add_generation(self.rules, asked.generations, self.generations_of(person) if asked.generations else 0, best)

    cdef int spread_of_other_evidence(self, const Query* query, int* most) noexcept nogil:
        """The points between the best and the worst that other evidence can say, and the best.

        The worst earns nothing (``Rules.shares``); a generation takes points.
        """
        cdef const Evidence* asked = &query.other
        cdef int kind, greatest = 0, taken = 0
        most[0] = 0
        for kind in range(4 if asked.generations else 0):
            taken = max(taken, self.rules.generation_cost[kind])
        if not (asked.birth or asked.sex or asked.place):
            return taken
        for kind in range(BIRTH_STATES):
            greatest = max(greatest, self.rules.birth_points[asked.birth][asked.sex != 0][asked.place][kind])
        most[0] += greatest
        greatest = 0
        for kind in range(4):
            greatest = max(greatest, self.rules.sex_points[asked.birth][asked.sex != 0][asked.place][kind])
        most[0] += greatest
        greatest = 0
        for kind in range(PLACE_STATES):
            greatest = max(greatest, self.rules.place_points[asked.birth][asked.sex != 0][asked.place][kind])
        most[0] += greatest
        return most[0] + taken


cdef inline bint _may_be_better(const Alignment* best, int most) noexcept nogil:
    """Whether a reading in which some part contradicts may be better, where none scores above ``most``."""
    return most >= 0 and (best.level > CLOSE or best.score < most)


cdef void prepare_search(Workspace space) noexcept nogil:
    """What a search asks of its query beside ``_align.prepare``."""
    cdef const Query* query = &space.query
    cdef int position, run = 0, joined, form, at, first
    cdef uint64_t word
    for form in range(query.forms):
        for position in range(query.size[form]):
            # Whether others stand beside a part changes what its letters say.
            word = 2 * pack_word(query.parts[form][position].letters, query.parts[form][position].length)
            at = query.pool_start[form] + position
            space.words[at] = word + query.parts[form][position].beside if word else 0
            space.first_of[at] = at
            for first in range(at if word else 0):
                if space.words[first] == space.words[at]:
                    space.first_of[at] = first
                    break
            space.sketches[at] = letter_sketch(
                query.parts[form][position].letters, query.parts[form][position].length
            )
    space.lengths = 0
    space.joined_lengths = 0
    for position in range(query.size[0]):
        space.lengths |= <uint64_t>1 << min(query.parts[0][position].length, 63)
        run = run + 1 if query.parts[0][position].length == 1 else 0
        if run >= 3:
            space.joined_lengths |= 1 << 3
        if run >= 4:
            space.joined_lengths |= 1 << 4
        if position:
            joined = query.parts[0][position - 1].length + query.parts[0][position].length
            if joined < 63:
                space.joined_lengths |= <uint64_t>1 << joined
