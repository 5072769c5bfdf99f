"""Sorting of words, for other compiled modules."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp

ctypedef struct SortKey:
    uint64_t first
    const uint8_t* word
    uint32_t length
    uint32_t number

ctypedef int (*Compare)(const void*, const void*) noexcept nogil

cdef int compare_keys(const void* one, const void* other) noexcept nogil
cdef int sort_keys(SortKey** keys, size_t count) except -1 nogil
cdef void set_first(SortKey* keys, size_t count) noexcept nogil
cdef size_t letters_of(const SortKey* keys, size_t total) noexcept nogil
cdef uint32_t rank_words(
    const SortKey* keys, size_t total, const uint32_t* counts, int tables, uint32_t** ranks
) except? 0xFFFFFFFF
cdef void sort_few(SortKey* keys, uint32_t count, Compare compare) noexcept nogil
cdef uint32_t sort_unique(uint32_t* values, uint32_t count) noexcept nogil
cdef uint32_t distinct(const uint32_t* values, uint32_t count) noexcept nogil

cdef inline uint64_t first_bytes(const uint8_t* word, size_t length, int count) noexcept nogil:
    cdef uint64_t value = 0
    cdef int position
    for position in range(count):
        value = value << 8 | (word[position] if <size_t>position < length else 0)
    return value

cdef inline bint same_word(const SortKey* one, const SortKey* other) noexcept nogil:
    return one.length == other.length and memcmp(one.word, other.word, one.length) == 0
