"""How a part is read that follows the spelling of another language: the compiled twin of ``_hearing``."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from phonosearch._bits cimport PS_LOWEST
from phonosearch._double_metaphone cimport double_metaphone_codes
from phonosearch._letter_tables cimport code_of

from phonosearch._hearing import LONGEST_PIECE, orthographies

cdef enum:
    BEFORE = 26
    AFTER = 27
    SIGNS = 28


cdef bytes _signs(str text):
    """The numbers of the letters of a piece, and of what stands before and after a name."""
    cdef bytes raw = text.encode("utf-8")
    cdef bytes signs = bytes(PyBytes_GET_SIZE(raw))
    cdef const uint8_t* letter = <const uint8_t*>PyBytes_AS_STRING(raw)
    cdef uint8_t* sign = <uint8_t*>PyBytes_AS_STRING(signs)     # ours alone, so far
    cdef Py_ssize_t at, size = PyBytes_GET_SIZE(raw)
    for at in range(size):
        if 97 <= letter[at] <= 122:
            sign[at] = letter[at] - 97
        elif letter[at] == 94 and at == 0:      # ^
            sign[at] = BEFORE
        elif letter[at] == 36 and at == size - 1:       # $
            sign[at] = AFTER
        else:
            break
    else:
        if size:
            return signs
    raise ValueError(f"{text!r} in the rules is no piece of a name")


cdef class Orthographies:
    """The orthographies of the rules as tables.

    Parameters
    ----------
    rules : Rules
        The rules as read from the data files.
    """

    def __cinit__(self, rules):
        self.pieces = NULL
        self.most_letters = rules.heard["letters"]
        self.least_rarity = rules.heard["rarity"]
        self.least_written = rules.heard["written"]
        self.points = rules.heard["points"]
        found = orthographies(rules.orthographies_text)
        self.count = len(found)
        if self.count > ORTHOGRAPHIES or not 1 < self.most_letters <= MOST_HEARD_LETTERS:
            raise ValueError("the kernel reads words of up to 24 letters by up to 16 orthographies")
        for number, orthography in enumerate(found):
            self._fill_lacks(1 << number, orthography.lacks)
        self._fill_pieces([orthography.written for orthography in found])

    def __dealloc__(self):
        free(self.pieces)

    def _fill_lacks(self, uint16_t bit, lacks):
        cdef int sign, one, other
        cdef bytes signs
        for text in lacks:
            signs = _signs(text)
            if len(signs) == 1:
                one = signs[0]
                for sign in range(SIGNS):
                    self.lacks[one][sign] |= bit
            elif len(signs) == 2:
                one, other = signs
                self.lacks[one][other] |= bit
            elif len(signs) == 3 and signs[0] == BEFORE:
                one, other = signs[1:]
                self.lacks_first[one][other] |= bit
            else:
                raise ValueError(f"{text!r} in the rules is too long")

    def _fill_pieces(self, list tables):
        cdef int number, sign, at = 0, place
        cdef Piece* piece
        cdef list by_sign
        cdef bytes signs
        self.pieces = <Piece*>calloc(sum(map(len, tables)) + 1, sizeof(Piece))
        if self.pieces == NULL:
            raise MemoryError
        for number, written in enumerate(tables):
            by_sign = [[] for _ in range(SIGNS)]
            for text in sorted(written, key=len, reverse=True):
                signs = _signs(text)
                by_sign[signs[0]].append((text, signs))
            for sign in range(SIGNS):
                self.piece_start[number * SIGNS + sign] = at
                for text, signs in by_sign[sign]:
                    instead = written[text].encode("ascii")
                    letters = len(text.strip("^$"))
                    if (
                        len(text) > min(LONGEST_PIECE, PIECE_ROOM) or len(instead) > 2 * letters
                        or not (instead + b"a").isalpha()
                    ):
                        raise ValueError(f"{text!r} in the rules is too long, or what is written for it")
                    piece = &self.pieces[at]
                    piece.length = len(text)
                    piece.written_length = len(instead)
                    memcpy(&piece.text, PyBytes_AS_STRING(signs), piece.length)
                    memset(&piece.mask, 0xFF, piece.length)
                    for place in range(piece.written_length):
                        piece.written[place] = instead[place]
                    for place in range(SIGNS):
                        if len(text) == 1 or signs[1] == place:
                            self.begins[sign][place] |= 1 << number
                    at += 1
        for number in range(self.count * SIGNS, ORTHOGRAPHIES * SIGNS + 1):
            self.piece_start[number] = at

    cdef uint32_t of(self, const uint8_t* letters, int length, int rarity) noexcept nogil:
        """A bit for each orthography that a part may follow and that reads it as something else."""
        cdef uint32_t lacked = 0, begun = 0
        cdef int before = BEFORE, here = BEFORE, place
        if not 1 < length <= self.most_letters or rarity < self.least_rarity or letters[0] < 97:
            return 0
        for place in range(length + 1):
            here = code_of(letters[place]) if place < length else <int>AFTER
            lacked |= self.lacks[before][here]
            begun |= self.begins[before][here]
            if place == 1:
                lacked |= self.lacks_first[before][here]
            before = here
        return begun & ~(lacked | self.lacks[AFTER][AFTER])

    cdef int read(self, int number, const uint8_t* letters, int length, uint8_t* out) noexcept nogil:
        """Write the part as it is heard; 0 where that is the part itself or no word.

        At most ``HEARD_ROOM`` letters are written, each of them one of a-z.
        """
        cdef uint8_t text[MOST_HEARD_LETTERS + 2 + PIECE_ROOM]
        cdef int place = 0, written = 0, end = length + 2, at
        cdef uint64_t here
        cdef const Piece* piece
        cdef bint found
        memset(text, SIGNS, sizeof(text))       # after the end stands what no piece holds
        text[0] = BEFORE
        for at in range(length):
            text[at + 1] = code_of(letters[at])
        text[length + 1] = AFTER
        while place < end:
            found = False
            memcpy(&here, &text[place], PIECE_ROOM)
            for at in range(
                self.piece_start[number * SIGNS + text[place]], self.piece_start[number * SIGNS + text[place] + 1]
            ):
                piece = &self.pieces[at]
                if here & piece.mask == piece.text:
                    memcpy(out + written, piece.written, WRITTEN_ROOM)
                    written += piece.written_length
                    place += piece.length
                    found = True
                    break
            if not found:
                if text[place] < BEFORE:
                    out[written] = 97 + text[place]
                    written += 1
                place += 1
        return 0 if written < 2 or written == length and memcmp(out, letters, length) == 0 else written

    cdef int codes(
        self, const uint8_t* letters, int length, int rarity, uint32_t primary, uint32_t alternate, uint32_t* out,
        uint32_t* notes,
    ) noexcept nogil:
        """Write the Double Metaphone keys of the readings of a part, without its own, and a note of the reading that
        has each, of no number where several do; how many."""
        cdef uint8_t heard[HEARD_ROOM]
        cdef uint8_t last[HEARD_ROOM]
        cdef uint32_t found[2]
        cdef uint32_t which = self.of(letters, length, rarity)
        cdef uint32_t note
        cdef int number, size, turn, at, count = 0, last_size = 0
        while which:
            number = PS_LOWEST(which)
            which &= which - 1
            size = self.read(number, letters, length, heard)
            if size == 0 or size == last_size and memcmp(heard, last, size) == 0:
                continue        # two lines of one language often read alike
            memcpy(last, heard, size)
            last_size = size
            double_metaphone_codes(heard, size, &found[0], &found[1])
            note = 0
            for at in range(size):
                note |= noted_letters(<uint32_t>1 << code_of(heard[at]))
            note |= <uint32_t>size << NOTE_LENGTH | <uint32_t>(number + 1) << NOTE_NUMBER
            for turn in range(2):
                if found[turn] == 0 or found[turn] == primary or found[turn] == alternate:
                    continue
                for at in range(count):
                    if out[at] == found[turn]:
                        if notes[at] != note:
                            notes[at] = 0
                        break
                else:
                    out[count] = found[turn]
                    notes[count] = note
                    count += 1
        return count
