"""The packed arrays of an index: taken from a file or the packer, validated, and read."""

import numpy as np

cimport numpy as cnp
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcmp

from phonosearch._encoders cimport double_metaphone_codes
from phonosearch._text cimport MAX_PARTS, TextRules

cnp.import_array()

cdef extern from *:
    """
    /* Validation at open reads every array once: the widest vectors that the processor has, chosen when it loads.
       Sanitizers cannot run before that choice is made. */
    #if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) \
        && !defined(__SANITIZE_ADDRESS__)
    #define PS_CLONES __attribute__((target_clones("avx2", "default")))
    #else
    #define PS_CLONES
    #endif
    #include <stddef.h>
    #include <stdint.h>
    PS_CLONES static uint32_t ps_largest(const uint32_t *values, size_t size) {
        uint32_t largest = 0;
        for (size_t at = 0; at < size; at++) largest = values[at] > largest ? values[at] : largest;
        return largest;
    }
    PS_CLONES static int ps_never_falls(const uint32_t *values, size_t size) {
        uint32_t falls = 0;
        for (size_t at = 1; at < size; at++) falls |= values[at] < values[at - 1];
        return !falls;
    }
    /* Of owners: the largest person, and the largest number, plus one, of a person of several forms. */
    PS_CLONES static void ps_largest_owner(const uint32_t *owners, size_t count, uint32_t *person, uint32_t *several) {
        uint32_t top = 0, most = 0;
        for (size_t at = 0; at < count; at++) {
            uint32_t number = owners[at] & 0x7FFFFFFFu, mask = 0u - (owners[at] >> 31);
            uint32_t alone = number & ~mask, shared = (number + 1) & mask;
            top = alone > top ? alone : top;
            most = shared > most ? shared : most;
        }
        *person = top;
        *several = most;
    }
    """
    uint32_t ps_largest(const uint32_t* values, size_t size) noexcept nogil
    bint ps_never_falls(const uint32_t* values, size_t size) noexcept nogil
    void ps_largest_owner(const uint32_t* owners, size_t count, uint32_t* person, uint32_t* several) noexcept nogil


cdef class PackedNames:
    """The packed arrays of an index, validated: whatever a file holds, no query can read outside them.

    Parameters
    ----------
    rules : TextRules
        The rules that the arrays were built under.
    arrays : dict of str to numpy.ndarray
        As ``_packer.pack`` makes them and a file holds them.

    Raises
    ------
    ValueError
        An array that a search could not trust; the message is its name.
    """

    def __cinit__(self, TextRules rules not None, dict arrays not None):
        self.rules = rules
        self.arrays = arrays
        self._take_all()
        self._validate()

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
        cdef cnp.ndarray sex = self._array("sex", np.uint8)
        self.part_letters = <const uint8_t*>cnp.PyArray_DATA(letters)
        self.part_letters_size = letters.shape[0]
        self.person_id = <const uint8_t*>cnp.PyArray_DATA(ids)
        self.sex = <const uint8_t*>cnp.PyArray_DATA(sex)
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
        if self.part_start.size < 1 or self.person_id_start.size < 1:
            raise ValueError("part_start")
        self.parts = self.part_start.size - 1
        self.people = self.person_id_start.size - 1
        if self.owner_start.size < 1 or self.several_start.size < 1:
            raise ValueError("owner_start")
        if self.people >= OWNER_SEVERAL:
            raise ValueError("person_id_start")
        self.forms = self.owner_start.size - 1
        if sex.shape[0] != <Py_ssize_t>self.people:
            raise ValueError("sex")
        if not _runs(&self.person_id_start, ids.shape[0]):
            raise ValueError("person_id_start")
        return 0

    cdef int _validate(self) except -1:
        """Everything that a search reads without a check of its own."""
        cdef size_t at, buckets = self.deletion_start.size - 1, long_forms, several = self.several_start.size - 1
        cdef uint32_t size
        cdef uint32_t people = <uint32_t>self.people, largest = 0, largest_several = 0
        cdef bint good = True
        cdef int group
        if not _runs(&self.part_start, self.part_letters_size):
            raise ValueError("part_start")
        for at in range(self.parts):
            size = self.part_start.data[at + 1] - self.part_start.data[at]
            if size < 1 or size > 61:
                raise ValueError("part_start")
        if self.part_key.size != 3 * self.parts:
            raise ValueError("part_key")
        if self.dob.size != self.people:
            raise ValueError("dob")
        if self.name_start.size != self.people + 1:
            raise ValueError("name_start")
        self._check_codes("primary", &self.primary_code, &self.primary_start, self.parts)
        self._check_codes("alternate", &self.alternate_code, &self.alternate_start, self.alternate_part.size)
        self._check_codes("soundex", &self.soundex_code, &self.soundex_start, self.soundex_part.size)
        if not _all_below(&self.alternate_part, self.parts):
            raise ValueError("alternate_part")
        if not _all_below(&self.soundex_part, self.parts):
            raise ValueError("soundex_part")
        if self.deletion_start.size < 2 or buckets & (buckets - 1):
            raise ValueError("deletion_start")
        self.deletion_shift = 64
        while buckets > 1:
            buckets >>= 1
            self.deletion_shift -= 1
        if self.deletion_shift == 64 or not _runs(&self.deletion_start, self.deletion_part.size):
            raise ValueError("deletion_start")
        if not _all_below(&self.deletion_part, self.parts):
            raise ValueError("deletion_part")
        if self.class_start.size != CLASSES + 1 or not _runs(&self.class_start, self.forms):
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
        if not _all_below(&self.form_part, self.parts):
            raise ValueError("form_part")
        if not _runs(&self.owner_start, self.owner.size):
            raise ValueError("owner_start")
        ps_largest_owner(self.owner.data, self.owner.size, &largest, &largest_several)
        if self.owner.size and largest >= people or largest_several > several:
            raise ValueError("owner")
        if self.last_start.size != CLASSES * self.parts + 1 or not _runs(&self.last_start, self.forms):
            raise ValueError("last_start")
        for group in range(CLASSES):
            if self.last_start.data[group * self.parts] != self.class_start.data[group]:
                raise ValueError("last_start")
        if self.posting_start.size != CLASSES * self.parts + 1 or not _runs(
            &self.posting_start, self.posting_form.size
        ):
            raise ValueError("posting_start")
        if not _all_below(&self.posting_form, self.forms):
            raise ValueError("posting_form")
        if self.several_person.size != several or not _all_below(&self.several_person, people):
            raise ValueError("several_person")
        if self.several_form.size % 2 or not _runs(&self.several_start, self.several_form.size // 2):
            raise ValueError("several_start")
        for at in range(several):
            good &= self.several_start.data[at] < self.several_start.data[at + 1]
        for at in range(self.several_form.size // 2):
            good &= self.several_form.data[2 * at] < self.forms
        if not good:
            raise ValueError("several_form")
        self._take_names()
        if not _runs(&self.dob_several_start, self.dob_several.size):
            raise ValueError("dob_several_start")
        return 0

    cdef int _take_names(self) except -1:
        cdef cnp.ndarray kinds = self._array("name_kind", np.uint8)
        cdef cnp.ndarray texts
        self.names = kinds.shape[0]
        self.name_kind = <const uint8_t*>cnp.PyArray_DATA(kinds)
        self.name_text = NULL
        if not _runs(&self.name_start, self.names):
            raise ValueError("name_start")
        if "name_text" in self.arrays:
            texts = self._array("name_text", np.uint8)
            self._take("name_text_start", &self.name_text_start)
            if self.name_text_start.size != self.names + 1 or not _runs(&self.name_text_start, texts.shape[0]):
                raise ValueError("name_text_start")
            self.name_text = <const uint8_t*>cnp.PyArray_DATA(texts)
        return 0

    cdef int _check_codes(self, str name, Array* codes, Array* starts, size_t total) except -1:
        if starts.size != codes.size + 1 or not _runs(starts, total):
            raise ValueError(f"{name}_start")
        return 0

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

    cdef const uint32_t* form(self, uint32_t form, int* size) noexcept nogil:
        """The parts of a form."""
        cdef uint32_t one = self.class_start.data[1], two = self.class_start.data[2], three = self.class_start.data[3]
        if form < one:
            size[0] = 1
            return self.form_part.data + form
        if form < two:
            size[0] = 2
            return self.form_part.data + one + 2 * <size_t>(form - one)
        if form < three:
            size[0] = 3
            return self.form_part.data + one + 2 * <size_t>(two - one) + 3 * <size_t>(form - two)
        size[0] = self.long_start.data[form - three + 1] - self.long_start.data[form - three]
        return self.form_part.data + self.long_start.data[form - three]

    def form_parts(self, size_t form):
        """The parts of a form, as text."""
        cdef int size, part
        cdef const uint32_t* parts
        if form >= self.forms:
            raise IndexError("no such form")
        parts = self.form(<uint32_t>form, &size)
        return tuple([
            PyUnicode_DecodeUTF8(<const char*>self.letters(parts[part]), self.length(parts[part]), "replace")
            for part in range(size)
        ])

    cdef int64_t several_of(self, size_t person) noexcept nogil:
        """The number of a person among those of several forms, or -1."""
        cdef size_t at = lower_bound(&self.several_person, <uint32_t>person)
        if at < self.several_person.size and self.several_person.data[at] == person:
            return <int64_t>at
        return -1

    def full_form(self, size_t person, size_t name, size_t form):
        """The full form of a name of a person, given any form of it."""
        cdef size_t at
        cdef int64_t several = self.several_of(person)
        if form >= self.forms:
            raise IndexError("no such form")
        if several >= 0:
            for at in range(self.several_start.data[several], self.several_start.data[several + 1]):
                if self.several_form.data[2 * at + 1] == name << 2:
                    return self.several_form.data[2 * at]
        return form

    def find_person(self, bytes person_id not None):
        """The number of a person, or -1 (binary search)."""
        cdef size_t low = 0, high = self.people, middle
        cdef size_t length = PyBytes_GET_SIZE(person_id), size
        cdef const char* wanted = PyBytes_AS_STRING(person_id)
        cdef int order
        while low < high:
            middle = (low + high) >> 1
            size = self.person_id_start.data[middle + 1] - self.person_id_start.data[middle]
            order = memcmp(self.person_id + self.person_id_start.data[middle], wanted, min(size, length))
            if order == 0:
                order = (size > length) - (size < length)
            if order == 0:
                return middle
            if order < 0:
                low = middle + 1
            else:
                high = middle
        return -1


cdef size_t lower_bound(const Array* values, uint32_t wanted) noexcept nogil:
    cdef size_t low = 0, high = values.size, middle
    while low < high:
        middle = (low + high) >> 1
        if values.data[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


cdef bint _runs(const Array* starts, size_t total) noexcept nogil:
    """Whether starts rise from 0 to ``total``."""
    if starts.size == 0 or starts.data[0] != 0 or starts.data[starts.size - 1] != total:
        return False
    return ps_never_falls(starts.data, starts.size)


cdef bint _all_below(const Array* values, size_t bound) noexcept nogil:
    return values.size == 0 or ps_largest(values.data, values.size) < bound
