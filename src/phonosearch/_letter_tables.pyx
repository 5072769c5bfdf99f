"""``letters.tsv`` and the letters of ``rules.toml`` as the kernel reads them: arrays by letter and by class."""

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int16_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from phonosearch._rarity cimport RARITIES, RarityTable
from phonosearch._words cimport hash_slot

GAPS = ("gap", "double", "lead", "trail")
PLACES = ("begin", "inside", "end")
SKELETONS = ("other", "initial")
LEFT = ("residue", "segment")
MOST_COST = 1000                # of one step, so that an alignment of the longest words has room in a number


cdef inline uint64_t _left_key(
    int kind, int place, const uint8_t* one, int one_length, const uint8_t* other, int other_length
) noexcept nogil:
    """What is left of two words, whichever is named first; never 0, since something is left of one.

    MOST_LEFT codes are read of both, since a loop that ends sooner is one that no processor foresees.
    """
    cdef uint64_t a = 0, b = 0, longer
    cdef int at
    for at in range(MOST_LEFT):
        longer = a << 5 | <uint64_t>(one[at] + 1)
        a = longer if at < one_length else a
        longer = b << 5 | <uint64_t>(other[at] + 1)
        b = longer if at < other_length else b
    return <uint64_t>kind << 42 | <uint64_t>place << 40 | max(a, b) << 20 | min(a, b)


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
        self._fill_points(rules.letter_points)
        self._fill_left(
            {fact: points for fact, points in rules.letter_points.items() if fact[0] in LEFT}, rules.letter_beside
        )
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
        if not all(-MOST_COST <= cost <= MOST_COST for cost in costs.values()):
            raise ValueError("costs of letters out of range")
        steps = {
            name: cost * (<Step>1 << COST) + (name != "match") * (<Step>1 << EDITS) for name, cost in costs.items()
        }
        self.swap = steps["swap"]
        self.group = steps["group"]
        for kind, name in enumerate(GAPS):
            step = steps[name]
            for one in range(26):
                self.gap[kind][one] = step
        for one in range(26):
            for other in range(26):
                vowels = chr(97 + one) in "aeiouy" and chr(97 + other) in "aeiouy"
                self.letter[one][other] = steps["match" if one == other else "vowels" if vowels else "sub"]

    def _fill_groups(self, groups):
        cdef int count = 0, one, other
        memset(self.bigram, 0, sizeof(self.bigram))
        memset(self.single_known, 0, sizeof(self.single_known))
        memset(self.double_known, 0, sizeof(self.double_known))
        memset(self.has_double, 0, sizeof(self.has_double))
        memset(self.single_points, 0, sizeof(self.single_points))
        memset(self.double_points, 0, sizeof(self.double_points))
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

    def _fill_points(self, table):
        cdef int one, other
        memset(self.edits_points, 0, sizeof(self.edits_points))
        memset(self.longer_points, 0, sizeof(self.longer_points))
        memset(self.commoner_points, 0, sizeof(self.commoner_points))
        memset(self.rarer_points, 0, sizeof(self.rarer_points))
        memset(self.shared_points, 0, sizeof(self.shared_points))
        memset(self.skeleton_points, 0, sizeof(self.skeleton_points))
        memset(self.within_points, 0, sizeof(self.within_points))
        memset(self.stem_points, 0, sizeof(self.stem_points))
        self.swap += table.get(("swap", ""), 0)
        self.sub_initial = table.get(("sub_initial", ""), 0)
        self.sub_final = table.get(("sub_final", ""), 0)
        self.lacking_initial = table.get(("lacking_initial", ""), 0)
        self.soundex_points = table.get(("sounds", "soundex"), 0)
        self.metaphone_points = table.get(("sounds", "metaphone"), 0)
        for (kind, key), points in table.items():
            if not -3000 <= points <= 3000:
                raise ValueError("points of letters out of range")
            if kind == "match":
                one = _letter(key)
                self.letter[one][one] += points
            elif kind == "sub":
                if len(key) != 2:
                    raise ValueError("a substitution is of two letters")
                one, other = _letter(key[0]), _letter(key[1])
                if one == other:
                    raise ValueError("a substitution is of two letters")
                self.letter[one][other] += points
                self.letter[other][one] += points
            elif kind in GAPS:
                self.gap[<int>GAPS.index(kind)][_letter(key)] += points
            elif kind == "group":
                one, other = self._group(*key.split(":"))
                if other < 0 and self.single_known[one] >> (-1 - other) & 1:
                    self.single_points[one][-1 - other] = points
                elif other >= 0 and self.double_known[one][other]:
                    self.double_points[one][other] = self.double_points[other][one] = points
                else:
                    raise ValueError("a group of letters.tsv is not in rules.toml")
            elif kind.removesuffix("_beside") in ("edits", "longer") or kind == "commoner":
                one, other = map(int, key.split(":"))
                rows, columns = {"e": (8, 13), "l": (7, 13), "c": (4, RARITIES)}[kind[0]]
                if not (0 <= one < rows and 0 <= other < columns):
                    raise ValueError("a key of letters.tsv is out of range")
                if kind == "commoner":
                    self.commoner_points[one][other] = points
                elif kind[0] == "e":
                    self.edits_points[1][one][other] += points
                    if kind == "edits":
                        self.edits_points[0][one][other] = points
                else:
                    self.longer_points[1][one][other] += points
                    if kind == "longer":
                        self.longer_points[0][one][other] = points
            elif kind in ("within", "stem"):
                place, key = key.split(":")
                one, other = PLACES.index(place), int(key)
                if not 0 <= other <= MOST_WITHIN or (kind == "stem" and one == END):
                    raise ValueError("a key of letters.tsv is out of range")
                if kind == "within":
                    self.within_points[one][other] = points
                else:
                    self.stem_points[one][other] = points
            elif kind == "shared":
                one, other = map(int, key.split(":"))
                if not (0 <= one <= MOST_BEGIN and 0 <= other <= MOST_END):
                    raise ValueError("a key of letters.tsv is out of range")
                self.shared_points[one][other] = points
            elif kind == "skeleton":
                place, consonants, longer = key.split(":")
                one, other = int(consonants), int(longer)
                if not (0 <= one <= MOST_CONSONANTS and 0 <= other <= 1):
                    raise ValueError("a key of letters.tsv is out of range")
                self.skeleton_points[<int>SKELETONS.index(place)][one][other] = points
            elif kind == "rarer":
                one = int(key)
                if not 0 <= one < RARITIES:
                    raise ValueError("a key of letters.tsv is out of range")
                self.rarer_points[one] = points

    def _fill_left(self, table, share):
        cdef uint64_t slots = 64, slot, packed
        cdef bytes one, other
        if not 0 <= share <= 100:
            raise ValueError("the share that counts beside other parts is 0 to 100 hundredths")
        while slots < 4 * <uint64_t>len(table):
            slots *= 2
        self.left_mask = slots - 1
        self.left_key = <uint64_t*>calloc(slots, sizeof(uint64_t))
        self.left_points = <int16_t*>calloc(slots, sizeof(int16_t))
        self.left_taken = <uint64_t*>calloc(slots >> 6, sizeof(uint64_t))
        if self.left_key == NULL or self.left_points == NULL or self.left_taken == NULL:
            raise MemoryError
        for (kind, key), points in table.items():
            place, *words = key.split(":")
            if len(words) != 2 or max(map(len, words)) > MOST_LEFT or words[0] == words[1]:
                raise ValueError("what is left of two words is a place and up to four letters of each")
            one, other = (bytes(map(_letter, word)) + bytes(MOST_LEFT) for word in words)
            for beside, counted in enumerate((points, points * share // 100)):
                packed = _left_key(
                    LEFT.index(kind) + 2 * beside, PLACES.index(place),
                    <const uint8_t*>PyBytes_AS_STRING(one), <int>len(words[0]),
                    <const uint8_t*>PyBytes_AS_STRING(other), <int>len(words[1]),
                )
                slot = hash_slot(packed, self.left_mask)
                while self.left_key[slot] != 0:
                    slot = slot + 1 & self.left_mask
                self.left_key[slot] = packed
                self.left_taken[slot >> 6] |= <uint64_t>1 << (slot & 63)
                self.left_points[slot] = counted

    cdef int left_points_of(
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


def _letter(letter):
    if len(letter) != 1 or not "a" <= letter <= "z":
        raise ValueError("the tables of letters are of letters a-z")
    return ord(letter) - 97


def _bigram(letters):
    return 26 * _letter(letters[0]) + _letter(letters[1])
