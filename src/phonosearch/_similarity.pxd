"""The similarity of two words, for other compiled modules."""

from libc.stdint cimport uint8_t

from phonosearch._letter_tables cimport LetterTables, Step

cdef enum:
    MOST_LETTERS = 64           # of a word, and one more; no part of an index has as many

ctypedef struct Word:           # what the alignment needs of a word
    const uint8_t* letters      # a-z
    int length
    int rarity                  # tenths of bits

cdef class LetterRules(LetterTables):
    cdef int evidence(
        self, const Word* a, const Word* b, bint same_soundex, bint same_metaphone, bint beside
    ) noexcept nogil
    cdef int _shortened(self, const Word* a, const Word* b, int begin, int end) noexcept nogil
    cdef int _segments(
        self, const Word* a, const Word* b, int begin, int end, int kind, const uint8_t* turns
    ) noexcept nogil
    cdef Step _of_pairs(
        self, Step best, const Step* before, const Step* above, int j, int code, int other, int first_of_pair,
        int second_of_pair, bint swapped,
    ) noexcept nogil
