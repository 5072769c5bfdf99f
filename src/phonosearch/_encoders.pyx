"""Soundex and Double Metaphone of a name as text: fold it to ASCII, encode its bytes, write the codes as text."""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_Check, PyUnicode_DecodeASCII, PyUnicode_FromObject, PyUnicode_GET_LENGTH
from libc.stdint cimport uint32_t, uint64_t

import operator
import unicodedata

from anyascii import anyascii

from phonosearch._double_metaphone cimport CEDILLA, encode_double_metaphone, pack_pair
from phonosearch._packed_code cimport PACKED
from phonosearch._soundex cimport soundex_code

from phonosearch._errors import LimitError

__all__ = ["double_metaphone", "soundex"]

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    void* PyUnicode_DATA(object text)
    object PyUnicode_New(Py_ssize_t length, Py_UCS4 largest)

cdef enum:
    MAX_NAME = 65536
    STACK = 64         # codes up to this length need no allocation

# Letters that NFKD leaves whole although they are Latin letters with a usual ASCII spelling.
cdef dict LATIN = {
    "ß": b"ss", "ẞ": b"SS", "æ": b"ae", "Æ": b"AE", "œ": b"oe", "Œ": b"OE", "ø": b"o", "Ø": b"O",
    "đ": b"d", "Đ": b"D", "ð": b"d", "Ð": b"D", "þ": b"th", "Þ": b"TH", "ł": b"l", "Ł": b"L", "ı": b"i",
}


# Text to bytes

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


cdef inline int check_name(object name) except -1:
    if not PyUnicode_Check(name):
        raise TypeError(f"name: expected str, got {type(name).__name__}")
    if PyUnicode_GET_LENGTH(name) > MAX_NAME:
        raise LimitError("name", MAX_NAME, PyUnicode_GET_LENGTH(name), "characters")
    return 0


cdef Py_ssize_t check_max_length(object max_length) except 0:
    """As a C integer; no limit becomes more than any name can fill."""
    cdef object wanted
    if max_length is None:
        return UNLIMITED
    wanted = operator.index(max_length)
    if wanted < 1:
        raise ValueError(f"max_length: expected at least 1 or None, got {wanted}")
    return min(wanted, UNLIMITED)


# Codes to text

cdef inline int length_of(uint32_t packed) noexcept nogil:
    return (packed != 0) + (packed << 8 != 0) + (packed << 16 != 0) + (packed << 24 != 0)


cdef object unpack(uint32_t packed):
    cdef Py_ssize_t i, length = length_of(packed)
    cdef object text = PyUnicode_New(length, 127)
    cdef char* data = <char*>PyUnicode_DATA(text)
    for i in range(length):
        data[i] = <char>(packed >> (24 - 8 * i))
    return text


cdef inline tuple unpack_pair(uint64_t pair):
    return (unpack(<uint32_t>(pair >> 32)), unpack(<uint32_t>pair))


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


# Single names

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
    check_name(name)
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
    check_name(name)
    if PyUnicode_IS_COMPACT_ASCII(name):
        word = ascii_bytes(name)
    else:
        folded = fold(name, True)
        word = bytes_view(folded)
    return pair_of_bytes(word, limit)
