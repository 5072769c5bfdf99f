"""The search kernel: parts to people, people to a ranked page, over packed arrays and without the GIL.

A query part is expanded to the parts of the index that its level accepts; the forms that hold enough of them are read
from postings; each is verified and counted with its people, scored as far as it can be on the page, and ranked.
``_reference`` states the same rules slowly, ARCHITECTURE.md says why this is complete.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport qsort
from libc.string cimport memcpy, memset

from phonosearch._agreement cimport Asked, Evidence
from phonosearch._align cimport (
    FORM, NAME_FORM, ROW, ROW_HEAD, Alignment, Query, prepare, write_row,
)
from phonosearch._arrays cimport BLOCK_SHIFT, CLASSES, OWNER_SEVERAL
from phonosearch._finding cimport FindingIndex
from phonosearch._hit cimport Page, Sheet, begin_sheet, end_sheet, write_hit
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._relation cimport CLOSE, EXACT, NO_LEVEL, WIDE
from phonosearch._scoring cimport prepare_search
from phonosearch._text cimport ACCEPTED, MAX_PARTS, TextRules
from phonosearch._workspace cimport DOUBTFUL, JOINED, PAIRED, UNBOUNDED, Found, Hit, Workspace, has_bit

cdef enum:
    AHEAD = 8                   # forms or people between asking for what is read of one and reading it
    MANY = 256                  # forms found
    NEARLY = 3                  # bits of a bound that decide no order
    OTHERS = 16                 # forms between asking for their parts and reading them


cdef class NameIndex(FindingIndex):
    """The search over the packed arrays of an index; arguments and errors as those of ``PackedNames``."""

    def __cinit__(self, TextRules rules not None, dict arrays not None, dict bounds=None):
        self.pool = []

    cdef int _class_bound(self, const Query* query, int group) noexcept nogil:
        """No form of a class has a greater score, where no parts are joined: the longer form leaves out what it has to
        spare."""
        cdef int form, size, at, place, weight, pairs, bound = 0
        cdef int lightest = self.rules.letters.rarity_base + self.rules.letters.rarity_initial
        cdef int weights[MAX_PARTS]
        cdef long long agreeing, left_out
        if query.level == EXACT:
            return UNBOUNDED
        for form in range(query.forms):
            size = query.size[form]
            if group + 1 == size or (group == CLASSES - 1 and size > CLASSES):
                return UNBOUNDED
            pairs = min(size, group + 1)
            agreeing = left_out = 0
            for at in range(size):
                weight = query.weight[form][at]
                place = at
                while place > 0 and weights[place - 1] < weight:
                    weights[place] = weights[place - 1]
                    place -= 1
                weights[place] = weight
            for at in range(size):
                if at < pairs:
                    agreeing += weights[at]
                else:
                    left_out += weights[at]
            if group + 1 > size:
                left_out = lightest * (group + 1 - size)
            left_out *= self.rules.left_out_alone if pairs < 2 else min(self.rules.left_out, self.rules.left_out_alone)
            bound = max(bound, <int>(query.share * 100 * agreeing // (100 * agreeing + left_out)) + 1)
        return bound

    cdef int _bound_by_class(self, Workspace space) noexcept nogil:
        """A first bound for all that was found."""
        cdef int bounds[CLASSES]
        cdef size_t at
        cdef uint32_t form, several
        cdef int group, most = 0
        cdef Found* found
        for group in range(CLASSES):
            bounds[group] = self._class_bound(&space.query, group)
            most = max(most, bounds[group])
        for at in range(space.found_count):
            found = &space.found[at]
            if found.people + found.several == 0:
                found.bound = -1
            elif found.way == JOINED:
                found.bound = UNBOUNDED
            elif found.source & OWNER_SEVERAL:
                several = found.source & ~<uint32_t>OWNER_SEVERAL
                found.bound = 0
                for form in range(self.several_start.data[several], self.several_start.data[several + 1]):
                    group = self._class_of(self.several_form.data[2 * <size_t>form])
                    if bounds[group] > found.bound:
                        found.bound = bounds[group]
                        if bounds[group] == most:
                            break
            else:
                found.bound = bounds[self._class_of(found.source)]
                if found.way == DOUBTFUL and space.query.forms == 1:
                    # A name that holds joined what was asked apart, or the reverse, is found as such.
                    found.bound = min(<int>found.bound, space.query.contradicted_bound)
        return 0

    cdef inline int _class_of(self, uint32_t form) noexcept nogil:
        return (
            (form >= self.class_start.data[1]) + (form >= self.class_start.data[2])
            + (form >= self.class_start.data[3])
        )

    cdef size_t _order_tier(self, Workspace space, int tier, int* next_tier) except? 0 nogil:
        """Put what has the first bound ``tier`` in the order of closer bounds, greatest first but for those that differ
        by less than ``1 << NEARLY``; how many there are, and the bound below that others have, or -1."""
        cdef uint32_t begin[(UNBOUNDED >> NEARLY) + 1]
        cdef uint32_t size, before = 0
        cdef const uint32_t* parts
        cdef int width
        cdef size_t at, count = 0
        cdef int bound, least = UNBOUNDED, most = 0
        cdef uint32_t source
        cdef Found* found
        space.reserve_order()
        next_tier[0] = -1
        for at in range(space.found_count):
            bound = space.found[at].bound
            if bound < tier:
                next_tier[0] = max(next_tier[0], bound)
            elif bound == tier and space.found[at].score == -1:
                space.order[count] = <uint32_t>at
                count += 1
        if count == 0:
            return 0
        for at in range(count):
            if at + 2 * AHEAD < count and _has_closer_bound(space, at + 2 * AHEAD):
                source = space.found[space.order[at + 2 * AHEAD]].source
                if source & OWNER_SEVERAL:      # the parts of a form were read when it was found
                    source = self.several_start.data[source & ~<uint32_t>OWNER_SEVERAL]
                    PS_PREFETCH(&self.several_form.data[2 * <size_t>source])
            if at + AHEAD < count and _has_closer_bound(space, at + AHEAD):
                self.prefetch_parts(space, space.found[space.order[at + AHEAD]].source)
            found = &space.found[space.order[at]]
            if found.way == JOINED:
                bound = UNBOUNDED
            elif found.source & OWNER_SEVERAL:
                bound = self.bound_several(space, found.source & ~<uint32_t>OWNER_SEVERAL, -1, 0, 0, False)
            elif not _has_closer_bound(space, at):
                bound = tier
            elif space.query.level == EXACT:
                bound = self.bound(space, found.source, 0, False)
            else:
                parts = self.form(found.source, &width)
                bound = self.bound_by_marks(space, parts, width, 0)
                if bound == UNBOUNDED:
                    bound = self.bound_apart(space, parts, width, 0, 0, False)
            bound = min(bound, <int>UNBOUNDED)
            least = min(least, bound)
            most = max(most, bound)
            found.bound = <int16_t>bound
        most >>= NEARLY
        least >>= NEARLY
        memset(&begin[least], 0, (most - least + 1) * sizeof(uint32_t))
        for at in range(count):
            begin[space.found[space.order[at]].bound >> NEARLY] += 1
        for bound in range(most, least - 1, -1):
            size = begin[bound]
            begin[bound] = before
            before += size
        space.reserve_candidates(count)
        for at in range(count):
            bound = space.found[space.order[at]].bound >> NEARLY
            space.candidates[begin[bound]] = space.order[at]
            begin[bound] += 1
        memcpy(space.order, space.candidates, count * sizeof(uint32_t))
        return count

    cdef int _score_found(self, Workspace space, size_t wanted, int least) except -1 nogil:
        """Score what can be among the first ``wanted`` and may come to ``least``; return the least score for a name
        that can.

        What no score can lift to the page is not looked at: first by the class of the form, then by its known pairs,
        then letter by letter.
        """
        cdef size_t at, count
        cdef int score, most, low, tier, next_tier = UNBOUNDED
        cdef Found* found
        cdef Standing standing
        memset(&standing, 0, sizeof(Standing))
        standing.wanted = wanted
        standing.spread = self.spread_of_other_evidence(&space.query, &most)
        standing.least = max(least - most, 0)
        space.candidate_count = 0
        self._bound_by_class(space)
        while next_tier >= _low(&standing):
            tier = next_tier
            count = self._order_tier(space, tier, &next_tier)
            for at in range(count):
                found = &space.found[space.order[at]]
                low = _low(&standing)
                if found.bound < low:
                    if found.bound >> NEARLY < low >> NEARLY:
                        break
                    continue
                if at + 2 * AHEAD < count and found.way == DOUBTFUL:
                    self.prefetch_form(space.found[space.order[at + 2 * AHEAD]].source)
                if at + AHEAD < count and found.way == DOUBTFUL:
                    self.prefetch_parts(space, space.found[space.order[at + AHEAD]].source)
                score = self._score_one(space, found, low)
                if score < low:
                    continue
                if found.people:
                    found.score = <int16_t>score
                    _rise(&standing, score, found.people)
                if found.several:
                    self._score_several(space, found.source, score, &standing)
            for at in range(count):
                space.found[space.order[at]].bound = -1     # done with
        self._score_others(space, &standing)
        return _low(&standing)

    cdef int _score_several(self, Workspace space, uint32_t form, int score, Standing* standing) except -1 nogil:
        """Enter the people of several forms who have this one, of which the score is known, and may score enough."""
        cdef size_t at = self.owner_start.data[form + 1], begin = self.owner_start.data[form]
        while at > begin and self.owner.data[at - 1] & OWNER_SEVERAL:
            at -= 1
            if self.owner.data[at] & ~<uint32_t>OWNER_SEVERAL < self.several_person.size:
                self._score_person(space, self.owner.data[at], form, score, standing)   # else of a crafted file
        return 0

    cdef int _score_others(self, Workspace space, Standing* standing) except -1 nogil:
        """Enter the people of several forms who may score enough by one that was not found: from level close on some
        part contradicts there. Only now, when most scores are known, is it seldom enough.

        What is read of them lies far apart, and is asked for well before.
        """
        cdef Other others[OTHERS]
        cdef size_t at, count = space.counted_count
        cdef uint32_t several, place, form
        cdef int held = 0
        if space.query.level >= CLOSE and space.query.contradicted_bound < _low(standing):
            return 0
        for at in range(count):
            if at + 2 * AHEAD < count:
                PS_PREFETCH(&self.several_start.data[space.counted[at + 2 * AHEAD]])
            if at + AHEAD < count:
                PS_PREFETCH(&self.several_form.data[2 * <size_t>self.several_start.data[space.counted[at + AHEAD]]])
            several = space.counted[at]
            if has_bit(space.entered, several):
                continue
            for place in range(self.several_start.data[several], self.several_start.data[several + 1]):
                form = self.several_form.data[2 * <size_t>place]
                if has_bit(space.seen, form):
                    continue
                others[held].several = several
                others[held].parts = self.form(form, &others[held].size)
                PS_PREFETCH(others[held].parts)
                held += 1
                if held == OTHERS:
                    self._score_held(space, others, held, standing)
                    held = 0
        return self._score_held(space, others, held, standing)

    cdef int _score_held(self, Workspace space, const Other* others, int held, Standing* standing) except -1 nogil:
        """Enter the people of forms that were not found, where a form of theirs may score enough."""
        cdef const Other* other
        cdef int number, low, score
        for number in range(held):
            other = &others[number]
            low = _low(standing)
            if self.bound_by_marks(space, other.parts, other.size, low) < low or has_bit(space.entered, other.several):
                continue
            # By those that were found it scores less, or it would have been entered.
            score = self.bound_others(space, other.several, low, True)
            if score >= low:
                self._enter(space, OWNER_SEVERAL | other.several, score, standing)
        return 0

    cdef int _score_person(
        self, Workspace space, uint32_t source, int64_t known, int known_score, Standing* standing
    ) except -1 nogil:
        """Enter a person of several forms, if the score may matter; ``known_score`` is that of the form ``known``, if
        it is not -1."""
        cdef uint32_t several = source & ~<uint32_t>OWNER_SEVERAL
        cdef int score
        if has_bit(space.entered, several):
            return 0
        score = self.bound_several(space, several, known, known_score, _low(standing), True)
        return self._enter(space, source, score, standing)

    cdef int _enter(self, Workspace space, uint32_t source, int score, Standing* standing) except -1 nogil:
        """Enter a person of several forms, if the score may matter; UNBOUNDED where it is not known."""
        cdef int low = _low(standing)
        if score == UNBOUNDED:
            score = self._aligned_score(space, source, low)
        if score >= low:
            space.add_found(source, 1, 0, PAIRED)
            space.found[space.found_count - 1].bound = -1
            space.found[space.found_count - 1].score = <int16_t>score
            _rise(standing, score, 1)
        return 0

    cdef int enter_several(self, Workspace space) except -1 nogil:
        """Enter the people of several forms who were found and have no entry yet, without a score."""
        cdef size_t at, owner, count = space.found_count
        cdef uint32_t form, several
        for at in range(count):
            if space.found[at].several:
                form = space.found[at].source
                owner = self.owner_start.data[form] + space.found[at].people
                for owner in range(owner, self.owner_start.data[form + 1]):
                    several = self.owner.data[owner] & ~<uint32_t>OWNER_SEVERAL
                    if several < self.several_person.size and not has_bit(space.entered, several):
                        space.add_found(OWNER_SEVERAL | several, 1, 0, PAIRED)
        return 0

    cdef int _score_one(self, Workspace space, const Found* found, int low) except -1 nogil:
        """The score for a name, if it is at least ``low``; else anything less."""
        cdef int score = UNBOUNDED, size
        cdef const uint32_t* parts
        if found.way == JOINED:
            pass
        elif found.source & OWNER_SEVERAL:
            score = self.bound_several(space, found.source & ~<uint32_t>OWNER_SEVERAL, -1, 0, low, True)
        elif found.way == DOUBTFUL:
            parts = self.form(found.source, &size)
            score = self.bound_apart(space, parts, size, 0, low, True)
        else:
            score = self.bound(space, found.source, low, True)
        return self._aligned_score(space, found.source, low) if score == UNBOUNDED else score

    cdef int _aligned_score(self, Workspace space, uint32_t source, int low) except -1 nogil:
        cdef Alignment alignment
        self.align_between(space, source, low, UNBOUNDED, &alignment)
        return max(alignment.score, 0)          # of a crafted file, there may be no reading

    cdef int _mark_for_scoring(self, Workspace space) except -1 nogil:
        """Mark what level close accepts, for all forms of the query.

        A score asks of each pair of parts whether any level accepts it. Marks say so at once, relations one by one. A
        search marks for one form after the other, and no more than its level accepts; what is to be found for the rest
        costs more than few people do, unless the words were asked before and may be again.
        """
        cdef Query* query = &space.query
        cdef int form, position
        if space.marked or query.level == EXACT or query.pool > MAX_PARTS:
            return 0
        if query.level < CLOSE and space.recalled < space.expansions and space.found_count < MANY:
            return 0
        space.forget_form()
        space.form = 0              # the pool begins with its parts, so the bits are those of all forms together
        for form in range(query.forms):
            for position in range(query.size[form]):
                self.expand(space, &query.parts[form][position], CLOSE)
        space.marked = True
        return 0

    cdef int rank(self, Workspace space, size_t wanted, int least) except -1 nogil:
        """The people who can be among the first ``wanted`` and may score ``least``; the first of them in order."""
        cdef int least_name
        cdef size_t at
        cdef uint32_t owner, source
        cdef Alignment other
        cdef bint asked = (
            space.query.other.birth != 0 or space.query.other.sex != 0 or space.query.other.place != 0
            or space.query.other.generations != 0
        )
        self._mark_for_scoring(space)
        least_name = self._score_found(space, wanted, least)
        for at in range(space.found_count):
            if space.found[at].score < least_name or space.found[at].score < 0:
                continue
            source = space.found[at].source
            if source & OWNER_SEVERAL:
                space.add_hit(
                    self.several_person.data[source & ~<uint32_t>OWNER_SEVERAL], source, space.found[at].score
                )
                continue
            for owner in range(self.owner_start.data[source], self.owner_start.data[source] + space.found[at].people):
                if self.owner.data[owner] < self.people:    # in a crafted file, it may be of several forms
                    space.add_hit(self.owner.data[owner], source, space.found[at].score)
        if asked:
            for at in range(space.hit_count):
                if at + 8 < space.hit_count:
                    PS_PREFETCH(&self.dob.data[space.hits[at + 8].person])
                    if self.place.size and space.query.other.place:
                        PS_PREFETCH(&self.place.data[2 * <size_t>space.hits[at + 8].person])
                other.score = space.hits[at].score
                self.add_other_evidence(&space.query, space.hits[at].person, &other)
                space.hits[at].score = other.score
        _order_page(space.hits, space.hit_count, wanted)
        return 0

    cdef Workspace borrow(self, int level):
        """A workspace that no other search uses; give it back to ``pool``."""
        cdef Workspace space
        if not EXACT <= level <= WIDE:
            raise ValueError("no such level")
        try:
            space = self.pool.pop()
        except IndexError:
            space = Workspace(self.parts, self.forms, self.several_person.size)
        space.query.level = level
        memset(&space.query.other, 0, sizeof(Evidence))
        return space

    cdef int ask_besides(self, Asked asked, Evidence* out) except -1:
        """What is asked besides a name, its towns by their numbers here."""
        cdef int town
        cdef bytes letters
        out[0] = asked.evidence
        for town in range(out.towns):
            letters = asked.towns[town]
            out.town[town] = self.find_town(<const uint8_t*>PyBytes_AS_STRING(letters), PyBytes_GET_SIZE(letters))
        return 0

    cdef Workspace _borrow(self, bytes text, int level, Asked asked):
        """A workspace with the query read into it."""
        cdef Workspace space = self.borrow(level)
        if asked is not None:
            self.ask_besides(asked, &space.query.other)
        self.read_query(space, <const uint8_t*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
        return space

    cdef int read_query(self, Workspace space, const uint8_t* text, Py_ssize_t length) except -1 nogil:
        """Read a name that was checked into a workspace that has what is asked besides."""
        if self.rules.read(text, length, &space.parsed) != ACCEPTED:
            with gil:
                raise ValueError("the name must have been checked")
        prepare(self.rules, &space.parsed, &space.query)
        prepare_search(space)
        return 0

    def search(self, bytes text not None, int level, size_t offset, size_t limit, Asked asked, Page page not None):
        """Find everyone who satisfies the level, and write a page of them.

        The order is score descending, then person ascending. A workspace that an error leaves behind is
        dropped.
        """
        cdef Workspace space = self.borrow(level)
        cdef Sheet* sheet = &page.sheet
        cdef const uint8_t* name = <const uint8_t*>PyBytes_AS_STRING(text)
        cdef Py_ssize_t length = PyBytes_GET_SIZE(text)
        if asked is not None:
            self.ask_besides(asked, &space.query.other)
        with nogil:
            self.read_query(space, name, length)
            self.write_page(space, offset, limit, sheet)
            space.forget()
        self.pool.append(space)

    cdef int write_page(self, Workspace space, size_t offset, size_t limit, Sheet* sheet) except -1 nogil:
        """What ``find_page`` finds."""
        cdef size_t total = 0, first = 0, count = 0, at
        cdef Alignment found
        self.find_page(space, offset, limit, &total, &first, &count)
        begin_sheet(sheet, total, count)
        for at in range(first, first + count):
            self.align_hit(space, &space.hits[at], &found)
            write_hit(sheet, self, &found, space.hits[at].person)
        return end_sheet(sheet)

    cdef int find_page(
        self, Workspace space, size_t offset, size_t limit, size_t* total, size_t* first, size_t* count
    ) except -1 nogil:
        """Find everyone and rank the page: ``count`` hits from ``first``."""
        self.find_people(space)
        total[0] = _total(space)
        first[0] = offset if offset < total[0] else total[0]
        count[0] = limit if limit < total[0] - first[0] else total[0] - first[0]
        if count[0]:
            self.rank(space, first[0] + count[0], 0)
            # A crafted file may promise more people than there are.
            count[0] = min(count[0], space.hit_count - min(space.hit_count, first[0]))
            self._prefetch_page(space.hits + first[0], count[0])
        return 0

    cdef int align_hit(self, Workspace space, const Hit* hit, Alignment* found) except -1 nogil:
        self.align_between(space, hit.source, 0, hit.most, found)
        if found.lowest > space.query.level:
            with gil:
                raise ValueError("posting_form")    # only a crafted index finds a person whom the rules do not
        self.add_other_evidence(&space.query, hit.person, found)
        return 0

    cdef void _prefetch_page(self, const Hit* hits, size_t count) noexcept nogil:
        """Ask for what ``identifier`` reads of the first hits, all at once."""
        cdef size_t at
        for at in range(min(count, <size_t>32)):
            PS_PREFETCH(&self.person_id_start.data[hits[at].person >> BLOCK_SHIFT])
        for at in range(min(count, <size_t>32)):
            PS_PREFETCH(self.person_id + self.person_id_start.data[hits[at].person >> BLOCK_SHIFT])

    def count(self, bytes text not None):
        """How many people each level finds."""
        cdef Workspace space
        cdef int level
        totals = []
        for level in range(NO_LEVEL):
            space = self._borrow(text, level, None)
            with nogil:
                self.find_people(space)
            totals.append(_total(space))
            space.forget()
            self.pool.append(space)
        return totals

    def align(self, bytes text not None, size_t person, size_t form, Asked asked=None):
        """The alignment row of one person, hit or not, and their name; ``form`` is theirs, if they have only one."""
        cdef Workspace space
        cdef Alignment found
        cdef int32_t row[ROW]
        cdef int64_t several = self.several_of(person)
        cdef uint32_t source = <uint32_t>form
        cdef int at
        if person >= self.people or form >= self.forms:
            raise ValueError("owner")
        if several >= 0:
            source = OWNER_SEVERAL | <uint32_t>several
        space = self._borrow(text, CLOSE, asked)
        self.align_names(space, source, &found)
        self.add_other_evidence(&space.query, <uint32_t>person, &found)
        write_row(&found, <int>person, row)
        space.forget()
        self.pool.append(space)
        return (
            tuple([row[at] for at in range(ROW_HEAD + 4 * row[7])]),
            self.shown_name(
                self.name_of(<uint32_t>person, row[3]), <uint32_t>person, row[3], row[FORM], not row[NAME_FORM]
            ),
        )


cdef inline int _low(const Standing* standing) noexcept nogil:
    """No name of a lesser score can be on the page."""
    return max(standing.floor - standing.spread, standing.least)


cdef inline void _rise(Standing* standing, int score, size_t people) noexcept nogil:
    """Note the score of people."""
    score = max(0, min(score, <int>UNBOUNDED))
    standing.counts[score] += people
    if score > standing.floor:
        standing.above += people
        while standing.above >= standing.wanted:
            standing.floor += 1
            standing.above -= standing.counts[standing.floor]


cdef size_t _total(Workspace space) noexcept nogil:
    """How many were found, before any is ranked."""
    cdef size_t at, total = space.counted_count
    for at in range(space.found_count):
        total += space.found[at].people
    return total


cdef int _compare_hits(const void* one, const void* other) noexcept nogil:
    cdef const Hit* a = <const Hit*>one
    cdef const Hit* b = <const Hit*>other
    if a.score != b.score:
        return 1 if a.score < b.score else -1
    return (a.person > b.person) - (a.person < b.person)


cdef void _order_page(Hit* hits, size_t total, size_t wanted) noexcept nogil:
    """Move the first ``wanted`` hits to the front, in order."""
    cdef size_t counts[UNBOUNDED + 1]
    cdef size_t at, kept = 0, above = 0
    cdef int score
    cdef Hit hit
    if wanted == 0 or total == 0:
        return
    if total > 4 * wanted:
        memset(counts, 0, sizeof(counts))
        for at in range(total):
            counts[max(0, min(<int>UNBOUNDED, hits[at].score))] += 1
        score = UNBOUNDED
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


cdef inline bint _has_closer_bound(Workspace space, size_t at) noexcept nogil:
    """Whether what stands in the order at a place has a bound closer than its tier: of what is doubtful, those cost as
    much as the score."""
    return space.found[space.order[at]].way != DOUBTFUL or space.query.forms > 1
