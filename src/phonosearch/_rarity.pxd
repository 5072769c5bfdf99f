"""The rarity of words, for other compiled modules."""

from libc.stdint cimport uint8_t, uint64_t

cdef enum:
    RARITIES = 16               # classes, at most

cdef class RarityTable:
    cdef int rarity_first, rarity_step, rarity_bins, rarity_base, rarity_initial, rarity_unknown
    cdef uint64_t* rarity_key
    cdef uint8_t* rarity_value
    cdef uint64_t rarity_mask

    cdef int rarity_of(self, uint64_t key) noexcept nogil
    cdef int rarity_class(self, int rarity) noexcept nogil
