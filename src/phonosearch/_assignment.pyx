"""The pairing of the parts of two forms: whether enough can be paired, and the pairs of the greatest total."""

from libc.stdint cimport uint16_t

from phonosearch._bits cimport PS_LOWEST, PS_POPCOUNT
from phonosearch._text cimport MAX_PARTS

cdef enum:
    ACCEPTED_PAIR = 1 << 20     # a pair that a level accepts outweighs any that none does

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
    if size <= 2:
        return True             # Kőnig: where no one part is in every pair, two pairs share none
    return _matching(masks, names) >= size


cdef void needed(const uint16_t* accepted, int columns, int rows, bint whole, uint16_t* wanted) noexcept nogil:
    """For each part of a form, the query parts whose points beside it can matter.

    The best assignment holds as many accepted pairs as can be. Where these pair off every part of the shorter form
    (``whole``), no other pair is in it; where they all share a part, one of them pairs that part; and a pair that
    shares neither part with another is in it, since it could take the place of any that are not accepted.
    """
    cdef int column, columns_accepted = 0
    cdef uint16_t every = <uint16_t>((1u << rows) - 1), rows_accepted = 0, several = 0, alone = 0
    cdef bint one_row
    for column in range(columns):
        wanted[column] = accepted[column]
        several |= rows_accepted & accepted[column]
        rows_accepted |= accepted[column]
        columns_accepted += accepted[column] != 0
    if whole:
        return
    for column in range(columns):
        if accepted[column] & (accepted[column] - 1 | several) == 0:
            alone |= accepted[column]
    one_row = rows_accepted & (rows_accepted - 1) == 0
    for column in range(columns):
        if accepted[column] & alone or columns_accepted == 1 and accepted[column]:
            continue
        wanted[column] |= every & ~(rows_accepted if one_row else alone)


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


cdef void _assign_three(int[MAX_PARTS]* weight, int columns, int* chosen) noexcept nogil:
    """The first, row by row, of the assignments of greatest total of three rows to at least as many columns.

    Each row is in one of its three best columns, of equal ones the first: the other rows leave one of these free, and
    any column but these weighs less, or as much and comes later.
    """
    cdef int best[3][3]
    cdef int row, column, place, first, second, third, total, most = -1
    for row in range(3):
        for column in range(columns):
            place = min(column, 3)
            while place > 0 and weight[row][best[row][place - 1]] < weight[row][column]:
                if place < 3:
                    best[row][place] = best[row][place - 1]
                place -= 1
            if place < 3:
                best[row][place] = column
        for column in range(3):             # in order, two and two: 0 1, 1 2, 0 1
            place = column & 1
            if best[row][place] > best[row][place + 1]:
                best[row][place], best[row][place + 1] = best[row][place + 1], best[row][place]
    for first in range(3):
        for second in range(3):
            if best[1][second] == best[0][first]:
                continue
            for third in range(3):
                if best[2][third] == best[0][first] or best[2][third] == best[1][second]:
                    continue
                total = weight[0][best[0][first]] + weight[1][best[1][second]] + weight[2][best[2][third]]
                if total > most:
                    most = total
                    chosen[0] = best[0][first]
                    chosen[1] = best[1][second]
                    chosen[2] = best[2][third]


cdef void assign(const Grid* grid, int* column_of_row) noexcept nogil:
    """Pairs of the greatest total, each part of the shorter form in one; the first of equals. -1: unpaired row."""
    cdef bint turned = grid.rows > grid.columns
    cdef int rows = grid.columns if turned else grid.rows
    cdef int columns = grid.rows if turned else grid.columns
    cdef int weight[MAX_PARTS][MAX_PARTS]
    cdef int row, column, second, best
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
    elif rows == 3:
        _assign_three(weight, columns, chosen)
    else:
        _assign_many(weight, rows, columns, chosen)
    for row in range(grid.rows):
        column_of_row[row] = -1
    for row in range(rows):
        if turned:
            column_of_row[chosen[row]] = row
        else:
            column_of_row[row] = chosen[row]
