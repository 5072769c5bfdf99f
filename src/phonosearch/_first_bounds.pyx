"""What marks and weights alone say of a score: first bounds of forms that were found, and of those that were not.

What was found is put in order by them, and most forms that were not found end here. What is near the page is bounded
more closely (``_bounds``), and then scored.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t

from phonosearch._align cimport Query
from phonosearch._arrays cimport OWNER_SEVERAL
from phonosearch._bits cimport PS_LOWEST
from phonosearch._bounds cimport BoundIndex
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._relation cimport CLOSE, EXACT
from phonosearch._workspace cimport UNBOUNDED, Workspace, has_bit


cdef class FirstBoundIndex(BoundIndex):
    """First bounds over the packed arrays; arguments and errors as those of ``PackedNames``."""

    cdef int _bound_beside_several(self, Workspace space, const uint32_t* parts, int size) except -1 nogil:
        """``bound_by_marks`` of any two names."""
        cdef const Query* query = &space.query
        cdef int form, column, row, pairs, weight, lighter, asked, recorded, heaviest, first, shorter, bound, best = 0
        cdef unsigned int mask, taken, every
        cdef long long agreeing, earned, whole
        cdef int32_t relation
        for form in range(query.forms):
            first = query.pool_start[form]
            every = (1u << query.size[form]) - 1
            taken = pairs = asked = recorded = heaviest = 0
            agreeing = earned = 0
            for column in range(size):
                mask = space.mark[parts[column]] >> first & every
                weight = self.part_weight(parts[column])
                if mask == 0:
                    recorded += weight
                    continue
                if mask & (mask - 1 | taken):
                    return UNBOUNDED
                taken |= mask
                row = PS_LOWEST(mask)
                relation = space.relations(parts[column])[first + row]
                if relation < 0:
                    relation = self._relation(space, parts[column], form, row)
                lighter = min(weight, query.weight[form][row])
                agreeing += lighter
                earned += lighter * self._most(relation)
                pairs += 1
            for row in range(query.size[form] if taken != every else 0):
                if not taken >> row & 1:
                    weight = query.weight[form][row]
                    asked += weight
                    heaviest = max(heaviest, weight)
            shorter = min(query.size[form], size)
            if pairs < shorter:
                bound = self._contradicted_score(
                    query, pairs, agreeing, earned, max(asked, recorded), heaviest, shorter - pairs,
                    self.rules.none_most,
                )
            else:
                whole = 100 * agreeing + (
                    self.rules.left_out_alone if pairs < 2 else self.rules.left_out
                ) * <long long>(asked + recorded)
                bound = <int>(query.share * 100 * earned // (1000 * whole))
            best = max(best, bound)
        return best

    cdef int _bound_beside_two(self, Workspace space, const uint32_t* parts, int size, int floor) except -1 nogil:
        """``bound_by_marks`` of two parts or more beside a query of one form of two, as most queries are."""
        cdef const Query* query = &space.query
        cdef const int* weight = query.weight[0]
        cdef int column, heavy, lighter
        cdef unsigned int mask, taken = 0
        cdef uint32_t part, slot
        cdef long long agreeing = 0, earned = 0, recorded = 0
        cdef int32_t relation
        for column in range(size):
            part = parts[column]
            mask = space.mark[part]
            heavy = self.part_weight(part)
            if mask == 0:
                recorded += heavy
                continue
            if mask & (mask - 1 | taken):
                return UNBOUNDED
            taken |= mask
            slot = space.slot[part]
            relation = space.pair[3 * <size_t>slot - 4 + mask] if slot else -1      # rows of two parts and a form
            if relation < 0:
                relation = self._relation(space, part, 0, mask - 1)
            lighter = min(heavy, weight[mask - 1])
            agreeing += lighter
            earned += lighter * self._most(relation)
        if taken == 3:
            return <int>(query.share * 100 * earned // (1000 * (100 * agreeing + self.rules.left_out * recorded)))
        heavy = weight[2 - taken] if taken else 0       # of the part of the query that no mark speaks of
        if (
            taken and query.share * 100 * earned
            < 1000 * floor * (100 * agreeing + self.rules.left_out_alone * max(heavy, recorded))
        ):
            return 0                    # before what contradicts costs anything
        return self._contradicted_score(
            query, taken != 0, agreeing, earned, <int>max(heavy, recorded), heavy, 1, self.rules.none_most
        )

    cdef int bound_several(
        self, Workspace space, uint32_t several, int64_t known, int score, int floor, bint earning
    ) except -1 nogil:
        """``bound`` of a person of several forms; ``score`` is that of the form ``known``, as the full one of a name,
        if it is not -1.

        The forms that were found first: in another some part contradicts, which seldom comes to more.
        """
        cdef int best = 0, size, number
        cdef uint32_t at, form
        cdef const uint32_t* parts
        for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
            form = self.several_form.data[2 * <size_t>at]
            if not has_bit(space.seen, form):
                continue
            number = self.several_form.data[2 * <size_t>at + 1] & 3
            if form == known and number == 0:
                best = max(best, score)
                continue
            parts = self.form(form, &size)
            if number == 0 and space.query.level == EXACT and self.may_join(space, parts, size):
                return UNBOUNDED
            best = max(best, self.bound_apart(space, parts, size, number, max(floor, best), earning))
            if best == UNBOUNDED:
                return UNBOUNDED
        return max(best, self.bound_others(space, several, max(floor, best), earning))

    cdef int bound_others(self, Workspace space, uint32_t several, int floor, bint earning) except -1 nogil:
        """``bound_several`` by the forms that were not found; less than ``floor`` says no more than that."""
        cdef int best = 0, size, number, least
        cdef uint32_t at, form
        cdef const uint32_t* parts
        if space.query.level >= CLOSE and space.query.contradicted_bound < floor:
            return 0
        for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
            form = self.several_form.data[2 * <size_t>at]
            if has_bit(space.seen, form):
                continue
            number = self.several_form.data[2 * <size_t>at + 1] & 3
            parts = self.form(form, &size)
            if number == 0 and space.query.level == EXACT and self.may_join(space, parts, size):
                return UNBOUNDED
            least = max(floor, best)
            if self.bound_by_marks(space, parts, size, least) < least:
                continue
            best = max(best, self.bound_apart(space, parts, size, number, least, earning))
            if best == UNBOUNDED:
                return UNBOUNDED
        return best

    cdef void prefetch_form(self, uint32_t form) noexcept nogil:
        """Ask for the parts of a form, if it is one."""
        cdef int size
        if not form & OWNER_SEVERAL:
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
