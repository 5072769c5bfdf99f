"""Two names, read and aligned: what ``compare`` asks of the kernel.

Names hold few different words, and the words of one pair are those of another. So words are kept with what was looked
up and computed of them, and so are the relations of two of them: both are functions of the words alone.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from phonosearch._align cimport (
    MAX_TURNS, ROW, add_generation, keep_better, no_reading, row_size, score_grid, score_merged, write_row,
)
from phonosearch._assignment cimport Grid
from phonosearch._grid cimport MOST_WORDS, NOT_KEPT, RELATION_SLOTS, describe_word, relate_forms
from phonosearch._relation cimport EXACT, VARIANT, PartInfo
from phonosearch._text cimport (
    ACCEPTED, BIRTH_STATES, BIRTHS, DATE_STATES, FULL_FORM, MAX_CODE_POINTS, PARTICLES_FORM, PLACE_STATES, PLACES,
    UNUSUAL, WordEntry,
)
from phonosearch._words cimport hash_slot, pack_word

cdef enum:
    MOST_OF_PAIR = 2 * MAX_FORMS * MAX_PARTS
    WORD_SLOTS = 2 * MOST_WORDS     # when there are no more words, it begins anew
    MOST_PACKED = 13                # letters of a word that has a key; as many as a word here has room for


cdef class Comparer:
    """What comparing by some rules writes to and keeps; one thread uses it at a time.

    Parameters
    ----------
    rules : TextRules
    """

    def __cinit__(self, TextRules rules not None):
        self.rules = rules
        self.query = <Name*>calloc(1, sizeof(Name))
        self.name = <Name*>calloc(1, sizeof(Name))
        self.words = <Word*>calloc(MOST_WORDS, sizeof(Word))
        self.word_at = <uint16_t*>calloc(WORD_SLOTS, sizeof(uint16_t))
        self.relations = <uint64_t*>calloc(RELATION_SLOTS, sizeof(uint64_t))
        if NULL in (self.query, self.name, self.words, self.word_at, self.relations):
            raise MemoryError

    def __dealloc__(self):
        free(self.query)
        free(self.name)
        free(self.words)
        free(self.word_at)
        free(self.relations)

    cdef bint make_room(self) noexcept nogil:
        """See to it that the words of two more names can be kept. Whether that made those that were read invalid."""
        if self.used <= MOST_WORDS - MOST_OF_PAIR:
            return False
        self.used = 0
        memset(self.word_at, 0, WORD_SLOTS * sizeof(uint16_t))
        memset(self.relations, 0, RELATION_SLOTS * sizeof(uint64_t))
        return True

    cdef Word* _word(self, uint64_t key, const uint8_t* letters, int length) noexcept nogil:
        """The word of a key; ``make_room`` has seen to it that there is room for it."""
        cdef uint64_t slot = hash_slot(key, WORD_SLOTS - 1)
        cdef Word* word
        cdef const WordEntry* entry
        while self.word_at[slot]:
            word = &self.words[self.word_at[slot] - 1]
            if word.key == key:
                return word
            slot = slot + 1 & WORD_SLOTS - 1
        word = &self.words[self.used]
        word.key = key
        self.used += 1
        self.word_at[slot] = self.used
        memcpy(word.letters, letters, length)
        describe_word(self.rules, word.letters, length, key & 1, self.used - 1, word)
        entry = word.info.entry
        word.special = (entry != NULL and entry.flags != 0) or self.rules._are_initials(letters, length, 0, False)
        return word

    cdef int read(self, const uint8_t* text, Py_ssize_t length, Name* out) except -1 nogil:
        """Read a name from UTF-8; an outcome as of ``TextRules.read``."""
        cdef int status
        if self._read_plain(text, length, out):
            return ACCEPTED
        status = self.rules.read(text, length, &out.parsed)
        if status == ACCEPTED:
            self._take_parsed(out)
        return status

    cdef bint _read_plain(self, const uint8_t* text, Py_ssize_t length, Name* out) noexcept nogil:
        """Read a name of ASCII letters that has no form but the full one; False, and nothing done, for any other:
        ``TextRules.read`` knows them all."""
        cdef const uint8_t* simple = self.rules.simple
        cdef uint8_t letters[MAX_CODE_POINTS]
        cdef uint64_t keys[MAX_PARTS]
        cdef int begin[MAX_PARTS + 1]
        cdef uint64_t key = 0
        cdef Py_ssize_t position = 0
        cdef int parts = 0, used = 0, part
        cdef uint8_t letter
        cdef Word* word
        cdef unsigned int full = 0
        if length >= MAX_CODE_POINTS:
            return False
        begin[0] = 0
        while position < length:
            letter = simple[text[position]]
            position += 1
            if letter > 32:
                if letter == UNUSUAL:
                    return False
                letters[used] = letter
                used += 1
                key = key * 27 + letter - 96
                if position < length:
                    continue
            elif letter == 0 and position < length:
                continue
            if used > begin[parts]:         # a word ends here, or the text
                if used - begin[parts] > MOST_PACKED or parts == MAX_PARTS:
                    return False
                keys[parts] = 2 * key
                full |= <unsigned int>(used - begin[parts] > 1) << parts
                parts += 1
                begin[parts] = used
                key = 0
        if parts == 0:
            return False
        for part in range(parts):
            word = self._word(keys[part] + (parts > 1), letters + begin[part], begin[part + 1] - begin[part])
            if word.special:
                return False
            out.part[0][part] = word
        out.forms = 1
        out.kind[0] = FULL_FORM
        out.size[0] = parts
        out.full_parts[0] = full
        out.generations = 0
        return True

    cdef void _take_parsed(self, Name* out) noexcept nogil:
        """The words of the forms that were read; those without a key are not kept."""
        cdef const ParsedName* parsed = &out.parsed
        cdef const uint8_t* letters
        cdef uint64_t key
        cdef int form, part, length, apart = 0
        cdef bint beside
        cdef Word* word
        out.forms = parsed.form_count
        out.generations = parsed.generations
        for form in range(parsed.form_count):
            out.kind[form] = parsed.kind[form]
            out.size[form] = parsed.size[form]
            out.full_parts[form] = 0
            beside = parsed.size[form] > 1
            for part in range(parsed.size[form]):
                letters = &parsed.letters[parsed.start[form][part]]
                length = parsed.length[form][part]
                key = pack_word(letters, length)
                if key:
                    word = self._word(2 * key + beside, letters, length)
                else:
                    word = &out.apart[apart]
                    apart += 1
                    describe_word(self.rules, letters, length, beside, NOT_KEPT, word)
                out.part[form][part] = word
                out.full_parts[form] |= <unsigned int>(length > 1) << part

    cdef void align(self, Name* query, Name* name, int share, Alignment* best) noexcept nogil:
        """The best reading of one name against another, without other evidence."""
        cdef Alignment found
        cdef Grid grid
        cdef int query_form, name_form
        # No reading but that of the full forms, which costs nothing, can be better than this or of a lower level.
        cdef int enough = max(share - self.rules.form_cost, 0)
        no_reading(best)
        for query_form in range(query.forms):
            for name_form in range(name.forms):
                if best.lowest <= VARIANT and best.score > enough:
                    return
                relate_forms(
                    self.rules, self.relations, query.part[query_form], query.size[query_form], name.part[name_form],
                    name.size[name_form], &grid,
                )
                # With the last parts first it is written in another way, if no particle was left out.
                score_grid(
                    self.rules, &grid, VARIANT if query_form or name_form else EXACT, query.full_parts[query_form],
                    share, query.kind[query_form] != PARTICLES_FORM and name.kind[name_form] != PARTICLES_FORM, &found,
                )
                found.merged = False
                found.query_form = query_form
                found.name_form = name.kind[name_form]
                found.turn = MAX_FORMS * query_form + found.name_form
                keep_better(&found, best)
        if best.lowest <= VARIANT and best.score > enough:
            return
        if _may_join(query, name) or _may_join(name, query):
            self._align_merged(query, name, share, best)

    cdef void _align_merged(self, Name* query, Name* name, int share, Alignment* best) noexcept nogil:
        cdef PartInfo asked[MAX_PARTS]
        cdef PartInfo recorded[MAX_PARTS]
        cdef int part
        for part in range(query.size[0]):
            asked[part] = query.part[0][part].info
        for part in range(name.size[0]):
            recorded[part] = name.part[0][part].info
        score_merged(self.rules, asked, query.size[0], recorded, name.size[0], share, MAX_TURNS - 1, best)


cdef bint _may_join(const Name* apart, const Name* whole) noexcept nogil:
    """Whether adjacent parts of one name may make a part of the other, as far as their lengths tell."""
    cdef uint64_t lengths = 0
    cdef int part, run = 0, length, before = 0
    for part in range(whole.size[0]):
        lengths |= <uint64_t>1 << min(whole.part[0][part].info.length, 63)
    for part in range(apart.size[0]):
        length = apart.part[0][part].info.length
        if part and lengths >> min(before + length, 63) & 1:
            return True
        run = run + 1 if length == 1 else 0
        if (run >= 3 and lengths >> 3 & 1) or (run >= 4 and lengths >> 4 & 1):
            return True
        before = length
    return False


cdef list _idle = []        # comparers that nobody uses


cdef Comparer borrow(TextRules rules):
    """A comparer of no other thread, with what it knows of words by these rules."""
    cdef Comparer comparer
    try:
        comparer = _idle.pop()
    except IndexError:
        return Comparer(rules)
    return comparer if comparer.rules is rules else Comparer(rules)


cdef int give_back(Comparer comparer) except -1:
    if len(_idle) < 4:
        _idle.append(comparer)
    return 0


cdef tuple _as_tuple(const int32_t* row):
    """A row as a tuple made at once: a list before it would cost as much as comparing equal names."""
    cdef Py_ssize_t size = row_size(row), at
    cdef tuple found = PyTuple_New(size)
    cdef object number
    for at in range(size):
        number = row[at]
        Py_INCREF(number)
        PyTuple_SET_ITEM(found, at, number)
    return found


ctypedef struct Besides:        # what is asked besides a name, and what the record says of it: as of ``compare_names``
    int birth_kind, sex_kind, birth, place_kind, place, generations


cdef int _compare(
    TextRules rules, const char* query, Py_ssize_t query_length, const char* name, Py_ssize_t name_length,
    const Besides* of, Alignment* best,
) except -1:
    """Align two names in UTF-8, and add the other evidence."""
    cdef int birth = of.birth if of.birth_kind else 0, place = of.place if of.place_kind else 0
    cdef Comparer comparer
    if not (
        0 <= of.birth_kind < BIRTH_STATES and 0 <= of.sex_kind < 4 and 1 <= of.birth < BIRTHS
        and (of.birth_kind == 0 or (of.birth_kind >= DATE_STATES) == (of.birth >= 4))
        and 0 <= of.place_kind < PLACE_STATES and 1 <= of.place < PLACES
    ):
        raise ValueError("no such agreement")
    comparer = borrow(rules)
    try:
        comparer.make_room()
        if (
            comparer.read(<const uint8_t*>query, query_length, comparer.query) != ACCEPTED
            or comparer.read(<const uint8_t*>name, name_length, comparer.name) != ACCEPTED
        ):
            raise ValueError("the name cannot be read")
        comparer.align(comparer.query, comparer.name, rules.name_share[birth][of.sex_kind != 0][place], best)
        best.name = 0
        best.form = 0
        best.birth_kind = of.birth_kind
        best.birth_points = rules.birth_points[birth][of.sex_kind != 0][place][of.birth_kind]
        best.sex_kind = of.sex_kind
        best.sex_points = rules.sex_points[birth][of.sex_kind != 0][place][of.sex_kind]
        best.place_kind = of.place_kind
        best.place_points = rules.place_points[birth][of.sex_kind != 0][place][of.place_kind]
        best.score += best.birth_points + best.sex_points + best.place_points
        add_generation(rules, comparer.query.generations, comparer.name.generations | of.generations, best)
    finally:
        give_back(comparer)
    return 0


def compare_names(TextRules rules not None, bytes query_text not None, bytes name_text not None,
                  int birth_kind=0, int sex_kind=0, int birth=3, int place_kind=0, int place=1, int generations=0):
    """The alignment row of one name against another, in UTF-8; ValueError where either cannot be read.

    ``birth`` is the precision of the date asked, or 4 and the place of the width of an age; ``place`` how much of a
    place is asked; ``generations`` those that other names on record say.
    """
    cdef Besides of = Besides(birth_kind, sex_kind, birth, place_kind, place, generations)
    cdef Alignment best
    cdef int32_t row[ROW]
    _compare(
        rules, PyBytes_AS_STRING(query_text), PyBytes_GET_SIZE(query_text), PyBytes_AS_STRING(name_text),
        PyBytes_GET_SIZE(name_text), &of, &best,
    )
    write_row(&best, 0, row)
    return _as_tuple(row)


def score_names(TextRules rules not None, str query not None, str name not None,
                int birth_kind=0, int sex_kind=0, int birth=3, int place_kind=0, int place=1, int generations=0):
    """Of the row of ``compare_names`` the score, times 8, and the lowest level."""
    cdef Besides of = Besides(birth_kind, sex_kind, birth, place_kind, place, generations)
    cdef Alignment best
    cdef Py_ssize_t query_length, name_length
    cdef const char* query_text = PyUnicode_AsUTF8AndSize(query, &query_length)
    cdef const char* name_text = PyUnicode_AsUTF8AndSize(name, &name_length)
    _compare(rules, query_text, query_length, name_text, name_length, &of, &best)
    return best.score << 3 | best.lowest
