"""The evidence of an alignment, in sentences.

A page is read whole more often than not, so the sentences of its hits are part of what a search costs. The hits of one
answer share most of their pairs of words: ``EvidenceReader`` makes each piece of evidence of an answer once.
"""

import numpy as np

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp

from phonosearch._align cimport FORM, ROW_HEAD, row_size
from phonosearch._arrays cimport PackedNames
from phonosearch._bits cimport PS_POPCOUNT
from phonosearch._relation cimport KINDS
from phonosearch._text cimport ACCEPTED, MAX_PARTS, ParsedName, TextRules, parts_of
from phonosearch._wording cimport (
    Recorded, Side, alone_sentence, is_plain, pair_sentence, recorded_part, says_all, words_in,
)
from phonosearch._words cimport hash_slot

from phonosearch._evidence import (
    BIRTH_EVIDENCE, GENERATION_EVIDENCE, PART_KINDS, PLACE_EVIDENCE, SEX_EVIDENCE, Evidence, form_kind,
)
from phonosearch._kernel import text_rules
from phonosearch._names import KINDS as FORM_KINDS
from phonosearch._reference import merge
from phonosearch._spelling import words_not_compared, words_of

__all__ = ["EvidenceReader", "evidence_of"]

cdef extern from "Python.h":
    Py_ssize_t PyTuple_GET_SIZE(object values)
    ctypedef struct Type "PyTypeObject":
        object (*tp_new)(Type* type, object arguments, PyObject* named)

# Beside the kinds of a relation: a part that stands alone.
cdef enum:
    LEFT_OUT = KINDS
    NOT_ASKED

cdef enum:
    MOST_POINTS = 1 << 12
    LEAST_ROOM = 64             # pieces of evidence of an answer

cdef tuple KIND_NAMES = tuple([PART_KINDS[kind] for kind in range(KINDS)]) + ("left_out", "not_asked")
cdef dict BIRTH = BIRTH_EVIDENCE
cdef dict SEX = SEX_EVIDENCE
cdef dict PLACE = PLACE_EVIDENCE
cdef dict GENERATION = GENERATION_EVIDENCE
cdef tuple FORM_KIND = tuple([tuple([form_kind(one, other) for other in FORM_KINDS]) for one in FORM_KINDS])


cdef tuple _not_compared(str query, tuple parts):
    """The evidence of what was asked and is in no part: that it was not compared."""
    cdef str word
    if says_all(query, parts):
        return ()
    return tuple([
        _piece(word.lower(), "not_compared", f"“{word}” was asked for, but is not compared.", 0)
        for word in words_not_compared(query, parts)
    ])


cdef object _piece(str part, str kind, str text, object points):
    # The constructor of a named tuple is a function of Python, which does just this.
    return (<Type*>tuple).tp_new(<Type*>Evidence, ((part, kind, text, points),), NULL)


cdef object _of_part(
    TextRules rules, PackedNames names, int kind, int here, int other, int points, Side asked,
    const Recorded* recorded, EvidenceReader reader
):
    """The evidence of a pair of parts, or of one that stands alone; what the reader knows, if it does."""
    cdef uint64_t key = 0
    cdef const PyObject* known
    cdef str part, text
    if reader is not None and recorded.words == NULL and -MOST_POINTS < points < MOST_POINTS:
        key = (
            <uint64_t>(((asked.form * MAX_PARTS + here) * 16 + kind) * 2 * MOST_POINTS + points + MOST_POINTS) << 32
            | (recorded.numbers[other] if kind != LEFT_OUT else 0)
        )
        known = reader.recall(key)
        if known != NULL:
            return <object>known
    part = asked.parts[here] if kind != NOT_ASKED else recorded_part(names, recorded, other)
    if kind < KINDS:
        text = pair_sentence(rules, names, kind, asked, here, recorded, other)
    else:
        text = alone_sentence(names, kind == LEFT_OUT, asked, here, recorded, other)
    return _kept(reader, key, _piece(part, KIND_NAMES[kind], text, points))


cdef object _besides(int column, int kind, dict table, int points, EvidenceReader reader):
    """The evidence of what was asked besides the name."""
    cdef uint64_t key = 0
    cdef const PyObject* known
    cdef tuple words
    if reader is not None and -MOST_POINTS < points < MOST_POINTS:
        # Less than 1 << 32, as no key of `_of_part` is.
        key = (column * 64 + kind) * 2 * MOST_POINTS + points + MOST_POINTS
        known = reader.recall(key)
        if known != NULL:
            return <object>known
    words = table[kind]
    return _kept(reader, key, _piece(words[0], words[1], words[2], points))


cdef inline object _kept(EvidenceReader reader, uint64_t key, object piece):
    if key:
        reader.keep(key, piece)
    return piece


cdef inline Py_ssize_t _add(tuple out, Py_ssize_t at, object piece) noexcept:
    """Put a piece in its place of a new tuple; the next place."""
    Py_INCREF(piece)
    PyTuple_SET_ITEM(out, at, piece)
    return at + 1


cdef tuple _evidence(
    const int32_t* row, TextRules rules, PackedNames names, Side asked, const Recorded* recorded, str form,
    tuple not_compared, EvidenceReader reader
):
    """The alignment in words: each part of both names stands in exactly one piece of evidence."""
    cdef int pairs = row[7], at, here, other, of_form = form is not None and form in ("joined", "particles")
    cdef uint32_t used_here = 0, used_other = 0
    cdef int queries = <int>PyTuple_GET_SIZE(asked.parts), left_out, not_asked
    cdef Py_ssize_t place = 0
    cdef tuple out
    for at in range(ROW_HEAD, ROW_HEAD + 4 * pairs, 4):
        here = row[at]
        other = row[at + 1]
        if not (0 <= here < queries and 0 <= other < recorded.size and 0 <= row[at + 2] < KINDS):
            raise IndexError("no such part")
        used_here |= <uint32_t>1 << here
        used_other |= <uint32_t>1 << other
    left_out = queries - PS_POPCOUNT(used_here)
    not_asked = recorded.size - PS_POPCOUNT(used_other)
    out = PyTuple_New(
        pairs + left_out + not_asked + PyTuple_GET_SIZE(not_compared) + (row[8] != 0) + of_form
        + (row[10] != 0) + (row[12] != 0) + (row[15] != 0) + (row[17] != 0)
    )
    for at in range(ROW_HEAD, ROW_HEAD + 4 * pairs, 4):
        place = _add(out, place, _of_part(
            rules, names, row[at + 2], row[at], row[at + 1], row[at + 3], asked, recorded, reader
        ))
    if left_out:
        for here in range(queries):
            if not used_here >> here & 1:
                place = _add(out, place, _of_part(rules, names, LEFT_OUT, here, 0, 0, asked, recorded, reader))
    if not_asked:
        for other in range(recorded.size):
            if not used_other >> other & 1:
                place = _add(out, place, _of_part(rules, names, NOT_ASKED, 0, other, 0, asked, recorded, reader))
    for at in range(<int>PyTuple_GET_SIZE(not_compared)):
        place = _add(out, place, not_compared[at])
    if row[8]:
        place = _add(out, place, _piece("order", "order", "The parts stand in another order.", row[8]))
    if of_form:
        place = _add(out, place, _piece(
            "form", form,
            "Parts are joined or split." if form == "joined" else "A particle (de, bin, von …) is left out.", row[9],
        ))
    if row[10]:
        place = _add(out, place, _besides(10, row[10], BIRTH, row[11], reader))
    if row[12]:
        place = _add(out, place, _besides(12, row[12], SEX, row[13], reader))
    if row[15]:
        place = _add(out, place, _besides(15, row[15], PLACE, row[16], reader))
    if row[17]:
        place = _add(out, place, _besides(17, row[17], GENERATION, row[18], reader))
    return out


cdef tuple _evidence_of(
    const int32_t* row, TextRules rules, tuple asked, tuple recorded, str query, str name, str form,
    tuple not_compared,
):
    cdef bint merged = row[6], plain_query = not row[4] and is_plain(query), plain_name = not row[5] and is_plain(name)
    cdef Recorded other
    cdef tuple words
    if merged:
        asked, recorded = merge(asked, recorded), merge(recorded, asked)
        plain_query = plain_name = False
        form = "joined"
    if max(len(asked), len(recorded)) > MAX_PARTS:
        raise IndexError("too many parts")
    words = words_in(name, recorded, plain_name)
    other.size = len(recorded)
    other.numbers = NULL
    other.parts = <PyObject*>recorded
    other.words = <PyObject*>words
    return _evidence(
        row, rules, None, Side(asked, words_in(query, asked, plain_query)), &other, form, not_compared, None
    )


cdef bytes _row(row):
    """A row of integers as the kernel has it."""
    cdef bytes numbers = np.array(row, dtype=np.int32).tobytes()
    cdef Py_ssize_t count = len(numbers) // <Py_ssize_t>sizeof(int32_t)
    if count < ROW_HEAD or _numbers(numbers)[7] < 0 or count != <Py_ssize_t>row_size(_numbers(numbers)):
        raise ValueError("no row of an alignment")
    return numbers


cdef inline const int32_t* _numbers(bytes row) noexcept:
    return <const int32_t*>PyBytes_AS_STRING(row)


def evidence_of(row, tuple asked not None, tuple recorded not None, tuple names not None, str form=None):
    """The alignment of a row in words.

    ``asked`` and ``recorded`` are the parts of the forms that were read; where they were merged, of the full forms.
    ``form`` says how a form that is not the full one came about; ``names`` are both as they were given.
    """
    cdef bytes numbers = _row(row)
    cdef TextRules rules = text_rules()
    return _evidence_of(
        _numbers(numbers), rules, asked, recorded, names[0], names[1], form,
        _not_compared(names[0], rules.forms(names[0])[1][0]),
    )


@cython.no_gc                    # nothing that it holds can lead back to it
cdef class EvidenceReader:
    """Reads the evidence of the hits of one answer.

    Parameters
    ----------
    names : PackedNames
    query : Query
    inconsistent : callable
        Makes the error of a crafted file from that of the kernel.
    """

    def __cinit__(self, PackedNames names not None, query not None, inconsistent not None):
        self.names = names
        self.query = query.text
        self.inconsistent = inconsistent
        self.slots = NULL
        self.last = NULL
        self.room = self.held = 0

    def __dealloc__(self):
        cdef size_t at
        for at in range(self.room):
            Py_XDECREF(self.slots[at].piece)
        free(self.slots)

    def read(self, row, str name not None):
        """The evidence of a row of integers."""
        cdef bytes numbers = _row(row)
        cdef tuple found = self.read_row(_numbers(numbers), name)
        self.last = NULL
        return found

    cdef const PyObject* recall(self, uint64_t key) noexcept:
        """A piece of evidence, borrowed; NULL where it was not made yet."""
        cdef size_t at
        if self.room == 0:
            return NULL
        at = hash_slot(key, self.room - 1)
        while self.slots[at].key != 0:
            if self.slots[at].key == key:
                return self.slots[at].piece
            at = (at + 1) & (self.room - 1)
        return NULL

    cdef int keep(self, uint64_t key, object piece) except -1:
        """Keep a piece of evidence for the next hits. It costs less than a dict, whose keys would be objects."""
        cdef Slot* slots
        cdef size_t at, to, room
        if 2 * self.held >= self.room:
            room = max(2 * self.room, <size_t>LEAST_ROOM)
            slots = <Slot*>calloc(room, sizeof(Slot))
            if slots == NULL:
                raise MemoryError
            for at in range(self.room):
                if self.slots[at].key:
                    to = hash_slot(self.slots[at].key, room - 1)
                    while slots[to].key != 0:
                        to = (to + 1) & (room - 1)
                    slots[to] = self.slots[at]
            free(self.slots)
            self.slots = slots
            self.room = room
        at = hash_slot(key, self.room - 1)
        while self.slots[at].key != 0:
            if self.slots[at].key == key:
                return 0            # another thread was faster
            at = (at + 1) & (self.room - 1)
        Py_INCREF(piece)
        self.slots[at].key = key
        self.slots[at].piece = <PyObject*>piece
        self.held += 1
        return 0

    cdef int _read_query(self) except -1:
        """The forms of the query, and what of it is not compared."""
        cdef ParsedName parsed
        cdef bytes text = self.query.encode()
        cdef int form
        cdef list sides = []
        cdef tuple parts
        if self.names.rules.read(
            <const uint8_t*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &parsed
        ) != ACCEPTED:
            raise ValueError("the name must have been checked")
        for form in range(parsed.form_count):
            parts = parts_of(&parsed, form)
            side = Side(parts, words_in(self.query, parts, not form and is_plain(self.query)))
            side.form = form
            side.kind = parsed.kind[form]
            sides.append(side)
        self.left = _not_compared(self.query, (<Side>sides[0]).parts)
        self.sides = sides
        return 0

    cdef tuple read_row(self, const int32_t* row, str name):
        """The evidence of a row that the kernel made."""
        with cython.critical_section(self):     # of threads that read hits of one answer, where there is no GIL
            return self._read_row(row, name)

    cdef tuple _read_row(self, const int32_t* row, str name):
        cdef Recorded recorded
        cdef tuple parts = None, words = None, found
        cdef str kind = None
        cdef Side asked
        try:
            if self.sides is None:
                self._read_query()
            if not (0 <= row[4] < len(self.sides) and 0 <= row[5] < len(FORM_KINDS)):
                raise IndexError("no such form")
            asked = self.sides[row[4]]
            if row[4] or row[5]:
                kind = (<tuple>FORM_KIND[asked.kind])[row[5]]
            if row[6] or row[5] or not is_plain(name):
                parts = self.names.form_parts(row[FORM])
                if row[6]:
                    return _evidence_of(
                        row, self.names.rules, asked.parts, parts, self.query, name, kind, self.left
                    )
                words = words_of(name, parts)
            if <uint32_t>row[FORM] >= self.names.forms:
                raise IndexError("no such form")
            recorded.numbers = self.names.form(row[FORM], &recorded.size)
            recorded.parts = <PyObject*>parts if parts is not None else NULL
            recorded.words = <PyObject*>words if words is not None else NULL
            if words is None and self.last != NULL and _says_the_same(row, self.last):
                return self.last_evidence
            found = _evidence(row, self.names.rules, self.names, asked, &recorded, kind, self.left, self)
            if words is None:
                self.last = row
                self.last_evidence = found
            return found
        except IndexError as error:
            raise self.inconsistent(error) from None


cdef inline bint _says_the_same(const int32_t* row, const int32_t* other) noexcept:
    """Whether two rows differ in nothing but the person and the number of the name: so do most who share a name."""
    return row[7] == other[7] and row[1] == other[1] and row[2] == other[2] and memcmp(
        row + 4, other + 4, (row_size(row) - 4) * sizeof(int32_t)
    ) == 0
