"""A code of up to four ASCII characters in one number, the first character highest."""

from libc.stdint cimport uint32_t

cdef enum:
    PACKED = 4           # characters of a code that fit

cdef extern from *:
    """
    #include <stdint.h>

    static inline uint32_t ps_big_endian(uint32_t packed) {
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        return packed;
    #else
        return packed << 24 | (packed & 0xFF00) << 8 | (packed >> 8 & 0xFF00) | packed >> 24;
    #endif
    }
    """
    uint32_t big_endian "ps_big_endian"(uint32_t packed) noexcept nogil
