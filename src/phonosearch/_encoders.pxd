"""What encoding a name shares with encoding many."""

from libc.stdint cimport uint32_t

cdef enum:
    UNLIMITED = 1 << 30  # more than any code can reach

cdef object unpack(uint32_t packed)
cdef bytes fold(object name, bint cedilla)
cdef Py_ssize_t check_max_length(object max_length) except 0
