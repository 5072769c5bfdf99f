"""The tables of the letters, for other compiled modules."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from phonosearch._rarity cimport RARITIES, RarityTable

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

cdef enum:                      # where the fields of a step begin; points are below
    TURN = 24                   # among steps of equal cost and edits the first counts
    EDITS = 27
    COST = 35

cdef enum:
    BEGIN = 0
    INSIDE = 1
    END = 2

cdef enum:                      # and two more beside other parts
    RESIDUE = 0
    SEGMENT = 1

# Cost, edits and points of a step, or of steps on end, in one number: one addition takes a step, and the least number
# is that of least cost, of these of fewest edits, and of these of the step with the first turn.
ctypedef int64_t Step

cdef class LetterTables(RarityTable):
    cdef Step letter[ALPHABET][ROOM]    # one letter for another with its turn, a match on the diagonal
    cdef Step gap[4][ROOM]              # a letter that the other word lacks: gap, double, lead, trail
    cdef Step swap
    cdef Step group                     # without points
    cdef int32_t sub_initial, sub_final, lacking_initial
    cdef uint8_t bigram[ALPHABET * ROOM]    # number of a pair of letters in the groups, 0 for none or no second letter
    cdef int16_t single_points[BIGRAMS][26]
    cdef uint32_t single_known[BIGRAMS]     # a bit for each letter
    cdef int16_t double_points[BIGRAMS][BIGRAMS]
    cdef uint8_t double_known[BIGRAMS][BIGRAMS]
    cdef uint8_t has_double[BIGRAMS]    # whether any pair is known beside it
    cdef int16_t edits_points[2][8][13]     # alone, beside other parts
    cdef int16_t longer_points[2][7][13]
    cdef int16_t shared_points[MOST_BEGIN + 1][MOST_END + 1]
    cdef int16_t within_points[3][MOST_WITHIN + 1]  # at the beginning, inside, at the end
    cdef int16_t stem_points[2][MOST_WITHIN + 1]
    cdef int16_t unmatched_points[MOST_WITHIN + 1]
    cdef int16_t skeleton_points[2][MOST_CONSONANTS + 1][2]  # initials differ or not, consonants, longer or not
    cdef uint64_t* left_key             # of residues and segments, open addressing; 0 for none
    cdef int16_t* left_points
    cdef uint64_t* left_taken           # a bit for each slot that holds a key: most keys asked for are in no slot
    cdef uint64_t left_mask
    cdef int32_t soundex_points, metaphone_points
    cdef int16_t commoner_points[4][RARITIES]
    cdef int16_t rarer_points[RARITIES]
    cdef int knots
    cdef int knot_evidence[16]
    cdef int knot_points[16]

    cdef int left_points_of(
        self, int kind, int place, const uint8_t* one, int one_length, const uint8_t* other, int other_length
    ) noexcept nogil
    cdef int points(self, int evidence) noexcept nogil

cdef inline int code_of(uint8_t letter) noexcept nogil:
    """0 to 25; a crafted index file may hold other bytes than a-z, which must not lead out of a table."""
    return letter - 97 if 97 <= letter <= 122 else 0
