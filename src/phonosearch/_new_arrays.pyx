"""New arrays of an index, their limits checked, and the memory that they are made in."""

import numpy as np

cimport numpy as cnp
from libc.stdint cimport uint8_t, uint32_t

from phonosearch._large_pages cimport zeros_in_large_pages

from phonosearch._errors import LimitError

cnp.import_array()


cdef uint32_t* new_u4(dict arrays, str name, size_t size) except NULL:
    """A new uint32 array of the index; a pointer to its data (never NULL, even when it is empty)."""
    if size > 0xFFFFFFFE:
        raise LimitError("records", 0xFFFFFFFE, size, "entries of one array; build several indexes")
    array = np.zeros(size, dtype=np.uint32)
    arrays[name] = array
    return <uint32_t*>cnp.PyArray_DATA(array)


cdef uint8_t* new_u1(dict arrays, str name, size_t size) except NULL:
    if size > 0xFFFFFFFE:
        raise LimitError("records", 0xFFFFFFFE, size, "bytes of one array; build several indexes")
    array = np.zeros(size, dtype=np.uint8)
    arrays[name] = array
    return <uint8_t*>cnp.PyArray_DATA(array)


cdef int shorten(dict arrays, str name, size_t size) except -1:
    """Give back what an array has beyond ``size`` entries; its data may move."""
    arrays[name].resize(size, refcheck=False)
    return 0


cdef void* allocate(size_t count, size_t size) except NULL nogil:
    cdef void* memory = zeros_in_large_pages(count + 1, size)
    if memory == NULL:
        with gil:
            raise MemoryError
    return memory


cdef void add_up(uint32_t* counts, size_t size) noexcept nogil:
    """Counts at [i + 1] become starts at [i]."""
    cdef size_t position
    for position in range(size):
        counts[position + 1] += counts[position]
