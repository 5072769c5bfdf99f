"""Names to forms at the speed of the kernel: the compiled twin of ``_normalise`` and ``_names``.

Latin text goes through the table of ``_text_tables``; any other text is folded by ``_normalise.fold`` itself.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcpy

from phonosearch._words cimport pack_word


cdef class TextRules(TextTables):
    """Reads names by the tables of the rules; the parameters are those of ``TextTables``."""

    cdef int read_utf8(
        self, const uint8_t* text, Py_ssize_t length, uint8_t* folded, int* folded_length
    ) noexcept nogil:
        """Fold Latin text into at most ``MAX_FOLDED`` bytes; NEEDS_PYTHON for text outside the table."""
        cdef Py_ssize_t position = 0
        cdef int used = 0, points = 0, taken, letters
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
            letters = SLOW
            if code < 0x80:
                letters = self.fold_length[code]
            elif code < LATIN_END:
                letters = published(&self.fold_length[code])
            if letters == SLOW:
                slow = True
                continue
            for taken in range(letters):
                folded[used] = self.fold_letters[code][taken]
                used += 1
        folded_length[0] = used
        return NEEDS_PYTHON if slow else ACCEPTED

    cdef int read_folded(self, const uint8_t* folded, Py_ssize_t length, int initials, ParsedName* out) noexcept nogil:
        """Cut folded text into parts and make the forms; EMPTY_NAME where no letter is found. ``initials`` is as
        ``_names.initials_in`` says."""
        cdef Py_ssize_t position = 0, start
        cdef int parts = 0, used = 0, at, letters, size, first, last, between = 0, before
        cdef uint16_t begin[MAX_PARTS]
        cdef uint8_t extent[MAX_PARTS]
        cdef uint16_t flags[MAX_PARTS]
        cdef uint16_t generation[MAX_PARTS]
        cdef uint8_t joins[MAX_PARTS]       # to the part before, in the word: 0 not, JOINED, or the letter between
        cdef uint8_t prefixed[MAX_PARTS]
        cdef uint8_t bare[MAX_PARTS]        # letters of a prefix that is an initial elsewhere, joined to the part
        cdef uint8_t letter, join = 0
        cdef bint digits_only, differs, begun = False
        cdef const WordEntry* entry
        while position < length:
            while position < length and (folded[position] == 32 or self.join_letter[folded[position]]):
                between += 1
                join = self.join_letter[folded[position]] if between == 1 else JOINED
                if folded[position] == 32:
                    begun = False
                position += 1
            start = position
            digits_only = True
            while position < length and folded[position] != 32 and not self.join_letter[folded[position]]:
                if folded[position] > 57:
                    digits_only = False
                position += 1
            if digits_only:
                continue
            before = parts
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
                    joins[parts] = join if begun and parts == before else 0
                    parts += 1
                out.letters[used] = letter
                used += 1
                letters += 1
                extent[parts - 1] = letters
                if letters == MAX_PART_LETTERS:
                    letters = 0
            begun = True
            between = 0
        if parts == 0:
            return EMPTY_NAME
        for at in range(parts):
            entry = self.word(pack_word(&out.letters[begin[at]], extent[at]))
            flags[at] = 0 if entry == NULL else entry.flags
            generation[at] = 0 if entry == NULL else entry.generation
        first = 0
        last = parts
        while last - first > 1 and flags[first] & TITLE:
            first += 1
        out.generations = 0
        while last - first > 1 and flags[last - 1] & SUFFIX:
            last -= 1
            out.generations |= generation[last]
        last = self._compare(out, begin, extent, flags, joins, bare, first, last)
        first = 0
        for at in range(first, last):
            out.start[0][at - first] = begin[at]
            out.length[0][at - first] = extent[at]
        out.size[0] = last - first
        out.used = used
        out.form_count = 1
        out.kind[0] = FULL_FORM
        # Without particles.
        size = 0
        differs = False
        for at in range(first, last):
            if at == last - 1 or not (
                flags[at] & PARTICLE or (at > first and flags[at] & INNER_PARTICLE)
            ):
                out.start[1][size] = begin[at] + bare[at]
                out.length[1][size] = extent[at] - bare[at]
                differs = differs or bare[at]
                size += 1
        if differs or size < out.size[0]:
            out.size[1] = size
            out.kind[1] = PARTICLES_FORM
            out.form_count = 2
        for at in range(first + 1, last):
            if at > first + 1 and flags[at] & COMPOUND_STEM and flags[at - 1] & COMPOUND_ARTICLE:
                prefixed[at] = ASSIMILATED
            elif (
                flags[at - 1] & PREFIX or flags[at] & COMPOUND_END
                or (at + 1 < last and flags[at] & COMPOUND_ARTICLE and flags[at + 1] & COMPOUND_STEM)
            ):
                prefixed[at] = JOINED
            else:
                prefixed[at] = 0
        self._join(out, begin, extent, prefixed, first, last, PREFIXES_FORM, False)
        size = self._part_initials(
            out, begin, extent, flags, joins, last, initials == 2
        ) if initials else last
        self._join(out, begin, extent, joins, first, size, HYPHENS_FORM, size > last)
        return ACCEPTED

    cdef int _compare(
        self, const ParsedName* out, uint16_t* begin, uint8_t* extent, uint16_t* flags, uint8_t* joins, uint8_t* bare,
        int first, int last
    ) noexcept nogil:
        """Put the parts that are compared in the place of all, from 0 on; how many there are: ``_names._full``.

        The letters of a part follow those of the one before it, so a prefix and a part are joined where they are.
        """
        cdef uint16_t full_begin[MAX_PARTS]
        cdef uint8_t full_extent[MAX_PARTS]
        cdef uint8_t full_joins[MAX_PARTS]
        cdef int at, kept = 0, size = 0, before = -2
        cdef uint16_t dropped = PLACEHOLDER | MARKER
        cdef bint beside, all_of_them
        cdef const WordEntry* entry
        for at in range(first, last):
            kept += not (flags[at] & PLACEHOLDER or (flags[at] & MARKER and first < at < last - 1))
        all_of_them = kept == 0
        for at in range(first, last):
            if not all_of_them and flags[at] & dropped and (flags[at] & PLACEHOLDER or first < at < last - 1):
                continue
            beside = at > first and before == at - 1
            if (
                beside and flags[at - 1] & INITIAL_PREFIX and extent[at] >= self.initial_prefix_min_rest
                and self._is_known(pack_word(&out.letters[begin[at - 1]], 1 + extent[at]))
            ):
                full_extent[size - 1] = 1 + extent[at]
                bare[size - 1] = 1
                before = at
                continue
            before = at
            bare[size] = 0
            full_begin[size] = begin[at]
            full_extent[size] = extent[at]
            full_joins[size] = joins[at] if beside else 0
            size += 1
        for at in range(size):
            begin[at] = full_begin[at]
            extent[at] = full_extent[at]
            joins[at] = full_joins[at]
            entry = self.word(pack_word(&out.letters[begin[at]], extent[at]))
            flags[at] = 0 if entry == NULL else entry.flags
        return size

    cdef int _part_initials(
        self, const ParsedName* out, uint16_t* begin, uint8_t* extent, const uint16_t* flags, uint8_t* joins, int count,
        bint last_too
    ) noexcept nogil:
        """Part initials that are written together; how many parts there are then: ``_names._parted``."""
        cdef uint16_t full_begin[MAX_PARTS]
        cdef uint8_t full_extent[MAX_PARTS]
        cdef uint8_t full_joins[MAX_PARTS]
        cdef int at, letter, size = 0
        for at in range(count):
            full_begin[size] = begin[at]
            full_extent[size] = extent[at]
            full_joins[size] = joins[at]
            size += 1
            if (
                joins[at] == 0 and (joins[at + 1] == 0 if at + 1 < count else last_too and count > 1)
                and size + extent[at] + count - at - 2 <= MAX_PARTS
                and self._are_initials(&out.letters[begin[at]], extent[at], flags[at], at == 0)
            ):
                full_extent[size - 1] = 1
                for letter in range(1, extent[at]):
                    full_begin[size] = begin[at] + letter
                    full_extent[size] = 1
                    full_joins[size] = 0
                    size += 1
        for at in range(size):
            begin[at] = full_begin[at]
            extent[at] = full_extent[at]
            joins[at] = full_joins[at]
        return size

    cdef bint _are_initials(self, const uint8_t* letters, int length, uint16_t flags, bint first) noexcept nogil:
        """Whether a part is initials written together: ``_names._are_initials``."""
        cdef int at, vowels = 0
        cdef const WordEntry* entry
        if length < 2 or length > self.joined_initials:
            return False
        for at in range(length):
            vowels |= <int>(self.vowels >> letters[at] - 97 & 1) << at
        if vowels and not (length == 2 and vowels == 1 and self.after_vowel >> letters[1] - 97 & 1):
            return False
        if flags & SUFFIX:
            return first
        entry = self.word(pack_word(letters, length))
        return flags == 0 and (
            entry == NULL
            or (entry.spelling_end == entry.spelling_start and entry.nickname_end == entry.nickname_start)
        )

    cdef bint _is_known(self, uint64_t key) noexcept nogil:
        """Whether a word stands in the table of rarity or in one of spellings."""
        cdef const WordEntry* entry = self.word(key)
        if entry != NULL and entry.spelling_end > entry.spelling_start:
            return True
        return key != 0 and self.letters.rarity_of(key) < self.letters.rarity_unknown

    cdef void _join(
        self, ParsedName* out, const uint16_t* begin, const uint8_t* extent, const uint8_t* joins, int first, int last,
        int kind, bint parted
    ) noexcept nogil:
        """Add the form in which parts are joined to those before them, or were ``parted``, if it differs."""
        cdef int form = out.form_count, at = first, end, size = 0, joined, member, other
        cdef int limit = out.used
        cdef bint same
        while at + 1 < last and joins[at + 1] == 0:
            at += 1
        if at + 1 == last and not parted:
            return              # nothing is joined: this is the full form
        at = first
        while at < last:
            end = at + 1
            joined = extent[at]
            while end < last and joins[end]:
                joined += extent[end] + (joins[end] > ASSIMILATED)
                end += 1
            if joined > MAX_PART_LETTERS:
                end = at + 1
                joined = extent[at]
            if end == at + 1:
                out.start[form][size] = begin[at]
            else:
                out.start[form][size] = limit
                for member in range(at, end):
                    if member > at and joins[member] > ASSIMILATED:
                        out.letters[limit] = joins[member]
                        limit += 1
                    elif member > at and joins[member] == ASSIMILATED:
                        out.letters[limit - 1] = out.letters[begin[member]]
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
        out.kind[form] = kind
        out.form_count = form + 1

    cdef int read_slowly(self, const uint8_t* text, Py_ssize_t length, ParsedName* out) except -1:
        """Fold through ``_normalise``; text is valid UTF-8 within the limits."""
        cdef str name = text[:length].decode("utf-8")
        cdef Py_UCS4 code
        for code in name:
            # Most programs that only search never come here; racing threads write equal letters.
            if code < LATIN_END and published(&self.fold_length[code]) == SLOW:
                self._fill_character(<int>code)
        cdef bytes folded = self.fold(name).encode("ascii")
        cdef int initials = self.initials_in(name)
        cdef int status = self.read_folded(
            <const uint8_t*>PyBytes_AS_STRING(folded), PyBytes_GET_SIZE(folded), initials, out
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
        out.generations = 0
        out.form_count = 1
        out.kind[0] = FULL_FORM
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
            status = self.read_folded(folded, folded_length, 1 + (memchr(text, 44, length) != NULL), out)
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

    def first_unreadable(self, list names not None):
        """Which of some names cannot be read within the limits, the first of them; -1 for none."""
        cdef ParsedName parsed
        cdef tuple held = tuple(names)      # another thread may alter the list
        cdef Py_ssize_t count = len(held), found = -1, at
        cdef const uint8_t** text = <const uint8_t**>malloc((count + 1) * sizeof(uint8_t*))
        cdef Py_ssize_t* length = <Py_ssize_t*>malloc((count + 1) * sizeof(Py_ssize_t))
        try:
            if text == NULL or length == NULL:
                raise MemoryError
            for at in range(count):
                try:
                    text[at] = <const uint8_t*>PyUnicode_AsUTF8AndSize(held[at], &length[at])
                except UnicodeEncodeError:
                    found = count = at
                    break
            with nogil:
                for at in range(count):
                    if self.read(text[at], length[at], &parsed) != ACCEPTED:
                        found = at
                        break
        finally:
            free(text)
            free(length)
        return found

    def generations(self, bytes text not None):
        """The generations that suffixes of a name in UTF-8 say, a bit each; 0 for one that cannot be read."""
        cdef ParsedName parsed
        if self.read(<const uint8_t*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &parsed) != ACCEPTED:
            return 0
        return parsed.generations

    def forms(self, name: str):
        """The outcome, and of each form of a name its parts and the number of its kind: ``_names.forms``."""
        cdef ParsedName parsed
        cdef bytes text = name.encode("utf-8", "surrogatepass")
        cdef int form
        cdef int status = self.read(<const uint8_t*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &parsed)
        if status != ACCEPTED:
            return status, [], []
        return (
            status, [parts_of(&parsed, form) for form in range(parsed.form_count)],
            [parsed.kind[form] for form in range(parsed.form_count)],
        )


cdef tuple parts_of(const ParsedName* parsed, int form):
    """The parts of a form as text."""
    cdef int part
    return tuple([
        PyUnicode_DecodeUTF8(
            <const char*>&parsed.letters[parsed.start[form][part]], parsed.length[form][part], NULL
        )
        for part in range(parsed.size[form])
    ])


cdef bint _equal(const uint8_t* one, const uint8_t* other, int length) noexcept nogil:
    cdef int position
    for position in range(length):
        if one[position] != other[position]:
            return False
    return True
