"""What a builder holds to the packed arrays of an index.

People, names and parts are sorted into an order that does not depend on the order of loading. ARCHITECTURE.md lists the
arrays that ``_core`` searches.
"""

import numpy as np

cimport numpy as cnp
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, qsort
from libc.string cimport memcmp, memcpy, memset

from phonosearch._builder cimport SEX_CONFLICT, Builder, Entry, WordTable
from phonosearch._deletions cimport MAX_DELETIONS, deletion_bucket, deletion_keys, deletions_of
from phonosearch._encoders cimport double_metaphone_codes, soundex_code
from phonosearch._text cimport TextRules

from phonosearch._errors import LimitError

cnp.import_array()

cdef enum:
    CLASSES = 4                 # names of one, two, three, and four or more parts

cdef uint32_t OWNER_SEVERAL = 0x80000000
cdef uint32_t DOB_SEVERAL = 0x80000000


def pack(Builder builder not None, *, bint display=True):
    """The arrays of the index by name; the builder is empty afterwards.

    ``display`` keeps the names as they were given.
    """
    if builder.people.slots == NULL:
        raise ValueError("the builder has been packed")
    arrays = _Packer(builder).pack(display)
    builder.clear()
    return arrays


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


cdef inline uint64_t _first_bytes(const uint8_t* word, size_t length, int count) noexcept nogil:
    cdef uint64_t value = 0
    cdef int position
    for position in range(count):
        value = value << 8 | (word[position] if <size_t>position < length else 0)
    return value


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
        """Number the distinct forms: by class (1, 2, 3, more parts), then last part, then the others in order.

        Each has its owners: people of this form alone by number, then people of several forms by their number among
        those.
        """
        cdef Entry* entries = <Entry*>self.builder.entries.data
        cdef uint32_t* numbers = <uint32_t*>self.builder.form_numbers.data
        cdef uint32_t* name_start = <uint32_t*>cnp.PyArray_DATA(self.arrays["name_start"])
        cdef uint32_t people = self.builder.people.count, person, name, form, size, several = 0, of_person, position
        cdef _Readings readings = _Readings(self.builder.parts.count)
        cdef uint32_t* several_start
        cdef uint32_t* several_person
        cdef uint32_t* several_form
        cdef uint64_t at, several_total = 0
        cdef int group, turn
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
                    readings.count[group] += 1
                    readings.part_count[group] += size
                    at += 1 + size
            if of_person > 1:
                several += 1
                several_total += of_person
        several_start = _u4(self.arrays, "several_start", <size_t>several + 1)
        several_person = _u4(self.arrays, "several_person", several)
        several_form = _u4(self.arrays, "several_form", 2 * several_total)
        readings.allocate()
        for turn in range(2):       # people of one form, then people of several: the order of owners
            several = 0
            for person in range(people):
                of_person = 0
                for name in range(name_start[person], name_start[person + 1]):
                    of_person += numbers[entries[self.name_entry[name]].forms_start]
                if (of_person > 1) != turn:
                    continue
                if turn:
                    several_person[several] = person
                    several_start[several + 1] = several_start[several]
                for name in range(name_start[person], name_start[person + 1]):
                    at = entries[self.name_entry[name]].forms_start
                    for form in range(numbers[at]):
                        if form == 0:
                            at += 1
                        size = numbers[at]
                        if turn:
                            several_form[2 * <size_t>several_start[several + 1] + 1] = (
                                (name - name_start[person]) << 2 | form
                            )
                            readings.add(
                                numbers + at + 1, size, self.part_rank, OWNER_SEVERAL | several,
                                several_start[several + 1],
                            )
                            several_start[several + 1] += 1
                        else:
                            readings.add(numbers + at + 1, size, self.part_rank, person, 0)
                        at += 1 + size
                several += turn
        readings.write(self.arrays, several_form)
        return 0

    cdef int _postings(self) except -1:
        """Where the forms of each class begin that end in a part, and the forms that hold it elsewhere."""
        cdef uint32_t* class_start = <uint32_t*>cnp.PyArray_DATA(self.arrays["class_start"])
        cdef uint32_t* parts = <uint32_t*>cnp.PyArray_DATA(self.arrays["form_part"])
        cdef uint32_t* long_start = <uint32_t*>cnp.PyArray_DATA(self.arrays["long_start"])
        cdef size_t count = self.builder.parts.count, runs = CLASSES * count
        cdef uint32_t* last_start = _u4(self.arrays, "last_start", runs + 1)
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
                        if turn == 0:
                            last_start[count * group + parts[at + size - 1] + 1] += 1
                        for position in range(size - 1):
                            part = parts[at + position]
                            if part == parts[at + size - 1]:
                                continue
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
                    _add_up(last_start, runs)
                    _add_up(start, runs)
                    memcpy(place, start, runs * sizeof(uint32_t))
                    forms = _u4(self.arrays, "posting_form", total)
        finally:
            free(place)
        return 0


ctypedef struct Reading:        # one form of one name of a person, as it stands among those of its class
    const uint32_t* parts
    uint32_t size
    uint32_t number


cdef int _compare_readings(const void* one, const void* other) noexcept nogil:
    cdef const Reading* a = <const Reading*>one
    cdef const Reading* b = <const Reading*>other
    cdef uint32_t position
    if a.parts[a.size - 1] != b.parts[b.size - 1]:
        return -1 if a.parts[a.size - 1] < b.parts[b.size - 1] else 1
    for position in range(min(a.size, b.size) - 1):
        if a.parts[position] != b.parts[position]:
            return -1 if a.parts[position] < b.parts[position] else 1
    if a.size != b.size:
        return -1 if a.size < b.size else 1
    return -1 if a.number < b.number else a.number > b.number


cdef class _Readings:
    """The forms of all people, class by class, until those that are alike are brought together."""

    cdef uint32_t words
    cdef size_t[CLASSES] count
    cdef size_t[CLASSES] part_count
    cdef size_t[CLASSES] filled
    cdef size_t[CLASSES] parts_filled
    cdef uint32_t* parts[CLASSES]
    cdef uint32_t* owner[CLASSES]
    cdef uint32_t* slot[CLASSES]    # where `several_form` keeps the number of the form
    cdef uint32_t* order[CLASSES]
    cdef uint64_t* long_start

    def __cinit__(self, uint32_t words):
        cdef int group
        self.words = words
        self.long_start = NULL
        for group in range(CLASSES):
            self.count[group] = self.part_count[group] = self.filled[group] = self.parts_filled[group] = 0
            self.parts[group] = self.owner[group] = self.slot[group] = self.order[group] = NULL

    def __dealloc__(self):
        cdef int group
        free(self.long_start)
        for group in range(CLASSES):
            free(self.parts[group])
            free(self.owner[group])
            free(self.slot[group])
            free(self.order[group])

    cdef int allocate(self) except -1:
        cdef int group
        for group in range(CLASSES):
            if self.count[group] > 0xFFFFFFFE:
                raise LimitError("records", 0xFFFFFFFE, self.count[group], "names; build several indexes")
            self.parts[group] = <uint32_t*>_allocate(self.part_count[group], sizeof(uint32_t))
            self.owner[group] = <uint32_t*>_allocate(self.count[group], sizeof(uint32_t))
            self.slot[group] = <uint32_t*>_allocate(self.count[group], sizeof(uint32_t))
        self.long_start = <uint64_t*>_allocate(self.count[CLASSES - 1] + 1, sizeof(uint64_t))
        return 0

    cdef void add(
        self, const uint32_t* numbers, uint32_t size, const uint32_t* rank, uint32_t owner, uint32_t slot
    ) noexcept nogil:
        cdef int group = <int>min(size, <uint32_t>CLASSES) - 1
        cdef size_t at = self.parts_filled[group]
        cdef uint32_t position
        for position in range(size):
            self.parts[group][at + position] = rank[numbers[position]]
        self.owner[group][self.filled[group]] = owner
        self.slot[group][self.filled[group]] = slot
        self.parts_filled[group] += size
        self.filled[group] += 1
        if group == CLASSES - 1:
            self.long_start[self.filled[group]] = self.parts_filled[group]

    cdef inline const uint32_t* of(self, int group, size_t number, uint32_t* size) noexcept nogil:
        """The parts of a reading."""
        if group == CLASSES - 1:
            size[0] = <uint32_t>(self.long_start[number + 1] - self.long_start[number])
            return self.parts[group] + self.long_start[number]
        size[0] = group + 1
        return self.parts[group] + (group + 1) * number

    cdef int _sort(self, int group) except -1:
        """Fill ``order``; readings alike stay in the order of their owners."""
        cdef size_t count = self.count[group], at
        cdef Reading* readings = NULL
        cdef uint32_t* order
        cdef uint32_t* other = NULL
        cdef uint32_t* begin = NULL
        cdef uint32_t* swap
        cdef const uint32_t* parts = self.parts[group]
        cdef int column, turn, width = group + 1
        order = <uint32_t*>_allocate(count, sizeof(uint32_t))
        self.order[group] = order
        if group == CLASSES - 1:
            readings = <Reading*>_allocate(count, sizeof(Reading))
            for at in range(count):
                readings[at].parts = self.of(group, at, &readings[at].size)
                readings[at].number = <uint32_t>at
            qsort(readings, count, sizeof(Reading), _compare_readings)
            for at in range(count):
                order[at] = readings[at].number
            free(readings)
            return 0
        try:
            other = <uint32_t*>_allocate(count, sizeof(uint32_t))
            begin = <uint32_t*>_allocate(<size_t>self.words + 1, sizeof(uint32_t))
            for at in range(count):
                order[at] = <uint32_t>at
            for turn in range(width):
                column = width - 2 - turn if turn < width - 1 else width - 1
                memset(begin, 0, (<size_t>self.words + 1) * sizeof(uint32_t))
                for at in range(count):
                    begin[parts[width * at + column] + 1] += 1
                _add_up(begin, self.words)
                for at in range(count):
                    other[begin[parts[width * <size_t>order[at] + column]]] = order[at]
                    begin[parts[width * <size_t>order[at] + column]] += 1
                swap = order
                order = other
                other = swap
            self.order[group] = order
        finally:
            free(begin)
            free(other)
        return 0

    cdef bint _alike(self, int group, size_t one, size_t other) noexcept nogil:
        cdef uint32_t size = 0, other_size = 0
        cdef const uint32_t* a = self.of(group, one, &size)
        cdef const uint32_t* b = self.of(group, other, &other_size)
        return size == other_size and memcmp(a, b, size * sizeof(uint32_t)) == 0

    cdef int write(self, dict arrays, uint32_t* several_form) except -1:
        """The arrays of forms and of owners; the numbers of forms in ``several_form``."""
        cdef uint32_t* class_start = _u4(arrays, "class_start", CLASSES + 1)
        cdef uint32_t* form_part
        cdef uint32_t* long_start
        cdef uint32_t* owner_start
        cdef uint32_t* owners
        cdef const uint32_t* parts
        cdef size_t at, part_count = 0, owner_count = 0, forms = 0, long_forms
        cdef uint32_t size = 0, number, owner
        cdef int group, turn
        cdef bint fresh
        for group in range(CLASSES):
            self._sort(group)
        form_part = long_start = owner_start = owners = NULL
        for turn in range(2):
            part_count = owner_count = forms = 0
            for group in range(CLASSES):
                if turn == 0:
                    class_start[group] = <uint32_t>forms
                elif group == CLASSES - 1:
                    long_start[0] = <uint32_t>part_count
                for at in range(self.count[group]):
                    number = self.order[group][at]
                    fresh = at == 0 or not self._alike(group, self.order[group][at - 1], number)
                    if fresh:
                        parts = self.of(group, number, &size)
                        if turn:
                            memcpy(form_part + part_count, parts, size * sizeof(uint32_t))
                        part_count += size
                        forms += 1
                        if turn and group == CLASSES - 1:
                            long_start[forms - class_start[group]] = <uint32_t>part_count
                    owner = self.owner[group][number]
                    if turn and owner & OWNER_SEVERAL:
                        several_form[2 * <size_t>self.slot[group][number]] = <uint32_t>(forms - 1)
                    if fresh or owner != self.owner[group][self.order[group][at - 1]]:
                        if turn:
                            owners[owner_count] = owner
                        owner_count += 1
                    if turn:
                        owner_start[forms] = <uint32_t>owner_count
            if turn == 0:
                class_start[CLASSES] = <uint32_t>forms
                long_forms = forms - class_start[CLASSES - 1]
                form_part = _u4(arrays, "form_part", part_count)
                long_start = _u4(arrays, "long_start", long_forms + 1)
                owner_start = _u4(arrays, "owner_start", forms + 1)
                owners = _u4(arrays, "owner", owner_count)
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
