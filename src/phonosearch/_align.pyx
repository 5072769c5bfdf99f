"""The alignment of two names: how their parts agree, at which level, with how many points.

The compiled twin of ``_reference``: the same rules over integers, without the GIL.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t
from libc.string cimport memcmp, memcpy, memset

from phonosearch._agreement cimport generation_agreement_of
from phonosearch._assignment cimport assign, identifies
from phonosearch._grid cimport NOT_KEPT, Word, describe_word, relate_forms
from phonosearch._relation cimport (
    KIND_NONE, heard_sketch, look_up, sound_out, weight,
)
from phonosearch._text cimport BIRTHS, MAX_PARTS, PARTICLES_FORM, ParsedName, TextRules

cdef uint8_t[9] LEVEL_OF_KIND
LEVEL_OF_KIND[:] = [NO_LEVEL, CLOSE, SOUNDS, SOUNDS, SOUNDS, VARIANT, VARIANT, VARIANT, EXACT]


cdef int _level(const Grid* grid, int base, unsigned int full_parts) noexcept nogil:
    cdef int level, row, column, least = NO_LEVEL
    cdef uint16_t masks[MAX_PARTS]
    for row in range(grid.rows):
        for column in range(grid.columns):
            least = min(least, LEVEL_OF_KIND[grid.kind[row][column]])
    if least == NO_LEVEL:
        return NO_LEVEL
    for level in range(max(base, least), WIDE):
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


cdef int level_of_pairs(const Pairs* pairs, int base) noexcept nogil:
    """The level of two forms, of which each pair that some level accepts is there, and pairs off the shorter form."""
    cdef int pair, level = base
    for pair in range(pairs.count):
        level = max(level, LEVEL_OF_KIND[pairs.kind[pair]])
    return level


cdef unsigned int _counted(const Pairs* pairs, int missing, long long left_out) noexcept nogil:
    """Which pairs count: ``_reference._counted``, for names of which some parts agree; ``left_out`` in hundredths."""
    cdef unsigned int counted = (1u << pairs.count) - 1, better
    cdef long long earned, whole, agreed
    cdef int pair
    while True:
        earned = 0
        whole = left_out
        for pair in range(pairs.count):
            if counted >> pair & 1:
                earned += 100 * pairs.lighter[pair] * pairs.points[pair]
                whole += 100 * pairs.lighter[pair]
            else:
                whole += missing * pairs.heavier[pair]
        better = 0
        for pair in range(pairs.count):
            agreed = 100 * pairs.lighter[pair]
            if pairs.kind[pair] != KIND_NONE or (
                agreed * pairs.points[pair] * whole < earned * (agreed - missing * pairs.heavier[pair])
            ):
                better |= 1u << pair
        if better == counted:
            return counted
        counted = better


cdef bint holds_all(const Query* query, int query_form, int name_form) noexcept nogil:
    """Whether no particle was left out of two forms. Then one with the last parts first is written in another way."""
    return query.kind[query_form] != PARTICLES_FORM and name_form != PARTICLES_FORM


cdef void score_grid(
    TextRules rules, const Grid* grid, int base, unsigned int full_parts, int share, bint turned, Alignment* out
) noexcept nogil:
    """Level, pairs and points of two forms, without other evidence: ``_reference._align_parts``."""
    cdef int column_of_row[MAX_PARTS]
    cdef Pairs pairs
    out.level = _level(grid, base, full_parts)
    assign(grid, column_of_row)
    _pair_up(grid, column_of_row, &pairs)
    score_pairs(rules, &pairs, base, share, turned, out)


cdef void _pair_up(const Grid* grid, const int* column_of_row, Pairs* pairs) noexcept nogil:
    cdef int row, column, pair = 0
    pairs.asked = pairs.recorded = 0
    for column in range(grid.columns):
        pairs.recorded += grid.name_weight[column]
    for row in range(grid.rows):
        column = column_of_row[row]
        if column < 0:
            pairs.asked += grid.query_weight[row]
            continue
        pairs.query_part[pair] = row
        pairs.name_part[pair] = column
        pairs.kind[pair] = grid.kind[row][column]
        pairs.points[pair] = grid.points[row][column]
        pairs.lighter[pair] = min(grid.query_weight[row], grid.name_weight[column])
        pairs.heavier[pair] = max(grid.query_weight[row], grid.name_weight[column])
        pairs.recorded -= grid.name_weight[column]
        pair += 1
    pairs.count = pair


cdef int score_pairs(
    TextRules rules, const Pairs* pairs, int base, int share, bint turned, Alignment* out
) noexcept nogil:
    """The score of two forms whose parts are paired; its points go to ``out``, if it is not NULL."""
    cdef int pair, accepted = 0, points = 0, so_far, missing, last = -1, first = -1, turns = 0
    cdef int agreeing = 0, others, order_points = 0, form_points = 0
    cdef long long earned = 0, whole, left_out
    cdef unsigned int counted = (1u << pairs.count) - 1
    for pair in range(pairs.count):
        if pairs.kind[pair] != KIND_NONE:
            accepted += 1
            agreeing += pairs.lighter[pair]
            if pairs.name_part[pair] < last:
                turns += 1
            if first < 0:
                first = pairs.name_part[pair]
            last = pairs.name_part[pair]
    missing = rules.left_out_alone if accepted < 2 else rules.left_out
    left_out = missing * (pairs.asked + pairs.recorded)
    if 0 < accepted < pairs.count:
        counted = _counted(pairs, missing, left_out)
    whole = left_out
    for pair in range(pairs.count):
        whole += 100 * pairs.lighter[pair] if counted >> pair & 1 else missing * pairs.heavier[pair]
    whole *= 1000
    for pair in range(pairs.count):
        if counted >> pair & 1:
            earned += pairs.lighter[pair] * pairs.points[pair]
        if out != NULL:
            so_far = <int>(share * 100 * earned // whole)
            out.points[pair] = so_far - points
            points = so_far
    points = <int>(share * 100 * earned // whole)
    for pair in range(pairs.count):
        # Where others agree, a part that contradicts says more than that it does not agree: the more, the more they
        # weigh.
        so_far = rules.contradicted_below - pairs.points[pair]
        others = agreeing - (pairs.lighter[pair] if pairs.kind[pair] != KIND_NONE else 0)
        if so_far > 0 and others > 0:
            so_far = min(
                <int>(<long long>share * rules.contradicted_cost * so_far * others
                      // (<long long>1000 * rules.contradicted_below * (others + pairs.lighter[pair]))),
                points,
            )
            points -= so_far
            if out != NULL:
                out.points[pair] -= so_far
    if turns:
        # The last come first, with their order kept, if the columns fall once, round the circle.
        so_far = rules.order_cost if turns == 1 and last < first and turned else rules.disorder_cost
        order_points = -min(so_far, points)
    if base != EXACT:
        form_points = -min(rules.form_cost, points + order_points)
    points += order_points + form_points
    if out != NULL:
        for pair in range(pairs.count):
            out.query_part[pair] = pairs.query_part[pair]
            out.name_part[pair] = pairs.name_part[pair]
            out.kind[pair] = pairs.kind[pair]
        out.pairs = pairs.count
        out.order_points = order_points
        out.form_points = form_points
        out.score = points
    return points


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
    TextRules rules, const PartInfo* parts, int count, const uint8_t* joins, Word* out, Word** words, uint8_t* room
) noexcept nogil:
    """Parts with the joins made; their letters go to ``room``. How many parts are left."""
    cdef int position = 0, size = 0, part, length, joined = 0
    for part in range(count):
        joined += joins[part] - 1
    while position < count:
        length = 0
        for part in range(position, position + joins[position]):
            memcpy(room + length, parts[part].letters, parts[part].length)
            length += parts[part].length
        describe_word(rules, room, length, count - joined > 1, NOT_KEPT, &out[size])
        words[size] = &out[size]
        room += length
        position += joins[position]
        size += 1
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
    cdef Word merged[2 * MAX_PARTS]
    cdef Word* words[2 * MAX_PARTS]
    cdef int merged_queries, merged_names, part
    cdef unsigned int full = 0
    cdef Grid grid
    cdef Alignment found
    if not _merge(query, queries, name, names, query_joins) + _merge(name, names, query, queries, name_joins):
        return
    merged_queries = _apply_merge(rules, query, queries, query_joins, merged, words, room)
    merged_names = _apply_merge(
        rules, name, names, name_joins, merged + MAX_PARTS, words + MAX_PARTS, room + 2 * MAX_PARTS * 64
    )
    relate_forms(rules, NULL, words, merged_queries, words + MAX_PARTS, merged_names, &grid)
    for part in range(merged_queries):
        full |= <unsigned int>(merged[part].info.length > 1) << part
    score_grid(rules, &grid, VARIANT, full, share, True, &found)
    found.merged = True
    found.query_form = 0
    found.name_form = 0
    found.turn = turn
    keep_better(&found, best)


cdef void add_generation(TextRules rules, int asked, int recorded, Alignment* best) noexcept nogil:
    """What the generations that the name asked for says (Jr, Sr) and those on record take from the score."""
    best.generation_kind = best.generation_points = 0
    if asked:
        best.generation_kind = generation_agreement_of(asked, recorded)
        best.generation_points = -min(rules.generation_cost[best.generation_kind], best.score)
        best.score += best.generation_points


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
    row[10] = found.birth_kind
    row[11] = found.birth_points
    row[12] = found.sex_kind
    row[13] = found.sex_points
    row[FORM] = <int32_t>found.form
    row[15] = found.place_kind
    row[16] = found.place_points
    row[17] = found.generation_kind
    row[18] = found.generation_points
    for pair in range(found.pairs):
        row[ROW_HEAD + 4 * pair] = found.query_part[pair]
        row[ROW_HEAD + 4 * pair + 1] = found.name_part[pair]
        row[ROW_HEAD + 4 * pair + 2] = found.kind[pair]
        row[ROW_HEAD + 4 * pair + 3] = found.points[pair]


cdef int _contradicted_bound(TextRules rules, const Query* query) noexcept nogil:
    """At best one part contradicts and all others agree exactly: then it costs, too, what it lacks. Or two do."""
    cdef int form, bound = 0
    for form in range(query.forms):
        bound = max(bound, _contradicted(rules, query, form, 1), _contradicted(rules, query, form, 2))
    return bound


cdef int _contradicted(TextRules rules, const Query* query, int form, int many) noexcept nogil:
    """The most that a form scores of which ``many`` parts contradict: those of least weight, each beside a part of the
    least weight that there is, with the points of the best pair that no level accepts."""
    cdef long long total = 0, against = 0, points, most = rules.none_most, below = rules.contradicted_below, short = 0
    cdef int part, first = 0x7FFF, second = 0x7FFF, least = rules.letters.rarity_base + rules.letters.rarity_initial
    for part in range(query.size[form]):
        total += query.weight[form][part]
        if query.weight[form][part] < first:
            second = first
            first = query.weight[form][part]
        else:
            second = min(second, query.weight[form][part])
    if query.size[form] < many:
        return 0
    total -= first
    against = min(first, least)
    if many == 2:
        total -= second
        against += min(second, least)
    elif below > most:
        short = rules.contradicted_cost * (below - most)
    points = 1000 * below - short
    if points < most * below:       # then it would cost more than it does not earn: no part agrees
        points = most * below
    # One more, since the cost is rounded down.
    return <int>(query.share * (points * total + most * below * against) // (1000 * below * (total + against))) + 1


cdef void _look_up_parts(TextRules rules, const ParsedName* parsed, Query* query) noexcept nogil:
    """Fill in the forms of a name and what is in the tables of their parts."""
    cdef int form, part
    query.forms = parsed.form_count
    query.pool = 0
    query.grouped = False
    for form in range(parsed.form_count):
        query.kind[form] = parsed.kind[form]
        query.size[form] = parsed.size[form]
        query.pool_start[form] = query.pool
        query.pool += parsed.size[form]
        for part in range(parsed.size[form]):
            look_up(
                rules, &parsed.letters[parsed.start[form][part]], parsed.length[form][part], &query.parts[form][part]
            )
            query.parts[form][part].beside = parsed.size[form] > 1
            query.weight[form][part] = weight(rules, &query.parts[form][part])
            query.grouped |= query.parts[form][part].entry != NULL
        query.full_parts[form] = full_parts_of(query.parts[form], query.size[form])


cdef void prepare(TextRules rules, const ParsedName* parsed, Query* query) noexcept nogil:
    cdef int form, part
    _look_up_parts(rules, parsed, query)
    for form in range(query.forms):
        for part in range(query.size[form]):
            sound_out(rules, &query.parts[form][part], True)
            query.parts[form][part].heard = heard_sketch(rules, &query.parts[form][part])
    query.other.generations = parsed.generations
    query.other.birth = 0
    if query.other.age_day:
        query.other.birth = 4
        while (
            query.other.birth < BIRTHS - 1
            and query.other.age_high - query.other.age_low + 1 > rules.age_widths[query.other.birth - 4]
        ):
            query.other.birth += 1
    elif query.other.date:
        query.other.birth = 1 + (query.other.date >> 5 & 15 != 0) + (query.other.date & 31 != 0)
    query.share = rules.name_share[query.other.birth][query.other.sex != 0][query.other.place]
    query.contradicted_bound = _contradicted_bound(rules, query)
