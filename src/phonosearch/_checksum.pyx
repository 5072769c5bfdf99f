"""The 64-bit checksum of index files. It finds damage; it is no defence against forgery.

The algorithm, on bytes ``b`` of length ``n``, with arithmetic modulo 2**64:

1. Zero-pad ``b`` to a multiple of 64 and read it as little-endian 64-bit words ``w[0], w[1], ...``.
2. Eight lanes start at ``acc[i] = (i + 1) * P2``. Word ``w[j]`` goes to lane ``i = j % 8``:
   ``x = acc[i] ^ w[j]; acc[i] = (x ^ x >> 32) * P1``.
3. ``h = n * P1``; then for ``i`` from 0 to 7: ``x = h ^ acc[i]; h = (x ^ x >> 32) * P2``.
4. ``h ^= h >> 32; h *= P1; h ^= h >> 29; h *= P2; h ^= h >> 32``.

``P1 = 0x9E3779B185EBCA87`` and ``P2 = 0xC2B2AE3D27D4EB4F``, both odd. Each step is a bijection of the state for a given
word and of the word for a given state, so any change confined to one 64-bit word changes the checksum, for certain. The
shift before the product spreads the high bits too, so that no second flipped bit undoes the first.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport uint64_t

__all__ = ["checksum64"]

cdef extern from *:
    """
    #include <stddef.h>
    #include <stdint.h>
    #include <string.h>

    #define PS_P1 UINT64_C(0x9E3779B185EBCA87)
    #define PS_P2 UINT64_C(0xC2B2AE3D27D4EB4F)

    static inline uint64_t ps_step(uint64_t x, uint64_t p) { return (x ^ (x >> 32)) * p; }

    static inline uint64_t ps_word(const unsigned char *p) {
        uint64_t w;
        memcpy(&w, p, 8);
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        w = __builtin_bswap64(w);
    #endif
        return w;
    }

    /* The hardware prefetcher alone uses half of the memory bandwidth; a prefetch past the end is harmless. */
    #if defined(__GNUC__)
    #define PS_PREFETCH(p) __builtin_prefetch(p)
    #else
    #define PS_PREFETCH(p) ((void)0)
    #endif

    #define PS_STEP(acc, i, p) acc = ps_step(acc ^ ps_word((p) + 8 * (i)), PS_P1)
    #define PS_BLOCK(p) \\
        PS_STEP(a0, 0, p); PS_STEP(a1, 1, p); PS_STEP(a2, 2, p); PS_STEP(a3, 3, p); \\
        PS_STEP(a4, 4, p); PS_STEP(a5, 5, p); PS_STEP(a6, 6, p); PS_STEP(a7, 7, p)
    #define PS_FOLD(acc) h = ps_step(h ^ acc, PS_P2)

    static uint64_t ps_checksum64(const unsigned char *data, size_t length) {
        uint64_t a0 = PS_P2, a1 = 2 * PS_P2, a2 = 3 * PS_P2, a3 = 4 * PS_P2;
        uint64_t a4 = 5 * PS_P2, a5 = 6 * PS_P2, a6 = 7 * PS_P2, a7 = 8 * PS_P2;
        uint64_t h = (uint64_t)length * PS_P1;
        size_t left = length;
        for (; left >= 64; left -= 64, data += 64) { PS_PREFETCH(data + 4096); PS_BLOCK(data); }
        if (left) {
            unsigned char tail[64] = {0};
            memcpy(tail, data, left);
            PS_BLOCK(tail);
        }
        PS_FOLD(a0); PS_FOLD(a1); PS_FOLD(a2); PS_FOLD(a3); PS_FOLD(a4); PS_FOLD(a5); PS_FOLD(a6); PS_FOLD(a7);
        h ^= h >> 32; h *= PS_P1; h ^= h >> 29; h *= PS_P2; h ^= h >> 32;
        return h;
    }
    """
    uint64_t ps_checksum64(const unsigned char *data, size_t length) noexcept nogil


def checksum64(data) -> int:
    """The checksum of the bytes of any contiguous buffer; the GIL is released meanwhile."""
    cdef Py_buffer view
    cdef uint64_t value
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        with nogil:
            value = ps_checksum64(<const unsigned char *> view.buf, <size_t> view.len)
    finally:
        PyBuffer_Release(&view)
    return value
