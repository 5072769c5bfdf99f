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

from phonosearch._align cimport FORM, ROW_HEAD, row_size
from phonosearch._arrays cimport PackedNames
from phonosearch._bits cimport PS_POPCOUNT
from phonosearch._distance cimport osa_pattern
from phonosearch._phrase cimport Phrase, Piece, begin_phrase, piece_of, piece_of_ascii, say, spoken
from phonosearch._relation cimport (
    KIND_CLOSE, KIND_EXACT, KIND_INITIAL, KIND_METAPHONE, KIND_NICKNAME, KIND_NONE, KIND_SPELLING, KINDS, PartInfo,
    alternate_ending, heard_as, look_up, sound_out,
)
from phonosearch._text cimport ACCEPTED, MAX_PARTS, ParsedName, TextRules, parts_of
from phonosearch._words cimport hash_slot

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
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    object PyUnicode_FromKindAndData(int kind, const void* data, Py_ssize_t length)
    Py_ssize_t PyTuple_GET_SIZE(object values)
    ctypedef struct Type "PyTypeObject":
        object (*tp_new)(Type* type, object arguments, PyObject* named)

# Beside the kinds of a relation: a part that stands alone.
cdef enum:
    LEFT_OUT = KINDS
    NOT_ASKED

cdef enum:
    MOST_POINTS = 1 << 12
    MAX_LETTERS = 64            # of a part that is not raw
    LEAST_ROOM = 64             # pieces of evidence of an answer

cdef tuple KIND_NAMES = tuple([PART_KINDS[kind] for kind in range(KINDS)]) + ("left_out", "not_asked")
cdef dict BIRTH = BIRTH_EVIDENCE
cdef dict SEX = SEX_EVIDENCE
cdef dict PLACE = PLACE_EVIDENCE
cdef dict GENERATION = GENERATION_EVIDENCE
cdef tuple FORM_KIND = tuple([tuple([form_kind(one, other) for other in FORM_KINDS]) for one in FORM_KINDS])

cdef enum:                      # what stands before, between and after the words of sentences
    OPENING
    IS_THE_SAME
    IS_THE_SAME_AS
    AND
    ARE_OF_BOTH_SEXES
    ARE_SPELLINGS
    ARE_NICKNAMES
    IS_INITIAL_OF
    DOES_NOT_MATCH
    MAY_BE_HOW
    IS_HEARD
    IS_ALMOST
    SOUNDS_LIKE
    BY_METAPHONE
    BY_BOTH
    BY_SOUNDEX
    THEN
    BRACKET
    ONE_LETTER
    SOME_LETTERS
    IS_NOT_ON_RECORD
    WAS_NOT_ASKED
    CLOSING
    WORDINGS

cdef tuple WORDING_TEXTS = (
    "“", "” is the same.", "” is the same as “", "” and “", "” are one surname, of a man and of a woman.",
    "” are established spellings of one name.", "” are forms of one name (nickname or diminutive).",
    "” is the initial of “", "” does not match “", "” may be how “", "” is heard (", "” is spelt almost like “",
    "” sounds like “", "” (Double Metaphone ", ", Soundex ", "” (Soundex ", "; ", "” (", "1 letter different).",
    " letters different).", "” is not in the name on record.", "” in the name on record was not asked for.", "”.",
)
cdef Piece WORDING[WORDINGS]
for _number, _text in enumerate(WORDING_TEXTS):
    WORDING[_number] = piece_of(_text)


ctypedef struct Recorded:       # the parts of a form on record, and how they are written in the name; all is borrowed
    int size
    const uint32_t* numbers     # of the index; NULL where it has none
    PyObject* parts             # as text; NULL where only the numbers are known
    PyObject* words             # NULL where each is written as ``plain_word`` writes it


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


cdef str _plain(str part):
    """``plain_word``."""
    cdef uint8_t room[MAX_LETTERS]
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(part)
    if PyUnicode_IS_COMPACT_ASCII(part) and _write_plain(PyUnicode_1BYTE_DATA(part), length, room):
        return PyUnicode_FromKindAndData(1, room, length)
    return plain_word(part)


cdef bint _write_plain(const uint8_t* letters, Py_ssize_t length, uint8_t* room) noexcept:
    """Write ``plain_word`` of a part, if it is letters only."""
    cdef Py_ssize_t at
    if not 0 < length <= MAX_LETTERS:
        return False
    for at in range(length):
        if not c"a" <= letters[at] <= c"z":
            return False
        room[at] = letters[at]
    room[0] -= 32
    return True


cdef bint _says_all(str name, tuple parts):
    """Whether a name is its parts and spaces: then no word of it is left out. Such names are most."""
    cdef const unsigned char* letters
    cdef const unsigned char* part
    cdef Py_ssize_t at = 0, count = PyTuple_GET_SIZE(parts), number, length, letter
    if not PyUnicode_IS_COMPACT_ASCII(name):
        return False
    letters = PyUnicode_1BYTE_DATA(name)
    for number in range(count):
        if not PyUnicode_IS_COMPACT_ASCII(parts[number]):
            return False
        part = PyUnicode_1BYTE_DATA(parts[number])
        length = PyUnicode_GET_LENGTH(parts[number])
        if at + length + (number > 0) > PyUnicode_GET_LENGTH(name):
            return False
        if number:
            if letters[at] != c" ":
                return False
            at += 1
        for letter in range(length):
            if letters[at + letter] != part[letter] and letters[at + letter] + 32 != part[letter]:
                return False
            if not c"a" <= part[letter] <= c"z":
                return False
        at += length
    return at == PyUnicode_GET_LENGTH(name)


cdef tuple _not_compared(str query, tuple parts):
    """The evidence of what was asked and is in no part: that it was not compared."""
    cdef str word
    if _says_all(query, parts):
        return ()
    return tuple([
        _piece(word.lower(), "not_compared", f"“{word}” was asked for, but is not compared.", 0)
        for word in words_not_compared(query, parts)
    ])


cdef tuple _words(str name, tuple parts, bint plain):
    """How each part is written in the name."""
    cdef object found = None if plain else words_of(name, parts)
    cdef str part
    return tuple([_plain(part) for part in parts]) if found is None else found


@cython.final
@cython.no_gc                   # nothing that it holds can lead back to it
cdef class _Side:
    """The parts of a form of the query, and how they are written in it."""

    def __cinit__(self, tuple parts, tuple words):
        self.parts = parts
        self.words = words
        self.infos = NULL
        self.described = 0

    def __dealloc__(self):
        free(self.infos)

    cdef const PartInfo* info(self, TextRules rules, int position) except NULL:
        """A part as the kernel sees it; it is described once."""
        cdef PartInfo* found
        if self.infos == NULL:
            self.infos = <PartInfo*>calloc(PyTuple_GET_SIZE(self.parts), sizeof(PartInfo))
            if self.infos == NULL:
                raise MemoryError
        found = self.infos + position
        if not self.described >> position & 1:
            _describe(rules, self.parts[position], found)
            sound_out(rules, found, True)
            self.described |= <uint32_t>1 << position
        return found


cdef int _describe(TextRules rules, str part, PartInfo* out) except -1:
    """What the tables say of a part, while the text lives."""
    if not PyUnicode_IS_COMPACT_ASCII(part) or not 0 < PyUnicode_GET_LENGTH(part) <= MAX_LETTERS:
        raise IndexError("no such part")
    look_up(rules, PyUnicode_1BYTE_DATA(part), <int>PyUnicode_GET_LENGTH(part), out)
    if out.raw:
        raise IndexError("no such part")
    return 0


cdef int _describe_recorded(
    TextRules rules, PackedNames names, const Recorded* recorded, int position, PartInfo* out
) except -1:
    """A part on record as the kernel sees it; the index knows its codes."""
    cdef const uint32_t* codes
    cdef const uint8_t* letters
    cdef uint32_t number
    cdef int length, at
    if recorded.numbers == NULL:
        _describe(rules, (<tuple>recorded.parts)[position], out)
        sound_out(rules, out, False)
        return 0
    number = recorded.numbers[position]
    letters = names.letters(number)
    length = names.length(number)
    if not 0 < length <= MAX_LETTERS:
        raise IndexError("no such part")
    for at in range(length):
        if not c"a" <= letters[at] <= c"z":
            raise IndexError("no such part")
    look_up(rules, letters, length, out)
    codes = names.part_key.data + 3 * <size_t>number
    out.primary = codes[0]
    out.alternate = codes[1]
    out.soundex = codes[2]
    return 0


cdef str _recorded_part(PackedNames names, const Recorded* recorded, int position):
    if recorded.parts != NULL:
        return (<tuple>recorded.parts)[position]
    return names.part_text(recorded.numbers[position])


cdef str _recorded_word(PackedNames names, const Recorded* recorded, int position, uint8_t* room, Piece* out):
    """How a part on record is written; returns what the piece is of, unless it is of ``room``, of MAX_LETTERS."""
    cdef str word
    cdef uint32_t number
    if recorded.words != NULL:
        word = (<tuple>recorded.words)[position]
    else:
        if recorded.numbers != NULL:
            number = recorded.numbers[position]
            if _write_plain(names.letters(number), names.length(number), room):
                out[0] = piece_of_ascii(room, names.length(number))
                return None
        word = plain_word(_recorded_part(names, recorded, position))
    out[0] = piece_of(word)
    return word


cdef bint _same_word(str a, const Piece* b):
    """Whether two words are one but for upper and lower case."""
    cdef const uint8_t* one = PyUnicode_1BYTE_DATA(a)
    cdef const uint8_t* other = <const uint8_t*>b.data
    cdef Py_ssize_t at, length = PyUnicode_GET_LENGTH(a)
    cdef str text
    if PyUnicode_IS_COMPACT_ASCII(a) and b.kind == 1 and b.length == length:
        for at in range(length):
            if one[at] != other[at]:
                break
        else:
            return True
    text = PyUnicode_FromKindAndData(b.kind, b.data, b.length)
    return a == text or a.casefold() == text.casefold()


cdef int _say_between(Phrase* phrase, const Piece* a, int between, const Piece* b, int after) except -1:
    say(phrase, &WORDING[OPENING])
    say(phrase, a)
    say(phrase, &WORDING[between])
    say(phrase, b)
    say(phrase, &WORDING[after])
    return 0


cdef str _pair_sentence(
    TextRules rules, PackedNames names, int kind, _Side asked, int here, const Recorded* recorded, int other
):
    """What a pair of parts says, by the words that they were written as."""
    cdef uint8_t room[MAX_LETTERS]
    cdef uint8_t code[4]
    cdef uint8_t second_code[4]
    cdef uint8_t digits[8]
    cdef Piece a = piece_of(asked.words[here]), b, piece
    cdef str _kept_word = _recorded_word(names, recorded, other, room, &b)
    cdef int edits
    cdef const PartInfo* one
    cdef PartInfo two
    cdef uint32_t shared
    cdef Phrase phrase
    begin_phrase(&phrase)
    if kind == KIND_EXACT:
        if _same_word(asked.words[here], &b):
            say(&phrase, &WORDING[OPENING])
            say(&phrase, &a)
            say(&phrase, &WORDING[IS_THE_SAME])
        else:
            _say_between(&phrase, &a, IS_THE_SAME_AS, &b, CLOSING)
    elif kind == KIND_SPELLING:
        one = asked.info(rules, here)
        _describe_recorded(rules, names, recorded, other, &two)
        _say_between(
            &phrase, &a, AND, &b, ARE_OF_BOTH_SEXES if alternate_ending(rules, one, &two) else ARE_SPELLINGS
        )
    elif kind == KIND_NICKNAME:
        _say_between(&phrase, &a, AND, &b, ARE_NICKNAMES)
    elif kind == KIND_INITIAL:
        if PyUnicode_GET_LENGTH(asked.parts[here]) == 1:
            _say_between(&phrase, &a, IS_INITIAL_OF, &b, CLOSING)
        else:
            _say_between(&phrase, &b, IS_INITIAL_OF, &a, CLOSING)
    elif kind == KIND_NONE:
        _say_between(&phrase, &a, DOES_NOT_MATCH, &b, CLOSING)
    else:
        one = asked.info(rules, here)
        _describe_recorded(rules, names, recorded, other, &two)
        edits = osa_pattern(&one.pattern, two.letters, two.length, -1)
        if kind != KIND_CLOSE:
            shared = _shared_code(one, &two)
            _say_between(&phrase, &a, SOUNDS_LIKE, &b, BY_METAPHONE if shared else BY_SOUNDEX)
            if shared:
                piece = _code_of(shared, code)
                say(&phrase, &piece)
            if kind != KIND_METAPHONE:
                if shared:
                    say(&phrase, &WORDING[BY_BOTH])
                piece = _code_of(one.soundex, second_code)
                say(&phrase, &piece)
            say(&phrase, &WORDING[THEN])
        elif edits <= rules.edits_for_letters[max(one.length, two.length)]:
            _say_between(&phrase, &a, IS_ALMOST, &b, BRACKET)
        elif heard_as(rules, &two, one):
            _say_heard(&phrase, &a, &b)
        elif heard_as(rules, one, &two):
            _say_heard(&phrase, &b, &a)
        else:
            _say_between(&phrase, &a, IS_ALMOST, &b, BRACKET)
        if edits == 1:
            say(&phrase, &WORDING[ONE_LETTER])
        else:
            digits[0] = <uint8_t>(c"0" + edits // 10)      # a part has at most MAX_LETTERS
            digits[1] = <uint8_t>(c"0" + edits % 10)
            piece = piece_of_ascii(digits + 1, 1) if edits < 10 else piece_of_ascii(digits, 2)
            say(&phrase, &piece)
            say(&phrase, &WORDING[SOME_LETTERS])
    return spoken(&phrase)


cdef int _say_heard(Phrase* phrase, const Piece* written, const Piece* name) except -1:
    _say_between(phrase, written, MAY_BE_HOW, name, IS_HEARD)
    return 0


cdef Piece _code_of(uint32_t packed, uint8_t* out) noexcept:
    """The characters of a code, of which there are at most four."""
    cdef int length = 0
    while length < 4 and packed >> (24 - 8 * length) & 0xFF:
        out[length] = packed >> (24 - 8 * length) & 0xFF
        length += 1
    return piece_of_ascii(out, length)


cdef uint32_t _shared_code(const PartInfo* a, const PartInfo* b) noexcept:
    """The first in the alphabet of the Double Metaphone codes that both have; 0 if none."""
    cdef bint primary = a.primary != 0 and (a.primary == b.primary or a.primary == b.alternate)
    cdef bint alternate = a.alternate != 0 and (a.alternate == b.primary or a.alternate == b.alternate)
    if primary and alternate:
        return min(a.primary, a.alternate)
    return a.primary if primary else a.alternate if alternate else 0


cdef object _piece(str part, str kind, str text, object points):
    # The constructor of a named tuple is a function of Python, which does just this.
    return (<Type*>tuple).tp_new(<Type*>Evidence, ((part, kind, text, points),), NULL)


cdef object _of_part(
    TextRules rules, PackedNames names, int kind, int here, int other, int points, _Side asked,
    const Recorded* recorded, EvidenceReader reader
):
    """The evidence of a pair of parts, or of one that stands alone; what the reader knows, if it does."""
    cdef uint8_t room[MAX_LETTERS]
    cdef uint64_t key = 0
    cdef const PyObject* known
    cdef str part, text, _kept_word
    cdef Piece word
    cdef Phrase phrase
    if reader is not None and recorded.words == NULL and -MOST_POINTS < points < MOST_POINTS:
        key = (
            <uint64_t>(((asked.form * MAX_PARTS + here) * 16 + kind) * 2 * MOST_POINTS + points + MOST_POINTS) << 32
            | (recorded.numbers[other] if kind != LEFT_OUT else 0)
        )
        known = reader.recall(key)
        if known != NULL:
            return <object>known
    if kind < KINDS:
        part = asked.parts[here]
        text = _pair_sentence(rules, names, kind, asked, here, recorded, other)
    else:
        begin_phrase(&phrase)
        say(&phrase, &WORDING[OPENING])
        if kind == LEFT_OUT:
            part = asked.parts[here]
            word = piece_of(asked.words[here])
        else:
            part = _recorded_part(names, recorded, other)
            _kept_word = _recorded_word(names, recorded, other, room, &word)
        say(&phrase, &word)
        say(&phrase, &WORDING[IS_NOT_ON_RECORD if kind == LEFT_OUT else WAS_NOT_ASKED])
        text = spoken(&phrase)
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


cdef inline Py_ssize_t _add(tuple out, Py_ssize_t at, object piece):
    """Put a piece in its place of a new tuple; the next place."""
    Py_INCREF(piece)
    PyTuple_SET_ITEM(out, at, piece)
    return at + 1


cdef tuple _evidence(
    const int32_t* row, TextRules rules, PackedNames names, _Side asked, const Recorded* recorded, str form,
    tuple not_compared, EvidenceReader reader
):
    """The alignment in words: each part of both names stands in exactly one piece of evidence."""
    cdef int pairs = row[7], at, here, other, of_form = form is not None and form in ("joined", "particles")
    cdef uint32_t used_here = 0, used_other = 0
    cdef int queries = <int>PyTuple_GET_SIZE(asked.parts)
    cdef Py_ssize_t place = 0
    cdef tuple out
    for at in range(ROW_HEAD, ROW_HEAD + 4 * pairs, 4):
        here = row[at]
        other = row[at + 1]
        if not (0 <= here < queries and 0 <= other < recorded.size and 0 <= row[at + 2] < KINDS):
            raise IndexError("no such part")
        used_here |= <uint32_t>1 << here
        used_other |= <uint32_t>1 << other
    out = PyTuple_New(
        pairs + queries - PS_POPCOUNT(used_here) + recorded.size - PS_POPCOUNT(used_other)
        + PyTuple_GET_SIZE(not_compared) + (row[8] != 0) + of_form
        + (row[10] != 0) + (row[12] != 0) + (row[15] != 0) + (row[17] != 0)
    )
    for at in range(ROW_HEAD, ROW_HEAD + 4 * pairs, 4):
        place = _add(out, place, _of_part(
            rules, names, row[at + 2], row[at], row[at + 1], row[at + 3], asked, recorded, reader
        ))
    if pairs < queries:
        for here in range(queries):
            if not used_here >> here & 1:
                place = _add(out, place, _of_part(rules, names, LEFT_OUT, here, 0, 0, asked, recorded, reader))
    if pairs < recorded.size:
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
    words = _words(name, recorded, plain_name)
    other.size = len(recorded)
    other.numbers = NULL
    other.parts = <PyObject*>recorded
    other.words = <PyObject*>words
    return _evidence(
        row, rules, None, _Side(asked, _words(query, asked, plain_query)), &other, form, not_compared, None
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
        self.room = self.held = 0

    def __dealloc__(self):
        cdef size_t at
        for at in range(self.room):
            Py_XDECREF(self.slots[at].piece)
        free(self.slots)

    def read(self, row, str name not None):
        """The evidence of a row of integers."""
        cdef bytes numbers = _row(row)
        return self.read_row(_numbers(numbers), name)

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
            side = _Side(parts, _words(self.query, parts, not form and is_plain(self.query)))
            side.form = form
            side.kind = parsed.kind[form]
            sides.append(side)
        self.left = _not_compared(self.query, (<_Side>sides[0]).parts)
        self.sides = sides
        return 0

    cdef tuple read_row(self, const int32_t* row, str name):
        """The evidence of a row that the kernel made."""
        with cython.critical_section(self):     # of threads that read hits of one answer, where there is no GIL
            return self._read_row(row, name)

    cdef tuple _read_row(self, const int32_t* row, str name):
        cdef Recorded recorded
        cdef tuple parts = None, words = None
        cdef str kind = None
        cdef _Side asked
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
            return _evidence(
                row, self.names.rules, self.names, asked, &recorded, kind, self.left, self
            )
        except IndexError as error:
            raise self.inconsistent(error) from None
