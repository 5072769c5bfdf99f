"""What one search writes to, for other compiled modules."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t, uint64_t

from phonosearch._align cimport Query
from phonosearch._arrays cimport CLASSES, OWNER_SEVERAL
from phonosearch._text cimport MAX_FORMS, MAX_PARTS, ParsedName

cdef enum:
    UNBOUNDED = 1024            # no score is greater

cdef enum:
    SHORTENED = 0xFFFF          # the bits of a part that are kept beside postings

cdef enum:
    UNKNOWN_SPLITS = 1          # nothing is cut off at no length

cdef enum:
    DOUBTFUL = 0                # by a part, and another may match nothing
    PAIRED = 1                  # every part of the shorter form has a partner
    JOINED = 2                  # for parts that stand joined on one side

ctypedef struct Match:          # a part of the index that a query part may match
    uint32_t part
    int32_t relation            # -1 where not yet known

ctypedef struct Expansion:      # the matches of one query part at one level
    uint64_t key                # the word and the level; 0 for a free slot
    uint32_t start, count       # in Workspace.matches
    uint64_t forms[CLASSES]     # of each class, under its matches
    uint64_t lasts[CLASSES]     # of those, the ones that end in a match
    uint64_t splits             # one bit a length: cut there, the word is two parts of the index; or UNKNOWN_SPLITS

ctypedef struct Found:          # the people of one form, or a person of several forms, who satisfy the query
    uint32_t source             # the form, or OWNER_SEVERAL | number in several_*
    uint32_t people             # who have no other form, or 1
    uint32_t several            # people of several forms who have this one and may have no entry of their own yet
    int16_t bound               # no score of theirs is greater
    int16_t score               # for the name; -1 until known
    int way                     # how it was found

ctypedef struct Remembered:     # the relation of a query part to a part of the index
    uint64_t word
    uint32_t part
    int32_t relation

ctypedef struct Hit:
    uint32_t person
    uint32_t source
    int32_t score
    int32_t most                # no reading of a name scores more

cdef class Workspace:
    cdef uint16_t* mark         # by part: the positions of the current form that it matches, or see `marked`
    cdef uint32_t* slot         # by part: its place in `pair` + 1
    cdef uint8_t* seen          # by form, one bit
    cdef uint8_t* wanted        # by part, shortened: whether to look at forms that hold it; 0 but in `gather_beside`
    cdef uint8_t* seen_several  # by number in several_*, one bit: counted
    cdef uint8_t* entered       # by number in several_*, one bit: in `found` in their own right
    cdef uint32_t* counted      # numbers in several_* of people who are counted, and perhaps not in `found`
    cdef size_t counted_room, counted_count
    # By slot: the relation to each query part, then for each form of the query its parts that some level pairs; -1
    # where not yet known.
    cdef int32_t* pair
    cdef uint32_t* slot_part
    cdef size_t slot_room
    cdef uint32_t slots
    cdef Match* matches         # of the current query, and kept from earlier ones
    cdef size_t match_room, match_count
    cdef Expansion* kept        # open addressing by key
    cdef size_t kept_count
    cdef Expansion expansion[MAX_PARTS]     # of each part of the current form, or of all where `marked`
    cdef int expansions
    cdef int recalled           # of them, which were kept from earlier searches
    cdef int form               # of the query, that the marks speak of
    cdef Remembered* remembered     # relations beside the matches, each in one of two places that it may have
    cdef int remembered_shift   # 64 less the bits of their number
    cdef size_t remembered_count    # how often one was kept
    # Parts of the query, packed, and whether they have others beside them; 0 for those that cannot be packed.
    cdef uint64_t words[MAX_FORMS * MAX_PARTS]
    cdef uint32_t sketches[MAX_FORMS * MAX_PARTS]   # of their letters
    cdef int first_of[MAX_FORMS * MAX_PARTS]    # where among them the same part stands first
    cdef uint32_t* candidates   # forms to verify
    cdef size_t candidate_room, candidate_count
    cdef Found* found
    cdef size_t found_room, found_count
    cdef uint32_t* order        # of `found`, by bound
    cdef size_t order_room
    cdef Hit* hits
    cdef size_t hit_room, hit_count
    cdef Query query
    cdef ParsedName parsed
    cdef uint16_t initial_mask[27]   # by first letter; the last for parts that begin with none
    cdef bint has_initials
    cdef bint unmarked_initials     # whether `mark` leaves out parts that match an initial alone
    cdef size_t parts           # of the index
    cdef uint64_t lengths       # of the parts of the full form of the query, one bit a length
    cdef uint64_t joined_lengths    # of its neighbours, joined
    cdef bint marked            # whether marks have a bit for each part of all forms, and say all that close accepts

    cdef int _make_room(self) except -1 nogil
    cdef int add_hit(self, uint32_t person, uint32_t source, int score) except -1 nogil
    cdef int reserve_order(self) except -1 nogil
    cdef int reserve_candidates(self, size_t more) except -1 nogil
    cdef int add_match(self, uint32_t part, uint16_t bit) except -1 nogil
    cdef Expansion* find_kept(self, uint64_t word, int level) noexcept nogil
    cdef Expansion* begin_expansion(self, uint64_t word, int level) noexcept nogil
    cdef int recall_expansion(self, const Expansion* known, int position) except -1 nogil
    cdef int end_expansion(self, uint64_t word, int level, const uint64_t* forms, const uint64_t* lasts) except -1 nogil
    cdef int32_t* begin_relations(self, uint32_t part) except NULL nogil
    cdef Remembered* place_of(self, uint64_t word, uint32_t part) noexcept nogil
    cdef Remembered* recall(self, uint64_t word, uint32_t part) noexcept nogil
    cdef void remember(self, uint64_t word, uint32_t part, int32_t relation) noexcept nogil
    cdef void _remember_more(self) noexcept nogil
    cdef void forget_form(self) noexcept nogil
    cdef void forget(self) noexcept nogil

    cdef inline size_t stride(self) noexcept nogil:
        return self.query.pool + self.query.forms

    cdef inline int32_t* relations(self, uint32_t part) except NULL nogil:
        """The row of relations of an index part to the parts of the query's forms; -1: unknown."""
        if self.slot[part]:
            return self.pair + <size_t>(self.slot[part] - 1) * self.stride()
        return self.begin_relations(part)

    cdef inline int add_found(self, uint32_t source, uint32_t people, uint32_t several, int way) except -1 nogil:
        cdef Found* found
        cdef uint32_t number = source & ~<uint32_t>OWNER_SEVERAL
        if self.found_count == self.found_room:
            self._make_room()
        found = &self.found[self.found_count]
        found.source = source
        found.people = people
        found.several = several
        found.bound = UNBOUNDED
        found.score = -1
        found.way = way
        self.found_count += 1
        if source & OWNER_SEVERAL:
            self.seen_several[number >> 3] |= 1 << (number & 7)
            self.entered[number >> 3] |= 1 << (number & 7)
        else:
            self.seen[number >> 3] |= 1 << (number & 7)
        return 0

    cdef inline int count_several(self, uint32_t number) except -1 nogil:
        """Count a person of several forms who was not counted yet."""
        if self.counted_count == self.counted_room:
            self._make_room()
        self.counted[self.counted_count] = number
        self.counted_count += 1
        self.seen_several[number >> 3] |= 1 << (number & 7)
        return 0

cdef inline bint has_bit(const uint8_t* bits, size_t number) noexcept nogil:
    return bits[number >> 3] >> (number & 7) & 1

cdef int memory_error() except -1 nogil
