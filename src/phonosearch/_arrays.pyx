"""The packed arrays of an index: taken from a file or the packer, validated, and read."""

import numpy as np

cimport numpy as cnp
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

from phonosearch._double_metaphone cimport double_metaphone_codes
from phonosearch._text cimport GENERATIONS, MAX_PARTS, TextRules

from phonosearch._checksum import bounds as bounds_of

cnp.import_array()

cdef extern from "Python.h":
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 greatest)
    void* PyUnicode_DATA(object text)


cdef class PackedNames:
    """The packed arrays of an index, validated: whatever a file holds, no query can read outside them.

    Parameters
    ----------
    rules : TextRules
        The rules that the arrays were built under.
    arrays : dict of str to numpy.ndarray
        As ``_packer.pack`` makes them and a file holds them.
    bounds : dict of str to tuple, optional
        What ``_checksum.bounds`` says of arrays of uint32, where that is known already: it must be of these arrays.

    Raises
    ------
    ValueError
        An array that a search could not trust; the message is its name.
    """

    def __cinit__(self, TextRules rules not None, dict arrays not None, dict bounds=None):
        self.rules = rules
        self.arrays = arrays
        self.bounds = {} if bounds is None else bounds
        self._take_all()
        self._validate()
        self.bounds = None

    cdef int _take(self, str name, Array* array) except -1:
        cdef cnp.ndarray values = self._array(name, np.uint32)
        array.data = <const uint32_t*>cnp.PyArray_DATA(values)
        array.size = values.shape[0]
        return 0

    cdef object _array(self, str name, kind):
        values = self.arrays.get(name)
        good = isinstance(values, np.ndarray) and values.dtype == kind and values.ndim == 1
        if not good or not values.flags.c_contiguous:
            raise ValueError(name)
        return values

    cdef int _take_all(self) except -1:
        cdef cnp.ndarray letters = self._array("part_letters", np.uint8)
        cdef cnp.ndarray ids = self._array("person_id", np.uint8)
        self.part_letters = <const uint8_t*>cnp.PyArray_DATA(letters)
        self.part_letters_size = letters.shape[0]
        self.person_id = <const uint8_t*>cnp.PyArray_DATA(ids)
        self.person_id_size = ids.shape[0]
        self._take("part_start", &self.part_start)
        self._take("part_key", &self.part_key)
        self._take("primary_code", &self.primary_code)
        self._take("primary_start", &self.primary_start)
        self._take("alternate_code", &self.alternate_code)
        self._take("alternate_start", &self.alternate_start)
        self._take("alternate_part", &self.alternate_part)
        self._take("soundex_code", &self.soundex_code)
        self._take("soundex_start", &self.soundex_start)
        self._take("soundex_part", &self.soundex_part)
        self._take("heard_code", &self.heard_code)
        self._take("heard_start", &self.heard_start)
        self._take("heard_part", &self.heard_part)
        self._take("heard_note", &self.heard_note)
        self._take("deletion_start", &self.deletion_start)
        self._take("deletion_part", &self.deletion_part)
        self._take("last_start", &self.last_start)
        self._take("posting_start", &self.posting_start)
        self._take("posting_form", &self.posting_form)
        self._take("class_start", &self.class_start)
        self._take("form_part", &self.form_part)
        self._take("long_start", &self.long_start)
        self._take("owner_start", &self.owner_start)
        self._take("owner", &self.owner)
        self._take("several_start", &self.several_start)
        self._take("several_person", &self.several_person)
        self._take("several_form", &self.several_form)
        self._take("person_id_start", &self.person_id_start)
        self._take("name_start", &self.name_start)
        self._take("dob", &self.dob)
        self._take("dob_several_start", &self.dob_several_start)
        self._take("dob_several", &self.dob_several)
        self._take("place", &self.place)
        self._take("place_several_start", &self.place_several_start)
        self._take("place_several", &self.place_several)
        self._take("place_town_start", &self.place_town_start)
        if self.part_start.size < 1:
            raise ValueError("part_start")
        self.parts = self.part_start.size - 1
        if self.owner_start.size < 1 or self.several_start.size < 1:
            raise ValueError("owner_start")
        if self.dob.size >= OWNER_SEVERAL:
            raise ValueError("dob")
        self.people = self.dob.size
        self.forms = self.owner_start.size - 1
        return 0

    cdef int _validate(self) except -1:
        """Everything that a search reads without a check of its own."""
        cdef size_t at, buckets = self.deletion_start.size - 1, long_forms, several = self.several_start.size - 1
        cdef size_t blocks = (self.people + BLOCK - 1) >> BLOCK_SHIFT
        cdef uint32_t size
        cdef uint32_t people = <uint32_t>self.people
        cdef uint32_t bad = 0           # as wide as what is compared, and no way out of the loops: several at a time
        cdef const uint32_t* starts = self.part_start.data
        cdef int group
        if not self._runs("part_start", &self.part_start, self.part_letters_size):
            raise ValueError("part_start")
        for at in range(self.parts):
            bad |= starts[at + 1] - starts[at] - 1u >= <uint32_t>MOST_LETTERS
        if bad:
            raise ValueError("part_start")
        if self.part_key.size != 3 * self.parts:
            raise ValueError("part_key")
        if self.person_id_start.size != blocks + 1 or not self._runs(
            "person_id_start", &self.person_id_start, self.person_id_size
        ):
            raise ValueError("person_id_start")
        if self.name_start.size != blocks + 1:
            raise ValueError("name_start")
        self._check_codes("primary", &self.primary_code, &self.primary_start, self.parts)
        self._check_codes("alternate", &self.alternate_code, &self.alternate_start, self.alternate_part.size)
        self._check_codes("soundex", &self.soundex_code, &self.soundex_start, self.soundex_part.size)
        self._check_codes("heard", &self.heard_code, &self.heard_start, self.heard_part.size)
        if not self._all_below("alternate_part", &self.alternate_part, self.parts):
            raise ValueError("alternate_part")
        if not self._all_below("soundex_part", &self.soundex_part, self.parts):
            raise ValueError("soundex_part")
        if not self._all_below("heard_part", &self.heard_part, self.parts):
            raise ValueError("heard_part")
        if self.heard_note.size != self.heard_part.size:
            raise ValueError("heard_note")
        if self.deletion_start.size < 2 or buckets & (buckets - 1):
            raise ValueError("deletion_start")
        self.deletion_shift = 64
        while buckets > 1:
            buckets >>= 1
            self.deletion_shift -= 1
        if self.deletion_shift == 64 or not self._runs(
            "deletion_start", &self.deletion_start, self.deletion_part.size
        ):
            raise ValueError("deletion_start")
        if not self._all_below("deletion_part", &self.deletion_part, self.parts):
            raise ValueError("deletion_part")
        if self.class_start.size != CLASSES + 1 or not self._runs("class_start", &self.class_start, self.forms):
            raise ValueError("class_start")
        long_forms = self.class_start.data[CLASSES] - self.class_start.data[CLASSES - 1]
        if (
            self.long_start.size != long_forms + 1
            or self.long_start.data[0] != (
                self.class_start.data[1] + 2 * (self.class_start.data[2] - <size_t>self.class_start.data[1])
                + 3 * (self.class_start.data[3] - <size_t>self.class_start.data[2])
            )
            or self.long_start.data[long_forms] != self.form_part.size
        ):
            raise ValueError("long_start")
        for at in range(long_forms):
            if self.long_start.data[at + 1] < self.long_start.data[at]:
                raise ValueError("long_start")
            size = self.long_start.data[at + 1] - self.long_start.data[at]
            if size < CLASSES or size > MAX_PARTS:
                raise ValueError("long_start")
        if not self._all_below("form_part", &self.form_part, self.parts):
            raise ValueError("form_part")
        # What an owner is, is checked where it is read.
        if not self._runs("owner_start", &self.owner_start, self.owner.size):
            raise ValueError("owner_start")
        if self.last_start.size != CLASSES * (self.parts + 1):
            raise ValueError("last_start")
        starts = self.last_start.data
        for group in range(CLASSES):
            bad |= starts[group] != self.class_start.data[group]
            bad |= starts[CLASSES * self.parts + group] != self.class_start.data[group + 1]
        for at in range(CLASSES, self.last_start.size):
            bad |= starts[at] < starts[at - CLASSES]
        if bad:
            raise ValueError("last_start")
        if self.posting_start.size != CLASSES * self.parts + 1 or not self._runs(
            "posting_start", &self.posting_start, self.posting_form.size
        ):
            raise ValueError("posting_start")
        if not self._all_below("posting_form", &self.posting_form, self.forms):
            raise ValueError("posting_form")
        if self.several_person.size != several or not self._all_below(
            "several_person", &self.several_person, people
        ):
            raise ValueError("several_person")
        if self.several_form.size % 2 or not self._runs(
            "several_start", &self.several_start, self.several_form.size // 2
        ):
            raise ValueError("several_start")
        starts = self.several_start.data
        for at in range(several):
            bad |= starts[at] >= starts[at + 1]
        starts = self.several_form.data
        for at in range(self.several_form.size // 2):
            bad |= starts[2 * at] >= self.forms
        if bad:
            raise ValueError("several_form")
        self._take_names()
        if not self._runs("dob_several_start", &self.dob_several_start, self.dob_several.size):
            raise ValueError("dob_several_start")
        self._take_places()
        return 0

    cdef int _take_places(self) except -1:
        """What an entry says is only compared; that it is one of several is checked where it is read."""
        cdef cnp.ndarray towns = self._array("place_town", np.uint8)
        self.place_town = <const uint8_t*>cnp.PyArray_DATA(towns)
        if self.place.size and self.place.size != 2 * self.people:
            raise ValueError("place")
        if self.place_several.size % 2 or not self._runs(
            "place_several_start", &self.place_several_start, self.place_several.size // 2
        ):
            raise ValueError("place_several_start")
        if self.place_town_start.size >= PLACE_SEVERAL or not self._runs(
            "place_town_start", &self.place_town_start, towns.shape[0]
        ):
            raise ValueError("place_town_start")
        return 0

    cdef uint32_t find_town(self, const uint8_t* letters, size_t length) noexcept nogil:
        """The number of a town + 1, or 0 where nobody has a place in it."""
        cdef size_t low = 0, high = self.place_town_start.size - 1, middle, size
        cdef int order
        while low < high:
            middle = (low + high) >> 1
            size = self.place_town_start.data[middle + 1] - self.place_town_start.data[middle]
            order = memcmp(
                self.place_town + self.place_town_start.data[middle], letters, size if size < length else length
            )
            if order == 0:
                if size == length:
                    return <uint32_t>middle + 1
                order = -1 if size < length else 1
            if order < 0:
                low = middle + 1
            else:
                high = middle
        return 0

    cdef int _take_names(self) except -1:
        cdef cnp.ndarray kinds = self._array("name_kind", np.uint8)
        cdef cnp.ndarray texts
        self.names = kinds.shape[0]
        self.name_kind = <const uint8_t*>cnp.PyArray_DATA(kinds)
        self.name_text = NULL
        if not self._runs("name_start", &self.name_start, self.names):
            raise ValueError("name_start")
        if "name_text" in self.arrays:
            texts = self._array("name_text", np.uint8)
            self._take("name_text_start", &self.name_text_start)
            if self.name_text_start.size != self.names + 1 or not self._runs(
                "name_text_start", &self.name_text_start, texts.shape[0]
            ):
                raise ValueError("name_text_start")
            self.name_text = <const uint8_t*>cnp.PyArray_DATA(texts)
        return 0

    cdef int _check_codes(self, str name, Array* codes, Array* starts, size_t total) except -1:
        if starts.size != codes.size + 1 or not self._runs(f"{name}_start", starts, total):
            raise ValueError(f"{name}_start")
        return 0

    cdef tuple _bounds(self, str name):
        found = self.bounds.get(name)
        return bounds_of(self.arrays[name]) if found is None else found

    cdef int _runs(self, str name, const Array* starts, size_t total) except -1:
        """Whether starts rise from 0 to ``total``."""
        if starts.size == 0 or starts.data[0] != 0 or starts.data[starts.size - 1] != total:
            return False
        return self._bounds(name)[2]

    cdef int _all_below(self, str name, const Array* values, size_t bound) except -1:
        if values.size == 0:
            return True
        even, odd, _ = self._bounds(name)
        return max(even, odd) < bound

    cdef int32_t find(self, const uint8_t* letters, int length, uint32_t primary) noexcept nogil:
        """The number of a part, or -1."""
        cdef size_t group, low, high, middle
        cdef int order, size
        group = lower_bound(&self.primary_code, primary)
        if group == self.primary_code.size or self.primary_code.data[group] != primary:
            return -1
        low = self.primary_start.data[group]
        high = self.primary_start.data[group + 1]
        while low < high:
            middle = (low + high) >> 1
            size = self.part_start.data[middle + 1] - self.part_start.data[middle]
            order = memcmp(
                self.part_letters + self.part_start.data[middle], letters, size if size < length else length
            )
            if order == 0:
                order = size - length
            if order == 0:
                return <int32_t>middle
            if order < 0:
                low = middle + 1
            else:
                high = middle
        return -1

    cdef int32_t find_word(self, const uint8_t* letters, int length) noexcept nogil:
        cdef uint32_t primary = 0, alternate = 0
        double_metaphone_codes(letters, length, &primary, &alternate)
        return self.find(letters, length, primary)

    def form_parts(self, size_t form):
        """The parts of a form, as text."""
        cdef int size, part
        cdef const uint32_t* parts
        if form >= self.forms:
            raise IndexError("no such form")
        parts = self.form(<uint32_t>form, &size)
        return tuple([self.part_text(parts[part]) for part in range(size)])

    cdef str part_text(self, uint32_t part):
        return PyUnicode_DecodeUTF8(<const char*>self.letters(part), self.length(part), "replace")

    cdef int64_t several_of(self, size_t person) noexcept nogil:
        """The number of a person among those of several forms, or -1."""
        cdef size_t at = lower_bound(&self.several_person, <uint32_t>person)
        if at < self.several_person.size and self.several_person.data[at] == person:
            return <int64_t>at
        return -1

    cdef str form_text(self, uint32_t form):
        """The parts of a form as a name, each with a capital."""
        cdef char text[MAX_PARTS * (MOST_LETTERS + 1)]
        cdef int size, part, length, at, end = 0
        cdef const uint32_t* parts
        cdef const uint8_t* letters
        cdef bint plain = True
        if form >= self.forms:
            raise IndexError("no such form")
        parts = self.form(form, &size)
        for part in range(size):
            letters = self.letters(parts[part])
            length = self.length(parts[part])
            for at in range(length):
                text[end + at] = <char>letters[at]
                plain &= c"a" <= letters[at] <= c"z"
            text[end] = <char>(letters[0] - 32)
            text[end + length] = c" "
            end += length + 1
        if not plain:                   # a raw part; what capitals it has is for Python to say
            return " ".join(self.form_parts(form)).title()
        return _ascii(text, end - 1)

    def full_form(self, size_t person, size_t name, size_t form):
        """The full form of a name of a person, given any form of it."""
        if form >= self.forms:
            raise IndexError("no such form")
        return self.full_form_of(person, name, <uint32_t>form)

    cdef str shown_name(self, int64_t name, uint32_t person, uint32_t number, uint32_t form, bint full):
        """A name, or -1, as it was given, or normalised where the index does not keep it: by ``form``, if that is the
        full one of this name of the person."""
        if name >= 0 and self.name_text != NULL:
            return PyUnicode_DecodeUTF8(
                <const char*>self.name_text + self.name_text_start.data[name],
                self.name_text_start.data[name + 1] - self.name_text_start.data[name], "replace",
            )
        return self.form_text(form if full else self.full_form_of(person, number, form))

    cdef uint32_t full_form_of(self, size_t person, size_t name, uint32_t form) noexcept nogil:
        cdef size_t at
        cdef int64_t several = self.several_of(person)
        if several >= 0:
            for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
                if self.several_form.data[2 * at + 1] == name << 2:
                    return self.several_form.data[2 * at]
        return form

    cdef int identifier(self, size_t person, uint8_t* text) noexcept nogil:
        """Write the identifier of a person to ``text``, of MAX_ID bytes; its length, or -1 where there is none."""
        cdef size_t block = person >> BLOCK_SHIFT, at = self.person_id_start.data[block]
        cdef size_t end = self.person_id_start.data[block + 1]
        cdef size_t begin[BLOCK]
        cdef int shared[BLOCK]
        cdef int entry, last = <int>(person & (BLOCK - 1)), length = 0, rest, needed
        for entry in range(last + 1):
            if not self._next_entry(&at, end, length, &shared[entry], &rest):
                return -1
            begin[entry] = at
            at += rest
            length = shared[entry] + rest
        # What it shares with those before it is copied from the last that holds it in full: few have to be read.
        needed = length
        for entry in range(last, -1, -1):
            if shared[entry] < needed:
                memcpy(text + shared[entry], self.person_id + begin[entry], needed - shared[entry])
                needed = shared[entry]
                if needed == 0:
                    break
        return length

    cdef inline bint _next_entry(self, size_t* at, size_t end, int length, int* shared, int* rest) noexcept nogil:
        """How many bytes the identifier at ``at`` shares with one of a length before it, and how many follow."""
        if at[0] >= end:
            return False
        shared[0] = self.person_id[at[0]] >> 4
        rest[0] = self.person_id[at[0]] & 15
        at[0] += 1
        if shared[0] == 15 and at[0] < end:
            shared[0] += self.person_id[at[0]]
            at[0] += 1
        if rest[0] == 15 and at[0] < end:
            rest[0] += self.person_id[at[0]]
            at[0] += 1
        return shared[0] <= length and shared[0] + rest[0] <= MAX_ID and at[0] + rest[0] <= end

    cdef int _next_identifier(self, size_t* at, size_t end, uint8_t* text, int length) noexcept nogil:
        """Change an identifier of this length into the one after it, at ``at``; its length, or -1."""
        cdef int shared, rest
        if not self._next_entry(at, end, length, &shared, &rest):
            return -1
        memcpy(text + shared, self.person_id + at[0], rest)
        at[0] += rest
        return shared + rest

    cdef int64_t name_of(self, size_t person, size_t number) noexcept nogil:
        """The place of a name of a person among all names, or -1."""
        cdef size_t block = person >> BLOCK_SHIFT, left = person & (BLOCK - 1)
        cdef size_t at = self.name_start.data[block], end = self.name_start.data[block + 1]
        while left and at < end:
            left -= self.name_kind[at] >> 7
            at += 1
        while number and at < end and not self.name_kind[at] & LAST_NAME:
            number -= 1
            at += 1
        return <int64_t>at if number == 0 and at < end else -1

    cdef int generations_of(self, size_t person) noexcept nogil:
        """The generations that the names of a person say, a bit each."""
        cdef size_t at, end = self.name_start.data[(person >> BLOCK_SHIFT) + 1]
        cdef int64_t first = self.name_of(person, 0)
        cdef int found = 0
        for at in range(<size_t>first if first >= 0 else end, end):
            found |= self.name_kind[at] >> GENERATION_SHIFT & (1 << GENERATIONS) - 1
            if self.name_kind[at] & LAST_NAME:
                break
        return found

    cdef str person_text(self, size_t person):
        cdef uint8_t text[MAX_ID]
        cdef int length = self.identifier(person, text)
        if length < 0:
            raise ValueError("person_id")   # only in a crafted file
        return ascii_or_utf8(text, length)

    def person_id_of(self, size_t person):
        """The identifier of a person."""
        if person >= self.people:
            raise IndexError("no such person")
        return self.person_text(person)

    def find_person(self, bytes person_id not None):
        """The number of a person, or -1 (binary search)."""
        cdef size_t low = 0, high = (self.people + BLOCK - 1) >> BLOCK_SHIFT, middle, at, end, place
        cdef int wanted_length = <int>min(PyBytes_GET_SIZE(person_id), <Py_ssize_t>(MAX_ID + 1)), length = 0
        cdef const char* wanted = PyBytes_AS_STRING(person_id)
        cdef uint8_t text[MAX_ID]
        while low < high:                   # the first block that begins after the one wanted
            middle = (low + high) >> 1
            length = self.identifier(middle << BLOCK_SHIFT, text)
            if length < 0:
                return -1
            if _order(text, length, <const uint8_t*>wanted, wanted_length) <= 0:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            return -1
        at = self.person_id_start.data[low - 1]
        end = self.person_id_start.data[low]
        length = 0
        for place in range((low - 1) << BLOCK_SHIFT, min(low << BLOCK_SHIFT, self.people)):
            length = self._next_identifier(&at, end, text, length)
            if length < 0:
                return -1
            if _order(text, length, <const uint8_t*>wanted, wanted_length) == 0:
                return place
        return -1

    def plain(self, str name not None):
        """What an array says, in a layout that is independent of the file's: an array, or None where there is none.

        ``name_start`` is by person, ``name_kind`` without marks, ``dob`` and ``sex`` are apart; identifiers:
        ``plain_ids``.
        """
        if name == "name_start":
            last = np.flatnonzero(self.arrays["name_kind"] & LAST_NAME)
            if len(last) != self.people:
                raise ValueError("name_kind")
            return np.concatenate([[0], last + 1]).astype(np.uint32)
        if name == "name_kind":
            return self.arrays["name_kind"] & (LAST_NAME - 1)
        if name == "dob":
            return self.arrays["dob"] & np.uint32(~(3 << SEX_SHIFT) & 0xFFFFFFFF)
        if name == "sex":
            return (self.arrays["dob"] >> SEX_SHIFT & 3).astype(np.uint8)
        return self.arrays.get(name)

    def plain_ids(self):
        """The identifiers, one after another, and where each begins."""
        cdef size_t person, at = 0, end = 0, total = 0
        cdef uint8_t text[MAX_ID]
        cdef int turn, length = 0
        cdef cnp.ndarray starts = np.zeros(self.people + 1, dtype=np.uint32)
        cdef uint32_t* start = <uint32_t*>cnp.PyArray_DATA(starts)
        cdef cnp.ndarray texts = np.zeros(0, dtype=np.uint8)
        cdef uint8_t* to = NULL
        for turn in range(2):
            with nogil:
                total = 0
                for person in range(self.people):
                    if person & (BLOCK - 1) == 0:
                        at = self.person_id_start.data[person >> BLOCK_SHIFT]
                        end = self.person_id_start.data[(person >> BLOCK_SHIFT) + 1]
                        length = 0
                    length = self._next_identifier(&at, end, text, length)
                    if length < 0:
                        break
                    if to != NULL:
                        memcpy(to + total, text, length)
                    total += length
                    start[person + 1] = <uint32_t>total
            if length < 0:
                raise ValueError("person_id")
            if turn == 0:
                texts = np.zeros(total, dtype=np.uint8)
                to = <uint8_t*>cnp.PyArray_DATA(texts)
        return texts, starts


cdef inline str _ascii(const char* letters, int length):
    """A text that holds nothing but ASCII."""
    cdef str text = PyUnicode_New(length, 127)
    memcpy(PyUnicode_DATA(text), letters, length)
    return text


cdef str ascii_or_utf8(const uint8_t* letters, int length):
    cdef int at
    cdef uint8_t every = 0
    for at in range(length):
        every |= letters[at]
    if every >> 7:
        return PyUnicode_DecodeUTF8(<const char*>letters, length, "replace")
    return _ascii(<const char*>letters, length)


cdef inline int _order(const uint8_t* one, int length, const uint8_t* other, int other_length) noexcept nogil:
    cdef int order = memcmp(one, other, length if length < other_length else other_length)
    return order if order else length - other_length


cdef size_t lower_bound(const Array* values, uint32_t wanted) noexcept nogil:
    cdef size_t low = 0, high = values.size, middle
    while low < high:
        middle = (low + high) >> 1
        if values.data[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low
