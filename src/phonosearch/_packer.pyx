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

cdef uint32_t FORM_MULTIPLE = 0x80000000
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
