"""The people found, for the kernel to write."""

from libc.stdint cimport int32_t, uint32_t

from phonosearch._align cimport Alignment
from phonosearch._arrays cimport PackedNames
from phonosearch._sentences cimport EvidenceReader

ctypedef struct Sheet:          # a page; of each person the alignment row without its unused end, and the identifier
    size_t total                # how many people satisfy the level
    size_t count                # on the page
    int32_t* numbers
    size_t used, room

cdef class Hit:
    cdef readonly str person_id
    cdef readonly int score
    cdef readonly str level
    cdef readonly str name
    cdef readonly str name_kind
    cdef const int32_t* row
    cdef object owner           # of the row: the page, or bytes where the evidence is known
    cdef tuple known

cdef class Page(EvidenceReader):
    cdef Sheet sheet

    cdef void _prefetch_names(self) noexcept

cdef int begin_sheet(Sheet* sheet, size_t total, size_t count) except -1 nogil
cdef int write_hit(
    Sheet* sheet, PackedNames names, const Alignment* found, uint32_t person
) except -1 nogil
cdef int end_sheet(Sheet* sheet) except -1 nogil
