"""The distinct forms of the people of an index, those who own them, and the postings of their parts."""

cimport numpy as cnp
from libc.stdint cimport uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport free, qsort
from libc.string cimport memcpy, memset

from phonosearch._arrays cimport CLASSES, OWNER_SEVERAL
from phonosearch._builder cimport Entry
from phonosearch._new_arrays cimport add_up, allocate, new_u4, shorten
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._text cimport MAX_FORMS

from phonosearch._errors import LimitError

cnp.import_array()

cdef enum:
    AHEAD = 16                  # names that are asked for before their turn


cdef int write_forms(dict arrays, Entry** all_names, size_t name_count, uint32_t part_count) except -1:
    """Number the distinct forms: by class (1, 2, 3, more parts), then last part, then the others in order; and list
    them by their parts. The names are in the order of the people; they are freed on the way.

    Each has its owners: people of this form alone by number, then people of several forms by their number among
    those.
    """
    cdef Entry* names = all_names[0]
    cdef uint32_t* numbers
    cdef uint32_t form, size, several = 0, of_person, place
    cdef size_t name, first, end, last = max(name_count, 1) - 1
    cdef uint64_t at, several_total = 0
    cdef _Readings readings = _Readings(part_count)
    cdef uint32_t* several_start
    cdef uint32_t* several_person
    cdef uint32_t* several_form
    cdef int group, turn
    with nogil:
        end = 0
        while end < name_count:
            first = end
            of_person = 0
            while end < name_count and names[end].person == names[first].person:
                PS_PREFETCH(<const void*><uintptr_t>names[min(end + AHEAD, last)].forms)
                numbers = <uint32_t*><uintptr_t>names[end].forms
                for form in range(MAX_FORMS):
                    size = numbers[0] >> 8 * form & 0xFF
                    if size == 0:
                        continue
                    group = <int>min(size, <uint32_t>CLASSES) - 1
                    readings.count[group] += 1
                    readings.part_count[group] += size
                    of_person += 1
                end += 1
            if of_person > 1:
                several += 1
                several_total += of_person
    several_start = new_u4(arrays, "several_start", <size_t>several + 1)
    several_person = new_u4(arrays, "several_person", several)
    several_form = new_u4(arrays, "several_form", 2 * several_total)
    readings.make_room()
    with nogil:
        for turn in range(2):       # people of one form, then people of several: the order of owners
            several = 0
            end = 0
            while end < name_count:
                first = end
                of_person = 0
                while end < name_count and names[end].person == names[first].person:
                    PS_PREFETCH(<const void*><uintptr_t>names[min(end + AHEAD, last)].forms)
                    of_person += _forms_of((<uint32_t*><uintptr_t>names[end].forms)[0])
                    end += 1
                if (of_person > 1) != turn:
                    continue
                place = several_start[several] if turn else 0
                for name in range(first, end):
                    numbers = <uint32_t*><uintptr_t>names[name].forms
                    at = 1
                    for form in range(MAX_FORMS):
                        size = numbers[0] >> 8 * form & 0xFF
                        if size == 0:
                            continue
                        if turn:
                            several_form[2 * <size_t>place + 1] = <uint32_t>(name - first) << 2 | form
                            readings.add(numbers + at, size, OWNER_SEVERAL | several, place)
                            place += 1
                        else:
                            readings.add(numbers + at, size, names[first].person, 0)
                        at += size
                if turn:
                    several_person[several] = names[first].person
                    several += 1
                    several_start[several] = place
    free(names)
    all_names[0] = NULL
    readings.write(arrays, several_form)
    _postings(arrays, part_count)
    return 0


cdef inline uint32_t _forms_of(uint32_t sizes) noexcept nogil:
    """How many forms a name has, from the sizes before its forms."""
    cdef int form
    cdef uint32_t forms = 0
    for form in range(MAX_FORMS):
        forms += sizes >> 8 * form & 0xFF != 0
    return forms


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

    cdef int make_room(self) except -1:
        cdef int group
        for group in range(CLASSES):
            if self.count[group] > 0xFFFFFFFE:
                raise LimitError("records", 0xFFFFFFFE, self.count[group], "names; build several indexes")
            self.parts[group] = <uint32_t*>allocate(self.part_count[group], sizeof(uint32_t))
            self.owner[group] = <uint32_t*>allocate(self.count[group], sizeof(uint32_t))
            self.slot[group] = <uint32_t*>allocate(self.count[group], sizeof(uint32_t))
        self.long_start = <uint64_t*>allocate(self.count[CLASSES - 1] + 1, sizeof(uint64_t))
        return 0

    cdef void add(
        self, const uint32_t* numbers, uint32_t size, uint32_t owner, uint32_t slot
    ) noexcept nogil:
        cdef int group = <int>min(size, <uint32_t>CLASSES) - 1
        cdef size_t at = self.parts_filled[group]
        memcpy(self.parts[group] + at, numbers, size * sizeof(uint32_t))
        self.owner[group][self.filled[group]] = owner
        if owner & OWNER_SEVERAL:
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
        cdef uint32_t part
        cdef int column, turn, width = group + 1
        order = <uint32_t*>allocate(count, sizeof(uint32_t))
        self.order[group] = order
        if group == CLASSES - 1:
            readings = <Reading*>allocate(count, sizeof(Reading))
            with nogil:
                for at in range(count):
                    readings[at].parts = self.of(group, at, &readings[at].size)
                    readings[at].number = <uint32_t>at
                qsort(readings, count, sizeof(Reading), _compare_readings)
                for at in range(count):
                    order[at] = readings[at].number
            free(readings)
            return 0
        try:
            other = <uint32_t*>allocate(count, sizeof(uint32_t))
            begin = <uint32_t*>allocate(<size_t>self.words + 1, sizeof(uint32_t))
            with nogil:
                for at in range(count):
                    order[at] = <uint32_t>at
                for turn in range(width):
                    column = width - 2 - turn if turn < width - 1 else width - 1
                    memset(begin, 0, (<size_t>self.words + 1) * sizeof(uint32_t))
                    for at in range(count):
                        begin[parts[width * at + column] + 1] += 1
                    add_up(begin, self.words)
                    for at in range(count):
                        PS_PREFETCH(parts + width * <size_t>order[min(at + AHEAD, count - 1)] + column)
                        part = parts[width * <size_t>order[at] + column]
                        other[begin[part]] = order[at]
                        begin[part] += 1
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
        cdef uint32_t position
        for position in range(size if size == other_size else 0):
            if a[position] != b[position]:
                return False
        return size == other_size

    cdef int write(self, dict arrays, uint32_t* several_form) except -1:
        """The arrays of forms and of owners; the numbers of forms in ``several_form``."""
        cdef uint32_t* class_start = new_u4(arrays, "class_start", CLASSES + 1)
        cdef uint32_t* form_part
        cdef uint32_t* long_start
        cdef uint32_t* owner_start
        cdef uint32_t* owners
        cdef const uint32_t* parts
        cdef const uint32_t* order
        cdef size_t at, part_count = 0, owner_count = 0, forms = 0, count = 0
        cdef uint32_t size = 0, number, owner, last_owner
        cdef int group
        cdef bint fresh
        for group in range(CLASSES):
            self._sort(group)
            count += self.count[group]
            part_count += self.part_count[group]
        # As if all forms were different; what is not needed is given back, and never touched.
        form_part = new_u4(arrays, "form_part", part_count)
        long_start = new_u4(arrays, "long_start", self.count[CLASSES - 1] + 1)
        owner_start = new_u4(arrays, "owner_start", count + 1)
        owners = new_u4(arrays, "owner", count)
        part_count = 0
        with nogil:
            for group in range(CLASSES):
                class_start[group] = <uint32_t>forms
                if group == CLASSES - 1:
                    long_start[0] = <uint32_t>part_count
                order = self.order[group]
                last_owner = 0
                for at in range(self.count[group]):
                    number = order[min(at + AHEAD, self.count[group] - 1)]
                    if group < CLASSES - 1:
                        PS_PREFETCH(self.parts[group] + (group + 1) * <size_t>number)
                    PS_PREFETCH(&self.owner[group][number])
                    number = order[at]
                    fresh = at == 0 or not self._alike(group, order[at - 1], number)
                    if fresh:
                        parts = self.of(group, number, &size)
                        memcpy(form_part + part_count, parts, size * sizeof(uint32_t))
                        part_count += size
                        forms += 1
                        if group == CLASSES - 1:
                            long_start[forms - class_start[group]] = <uint32_t>part_count
                    owner = self.owner[group][number]
                    if owner & OWNER_SEVERAL:
                        several_form[2 * <size_t>self.slot[group][number]] = <uint32_t>(forms - 1)
                    if fresh or owner != last_owner:
                        owners[owner_count] = owner
                        owner_count += 1
                    last_owner = owner
                    owner_start[forms] = <uint32_t>owner_count
        class_start[CLASSES] = <uint32_t>forms
        shorten(arrays, "form_part", part_count)
        shorten(arrays, "long_start", forms - class_start[CLASSES - 1] + 1)
        shorten(arrays, "owner_start", forms + 1)
        shorten(arrays, "owner", owner_count)
        return 0


cdef int _postings(dict arrays, size_t count) except -1:
    """Where the forms of each class begin that end in a part, and the forms that hold it elsewhere."""
    cdef uint32_t* class_start = <uint32_t*>cnp.PyArray_DATA(arrays["class_start"])
    cdef uint32_t* parts = <uint32_t*>cnp.PyArray_DATA(arrays["form_part"])
    cdef uint32_t* long_start = <uint32_t*>cnp.PyArray_DATA(arrays["long_start"])
    cdef size_t runs = CLASSES * count
    cdef uint32_t* last_start = new_u4(arrays, "last_start", runs + CLASSES)
    cdef uint32_t* start = new_u4(arrays, "posting_start", runs + 1)
    cdef uint32_t* forms
    cdef uint32_t* place = <uint32_t*>allocate(runs + 1, sizeof(uint32_t))
    cdef uint32_t form, size, position, other, part
    cdef uint64_t at
    cdef size_t total = 0, run
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
                        last_start[CLASSES * (<size_t>parts[at + size - 1] + 1) + group] += 1
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
                for group in range(CLASSES):
                    last_start[group] = class_start[group]
                for run in range(CLASSES, runs + CLASSES):
                    last_start[run] += last_start[run - CLASSES]
                add_up(start, runs)
                memcpy(place, start, runs * sizeof(uint32_t))
                forms = new_u4(arrays, "posting_form", total)
    finally:
        free(place)
    return 0
