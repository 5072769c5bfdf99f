"""Evidence in sentences, for the hits of an answer."""

from cpython.object cimport PyObject
from libc.stdint cimport int32_t, uint64_t

from phonosearch._arrays cimport PackedNames

ctypedef struct Slot:
    uint64_t key                # 0 where there is nothing
    PyObject* piece

cdef class EvidenceReader:
    cdef PackedNames names
    cdef str query
    cdef object inconsistent
    cdef list sides             # the forms of the query; None before the first row is read
    cdef tuple left             # pieces of evidence on what is not compared
    cdef Slot* slots            # pieces of evidence by all that they are made of
    cdef size_t room, held
    cdef const int32_t* last    # the row that was read last, while it lives and what it says may be said again
    cdef tuple last_evidence

    cdef const PyObject* recall(self, uint64_t key) noexcept
    cdef int keep(self, uint64_t key, object piece) except -1
    cdef int _read_query(self) except -1
    cdef tuple read_row(self, const int32_t* row, str name)
    cdef tuple _read_row(self, const int32_t* row, str name)
