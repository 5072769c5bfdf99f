"""Two names and their alignment, for other compiled modules."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from phonosearch._align cimport Alignment
from phonosearch._grid cimport Word
from phonosearch._text cimport MAX_FORMS, MAX_PARTS, ParsedName, TextRules

ctypedef struct Name:
    int forms
    int kind[MAX_FORMS]
    int size[MAX_FORMS]
    unsigned int full_parts[MAX_FORMS]
    Word* part[MAX_FORMS][MAX_PARTS]
    int generations
    ParsedName parsed           # of a name that is not plain, and its parts that are not kept
    Word apart[MAX_FORMS * MAX_PARTS]

cdef class Comparer:
    cdef readonly TextRules rules
    cdef Name* query
    cdef Name* name
    cdef Word* words
    cdef uint16_t* word_at      # hash table: the number of a word + 1, 0 for an empty slot
    cdef uint64_t* relations    # by two words: their numbers, and kind and points; 0 for none
    cdef uint32_t used          # words

    cdef bint make_room(self) noexcept nogil
    cdef Word* _word(self, uint64_t key, const uint8_t* letters, int length) noexcept nogil
    cdef int read(self, const uint8_t* text, Py_ssize_t length, Name* out) except -1 nogil
    cdef bint _read_plain(self, const uint8_t* text, Py_ssize_t length, Name* out) noexcept nogil
    cdef void _take_parsed(self, Name* out) noexcept nogil
    cdef void align(self, Name* query, Name* name, int share, Alignment* best) noexcept nogil
    cdef void _align_merged(self, Name* query, Name* name, int share, Alignment* best) noexcept nogil

cdef Comparer borrow(TextRules rules)
cdef int give_back(Comparer comparer) except -1
