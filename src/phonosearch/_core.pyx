"""The search kernel: parts to people, people to a ranked page, over packed arrays and without the GIL.

A query part is expanded to the parts of the index that its level accepts; the forms that hold enough of them are read
from postings; each is verified, scored and counted. ``_reference`` states the same rules slowly, ARCHITECTURE.md says
why this is complete.
"""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort, realloc
from libc.string cimport memcmp, memcpy, memset

from phonosearch._align cimport (
    CLOSE, CLOSE_KIND, DATE_ABSENT, EXACT, MAX_TURNS, NO_LEVEL, ROW, ROW_HEAD, SOUNDS, UNEARNED, VARIANT, WIDE,
    Alignment, Grid, PartInfo, Query, begin_alike, date_agreement_of, earn, identifies, keep_better, memory_error,
    no_reading, prepare, read_name, relate_kind, score_grid, score_merged, sex_agreement_of, weight, write_row,
)
from phonosearch._arrays cimport BLOCK_SHIFT, CLASSES, LAST_NAME, Array, PackedNames, lower_bound
from phonosearch._deletions cimport MAX_DELETIONS, deletion_bucket, deletion_keys, deletions_of
from phonosearch._distance cimport osa_pattern
from phonosearch._text cimport MAX_FORMS, MAX_PARTS, ParsedName, TextRules, WordEntry
from phonosearch._words cimport pack_word

cdef enum:
    UNKNOWN = -2
    POOL = MAX_FORMS * MAX_PARTS    # relations of one part of the index, at most

cdef uint32_t FORM_MULTIPLE = 0x80000000
cdef uint32_t DOB_SEVERAL = 0x80000000

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define PS_PREFETCH(p) __builtin_prefetch(p)
    #else
    #define PS_PREFETCH(p) ((void)0)
    #endif
    """
    void PS_PREFETCH(const void* p) noexcept nogil


ctypedef short int16


ctypedef struct Hit:
    uint32_t person
    uint32_t form
    int16 score
    bint surely_close           # its score may exceed what a part that matches nothing allows


cdef class Workspace:
    """What one search writes to, kept for the next one; never shared by two searches at a time."""

    cdef uint16_t* mark         # by part: the positions of the current form that it matches
    cdef uint32_t* slot         # by part: its place in `pair` + 1
    cdef uint8_t* seen          # by person, one bit
    cdef int32_t* pair          # by slot: the relation to each query part, -1 where not yet known
    cdef size_t pair_room
    cdef uint32_t slots
    cdef uint32_t* slot_part
    cdef size_t slot_part_room
    cdef uint32_t* expansion
    cdef size_t expansion_room
    cdef size_t expanded
    cdef uint32_t* candidates   # forms to verify
    cdef size_t candidate_room
    cdef size_t candidate_count
    cdef Hit* hits
    cdef size_t hit_room
    cdef size_t hit_count
    cdef Query query
    cdef ParsedName parsed
    cdef size_t expansion_start[MAX_PARTS + 1]
    cdef uint16_t initial_mask[27]   # by first letter; the last for parts that begin with none
    cdef bint has_initials
    cdef bint marked            # whether the marks say of every pair of the only form whether some level accepts it

    def __cinit__(self, size_t parts, size_t people):
        self.mark = <uint16_t*>calloc(parts + 1, sizeof(uint16_t))
        self.slot = <uint32_t*>calloc(parts + 1, sizeof(uint32_t))
        self.seen = <uint8_t*>calloc(people // 8 + 1, 1)
        self.pair = NULL
        self.slot_part = NULL
        self.expansion = NULL
        self.hits = NULL
        self.candidates = NULL
        if self.mark == NULL or self.slot == NULL or self.seen == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.mark)
        free(self.slot)
        free(self.seen)
        free(self.pair)
        free(self.slot_part)
        free(self.expansion)
        free(self.hits)
        free(self.candidates)

    cdef int add_hit(self, uint32_t person, uint32_t form, bint surely_close) except -1 nogil:
        cdef Hit* grown
        if self.hit_count == self.hit_room:
            self.hit_room = 2 * self.hit_room + 256
            grown = <Hit*>realloc(self.hits, self.hit_room * sizeof(Hit))
            if grown == NULL:
                memory_error()
            self.hits = grown
        self.hits[self.hit_count].person = person
        self.hits[self.hit_count].form = form
        self.hits[self.hit_count].score = -1
        self.hits[self.hit_count].surely_close = surely_close
        self.hit_count += 1
        self.seen[person >> 3] |= 1 << (person & 7)
        return 0

    cdef int reserve_candidates(self, size_t more) except -1 nogil:
        cdef uint32_t* grown
        cdef size_t room = self.candidate_room
        if self.candidate_count + more <= room:
            return 0
        room = 2 * room + more + 1024
        grown = <uint32_t*>realloc(self.candidates, room * sizeof(uint32_t))
        if grown == NULL:
            memory_error()
        self.candidates = grown
        self.candidate_room = room
        return 0

    cdef int add_expansion(self, uint32_t part, uint16_t bit) except -1 nogil:
        cdef uint32_t* grown
        if self.mark[part] & bit:
            return 0
        self.mark[part] |= bit
        if self.expanded == self.expansion_room:
            self.expansion_room = 2 * self.expansion_room + 1024
            grown = <uint32_t*>realloc(self.expansion, self.expansion_room * sizeof(uint32_t))
            if grown == NULL:
                memory_error()
            self.expansion = grown
        self.expansion[self.expanded] = part
        self.expanded += 1
        return 0

    cdef int32_t* relations(self, uint32_t part) except NULL nogil:
        """The row of relations of an index part to the parts of the query's forms; -1: unknown."""
        cdef int32_t* grown
        cdef size_t stride = self.query.pool
        cdef uint32_t* grown_parts
        cdef int place
        if self.slot[part]:
            return self.pair + <size_t>(self.slot[part] - 1) * stride
        if <size_t>self.slots == self.slot_part_room:
            grown_parts = <uint32_t*>realloc(self.slot_part, (2 * self.slot_part_room + 256) * sizeof(uint32_t))
            if grown_parts == NULL:
                memory_error()
            self.slot_part = grown_parts
            grown = <int32_t*>realloc(self.pair, (2 * self.slot_part_room + 256) * POOL * sizeof(int32_t))
            if grown == NULL:
                memory_error()
            self.pair = grown
            self.slot_part_room = 2 * self.slot_part_room + 256
        self.slot_part[self.slots] = part
        grown = self.pair + <size_t>self.slots * stride
        for place in range(self.query.pool):
            grown[place] = -1
        self.slots += 1
        self.slot[part] = self.slots
        return grown

    cdef void forget_expansions(self) noexcept nogil:
        cdef size_t at
        for at in range(self.expanded):
            self.mark[self.expansion[at]] = 0
        self.expanded = 0
        self.has_initials = False
        self.marked = False
        memset(self.initial_mask, 0, sizeof(self.initial_mask))

    cdef void forget(self) noexcept nogil:
        cdef size_t at
        self.forget_expansions()
        for at in range(self.slots):
            self.slot[self.slot_part[at]] = 0
        self.slots = 0
        for at in range(self.hit_count):
            self.seen[self.hits[at].person >> 3] = 0
        self.hit_count = 0


cdef class NameIndex(PackedNames):
    """The search over the packed arrays of an index; arguments and errors as those of ``PackedNames``."""

    cdef list pool
    cdef int32_t* spelling_part     # parts of TextRules.spelling_members: -1 where the index lacks one, or UNKNOWN
    cdef int32_t* nickname_part
    cdef uint8_t* part_rarity       # tenths of bits, 0 where not yet looked up: threads that race write equal numbers
    cdef uint32_t* part_entry       # place in TextRules.words + 2, 1 for none, 0 where not yet looked up

    def __cinit__(self, TextRules rules not None, dict arrays not None, dict bounds=None):
        self.pool = []
        self.spelling_part = NULL
        self.nickname_part = NULL
        self.part_rarity = NULL
        self.part_entry = NULL
        self._allocate_members()

    def __dealloc__(self):
        free(self.spelling_part)
        free(self.nickname_part)
        free(self.part_rarity)
        free(self.part_entry)

    cdef int _allocate_members(self) except -1:
        cdef int spellings = self.rules.spelling_members_start[self.rules.spelling_group_count], at
        cdef int nicknames = self.rules.nickname_members_start[self.rules.nickname_group_count]
        self.spelling_part = <int32_t*>malloc((spellings + 1) * sizeof(int32_t))
        self.nickname_part = <int32_t*>malloc((nicknames + 1) * sizeof(int32_t))
        self.part_rarity = <uint8_t*>calloc(self.parts + 1, 1)
        self.part_entry = <uint32_t*>calloc(self.parts + 1, sizeof(uint32_t))
        if (
            self.spelling_part == NULL or self.nickname_part == NULL or self.part_rarity == NULL
            or self.part_entry == NULL
        ):
            raise MemoryError
        for at in range(spellings):
            self.spelling_part[at] = UNKNOWN
        for at in range(nicknames):
            self.nickname_part[at] = UNKNOWN
        return 0

    cdef inline int32_t _member(self, int32_t* known, const uint64_t* members, int member) noexcept nogil:
        """The part of a member of a group, looked up once: threads that race write the same number."""
        if known[member] == UNKNOWN:
            known[member] = self._find_packed(members[member])
        return known[member]

    cdef int32_t _find_packed(self, uint64_t key) noexcept nogil:
        cdef uint8_t letters[16]
        cdef int length = 0, place = 16
        while key:
            place -= 1
            letters[place] = 96 + <uint8_t>(key % 27)
            key //= 27
            length += 1
        return self.find_word(&letters[place], length)

    cdef void _describe_part(self, uint32_t part, PartInfo* info, bint grouped) noexcept nogil:
        cdef uint64_t key
        cdef const WordEntry* entry
        info.letters = self.letters(part)
        info.length = self.length(part)
        info.raw = info.letters[0] < 97
        info.primary = self.part_key.data[3 * <size_t>part]
        info.alternate = self.part_key.data[3 * <size_t>part + 1]
        info.soundex = self.part_key.data[3 * <size_t>part + 2]
        info.rarity = self.rules.letters.rarity_unknown
        info.entry = NULL
        if info.raw:
            return
        if self.part_rarity[part] == 0 or self.part_entry[part] == 0:
            key = pack_word(info.letters, info.length)
            entry = self.rules.word(key)
            self.part_entry[part] = 1 if entry == NULL else <uint32_t>(entry - self.rules.words) + 2
            self.part_rarity[part] = self.rules.letters.rarity_of(key)
        info.rarity = self.part_rarity[part]
        if grouped and self.part_entry[part] > 1:
            info.entry = self.rules.words + (self.part_entry[part] - 2)

    cdef int _expand(self, Workspace space, const PartInfo* part, uint16_t bit, int level) except -1 nogil:
        """Mark every part of the index that the level accepts for a query part."""
        cdef int32_t found = self.find(part.letters, part.length, part.primary)
        cdef int at, group, member
        if found >= 0:
            space.add_expansion(found, bit)
        if level == EXACT or part.raw:
            return 0
        if part.entry != NULL:
            for at in range(part.entry.spelling_start, part.entry.spelling_end):
                group = self.rules.groups[at] >> 1
                for member in range(
                    self.rules.spelling_members_start[group], self.rules.spelling_members_start[group + 1]
                ):
                    found = self._member(self.spelling_part, self.rules.spelling_members, member)
                    if found >= 0:
                        space.add_expansion(found, bit)
            for at in range(part.entry.nickname_start, part.entry.nickname_end):
                group = self.rules.groups[at] >> 1
                for member in range(
                    self.rules.nickname_members_start[group], self.rules.nickname_members_start[group + 1]
                ):
                    found = self._member(self.nickname_part, self.rules.nickname_members, member)
                    if found >= 0:
                        space.add_expansion(found, bit)
        self._expand_beginnings(space, part, bit)
        self._expand_endings(space, part, bit)
        if part.length == 1:
            space.initial_mask[part.letters[0] - 97] |= bit
            space.has_initials = True
            return 0
        self._expand_word(space, part.letters, 1, bit)
        if level >= SOUNDS:
            self._expand_sounds(space, part, bit)
        if level >= CLOSE:
            self._expand_close(space, part, bit)
        return 0

    cdef int _expand_word(self, Workspace space, const uint8_t* letters, int length, uint16_t bit) except -1 nogil:
        cdef int32_t found = self.find_word(letters, length)
        if found >= 0:
            space.add_expansion(found, bit)
        return 0

    cdef int _expand_beginnings(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil:
        cdef int number, side, mine, theirs
        cdef uint8_t word[80]
        for number in range(self.rules.beginning_count):
            for side in range(2):
                mine = self.rules.beginning_length[number][side]
                theirs = self.rules.beginning_length[number][1 - side]
                if part.length - mine < self.rules.beginning_min_rest or memcmp(
                    part.letters, self.rules.beginnings[number][side], mine
                ):
                    continue
                memcpy(word, self.rules.beginnings[number][1 - side], theirs)
                memcpy(word + theirs, part.letters + mine, part.length - mine)
                self._expand_word(space, word, part.length - mine + theirs, bit)
        return 0

    cdef int _expand_endings(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil:
        cdef int number, side, mine, theirs, rest
        cdef uint8_t word[80]
        for number in range(self.rules.ending_count):
            for side in range(2):
                mine = self.rules.ending_length[number][side]
                theirs = self.rules.ending_length[number][1 - side]
                rest = part.length - mine
                if rest < self.rules.ending_min_rest or memcmp(
                    part.letters + rest, self.rules.endings[number][side], mine
                ):
                    continue
                memcpy(word, part.letters, rest)
                memcpy(word + rest, self.rules.endings[number][1 - side], theirs)
                self._expand_word(space, word, rest + theirs, bit)
        return 0

    cdef int _expand_sounds(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil:
        cdef size_t group, at
        cdef uint32_t code
        cdef int turn
        for turn in range(2):
            code = part.alternate if turn else part.primary
            if code == 0:
                continue
            group = lower_bound(&self.primary_code, code)
            if group < self.primary_code.size and self.primary_code.data[group] == code:
                for at in range(self.primary_start.data[group], self.primary_start.data[group + 1]):
                    if self.length(<uint32_t>at) > 1:
                        space.add_expansion(<uint32_t>at, bit)
            self._expand_code(space, &self.alternate_code, &self.alternate_start, &self.alternate_part, code, bit)
        self._expand_code(space, &self.soundex_code, &self.soundex_start, &self.soundex_part, part.soundex, bit)
        return 0

    cdef int _expand_code(
        self, Workspace space, Array* codes, Array* starts, Array* parts, uint32_t code, uint16_t bit
    ) except -1 nogil:
        cdef size_t group = lower_bound(codes, code), at
        if group < codes.size and codes.data[group] == code:
            for at in range(starts.data[group], starts.data[group + 1]):
                if self.length(parts.data[at]) > 1:
                    space.add_expansion(parts.data[at], bit)
        return 0

    cdef int _expand_close(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil:
        cdef uint64_t keys[MAX_DELETIONS]
        cdef uint32_t buckets[MAX_DELETIONS]
        cdef int count = deletion_keys(part.letters, part.length, deletions_of(self.rules, part.length), keys), key
        cdef size_t at
        cdef uint32_t other
        cdef int length, longer, allowed
        for key in range(count):
            buckets[key] = deletion_bucket(keys[key], self.deletion_shift)
            PS_PREFETCH(&self.deletion_start.data[buckets[key]])
        for key in range(count):
            PS_PREFETCH(&self.deletion_part.data[self.deletion_start.data[buckets[key]]])
        for key in range(count):
            for at in range(self.deletion_start.data[buckets[key]], self.deletion_start.data[buckets[key] + 1]):
                other = self.deletion_part.data[at]
                if space.mark[other] & bit:
                    continue
                length = self.length(other)
                if length < 2:
                    continue
                longer = length if length > part.length else part.length
                allowed = self.rules.edits_for_letters[longer]
                if length - part.length > allowed or part.length - length > allowed:
                    continue
                if osa_pattern(&part.pattern, self.letters(other), length, allowed) <= allowed:
                    space.add_expansion(other, bit)
        return self._expand_alike(space, part, bit)

    cdef int _expand_alike(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil:
        """Parts that begin with the same sounds: they stand side by side, since parts are sorted by primary code."""
        cdef uint32_t beginning = part.primary >> 8 << 8
        cdef size_t group, at
        cdef PartInfo other
        if not beginning & 0xFF00:
            return 0
        for group in range(lower_bound(&self.primary_code, beginning), self.primary_code.size):
            if self.primary_code.data[group] >> 8 << 8 != beginning:
                break
            if self.primary_code.data[group] == part.primary:
                continue        # they sound the same, and are marked
            for at in range(self.primary_start.data[group], self.primary_start.data[group + 1]):
                if space.mark[at] & bit:
                    continue
                other.letters = self.letters(<uint32_t>at)
                other.length = self.length(<uint32_t>at)
                other.primary = self.primary_code.data[group]
                if not begin_alike(self.rules, part, &other):
                    continue
                self._describe_part(<uint32_t>at, &other, False)
                # Whatever else could relate them has been marked before.
                if earn(self.rules, part, &other, CLOSE_KIND) & UNEARNED >= self.rules.alike_points:
                    space.add_expansion(<uint32_t>at, bit)
        return 0

    cdef int _search_form(self, Workspace space, int form) except -1 nogil:
        """Find the people of whom some form satisfies the level for one form of the query."""
        cdef Query* query = &space.query
        cdef int queries = query.size[form], position, group, size, lists, chosen, other, level = query.level
        cdef uint64_t count[MAX_PARTS][CLASSES]
        cdef int order[MAX_PARTS]
        cdef size_t at, run
        cdef bint wide = level == WIDE and queries > 1 and query.full_parts[form] != 0, scan
        space.forget_expansions()
        memset(count, 0, sizeof(count))
        for position in range(queries):
            space.expansion_start[position] = space.expanded
            self._expand(space, &query.parts[form][position], 1u << position, level)
            for at in range(space.expansion_start[position], space.expanded):
                run = CLASSES * <size_t>space.expansion[at]
                for group in range(CLASSES):
                    count[position][group] += (
                        self.posting_start.data[run + group + 1] - self.posting_start.data[run + group]
                    )
            if level >= VARIANT and query.parts[form][position].length == 1:
                for group in range(CLASSES):
                    count[position][group] = self.forms
        space.expansion_start[queries] = space.expanded
        space.marked = query.forms == 1 and level >= CLOSE
        for group in range(CLASSES):
            if self.class_start.data[group] == self.class_start.data[group + 1]:
                continue
            size = queries - 1 if wide else queries
            if group + 1 < size:
                size = group + 1
            # A form that pairs `size` of the query's parts misses at most the rest of them, so it stands under one of
            # any (rest + 1) parts: read the rarest.
            lists = queries - size + 1
            for position in range(queries):
                chosen = position
                while chosen > 0 and count[order[chosen - 1]][group] > count[position][group]:
                    order[chosen] = order[chosen - 1]
                    chosen -= 1
                order[chosen] = position
            scan = False
            for chosen in range(lists):
                if level >= VARIANT and query.parts[form][order[chosen]].length == 1:
                    scan = True
            if scan:
                for at in range(self.class_start.data[group], self.class_start.data[group + 1]):
                    self._offer(space, <uint32_t>at, form, wide)
                continue
            space.candidate_count = 0
            for chosen in range(lists):
                other = order[chosen]
                self._gather(space, space.expansion_start[other], space.expansion_start[other + 1], group)
            self._offer_candidates(space, form, wide, group)
        return 0

    cdef int _gather(self, Workspace space, size_t first, size_t last, int group) except -1 nogil:
        """Collect the forms of a class under the parts of an expansion: short runs, far apart."""
        cdef size_t at, run, ahead
        cdef uint32_t start, size
        for at in range(first, last):
            ahead = at + 8
            if ahead < last:
                PS_PREFETCH(
                    self.posting_form.data + self.posting_start.data[CLASSES * <size_t>space.expansion[ahead] + group]
                )
            run = CLASSES * <size_t>space.expansion[at] + group
            start = self.posting_start.data[run]
            size = self.posting_start.data[run + 1] - start
            if size:
                space.reserve_candidates(size)
                memcpy(
                    space.candidates + space.candidate_count, self.posting_form.data + start, size * sizeof(uint32_t)
                )
                space.candidate_count += size
        return 0

    cdef int _offer_candidates(self, Workspace space, int form, bint wide, int group) except -1 nogil:
        cdef size_t at, last = space.candidate_count, kept = 0
        cdef uint32_t low = self.class_start.data[group], high = self.class_start.data[group + 1], found
        cdef size_t offset = self._class_offset(group)
        cdef unsigned int one, other
        cdef const uint32_t* parts
        if group == 1 and space.query.size[form] == 2 and not wide and not space.has_initials:
            # The commonest case, two parts and two parts: keep those whose marks pair off, then look at their people.
            for at in range(last):
                if at + 16 < last:
                    PS_PREFETCH(self.form_part.data + offset + 2 * <size_t>(space.candidates[at + 16] - low))
                found = space.candidates[at]
                if not low <= found < high:
                    continue
                parts = self.form_part.data + offset + 2 * <size_t>(found - low)
                one = space.mark[parts[0]]
                other = space.mark[parts[1]]
                if one and other and (one | other) == 3:
                    PS_PREFETCH(self.form_owner.data + 2 * <size_t>found)
                    space.candidates[kept] = found
                    kept += 1
            for at in range(kept):
                self._offer(space, space.candidates[at], form, wide)
            return 0
        for at in range(last):
            if group < CLASSES - 1 and at + 16 < last:
                PS_PREFETCH(
                    self.form_part.data + offset + <size_t>(group + 1) * (space.candidates[at + 16] - low)
                )
            self._offer(space, space.candidates[at], form, wide)
        return 0

    cdef inline size_t _class_offset(self, int group) noexcept nogil:
        """Where the parts of the forms of a class of fixed size begin."""
        cdef uint32_t one = self.class_start.data[1]
        if group == 0:
            return 0
        if group == 1:
            return one
        return one + 2 * <size_t>(self.class_start.data[2] - one)

    cdef inline int _offer(self, Workspace space, uint32_t form, int query_form, bint wide) except -1 nogil:
        """Count the person of a form, if it satisfies the level."""
        cdef int size, part, queries = space.query.size[query_form]
        cdef const uint32_t* parts = self.form(form, &size)
        cdef uint16_t masks[MAX_PARTS]
        cdef uint32_t person
        cdef unsigned int full_parts = space.query.full_parts[query_form]
        for part in range(size):
            masks[part] = space.mark[parts[part]]
            if space.has_initials:
                masks[part] |= space.initial_mask[self._first_letter(parts[part])]
        if not identifies(masks, size, queries, full_parts, wide):
            return 0
        if space.query.level == EXACT and self.form_owner.data[2 * <size_t>form + 1] & 3:
            return 0
        person = self.form_owner.data[2 * <size_t>form]
        if not space.seen[person >> 3] >> (person & 7) & 1:
            space.add_hit(
                person, form,
                not wide or (self.form_owner.data[2 * <size_t>form + 1] & FORM_MULTIPLE) != 0
                or identifies(masks, size, queries, full_parts, False),
            )
        return 0

    cdef inline int _first_letter(self, uint32_t part) noexcept nogil:
        cdef uint8_t letter = self.letters(part)[0]
        return letter - 97 if letter >= 97 and letter <= 122 else 26

    cdef int _search_merged(self, Workspace space) except -1 nogil:
        """Find the people whose name holds joined what the query holds apart, or the reverse."""
        cdef Query* query = &space.query
        cdef int queries = query.size[0], position, count, member, length
        cdef uint8_t word[4 * 64]
        cdef int32_t run[4]
        cdef PartInfo* part
        for position in range(queries):
            part = &query.parts[0][position]
            if part.raw:
                continue
            for count in range(2, min(4, queries - position) + 1):
                length = 0
                for member in range(position, position + count):
                    memcpy(word + length, query.parts[0][member].letters, query.parts[0][member].length)
                    length += query.parts[0][member].length
                if length > 61 or (count > 2 and length > count):
                    continue
                run[0] = self.find_word(word, length)
                if run[0] >= 0:
                    self._offer_merged(space, run, 1)
            for length in range(1, part.length):
                run[0] = self.find_word(part.letters, length)
                if run[0] >= 0:
                    run[1] = self.find_word(part.letters + length, part.length - length)
                    if run[1] >= 0:
                        self._offer_merged(space, run, 2)
            if 3 <= part.length <= 4:
                for member in range(part.length):
                    run[member] = self.find_word(part.letters + member, 1)
                    if run[member] < 0:
                        break
                else:
                    self._offer_merged(space, run, part.length)
        return 0

    cdef inline uint32_t _posting_count(self, uint32_t part) noexcept nogil:
        return (
            self.posting_start.data[CLASSES * <size_t>part + CLASSES] - self.posting_start.data[CLASSES * <size_t>part]
        )

    cdef int _offer_merged(self, Workspace space, const int32_t* run, int count) except -1 nogil:
        """Count the people whose name holds the parts of a run side by side, if their best reading satisfies the level.

        The rarest part of the run is read, in the classes that have room for the run.
        """
        cdef size_t at, first
        cdef uint32_t form, person, rarest = run[0]
        cdef int size, position, member
        cdef const uint32_t* parts
        cdef Alignment found
        for member in range(1, count):
            if self._posting_count(run[member]) < self._posting_count(rarest):
                rarest = run[member]
        first = CLASSES * <size_t>rarest
        for at in range(self.posting_start.data[first + count - 1], self.posting_start.data[first + CLASSES]):
            form = self.posting_form.data[at]
            if self.form_owner.data[2 * <size_t>form + 1] & 3:
                continue
            parts = self.form(form, &size)
            for position in range(size - count + 1):
                for member in range(count):
                    if parts[position + member] != <uint32_t>run[member]:
                        break
                else:
                    break
            else:
                continue
            person = self.form_owner.data[2 * <size_t>form]
            if space.seen[person >> 3] >> (person & 7) & 1:
                continue
            self._align(space, person, form, &found)
            if found.lowest <= space.query.level:
                space.add_hit(person, form, True)
        return 0

    cdef int _score_forms(
        self, Workspace space, int query_form, const uint32_t* parts, int size, int name_form,
        bint contradicting, Alignment* found,
    ) except -1 nogil:
        """Score one reading. Unless ``contradicting``, one in which the pairs that some level accepts do not pair off
        every part of the shorter form is put off: its level is NO_LEVEL."""
        cdef Query* query = &space.query
        cdef Grid grid
        cdef int row, column, value
        cdef uint16_t accepted[MAX_PARTS]
        cdef uint16_t needed[MAX_PARTS]
        cdef int32_t* relations[MAX_PARTS]
        cdef PartInfo info
        cdef bint whole = False, marked = space.marked and not contradicting
        grid.rows = query.size[query_form]
        grid.columns = size
        found.merged = False
        found.query_form = query_form
        found.name_form = name_form
        if marked:
            for column in range(size):
                accepted[column] = self._marks(space, parts[column])
            whole = identifies(accepted, size, grid.rows, 0, False)
            if not whole:
                found.level = NO_LEVEL
                return 0
        for row in range(grid.rows):
            grid.query_weight[row] = query.weight[query_form][row]
        for column in range(size):
            space.relations(parts[column])
        for column in range(size):
            relations[column] = space.relations(parts[column])   # after the last has its place: places move
            info.letters = NULL
            grid.name_weight[column] = self._weight(parts[column])
            relations[column] += query.pool_start[query_form]
            if not marked:
                accepted[column] = 0
            for row in range(grid.rows):
                grid.kind[row][column] = 0
                grid.points[row][column] = 0
                if marked and not accepted[column] >> row & 1:
                    continue
                value = relations[column][row]
                if value < 0:
                    if info.letters == NULL:
                        self._describe_part(parts[column], &info, query.grouped)
                    value = relate_kind(self.rules, &query.parts[query_form][row], &info)
                    relations[column][row] = value
                grid.kind[row][column] = value >> 16
                if value >> 16:
                    accepted[column] |= 1u << row
        if not whole:
            whole = identifies(accepted, size, grid.rows, 0, False)
            if not (whole or contradicting):
                found.level = NO_LEVEL
                return 0
        _needed(accepted, size, grid.rows, whole, needed)
        for column in range(size):
            info.letters = NULL
            for row in range(grid.rows):
                if not needed[column] >> row & 1:
                    continue
                value = relations[column][row]
                if value & UNEARNED == UNEARNED:
                    if info.letters == NULL:
                        self._describe_part(parts[column], &info, query.grouped)
                    value = earn(self.rules, &query.parts[query_form][row], &info, value)
                    relations[column][row] = value
                grid.points[row][column] = value & UNEARNED
        score_grid(
            self.rules, &grid, VARIANT if query_form or name_form else EXACT, query.full_parts[query_form],
            query.share, found,
        )
        return 0

    cdef inline int _weight(self, uint32_t part) noexcept nogil:
        cdef PartInfo info
        if self.part_rarity[part] == 0 or self.length(part) == 1:
            self._describe_part(part, &info, False)
            return weight(self.rules, &info)
        return self.rules.letters.rarity_base + self.part_rarity[part]

    cdef inline uint16_t _marks(self, Workspace space, uint32_t part) noexcept nogil:
        if space.has_initials:
            return space.mark[part] | space.initial_mask[self._first_letter(part)]
        return space.mark[part]

    cdef int _align(self, Workspace space, uint32_t person, uint32_t form, Alignment* best) except -1 nogil:
        """The best reading over all names of a person, of whom ``form`` is one form."""
        cdef size_t first, last, end
        cdef uint32_t meta = self.form_owner.data[2 * <size_t>form + 1], name, dates, date_at
        cdef int kind = 0, date_kind = 0
        cdef bint put_off = False
        cdef Query* query = &space.query
        cdef uint32_t alone[2]
        no_reading(best)
        if meta & FORM_MULTIPLE:
            meta = (meta & ~FORM_MULTIPLE) >> 2
            first = self.several_start.data[meta]
            last = self.several_start.data[meta + 1]
            while first < last:
                name = self.several_form.data[2 * first + 1] >> 2
                end = first + 1
                while end < last and self.several_form.data[2 * end + 1] >> 2 == name:
                    end += 1
                put_off |= self._align_name(space, self.several_form.data + 2 * first, <int>(end - first), best)
                first = end
            if put_off and (query.contradicted_bound > best.score or best.lowest > CLOSE):
                first = self.several_start.data[meta]
                while first < last:
                    name = self.several_form.data[2 * first + 1]
                    self._align_rest(space, self.several_form.data[2 * first], name >> 2, name & 3, best)
                    first += 1
        else:
            alone[0] = form
            alone[1] = 0
            if self._align_name(space, alone, 1, best):
                self._align_rest(space, form, 0, 0, best)
        best.date_kind = 0
        best.date_points = 0
        best.sex_kind = 0
        best.sex_points = 0
        if query.date:
            dates = self.dates_of(person)
            date_kind = DATE_ABSENT
            if dates & DOB_SEVERAL and (dates & ~DOB_SEVERAL) + 1 < self.dob_several_start.size:
                date_kind = 0
                dates &= ~DOB_SEVERAL
                for date_at in range(self.dob_several_start.data[dates], self.dob_several_start.data[dates + 1]):
                    kind = date_agreement_of(query.date, self.dob_several.data[date_at])
                    if kind > date_kind:
                        date_kind = kind
                if date_kind == 0:
                    date_kind = DATE_ABSENT
            elif dates and not dates & DOB_SEVERAL:
                date_kind = date_agreement_of(query.date, dates)
            best.date_kind = date_kind
            best.date_points = self.rules.date_points[query.precision][query.sex != 0][date_kind]
            best.score += best.date_points
        if query.sex:
            best.sex_kind = sex_agreement_of(query.sex, self.sex_of(person))
            best.sex_points = self.rules.sex_points[query.precision][query.sex != 0][best.sex_kind]
            best.score += best.sex_points
        return 0

    cdef int _align_name(self, Workspace space, const uint32_t* forms, int count, Alignment* best) except -1 nogil:
        """Offer the readings of one name; ``forms`` are pairs as in ``several_form``, the full form first.

        Returns whether any was put off, since some part contradicts there: ``_align_rest`` offers those.
        """
        cdef Query* query = &space.query
        cdef int query_form, number, size, position, full_size, name_form
        cdef const uint32_t* parts
        cdef const uint32_t* full
        cdef Alignment found
        cdef PartInfo infos[MAX_PARTS]
        cdef bint put_off = False
        cdef int turn = MAX_TURNS * <int>(forms[1] >> 2)
        for query_form in range(query.forms):
            for number in range(count):
                parts = self.form(forms[2 * number], &size)
                name_form = forms[2 * number + 1] & 3
                self._score_forms(space, query_form, parts, size, name_form, False, &found)
                if found.level > CLOSE:
                    put_off = True
                    continue
                found.name = forms[2 * number + 1] >> 2
                found.form = forms[2 * number]
                found.turn = turn + MAX_FORMS * query_form + name_form
                keep_better(&found, best)
        full = self.form(forms[0], &full_size)
        if self._may_join(query, full, full_size):
            for position in range(full_size):
                self._describe_part(full[position], &infos[position], True)
            found = best[0]
            score_merged(
                self.rules, query.parts[0], query.size[0], infos, full_size, query.share, turn + MAX_TURNS - 1, &found
            )
            if found.turn == turn + MAX_TURNS - 1:
                found.name = forms[1] >> 2
                found.form = forms[0]
            best[0] = found
        return put_off

    cdef int _align_rest(
        self, Workspace space, uint32_t form, uint32_t name, int name_form, Alignment* best
    ) except -1 nogil:
        """Offer the readings of one form that were put off."""
        cdef int size, query_form
        cdef const uint32_t* parts = self.form(form, &size)
        cdef Alignment found
        for query_form in range(space.query.forms):
            self._score_forms(space, query_form, parts, size, name_form, True, &found)
            if found.level > CLOSE:
                found.name = name
                found.form = form
                found.turn = MAX_TURNS * <int>name + MAX_FORMS * query_form + name_form
                keep_better(&found, best)
        return 0

    cdef bint _may_join(self, const Query* query, const uint32_t* full, int size) noexcept nogil:
        """Joined parts need a part of exactly their length on the other side: most names end here."""
        cdef int count, position, other, joined
        for count in range(2, 5):
            for position in range(query.size[0] - count + 1):
                joined = 0
                for other in range(position, position + count):
                    joined += query.parts[0][other].length
                if count > 2 and joined > count:
                    continue
                for other in range(size):
                    if self.length(full[other]) == joined:
                        return True
            for position in range(size - count + 1):
                joined = 0
                for other in range(position, position + count):
                    joined += self.length(full[other])
                if count > 2 and joined > count:
                    continue
                for other in range(query.size[0]):
                    if query.parts[0][other].length == joined:
                        return True
        return False

    cdef int _find_people(self, Workspace space) except -1 nogil:
        """Find every person who satisfies the query."""
        cdef int form
        if space.query.level > EXACT:
            self._search_merged(space)
        for form in range(space.query.forms if space.query.level > EXACT else 1):
            self._search_form(space, form)
        return 0

    cdef inline void _prefetch_names(self, uint32_t form) noexcept nogil:
        cdef uint32_t meta = self.form_owner.data[2 * <size_t>form + 1]
        if meta & FORM_MULTIPLE:
            PS_PREFETCH(self.several_form.data + 2 * <size_t>self.several_start.data[(meta & ~FORM_MULTIPLE) >> 2])

    cdef int _score_people(self, Workspace space, size_t wanted) except -1 nogil:
        """Score the people found, at least all that can be among the first ``wanted``."""
        cdef size_t at, above = 0
        cdef Alignment found
        cdef int bound = 1024
        if space.query.level == WIDE and space.query.forms == 1 and space.query.size[0] > 1:
            bound = space.query.contradicted_bound + 1000 - space.query.share
        for at in range(space.hit_count):
            if at + 8 < space.hit_count:
                self._prefetch_names(space.hits[at + 8].form)
            if space.hits[at].surely_close or bound == 1024:
                self._align(space, space.hits[at].person, space.hits[at].form, &found)
                space.hits[at].score = <int16>found.score
                above += found.score > bound
        if bound == 1024 or above >= wanted:
            return 0
        for at in range(space.hit_count):
            if not space.hits[at].surely_close:
                self._align(space, space.hits[at].person, space.hits[at].form, &found)
                space.hits[at].score = <int16>found.score
        return 0

    cdef Workspace _borrow(self, bytes text, int level, uint32_t date, int sex):
        """A workspace with the query read into it."""
        cdef Workspace space
        if not EXACT <= level <= WIDE:
            raise ValueError("no such level")
        try:
            space = self.pool.pop()
        except IndexError:
            space = Workspace(self.parts, self.people)
        space.query.level = level
        space.query.date = date
        space.query.sex = sex
        read_name(self.rules, text, &space.parsed)
        prepare(self.rules, &space.parsed, &space.query)
        return space

    def search(self, bytes text not None, int level, size_t offset, size_t limit, unsigned int date=0, int sex=0):
        """The exact number of people who satisfy the level, and one page of them.

        Returns the total and for each hit of the page what ``_show`` gives. The order is score descending, then person
        ascending. A workspace that an error leaves behind is dropped.
        """
        cdef Workspace space = self._borrow(text, level, date, sex)
        cdef size_t total, at, first = 0, count = 0
        cdef Alignment found
        cdef int32_t row[ROW]
        cdef list page = []
        with nogil:
            self._find_people(space)
            total = space.hit_count
            first = offset if offset < total else total
            count = limit if limit < total - first else total - first
            if count:
                self._score_people(space, first + count)
                _order_page(space.hits, total, first + count)
                self._prefetch_page(space.hits + first, count)
        for at in range(count):
            self._align(space, space.hits[first + at].person, space.hits[first + at].form, &found)
            if found.lowest > level:
                raise ValueError("posting_form")    # only a crafted index finds a person whom the rules do not
            write_row(&found, space.hits[first + at].person, row)
            page.append(self._show(row))
        space.forget()
        self.pool.append(space)
        return total, page

    cdef void _prefetch_page(self, const Hit* hits, size_t count) noexcept nogil:
        """Ask for what ``_show`` reads of the first hits, all at once."""
        cdef size_t at
        for at in range(min(count, <size_t>32)):
            PS_PREFETCH(&self.name_start.data[hits[at].person >> BLOCK_SHIFT])
            PS_PREFETCH(&self.person_id_start.data[hits[at].person >> BLOCK_SHIFT])
        for at in range(min(count, <size_t>32)):
            PS_PREFETCH(self.person_id + self.person_id_start.data[hits[at].person >> BLOCK_SHIFT])
            PS_PREFETCH(self.name_kind + self.name_start.data[hits[at].person >> BLOCK_SHIFT])
            if self.name_text != NULL:
                PS_PREFETCH(&self.name_text_start.data[self.name_start.data[hits[at].person >> BLOCK_SHIFT]])

    cdef tuple _show(self, const int32_t* row):
        """The alignment row (see ``_align.write_row``) without its unused end, person id, name as given (None where the
        index keeps none) and kind of name."""
        cdef uint32_t person = row[0]
        cdef int64_t name = self.name_of(person, row[3])
        cdef int kind = 0, at
        text = None
        if name >= 0:
            kind = self.name_kind[name] & (LAST_NAME - 1)
            if self.name_text != NULL:
                text = PyUnicode_DecodeUTF8(
                    <const char*>self.name_text + self.name_text_start.data[name],
                    self.name_text_start.data[name + 1] - self.name_text_start.data[name], "replace",
                )
        return (
            tuple([row[at] for at in range(ROW_HEAD + 4 * row[7])]),
            self.person_text(person), text, kind,
        )

    def count(self, bytes text not None):
        """How many people each level finds."""
        cdef Workspace space
        cdef int level
        totals = []
        for level in range(NO_LEVEL):
            space = self._borrow(text, level, 0, 0)
            with nogil:
                self._find_people(space)
            totals.append(space.hit_count)
            space.forget()
            self.pool.append(space)
        return totals

    def align(self, bytes text not None, size_t person, size_t form, unsigned int date=0, int sex=0):
        """What ``search`` gives for one person, hit or not; ``form`` is any form of theirs."""
        cdef Workspace space
        cdef Alignment found
        cdef int32_t row[ROW]
        if form >= self.forms or self.form_owner.data[2 * form] != person:
            raise ValueError("form_owner")
        space = self._borrow(text, CLOSE, date, sex)
        self._align(space, <uint32_t>person, <uint32_t>form, &found)
        write_row(&found, <int>person, row)
        space.forget()
        self.pool.append(space)
        return self._show(row)

cdef void _needed(const uint16_t* accepted, int columns, int rows, bint whole, uint16_t* needed) noexcept nogil:
    """For each part of a form, the query parts whose points beside it can matter.

    The best assignment holds as many accepted pairs as can be. Where these pair off every part of the shorter form
    (``whole``), no other pair is in it; where they all share a part, one of them pairs that part.
    """
    cdef int column, columns_accepted = 0
    cdef uint16_t every = <uint16_t>((1u << rows) - 1), rows_accepted = 0
    for column in range(columns):
        needed[column] = accepted[column]
        rows_accepted |= accepted[column]
        columns_accepted += accepted[column] != 0
    if whole:
        return
    for column in range(columns):
        if columns_accepted == 1 and accepted[column]:
            continue
        if rows_accepted and rows_accepted & (rows_accepted - 1) == 0:
            needed[column] |= every & ~rows_accepted
        else:
            needed[column] = every


cdef int _compare_hits(const void* one, const void* other) noexcept nogil:
    cdef const Hit* a = <const Hit*>one
    cdef const Hit* b = <const Hit*>other
    if a.score != b.score:
        return 1 if a.score < b.score else -1
    return (a.person > b.person) - (a.person < b.person)


cdef void _order_page(Hit* hits, size_t total, size_t wanted) noexcept nogil:
    """Move the first ``wanted`` hits to the front, in order."""
    cdef size_t counts[1025]
    cdef size_t at, kept = 0, above = 0
    cdef int score
    cdef Hit hit
    if wanted == 0:
        return
    if total > 4 * wanted:
        memset(counts, 0, sizeof(counts))
        for at in range(total):
            counts[max(0, min(1024, hits[at].score))] += 1
        score = 1024
        while score > 0 and above + counts[score] < wanted:
            above += counts[score]
            score -= 1
        for at in range(total):
            if hits[at].score >= score:
                hit = hits[kept]
                hits[kept] = hits[at]
                hits[at] = hit
                kept += 1
        total = kept
    qsort(hits, total, sizeof(Hit), _compare_hits)
