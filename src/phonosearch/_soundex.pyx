"""American Soundex, under the rules of the U.S. National Archives, over bytes in place."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from phonosearch._packed_code cimport big_endian

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* The Soundex class of every byte: 0 separates equal codes, 7 (H, W and what is no letter) is as if absent. */
    #define PS_CLASSES 0, 1, 2, 3, 0, 1, 2, 7, 0, 2, 2, 4, 5, 5, 0, 1, 2, 6, 2, 3, 0, 1, 7, 2, 0, 2
    #define PS_SEVENS 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7
    static const uint8_t ps_soundex_class[256] = {
        PS_SEVENS, PS_SEVENS, PS_SEVENS, PS_SEVENS, 7, PS_CLASSES, 7, 7, 7, 7, 7, 7, PS_CLASSES, 7, 7, 7, 7, 7,
        PS_SEVENS, PS_SEVENS, PS_SEVENS, PS_SEVENS, PS_SEVENS, PS_SEVENS, PS_SEVENS, PS_SEVENS
    };

    /* Up to eight bytes, the first lowest; eight may be read. */
    static inline uint64_t ps_first_bytes(const uint8_t *word, size_t length) {
        uint64_t bytes = 0;
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        memcpy(&bytes, word, 8);
    #else
        for (int i = 0; i < 8; i++) bytes |= (uint64_t)word[i] << (8 * i);
    #endif
        return length >= 8 ? bytes : bytes & ((UINT64_C(1) << (8 * length)) - 1);
    }

    /* The highest byte that is not 0 becomes the highest byte. */
    static inline uint64_t ps_left_justified(uint64_t bytes) {
    #if defined(__GNUC__) || defined(__clang__)
        return bytes ? bytes << (__builtin_clzll(bytes) & ~7) : 0;
    #else
        while (bytes && !(bytes >> 56)) bytes <<= 8;
        return bytes;
    #endif
    }
    """
    const uint8_t* SOUNDEX "ps_soundex_class"
    uint64_t first_bytes "ps_first_bytes"(const uint8_t* word, size_t length) noexcept nogil
    uint64_t left_justified "ps_left_justified"(uint64_t bytes) noexcept nogil

cdef enum:
    SPAN = 9           # bytes of a word that are read at once


cdef unsigned int soundex_code(const unsigned char* word, Py_ssize_t length) noexcept nogil:
    """The code as four packed ASCII characters, 0 when the word has no letter; bytes that are no letter count not."""
    cdef Py_ssize_t i = 0
    cdef unsigned int letter = 26, kind, previous, code, sounds
    cdef int shift = 16
    while i < length:
        letter = (<unsigned int>word[i] | 0x20) - c'a'
        i += 1
        if letter < 26:
            break
    if letter >= 26:
        return 0
    previous = SOUNDEX[letter + c'a']
    code = (c'A' + letter) << 24 | 0x303030
    while i < length:
        kind = SOUNDEX[word[i]]
        i += 1
        # Letters come in no order that a processor could foresee: arithmetic is faster here than branches.
        sounds = (kind - 1 < 6) & (kind != previous)
        code |= (kind & (0 - sounds)) << shift
        shift -= 8 * sounds
        if shift < 0:
            break
        previous = previous if kind == 7 else kind
    return code


# By the class before and two classes: the digits that they add in the low bytes, how many bits these take from bit 16
# on, and from bit 27 on the class after.
cdef uint32_t STEPS[8 * 64]


cdef void fill_steps() noexcept:
    cdef uint32_t at, kind, k, previous, digits, bits
    for at in range(8 * 64):
        previous = at >> 6
        digits = bits = 0
        for k in range(2):
            kind = at & 7 if k else at >> 3 & 7
            if kind != 7:
                if kind != 0 and kind != previous:
                    digits = digits << 8 | kind
                    bits += 8
                previous = kind
        STEPS[at] = digits | bits << 16 | previous << 27


fill_steps()


cdef inline unsigned int soundex_padded(const unsigned char* word, Py_ssize_t length) noexcept nogil:
    """`soundex_code`, where SPAN bytes may be read: these in steps of two letters, without a branch."""
    cdef unsigned int letter = (<unsigned int>word[0] | 0x20) - c'a'
    cdef unsigned int code, step
    cdef uint64_t digits = 0, tail
    cdef int _k
    if length == 0 or letter >= 26:
        return soundex_code(word, length)
    tail = first_bytes(word + 1, length - 1)
    step = <unsigned int>SOUNDEX[word[0]] << 27
    for _k in range(SPAN // 2):
        step = STEPS[(step >> 27 << 6) | <unsigned int>SOUNDEX[tail & 255] << 3 | SOUNDEX[tail >> 8 & 255]]
        digits = digits << (step >> 16 & 31) | step & 0xFFFF
        tail >>= 16
    code = (c'A' + letter) << 24 | 0x303030
    if digits >> 16 == 0 and length > SPAN:
        return soundex_code(word, length)
    return code | <unsigned int>(left_justified(digits) >> 40)


cdef int64_t soundex_rows(
    const unsigned char* data, const int32_t* start, Py_ssize_t rows, char* out, int64_t used, int64_t* ends
) noexcept nogil:
    """The codes of many words, one after another in `out` from `used` on, and where each ends.

    Beyond the last word SPAN more bytes may be read, and PACKED more may be written.
    """
    cdef Py_ssize_t i
    cdef unsigned int code, written
    for i in range(rows):
        code = soundex_padded(data + start[i], start[i + 1] - start[i])
        written = big_endian(code)
        memcpy(out + used, &written, 4)
        used += 4 * (code != 0)
        ends[i] = used
    return used
