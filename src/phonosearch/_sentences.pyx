"""The evidence of an alignment, in sentences.

A page is read whole more often than not, so the sentences of its hits are part of what a search costs. The hits of one
answer share most of their pairs of words: ``EvidenceReader`` makes each piece of evidence of an answer once.
"""

import numpy as np

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.unicode cimport PyUnicode_GET_LENGTH
from libc.stdint cimport int32_t, int64_t, uint32_t

from phonosearch._align cimport FORM, ROW_HEAD, row_size
from phonosearch._arrays cimport PackedNames
from phonosearch._distance cimport osa_bytes
from phonosearch._encoders cimport unpack
from phonosearch._relation cimport (
    KIND_CLOSE, KIND_EXACT, KIND_INITIAL, KIND_METAPHONE, KIND_NICKNAME, KIND_NONE, KIND_SPELLING, KINDS, PartInfo,
    alternate_ending, describe, heard_as,
)
from phonosearch._text cimport MAX_PARTS, TextRules

from phonosearch._evidence import (
    BIRTH_EVIDENCE, GENERATION_EVIDENCE, PART_KINDS, PLACE_EVIDENCE, SEX_EVIDENCE, Evidence, form_kind,
)
from phonosearch._kernel import text_rules
from phonosearch._names import KINDS as FORM_KINDS
from phonosearch._reference import merge
from phonosearch._spelling import plain_word, words_not_compared, words_of

__all__ = ["EvidenceReader", "evidence_of", "is_plain"]

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    const unsigned char* PyUnicode_1BYTE_DATA(object text)

# Beside the kinds of a relation: a part that stands alone.
cdef enum:
    LEFT_OUT = KINDS
    NOT_ASKED

cdef enum:
    MOST_POINTS = 1 << 12
    MAX_LETTERS = 64            # of a part that is not raw

cdef dict KIND_NAMES = PART_KINDS | {LEFT_OUT: "left_out", NOT_ASKED: "not_asked"}
cdef dict BIRTH = BIRTH_EVIDENCE
cdef dict SEX = SEX_EVIDENCE
cdef dict PLACE = PLACE_EVIDENCE
cdef dict GENERATION = GENERATION_EVIDENCE
cdef object new_tuple = tuple.__new__


cpdef bint is_plain(str name):
    """Whether each part of the full form of the name is written as ``plain_word`` writes it.

    So are most names; to know it from the name alone spares their readers the search for words.
    """
    cdef const unsigned char* letters
    cdef Py_ssize_t at
    cdef bint inside = False, found = False
    cdef Py_ssize_t begin = 0
    if not PyUnicode_IS_COMPACT_ASCII(name):
        return False
    letters = PyUnicode_1BYTE_DATA(name)
    for at in range(PyUnicode_GET_LENGTH(name)):
        if letters[at] == c" ":
            if inside and at - begin == 1 and letters[begin] == c"O":
                return False    # it may be joined to the next word
            inside = False
        elif inside:
            if not c"a" <= letters[at] <= c"z":
                return False
        else:
            if not c"A" <= letters[at] <= c"Z":
                return False
            begin = at
            inside = found = True
    return found


cdef int _describe(TextRules rules, str part, PartInfo* out) except -1:
    """The part as the kernel sees it, while the text lives."""
    if not PyUnicode_IS_COMPACT_ASCII(part) or not 0 < PyUnicode_GET_LENGTH(part) <= MAX_LETTERS:
        raise IndexError("no such part")
    describe(rules, PyUnicode_1BYTE_DATA(part), <int>PyUnicode_GET_LENGTH(part), out, False)
    return 0


cdef str _pair_sentence(TextRules rules, int kind, str asked, str recorded, str a, str b):
    """What a pair of parts says, by the words ``a`` and ``b`` that they were written as."""
    cdef bint same
    cdef int edits
    cdef PartInfo one, other
    cdef uint32_t shared
    cdef str spelt, keys
    if kind == KIND_EXACT:
        same = a == b or a.casefold() == b.casefold()
        return f"“{a}” is the same." if same else f"“{a}” is the same as “{b}”."
    if kind == KIND_SPELLING:
        _describe(rules, asked, &one)
        _describe(rules, recorded, &other)
        if alternate_ending(rules, &one, &other):
            return f"“{a}” and “{b}” are one surname, of a man and of a woman."
        return f"“{a}” and “{b}” are established spellings of one name."
    if kind == KIND_NICKNAME:
        return f"“{a}” and “{b}” are forms of one name (nickname or diminutive)."
    if kind == KIND_INITIAL:
        return f"“{a}” is the initial of “{b}”." if len(asked) == 1 else f"“{b}” is the initial of “{a}”."
    if kind == KIND_NONE:
        return f"“{a}” does not match “{b}”."
    _describe(rules, asked, &one)
    _describe(rules, recorded, &other)
    edits = osa_bytes(one.letters, one.length, other.letters, other.length, -1)
    spelt = "1 letter different" if edits == 1 else f"{edits} letters different"
    if kind == KIND_CLOSE:
        if edits > rules.edits_for_letters[max(one.length, other.length)]:
            if heard_as(rules, &other, &one):
                return f"“{a}” may be how “{b}” is heard ({spelt})."
            if heard_as(rules, &one, &other):
                return f"“{b}” may be how “{a}” is heard ({spelt})."
        return f"“{a}” is spelt almost like “{b}” ({spelt})."
    shared = _shared_code(&one, &other)
    keys = f"Double Metaphone {unpack(shared)}; " if shared else ""
    if kind != KIND_METAPHONE:
        keys = f"{keys[:-2]}{', ' if shared else ''}Soundex {unpack(one.soundex)}; "
    return f"“{a}” sounds like “{b}” ({keys}{spelt})."


cdef uint32_t _shared_code(const PartInfo* a, const PartInfo* b) noexcept:
    """The first in the alphabet of the Double Metaphone codes that both have; 0 if none."""
    cdef bint primary = a.primary != 0 and (a.primary == b.primary or a.primary == b.alternate)
    cdef bint alternate = a.alternate != 0 and (a.alternate == b.primary or a.alternate == b.alternate)
    if primary and alternate:
        return min(a.primary, a.alternate)
    return a.primary if primary else a.alternate if alternate else 0


cdef tuple _not_compared(str query, tuple parts):
    """The evidence of what was asked and is in no part: that it was not compared."""
    cdef str word
    return tuple([
        _piece(word.lower(), "not_compared", f"“{word}” was asked for, but is not compared.", 0)
        for word in words_not_compared(query, parts)
    ])


cdef tuple _words(str name, tuple parts, bint plain):
    """How each part is written in the name."""
    cdef object found = None if plain else words_of(name, parts)
    cdef str part
    return tuple([plain_word(part) for part in parts]) if found is None else found


cdef class _Side:
    """The parts of a form of the query, and how they are written in it."""

    def __cinit__(self, int form, tuple parts, tuple words):
        self.form = form
        self.parts = parts
        self.words = words


@cython.final
cdef class _Recorded:
    """The parts of a form on record, as text or as numbers of the index, and how they are written in the name."""
    cdef int size
    cdef tuple parts, words             # None where only the numbers are known
    cdef TextRules rules
    cdef PackedNames names
    cdef const uint32_t* numbers

    cdef str part(self, int position):
        return self.parts[position] if self.parts is not None else self.names.part_text(self.numbers[position])

    cdef str word(self, int position, str part):
        return self.words[position] if self.words is not None else plain_word(part)


cdef object _piece(str part, str kind, str text, object points):
    return new_tuple(Evidence, (part, kind, text, points))


cdef object _of_part(int kind, int here, int other, int points, _Side asked, _Recorded recorded, dict known):
    """The evidence of a pair of parts, or of one that stands alone; of ``known``, if it is there."""
    cdef str part, b, text
    cdef object key = None, found
    if known is not None and recorded.words is None and -MOST_POINTS < points < MOST_POINTS:
        key = (
            (((<int64_t>asked.form * MAX_PARTS + here) * 16 + kind) * 2 * MOST_POINTS + points + MOST_POINTS) << 32
            | (recorded.numbers[other] if kind != LEFT_OUT else 0)
        )
        found = known.get(key)
        if found is not None:
            return found
    if kind == LEFT_OUT:
        part = asked.parts[here]
        text = f"“{<str>asked.words[here]}” is not in the name on record."
    elif kind == NOT_ASKED:
        part = recorded.part(other)
        text = f"“{recorded.word(other, part)}” in the name on record was not asked for."
    else:
        part = asked.parts[here]
        b = recorded.part(other)
        text = _pair_sentence(recorded.rules, kind, part, b, asked.words[here], recorded.word(other, b))
    found = _piece(part, KIND_NAMES[kind], text, points)
    if key is not None:
        known[key] = found
    return found


cdef object _besides(int column, int kind, dict table, int points, dict known):
    """The evidence of what was asked besides the name."""
    cdef tuple words
    cdef object key = None, found
    if known is not None and -MOST_POINTS < points < MOST_POINTS:
        # Less than 1 << 32, as no key of `_of_part` is.
        key = (column * 64 + kind) * 2 * MOST_POINTS + points + MOST_POINTS
        found = known.get(key)
        if found is not None:
            return found
    words = table[kind]
    found = _piece(words[0], words[1], words[2], points)
    if key is not None:
        known[key] = found
    return found


cdef tuple _evidence(
    const int32_t* row, _Side asked, _Recorded recorded, str form, tuple not_compared, dict known
):
    """The alignment in words: each part of both names stands in exactly one piece of evidence."""
    cdef int pairs = row[7], at, here, other
    cdef uint32_t used_here = 0, used_other = 0
    cdef int queries = len(asked.parts)
    cdef list out = []
    for at in range(ROW_HEAD, ROW_HEAD + 4 * pairs, 4):
        here = row[at]
        other = row[at + 1]
        if not (0 <= here < queries and 0 <= other < recorded.size and 0 <= row[at + 2] < KINDS):
            raise IndexError("no such part")
        used_here |= <uint32_t>1 << here
        used_other |= <uint32_t>1 << other
        out.append(_of_part(row[at + 2], here, other, row[at + 3], asked, recorded, known))
    if pairs < queries:
        for here in range(queries):
            if not used_here >> here & 1:
                out.append(_of_part(LEFT_OUT, here, 0, 0, asked, recorded, known))
    if pairs < recorded.size:
        for other in range(recorded.size):
            if not used_other >> other & 1:
                out.append(_of_part(NOT_ASKED, 0, other, 0, asked, recorded, known))
    out += not_compared
    if row[8]:
        out.append(_piece("order", "order", "The parts stand in another order.", row[8]))
    if form == "joined":
        out.append(_piece("form", form, "Parts are joined or split.", row[9]))
    elif form == "particles":
        out.append(_piece("form", form, "A particle (de, bin, von …) is left out.", row[9]))
    if row[10]:
        out.append(_besides(10, row[10], BIRTH, row[11], known))
    if row[12]:
        out.append(_besides(12, row[12], SEX, row[13], known))
    if row[15]:
        out.append(_besides(15, row[15], PLACE, row[16], known))
    if row[17]:
        out.append(_besides(17, row[17], GENERATION, row[18], known))
    return tuple(out)


cdef tuple _evidence_of(const int32_t* row, tuple asked, tuple recorded, str query, str name, str form):
    cdef bint merged = row[6], plain_query = not row[4] and is_plain(query), plain_name = not row[5] and is_plain(name)
    cdef _Recorded other
    if merged:
        asked, recorded = merge(asked, recorded), merge(recorded, asked)
        plain_query = plain_name = False
        form = "joined"
    if max(len(asked), len(recorded)) > MAX_PARTS:
        raise IndexError("too many parts")
    other = _Recorded.__new__(_Recorded)
    other.rules = text_rules()
    other.size = len(recorded)
    other.parts = recorded
    other.words = _words(name, recorded, plain_name)
    return _evidence(
        row, _Side(row[4], asked, _words(query, asked, plain_query)), other, form,
        _not_compared(query, text_rules().forms(query)[1][0]), None,
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
    return _evidence_of(_numbers(numbers), asked, recorded, names[0], names[1], form)


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
        self.query = query
        self.inconsistent = inconsistent
        self.known = {}

    def read(self, row, str name not None):
        """The evidence of a row of integers."""
        cdef bytes numbers = _row(row)
        return self.read_row(_numbers(numbers), name)

    cdef _Side _asked(self, int form):
        """A form of the query; the one that was read last is kept."""
        cdef _Side side
        cdef tuple parts
        with cython.critical_section(self):
            side = self.side
        if side is None or side.form != form:
            parts = self.query.forms[form].parts
            side = _Side(form, parts, _words(self.query.text, parts, not form and is_plain(self.query.text)))
            with cython.critical_section(self):
                self.side = side
        return side

    cdef tuple _left(self):
        """What of the query is not compared."""
        cdef tuple left
        with cython.critical_section(self):
            left = self.left
        if left is None:
            left = _not_compared(self.query.text, self.query.forms[0].parts)
            with cython.critical_section(self):
                self.left = left
        return left

    cdef tuple read_row(self, const int32_t* row, str name):
        """The evidence of a row that the kernel made."""
        cdef _Recorded recorded
        cdef tuple parts = None
        cdef str kind
        try:
            kind = form_kind(self.query.forms[row[4]].kind, FORM_KINDS[row[5]]) if row[4] or row[5] else None
            if row[6] or row[5] or not is_plain(name):
                parts = self.names.form_parts(row[FORM])
                if row[6]:
                    return _evidence_of(row, self.query.forms[row[4]].parts, parts, self.query.text, name, kind)
            if <uint32_t>row[FORM] >= self.names.forms:
                raise IndexError("no such form")
            recorded = _Recorded.__new__(_Recorded)
            recorded.rules = self.names.rules
            recorded.names = self.names
            recorded.numbers = self.names.form(row[FORM], &recorded.size)
            if parts is not None:
                recorded.parts = parts
                recorded.words = words_of(name, parts)
            return _evidence(row, self._asked(row[4]), recorded, kind, self._left(), self.known)
        except IndexError as error:
            raise self.inconsistent(error) from None
