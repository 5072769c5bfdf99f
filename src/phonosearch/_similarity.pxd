"""The similarity of two words, for other compiled modules."""

from libc.stdint cimport uint8_t, uint64_t

from phonosearch._letter_tables cimport LetterPoints, LetterTables, Points, Step

cdef enum:
    MOST_LETTERS = 64           # of a word, and one more; no part of an index has as many

ctypedef struct Word:           # what the alignment needs of a word
    const uint8_t* letters      # a-z
    int length
    int rarity                  # tenths of bits

cdef class LetterRules(LetterTables):
    cdef int evidence(
        self, const Word* a, const Word* b, int soundex, int metaphone, bint beside
    ) noexcept nogil
    cdef Points _shortened(
        self, const LetterPoints* of, const uint8_t* a, int n, const uint8_t* b, int m, int begin, int end,
        const uint64_t* at,
    ) noexcept nogil
    cdef void _offer(
        self, const LetterPoints* of, const Step* row, uint64_t places, int before_code, int code, int pair,
        const uint8_t* b_code, const uint8_t* b_pair, int from_begin, Step* offered
    ) noexcept nogil
    cdef Step _segments(
        self, const LetterPoints* of, const uint8_t* a, int n, const uint8_t* b, int m, bint at_begin, bint at_end,
        int kind, const Step* cells,
    ) noexcept nogil
