"""The pairing of parts, for other compiled modules."""

from libc.stdint cimport uint16_t

from phonosearch._text cimport MAX_PARTS

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define PS_POPCOUNT(x) __builtin_popcount(x)
    #define PS_LOWEST(x) __builtin_ctz(x)
    #else
    static int PS_POPCOUNT(unsigned x) { int n = 0; for (; x; x &= x - 1) n++; return n; }
    static int PS_LOWEST(unsigned x) { int n = 0; while (!(x >> n & 1)) n++; return n; }
    #endif
    """
    int PS_POPCOUNT(unsigned int x) noexcept nogil
    int PS_LOWEST(unsigned int x) noexcept nogil

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
