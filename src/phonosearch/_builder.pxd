"""What a builder holds, for the packer."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from phonosearch._text cimport ParsedName, TextRules

cdef enum:
    SEX_CONFLICT = 4

ctypedef struct Buffer:
    uint8_t* data
    size_t used
    size_t room

ctypedef struct WordTable:
    uint32_t* slots             # number + 1, 0 for an empty slot
    uint64_t mask
    uint32_t count
    uint64_t seed
    Buffer text                 # all words, one after another
    Buffer start                # uint64 offsets, one more than words

ctypedef struct Entry:
    uint64_t text_start         # the name as given, in Builder.texts
    uint32_t text_length
    uint32_t person
    uint64_t forms_start        # in Builder.form_numbers: count, then size and part numbers of each
    uint8_t kind

ctypedef struct Column:
    const uint8_t* data
    const int64_t* offsets
    const uint8_t* valid
    bint present

cdef class _Columns:
    cdef Column column[7]
    cdef list owners
    cdef Py_ssize_t rows

    cdef int _take(self, int place, text) except -1
    cdef const uint8_t* text(self, int place, Py_ssize_t row, Py_ssize_t* length) noexcept nogil

cdef class Builder:
    cdef TextRules rules
    cdef WordTable people
    cdef WordTable parts
    cdef Buffer entries
    cdef Buffer texts
    cdef Buffer form_numbers
    cdef Buffer dates           # pairs of uint32: person, packed date
    cdef Buffer sexes           # uint8 a person
    cdef uint64_t form_total

    cdef void clear(self) noexcept
    cdef int _add_row(self, _Columns columns, Py_ssize_t row, uint8_t* warning) except -1 nogil
    cdef int _add_forms(self, ParsedName* parsed) except -1 nogil
