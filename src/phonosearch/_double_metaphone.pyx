"""Double Metaphone (Philips 2000), over bytes in place.

Anything that is not ASCII was folded to ASCII first, so one byte beyond it is known: ``CEDILLA``, which stands for a C
with cedilla.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset, strlen

from phonosearch._packed_code cimport PACKED, big_endian

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* The bytes of a short word: lower case after eight NULs, spaces after them; and of each and the next the letters,
       1 to 26 or 0 for others, as ten bits. Constant bounds let the compiler use vectors; one byte more than `size` is
       read. Gives 1 where a W, a K or CZ stands, 2 where a NUL does. */
    #define PS_LEAD 8
    #define PS_LOWER(c) (uint8_t)((c) + ((uint8_t)((uint8_t)((c) - 'A') < 26) << 5))
    #define PS_LETTER(c) (uint8_t)((uint8_t)((c) - 0x60) & -((uint8_t)((c) - 0x60) < 27))
    static inline int ps_window(const uint8_t *word, size_t length, size_t size, uint8_t *near, uint16_t *pairs) {
        static const uint8_t iota[33] = {
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
            29, 30, 31, 32
        };
        static const uint64_t spaces = UINT64_C(0x2020202020202020);
        uint8_t any = 0, *text = near + PS_LEAD;
        memset(near, 0, PS_LEAD);
        for (size_t i = 0; i < size; i++) {
            uint8_t inside = (uint8_t)-(iota[i] < (uint8_t)length), c = PS_LOWER(word[i]);
            /* Read once more: what was just written in vectors cannot be read at other bounds without waiting. */
            uint8_t next = (uint8_t)(PS_LOWER(word[i + 1]) & -(iota[i + 1] < (uint8_t)length));
            any |= (uint8_t)(inside & -(c == 0)) & 2;
            c &= inside;
            text[i] = c;
            any |= (uint8_t)-((c == 'w') | (c == 'k') | ((c == 'c') & (next == 'z'))) & 1;
            pairs[i] = (uint16_t)(PS_LETTER(c) << 5 | PS_LETTER(next));
        }
        memset(text + size, 0, 29);
        memcpy(text + length, &spaces, 5);
        return any;
    }
    """
    int window "ps_window"(
        const uint8_t* word, size_t length, size_t size, uint8_t* near, uint16_t* pairs) noexcept nogil

cdef enum:
    SHORT = 32         # bytes of a word that is read at once
    WINDOW = 64
    LEAD = 8           # bytes kept before the current one; the rules look back 4
    REACH = 16         # bytes kept from the current one on; the rules look ahead 8
    VOWELS = 0x1104111  # A, E, I, O, U and Y as bits
    PADDING = 5        # a word is read as if this many spaces followed it


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


# Most letters sound the same whatever stands around them, but for the next letter. What they do then stands in a table,
# by the letter and the next one; in one of its own for the first letter of a word, which often sounds otherwise.

cdef enum:
    EMITS = 1 << 16
    MARKED = 1 << 17     # in FIRST: a word that begins so may hold what `mark` looks for,
    MARKED_N = 1 << 18   # or does so before an N
    CONSUMED = 24        # 0 where encode_letter must be asked

# Bytes, from the lowest: primary, alternate, whether they are written, bytes consumed.
cdef uint32_t FIRST[1024]
cdef uint32_t LATER[1024]
# Of the last letter of a word: what it does unless the word ends in IER, AIS or OIS.
cdef uint32_t LAST[32]


cdef void fill(uint32_t* table, const char* letters, const char* following, const char* code, int consumed) noexcept:
    """Say what each of the letters does before each of the following; `code` is empty, or primary and alternate."""
    cdef size_t i, k
    cdef uint32_t step = <uint32_t>consumed << CONSUMED
    if code[0]:
        step |= EMITS | <uint32_t><unsigned char>code[0] | <uint32_t><unsigned char>code[1] << 8
    for i in range(strlen(letters)):
        for k in range(strlen(following)):
            table[(letters[i] & 31) << 5 | following[k] & 31] = step


cdef int fill_tables() except -1:
    # A space stands for the end and for all that is no letter.
    cdef const char* every = b" abcdefghijklmnopqrstuvwxyz"
    cdef uint32_t* table
    cdef int later, at
    cdef bytes pair
    for later in range(2):
        table = &LATER[0] if later else &FIRST[0]
        memset(table, 0, sizeof(FIRST))
        fill(table, b"aeiouy", every, b"" if later else b"AA", 1)
        fill(table, b"b", every, b"PP", 1)
        fill(table, b"b", b"b", b"PP", 2)
        fill(table, b"c", b"abdfjlmnoprstuvwx", b"KK", 1)
        fill(table, b"c", b"kgq", b"KK", 2)
        fill(table, b"c", b"ey", b"SS", 2)
        fill(table, b"d", b" abcefhijklmnopqrsuvwxyz", b"TT", 1)
        fill(table, b"d", b"td", b"TT", 2)
        fill(table, b"fv", every, b"FF", 1)
        fill(table, b"f", b"f", b"FF", 2)
        fill(table, b"v", b"v", b"FF", 2)
        fill(table, b"g", b" abcdfjkmopqrstuvwxz", b"KK", 1)
        fill(table, b"h", b" bcdfghjklmnpqrstvwxz", b"", 1)
        fill(table, b"kq", every, b"KK", 1)
        fill(table, b"k", b"k", b"KK", 2)
        fill(table, b"q", b"q", b"KK", 2)
        fill(table, b"l", b" abcdefghijkmnopqrstuvwxyz", b"LL", 1)
        fill(table, b"m", b" acdefghijklnopqrstuvwxyz", b"MM", 1)
        fill(table, b"m", b"m", b"MM", 2)
        fill(table, b"n", every, b"NN", 1)
        fill(table, b"n", b"n", b"NN", 2)
        fill(table, b"p", b" acdefgijklmnoqrstuvwxyz", b"PP", 1)
        fill(table, b"p", b"pb", b"PP", 2)
        fill(table, b"p", b"h", b"FF", 2)
        fill(table, b"r", b"abcdefghijklmnopqstuvwxyz", b"RR", 1)
        fill(table, b"r", b"r", b"RR", 2)
        fill(table, b"s", b"abdefgjkmnopqrtuvwxy", b"SS", 1)
        fill(table, b"s", b"s", b"SS", 2)
        fill(table, b"s", b"z", b"SX", 2)
        fill(table, b"t", b" abefgjklmnopqrsuvwxyz", b"TT", 1)
        fill(table, b"t", b"d", b"TT", 2)
        fill(table, b"w", b"abcdefghjklmnopqtuvwxyz", b"", 1)
        fill(table, b"w", b"r", b"RR", 2)
    fill(FIRST, b"c", b"a", b"", 0)        # Caesar
    fill(FIRST, b"h", b"aeiouy", b"HH", 2)
    fill(FIRST, b"j", b"abcdefghiklmnpqrstuvwxyz", b"JA", 1)
    fill(FIRST, b"s", b"u", b"", 0)        # sugar
    fill(FIRST, b"s", b"mnw", b"SX", 1)
    fill(FIRST, b"w", b"aeouy", b"AF", 1)
    fill(FIRST, b"w", b"h", b"", 0)
    fill(FIRST, b"x", every, b"SS", 1)
    memset(LAST, 0, sizeof(LAST))
    for at in range(32):
        LAST[at] = LATER[at << 5]
    LAST[c'c' & 31] = LATER[(c'c' & 31) << 5 | c'a' & 31]
    LAST[c'r' & 31] = LATER[(c'r' & 31) << 5 | c'a' & 31]
    LAST[c's' & 31] = LATER[(c's' & 31) << 5 | c'a' & 31]
    for pair in (b"sc", b"mc", b"gn", b"kn", b"pn", b"wr", b"ps"):
        FIRST[(pair[0] & 31) << 5 | pair[1] & 31] |= MARKED
    for pair in (b"va", b"vo", b"sa", b"da", b"ra", b"ma"):
        FIRST[(pair[0] & 31) << 5 | pair[1] & 31] |= MARKED_N


fill_tables()


cdef void mark(Cursor* w) noexcept nogil:
    """Look at the beginning of the word for what holds to its end, and step over a silent first letter."""
    w.sch = has(w, 0, b"sch")
    w.germanic = w.sch or has(w, 0, b"van ") or has(w, 0, b"von ")
    w.san = has(w, 0, b"san ")
    w.mc = has(w, 0, b"mc")
    w.anger = has(w, 1, b"anger") and one_of(char_at(w, 0), b"drm")
    if has(w, 0, b"gn") or has(w, 0, b"kn") or has(w, 0, b"pn") or has(w, 0, b"wr") or has(w, 0, b"ps"):
        w.here = 1


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
    mark(&w)
    while w.here < length and (w.primary_length < max_length or w.alternate_length < max_length):
        if w.here - w.base > WINDOW - LEAD - REACH:
            look_around(&w)
        encode_letter(&w)
    primary_length[0] = w.primary_length
    alternate_length[0] = w.alternate_length


cdef uint64_t pack_pair(const unsigned char* word, Py_ssize_t length, Py_ssize_t max_length) noexcept nogil:
    """The primary above the alternate, which is 0 when it equals the primary; max_length <= PACKED."""
    cdef unsigned char copy[SHORT + 1]
    if length <= SHORT:
        memset(copy, 0, SHORT + 1)
        memcpy(copy, word, length)
        return pack_short(copy, length, max_length)
    return pack_long(word, length, max_length)


cdef uint64_t pack_long(const unsigned char* word, Py_ssize_t length, Py_ssize_t max_length) noexcept nogil:
    cdef uint32_t primary = 0, alternate = 0
    cdef Py_ssize_t primary_length = 0, alternate_length = 0
    encode_double_metaphone(
        word, length, max_length, <char*>&primary, &primary_length, <char*>&alternate, &alternate_length
    )
    primary = big_endian(primary)
    alternate = big_endian(alternate)
    return <uint64_t>primary << 32 | (0 if primary == alternate else alternate)


cdef inline uint64_t pack_short(const unsigned char* word, Py_ssize_t length, Py_ssize_t max_length) noexcept nogil:
    """For a word of at most SHORT bytes, where SHORT + 1 may be read."""
    cdef char primary[ROOM]
    cdef char alternate[ROOM]
    cdef uint32_t first, second
    cdef Py_ssize_t primary_length, alternate_length
    write_short(word, length, max_length, primary, &primary_length, alternate, &alternate_length)
    memcpy(&first, primary, PACKED)
    memcpy(&second, alternate, PACKED)
    first = big_endian(first) & leading(primary_length)
    second = big_endian(second) & leading(alternate_length)
    return <uint64_t>first << 32 | second


cdef inline void write_short(
    const unsigned char* word, Py_ssize_t length, Py_ssize_t max_length,
    char* primary, Py_ssize_t* primary_written, char* alternate, Py_ssize_t* alternate_written,
) noexcept nogil:
    """Codes of at most PACKED characters, the alternate empty when it equals the primary; each has ROOM."""
    cdef Cursor w
    cdef uint16_t pairs[SHORT]
    cdef uint32_t steps[SHORT]
    cdef uint32_t step
    cdef Py_ssize_t here = 0, primary_length = 0, alternate_length = 0, i
    cdef const unsigned char* end
    cdef int flags
    if length <= SHORT // 2:
        flags = window(word, length, SHORT // 2, w.near, pairs)
    else:
        flags = window(word, length, SHORT, w.near, pairs)
    w.word = word
    w.length = length
    w.here = 0
    w.base = 0
    w.slavo_germanic = flags & 1
    w.sch = w.germanic = w.san = w.mc = w.anger = False
    w.max_length = max_length
    w.primary = primary
    w.alternate = alternate
    # All steps are looked up before the walk: there each would wait for the one before it.
    for i in range(8):
        steps[i] = LATER[pairs[i]]
    for i in range(8, length):
        steps[i] = LATER[pairs[i]]
    if length > 1:
        end = w.near + LEAD + length - 3
        steps[length - 1] = LAST[pairs[length - 1] >> 5] & (0 - <uint32_t>(
            ((end[0] != c'i') | (end[1] != c'e') | (end[2] != c'r'))
            & (((end[0] != c'a') & (end[0] != c'o')) | (end[1] != c'i') | (end[2] != c's'))
        ))
    step = FIRST[pairs[0]]
    steps[0] = step
    # A NUL ends the search for Slavic letters; behind SCH a W sounds otherwise: neither is for the tables.
    if flags & 2 or step & MARKED or (step & MARKED_N and w.near[LEAD + 2] == c'n'):
        mark(&w)
        if flags & 2 or w.sch:
            encode_double_metaphone(
                word, length, max_length, primary, primary_written, alternate, alternate_written
            )
            drop_equal(primary, primary_written[0], alternate, alternate_written)
            return
        here = w.here
    while here < length and min(primary_length, alternate_length) < max_length:
        step = steps[here]
        if step >> CONSUMED == 0:
            w.here = here
            w.primary_length = primary_length
            w.alternate_length = alternate_length
            encode_letter(&w)
            here = w.here
            primary_length = w.primary_length
            alternate_length = w.alternate_length
            continue
        # There is room for a character a letter, so nothing need be asked before writing.
        primary[primary_length] = <char>(step & 255)
        alternate[alternate_length] = <char>(step >> 8 & 255)
        primary_length += step >> 16 & 1
        alternate_length += step >> 16 & 1
        here += step >> CONSUMED
    primary_written[0] = min(primary_length, max_length)
    alternate_written[0] = min(alternate_length, max_length)
    drop_equal(primary, primary_written[0], alternate, alternate_written)


cdef inline void drop_equal(
    const char* primary, Py_ssize_t primary_length, const char* alternate, Py_ssize_t* alternate_length
) noexcept nogil:
    cdef uint32_t first, second
    memcpy(&first, primary, PACKED)
    memcpy(&second, alternate, PACKED)
    if primary_length == alternate_length[0] and not big_endian(first ^ second) & leading(primary_length):
        alternate_length[0] = 0


cdef inline uint32_t leading(Py_ssize_t characters) noexcept nogil:
    """A mask of the first characters of a packed code."""
    return <uint32_t>~(<uint64_t>0xFFFFFFFF >> 8 * characters)


cdef void double_metaphone_codes(
    const unsigned char* word, Py_ssize_t length, unsigned int* primary, unsigned int* alternate
) noexcept nogil:
    """Both codes cut at four characters and packed; the alternate is 0 when it equals the primary."""
    cdef uint64_t pair = pack_pair(word, length, PACKED)
    primary[0] = <unsigned int>(pair >> 32)
    alternate[0] = <unsigned int>pair


cdef void double_metaphone_rows(
    const unsigned char* data, const int32_t* start, Py_ssize_t rows, Py_ssize_t max_length,
    char* primary, int64_t primary_used, int64_t* primary_ends,
    char* alternate, int64_t alternate_used, int64_t* alternate_ends,
) noexcept nogil:
    """The codes of many words, as `soundex_rows` writes them; an alternate that equals the primary is left out.

    Beyond the last word SHORT + 1 more bytes may be read, and ROOM more may be written to either buffer.
    """
    cdef Py_ssize_t i, length, room, first, second
    for i in range(rows):
        length = start[i + 1] - start[i]
        if max_length <= PACKED and length <= SHORT:
            write_short(
                data + start[i], length, max_length,
                primary + primary_used, &first, alternate + alternate_used, &second,
            )
        else:
            room = min(max_length, 2 * length + 2)
            encode_double_metaphone(
                data + start[i], length, room, primary + primary_used, &first, alternate + alternate_used, &second
            )
            if first == second and memcmp(primary + primary_used, alternate + alternate_used, first) == 0:
                second = 0
        primary_used += first
        alternate_used += second
        primary_ends[i] = primary_used
        alternate_ends[i] = alternate_used
