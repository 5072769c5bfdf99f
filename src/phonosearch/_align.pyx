"""The alignment of two names: how their parts agree, at which level, with how many points.

The compiled twin of ``_reference``: the same rules over integers, without the GIL.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from phonosearch._distance cimport osa_pattern, pattern_init
from phonosearch._encoders cimport double_metaphone_codes, soundex_code
from phonosearch._similarity cimport Word
from phonosearch._text cimport ACCEPTED, MAX_PARTS, ParsedName, TextRules
from phonosearch._words cimport pack_word

cdef enum:
    ACCEPTED_PAIR = 1 << 20     # a pair that a level accepts outweighs any that none does

cdef uint8_t[9] LEVEL_OF_KIND
LEVEL_OF_KIND[:] = [NO_LEVEL, CLOSE, SOUNDS, SOUNDS, SOUNDS, VARIANT, VARIANT, VARIANT, EXACT]

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define PS_POPCOUNT(x) __builtin_popcount(x)
    #define PS_LOWEST(x) __builtin_ctz(x)
    #else
    static int PS_POPCOUNT(unsigned x) { int n = 0; for (; x; x &= x - 1) n++; return n; }
    static int PS_LOWEST(unsigned x) { int n = 0; while (!(x >> n & 1)) n++; return n; }
    #endif
    """
    int PS_POPCOUNT(unsigned int x) noexcept nogil
    int PS_LOWEST(unsigned int x) noexcept nogil


cdef int memory_error() except -1 nogil:
    with gil:
        raise MemoryError

cdef void describe(
    TextRules rules, const uint8_t* letters, int length, PartInfo* part, bint with_pattern
) noexcept nogil:
    """Fill in what the relation of two parts needs."""
    cdef uint64_t key
    part.letters = letters
    part.length = length
    part.raw = letters[0] < 97
    part.primary = 0
    part.alternate = 0
    part.soundex = 0
    part.rarity = rules.letters.rarity_unknown
    part.entry = NULL
    part.beside = False
    if part.raw:
        return
    key = pack_word(letters, length)
    part.entry = rules.word(key)
    part.rarity = rules.letters.rarity_of(key)
    part.soundex = soundex_code(letters, length)
    double_metaphone_codes(letters, length, &part.primary, &part.alternate)
    if with_pattern:
        pattern_init(&part.pattern, letters, length)


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


cdef bint _alternate_ending(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
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
    return (
        (a.primary != 0 and (a.primary == b.primary or a.primary == b.alternate))
        or (a.alternate != 0 and (a.alternate == b.primary or a.alternate == b.alternate))
    )


cdef int _share_nickname(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    if a.entry == NULL or b.entry == NULL:
        return 0
    return _share_group(
        rules.groups, a.entry.nickname_start, a.entry.nickname_end, b.entry.nickname_start, b.entry.nickname_end
    )


cdef int _letter_points(TextRules rules, const PartInfo* a, const PartInfo* b, bint beside) noexcept nogil:
    cdef Word one, other
    one.letters = a.letters
    one.length = a.length
    one.rarity = a.rarity
    other.letters = b.letters
    other.length = b.length
    other.rarity = b.rarity
    return rules.letters.points(
        rules.letters.evidence(&one, &other, _same_soundex(a, b), _same_metaphone(a, b), beside)
    )


cdef int relate_kind(TextRules rules, const PartInfo* a, const PartInfo* b) noexcept nogil:
    """The relation of two parts; its points are UNEARNED where its letters would have to be aligned to know them."""
    cdef int longer, shared
    cdef bint same_soundex, same_metaphone
    if a.length == b.length and memcmp(a.letters, b.letters, a.length) == 0:
        return KIND_EXACT << 16 | rules.part_exact
    if a.raw or b.raw:
        return 0
    if (
        a.entry != NULL and b.entry != NULL and _share_group(
            rules.groups, a.entry.spelling_start, a.entry.spelling_end, b.entry.spelling_start, b.entry.spelling_end
        )
    ) or _alternate_beginning(rules, a, b) or _alternate_ending(rules, a, b):
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


cdef bint _augment(const uint16_t* masks, int name, int* owner, unsigned int* visited) noexcept nogil:
    cdef unsigned int free_parts = masks[name] & ~visited[0]
    cdef int query
    while free_parts:
        query = PS_LOWEST(free_parts)
        visited[0] |= 1u << query
        if owner[query] < 0 or _augment(masks, owner[query], owner, visited):
            owner[query] = name
            return True
        free_parts = masks[name] & ~visited[0]
    return False


cdef int _matching(const uint16_t* masks, int names) noexcept nogil:
    """Size of a maximum matching; ``masks[j]`` are the query parts that name part j may be (augmenting paths)."""
    cdef int owner[MAX_PARTS]
    cdef int name, size = 0
    cdef unsigned int visited
    for name in range(MAX_PARTS):
        owner[name] = -1
    for name in range(names):
        visited = 0
        if masks[name] and _augment(masks, name, owner, &visited):
            size += 1
    return size


cdef bint identifies(
    const uint16_t* masks, int names, int queries, unsigned int full_parts, bint wide
) noexcept nogil:
    """Whether enough query parts can be paired for the level that the masks were made for."""
    cdef unsigned int covered = 0
    cdef int name, size = queries if queries < names else names, nonzero = 0
    if wide and queries > 1 and full_parts:
        size = queries - 1 if queries - 1 < names else names
    for name in range(names):
        covered |= masks[name]
        nonzero += masks[name] != 0
    if nonzero < size or PS_POPCOUNT(covered) < size:
        return False
    if wide and queries > 1 and names >= queries and PS_POPCOUNT(full_parts) == 1 and not covered & full_parts:
        # The one part that is more than an initial cannot be the part that matches nothing. A part that has a
        # partner at all is in some maximum matching, so its having one is enough.
        return False
    if size == 1:
        return True
    return _matching(masks, names) >= size


cdef int _level(const Grid* grid, int base, unsigned int full_parts) noexcept nogil:
    cdef int level, row, column
    cdef uint16_t masks[MAX_PARTS]
    for level in range(base, WIDE):
        for column in range(grid.columns):
            masks[column] = 0
            for row in range(grid.rows):
                if LEVEL_OF_KIND[grid.kind[row][column]] <= level:
                    masks[column] |= 1u << row
        if identifies(masks, grid.columns, grid.rows, full_parts, False):
            return level
    if grid.rows > 1 and full_parts and identifies(masks, grid.columns, grid.rows, full_parts, True):
        return WIDE
    return NO_LEVEL


cdef bint _reroute(
    const uint16_t* tight, int* column_of, int* row_of, int row, int free_column, unsigned int* visited
) noexcept nogil:
    """Give a row another tight column, moving others on, until the free column is taken."""
    cdef unsigned int options = tight[row] & ~visited[0]
    cdef int column
    while options:
        column = PS_LOWEST(options)
        visited[0] |= 1u << column
        if column == free_column or _reroute(tight, column_of, row_of, row_of[column], free_column, visited):
            column_of[row] = column
            row_of[column] = row
            return True
        options = tight[row] & ~visited[0]
    return False


cdef void _assign_many(
    int[MAX_PARTS]* weight, int rows, int columns, int* chosen
) noexcept nogil:
    """The first, row by row, of the assignments of greatest total; the time is polynomial whatever the names.

    The Hungarian method (Kuhn 1955, with potentials as Jonker and Volgenant 1987) on a square of which the missing rows
    weigh nothing. Every best assignment uses tight pairs only (weight equal to the sum of the potentials), so the first
    one is found by fixing each row to its first tight column that leaves the others an assignment.
    """
    cdef int row_price[MAX_PARTS + 1]
    cdef int column_price[MAX_PARTS + 1]
    cdef int row_at[MAX_PARTS + 1]
    cdef int way[MAX_PARTS + 1]
    cdef int slack[MAX_PARTS + 1]
    cdef bint done[MAX_PARTS + 1]
    cdef uint16_t tight[MAX_PARTS]
    cdef int column_of[MAX_PARTS]
    cdef int row_of[MAX_PARTS]
    cdef int row, column, here, there = 0, gap, least
    cdef unsigned int fixed = 0, visited, options
    for column in range(columns + 1):
        row_price[column] = 0
        column_price[column] = 0
        row_at[column] = 0
        way[column] = 0
    for row in range(1, columns + 1):
        row_at[0] = row
        here = 0
        for column in range(columns + 1):
            slack[column] = 0x7FFFFFFF
            done[column] = False
        while True:
            done[here] = True
            least = 0x7FFFFFFF
            for column in range(1, columns + 1):
                if done[column]:
                    continue
                gap = -row_price[row_at[here]] - column_price[column]
                if row_at[here] <= rows:
                    gap -= weight[row_at[here] - 1][column - 1]
                if gap < slack[column]:
                    slack[column] = gap
                    way[column] = here
                if slack[column] < least:
                    least = slack[column]
                    there = column
            for column in range(columns + 1):
                if done[column]:
                    row_price[row_at[column]] += least
                    column_price[column] -= least
                else:
                    slack[column] -= least
            here = there
            if row_at[here] == 0:
                break
        while here:
            row_at[here] = row_at[way[here]]
            here = way[here]
    for column in range(columns):
        row_of[column] = row_at[column + 1] - 1
        column_of[row_of[column]] = column
    for row in range(columns):
        tight[row] = 0
        for column in range(columns):
            gap = -row_price[row + 1] - column_price[column + 1]
            if row < rows:
                gap -= weight[row][column]
            if gap == 0:
                tight[row] |= 1u << column
    for row in range(rows):
        options = tight[row] & ~fixed
        while options:
            column = PS_LOWEST(options)
            options &= options - 1
            if column == column_of[row]:
                break
            visited = fixed | 1u << column
            here = row_of[column]
            if _reroute(tight, column_of, row_of, here, column_of[row], &visited):
                column_of[row] = column
                row_of[column] = row
                break
        chosen[row] = column_of[row]
        fixed |= 1u << column_of[row]


cdef void _assign(const Grid* grid, int* column_of_row) noexcept nogil:
    """Pairs of the greatest total, each part of the shorter form in one; the first of equals. -1: unpaired row."""
    cdef bint turned = grid.rows > grid.columns
    cdef int rows = grid.columns if turned else grid.rows
    cdef int columns = grid.rows if turned else grid.columns
    cdef int weight[MAX_PARTS][MAX_PARTS]
    cdef int row, column, second, third, total, best
    cdef int chosen[MAX_PARTS]
    for row in range(rows):
        for column in range(columns):
            if turned:
                weight[row][column] = grid.points[column][row] + (ACCEPTED_PAIR if grid.kind[column][row] else 0)
            else:
                weight[row][column] = grid.points[row][column] + (ACCEPTED_PAIR if grid.kind[row][column] else 0)
    best = -1
    if rows == 1:
        for column in range(columns):
            if weight[0][column] > best:
                best = weight[0][column]
                chosen[0] = column
    elif rows == 2:
        for column in range(columns):
            for second in range(columns):
                if second != column and weight[0][column] + weight[1][second] > best:
                    best = weight[0][column] + weight[1][second]
                    chosen[0] = column
                    chosen[1] = second
    elif rows == 3 and columns <= 5:
        for column in range(columns):
            for second in range(columns):
                if second == column:
                    continue
                for third in range(columns):
                    if third == column or third == second:
                        continue
                    total = weight[0][column] + weight[1][second] + weight[2][third]
                    if total > best:
                        best = total
                        chosen[0] = column
                        chosen[1] = second
                        chosen[2] = third
    else:
        _assign_many(weight, rows, columns, chosen)
    for row in range(grid.rows):
        column_of_row[row] = -1
    for row in range(rows):
        if turned:
            column_of_row[chosen[row]] = row
        else:
            column_of_row[row] = chosen[row]


cdef unsigned int _counted(
    const Grid* grid, const Alignment* out, int pairs, const int* lighter, const int* heavier, int missing,
    long long left_out
) noexcept nogil:
    """Which pairs count: ``_reference._counted``, for names of which some parts agree; ``left_out`` in hundredths."""
    cdef unsigned int counted = (1u << pairs) - 1, better
    cdef long long earned, whole
    cdef int pair, points
    while True:
        earned = 0
        whole = left_out
        for pair in range(pairs):
            if counted >> pair & 1:
                earned += 100 * lighter[pair] * grid.points[out.query_part[pair]][out.name_part[pair]]
                whole += 100 * lighter[pair]
            else:
                whole += missing * heavier[pair]
        better = 0
        for pair in range(pairs):
            points = grid.points[out.query_part[pair]][out.name_part[pair]]
            if out.kind[pair] != KIND_NONE or (
                100 * lighter[pair] * points * whole < earned * (100 * lighter[pair] - missing * heavier[pair])
            ):
                better |= 1u << pair
        if better == counted:
            return counted
        counted = better


cdef void score_grid(
    TextRules rules, const Grid* grid, int base, unsigned int full_parts, int share, Alignment* out
) noexcept nogil:
    """Level, pairs and points of two forms, without other evidence."""
    _score_parts(rules, grid, base, full_parts, share, base == EXACT, out)


cdef void _score_parts(
    TextRules rules, const Grid* grid, int base, unsigned int full_parts, int share, bint turned, Alignment* out
) noexcept nogil:
    """``_reference._align_parts``."""
    cdef int column_of_row[MAX_PARTS]
    out.level = _level(grid, base, full_parts)
    _assign(grid, column_of_row)
    score_assignment(rules, grid, column_of_row, base, share, turned, out)


cdef void score_assignment(
    TextRules rules, const Grid* grid, const int* column_of_row, int base, int share, bint turned, Alignment* out
) noexcept nogil:
    """The pairs and points of two forms whose parts are paired; of the grid, those pairs and the weights are read."""
    cdef int lighter[MAX_PARTS]
    cdef int heavier[MAX_PARTS]
    cdef int row, column, pair, pairs = 0, accepted = 0, points = 0, so_far, missing, last = -1, first = -1, turns = 0
    cdef int agreeing = 0, others
    cdef long long earned = 0, whole, left_out = 0
    cdef unsigned int taken = 0, counted
    for row in range(grid.rows):
        column = column_of_row[row]
        if column < 0:
            left_out += grid.query_weight[row]
            continue
        taken |= 1u << column
        out.query_part[pairs] = row
        out.name_part[pairs] = column
        out.kind[pairs] = grid.kind[row][column]
        lighter[pairs] = min(grid.query_weight[row], grid.name_weight[column])
        heavier[pairs] = max(grid.query_weight[row], grid.name_weight[column])
        if grid.kind[row][column] != KIND_NONE:
            accepted += 1
            agreeing += lighter[pairs]
            if column < last:
                turns += 1
            if first < 0:
                first = column
            last = column
        pairs += 1
    for column in range(grid.columns):
        if not taken >> column & 1:
            left_out += grid.name_weight[column]
    missing = rules.left_out_alone if accepted < 2 else rules.left_out
    left_out *= missing
    counted = (1u << pairs) - 1
    if 0 < accepted < pairs:
        counted = _counted(grid, out, pairs, lighter, heavier, missing, left_out)
    whole = left_out
    for pair in range(pairs):
        whole += 100 * lighter[pair] if counted >> pair & 1 else missing * heavier[pair]
    whole *= 1000
    for pair in range(pairs):
        if counted >> pair & 1:
            earned += lighter[pair] * grid.points[out.query_part[pair]][out.name_part[pair]]
        so_far = <int>(share * 100 * earned // whole)
        out.points[pair] = so_far - points
        points = so_far
    for pair in range(pairs):
        # Where others agree, a part that contradicts says more than that it does not agree: the more, the more they
        # weigh.
        so_far = rules.contradicted_below - grid.points[out.query_part[pair]][out.name_part[pair]]
        others = agreeing - (lighter[pair] if out.kind[pair] != KIND_NONE else 0)
        if so_far > 0 and others > 0:
            so_far = min(
                <int>(<long long>share * rules.contradicted_cost * so_far * others
                      // (<long long>1000 * rules.contradicted_below * (others + lighter[pair]))),
                points,
            )
            out.points[pair] -= so_far
            points -= so_far
    out.pairs = pairs
    out.order_points = 0
    if turns:
        # The last come first, with their order kept, if the columns fall once, round the circle.
        so_far = rules.order_cost if turns == 1 and last < first and turned else rules.disorder_cost
        out.order_points = -min(so_far, points)
    out.form_points = 0 if base == EXACT else -min(rules.form_cost, points + out.order_points)
    out.score = points + out.order_points + out.form_points


cdef int _merge(
    const PartInfo* parts, int count, const PartInfo* others, int other_count, uint8_t* joins
) noexcept nogil:
    """How many parts from each are joined into one, as ``_reference.merge``; how many joins, from the left."""
    cdef int position = 0, found = 0, run
    memset(joins, 1, MAX_PARTS)
    while position < count:
        for run in range(4, 1, -1):
            if position + run <= count and _holds_joined(parts + position, run, others, other_count):
                joins[position] = run
                found += 1
                position += run - 1
                break
        position += 1
    return found


cdef bint _holds_joined(const PartInfo* run, int count, const PartInfo* others, int other_count) noexcept nogil:
    cdef int part, other, length = 0, at
    for part in range(count):
        if count > 2 and run[part].length > 1:
            return False
        length += run[part].length
    for other in range(other_count):
        if others[other].length != length:
            continue
        at = 0
        for part in range(count):
            if memcmp(others[other].letters + at, run[part].letters, run[part].length):
                break
            at += run[part].length
        else:
            return True
    return False


cdef int _apply_merge(
    TextRules rules, const PartInfo* parts, int count, const uint8_t* joins, PartInfo* out, uint8_t* room
) noexcept nogil:
    """Parts with the joins made; their letters go to ``room``. How many parts are left."""
    cdef int position = 0, size = 0, part, length
    while position < count:
        length = 0
        for part in range(position, position + joins[position]):
            memcpy(room + length, parts[part].letters, parts[part].length)
            length += parts[part].length
        describe(rules, room, length, &out[size], True)
        room += length
        position += joins[position]
        size += 1
    for part in range(size):
        out[part].beside = size > 1
    return size


cdef bint better(const Alignment* found, const Alignment* best) noexcept nogil:
    """Whether a reading beats the best so far; the lowest level of all readings is kept apart."""
    if found.score != best.score:
        return found.score > best.score
    return found.level < best.level or (found.level == best.level and found.turn < best.turn)


cdef void keep_better(const Alignment* found, Alignment* best) noexcept nogil:
    """Offer a reading: the best stands in ``best``, the lowest level of all in its ``lowest``."""
    cdef int lowest = min(found.level, best.lowest)
    if better(found, best):
        best[0] = found[0]
    best.lowest = lowest


cdef void no_reading(Alignment* best) noexcept nogil:
    """Any reading is better than this."""
    memset(best, 0, sizeof(Alignment))
    best.level = NO_LEVEL
    best.lowest = NO_LEVEL
    best.score = -1
    best.turn = 0x7FFFFFFF


cdef unsigned int full_parts_of(const PartInfo* parts, int count) noexcept nogil:
    cdef unsigned int full = 0
    cdef int part
    for part in range(count):
        if parts[part].length > 1:
            full |= 1u << part
    return full


cdef void score_merged(
    TextRules rules, const PartInfo* query, int queries, const PartInfo* name, int names, int share, int turn,
    Alignment* best,
) noexcept nogil:
    """Offer the reading in which adjacent parts are joined where the other name holds them joined."""
    cdef uint8_t query_joins[MAX_PARTS]
    cdef uint8_t name_joins[MAX_PARTS]
    cdef uint8_t room[4 * MAX_PARTS * 64]
    cdef PartInfo merged[2 * MAX_PARTS]
    cdef int merged_queries, merged_names
    cdef Grid grid
    cdef Alignment found
    if not _merge(query, queries, name, names, query_joins) + _merge(name, names, query, queries, name_joins):
        return
    merged_queries = _apply_merge(rules, query, queries, query_joins, merged, room)
    merged_names = _apply_merge(
        rules, name, names, name_joins, merged + MAX_PARTS, room + 2 * MAX_PARTS * 64
    )
    relate_all(rules, merged, merged_queries, merged + MAX_PARTS, merged_names, &grid)
    _score_parts(rules, &grid, VARIANT, full_parts_of(merged, merged_queries), share, True, &found)
    found.merged = True
    found.query_form = 0
    found.name_form = 0
    found.turn = turn
    keep_better(&found, best)


cdef void relate_all(
    TextRules rules, const PartInfo* query, int queries, const PartInfo* name, int names, Grid* grid
) noexcept nogil:
    cdef int row, column, value
    grid.rows = queries
    grid.columns = names
    for row in range(queries):
        grid.query_weight[row] = weight(rules, &query[row])
    for column in range(names):
        grid.name_weight[column] = weight(rules, &name[column])
    for row in range(queries):
        for column in range(names):
            value = relate(rules, &query[row], &name[column])
            grid.kind[row][column] = value >> 16
            grid.points[row][column] = value & 0xFFFF


cdef int date_agreement_of(uint32_t asked, uint32_t recorded) noexcept nogil:
    """``_reference._date_kind`` over packed dates."""
    cdef int fields[2][3]
    cdef int digits[2][8]
    cdef int side, field, place, differing = 0, first = 0, second = 0, known = 0
    cdef bint agree = True, precise = True, rest_agrees = True
    cdef int one, other
    fields[0][0] = asked >> 9
    fields[0][1] = asked >> 5 & 15
    fields[0][2] = asked & 31
    fields[1][0] = recorded >> 9
    fields[1][1] = recorded >> 5 & 15
    fields[1][2] = recorded & 31
    for field in range(3):
        one = fields[0][field]
        other = fields[1][field]
        if one and not other:
            precise = False
        if not one or not other:
            continue
        known += 1
        if one != other:
            agree = False
            if field:
                rest_agrees = False
    if agree:
        return DATE_EXACT if precise else DATE_PARTIAL
    if known == 3:
        if fields[0][0] == fields[1][0] and fields[0][1] == fields[1][2] and fields[0][2] == fields[1][1]:
            return DATE_SWAPPED
        for side in range(2):
            one = fields[side][0] * 10000 + fields[side][1] * 100 + fields[side][2]
            for place in range(7, -1, -1):
                digits[side][place] = one % 10
                one //= 10
        for place in range(8):
            if digits[0][place] != digits[1][place]:
                if differing == 0:
                    first = place
                second = place
                differing += 1
        if differing == 1:
            return DATE_ONE_DIGIT
        if (
            differing == 2 and digits[0][first] == digits[1][second] and digits[0][second] == digits[1][first]
        ):
            return DATE_SWAPPED
    if rest_agrees and -2 <= fields[0][0] - fields[1][0] <= 2:
        return DATE_NEAR_YEAR
    return DATE_CONTRADICTED


cdef int sex_agreement_of(int asked, int recorded) noexcept nogil:
    if recorded == 0:
        return SEX_ABSENT
    return SEX_EXACT if asked == recorded else SEX_CONTRADICTED


cdef void write_row(const Alignment* found, int person, int32_t* row) noexcept nogil:
    cdef int pair
    memset(row, 0, ROW * sizeof(int32_t))
    row[0] = person
    row[1] = found.score
    row[2] = found.lowest
    row[3] = found.name
    row[4] = found.query_form
    row[5] = found.name_form
    row[6] = found.merged
    row[7] = found.pairs
    row[8] = found.order_points
    row[9] = found.form_points
    row[10] = found.date_kind
    row[11] = found.date_points
    row[12] = found.sex_kind
    row[13] = found.sex_points
    row[14] = <int32_t>found.form
    for pair in range(found.pairs):
        row[ROW_HEAD + 4 * pair] = found.query_part[pair]
        row[ROW_HEAD + 4 * pair + 1] = found.name_part[pair]
        row[ROW_HEAD + 4 * pair + 2] = found.kind[pair]
        row[ROW_HEAD + 4 * pair + 3] = found.points[pair]


cdef int _contradicted_bound(TextRules rules, const Query* query) noexcept nogil:
    """At best all parts but that of least weight agree exactly; one, of the least weight that a part may have, earns
    the most that a pair of no level may."""
    cdef int form, part, others, lightest, bound = 0
    for form in range(query.forms):
        others = 0
        lightest = 0x7FFF
        for part in range(query.size[form]):
            others += query.weight[form][part]
            lightest = min(lightest, query.weight[form][part])
        others -= lightest
        lightest = min(lightest, rules.letters.rarity_base + rules.letters.rarity_initial)
        bound = max(
            bound, query.share * (1000 * others + rules.none_most * lightest) // (1000 * (others + lightest))
        )
    return bound


cdef void prepare(TextRules rules, const ParsedName* parsed, Query* query) noexcept nogil:
    cdef int form, part
    query.forms = parsed.form_count
    query.pool = 0
    query.grouped = False
    for form in range(parsed.form_count):
        query.size[form] = parsed.size[form]
        query.pool_start[form] = query.pool
        query.pool += parsed.size[form]
        for part in range(parsed.size[form]):
            describe(
                rules, &parsed.letters[parsed.start[form][part]], parsed.length[form][part],
                &query.parts[form][part], True,
            )
            query.parts[form][part].beside = parsed.size[form] > 1
            query.weight[form][part] = weight(rules, &query.parts[form][part])
            query.grouped |= query.parts[form][part].entry != NULL
        query.full_parts[form] = full_parts_of(query.parts[form], query.size[form])
    query.precision = 0
    if query.date:
        query.precision = 1 + (query.date >> 5 & 15 != 0) + (query.date & 31 != 0)
    query.share = rules.name_share[query.precision][query.sex != 0]
    query.contradicted_bound = _contradicted_bound(rules, query)


cdef int read_name(TextRules rules, bytes text, ParsedName* parsed) except -1:
    cdef int status = rules.read(<const uint8_t*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), parsed)
    if status != ACCEPTED:
        raise ValueError("the name must have been checked")
    return 0


def compare_names(TextRules rules not None, bytes query_text not None, bytes name_text not None,
                  int date_kind=0, int sex_kind=0, int precision=3):
    """The alignment row of one name against another; the texts are checked UTF-8."""
    cdef ParsedName parsed_query, parsed_name
    cdef Query query, name
    cdef Alignment found, best
    cdef Grid grid
    cdef int query_form, name_form
    cdef int32_t row[ROW]
    cdef int at
    if not 0 <= date_kind < 8 or not 0 <= sex_kind < 4 or not 1 <= precision <= 3:
        raise ValueError("no such agreement")
    query.date = name.date = 0
    query.sex = name.sex = 0
    precision = precision if date_kind else 0
    read_name(rules, query_text, &parsed_query)
    read_name(rules, name_text, &parsed_name)
    with nogil:
        prepare(rules, &parsed_query, &query)
        prepare(rules, &parsed_name, &name)
        query.share = rules.name_share[precision][sex_kind != 0]
        no_reading(&best)
        for query_form in range(query.forms):
            for name_form in range(name.forms):
                relate_all(
                    rules, query.parts[query_form], query.size[query_form],
                    name.parts[name_form], name.size[name_form], &grid,
                )
                score_grid(
                    rules, &grid, VARIANT if query_form or name_form else EXACT, query.full_parts[query_form],
                    query.share, &found,
                )
                found.merged = False
                found.query_form = query_form
                found.name_form = name_form
                found.turn = MAX_FORMS * query_form + name_form
                keep_better(&found, &best)
        score_merged(
            rules, query.parts[0], query.size[0], name.parts[0], name.size[0], query.share, MAX_TURNS - 1, &best
        )
        best.name = 0
        best.form = 0
        best.date_kind = date_kind
        best.date_points = rules.date_points[precision][sex_kind != 0][date_kind]
        best.sex_kind = sex_kind
        best.sex_points = rules.sex_points[precision][sex_kind != 0][sex_kind]
        best.score += best.date_points + best.sex_points
        write_row(&best, 0, row)
    return tuple([row[at] for at in range(ROW_HEAD + 4 * row[7])])


def date_agreement(unsigned int asked, dates):
    """The best agreement of a packed date with packed dates on record."""
    cdef int best = 0
    for recorded in dates:
        best = max(best, date_agreement_of(asked, recorded))
    return best or DATE_ABSENT
