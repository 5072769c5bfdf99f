"""One person found, for the kernel to make."""

from phonosearch._sentences cimport EvidenceReader

cdef class Hit:
    cdef readonly str person_id
    cdef readonly int score
    cdef readonly str level
    cdef readonly str name
    cdef readonly str name_kind
    cdef bytes row              # of int32: the alignment row without its unused end
    cdef EvidenceReader reader  # None where the evidence is known
    cdef tuple known

cdef Hit new_hit(str person_id, str name, int kind, bytes row, EvidenceReader reader)
