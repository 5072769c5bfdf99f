"""Sentences on parts, for other compiled modules."""

from cpython.object cimport PyObject
from libc.stdint cimport uint32_t

from phonosearch._arrays cimport PackedNames
from phonosearch._relation cimport PartInfo
from phonosearch._text cimport TextRules

ctypedef struct Recorded:       # the parts of a form on record, and how they are written in the name; all is borrowed
    int size
    const uint32_t* numbers     # of the index; NULL where it has none
    PyObject* parts             # as text; NULL where only the numbers are known
    PyObject* words             # NULL where each is written as ``plain_word`` writes it

cdef class Side:
    cdef int form, kind         # of the query, by number
    cdef tuple parts, words
    cdef PartInfo* infos        # of the parts; NULL before the first is asked for
    cdef uint32_t described     # which of them are known, a bit each

    cdef const PartInfo* info(self, TextRules rules, int position) except NULL

cpdef bint is_plain(str name)
cdef bint says_all(str name, tuple parts)
cdef tuple words_in(str name, tuple parts, bint plain)
cdef str recorded_part(PackedNames names, const Recorded* recorded, int position)
cdef str pair_sentence(
    TextRules rules, PackedNames names, int kind, Side asked, int here, const Recorded* recorded, int other
)
cdef str alone_sentence(
    PackedNames names, bint asked_for, Side asked, int here, const Recorded* recorded, int other
)
