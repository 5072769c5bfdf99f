"""The packed arrays of an index, for the search over them."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from phonosearch._text cimport TextRules

cdef enum:
    CLASSES = 4                 # names of one, two, three, and four or more parts
    BLOCK = 16                  # people whose identifiers and names are found by walking from where a block begins
    BLOCK_SHIFT = 4
    LAST_NAME = 0x80            # in name_kind: the last name of a person
    NAME_KIND = 0x0F            # in name_kind: the kind
    GENERATION_SHIFT = 4        # in name_kind: where the three bits of the generations stand
    SEX_SHIFT = 29              # in dob: where the two bits of the sex stand
    MAX_ID = 256
    MOST_LETTERS = 61           # of a part
    PLACE_SEVERAL = 0xFFFFFF    # the town of an entry of `place` whose rest is a number in `place_several_start`

cdef enum:
    DOB_SEVERAL = 0x80000000    # in `dob`: the rest is a number in `dob_several_start`, not a date
    OWNER_SEVERAL = 0x80000000  # in `owner`: the rest is a number in `several_*`, not a person

ctypedef struct Array:
    const uint32_t* data
    size_t size

cdef class PackedNames:
    cdef TextRules rules
    cdef readonly dict arrays
    cdef dict bounds
    cdef readonly size_t people, parts, forms, names
    cdef const uint8_t* part_letters
    cdef const uint8_t* person_id
    cdef size_t part_letters_size, person_id_size
    cdef Array part_start, part_key
    cdef Array primary_code, primary_start
    cdef Array alternate_code, alternate_start, alternate_part
    cdef Array soundex_code, soundex_start, soundex_part
    cdef Array heard_code, heard_start, heard_part, heard_note
    cdef Array deletion_start, deletion_part
    cdef Array last_start, posting_start, posting_form
    cdef Array class_start, form_part, long_start, owner_start, owner
    cdef Array several_start, several_person, several_form
    cdef Array person_id_start, name_start, dob, dob_several_start, dob_several, name_text_start
    cdef Array place, place_several_start, place_several, place_town_start
    cdef const uint8_t* place_town
    cdef const uint8_t* name_kind
    cdef const uint8_t* name_text   # NULL where names are not kept as given
    cdef int deletion_shift

    cdef int _take(self, str name, Array* array) except -1
    cdef object _array(self, str name, kind)
    cdef int _take_all(self) except -1
    cdef int _validate(self) except -1
    cdef int _take_names(self) except -1
    cdef int _take_places(self) except -1
    cdef int _check_codes(self, str name, Array* codes, Array* starts, size_t total) except -1
    cdef tuple _bounds(self, str name)
    cdef int _runs(self, str name, const Array* starts, size_t total) except -1
    cdef int _all_below(self, str name, const Array* values, size_t bound) except -1
    cdef int32_t find(self, const uint8_t* letters, int length, uint32_t primary) noexcept nogil
    cdef int32_t find_word(self, const uint8_t* letters, int length) noexcept nogil
    cdef bint _next_entry(self, size_t* at, size_t end, int length, int* shared, int* rest) noexcept nogil
    cdef int _next_identifier(self, size_t* at, size_t end, uint8_t* text, int length) noexcept nogil
    cdef int identifier(self, size_t person, uint8_t* text) noexcept nogil
    cdef uint32_t find_town(self, const uint8_t* letters, size_t length) noexcept nogil
    cdef int64_t name_of(self, size_t person, size_t number) noexcept nogil
    cdef int generations_of(self, size_t person) noexcept nogil
    cdef str person_text(self, size_t person)
    cdef str part_text(self, uint32_t part)
    cdef str form_text(self, uint32_t form)
    cdef str shown_name(self, int64_t name, uint32_t person, uint32_t number, uint32_t form, bint full)
    cdef uint32_t full_form_of(self, size_t person, size_t name, uint32_t form) noexcept nogil

    cdef inline uint32_t dates_of(self, size_t person) noexcept nogil:
        """The date of birth, or where several of them stand, or 0."""
        return self.dob.data[person] & ~(<uint32_t>3 << SEX_SHIFT)

    cdef inline uint32_t sex_of(self, size_t person) noexcept nogil:
        return self.dob.data[person] >> SEX_SHIFT & 3

    cdef inline uint64_t place_at(self, const Array* places, size_t at) noexcept nogil:
        """One place: a town + 1 in 24 bits, a packed postcode in 40."""
        return <uint64_t>places.data[2 * at + 1] << 32 | places.data[2 * at]

    cdef inline int length(self, uint32_t part) noexcept nogil:
        return self.part_start.data[part + 1] - self.part_start.data[part]

    cdef inline const uint8_t* letters(self, uint32_t part) noexcept nogil:
        return self.part_letters + self.part_start.data[part]

    cdef inline const uint32_t* form(self, uint32_t form, int* size) noexcept nogil:
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

    cdef int64_t several_of(self, size_t person) noexcept nogil

cdef size_t lower_bound(const Array* values, uint32_t wanted) noexcept nogil
cdef str ascii_or_utf8(const uint8_t* letters, int length)
