"""The people that builders hold to arrays: identifiers, names and their kinds, dates of birth, sexes and places."""

cimport numpy as cnp
from libc.stdint cimport uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport free, qsort
from libc.string cimport memcmp, memcpy

from phonosearch._arrays cimport BLOCK, DOB_SEVERAL, LAST_NAME, NAME_KIND, PLACE_SEVERAL, SEX_SHIFT
from phonosearch._builder cimport Builder, Entry, PlaceEntry
from phonosearch._large_pages cimport grown_in_large_pages
from phonosearch._new_arrays cimport add_up, allocate, new_u1, new_u4
from phonosearch._place_text cimport POSTCODE_BITS
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._sort_keys cimport (
    SortKey, compare_keys, distinct, rank_words, same_word, set_first, sort_few, sort_keys, sort_unique,
)
from phonosearch._word_table cimport MAX_NUMBERS, WordTable

from phonosearch._errors import LimitError

cnp.import_array()

cdef enum:
    SEX_CONFLICT = 4
    AHEAD = 16                  # names that are asked for before their turn


cdef size_t _take_words(const WordTable* table, SortKey* keys, uint32_t first) noexcept nogil:
    """Keys of the words of a table, numbered from ``first``, for ``compare_keys``; how many there are."""
    cdef const uint64_t* start = <uint64_t*>table.start.data
    cdef uint32_t place
    for place in range(table.count):
        keys[place].word = table.text.data + start[place]
        keys[place].length = <uint32_t>(start[place + 1] - start[place])
        keys[place].number = first + place
    return table.count


cdef uint8_t _sex(const Entry* entries, uint32_t count) noexcept nogil:
    """The one sex that the entries of a person say, 0 for none, or SEX_CONFLICT."""
    cdef uint32_t at
    cdef uint8_t sex = 0
    for at in range(count):
        if entries[at].sex and entries[at].sex != sex:
            sex = SEX_CONFLICT if sex else entries[at].sex
    return sex


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


cdef int _compare_places(const void* one, const void* other) noexcept nogil:
    cdef uint64_t a = (<const uint64_t*>one)[0], b = (<const uint64_t*>other)[0]
    return (a > b) - (a < b)


cdef uint32_t _sort_places(uint64_t* places, uint32_t count) noexcept nogil:
    """Sort the places of one person, each once at the front; how many there are. Doing it again changes nothing."""
    cdef uint32_t at, kept = 0
    if count > 1:
        qsort(places, count, sizeof(uint64_t), _compare_places)
    for at in range(count):
        if kept == 0 or places[at] != places[kept - 1]:
            places[kept] = places[at]
            kept += 1
    return kept


cdef inline void _write_place(uint32_t* to, uint64_t place) noexcept nogil:
    to[0] = <uint32_t>place
    to[1] = <uint32_t>(place >> 32)


cdef uint32_t _distinct_names(SortKey* keys, uint32_t count) noexcept nogil:
    """Names of one person by kind and text, each text once with its first kind; how many there are."""
    cdef uint32_t at, kept = 0
    sort_few(keys, count, _compare_texts)
    for at in range(count):
        if kept and same_word(&keys[at], &keys[kept - 1]):
            continue
        keys[kept] = keys[at]
        kept += 1
    sort_few(keys, kept, compare_keys)
    return kept


cdef class PeoplePacker:
    """Sorts the people of builders into arrays.

    ``contradictions`` are the row and the number of the person of each entry that says another sex than the rows of
    the person before it, in order of the rows.
    """

    def __cinit__(self, list builders, dict arrays):
        cdef Builder builder
        cdef int number
        self.builders = builders
        self.count = len(builders)
        self.arrays = arrays
        self.contradictions = []
        self.names = NULL
        self.counts = <uint32_t*>allocate(self.count, sizeof(uint32_t))
        self.person_rank = <uint32_t**>allocate(self.count, sizeof(uint32_t*))
        for number in range(self.count):
            builder = builders[number]
            self.counts[number] = builder.people.count

    def __dealloc__(self):
        cdef int number
        for number in range(self.count if self.person_rank != NULL else 0):
            free(self.person_rank[number])
        free(self.person_rank)
        free(self.counts)
        free(self.names)

    cdef int pack(self, bint display) except -1:
        """Make the arrays of the people and their names; the builders lose theirs."""
        cdef Builder builder
        self._identifiers()
        self._gather_names()
        self._dates_and_sexes()
        self._places()
        self._names(display)
        for builder in self.builders:
            builder.forget_people()
        return 0

    cdef int _identifiers(self) except -1:
        """Number the people, in order of their identifiers."""
        cdef Builder builder
        cdef size_t total = 0, size = 0, at = 0
        cdef uint32_t person
        cdef SortKey* keys = NULL
        cdef SortKey* merged
        cdef bint ascending = True
        for builder in self.builders:
            total += builder.people.count
            size += builder.people.text.used
            ascending &= builder.ascending
        if total > MAX_NUMBERS:
            raise LimitError("records", MAX_NUMBERS, total, "people")
        if ascending and self.count == 1:       # the table is what sorting would make of it
            self.people_count = <uint32_t>total
            self.person_rank[0] = <uint32_t*>allocate(total, sizeof(uint32_t))
            for person in range(self.people_count):
                self.person_rank[0][person] = person
            return self._write_identifiers(NULL, total, size)
        keys = <SortKey*>allocate(total, sizeof(SortKey))
        try:
            for builder in self.builders:
                at += _take_words(&builder.people, keys + at, <uint32_t>at)
            if not ascending:
                with nogil:
                    set_first(keys, total)
                    sort_keys(&keys, total)
            elif self.count > 1:
                merged = <SortKey*>allocate(total, sizeof(SortKey))
                self._merge(keys, merged)
                free(keys)
                keys = merged
            self.people_count = rank_words(keys, total, self.counts, self.count, self.person_rank)
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
                        least < 0 or compare_keys(&keys[at[2 * number]], &keys[at[2 * least]]) < 0
                    ):
                        least = number
                merged[used] = keys[at[2 * least]]
                at[2 * least] += 1
        free(at)
        return 0

    cdef int _write_identifiers(self, const SortKey* keys, size_t total, size_t size) except -1:
        """A byte for the lengths of what an identifier shares with the one before it in its block, and of the rest.

        ``keys`` are NULL where the one builder has its people in order.
        """
        cdef Builder builder = self.builders[0]
        cdef const uint64_t* begin = <const uint64_t*>builder.people.start.data
        cdef uint32_t* start = new_u4(self.arrays, "person_id_start", self._blocks() + 1)
        cdef uint8_t* text = <uint8_t*>allocate(size + 3 * total, 1)
        cdef size_t at, used = 0, person = 0, shared, rest
        cdef SortKey last, key
        last.word = NULL
        last.length = 0
        try:
            with nogil:
                for at in range(total):
                    if keys == NULL:
                        key.word = builder.people.text.data + begin[at]
                        key.length = <uint32_t>(begin[at + 1] - begin[at])
                    else:
                        PS_PREFETCH(keys[min(at + AHEAD, total - 1)].word)
                        key = keys[at]
                        if self.count > 1 and last.word != NULL and same_word(&last, &key):
                            continue
                    shared = 0
                    if person % BLOCK == 0:
                        if used >> 32:
                            break
                        start[person // BLOCK] = <uint32_t>used
                    else:
                        while (
                            shared < 255 and shared < last.length and shared < key.length
                            and last.word[shared] == key.word[shared]
                        ):
                            shared += 1
                    rest = key.length - shared
                    text[used] = <uint8_t>(min(shared, <size_t>15) << 4 | min(rest, <size_t>15))
                    used += 1
                    if shared >= 15:
                        text[used] = <uint8_t>(shared - 15)
                        used += 1
                    if rest >= 15:
                        text[used] = <uint8_t>(rest - 15)
                        used += 1
                    memcpy(text + used, key.word + shared, rest)
                    used += rest
                    last = key
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
            self.names = names = <Entry*>grown_in_large_pages(NULL, 0, (total + 1) * sizeof(Entry))
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
                            keys[at].first = spare[at].kind & NAME_KIND
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
                        last = sort_unique(dates + first, last)
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
                    kept = distinct(dates + first, start[person] - first)
                    if kept == 1:
                        dob[person] = dates[first]
                    elif kept > 1:
                        dob[person] = <uint32_t>DOB_SEVERAL | several
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

    cdef uint32_t _towns(self, uint32_t* counts, uint32_t** rank) except? 0xFFFFFFFF:
        """Number the towns, in order of their letters; how many there are. ``rank`` is of each builder."""
        cdef Builder builder
        cdef size_t total = 0, letters = 0, at = 0
        cdef SortKey* keys
        cdef uint8_t* text
        cdef uint32_t* start
        cdef uint32_t count, place = 0
        cdef int number
        for number in range(self.count):
            builder = self.builders[number]
            counts[number] = builder.towns.count
            total += builder.towns.count
        keys = <SortKey*>allocate(total, sizeof(SortKey))
        try:
            for builder in self.builders:
                at += _take_words(&builder.towns, keys + at, <uint32_t>at)
            with nogil:
                set_first(keys, total)
                sort_keys(&keys, total)
            count = rank_words(keys, total, counts, self.count, rank)
            if count >= PLACE_SEVERAL - 1:
                raise LimitError("records", PLACE_SEVERAL - 2, count, "different towns")
            for at in range(total):
                if at == 0 or not same_word(&keys[at], &keys[at - 1]):
                    letters += keys[at].length
            text = new_u1(self.arrays, "place_town", letters)
            start = new_u4(self.arrays, "place_town_start", <size_t>count + 1)
            for at in range(total):
                if at == 0 or not same_word(&keys[at], &keys[at - 1]):
                    memcpy(text + start[place], keys[at].word, keys[at].length)
                    start[place + 1] = start[place] + keys[at].length
                    place += 1
        finally:
            free(keys)
        return count

    cdef int _places(self) except -1:
        """Two numbers a person, or none where no place is known: 24 bits of a town + 1, 40 of a postcode."""
        cdef Builder builder
        cdef uint32_t people = self.people_count, person, several = 0, first, kept, at
        cdef size_t count = 0, entry, total = 0
        cdef uint32_t* counts = NULL
        cdef uint32_t** town_rank = NULL
        cdef uint32_t* rank
        cdef uint32_t* towns
        cdef uint32_t* start = NULL
        cdef uint64_t* places = NULL
        cdef uint32_t* place
        cdef uint32_t* several_start
        cdef uint32_t* several_places
        cdef PlaceEntry* entries
        cdef uint64_t value
        cdef int number
        for builder in self.builders:
            count += builder.places.used // sizeof(PlaceEntry)
        if count > 0xFFFFFFFE:
            raise LimitError("records", 0xFFFFFFFE, count, "places")
        try:
            counts = <uint32_t*>allocate(self.count, sizeof(uint32_t))
            town_rank = <uint32_t**>allocate(self.count, sizeof(uint32_t*))
            self._towns(counts, town_rank)
            start = <uint32_t*>allocate(<size_t>people + 1, sizeof(uint32_t))
            places = <uint64_t*>allocate(count, sizeof(uint64_t))
            for number in range(self.count):
                builder = self.builders[number]
                rank = self.person_rank[number]
                entries = <PlaceEntry*>builder.places.data
                with nogil:
                    for entry in range(builder.places.used // sizeof(PlaceEntry)):
                        start[rank[entries[entry].person] + 1] += 1
            add_up(start, people)
            for number in range(self.count):
                builder = self.builders[number]
                rank = self.person_rank[number]
                towns = town_rank[number]
                entries = <PlaceEntry*>builder.places.data
                with nogil:
                    for entry in range(builder.places.used // sizeof(PlaceEntry)):
                        person = rank[entries[entry].person]
                        value = 1 + towns[entries[entry].town - 1] if entries[entry].town else 0
                        places[start[person]] = value << POSTCODE_BITS | entries[entry].postcode
                        start[person] += 1
            # As for the dates: the end of p - 1 is the start of p.
            with nogil:
                for person in range(people):
                    first = start[person - 1] if person else 0
                    kept = _sort_places(places + first, start[person] - first)
                    several += kept > 1
                    total += kept if kept > 1 else 0
            place = new_u4(self.arrays, "place", 2 * <size_t>people if count else 0)
            several_start = new_u4(self.arrays, "place_several_start", <size_t>several + 1)
            several_places = new_u4(self.arrays, "place_several", 2 * total)
            several = 0
            with nogil:
                for person in range(people if count else 0):
                    first = start[person - 1] if person else 0
                    kept = _sort_places(places + first, start[person] - first)
                    if kept == 1:
                        _write_place(place + 2 * <size_t>person, places[first])
                    elif kept > 1:
                        _write_place(
                            place + 2 * <size_t>person, <uint64_t>PLACE_SEVERAL << POSTCODE_BITS | several
                        )
                        for at in range(kept):
                            _write_place(
                                several_places + 2 * (<size_t>several_start[several] + at), places[first + at]
                            )
                        several_start[several + 1] = several_start[several] + kept
                        several += 1
        finally:
            for number in range(self.count if town_rank != NULL else 0):
                free(town_rank[number])
            free(town_rank)
            free(counts)
            free(start)
            free(places)
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
