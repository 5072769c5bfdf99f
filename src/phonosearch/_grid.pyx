"""The relations of the parts of two forms: those that can matter.

Names hold few different words, and the words of one pair are those of another. So the relation of two words may be kept
for the next time: it is a function of the words alone, and of whether the query has others.
"""

from libc.stdint cimport uint16_t, uint64_t

from phonosearch._assignment cimport identifies, needed
from phonosearch._distance cimport pattern_init
from phonosearch._relation cimport (
    KIND_CLOSE, KIND_EXACT, KIND_NONE, UNEARNED, earn, heard_as, heard_sketch, in_one_group, letter_sketch, look_up,
    may_be_within, relate_written, same_part, sound_out, weight,
)
from phonosearch._text cimport MAX_PARTS
from phonosearch._words cimport hash_slot

cdef enum:
    RELATION_BITS = 20          # kind and points
cdef uint64_t HEARD = <uint64_t>1 << 63    # beside the sketch of the readings of a part, once they were made


cdef void describe_word(
    TextRules rules, const uint8_t* letters, int length, bint beside, uint32_t number, Word* word
) noexcept nogil:
    """Fill in what is in the tables of a word; its key is the caller's."""
    look_up(rules, letters, length, &word.info)
    word.info.beside = beside
    word.info.pattern.length = 0
    word.number = number
    word.sketch = letter_sketch(letters, length)
    word.weight = weight(rules, &word.info)


cdef inline uint64_t _numbers(const Word* a, const Word* b) noexcept nogil:
    """Of two words that are kept, one number above 0; 0 for others."""
    if a.number == NOT_KEPT or b.number == NOT_KEPT:
        return 0
    return (<uint64_t>a.number << WORD_BITS | b.number) + 1


cdef inline void _keep(uint64_t* kept, uint64_t numbers, int value) noexcept nogil:
    """Keep a relation in its place or, where another stands there, beside it; one that stood there too goes."""
    cdef uint64_t slot = hash_slot(numbers, RELATION_SLOTS - 1)
    cdef uint64_t* place = kept + slot
    cdef uint64_t* beside = kept + (slot ^ 1)       # in the same line of memory
    if place[0] >> RELATION_BITS != numbers:
        if beside[0] >> RELATION_BITS == numbers:
            place = beside
        elif place[0]:
            beside[0] = place[0]
    place[0] = numbers << RELATION_BITS | value


cdef int _relation(TextRules rules, uint64_t* kept, Word* a, Word* b) noexcept nogil:
    """Kind << 16 | points, which may be UNEARNED; the words need no pattern and no codes yet."""
    cdef uint64_t numbers = _numbers(a, b), slot
    cdef int value
    if numbers == 0:
        return _relate(rules, a, b)
    slot = hash_slot(numbers, RELATION_SLOTS - 1)
    if kept[slot] >> RELATION_BITS == numbers:
        return kept[slot] & (1 << RELATION_BITS) - 1
    if kept[slot ^ 1] >> RELATION_BITS == numbers:
        return kept[slot ^ 1] & (1 << RELATION_BITS) - 1
    value = _relate(rules, a, b)
    _keep(kept, numbers, value)
    return value


cdef int _earned(TextRules rules, uint64_t* kept, const Word* a, const Word* b, int value) noexcept nogil:
    """The relation with the points of its letters, kept for the next time."""
    cdef uint64_t numbers = _numbers(a, b)
    value = earn(rules, &a.info, &b.info, value)
    if numbers:
        _keep(kept, numbers, value)
    return value


cdef int _relate(TextRules rules, Word* a, Word* b) noexcept nogil:
    """``_relation.relate_kind`` of words of which the codes and readings are made when they are first asked for."""
    cdef int found
    if a.info.soundex == 0:
        sound_out(rules, &a.info, False)
    if b.info.soundex == 0:
        sound_out(rules, &b.info, False)
    if _surely_unrelated(rules, a, b):
        return KIND_NONE << 16 | UNEARNED
    if a.info.pattern.length == 0:
        pattern_init(&a.info.pattern, a.info.letters, a.info.length)
    found = relate_written(rules, &a.info, &b.info)
    if found == UNEARNED and (
        (b.info.keys and _heard_of(rules, &a.info) & b.info.keys and heard_as(rules, &a.info, &b.info))
        or (a.info.keys and _heard_of(rules, &b.info) & a.info.keys and heard_as(rules, &b.info, &a.info))
    ):
        return KIND_CLOSE << 16 | UNEARNED
    return found


cdef bint _surely_unrelated(TextRules rules, Word* a, Word* b) noexcept nogil:
    """Whether no level pairs two words, as far as codes and sets of letters tell: it is said of most that no level
    pairs. Words that begin with one letter, initials and raw parts are none of these."""
    cdef const PartInfo* one = &a.info
    cdef const PartInfo* other = &b.info
    cdef int edits
    # The first letters differ, and so do any alternate beginnings and endings.
    if (
        not rules.beginnings_alike or (one.soundex ^ other.soundex) >> 24 == 0 or one.soundex == 0
        or other.soundex == 0 or one.length == 1 or other.length == 1
    ):
        return False
    if one.primary >> 8 == other.primary >> 8 or one.primary == other.alternate:
        return False
    if one.alternate != 0 and (one.alternate == other.primary or one.alternate == other.alternate):
        return False
    if in_one_group(rules, one, other):
        return False
    edits = rules.edits_for_letters[max(one.length, other.length)]
    if -edits <= one.length - other.length <= edits and may_be_within(a.sketch, b.sketch, edits):
        return False
    return not (
        (other.keys and _heard_of(rules, &a.info) & other.keys)
        or (one.keys and _heard_of(rules, &b.info) & one.keys)
    )


cdef uint64_t _heard_of(TextRules rules, PartInfo* part) noexcept nogil:
    if part.heard == 0:
        part.heard = HEARD | heard_sketch(rules, part)
    return part.heard


cdef void relate_forms(
    TextRules rules, uint64_t* kept, Word** query, int queries, Word** name, int names, Grid* grid
) noexcept nogil:
    """All relations that matter. What costs most is asked last: parts that are equal need no codes, and letters are
    aligned only for pairs that can stand in the best pairing. In ``kept``, of RELATION_SLOTS, stand relations of two
    words that have numbers; it may be NULL where none has."""
    cdef int row, column, value
    cdef uint16_t related[MAX_PARTS]
    cdef uint16_t wanted[MAX_PARTS]
    grid.rows = queries
    grid.columns = names
    for row in range(queries):
        grid.query_weight[row] = query[row].weight
    for column in range(names):
        grid.name_weight[column] = name[column].weight
        related[column] = 0
        for row in range(queries):
            grid.kind[row][column] = KIND_NONE
            grid.points[row][column] = 0
            if same_part(&query[row].info, &name[column].info):
                grid.kind[row][column] = KIND_EXACT
                grid.points[row][column] = rules.part_exact
                related[column] |= 1u << row
    # Nothing earns as much as an equal part: where these pair off every part of the shorter name, no other is chosen.
    if identifies(related, names, queries, 0, False):
        return
    for column in range(names):
        for row in range(queries):
            if grid.kind[row][column] == KIND_EXACT:
                continue
            value = _relation(rules, kept, query[row], name[column])
            grid.kind[row][column] = value >> 16
            grid.points[row][column] = value & UNEARNED
            if value >> 16 != KIND_NONE:
                related[column] |= 1u << row
    needed(related, names, queries, identifies(related, names, queries, 0, False), wanted)
    for column in range(names):
        for row in range(queries):
            if grid.points[row][column] != UNEARNED:
                continue
            if wanted[column] >> row & 1:
                value = grid.kind[row][column] << 16 | UNEARNED
                grid.points[row][column] = _earned(rules, kept, query[row], name[column], value) & UNEARNED
            else:
                grid.points[row][column] = 0
