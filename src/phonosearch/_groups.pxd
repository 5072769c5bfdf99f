from libc.stdint cimport uint64_t

cdef class Numbers:
    cdef int* at
    cdef int used, room

    cdef int fill(self, int size, int number) except -1
    cdef int* taken(self) noexcept
    cdef int _grow(self) except -1
    cdef int _resize(self, int room) except -1

    cdef inline int add(self, int number) except -1:
        if self.used == self.room:
            self._grow()
        self.at[self.used] = number
        self.used += 1
        return 0

cdef class Groups:
    cdef uint64_t* keys         # of each word
    cdef int words
    cdef int* number            # hash table: the number of a word + 1, 0 for an empty slot
    cdef uint64_t mask
    cdef Numbers language, start, row           # of each row: language, where it begins in `row`, its words
    cdef Numbers rows_start, rows               # of each word: the rows of the given names' spellings that it is in
    cdef Numbers mark                           # of each word: the last set that it was added to
    cdef int round
    cdef Numbers spelling_start, spelling       # where each group begins in `spelling`, its words: its head first
    cdef Numbers nickname_start, nickname
    cdef Numbers last, before                   # of each word the last group it heads, of each group the one before it

    cdef int word(self, uint64_t key) noexcept
    cdef int _read(self, bytes text, dict languages) except -1
    cdef int _place_rows(self, int first, int end) except -1
    cdef int _add_row(self, Numbers to, int row) except -1
    cdef int _spellings(self, int first, int end) except -1
    cdef int _begin(self, int head) except -1
    cdef int _end(self) except -1
    cdef int _short_forms(self, int end) except -1
    cdef int _ending(self, int word) noexcept
    cdef int _equivalents(self, int first, int end) except -1

    cdef inline int _add(self, Numbers to, int word) except -1:
        """Add a word to the set that is being made, once."""
        if self.mark.at[word] != self.round:
            self.mark.at[word] = self.round
            to.add(word)
        return 0
