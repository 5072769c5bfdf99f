"""The towns and the UK postcodes that a text names: the compiled twin of ``_places``."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

from phonosearch._cells cimport valid_utf8
from phonosearch._text cimport (
    ACCEPTED, EMPTY_NAME, MAX_CODE_POINTS, MAX_PLACE_LETTERS, MAX_PLACE_PARTS, ParsedName, TextRules,
)

cdef enum:
    TOKENS = 4                  # "L S 6 2AB"
    MAX_POSTCODE = 7
    RAW_MARK = 61               # begins the one part of a name without letters


cdef inline uint8_t _upper(uint8_t letter) noexcept nogil:
    """A letter in capitals, or a digit; 0 for anything else."""
    if 97 <= letter <= 122:
        return letter - 32
    return letter if 65 <= letter <= 90 or 48 <= letter <= 57 else 0


cdef inline bint _digit(uint8_t character) noexcept nogil:
    return 48 <= character <= 57


cdef bint _is_outward(TextRules rules, const uint8_t* code, int length) noexcept nogil:
    cdef int letters = 0, first, second = 0
    while letters < length and letters < 2 and not _digit(code[letters]):
        letters += 1
    if letters == 0 or not letters < length <= letters + 2:
        return False
    first = code[0] - 64
    if letters == 2:
        second = code[1] - 64
    if not rules.postcode_area[27 * first + second] or not _digit(code[letters]):
        return False
    if length == letters + 1:
        return True
    if _digit(code[letters + 1]):
        return code[letters] != 48
    return (rules.postcode_third if letters == 1 else rules.postcode_fourth) >> (code[letters + 1] - 65) & 1


cdef bint _is_postcode(TextRules rules, const uint8_t* code, int length) noexcept nogil:
    cdef int place
    if length < 5 or not _digit(code[length - 3]):
        return False
    for place in range(length - 2, length):
        if _digit(code[place]) or rules.postcode_never_inward >> (code[place] - 65) & 1:
            return False
    return _is_outward(rules, code, length - 3)


cdef uint64_t _pack(const uint8_t* code, int length) noexcept nogil:
    """``_places.pack_postcode``."""
    cdef int outward = length - 3 if length > 4 else length, place, at
    cdef uint64_t number = 0
    for place in range(7):
        at = place if place < 4 else outward + place - 4
        number *= 37
        if (place < 4 and at < outward) or (place >= 4 and at < length):
            number += code[at] - 21 if _digit(code[at]) else code[at] - 64
    return number


cdef int _add_postcode(const uint8_t* code, int length, Places* out) noexcept nogil:
    """False where there is no more room."""
    cdef uint64_t number = _pack(code, length)
    cdef int at
    for at in range(out.postcodes):
        if out.postcode[at] == number:
            return True
    if out.postcodes == MAX_PLACE_PARTS:
        return False
    out.postcode[out.postcodes] = number
    out.postcodes += 1
    return True


cdef Py_ssize_t _token_end(const uint8_t* text, Py_ssize_t at, Py_ssize_t end) noexcept nogil:
    while at < end and _upper(text[at]):
        at += 1
    return at


cdef Py_ssize_t _run(
    TextRules rules, const uint8_t* text, Py_ssize_t at, Py_ssize_t end, int tokens, uint8_t* code, int* length
) noexcept nogil:
    """The end of a postcode of so many tokens at ``at``, where a token begins; -1 where there is none."""
    cdef int token
    cdef Py_ssize_t stop
    length[0] = 0
    for token in range(tokens):
        if token:
            while at < end and (text[at] == 32 or text[at] == 9 or text[at] == 45):
                at += 1
        stop = _token_end(text, at, end)
        if stop == at or length[0] + stop - at > MAX_POSTCODE:
            return -1
        while at < stop:
            code[length[0]] = _upper(text[at])
            length[0] += 1
            at += 1
    return at if _is_postcode(rules, code, length[0]) else -1


cdef int _add_segment(
    TextRules rules, const uint8_t* text, Py_ssize_t length, uint8_t* rest, Places* out
) except -1 nogil:
    """Add what one segment names; False where it is over a limit. ``rest`` has room for the segment, and for a town."""
    cdef Py_ssize_t at = 0, stop, used = 0, last = -1, last_end = 0
    cdef int tokens, size, part, town, status
    cdef uint8_t code[MAX_POSTCODE]
    cdef bint found = False
    cdef ParsedName parsed
    cdef uint8_t* letters
    while at < length:
        if not _upper(text[at]):
            rest[used] = text[at]
            used += 1
            at += 1
            continue
        stop = -1
        for tokens in range(TOKENS, 0, -1):
            stop = _run(rules, text, at, length, tokens, code, &size)
            if stop >= 0:
                break
        if stop >= 0:
            if not _add_postcode(code, size, out):
                return False
            found = True
            rest[used] = 32
            used += 1
            at = stop
            continue
        last = used
        stop = _token_end(text, at, length)
        memcpy(rest + used, text + at, stop - at)
        used += stop - at
        last_end = used
        at = stop
    if not found and last >= 0 and last_end - last <= 4:
        size = <int>(last_end - last)
        for part in range(size):
            code[part] = _upper(rest[last + part])
        if _is_outward(rules, code, size):
            if not _add_postcode(code, size, out):
                return False
            rest[last] = 32
            for at in range(used - last_end):
                rest[last + 1 + at] = rest[last_end + at]
            used -= size - 1
    status = rules.read(rest, used, &parsed)
    if status == EMPTY_NAME:
        return True
    if status != ACCEPTED:
        return False
    if parsed.letters[parsed.start[0][0]] == RAW_MARK:
        return True
    if out.towns == MAX_PLACE_PARTS:
        letters = NULL
    else:
        letters = out.letters[out.towns]
    # In a place of its own first: the town may be there already where there is no room for another.
    used = 0
    for part in range(parsed.size[0]):
        if used + (part > 0) + parsed.length[0][part] > MAX_PLACE_LETTERS:
            return False
        if part:
            rest[used] = 32
            used += 1
        memcpy(rest + used, &parsed.letters[parsed.start[0][part]], parsed.length[0][part])
        used += parsed.length[0][part]
    for town in range(out.towns):
        if out.length[town] == used and memcmp(out.letters[town], rest, used) == 0:
            return True
    if letters == NULL:
        return False
    memcpy(letters, rest, used)
    out.length[out.towns] = <uint8_t>used
    out.towns += 1
    return True


cdef int read_places(TextRules rules, const uint8_t* text, Py_ssize_t length, Places* out) except -1 nogil:
    """Read a text; False where it names no place, or more than the limits allow, or is no UTF-8."""
    cdef Py_ssize_t at, start = 0, points = 0
    cdef uint8_t rest[8 * MAX_CODE_POINTS]
    out.towns = out.postcodes = 0
    if length > 4 * MAX_CODE_POINTS or not valid_utf8(text, length):
        return False
    for at in range(length):
        points += text[at] & 0xC0 != 0x80
    if points > MAX_CODE_POINTS:
        return False
    for at in range(length + 1):
        if at < length and text[at] != 44 and text[at] != 59 and text[at] != 124 and text[at] != 10 and text[at] != 13:
            continue
        if not _add_segment(rules, text + start, at - start, rest, out):
            return False
        start = at + 1
    return out.towns > 0 or out.postcodes > 0


def places_of(TextRules rules not None, bytes text not None):
    """The towns and the packed postcodes of a text in UTF-8; None where it is none."""
    cdef Places found
    cdef int at
    if not read_places(rules, <const uint8_t*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &found):
        return None
    return (
        tuple([found.letters[at][:found.length[at]].decode("ascii") for at in range(found.towns)]),
        tuple([found.postcode[at] for at in range(found.postcodes)]),
    )
