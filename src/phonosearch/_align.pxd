"""The alignment of two names, for other compiled modules."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t

from phonosearch._distance cimport Pattern
from phonosearch._text cimport MAX_FORMS, MAX_PARTS, ParsedName, TextRules, WordEntry

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

cdef enum:
    MAX_TURNS = MAX_FORMS * MAX_FORMS + 1   # readings of one name

cdef enum:
    ROW_HEAD = 15
    ROW = ROW_HEAD + 4 * MAX_PARTS

cdef enum:
    DATE_CONTRADICTED = 1
    DATE_ABSENT = 2
    DATE_NEAR_YEAR = 3
    DATE_ONE_DIGIT = 4
    DATE_SWAPPED = 5
    DATE_PARTIAL = 6
    DATE_EXACT = 7
    SEX_CONTRADICTED = 1
    SEX_ABSENT = 2
    SEX_EXACT = 3

ctypedef struct PartInfo:
    const uint8_t* letters
    int length
    bint raw
    uint32_t primary
    uint32_t alternate
    uint32_t soundex
    int rarity                  # tenths of bits
    const WordEntry* entry
    bint beside                 # of a query part: the query has others
    Pattern pattern             # set for query parts only

ctypedef struct Alignment:
    int level                   # of this reading
    int lowest                  # of all readings that were offered
    int score
    int query_form
    int name_form
    bint merged
    int turn                    # the place of this reading among all: of equals the first is kept
    int name
    int pairs
    int order_points
    int form_points
    int date_kind
    int date_points
    int sex_kind
    int sex_points
    uint32_t form               # of the index: the form read, or the full form where parts were joined
    int query_part[MAX_PARTS]
    int name_part[MAX_PARTS]
    int kind[MAX_PARTS]
    int points[MAX_PARTS]

ctypedef struct Grid:           # the relations of the parts of two forms
    int rows
    int columns
    int kind[MAX_PARTS][MAX_PARTS]
    int points[MAX_PARTS][MAX_PARTS]
    int query_weight[MAX_PARTS]
    int name_weight[MAX_PARTS]

ctypedef struct Query:
    int forms
    int size[MAX_FORMS]
    PartInfo parts[MAX_FORMS][MAX_PARTS]
    int weight[MAX_FORMS][MAX_PARTS]
    unsigned int full_parts[MAX_FORMS]
    int pool_start[MAX_FORMS]   # of each form in a row of relations
    int pool
    bint grouped                # whether any part has spellings or nicknames
    int level
    uint32_t date               # packed, 0 where none was asked
    int sex
    int precision               # of the date: 0 none, 1 year, 2 month, 3 day
    int share                   # points of 1000 left for the name
    int contradicted_bound      # no reading in which a part contradicts scores more for the name

cdef int memory_error() except -1 nogil
cdef void no_reading(Alignment* best) noexcept nogil
cdef void keep_better(const Alignment* found, Alignment* best) noexcept nogil
cdef void describe(
    TextRules rules, const uint8_t* letters, int length, PartInfo* part, bint with_pattern
) noexcept nogil
cdef int weight(TextRules rules, const PartInfo* part) noexcept nogil
cdef int relate(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil
cdef int relate_kind(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil
cdef int earn(TextRules rules, const PartInfo* a, const PartInfo* b, int found) noexcept nogil
cdef bint begin_alike(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil
cdef bint identifies(
    const uint16_t* masks, int names, int queries, unsigned int full_parts, bint wide
) noexcept nogil
cdef void score_grid(
    TextRules rules, const Grid* grid, int base, unsigned int full_parts, int share, Alignment* out
) noexcept nogil
cdef void score_assignment(
    TextRules rules, const Grid* grid, const int* column_of_row, int base, int share, bint turned, Alignment* out
) noexcept nogil
cdef void score_merged(
    TextRules rules, const PartInfo* query, int queries, const PartInfo* name, int names, int share, int turn,
    Alignment* best
) noexcept nogil
cdef int date_agreement_of(uint32_t asked, uint32_t recorded) noexcept nogil
cdef int sex_agreement_of(int asked, int recorded) noexcept nogil
cdef void write_row(const Alignment* found, int person, int32_t* row) noexcept nogil
cdef void prepare(TextRules rules, const ParsedName* parsed, Query* query) noexcept nogil
cdef int read_name(TextRules rules, bytes text, ParsedName* parsed) except -1
