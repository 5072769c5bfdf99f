"""Bytes that grow, and words numbered in order of first appearance."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcmp, memcpy, memset

from phonosearch._large_pages cimport grown_in_large_pages, zeros_in_large_pages

from phonosearch._errors import LimitError


cdef int reserve(Buffer* buffer, size_t more) except -1 nogil:
    cdef size_t room = buffer.room
    cdef uint8_t* data
    if buffer.used + more <= room:
        return 0
    while room < buffer.used + more:
        room = room * 2 if room else 4096
    data = <uint8_t*>grown_in_large_pages(buffer.data, buffer.used, room)
    if data == NULL:
        with gil:
            raise MemoryError
    buffer.data = data
    buffer.room = room
    return 0


cdef void free_buffer(Buffer* buffer) noexcept:
    free(buffer.data)
    memset(buffer, 0, sizeof(Buffer))


cdef int table_init(WordTable* table, uint64_t seed) except -1:
    cdef uint64_t zero = 0
    memset(table, 0, sizeof(WordTable))
    table.seed = seed
    append(&table.start, &zero, sizeof(uint64_t))
    return 0


cdef void table_free(WordTable* table) noexcept:
    free(table.slots)
    free(table.text.data)
    free(table.start.data)
    memset(table, 0, sizeof(WordTable))


cdef uint64_t hash_of(const uint8_t* word, size_t length, uint64_t seed) noexcept nogil:
    cdef uint64_t state = seed ^ (length * <uint64_t>0x9E3779B97F4A7C15), piece
    while length >= 8:
        memcpy(&piece, word, 8)
        state = (state ^ piece) * <uint64_t>0xD6E8FEB86659FD93
        state ^= state >> 32
        word += 8
        length -= 8
    if length:
        piece = 0
        memcpy(&piece, word, length)
        state = (state ^ piece) * <uint64_t>0xD6E8FEB86659FD93
        state ^= state >> 32
    state *= <uint64_t>0xD6E8FEB86659FD93
    return state ^ state >> 29


cdef int append_word(WordTable* table, const uint8_t* word, size_t length) except -1 nogil:
    cdef uint64_t end
    if table.count >= MAX_NUMBERS:
        with gil:
            raise LimitError("records", MAX_NUMBERS, table.count, "people or parts")
    append(&table.text, word, length)
    end = table.text.used
    append(&table.start, &end, sizeof(uint64_t))
    table.count += 1
    return 0


cdef int empty_slots(WordTable* table, uint64_t mask) except -1 nogil:
    """Make the slots of a table, with no word in them yet."""
    cdef uint64_t* slots = <uint64_t*>zeros_in_large_pages(mask + 1, sizeof(uint64_t))
    free(table.slots)
    table.slots = NULL
    if slots == NULL:
        with gil:
            raise MemoryError
    table.slots = slots
    table.mask = mask
    table.held = 0
    return 0


cdef void _hold(WordTable* table, uint32_t number) noexcept nogil:
    """Put a word of the table into its slots."""
    cdef const uint64_t* start = <const uint64_t*>table.start.data
    cdef uint64_t hash = hash_of(table.text.data + start[number], start[number + 1] - start[number], table.seed)
    cdef uint64_t slot = hash & table.mask
    while table.slots[slot]:
        slot = slot + 1 & table.mask
    table.slots[slot] = hash >> 32 << 32 | number + 1
    table.held += 1


cdef int hash_all(WordTable* table, uint64_t mask) except -1 nogil:
    """Make the slots of a table, with all of its words."""
    cdef uint32_t number
    empty_slots(table, mask)
    for number in range(table.count):
        _hold(table, number)
    return 0


cdef int _grow_slots(WordTable* table) except -1 nogil:
    """Twice as many slots for the words that they hold; of the parts of names, these are the long ones."""
    cdef uint64_t* before = table.slots
    cdef uint64_t slot, size = table.mask + 1
    cdef uint64_t* slots = <uint64_t*>zeros_in_large_pages(2 * size, sizeof(uint64_t))
    if slots == NULL:
        with gil:
            raise MemoryError
    table.slots = slots
    table.mask = 2 * size - 1
    table.held = 0
    for slot in range(size):
        if before[slot]:
            _hold(table, <uint32_t>before[slot] - 1)
    free(before)
    return 0


cdef int64_t number_of(WordTable* table, const uint8_t* word, size_t length) except -1 nogil:
    """The number of a word, given in order of first appearance."""
    cdef uint64_t hash = hash_of(word, length, table.seed), slot = hash & table.mask
    cdef uint32_t number
    cdef uint64_t* start = <uint64_t*>table.start.data
    while table.slots[slot]:
        if table.slots[slot] >> 32 == hash >> 32:
            number = <uint32_t>table.slots[slot] - 1
            if start[number + 1] - start[number] == length and memcmp(
                table.text.data + start[number], word, length
            ) == 0:
                return number
        slot = slot + 1 & table.mask
    append_word(table, word, length)
    table.slots[slot] = hash >> 32 << 32 | table.count
    table.held += 1
    if 2 * <uint64_t>table.held > table.mask:
        _grow_slots(table)
    return table.count - 1
