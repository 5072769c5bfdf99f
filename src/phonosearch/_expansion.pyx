"""The parts of an index that a query part may match: every rule of a level, enumerated.

ARCHITECTURE.md says why nothing is left out.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset

from phonosearch._arrays cimport CLASSES, Array, PackedNames, lower_bound
from phonosearch._bits cimport PS_LOWEST, PS_POPCOUNT
from phonosearch._deletions cimport MAX_DELETIONS, deletion_bucket, deletion_keys, deletions_of
from phonosearch._distance cimport osa_pattern, pattern_init
from phonosearch._double_metaphone cimport double_metaphone_codes
from phonosearch._heard cimport HEARD_ROOM, NOTE_LENGTH, NOTE_LETTERS, NOTE_NUMBER, noted_letters
from phonosearch._lanes cimport AT_ONCE, LETTERS, Query, nearby, query_init, vectors_here
from phonosearch._large_pages cimport zeros_in_large_pages
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._relation cimport (
    CLOSE, CLOSE_KIND, EXACT, LETTER_BITS, SKETCH_LENGTH, SOUNDS, UNEARNED, PartInfo, earn, key_bits, key_sketch,
    letter_sketch, look_up_reading, may_be_within, reads_alike, weight, written_for,
)
from phonosearch._text cimport TextRules, WordEntry
from phonosearch._words cimport pack_word
from phonosearch._workspace cimport Expansion, Workspace

cdef enum:
    UNKNOWN = -2
    NOTED = (1 << NOTE_LETTERS) - 1

cdef uint64_t KNOWN = 0x80000000

# 0: one part after the other; 1: the vectors of the compiler; 2: AVX2; 3: AVX-512. All give the same.
cdef int vectors = vectors_here()


def _use_vectors(int level):
    """Choose how the edits of many parts are counted, for the tests; gives what was chosen before."""
    global vectors
    cdef int before = vectors
    vectors = max(0, min(level, vectors_here()))
    return before


cdef class PartIndex(PackedNames):
    """The expansion of query parts over the packed arrays; arguments and errors as those of ``PackedNames``."""

    def __cinit__(self, TextRules rules not None, dict arrays not None, dict bounds=None):
        self.spelling_part = NULL
        self.nickname_part = NULL
        self.part_facts = NULL
        self.part_sketch = NULL
        self.part_heard = NULL
        self._allocate_members()
        # The offsets of letters that many are taken by have a sign.
        self.letters_within_reach = min(self.part_letters_size, <size_t>1 << 31)

    def __dealloc__(self):
        free(self.spelling_part)
        free(self.nickname_part)
        free(self.part_facts)
        free(self.part_sketch)
        free(self.part_heard)

    cdef int _allocate_members(self) except -1:
        cdef size_t group, place
        cdef uint64_t keys
        cdef int spellings = self.rules.spelling_members_start[self.rules.spelling_group_count], at
        cdef int nicknames = self.rules.nickname_members_start[self.rules.nickname_group_count]
        self.spelling_part = <int32_t*>malloc((spellings + 1) * sizeof(int32_t))
        self.nickname_part = <int32_t*>malloc((nicknames + 1) * sizeof(int32_t))
        self.part_facts = <uint64_t*>zeros_in_large_pages(self.parts + 1, sizeof(uint64_t))
        self.part_sketch = <uint32_t*>zeros_in_large_pages(self.parts + 1, sizeof(uint32_t))
        self.part_heard = <uint64_t*>zeros_in_large_pages(self.parts + 1, sizeof(uint64_t))
        if (
            self.spelling_part == NULL or self.nickname_part == NULL or self.part_facts == NULL
            or self.part_sketch == NULL or self.part_heard == NULL
        ):
            raise MemoryError
        for group in range(self.heard_code.size):
            keys = key_bits(self.heard_code.data[group], 0)
            for place in range(self.heard_start.data[group], self.heard_start.data[group + 1]):
                self.part_heard[self.heard_part.data[place]] |= keys
        for at in range(spellings):
            self.spelling_part[at] = UNKNOWN
        for at in range(nicknames):
            self.nickname_part[at] = UNKNOWN
        return 0

    cdef inline uint32_t _sketch(self, uint32_t part) noexcept nogil:
        if self.part_sketch[part] == 0:
            self.part_sketch[part] = letter_sketch(self.letters(part), self.length(part))
        return self.part_sketch[part]

    cdef bint surely_unrelated(self, const PartInfo* asked, uint32_t sketch, uint32_t part) noexcept nogil:
        """Whether no level pairs a part of the query, of this sketch, with a part, as far as its codes and its sketch
        tell: without a look at the letters, this is said of most that no level pairs."""
        cdef const uint32_t* codes = self.part_key.data + 3 * <size_t>part
        cdef uint32_t other
        cdef int length
        # The first letters differ, and so do any alternate beginnings and endings.
        if not self.rules.beginnings_alike or (asked.soundex ^ codes[2]) >> 24 == 0:
            return False
        if asked.soundex == 0 or codes[2] == 0:
            return False
        if asked.length == 1 or asked.primary >> 8 == codes[0] >> 8 or asked.primary == codes[1]:
            return False
        if asked.alternate != 0 and (asked.alternate == codes[0] or asked.alternate == codes[1]):
            return False
        if asked.entry != NULL and self.facts(part) >> 32:
            return False
        other = self._sketch(part)
        length = other >> SKETCH_LENGTH
        if length < 2 or may_be_within(sketch, other, self.rules.edits_for_letters[max(length, asked.length)]):
            return False
        if asked.heard & key_bits(codes[0], codes[1]):
            return False
        return asked.keys == 0 or self.part_heard[part] & asked.keys == 0

    cdef uint64_t _learn_facts(self, uint32_t part) noexcept nogil:
        cdef PartInfo info
        cdef uint64_t key, entry_place = 0
        cdef const WordEntry* entry
        cdef uint32_t letter
        info.letters = self.letters(part)
        info.length = self.length(part)
        info.rarity = self.rules.letters.rarity_unknown
        letter = info.letters[0] - 97
        if info.letters[0] >= 97:
            key = pack_word(info.letters, info.length)
            entry = self.rules.word(key)
            if entry != NULL:
                entry_place = <uint64_t>(entry - self.rules.words) + 1
            info.rarity = self.rules.letters.rarity_of(key)
        self.part_facts[part] = (
            <uint64_t>weight(self.rules, &info) | <uint64_t>info.length << 16
            | <uint64_t>min(letter, <uint32_t>26) << 24 | KNOWN | entry_place << 32
        )
        return self.part_facts[part]

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

    cdef void describe_part(self, uint32_t part, PartInfo* info, bint grouped) noexcept nogil:
        cdef uint64_t facts = self.facts(part)
        self._describe_letters(part, info)
        info.keys = key_sketch(self.rules, info)
        info.heard = self.part_heard[part]
        info.entry = NULL
        if grouped and facts >> 32:
            info.entry = self.rules.words + ((facts >> 32) - 1)

    cdef void _describe_letters(self, uint32_t part, PartInfo* info) noexcept nogil:
        cdef uint64_t facts = self.facts(part)
        info.letters = self.letters(part)
        info.length = facts >> 16 & 0xFF
        info.raw = info.letters[0] < 97
        info.primary = self.part_key.data[3 * <size_t>part]
        info.alternate = self.part_key.data[3 * <size_t>part + 1]
        info.soundex = self.part_key.data[3 * <size_t>part + 2]
        info.rarity = <int>(facts & 0xFFFF) - self.rules.letters.rarity_base     # of an initial, nothing asks for it

    cdef int expand(self, Workspace space, const PartInfo* part, int level) except -1 nogil:
        """Mark every part of the index that the level accepts for the next part of the current form of the query."""
        cdef int position = space.query.pool_start[space.form] + space.expansions, group
        cdef uint64_t word
        cdef uint64_t forms[CLASSES]
        cdef uint64_t lasts[CLASSES]
        cdef size_t at
        cdef uint16_t bit = 1u << space.expansions
        cdef const Expansion* known
        level = min(level, <int>CLOSE)      # `wide` expands as `close` does
        if part.length == 1 and level > EXACT and not part.raw:
            space.initial_mask[part.letters[0] - 97] |= bit
            space.has_initials = space.unmarked_initials = True
        word = space.words[position]
        known = space.begin_expansion(word, level)
        if known != NULL:
            space.recall_expansion(known, position)
            return 0
        self._expand(space, part, bit, level)
        memset(forms, 0, sizeof(forms))
        memset(lasts, 0, sizeof(lasts))
        for at in range(space.expansion[space.expansions].start, space.match_count):
            if at + 8 < space.match_count:
                PS_PREFETCH(self.posting_start.data + CLASSES * <size_t>space.matches[at + 8].part)
                PS_PREFETCH(self.last_start.data + CLASSES * <size_t>space.matches[at + 8].part)
            for group in range(CLASSES):
                forms[group] += self.forms_with(space.matches[at].part, group)
                lasts[group] += self.forms_ending_in(space.matches[at].part, group)
        space.end_expansion(word, level, forms, lasts)
        return 0

    cdef int _expand(self, Workspace space, const PartInfo* part, uint16_t bit, int level) except -1 nogil:
        cdef int32_t found = self.find(part.letters, part.length, part.primary)
        cdef int at, group, member
        if found >= 0:
            space.add_match(found, bit)
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
                        space.add_match(found, bit)
            for at in range(part.entry.nickname_start, part.entry.nickname_end):
                group = self.rules.groups[at] >> 1
                for member in range(
                    self.rules.nickname_members_start[group], self.rules.nickname_members_start[group + 1]
                ):
                    found = self._member(self.nickname_part, self.rules.nickname_members, member)
                    if found >= 0:
                        space.add_match(found, bit)
        self._expand_beginnings(space, part, bit)
        self._expand_endings(space, part, bit)
        if part.length == 1:
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
            space.add_match(found, bit)
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
                        space.add_match(<uint32_t>at, bit)
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
                    space.add_match(parts.data[at], bit)
        return 0

    cdef int _expand_close(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil:
        cdef uint64_t keys[MAX_DELETIONS]
        cdef uint32_t buckets[MAX_DELETIONS]
        cdef int count = deletion_keys(part.letters, part.length, deletions_of(self.rules, part.length), keys), key
        cdef size_t at, kept = 0
        cdef uint32_t other, sketch, mine = space.sketches[space.query.pool_start[space.form] + space.expansions]
        cdef int length
        for key in range(count):
            buckets[key] = deletion_bucket(keys[key], self.deletion_shift)
            PS_PREFETCH(&self.deletion_start.data[buckets[key]])
        for key in range(count):
            PS_PREFETCH(&self.deletion_part.data[self.deletion_start.data[buckets[key]]])
        # What is far apart in memory is asked for well before it is read.
        space.candidate_count = 0
        for key in range(count):
            at = self.deletion_start.data[buckets[key]]
            space.reserve_candidates(self.deletion_start.data[buckets[key] + 1] - at)
            while at < self.deletion_start.data[buckets[key] + 1]:
                other = self.deletion_part.data[at]
                PS_PREFETCH(&self.part_sketch[other])
                PS_PREFETCH(&space.mark[other])
                space.candidates[space.candidate_count] = other
                space.candidate_count += 1
                at += 1
        for at in range(space.candidate_count):
            other = space.candidates[at]
            sketch = self._sketch(other)
            length = sketch >> SKETCH_LENGTH
            PS_PREFETCH(&self.part_start.data[other])
            space.candidates[kept] = other
            kept += not space.mark[other] & bit and length > 1 and may_be_within(
                mine, sketch, self._edits(max(length, part.length), False)
            )
        space.candidate_count = kept
        self._keep_within(space, part, deletions_of(self.rules, part.length), False)
        for at in range(space.candidate_count):
            space.add_match(space.candidates[at], bit)
        self._expand_alike(space, part, bit)
        return self._expand_heard(space, part, bit)

    cdef int _keep_within(self, Workspace space, const PartInfo* part, int limit, bint alike) noexcept nogil:
        """Of candidates of which the sketches leave a chance, keep those that are few enough edits from a part.

        How many are allowed, at most ``limit``, follows from the longer of both; it is another number for parts that
        begin ``alike``. Many are compared at once, where the processor can and nothing is read beyond the last letter.
        """
        cdef Query query
        cdef int32_t begin[AT_ONCE]
        cdef uint8_t lengths[AT_ONCE]
        cdef uint8_t distance[AT_ONCE]
        cdef uint32_t chosen[AT_ONCE]
        cdef uint32_t other
        cdef uint64_t near
        cdef size_t at = 0, kept = 0, count = space.candidate_count
        cdef int number, lane, allowed, length
        cdef bint together = count > 4 and vectors > 0 and part.length + limit <= LETTERS
        if together:
            query_init(&query, part.letters, part.length, limit, True, vectors)
        while at < count:
            number = 0
            while at < count and number < AT_ONCE:
                other = space.candidates[at]
                at += 1
                length = self._sketch(other) >> SKETCH_LENGTH
                if together and self.part_start.data[other] + <size_t>LETTERS <= self.letters_within_reach:
                    chosen[number] = other
                    begin[number] = <int32_t>self.part_start.data[other]
                    lengths[number] = length
                    number += 1
                    PS_PREFETCH(self.letters(other))
                    continue
                allowed = self._edits(max(length, part.length), alike)
                space.candidates[kept] = other
                kept += osa_pattern(&part.pattern, self.letters(other), length, allowed) <= allowed
            if number == 0:
                continue
            near = nearby(&query, self.part_letters, begin, lengths, number, distance)
            while near:
                lane = PS_LOWEST(near)
                near &= near - 1
                space.candidates[kept] = chosen[lane]
                kept += distance[lane] <= self._edits(max(<int>lengths[lane], part.length), alike)
        space.candidate_count = kept
        return 0

    cdef inline int _edits(self, int longer, bint alike) noexcept nogil:
        return min(self.rules.alike_edits, longer // 2) if alike else self.rules.edits_for_letters[longer]

    cdef int _expand_alike(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil:
        """Parts that begin with the same sounds: they stand side by side, since parts are sorted by primary code."""
        cdef uint32_t beginning = part.primary >> 8 << 8, found
        cdef size_t group, at
        cdef PartInfo other
        cdef int relation, position = space.query.pool_start[space.form] + space.expansions
        if not beginning & 0xFF00:
            return 0
        space.candidate_count = 0
        for group in range(lower_bound(&self.primary_code, beginning), self.primary_code.size):
            if self.primary_code.data[group] >> 8 << 8 != beginning:
                break
            if self.primary_code.data[group] != part.primary:   # those sound the same, and are marked
                self._collect(
                    space, self.primary_start.data[group], self.primary_start.data[group + 1], NULL,
                    space.sketches[position], part.length, bit,
                )
        self._keep_within(space, part, self.rules.alike_edits, True)
        for at in range(space.candidate_count):
            PS_PREFETCH(&self.part_key.data[3 * <size_t>space.candidates[at]])
            PS_PREFETCH(&self.part_facts[space.candidates[at]])
        for at in range(space.candidate_count):
            found = space.candidates[at]
            self.describe_part(found, &other, False)
            # Whatever else could relate them has been marked before.
            relation = earn(self.rules, part, &other, CLOSE_KIND)
            if relation & UNEARNED >= self.rules.alike_points:
                space.add_match(found, bit)
                # The letters alone decide what is alike; beside other parts they earn other points.
                space.relations(found)[position] = relation if not part.beside else CLOSE_KIND | UNEARNED
        return 0

    cdef int _collect(
        self, Workspace space, size_t first, size_t last, const uint32_t* parts, uint32_t mine, int length,
        uint16_t bit,
    ) except -1 nogil:
        """Add to the candidates what is not marked and may be as few edits from a word as parts are that begin alike.

        ``parts`` are the candidates from ``first`` to ``last``, or NULL for those numbers themselves.
        """
        cdef size_t at, kept = space.candidate_count
        cdef uint32_t other, sketch
        cdef int theirs
        space.reserve_candidates(last - first)
        for at in range(first, last):
            other = <uint32_t>at if parts == NULL else parts[at]
            sketch = self._sketch(other)
            theirs = sketch >> SKETCH_LENGTH
            space.candidates[kept] = other
            kept += not space.mark[other] & bit and theirs > 1 and may_be_within(
                mine, sketch, self._edits(max(length, theirs), True)
            )
        space.candidate_count = kept
        return 0

    cdef int _expand_heard(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil:
        """Parts that are written for what is heard when another orthography reads the query part, and the reverse."""
        cdef uint8_t room[HEARD_ROOM]
        cdef PartInfo heard
        cdef uint32_t which = 0, code, sketch
        cdef uint32_t mine = space.sketches[space.query.pool_start[space.form] + space.expansions]
        cdef size_t group
        cdef int turn
        if part.heard:
            which = self.rules.heard.of(part.letters, part.length, part.rarity)
        heard.letters = room
        while which:
            heard.length = self.rules.heard.read(PS_LOWEST(which), part.letters, part.length, room)
            which &= which - 1
            if heard.length == 0:
                continue
            double_metaphone_codes(room, heard.length, &heard.primary, &heard.alternate)
            sketch = letter_sketch(room, heard.length)
            space.candidate_count = 0
            for turn in range(2):
                code = heard.alternate if turn else heard.primary
                if code == 0 or code == part.primary or code == part.alternate:
                    continue
                group = lower_bound(&self.primary_code, code)
                if group < self.primary_code.size and self.primary_code.data[group] == code:
                    self._collect(
                        space, self.primary_start.data[group], self.primary_start.data[group + 1], NULL, sketch,
                        heard.length, bit,
                    )
                group = lower_bound(&self.alternate_code, code)
                if group < self.alternate_code.size and self.alternate_code.data[group] == code:
                    self._collect(
                        space, self.alternate_start.data[group], self.alternate_start.data[group + 1],
                        self.alternate_part.data, sketch, heard.length, bit,
                    )
            if space.candidate_count:
                self._add_written_for(space, &heard, bit)
        for turn in range(2 if part.keys else 0):
            code = part.alternate if turn else part.primary
            group = lower_bound(&self.heard_code, code)
            if code and group < self.heard_code.size and self.heard_code.data[group] == code:
                self._add_heard_as(
                    space, self.heard_start.data[group], self.heard_start.data[group + 1], part, mine, bit
                )
        return 0

    cdef int _add_written_for(self, Workspace space, PartInfo* heard, uint16_t bit) except -1 nogil:
        """Add those of the candidates that are written for a reading of the query part."""
        cdef PartInfo other
        cdef size_t at
        pattern_init(&heard.pattern, heard.letters, heard.length)
        look_up_reading(self.rules, heard)
        self._keep_within(space, heard, self.rules.alike_edits, True)
        for at in range(space.candidate_count):
            PS_PREFETCH(&self.part_key.data[3 * <size_t>space.candidates[at]])
            PS_PREFETCH(&self.part_facts[space.candidates[at]])
        for at in range(space.candidate_count):
            self._describe_letters(space.candidates[at], &other)
            if other.rarity >= self.rules.heard.least_written and reads_alike(self.rules, heard, &other):
                space.add_match(space.candidates[at], bit)
        return 0

    cdef int _add_heard_as(
        self, Workspace space, size_t first, size_t last, const PartInfo* part, uint32_t sketch, uint16_t bit
    ) except -1 nogil:
        """Add the parts of a list of readings of which one is written as the query part.

        A note says which reading it is and what letters it has, so that few have to be read.
        """
        cdef uint8_t room[HEARD_ROOM]
        cdef PartInfo heard
        cdef uint32_t other, note, letters = noted_letters(sketch & LETTER_BITS)
        cdef size_t at
        cdef int length, allowed
        heard.letters = room
        for at in range(first, last):
            note = self.heard_note.data[at]
            other = self.heard_part.data[at]
            if note >> NOTE_NUMBER == 0:
                if not space.mark[other] & bit:
                    self._add_heard_somehow(space, other, part, bit)
                continue
            length = note >> NOTE_LENGTH & 63
            allowed = self._edits(max(length, part.length), True)
            if (
                not -allowed <= length - part.length <= allowed
                or PS_POPCOUNT(note & ~letters & NOTED) > allowed or PS_POPCOUNT(letters & ~note & NOTED) > allowed
                or space.mark[other] & bit
            ):
                continue
            # What a crafted file says of its notes is read again.
            heard.length = 0
            if self.length(other) <= self.rules.heard.most_letters and note >> NOTE_NUMBER <= self.rules.heard.count:
                heard.length = self.rules.heard.read(
                    (note >> NOTE_NUMBER) - 1, self.letters(other), self.length(other), room
                )
            if heard.length == 0 or osa_pattern(&part.pattern, room, heard.length, allowed) > allowed:
                continue
            double_metaphone_codes(room, heard.length, &heard.primary, &heard.alternate)
            look_up_reading(self.rules, &heard)
            if reads_alike(self.rules, &heard, part):
                space.add_match(other, bit)
        return 0

    cdef int _add_heard_somehow(
        self, Workspace space, uint32_t other, const PartInfo* part, uint16_t bit
    ) except -1 nogil:
        """Add a part of which some reading is written as the query part; it stands in the list of readings."""
        cdef uint8_t room[HEARD_ROOM]
        cdef PartInfo heard
        cdef const uint8_t* letters = self.letters(other)
        cdef int length = self.length(other)
        cdef uint32_t which = self.rules.heard.of(letters, length, self.rules.heard.least_rarity)
        heard.letters = room
        while which:
            heard.length = self.rules.heard.read(PS_LOWEST(which), letters, length, room)
            which &= which - 1
            if heard.length == 0:
                continue
            double_metaphone_codes(room, heard.length, &heard.primary, &heard.alternate)
            if written_for(self.rules, &heard, part):
                return space.add_match(other, bit)
        return 0
