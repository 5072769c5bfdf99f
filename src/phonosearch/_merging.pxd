"""The people of merged readings, for other compiled modules."""

from libc.stdint cimport int32_t, uint32_t, uint64_t

from phonosearch._scoring cimport ScoringIndex
from phonosearch._workspace cimport Workspace

cdef class MergingIndex(ScoringIndex):
    cdef int search_merged(self, Workspace space) except -1 nogil
    cdef uint64_t _splits_of(self, Workspace space, int position) noexcept nogil
    cdef int _offer_merged(self, Workspace space, const int32_t* run, int count) except -1 nogil
    cdef int _offer_side_by_side(self, Workspace space, uint32_t form, const int32_t* run, int count) except -1 nogil
