"""A word as a number, for the tables of the rules; header only."""

from libc.stdint cimport uint8_t, uint64_t


cdef inline uint64_t pack_word(const uint8_t* letters, Py_ssize_t length) noexcept nogil:
    """Up to thirteen letters as one number to base 27; 0 for a longer word or one that is not a-z."""
    cdef uint64_t key = 0
    cdef Py_ssize_t position
    if length > 13:
        return 0
    for position in range(length):
        if letters[position] < 97 or letters[position] > 122:
            return 0
        key = key * 27 + (letters[position] - 96)
    return key


cdef inline uint64_t hash_slot(uint64_t key, uint64_t mask) noexcept nogil:
    """Where a packed word begins to be looked for in a table of mask + 1 slots (Fibonacci hashing, Knuth 1973)."""
    return (key * <uint64_t>0x9E3779B97F4A7C15u) >> 32 & mask
