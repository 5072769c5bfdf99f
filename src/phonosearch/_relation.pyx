"""The relation of two parts: what tables, sounds, edits and letters say of them, in a kind and in points.

The compiled twin of ``_reference.relate``.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp

from phonosearch._bits cimport PS_LOWEST
from phonosearch._distance cimport osa_pattern, pattern_init
from phonosearch._double_metaphone cimport double_metaphone_codes
from phonosearch._heard cimport HEARD_CODES, HEARD_ROOM
from phonosearch._shared_keys cimport shared_metaphone, shared_soundex
from phonosearch._similarity cimport Word
from phonosearch._soundex cimport soundex_code
from phonosearch._text cimport TextRules
from phonosearch._words cimport pack_word


cdef void look_up(TextRules rules, const uint8_t* letters, int length, PartInfo* part) noexcept nogil:
    """Fill in what is in the tables of a part; ``sound_out`` and ``heard_sketch`` do the rest."""
    cdef uint64_t key
    part.letters = letters
    part.length = length
    part.raw = letters[0] < 97
    part.primary = 0
    part.alternate = 0
    part.soundex = 0
    part.rarity = rules.letters.rarity_unknown
    part.entry = NULL
    part.keys = 0
    part.heard = 0
    part.beside = False
    if part.raw:
        return
    key = pack_word(letters, length)
    part.entry = rules.word(key)
    part.rarity = rules.letters.rarity_of(key)


cdef void sound_out(TextRules rules, PartInfo* part, bint with_pattern) noexcept nogil:
    """Fill in the codes of a part, and what compares its letters with others."""
    if part.raw:
        return
    part.soundex = soundex_code(part.letters, part.length)
    double_metaphone_codes(part.letters, part.length, &part.primary, &part.alternate)
    part.keys = key_sketch(rules, part)
    if with_pattern:
        pattern_init(&part.pattern, part.letters, part.length)


cdef void describe(
    TextRules rules, const uint8_t* letters, int length, PartInfo* part, bint with_pattern
) noexcept nogil:
    """Fill in what the relation of two parts needs."""
    look_up(rules, letters, length, part)
    sound_out(rules, part, with_pattern)
    if not part.raw:
        part.heard = heard_sketch(rules, part)


cdef int _share_group(const int* groups, int one, int one_end, int other, int other_end) noexcept nogil:
    """0 for no group in common, 1 for one, 2 for one that either of the words heads (the lowest bit of its number)."""
    cdef int shared = 0
    while one < one_end and other < other_end:
        if groups[one] >> 1 == groups[other] >> 1:
            shared = 1
            if (groups[one] | groups[other]) & 1:
                return 2
            one += 1
            other += 1
        elif groups[one] < groups[other]:
            one += 1
        else:
            other += 1
    return shared


cdef bint _alternate_beginning(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    cdef int number, side, mine, theirs
    for number in range(rules.beginning_count):
        for side in range(2):
            mine = rules.beginning_length[number][side]
            theirs = rules.beginning_length[number][1 - side]
            if (
                a.length - mine >= rules.beginning_min_rest and a.length - mine == b.length - theirs
                and memcmp(a.letters, rules.beginnings[number][side], mine) == 0
                and memcmp(b.letters, rules.beginnings[number][1 - side], theirs) == 0
                and memcmp(a.letters + mine, b.letters + theirs, a.length - mine) == 0
            ):
                return True
    return False


cdef bint alternate_ending(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    cdef int number, side, mine, theirs, shared = 0
    while shared < a.length and shared < b.length and a.letters[shared] == b.letters[shared]:
        shared += 1
    if shared < rules.ending_min_rest or a.length > shared + 8 or b.length > shared + 8:
        return False            # the words differ before any ending could begin
    for number in range(rules.ending_count):
        for side in range(2):
            mine = rules.ending_length[number][side]
            theirs = rules.ending_length[number][1 - side]
            if (
                a.length - mine >= rules.ending_min_rest and a.length - mine == b.length - theirs
                and a.length - mine <= shared
                and memcmp(a.letters + a.length - mine, rules.endings[number][side], mine) == 0
                and memcmp(b.letters + b.length - theirs, rules.endings[number][1 - side], theirs) == 0
            ):
                return True
    return False


cdef int weight(TextRules rules, const PartInfo* part) noexcept nogil:
    """``_reference.weight``."""
    return rules.letters.rarity_base + (rules.letters.rarity_initial if part.length == 1 else part.rarity)


cdef uint32_t letter_sketch(const uint8_t* letters, int length) noexcept nogil:
    """One bit a letter that occurs, and the length above them."""
    cdef uint32_t found = 0, code
    cdef int position
    for position in range(length):
        code = letters[position] - 97
        if code < 26:
            found |= <uint32_t>1 << code
    return found | <uint32_t>length << SKETCH_LENGTH


cdef int relate(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    """Kind << 16 | points of two parts; ``a`` has a pattern. The rules are those of ``_reference.relate``."""
    cdef int found = relate_kind(rules, a, b)
    return earn(rules, a, b, found) if found & UNEARNED == UNEARNED else found


cdef int earn(TextRules rules, const PartInfo* a, const PartInfo* b, int found) noexcept nogil:
    """The relation with the points of its letters, beside the other parts of the query if it has any.

    Of a relation whose points are not UNEARNED, the points that the letters earn alone, which decide what is alike.
    """
    cdef int kind = found >> 16, points = _letter_points(rules, a, b, a.beside and found & UNEARNED == UNEARNED)
    if kind == KIND_NONE and points > rules.none_above:
        points = rules.none_above + (points - rules.none_above) // rules.none_divisor
    elif kind == KIND_SPELLING:
        points = rules.part_spelling + rules.spelling_letters * points // 1000
    elif kind == KIND_NICKNAME:
        if _share_nickname(rules, a, b) == 2:
            points = rules.part_nickname + rules.nickname_letters * points // 1000
        else:
            points = rules.part_nickname_sibling + rules.sibling_letters * points // 1000
    return kind << 16 | points


cdef bint _same_soundex(const PartInfo* a, const PartInfo* b) noexcept nogil:
    return a.soundex == b.soundex


cdef bint _same_metaphone(const PartInfo* a, const PartInfo* b) noexcept nogil:
    return (    # without branches, which no processor would foresee
        (a.primary != 0) & ((a.primary == b.primary) | (a.primary == b.alternate))
        | (a.alternate != 0) & ((a.alternate == b.primary) | (a.alternate == b.alternate))
    )


cdef inline int _share_spelling(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    return _share_group(
        rules.groups, a.entry.spelling_start, a.entry.spelling_end, b.entry.spelling_start, b.entry.spelling_end
    )


cdef int _share_nickname(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    if a.entry == NULL or b.entry == NULL:
        return 0
    return _share_group(
        rules.groups, a.entry.nickname_start, a.entry.nickname_end, b.entry.nickname_start, b.entry.nickname_end
    )


cdef bint in_one_group(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    """Whether a table relates two parts, as spellings or as nicknames."""
    return a.entry != NULL and b.entry != NULL and (_share_spelling(rules, a, b) or _share_nickname(rules, a, b))


cdef int _letter_points(TextRules rules, const PartInfo* a, const PartInfo* b, bint beside) noexcept nogil:
    cdef Word one, other
    one.letters = a.letters
    one.length = a.length
    one.rarity = a.rarity
    other.letters = b.letters
    other.length = b.length
    other.rarity = b.rarity
    return rules.letters.points(
        rules.letters.evidence(
            &one, &other, shared_soundex(a.soundex, b.soundex),
            shared_metaphone(a.primary, a.alternate, b.primary, b.alternate), beside,
        )
    )


cdef int relate_kind(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    """The relation of two parts; its points are UNEARNED where its letters would have to be aligned to know them."""
    cdef int found = relate_written(rules, a, b)
    if found == UNEARNED and (
        (a.heard & b.keys and heard_as(rules, a, b)) or (b.heard & a.keys and heard_as(rules, b, a))
    ):
        return KIND_CLOSE << 16 | UNEARNED
    return found


cdef int relate_written(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    """``relate_kind`` without the readings of the parts in other orthographies."""
    cdef int longer, shared
    cdef bint same_soundex, same_metaphone
    if same_part(a, b):
        return KIND_EXACT << 16 | rules.part_exact
    if a.raw or b.raw:
        return 0
    if (
        (a.entry != NULL and b.entry != NULL and _share_spelling(rules, a, b)) or _alternate_beginning(rules, a, b)
        or alternate_ending(rules, a, b)
    ):
        return KIND_SPELLING << 16 | UNEARNED
    if _share_nickname(rules, a, b):
        return KIND_NICKNAME << 16 | UNEARNED
    if a.length == 1 or b.length == 1:
        return KIND_INITIAL << 16 | rules.part_initial if a.letters[0] == b.letters[0] else 0
    same_soundex = _same_soundex(a, b)
    same_metaphone = _same_metaphone(a, b)
    if same_soundex and same_metaphone:
        return KIND_BOTH_KEYS << 16 | UNEARNED
    if same_soundex or same_metaphone:
        return (KIND_SOUNDEX if same_soundex else KIND_METAPHONE) << 16 | UNEARNED
    longer = a.length if a.length > b.length else b.length
    shared = rules.edits_for_letters[longer]
    if osa_pattern(&a.pattern, b.letters, b.length, shared) <= shared or (
        begin_alike(rules, a, b) and _letter_points(rules, a, b, False) >= rules.alike_points
    ):
        return KIND_CLOSE << 16 | UNEARNED
    return KIND_NONE << 16 | UNEARNED


cdef bint begin_alike(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    """Whether two parts share their first sounds and are not too many edits apart for the level ``close``."""
    cdef int edits = min(rules.alike_edits, (a.length if a.length > b.length else b.length) // 2)
    return (
        a.primary >> 8 == b.primary >> 8 and a.primary & 0xFF00 != 0 and b.length > 1
        and -edits <= a.length - b.length <= edits
        and osa_pattern(&a.pattern, b.letters, b.length, edits) <= edits
    )


cdef inline uint64_t _key_bit(uint32_t code) noexcept nogil:
    return <uint64_t>1 << (code * <uint32_t>2654435761 >> 8) % 63


cdef uint64_t key_bits(uint32_t primary, uint32_t alternate) noexcept nogil:
    """A bit for each key, none of them the highest."""
    return (_key_bit(primary) if primary else 0) | (_key_bit(alternate) if alternate else 0)


cdef uint64_t key_sketch(TextRules rules, const PartInfo* part) noexcept nogil:
    """A bit for each key of a part that may be written for another; readings that share one have that bit."""
    return 0 if part.rarity < rules.heard.least_written else key_bits(part.primary, part.alternate)


cdef uint64_t heard_sketch(TextRules rules, const PartInfo* part) noexcept nogil:
    """A bit for each key of the readings of a part that is none of its own."""
    cdef uint32_t codes[HEARD_CODES]
    cdef uint32_t notes[HEARD_CODES]
    cdef uint64_t sketch = 0
    cdef int at
    for at in range(
        rules.heard.codes(part.letters, part.length, part.rarity, part.primary, part.alternate, codes, notes)
    ):
        sketch |= _key_bit(codes[at])
    return sketch


cdef bint written_for(TextRules rules, PartInfo* heard, const PartInfo* other) noexcept nogil:
    """Whether a part is written for a reading of another, of which letters, length and keys are known."""
    cdef int edits = min(rules.alike_edits, (heard.length if heard.length > other.length else other.length) // 2)
    if other.rarity < rules.heard.least_written or not -edits <= heard.length - other.length <= edits:
        return False
    if not _same_metaphone(heard, other):
        return False
    pattern_init(&heard.pattern, heard.letters, heard.length)
    if osa_pattern(&heard.pattern, other.letters, other.length, edits) > edits:
        return False
    look_up_reading(rules, heard)
    return reads_alike(rules, heard, other)


cdef void look_up_reading(TextRules rules, PartInfo* heard) noexcept nogil:
    """Fill in what the letters of a reading need beside its keys."""
    heard.rarity = rules.letters.rarity_of(pack_word(heard.letters, heard.length))
    heard.soundex = soundex_code(heard.letters, heard.length)


cdef bint reads_alike(TextRules rules, const PartInfo* heard, const PartInfo* other) noexcept nogil:
    """Whether the letters of a part are those of a reading that shares a key with it and is few edits away."""
    return _letter_points(rules, heard, other, False) >= rules.heard.points


cdef bint heard_as(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    """``_reference.heard_as``."""
    cdef uint8_t room[HEARD_ROOM]
    cdef PartInfo heard
    cdef uint32_t which = rules.heard.of(a.letters, a.length, a.rarity)
    heard.letters = room
    while which:
        heard.length = rules.heard.read(PS_LOWEST(which), a.letters, a.length, room)
        which &= which - 1
        if heard.length == 0:
            continue
        double_metaphone_codes(room, heard.length, &heard.primary, &heard.alternate)
        if written_for(rules, &heard, b):
            return True
    return False
