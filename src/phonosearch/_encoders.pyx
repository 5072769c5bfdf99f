"""American Soundex and Double Metaphone.

Both encoders walk the bytes of the word in place. Anything that is not ASCII is folded to ASCII first, so the
walkers know one byte beyond it: ``CEDILLA``, which stands for a C with cedilla.
"""

from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_Resize
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_Check, PyUnicode_DecodeASCII, PyUnicode_FromObject, PyUnicode_GET_LENGTH
from libc.stdint cimport uint8_t, uint32_t, uint64_t, int64_t, uintptr_t
from libc.string cimport memcmp, memcpy, memset, strlen
cimport cython

import importlib
import operator
import unicodedata

import numpy as np
from anyascii import anyascii

from phonosearch._errors import LimitError, MissingExtraError

__all__ = ["double_metaphone", "double_metaphone_many", "soundex", "soundex_many"]

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    void* PyUnicode_DATA(object text)
    object PyUnicode_New(Py_ssize_t length, Py_UCS4 largest)

cdef extern from *:
    """
    /* The soundex class of every letter: 0 separates equal codes, 7 (H and W) is as if absent. */
    static const unsigned char PHONOSEARCH_SOUNDEX[26] = {
        0, 1, 2, 3, 0, 1, 2, 7, 0, 2, 2, 4, 5, 5, 0, 1, 2, 6, 2, 3, 0, 1, 7, 2, 0, 2
    };

    /* Names lie scattered in memory: ask for the text of a later one while the present one is encoded. */
    static inline void phonosearch_prefetch(PyObject *names, Py_ssize_t i) {
    #if defined(__GNUC__) || defined(__clang__)
        if (i < PyTuple_GET_SIZE(names))
            __builtin_prefetch((const char *)PyTuple_GET_ITEM(names, i) + sizeof(PyASCIIObject));
    #else
        (void)names; (void)i;
    #endif
    }
    """
    const unsigned char* SOUNDEX "PHONOSEARCH_SOUNDEX"
    void prefetch "phonosearch_prefetch"(tuple names, Py_ssize_t i)

cdef enum:
    MAX_NAME = 65536
    CEDILLA = 0xE7
    SOUNDEX_LENGTH = 4
    PACKED = 4         # characters of a code that fit a packed code
    STACK = 64         # codes up to this length need no allocation
    MAX_SLOTS = 16384
    AHEAD = 8          # names to prefetch
    UNLIMITED = 1 << 30  # more than any code can reach
    WINDOW = 64
    LEAD = 8           # bytes kept before the current one; the rules look back 4
    REACH = 16         # bytes kept from the current one on; the rules look ahead 8
    VOWELS = 0x1104111  # A, E, I, O, U and Y as bits
    PADDING = 5        # Double Metaphone reads a word as if this many spaces followed it

# Letters that NFKD leaves whole although they are Latin letters with a usual ASCII spelling.
cdef dict LATIN = {
    "ß": b"ss", "ẞ": b"SS", "æ": b"ae", "Æ": b"AE", "œ": b"oe", "Œ": b"OE", "ø": b"o", "Ø": b"O",
    "đ": b"d", "Đ": b"D", "ð": b"d", "Ð": b"D", "þ": b"th", "Þ": b"TH", "ł": b"l", "Ł": b"L", "ı": b"i",
}


# ---------------------------------------------------------------------------------------------- Soundex

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
    previous = SOUNDEX[letter]
    code = (c'A' + letter) << 24 | 0x303030
    while i < length:
        letter = (<unsigned int>word[i] | 0x20) - c'a'
        i += 1
        kind = SOUNDEX[letter] if letter < 26 else 7
        # Letters come in no order that a processor could foresee: arithmetic is faster here than branches.
        sounds = (kind - 1 < 6) & (kind != previous)
        code |= (kind & (0 - sounds)) << shift
        shift -= 8 * sounds
        if shift < 0:
            break
        previous = previous if kind == 7 else kind
    return code


# ------------------------------------------------------------------------------------- Double Metaphone

cdef struct Cursor:
    const unsigned char* word
    Py_ssize_t length
    Py_ssize_t here                 # the next byte to encode
    Py_ssize_t base                 # the position that stands at near[LEAD]
    # The bytes around `here`, in lower case and padded; the room at the end is written, but not read.
    unsigned char near[WINDOW + PADDING]
    bint slavo_germanic
    bint germanic                   # begins with VAN, VON or SCH
    bint sch
    bint san
    bint mc
    bint anger                      # begins with DANGER, RANGER or MANGER
    Py_ssize_t max_length
    char* primary
    Py_ssize_t primary_length
    char* alternate
    Py_ssize_t alternate_length


cdef inline unsigned char lower(unsigned char c) noexcept nogil:
    return c + 32 if c'A' <= c <= c'Z' else c


cdef void look_around(Cursor* w) noexcept nogil:
    """Move the window to `here`: bytes of the word, spaces as padding after it, NUL anywhere else."""
    cdef Py_ssize_t start = max(w.here - LEAD, 0)
    cdef Py_ssize_t stop = min(w.here + WINDOW - LEAD, w.length)
    cdef Py_ssize_t shift = LEAD - w.here
    cdef Py_ssize_t i
    w.base = w.here
    memset(w.near, 0, WINDOW)
    for i in range(start, stop):
        w.near[i + shift] = lower(w.word[i])
    memset(w.near + stop + shift, c' ', PADDING)


cdef inline unsigned char char_at(const Cursor* w, Py_ssize_t i) noexcept nogil:
    """The byte at a position from LEAD before `here` to REACH after it."""
    return w.near[i - w.base + LEAD]


cdef inline bint has(const Cursor* w, Py_ssize_t i, const char* text) noexcept nogil:
    """Whether `text` stands at a position within the reach of `char_at`."""
    return memcmp(&w.near[i - w.base + LEAD], text, strlen(text)) == 0


cdef inline bint one_of(unsigned char c, const char* members) noexcept nogil:
    cdef Py_ssize_t k = 0
    while members[k]:
        if c == <unsigned char>members[k]:
            return True
        k += 1
    return False


cdef inline bint vowel(const Cursor* w, Py_ssize_t i) noexcept nogil:
    cdef unsigned int letter = <unsigned int>char_at(w, i) - c'a'
    return letter < 26 and VOWELS >> letter & 1


cdef inline void put(Cursor* w, const char* primary, const char* alternate, Py_ssize_t consumed) noexcept nogil:
    """Append to the two codes, as far as they have room, and step over the bytes they stand for."""
    cdef Py_ssize_t k = 0
    while primary[k] and w.primary_length < w.max_length:
        w.primary[w.primary_length] = primary[k]
        w.primary_length += 1
        k += 1
    k = 0
    while alternate[k] and w.alternate_length < w.max_length:
        w.alternate[w.alternate_length] = alternate[k]
        w.alternate_length += 1
        k += 1
    w.here += consumed


cdef inline void both(Cursor* w, const char* code, Py_ssize_t consumed) noexcept nogil:
    put(w, code, code, consumed)


cdef inline Py_ssize_t run(const Cursor* w, const char* absorbed) noexcept nogil:
    """2 when the next byte is one that this letter absorbs (its double, mostly), else 1."""
    return 2 if one_of(char_at(w, w.here + 1), absorbed) else 1


cdef void encode_ch(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    if i > 0 and has(w, i, b"chae"):  # Michael
        put(w, b"K", b"X", 2)
    elif (  # Greek roots: chorus, chemistry
        i == 0
        and (has(w, 1, b"harac") or has(w, 1, b"haris") or has(w, 1, b"hor") or has(w, 1, b"hym")
             or has(w, 1, b"hia") or has(w, 1, b"hem"))
        and not has(w, 0, b"chore")
    ):
        both(w, b"K", 2)
    elif (  # Germanic or Greek: Wachtler, Wechsler, but not Tichner; architect, but not arch
        w.germanic
        or has(w, i - 2, b"orches") or has(w, i - 2, b"archit") or has(w, i - 2, b"orchid")
        or one_of(char_at(w, i + 2), b"ts")
        or ((i == 0 or one_of(char_at(w, i - 1), b"aoue")) and one_of(char_at(w, i + 2), b"lrnmbhfvw "))
    ):
        both(w, b"K", 2)
    elif i == 0:
        both(w, b"X", 2)
    elif w.mc:  # McHugh
        both(w, b"K", 2)
    else:
        put(w, b"X", b"K", 2)


cdef void encode_c(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    cdef unsigned char after = char_at(w, i + 1), second = char_at(w, i + 2)
    if (  # Germanic: Bacher, Macher
        after == c'h' and i > 1 and char_at(w, i - 1) == c'a' and not vowel(w, i - 2) and second != c'i'
        and (second != c'e' or has(w, i - 2, b"bacher") or has(w, i - 2, b"macher"))
    ):
        both(w, b"K", 2)
    elif i == 0 and has(w, 0, b"caesar"):
        both(w, b"S", 2)
    elif has(w, i, b"chia"):  # Chianti
        both(w, b"K", 2)
    elif after == c'h':
        encode_ch(w)
    elif after == c'z' and not has(w, i - 2, b"wicz"):  # Czerny
        put(w, b"S", b"X", 2)
    elif has(w, i + 1, b"cia"):  # focaccia
        both(w, b"X", 3)
    elif after == c'c' and not (i == 1 and char_at(w, 0) == c'm'):  # not McClellan
        if one_of(second, b"ieh") and not has(w, i + 2, b"hu"):
            if (i == 1 and char_at(w, 0) == c'a') or has(w, i - 1, b"uccee") or has(w, i - 1, b"ucces"):
                both(w, b"KS", 3)  # accident, succeed
            else:
                both(w, b"X", 3)  # Bertucci
        else:
            both(w, b"K", 2)
    elif one_of(after, b"kgq"):
        both(w, b"K", 2)
    elif one_of(after, b"iey"):
        if after == c'i' and one_of(second, b"oea"):  # Italian against English
            put(w, b"S", b"X", 2)
        else:
            both(w, b"S", 2)
    elif after == c' ' and one_of(second, b"cqg"):  # Mac Caffrey, Mac Gregor
        both(w, b"K", 3)
    elif after == c'c' and second != c'e' and second != c'i':
        both(w, b"K", 2)
    else:
        both(w, b"K", 1)


cdef void encode_d(Cursor* w) noexcept nogil:
    cdef unsigned char after = char_at(w, w.here + 1)
    if after != c'g':
        both(w, b"T", 2 if after == c't' or after == c'd' else 1)
    elif one_of(char_at(w, w.here + 2), b"iey"):  # edge
        both(w, b"J", 3)
    else:  # Edgar
        both(w, b"TK", 2)


cdef void encode_gh(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    if i == 0:
        both(w, b"J" if char_at(w, 2) == c'i' else b"K", 2)  # Ghislaine
    elif not vowel(w, i - 1):
        both(w, b"K", 2)
    elif (  # Hugh, bough, Broughton
        one_of(char_at(w, i - 2), b"bhd") or one_of(char_at(w, i - 3), b"bhd") or one_of(char_at(w, i - 4), b"bh")
    ):
        w.here += 2
    elif char_at(w, i - 1) == c'u' and one_of(char_at(w, i - 3), b"cglrt"):  # cough, McLaughlin
        both(w, b"F", 2)
    elif char_at(w, i - 1) != c'i':
        both(w, b"K", 2)
    else:
        w.here += 2


cdef void encode_g(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    cdef unsigned char before = char_at(w, i - 1), after = char_at(w, i + 1), second = char_at(w, i + 2)
    cdef bint er_or_y = after == c'y' or (after == c'e' and second == c'r')
    if after == c'h':
        encode_gh(w)
    elif after == c'n':
        if i == 1 and vowel(w, 0) and not w.slavo_germanic:
            put(w, b"KN", b"N", 2)
        elif not has(w, i + 2, b"ey") and not w.slavo_germanic:  # not Cagney
            put(w, b"N", b"KN", 2)
        else:
            both(w, b"KN", 2)
    elif after == c'l' and second == c'i' and not w.slavo_germanic:  # Tagliaro
        put(w, b"KL", b"L", 2)
    elif i == 0 and (
        after == c'y'
        or (after == c'e' and one_of(second, b"spblyir"))
        or (after == c'i' and one_of(second, b"blne"))
    ):
        put(w, b"K", b"J", 2)
    elif (
        er_or_y and before != c'e' and before != c'i'
        and not (after == c'y' and (before == c'r' or before == c'o'))
        and not w.anger
    ):
        put(w, b"K", b"J", 2)
    elif one_of(after, b"eiy") or has(w, i - 1, b"aggi") or has(w, i - 1, b"oggi"):  # Biaggi
        if w.germanic or (after == c'e' and second == c't'):
            both(w, b"K", 2)
        elif has(w, i + 1, b"ier "):  # French ending
            both(w, b"J", 2)
        else:
            put(w, b"J", b"K", 2)
    else:
        both(w, b"K", run(w, b"g"))


cdef void encode_h(Cursor* w) noexcept nogil:
    if (w.here == 0 or vowel(w, w.here - 1)) and vowel(w, w.here + 1):
        both(w, b"H", 2)
    else:
        w.here += 1


cdef void encode_j(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    cdef unsigned char after = char_at(w, i + 1)
    cdef bint jose = has(w, i, b"jose"), san = w.san
    if jose or san:
        if san or (i == 0 and char_at(w, 4) == c' '):
            both(w, b"H", 1)
        else:
            put(w, b"J", b"H", 1)
    elif i == 0:  # Jankelowicz is Yankelovich
        put(w, b"J", b"A", run(w, b"j"))
    elif vowel(w, i - 1) and not w.slavo_germanic and (after == c'a' or after == c'o'):  # Spanish: bajador
        put(w, b"J", b"H", 1)
    elif i == w.length - 1:
        put(w, b"J", b"", 1)
    elif not one_of(after, b"ltksnmbz") and not one_of(char_at(w, i - 1), b"skl"):
        both(w, b"J", run(w, b"j"))
    else:
        w.here += run(w, b"j")


cdef bint ends_in_spanish(const Cursor* w) noexcept nogil:
    """Whether the word ends in A, O, AS or OS; only asked of words of more than two letters."""
    cdef unsigned char last = lower(w.word[w.length - 1])
    return one_of(lower(w.word[w.length - 2]) if last == c's' else last, b"ao")


cdef void encode_l(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    cdef bint alle
    if char_at(w, i + 1) != c'l':
        both(w, b"L", 1)
        return
    alle = has(w, i - 1, b"alle")
    if (i == w.length - 3 and (alle or has(w, i - 1, b"illo") or has(w, i - 1, b"illa"))) or (
        alle and ends_in_spanish(w)
    ):  # Spanish: Cabrillo, Gallegos
        put(w, b"L", b"", 2)
    else:
        both(w, b"L", 2)


cdef void encode_m(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    cdef bint silent_b = has(w, i - 1, b"umb") and (i + 2 == w.length or has(w, i + 2, b"er"))  # dumb, plumber
    both(w, b"M", 2 if silent_b or char_at(w, i + 1) == c'm' else 1)


cdef void encode_p(Cursor* w) noexcept nogil:
    if char_at(w, w.here + 1) == c'h':
        both(w, b"F", 2)
    else:
        both(w, b"P", run(w, b"pb"))  # Campbell, raspberry


cdef void encode_r(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    if (  # French: Rogier, but not Hochmeier
        i == w.length - 1 and not w.slavo_germanic and has(w, i - 2, b"ie")
        and not has(w, i - 4, b"me") and not has(w, i - 4, b"ma")
    ):
        put(w, b"", b"R", 1)
    else:
        both(w, b"R", run(w, b"r"))


cdef void encode_sc(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    cdef unsigned char second = char_at(w, i + 2)
    if second == c'h':
        if has(w, i + 3, b"er") or has(w, i + 3, b"en"):  # Dutch: Schermerhorn, Schenker
            put(w, b"X", b"SK", 3)
        elif has(w, i + 3, b"oo") or has(w, i + 3, b"uy") or has(w, i + 3, b"ed") or has(w, i + 3, b"em"):  # school
            both(w, b"SK", 3)
        elif i == 0 and not vowel(w, 3) and char_at(w, 3) != c'w':  # Schmidt is Smith
            put(w, b"X", b"S", 3)
        else:
            both(w, b"X", 3)
    elif one_of(second, b"iey"):
        both(w, b"S", 3)
    else:
        both(w, b"SK", 3)


cdef void encode_s(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    cdef unsigned char before = char_at(w, i - 1), after = char_at(w, i + 1), second = char_at(w, i + 2)
    if after == c'l' and (before == c'i' or before == c'y'):  # isle, Carlysle
        w.here += 1
    elif i == 0 and has(w, 0, b"sugar"):
        put(w, b"X", b"S", 1)
    elif after == c'h':
        if has(w, i + 2, b"eim") or has(w, i + 2, b"oek") or has(w, i + 2, b"olm") or has(w, i + 2, b"olz"):
            both(w, b"S", 2)
        else:
            both(w, b"X", 2)
    elif after == c'i' and (second == c'o' or second == c'a'):  # Italian and Armenian
        put(w, b"S", b"S" if w.slavo_germanic else b"X", 3)
    elif after == c'z':
        put(w, b"S", b"X", 2)
    elif i == 0 and one_of(after, b"mnlw"):  # Smith is Schmidt, Snider is Schneider
        put(w, b"S", b"X", 1)
    elif after == c'c':
        encode_sc(w)
    elif i == w.length - 1 and (has(w, i - 2, b"ai") or has(w, i - 2, b"oi")):  # French: Resnais, Artois
        put(w, b"", b"S", 1)
    else:
        both(w, b"S", run(w, b"s"))


cdef void encode_t(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    cdef unsigned char after = char_at(w, i + 1)
    if has(w, i, b"tion") or has(w, i, b"tia") or has(w, i, b"tch"):
        both(w, b"X", 3)
    elif after == c'h' or (after == c't' and char_at(w, i + 2) == c'h'):
        if has(w, i + 2, b"om") or has(w, i + 2, b"am") or w.germanic:  # Thomas, Thames
            both(w, b"T", 2)
        else:
            put(w, b"0", b"T", 2)
    else:
        both(w, b"T", run(w, b"td"))


cdef void encode_w(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    if char_at(w, i + 1) == c'r':
        both(w, b"R", 2)
        return
    if i == 0 and vowel(w, 1):  # Wasserman is Vasserman
        put(w, b"A", b"F", 0)
    elif i == 0 and char_at(w, 1) == c'h':  # Whitman begins as Uitman does
        both(w, b"A", 0)
    if (  # Arnow is Arnoff
        (i == w.length - 1 and vowel(w, i - 1))
        or (one_of(char_at(w, i - 1), b"eo") and (has(w, i + 1, b"ski") or has(w, i + 1, b"sky")))
        or w.sch
    ):
        put(w, b"", b"F", 1)
    elif has(w, i, b"wicz") or has(w, i, b"witz"):  # Filipowicz
        put(w, b"TS", b"FX", 4)
    else:
        w.here += 1


cdef void encode_x(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    if i == 0:  # Xavier
        both(w, b"S", 1)
    elif i == w.length - 1 and (has(w, i - 2, b"au") or has(w, i - 2, b"ou")):  # French: Breaux
        w.here += 1
    else:
        both(w, b"KS", run(w, b"cx"))


cdef void encode_z(Cursor* w) noexcept nogil:
    cdef Py_ssize_t i = w.here
    if char_at(w, i + 1) == c'h':  # pinyin: Zhao
        both(w, b"J", 2)
    elif (char_at(w, i + 1) == c'z' and one_of(char_at(w, i + 2), b"oia")) or (
        w.slavo_germanic and i > 0 and char_at(w, i - 1) != c't'
    ):
        put(w, b"S", b"TS", run(w, b"z"))
    else:
        both(w, b"S", run(w, b"z"))


cdef void encode_letter(Cursor* w) noexcept nogil:
    cdef unsigned char c = char_at(w, w.here)
    if c == c'a' or c == c'e' or c == c'i' or c == c'o' or c == c'u' or c == c'y':
        if w.here == 0:
            both(w, b"A", 1)
        else:
            w.here += 1
    elif c == c'b':
        both(w, b"P", run(w, b"b"))
    elif c == c'c':
        encode_c(w)
    elif c == c'd':
        encode_d(w)
    elif c == c'f':
        both(w, b"F", run(w, b"f"))
    elif c == c'g':
        encode_g(w)
    elif c == c'h':
        encode_h(w)
    elif c == c'j':
        encode_j(w)
    elif c == c'k':
        both(w, b"K", run(w, b"k"))
    elif c == c'l':
        encode_l(w)
    elif c == c'm':
        encode_m(w)
    elif c == c'n':
        both(w, b"N", run(w, b"n"))
    elif c == c'p':
        encode_p(w)
    elif c == c'q':
        both(w, b"K", run(w, b"q"))
    elif c == c'r':
        encode_r(w)
    elif c == c's':
        encode_s(w)
    elif c == c't':
        encode_t(w)
    elif c == c'v':
        both(w, b"F", run(w, b"v"))
    elif c == c'w':
        encode_w(w)
    elif c == c'x':
        encode_x(w)
    elif c == c'z':
        encode_z(w)
    elif c == CEDILLA:
        both(w, b"S", 1)
    else:
        w.here += 1


cdef bint is_slavo_germanic(const unsigned char* word, Py_ssize_t length) noexcept nogil:
    """Whether a W, a K or CZ stands before the first NUL, where the published search for them ends.

    The published test also names WITZ, which the W already covers.
    """
    cdef Py_ssize_t i
    cdef unsigned char c, previous = 0
    for i in range(length):
        c = word[i] | 0x20
        if c == c'w' or c == c'k' or (c == c'z' and previous == c'c'):
            return True
        if word[i] == 0:
            return False
        previous = c
    return False


cdef void encode_double_metaphone(
    const unsigned char* word, Py_ssize_t length, Py_ssize_t max_length,
    char* primary, Py_ssize_t* primary_length, char* alternate, Py_ssize_t* alternate_length,
) noexcept nogil:
    """Write both codes, unterminated; each buffer must hold min(max_length, 2 * length + 2) characters.

    The alternate is written in full even where it equals the primary.
    """
    cdef Cursor w
    w.word = word
    w.length = length
    w.here = 0
    w.max_length = max_length
    w.primary = primary
    w.primary_length = 0
    w.alternate = alternate
    w.alternate_length = 0
    look_around(&w)
    w.slavo_germanic = is_slavo_germanic(word, length)
    w.sch = has(&w, 0, b"sch")
    w.germanic = w.sch or has(&w, 0, b"van ") or has(&w, 0, b"von ")
    w.san = has(&w, 0, b"san ")
    w.mc = has(&w, 0, b"mc")
    w.anger = has(&w, 1, b"anger") and one_of(char_at(&w, 0), b"drm")
    if has(&w, 0, b"gn") or has(&w, 0, b"kn") or has(&w, 0, b"pn") or has(&w, 0, b"wr") or has(&w, 0, b"ps"):
        w.here = 1
    while w.here < length and (w.primary_length < max_length or w.alternate_length < max_length):
        if w.here - w.base > WINDOW - LEAD - REACH:
            look_around(&w)
        encode_letter(&w)
    primary_length[0] = w.primary_length
    alternate_length[0] = w.alternate_length


cdef inline unsigned int pack(const char* code, Py_ssize_t length) noexcept nogil:
    cdef Py_ssize_t i
    cdef unsigned int packed = 0
    for i in range(length):
        packed |= <unsigned int><unsigned char>code[i] << (24 - 8 * i)
    return packed


cdef inline uint64_t pack_pair(const unsigned char* word, Py_ssize_t length, Py_ssize_t max_length) noexcept nogil:
    """The primary above the alternate, which is 0 when it equals the primary; max_length <= PACKED."""
    cdef char primary[PACKED]
    cdef char alternate[PACKED]
    cdef Py_ssize_t primary_length = 0, alternate_length = 0
    cdef uint64_t first, second
    encode_double_metaphone(word, length, max_length, primary, &primary_length, alternate, &alternate_length)
    first = pack(primary, primary_length)
    second = pack(alternate, alternate_length)
    return first << 32 | (0 if first == second else second)


cdef void double_metaphone_codes(
    const unsigned char* word, Py_ssize_t length, unsigned int* primary, unsigned int* alternate
) noexcept nogil:
    """Both codes cut at four characters and packed; the alternate is 0 when it equals the primary."""
    cdef uint64_t pair = pack_pair(word, length, PACKED)
    primary[0] = <unsigned int>(pair >> 32)
    alternate[0] = <unsigned int>pair


# ---------------------------------------------------------------------------------------- text to bytes

cdef bytes fold(object name, bint cedilla):
    """The ASCII spelling; with `cedilla`, a C that carries one becomes the byte CEDILLA.

    Works on the NFKD form, so that composed and decomposed spellings fold alike.
    """
    cdef bytearray out = bytearray()
    cdef Py_UCS4 c
    cdef str text = unicodedata.normalize("NFKD", PyUnicode_FromObject(name))  # of an instance of a subclass, its text
    for c in text:
        if c < 0x80:
            out.append(c)
        elif c == 0x327 and cedilla and out and out[len(out) - 1] in b"cC":
            out[len(out) - 1] = CEDILLA
        elif 0xD800 <= c <= 0xDFFF or unicodedata.combining(c):
            continue
        else:
            out += LATIN.get(c) or anyascii(c).encode("ascii", "ignore")
    return bytes(out)


cdef struct Bytes:
    const unsigned char* data
    Py_ssize_t length


cdef inline Bytes ascii_bytes(object name) noexcept:
    """The bytes of a compact ASCII string; valid while the string lives."""
    cdef Bytes view
    view.data = <const unsigned char*>PyUnicode_DATA(name)
    view.length = PyUnicode_GET_LENGTH(name)
    return view


cdef inline Bytes bytes_view(bytes text) noexcept:
    cdef Bytes view
    view.data = <const unsigned char*>PyBytes_AS_STRING(text)
    view.length = len(text)
    return view


cdef str position_of(Py_ssize_t i):
    return "name" if i < 0 else f"names[{i}]"


cdef int refuse(object name, Py_ssize_t i) except -1:
    if not PyUnicode_Check(name):
        raise TypeError(f"{position_of(i)}: expected str{' or None' if i >= 0 else ''}, got {type(name).__name__}")
    raise LimitError(position_of(i), MAX_NAME, PyUnicode_GET_LENGTH(name), "characters")


cdef inline int check_name(object name, Py_ssize_t i) except -1:
    """Refuse what is no string or too long; `i` is the place in a batch, -1 for a single name."""
    if PyUnicode_Check(name) and PyUnicode_GET_LENGTH(name) <= MAX_NAME:
        return 0
    return refuse(name, i)


cdef Py_ssize_t check_max_length(object max_length) except 0:
    """As a C integer; no limit becomes more than any name can fill."""
    cdef object wanted
    if max_length is None:
        return UNLIMITED
    wanted = operator.index(max_length)
    if wanted < 1:
        raise ValueError(f"max_length: expected at least 1 or None, got {wanted}")
    return min(wanted, UNLIMITED)


# ---------------------------------------------------------------------------------------- codes to text

cdef inline object unpack(uint32_t packed):
    cdef Py_ssize_t i, length = (packed != 0) + (packed << 8 != 0) + (packed << 16 != 0) + (packed << 24 != 0)
    cdef object text = PyUnicode_New(length, 127)
    cdef char* data = <char*>PyUnicode_DATA(text)
    for i in range(length):
        data[i] = <char>(packed >> (24 - 8 * i))
    return text


cdef inline tuple unpack_pair(uint64_t pair):
    return (unpack(<uint32_t>(pair >> 32)), unpack(<uint32_t>pair))


@cython.final
cdef class Cache:
    """Texts of packed codes within one batch: a direct-mapped table, so its size is bounded."""

    cdef uint64_t* keys
    cdef list values
    cdef int shift
    cdef bint pairs

    def __cinit__(self, Py_ssize_t names, bint pairs):
        cdef Py_ssize_t slots = 16
        self.shift = 60
        while slots < names and slots < MAX_SLOTS:
            slots *= 2
            self.shift -= 1
        self.pairs = pairs
        self.values = [None] * slots
        self.keys = <uint64_t*>PyMem_Calloc(slots, sizeof(uint64_t))
        if self.keys is NULL:
            raise MemoryError()

    def __dealloc__(self):
        PyMem_Free(self.keys)

    cdef inline object text(self, uint64_t key):
        # The top bits of the product depend on all bits of the key.
        cdef Py_ssize_t slot = <Py_ssize_t>(key * <uint64_t>0x9E3779B97F4A7C15 >> self.shift)
        cdef object value
        if self.keys[slot] == key:
            value = self.values[slot]
            if value is not None:
                return value
        value = unpack_pair(key) if self.pairs else unpack(<uint32_t>key)
        self.keys[slot] = key
        self.values[slot] = value
        return value


cdef tuple pair_of_bytes(Bytes word, Py_ssize_t max_length):
    """Both codes of any length as text."""
    cdef char stack[2 * STACK]
    cdef char* buffer = stack
    cdef Py_ssize_t primary_length = 0, alternate_length = 0
    cdef Py_ssize_t room = min(max_length, 2 * word.length + 2)
    cdef str primary
    if max_length <= PACKED:
        return unpack_pair(pack_pair(word.data, word.length, max_length))
    if room > STACK:
        buffer = <char*>PyMem_Malloc(2 * room)
        if buffer is NULL:
            raise MemoryError()
    try:
        encode_double_metaphone(
            word.data, word.length, room, buffer, &primary_length, buffer + room, &alternate_length
        )
        primary = PyUnicode_DecodeASCII(buffer, primary_length, NULL)
        alternate = PyUnicode_DecodeASCII(buffer + room, alternate_length, NULL)
    finally:
        if buffer != stack:
            PyMem_Free(buffer)
    return (primary, "" if alternate == primary else alternate)


# --------------------------------------------------------------------------------------- single names

def soundex(name):
    """Encode a name by American Soundex, under the rules of the U.S. National Archives.

    H and W between letters of one class do not separate them; vowels and Y do. Only letters count; letters
    outside ASCII are folded to it first.

    Parameters
    ----------
    name : str
        Any text of at most 65,536 characters.

    Returns
    -------
    str
        A letter and three digits; "" when the name has no letter.

    Raises
    ------
    LimitError
        If the name is too long.

    Notes
    -----
    Time grows linearly with the length at worst; the walk ends with the fourth character of the code.

    References
    ----------
    Robert C. Russell, U.S. patent 1,261,167, 1918; National Archives, "The Soundex Indexing System", 2007.

    Examples
    --------
    >>> soundex("Ashcraft"), soundex("Tymczak"), soundex("O'Hara")
    ('A261', 'T522', 'O600')
    """
    cdef Bytes word
    cdef bytes folded
    check_name(name, -1)
    if PyUnicode_IS_COMPACT_ASCII(name):
        word = ascii_bytes(name)
        return unpack(soundex_code(word.data, word.length))
    folded = fold(name, False)
    word = bytes_view(folded)
    return unpack(soundex_code(word.data, word.length))


def double_metaphone(name, max_length=4):
    """Encode a name by Double Metaphone, as Lawrence Philips published it.

    Letters outside ASCII are folded to it first, except a C with cedilla, which sounds as S; an N with tilde
    is an N. Any other character sounds as nothing, but keeps the letters on its two sides apart.

    Parameters
    ----------
    name : str
        Any text of at most 65,536 characters.
    max_length : int or None, default 4
        Where both codes are cut; None for whole codes.

    Returns
    -------
    tuple of (str, str)
        The primary and the alternate code; the alternate is "" when it does not differ.

    Raises
    ------
    LimitError
        If the name is too long.
    ValueError
        If `max_length` is less than 1.

    Notes
    -----
    Time grows linearly with the length.

    References
    ----------
    Lawrence Philips, "The Double Metaphone Search Algorithm", C/C++ Users Journal 18 (6), 2000.

    Examples
    --------
    >>> double_metaphone("Smith"), double_metaphone("Schmidt")
    (('SM0', 'XMT'), ('XMT', 'SMT'))
    >>> double_metaphone("Washington", max_length=None)
    ('AXNKTN', 'FXNKTN')
    """
    cdef Bytes word
    cdef bytes folded
    cdef Py_ssize_t limit = check_max_length(max_length)
    check_name(name, -1)
    if PyUnicode_IS_COMPACT_ASCII(name):
        word = ascii_bytes(name)
    else:
        folded = fold(name, True)
        word = bytes_view(folded)
    return pair_of_bytes(word, limit)


# --------------------------------------------------------------------------------------------- batches

cdef tuple as_tuple(object names):
    """The names of a sequence, out of reach of any other thread."""
    if isinstance(names, (str, bytes, bytearray)):
        raise TypeError(f"names: expected a sequence of str or None, got a single {type(names).__name__}")
    return tuple(names)


cdef list soundex_sequence(tuple names):
    cdef Py_ssize_t i, n = len(names)
    cdef list out = [None] * n
    cdef Cache cache = Cache(n, False)
    cdef Bytes word
    cdef bytes folded
    cdef object name
    for i in range(n):
        prefetch(names, i + AHEAD)
        name = names[i]
        if name is None:
            continue
        check_name(name, i)
        if PyUnicode_IS_COMPACT_ASCII(name):
            word = ascii_bytes(name)
        else:
            folded = fold(name, False)
            word = bytes_view(folded)
        out[i] = cache.text(soundex_code(word.data, word.length))
    return out


cdef list metaphone_sequence(tuple names, Py_ssize_t max_length):
    cdef Py_ssize_t i, n = len(names)
    cdef list out = [None] * n
    cdef Cache cache = Cache(n, True)
    cdef Bytes word
    cdef bytes folded
    cdef object name
    for i in range(n):
        prefetch(names, i + AHEAD)
        name = names[i]
        if name is None:
            continue
        check_name(name, i)
        if PyUnicode_IS_COMPACT_ASCII(name):
            word = ascii_bytes(name)
        else:
            folded = fold(name, True)
            word = bytes_view(folded)
        if max_length <= PACKED:
            out[i] = cache.text(pack_pair(word.data, word.length, max_length))
        else:
            out[i] = pair_of_bytes(word, max_length)
    return out


cdef list codes_of(tuple names, Py_ssize_t max_length, bint pairs):
    return metaphone_sequence(names, max_length) if pairs else soundex_sequence(names)


cdef uint64_t code_of(Bytes word, Py_ssize_t max_length, bint pairs) noexcept nogil:
    """The packed pair, or the Soundex code in the place of the primary."""
    if pairs:
        return pack_pair(word.data, word.length, max_length)
    return <uint64_t>soundex_code(word.data, word.length) << 32


cdef object numpy_text(object names, Py_ssize_t max_length, bint pairs):
    """Codes of at most PACKED characters of a U array, from its UCS4 data to the UCS4 data of the result."""
    cdef Py_ssize_t i, k, column, length, n = names.shape[0], columns = 2 if pairs else 1
    cdef object native = np.ascontiguousarray(names, dtype=names.dtype.newbyteorder("="))
    cdef object out = np.zeros((n, columns), dtype=f"U{max_length}")
    cdef const uint32_t[:, ::1] source
    cdef uint32_t[:, ::1] target
    cdef bytes folded
    cdef bytearray scratch
    cdef uint8_t* buffer
    cdef uint32_t c, packed
    cdef uint64_t pair
    cdef Bytes word
    if n == 0 or native.dtype.itemsize == 0:
        return out
    source = native.view(np.uint32).reshape(n, -1)
    target = out.view(np.uint32).reshape(n, columns * max_length)
    scratch = bytearray(min(source.shape[1], MAX_NAME))
    buffer = <uint8_t*>PyByteArray_AS_STRING(scratch)
    for i in range(n):
        length = source.shape[1]
        while length and source[i, length - 1] == 0:
            length -= 1
        if length > MAX_NAME:
            raise LimitError(position_of(i), MAX_NAME, length, "characters")
        word.data = buffer
        word.length = length
        for k in range(length):
            c = source[i, k]
            if c >= 0x80:
                folded = fold(native.item(i), pairs)
                word = bytes_view(folded)
                break
            buffer[k] = <uint8_t>c
        pair = code_of(word, max_length, pairs)
        for column in range(columns):
            packed = <uint32_t>(pair >> (32 if column == 0 else 0))
            for k in range(max_length):
                target[i, column * max_length + k] = packed >> 24
                packed = packed << 8
    return out


cdef object numpy_codes(object names, Py_ssize_t max_length, bint pairs):
    cdef object out, missing
    cdef list codes
    if names.ndim != 1:
        raise ValueError(f"names: expected an array of one dimension, got {names.ndim}")
    if names.dtype.kind == "U" and max_length <= PACKED:
        out = numpy_text(names, max_length, pairs)
        return out if pairs else out[:, 0]
    if names.dtype.kind == "O":
        codes = codes_of(tuple(names.tolist()), max_length, pairs)
        missing = True
    elif names.dtype.kind == "T":
        missing = hasattr(names.dtype, "na_object")
        # A missing value of StringDType may be any object at all.
        na = names.dtype.na_object if missing else None
        codes = codes_of(
            tuple([None if missing and (x is na or x != x) else x for x in names.tolist()]), max_length, pairs
        )
    elif names.dtype.kind == "U":
        codes = codes_of(tuple(names.tolist()), max_length, pairs)
        missing = False
    else:
        raise TypeError(f"names: expected an array of strings, got dtype {names.dtype}")
    if missing:
        out = np.empty(len(codes) * (2 if pairs else 1), dtype=object)
        if pairs:
            out = out.reshape(-1, 2)
        for i, code in enumerate(codes):
            out[i] = code
        return out
    if not pairs:
        return np.array(codes, dtype="U4")
    if max_length == UNLIMITED:
        max_length = 1
        for primary, alternate in codes:
            max_length = max(max_length, len(primary), len(alternate))
    return np.array(codes, dtype=f"U{max_length}").reshape(len(codes), 2)


cdef class Column:
    """A large_string column in the making."""

    cdef bytearray data
    cdef object offsets
    cdef int64_t[::1] ends
    cdef Py_ssize_t used

    def __cinit__(self, Py_ssize_t rows):
        self.data = bytearray(max(64, 4 * rows))
        self.offsets = np.zeros(rows + 1, dtype=np.int64)
        self.ends = self.offsets
        self.used = 0

    cdef int append(self, Py_ssize_t row, const char* text, Py_ssize_t length) except -1:
        if self.used + length > len(self.data):
            PyByteArray_Resize(self.data, 2 * (self.used + length))
        memcpy(PyByteArray_AS_STRING(self.data) + self.used, text, length)
        self.used += length
        self.ends[row + 1] = self.used
        return 0

    cdef void skip(self, Py_ssize_t row) noexcept:
        self.ends[row + 1] = self.used

    cdef object finish(self, object pa, object validity):
        return pa.Array.from_buffers(
            pa.large_string(), len(self.offsets) - 1,
            [validity, pa.py_buffer(self.offsets), pa.py_buffer(bytes(self.data[:self.used]))],
        ).cast(pa.string())


cdef object arrow_strings(object names, object pa):
    """One validated large_string array of an object that speaks the Arrow PyCapsule interface."""
    cdef object array = pa.array(names) if hasattr(names, "__arrow_c_array__") else pa.chunked_array(names)
    cdef object kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if not (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
        or (hasattr(pa.types, "is_string_view") and pa.types.is_string_view(kind))
    ):
        raise TypeError(f"names: expected Arrow strings, got {array.type}")
    array = array.cast(pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):  # versions before 18 give no array for no chunk
            array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.large_string())
    array.validate(full=True)  # the offsets come from another library and are about to be followed
    return array


cdef object arrow_codes(object names, Py_ssize_t max_length, bint pairs):
    try:
        pa = importlib.import_module("pyarrow")  # the statement would take a None in sys.modules for the module
    except ImportError as error:
        raise MissingExtraError("arrow", "encoding Arrow data") from error
    cdef object array = arrow_strings(names, pa)
    cdef Py_ssize_t i, k, start, length, n = len(array), first = array.offset
    cdef Column primary = Column(n), alternate = Column(n if pairs else 0)
    cdef object validity = None, valid, out, buffers = array.buffers()
    cdef const int64_t* offsets = NULL
    cdef const unsigned char* data = NULL
    cdef const uint8_t* bits = NULL
    cdef char text[2 * PACKED]
    cdef uint64_t pair
    cdef bytes folded
    cdef str name, code, other
    cdef Bytes word
    cdef bint plain
    if n:
        offsets = <const int64_t*><uintptr_t>buffers[1].address
        if buffers[2] is not None:
            data = <const unsigned char*><uintptr_t>buffers[2].address
        if array.null_count:
            bits = <const uint8_t*><uintptr_t>buffers[0].address
            valid = np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
            validity = pa.py_buffer(np.packbits(valid, bitorder="little").tobytes())
    for i in range(n):
        if bits is not NULL and not bits[(first + i) >> 3] >> ((first + i) & 7) & 1:
            primary.skip(i)
            if pairs:
                alternate.skip(i)
            continue
        start = offsets[first + i]
        word.length = length = offsets[first + i + 1] - start
        word.data = data + start if length else NULL
        if length > MAX_NAME:  # in bytes; only the characters count
            length = 0
            for k in range(word.length):
                length += word.data[k] & 0xC0 != 0x80
            if length > MAX_NAME:
                raise LimitError(position_of(i), MAX_NAME, length, "characters")
        plain = True
        for k in range(word.length):
            if word.data[k] >= 0x80:
                plain = False
                break
        if not plain:
            name = word.data[:word.length].decode("utf-8", "replace")
            folded = fold(name, pairs)
            word = bytes_view(folded)
        if pairs and max_length > PACKED:
            code, other = pair_of_bytes(word, max_length)
            folded = code.encode("ascii")
            primary.append(i, PyBytes_AS_STRING(folded), len(folded))
            folded = other.encode("ascii")
            alternate.append(i, PyBytes_AS_STRING(folded), len(folded))
            continue
        pair = code_of(word, max_length, pairs)
        for k in range(2 * PACKED):
            text[k] = <char>(pair >> (56 - 8 * k) & 0xFF)
        primary.append(i, text, text_length(text))
        if pairs:
            alternate.append(i, text + PACKED, text_length(text + PACKED))
    out = primary.finish(pa, validity)
    if not pairs:
        return out
    fields = pa.struct([("primary", pa.string()), ("alternate", pa.string())])
    return pa.Array.from_buffers(fields, n, [validity], children=[out, alternate.finish(pa, validity)])


cdef inline Py_ssize_t text_length(const char* code) noexcept nogil:
    cdef Py_ssize_t length = 0
    while length < PACKED and code[length]:
        length += 1
    return length


cdef object encode_many(object names, Py_ssize_t max_length, bint pairs):
    if isinstance(names, np.ndarray):
        return numpy_codes(names, max_length, pairs)
    if hasattr(names, "__arrow_c_array__") or hasattr(names, "__arrow_c_stream__"):
        return arrow_codes(names, max_length, pairs)
    return codes_of(as_tuple(names), max_length, pairs)


def soundex_many(names):
    """Encode many names by American Soundex; each as `soundex` would.

    Parameters
    ----------
    names : sequence of (str or None), numpy.ndarray, or Arrow strings
        An array must have one dimension and hold strings (U, StringDType or objects). Arrow strings are any
        object with ``__arrow_c_array__`` or ``__arrow_c_stream__``.

    Returns
    -------
    list of (str or None), numpy.ndarray, or pyarrow.StringArray
        The container follows the input. Arrays are of dtype U4, or of objects when the input can hold missing
        values. A missing name has a missing code.

    Raises
    ------
    TypeError
        If an element is neither a string nor missing; the text names its position.
    LimitError
        If a name is longer than 65,536 characters.
    MissingExtraError
        If Arrow strings are given and pyarrow is not installed.

    Notes
    -----
    Linear in the number of names; equal codes share one string.

    References
    ----------
    Robert C. Russell, U.S. patent 1,261,167, 1918; National Archives, "The Soundex Indexing System", 2007.

    Examples
    --------
    >>> soundex_many(["Robert", None, "Rupert"])
    ['R163', None, 'R163']
    """
    return encode_many(names, SOUNDEX_LENGTH, False)


def double_metaphone_many(names, max_length=4):
    """Encode many names by Double Metaphone; each as `double_metaphone` would.

    Parameters
    ----------
    names : sequence of (str or None), numpy.ndarray, or Arrow strings
        An array must have one dimension and hold strings (U, StringDType or objects). Arrow strings are any
        object with ``__arrow_c_array__`` or ``__arrow_c_stream__``.
    max_length : int or None, default 4
        Where the codes are cut; None for whole codes.

    Returns
    -------
    list of (tuple or None), numpy.ndarray, or pyarrow.StructArray
        The container follows the input. Arrays have two columns, primary and alternate, of dtype U with room
        for `max_length` (for the longest code when None), or of objects when the input can hold missing values.
        Structs have the fields ``primary`` and ``alternate``. A missing name has missing codes.

    Raises
    ------
    TypeError
        If an element is neither a string nor missing; the text names its position.
    ValueError
        If `max_length` is less than 1.
    LimitError
        If a name is longer than 65,536 characters.
    MissingExtraError
        If Arrow strings are given and pyarrow is not installed.

    Notes
    -----
    Linear in the characters of all names; equal codes of up to four characters share one tuple.

    References
    ----------
    Lawrence Philips, "The Double Metaphone Search Algorithm", C/C++ Users Journal 18 (6), 2000.

    Examples
    --------
    >>> double_metaphone_many(["Smith", None])
    [('SM0', 'XMT'), None]
    """
    return encode_many(names, check_max_length(max_length), True)
