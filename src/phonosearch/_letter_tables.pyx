"""``letters.tsv`` and the letters of ``rules.toml`` as the kernel reads them: arrays by letter and by class."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from phonosearch._rarity cimport RARITIES, RarityTable
from phonosearch._words cimport hash_slot

GAPS = ("gap", "double", "lead", "trail")
PLACES = ("begin", "inside", "end")
SKELETONS = ("other", "initial")
LEFT = ("residue", "segment")
MOST_COST = 500                 # of one step, so that an alignment of the longest words has room in a number

cdef enum:
    MOST_POINTS = 600           # of one fact, so that all facts about the longest words have room


cdef uint32_t[MOST_LEFT + 1] LETTERS_LEFT      # the bytes of so many letters


def _fill_letters_left():
    cdef uint8_t read[MOST_LEFT]
    cdef int length
    for length in range(MOST_LEFT + 1):
        memset(read, 0, MOST_LEFT)
        memset(read, 255, length)
        memcpy(&LETTERS_LEFT[length], read, MOST_LEFT)


_fill_letters_left()


cdef inline uint64_t _left_key(
    int kind, int place, const uint8_t* one, int one_length, const uint8_t* other, int other_length
) noexcept nogil:
    """What is left of two words, whichever is named first; never 0, since something is left of one.

    MOST_LEFT codes are read of both at once, a byte each, of which the highest bits are free.
    """
    cdef uint32_t a, b
    memcpy(&a, one, MOST_LEFT)
    memcpy(&b, other, MOST_LEFT)
    a = a + 0x01010101 & LETTERS_LEFT[one_length]
    b = b + 0x01010101 & LETTERS_LEFT[other_length]
    return (
        <uint64_t>max(a, b) << 32 | min(a, b) | <uint64_t>kind << 63
        | <uint64_t>(place & 1) << 31 | <uint64_t>(place >> 1) << 23
    )


cdef class LetterTables(RarityTable):
    """The tables of the letters, checked, as arrays.

    Parameters
    ----------
    rules : Rules
        The rules as read from the data files.
    """

    def __cinit__(self, rules):
        self.left_key = NULL
        self.left_points = NULL
        self.left_taken = NULL
        self._fill_costs(rules.letter_costs)
        self._fill_groups(rules.letter_groups)
        self._fill_points(&self.facts, self._read(rules.letters_text.encode("utf-8")))
        self.spelling_less = rules.spelling_less
        self.knots = len(rules.letter_curve)
        if not 2 <= self.knots <= 16:
            raise ValueError("the curve has two to sixteen knots")
        for number, (evidence, points) in enumerate(rules.letter_curve):
            self.knot_evidence[number] = evidence
            self.knot_points[number] = points

    def __dealloc__(self):
        free(self.left_key)
        free(self.left_points)
        free(self.left_taken)

    def _fill_costs(self, costs):
        cdef int one, other, kind
        cdef Step step
        cdef LetterPoints* points = &self.facts
        memset(points, 0, sizeof(LetterPoints))
        if not all(-MOST_COST <= cost <= MOST_COST for cost in costs.values()):
            raise ValueError("costs of letters out of range")
        steps = {
            name: cost * (<Step>1 << COST) + (name != "match") * (<Step>1 << EDITS) for name, cost in costs.items()
        }
        points.swap = steps["swap"]
        self.group = steps["group"]
        for kind, name in enumerate(GAPS):
            step = steps[name]
            for one in range(26):
                points.gap[kind][one] = step
        for one in range(26):
            for other in range(26):
                vowels = chr(97 + one) in "aeiouy" and chr(97 + other) in "aeiouy"
                points.letter[one][other] = steps["match" if one == other else "vowels" if vowels else "sub"]
                points.letter[one][other] += <Step>(MATCH if one == other else SUB) << TURN

    def _fill_groups(self, groups):
        cdef int count = 0, one, other
        memset(self.bigram, 0, sizeof(self.bigram))
        memset(self.single_known, 0, sizeof(self.single_known))
        memset(self.double_known, 0, sizeof(self.double_known))
        memset(self.has_double, 0, sizeof(self.has_double))
        for group in sorted(groups):
            for letters in group:
                if len(letters) == 2 and self.bigram[_bigram(letters)] == 0:
                    count += 1
                    if count >= BIGRAMS:
                        raise ValueError("too many groups of letters")
                    self.bigram[_bigram(letters)] = count
        for longer, shorter in groups:
            if len(longer) == 1:
                continue        # it stands there the other way round too
            one, other = self._group(longer, shorter)
            if other < 0:
                self.single_known[one] |= 1u << (-1 - other)
            else:
                self.double_known[one][other] = self.double_known[other][one] = 1
                self.has_double[one] = self.has_double[other] = 1

    def _group(self, longer, other):
        """The numbers of the letters of a group; -1 - letter for a single one."""
        if len(longer) != 2 or len(other) not in (1, 2):
            raise ValueError("a group has two letters beside one or two")
        second = self.bigram[_bigram(other)] if len(other) == 2 else -1 - _letter(other)
        return self.bigram[_bigram(longer)], second

    cdef int _fill_points(self, LetterPoints* of, table) except -1:
        cdef int one, other
        cdef str kind, key
        of.swap += table.get(("swap", ""), 0)
        of.sub_initial = table.get(("sub_initial", ""), 0)
        of.sub_final = table.get(("sub_final", ""), 0)
        of.lacking_initial = table.get(("lacking_initial", ""), 0)
        for (kind, key), points in table.items():
            if kind == "match":
                one = _letter(key)
                of.letter[one][one] += points
            elif kind == "sub":
                if len(key) != 2:
                    raise ValueError("a substitution is of two letters")
                one, other = _letter(key[0]), _letter(key[1])
                if one == other:
                    raise ValueError("a substitution is of two letters")
                of.letter[one][other] += points
                of.letter[other][one] += points
            elif kind in GAPS:
                of.gap[<int>GAPS.index(kind)][_letter(key)] += points
            elif kind == "group":
                one, other = self._group(*key.split(":"))
                if other < 0 and self.single_known[one] >> (-1 - other) & 1:
                    of.single[one][-1 - other] = points
                elif other >= 0 and self.double_known[one][other]:
                    of.twofold[one][other] = of.twofold[other][one] = points
                else:
                    raise ValueError("a group of letters.tsv is not in rules.toml")
            elif kind == "edits":
                _two_numbers(key, 8, 13, &one, &other)
                of.edits[one][other] = points
            elif kind == "longer":
                _two_numbers(key, 7, 13, &one, &other)
                of.longer[one][other] = points
            elif kind == "commoner":
                _two_numbers(key, 4, RARITIES, &one, &other)
                of.commoner[one][other] = points
            elif kind in ("within", "stem"):
                place, key = key.split(":")
                one, other = PLACES.index(place), int(key)
                if not 0 <= other <= MOST_WITHIN or (kind == "stem" and one == END):
                    raise ValueError("a key of letters.tsv is out of range")
                if kind == "within":
                    of.within[one][other] = points
                else:
                    of.stem[one][other] = points
            elif kind == "shared":
                _two_numbers(key, MOST_BEGIN + 1, MOST_END + 1, &one, &other)
                of.shared[one][other] = points
            elif kind == "skeleton":
                place, consonants, longer = key.split(":")
                one, other = int(consonants), int(longer)
                if not (0 <= one <= MOST_CONSONANTS and 0 <= other <= 1):
                    raise ValueError("a key of letters.tsv is out of range")
                of.skeleton[<int>SKELETONS.index(place)][one][other] = points
            elif kind == "unmatched":
                one = int(key)
                if not 0 < one <= MOST_WITHIN:
                    raise ValueError("a key of letters.tsv is out of range")
                of.unmatched[one] = points
            elif kind in ("soundex", "metaphone"):
                one = int(key)
                if not 0 < one <= MOST_SOUNDS:
                    raise ValueError("a key of letters.tsv is out of range")
                if kind == "soundex":
                    of.soundex[one] = points
                else:
                    of.metaphone[one] = points
            elif kind == "rarer":
                one = int(key)
                if not 0 <= one < RARITIES:
                    raise ValueError("a key of letters.tsv is out of range")
                of.rarer[one] = points
        return 0

    def _read(self, bytes text):
        """Read the rows; what is left of two words, which is most of them, goes to a table of its own at once.

        The others are returned: the points of each fact, a kind and a key.
        """
        cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(text)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(text), begin = 0, end
        cdef Py_ssize_t tab[3]
        cdef uint64_t slots = 64, left
        cdef Points points
        cdef int tabs
        table = {}
        left = sum([(b"\n" + text).count(b"\n" + kind.encode("ascii") + b"\t") for kind in LEFT])
        while slots < 4 * left:
            slots *= 2
        self.left_mask = slots - 1
        self.left_key = <uint64_t*>calloc(slots, sizeof(uint64_t))
        self.left_points = <Points*>calloc(slots, sizeof(Points))
        self.left_taken = <uint64_t*>calloc(slots >> 6, sizeof(uint64_t))
        if self.left_key == NULL or self.left_points == NULL or self.left_taken == NULL:
            raise MemoryError
        while begin < size:
            end = begin
            tabs = 0
            while end < size and at[end] != 10:
                if at[end] == 9:
                    if tabs < 3:
                        tab[tabs] = end
                    tabs += 1
                end += 1
            if end > begin and at[begin] != 35:
                if tabs != 3:
                    raise ValueError("letters.tsv: a line is a table, a key, and points alone and beside other parts")
                points = _points(at + tab[1] + 1, tab[2] - tab[1] - 1)
                points += _points(at + tab[2] + 1, end - tab[2] - 1) * (1 << BESIDE)
                if tab[0] - begin == 7 and memcmp(at + begin, b"residue", 7) == 0:
                    _add_left(self, RESIDUE, at + tab[0] + 1, tab[1] - tab[0] - 1, points)
                elif tab[0] - begin == 7 and memcmp(at + begin, b"segment", 7) == 0:
                    _add_left(self, SEGMENT, at + tab[0] + 1, tab[1] - tab[0] - 1, points)
                else:
                    fact = text[begin:tab[0]].decode("utf-8"), text[tab[0] + 1:tab[1]].decode("utf-8")
                    if fact in table:
                        raise ValueError("letters.tsv: a fact stands twice")
                    table[fact] = points
            begin = end + 1
        return table

    cdef Points left_points_of(
        self, int kind, int place, const uint8_t* one, int one_length, const uint8_t* other, int other_length
    ) noexcept nogil:
        """Points of what is left of two words in one place, as codes of letters, of which MOST_LEFT can be read."""
        cdef uint64_t key, slot
        if one_length > MOST_LEFT or other_length > MOST_LEFT:
            return 0
        key = _left_key(kind, place, one, one_length, other, other_length)
        slot = hash_slot(key, self.left_mask)
        while self.left_taken[slot >> 6] >> (slot & 63) & 1:
            if self.left_key[slot] == key:
                return self.left_points[slot]
            slot = slot + 1 & self.left_mask
        return 0

    cdef int points(self, int evidence) noexcept nogil:
        """``_letters.similarity`` from the evidence."""
        cdef int knot, low, high
        if evidence <= self.knot_evidence[0]:
            return self.knot_points[0]
        for knot in range(1, self.knots):
            if evidence <= self.knot_evidence[knot]:
                low = self.knot_evidence[knot - 1]
                high = self.knot_evidence[knot]
                return self.knot_points[knot - 1] + (
                    (self.knot_points[knot] - self.knot_points[knot - 1]) * (evidence - low) // (high - low)
                )
        return self.knot_points[self.knots - 1]


cdef int _letter(str letter) except -1:
    cdef Py_UCS4 code = letter[0] if len(letter) == 1 else 0
    if not 97 <= <int>code <= 122:
        raise ValueError("the tables of letters are of letters a-z")
    return <int>code - 97


cdef int _bigram(str letters) except -1:
    return ROOM * _letter(letters[0]) + _letter(letters[1])


cdef int _two_numbers(str key, int rows, int columns, int* row, int* column) except -1:
    """The row and the column of "3:12", both of one digit or two."""
    cdef int found[2]
    cdef int which = 0
    cdef Py_UCS4 letter
    found[0] = found[1] = -1
    for letter in key:
        if <int>letter == 58 and which == 0:
            which = 1
        elif 48 <= <int>letter <= 57 and found[which] < 10:
            found[which] = 10 * max(found[which], 0) + <int>letter - 48
        else:
            which = 2
            break
    if which != 1 or not (0 <= found[0] < rows and 0 <= found[1] < columns):
        raise ValueError("a key of letters.tsv is out of range")
    row[0], column[0] = found[0], found[1]
    return 0


cdef int _points(const uint8_t* text, Py_ssize_t length) except? -1:
    """The whole number at the end of a row."""
    cdef bint negative = length > 0 and text[0] == 45
    cdef Py_ssize_t at
    cdef int points = 0
    for at in range(negative, length):
        if not 48 <= text[at] <= 57 or points > MOST_POINTS:
            points = -1
            break
        points = 10 * points + text[at] - 48
    if length == negative or not 0 <= points <= MOST_POINTS:
        raise ValueError("points of letters out of range")
    return -points if negative else points


cdef int _add_left(
    LetterTables tables, int kind, const uint8_t* key, Py_ssize_t length, Points points
) except -1:
    """Add what is left of two words, "place:one:other"."""
    cdef uint8_t word[2][MOST_LEFT]
    cdef int size[2]
    cdef int which = -1, place
    cdef Py_ssize_t at, end = 0
    cdef uint64_t packed, slot
    memset(word, 0, sizeof(word))
    size[0] = size[1] = 0
    while end < length and key[end] != 58:
        end += 1
    if end == 5 and memcmp(key, b"begin", 5) == 0:
        place = BEGIN
    elif end == 6 and memcmp(key, b"inside", 6) == 0:
        place = INSIDE
    elif end == 3 and memcmp(key, b"end", 3) == 0:
        place = END
    else:
        raise ValueError("what is left of two words is at the beginning, inside or at the end")
    for at in range(end, length):
        if key[at] == 58 and which < 1:
            which += 1
        elif which < 0 or size[which] == MOST_LEFT or key[at] == 58:
            which = -1
            break
        elif not 97 <= key[at] <= 122:
            raise ValueError("the tables of letters are of letters a-z")
        else:
            word[which][size[which]] = key[at] - 97
            size[which] += 1
    if which != 1 or size[0] == size[1] and memcmp(word[0], word[1], MOST_LEFT) == 0:
        raise ValueError("what is left of two words is a place and up to four letters of each")
    packed = _left_key(kind, place, word[0], size[0], word[1], size[1])
    slot = hash_slot(packed, tables.left_mask)
    while tables.left_key[slot] != 0:
        if tables.left_key[slot] == packed:
            raise ValueError("letters.tsv: a fact stands twice")
        slot = slot + 1 & tables.left_mask
    tables.left_key[slot] = packed
    tables.left_taken[slot >> 6] |= <uint64_t>1 << (slot & 63)
    tables.left_points[slot] = points
    return 0
