"""The cells of a batch of columns, for other compiled modules."""

from libc.stdint cimport int64_t, uint8_t

ctypedef struct Column:
    const uint8_t* data
    const int64_t* offsets
    const uint8_t* valid
    bint present

cdef class Columns:
    cdef Column column[8]
    cdef list owners
    cdef const int64_t* row     # of each entry, its row in the source
    cdef Py_ssize_t rows

    cdef int _take(self, int place, text) except -1

cdef bint valid_utf8(const uint8_t* text, Py_ssize_t length) noexcept nogil
cdef int64_t read_date(const uint8_t* text, Py_ssize_t length) noexcept nogil
cdef bint all_blank(const uint8_t* text, Py_ssize_t length) noexcept nogil
cdef int read_sex(const uint8_t* text, Py_ssize_t length) noexcept nogil
cdef int read_kind(const uint8_t* text, Py_ssize_t length) noexcept nogil


cdef inline const uint8_t* cell(const Column* column, Py_ssize_t row, Py_ssize_t* length) noexcept nogil:
    """The text of a cell; NULL where there is none."""
    if not column.present or (column.valid != NULL and not column.valid[row]):
        length[0] = 0
        return NULL
    length[0] = column.offsets[row + 1] - column.offsets[row]
    return column.data + column.offsets[row]


cdef inline bint blank(uint8_t letter) noexcept nogil:
    return letter == 32 or letter == 9
