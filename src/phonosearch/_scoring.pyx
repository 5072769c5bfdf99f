"""The score of what a search found: exact where it can be on the page, bounded where it cannot.

An alignment of all readings of all names of a person costs most of a search. Where the pairs that some level accepts
are beyond doubt, the score is computed from them alone, letter by letter only while it may still matter.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp

from phonosearch._agreement cimport DATE_ABSENT, date_agreement_of, sex_agreement_of
from phonosearch._align cimport (
    MAX_TURNS, Alignment, Pairs, Query, holds_all, keep_better, no_reading, score_grid, score_merged, score_pairs,
)
from phonosearch._arrays cimport OWNER_SEVERAL
from phonosearch._assignment cimport PS_LOWEST, Grid, identifies
from phonosearch._expansion cimport PartIndex
from phonosearch._relation cimport (
    CLOSE, EXACT, KIND_NICKNAME, KIND_NONE, KIND_SPELLING, KINDS, NO_LEVEL, UNEARNED, VARIANT, PartInfo, earn,
    relate_kind,
)
from phonosearch._text cimport MAX_FORMS, MAX_PARTS, TextRules
from phonosearch._words cimport pack_word
from phonosearch._workspace cimport UNBOUNDED, Remembered, Workspace, has_bit

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


cdef class ScoringIndex(PartIndex):
    """Scores over the packed arrays; arguments and errors as those of ``PackedNames``."""

    def __cinit__(self, TextRules rules not None, dict arrays not None, dict bounds=None):
        cdef int knot, kind, most = 0
        for knot in range(self.rules.letters.knots):
            most = max(most, self.rules.letters.knot_points[knot])
        for kind in range(KINDS):
            self.most_of_kind[kind] = most
        self.most_of_kind[KIND_NONE] = self.rules.none_most
        self.most_of_kind[KIND_NICKNAME] = max(
            self.rules.part_nickname + self.rules.nickname_letters * most // 1000,
            self.rules.part_nickname_sibling + self.rules.sibling_letters * most // 1000,
        )
        self.most_of_kind[KIND_SPELLING] = self.rules.part_spelling + self.rules.spelling_letters * most // 1000

    cdef inline int _most(self, int32_t relation) noexcept nogil:
        """The points of a relation, or the most that it can earn."""
        return self.most_of_kind[relation >> 16] if relation & UNEARNED == UNEARNED else relation & UNEARNED

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
                accepted[column] = self.marks(space, parts[column])
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
                    value = self._earn(space, parts[column], query_form, row, value)
                    relations[column][row] = value
                grid.points[row][column] = value & UNEARNED
        score_grid(
            self.rules, &grid, VARIANT if query_form or name_form else EXACT, query.full_parts[query_form],
            query.share, holds_all(query, query_form, name_form), found,
        )
        return 0

    cdef int32_t _earn(
        self, Workspace space, uint32_t part, int query_form, int row, int32_t relation
    ) noexcept nogil:
        """The relation with the points of its letters, which are the same in every search."""
        cdef uint64_t word = space.words[space.query.pool_start[query_form] + row]
        cdef Remembered* known = space.place_of(word, part)
        cdef PartInfo info
        if word and known.word == word and known.part == part:
            return known.relation
        self.describe_part(part, &info, space.query.grouped)
        relation = earn(self.rules, &space.query.parts[query_form][row], &info, relation)
        if word:
            known.word = word
            known.part = part
            known.relation = relation
        return relation

    cdef int align_names(self, Workspace space, uint32_t source, Alignment* best) except -1 nogil:
        """The best reading of the names of a person, without other evidence; ``source`` is what ``owner`` tells of a
        person of several forms, or else the form."""
        return self.align_above(space, source, 0, best)

    cdef int align_above(self, Workspace space, uint32_t source, int floor, Alignment* best) except -1 nogil:
        """``align_names`` where readings with less than ``floor`` do not matter."""
        cdef size_t first, last, end
        cdef uint32_t name
        cdef int size
        cdef bint put_off = False
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
                if best.level <= CLOSE:
                    parts = self.form(self.several_form.data[2 * first], &size)
                    if self.bound_apart(space, parts, size, name & 3, 0, False) <= max(best.score, floor - 1):
                        continue        # of equal scores that with the lower level is kept
                self._align_rest(space, self.several_form.data[2 * first], name >> 2, name & 3, best)
        return 0

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

    cdef bint may_join(self, Workspace space, const uint32_t* full, int size) noexcept nogil:
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
                if 3 <= lengths[position] <= 4 and _spelt_out(query, letters, lengths[position]):
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

    cdef void add_other_evidence(self, const Query* query, uint32_t person, Alignment* best) noexcept nogil:
        """What the date of birth and the sex of a person say."""
        cdef uint32_t dates, date_at
        cdef int kind, date_kind
        best.date_kind = best.date_points = best.sex_kind = best.sex_points = 0
        if query.date:
            dates = self.dates_of(person)
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
            best.sex_kind = sex_agreement_of(query.sex, self.sex_of(person))
            best.sex_points = self.rules.sex_points[query.precision][query.sex != 0][best.sex_kind]
        best.score += best.date_points + best.sex_points

    cdef int spread_of_other_evidence(self, const Query* query, int* most) noexcept nogil:
        """The points between the best and the worst that a date of birth and a sex can say, and the best."""
        cdef int kind, least = 0, greatest = 0, spread = 0, points
        most[0] = 0
        if query.date:
            for kind in range(1, 8):
                points = self.rules.date_points[query.precision][query.sex != 0][kind]
                least = points if kind == 1 else min(least, points)
                greatest = points if kind == 1 else max(greatest, points)
            spread = greatest - least
            most[0] = greatest
        if query.sex:
            for kind in range(1, 4):
                points = self.rules.sex_points[query.precision][query.sex != 0][kind]
                least = points if kind == 1 else min(least, points)
                greatest = points if kind == 1 else max(greatest, points)
            spread += greatest - least
            most[0] += greatest
        return spread

    cdef int _known_pairs(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int* column_of_row
    ) except -2 nogil:
        """The pairs of two forms that some level accepts, where each part has one partner at most: how many, or -1."""
        cdef uint16_t mask, taken = 0
        cdef int column, row, pairs = 0
        for row in range(space.query.size[query_form]):
            column_of_row[row] = -1
        for column in range(size):
            mask = self.marks(space, parts[column]) if space.marked else self._accepted(
                space, query_form, parts[column]
            )
            if mask == 0:
                continue
            if mask & (mask - 1) or mask & taken:
                return -1
            taken |= mask
            column_of_row[PS_LOWEST(mask)] = column
            pairs += 1
        return pairs

    cdef inline uint16_t _accepted(self, Workspace space, int query_form, uint32_t part) except? 0xFFFF nogil:
        """The parts of a form of the query that some level pairs with a part."""
        cdef uint16_t found = 0
        cdef int row
        if space.marked:
            return self.marks(space, part)
        for row in range(space.query.size[query_form]):
            if self._relation(space, part, query_form, row) >> 16:
                found |= 1u << row
        return found

    cdef inline int32_t _relation(self, Workspace space, uint32_t part, int query_form, int row) except -1 nogil:
        """The relation of a part to a part of the query, its points perhaps UNEARNED."""
        cdef int32_t* relation = space.relations(part) + space.query.pool_start[query_form] + row
        cdef PartInfo info
        if relation[0] < 0:
            self.describe_part(part, &info, space.query.grouped)
            relation[0] = relate_kind(self.rules, &space.query.parts[query_form][row], &info)
        return relation[0]

    cdef int bound(self, Workspace space, uint32_t form, int floor, bint earning) except -1 nogil:
        """The greatest score of the people of a form who have no other; UNBOUNDED where that is hard to say.

        A name that holds joined what was asked apart, or the reverse, is found as such, and not bounded. Level exact
        does not look for them.
        Letters are aligned one pair after the other (if ``earning``) while the bound stays at or above ``floor``. Then
        what is at or above ``floor`` is the score, or UNBOUNDED.
        """
        cdef int size
        cdef const uint32_t* parts = self.form(form, &size)
        if space.query.level == EXACT and self.may_join(space, parts, size):
            return UNBOUNDED
        return self.bound_apart(space, parts, size, 0, floor, earning)

    cdef int bound_apart(
        self, Workspace space, const uint32_t* parts, int size, int name_form, int floor, bint earning
    ) except -1 nogil:
        """``bound`` without the reading in which parts are joined; ``name_form`` is 0 for the full form of a name."""
        cdef int query_form, score, best = 0, uncertain = -1
        cdef bint exact
        for query_form in range(space.query.forms):
            score = self._bound_reading(
                space, query_form, parts, size, name_form, max(floor, best), earning, &exact
            )
            if exact:
                best = max(best, score)
            else:
                uncertain = max(uncertain, score)
        if uncertain > best:
            if not earning or uncertain < floor:
                return uncertain
            return UNBOUNDED
        return best

    cdef int _bound_reading(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int name_form, int floor, bint earning,
        bint* exact,
    ) except -1 nogil:
        """The greatest score of two forms; whether it is exact."""
        cdef Query* query = &space.query
        cdef int row, column, rows = query.size[query_form], known, pair, most, score
        cdef int column_of_row[MAX_PARTS]
        cdef uint32_t unearned
        cdef Pairs pairs
        exact[0] = False
        known = self._known_pairs(space, query_form, parts, size, column_of_row)
        if known < 0:
            return self._bound_doubtful(space, query_form, parts, size)
        if known < min(rows, size) and query.contradicted_bound < floor:
            return query.contradicted_bound
        if known == 0:
            most = query.share * self.rules.none_most // 1000 + 1
            if not earning or most < floor:
                return most
        unearned = self._pair_up(space, query_form, parts, size, column_of_row, &pairs)
        if known < min(rows, size):
            most = self._bound_contradicted(
                query, query_form, &pairs, column_of_row, min(rows, size) - known, self.rules.none_most
            )
            if not earning or most < floor:
                return most
            if rows != size or known != rows - 1:
                while unearned:
                    self._earn_next(space, query_form, parts, &pairs, &unearned)
                return self._bound_contradicted(
                    query, query_form, &pairs, column_of_row, min(rows, size) - known,
                    self._most_contradicting(space, query_form, parts, size, column_of_row),
                )
            # One part of either is left, which no level pairs.
            column = size * (size - 1) // 2
            for pair in range(pairs.count):
                column -= pairs.name_part[pair]
            for row in range(rows):
                if column_of_row[row] < 0:
                    column_of_row[row] = column
            unearned = self._pair_up(space, query_form, parts, size, column_of_row, &pairs)
        while True:
            score = score_pairs(
                self.rules, &pairs, VARIANT if query_form or name_form else EXACT, query.share,
                holds_all(query, query_form, name_form), NULL,
            )
            exact[0] = unearned == 0
            if exact[0] or not earning or score < floor:
                return score
            self._earn_next(space, query_form, parts, &pairs, &unearned)

    cdef int _earn_next(
        self, Workspace space, int query_form, const uint32_t* parts, Pairs* pairs, uint32_t* unearned
    ) except -1 nogil:
        """Align the letters of the first pair of which that was not done."""
        cdef int pair = PS_LOWEST(unearned[0])
        unearned[0] &= unearned[0] - 1
        pairs.points[pair] = self._points(
            space, query_form, pairs.query_part[pair], parts[pairs.name_part[pair]]
        )
        return 0

    cdef int _points(self, Workspace space, int query_form, int row, uint32_t part) except -1 nogil:
        """What a part earns beside a part of the query."""
        cdef int32_t relation = self._relation(space, part, query_form, row)
        if relation & UNEARNED == UNEARNED:
            relation = self._earn(space, part, query_form, row, relation)
            space.relations(part)[space.query.pool_start[query_form] + row] = relation
        return relation & UNEARNED

    cdef int _most_contradicting(
        self, Workspace space, int query_form, const uint32_t* parts, int size, const int* column_of_row
    ) except -1 nogil:
        """The most that a pair of parts without a partner earns."""
        cdef int row, column, most = 0
        cdef uint32_t taken = 0
        for row in range(space.query.size[query_form]):
            if column_of_row[row] >= 0:
                taken |= 1u << column_of_row[row]
        for row in range(space.query.size[query_form]):
            if column_of_row[row] < 0:
                for column in range(size):
                    if not taken >> column & 1:
                        most = max(most, self._points(space, query_form, row, parts[column]))
        return most

    cdef uint32_t _pair_up(
        self, Workspace space, int query_form, const uint32_t* parts, int size, const int* column_of_row, Pairs* pairs
    ) except? 0xFFFFFFFF nogil:
        """Write the pairs of two forms with the most that they may earn; a bit for each not known yet."""
        cdef const Query* query = &space.query
        cdef int row, column, pair = 0, asked, recorded
        cdef int32_t relation
        cdef uint32_t unearned = 0
        pairs.asked = pairs.recorded = 0
        for column in range(size):
            pairs.recorded += self.part_weight(parts[column])
        for row in range(query.size[query_form]):
            column = column_of_row[row]
            asked = query.weight[query_form][row]
            if column < 0:
                pairs.asked += asked
                continue
            recorded = self.part_weight(parts[column])
            pairs.recorded -= recorded
            relation = space.relations(parts[column])[query.pool_start[query_form] + row]
            if relation < 0:
                relation = self._relation(space, parts[column], query_form, row)
            if relation & UNEARNED == UNEARNED:
                unearned |= 1u << pair
            pairs.query_part[pair] = row
            pairs.name_part[pair] = column
            pairs.kind[pair] = relation >> 16
            pairs.points[pair] = self._most(relation)
            pairs.lighter[pair] = min(asked, recorded)
            pairs.heavier[pair] = max(asked, recorded)
            pair += 1
        pairs.count = pair
        return unearned

    cdef int _least_left_out(self, const int* weights, int count, int spares) noexcept nogil:
        """The weight of the lightest parts that the longer of two forms has to spare."""
        cdef int at, place, total = 0
        cdef int lightest[MAX_PARTS]
        for at in range(count if spares else 0):
            place = at
            while place > 0 and lightest[place - 1] > weights[at]:
                lightest[place] = lightest[place - 1]
                place -= 1
            lightest[place] = weights[at]
        for at in range(spares):
            total += lightest[at]
        return total

    cdef int _bound_doubtful(
        self, Workspace space, int query_form, const uint32_t* parts, int size
    ) except -1 nogil:
        """The greatest score of any pairing of two forms.

        All the weight there is earns the most of any pair, but for the least that may contradict, where some part does,
        and no less is left out than the longer form has to spare.
        """
        cdef const Query* query = &space.query
        cdef int row, column, rows = query.size[query_form], heaviest = 0, lightest = 0x7FFF
        cdef int most = self.rules.none_most
        cdef long long agreeing = 0, left_out, contradicting = 0, best
        cdef int weights[MAX_PARTS]
        cdef uint16_t masks[MAX_PARTS]
        for row in range(rows):
            heaviest = max(heaviest, query.weight[query_form][row])
            lightest = min(lightest, query.weight[query_form][row])
        for column in range(size):
            weights[column] = self.part_weight(parts[column])
            agreeing += min(weights[column], heaviest)
            lightest = min(lightest, weights[column])
            masks[column] = self._accepted(space, query_form, parts[column])
            for row in range(rows):
                if masks[column] >> row & 1:
                    most = max(most, self._most(self._relation(space, parts[column], query_form, row)))
        if rows > size:
            left_out = self._least_left_out(query.weight[query_form], rows, rows - size)
        else:
            left_out = self._least_left_out(weights, size, size - rows)
        left_out *= min(self.rules.left_out, self.rules.left_out_alone)
        if not identifies(masks, size, rows, 0, False):
            contradicting = min(lightest, agreeing)
        best = <long long>query.share * 100 * (
            most * (agreeing - contradicting) + self.rules.none_most * contradicting
        )
        return <int>(best // (1000 * (100 * agreeing + left_out))) + 1

    cdef int _bound_contradicted(
        self, const Query* query, int query_form, const Pairs* pairs, const int* column_of_row, int free_pairs,
        int most,
    ) noexcept nogil:
        """The greatest score where parts are left, in both forms, that no level pairs and none of which earns more than
        ``most``.

        That what contradicts never scores more than what is left out: all of it is left out, on the heavier side. Then
        comes the least that it costs beside what agrees.
        """
        cdef int row, pair, cost = 0, heaviest = 0
        cdef long long earned = 0, agreeing = 0, whole, least
        if pairs.count == 0:
            return query.share * most // 1000 + 1
        for row in range(query.size[query_form]):
            if column_of_row[row] < 0:
                heaviest = max(heaviest, query.weight[query_form][row])
        for pair in range(pairs.count):
            agreeing += pairs.lighter[pair]
            earned += pairs.lighter[pair] * pairs.points[pair]
        whole = 1000 * (
            100 * agreeing
            + (self.rules.left_out_alone if pairs.count < 2 else self.rules.left_out)
            * max(pairs.asked, pairs.recorded)
        )
        least = self.rules.contradicted_below - most
        if least > 0:
            cost = <int>(
                query.share * self.rules.contradicted_cost * least * agreeing
                // (<long long>1000 * self.rules.contradicted_below * (agreeing + heaviest))
            )
        return <int>max(query.share * 100 * earned // whole - free_pairs * cost, 0)

    cdef int bound_several(self, Workspace space, uint32_t several, int floor, bint earning) except -1 nogil:
        """``bound`` of a person of several forms."""
        cdef int bound, best = 0, size, number
        cdef uint32_t at, form
        cdef const uint32_t* parts
        for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
            form = self.several_form.data[2 * <size_t>at]
            if (
                space.query.level >= CLOSE and not has_bit(space.seen, form)
                and space.query.contradicted_bound < max(floor, best)
            ):
                continue            # it was not found, so some part contradicts
            parts = self.form(form, &size)
            number = self.several_form.data[2 * <size_t>at + 1] & 3
            if number == 0 and space.query.level == EXACT and self.may_join(space, parts, size):
                return UNBOUNDED
            bound = self.bound_apart(space, parts, size, number, max(floor, best), earning)
            if bound == UNBOUNDED:
                return UNBOUNDED
            best = max(best, bound)
        return best

    cdef bint may_contradict(self, Workspace space, uint32_t several, int floor) except -1 nogil:
        """Whether a person may come to ``floor`` by a form that level close does not find."""
        cdef uint32_t at, form
        cdef int size, number
        cdef const uint32_t* parts
        for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
            form = self.several_form.data[2 * <size_t>at]
            number = self.several_form.data[2 * <size_t>at + 1] & 3
            if not has_bit(space.seen, form):
                parts = self.form(form, &size)
                if self.bound_apart(space, parts, size, number, floor, False) >= floor:
                    return True
        return False

    cdef void prefetch_form(self, uint32_t form) noexcept nogil:
        cdef int size
        PS_PREFETCH(self.form(form, &size))

    cdef void prefetch_parts(self, Workspace space, uint32_t form) noexcept nogil:
        """Ask for what bounding a form reads of its parts."""
        cdef int size, part
        cdef const uint32_t* parts
        if form & OWNER_SEVERAL:
            form = self.several_form.data[2 * <size_t>self.several_start.data[form & ~<uint32_t>OWNER_SEVERAL]]
        parts = self.form(form, &size)
        for part in range(size):
            PS_PREFETCH(&self.part_facts[parts[part]])
            PS_PREFETCH(&space.slot[parts[part]])


cdef bint _spelt_out(const Query* query, const uint8_t* letters, int length) noexcept nogil:
    """Whether a part stands in the query as initials side by side."""
    cdef int begin, at
    for begin in range(query.size[0] - length + 1):
        for at in range(length):
            if query.parts[0][begin + at].length != 1 or query.parts[0][begin + at].letters[0] != letters[at]:
                break
        else:
            return True
    return False


cdef void prepare_search(Workspace space) noexcept nogil:
    """What a search asks of its query beside ``_align.prepare``."""
    cdef const Query* query = &space.query
    cdef int position, run = 0, joined, form
    cdef uint64_t word
    for form in range(query.forms):
        for position in range(query.size[form]):
            # Whether others stand beside a part changes what its letters say.
            word = 2 * pack_word(query.parts[form][position].letters, query.parts[form][position].length)
            space.words[query.pool_start[form] + position] = word + query.parts[form][position].beside if word else 0
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
