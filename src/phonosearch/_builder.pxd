"""What a builder holds, for the packer."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from phonosearch._cells cimport Columns
from phonosearch._text cimport MAX_CODE_POINTS, MAX_PARTS, ParsedName, TextRules
from phonosearch._word_table cimport Buffer, WordTable

cdef enum:
    LATE_BITS = 8

ctypedef struct WordSlot:
    uint64_t key                # the word packed (``_words``), 0 for an empty slot
    uint32_t number             # number + 1, 0 for a word that is no part of any name so far
    uint32_t special            # whether the rules of names say anything of it

ctypedef struct Entry:
    uint64_t text               # the name as given: where it begins in Builder.texts
    uint64_t forms              # in Builder.form_numbers: the sizes of the forms, a byte each, then their parts
    uint32_t person
    uint16_t text_length
    uint8_t kind                # of the name, and the generations that it says from GENERATION_SHIFT on
    uint8_t sex

ctypedef struct PlaceEntry:     # a place of a person: a town, a postcode or both
    uint64_t postcode           # packed, 0 for none
    uint32_t person
    uint32_t town               # number in Builder.towns + 1, 0 for none

ctypedef struct LatePlace:      # a place as given, of up to sixteen bytes
    uint64_t first              # its bytes; of eight or more the first eight
    uint64_t last               # and the last eight
    uint32_t length
    uint32_t number             # number in Builder.place_texts + 1, 0 for no place

ctypedef struct Scan:
    const uint8_t* text         # the name
    Py_ssize_t length
    int parts                   # how many words, 0 where it takes more than a look at its letters
    uint64_t key[MAX_PARTS]     # the words, packed
    uint16_t begin[MAX_PARTS + 1]
    uint8_t letters[MAX_CODE_POINTS]

cdef class Builder:
    cdef TextRules rules
    cdef WordTable people
    cdef bint ascending         # whether every person so far came after the one before, or again: no table is needed
    cdef WordTable parts
    cdef WordSlot* words        # parts of up to thirteen letters are found here, longer ones through the table
    cdef int word_shift
    cdef uint64_t word_seed
    cdef size_t word_count
    cdef Buffer entries
    cdef Buffer texts
    cdef Buffer form_numbers
    cdef Buffer dates           # pairs of uint32: person, packed date
    cdef WordTable towns
    cdef Buffer places          # PlaceEntry
    # Places as given that were read lately, where what was read of each ends, and what was read: PlaceEntry of nobody.
    cdef WordTable place_texts
    cdef LatePlace lately[1 << LATE_BITS]
    cdef Buffer place_ends
    cdef Buffer places_read
    cdef Buffer runs            # pairs of uint64: entries from this one on come from rows from this one on

    cdef void forget_people(self) noexcept
    cdef void clear(self) noexcept
    cdef int64_t row_of(self, size_t entry) noexcept nogil
    cdef int _add_row(self, Columns columns, Py_ssize_t row, Scan* scan, uint8_t* warning) except -1 nogil
    cdef int _add_date(self, uint32_t person, const uint8_t* text, Py_ssize_t length) except -1 nogil
    cdef int _add_places(self, uint32_t person, const uint8_t* text, Py_ssize_t length) except -1 nogil
    cdef int64_t _place_text(self, const uint8_t* text, size_t length) except -1 nogil
    cdef int _read_places(self, const uint8_t* text, Py_ssize_t length) except -1 nogil
    cdef int _forget_place_texts(self) except -1 nogil
    cdef int64_t _person(self, const uint8_t* identifier, size_t length) except -1 nogil
    cdef int64_t _part(self, const uint8_t* letters, size_t length) except -1 nogil
    cdef WordSlot* _slot(self, uint64_t key) noexcept nogil
    cdef WordSlot* _new_slot(self, uint64_t key, WordSlot* slot) except NULL nogil
    cdef int _number_slot(self, WordSlot* slot, const uint8_t* letters, size_t length) except -1 nogil
    cdef int _grow_words(self) except -1 nogil
    cdef void _scan(self, const uint8_t* text, Py_ssize_t length, Scan* scan) noexcept nogil
    cdef int _add_scanned(self, Scan* scan) except -1 nogil
    cdef uint64_t _place(self, uint64_t key) noexcept nogil
    cdef int _add_forms(self, ParsedName* parsed) except -1 nogil
