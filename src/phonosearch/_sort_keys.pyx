"""Words sorted, and ranked by their place: what makes the numbers of an index independent of the order of loading."""

from libc.stdint cimport uint32_t
from libc.stdlib cimport free, qsort
from libc.string cimport memcmp, memcpy, memset

from phonosearch._large_pages cimport grown_in_large_pages
from phonosearch._new_arrays cimport allocate


cdef int compare_keys(const void* one, const void* other) noexcept nogil:
    cdef const SortKey* a = <const SortKey*>one
    cdef const SortKey* b = <const SortKey*>other
    cdef int order
    if a.first != b.first:
        return -1 if a.first < b.first else 1
    order = memcmp(a.word, b.word, a.length if a.length < b.length else b.length)
    if order:
        return order
    return (a.length > b.length) - (a.length < b.length)


cdef int sort_keys(SortKey** keys, size_t count) except -1 nogil:
    """Sort by ``first``, a byte at a time, then by word; ``first`` may be the beginning of the word."""
    cdef SortKey* here = keys[0]
    cdef SortKey* there
    cdef SortKey* swapped
    cdef size_t at, begin, total, number
    cdef size_t histogram[8][256]
    cdef int place, byte
    memset(histogram, 0, sizeof(histogram))
    for at in range(count):
        for place in range(8):
            histogram[place][here[at].first >> 8 * place & 0xFF] += 1
    there = <SortKey*>grown_in_large_pages(NULL, 0, (count + 1) * sizeof(SortKey))
    if there == NULL:
        with gil:
            raise MemoryError
    for place in range(8):
        if count == 0 or histogram[place][here[0].first >> 8 * place & 0xFF] == count:
            continue
        total = 0
        for byte in range(256):
            number = histogram[place][byte]
            histogram[place][byte] = total
            total += number
        for at in range(count):
            byte = here[at].first >> 8 * place & 0xFF
            there[histogram[place][byte]] = here[at]
            histogram[place][byte] += 1
        swapped = here
        here = there
        there = swapped
    free(there)
    keys[0] = here
    begin = 0
    for at in range(1, count + 1):
        if at == count or here[at].first != here[begin].first:
            if at - begin > 1:
                qsort(here + begin, at - begin, sizeof(SortKey), compare_keys)
            begin = at
    return 0


cdef void set_first(SortKey* keys, size_t count) noexcept nogil:
    """The eight bytes that follow what all words begin with, to sort by first."""
    cdef size_t at, skip = keys[0].length if count else 0, same
    for at in range(1, count):
        same = 0
        while same < skip and same < keys[at].length and keys[at].word[same] == keys[0].word[same]:
            same += 1
        skip = same
    for at in range(count):
        keys[at].first = first_bytes(keys[at].word + skip, keys[at].length - skip, 8)


cdef size_t letters_of(const SortKey* keys, size_t total) noexcept nogil:
    """The letters of the different ones of sorted words."""
    cdef size_t at, letters = 0
    for at in range(total):
        if at == 0 or not same_word(&keys[at], &keys[at - 1]):
            letters += keys[at].length
    return letters


cdef uint32_t rank_words(
    const SortKey* keys, size_t total, const uint32_t* counts, int tables, uint32_t** ranks
) except? 0xFFFFFFFF:
    """Of the sorted words of all tables, the rank of each in its table; how many are different.

    The words of one table are all different, and numbered on from those of the table before.
    """
    cdef uint32_t* flat = <uint32_t*>allocate(total, sizeof(uint32_t))
    cdef size_t at, begin = 0
    cdef uint32_t rank = 0
    cdef int table
    with nogil:
        for at in range(total):
            rank += at > 0 and (tables == 1 or not same_word(&keys[at], &keys[at - 1]))
            flat[keys[at].number] = rank
    try:
        for table in range(tables):
            ranks[table] = <uint32_t*>allocate(counts[table], sizeof(uint32_t))
            memcpy(ranks[table], flat + begin, counts[table] * sizeof(uint32_t))
            begin += counts[table]
    finally:
        free(flat)
    return rank + 1 if total else 0


cdef void sort_few(SortKey* keys, uint32_t count, Compare compare) noexcept nogil:
    """Sort what are mostly two or three."""
    cdef uint32_t at, back
    cdef SortKey key
    if count > 16:
        qsort(keys, count, sizeof(SortKey), compare)
        return
    for at in range(1, count):
        key = keys[at]
        back = at
        while back and compare(&keys[back - 1], &key) > 0:
            keys[back] = keys[back - 1]
            back -= 1
        keys[back] = key


cdef int _compare_numbers(const void* one, const void* other) noexcept nogil:
    cdef uint32_t a = (<const uint32_t*>one)[0], b = (<const uint32_t*>other)[0]
    return (a > b) - (a < b)


cdef uint32_t sort_unique(uint32_t* values, uint32_t count) noexcept nogil:
    """Sort a short run in place, move distinct values to the front; how many there are."""
    cdef uint32_t at, back, value, kept = 0
    if count > 32:
        qsort(values, count, sizeof(uint32_t), _compare_numbers)
    for at in range(1, count if count <= 32 else 1):
        value = values[at]
        back = at
        while back > 0 and values[back - 1] > value:
            values[back] = values[back - 1]
            back -= 1
        values[back] = value
    for at in range(count):
        if at == 0 or values[at] != values[kept - 1]:
            values[kept] = values[at]
            kept += 1
    for at in range(kept, count):
        values[at] = 0
    return kept


cdef uint32_t distinct(const uint32_t* values, uint32_t count) noexcept nogil:
    """How many values stand before the zeros that ``sort_unique`` leaves."""
    cdef uint32_t kept = 0
    while kept < count and values[kept]:
        kept += 1
    return kept
