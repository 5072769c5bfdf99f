"""Postings, for other compiled modules."""

from libc.stdint cimport uint32_t

from phonosearch._merging cimport MergingIndex
from phonosearch._workspace cimport Workspace

cdef class PostingIndex(MergingIndex):
    # By posting of forms of two or three parts: the part beside it before the last, and the last, each shortened; 0
    # where not yet known.
    cdef uint32_t* posting_beside

    cdef int gather(self, Workspace space, int position, int group) except -1 nogil
    cdef int gather_beside(self, Workspace space, int position, int other, int group) except -1 nogil
    cdef void _learn_beside(self, uint32_t part, int group) noexcept nogil
    cdef size_t _class_offset(self, int group) noexcept nogil
