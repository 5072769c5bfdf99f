"""Double Metaphone as other compiled modules call it: no Python objects, no allocation, no GIL."""

from libc.stdint cimport int32_t, int64_t, uint64_t

cdef enum:
    CEDILLA = 0xE7       # the byte that stands for a C with cedilla
    ROOM = 40            # what `double_metaphone_rows` may write beyond its codes

cdef uint64_t pack_pair(const unsigned char* word, Py_ssize_t length, Py_ssize_t max_length) noexcept nogil
cdef void double_metaphone_codes(
    const unsigned char* word, Py_ssize_t length, unsigned int* primary, unsigned int* alternate
) noexcept nogil
cdef void encode_double_metaphone(
    const unsigned char* word, Py_ssize_t length, Py_ssize_t max_length,
    char* primary, Py_ssize_t* primary_length, char* alternate, Py_ssize_t* alternate_length,
) noexcept nogil

# Word i of many is data[start[i]:start[i + 1]]. The codes follow one another from `used` on; ends[i] is where one ends.
cdef void double_metaphone_rows(
    const unsigned char* data, const int32_t* start, Py_ssize_t rows, Py_ssize_t max_length,
    char* primary, int64_t primary_used, int64_t* primary_ends,
    char* alternate, int64_t alternate_used, int64_t* alternate_ends,
) noexcept nogil
