"""The alignment of two names, for other compiled modules."""

from libc.stdint cimport int32_t, uint32_t, uint64_t

from phonosearch._agreement cimport Evidence
from phonosearch._assignment cimport Grid
from phonosearch._relation cimport CLOSE, EXACT, NO_LEVEL, SOUNDS, VARIANT, WIDE, PartInfo
from phonosearch._text cimport MAX_FORMS, MAX_PARTS, ParsedName, TextRules

cdef enum:
    MAX_TURNS = MAX_FORMS * MAX_FORMS + 1   # readings of one name

cdef enum:
    NAME_FORM = 5               # column of a row: how the form of the name came about, 0 for the full one
    FORM = 14                   # column of a row: the form of the index
    ROW_HEAD = 19
    ROW = ROW_HEAD + 4 * MAX_PARTS

ctypedef struct Alignment:
    int level                   # of this reading
    int lowest                  # of all readings that were offered
    int score
    int query_form
    int name_form               # how it came about
    bint merged
    int turn                    # the place of this reading among all: of equals the first is kept
    int name
    int pairs
    int order_points
    int form_points
    int birth_kind              # of a date or of an age
    int birth_points
    int sex_kind
    int sex_points
    int place_kind
    int place_points
    int generation_kind
    int generation_points       # 0 or less
    uint32_t form               # of the index: the form read, or the full form where parts were joined
    int query_part[MAX_PARTS]
    int name_part[MAX_PARTS]
    int kind[MAX_PARTS]
    int points[MAX_PARTS]

ctypedef struct Pairs:          # two forms, their parts paired
    int count
    int query_part[MAX_PARTS]   # in ascending order
    int name_part[MAX_PARTS]
    int kind[MAX_PARTS]
    int points[MAX_PARTS]       # of 1000
    int lighter[MAX_PARTS]      # of the weights of the two parts
    int heavier[MAX_PARTS]
    int asked                   # weight of the parts of the query without a partner
    int recorded                # and of those of the name

ctypedef struct Query:
    int forms
    int kind[MAX_FORMS]
    int size[MAX_FORMS]
    PartInfo parts[MAX_FORMS][MAX_PARTS]
    int weight[MAX_FORMS][MAX_PARTS]
    unsigned int full_parts[MAX_FORMS]
    int pool_start[MAX_FORMS]   # of each form in a row of relations
    int pool
    bint grouped                # whether any part has spellings or nicknames
    int level
    Evidence other              # what is asked besides the name
    int share                   # points of 1000 left for the name
    int contradicted_bound      # no reading in which a part contradicts scores more for the name

cdef void no_reading(Alignment* best) noexcept nogil
cdef void keep_better(const Alignment* found, Alignment* best) noexcept nogil
cdef void score_grid(
    TextRules rules, const Grid* grid, int base, unsigned int full_parts, int share, bint turned, Alignment* out
) noexcept nogil
cdef bint holds_all(const Query* query, int query_form, int name_form) noexcept nogil
cdef int level_of_pairs(const Pairs* pairs, int base) noexcept nogil
cdef int score_pairs(
    TextRules rules, const Pairs* pairs, int base, int share, bint turned, Alignment* out
) noexcept nogil
cdef void score_merged(
    TextRules rules, const PartInfo* query, int queries, const PartInfo* name, int names, int share, int turn,
    Alignment* best
) noexcept nogil
cdef inline size_t row_size(const int32_t* row) noexcept nogil:
    """Numbers of a row that are used."""
    return ROW_HEAD + 4 * row[7]

cdef void add_generation(TextRules rules, int asked, int recorded, Alignment* best) noexcept nogil
cdef void write_row(const Alignment* found, int person, int32_t* row) noexcept nogil
cdef void prepare(TextRules rules, const ParsedName* parsed, Query* query) noexcept nogil
