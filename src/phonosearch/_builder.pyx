"""Records to parts and forms: reads the names of batches of rows and numbers their parts.

``_packer`` makes the arrays of an index from what a builder holds.
"""

import os

import numpy as np

cimport numpy as cnp
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from phonosearch._arrays cimport GENERATION_SHIFT
from phonosearch._cells cimport Column, Columns, all_blank, blank, cell, read_date, read_kind, read_sex, valid_utf8
from phonosearch._large_pages cimport zeros_in_large_pages
from phonosearch._place_text cimport Places, read_places
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._text cimport (
    ACCEPTED, EMPTY_NAME, ID_TOO_LONG, INVALID_UNICODE, MAX_CODE_POINTS, MAX_FORMS, MAX_ID_BYTES, MAX_PARTS,
    MISSING_ID, NAME_TOO_LONG, UNUSUAL, ParsedName, TextRules, WordEntry,
)
from phonosearch._word_table cimport (
    MAX_NUMBERS, append, append_word, empty_slots, free_buffer, hash_all, hash_of, number_of, table_free, table_init,
)
from phonosearch._words cimport pack_word

from phonosearch._errors import LimitError

cnp.import_array()

cdef enum:
    WARN_DOB = 1
    WARN_SEX = 2
    WARN_KIND = 4
    WARN_BOTH_NAMES = 16
    WARN_PLACE = 32
    MAX_KEYED = 13              # letters that ``pack_word`` packs
    MOST_PLACE_TEXTS = 1 << 14
    AHEAD = 16                  # names that are scanned before the first of them is added


cdef class Builder:
    """Collects records and packs them.

    Parameters
    ----------
    rules : TextRules
        The rules that read the names.
    """

    def __cinit__(self, TextRules rules not None):
        self.rules = rules
        seed = int.from_bytes(os.urandom(16), "little")  # no collisions of an attacker's choice
        table_init(&self.people, seed & 0xFFFFFFFFFFFFFFFF)
        table_init(&self.parts, seed & 0xFFFFFFFFFFFFFFFF)
        table_init(&self.towns, seed & 0xFFFFFFFFFFFFFFFF)
        table_init(&self.place_texts, seed & 0xFFFFFFFFFFFFFFFF)
        self.word_seed = seed >> 64 | 1
        self.ascending = True
        self.word_shift = 64 - 12
        self.words = <WordSlot*>calloc(1 << 12, sizeof(WordSlot))
        if self.words == NULL:
            raise MemoryError

    def __dealloc__(self):
        self.clear()

    def add(self, batch):
        """Read a batch; returns the outcome and the warnings of each of its entries as two uint8 arrays."""
        cdef Columns columns = Columns(batch)
        cdef cnp.ndarray status = np.zeros(columns.rows, dtype=np.uint8)
        cdef cnp.ndarray warned = np.zeros(columns.rows, dtype=np.uint8)
        cdef uint8_t* statuses = <uint8_t*>cnp.PyArray_DATA(status)
        cdef uint8_t* warnings = <uint8_t*>cnp.PyArray_DATA(warned)
        cdef Py_ssize_t row, length
        cdef const uint8_t* text
        cdef Scan ahead[AHEAD]
        cdef int place
        cdef uint64_t hash
        if self.words == NULL:
            raise ValueError("the builder has been packed")
        if self.entries.used // sizeof(Entry) + columns.rows > MAX_NUMBERS:
            raise LimitError("records", MAX_NUMBERS, self.entries.used // sizeof(Entry) + columns.rows, "names")
        with nogil:
            for row in range(columns.rows):
                if row % AHEAD == 0:
                    for place in range(<int>min(columns.rows - row, <Py_ssize_t>AHEAD)):
                        text = cell(&columns.column[1], row + place, &length)
                        self._scan(text, length, &ahead[place])
                        if not self.ascending:
                            text = cell(&columns.column[0], row + place, &length)
                            if 0 < length <= MAX_ID_BYTES:
                                hash = hash_of(text, length, self.people.seed)
                                PS_PREFETCH(&self.people.slots[hash & self.people.mask])
                statuses[row] = self._add_row(columns, row, &ahead[row % AHEAD], &warnings[row])
        return status, warned

    cdef int _add_row(self, Columns columns, Py_ssize_t row, Scan* scan, uint8_t* warning) except -1 nogil:
        cdef const Column* column = columns.column
        cdef Py_ssize_t id_length, length, more, surname_length, position, start
        cdef const uint8_t* identifier = cell(&column[0], row, &id_length)
        cdef const uint8_t* text
        cdef const uint8_t* given
        cdef const uint8_t* surname
        cdef uint8_t joined[8 * MAX_CODE_POINTS + 8]
        cdef ParsedName parsed
        cdef Entry entry
        cdef int status, kind, sex, generations = 0
        cdef uint64_t run[2]
        if identifier == NULL or all_blank(identifier, id_length):
            return MISSING_ID
        if id_length > MAX_ID_BYTES:
            return ID_TOO_LONG
        if not valid_utf8(identifier, id_length):
            return INVALID_UNICODE
        text = cell(&column[1], row, &length)
        given = cell(&column[2], row, &more)
        surname = cell(&column[3], row, &surname_length)
        if more and surname_length:
            if more + surname_length < <Py_ssize_t>sizeof(joined):
                memcpy(joined, given, more)
                joined[more] = 32
                memcpy(joined + more + 1, surname, surname_length)
                given = joined
            more += surname_length + 1
        elif surname_length:
            given = surname
            more = surname_length
        if length == 0:
            if more > <Py_ssize_t>sizeof(joined):
                return NAME_TOO_LONG
            text = given
            length = more
        elif more and (more != length or more > <Py_ssize_t>sizeof(joined) or memcmp(text, given, length)):
            warning[0] |= WARN_BOTH_NAMES
        if text == NULL or length == 0:
            return EMPTY_NAME
        entry.forms = self.form_numbers.used // sizeof(uint32_t)
        if scan.text != text or scan.length != length:
            self._scan(text, length, scan)
        if not self._add_scanned(scan):
            status = self.rules.read(text, length, &parsed)
            if status != ACCEPTED:
                return status
            self._add_forms(&parsed)
            generations = parsed.generations
        entry.person = <uint32_t>self._person(identifier, id_length)
        entry.text = self.texts.used
        entry.text_length = <uint16_t>length
        append(&self.texts, text, length)
        text = cell(&column[4], row, &length)
        kind = 0 if text == NULL else read_kind(text, length)
        if kind < 0:
            warning[0] |= WARN_KIND
            kind = 1
        entry.kind = <uint8_t>(kind | generations << GENERATION_SHIFT)
        text = cell(&column[6], row, &length)
        sex = 0 if text == NULL else read_sex(text, length)
        if sex < 0:
            warning[0] |= WARN_SEX
            sex = 0
        entry.sex = sex
        run[0] = self.entries.used // sizeof(Entry)
        run[1] = columns.row[row]
        if self.row_of(run[0]) != <int64_t>run[1]:
            append(&self.runs, run, sizeof(run))
        append(&self.entries, &entry, sizeof(Entry))
        text = cell(&column[5], row, &length)
        start = 0
        if text != NULL and length and self._add_date(entry.person, text, length):
            start = length          # one date, as most cells are
        while text != NULL and start < length:
            position = start
            while position < length and text[position] != 59 and text[position] != 124:
                position += 1
            more = position
            while start < more and blank(text[start]):
                start += 1
            while more > start and blank(text[more - 1]):
                more -= 1
            if more > start and not self._add_date(entry.person, text + start, more - start):
                warning[0] |= WARN_DOB
            start = position + 1
        text = cell(&column[7], row, &length)
        start = 0
        while text != NULL and start < length:
            position = start
            while position < length and text[position] != 59 and text[position] != 124:
                position += 1
            if not all_blank(text + start, position - start):
                if not self._add_places(entry.person, text + start, position - start):
                    warning[0] |= WARN_PLACE
            start = position + 1
        return ACCEPTED

    cdef inline int _add_date(self, uint32_t person, const uint8_t* text, Py_ssize_t length) except -1 nogil:
        """Add a date of birth of a person; False where it is none."""
        cdef int64_t date = read_date(text, length)
        cdef uint32_t dated[2]
        if date < 0:
            return False
        dated[0] = person
        dated[1] = <uint32_t>date
        append(&self.dates, dated, sizeof(dated))
        return True

    cdef int _add_places(self, uint32_t person, const uint8_t* text, Py_ssize_t length) except -1 nogil:
        """Add a place of a person; False where it is none."""
        cdef PlaceEntry entry
        cdef PlaceEntry* read
        cdef int64_t known
        cdef uint32_t begin, end
        if length > 4 * MAX_CODE_POINTS:
            return False
        if self.place_texts.slots == NULL:
            empty_slots(&self.towns, (1 << 12) - 1)
            empty_slots(&self.place_texts, (1 << 12) - 1)
        elif (
            self.place_texts.count == MOST_PLACE_TEXTS
            or self.place_texts.count != self.place_ends.used // sizeof(uint32_t)   # an error came between
        ):
            self._forget_place_texts()
        known = self._place_text(text, length)
        if <size_t>known == self.place_ends.used // sizeof(uint32_t):
            self._read_places(text, length)
        end = (<uint32_t*>self.place_ends.data)[known]
        begin = (<uint32_t*>self.place_ends.data)[known - 1] if known else 0
        read = <PlaceEntry*>self.places_read.data
        for known in range(begin, end):
            entry = read[known]
            entry.person = person
            append(&self.places, &entry, sizeof(PlaceEntry))
        return begin < end

    cdef int64_t _place_text(self, const uint8_t* text, size_t length) except -1 nogil:
        """The number of a place as given. Most are towns that were read lately: up to sixteen bytes say all of them."""
        cdef uint64_t first = 0, last = 0
        cdef size_t at
        cdef int64_t known
        cdef LatePlace* late
        if length > 16:
            return number_of(&self.place_texts, text, length)
        if length >= 8:
            memcpy(&first, text, 8)
            memcpy(&last, text + length - 8, 8)
        else:
            for at in range(length):
                first = first << 8 | text[at]
        late = &self.lately[
            (first ^ last * <uint64_t>0x9E3779B97F4A7C15) * <uint64_t>0xD6E8FEB86659FD93 >> (64 - LATE_BITS)
        ]
        if late.number and late.first == first and late.last == last and late.length == length:
            return late.number - 1
        known = number_of(&self.place_texts, text, length)
        late.first = first
        late.last = last
        late.length = <uint32_t>length
        late.number = <uint32_t>known + 1
        return known

    cdef int _read_places(self, const uint8_t* text, Py_ssize_t length) except -1 nogil:
        """Read a place that is new, and keep what it says: the towns of a force stand in many rows."""
        cdef Places found
        cdef PlaceEntry entry
        cdef int at
        cdef uint32_t end
        entry.person = 0
        if read_places(self.rules, text, length, &found):
            for at in range(max(found.towns, found.postcodes)):
                entry.town = 0
                if at < found.towns:
                    entry.town = 1 + <uint32_t>number_of(&self.towns, found.letters[at], found.length[at])
                entry.postcode = found.postcode[at] if at < found.postcodes else 0
                append(&self.places_read, &entry, sizeof(PlaceEntry))
        end = <uint32_t>(self.places_read.used // sizeof(PlaceEntry))
        append(&self.place_ends, &end, sizeof(uint32_t))
        return 0

    cdef int _forget_place_texts(self) except -1 nogil:
        self.place_texts.text.used = 0
        self.place_texts.start.used = sizeof(uint64_t)
        self.place_texts.count = 0
        self.place_ends.used = self.places_read.used = 0
        empty_slots(&self.place_texts, self.place_texts.mask)
        memset(self.lately, 0, sizeof(self.lately))
        return 0

    cdef int64_t row_of(self, size_t entry) noexcept nogil:
        """The row in the source that an entry came from; entries that follow those so far are taken to go on."""
        cdef const uint64_t* run = <const uint64_t*>self.runs.data
        cdef size_t low = 0, high = self.runs.used // (2 * sizeof(uint64_t)), middle
        if high == 0:
            return -1
        if run[2 * (high - 1)] <= entry:
            low = high - 1
        while high - low > 1:
            middle = (low + high) >> 1
            if run[2 * middle] <= entry:
                low = middle
            else:
                high = middle
        return <int64_t>(run[2 * low + 1] + entry - run[2 * low])

    cdef int64_t _person(self, const uint8_t* identifier, size_t length) except -1 nogil:
        """The number of a person, given in order of first appearance."""
        cdef const uint64_t* start = <const uint64_t*>self.people.start.data
        cdef const uint8_t* last
        cdef size_t size
        cdef uint64_t mask = (1 << 16) - 1
        cdef int order
        if self.ascending:
            if self.people.count:
                last = self.people.text.data + start[self.people.count - 1]
                size = start[self.people.count] - start[self.people.count - 1]
                order = memcmp(last, identifier, size if size < length else length)
                if order == 0 and size == length:
                    return self.people.count - 1
                self.ascending = order < 0 or (order == 0 and size < length)
            if self.ascending:
                append_word(&self.people, identifier, length)
                return self.people.count - 1
            while mask < 2 * <uint64_t>self.people.count:
                mask = mask * 2 + 1
            hash_all(&self.people, mask)
        return number_of(&self.people, identifier, length)

    cdef inline uint64_t _place(self, uint64_t key) noexcept nogil:
        return (key ^ key >> 29) * self.word_seed >> self.word_shift

    cdef inline WordSlot* _slot(self, uint64_t key) noexcept nogil:
        """The slot of a packed word, or the empty one where it belongs."""
        cdef uint64_t mask = (<uint64_t>1 << (64 - self.word_shift)) - 1
        cdef uint64_t slot = self._place(key)
        while self.words[slot].key != key and self.words[slot].key:
            slot = slot + 1 & mask
        return &self.words[slot]

    cdef WordSlot* _new_slot(self, uint64_t key, WordSlot* slot) except NULL nogil:
        """Put a word into its slot, as no part of any name so far."""
        cdef const WordEntry* entry = self.rules.word(key)
        cdef uint8_t letters[16]
        cdef int first = 16
        cdef uint64_t rest = key
        while rest and first:
            first -= 1
            letters[first] = <uint8_t>(96 + rest % 27)
            rest //= 27
        if self.word_count >> (63 - self.word_shift):
            self._grow_words()
            slot = self._slot(key)
        slot.key = key
        slot.number = 0
        slot.special = (entry != NULL and entry.flags != 0) or self.rules._are_initials(
            letters + first, 16 - first, 0, False
        )
        self.word_count += 1
        return slot

    cdef int _grow_words(self) except -1 nogil:
        cdef size_t size = <size_t>1 << (64 - self.word_shift), at
        cdef WordSlot* before = self.words
        self.words = <WordSlot*>zeros_in_large_pages(2 * size, sizeof(WordSlot))
        if self.words == NULL:
            self.words = before
            with gil:
                raise MemoryError
        self.word_shift -= 1
        for at in range(size):
            if before[at].key:
                self._slot(before[at].key)[0] = before[at]
        free(before)
        return 0

    cdef int _number_slot(self, WordSlot* slot, const uint8_t* letters, size_t length) except -1 nogil:
        append_word(&self.parts, letters, length)
        slot.number = self.parts.count
        return 0

    cdef int64_t _part(self, const uint8_t* letters, size_t length) except -1 nogil:
        """The number of a part, given in order of first appearance."""
        cdef uint64_t key = pack_word(letters, length)
        cdef WordSlot* slot
        if key == 0:
            if self.parts.slots == NULL:
                empty_slots(&self.parts, (1 << 12) - 1)
            return number_of(&self.parts, letters, length)
        slot = self._slot(key)
        if slot.key == 0:
            slot = self._new_slot(key, slot)
        if slot.number == 0:
            self._number_slot(slot, letters, length)
        return slot.number - 1

    cdef void _scan(self, const uint8_t* text, Py_ssize_t length, Scan* scan) noexcept nogil:
        """Cut a name of plain letters into words, and ask for the slots of the words; no words for any other name."""
        cdef Py_ssize_t position
        cdef int parts = 0, used = 0, begin = 0
        cdef uint64_t packed = 0
        cdef uint8_t letter
        cdef const uint8_t* simple = self.rules.simple
        scan.text = text
        scan.length = length
        scan.parts = 0
        if length >= MAX_CODE_POINTS:
            return
        for position in range(length + 1):
            letter = simple[text[position]] if position < length else 32
            if letter > 32:
                if letter == UNUSUAL:
                    return
                scan.letters[used] = letter
                used += 1
                packed = packed * 27 + (letter - 96)
            elif letter == 32 and used > begin:
                if used - begin > MAX_KEYED or parts == MAX_PARTS:
                    return
                PS_PREFETCH(&self.words[self._place(packed)])
                scan.key[parts] = packed
                scan.begin[parts] = begin
                packed = 0
                parts += 1
                begin = used
        scan.begin[parts] = used
        scan.parts = parts

    cdef int _add_scanned(self, Scan* scan) except -1 nogil:
        """Add the parts of a name of words of which the rules say nothing special.

        False, and nothing done, for any other name: ``TextRules.read`` knows them all. That these two agree is tested.
        """
        cdef uint32_t numbers[MAX_PARTS + 1]
        cdef int part
        cdef WordSlot* slot
        if scan.parts == 0:
            return False
        for part in range(scan.parts):
            slot = self._slot(scan.key[part])
            if slot.key == 0:
                slot = self._new_slot(scan.key[part], slot)
            if slot.special:
                return False
            numbers[part + 1] = slot.number
        for part in range(scan.parts):
            if numbers[part + 1] == 0:
                slot = self._slot(scan.key[part])
                if slot.number == 0:        # not the same word again
                    self._number_slot(
                        slot, scan.letters + scan.begin[part], scan.begin[part + 1] - scan.begin[part]
                    )
                numbers[part + 1] = slot.number
            numbers[part + 1] -= 1
        numbers[0] = scan.parts
        append(&self.form_numbers, numbers, (scan.parts + 1) * sizeof(uint32_t))
        return True

    cdef int _add_forms(self, ParsedName* parsed) except -1 nogil:
        cdef int form, part, used = 1
        cdef uint32_t numbers[1 + MAX_FORMS * (1 + MAX_PARTS)]
        numbers[0] = 0
        for form in range(parsed.form_count):
            numbers[0] |= <uint32_t>parsed.size[form] << 8 * parsed.kind[form]
            for part in range(parsed.size[form]):
                numbers[used] = <uint32_t>self._part(
                    &parsed.letters[parsed.start[form][part]], parsed.length[form][part]
                )
                used += 1
        return append(&self.form_numbers, numbers, used * sizeof(uint32_t))

    cdef void forget_people(self) noexcept:
        """Forget all but the forms and their parts."""
        table_free(&self.people)
        free_buffer(&self.entries)
        free_buffer(&self.texts)
        free_buffer(&self.dates)
        table_free(&self.towns)
        table_free(&self.place_texts)
        free_buffer(&self.place_ends)
        free_buffer(&self.places_read)
        free_buffer(&self.places)
        free_buffer(&self.runs)

    cdef void clear(self) noexcept:
        """Forget every record."""
        self.forget_people()
        table_free(&self.parts)
        free(self.words)
        self.words = NULL
        free_buffer(&self.form_numbers)
