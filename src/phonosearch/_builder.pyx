"""Records to the packed arrays of an index.

``Builder.add`` takes batches of rows, reads every name into forms and numbers its parts; ``Builder.finish`` sorts
people, names and parts into an order that does not depend on the order of loading and writes the arrays that ``_core``
searches. ARCHITECTURE.md lists the arrays.
"""

import os

import numpy as np

cimport numpy as cnp
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, qsort, realloc
from libc.string cimport memcmp, memcpy, memset

from phonosearch._encoders cimport double_metaphone_codes, soundex_code
from phonosearch._text cimport (
    ACCEPTED, EMPTY_NAME, ID_TOO_LONG, INVALID_UNICODE, MAX_CODE_POINTS, MAX_ID_BYTES, MAX_PARTS, MISSING_ID,
    NAME_TOO_LONG, ParsedName, TextRules,
)

from phonosearch._errors import LimitError

cnp.import_array()

cdef enum:
    CLASSES = 4                 # names of one, two, three, and four or more parts
    DELETION_PREFIX = 7
    MAX_DELETIONS = 32          # of a word of seven letters: 1 + 7 + 21
    WARN_DOB = 1
    WARN_SEX = 2
    WARN_KIND = 4
    WARN_CONTRADICTION = 8
    SEX_CONFLICT = 4

cdef uint32_t FORM_MULTIPLE = 0x80000000
cdef uint32_t DOB_SEVERAL = 0x80000000


ctypedef struct Buffer:
    uint8_t* data
    size_t used
    size_t room


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


ctypedef struct WordTable:
    uint32_t* slots             # number + 1, 0 for an empty slot
    uint64_t mask
    uint32_t count
    uint64_t seed
    Buffer text                 # all words, one after another
    Buffer start                # uint64 offsets, one more than words


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


ctypedef struct SortKey:
    uint64_t first
    const uint8_t* word
    uint32_t length
    uint32_t number


cdef int _compare_keys(const void* one, const void* other) noexcept nogil:
    cdef const SortKey* a = <const SortKey*>one
    cdef const SortKey* b = <const SortKey*>other
    cdef int order
    if a.first != b.first:
        return -1 if a.first < b.first else 1
    order = memcmp(a.word, b.word, a.length if a.length < b.length else b.length)
    if order:
        return order
    return (a.length > b.length) - (a.length < b.length)


cdef inline uint64_t _first_bytes(const uint8_t* word, size_t length, int count) noexcept nogil:
    cdef uint64_t value = 0
    cdef int position
    for position in range(count):
        value = value << 8 | (word[position] if <size_t>position < length else 0)
    return value


ctypedef struct Entry:
    uint64_t text_start         # the name as given, in Builder.texts
    uint32_t text_length
    uint32_t person
    uint64_t forms_start        # in Builder.form_numbers: count, then size and part numbers of each
    uint8_t kind


cdef int _compare_texts(const void* one, const void* other) noexcept nogil:
    """Order of SortKeys of names by text, then by kind (in ``first``)."""
    cdef const SortKey* a = <const SortKey*>one
    cdef const SortKey* b = <const SortKey*>other
    cdef int order = memcmp(a.word, b.word, a.length if a.length < b.length else b.length)
    if order:
        return order
    if a.length != b.length:
        return -1 if a.length < b.length else 1
    return (a.first > b.first) - (a.first < b.first)


ctypedef struct Column:
    const uint8_t* data
    const int64_t* offsets
    const uint8_t* valid
    bint present


cdef class _Columns:
    """Pointers into the columns of one batch, and the arrays that own the memory."""

    cdef Column column[7]
    cdef list owners
    cdef Py_ssize_t rows

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

    cdef inline const uint8_t* text(self, int place, Py_ssize_t row, Py_ssize_t* length) noexcept nogil:
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


cdef int deletion_keys(const uint8_t* word, int length, int deletions, uint64_t* keys) noexcept nogil:
    """Distinct keys of the first seven letters with up to ``deletions`` (0 to 2) of them deleted.

    Two words within k edits share a key when each deletes up to k letters (Mor and Fraenkel 1982; the cut to a prefix
    as in SymSpell, Garbe 2012): what the prefixes have in common survives in both.
    """
    cdef int size = length if length < DELETION_PREFIX else DELETION_PREFIX
    cdef int first, second, position, count = 0, other
    cdef uint64_t key
    for first in range(-1, size if deletions >= 1 else 0):
        for second in range(first, size if deletions >= 2 and first >= 0 else first + 1):
            key = 0
            for position in range(size):
                if position != first and position != second:
                    key = key << 5 | (word[position] - 96)
            for other in range(count):
                if keys[other] == key:
                    break
            else:
                keys[count] = key
                count += 1
    return count


cdef uint32_t deletion_bucket(uint64_t key, int shift) noexcept nogil:
    return <uint32_t>((key * <uint64_t>0x9E3779B97F4A7C15) >> shift)


cdef int deletions_of(TextRules rules, int length) noexcept nogil:
    """Letters that a word of this length may have to delete to meet a word that level ``close`` allows."""
    cdef int edits
    if length < 2:
        return 0
    for edits in range(2, 0, -1):
        if edits <= rules.edits_for_letters[min(length + edits, 63)]:
            return edits
    return 0


cdef class Builder:
    """Collects records and packs them.

    Parameters
    ----------
    rules : TextRules
        The rules that read the names.
    """

    cdef TextRules rules
    cdef WordTable people
    cdef WordTable parts
    cdef Buffer entries
    cdef Buffer texts
    cdef Buffer form_numbers
    cdef Buffer dates           # pairs of uint32: person, packed date
    cdef Buffer sexes           # uint8 a person
    cdef uint64_t form_total

    def __cinit__(self, TextRules rules not None):
        self.rules = rules
        seed = int.from_bytes(os.urandom(8), "little")  # no collisions of an attacker's choice
        _table_init(&self.people, seed)
        _table_init(&self.parts, seed)

    def __dealloc__(self):
        _table_free(&self.people)
        _table_free(&self.parts)
        free(self.entries.data)
        free(self.texts.data)
        free(self.form_numbers.data)
        free(self.dates.data)
        free(self.sexes.data)

    def add(self, batch):
        """Read a batch; returns the outcome and the warnings of each of its entries as two uint8 arrays."""
        cdef _Columns columns = _Columns(batch)
        cdef cnp.ndarray status = np.zeros(columns.rows, dtype=np.uint8)
        cdef cnp.ndarray warned = np.zeros(columns.rows, dtype=np.uint8)
        cdef uint8_t* statuses = <uint8_t*>cnp.PyArray_DATA(status)
        cdef uint8_t* warnings = <uint8_t*>cnp.PyArray_DATA(warned)
        cdef Py_ssize_t row
        with nogil:
            for row in range(columns.rows):
                statuses[row] = self._add_row(columns, row, &warnings[row])
        return status, warned

    cdef int _add_row(self, _Columns columns, Py_ssize_t row, uint8_t* warning) except -1 nogil:
        cdef Py_ssize_t id_length, length, more, position, start
        cdef const uint8_t* identifier = columns.text(0, row, &id_length)
        cdef const uint8_t* text
        cdef const uint8_t* surname
        cdef uint8_t joined[8 * MAX_CODE_POINTS + 8]
        cdef ParsedName parsed
        cdef Entry entry
        cdef int status, kind, sex
        cdef int64_t person, date
        cdef uint32_t dated[2]
        if identifier == NULL or id_length == 0:
            return MISSING_ID
        if id_length > MAX_ID_BYTES:
            return ID_TOO_LONG
        if not _valid_utf8(identifier, id_length):
            return INVALID_UNICODE
        text = columns.text(1, row, &length)
        if text == NULL or length == 0:
            text = columns.text(2, row, &length)
            surname = columns.text(3, row, &more)
            if length + more + 1 > <Py_ssize_t>sizeof(joined):
                return NAME_TOO_LONG
            if text != NULL and length and surname != NULL and more:
                memcpy(joined, text, length)
                joined[length] = 32
                memcpy(joined + length + 1, surname, more)
                text = joined
                length += more + 1
            elif text == NULL or length == 0:
                text = surname
                length = more
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

    def finish(self, *, bint display=True):
        """The arrays of the index by name; the builder is empty afterwards.

        ``display`` keeps the names as they were given.
        """
        arrays = _Packer(self).pack(display)
        self.__dealloc_buffers()
        return arrays

    def __dealloc_buffers(self):
        cdef Buffer* buffer
        for place in range(5):
            buffer = (
                &self.entries if place == 0 else &self.texts if place == 1 else &self.form_numbers if place == 2
                else &self.dates if place == 3 else &self.sexes
            )
            free(buffer.data)
            memset(buffer, 0, sizeof(Buffer))
        _table_free(&self.people)
        _table_free(&self.parts)
        _table_init(&self.people, 1)
        _table_init(&self.parts, 1)


cdef uint32_t* _u4(dict arrays, str name, size_t size) except NULL:
    """A new uint32 array of the index; a pointer to its data (never NULL, even when it is empty)."""
    if size > 0xFFFFFFFE:
        raise LimitError("records", 0xFFFFFFFE, size, "entries of one array; build several indexes")
    array = np.zeros(size, dtype=np.uint32)
    arrays[name] = array
    return <uint32_t*>cnp.PyArray_DATA(array)


cdef uint8_t* _u1(dict arrays, str name, size_t size) except NULL:
    if size > 0xFFFFFFFE:
        raise LimitError("records", 0xFFFFFFFE, size, "bytes of one array; build several indexes")
    array = np.zeros(size, dtype=np.uint8)
    arrays[name] = array
    return <uint8_t*>cnp.PyArray_DATA(array)


cdef void* _allocate(size_t count, size_t size) except NULL:
    cdef void* memory = calloc(count + 1, size)
    if memory == NULL:
        raise MemoryError
    return memory


cdef void _add_up(uint32_t* counts, size_t size) noexcept nogil:
    """Counts at [i + 1] become starts at [i]."""
    cdef size_t position
    for position in range(size):
        counts[position + 1] += counts[position]


cdef class _Packer:
    """Sorts what a builder holds into the arrays of an index."""

    cdef Builder builder
    cdef dict arrays
    cdef uint32_t* person_rank      # by number of first appearance
    cdef uint32_t* part_rank
    cdef uint32_t* name_entry       # entries in the order of the index
    cdef uint32_t names

    def __cinit__(self, Builder builder):
        self.builder = builder
        self.arrays = {}
        self.person_rank = NULL
        self.part_rank = NULL
        self.name_entry = NULL

    def __dealloc__(self):
        free(self.person_rank)
        free(self.part_rank)
        free(self.name_entry)

    cdef dict pack(self, bint display):
        self._people()
        self._dates_and_sexes()
        self._parts()
        self._sounds()
        self._deletions()
        self._names(display)
        self._forms()
        self._postings()
        return self.arrays

    cdef uint32_t* _sort_words(self, WordTable* table, str text_name, str start_name, bint by_sound) except NULL:
        """Write the words of a table in order; the rank of each number."""
        cdef uint32_t count = table.count, place, code, ignored
        cdef uint64_t* start = <uint64_t*>table.start.data
        cdef SortKey* keys = <SortKey*>_allocate(count, sizeof(SortKey))
        cdef uint32_t* rank = NULL
        cdef uint8_t* text
        cdef uint32_t* starts
        try:
            rank = <uint32_t*>_allocate(count, sizeof(uint32_t))
            text = _u1(self.arrays, text_name, table.text.used)
            starts = _u4(self.arrays, start_name, <size_t>count + 1)
            with nogil:
                for place in range(count):
                    keys[place].word = table.text.data + start[place]
                    keys[place].length = <uint32_t>(start[place + 1] - start[place])
                    keys[place].number = place
                    if by_sound:
                        code = 0
                        if keys[place].word[0] >= 97:
                            double_metaphone_codes(keys[place].word, keys[place].length, &code, &ignored)
                        keys[place].first = (
                            <uint64_t>code << 32 | _first_bytes(keys[place].word, keys[place].length, 4)
                        )
                    else:
                        keys[place].first = _first_bytes(keys[place].word, keys[place].length, 8)
                qsort(keys, count, sizeof(SortKey), _compare_keys)
                for place in range(count):
                    rank[keys[place].number] = place
                    memcpy(text + starts[place], keys[place].word, keys[place].length)
                    starts[place + 1] = starts[place] + keys[place].length
        except BaseException:
            free(rank)
            raise
        finally:
            free(keys)
        return rank

    cdef int _people(self) except -1:
        self.person_rank = self._sort_words(&self.builder.people, "person_id", "person_id_start", False)
        return 0

    cdef int _dates_and_sexes(self) except -1:
        cdef uint32_t people = self.builder.people.count, person, first, last, kept, several = 0
        cdef size_t count = self.builder.dates.used // 8, at, total = 0
        cdef uint32_t* pairs = <uint32_t*>self.builder.dates.data
        cdef uint32_t* start = <uint32_t*>_allocate(<size_t>people + 1, sizeof(uint32_t))
        cdef uint32_t* sorted_dates = NULL
        cdef uint32_t* dob
        cdef uint32_t* several_start
        cdef uint32_t* several_dates
        cdef uint8_t* sex
        cdef uint8_t recorded
        try:
            sorted_dates = <uint32_t*>_allocate(count, sizeof(uint32_t))
            sex = _u1(self.arrays, "sex", people)
            for person in range(people):
                recorded = self.builder.sexes.data[person]
                sex[self.person_rank[person]] = 0 if recorded == SEX_CONFLICT else recorded
            for at in range(count):
                start[self.person_rank[pairs[2 * at]] + 1] += 1
            _add_up(start, people)
            for at in range(count):
                person = self.person_rank[pairs[2 * at]]
                sorted_dates[start[person]] = pairs[2 * at + 1]
                start[person] += 1
            # start[p] is now the end of p; the end of p - 1 is the start of p. Sort and drop repeats within a person.
            for person in range(people):
                first = start[person - 1] if person else 0
                last = _sort_unique(sorted_dates + first, start[person] - first)
                if last > 1:
                    several += 1
                    total += last
            dob = _u4(self.arrays, "dob", people)
            several_start = _u4(self.arrays, "dob_several_start", <size_t>several + 1)
            several_dates = _u4(self.arrays, "dob_several", total)
            several = 0
            for person in range(people):
                first = start[person - 1] if person else 0
                kept = _distinct(sorted_dates + first, start[person] - first)
                if kept == 1:
                    dob[person] = sorted_dates[first]
                elif kept > 1:
                    dob[person] = DOB_SEVERAL | several
                    memcpy(several_dates + several_start[several], sorted_dates + first, kept * sizeof(uint32_t))
                    several_start[several + 1] = several_start[several] + kept
                    several += 1
        finally:
            free(start)
            free(sorted_dates)
        return 0

    cdef int _parts(self) except -1:
        cdef uint32_t count = self.builder.parts.count, part, groups = 0
        cdef uint8_t* text
        cdef uint32_t* start
        cdef uint32_t* keys
        cdef uint32_t* codes
        cdef uint32_t* code_start
        self.part_rank = self._sort_words(&self.builder.parts, "part_letters", "part_start", True)
        text = <uint8_t*>cnp.PyArray_DATA(self.arrays["part_letters"])
        start = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_start"])
        keys = _u4(self.arrays, "part_key", 3 * <size_t>count)
        for part in range(count):
            if text[start[part]] >= 97:
                double_metaphone_codes(
                    text + start[part], start[part + 1] - start[part], &keys[3 * part], &keys[3 * part + 1]
                )
                keys[3 * part + 2] = soundex_code(text + start[part], start[part + 1] - start[part])
            if part == 0 or keys[3 * part] != keys[3 * part - 3]:
                groups += 1
        codes = _u4(self.arrays, "primary_code", groups)
        code_start = _u4(self.arrays, "primary_start", <size_t>groups + 1)
        groups = 0
        for part in range(count):
            if part == 0 or keys[3 * part] != keys[3 * part - 3]:
                codes[groups] = keys[3 * part]
                code_start[groups] = part
                groups += 1
        code_start[groups] = count
        return 0

    cdef int _sounds(self) except -1:
        self._by_code(1, "alternate")
        self._by_code(2, "soundex")
        return 0

    cdef int _by_code(self, int key, str name) except -1:
        """Parts in the order of a code: ``*_code`` the codes, ``*_start`` where each begins, ``*_part`` the parts."""
        codes = self.arrays["part_key"][key::3]
        order = np.argsort(codes, kind="stable").astype(np.uint32)
        order = order[codes[order] != 0]
        values, starts = np.unique(codes[order], return_index=True)
        self.arrays[f"{name}_code"] = values.astype(np.uint32)
        self.arrays[f"{name}_start"] = np.append(starts, len(order)).astype(np.uint32)
        self.arrays[f"{name}_part"] = order
        return 0

    cdef int _deletions(self) except -1:
        cdef uint32_t count = self.builder.parts.count, part, length, bucket
        cdef uint8_t* text = <uint8_t*>cnp.PyArray_DATA(self.arrays["part_letters"])
        cdef uint32_t* start = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_start"])
        cdef uint64_t keys[MAX_DELETIONS]
        cdef uint32_t* bucket_start
        cdef uint32_t* parts
        cdef uint32_t* place
        cdef size_t total = 0
        cdef int found, key, bits = 4, shift
        cdef TextRules rules = self.builder.rules
        for part in range(count):
            length = start[part + 1] - start[part]
            if length > 1 and text[start[part]] >= 97:
                total += deletion_keys(text + start[part], length, deletions_of(rules, length), keys)
        while bits < 28 and (<size_t>4 << bits) < total:
            bits += 1
        shift = 64 - bits
        bucket_start = _u4(self.arrays, "deletion_start", (<size_t>1 << bits) + 1)
        parts = _u4(self.arrays, "deletion_part", total)
        place = <uint32_t*>_allocate((<size_t>1 << bits) + 1, sizeof(uint32_t))
        with nogil:
            for part in range(count):
                length = start[part + 1] - start[part]
                if length > 1 and text[start[part]] >= 97:
                    found = deletion_keys(text + start[part], length, deletions_of(rules, length), keys)
                    for key in range(found):
                        bucket_start[deletion_bucket(keys[key], shift) + 1] += 1
            _add_up(bucket_start, <size_t>1 << bits)
            memcpy(place, bucket_start, (<size_t>1 << bits) * sizeof(uint32_t))
            for part in range(count):
                length = start[part + 1] - start[part]
                if length > 1 and text[start[part]] >= 97:
                    found = deletion_keys(text + start[part], length, deletions_of(rules, length), keys)
                    for key in range(found):
                        bucket = deletion_bucket(keys[key], shift)
                        parts[place[bucket]] = part
                        place[bucket] += 1
        free(place)
        return 0

    cdef int _names(self, bint display) except -1:
        """Number the names: by person, then kind, then text; a repeated text of a person is one name."""
        cdef uint32_t people = self.builder.people.count, person, first, last, at, kept
        cdef size_t count = self.builder.entries.used // sizeof(Entry), number, total = 0
        cdef Entry* entries = <Entry*>self.builder.entries.data
        cdef uint32_t* start = NULL
        cdef uint32_t* order = NULL
        cdef SortKey* keys = NULL
        cdef uint32_t* name_start
        cdef uint32_t* text_start
        cdef uint8_t* kinds
        cdef uint8_t* texts
        cdef uint32_t widest = 0
        if count > 0x1FFFFFFF:
            raise LimitError("records", 0x1FFFFFFF, count, "names")
        try:
            start = <uint32_t*>_allocate(<size_t>people + 1, sizeof(uint32_t))
            order = <uint32_t*>_allocate(count, sizeof(uint32_t))
            self.name_entry = <uint32_t*>_allocate(count, sizeof(uint32_t))
            name_start = _u4(self.arrays, "name_start", <size_t>people + 1)
            for number in range(count):
                start[self.person_rank[entries[number].person] + 1] += 1
            for person in range(people):
                widest = max(widest, start[person + 1])
            keys = <SortKey*>_allocate(widest, sizeof(SortKey))
            _add_up(start, people)
            for number in range(count):
                person = self.person_rank[entries[number].person]
                order[start[person]] = <uint32_t>number
                start[person] += 1
            self.names = 0
            for person in range(people):
                first = start[person - 1] if person else 0
                last = start[person]
                kept = last - first
                if kept == 1:
                    self.name_entry[self.names] = order[first]
                else:
                    for at in range(kept):
                        keys[at].word = self.builder.texts.data + entries[order[first + at]].text_start
                        keys[at].length = entries[order[first + at]].text_length
                        keys[at].first = entries[order[first + at]].kind
                        keys[at].number = order[first + at]
                    kept = _distinct_names(keys, kept)
                    for at in range(kept):
                        self.name_entry[self.names + at] = keys[at].number
                self.names += kept
                name_start[person + 1] = self.names
            kinds = _u1(self.arrays, "name_kind", self.names)
            for at in range(self.names):
                kinds[at] = entries[self.name_entry[at]].kind
                total += entries[self.name_entry[at]].text_length
            if display:
                texts = _u1(self.arrays, "name_text", total)
                text_start = _u4(self.arrays, "name_text_start", <size_t>self.names + 1)
                for at in range(self.names):
                    memcpy(
                        texts + text_start[at], self.builder.texts.data + entries[self.name_entry[at]].text_start,
                        entries[self.name_entry[at]].text_length,
                    )
                    text_start[at + 1] = text_start[at] + entries[self.name_entry[at]].text_length
        finally:
            free(start)
            free(order)
            free(keys)
        return 0

    cdef int _forms(self) except -1:
        """Number the forms: by class (1, 2, 3, more parts), then person, name and form."""
        cdef Entry* entries = <Entry*>self.builder.entries.data
        cdef uint32_t* numbers = <uint32_t*>self.builder.form_numbers.data
        cdef uint32_t* name_start = <uint32_t*>cnp.PyArray_DATA(self.arrays["name_start"])
        cdef uint32_t people = self.builder.people.count, person, name, form, size, place, several = 0
        cdef uint32_t class_forms[CLASSES]
        cdef uint64_t class_parts[CLASSES]
        cdef uint32_t next_form[CLASSES]
        cdef uint64_t next_part[CLASSES]
        cdef uint32_t* class_start
        cdef uint32_t* parts
        cdef uint32_t* long_start
        cdef uint32_t* form_owner
        cdef uint32_t* several_start
        cdef uint32_t* several_form
        cdef uint64_t at
        cdef uint64_t several_total = 0
        cdef uint32_t of_person, position, number
        cdef int group
        memset(class_forms, 0, sizeof(class_forms))
        memset(class_parts, 0, sizeof(class_parts))
        for person in range(people):
            of_person = 0
            for name in range(name_start[person], name_start[person + 1]):
                at = entries[self.name_entry[name]].forms_start
                of_person += numbers[at]
                for form in range(numbers[at]):
                    if form == 0:
                        at += 1
                    size = numbers[at]
                    group = <int>min(size, <uint32_t>CLASSES) - 1
                    class_forms[group] += 1
                    class_parts[group] += size
                    at += 1 + size
            if of_person > 1:
                several += 1
                several_total += of_person
        class_start = _u4(self.arrays, "class_start", CLASSES + 1)
        at = 0
        for group in range(CLASSES):
            class_start[group + 1] = class_start[group] + class_forms[group]
            next_form[group] = class_start[group]
            next_part[group] = at
            at += class_parts[group]
        parts = _u4(self.arrays, "form_part", at)
        long_start = _u4(self.arrays, "long_start", <size_t>class_forms[CLASSES - 1] + 1)
        long_start[0] = <uint32_t>next_part[CLASSES - 1]
        form_owner = _u4(self.arrays, "form_owner", 2 * <size_t>class_start[CLASSES])
        several_start = _u4(self.arrays, "several_start", <size_t>several + 1)
        several_form = _u4(self.arrays, "several_form", 2 * several_total)
        several = 0
        for person in range(people):
            of_person = 0
            for name in range(name_start[person], name_start[person + 1]):
                of_person += numbers[entries[self.name_entry[name]].forms_start]
            place = several_start[several]
            for name in range(name_start[person], name_start[person + 1]):
                at = entries[self.name_entry[name]].forms_start
                for form in range(numbers[at]):
                    if form == 0:
                        at += 1
                    size = numbers[at]
                    group = <int>min(size, <uint32_t>CLASSES) - 1
                    number = next_form[group]
                    next_form[group] += 1
                    for position in range(size):
                        parts[next_part[group] + position] = self.part_rank[numbers[at + 1 + position]]
                    next_part[group] += size
                    if group == CLASSES - 1:
                        long_start[number - class_start[group] + 1] = <uint32_t>next_part[group]
                    form_owner[2 * <size_t>number] = person
                    form_owner[2 * <size_t>number + 1] = form
                    if of_person > 1:
                        form_owner[2 * <size_t>number + 1] |= FORM_MULTIPLE | several << 2
                        several_form[2 * <size_t>place] = number
                        several_form[2 * <size_t>place + 1] = (name - name_start[person]) << 2 | form
                        place += 1
                    at += 1 + size
            if of_person > 1:
                several += 1
                several_start[several] = place
        return 0

    cdef int _postings(self) except -1:
        """The forms of each part, in order; ``posting_start[4 * part + class]`` begins a run."""
        cdef uint32_t* class_start = <uint32_t*>cnp.PyArray_DATA(self.arrays["class_start"])
        cdef uint32_t* parts = <uint32_t*>cnp.PyArray_DATA(self.arrays["form_part"])
        cdef uint32_t* long_start = <uint32_t*>cnp.PyArray_DATA(self.arrays["long_start"])
        cdef size_t runs = <size_t>CLASSES * self.builder.parts.count
        cdef uint32_t* start = _u4(self.arrays, "posting_start", runs + 1)
        cdef uint32_t* forms
        cdef uint32_t* place = <uint32_t*>_allocate(runs + 1, sizeof(uint32_t))
        cdef uint32_t form, size, position, other, part
        cdef uint64_t at
        cdef size_t total = 0
        cdef int group, turn
        forms = NULL
        try:
            for turn in range(2):
                at = 0
                for group in range(CLASSES):
                    for form in range(class_start[group], class_start[group + 1]):
                        size = group + 1
                        if group == CLASSES - 1:
                            size = long_start[form - class_start[group] + 1] - long_start[form - class_start[group]]
                        for position in range(size):
                            part = parts[at + position]
                            for other in range(position):
                                if parts[at + other] == part:
                                    break
                            else:
                                if turn == 0:
                                    start[<size_t>CLASSES * part + group + 1] += 1
                                    total += 1
                                else:
                                    forms[place[<size_t>CLASSES * part + group]] = form
                                    place[<size_t>CLASSES * part + group] += 1
                        at += size
                if turn == 0:
                    _add_up(start, runs)
                    memcpy(place, start, runs * sizeof(uint32_t))
                    forms = _u4(self.arrays, "posting_form", total)
        finally:
            free(place)
        return 0


cdef int _compare_numbers(const void* one, const void* other) noexcept nogil:
    cdef uint32_t a = (<const uint32_t*>one)[0], b = (<const uint32_t*>other)[0]
    return (a > b) - (a < b)


cdef uint32_t _sort_unique(uint32_t* values, uint32_t count) noexcept nogil:
    """Sort a short run in place, move distinct values to the front; how many there are."""
    cdef uint32_t at, back, value, kept = 0
    if count > 32:
        qsort(values, count, sizeof(uint32_t), _compare_numbers)
    for at in range(1, count if count <= 32 else 1):
        value = values[at]
        back = at
        while back > 0 and values[back - 1] > value:
            values[back] = values[back - 1]
            back -= 1
        values[back] = value
    for at in range(count):
        if at == 0 or values[at] != values[kept - 1]:
            values[kept] = values[at]
            kept += 1
    for at in range(kept, count):
        values[at] = 0
    return kept


cdef uint32_t _distinct(const uint32_t* values, uint32_t count) noexcept nogil:
    """How many values stand before the zeros that ``_sort_unique`` leaves."""
    cdef uint32_t kept = 0
    while kept < count and values[kept]:
        kept += 1
    return kept


cdef uint32_t _distinct_names(SortKey* keys, uint32_t count) noexcept nogil:
    """Names of one person by kind and text, each text once with its first kind; how many there are."""
    cdef uint32_t at, kept = 0
    qsort(keys, count, sizeof(SortKey), _compare_texts)
    for at in range(count):
        if kept and keys[at].length == keys[kept - 1].length and memcmp(
            keys[at].word, keys[kept - 1].word, keys[at].length
        ) == 0:
            continue
        keys[kept] = keys[at]
        kept += 1
    qsort(keys, kept, sizeof(SortKey), _compare_keys)
    return kept
