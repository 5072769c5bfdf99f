"""The words of a pair of parts, or of one that stands alone: what is said of them in a sentence.

A sentence is written in one allocation, its words from the letters of the index where the name is written as its parts
are.
"""

cimport cython
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free

from phonosearch._arrays cimport PackedNames
from phonosearch._distance cimport osa_pattern
from phonosearch._phrase cimport Phrase, Piece, begin_phrase, piece_of, piece_of_ascii, say, spoken
from phonosearch._relation cimport (
    KIND_CLOSE, KIND_EXACT, KIND_INITIAL, KIND_METAPHONE, KIND_NICKNAME, KIND_NONE, KIND_SPELLING, PartInfo,
    alternate_ending, heard_as, look_up, sound_out,
)
from phonosearch._text cimport TextRules

from phonosearch._spelling import plain_word, words_of

__all__ = ["is_plain"]

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    const unsigned char* PyUnicode_1BYTE_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    object PyUnicode_FromKindAndData(int kind, const void* data, Py_ssize_t length)
    Py_ssize_t PyTuple_GET_SIZE(object values)

cdef enum:
    MAX_LETTERS = 64            # of a part that is not raw

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


cdef bint says_all(str name, tuple parts):
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


cdef tuple words_in(str name, tuple parts, bint plain):
    """How each part is written in the name."""
    cdef object found = None if plain else words_of(name, parts)
    cdef str part
    return tuple([_plain(part) for part in parts]) if found is None else found


@cython.final
@cython.no_gc                   # nothing that it holds can lead back to it
cdef class Side:
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


cdef str recorded_part(PackedNames names, const Recorded* recorded, int position):
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
        word = plain_word(recorded_part(names, recorded, position))
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


cdef str pair_sentence(
    TextRules rules, PackedNames names, int kind, Side asked, int here, const Recorded* recorded, int other
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


cdef str alone_sentence(
    PackedNames names, bint asked_for, Side asked, int here, const Recorded* recorded, int other
):
    """What a part says that was asked for and is not on record, or the reverse."""
    cdef uint8_t room[MAX_LETTERS]
    cdef str _kept_word
    cdef Piece word
    cdef Phrase phrase
    begin_phrase(&phrase)
    say(&phrase, &WORDING[OPENING])
    if asked_for:
        word = piece_of(asked.words[here])
    else:
        _kept_word = _recorded_word(names, recorded, other, room, &word)
    say(&phrase, &word)
    say(&phrase, &WORDING[IS_NOT_ON_RECORD if asked_for else WAS_NOT_ASKED])
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
