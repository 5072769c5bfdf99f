"""The people of an index, for the packer."""

from libc.stdint cimport uint32_t

from phonosearch._builder cimport Entry
from phonosearch._sort_keys cimport SortKey

cdef class PeoplePacker:
    cdef list builders
    cdef dict arrays
    cdef list contradictions
    cdef int count                  # of builders
    cdef uint32_t* counts           # of the people of each builder
    cdef uint32_t** person_rank     # of each builder, by number of first appearance
    cdef uint32_t people_count
    cdef Entry* names               # by person, kind and text; `text` and `forms` are addresses
    cdef size_t name_count

    cdef int pack(self, bint display) except -1
    cdef int _identifiers(self) except -1
    cdef int _merge(self, const SortKey* keys, SortKey* merged) except -1
    cdef int _write_identifiers(self, const SortKey* keys, size_t total, size_t size) except -1
    cdef size_t _blocks(self) noexcept
    cdef int _gather_names(self) except -1
    cdef int _dates_and_sexes(self) except -1
    cdef int _places(self) except -1
    cdef uint32_t _towns(self, uint32_t* counts, uint32_t** rank) except? 0xFFFFFFFF
    cdef int _contradictions(self) except -1
    cdef int _names(self, bint display) except -1
