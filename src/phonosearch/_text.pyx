"""Names to forms at the speed of the kernel: the compiled twin of ``_normalise`` and ``_names``.

Latin text goes through a table made by ``_normalise.fold``, so both read a letter alike; any other text is
folded by ``_normalise.fold`` itself. The tables of words and groups come from the rules.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

cdef enum:
    TITLE = 1
    SUFFIX = 2
    PARTICLE = 4
    INNER_PARTICLE = 8
    PREFIX = 16
    SLOW = 255

cdef uint64_t HASH_FACTOR = 0x9E3779B97F4A7C15


cdef uint64_t pack_word(const uint8_t* letters, Py_ssize_t length) noexcept nogil:
    """Up to thirteen letters as one number to base 27; 0 for a longer word or one that is not a-z."""
    cdef uint64_t key = 0
    cdef Py_ssize_t position
    if length > 13:
        return 0
    for position in range(length):
        if letters[position] < 97 or letters[position] > 122:
            return 0
        key = key * 27 + (letters[position] - 96)
    return key


cdef uint64_t _pack(str word) except? 0:
    cdef bytes raw = word.encode("ascii")
    cdef uint64_t key = pack_word(<const uint8_t*>PyBytes_AS_STRING(raw), len(raw))
    if key == 0:
        raise ValueError(f"{word!r} in the rules is not a word of one to thirteen letters a-z")
    return key


cdef class TextRules:
    """The rules in the kernel's form.

    Parameters
    ----------
    rules : Rules
        The rules as read from the data files.
    fold, raw_part : callable
        The functions of ``_normalise``: they fill the table and serve text that it does not cover.
    """

    def __cinit__(self, rules, fold, raw_part):
        self.words = NULL
        self.groups = NULL
        self.spelling_members_start = NULL
        self.spelling_members = NULL
        self.nickname_members_start = NULL
        self.nickname_members = NULL
        self.fold = fold
        self.raw_part = raw_part
        self._check_limits(rules)
        self._fill_fold(rules, fold)
        self._fill_words(rules)
        self._fill_members(rules)
        self._fill_numbers(rules)

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
        ):
            raise ValueError("the limits of the rules are not those that the kernel was compiled for")

    def _fill_fold(self, rules, fold):
        cdef int code, position
        for code in range(0x180):
            folded = fold(chr(code))
            if len(folded) > 2:
                self.fold_length[code] = SLOW
                continue
            self.fold_length[code] = len(folded)
            for position in range(len(folded)):
                self.fold_letters[code][position] = ord(folded[position])
        for code in range(10):
            letter = rules.digits.get(str(code), "")
            self.digit_letter[code] = ord(letter) if letter else 0

    def _fill_words(self, rules):
        flags = {}
        for words, flag in (
            (rules.titles, TITLE), (rules.suffixes, SUFFIX), (rules.particles, PARTICLE),
            (rules.inner_particles, INNER_PARTICLE), (rules.prefixes, PREFIX),
        ):
            for word in words:
                flags[word] = flags.get(word, 0) | flag
        spelling, nickname = rules.spelling_groups, rules.nickname_groups
        every = sorted(flags.keys() | spelling.keys() | nickname.keys())
        cdef uint64_t slots = 16
        while slots < <uint64_t>(3 * len(every)):
            slots *= 2
        self.word_mask = slots - 1
        self.words = <WordEntry*>calloc(slots, sizeof(WordEntry))
        numbers = sum(len(groups) for table in (spelling, nickname) for groups in table.values())
        self.groups = <int*>malloc((numbers + 1) * sizeof(int))
        if self.words == NULL or self.groups == NULL:
            raise MemoryError
        cdef int used = 0
        cdef uint64_t slot, key
        cdef WordEntry* entry
        for word in every:
            key = _pack(word)
            slot = (key * HASH_FACTOR) >> 32 & self.word_mask
            while self.words[slot].key != 0:
                slot = slot + 1 & self.word_mask
            entry = &self.words[slot]
            entry.key = key
            entry.flags = flags.get(word, 0)
            entry.spelling_start = used
            for number in sorted(spelling.get(word, ())):
                self.groups[used] = 2 * number + (rules.spellings[number][0] == word)
                used += 1
            entry.spelling_end = used
            entry.nickname_start = used
            for number in sorted(nickname.get(word, ())):
                self.groups[used] = 2 * number + (rules.nicknames[number][0] == word)
                used += 1
            entry.nickname_end = used

    def _fill_members(self, rules):
        cdef int used = 0, number
        self.spelling_group_count = len(rules.spellings)
        self.nickname_group_count = len(rules.nicknames)
        self.spelling_members_start = <int*>malloc((self.spelling_group_count + 1) * sizeof(int))
        self.nickname_members_start = <int*>malloc((self.nickname_group_count + 1) * sizeof(int))
        self.spelling_members = <uint64_t*>malloc((sum(map(len, rules.spellings)) + 1) * sizeof(uint64_t))
        self.nickname_members = <uint64_t*>malloc((sum(map(len, rules.nicknames)) + 1) * sizeof(uint64_t))
        if (
            self.spelling_members_start == NULL or self.nickname_members_start == NULL
            or self.spelling_members == NULL or self.nickname_members == NULL
        ):
            raise MemoryError
        for number, row in enumerate(rules.spellings):
            self.spelling_members_start[number] = used
            for word in row:
                self.spelling_members[used] = _pack(word)
                used += 1
        self.spelling_members_start[self.spelling_group_count] = used
        used = 0
        for number, row in enumerate(rules.nicknames):
            self.nickname_members_start[number] = used
            for word in row:
                self.nickname_members[used] = _pack(word)
                used += 1
        self.nickname_members_start[self.nickname_group_count] = used

    def _fill_numbers(self, rules):
        cdef int letters, number, side
        self.beginning_count = len(rules.alternate_beginnings)
        self.beginning_min_rest = rules.alternate_min_rest
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
        self.sounds_base = part["sounds_base"]
        self.sounds_span = part["sounds_span"]
        self.both_keys = part["both_keys"]
        self.close_base = part["close_base"]
        self.close_span = part["close_span"]
        self.none_span = part["none_span"]
        self.left_out = name["left_out"]
        self.left_out_alone = name["left_out_alone"]
        self.order_cost = name["order_cost"]
        self.form_cost = name["form_cost"]
        self.date_share = rules.dob["share"]
        self.sex_share = rules.sex["share"]
        kinds = ("contradicted", "absent", "near_year", "one_digit", "swapped", "partial", "exact")
        self.date_points[0] = 0
        for number, kind in enumerate(kinds):
            self.date_points[number + 1] = rules.dob[kind]
        self.sex_points[0] = 0
        for number, kind in enumerate(("contradicted", "absent", "exact")):
            self.sex_points[number + 1] = rules.sex[kind]

    cdef const WordEntry* word(self, uint64_t key) noexcept nogil:
        """The entry of a packed word, or NULL."""
        cdef uint64_t slot
        if key == 0:
            return NULL
        slot = (key * HASH_FACTOR) >> 32 & self.word_mask
        while self.words[slot].key != 0:
            if self.words[slot].key == key:
                return &self.words[slot]
            slot = slot + 1 & self.word_mask
        return NULL

    cdef int read_utf8(
        self, const uint8_t* text, Py_ssize_t length, uint8_t* folded, int* folded_length
    ) noexcept nogil:
        """Fold Latin text into at most ``MAX_FOLDED`` bytes; NEEDS_PYTHON for text outside the table."""
        cdef Py_ssize_t position = 0
        cdef int used = 0, points = 0, taken
        cdef uint32_t code
        cdef bint slow = False
        if length > 4 * MAX_CODE_POINTS:
            return NAME_TOO_LONG
        while position < length:
            code = text[position]
            if code < 0x80:
                position += 1
            elif code < 0xC2:
                return INVALID_UNICODE
            elif code < 0xE0:
                if position + 1 >= length or (text[position + 1] & 0xC0) != 0x80:
                    return INVALID_UNICODE
                code = (code & 0x1F) << 6 | (text[position + 1] & 0x3F)
                position += 2
            elif code < 0xF0:
                if position + 2 >= length or (text[position + 1] & 0xC0) != 0x80 or (text[position + 2] & 0xC0) != 0x80:
                    return INVALID_UNICODE
                code = (code & 0x0F) << 12 | <uint32_t>(text[position + 1] & 0x3F) << 6 | (text[position + 2] & 0x3F)
                if code < 0x800 or 0xD800 <= code <= 0xDFFF:
                    return INVALID_UNICODE
                position += 3
            elif code < 0xF5:
                if (
                    position + 3 >= length or (text[position + 1] & 0xC0) != 0x80
                    or (text[position + 2] & 0xC0) != 0x80 or (text[position + 3] & 0xC0) != 0x80
                ):
                    return INVALID_UNICODE
                code = (
                    (code & 0x07) << 18 | <uint32_t>(text[position + 1] & 0x3F) << 12
                    | <uint32_t>(text[position + 2] & 0x3F) << 6 | (text[position + 3] & 0x3F)
                )
                if code < 0x10000 or code > 0x10FFFF:
                    return INVALID_UNICODE
                position += 4
            else:
                return INVALID_UNICODE
            points += 1
            if points > MAX_CODE_POINTS:
                return NAME_TOO_LONG
            if code >= 0x180 or self.fold_length[code] == SLOW:
                slow = True
                continue
            for taken in range(self.fold_length[code]):
                folded[used] = self.fold_letters[code][taken]
                used += 1
        folded_length[0] = used
        return NEEDS_PYTHON if slow else ACCEPTED

    cdef int read_folded(self, const uint8_t* folded, Py_ssize_t length, ParsedName* out) noexcept nogil:
        """Cut folded text into parts and make the forms; EMPTY_NAME where no letter is found."""
        cdef Py_ssize_t position = 0, start
        cdef int parts = 0, used = 0, at, letters, size, first, last
        cdef uint16_t begin[MAX_PARTS]
        cdef uint8_t extent[MAX_PARTS]
        cdef uint16_t flags[MAX_PARTS]
        cdef uint8_t letter
        cdef bint digits_only
        cdef const WordEntry* entry
        while position < length:
            while position < length and folded[position] == 32:
                position += 1
            start = position
            digits_only = True
            while position < length and folded[position] != 32:
                if folded[position] > 57:
                    digits_only = False
                position += 1
            if digits_only:
                continue
            letters = 0
            while start < position:
                letter = folded[start]
                start += 1
                if letter <= 57:
                    letter = self.digit_letter[letter - 48]
                    if letter == 0:
                        continue
                if letters == 0:
                    if parts == MAX_PARTS:
                        return TOO_MANY_PARTS
                    begin[parts] = used
                    parts += 1
                out.letters[used] = letter
                used += 1
                letters += 1
                extent[parts - 1] = letters
                if letters == MAX_PART_LETTERS:
                    letters = 0
        if parts == 0:
            return EMPTY_NAME
        for at in range(parts):
            entry = self.word(pack_word(&out.letters[begin[at]], extent[at]))
            flags[at] = 0 if entry == NULL else entry.flags
        first = 0
        last = parts
        while last - first > 1 and flags[first] & TITLE:
            first += 1
        while last - first > 1 and flags[last - 1] & SUFFIX:
            last -= 1
        for at in range(first, last):
            out.start[0][at - first] = begin[at]
            out.length[0][at - first] = extent[at]
        out.size[0] = last - first
        out.used = used
        out.form_count = 1
        # Without particles.
        size = 0
        for at in range(first, last):
            if at == last - 1 or not (
                flags[at] & PARTICLE or (at > first and flags[at] & INNER_PARTICLE)
            ):
                out.start[1][size] = begin[at]
                out.length[1][size] = extent[at]
                size += 1
        if size < out.size[0]:
            out.size[1] = size
            out.form_count = 2
        self._join(out, begin, extent, flags, first, last)
        return ACCEPTED

    cdef void _join(
        self, ParsedName* out, const uint16_t* begin, const uint8_t* extent, const uint16_t* flags, int first, int last
    ) noexcept nogil:
        """Add the form in which prefixes are joined, if it differs from the others."""
        cdef int form = out.form_count, at = first, end, size = 0, joined, member, other
        cdef int limit = out.used
        cdef bint same
        while at < last:
            end = at
            while end + 1 < last and flags[end] & PREFIX:
                end += 1
            end += 1
            joined = 0
            for member in range(at, end):
                joined += extent[member]
            if joined > MAX_PART_LETTERS:
                end = at + 1
                joined = extent[at]
            if end == at + 1:
                out.start[form][size] = begin[at]
            else:
                out.start[form][size] = limit
                for member in range(at, end):
                    memcpy(&out.letters[limit], &out.letters[begin[member]], extent[member])
                    limit += extent[member]
            out.length[form][size] = joined
            size += 1
            at = end
        out.size[form] = size
        for other in range(form):
            if out.size[other] != size:
                continue
            same = True
            for member in range(size):
                if out.length[other][member] != out.length[form][member] or not _equal(
                    &out.letters[out.start[other][member]], &out.letters[out.start[form][member]],
                    out.length[form][member],
                ):
                    same = False
                    break
            if same:
                return
        out.used = limit
        out.form_count = form + 1

    cdef int read_slowly(self, const uint8_t* text, Py_ssize_t length, ParsedName* out) except -1:
        """Fold through ``_normalise``; text is valid UTF-8 within the limits."""
        cdef str name = text[:length].decode("utf-8")
        cdef bytes folded = self.fold(name).encode("ascii")
        cdef int status = self.read_folded(
            <const uint8_t*>PyBytes_AS_STRING(folded), PyBytes_GET_SIZE(folded), out
        )
        if status != EMPTY_NAME:
            return status
        raw = self.raw_part(name)
        if raw is None:
            return EMPTY_NAME
        folded = raw.encode("utf-8")
        if PyBytes_GET_SIZE(folded) > MAX_RAW_BYTES:
            raise ValueError("a raw part is over its limit")
        memcpy(out.letters, PyBytes_AS_STRING(folded), PyBytes_GET_SIZE(folded))
        out.used = <int>PyBytes_GET_SIZE(folded)
        out.form_count = 1
        out.size[0] = 1
        out.start[0][0] = 0
        out.length[0][0] = out.used
        return ACCEPTED

    cdef int read(self, const uint8_t* text, Py_ssize_t length, ParsedName* out) except -1 nogil:
        """Read a name from UTF-8; an outcome of the enum, never NEEDS_PYTHON."""
        cdef uint8_t folded[MAX_FOLDED]
        cdef int folded_length = 0
        cdef int status = self.read_utf8(text, length, folded, &folded_length)
        if status == ACCEPTED:
            status = self.read_folded(folded, folded_length, out)
            if status != EMPTY_NAME:
                return status
        elif status != NEEDS_PYTHON:
            return status
        with gil:
            return self.read_slowly(text, length, out)

    def check(self, bytes text not None):
        """Whether a name in UTF-8 can be read within the limits."""
        cdef ParsedName parsed
        return self.read(<const uint8_t*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &parsed) == ACCEPTED

    def forms(self, name: str):
        """The forms of a name as tuples of parts, and the outcome: for tests against ``_names.forms``."""
        cdef ParsedName parsed
        cdef bytes text = name.encode("utf-8", "surrogatepass")
        cdef int form, part
        cdef int status = self.read(<const uint8_t*>PyBytes_AS_STRING(text), len(text), &parsed)
        if status != ACCEPTED:
            return status, []
        return status, [
            tuple(
                parsed.letters[parsed.start[form][part] : parsed.start[form][part] + parsed.length[form][part]].decode()
                for part in range(parsed.size[form])
            )
            for form in range(parsed.form_count)
        ]


cdef bint _equal(const uint8_t* one, const uint8_t* other, int length) noexcept nogil:
    cdef int position
    for position in range(length):
        if one[position] != other[position]:
            return False
    return True
