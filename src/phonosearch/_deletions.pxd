from libc.stdint cimport uint8_t, uint32_t, uint64_t

from phonosearch._text cimport TextRules

cdef enum:
    MAX_DELETIONS = 32          # keys of a word of seven letters, and room: 1 + 7 + 21

cdef int deletion_keys(const uint8_t* word, int length, int deletions, uint64_t* keys) noexcept nogil
cdef uint32_t deletion_bucket(uint64_t key, int shift) noexcept nogil
cdef int deletions_of(TextRules rules, int length) noexcept nogil
