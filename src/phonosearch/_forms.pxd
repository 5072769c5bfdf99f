from libc.stdint cimport uint32_t

from phonosearch._builder cimport Entry

cdef int write_forms(dict arrays, Entry** all_names, size_t name_count, uint32_t part_count) except -1
