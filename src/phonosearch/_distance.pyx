"""Levenshtein and optimal string alignment distances, bit-parallel.

One machine word holds 64 rows of a column of the edit matrix as differences between neighbours, so a column of a word
costs about fifteen operations. Longer patterns are cut into strips of 64 rows, each run over all columns in turn; a
strip hands the next one three bits per column. Memory is therefore O(n), whatever the alphabet.

Sources: G. Myers (1999), "A fast bit-vector algorithm for approximate string matching based on dynamic programming";
H. Hyyrö (2003), "A bit-vector algorithm for computing Levenshtein and Damerau edit distances"; the band of diagonals
is that of E. Ukkonen (1985), "Algorithms for approximate string matching".
"""

from cpython.exc cimport PyErr_CheckSignals
from cpython.number cimport PyIndex_Check
from cpython.unicode cimport PyUnicode_Check, PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_KIND
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from phonosearch._errors import LimitError

cdef extern from "Python.h":
    # Cython's own declarations cannot pass NULL, which asks for clipping instead of an error, and hold the GIL to read.
    Py_ssize_t PyNumber_AsSsize_t(object number, void* error) except? -1
    Py_UCS4 PyUnicode_READ(int kind, const void* data, Py_ssize_t index) noexcept nogil

__all__ = ["levenshtein_distance", "osa_distance"]

ctypedef unsigned long long Bits

cdef enum:
    MAX_CODE_POINTS = 65536
    WORD = 64
    SLOTS = 128
    HASH_SHIFT = 25  # 32 - log2(SLOTS)
    COLUMNS_PER_BATCH = 4194304  # some ten milliseconds between looks at signals

    # What the last row of a strip tells the next strip about a column.
    PLUS = 1
    MINUS = 2
    SWAP = 4

cdef struct Column:
    Bits vp, vn, hp, hn, d0, eq

cdef struct Masks:
    Bits low[256]
    Bits high[SLOTS]  # 0: the slot is free
    Py_UCS4 key[SLOTS]


cdef inline void column_init(Column* s) noexcept nogil:
    s.vp = ~<Bits>0
    s.vn = s.hp = s.hn = s.d0 = s.eq = 0


cdef inline void advance(Column* s, Bits eq, Bits plus, Bits minus, Bits swap, bint osa) noexcept nogil:
    """One column further; plus, minus and swap (0 or 1) come from the row above."""
    cdef Bits x = eq | minus
    cdef Bits d0 = (((x & s.vp) + s.vp) ^ s.vp) | x | s.vn
    cdef Bits hp, hn
    if osa:
        d0 |= ((~s.d0 & eq) << 1 | swap) & s.eq
    s.hp = s.vn | ~(d0 | s.vp)
    s.hn = d0 & s.vp
    hp = s.hp << 1 | plus
    hn = s.hn << 1 | minus
    s.vp = hn | ~(d0 | hp)
    s.vn = hp & d0
    s.d0 = d0
    s.eq = eq


# ---------------------------------------------------------------- lower-case words

cdef void pattern_init(Pattern* p, const unsigned char* word, int length) noexcept nogil:
    cdef int i
    cdef unsigned char c
    memset(p, 0, sizeof(Pattern))
    p.length = length
    for i in range(length):
        c = <unsigned char>(word[i] - 97)
        if c < 26:
            p.mask[c] |= <Bits>1 << i


cdef inline int pattern_distance(
    const Pattern* p, const unsigned char* other, int n, int k, bint osa
) noexcept nogil:
    cdef int m = p.length
    cdef int longer = max(m, n)
    cdef int score = m
    cdef int j
    cdef long long limit
    cdef unsigned char c
    cdef Column s
    if k < 0 or k > longer:
        k = longer
    if longer - min(m, n) > k:
        return k + 1
    if m == 0:
        return n
    limit = <long long>k + n
    column_init(&s)
    for j in range(n):
        c = <unsigned char>(other[j] - 97)
        advance(&s, p.mask[c] if c < 26 else 0, 1, 0, 0, osa)
        score += <int>(s.hp >> (m - 1) & 1) - <int>(s.hn >> (m - 1) & 1)
        # Each column still to come can lower the score by one at most.
        limit -= 1
        if score > limit:
            return k + 1
    return score


cdef int levenshtein_pattern(
    const Pattern* p, const unsigned char* other, int other_length, int max_distance
) noexcept nogil:
    return pattern_distance(p, other, other_length, max_distance, False)


cdef int osa_pattern(const Pattern* p, const unsigned char* other, int other_length, int max_distance) noexcept nogil:
    return pattern_distance(p, other, other_length, max_distance, True)


cdef int osa_bytes(const unsigned char* a, int la, const unsigned char* b, int lb, int max_distance) noexcept nogil:
    cdef Pattern p
    pattern_init(&p, a, la)
    return pattern_distance(&p, b, lb, max_distance, True)


# ---------------------------------------------------------------- any Unicode string

cdef inline int slot_of(const Masks* t, Py_UCS4 c) noexcept nogil:
    # At most 64 of the 128 slots are in use, so a free one ends the walk.
    cdef unsigned int slot = (<unsigned int>c * 0x9E3779B1U) >> HASH_SHIFT
    while t.high[slot] and t.key[slot] != c:
        slot = (slot + 1) & (SLOTS - 1)
    return <int>slot


cdef inline Bits mask_of(const Masks* t, Py_UCS4 c) noexcept nogil:
    return t.low[c] if c < 256 else t.high[slot_of(t, c)]


cdef inline void masks_add(Masks* t, int kind, const void* word, int start, int length) noexcept nogil:
    cdef int i, slot
    cdef Py_UCS4 c
    for i in range(length):
        c = PyUnicode_READ(kind, word, start + i)
        if c < 256:
            t.low[c] |= <Bits>1 << i
        else:
            slot = slot_of(t, c)
            t.key[slot] = c
            t.high[slot] |= <Bits>1 << i


cdef inline void masks_clear(Masks* t, int kind, const void* word, int start, int length) noexcept nogil:
    # Only the entries that will be read: for two short names that is less than the whole table.
    cdef int i
    cdef Py_UCS4 c
    for i in range(start, start + length):
        c = PyUnicode_READ(kind, word, i)
        if c < 256:
            t.low[c] = 0


cdef inline int one_word(
    int kind_p, const void* p, int m, int kind_t, const void* t, int start, int n, int k, bint osa
) noexcept nogil:
    """Distance of a pattern of 1 to 64 code points; both strings begin at start."""
    cdef Masks masks
    cdef Column s
    cdef int score = m
    cdef int limit = k + n
    cdef int j
    if n > 256:
        memset(masks.low, 0, sizeof(masks.low))
    else:
        masks_clear(&masks, kind_p, p, start, m)
        masks_clear(&masks, kind_t, t, start, n)
    if kind_p != 1 or kind_t != 1:
        memset(masks.high, 0, sizeof(masks.high))
    masks_add(&masks, kind_p, p, start, m)
    column_init(&s)
    for j in range(start, start + n):
        advance(&s, mask_of(&masks, PyUnicode_READ(kind_t, t, j)), 1, 0, 0, osa)
        score += <int>(s.hp >> (m - 1) & 1) - <int>(s.hn >> (m - 1) & 1)
        limit -= 1
        if score > limit:
            return k + 1
    return score


cdef inline int step_of(unsigned char carry) noexcept nogil:
    return (carry & PLUS) - (carry >> 1 & 1)


cdef int many_words(
    int kind_p, const void* p, int m, int kind_t, const void* t, int start, int n, int k, bint osa
) except -1 nogil:
    """Distance of a pattern of any length, strip by strip, along the diagonals that k edits can reach."""
    cdef Masks masks
    cdef Column s
    cdef int row = 0, low = 0, high = 0, corner = 0
    cdef int height, j, work, next_low, score, best
    cdef unsigned char above, below
    cdef Bits eq
    cdef unsigned char* carry = <unsigned char*>malloc(n)
    if carry == NULL:
        with gil:
            raise MemoryError
    try:
        memset(carry, PLUS, n)
        while row < m:
            work = 0
            while row < m and work < COLUMNS_PER_BATCH:
                height = min(WORD, m - row)
                # Two columns more than the band on each side, for a transposition that crosses two strips.
                # Cells outside count as reached by insertions or deletions alone: never too small.
                next_low = max(0, row - k - 2)
                for j in range(low, next_low):
                    corner += step_of(carry[j])
                low = next_low
                high = min(n, row + WORD + k + 2)
                memset(masks.low, 0, sizeof(masks.low))
                memset(masks.high, 0, sizeof(masks.high))
                masks_add(&masks, kind_p, p, start + row, height)
                column_init(&s)
                for j in range(low, high):
                    above = carry[j]
                    eq = mask_of(&masks, PyUnicode_READ(kind_t, t, start + j))
                    below = SWAP * <unsigned char>((~s.d0 & eq) >> (WORD - 1))
                    advance(&s, eq, above & PLUS, above >> 1 & 1, above >> 2, osa)
                    below |= PLUS * <unsigned char>(s.hp >> (height - 1) & 1)
                    below |= MINUS * <unsigned char>(s.hn >> (height - 1) & 1)
                    carry[j] = below
                row += height
                corner += height
                work += high - low
                if k < n:
                    # Each path crosses this row or swaps across it, and then still has its diagonal to mend.
                    score = corner
                    best = score + abs((m - row) - (n - low))
                    for j in range(low, high):
                        score += step_of(carry[j])
                        best = min(best, score + abs((m - row) - (n - j - 1)))
                    if best > k:
                        corner = k + 1
                        low = n
                        row = m
            with gil:
                PyErr_CheckSignals()
        for j in range(low, n):
            corner += step_of(carry[j])
        return min(corner, k + 1)
    finally:
        free(carry)


cdef int text_distance(
    int kind_a, const void* a, int la, int kind_b, const void* b, int lb, int k, bint osa
) except -1 nogil:
    cdef int kind_p = kind_a, kind_t = kind_b, m = la, n = lb
    cdef int start = 0
    cdef const void* p = a
    cdef const void* t = b
    if la > lb:
        kind_p, kind_t = kind_b, kind_a
        m, n = lb, la
        p, t = b, a
    if k < 0 or k > n:
        k = n
    if n - m > k:
        return k + 1
    while m and PyUnicode_READ(kind_p, p, start) == PyUnicode_READ(kind_t, t, start):
        start += 1
        m -= 1
        n -= 1
    while m and PyUnicode_READ(kind_p, p, start + m - 1) == PyUnicode_READ(kind_t, t, start + n - 1):
        m -= 1
        n -= 1
    if m == 0:
        return n
    k = min(k, n)
    if k == 0:
        return 1
    if m > WORD:
        return many_words(kind_p, p, m, kind_t, t, start, n, k, osa)
    # Literal arguments let the compiler build the loops of the common cases apart.
    if kind_p == 1 and kind_t == 1:
        if osa:
            return one_word(1, p, m, 1, t, start, n, k, True)
        return one_word(1, p, m, 1, t, start, n, k, False)
    return one_word(kind_p, p, m, kind_t, t, start, n, k, osa)


cdef int limit_of(object max_distance) except -2:
    cdef Py_ssize_t limit
    if max_distance is None:
        return -1
    if not PyIndex_Check(max_distance):
        raise TypeError(
            f"max_distance must be a whole number, not {type(max_distance).__name__}; give 2, say, or leave it out for "
            "no limit"
        )
    limit = PyNumber_AsSsize_t(max_distance, NULL)
    if limit < 0:
        raise ValueError("max_distance must not be negative; leave it out for no limit")
    return <int>min(limit, <Py_ssize_t>MAX_CODE_POINTS)


cdef int distance(object a, object b, object max_distance, bint osa) except -1:
    cdef Py_ssize_t la, lb
    cdef int k, kind_a, kind_b, found
    cdef const void* data_a
    cdef const void* data_b
    if not PyUnicode_Check(a):
        raise TypeError(f"a must be a str, not {type(a).__name__}")
    if not PyUnicode_Check(b):
        raise TypeError(f"b must be a str, not {type(b).__name__}")
    la = PyUnicode_GET_LENGTH(a)
    lb = PyUnicode_GET_LENGTH(b)
    if la > MAX_CODE_POINTS:
        raise LimitError("a", MAX_CODE_POINTS, la, "code points")
    if lb > MAX_CODE_POINTS:
        raise LimitError("b", MAX_CODE_POINTS, lb, "code points")
    k = limit_of(max_distance)
    kind_a = PyUnicode_KIND(a)
    kind_b = PyUnicode_KIND(b)
    data_a = PyUnicode_DATA(a)
    data_b = PyUnicode_DATA(b)
    if min(la, lb) <= WORD:
        return text_distance(kind_a, data_a, <int>la, kind_b, data_b, <int>lb, k, osa)
    with nogil:
        found = text_distance(kind_a, data_a, <int>la, kind_b, data_b, <int>lb, k, osa)
    return found


def levenshtein_distance(a, b, *, max_distance=None):
    """Smallest number of insertions, deletions and replacements of code points that turn a into b.

    The strings are compared as they stand, without normalising. Time is O(ceil(m / 64) * n) for lengths m <= n, and
    O(ceil(m / 64) * (64 + max_distance)) under a limit; memory is O(n). Myers (1999), Hyyrö (2003).

    Parameters
    ----------
    a, b : str
        At most 65,536 code points each.
    max_distance : int, optional
        Stop once the distance must be larger.

    Returns
    -------
    int
        The distance, or max_distance + 1 if it is larger than max_distance.

    Raises
    ------
    LimitError
        A string is too long.
    ValueError
        max_distance is negative.
    TypeError
        An argument has the wrong type.

    Examples
    --------
    >>> from phonosearch._distance import levenshtein_distance
    >>> levenshtein_distance("Stephen", "Stehpen")
    2
    >>> levenshtein_distance("Stephen", "Margaret", max_distance=2)
    3
    """
    return distance(a, b, max_distance, False)


def osa_distance(a, b, *, max_distance=None):
    """Optimal string alignment: Levenshtein distance in which swapping two neighbours costs one.

    No code point is edited twice, so this is no metric: the triangle inequality can fail. The strings are compared as
    they stand, without normalising. Time is O(ceil(m / 64) * n) for lengths m <= n, and
    O(ceil(m / 64) * (64 + max_distance)) under a limit; memory is O(n). Hyyrö (2003).

    Parameters
    ----------
    a, b : str
        At most 65,536 code points each.
    max_distance : int, optional
        Stop once the distance must be larger.

    Returns
    -------
    int
        The distance, or max_distance + 1 if it is larger than max_distance.

    Raises
    ------
    LimitError
        A string is too long.
    ValueError
        max_distance is negative.
    TypeError
        An argument has the wrong type.

    Examples
    --------
    >>> from phonosearch._distance import osa_distance
    >>> osa_distance("Stephen", "Stehpen")
    1
    >>> osa_distance("Stephen", "Margaret", max_distance=2)
    3
    """
    return distance(a, b, max_distance, True)


cdef int check_lowercase(bytes a, bytes b) except -1:
    if len(a) > WORD or len(b) > WORD:
        raise ValueError(f"a word may have at most {WORD} bytes")
    return 0


def _levenshtein_lowercase(bytes a not None, bytes b not None, int max_distance):
    """levenshtein_pattern, for the tests."""
    cdef Pattern p
    check_lowercase(a, b)
    pattern_init(&p, a, <int>len(a))
    return levenshtein_pattern(&p, b, <int>len(b), max_distance)


def _osa_lowercase(bytes a not None, bytes b not None, int max_distance):
    """osa_bytes, and with it osa_pattern, for the tests."""
    check_lowercase(a, b)
    return osa_bytes(a, <int>len(a), b, <int>len(b), max_distance)
