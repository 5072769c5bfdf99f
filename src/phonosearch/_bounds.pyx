"""No score is greater: bounds on what a search found, which become the score where it can be on the page.

An alignment of all readings of all names of a person costs most of a search. Where the pairs that some level accepts
are beyond doubt, the score is computed from them alone, letter by letter only while it may still matter.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memset

from phonosearch._align cimport Pairs, Query, holds_all, score_pairs
from phonosearch._assignment cimport identifies
from phonosearch._bits cimport PS_LOWEST
from phonosearch._expansion cimport PartIndex
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._relation cimport (
    EXACT, KIND_NICKNAME, KIND_NONE, KIND_SPELLING, KINDS, UNEARNED, VARIANT, PartInfo, earn,
    relate_kind,
)
from phonosearch._text cimport MAX_PARTS, TextRules
from phonosearch._workspace cimport UNBOUNDED, Remembered, Workspace


cdef class BoundIndex(PartIndex):
    """Bounds on scores over the packed arrays; arguments and errors as those of ``PackedNames``."""

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

    cdef int _known_pairs(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int* column_of_row
    ) except -2 nogil:
        """The pairs of two forms that some level accepts, where each part has one partner at most: how many, or -1."""
        cdef uint16_t mask, taken = 0
        cdef int column, pairs = 0, first = space.query.pool_start[query_form]
        cdef unsigned int every = (1u << space.query.size[query_form]) - 1
        cdef bint marked = space.marked and not space.unmarked_initials
        memset(column_of_row, 0xFF, MAX_PARTS * sizeof(int))    # -1; all, since that takes a few instructions
        for column in range(size):
            if marked:
                mask = space.mark[parts[column]] >> first & every
            else:
                mask = self._accepted(space, query_form, parts[column])
            if mask == 0:
                continue
            if mask & (mask - 1 | taken):
                return -1
            taken |= mask
            column_of_row[PS_LOWEST(mask)] = column
            pairs += 1
        return pairs

    cdef inline uint16_t _accepted(self, Workspace space, int query_form, uint32_t part) except? 0xFFFF nogil:
        """The parts of a form of the query that some level pairs with a part."""
        cdef int32_t* known
        cdef int32_t found = 0
        cdef int row
        if space.marked:
            return self.marks_of(space, query_form, part)
        known = space.relations(part) + space.query.pool + query_form
        if known[0] < 0:
            for row in range(space.query.size[query_form]):
                if self._relation(space, part, query_form, row) >> 16:
                    found |= 1 << row
            known[0] = found
        return <uint16_t>known[0]

    cdef inline int32_t _relation(self, Workspace space, uint32_t part, int query_form, int row) except -1 nogil:
        """The relation of a part to a part of the query, its points perhaps UNEARNED."""
        cdef int32_t* relations = space.relations(part)
        cdef int place = space.query.pool_start[query_form] + row
        cdef const Remembered* known = NULL
        cdef PartInfo info
        if relations[place] >= 0:
            return relations[place]
        if relations[space.first_of[place]] >= 0:
            relations[place] = relations[space.first_of[place]]
            return relations[place]
        if space.marked:                # then its points are asked for, and often were before
            known = space.recall(space.words[place], part)
        if known == NULL:
            if self.surely_unrelated(&space.query.parts[query_form][row], space.sketches[place], part):
                relations[place] = KIND_NONE << 16 | UNEARNED
                return relations[place]
            known = space.recall(space.words[place], part)
        if known != NULL:
            relations[place] = known.relation
        else:
            self.describe_part(part, &info, space.query.grouped)
            relations[place] = relate_kind(self.rules, &space.query.parts[query_form][row], &info)
            space.remember(space.words[place], part, relations[place])
        return relations[place]

    cdef int32_t _earn(
        self, Workspace space, uint32_t part, int query_form, int row, int32_t relation
    ) noexcept nogil:
        """The relation with the points of its letters, which are the same in every search."""
        cdef uint64_t word = space.words[space.query.pool_start[query_form] + row]
        cdef const Remembered* known = space.recall(word, part)
        cdef PartInfo info
        if known != NULL and known.relation & UNEARNED != UNEARNED:
            return known.relation
        self.describe_part(part, &info, space.query.grouped)
        relation = earn(self.rules, &space.query.parts[query_form][row], &info, relation)
        space.remember(word, part, relation)
        return relation

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
            if rows > 1 or size > 1:
                return floor - 1 if self._unrelated_below(space, query_form, parts, size, floor) else most
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

    cdef bint _unrelated_below(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int floor
    ) except -1 nogil:
        """Whether two forms of which no level pairs any parts score less than ``floor``.

        Each part of the shorter form has a partner, and the score is at most the share of the mean of what these pairs
        earn, each by the lighter of its parts. So it is less if the sum of what they earn above ``floor``, each by the
        greatest weight that it may have, or the least where that is less than none, is less than 0. One part after the
        other is compared with all of the longer form, until the others may earn the most there is.
        """
        cdef const Query* query = &space.query
        cdef bint by_row = query.size[query_form] <= size
        cdef int rows = query.size[query_form], count = min(rows, size), others = max(rows, size)
        cdef int at, turn, other, row, column, weight, heaviest = 0, lightest = 0x7FFF, first = 0, most
        cdef int greatest[MAX_PARTS]
        cdef int least[MAX_PARTS]
        cdef long long above, sum = 0, unknown = <long long>query.share * self.rules.none_most - 1000 * floor
        for at in range(others):
            weight = self.part_weight(parts[at]) if by_row else query.weight[query_form][at]
            heaviest = max(heaviest, weight)
            lightest = min(lightest, weight)
        for at in range(count):
            weight = query.weight[query_form][at] if by_row else self.part_weight(parts[at])
            greatest[at] = min(weight, heaviest)
            least[at] = min(weight, lightest)
            sum += unknown * (greatest[at] if unknown >= 0 else least[at])
            if greatest[at] > greatest[first]:
                first = at
        for turn in range(count):
            at = first if turn == 0 else turn - (turn <= first)
            for other in range(others):
                row, column = (at, other) if by_row else (other, at)
                PS_PREFETCH(&self.part_key.data[3 * <size_t>parts[column]])
                PS_PREFETCH(&self.part_sketch[parts[column]])
                PS_PREFETCH(space.place_of(space.words[query.pool_start[query_form] + row], parts[column]))
            most = 0
            for other in range(others):
                row, column = (at, other) if by_row else (other, at)
                most = max(most, self._points(space, query_form, row, parts[column]))
            above = <long long>query.share * most - 1000 * floor
            sum += above * (greatest[at] if above >= 0 else least[at])
            sum -= unknown * (greatest[at] if unknown >= 0 else least[at])
            if sum < 0:
                return True
        return False

    cdef int _most_contradicting(
        self, Workspace space, int query_form, const uint32_t* parts, int size, const int* column_of_row
    ) except -1 nogil:
        """The most that a pair of parts without a partner earns."""
        cdef int row, column, most = 0
        cdef uint32_t taken = 0
        for row in range(space.query.size[query_form]):
            if column_of_row[row] >= 0:
                taken |= 1u << column_of_row[row]
        for column in range(size):
            if not taken >> column & 1:
                PS_PREFETCH(&self.part_key.data[3 * <size_t>parts[column]])
                PS_PREFETCH(&self.part_sketch[parts[column]])
                for row in range(space.query.size[query_form]):
                    if column_of_row[row] < 0:
                        PS_PREFETCH(space.place_of(
                            space.words[space.query.pool_start[query_form] + row], parts[column]
                        ))
        for column in range(size):
            if not taken >> column & 1:
                for row in range(space.query.size[query_form]):
                    if column_of_row[row] < 0:
                        most = max(most, self._points(space, query_form, row, parts[column]))
        return most

    cdef uint32_t _pair_up(
        self, Workspace space, int query_form, const uint32_t* parts, int size, const int* column_of_row, Pairs* pairs
    ) except? 0xFFFFFFFF nogil:
        """Write the pairs of two forms with the most that they may earn; a bit for each not known yet."""
        cdef const Query* query = &space.query
        cdef const int* weight = query.weight[query_form]
        cdef int row, column, pair = 0, asked, recorded, all_asked = 0, all_recorded = 0
        cdef int first = query.pool_start[query_form]
        cdef int weights[MAX_PARTS]
        cdef int32_t relation
        cdef uint32_t unearned = 0
        for column in range(size):
            weights[column] = self.part_weight(parts[column])
            all_recorded += weights[column]
        for row in range(query.size[query_form]):
            column = column_of_row[row]
            asked = weight[row]
            if column < 0:
                all_asked += asked
                continue
            recorded = weights[column]
            all_recorded -= recorded
            relation = space.relations(parts[column])[first + row]
            if relation < 0:
                relation = self._relation(space, parts[column], query_form, row)
            if relation & UNEARNED == UNEARNED:
                unearned |= 1u << pair
                PS_PREFETCH(space.place_of(space.words[first + row], parts[column]))
            pairs.query_part[pair] = row
            pairs.name_part[pair] = column
            pairs.kind[pair] = relation >> 16
            pairs.points[pair] = self._most(relation)
            pairs.lighter[pair] = min(asked, recorded)
            pairs.heavier[pair] = max(asked, recorded)
            pair += 1
        pairs.count = pair
        pairs.asked = all_asked
        pairs.recorded = all_recorded
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
        cdef int row, pair, heaviest = 0
        cdef long long earned = 0, agreeing = 0
        for row in range(query.size[query_form]):
            if column_of_row[row] < 0:
                heaviest = max(heaviest, query.weight[query_form][row])
        for pair in range(pairs.count):
            agreeing += pairs.lighter[pair]
            earned += pairs.lighter[pair] * pairs.points[pair]
        return self._contradicted_score(
            query, pairs.count, agreeing, earned, max(pairs.asked, pairs.recorded), heaviest, free_pairs, most
        )


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
