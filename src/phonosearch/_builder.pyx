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
from phonosearch._large_pages cimport grown_in_large_pages, zeros_in_large_pages
from phonosearch._place_text cimport Places, read_places
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._text cimport (
    ACCEPTED, EMPTY_NAME, ID_TOO_LONG, INVALID_UNICODE, MAX_CODE_POINTS, MAX_FORMS, MAX_ID_BYTES, MAX_PARTS,
    MISSING_ID, NAME_TOO_LONG, ParsedName, TextRules, WordEntry,
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
    UNUSUAL = 255               # in ``Builder.simple``
    MAX_KEYED = 13              # letters that ``pack_word`` packs
    MOST_PLACE_TEXTS = 1 << 14
    AHEAD = 16                  # names that are scanned before the first of them is added


cdef int _reserve(Buffer* buffer, size_t more) except -1 nogil:
    cdef size_t room = buffer.room
    cdef uint8_t* data
    if buffer.used + more <= room:
        return 0
    while room < buffer.used + more:
        room = room * 2 if room else 4096
    data = <uint8_t*>grown_in_large_pages(buffer.data, buffer.used, room)
    if data == NULL:
        with gil:
            raise MemoryError
    buffer.data = data
    buffer.room = room
    return 0


cdef inline int _append(Buffer* buffer, const void* data, size_t length) except -1 nogil:
    if buffer.used + length > buffer.room:
        _reserve(buffer, length)
    if length:
        memcpy(buffer.data + buffer.used, data, length)
    buffer.used += length
    return 0


cdef void _free(Buffer* buffer) noexcept:
    free(buffer.data)
    memset(buffer, 0, sizeof(Buffer))


cdef int _table_init(WordTable* table, uint64_t seed) except -1:
    cdef uint64_t zero = 0
    memset(table, 0, sizeof(WordTable))
    table.seed = seed
    _append(&table.start, &zero, sizeof(uint64_t))
    return 0


cdef void _table_free(WordTable* table) noexcept:
    free(table.slots)
    free(table.text.data)
    free(table.start.data)
    memset(table, 0, sizeof(WordTable))


cdef inline uint64_t _hash(const uint8_t* word, size_t length, uint64_t seed) noexcept nogil:
    cdef uint64_t state = seed ^ (length * <uint64_t>0x9E3779B97F4A7C15), piece
    while length >= 8:
        memcpy(&piece, word, 8)
        state = (state ^ piece) * <uint64_t>0xD6E8FEB86659FD93
        state ^= state >> 32
        word += 8
        length -= 8
    if length:
        piece = 0
        memcpy(&piece, word, length)
        state = (state ^ piece) * <uint64_t>0xD6E8FEB86659FD93
        state ^= state >> 32
    state *= <uint64_t>0xD6E8FEB86659FD93
    return state ^ state >> 29


cdef int _append_word(WordTable* table, const uint8_t* word, size_t length) except -1 nogil:
    cdef uint64_t end
    if table.count >= MAX_NUMBERS:
        with gil:
            raise LimitError("records", MAX_NUMBERS, table.count, "people or parts")
    _append(&table.text, word, length)
    end = table.text.used
    _append(&table.start, &end, sizeof(uint64_t))
    table.count += 1
    return 0


cdef int _hash_all(WordTable* table, uint64_t mask) except -1 nogil:
    """Make the slots of a table, or make them anew."""
    cdef uint64_t hash, slot
    cdef uint32_t number
    cdef uint64_t* start = <uint64_t*>table.start.data
    cdef uint64_t* slots = <uint64_t*>zeros_in_large_pages(mask + 1, sizeof(uint64_t))
    if slots == NULL:
        with gil:
            raise MemoryError
    for number in range(table.count):
        hash = _hash(table.text.data + start[number], start[number + 1] - start[number], table.seed)
        slot = hash & mask
        while slots[slot]:
            slot = slot + 1 & mask
        slots[slot] = hash >> 32 << 32 | number + 1
    free(table.slots)
    table.slots = slots
    table.mask = mask
    return 0


cdef int64_t _number(WordTable* table, const uint8_t* word, size_t length) except -1 nogil:
    """The number of a word, given in order of first appearance."""
    cdef uint64_t hash = _hash(word, length, table.seed), slot = hash & table.mask
    cdef uint32_t number
    cdef uint64_t* start = <uint64_t*>table.start.data
    while table.slots[slot]:
        if table.slots[slot] >> 32 == hash >> 32:
            number = <uint32_t>table.slots[slot] - 1
            if start[number + 1] - start[number] == length and memcmp(
                table.text.data + start[number], word, length
            ) == 0:
                return number
        slot = slot + 1 & table.mask
    _append_word(table, word, length)
    table.slots[slot] = hash >> 32 << 32 | table.count
    if 2 * <uint64_t>table.count > table.mask:
        _hash_all(table, table.mask * 2 + 1)
    return table.count - 1


cdef class Builder:
    """Collects records and packs them.

    Parameters
    ----------
    rules : TextRules
        The rules that read the names.
    """

    def __cinit__(self, TextRules rules not None):
        cdef int code
        self.rules = rules
        seed = int.from_bytes(os.urandom(16), "little")  # no collisions of an attacker's choice
        _table_init(&self.people, seed & 0xFFFFFFFFFFFFFFFF)
        _table_init(&self.parts, seed & 0xFFFFFFFFFFFFFFFF)
        _table_init(&self.towns, seed & 0xFFFFFFFFFFFFFFFF)
        _table_init(&self.place_texts, seed & 0xFFFFFFFFFFFFFFFF)
        self.word_seed = seed >> 64 | 1
        self.ascending = True
        self.word_shift = 64 - 12
        self.words = <WordSlot*>calloc(1 << 12, sizeof(WordSlot))
        if self.words == NULL:
            raise MemoryError
        for code in range(256):
            self.simple[code] = UNUSUAL
            if code < 0x80 and rules.fold_length[code] == 0:
                self.simple[code] = 0
            elif code < 0x80 and rules.fold_length[code] == 1:
                if rules.fold_letters[code][0] == 32 or 97 <= rules.fold_letters[code][0] <= 122:
                    self.simple[code] = rules.fold_letters[code][0]

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
                                hash = _hash(text, length, self.people.seed)
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
        _append(&self.texts, text, length)
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
            _append(&self.runs, run, sizeof(run))
        _append(&self.entries, &entry, sizeof(Entry))
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
        _append(&self.dates, dated, sizeof(dated))
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
            _hash_all(&self.towns, (1 << 12) - 1)
            _hash_all(&self.place_texts, (1 << 12) - 1)
        elif (
            self.place_texts.count == MOST_PLACE_TEXTS
            or self.place_texts.count != self.place_ends.used // sizeof(uint32_t)   # an error came between
        ):
            self._forget_place_texts()
        known = _number(&self.place_texts, text, length)
        if <size_t>known == self.place_ends.used // sizeof(uint32_t):
            self._read_places(text, length)
        end = (<uint32_t*>self.place_ends.data)[known]
        begin = (<uint32_t*>self.place_ends.data)[known - 1] if known else 0
        read = <PlaceEntry*>self.places_read.data
        for known in range(begin, end):
            entry = read[known]
            entry.person = person
            _append(&self.places, &entry, sizeof(PlaceEntry))
        return begin < end

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
                    entry.town = 1 + <uint32_t>_number(&self.towns, found.letters[at], found.length[at])
                entry.postcode = found.postcode[at] if at < found.postcodes else 0
                _append(&self.places_read, &entry, sizeof(PlaceEntry))
        end = <uint32_t>(self.places_read.used // sizeof(PlaceEntry))
        _append(&self.place_ends, &end, sizeof(uint32_t))
        return 0

    cdef int _forget_place_texts(self) except -1 nogil:
        self.place_texts.text.used = 0
        self.place_texts.start.used = sizeof(uint64_t)
        self.place_texts.count = 0
        self.place_ends.used = self.places_read.used = 0
        _hash_all(&self.place_texts, self.place_texts.mask)
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
                _append_word(&self.people, identifier, length)
                return self.people.count - 1
            while mask < 2 * <uint64_t>self.people.count:
                mask = mask * 2 + 1
            _hash_all(&self.people, mask)
        return _number(&self.people, identifier, length)

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
        _append_word(&self.parts, letters, length)
        slot.number = self.parts.count
        return 0

    cdef int64_t _part(self, const uint8_t* letters, size_t length) except -1 nogil:
        """The number of a part, given in order of first appearance."""
        cdef uint64_t key = pack_word(letters, length)
        cdef WordSlot* slot
        if key == 0:
            if self.parts.slots == NULL:
                _hash_all(&self.parts, (1 << 16) - 1)
            return _number(&self.parts, letters, length)
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
        scan.text = text
        scan.length = length
        scan.parts = 0
        if length >= MAX_CODE_POINTS:
            return
        for position in range(length + 1):
            letter = self.simple[text[position]] if position < length else 32
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
        _append(&self.form_numbers, numbers, (scan.parts + 1) * sizeof(uint32_t))
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
        return _append(&self.form_numbers, numbers, used * sizeof(uint32_t))

    cdef void forget_people(self) noexcept:
        """Forget all but the forms and their parts."""
        _table_free(&self.people)
        _free(&self.entries)
        _free(&self.texts)
        _free(&self.dates)
        _table_free(&self.towns)
        _table_free(&self.place_texts)
        _free(&self.place_ends)
        _free(&self.places_read)
        _free(&self.places)
        _free(&self.runs)

    cdef void clear(self) noexcept:
        """Forget every record."""
        self.forget_people()
        _table_free(&self.parts)
        free(self.words)
        self.words = NULL
        _free(&self.form_numbers)
