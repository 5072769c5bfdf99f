"""The scores of what a search found, for other compiled modules."""

from libc.stdint cimport int32_t, uint16_t, uint32_t

from phonosearch._agreement cimport Evidence
from phonosearch._align cimport Alignment, Query
from phonosearch._first_bounds cimport FirstBoundIndex
from phonosearch._workspace cimport Workspace

cdef class ScoringIndex(FirstBoundIndex):
    cdef int _score_forms(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int name_form,
        bint contradicting, Alignment* found,
    ) except -1 nogil
    cdef int align_names(self, Workspace space, uint32_t source, Alignment* best) except -1 nogil
    cdef int align_between(
        self, Workspace space, uint32_t source, int floor, int most, Alignment* best
    ) except -1 nogil
    cdef int _align_put_off(
        self, Workspace space, const uint32_t* form, int floor, Alignment* best
    ) except -1 nogil
    cdef int _align_name(self, Workspace space, const uint32_t* forms, int count, Alignment* best) except -1 nogil
    cdef int _align_rest(
        self, Workspace space, uint32_t form, uint32_t name, int name_form, Alignment* best
    ) except -1 nogil
    cdef int _birth_agreement(self, const Evidence* asked, uint32_t recorded) noexcept nogil
    cdef int _place_agreement(self, const Evidence* asked, uint32_t person) noexcept nogil
    cdef void add_other_evidence(self, const Query* query, uint32_t person, Alignment* best) noexcept nogil
    cdef int spread_of_other_evidence(self, const Query* query, int* most) noexcept nogil

cdef void prepare_search(Workspace space) noexcept nogil
