# cython: language_level=3
"""Edit distances for other compiled modules; nothing here needs the GIL, and words of up to 64 letters no memory."""

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

# Strings of at most 65,536 code points, as PyUnicode_KIND and PyUnicode_DATA give them; a negative k sets no limit.
cdef int text_distance(
    int kind_a, const void* a, int la, int kind_b, const void* b, int lb, int k, bint osa
) except -1 nogil
# A limit as `text_distance` takes it; None is none.
cdef int limit_of(object max_distance) except -2
