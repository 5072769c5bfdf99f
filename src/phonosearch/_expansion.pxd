"""The expansion of query parts, for other compiled modules."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t

from phonosearch._arrays cimport CLASSES, Array, PackedNames
from phonosearch._relation cimport PartInfo
from phonosearch._workspace cimport Workspace

cdef class PartIndex(PackedNames):
    # What is looked up once: threads that race write equal numbers.
    cdef int32_t* spelling_part     # parts of TextRules.spelling_members: -1 where the index lacks one, or UNKNOWN
    cdef int32_t* nickname_part
    # Weight, length, first letter, place in TextRules.words + 1; 0 where not yet known. One number, so that no thread
    # sees half of it.
    cdef uint64_t* part_facts
    cdef uint32_t* part_sketch      # set of letters, and length; 0 where not yet known
    cdef uint64_t* part_heard       # keys of its readings, as `heard_sketch`

    cdef size_t letters_within_reach    # of `part_letters`, for what takes letters of many parts at once

    cdef int _allocate_members(self) except -1
    cdef bint surely_unrelated(self, const PartInfo* asked, uint32_t sketch, uint32_t part) noexcept nogil
    cdef uint64_t _learn_facts(self, uint32_t part) noexcept nogil
    cdef void _describe_letters(self, uint32_t part, PartInfo* info) noexcept nogil
    cdef uint32_t _sketch(self, uint32_t part) noexcept nogil
    cdef int32_t _member(self, int32_t* known, const uint64_t* members, int member) noexcept nogil
    cdef int32_t _find_packed(self, uint64_t key) noexcept nogil
    cdef void describe_part(self, uint32_t part, PartInfo* info, bint grouped) noexcept nogil
    cdef int expand(self, Workspace space, const PartInfo* part, int level) except -1 nogil
    cdef int _expand(self, Workspace space, const PartInfo* part, uint16_t bit, int level) except -1 nogil
    cdef int _expand_word(self, Workspace space, const uint8_t* letters, int length, uint16_t bit) except -1 nogil
    cdef int _expand_beginnings(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil
    cdef int _expand_endings(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil
    cdef int _expand_sounds(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil
    cdef int _expand_code(
        self, Workspace space, Array* codes, Array* starts, Array* parts, uint32_t code, uint16_t bit
    ) except -1 nogil
    cdef int _expand_close(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil
    cdef int _expand_alike(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil
    cdef int _expand_heard(self, Workspace space, const PartInfo* part, uint16_t bit) except -1 nogil
    cdef int _keep_within(self, Workspace space, const PartInfo* part, int limit, bint alike) noexcept nogil
    cdef int _edits(self, int longer, bint alike) noexcept nogil
    cdef int _collect(
        self, Workspace space, size_t first, size_t last, const uint32_t* parts, uint32_t mine, int length,
        uint16_t bit,
    ) except -1 nogil
    cdef int _add_written_for(self, Workspace space, PartInfo* heard, uint16_t bit) except -1 nogil
    cdef int _add_heard_as(
        self, Workspace space, size_t first, size_t last, const PartInfo* part, uint32_t sketch, uint16_t bit
    ) except -1 nogil
    cdef int _add_heard_somehow(
        self, Workspace space, uint32_t other, const PartInfo* part, uint16_t bit
    ) except -1 nogil

    cdef inline uint64_t facts(self, uint32_t part) noexcept nogil:
        cdef uint64_t known = self.part_facts[part]
        return known if known else self._learn_facts(part)

    cdef inline int part_weight(self, uint32_t part) noexcept nogil:
        """As ``_align.weight``."""
        return self.facts(part) & 0xFFFF

    cdef inline int part_length(self, uint32_t part) noexcept nogil:
        return self.facts(part) >> 16 & 0xFF

    cdef inline int first_letter(self, uint32_t part) noexcept nogil:
        """0 to 25 for a-z, else 26."""
        return self.facts(part) >> 24 & 0x1F

    cdef inline uint32_t forms_with(self, uint32_t part, int group) noexcept nogil:
        """How many forms of a class hold a part."""
        cdef size_t run = CLASSES * <size_t>part + group
        return self.forms_ending_in(part, group) + self.posting_start.data[run + 1] - self.posting_start.data[run]

    cdef inline uint32_t forms_ending_in(self, uint32_t part, int group) noexcept nogil:
        cdef size_t last = CLASSES * <size_t>part + group
        return self.last_start.data[last + CLASSES] - self.last_start.data[last]
