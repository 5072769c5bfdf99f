"""Evidence in sentences, for the hits of an answer."""

from libc.stdint cimport int32_t

from phonosearch._arrays cimport PackedNames

cdef class _Side:
    cdef int form
    cdef tuple parts, words

cdef class EvidenceReader:
    cdef PackedNames names
    cdef object query, inconsistent
    cdef dict known             # pieces of evidence by all that they are made of
    cdef _Side side             # that was read last
    cdef tuple left             # pieces of evidence on what is not compared; None before it is known

    cdef tuple _left(self)
    cdef _Side _asked(self, int form)
    cdef tuple read_row(self, const int32_t* row, str name)
