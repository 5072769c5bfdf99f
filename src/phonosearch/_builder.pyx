"""Records to parts and forms: reads the names of batches of rows and numbers their parts.

``_packer`` makes the arrays of an index from what a builder holds.
"""

import os

import numpy as np

cimport numpy as cnp
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memcpy, memset

from phonosearch._text cimport (
    ACCEPTED, EMPTY_NAME, ID_TOO_LONG, INVALID_UNICODE, MAX_CODE_POINTS, MAX_ID_BYTES, MAX_PARTS, MISSING_ID,
    NAME_TOO_LONG, ParsedName, TextRules,
)

from phonosearch._errors import LimitError

cnp.import_array()

cdef enum:
    WARN_DOB = 1
    WARN_SEX = 2
    WARN_KIND = 4
    WARN_CONTRADICTION = 8
    WARN_BOTH_NAMES = 16


cdef int _reserve(Buffer* buffer, size_t more) except -1 nogil:
    cdef size_t room = buffer.room
    cdef uint8_t* data
    if buffer.used + more <= room:
        return 0
    while room < buffer.used + more:
        room = room * 2 if room else 4096
    data = <uint8_t*>realloc(buffer.data, room)
    if data == NULL:
        with gil:
            raise MemoryError
    buffer.data = data
    buffer.room = room
    return 0


cdef int _append(Buffer* buffer, const void* data, size_t length) except -1 nogil:
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
    table.mask = (1 << 16) - 1
    table.slots = <uint32_t*>calloc(table.mask + 1, sizeof(uint32_t))
    if table.slots == NULL:
        raise MemoryError
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


cdef int _grow(WordTable* table) except -1 nogil:
    cdef uint64_t mask = table.mask * 2 + 1, slot
    cdef uint32_t number
    cdef uint64_t* start = <uint64_t*>table.start.data
    cdef uint32_t* slots = <uint32_t*>calloc(mask + 1, sizeof(uint32_t))
    if slots == NULL:
        with gil:
            raise MemoryError
    for number in range(table.count):
        slot = _hash(table.text.data + start[number], start[number + 1] - start[number], table.seed) & mask
        while slots[slot]:
            slot = slot + 1 & mask
        slots[slot] = number + 1
    free(table.slots)
    table.slots = slots
    table.mask = mask
    return 0


cdef int64_t _number(WordTable* table, const uint8_t* word, size_t length) except -1 nogil:
    """The number of a word, given in order of first appearance."""
    cdef uint64_t slot = _hash(word, length, table.seed) & table.mask, end
    cdef uint32_t number
    cdef uint64_t* start = <uint64_t*>table.start.data
    while table.slots[slot]:
        number = table.slots[slot] - 1
        if start[number + 1] - start[number] == length and memcmp(table.text.data + start[number], word, length) == 0:
            return number
        slot = slot + 1 & table.mask
    if table.count >= 0x1FFFFFFF:
        with gil:
            raise LimitError("records", 0x1FFFFFFF, table.count, "people or parts")
    _append(&table.text, word, length)
    end = table.text.used
    _append(&table.start, &end, sizeof(uint64_t))
    table.slots[slot] = table.count + 1
    table.count += 1
    if 2 * <uint64_t>table.count > table.mask:
        _grow(table)
    return table.count - 1


cdef class _Columns:
    """Pointers into the columns of one batch, and the arrays that own the memory."""

    def __cinit__(self, batch):
        self.owners = []
        self.rows = len(batch.rows)
        for place, name in enumerate(("person_id", "full_name", "forenames", "surname", "kind", "dob", "sex")):
            self._take(place, batch.columns.get(name))

    cdef int _take(self, int place, text) except -1:
        cdef cnp.ndarray data, offsets, valid
        cdef Column* column = &self.column[place]
        column.present = False
        if text is None:
            return 0
        data = np.ascontiguousarray(text.data, dtype=np.uint8)
        offsets = np.ascontiguousarray(text.offsets, dtype=np.int64)
        if offsets.shape[0] != self.rows + 1:
            raise ValueError("a column and its batch differ in length")
        self.owners += [data, offsets]
        column.data = <const uint8_t*>cnp.PyArray_DATA(data)
        column.offsets = <const int64_t*>cnp.PyArray_DATA(offsets)
        column.valid = NULL
        if text.valid is not None:
            valid = np.ascontiguousarray(text.valid, dtype=np.uint8)
            if valid.shape[0] != self.rows:
                raise ValueError("a column and its batch differ in length")
            self.owners.append(valid)
            column.valid = <const uint8_t*>cnp.PyArray_DATA(valid)
        column.present = True
        return 0

    cdef const uint8_t* text(self, int place, Py_ssize_t row, Py_ssize_t* length) noexcept nogil:
        """The text of a cell; NULL where there is none."""
        cdef Column* column = &self.column[place]
        if not column.present or (column.valid != NULL and not column.valid[row]):
            length[0] = 0
            return NULL
        length[0] = column.offsets[row + 1] - column.offsets[row]
        return column.data + column.offsets[row]


cdef bint _valid_utf8(const uint8_t* text, Py_ssize_t length) noexcept nogil:
    cdef Py_ssize_t at = 0
    cdef uint32_t code
    cdef int more, _step
    while at < length:
        code = text[at]
        at += 1
        if code < 0x80:
            continue
        if code < 0xC2 or code > 0xF4:
            return False
        more = 1 if code < 0xE0 else 2 if code < 0xF0 else 3
        if at + more > length:
            return False
        code &= 0x3F >> more
        for _step in range(more):
            if (text[at] & 0xC0) != 0x80:
                return False
            code = code << 6 | (text[at] & 0x3F)
            at += 1
        if (more == 2 and code < 0x800) or (more == 3 and code < 0x10000) or code > 0x10FFFF:
            return False
        if 0xD800 <= code <= 0xDFFF:
            return False
    return True


cdef int _two_digits(const uint8_t* text) noexcept nogil:
    if text[0] < 48 or text[0] > 57 or text[1] < 48 or text[1] > 57:
        return -1
    return (text[0] - 48) * 10 + text[1] - 48


cdef int64_t _parse_date(const uint8_t* text, Py_ssize_t length) noexcept nogil:
    """A date packed as ``_dates.pack`` packs it; -1 where it is none."""
    cdef int century, years, year, month = 0, day = 0, longest
    if length != 4 and length != 7 and length != 10:
        return -1
    century = _two_digits(text)
    years = _two_digits(text + 2)
    if century < 0 or years < 0:
        return -1
    year = century * 100 + years
    if year < 1800 or year > 2200:
        return -1
    if length >= 7:
        month = _two_digits(text + 5)
        if text[4] != 45 or month < 1 or month > 12:
            return -1
    if length == 10:
        day = _two_digits(text + 8)
        longest = 30 if month in (4, 6, 9, 11) else 31
        if month == 2:
            longest = 29 if (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)) else 28
        if text[7] != 45 or day < 1 or day > longest:
            return -1
    return year << 9 | month << 5 | day


cdef inline bint _blank(uint8_t letter) noexcept nogil:
    return letter == 32 or letter == 9


cdef bint _all_blank(const uint8_t* text, Py_ssize_t length) noexcept nogil:
    cdef Py_ssize_t at
    for at in range(length):
        if not _blank(text[at]):
            return False
    return True


cdef int _sex(const uint8_t* text, Py_ssize_t length) noexcept nogil:
    """1 M, 2 F, 3 X, 0 not known, -1 for anything else."""
    while length and _blank(text[0]):
        text += 1
        length -= 1
    while length and _blank(text[length - 1]):
        length -= 1
    if length == 0:
        return 0
    if length == 1:
        if text[0] in (77, 109):
            return 1
        if text[0] in (70, 102):
            return 2
        if text[0] in (88, 120):
            return 3
        if text[0] in (85, 117):
            return 0
    return -1


cdef int _kind(const uint8_t* text, Py_ssize_t length) noexcept nogil:
    """Number of a kind of name in ``_records.KINDS``; -1 for an unknown word."""
    if length == 0 or (length == 7 and memcmp(text, b"primary", 7) == 0):
        return 0
    if length == 5 and memcmp(text, b"alias", 5) == 0:
        return 1
    if length == 6 and memcmp(text, b"maiden", 6) == 0:
        return 2
    if length == 8 and memcmp(text, b"previous", 8) == 0:
        return 3
    if length == 8 and memcmp(text, b"nickname", 8) == 0:
        return 4
    if length == 4 and memcmp(text, b"weak", 4) == 0:
        return 5
    return -1


cdef class Builder:
    """Collects records and packs them.

    Parameters
    ----------
    rules : TextRules
        The rules that read the names.
    """

    def __cinit__(self, TextRules rules not None):
        self.rules = rules
        seed = int.from_bytes(os.urandom(8), "little")  # no collisions of an attacker's choice
        _table_init(&self.people, seed)
        _table_init(&self.parts, seed)

    def __dealloc__(self):
        self.clear()

    def add(self, batch):
        """Read a batch; returns the outcome and the warnings of each of its entries as two uint8 arrays."""
        cdef _Columns columns = _Columns(batch)
        cdef cnp.ndarray status = np.zeros(columns.rows, dtype=np.uint8)
        cdef cnp.ndarray warned = np.zeros(columns.rows, dtype=np.uint8)
        cdef uint8_t* statuses = <uint8_t*>cnp.PyArray_DATA(status)
        cdef uint8_t* warnings = <uint8_t*>cnp.PyArray_DATA(warned)
        cdef Py_ssize_t row
        if self.people.slots == NULL:
            raise ValueError("the builder has been packed")
        with nogil:
            for row in range(columns.rows):
                statuses[row] = self._add_row(columns, row, &warnings[row])
        return status, warned

    cdef int _add_row(self, _Columns columns, Py_ssize_t row, uint8_t* warning) except -1 nogil:
        cdef Py_ssize_t id_length, length, more, surname_length, position, start
        cdef const uint8_t* identifier = columns.text(0, row, &id_length)
        cdef const uint8_t* text
        cdef const uint8_t* given
        cdef const uint8_t* surname
        cdef uint8_t joined[8 * MAX_CODE_POINTS + 8]
        cdef ParsedName parsed
        cdef Entry entry
        cdef int status, kind, sex
        cdef int64_t person, date
        cdef uint32_t dated[2]
        if identifier == NULL or _all_blank(identifier, id_length):
            return MISSING_ID
        if id_length > MAX_ID_BYTES:
            return ID_TOO_LONG
        if not _valid_utf8(identifier, id_length):
            return INVALID_UNICODE
        text = columns.text(1, row, &length)
        given = columns.text(2, row, &more)
        surname = columns.text(3, row, &surname_length)
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
        status = self.rules.read(text, length, &parsed)
        if status != ACCEPTED:
            return status
        person = _number(&self.people, identifier, id_length)
        if <size_t>person == self.sexes.used:
            sex = 0
            _append(&self.sexes, &sex, 1)
        entry.person = <uint32_t>person
        entry.text_start = self.texts.used
        entry.text_length = <uint32_t>length
        _append(&self.texts, text, length)
        entry.forms_start = self.form_numbers.used // sizeof(uint32_t)
        self._add_forms(&parsed)
        text = columns.text(4, row, &length)
        kind = 0 if text == NULL else _kind(text, length)
        if kind < 0:
            warning[0] |= WARN_KIND
            kind = 1
        entry.kind = kind
        _append(&self.entries, &entry, sizeof(Entry))
        text = columns.text(6, row, &length)
        sex = 0 if text == NULL else _sex(text, length)
        if sex < 0:
            warning[0] |= WARN_SEX
        elif sex > 0:
            if self.sexes.data[person] == 0:
                self.sexes.data[person] = sex
            elif self.sexes.data[person] != sex:
                self.sexes.data[person] = SEX_CONFLICT
                warning[0] |= WARN_CONTRADICTION
        text = columns.text(5, row, &length)
        start = 0
        while text != NULL and start < length:
            position = start
            while position < length and text[position] != 59 and text[position] != 124:
                position += 1
            more = position
            while start < more and _blank(text[start]):
                start += 1
            while more > start and _blank(text[more - 1]):
                more -= 1
            if more > start:
                date = _parse_date(text + start, more - start)
                if date < 0:
                    warning[0] |= WARN_DOB
                else:
                    dated[0] = <uint32_t>person
                    dated[1] = <uint32_t>date
                    _append(&self.dates, dated, sizeof(dated))
            start = position + 1
        return ACCEPTED

    cdef int _add_forms(self, ParsedName* parsed) except -1 nogil:
        cdef int form, part, used = 1
        cdef uint32_t numbers[1 + 3 * (1 + MAX_PARTS)]
        numbers[0] = parsed.form_count
        for form in range(parsed.form_count):
            numbers[used] = parsed.size[form]
            used += 1
            for part in range(parsed.size[form]):
                numbers[used] = <uint32_t>_number(
                    &self.parts, &parsed.letters[parsed.start[form][part]], parsed.length[form][part]
                )
                used += 1
        self.form_total += parsed.form_count
        return _append(&self.form_numbers, numbers, used * sizeof(uint32_t))

    cdef void clear(self) noexcept:
        """Forget every record."""
        _table_free(&self.people)
        _table_free(&self.parts)
        _free(&self.entries)
        _free(&self.texts)
        _free(&self.form_numbers)
        _free(&self.dates)
        _free(&self.sexes)
