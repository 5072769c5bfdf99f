"""The relation of two parts, for other compiled modules."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp

from phonosearch._bits cimport PS_POPCOUNT
from phonosearch._distance cimport Pattern
from phonosearch._text cimport TextRules, WordEntry

cdef enum:
    EXACT = 0
    VARIANT = 1
    SOUNDS = 2
    CLOSE = 3
    WIDE = 4
    NO_LEVEL = 5

cdef enum:
    KIND_NONE = 0
    KIND_CLOSE = 1
    KIND_METAPHONE = 2
    KIND_SOUNDEX = 3
    KIND_BOTH_KEYS = 4
    KIND_INITIAL = 5
    KIND_NICKNAME = 6
    KIND_SPELLING = 7
    KIND_EXACT = 8
    KINDS = 9

cdef enum:
    UNEARNED = 0xFFFF           # points of a relation that are not known yet
    CLOSE_KIND = 1 << 16        # a relation of level close, without points

ctypedef struct PartInfo:
    const uint8_t* letters
    int length
    bint raw
    uint32_t primary
    uint32_t alternate
    uint32_t soundex
    int rarity                  # tenths of bits
    const WordEntry* entry
    uint64_t keys               # sketch of its keys; 0 for a well-known name, which nobody writes for another
    uint64_t heard              # sketch of the keys of its readings
    bint beside                 # of a query part: the query has others
    Pattern pattern             # set for query parts only

cdef enum:                      # a sketch of the letters of a word: a bit for each, and the length above them
    SKETCH_LENGTH = 26
    LETTER_BITS = (1 << SKETCH_LENGTH) - 1

cdef inline bint may_be_within(uint32_t one, uint32_t other, int edits) noexcept nogil:
    """Whether two words of these sketches may be so few edits apart: each takes at most one letter from the set, and
    adds at most one."""
    cdef int longer = <int>(one >> SKETCH_LENGTH) - <int>(other >> SKETCH_LENGTH)
    return (
        -edits <= longer <= edits and PS_POPCOUNT(one & ~other & LETTER_BITS) <= edits
        and PS_POPCOUNT(other & ~one & LETTER_BITS) <= edits
    )

cdef inline bint same_part(const PartInfo* a, const PartInfo* b) noexcept nogil:
    # The first letter tells most apart without a call.
    return a.length == b.length and a.letters[0] == b.letters[0] and memcmp(a.letters, b.letters, a.length) == 0

cdef void look_up(TextRules rules, const uint8_t* letters, int length, PartInfo* part) noexcept nogil
cdef void sound_out(TextRules rules, PartInfo* part, bint with_pattern) noexcept nogil
cdef void describe(
    TextRules rules, const uint8_t* letters, int length, PartInfo* part, bint with_pattern
) noexcept nogil
cdef int weight(TextRules rules, const PartInfo* part) noexcept nogil
cdef bint in_one_group(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil
cdef int relate(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil
cdef int relate_kind(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil
cdef int relate_written(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil
cdef int earn(TextRules rules, const PartInfo* a, const PartInfo* b, int found) noexcept nogil
cdef uint32_t letter_sketch(const uint8_t* letters, int length) noexcept nogil
cdef uint64_t key_bits(uint32_t primary, uint32_t alternate) noexcept nogil
cdef uint64_t key_sketch(TextRules rules, const PartInfo* part) noexcept nogil
cdef uint64_t heard_sketch(TextRules rules, const PartInfo* part) noexcept nogil
cdef bint written_for(TextRules rules, PartInfo* heard, const PartInfo* other) noexcept nogil
cdef void look_up_reading(TextRules rules, PartInfo* heard) noexcept nogil
cdef bint reads_alike(TextRules rules, const PartInfo* heard, const PartInfo* other) noexcept nogil
cdef bint heard_as(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil
cdef bint alternate_ending(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil
