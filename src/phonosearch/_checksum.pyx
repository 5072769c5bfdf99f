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
from libc.stdint cimport uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free

__all__ = ["Checks", "bounds", "checksum64"]

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

    /* The next of what several threads take in turn. Without atoms two may take the same, which does no harm. */
    static inline size_t ps_take(size_t *next) {
    #if defined(__GNUC__)
        return __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
    #else
        volatile size_t *shared = next;
        size_t taken = *shared;
        *shared = taken + 1;
        return taken;
    #endif
    }

    #define PS_STEP(acc, i, p) acc = ps_step(acc ^ ps_word((p) + 8 * (i)), PS_P1)
    #define PS_BLOCK(p) \\
        PS_STEP(a0, 0, p); PS_STEP(a1, 1, p); PS_STEP(a2, 2, p); PS_STEP(a3, 3, p); \\
        PS_STEP(a4, 4, p); PS_STEP(a5, 5, p); PS_STEP(a6, 6, p); PS_STEP(a7, 7, p)
    #define PS_FOLD(acc) h = ps_step(h ^ acc, PS_P2)

    /* The widest vectors that the processor has, chosen when it loads. Sanitizers cannot run before that choice. */
    #if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) \\
        && !defined(__SANITIZE_ADDRESS__)
    #define PS_CLONES __attribute__((target_clones("avx2", "default")))
    #else
    #define PS_CLONES
    #endif

    /* What is known of a run of numbers: the greatest at even and at odd places, and whether one is below the one
       before it; `last` is the number before the next piece. */
    typedef struct { uint32_t even, odd, falls, last; } ps_bounds;

    PS_CLONES static void ps_add_bounds(const uint32_t *values, size_t count, ps_bounds *b) {
        uint32_t top[16] = {0}, falls = 0, last = b->last;
        size_t at = 0;
        for (; at + 16 <= count; at += 16)
            for (int lane = 0; lane < 16; lane++)
                top[lane] = values[at + lane] > top[lane] ? values[at + lane] : top[lane];
        for (; at < count; at++) top[at & 15] = values[at] > top[at & 15] ? values[at] : top[at & 15];
        if (count) {
            falls = values[0] < last;
            for (at = 1; at < count; at++) falls |= values[at] < values[at - 1];
            b->last = values[count - 1];
        }
        b->falls |= falls;
        for (int lane = 0; lane < 16; lane += 2) {
            b->even = top[lane] > b->even ? top[lane] : b->even;
            b->odd = top[lane + 1] > b->odd ? top[lane + 1] : b->odd;
        }
    }

    /* Validation reads what the checksum has just brought into the cache: an even count of numbers at a time. */
    #define PS_PIECE 8192

    static uint64_t ps_checksum64(const unsigned char *data, size_t length, ps_bounds *bounds) {
        uint64_t a0 = PS_P2, a1 = 2 * PS_P2, a2 = 3 * PS_P2, a3 = 4 * PS_P2;
        uint64_t a4 = 5 * PS_P2, a5 = 6 * PS_P2, a6 = 7 * PS_P2, a7 = 8 * PS_P2;
        uint64_t h = (uint64_t)length * PS_P1;
        size_t left = length;
        if (bounds)
            for (; left >= PS_PIECE; left -= PS_PIECE) {
                const unsigned char *piece = data;
                for (; data < piece + PS_PIECE; data += 64) { PS_PREFETCH(data + 4096); PS_BLOCK(data); }
                ps_add_bounds((const uint32_t *)piece, PS_PIECE / 4, bounds);
            }
        if (bounds) ps_add_bounds((const uint32_t *)data, left / 4, bounds);
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
    ctypedef struct ps_bounds:
        uint32_t even, odd, falls, last
    void ps_add_bounds(const uint32_t* values, size_t count, ps_bounds* bounds) noexcept nogil
    uint64_t ps_checksum64(const unsigned char *data, size_t length, ps_bounds* bounds) noexcept nogil
    size_t ps_take(size_t* next) noexcept nogil


def checksum64(data) -> int:
    """The checksum of the bytes of any contiguous buffer; the GIL is released meanwhile."""
    cdef Py_buffer view
    cdef uint64_t value
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        with nogil:
            value = ps_checksum64(<const unsigned char *> view.buf, <size_t> view.len, NULL)
    finally:
        PyBuffer_Release(&view)
    return value


def bounds(data) -> tuple:
    """The greatest of the uint32 of a buffer at even places and at odd ones, and whether none is below the one before.

    Without any it is (0, 0, True).
    """
    cdef Py_buffer view
    cdef ps_bounds found
    found.even = found.odd = found.falls = found.last = 0
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        if <uintptr_t> view.buf % 4:
            raise ValueError("uint32 must be aligned")
        with nogil:
            ps_add_bounds(<const uint32_t *> view.buf, <size_t> view.len // 4, &found)
    finally:
        PyBuffer_Release(&view)
    return found.even, found.odd, not found.falls


cdef class Checks:
    """Checksums of several buffers, and in the same pass `bounds` of those that hold uint32, by any number of threads.

    The threads take the buffers in turn without the GIL, which another thread may hold for long. ``results`` is to be
    asked for when all of them have done their ``work``.

    Parameters
    ----------
    buffers : list
    numbers : list of bool
        Which of them hold uint32 in the order of this machine.
    """

    cdef Py_buffer* views
    cdef uint8_t* bounded
    cdef uint64_t* sums
    cdef ps_bounds* found
    cdef size_t count, next

    def __cinit__(self, list buffers not None, list numbers not None):
        cdef size_t at, size = len(buffers)
        if <size_t>len(numbers) != size:
            raise ValueError("say of each buffer whether it holds numbers")
        self.count = self.next = 0
        self.views = <Py_buffer*>calloc(size + 1, sizeof(Py_buffer))
        self.bounded = <uint8_t*>calloc(size + 1, 1)
        self.sums = <uint64_t*>calloc(size + 1, sizeof(uint64_t))
        self.found = <ps_bounds*>calloc(size + 1, sizeof(ps_bounds))
        if not (self.views and self.bounded and self.sums and self.found):
            raise MemoryError
        for at in range(size):
            PyObject_GetBuffer(buffers[at], &self.views[at], PyBUF_SIMPLE)
            self.count += 1
            self.bounded[at] = bool(numbers[at])
            if self.bounded[at] and <uintptr_t>self.views[at].buf % 4:
                raise ValueError("uint32 must be aligned")

    def __dealloc__(self):
        cdef size_t at
        for at in range(self.count):
            PyBuffer_Release(&self.views[at])
        free(self.views)
        free(self.bounded)
        free(self.sums)
        free(self.found)

    def work(self) -> None:
        """Take buffers until none is left."""
        cdef size_t at
        with nogil:
            at = ps_take(&self.next)
            while at < self.count:
                self.sums[at] = ps_checksum64(
                    <const unsigned char*>self.views[at].buf, <size_t>self.views[at].len,
                    &self.found[at] if self.bounded[at] else NULL,
                )
                at = ps_take(&self.next)

    def results(self) -> list:
        """For each buffer its checksum and its `bounds`, or None where it holds no numbers."""
        cdef size_t at
        return [
            (
                self.sums[at],
                (self.found[at].even, self.found[at].odd, not self.found[at].falls) if self.bounded[at] else None,
            )
            for at in range(self.count)
        ]
