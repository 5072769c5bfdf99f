"""The deletion neighbourhood of a word: keys that it shares with every word a few edits away."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from phonosearch._text cimport TextRules

cdef enum:
    DELETION_PREFIX = 7


cdef inline uint64_t _without(uint64_t letters, int size, int position) noexcept nogil:
    """Packed letters (five bits each, the first one highest) without one of them."""
    cdef int after = 5 * (size - position - 1)
    return letters >> after + 5 << after | (letters & ((<uint64_t>1 << after) - 1))


cdef int deletion_keys(const uint8_t* word, int length, int deletions, uint64_t* keys) noexcept nogil:
    """Distinct keys of the first seven letters with up to ``deletions`` (0 to 2) of them deleted.

    Two words within k edits share a key when each deletes up to k letters (Mor and Fraenkel 1982; the cut to a prefix
    as in SymSpell, Garbe 2012): what the prefixes have in common survives in both.
    """
    cdef int size = length if length < DELETION_PREFIX else DELETION_PREFIX
    cdef int first, second, position, count = 1
    cdef uint64_t whole = 0, without
    cdef uint32_t seen = 0
    cdef bint repeats = False
    for position in range(size):
        whole = whole << 5 | (word[position] - 96)
        repeats |= seen >> (word[position] - 96 & 31) & 1
        seen |= <uint32_t>1 << (word[position] - 96 & 31)
    keys[0] = whole
    # Where no letter comes twice, no two deletions leave the same.
    for first in range(size if deletions >= 1 else 0):
        without = _without(whole, size, first)
        count = _add_key(keys, count, without, repeats)
        for second in range(first + 1, size if deletions >= 2 else 0):
            count = _add_key(keys, count, _without(without, size - 1, second - 1), repeats)
    return count


cdef inline int _add_key(uint64_t* keys, int count, uint64_t key, bint repeats) noexcept nogil:
    cdef int other
    if repeats:
        for other in range(count):
            if keys[other] == key:
                return count
    keys[count] = key
    return count + 1


cdef uint32_t deletion_bucket(uint64_t key, int shift) noexcept nogil:
    return <uint32_t>((key * <uint64_t>0x9E3779B97F4A7C15) >> shift)


cdef int deletions_of(TextRules rules, int length) noexcept nogil:
    """Letters that a word of this length may have to delete to meet a word that level ``close`` allows."""
    cdef int edits
    if length < 2:
        return 0
    for edits in range(2, 0, -1):
        if edits <= rules.edits_for_letters[min(length + edits, 63)]:
            return edits
    return 0
