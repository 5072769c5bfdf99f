"""The bounds of what a search found, for other compiled modules."""

from libc.stdint cimport int32_t, uint16_t, uint32_t

from phonosearch._align cimport Pairs, Query
from phonosearch._expansion cimport PartIndex
from phonosearch._relation cimport KINDS, UNEARNED
from phonosearch._workspace cimport Workspace

cdef class BoundIndex(PartIndex):
    cdef int most_of_kind[KINDS]    # points of 1000 that a relation may earn

    cdef int _known_pairs(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int* column_of_row
    ) except -2 nogil
    cdef uint16_t _accepted(self, Workspace space, int query_form, uint32_t part) except? 0xFFFF nogil
    cdef int32_t _relation(self, Workspace space, uint32_t part, int query_form, int row) except -1 nogil
    cdef int32_t _earn(
        self, Workspace space, uint32_t part, int query_form, int row, int32_t relation
    ) noexcept nogil
    cdef bint may_join(self, Workspace space, const uint32_t* full, int size) noexcept nogil
    cdef int bound(self, Workspace space, uint32_t form, int floor, bint earning) except -1 nogil
    cdef int bound_apart(
        self, Workspace space, const uint32_t* parts, int size, int name_form, int floor, bint earning
    ) except -1 nogil
    cdef int _bound_reading(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int name_form, int floor, bint earning,
        bint* exact,
    ) except -1 nogil
    cdef uint32_t _pair_up(
        self, Workspace space, int query_form, const uint32_t* parts, int size, const int* column_of_row, Pairs* pairs
    ) except? 0xFFFFFFFF nogil
    cdef int _least_left_out(self, const int* weights, int count, int spares) noexcept nogil
    cdef int _bound_doubtful(
        self, Workspace space, int query_form, const uint32_t* parts, int size
    ) except -1 nogil
    cdef int _bound_contradicted(
        self, const Query* query, int query_form, const Pairs* pairs, const int* column_of_row, int free_pairs,
        int most,
    ) noexcept nogil
    cdef int _earn_next(
        self, Workspace space, int query_form, const uint32_t* parts, Pairs* pairs, uint32_t* unearned
    ) except -1 nogil
    cdef int _points(self, Workspace space, int query_form, int row, uint32_t part) except -1 nogil
    cdef bint _unrelated_below(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int floor
    ) except -1 nogil
    cdef int _most_contradicting(
        self, Workspace space, int query_form, const uint32_t* parts, int size, const int* column_of_row
    ) except -1 nogil

    cdef inline uint16_t marks(self, Workspace space, uint32_t part) noexcept nogil:
        if space.unmarked_initials:
            return space.mark[part] | space.initial_mask[self.first_letter(part)]
        return space.mark[part]

    cdef inline uint16_t marks_of(self, Workspace space, int query_form, uint32_t part) noexcept nogil:
        """The marks of a part that speak of a form of the query, where they speak of all (``Workspace.marked``)."""
        return (
            self.marks(space, part) >> space.query.pool_start[query_form]
            & ((1u << space.query.size[query_form]) - 1)
        )

    cdef inline int _contradicted_score(
        self, const Query* query, int pairs, long long agreeing, long long earned, int left, int heaviest,
        int free_pairs, int most,
    ) noexcept nogil:
        """``_bound_contradicted`` of the weight that agrees and what it earns, the weight of what is ``left`` on the
        heavier side, and of the ``heaviest`` of these parts of the query."""
        cdef int cost = 0
        cdef long long whole, least
        if pairs == 0:
            return query.share * most // 1000 + 1
        whole = 1000 * (100 * agreeing + (self.rules.left_out_alone if pairs < 2 else self.rules.left_out) * left)
        least = self.rules.contradicted_below - most
        if least > 0:
            cost = <int>(
                query.share * self.rules.contradicted_cost * least * agreeing
                // (<long long>1000 * self.rules.contradicted_below * (agreeing + heaviest))
            )
        return <int>max(query.share * 100 * earned // whole - free_pairs * cost, 0)

    cdef inline int _most(self, int32_t relation) noexcept nogil:
        """The points of a relation, or the most that it can earn."""
        return self.most_of_kind[relation >> 16] if relation & UNEARNED == UNEARNED else relation & UNEARNED
