"""The similarity of two words, for other compiled modules."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint64_t

cdef enum:
    MOST_LETTERS = 64           # of a word, and one more; no part of an index has as many
    BIGRAMS = 128               # different pairs of letters in the groups, at most
    RARITIES = 16
    MOST_BEGIN = 5
    MOST_END = 4
    MOST_WITHIN = 6
    MOST_CONSONANTS = 4
    MOST_LEFT = 4               # letters of what is left of a word

ctypedef struct Word:           # what the alignment needs of a word
    const uint8_t* letters      # a-z
    int length
    int rarity                  # tenths of bits

ctypedef struct Cell:           # of a table of steps, or of the alignment
    int32_t cost                # with the number of edits in its lowest bits
    int32_t points

cdef class LetterRules:
    cdef Cell letter[26][26]            # one letter for another, a match on the diagonal
    cdef Cell gap[4][26]                # a letter that the other word lacks: gap, double, lead, trail
    cdef Cell swap
    cdef int32_t group_cost, sub_initial, sub_final, lacking_initial
    cdef uint8_t bigram[676]            # number of a pair of letters in the groups, 0 for none
    cdef int16_t single_points[BIGRAMS][26]
    cdef uint8_t single_known[BIGRAMS][26]
    cdef int16_t double_points[BIGRAMS][BIGRAMS]
    cdef uint8_t double_known[BIGRAMS][BIGRAMS]
    cdef int16_t edits_points[2][8][13]     # alone, beside other parts
    cdef int16_t longer_points[2][7][13]
    cdef int16_t shared_points[MOST_BEGIN + 1][MOST_END + 1]
    cdef int16_t within_points[3][MOST_WITHIN + 1]  # at the beginning, inside, at the end
    cdef int16_t stem_points[2][MOST_WITHIN + 1]
    cdef int16_t skeleton_points[2][MOST_CONSONANTS + 1][2]  # initials differ or not, consonants, longer or not
    cdef uint64_t* left_key             # of residues and segments, open addressing; 0 for none
    cdef int16_t* left_points
    cdef uint64_t left_mask
    cdef int32_t soundex_points, metaphone_points
    cdef int16_t commoner_points[4][RARITIES]
    cdef int16_t rarer_points[RARITIES]
    cdef int rarity_first, rarity_step, rarity_bins, rarity_base, rarity_initial, rarity_unknown
    cdef uint64_t* rarity_key
    cdef uint8_t* rarity_value
    cdef uint64_t rarity_mask
    cdef int knots
    cdef int knot_evidence[16]
    cdef int knot_points[16]

    cdef int rarity_of(self, uint64_t key) noexcept nogil
    cdef int evidence(
        self, const Word* a, const Word* b, bint same_soundex, bint same_metaphone, bint beside
    ) noexcept nogil
    cdef int _shortened(self, const Word* a, const Word* b, int begin, int end) noexcept nogil
    cdef int _left(
        self, int kind, int place, const uint8_t* one, int one_length, const uint8_t* other, int other_length
    ) noexcept nogil
    cdef int _segments(
        self, const Word* a, const Word* b, int begin, int end, int kind, const uint8_t* choices
    ) noexcept nogil
    cdef int _rarity_class(self, int rarity) noexcept nogil
    cdef int points(self, int evidence) noexcept nogil
