"""Many searches at a time without the GIL: a list of queries, and all pairs of people who match each other."""

import numpy as np

cimport numpy as cnp
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free, qsort, realloc
from libc.string cimport memcpy

from phonosearch._agreement cimport Asked, Evidence
from phonosearch._align cimport Alignment, Query, prepare
from phonosearch._arrays cimport BLOCK_SHIFT, DOB_SEVERAL, GENERATION_SHIFT, MAX_ID, NAME_KIND, OWNER_SEVERAL
from phonosearch._core cimport NameIndex
from phonosearch._hit cimport Page, Sheet
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._relation cimport NO_LEVEL, WIDE
from phonosearch._scoring cimport prepare_search
from phonosearch._text cimport DATE_STATES, FULL_FORM, GENERATIONS, MAX_FORMS
from phonosearch._workspace cimport Hit, Workspace, memory_error

cnp.import_array()


cdef enum:
    ROUNDING = 24               # points that rounding may make of the same evidence at another share
    AHEAD = 8                   # people between asking for what is read of one and reading it
    USUAL_ID = 24               # bytes of an identifier


ctypedef struct Line:           # one hit of one query, or one pair
    uint32_t asked              # number of the query, or person
    uint32_t person
    uint32_t name               # of the person, from 0
    uint32_t form               # of the index, that was read
    int32_t score
    int32_t level


ctypedef struct Names:          # of a person
    int count
    size_t first, last          # in `several_form`; 0 for a person of one form
    uint32_t source             # as in `Found`


cdef class _Lines:
    """Hits or pairs as they are found."""

    cdef Line* line
    cdef size_t count, room

    def __cinit__(self):
        self.line = NULL
        self.count = self.room = 0

    def __dealloc__(self):
        free(self.line)

    cdef int add(self, uint32_t asked, uint32_t person, const Alignment* found) except -1 nogil:
        cdef Line* grown
        if self.count == self.room:
            grown = <Line*>realloc(self.line, (2 * self.room + 1024) * sizeof(Line))
            if grown == NULL:
                memory_error()
            self.line = grown
            self.room = 2 * self.room + 1024
        self.line[self.count].asked = asked
        self.line[self.count].person = person
        self.line[self.count].name = found.name
        self.line[self.count].form = found.form
        self.line[self.count].score = found.score
        self.line[self.count].level = found.lowest
        self.count += 1
        return 0

    cdef object columns(self):
        """A column of int64 for each field of a line."""
        cdef cnp.ndarray table = np.empty((6, self.count), dtype=np.int64)
        cdef int64_t* to = <int64_t*>cnp.PyArray_DATA(table)
        cdef size_t at
        for at in range(self.count):
            to[at] = self.line[at].asked
            to[self.count + at] = self.line[at].person
            to[2 * self.count + at] = self.line[at].name
            to[3 * self.count + at] = self.line[at].form
            to[4 * self.count + at] = self.line[at].score
            to[5 * self.count + at] = self.line[at].level
        return table


cdef class _Questions:
    """Names to search for, and what is asked besides each."""

    cdef size_t count
    cdef const uint8_t** text
    cdef Py_ssize_t* length
    cdef Evidence* other
    cdef Sheet** sheet              # what is found, of pages that must outlive the questions

    def __cinit__(self, size_t count):
        self.count = count
        self.text = <const uint8_t**>calloc(count + 1, sizeof(uint8_t*))
        self.length = <Py_ssize_t*>calloc(count + 1, sizeof(Py_ssize_t))
        self.other = <Evidence*>calloc(count + 1, sizeof(Evidence))
        self.sheet = <Sheet**>calloc(count + 1, sizeof(Sheet*))
        if not (self.text and self.length and self.other and self.sheet):
            raise MemoryError

    def __dealloc__(self):
        free(self.text)
        free(self.length)
        free(self.other)
        free(self.sheet)


cdef int _compare_pairs(const void* one, const void* other) noexcept nogil:
    """By the person found; of one person the greatest score first."""
    cdef const Line* a = <const Line*>one
    cdef const Line* b = <const Line*>other
    if a.person != b.person:
        return -1 if a.person < b.person else 1
    return (b.score > a.score) - (b.score < a.score)


cdef int _compare_scores(const void* one, const void* other) noexcept nogil:
    cdef const Line* a = <const Line*>one
    cdef const Line* b = <const Line*>other
    if a.score != b.score:
        return 1 if a.score < b.score else -1
    return (a.person > b.person) - (a.person < b.person)


cdef class BatchIndex(NameIndex):
    """The search for many names; arguments and errors as those of ``PackedNames``."""

    def search_batch(
        self, list texts not None, list asked not None, int level, size_t offset, size_t limit
    ):
        """Search for checked names, and what is asked besides each.

        Returns the total of each query, and six rows, a column for each hit: number of the query, person, name of the
        person, form of the name, score, level.
        """
        cdef size_t at, hit, total = 0, first = 0, size = 0
        cdef Workspace space
        cdef Alignment found
        cdef _Lines lines = _Lines()
        cdef _Questions questions = _Questions(len(texts))
        cdef cnp.ndarray totals = np.zeros(len(texts), dtype=np.int64)
        cdef int64_t* to = <int64_t*>cnp.PyArray_DATA(totals)
        self._read(questions, texts, asked)
        space = self.borrow(level)
        with nogil:
            for at in range(questions.count):
                self._ask(space, questions, at)
                self.find_page(space, offset, limit, &total, &first, &size)
                to[at] = total
                for hit in range(first, first + size):
                    self.align_hit(space, &space.hits[hit], &found)
                    lines.add(<uint32_t>at, space.hits[hit].person, &found)
                space.forget()
        self.pool.append(space)
        return totals, lines.columns()

    def search_pages(
        self, list texts not None, list asked not None, list pages not None, int level, size_t offset, size_t limit
    ):
        """``search`` for each of many names; the GIL is taken once for all of them."""
        cdef size_t at
        cdef Workspace space
        cdef Page page
        cdef _Questions questions = _Questions(len(texts))
        if <size_t>len(pages) != questions.count:
            raise ValueError("a page for each name")
        self._read(questions, texts, asked)
        for at in range(questions.count):
            page = pages[at]
            questions.sheet[at] = &page.sheet
        space = self.borrow(level)
        with nogil:
            for at in range(questions.count):
                self._ask(space, questions, at)
                self.write_page(space, offset, limit, questions.sheet[at])
                space.forget()
        self.pool.append(space)

    cdef int _read(self, _Questions questions, list texts, list asked) except -1:
        """Take checked names, and what is asked besides each; the names must outlive the questions."""
        cdef size_t at
        cdef str name
        cdef Asked beside
        if <size_t>len(asked) != questions.count:
            raise ValueError("what is asked besides each name")
        for at in range(questions.count):
            name = texts[at]
            questions.text[at] = <const uint8_t*>PyUnicode_AsUTF8AndSize(name, &questions.length[at])
            beside = asked[at]
            if beside is not None:
                self.ask_besides(beside, &questions.other[at])
        return 0

    cdef int _ask(self, Workspace space, _Questions questions, size_t at) except -1 nogil:
        """Read one question into the workspace."""
        space.query.other = questions.other[at]
        return self.read_query(space, questions.text[at], questions.length[at])

    def pairs_batch(
        self, const uint32_t[::1] form_of_person not None, size_t begin, size_t end, int level, int min_score
    ):
        """Ask for each person of a range by each of their names, their first date of birth and their sex.

        Returns six rows as ``search_batch``: the people found whose number is greater, and at level wide those of
        lesser number whose own search does not find the one asked for. Each comes once, with the greatest score of
        both directions: by person asked, then score descending, then person found. ``form_of_person`` tells the form
        of a person of one form.
        """
        cdef Workspace space, back
        cdef _Lines lines = _Lines()
        cdef size_t person
        if form_of_person.shape[0] != <Py_ssize_t>self.people or end > self.people:
            raise ValueError("a form for each person")
        space = self.borrow(level)
        back = self.borrow(level)
        with nogil:
            for person in range(begin, end):
                self._pairs_of(space, back, <uint32_t>person, &form_of_person[0], min_score, lines)
        self.pool.append(space)
        self.pool.append(back)
        return lines.columns()

    cdef int _pairs_of(
        self, Workspace space, Workspace back, uint32_t person, const uint32_t* form_of_person, int min_score,
        _Lines lines,
    ) except -1 nogil:
        cdef Names names
        cdef size_t at, begin = lines.count, kept
        cdef int name
        cdef uint32_t source
        self._names_of(person, form_of_person, &names)
        source = names.source
        for name in range(names.count):
            self._ask_by(space, person, &names, name)
            self._find_candidates(space, min_score)
            for at in range(space.hit_count):
                if space.hits[at].person != person and (space.hits[at].person > person or space.query.level == WIDE):
                    self._add_pair(space, &space.hits[at], back, person, source, form_of_person, lines)
            space.forget()
        if lines.count == begin:
            return 0
        qsort(lines.line + begin, lines.count - begin, sizeof(Line), _compare_pairs)
        kept = begin
        for at in range(begin + 1, lines.count):
            if lines.line[at].person != lines.line[kept].person:
                kept += 1
                lines.line[kept] = lines.line[at]
            elif lines.line[at].level < lines.line[kept].level:
                lines.line[kept].level = lines.line[at].level
        lines.count = kept + 1
        kept = begin
        for at in range(begin, lines.count):
            if lines.line[at].score >= min_score:
                lines.line[kept] = lines.line[at]
                kept += 1
        lines.count = kept
        qsort(lines.line + begin, lines.count - begin, sizeof(Line), _compare_scores)
        return 0

    cdef int _least_name(self, const Query* query, int min_score) noexcept nogil:
        """The points of a name below which neither direction can come to ``min_score``.

        What a name earns of its share is the same in both, but for rounding, for the order of parts that a tie decides,
        and for what letters say where one of the names has one part only.
        """
        cdef int birth, with_sex, kind, date, sex, least = 1000, share
        for birth in range(4):          # nobody is asked by an age or a place
            for with_sex in range(2):
                date = sex = 0
                for kind in range(DATE_STATES):
                    date = max(date, self.rules.birth_points[birth][with_sex][0][kind])
                for kind in range(4):
                    sex = max(sex, self.rules.sex_points[birth][with_sex][0][kind])
                share = self.rules.name_share[birth][with_sex][0]
                least = min(least, 1000 * max(min_score - date - sex, 0) // max(share, 1))
        least -= ROUNDING + max(self.rules.order_cost, self.rules.disorder_cost)
        return max(least, 0) * query.share // 1000

    cdef int _find_candidates(self, Workspace space, int min_score) except -1 nogil:
        """Make hits of all who may come to ``min_score`` in either direction; their scores are not all known."""
        cdef const Query* query = &space.query
        cdef int least = self._least_name(query, min_score), most = 0, form, bound
        cdef bint alone = False
        cdef size_t at, owner
        cdef uint32_t source, several
        cdef bint short
        for form in range(query.forms):
            alone |= query.size[form] == 1
        self.find_people(space)
        if not alone:
            self.spread_of_other_evidence(query, &most)
            self.rank(space, <size_t>-1, least + most)
        self.enter_several(space)
        for at in range(space.found_count):
            if space.found[at].score >= 0 or space.found[at].people == 0:
                continue
            source = space.found[at].source
            several = source & ~<uint32_t>OWNER_SEVERAL
            if source & OWNER_SEVERAL:
                short = alone
                for owner in range(self.several_start.data[several], self.several_start.data[several + 1]):
                    short |= self.several_form.data[2 * owner] < self.class_start.data[1]
                if not short:
                    continue
                bound = self.bound_several(space, several, -1, 0, 0, False)
            elif alone or source < self.class_start.data[1]:
                bound = self.bound(space, source, 0, False)
            else:
                continue
            if bound < least:
                continue
            if source & OWNER_SEVERAL:
                space.add_hit(self.several_person.data[several], source, bound)
                continue
            for owner in range(self.owner_start.data[source], self.owner_start.data[source] + space.found[at].people):
                if self.owner.data[owner] < self.people:
                    space.add_hit(self.owner.data[owner], source, bound)
        return 0

    cdef int _add_pair(
        self, Workspace space, const Hit* hit, Workspace back, uint32_t person, uint32_t source,
        const uint32_t* form_of_person, _Lines lines,
    ) except -1 nogil:
        """Add a hit, with what the other person's search says: what is asked and what is on record change places."""
        cdef uint32_t other = hit.person
        cdef Alignment found, best
        cdef Names names
        cdef int name, lowest = NO_LEVEL
        self.align_hit(space, hit, &found)
        self._names_of(other, form_of_person, &names)
        for name in range(names.count):
            self._ask_by(back, other, &names, name)
            self.align_names(back, source, &best)
            self.add_other_evidence(&back.query, person, &best)
            back.forget()
            lowest = min(lowest, best.lowest)
            if best.lowest <= space.query.level and best.score > found.score:
                found.score = best.score
        if other < person and lowest <= space.query.level:
            return 0                # it came when the other was asked for
        found.lowest = min(found.lowest, lowest)
        return lines.add(person, other, &found)

    cdef int _names_of(self, uint32_t person, const uint32_t* form_of_person, Names* names) noexcept nogil:
        """Where the names of a person stand among ``several_form``, or their one form."""
        cdef int64_t several = self.several_of(person)
        names.count = 1
        names.first = names.last = 0
        names.source = form_of_person[person]
        if several >= 0:
            names.source = OWNER_SEVERAL | <uint32_t>several
            names.first = self.several_start.data[several]
            names.last = self.several_start.data[several + 1]
            names.count = 1 + <int>(self.several_form.data[2 * <size_t>names.last - 1] >> 2)
        return 0

    cdef int _ask_by(self, Workspace space, uint32_t person, const Names* names, int name) noexcept nogil:
        """Make the query of a name of a person, from its forms."""
        cdef int count = 0, part, size, used = 0, length, kind = FULL_FORM
        cdef const uint32_t* parts
        cdef uint32_t dates = self.dates_of(person), form = names.source
        cdef int64_t place
        cdef size_t at = names.first
        while count == 0 or at < names.last:
            if names.last:
                while at < names.last and <int>(self.several_form.data[2 * at + 1] >> 2) != name:
                    at += 1
                if at >= names.last or count == MAX_FORMS:
                    break
                form = self.several_form.data[2 * at]
                kind = self.several_form.data[2 * at + 1] & 3
                at += 1
            parts = self.form(form, &size)
            space.parsed.size[count] = size
            space.parsed.kind[count] = kind
            for part in range(size):
                length = self.length(parts[part])
                memcpy(space.parsed.letters + used, self.letters(parts[part]), length)
                space.parsed.start[count][part] = used
                space.parsed.length[count][part] = length
                used += length
            count += 1
        space.parsed.form_count = count
        space.parsed.used = used
        place = self.name_of(person, name)
        space.parsed.generations = 0
        if place >= 0:                  # else of a crafted file
            space.parsed.generations = self.name_kind[place] >> GENERATION_SHIFT & (1 << GENERATIONS) - 1
        if dates & DOB_SEVERAL:
            dates &= ~<uint32_t>DOB_SEVERAL
            dates = (
                self.dob_several.data[self.dob_several_start.data[dates]]
                if dates + 1 < self.dob_several_start.size
                and self.dob_several_start.data[dates] < self.dob_several.size else 0
            )
        space.query.other.date = dates
        space.query.other.sex = self.sex_of(person)
        prepare(self.rules, &space.parsed, &space.query)
        prepare_search(space)
        return 0

    def identifiers(self, const int64_t[::1] people not None):
        """The identifiers of people in UTF-8, one after another, and where each begins."""
        cdef size_t count = people.shape[0], at, used = 0
        cdef size_t room = USUAL_ID * count + MAX_ID
        cdef cnp.ndarray starts = np.zeros(count + 1, dtype=np.int64)
        cdef cnp.ndarray texts = np.empty(room, dtype=np.uint8)
        cdef int64_t* start = <int64_t*>cnp.PyArray_DATA(starts)
        cdef uint8_t* text = <uint8_t*>cnp.PyArray_DATA(texts)
        cdef int length = 0
        with nogil:
            for at in range(count):
                if at + 2 * AHEAD < count and <size_t>people[at + 2 * AHEAD] < self.people:
                    PS_PREFETCH(&self.person_id_start.data[people[at + 2 * AHEAD] >> BLOCK_SHIFT])
                if at + AHEAD < count and <size_t>people[at + AHEAD] < self.people:
                    PS_PREFETCH(self.person_id + self.person_id_start.data[people[at + AHEAD] >> BLOCK_SHIFT])
                if used + MAX_ID > room:
                    with gil:
                        room = 2 * room
                        texts = np.concatenate((texts, np.empty(room - used, dtype=np.uint8)))
                        text = <uint8_t*>cnp.PyArray_DATA(texts)
                length = self.identifier(people[at], text + used) if <size_t>people[at] < self.people else -1
                if length < 0:
                    break
                used += length
                start[at + 1] = used
        if length < 0:
            raise ValueError("person_id")       # only in a crafted file
        return texts[:used].copy(), starts

    def names_as_given(self, const int64_t[::1] people not None, const int64_t[::1] numbers not None):
        """The names of people as they were given, in UTF-8, one after another, where each begins, and their kinds; None
        for the names where the index does not keep them."""
        cdef size_t count = people.shape[0], at, used = 0
        cdef int64_t name
        cdef cnp.ndarray places = np.empty(count, dtype=np.int64)
        cdef cnp.ndarray starts = np.zeros(count + 1, dtype=np.int64)
        cdef cnp.ndarray kinds = np.zeros(count, dtype=np.uint8)
        cdef int64_t* place = <int64_t*>cnp.PyArray_DATA(places)
        cdef int64_t* start = <int64_t*>cnp.PyArray_DATA(starts)
        cdef uint8_t* kind = <uint8_t*>cnp.PyArray_DATA(kinds)
        cdef uint8_t* text
        if numbers.shape[0] != <Py_ssize_t>count:
            raise ValueError("a number for each name")
        with nogil:
            for at in range(count):
                if at + 2 * AHEAD < count and <size_t>people[at + 2 * AHEAD] < self.people:
                    PS_PREFETCH(&self.name_start.data[people[at + 2 * AHEAD] >> BLOCK_SHIFT])
                if at + AHEAD < count and <size_t>people[at + AHEAD] < self.people:
                    PS_PREFETCH(self.name_kind + self.name_start.data[people[at + AHEAD] >> BLOCK_SHIFT])
                name = self.name_of(people[at], numbers[at]) if <size_t>people[at] < self.people else -1
                place[at] = name
                if name >= 0:
                    kind[at] = self.name_kind[name] & NAME_KIND
                    if self.name_text != NULL:
                        PS_PREFETCH(&self.name_text_start.data[name])
        if self.name_text == NULL:
            return None, starts, kinds
        with nogil:
            for at in range(count):
                if place[at] >= 0:
                    used += self.name_text_start.data[place[at] + 1] - self.name_text_start.data[place[at]]
                    PS_PREFETCH(self.name_text + self.name_text_start.data[place[at]])
                start[at + 1] = used
        texts = np.empty(used, dtype=np.uint8)
        text = <uint8_t*>cnp.PyArray_DATA(texts)
        with nogil:
            for at in range(count):
                if place[at] >= 0:
                    memcpy(
                        text + start[at], self.name_text + self.name_text_start.data[place[at]],
                        start[at + 1] - start[at],
                    )
        return texts, starts, kinds
