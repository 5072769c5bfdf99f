from libc.stdint cimport uint8_t, uint32_t

cdef uint32_t* new_u4(dict arrays, str name, size_t size) except NULL
cdef uint8_t* new_u1(dict arrays, str name, size_t size) except NULL
cdef int shorten(dict arrays, str name, size_t size) except -1
cdef void* allocate(size_t count, size_t size) except NULL nogil
cdef void add_up(uint32_t* counts, size_t size) noexcept nogil
