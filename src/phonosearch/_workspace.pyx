"""What one search writes to, kept for the next one; never shared by two searches at a time.

Expansions are kept between searches: which parts of the index a query part may match, and how, are functions of that
part alone, so a word that was asked before need not be expanded again.
"""

from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from phonosearch._arrays cimport OWNER_SEVERAL
from phonosearch._large_pages cimport ps_use_large_pages, zeros_in_large_pages

cdef enum:
    POOL = MAX_FORMS * (MAX_PARTS + 1)      # relations of one part of the index, and parts paired, at most
    KEPT_SLOTS = 1 << 14
    MOST_KEPT = 1 << 13             # expansions
    FEW_REMEMBERED = 14             # bits of the number of relations: 256 KiB, enough for some dozen searches
    MOST_REMEMBERED = 20            # 16 MiB
    MOST_MATCHES = 1 << 21          # of the expansions that are kept: 16 MiB, those of some thousands of names


cdef int memory_error() except -1 nogil:
    with gil:
        raise MemoryError


cdef void* _grown(void* memory, size_t count, size_t size) except NULL nogil:
    memory = realloc(memory, count * size)
    if memory == NULL:
        memory_error()
    ps_use_large_pages(memory, count * size)
    return memory


cdef class Workspace:
    """What one search writes to.

    Parameters
    ----------
    parts, forms, several : int
        How many the index has; ``several`` are people of several forms.
    """

    def __cinit__(self, size_t parts, size_t forms, size_t several):
        self.parts = parts
        self.mark = <uint16_t*>zeros_in_large_pages(parts + 1, sizeof(uint16_t))
        self.slot = <uint32_t*>zeros_in_large_pages(parts + 1, sizeof(uint32_t))
        self.seen = <uint8_t*>zeros_in_large_pages(forms // 8 + 1, 1)
        self.wanted = <uint8_t*>calloc(SHORTENED + 1, 1)
        self.seen_several = <uint8_t*>calloc(several // 8 + 1, 1)
        self.entered = <uint8_t*>calloc(several // 8 + 1, 1)
        self.kept = <Expansion*>calloc(KEPT_SLOTS, sizeof(Expansion))
        self.remembered = <Remembered*>calloc(1 << FEW_REMEMBERED, sizeof(Remembered))
        self.remembered_shift = 64 - FEW_REMEMBERED
        self.pair = NULL
        self.slot_part = NULL
        self.matches = NULL
        self.candidates = NULL
        self.counted = NULL
        self.found = NULL
        self.order = NULL
        self.hits = NULL
        if (
            self.mark == NULL or self.slot == NULL or self.seen == NULL or self.seen_several == NULL
            or self.wanted == NULL or self.entered == NULL or self.kept == NULL or self.remembered == NULL
        ):
            raise MemoryError

    def __dealloc__(self):
        free(self.mark)
        free(self.slot)
        free(self.seen)
        free(self.wanted)
        free(self.seen_several)
        free(self.entered)
        free(self.counted)
        free(self.kept)
        free(self.remembered)
        free(self.pair)
        free(self.slot_part)
        free(self.matches)
        free(self.candidates)
        free(self.found)
        free(self.order)
        free(self.hits)

    cdef int _make_room(self) except -1 nogil:
        """For one more that is found, and one more that is counted."""
        if self.found_count == self.found_room:
            self.found = <Found*>_grown(self.found, 2 * self.found_room + 256, sizeof(Found))
            self.found_room = 2 * self.found_room + 256
        if self.counted_count == self.counted_room:
            self.counted = <uint32_t*>_grown(self.counted, 2 * self.counted_room + 256, sizeof(uint32_t))
            self.counted_room = 2 * self.counted_room + 256
        return 0

    cdef int add_hit(self, uint32_t person, uint32_t source, int score) except -1 nogil:
        """Add a hit with the score of the name, or a bound on it."""
        if self.hit_count == self.hit_room:
            self.hits = <Hit*>_grown(self.hits, 2 * self.hit_room + 256, sizeof(Hit))
            self.hit_room = 2 * self.hit_room + 256
        self.hits[self.hit_count].person = person
        self.hits[self.hit_count].source = source
        self.hits[self.hit_count].score = score
        self.hits[self.hit_count].most = score
        self.hit_count += 1
        return 0

    cdef int reserve_order(self) except -1 nogil:
        if self.order_room < self.found_count:
            self.order = <uint32_t*>_grown(self.order, self.found_room, sizeof(uint32_t))
            self.order_room = self.found_room
        return 0

    cdef int reserve_candidates(self, size_t more) except -1 nogil:
        cdef size_t room = self.candidate_room
        if self.candidate_count + more <= room:
            return 0
        room = 2 * room + more + 1024
        self.candidates = <uint32_t*>_grown(self.candidates, room, sizeof(uint32_t))
        self.candidate_room = room
        return 0

    cdef int add_match(self, uint32_t part, uint16_t bit) except -1 nogil:
        """Mark a part of the index as one that the query part at a position may match."""
        if self.mark[part] & bit:
            return 0
        self.mark[part] |= bit
        if self.match_count == self.match_room:
            self.matches = <Match*>_grown(self.matches, 2 * self.match_room + 4096, sizeof(Match))
            self.match_room = 2 * self.match_room + 4096
        self.matches[self.match_count].part = part
        self.matches[self.match_count].relation = -1
        self.match_count += 1
        return 0

    cdef Expansion* begin_expansion(self, uint64_t word, int level) noexcept nogil:
        """The expansion of a word at a level, where it was kept; else NULL, and its matches are to be added.

        ``word`` is as in `words`.
        """
        self.expansion[self.expansions].start = <uint32_t>self.match_count
        return self.find_kept(word, level)

    cdef Expansion* find_kept(self, uint64_t word, int level) noexcept nogil:
        cdef size_t at
        cdef uint64_t key = word * 8 + level + 1
        if word == 0 or word >> 60:
            return NULL
        at = (key * <uint64_t>0x9E3779B97F4A7C15u) >> 32 & (KEPT_SLOTS - 1)
        while self.kept[at].key:
            if self.kept[at].key == key:
                return &self.kept[at]
            at = at + 1 & (KEPT_SLOTS - 1)
        return NULL

    cdef int recall_expansion(self, const Expansion* known, int position) except -1 nogil:
        """Take a kept expansion for the next part of the form; ``position`` is that of the part among the pool."""
        cdef size_t at
        cdef uint16_t bit = 1u << self.expansions
        for at in range(known.start, <size_t>known.start + known.count):
            self.mark[self.matches[at].part] |= bit
            if self.matches[at].relation >= 0:
                self.relations(self.matches[at].part)[position] = self.matches[at].relation
        self.expansion[self.expansions] = known[0]
        self.expansions += 1
        self.recalled += 1
        return 0

    cdef int end_expansion(
        self, uint64_t word, int level, const uint64_t* forms, const uint64_t* lasts
    ) except -1 nogil:
        """All matches of the next part of the form have been added; keep them."""
        cdef Expansion* made = &self.expansion[self.expansions]
        cdef size_t at
        cdef int group
        made.count = <uint32_t>(self.match_count - made.start)
        made.key = 0
        made.splits = UNKNOWN_SPLITS
        for group in range(CLASSES):
            made.forms[group] = forms[group]
            made.lasts[group] = lasts[group]
        self.expansions += 1
        if word == 0 or word >> 60 or self.kept_count == MOST_KEPT:
            return 0
        made.key = word * 8 + level + 1
        at = (made.key * <uint64_t>0x9E3779B97F4A7C15u) >> 32 & (KEPT_SLOTS - 1)
        while self.kept[at].key:
            at = at + 1 & (KEPT_SLOTS - 1)
        self.kept[at] = made[0]
        self.kept_count += 1
        return 0

    cdef int32_t* begin_relations(self, uint32_t part) except NULL nogil:
        """A new row of relations, none of them known."""
        cdef int32_t* row
        cdef size_t stride = self.stride()
        cdef size_t place
        if <size_t>self.slots == self.slot_room:
            self.slot_part = <uint32_t*>_grown(self.slot_part, 2 * self.slot_room + 256, sizeof(uint32_t))
            self.pair = <int32_t*>_grown(self.pair, (2 * self.slot_room + 256) * POOL, sizeof(int32_t))
            self.slot_room = 2 * self.slot_room + 256
        self.slot_part[self.slots] = part
        row = self.pair + <size_t>self.slots * stride
        for place in range(stride):
            row[place] = -1
        self.slots += 1
        self.slot[part] = self.slots
        return row

    cdef Remembered* place_of(self, uint64_t word, uint32_t part) noexcept nogil:
        """Where the relation of a packed word to a part of the index stands, if it was remembered last; else beside
        it, if at all."""
        cdef uint64_t key = (word ^ <uint64_t>part << 40) * <uint64_t>0x9E3779B97F4A7C15u
        return &self.remembered[key >> self.remembered_shift]

    cdef Remembered* recall(self, uint64_t word, uint32_t part) noexcept nogil:
        """The relation of a packed word to a part of the index, where it is remembered; else NULL."""
        cdef Remembered* known = self.place_of(word, part)
        if word == 0:
            return NULL
        if known.word == word and known.part == part:
            return known
        known = _beside(known, self.remembered)
        return known if known.word == word and known.part == part else NULL

    cdef void remember(self, uint64_t word, uint32_t part, int32_t relation) noexcept nogil:
        """Keep a relation in its place or, where another stands there, beside it; one that stood there too goes."""
        cdef Remembered* known = self.place_of(word, part)
        if word == 0:
            return                      # it cannot be packed
        if known.word and (known.word != word or known.part != part):
            _beside(known, self.remembered)[0] = known[0]
        known.word = word
        known.part = part
        known.relation = relation
        self.remembered_count += 1

    cdef void _remember_more(self) noexcept nogil:
        """Make the table of relations as large as it may be, in large pages if there are any: it is read at random."""
        cdef Remembered* few = self.remembered
        cdef Remembered* more = <Remembered*>zeros_in_large_pages(1 << MOST_REMEMBERED, sizeof(Remembered))
        cdef size_t at
        if more == NULL:
            return                      # it serves as it is
        self.remembered = more
        self.remembered_shift = 64 - MOST_REMEMBERED
        for at in range(1 << FEW_REMEMBERED):
            if few[at].word:
                self.remember(few[at].word, few[at].part, few[at].relation)
        free(few)

    cdef void forget_form(self) noexcept nogil:
        """Forget the marks of a form of the query; what was learnt of its matches is kept with them."""
        cdef size_t at, stride = self.stride()
        cdef int number, position
        cdef Expansion* known
        cdef Match* match
        cdef int32_t relation
        for number in range(self.expansions):
            known = &self.expansion[number]
            position = self.query.pool_start[self.form] + number
            for at in range(known.start, <size_t>known.start + known.count):
                match = &self.matches[at]
                self.mark[match.part] = 0
                if self.slot[match.part]:
                    relation = self.pair[<size_t>(self.slot[match.part] - 1) * stride + position]
                    match.relation = relation if relation >= 0 else match.relation
        if self.has_initials and not self.unmarked_initials:
            memset(self.mark, 0, self.parts * sizeof(uint16_t))
        self.expansions = self.recalled = 0
        self.has_initials = self.unmarked_initials = False
        self.marked = False
        memset(self.initial_mask, 0, sizeof(self.initial_mask))

    cdef void forget(self) noexcept nogil:
        cdef size_t at
        cdef uint32_t number
        self.forget_form()
        for at in range(self.slots):
            self.slot[self.slot_part[at]] = 0
        self.slots = 0
        for at in range(self.found_count):
            number = self.found[at].source & ~<uint32_t>OWNER_SEVERAL
            if self.found[at].source & OWNER_SEVERAL:
                self.seen_several[number >> 3] = 0
                self.entered[number >> 3] = 0
            else:
                self.seen[number >> 3] = 0
        for at in range(self.counted_count):
            self.seen_several[self.counted[at] >> 3] = 0
        if self.remembered_shift == 64 - FEW_REMEMBERED and self.remembered_count > 1 << (FEW_REMEMBERED - 1):
            self._remember_more()
        self.counted_count = 0
        self.found_count = 0
        self.hit_count = 0
        if self.match_count > MOST_MATCHES or self.kept_count == MOST_KEPT:
            self.match_count = 0
            self.kept_count = 0
            memset(self.kept, 0, KEPT_SLOTS * sizeof(Expansion))


cdef inline Remembered* _beside(Remembered* place, Remembered* first) noexcept nogil:
    """The other of two places that share a line of memory."""
    return first + ((place - first) ^ 1)
