"""The tables of the rules, for other compiled modules."""

from libc.stdint cimport uint8_t, uint16_t, uint64_t

from phonosearch._heard cimport Orthographies
from phonosearch._similarity cimport LetterRules

cdef enum:
    MAX_PARTS = 16
    MAX_PART_LETTERS = 60
    MAX_RAW_BYTES = 61
    MAX_FOLDED = 4096
    MAX_FORMS = 4       # four at most: two bits of ``several_form``, a byte each of the sizes that a builder keeps
    MAX_CODE_POINTS = 256
    MAX_ID_BYTES = 256
    MAX_ENDINGS = 64
    MAX_PLACE_PARTS = 8
    MAX_PLACE_LETTERS = 100
    GENERATIONS = 3     # the first, the second and the third of a name: Sr, Jr or II, III
    DATE_STATES = 12    # of _reference.DateKind
    BIRTH_STATES = 19   # and after them those of _reference.AgeKind
    AGE_WIDTHS = 5
    PLACES = 4          # how much is asked of a place: nothing, towns, a district, a postcode
    PLACE_STATES = 6    # of _reference.PlaceKind
    BIRTHS = 4 + AGE_WIDTHS     # how much is asked of a birth: nothing, year, month, day; an age, by its width

cdef enum:
    TITLE = 1
    SUFFIX = 2
    PARTICLE = 4
    INNER_PARTICLE = 8
    PREFIX = 16
    COMPOUND_END = 32
    COMPOUND_STEM = 64
    COMPOUND_ARTICLE = 128
    INITIAL_PREFIX = 256
    PLACEHOLDER = 512
    MARKER = 1024
    SLOW = 255
    UNUSUAL = 255       # of `simple`

cdef enum:
    # The first code point that no table folds; Latin from U+1E00 on (Vietnamese) counts as another script in initials.
    LATIN_END = 0x250

cdef enum:
    JOINED = 1       # to the part before, with no letter between them
    ASSIMILATED = 2  # the same, and its first letter takes the place of the last one before it

cdef extern from *:
    """
    #include <stdint.h>
    /* A length is written after its letters, while other threads may read: who sees it must see the letters too. */
    #if defined(__GNUC__) || defined(__clang__)
    #define PS_PUBLISH(at, value) __atomic_store_n(at, value, __ATOMIC_RELEASE)
    #define PS_PUBLISHED(at) __atomic_load_n(at, __ATOMIC_ACQUIRE)
    #else
    #define PS_PUBLISH(at, value) (*(volatile uint8_t *)(at) = (value))
    #define PS_PUBLISHED(at) (*(const volatile uint8_t *)(at))
    #endif
    """
    void publish "PS_PUBLISH"(uint8_t* at, uint8_t value) noexcept nogil
    uint8_t published "PS_PUBLISHED"(const uint8_t* at) noexcept nogil

ctypedef struct WordEntry:
    uint64_t key                                # packed letters, 0 for an empty slot
    uint16_t flags
    uint16_t generation                         # bit of the generation that a suffix says
    int spelling_start, spelling_end            # groups of this word in TextRules.groups
    int nickname_start, nickname_end

cdef class TextTables:
    cdef uint8_t fold_length[LATIN_END]
    cdef uint8_t fold_letters[LATIN_END][2]
    cdef uint8_t simple[256]                    # what ASCII folds to: a letter, a space or 0 for nothing; or UNUSUAL
    cdef uint8_t digit_letter[10]
    cdef uint8_t join_letter[128]               # of a joiner: the letter it looks like, or JOINED; of any other 0
    cdef WordEntry* words
    cdef uint64_t word_mask
    cdef int* groups                            # 2 * group + 1 if the word heads it, ascending within a word
    cdef int* spelling_members_start
    cdef uint64_t* spelling_members
    cdef int spelling_group_count
    cdef int* nickname_members_start
    cdef uint64_t* nickname_members
    cdef int nickname_group_count
    cdef int beginning_count
    cdef uint8_t beginnings[8][2][4]
    cdef int beginning_length[8][2]
    cdef int beginning_min_rest
    cdef bint beginnings_alike                  # whether alternate beginnings begin with the same letter
    cdef int ending_count
    cdef uint8_t endings[MAX_ENDINGS][2][8]
    cdef int ending_length[MAX_ENDINGS][2]
    cdef int ending_min_rest
    cdef int edits_for_letters[64]
    cdef int part_exact, part_spelling, part_nickname, part_nickname_sibling, part_initial
    cdef int spelling_letters, nickname_letters, sibling_letters
    cdef int none_above, none_divisor, none_most, alike_points, alike_edits
    cdef int left_out, left_out_alone, order_cost, disorder_cost, form_cost, contradicted_below, contradicted_cost
    cdef int generation_cost[4]                 # by the kinds of _reference_agreement.GenerationKind
    cdef uint8_t postcode_area[27 * 27]         # by the numbers of two letters from 1; 0 for no second one
    cdef unsigned int postcode_third, postcode_fourth, postcode_never_inward    # letters, a bit each
    cdef int age_widths[AGE_WIDTHS]
    # By how much of a birth is asked, whether a sex is, and how much of a place.
    cdef int name_share[BIRTHS][2][PLACES]
    cdef int birth_points[BIRTHS][2][PLACES][BIRTH_STATES]
    cdef int sex_points[BIRTHS][2][PLACES][4]
    cdef int place_points[BIRTHS][2][PLACES][PLACE_STATES]
    cdef readonly LetterRules letters
    cdef Orthographies heard
    cdef int initial_prefix_min_rest
    cdef int joined_initials                    # letters at most of initials that are written together
    cdef unsigned int vowels, after_vowel       # letters, a bit each
    cdef object fold, raw_part, initials_in

    cdef const WordEntry* word(self, uint64_t key) noexcept nogil
