"""Bytes that grow, and words numbered in order of first appearance."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef enum:
    MAX_NUMBERS = 0x1FFFFFFF    # people, parts or names of one index

ctypedef struct Buffer:
    uint8_t* data
    size_t used
    size_t room

ctypedef struct WordTable:
    uint64_t* slots             # high half of the hash, then number + 1; 0 for an empty slot; NULL before it is needed
    uint64_t mask
    uint32_t count
    uint32_t held               # words in slots
    uint64_t seed
    Buffer text                 # all words, one after another
    Buffer start                # uint64 offsets, one more than words

cdef int reserve(Buffer* buffer, size_t more) except -1 nogil
cdef void free_buffer(Buffer* buffer) noexcept
cdef int table_init(WordTable* table, uint64_t seed) except -1
cdef void table_free(WordTable* table) noexcept
cdef uint64_t hash_of(const uint8_t* word, size_t length, uint64_t seed) noexcept nogil
cdef int append_word(WordTable* table, const uint8_t* word, size_t length) except -1 nogil
cdef int empty_slots(WordTable* table, uint64_t mask) except -1 nogil
cdef int hash_all(WordTable* table, uint64_t mask) except -1 nogil
cdef int64_t number_of(WordTable* table, const uint8_t* word, size_t length) except -1 nogil


cdef inline int append(Buffer* buffer, const void* data, size_t length) except -1 nogil:
    if buffer.used + length > buffer.room:
        reserve(buffer, length)
    if length:
        memcpy(buffer.data + buffer.used, data, length)
    buffer.used += length
    return 0
