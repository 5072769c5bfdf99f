"""What builders hold to the packed arrays of an index.

People, names and parts are sorted into an order that does not depend on the order of loading, nor on which builder read
what. ARCHITECTURE.md lists the arrays that ``_core`` searches.
"""

cimport numpy as cnp
from libc.stdint cimport uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport free, malloc, qsort
from libc.string cimport memcmp, memcpy, memset

from phonosearch._arrays cimport BLOCK, LAST_NAME, SEX_SHIFT
from phonosearch._builder cimport MAX_NUMBERS, Builder, Entry, WordTable
from phonosearch._deletions cimport deletion_bucket, deletion_keys, deletions_of
from phonosearch._encoders cimport double_metaphone_codes, soundex_code
from phonosearch._forms cimport write_forms
from phonosearch._new_arrays cimport add_up, allocate, new_u1, new_u4
from phonosearch._text cimport MAX_FORMS, TextRules

from phonosearch._errors import LimitError

cnp.import_array()

cdef enum:
    SEX_CONFLICT = 4
    AHEAD = 16                  # names that are asked for before their turn

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define PS_PREFETCH(p) __builtin_prefetch(p)
    #else
    #define PS_PREFETCH(p) ((void)0)
    #endif
    """
    void PS_PREFETCH(const void* place) noexcept nogil

cdef uint32_t DOB_SEVERAL = 0x80000000


# The arrays in the order of the file.
ARRAYS = (
    "person_id", "person_id_start", "dob", "dob_several_start", "dob_several", "part_letters", "part_start", "part_key",
    "primary_code", "primary_start", "alternate_code", "alternate_start", "alternate_part", "soundex_code",
    "soundex_start", "soundex_part", "deletion_start", "deletion_part", "name_start", "name_kind", "name_text",
    "name_text_start", "class_start", "form_part", "long_start", "owner_start", "owner", "several_start",
    "several_person", "several_form", "last_start", "posting_start", "posting_form",
)  # fmt: skip


def pack(list builders not None, *, bint display=True, int threads=1):
    """The arrays of the index by name, and the contradictions; the builders are empty afterwards.

    The contradictions are the row and the person_id of each entry that says another sex than the rows of the person
    before it, in order of the rows. ``display`` keeps the names as they were given. More than one thread: two of them.
    """
    cdef Builder builder
    cdef _Packer packer
    for builder in builders:
        if builder.words == NULL:
            raise ValueError("the builder has been packed")
    packer = _Packer(builders)
    if threads > 1:
        from concurrent.futures import ThreadPoolExecutor   # slow to import
        with ThreadPoolExecutor(1) as pool:
            parts = pool.submit(packer.parts)
            deletions = pool.submit(packer.deletions)
            packer.people(display)
            parts.result()
            packer.forms()
            deletions.result()
    else:
        packer.parts()
        packer.deletions()
        packer.people(display)
        packer.forms()
    for builder in builders:
        builder.clear()
    return {name: packer.arrays[name] for name in ARRAYS if name in packer.arrays}, packer.contradictions


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


cdef int _sort(SortKey** keys, size_t count) except -1 nogil:
    """Sort by ``first``, a byte at a time, then by word; ``first`` may be the beginning of the word."""
    cdef SortKey* here = keys[0]
    cdef SortKey* there
    cdef SortKey* swapped
    cdef size_t at, begin, total, number
    cdef size_t histogram[8][256]
    cdef int place, byte
    memset(histogram, 0, sizeof(histogram))
    for at in range(count):
        for place in range(8):
            histogram[place][here[at].first >> 8 * place & 0xFF] += 1
    there = <SortKey*>malloc((count + 1) * sizeof(SortKey))
    if there == NULL:
        with gil:
            raise MemoryError
    for place in range(8):
        if count == 0 or histogram[place][here[0].first >> 8 * place & 0xFF] == count:
            continue
        total = 0
        for byte in range(256):
            number = histogram[place][byte]
            histogram[place][byte] = total
            total += number
        for at in range(count):
            byte = here[at].first >> 8 * place & 0xFF
            there[histogram[place][byte]] = here[at]
            histogram[place][byte] += 1
        swapped = here
        here = there
        there = swapped
    free(there)
    keys[0] = here
    begin = 0
    for at in range(1, count + 1):
        if at == count or here[at].first != here[begin].first:
            if at - begin > 1:
                qsort(here + begin, at - begin, sizeof(SortKey), _compare_keys)
            begin = at
    return 0


cdef inline bint _same_word(const SortKey* one, const SortKey* other) noexcept nogil:
    return one.length == other.length and memcmp(one.word, other.word, one.length) == 0


cdef inline uint32_t _parts_of(uint32_t sizes) noexcept nogil:
    """How many parts the forms of a name have together."""
    cdef int form
    cdef uint32_t parts = 0
    for form in range(MAX_FORMS):
        parts += sizes >> 8 * form & 0xFF
    return parts


cdef size_t _letters(const SortKey* keys, size_t total) noexcept nogil:
    """The letters of the different ones of sorted words."""
    cdef size_t at, letters = 0
    for at in range(total):
        if at == 0 or not _same_word(&keys[at], &keys[at - 1]):
            letters += keys[at].length
    return letters


cdef size_t _take_words(const WordTable* table, SortKey* keys, uint32_t first) noexcept nogil:
    """Keys of the words of a table, numbered from ``first``, for ``_compare_keys``; how many there are."""
    cdef const uint64_t* start = <uint64_t*>table.start.data
    cdef uint32_t place
    for place in range(table.count):
        keys[place].word = table.text.data + start[place]
        keys[place].length = <uint32_t>(start[place + 1] - start[place])
        keys[place].number = first + place
    return table.count


cdef void _set_first(SortKey* keys, size_t count) noexcept nogil:
    """The eight bytes that follow what all words begin with, to sort by first."""
    cdef size_t at, skip = keys[0].length if count else 0, same
    for at in range(1, count):
        same = 0
        while same < skip and same < keys[at].length and keys[at].word[same] == keys[0].word[same]:
            same += 1
        skip = same
    for at in range(count):
        keys[at].first = _first_bytes(keys[at].word + skip, keys[at].length - skip, 8)


cdef uint8_t _sex(const Entry* entries, uint32_t count) noexcept nogil:
    """The one sex that the entries of a person say, 0 for none, or SEX_CONFLICT."""
    cdef uint32_t at
    cdef uint8_t sex = 0
    for at in range(count):
        if entries[at].sex and entries[at].sex != sex:
            sex = SEX_CONFLICT if sex else entries[at].sex
    return sex


cdef class _Packer:
    """Sorts what builders hold into the arrays of an index."""

    cdef list builders
    cdef readonly dict arrays
    cdef readonly list contradictions
    cdef int count                  # of builders
    cdef uint32_t** person_rank     # of each builder, by number of first appearance
    cdef uint32_t** part_rank
    cdef uint32_t people_count, part_count
    cdef Entry* names               # by person, kind and text; `text` and `forms` are addresses
    cdef size_t name_count

    def __cinit__(self, list builders):
        self.builders = builders
        self.count = len(builders)
        self.arrays = {}
        self.contradictions = []
        self.names = NULL
        self.person_rank = <uint32_t**>allocate(self.count, sizeof(uint32_t*))
        self.part_rank = <uint32_t**>allocate(self.count, sizeof(uint32_t*))

    def __dealloc__(self):
        cdef int number
        for number in range(self.count):
            if self.person_rank != NULL:
                free(self.person_rank[number])
            if self.part_rank != NULL:
                free(self.part_rank[number])
        free(self.person_rank)
        free(self.part_rank)
        free(self.names)

    # Parts

    def parts(self):
        """The arrays of the parts; in the builders the parts get the numbers of the index."""
        cdef Builder builder
        cdef WordTable* table
        cdef uint64_t* start
        cdef size_t total = 0, letters = 0, at
        cdef uint32_t place, code, ignored, count
        cdef int number
        cdef SortKey* keys
        cdef uint8_t* text
        cdef uint32_t* starts
        for builder in self.builders:
            total += builder.parts.count
            letters += builder.parts.text.used
        if total > MAX_NUMBERS:
            raise LimitError("records", MAX_NUMBERS, total, "different parts of names")
        keys = <SortKey*>allocate(total, sizeof(SortKey))
        try:
            at = 0
            for number in range(self.count):
                builder = self.builders[number]
                table = &builder.parts
                start = <uint64_t*>table.start.data
                with nogil:
                    for place in range(table.count):
                        keys[at].word = table.text.data + start[place]
                        keys[at].length = <uint32_t>(start[place + 1] - start[place])
                        keys[at].number = <uint32_t>at
                        code = 0
                        if keys[at].word[0] >= 97:
                            double_metaphone_codes(keys[at].word, keys[at].length, &code, &ignored)
                        keys[at].first = <uint64_t>code << 32 | _first_bytes(keys[at].word, keys[at].length, 4)
                        at += 1
            with nogil:
                _sort(&keys, total)
            count = self._rank(keys, total, self.part_rank, False)
            self.part_count = count
            text = new_u1(self.arrays, "part_letters", letters if self.count == 1 else _letters(keys, total))
            starts = new_u4(self.arrays, "part_start", <size_t>count + 1)
            place = 0
            with nogil:
                for at in range(total):
                    if at and self.count > 1 and _same_word(&keys[at], &keys[at - 1]):
                        continue
                    memcpy(text + starts[place], keys[at].word, keys[at].length)
                    starts[place + 1] = starts[place] + keys[at].length
                    place += 1
        finally:
            free(keys)
        for number in range(self.count):
            self._renumber(self.builders[number], self.part_rank[number])
        self._keys()
        self._by_code(1, "alternate")
        self._by_code(2, "soundex")

    cdef uint32_t _rank(self, const SortKey* keys, size_t total, uint32_t** ranks, bint people) except? 0xFFFFFFFF:
        """Of sorted words of all builders, the rank of each in its builder; how many are different."""
        cdef Builder builder
        cdef uint32_t* flat = <uint32_t*>allocate(total, sizeof(uint32_t))
        cdef size_t at, count, begin = 0
        cdef uint32_t rank = 0
        cdef int number
        with nogil:
            for at in range(total):
                # The words of one builder are all different.
                rank += at > 0 and (self.count == 1 or not _same_word(&keys[at], &keys[at - 1]))
                flat[keys[at].number] = rank
        try:
            for number in range(self.count):
                builder = self.builders[number]
                count = builder.people.count if people else builder.parts.count
                ranks[number] = <uint32_t*>allocate(count, sizeof(uint32_t))
                memcpy(ranks[number], flat + begin, count * sizeof(uint32_t))
                begin += count
        finally:
            free(flat)
        return rank + 1 if total else 0

    cdef int _renumber(self, Builder builder, const uint32_t* rank) except -1:
        """Give the parts in the forms of a builder their numbers in the index."""
        cdef uint32_t* numbers = <uint32_t*>builder.form_numbers.data
        cdef size_t total = builder.form_numbers.used // sizeof(uint32_t), at = 0, end
        with nogil:
            while at < total:
                end = at + 1 + _parts_of(numbers[at])
                at += 1
                while at < end:
                    numbers[at] = rank[numbers[at]]
                    at += 1
        return 0

    cdef int _keys(self) except -1:
        cdef uint32_t count = self.part_count, part, groups = 0
        cdef const uint8_t* text = <uint8_t*>cnp.PyArray_DATA(self.arrays["part_letters"])
        cdef const uint32_t* start = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_start"])
        cdef uint32_t* keys = new_u4(self.arrays, "part_key", 3 * <size_t>count)
        cdef uint32_t* codes
        cdef uint32_t* code_start
        with nogil:
            for part in range(count):
                if text[start[part]] >= 97:
                    double_metaphone_codes(
                        text + start[part], start[part + 1] - start[part], &keys[3 * part], &keys[3 * part + 1]
                    )
                    keys[3 * part + 2] = soundex_code(text + start[part], start[part + 1] - start[part])
                if part == 0 or keys[3 * part] != keys[3 * part - 3]:
                    groups += 1
        codes = new_u4(self.arrays, "primary_code", groups)
        code_start = new_u4(self.arrays, "primary_start", <size_t>groups + 1)
        groups = 0
        for part in range(count):
            if part == 0 or keys[3 * part] != keys[3 * part - 3]:
                codes[groups] = keys[3 * part]
                code_start[groups] = part
                groups += 1
        code_start[groups] = count
        return 0

    cdef int _by_code(self, int key, str name) except -1:
        """Parts in the order of a code: ``*_code`` the codes, ``*_start`` where each begins, ``*_part`` the parts."""
        cdef uint32_t count = self.part_count, part, kept = 0, groups = 0
        cdef const uint32_t* codes = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_key"])
        cdef SortKey* keys = <SortKey*>allocate(count, sizeof(SortKey))
        cdef uint32_t* values
        cdef uint32_t* starts
        cdef uint32_t* parts
        try:
            with nogil:
                for part in range(count):
                    if codes[3 * <size_t>part + key]:
                        keys[kept].first = <uint64_t>codes[3 * <size_t>part + key] << 32 | part
                        kept += 1
                _sort(&keys, kept)
                for part in range(kept):
                    groups += part == 0 or keys[part].first >> 32 != keys[part - 1].first >> 32
            values = new_u4(self.arrays, f"{name}_code", groups)
            starts = new_u4(self.arrays, f"{name}_start", <size_t>groups + 1)
            parts = new_u4(self.arrays, f"{name}_part", kept)
            groups = 0
            for part in range(kept):
                parts[part] = <uint32_t>keys[part].first
                if part == 0 or keys[part].first >> 32 != keys[part - 1].first >> 32:
                    values[groups] = keys[part].first >> 32
                    starts[groups] = part
                    groups += 1
            starts[groups] = kept
        finally:
            free(keys)
        return 0

    def deletions(self):
        """Buckets of the deletion keys of the parts."""
        cdef Builder builder = self.builders[0]
        cdef TextRules rules = builder.rules
        cdef uint32_t count = self.part_count, part, length, bucket
        cdef const uint8_t* text = <uint8_t*>cnp.PyArray_DATA(self.arrays["part_letters"])
        cdef const uint32_t* start = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_start"])
        cdef uint64_t* keys = NULL
        cdef uint8_t* found = NULL
        cdef uint32_t* bucket_start
        cdef uint32_t* parts
        cdef uint32_t* place = NULL
        cdef size_t total = 0, room = 0, at = 0
        cdef int bits = 4, shift
        try:
            found = <uint8_t*>allocate(count, 1)
            with nogil:
                for part in range(count):
                    room += 1 + 28 * (start[part + 1] - start[part] > 1)
            keys = <uint64_t*>allocate(room, sizeof(uint64_t))
            with nogil:
                for part in range(count):
                    length = start[part + 1] - start[part]
                    if length > 1 and text[start[part]] >= 97:
                        found[part] = deletion_keys(
                            text + start[part], length, deletions_of(rules, length), keys + total
                        )
                        total += found[part]
            while bits < 28 and (<size_t>4 << bits) < total:
                bits += 1
            shift = 64 - bits
            bucket_start = new_u4(self.arrays, "deletion_start", (<size_t>1 << bits) + 1)
            parts = new_u4(self.arrays, "deletion_part", total)
            place = <uint32_t*>allocate((<size_t>1 << bits) + 1, sizeof(uint32_t))
            with nogil:
                for at in range(total):
                    keys[at] = deletion_bucket(keys[at], shift)
                    bucket_start[keys[at] + 1] += 1
                add_up(bucket_start, <size_t>1 << bits)
                memcpy(place, bucket_start, (<size_t>1 << bits) * sizeof(uint32_t))
                at = 0
                for part in range(count):
                    for _ in range(found[part]):
                        bucket = <uint32_t>keys[at]
                        at += 1
                        parts[place[bucket]] = part
                        place[bucket] += 1
        finally:
            free(keys)
            free(found)
            free(place)

    # People

    def people(self, bint display):
        """The arrays of the people and their names."""
        cdef Builder builder
        self._identifiers()
        self._gather_names()
        self._dates_and_sexes()
        self._names(display)
        for builder in self.builders:
            builder.forget_people()

    cdef int _identifiers(self) except -1:
        """Number the people, in order of their identifiers."""
        cdef Builder builder
        cdef size_t total = 0, size = 0, at = 0
        cdef SortKey* keys
        cdef SortKey* merged
        cdef bint ascending = True
        for builder in self.builders:
            total += builder.people.count
            size += builder.people.text.used
            ascending &= builder.ascending
        if total > MAX_NUMBERS:
            raise LimitError("records", MAX_NUMBERS, total, "people")
        keys = <SortKey*>allocate(total, sizeof(SortKey))
        try:
            for builder in self.builders:
                at += _take_words(&builder.people, keys + at, <uint32_t>at)
            if not ascending:
                with nogil:
                    _set_first(keys, total)
                    _sort(&keys, total)
            elif self.count > 1:
                merged = <SortKey*>allocate(total, sizeof(SortKey))
                self._merge(keys, merged)
                free(keys)
                keys = merged
            self.people_count = self._rank(keys, total, self.person_rank, True)
            self._write_identifiers(keys, total, size)
        finally:
            free(keys)
        return 0

    cdef int _merge(self, const SortKey* keys, SortKey* merged) except -1:
        """Merge the people of the builders, each in order."""
        cdef Builder builder
        cdef size_t* at = <size_t*>allocate(2 * self.count, sizeof(size_t))
        cdef size_t total = 0, used
        cdef int number, least
        for number in range(self.count):
            builder = self.builders[number]
            at[2 * number] = total
            total += builder.people.count
            at[2 * number + 1] = total
        with nogil:
            for used in range(total):
                least = -1
                for number in range(self.count):
                    if at[2 * number] < at[2 * number + 1] and (
                        least < 0 or _compare_keys(&keys[at[2 * number]], &keys[at[2 * least]]) < 0
                    ):
                        least = number
                merged[used] = keys[at[2 * least]]
                at[2 * least] += 1
        free(at)
        return 0

    cdef int _write_identifiers(self, const SortKey* keys, size_t total, size_t size) except -1:
        """A byte for the lengths of what an identifier shares with the one before it in its block, and of the rest."""
        cdef uint32_t* start = new_u4(self.arrays, "person_id_start", self._blocks() + 1)
        cdef uint8_t* text = <uint8_t*>allocate(size + 3 * total, 1)
        cdef size_t at, used = 0, person = 0, shared, rest
        cdef const SortKey* last = NULL
        try:
            with nogil:
                for at in range(total):
                    PS_PREFETCH(keys[min(at + AHEAD, total - 1)].word)
                    if self.count > 1 and last != NULL and _same_word(last, &keys[at]):
                        continue
                    shared = 0
                    if person % BLOCK == 0:
                        if used >> 32:
                            break
                        start[person // BLOCK] = <uint32_t>used
                    else:
                        while (
                            shared < 255 and shared < last.length and shared < keys[at].length
                            and last.word[shared] == keys[at].word[shared]
                        ):
                            shared += 1
                    rest = keys[at].length - shared
                    text[used] = <uint8_t>(min(shared, <size_t>15) << 4 | min(rest, <size_t>15))
                    used += 1
                    if shared >= 15:
                        text[used] = <uint8_t>(shared - 15)
                        used += 1
                    if rest >= 15:
                        text[used] = <uint8_t>(rest - 15)
                        used += 1
                    memcpy(text + used, keys[at].word + shared, rest)
                    used += rest
                    last = &keys[at]
                    person += 1
            memcpy(new_u1(self.arrays, "person_id", used), text, used)
            start[self._blocks()] = <uint32_t>used
        finally:
            free(text)
        return 0

    cdef size_t _blocks(self) noexcept:
        return (<size_t>self.people_count + BLOCK - 1) // BLOCK

    cdef int _gather_names(self) except -1:
        """The names of all builders by person, a repeated text of a person once."""
        cdef Builder builder
        cdef uint32_t people = self.people_count, person, first, last, kept, at, widest = 0
        cdef size_t count, total = 0, entry
        cdef uint32_t* start = NULL
        cdef uint32_t* rank
        cdef SortKey* keys = NULL
        cdef Entry* spare = NULL
        cdef Entry* names
        cdef Entry* entries
        cdef int number
        for builder in self.builders:
            total += builder.entries.used // sizeof(Entry)
        if total > MAX_NUMBERS:
            raise LimitError("records", MAX_NUMBERS, total, "names")
        try:
            start = <uint32_t*>allocate(<size_t>people + 1, sizeof(uint32_t))
            self.names = names = <Entry*>malloc((total + 1) * sizeof(Entry))
            if names == NULL:
                raise MemoryError
            for number in range(self.count):
                builder = self.builders[number]
                rank = self.person_rank[number]
                entries = <Entry*>builder.entries.data
                count = builder.entries.used // sizeof(Entry)
                with nogil:
                    for entry in range(count):
                        entries[entry].person = rank[entries[entry].person]
                        start[entries[entry].person + 1] += 1
            with nogil:
                for person in range(people):
                    widest = max(widest, start[person + 1])
                add_up(start, people)
            for number in range(self.count):
                builder = self.builders[number]
                entries = <Entry*>builder.entries.data
                count = builder.entries.used // sizeof(Entry)
                with nogil:
                    for entry in range(count):
                        person = entries[entry].person
                        at = start[person]
                        names[at] = entries[entry]
                        names[at].text += <uintptr_t>builder.texts.data
                        names[at].forms = <uintptr_t>(<uint32_t*>builder.form_numbers.data + names[at].forms)
                        start[person] = at + 1
            keys = <SortKey*>allocate(widest, sizeof(SortKey))
            spare = <Entry*>allocate(widest, sizeof(Entry))
            self.name_count = 0
            with nogil:
                # start[p] is now the end of p, so the end of p - 1 is the start of p.
                for person in range(people):
                    first = start[person - 1] if person else 0
                    last = start[person]
                    kept = last - first
                    if kept > 1:
                        memcpy(spare, names + first, kept * sizeof(Entry))
                        for at in range(kept):
                            keys[at].word = <const uint8_t*><uintptr_t>spare[at].text
                            keys[at].length = spare[at].text_length
                            keys[at].first = spare[at].kind
                            keys[at].number = at
                        kept = _distinct_names(keys, kept)
                        spare[0].sex = _sex(spare, last - first)
                        for at in range(kept):
                            names[self.name_count + at] = spare[keys[at].number]
                        names[self.name_count].sex = spare[0].sex
                    else:
                        names[self.name_count] = names[first]
                    self.name_count += kept
        finally:
            free(start)
            free(keys)
            free(spare)
        return 0

    cdef int _dates_and_sexes(self) except -1:
        cdef Builder builder
        cdef uint32_t people = self.people_count, person, first, last, kept, several = 0
        cdef size_t count = 0, at, total = 0
        cdef uint32_t* pairs
        cdef uint32_t* rank
        cdef uint32_t* start = NULL
        cdef uint32_t* dates = NULL
        cdef uint32_t* dob
        cdef uint32_t* several_start
        cdef uint32_t* several_dates
        cdef bint conflicts = False
        cdef int number
        for builder in self.builders:
            count += builder.dates.used // 8
        if count > 0xFFFFFFFE:
            raise LimitError("records", 0xFFFFFFFE, count, "dates of birth")
        try:
            start = <uint32_t*>allocate(<size_t>people + 1, sizeof(uint32_t))
            dates = <uint32_t*>allocate(count, sizeof(uint32_t))
            for number in range(self.count):
                builder = self.builders[number]
                rank = self.person_rank[number]
                pairs = <uint32_t*>builder.dates.data
                with nogil:
                    for at in range(builder.dates.used // 8):
                        start[rank[pairs[2 * at]] + 1] += 1
            add_up(start, people)
            for number in range(self.count):
                builder = self.builders[number]
                rank = self.person_rank[number]
                pairs = <uint32_t*>builder.dates.data
                with nogil:
                    for at in range(builder.dates.used // 8):
                        person = rank[pairs[2 * at]]
                        dates[start[person]] = pairs[2 * at + 1]
                        start[person] += 1
            # As for the names: the end of p - 1 is the start of p. Sort and drop repeats within a person.
            with nogil:
                for person in range(people):
                    first = start[person - 1] if person else 0
                    last = start[person] - first
                    if last > 1:
                        last = _sort_unique(dates + first, last)
                        if last > 1:
                            several += 1
                            total += last
            dob = new_u4(self.arrays, "dob", people)
            several_start = new_u4(self.arrays, "dob_several_start", <size_t>several + 1)
            several_dates = new_u4(self.arrays, "dob_several", total)
            several = 0
            with nogil:
                for person in range(people):
                    first = start[person - 1] if person else 0
                    kept = _distinct(dates + first, start[person] - first)
                    if kept == 1:
                        dob[person] = dates[first]
                    elif kept > 1:
                        dob[person] = DOB_SEVERAL | several
                        memcpy(several_dates + several_start[several], dates + first, kept * sizeof(uint32_t))
                        several_start[several + 1] = several_start[several] + kept
                        several += 1
                for at in range(self.name_count):
                    person = self.names[at].person
                    if at == 0 or person != self.names[at - 1].person:
                        if self.names[at].sex == SEX_CONFLICT:
                            conflicts = True
                        else:
                            dob[person] |= <uint32_t>self.names[at].sex << SEX_SHIFT
        finally:
            free(start)
            free(dates)
        if conflicts:
            self._contradictions()
        return 0

    cdef int _contradictions(self) except -1:
        """Find the rows that contradict a person's rows before them."""
        cdef Builder builder
        cdef Entry* entries
        cdef size_t at
        cdef uint8_t* conflicting = <uint8_t*>allocate(self.people_count, 1)
        try:
            for at in range(self.name_count):
                if self.names[at].sex == SEX_CONFLICT:
                    conflicting[self.names[at].person] = 1
            said = []
            for builder in self.builders:
                entries = <Entry*>builder.entries.data
                for at in range(builder.entries.used // sizeof(Entry)):
                    if conflicting[entries[at].person] and entries[at].sex:
                        said.append((builder.row_of(at), entries[at].person, entries[at].sex))
        finally:
            free(conflicting)
        first, contradicted = {}, set()
        for row, person, sex in sorted(said):
            if first.setdefault(person, sex) != sex or person in contradicted:
                contradicted.add(person)
                self.contradictions.append((row, person))
        return 0

    cdef int _names(self, bint display) except -1:
        cdef size_t at, total = 0
        cdef Entry* names = self.names
        cdef uint32_t* start = new_u4(self.arrays, "name_start", self._blocks() + 1)
        cdef uint8_t* kinds = new_u1(self.arrays, "name_kind", self.name_count)
        cdef uint8_t* texts
        cdef uint32_t* text_start
        with nogil:
            for at in range(self.name_count):
                if at == 0 or names[at].person != names[at - 1].person:
                    if names[at].person % BLOCK == 0:
                        start[names[at].person // BLOCK] = <uint32_t>at
                kinds[at] = names[at].kind
                if at + 1 == self.name_count or names[at].person != names[at + 1].person:
                    kinds[at] |= LAST_NAME
                total += names[at].text_length
        start[self._blocks()] = <uint32_t>self.name_count
        if display:
            texts = new_u1(self.arrays, "name_text", total)
            text_start = new_u4(self.arrays, "name_text_start", self.name_count + 1)
            with nogil:
                for at in range(self.name_count):
                    PS_PREFETCH(<const void*><uintptr_t>names[min(at + AHEAD, self.name_count - 1)].text)
                    memcpy(texts + text_start[at], <const uint8_t*><uintptr_t>names[at].text, names[at].text_length)
                    text_start[at + 1] = text_start[at] + names[at].text_length
        return 0

    # Forms

    def forms(self):
        """The arrays of the distinct forms and of the postings; the names are gone afterwards."""
        write_forms(self.arrays, &self.names, self.name_count, self.part_count)


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
    _sort_few(keys, count, _compare_texts)
    for at in range(count):
        if kept and _same_word(&keys[at], &keys[kept - 1]):
            continue
        keys[kept] = keys[at]
        kept += 1
    _sort_few(keys, kept, _compare_keys)
    return kept


ctypedef int (*Compare)(const void*, const void*) noexcept nogil


cdef void _sort_few(SortKey* keys, uint32_t count, Compare compare) noexcept nogil:
    """Sort what are mostly two or three."""
    cdef uint32_t at, back
    cdef SortKey key
    if count > 16:
        qsort(keys, count, sizeof(SortKey), compare)
        return
    for at in range(1, count):
        key = keys[at]
        back = at
        while back and compare(&keys[back - 1], &key) > 0:
            keys[back] = keys[back - 1]
            back -= 1
        keys[back] = key
