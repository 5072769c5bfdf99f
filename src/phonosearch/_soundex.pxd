"""Soundex as other compiled modules call it: no Python objects, no allocation, no GIL."""

from libc.stdint cimport int32_t, int64_t

cdef unsigned int soundex_code(const unsigned char* word, Py_ssize_t length) noexcept nogil

# Word i of many is data[start[i]:start[i + 1]]. The codes follow one another from `used` on; ends[i] is where one ends.
cdef int64_t soundex_rows(
    const unsigned char* data, const int32_t* start, Py_ssize_t rows, char* out, int64_t used, int64_t* ends
) noexcept nogil
