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

# Outcomes of reading a name; the same numbers as _load_report.STATUS.
cdef enum:
    ACCEPTED = 0
    EMPTY_NAME = 1
    NAME_TOO_LONG = 2
    TOO_MANY_PARTS = 3
    INVALID_UNICODE = 4
    MISSING_ID = 5
    ID_TOO_LONG = 6
    NEEDS_PYTHON = 7

# How a form came about; in the order of ``_names.KINDS``.
cdef enum:
    FULL_FORM = 0
    PARTICLES_FORM = 1
    PREFIXES_FORM = 2
    HYPHENS_FORM = 3

ctypedef struct ParsedName:
    int form_count
    int kind[MAX_FORMS]
    int generations                             # that its suffixes say, a bit each
    int used                                    # bytes of `letters` in use
    int size[MAX_FORMS]                         # parts of each form
    uint16_t start[MAX_FORMS][MAX_PARTS]        # where a part begins in `letters`
    uint8_t length[MAX_FORMS][MAX_PARTS]
    uint8_t letters[MAX_FORMS * MAX_PARTS * MAX_RAW_BYTES]

ctypedef struct WordEntry:
    uint64_t key                                # packed letters, 0 for an empty slot
    uint16_t flags
    uint16_t generation                         # bit of the generation that a suffix says
    int spelling_start, spelling_end            # groups of this word in TextRules.groups
    int nickname_start, nickname_end

cdef class TextRules:
    cdef uint8_t fold_length[0x180]
    cdef uint8_t fold_letters[0x180][2]
    cdef bint latin                             # whether those are filled in
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
    cdef int read_utf8(self, const uint8_t* text, Py_ssize_t length, uint8_t* folded, int* folded_length) noexcept nogil
    cdef int read_folded(self, const uint8_t* folded, Py_ssize_t length, int initials, ParsedName* out) noexcept nogil
    cdef int _compare(
        self, const ParsedName* out, uint16_t* begin, uint8_t* extent, uint16_t* flags, uint8_t* joins, uint8_t* bare,
        int first, int last
    ) noexcept nogil
    cdef int _part_initials(
        self, const ParsedName* out, uint16_t* begin, uint8_t* extent, const uint16_t* flags, uint8_t* joins, int count,
        bint last_too
    ) noexcept nogil
    cdef bint _are_initials(self, const uint8_t* letters, int length, uint16_t flags, bint first) noexcept nogil
    cdef bint _is_known(self, uint64_t key) noexcept nogil
    cdef void _join(
        self, ParsedName* out, const uint16_t* begin, const uint8_t* extent, const uint8_t* joins, int first, int last,
        int kind, bint parted
    ) noexcept nogil
    cdef int read_slowly(self, const uint8_t* text, Py_ssize_t length, ParsedName* out) except -1
    cdef int read(self, const uint8_t* text, Py_ssize_t length, ParsedName* out) except -1 nogil
