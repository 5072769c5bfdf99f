"""The encoders as the search kernel calls them: no Python objects, no allocation, no GIL."""

cdef unsigned int soundex_code(const unsigned char* word, Py_ssize_t length) noexcept nogil
cdef void double_metaphone_codes(
    const unsigned char* word, Py_ssize_t length, unsigned int* primary, unsigned int* alternate
) noexcept nogil
cdef void encode_double_metaphone(
    const unsigned char* word, Py_ssize_t length, Py_ssize_t max_length,
    char* primary, Py_ssize_t* primary_length, char* alternate, Py_ssize_t* alternate_length,
) noexcept nogil
