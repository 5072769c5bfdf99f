# cython: language_level=3
"""Edit distances over lower-case words, for other compiled modules; nothing here allocates or needs the GIL."""

ctypedef struct Pattern:
    unsigned long long mask[26]  # bit i of mask[c]: letter i of the word is c
    int length

# The word may have at most 64 letters; a byte outside a-z matches nothing, not even itself.
cdef void pattern_init(Pattern* p, const unsigned char* word, int length) noexcept nogil

# min(distance, max_distance + 1); a negative max_distance sets no limit.
cdef int levenshtein_pattern(
    const Pattern* p, const unsigned char* other, int other_length, int max_distance
) noexcept nogil
cdef int osa_pattern(const Pattern* p, const unsigned char* other, int other_length, int max_distance) noexcept nogil
cdef int osa_bytes(const unsigned char* a, int la, const unsigned char* b, int lb, int max_distance) noexcept nogil
