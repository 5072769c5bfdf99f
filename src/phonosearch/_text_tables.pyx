"""The rules as the kernel reads them: tables of letters, words and groups, limits, and points, checked.

Letters of Latin text are folded by a table that ``_normalise.fold`` fills, so both read a letter alike.
"""

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from phonosearch._groups cimport Groups, Numbers
from phonosearch._heard cimport Orthographies
from phonosearch._similarity cimport LetterRules
from phonosearch._words cimport hash_slot, pack_word

# In the order of the kinds of the kernel.
DATE_KINDS = (
    "not_asked", "contradicted", "similar", "absent", "near_year", "one_digit", "digits_swapped", "placeholder",
    "partial", "swapped", "exact_placeholder", "exact",
)
AGE_KINDS = ("contradicted", "absent", "near_5", "near_2", "near_1", "possible", "exact")   # numbered after those
PLACE_KINDS = ("not_asked", "contradicted", "absent", "town", "district", "exact")
PLACE_FIELDS = (None, "place_town", "place_district", "place_postcode")
SEX_KINDS = ("not_asked", "contradicted", "absent", "exact")


cdef uint64_t _pack(str word) except? 0:
    cdef bytes raw = word.encode("ascii")
    cdef uint64_t key = pack_word(<const uint8_t*>PyBytes_AS_STRING(raw), len(raw))
    if key == 0:
        raise ValueError(f"{word!r} in the rules is not a word of one to thirteen letters a-z")
    return key


cdef int _read_above(int* out, rules, field, kinds) except -1:
    """The weights of the states of a field over that of its contradiction, by kind, and last that of full agreement."""
    cdef dict states = rules.above_contradiction[field] if field else {}
    cdef int number
    memset(out, 0, (BIRTH_STATES + 1) * sizeof(int))
    for number, kind in enumerate(kinds):
        out[number] = states.get(kind, 0)
    out[BIRTH_STATES] = states.get("exact", 0)
    return 0


cdef class TextTables:
    """The rules in the kernel's form.

    Parameters
    ----------
    rules : Rules
        The rules as read from the data files.
    fold, raw_part, initials_in : callable
        The functions of ``_normalise`` and ``_names``: they fill the table and serve text that it does not cover.
    """

    def __cinit__(self, rules, fold, raw_part, initials_in):
        self.words = NULL
        self.groups = NULL
        self.spelling_members_start = NULL
        self.spelling_members = NULL
        self.nickname_members_start = NULL
        self.nickname_members = NULL
        self.fold = fold
        self.raw_part = raw_part
        self.initials_in = initials_in
        self._check_limits(rules)
        self._fill_fold(rules, fold)
        self._fill_words(rules)
        self._fill_numbers(rules)
        self.letters = LetterRules(rules)
        self.heard = Orthographies(rules)

    def __dealloc__(self):
        free(self.words)
        free(self.groups)
        free(self.spelling_members_start)
        free(self.spelling_members)
        free(self.nickname_members_start)
        free(self.nickname_members)

    def _check_limits(self, rules):
        limits = rules.limits
        if (
            limits["name_code_points"] > MAX_CODE_POINTS
            or limits["parts"] != MAX_PARTS
            or limits["part_letters"] != MAX_PART_LETTERS
            or limits["person_id_bytes"] != MAX_ID_BYTES
            or limits["place_code_points"] != MAX_CODE_POINTS
            or limits["place_parts"] != MAX_PLACE_PARTS
            or limits["place_letters"] != MAX_PLACE_LETTERS
        ):
            raise ValueError("the limits of the rules are not those that the kernel was compiled for")

    def _fill_fold(self, rules, fold):
        cdef int code
        memset(self.simple, UNUSUAL, sizeof(self.simple))
        for code in range(0x80):
            self._fill_character(code)
            if self.fold_length[code] == 0:
                self.simple[code] = 0
            elif self.fold_length[code] == 1 and (
                self.fold_letters[code][0] == 32 or 97 <= self.fold_letters[code][0] <= 122
            ):
                self.simple[code] = self.fold_letters[code][0]
        for code in range(0x80, LATIN_END):
            self.fold_length[code] = SLOW       # until it is read for the first time
        for code in range(10):
            letter = rules.digits.get(str(code), "")
            self.digit_letter[code] = ord(letter) if letter else 0
        for joiner, letter in rules.joiners.items():
            if not joiner.isascii() or joiner.isalnum() or len(letter) > 1:
                raise ValueError(f"{joiner!r} in the rules is no joiner")
            self.join_letter[<int>ord(joiner)] = ord(letter) if letter else JOINED

    def _fill_character(self, int code):
        cdef str folded = self.fold(chr(code))
        cdef int position
        if len(folded) > 2:
            self.fold_length[code] = SLOW
            return
        for position in range(len(folded)):
            self.fold_letters[code][position] = ord(folded[position])
        publish(&self.fold_length[code], len(folded))

    def _fill_words(self, rules):
        flags = {}
        for words, flag in (
            (rules.titles, TITLE), (rules.suffixes, SUFFIX), (rules.particles, PARTICLE),
            (rules.inner_particles, INNER_PARTICLE), (rules.prefixes, PREFIX),
            (rules.compound_ends, COMPOUND_END), (rules.compound_stems, COMPOUND_STEM),
            (rules.compound_articles, COMPOUND_ARTICLE), (rules.initial_prefixes, INITIAL_PREFIX),
            (rules.placeholders, PLACEHOLDER), (rules.markers, MARKER),
        ):
            for word in words:
                flags[word] = flags.get(word, 0) | flag
        cdef Groups groups = Groups(rules.variants, len(flags))
        for word in flags:
            groups.word(_pack(word))
        cdef uint64_t slots = 16, slot
        while slots < 3 * <uint64_t>groups.words:
            slots *= 2
        self.word_mask = slots - 1
        self.words = <WordEntry*>calloc(slots, sizeof(WordEntry))
        if self.words == NULL:
            raise MemoryError
        cdef Numbers places = Numbers()
        cdef int number
        for number in range(groups.words):
            slot = hash_slot(groups.keys[number], self.word_mask)
            while self.words[slot].key != 0:
                slot = slot + 1 & self.word_mask
            self.words[slot].key = groups.keys[number]
            places.add(<int>slot)
        for word, flag in flags.items():
            self.words[places.at[groups.word(_pack(word))]].flags = flag
        for word in rules.initial_prefixes:
            if len(word) != 1:
                raise ValueError("a prefix that may be an initial has one letter")
        for word, generation in rules.generations.items():
            if word not in rules.suffixes or not 1 <= generation <= GENERATIONS:
                raise ValueError(f"{word!r} in the rules is no suffix of a generation")
            self.words[places.at[groups.word(_pack(word))]].generation = 1 << generation - 1
        self._fill_groups(groups, places)
        self._fill_members(groups)

    def _fill_groups(self, Groups of, Numbers places):
        """The groups of each word, its spellings first."""
        cdef int number, group, place, used = 0
        cdef WordEntry* entry
        self.groups = <int*>malloc((of.spelling.used + of.nickname.used + 1) * sizeof(int))
        if self.groups == NULL:
            raise MemoryError
        for place in range(of.spelling.used):
            self.words[places.at[of.spelling.at[place]]].spelling_end += 1
        for place in range(of.nickname.used):
            self.words[places.at[of.nickname.at[place]]].nickname_end += 1
        for number in range(of.words):
            entry = &self.words[places.at[number]]
            entry.spelling_start = used
            used += entry.spelling_end
            entry.spelling_end = entry.spelling_start
            entry.nickname_start = used
            used += entry.nickname_end
            entry.nickname_end = entry.nickname_start
        for group in range(of.spelling_start.used - 1):
            for place in range(of.spelling_start.at[group], of.spelling_start.at[group + 1]):
                entry = &self.words[places.at[of.spelling.at[place]]]
                self.groups[entry.spelling_end] = 2 * group + (place == of.spelling_start.at[group])
                entry.spelling_end += 1
        for group in range(of.nickname_start.used - 1):
            for place in range(of.nickname_start.at[group], of.nickname_start.at[group + 1]):
                entry = &self.words[places.at[of.nickname.at[place]]]
                self.groups[entry.nickname_end] = 2 * group + (place == of.nickname_start.at[group])
                entry.nickname_end += 1

    def _fill_members(self, Groups of):
        """The members of each group."""
        cdef int place
        self.spelling_group_count = of.spelling_start.used - 1
        self.nickname_group_count = of.nickname_start.used - 1
        self.spelling_members_start = of.spelling_start.taken()
        self.nickname_members_start = of.nickname_start.taken()
        self.spelling_members = <uint64_t*>malloc((of.spelling.used + 1) * sizeof(uint64_t))
        self.nickname_members = <uint64_t*>malloc((of.nickname.used + 1) * sizeof(uint64_t))
        if self.spelling_members == NULL or self.nickname_members == NULL:
            raise MemoryError
        for place in range(of.spelling.used):
            self.spelling_members[place] = of.keys[of.spelling.at[place]]
        for place in range(of.nickname.used):
            self.nickname_members[place] = of.keys[of.nickname.at[place]]

    def _fill_numbers(self, rules):
        cdef int letters, number, side
        written = rules.joined_initials
        self.initial_prefix_min_rest = rules.initial_prefix_min_rest
        self.joined_initials = written["letters"]
        self.vowels = sum(1 << ord(letter) - 97 for letter in written["vowels"])
        self.after_vowel = sum(1 << ord(letter) - 97 for letter in written["after_vowel"])
        self.beginning_count = len(rules.alternate_beginnings)
        self.beginning_min_rest = rules.alternate_min_rest
        self.beginnings_alike = True
        if self.beginning_count > 8:
            raise ValueError("more than eight alternate beginnings")
        for number, pair in enumerate(rules.alternate_beginnings):
            for side in range(2):
                raw = pair[side].encode("ascii")
                if not 0 < len(raw) <= 4:
                    raise ValueError("an alternate beginning has one to four letters")
                self.beginning_length[number][side] = len(raw)
                for letters in range(len(raw)):
                    self.beginnings[number][side][letters] = raw[letters]
            self.beginnings_alike &= self.beginnings[number][0][0] == self.beginnings[number][1][0]
        self.ending_count = len(rules.alternate_endings)
        self.ending_min_rest = rules.alternate_ending_min_rest
        if self.ending_count > MAX_ENDINGS:
            raise ValueError("too many alternate endings")
        for number, pair in enumerate(rules.alternate_endings):
            for side in range(2):
                raw = pair[side].encode("ascii")
                if len(raw) > 8:
                    raise ValueError("an alternate ending has at most eight letters")
                self.ending_length[number][side] = len(raw)
                for letters in range(len(raw)):
                    self.endings[number][side][letters] = raw[letters]
        for letters in range(64):
            self.edits_for_letters[letters] = rules.edits_allowed(letters)
            if not 0 <= self.edits_for_letters[letters] <= 2:
                raise ValueError("the kernel allows at most two edits")
        part, name = rules.part, rules.name
        self.part_exact = part["exact"]
        self.part_spelling = part["spelling"]
        self.part_nickname = part["nickname"]
        self.part_nickname_sibling = part["nickname_sibling"]
        self.part_initial = part["initial"]
        self.spelling_letters = part["spelling_letters"]
        self.nickname_letters = part["nickname_letters"]
        self.sibling_letters = part["nickname_sibling_letters"]
        self.none_above, self.none_divisor = part["none_above"], part["none_divisor"]
        if self.none_divisor < 1:
            raise ValueError("none_divisor is below 1")
        most = max(points for _, points in rules.letter_curve)
        self.none_most = self.none_above + max(most - self.none_above, 0) // self.none_divisor
        known = ("spelling", "nickname", "nickname_sibling")
        unequal = [part[kind] + part[f"{kind}_letters"] * most // 1000 for kind in known]
        if max(most, part["initial"], *unequal) >= self.part_exact:
            raise ValueError("parts that are not equal must earn less than those that are")    # pairings rest on it
        self.alike_points, self.alike_edits = rules.alike_points, rules.alike_edits
        self.left_out = name["left_out"]
        self.left_out_alone = name["left_out_alone"]
        self.order_cost = name["order_cost"]
        self.disorder_cost = name["disorder_cost"]
        self.form_cost = name["form_cost"]
        self.generation_cost = [0, name["generation_cost"], name["generation_absent"], 0]
        self.contradicted_below = name["contradicted_below"]
        self.contradicted_cost = name["contradicted_cost"]
        if not 0 < self.contradicted_below <= 1000 or not 0 <= self.contradicted_cost <= 1000:
            raise ValueError("the cost of a contradiction is out of range")
        if len(rules.age_widths) != AGE_WIDTHS:
            raise ValueError("the kernel weighs ages by five widths")
        for number, years in enumerate(rules.age_widths):
            self.age_widths[<int>number] = years
        self._fill_points(rules)
        self._fill_postcodes(rules)

    def _fill_postcodes(self, rules):
        for area in rules.postcode_areas:
            self.postcode_area[27 * (ord(area[0]) - 64) + (ord(area[1]) - 64 if len(area) > 1 else 0)] = True
        self.postcode_third = sum(1 << ord(letter) - 65 for letter in rules.postcode_third)
        self.postcode_fourth = sum(1 << ord(letter) - 65 for letter in rules.postcode_fourth)
        self.postcode_never_inward = sum(1 << ord(letter) - 65 for letter in rules.postcode_never_inward)

    def _fill_points(self, rules):
        """The points of all evidence besides names, for each set of fields that can be asked together."""
        cdef int birth, sex, place, number, total, states
        cdef int name_range = rules.name_range, above[3][BIRTH_STATES + 1]
        births = [rules.birth_field(precision, 0) for precision in range(4)]
        births += [rules.birth_field(0, years) for years in rules.age_widths]
        for birth in range(BIRTHS):
            states = BIRTH_STATES if birth >= 4 else DATE_STATES
            _read_above(above[0], rules, births[birth], DATE_KINDS if birth < 4 else ("",) * DATE_STATES + AGE_KINDS)
            for sex in range(2):
                _read_above(above[1], rules, "sex" if sex else None, SEX_KINDS)
                for place in range(PLACES):
                    _read_above(above[2], rules, PLACE_FIELDS[place], PLACE_KINDS)
                    # `Rules.shares`
                    total = name_range + above[0][BIRTH_STATES] + above[1][BIRTH_STATES] + above[2][BIRTH_STATES]
                    self.name_share[birth][sex][place] = 1000 - (
                        1000 * above[0][BIRTH_STATES] // total + 1000 * above[1][BIRTH_STATES] // total
                        + 1000 * above[2][BIRTH_STATES] // total
                    )
                    for number in range(states):
                        self.birth_points[birth][sex][place][number] = 1000 * above[0][number] // total
                    for number in range(4):
                        self.sex_points[birth][sex][place][number] = 1000 * above[1][number] // total
                    for number in range(PLACE_STATES):
                        self.place_points[birth][sex][place][number] = 1000 * above[2][number] // total

    cdef const WordEntry* word(self, uint64_t key) noexcept nogil:
        """The entry of a packed word, or NULL."""
        cdef uint64_t slot
        if key == 0:
            return NULL
        slot = hash_slot(key, self.word_mask)
        while self.words[slot].key != 0:
            if self.words[slot].key == key:
                return &self.words[slot]
            slot = slot + 1 & self.word_mask
        return NULL
