"""How rare words are among people's names: ``rarity.tsv`` as a table that the kernel looks up."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport calloc, free

from phonosearch._words cimport hash_slot


cdef class RarityTable:
    """Tenths of bits by word, and their classes.

    Parameters
    ----------
    rules : Rules
        The rules as read from the data files.
    """

    def __cinit__(self, rules):
        self.rarity_key = NULL
        self.rarity_value = NULL
        self._fill_rarity(rules.rarity_scale, rules.rarity_text.encode("ascii"))

    def __dealloc__(self):
        free(self.rarity_key)
        free(self.rarity_value)

    def _fill_rarity(self, scale, bytes text):
        cdef const char* at = PyBytes_AS_STRING(text)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(text), place = 0, begin
        cdef uint64_t slots = 1024, key, slot, words = 0
        cdef int value
        self.rarity_first = scale["first"]
        self.rarity_step = scale["step"]
        self.rarity_bins = scale["bins"]
        self.rarity_base = scale["base"]
        self.rarity_initial = scale["initial"]
        self.rarity_unknown = scale["unknown"]
        if not 0 < self.rarity_bins <= RARITIES or not 0 < self.rarity_unknown < 256 or self.rarity_step < 1:
            raise ValueError("the scale of rarity is out of range")
        for place in range(size):
            words += (at[place] == 32) | (at[place] == 9)   # without a branch, for the vectors of the compiler
        while slots < 2 * words:
            slots *= 2
        self.rarity_mask = slots - 1
        self.rarity_key = <uint64_t*>calloc(slots, sizeof(uint64_t))
        self.rarity_value = <uint8_t*>calloc(slots, 1)
        if self.rarity_key == NULL or self.rarity_value == NULL:
            raise MemoryError
        place = 0
        while place < size:
            if at[place] == 35 or at[place] == 10:
                while place < size and at[place] != 10:
                    place += 1
                place += 1
                continue
            value = 0
            while place < size and 48 <= at[place] <= 57:
                value = 10 * value + at[place] - 48
                place += 1
            while place < size and at[place] != 10:
                place += 1      # the tab, or a space between two words
                begin = place
                key = 0
                while 97 <= at[place] <= 122:       # at the end of bytes Python keeps a NUL
                    key = 27 * key + <uint64_t>(at[place] - 96)     # as `pack_word`
                    place += 1
                if not 0 < place - begin <= 13 or not 0 < value < 256:
                    raise ValueError("rarity.tsv: a line is a number below 256, a tab, and words a-z")
                if value < self.rarity_initial:
                    raise ValueError("rarity.tsv: no word weighs less than an initial")     # bounds rest on it
                slot = hash_slot(key, self.rarity_mask)
                while self.rarity_key[slot] != 0:
                    slot = slot + 1 & self.rarity_mask
                self.rarity_key[slot] = key
                self.rarity_value[slot] = value
            place += 1

    cdef int rarity_of(self, uint64_t key) noexcept nogil:
        """Tenths of bits of a packed word; 0 stands for one that cannot be packed."""
        cdef uint64_t slot = hash_slot(key, self.rarity_mask)
        if key == 0:
            return self.rarity_unknown
        while self.rarity_key[slot] != 0:
            if self.rarity_key[slot] == key:
                return self.rarity_value[slot]
            slot = slot + 1 & self.rarity_mask
        return self.rarity_unknown

    cdef int rarity_class(self, int rarity) noexcept nogil:
        """The class that the letters of a word are judged in."""
        return min(max(rarity - self.rarity_first, 0) // self.rarity_step, self.rarity_bins - 1)
