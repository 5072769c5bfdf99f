"""The relations of the parts of two forms, for other compiled modules."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from phonosearch._assignment cimport Grid
from phonosearch._relation cimport PartInfo
from phonosearch._text cimport TextRules

cdef enum:
    WORD_BITS = 15
    MOST_WORDS = 1 << WORD_BITS     # of which relations are kept
    NOT_KEPT = 0xFFFFFFFF           # the number of any other
    RELATION_SLOTS = 1 << 18

ctypedef struct Word:           # a part, and what is known of it
    PartInfo info               # sounded out when its codes are asked for; its length, in the pattern, 0 until then
    uint64_t key                # 2 * packed letters, + 1 beside other parts
    uint32_t number
    uint32_t sketch             # of its letters
    int weight
    bint special                # whether the rules have something to say of a name that holds it
    uint8_t letters[16]         # of a word that is kept

cdef void describe_word(
    TextRules rules, const uint8_t* letters, int length, bint beside, uint32_t number, Word* word
) noexcept nogil
cdef void relate_forms(
    TextRules rules, uint64_t* kept, Word** query, int queries, Word** name, int names, Grid* grid
) noexcept nogil
