"""The people of a query, for other compiled modules."""

from libc.stdint cimport uint32_t

from phonosearch._postings cimport PostingIndex
from phonosearch._workspace cimport Workspace

cdef class FindingIndex(PostingIndex):
    cdef int _search_form(self, Workspace space, int form) except -1 nogil
    cdef int _offer_pairs(self, Workspace space, int position, int group) except -1 nogil
    cdef int _accept_list(self, Workspace space, int position, int group) except -1 nogil
    cdef int _offer_either(self, Workspace space, int position, int group) except -1 nogil
    cdef int _keep_ending(self, Workspace space, int position, int group) except -1 nogil
    cdef int _accept_candidates(self, Workspace space) except -1 nogil
    cdef bint _is_less_by_last(self, Workspace space, const int* order, int lists, int group) noexcept nogil
    cdef int _offer_by_last(self, Workspace space, int group) except -1 nogil
    cdef int _keep_paired(self, Workspace space, uint32_t form, uint32_t last_form, int group) except -1 nogil
    cdef int _keep_marked(
        self, Workspace space, uint32_t form, uint32_t last_form, int group, int size
    ) except -1 nogil
    cdef int _scan(self, Workspace space, int query_form, bint wide, int group, int size) except -1 nogil
    cdef void _mark_initials(self, Workspace space) noexcept nogil
    cdef int _offer_list(
        self, Workspace space, int position, int form, bint wide, int group
    ) except -1 nogil
    cdef int _offer_long(self, Workspace space, int position, int form, bint wide) except -1 nogil
    cdef int _offer(self, Workspace space, uint32_t form, int query_form, bint wide) except -1 nogil
    cdef int _accept(self, Workspace space, uint32_t form, int way) except -1 nogil
    cdef bint _is_full(self, uint32_t several, uint32_t form) noexcept nogil
    cdef int find_people(self, Workspace space) except -1 nogil
