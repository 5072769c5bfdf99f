"""The cells of a batch of columns, and what a cell says: a date, a sex, a kind of name."""

import numpy as np

cimport numpy as cnp
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

cnp.import_array()


cdef class Columns:
    """Pointers into the columns of one batch, and the arrays that own the memory."""

    def __cinit__(self, batch):
        self.owners = []
        cdef cnp.ndarray rows = np.ascontiguousarray(batch.rows, dtype=np.int64)
        self.owners.append(rows)
        self.row = <const int64_t*>cnp.PyArray_DATA(rows)
        self.rows = rows.shape[0]
        for place, name in enumerate(
            ("person_id", "full_name", "forenames", "surname", "kind", "dob", "sex", "place")
        ):
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


cdef bint valid_utf8(const uint8_t* text, Py_ssize_t length) noexcept nogil:
    cdef Py_ssize_t at = 0
    cdef uint32_t code
    cdef uint64_t eight
    cdef int more, _step
    while at + 8 <= length:
        memcpy(&eight, text + at, 8)
        if eight & <uint64_t>0x8080808080808080:
            break
        at += 8
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


cdef int64_t read_date(const uint8_t* text, Py_ssize_t length) noexcept nogil:
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


cdef bint all_blank(const uint8_t* text, Py_ssize_t length) noexcept nogil:
    cdef Py_ssize_t at
    for at in range(length):
        if not blank(text[at]):
            return False
    return True


cdef int read_sex(const uint8_t* text, Py_ssize_t length) noexcept nogil:
    """1 M, 2 F, 3 X, 0 not known, -1 for anything else."""
    while length and blank(text[0]):
        text += 1
        length -= 1
    while length and blank(text[length - 1]):
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


cdef int read_kind(const uint8_t* text, Py_ssize_t length) noexcept nogil:
    """Number of a kind of name in ``_row_batches.KINDS``; -1 for an unknown word."""
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
