"""Sets of small numbers as the bits of one."""

from libc.stdint cimport uint32_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    /* Without an instruction of its own in the baseline of x86-64, the compiler would call a function. */
    static inline int PS_POPCOUNT(uint32_t x) {
        x = x - (x >> 1 & 0x55555555u);
        x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
        return (int)((((x + (x >> 4)) & 0x0F0F0F0Fu) * 0x01010101u) >> 24);
    }
    #if defined(__GNUC__) || defined(__clang__)
    #define PS_LOWEST(x) __builtin_ctzll(x)
    #else
    static inline int PS_LOWEST(uint64_t x) { int n = 0; while (!(x >> n & 1)) n++; return n; }
    #endif
    """
    int PS_POPCOUNT(uint32_t x) noexcept nogil
    int PS_LOWEST(uint64_t x) noexcept nogil        # not of 0
