"""The deletion neighbourhood of a word: keys that it shares with every word a few edits away."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from phonosearch._text cimport TextRules

cdef enum:
    DELETION_PREFIX = 7


cdef int deletion_keys(const uint8_t* word, int length, int deletions, uint64_t* keys) noexcept nogil:
    """Distinct keys of the first seven letters with up to ``deletions`` (0 to 2) of them deleted.

    Two words within k edits share a key when each deletes up to k letters (Mor and Fraenkel 1982; the cut to a prefix
    as in SymSpell, Garbe 2012): what the prefixes have in common survives in both.
    """
    cdef int size = length if length < DELETION_PREFIX else DELETION_PREFIX
    cdef int first, second, position, count = 0, other
    cdef uint64_t key
    for first in range(-1, size if deletions >= 1 else 0):
        for second in range(first, size if deletions >= 2 and first >= 0 else first + 1):
            key = 0
            for position in range(size):
                if position != first and position != second:
                    key = key << 5 | (word[position] - 96)
            for other in range(count):
                if keys[other] == key:
                    break
            else:
                keys[count] = key
                count += 1
    return count


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
