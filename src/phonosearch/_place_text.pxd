"""The towns and postcodes of a text, for other compiled modules."""

from libc.stdint cimport uint8_t, uint64_t

from phonosearch._text cimport MAX_PLACE_LETTERS, MAX_PLACE_PARTS, TextRules

cdef enum:
    POSTCODE_BITS = 40
    INWARD = 50653              # 37 ** 3: what the numbers of the postcodes of one district are told apart by

ctypedef struct Places:
    int towns
    int postcodes
    uint8_t length[MAX_PLACE_PARTS]
    uint8_t letters[MAX_PLACE_PARTS][MAX_PLACE_LETTERS]
    uint64_t postcode[MAX_PLACE_PARTS]  # packed

cdef int read_places(TextRules rules, const uint8_t* text, Py_ssize_t length, Places* out) except -1 nogil
