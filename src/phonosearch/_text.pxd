"""Names as forms, for other compiled modules."""

from libc.stdint cimport uint8_t, uint16_t, uint64_t

from phonosearch._text_tables cimport (
    AGE_WIDTHS, ASSIMILATED, BIRTHS, BIRTH_STATES, COMPOUND_ARTICLE, COMPOUND_END, COMPOUND_STEM, DATE_STATES,
    GENERATIONS, INITIAL_PREFIX, INNER_PARTICLE, JOINED, LATIN_END, MARKER, MAX_CODE_POINTS, MAX_ENDINGS, MAX_FOLDED,
    MAX_FORMS, MAX_ID_BYTES, MAX_PARTS, MAX_PART_LETTERS, MAX_PLACE_LETTERS, MAX_PLACE_PARTS, MAX_RAW_BYTES,
    PARTICLE, PLACEHOLDER, PLACES, PLACE_STATES, PREFIX, SLOW, SUFFIX, TITLE, UNUSUAL, TextTables, WordEntry, publish,
    published,
)

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

cdef class TextRules(TextTables):
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

cdef tuple parts_of(const ParsedName* parsed, int form)
