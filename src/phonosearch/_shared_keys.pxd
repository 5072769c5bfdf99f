"""How many sounds the phonetic keys have that two words share; header only."""

from libc.stdint cimport uint32_t

from phonosearch._bits cimport PS_LOWEST

cdef enum:
    MOST_SOUNDS = 4             # of a key

cdef inline int _sounds(uint32_t key) noexcept nogil:
    """The characters of a packed key, which begins in the highest byte, the others being 0."""
    return MOST_SOUNDS - (PS_LOWEST(<unsigned long long>key | <unsigned long long>1 << 32) >> 3)


cdef inline int shared_soundex(uint32_t one, uint32_t other) noexcept nogil:
    """The sounds of the Soundex code of two words, its letter among them; 0 if they have not the same."""
    return _sounds(one ^ 0x30303030) if one == other else 0


cdef inline int shared_metaphone(
    uint32_t primary, uint32_t alternate, uint32_t other_primary, uint32_t other_alternate
) noexcept nogil:
    """The sounds of the longest Double Metaphone key that two words share; 0 if they share none."""
    # Without branches, which no processor would foresee; a key of 0 is none and has no sounds.
    cdef uint32_t first = primary & (0 - <uint32_t>((primary == other_primary) | (primary == other_alternate)))
    cdef uint32_t second = alternate & (0 - <uint32_t>((alternate == other_primary) | (alternate == other_alternate)))
    return max(_sounds(first), _sounds(second))
