"""The tables of the letters, for other compiled modules."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from phonosearch._rarity cimport RARITIES, RarityTable
from phonosearch._shared_keys cimport MOST_SOUNDS

cdef enum:
    BIGRAMS = 128               # different pairs of letters in the groups, at most
    MOST_BEGIN = 5
    MOST_END = 4
    MOST_WITHIN = 6
    MOST_CONSONANTS = 4
    MOST_LEFT = 4               # letters of what is left of a word

cdef enum:
    ALPHABET = 26               # and the code of no letter
    ROOM = 32                   # for a code: places of a table are found by shifts

cdef enum:                      # the steps of an alignment, by their turn
    MATCH
    SUB
    OF_A
    OF_B
    SWAP
    TWO_ONE
    ONE_TWO
    TWO_TWO

cdef enum:
    LEAD = 2
    TRAIL = 3

cdef enum:                      # where the fields of a step begin; the points alone are below
    BESIDE = 18                 # points beside other parts
    TURN = 36                   # among steps of equal cost and edits the first counts
    EDITS = 39
    COST = 46

cdef enum:
    BEGIN = 0
    INSIDE = 1
    END = 2

cdef enum:
    RESIDUE = 0
    SEGMENT = 1

# Cost, edits and points of a step, or of steps on end, in one number: one addition takes a step, and the least number
# is that of least cost, of these of fewest edits, and of these of the step with the first turn.
ctypedef int64_t Step

# Points alone and, from bit BESIDE, beside other parts, in one number: sums of such are such.
ctypedef int32_t Points

ctypedef struct LetterPoints:           # of the facts about two words
    Step letter[ALPHABET][ROOM]         # one letter for another with its turn, a match on the diagonal
    Step gap[4][ROOM]                   # a letter that the other word lacks: gap, double, lead, trail
    Step swap
    Points sub_initial, sub_final, lacking_initial
    Points single[BIGRAMS][26]         # groups of letters
    Points twofold[BIGRAMS][BIGRAMS]
    Points edits[8][13]
    Points longer[7][13]
    Points shared[MOST_BEGIN + 1][MOST_END + 1]
    Points within[3][MOST_WITHIN + 1]  # at the beginning, inside, at the end
    Points stem[2][MOST_WITHIN + 1]
    Points unmatched[MOST_WITHIN + 1]
    Points skeleton[2][MOST_CONSONANTS + 1][2]     # initials differ or not, consonants, longer or not
    Points soundex[MOST_SOUNDS + 1]    # by the sounds of the key that both words share, from 1
    Points metaphone[MOST_SOUNDS + 1]
    Points commoner[4][RARITIES]
    Points rarer[RARITIES]

cdef class LetterTables(RarityTable):
    cdef LetterPoints facts
    cdef Step group                     # without points
    cdef uint8_t bigram[ALPHABET * ROOM]    # number of a pair of letters in the groups, 0 for none or no second letter
    cdef uint32_t single_known[BIGRAMS]     # a bit for each letter
    cdef uint8_t double_known[BIGRAMS][BIGRAMS]
    cdef uint8_t has_double[BIGRAMS]    # whether any pair is known beside it
    cdef uint64_t* left_key             # of residues and segments, open addressing; 0 for none
    cdef Points* left_points
    cdef uint64_t* left_taken           # a bit for each slot that holds a key: most keys asked for are in no slot
    cdef uint64_t left_mask
    cdef int spelling_less
    cdef int knots
    cdef int knot_evidence[16]
    cdef int knot_points[16]

    cdef int _fill_points(self, LetterPoints* of, table) except -1
    cdef Points left_points_of(
        self, int kind, int place, const uint8_t* one, int one_length, const uint8_t* other, int other_length
    ) noexcept nogil
    cdef int points(self, int evidence) noexcept nogil

cdef inline int code_of(uint8_t letter) noexcept nogil:
    """0 to 25; a crafted index file may hold other bytes than a-z, which must not lead out of a table."""
    return letter - 97 if 97 <= letter <= 122 else 0
