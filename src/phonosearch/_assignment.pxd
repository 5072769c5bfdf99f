"""The pairing of parts, for other compiled modules."""

from libc.stdint cimport uint16_t

from phonosearch._text cimport MAX_PARTS

ctypedef struct Grid:           # the relations of the parts of two forms
    int rows
    int columns
    int kind[MAX_PARTS][MAX_PARTS]
    int points[MAX_PARTS][MAX_PARTS]
    int query_weight[MAX_PARTS]
    int name_weight[MAX_PARTS]

cdef void assign(const Grid* grid, int* column_of_row) noexcept nogil
cdef bint identifies(
    const uint16_t* masks, int names, int queries, unsigned int full_parts, bint wide
) noexcept nogil
cdef void needed(const uint16_t* accepted, int columns, int rows, bint whole, uint16_t* wanted) noexcept nogil
