"""The similarity of two words at the speed of the kernel: the compiled twin of ``_letters``.

The alignment is a dynamic programme over the two words that keeps, for each pair of beginnings, the least cost with the
number of edits (one number, so that one comparison decides) and the points that its steps earn.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memset

from phonosearch._encoders cimport double_metaphone_codes, soundex_code
from phonosearch._words cimport hash_slot, pack_word

cdef enum:
    LEAD = 2
    TRAIL = 3
    EDIT = 1                    # in the lowest bits of a cost
    COST = 256

cdef enum:
    BEGIN = 0
    INSIDE = 1
    END = 2

GAPS = ("gap", "double", "lead", "trail")
PLACES = ("begin", "inside", "end")
SKELETONS = ("other", "initial")
LEFT = ("residue", "segment")

cdef enum:                      # and two more beside other parts
    RESIDUE = 0
    SEGMENT = 1

cdef enum:                      # the step that led to a cell: letters of a, times four, and of b
    DIAGONAL = 5
    OF_A = 4
    OF_B = 1
    TWO_ONE = 9
    ONE_TWO = 6
    TWO_TWO = 10


cdef inline int _code(uint8_t letter) noexcept nogil:
    """0 to 25; a crafted index file may hold other bytes than a-z, which must not lead out of a table."""
    return letter - 97 if 97 <= letter <= 122 else 0


cdef inline int _is_double(const uint8_t* letters, int place, int length) noexcept nogil:
    return (place > 0 and letters[place - 1] == letters[place]) or (
        place + 1 < length and letters[place + 1] == letters[place]
    )


cdef inline bint _is_vowel(uint8_t letter) noexcept nogil:
    return letter in (97, 101, 105, 111, 117, 121)


cdef inline int _find(const uint8_t* short, int length, const uint8_t* word, int letters, int first) noexcept nogil:
    """Whether a word holds a shorter one, from place ``first`` on."""
    cdef int place
    for place in range(first, letters - length + 1):
        if word[place] == short[0] and memcmp(word + place, short, length) == 0:
            return True
    return False


cdef inline uint64_t _left_key(
    int kind, int place, const uint8_t* one, int one_length, const uint8_t* other, int other_length
) noexcept nogil:
    """What is left of two words, whichever is named first; never 0, since something is left of one."""
    cdef uint64_t a = 0, b = 0
    cdef int at
    for at in range(one_length):
        a = a << 5 | <uint64_t>(_code(one[at]) + 1)
    for at in range(other_length):
        b = b << 5 | <uint64_t>(_code(other[at]) + 1)
    return <uint64_t>kind << 42 | <uint64_t>place << 40 | max(a, b) << 20 | min(a, b)


cdef class LetterRules:
    """The tables of the letters and of rarity in the kernel's form.

    Parameters
    ----------
    rules : Rules
        The rules as read from the data files.
    """

    def __cinit__(self, rules):
        self.rarity_key = NULL
        self.rarity_value = NULL
        self.left_key = NULL
        self.left_points = NULL
        memset(self.letter, 0, sizeof(self.letter))
        memset(self.gap, 0, sizeof(self.gap))
        self._fill_costs(rules.letter_costs)
        self._fill_groups(rules.letter_groups)
        self._fill_points(rules.letter_points)
        self._fill_left(
            {fact: points for fact, points in rules.letter_points.items() if fact[0] in LEFT}, rules.letter_beside
        )
        self._fill_rarity(rules.rarity_scale, rules.rarity_text.encode("ascii"))
        self.knots = len(rules.letter_curve)
        if not 2 <= self.knots <= 16:
            raise ValueError("the curve has two to sixteen knots")
        for number, (evidence, points) in enumerate(rules.letter_curve):
            self.knot_evidence[number] = evidence
            self.knot_points[number] = points

    def __dealloc__(self):
        free(self.rarity_key)
        free(self.rarity_value)
        free(self.left_key)
        free(self.left_points)

    def _fill_costs(self, costs):
        cdef int one, other, kind
        self.swap.cost = costs["swap"] * COST + EDIT
        self.group_cost = costs["group"] * COST + EDIT
        for kind, name in enumerate(GAPS):
            for one in range(26):
                self.gap[kind][one].cost = costs[name] * COST + EDIT
        for one in range(26):
            for other in range(26):
                vowels = chr(97 + one) in "aeiouy" and chr(97 + other) in "aeiouy"
                self.letter[one][other].cost = (
                    costs["match"] * COST if one == other else costs["vowels" if vowels else "sub"] * COST + EDIT
                )

    def _fill_groups(self, groups):
        cdef int count = 0, one, other
        memset(self.bigram, 0, sizeof(self.bigram))
        memset(self.single_known, 0, sizeof(self.single_known))
        memset(self.double_known, 0, sizeof(self.double_known))
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
                self.single_known[one][-1 - other] = 1
            else:
                self.double_known[one][other] = self.double_known[other][one] = 1

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
        self.swap.points = table.get(("swap", ""), 0)
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
                self.letter[one][one].points = points
            elif kind == "sub":
                if len(key) != 2:
                    raise ValueError("a substitution is of two letters")
                one, other = _letter(key[0]), _letter(key[1])
                self.letter[one][other].points = self.letter[other][one].points = points
            elif kind in GAPS:
                self.gap[<int>GAPS.index(kind)][_letter(key)].points = points
            elif kind == "group":
                one, other = self._group(*key.split(":"))
                if other < 0 and self.single_known[one][-1 - other]:
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
        while slots < 4 * <uint64_t>len(table):
            slots *= 2
        self.left_mask = slots - 1
        self.left_key = <uint64_t*>calloc(slots, sizeof(uint64_t))
        self.left_points = <int16_t*>calloc(slots, sizeof(int16_t))
        if self.left_key == NULL or self.left_points == NULL:
            raise MemoryError
        for (kind, key), points in table.items():
            place, *words = key.split(":")
            if len(words) != 2 or max(map(len, words)) > MOST_LEFT or words[0] == words[1]:
                raise ValueError("what is left of two words is a place and up to four letters of each")
            for letter in "".join(words):
                _letter(letter)
            one, other = (word.encode("ascii") for word in words)
            for beside, counted in enumerate((points, points * share // 100)):
                packed = _left_key(
                    LEFT.index(kind) + 2 * beside, PLACES.index(place),
                    <const uint8_t*>PyBytes_AS_STRING(one), <int>len(one),
                    <const uint8_t*>PyBytes_AS_STRING(other), <int>len(other),
                )
                slot = hash_slot(packed, self.left_mask)
                while self.left_key[slot] != 0:
                    slot = slot + 1 & self.left_mask
                self.left_key[slot] = packed
                self.left_points[slot] = counted

    def _fill_rarity(self, scale, bytes text):
        cdef const char* at = PyBytes_AS_STRING(text)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(text), place = 0, begin
        cdef uint64_t slots = 1024, key, slot, words = 0
        cdef int value
        self.rarity_first = scale["first"]
        self.rarity_step = scale["step"]
        self.rarity_bins = scale["bins"]
        self.rarity_base = scale["base"]
        self.rarity_initial = scale["initial"]
        self.rarity_unknown = scale["unknown"]
        if not 0 < self.rarity_bins <= RARITIES or not 0 < self.rarity_unknown < 256 or self.rarity_step < 1:
            raise ValueError("the scale of rarity is out of range")
        for place in range(size):
            words += at[place] == 32 or at[place] == 9
        while slots < 2 * words:
            slots *= 2
        self.rarity_mask = slots - 1
        self.rarity_key = <uint64_t*>calloc(slots, sizeof(uint64_t))
        self.rarity_value = <uint8_t*>calloc(slots, 1)
        if self.rarity_key == NULL or self.rarity_value == NULL:
            raise MemoryError
        place = 0
        while place < size:
            if at[place] == 35 or at[place] == 10:
                while place < size and at[place] != 10:
                    place += 1
                place += 1
                continue
            value = 0
            while place < size and 48 <= at[place] <= 57:
                value = 10 * value + at[place] - 48
                place += 1
            while place < size and at[place] != 10:
                place += 1      # the tab, or a space between two words
                begin = place
                while place < size and 97 <= at[place] <= 122:
                    place += 1
                key = pack_word(<const uint8_t*>(at + begin), place - begin)
                if key == 0 or not 0 < value < 256:
                    raise ValueError("rarity.tsv: a line is a number below 256, a tab, and words a-z")
                if value < self.rarity_initial:
                    raise ValueError("rarity.tsv: no word weighs less than an initial")     # bounds rest on it
                slot = hash_slot(key, self.rarity_mask)
                while self.rarity_key[slot] != 0:
                    slot = slot + 1 & self.rarity_mask
                self.rarity_key[slot] = key
                self.rarity_value[slot] = value
            place += 1

    cdef int rarity_of(self, uint64_t key) noexcept nogil:
        """Tenths of bits of a packed word; 0 stands for one that cannot be packed."""
        cdef uint64_t slot = hash_slot(key, self.rarity_mask)
        if key == 0:
            return self.rarity_unknown
        while self.rarity_key[slot] != 0:
            if self.rarity_key[slot] == key:
                return self.rarity_value[slot]
            slot = slot + 1 & self.rarity_mask
        return self.rarity_unknown

    cdef int evidence(
        self, const Word* first, const Word* second, bint same_soundex, bint same_metaphone, bint beside
    ) noexcept nogil:
        """``_letters.evidence`` of two different words of letters."""
        cdef const Word* a = first
        cdef const Word* b = second
        cdef int i, j, n, m, edits, code, other, cost, points, option, earned, shorter, one, begin, end, shared
        cdef int gap_cost, gap_points, before_code, first_of_pair, taken
        cdef Cell cells[3][MOST_LETTERS]
        cdef Cell* row
        cdef Cell* above
        cdef Cell* before
        cdef Cell gaps[2][MOST_LETTERS]     # of b: inside and after a
        cdef uint8_t choices[MOST_LETTERS][MOST_LETTERS]
        cdef uint8_t* choice
        cdef const Cell* b_gap
        cdef uint8_t b_code[MOST_LETTERS]
        cdef uint8_t b_pair[MOST_LETTERS]   # the pair of letters that ends here, where groups know it
        cdef const Cell* step
        if a.length > b.length or (a.length == b.length and memcmp(a.letters, b.letters, a.length) > 0):
            a = second
            b = first
        # What both words begin and end with is matched, but for a letter each that may belong to a group.
        shorter = a.length
        begin = 0
        while begin < shorter and a.letters[begin] == b.letters[begin]:
            begin += 1
        end = 0
        while end < shorter - begin and a.letters[a.length - 1 - end] == b.letters[b.length - 1 - end]:
            end += 1
        shared = self.shared_points[min(begin, MOST_BEGIN)][min(end, MOST_END)]
        if begin + end > 1:
            shared += self._left(
                RESIDUE + 2 * beside, BEGIN if begin == 0 else END if end == 0 else INSIDE,
                a.letters + begin, a.length - begin - end, b.letters + begin, b.length - begin - end,
            )
        shared += self._shortened(a, b, begin, end)
        begin = begin - 1 if begin else 0
        end = end - 1 if end else 0
        for i in range(begin):
            shared += self.letter[_code(a.letters[i])][_code(a.letters[i])].points
        for i in range(a.length - end, a.length):
            shared += self.letter[_code(a.letters[i])][_code(a.letters[i])].points
        n = a.length - begin - end
        m = b.length - begin - end
        b_code[0] = 0
        cells[0][0].cost = 0
        cells[0][0].points = 0
        for j in range(1, m + 1):
            code = _code(b.letters[begin + j - 1])
            b_code[j] = code
            b_pair[j] = self.bigram[b_code[j - 1] * 26 + code] if j > 1 else 0
            gaps[0][j] = self.gap[_is_double(b.letters, begin + j - 1, b.length)][code]
            gaps[1][j] = self.gap[TRAIL][code] if end == 0 else gaps[0][j]
            step = &self.gap[LEAD][code] if begin == 0 else &gaps[0][j]
            cells[0][j].cost = cells[0][j - 1].cost + step.cost
            cells[0][j].points = cells[0][j - 1].points + step.points
            choices[0][j] = OF_B
            if j == 1 and begin == 0:
                cells[0][1].points += self.lacking_initial
                gaps[0][1].points += self.lacking_initial
                gaps[1][1].points += self.lacking_initial
        code = 0
        for i in range(1, n + 1):
            row = cells[i % 3]
            above = cells[(i + 2) % 3]
            before = cells[(i + 1) % 3]
            before_code = code
            code = _code(a.letters[begin + i - 1])
            first_of_pair = self.bigram[before_code * 26 + code] if i > 1 else 0
            b_gap = gaps[i == n]
            one = self.lacking_initial if i == 1 and begin == 0 else 0
            step = &self.gap[_is_double(a.letters, begin + i - 1, a.length)][code]
            gap_cost = step.cost
            gap_points = step.points + one
            if begin == 0:
                step = &self.gap[LEAD][code]
            row[0].cost = above[0].cost + step.cost
            row[0].points = above[0].points + step.points + one
            choice = choices[i]
            choice[0] = OF_A
            step = self.letter[code]
            for j in range(1, m + 1):
                other = b_code[j]
                cost = above[j - 1].cost + step[other].cost
                points = above[j - 1].points + step[other].points
                taken = DIAGONAL
                if code != other:
                    if begin == 0 and i == 1 and j == 1:
                        points += self.sub_initial
                    if end == 0 and i == n and j == m:
                        points += self.sub_final
                if j == m and end == 0:
                    gap_cost = self.gap[TRAIL][code].cost
                    gap_points = self.gap[TRAIL][code].points + one
                option = above[j].cost + gap_cost
                earned = above[j].points + gap_points
                points = earned if option < cost else points
                taken = OF_A if option < cost else taken
                cost = option if option < cost else cost
                option = row[j - 1].cost + b_gap[j].cost
                earned = row[j - 1].points + b_gap[j].points
                points = earned if option < cost else points
                taken = OF_B if option < cost else taken
                cost = option if option < cost else cost
                if i > 1 and j > 1 and before_code == other and code == b_code[j - 1] and before_code != code:
                    option = before[j - 2].cost + self.swap.cost
                    if option < cost:
                        cost = option
                        points = before[j - 2].points + self.swap.points
                        taken = TWO_TWO
                if first_of_pair | b_pair[j]:
                    if first_of_pair and self.single_known[first_of_pair][other]:
                        option = before[j - 1].cost + self.group_cost
                        if option < cost:
                            cost = option
                            points = before[j - 1].points + self.single_points[first_of_pair][other]
                            taken = TWO_ONE
                    if b_pair[j] and self.single_known[b_pair[j]][code]:
                        option = above[j - 2].cost + self.group_cost
                        if option < cost:
                            cost = option
                            points = above[j - 2].points + self.single_points[b_pair[j]][code]
                            taken = ONE_TWO
                    if first_of_pair and b_pair[j] and self.double_known[first_of_pair][b_pair[j]]:
                        option = before[j - 2].cost + self.group_cost
                        if option < cost:
                            cost = option
                            points = before[j - 2].points + self.double_points[first_of_pair][b_pair[j]]
                            taken = TWO_TWO
                row[j].cost = cost
                row[j].points = points
                choice[j] = taken
        edits = cells[n % 3][m].cost & (COST - 1)
        points = cells[n % 3][m].points + shared + self._segments(
            a, b, begin, end, SEGMENT + 2 * beside, &choices[0][0]
        )
        shorter = min(shorter, 12)
        points += self.edits_points[beside][min(edits, 7)][shorter]
        points += self.longer_points[beside][min(m - n, 6)][shorter]
        if same_soundex:
            points += self.soundex_points
        if same_metaphone:
            points += self.metaphone_points
        one = self._rarity_class(min(a.rarity, b.rarity))
        other = self._rarity_class(max(a.rarity, b.rarity))
        return points + self.commoner_points[min(edits, 3)][one] + self.rarer_points[other]

    cdef int _left(
        self, int kind, int place, const uint8_t* one, int one_length, const uint8_t* other, int other_length
    ) noexcept nogil:
        """Points of what is left of two words in one place."""
        cdef uint64_t key, slot
        if one_length > MOST_LEFT or other_length > MOST_LEFT:
            return 0
        key = _left_key(kind, place, one, one_length, other, other_length)
        slot = hash_slot(key, self.left_mask)
        while self.left_key[slot] != 0:
            if self.left_key[slot] == key:
                return self.left_points[slot]
            slot = slot + 1 & self.left_mask
        return 0

    cdef int _segments(
        self, const Word* a, const Word* b, int begin, int end, int kind, const uint8_t* choices
    ) noexcept nogil:
        """Points of the letters between matches, from the last back; ``begin`` and ``end`` letters match outside."""
        cdef int i = a.length - begin - end, j = b.length - begin - end, last_i = i, last_j = j, points = 0, choice
        cdef const uint8_t* one = a.letters + begin
        cdef const uint8_t* other = b.letters + begin
        while True:
            choice = choices[i * MOST_LETTERS + j] if i or j else DIAGONAL
            if choice == DIAGONAL and (i == 0 or one[i - 1] == other[j - 1]):
                if last_i > i or last_j > j:
                    points += self._left(
                        kind,
                        BEGIN if begin == 0 and i == 0 and j == 0
                        else END if begin + last_i == a.length and begin + last_j == b.length else INSIDE,
                        one + i, last_i - i, other + j, last_j - j,
                    )
                if i == 0:
                    return points
                last_i = i - 1
                last_j = j - 1
            i -= choice >> 2
            j -= choice & 3

    cdef int _shortened(self, const Word* a, const Word* b, int begin, int end) noexcept nogil:
        """``_letters._shortened``; so many letters are shared at the beginning and at the end of the two words."""
        cdef int points = 0, stem = a.length, length = min(a.length, MOST_WITHIN), consonants = 0, place = 0, at
        while stem and _is_vowel(a.letters[stem - 1]):
            stem -= 1
        if stem > 2 and a.letters[stem - 1] == a.letters[stem - 2]:
            stem -= 1
        if begin == a.length:
            points = self.within_points[BEGIN][length]
        elif begin + end == a.length and memcmp(b.letters + b.length - a.length, a.letters, a.length) == 0:
            points = self.within_points[END][length]
        elif _find(a.letters, a.length, b.letters, b.length, 1):
            points = self.within_points[INSIDE][length]
        elif 1 < stem < a.length:
            length = min(stem, MOST_WITHIN)
            if begin >= stem:
                points = self.stem_points[BEGIN][length]
            elif _find(a.letters, stem, b.letters, b.length, 1):
                points = self.stem_points[INSIDE][length]
        for at in range(stem):
            if _is_vowel(a.letters[at]):
                continue
            while place < b.length and b.letters[place] != a.letters[at]:
                place += 1
            if place == b.length:
                return points
            place += 1
            consonants += 1
        return points + self.skeleton_points[
            a.letters[0] == b.letters[0]
        ][min(consonants, MOST_CONSONANTS)][b.length > a.length + 1]

    cdef int _rarity_class(self, int rarity) noexcept nogil:
        return min(max(rarity - self.rarity_first, 0) // self.rarity_step, self.rarity_bins - 1)

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

    def evidence_many(self, ones, others, bint beside=False):
        """The evidence of each pair of words a-z, of 2 to 60 letters and different; for tests and training."""
        cdef Word a, b
        cdef uint32_t codes[2][3]
        found = []
        for one, other in zip(ones, others, strict=True):
            one, other = one.encode("ascii"), other.encode("ascii")
            if not all(0 < len(word) <= 60 and word.isalpha() and word.islower() for word in (one, other)):
                raise ValueError("words have 1 to 60 letters a-z")
            _word(self, one, &a, codes[0])
            _word(self, other, &b, codes[1])
            found.append(self.evidence(
                &a, &b, codes[0][2] == codes[1][2],
                (codes[0][0] != 0 and (codes[0][0] == codes[1][0] or codes[0][0] == codes[1][1]))
                or (codes[0][1] != 0 and (codes[0][1] == codes[1][0] or codes[0][1] == codes[1][1])),
                beside,
            ))
        return found


def _letter(letter):
    if len(letter) != 1 or not "a" <= letter <= "z":
        raise ValueError("the tables of letters are of letters a-z")
    return ord(letter) - 97


def _bigram(letters):
    return 26 * _letter(letters[0]) + _letter(letters[1])


cdef int _word(LetterRules rules, bytes text, Word* word, uint32_t* codes) except -1:
    word.letters = <const uint8_t*>PyBytes_AS_STRING(text)
    word.length = <int>PyBytes_GET_SIZE(text)
    word.rarity = rules.rarity_of(pack_word(word.letters, word.length))
    double_metaphone_codes(word.letters, word.length, &codes[0], &codes[1])
    codes[2] = soundex_code(word.letters, word.length)
    return 0
