"""What builders hold to the packed arrays of an index.

People, names and parts are sorted into an order that does not depend on the order of loading, nor on which builder read
what. ARCHITECTURE.md lists the arrays that ``_core`` searches.
"""

cimport numpy as cnp
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from phonosearch._builder cimport Builder
from phonosearch._deletions cimport MAX_DELETIONS, deletion_bucket, deletion_keys, deletions_of
from phonosearch._double_metaphone cimport double_metaphone_codes
from phonosearch._forms cimport write_forms
from phonosearch._heard cimport HEARD_CODES
from phonosearch._new_arrays cimport allocate, new_u1, new_u4
from phonosearch._people cimport PeoplePacker
from phonosearch._sort_keys cimport SortKey, first_bytes, letters_of, rank_words, same_word, sort_keys
from phonosearch._soundex cimport soundex_code
from phonosearch._text cimport MAX_FORMS, TextRules
from phonosearch._word_table cimport MAX_NUMBERS, WordTable
from phonosearch._words cimport pack_word

from phonosearch._errors import LimitError

cnp.import_array()

# The arrays in the order of the file.
ARRAYS = (
    "person_id", "person_id_start", "dob", "dob_several_start", "dob_several", "place",
    "place_several_start", "place_several", "place_town", "place_town_start", "part_letters", "part_start", "part_key",
    "primary_code", "primary_start", "alternate_code", "alternate_start", "alternate_part", "soundex_code",
    "soundex_start", "soundex_part", "heard_code", "heard_start", "heard_part", "heard_note",
    "deletion_start", "deletion_part", "name_start", "name_kind", "name_text",
    "name_text_start", "class_start", "form_part", "long_start", "owner_start", "owner", "several_start",
    "several_person", "several_form", "last_start", "posting_start", "posting_form",
)  # fmt: skip


def pack(list builders not None, *, bint display=True, int threads=1):
    """The arrays of the index by name, and the contradictions; the builders are empty afterwards.

    The contradictions are the row and the person_id of each entry that says another sex than the rows of the person
    before it, in order of the rows. ``display`` keeps the names as they were given. More than one thread: two of them.
    """
    cdef Builder builder
    cdef dict arrays = {}
    cdef _PartPacker parts
    cdef PeoplePacker people
    for builder in builders:
        if builder.words == NULL:
            raise ValueError("the builder has been packed")
    parts = _PartPacker(builders, arrays)
    people = PeoplePacker(builders, arrays)
    if threads > 1:
        from concurrent.futures import ThreadPoolExecutor   # slow to import
        with ThreadPoolExecutor(1) as pool:
            of_parts = pool.submit(parts.pack)
            deletions = pool.submit(parts.deletions)
            people.pack(display)
            of_parts.result()
            write_forms(arrays, &people.names, people.name_count, parts.part_count)
            deletions.result()
    else:
        parts.pack()
        parts.deletions()
        people.pack(display)
        write_forms(arrays, &people.names, people.name_count, parts.part_count)
    for builder in builders:
        builder.clear()
    return {name: arrays[name] for name in ARRAYS if name in arrays}, people.contradictions


cdef inline uint32_t _parts_of(uint32_t sizes) noexcept nogil:
    """How many parts the forms of a name have together."""
    cdef int form
    cdef uint32_t parts = 0
    for form in range(MAX_FORMS):
        parts += sizes >> 8 * form & 0xFF
    return parts


cdef class _PartPacker:
    """Sorts the parts that builders hold into arrays."""

    cdef list builders
    cdef dict arrays
    cdef int count                  # of builders
    cdef uint32_t* counts           # of the parts of each builder
    cdef uint32_t** part_rank       # of each builder, by number of first appearance
    cdef uint32_t part_count

    def __cinit__(self, list builders, dict arrays):
        cdef Builder builder
        cdef int number
        self.builders = builders
        self.count = len(builders)
        self.arrays = arrays
        self.counts = <uint32_t*>allocate(self.count, sizeof(uint32_t))
        self.part_rank = <uint32_t**>allocate(self.count, sizeof(uint32_t*))
        for number in range(self.count):
            builder = builders[number]
            self.counts[number] = builder.parts.count

    def __dealloc__(self):
        cdef int number
        for number in range(self.count if self.part_rank != NULL else 0):
            free(self.part_rank[number])
        free(self.part_rank)
        free(self.counts)

    def pack(self):
        """The arrays of the parts; in the builders the parts get the numbers of the index."""
        cdef Builder builder
        cdef WordTable* table
        cdef uint64_t* start
        cdef size_t total = 0, letters = 0, at
        cdef uint32_t place, code, count
        cdef int number
        cdef SortKey* keys
        cdef uint32_t* alternates = NULL
        cdef uint8_t* text
        cdef uint32_t* starts
        cdef uint32_t* codes
        for builder in self.builders:
            total += builder.parts.count
            letters += builder.parts.text.used
        if total > MAX_NUMBERS:
            raise LimitError("records", MAX_NUMBERS, total, "different parts of names")
        keys = <SortKey*>allocate(total, sizeof(SortKey))
        try:
            alternates = <uint32_t*>allocate(total, sizeof(uint32_t))
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
                            double_metaphone_codes(keys[at].word, keys[at].length, &code, &alternates[at])
                        keys[at].first = <uint64_t>code << 32 | first_bytes(keys[at].word, keys[at].length, 4)
                        at += 1
            with nogil:
                sort_keys(&keys, total)
            count = rank_words(keys, total, self.counts, self.count, self.part_rank)
            self.part_count = count
            text = new_u1(self.arrays, "part_letters", letters if self.count == 1 else letters_of(keys, total))
            starts = new_u4(self.arrays, "part_start", <size_t>count + 1)
            codes = new_u4(self.arrays, "part_key", 3 * <size_t>count)
            place = 0
            with nogil:
                for at in range(total):
                    if at and self.count > 1 and same_word(&keys[at], &keys[at - 1]):
                        continue
                    memcpy(text + starts[place], keys[at].word, keys[at].length)
                    starts[place + 1] = starts[place] + keys[at].length
                    if keys[at].word[0] >= 97:
                        codes[3 * <size_t>place] = <uint32_t>(keys[at].first >> 32)
                        codes[3 * <size_t>place + 1] = alternates[keys[at].number]
                        codes[3 * <size_t>place + 2] = soundex_code(keys[at].word, keys[at].length)
                    place += 1
        finally:
            free(keys)
            free(alternates)
        for number in range(self.count):
            self._renumber(self.builders[number], self.part_rank[number])
        self._primary()
        self._by_code(1, "alternate")
        self._by_code(2, "soundex")
        self._by_reading()

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

    cdef int _primary(self) except -1:
        """The runs of parts by their primary code."""
        cdef uint32_t count = self.part_count, part, groups = 0
        cdef const uint32_t* keys = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_key"])
        cdef uint32_t* codes
        cdef uint32_t* code_start
        with nogil:
            for part in range(count):
                groups += part == 0 or keys[3 * <size_t>part] != keys[3 * <size_t>part - 3]
        codes = new_u4(self.arrays, "primary_code", groups)
        code_start = new_u4(self.arrays, "primary_start", <size_t>groups + 1)
        groups = 0
        for part in range(count):
            if part == 0 or keys[3 * <size_t>part] != keys[3 * <size_t>part - 3]:
                codes[groups] = keys[3 * <size_t>part]
                code_start[groups] = part
                groups += 1
        code_start[groups] = count
        return 0

    cdef int _by_code(self, int key, str name) except -1:
        """Parts in the order of a code: ``*_code`` the codes, ``*_start`` where each begins, ``*_part`` the parts."""
        cdef uint32_t count = self.part_count, part, kept = 0
        cdef const uint32_t* codes = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_key"])
        cdef SortKey* keys = <SortKey*>allocate(count, sizeof(SortKey))
        try:
            with nogil:
                for part in range(count):
                    if codes[3 * <size_t>part + key]:
                        keys[kept].first = <uint64_t>codes[3 * <size_t>part + key] << 32 | part
                        kept += 1
            self._write_codes(&keys, kept, name)
        finally:
            free(keys)
        return 0

    cdef int _by_reading(self) except -1:
        """Parts in the order of the keys of what is heard when another orthography reads them."""
        cdef Builder builder = self.builders[0]
        cdef TextRules rules = builder.rules
        cdef uint32_t part
        cdef size_t kept = 0, room = self.part_count + HEARD_CODES, place
        cdef const uint32_t* own = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_key"])
        cdef const uint8_t* text = <uint8_t*>cnp.PyArray_DATA(self.arrays["part_letters"])
        cdef const uint32_t* start = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_start"])
        cdef uint32_t codes[HEARD_CODES]
        cdef uint32_t notes[HEARD_CODES]
        cdef uint32_t* ordered
        cdef SortKey* keys = <SortKey*>allocate(room, sizeof(SortKey))
        cdef SortKey* grown
        cdef const uint8_t* word
        cdef int length, at
        try:
            with nogil:
                for part in range(self.part_count):
                    word = text + start[part]
                    length = start[part + 1] - start[part]
                    if kept + HEARD_CODES > room:
                        room *= 2
                        grown = <SortKey*>realloc(keys, room * sizeof(SortKey))
                        if grown == NULL:
                            with gil:
                                raise MemoryError
                        keys = grown
                    for at in range(rules.heard.codes(
                        word, length, rules.letters.rarity_of(pack_word(word, length)), own[3 * <size_t>part],
                        own[3 * <size_t>part + 1], codes, notes,
                    )):
                        keys[kept].first = <uint64_t>codes[at] << 32 | part
                        keys[kept].number = notes[at]
                        kept += 1
            self._write_codes(&keys, kept, "heard")
            ordered = new_u4(self.arrays, "heard_note", kept)
            for place in range(kept):
                ordered[place] = keys[place].number
        finally:
            free(keys)
        return 0

    cdef int _write_codes(self, SortKey** keys, size_t kept, str name) except -1:
        """The arrays of codes << 32 | parts, which are sorted."""
        cdef size_t at
        cdef uint32_t groups = 0
        cdef uint32_t* values
        cdef uint32_t* starts
        cdef uint32_t* parts
        with nogil:
            sort_keys(keys, kept)
            for at in range(kept):
                groups += at == 0 or keys[0][at].first >> 32 != keys[0][at - 1].first >> 32
        values = new_u4(self.arrays, f"{name}_code", groups)
        starts = new_u4(self.arrays, f"{name}_start", <size_t>groups + 1)
        parts = new_u4(self.arrays, f"{name}_part", kept)
        groups = 0
        for at in range(kept):
            parts[at] = <uint32_t>keys[0][at].first
            if at == 0 or keys[0][at].first >> 32 != keys[0][at - 1].first >> 32:
                values[groups] = keys[0][at].first >> 32
                starts[groups] = <uint32_t>at
                groups += 1
        starts[groups] = <uint32_t>kept
        return 0

    def deletions(self):
        """Buckets of the deletion keys of the parts."""
        cdef Builder builder = self.builders[0]
        cdef TextRules rules = builder.rules
        cdef uint32_t count = self.part_count, part, length
        cdef const uint8_t* text = <uint8_t*>cnp.PyArray_DATA(self.arrays["part_letters"])
        cdef const uint32_t* start = <uint32_t*>cnp.PyArray_DATA(self.arrays["part_start"])
        cdef uint64_t keys[MAX_DELETIONS]
        cdef uint32_t* hashes = NULL
        cdef uint8_t* found = NULL
        cdef uint32_t* bucket_start
        cdef uint32_t* parts
        cdef size_t total = 0, room = 0
        cdef int bits = 4, at
        try:
            found = <uint8_t*>allocate(count, 1)
            with nogil:
                for part in range(count):
                    room += MAX_DELETIONS if start[part + 1] - start[part] > 1 else 0
            hashes = <uint32_t*>allocate(room, sizeof(uint32_t))
            with nogil:
                for part in range(count):
                    length = start[part + 1] - start[part]
                    if length > 1 and text[start[part]] >= 97:
                        found[part] = deletion_keys(text + start[part], length, deletions_of(rules, length), keys)
                        for at in range(found[part]):
                            hashes[total] = deletion_bucket(keys[at], 32)
                            total += 1
            while bits < 28 and (<size_t>4 << bits) < total:
                bits += 1
            bucket_start = new_u4(self.arrays, "deletion_start", (<size_t>1 << bits) + 1)
            parts = new_u4(self.arrays, "deletion_part", total)
            _fill_buckets(hashes, found, count, total, bits, bucket_start, parts)
        finally:
            free(hashes)
            free(found)


ctypedef struct Hashed:
    uint32_t hash
    uint32_t part


cdef int _fill_buckets(
    const uint32_t* hashes, const uint8_t* found, uint32_t count, size_t total, int bits, uint32_t* start,
    uint32_t* parts
) except -1:
    """Put each part into the buckets that the first ``bits`` of its hashes number, the parts of a bucket in order.

    First by the first bits alone: the buckets that are then filled together are near each other in memory.
    """
    cdef int coarse = min(bits, 8), group
    cdef size_t begin[257]
    cdef size_t at, next = 0, end
    cdef uint32_t bucket, first, buckets = <uint32_t>1 << (bits - coarse), part, filled = 0, number
    cdef Hashed* by_group = NULL
    cdef uint32_t* place = NULL
    memset(begin, 0, sizeof(begin))
    try:
        by_group = <Hashed*>allocate(total, sizeof(Hashed))
        place = <uint32_t*>allocate(buckets, sizeof(uint32_t))
        with nogil:
            for at in range(total):
                begin[(hashes[at] >> (32 - coarse)) + 1] += 1
            for group in range(1 << coarse):
                begin[group + 1] += begin[group]
            for part in range(count):
                end = next + found[part]
                while next < end:
                    group = hashes[next] >> (32 - coarse)
                    by_group[begin[group]].hash = hashes[next]
                    by_group[begin[group]].part = part
                    begin[group] += 1
                    next += 1
            next = 0
            for group in range(1 << coarse):    # which now ends where the next began
                first = <uint32_t>group << (bits - coarse)
                memset(place, 0, buckets * sizeof(uint32_t))
                for at in range(next, begin[group]):
                    place[(by_group[at].hash >> (32 - bits)) - first] += 1
                for bucket in range(buckets):
                    number = place[bucket]
                    start[first + bucket] = place[bucket] = filled
                    filled += number
                for at in range(next, begin[group]):
                    bucket = (by_group[at].hash >> (32 - bits)) - first
                    parts[place[bucket]] = by_group[at].part
                    place[bucket] += 1
                next = begin[group]
            start[<size_t>1 << bits] = filled
    finally:
        free(by_group)
        free(place)
    return 0
