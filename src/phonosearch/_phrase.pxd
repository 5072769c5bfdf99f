"""Text of Python from pieces, in one allocation and without a text for each; header only."""

from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memcpy

cdef extern from "Python.h":
    ctypedef unsigned int Py_UCS4
    int PyUnicode_KIND(object text)
    void* PyUnicode_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    object PyUnicode_New(Py_ssize_t length, Py_UCS4 greatest)

cdef enum:
    PIECES = 12                 # of a phrase, at most

ctypedef struct Piece:          # borrowed: what it is a piece of has to live as long
    const void* data
    Py_ssize_t length
    int kind                    # bytes of a character, as Python keeps them

ctypedef struct Phrase:
    Py_ssize_t length
    int count
    int kind
    Piece pieces[PIECES]


cdef inline Piece piece_of(str text):
    cdef Piece piece
    piece.data = PyUnicode_DATA(text)
    piece.length = PyUnicode_GET_LENGTH(text)
    piece.kind = PyUnicode_KIND(text)
    return piece


cdef inline Piece piece_of_ascii(const void* letters, Py_ssize_t length) noexcept:
    cdef Piece piece
    piece.data = letters
    piece.length = length
    piece.kind = 1
    return piece


cdef inline void begin_phrase(Phrase* phrase) noexcept:
    phrase.length = 0
    phrase.count = 0
    phrase.kind = 2


cdef inline void say(Phrase* phrase, const Piece* piece) noexcept:
    """Add a piece; there must be room for it."""
    phrase.pieces[phrase.count] = piece[0]
    phrase.count += 1
    phrase.length += piece.length
    phrase.kind = max(phrase.kind, piece.kind)


cdef inline str spoken(const Phrase* phrase):
    """The text of a phrase, of which at least one character must lie beyond Latin-1, as quotation marks do: Python
    keeps a text in the narrowest characters that hold it."""
    cdef object text = PyUnicode_New(phrase.length, 0x10FFFF if phrase.kind == 4 else 0xFFFF)
    cdef const Piece* piece
    cdef Py_ssize_t at
    cdef int number
    cdef uint16_t* to = <uint16_t*>PyUnicode_DATA(text)
    cdef Py_UCS4* wide = <Py_UCS4*>to
    for number in range(phrase.count):
        piece = &phrase.pieces[number]
        if phrase.kind == 2:
            if piece.kind == 2:
                memcpy(to, piece.data, piece.length * sizeof(uint16_t))
            else:
                for at in range(piece.length):
                    to[at] = (<const uint8_t*>piece.data)[at]
            to += piece.length
        else:
            for at in range(piece.length):
                if piece.kind == 1:
                    wide[at] = (<const uint8_t*>piece.data)[at]
                elif piece.kind == 2:
                    wide[at] = (<const uint16_t*>piece.data)[at]
                else:
                    wide[at] = (<const Py_UCS4*>piece.data)[at]
            wide += piece.length
    return text
