"""The postings of an index: a query part → the forms that hold a match of it before their last part.

The parts of a form may lie anywhere in memory, and reading them takes most of the time of looking at it. So what else
the form holds is kept beside its posting, once that was read: most forms are ruled out by it.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from phonosearch._arrays cimport CLASSES
from phonosearch._merging cimport MergingIndex
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._text cimport TextRules
from phonosearch._workspace cimport SHORTENED, Workspace

cdef enum:
    AHEAD = 16                  # postings that are asked for before their turn


cdef class PostingIndex(MergingIndex):
    """The postings of the packed arrays; arguments and errors as those of ``PackedNames``."""

    def __cinit__(self, TextRules rules not None, dict arrays not None, dict bounds=None):
        self.posting_beside = <uint32_t*>calloc(self.posting_form.size + 1, sizeof(uint32_t))
        if self.posting_beside == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.posting_beside)

    cdef int gather(self, Workspace space, int position, int group) except -1 nogil:
        """Collect the forms of a class that hold a match of a query part before the last: short runs, far apart."""
        cdef size_t at, run, ahead
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        cdef uint32_t begin, size
        for at in range(start, stop):
            ahead = at + 8
            if ahead < stop:
                PS_PREFETCH(
                    self.posting_form.data
                    + self.posting_start.data[CLASSES * <size_t>space.matches[ahead].part + group]
                )
            run = CLASSES * <size_t>space.matches[at].part + group
            begin = self.posting_start.data[run]
            size = self.posting_start.data[run + 1] - begin
            if size:
                space.reserve_candidates(size)
                memcpy(
                    space.candidates + space.candidate_count, self.posting_form.data + begin, size * sizeof(uint32_t)
                )
                space.candidate_count += size
        return 0

    cdef int gather_beside(self, Workspace space, int position, int other, int group) except -1 nogil:
        """``gather`` from forms of two or three parts, without most of those that hold no match of another query part.

        A form of which both query parts pair off with parts of its own stands under the one partner before the last, or
        ends in it; and the other partner stands beside. So it is kept where one of the two parts beside a posting,
        shortened, is a shortened match of the other query part.
        """
        cdef size_t at, run, end, kept, ahead
        cdef size_t start = space.expansion[position].start, stop = start + space.expansion[position].count
        cdef size_t other_start = space.expansion[other].start
        cdef size_t other_stop = other_start + space.expansion[other].count
        cdef uint32_t beside, part
        cdef uint32_t* candidates
        cdef uint8_t* wanted = space.wanted
        cdef const uint32_t* posting_form = self.posting_form.data
        cdef const uint32_t* posting_beside = self.posting_beside
        cdef const uint32_t* posting_start = self.posting_start.data + group
        cdef uint64_t postings = space.expansion[position].forms[group] - space.expansion[position].lasts[group]
        if 4 * postings < other_stop - other_start:
            return self.gather(space, position, group)      # they are read in the time of shortening the matches
        wanted[0] = 1                   # what is not known yet
        for at in range(other_start, other_stop):
            wanted[space.matches[at].part & SHORTENED] = 1
        for at in range(start, stop):
            ahead = at + 8
            if ahead < stop:
                run = posting_start[CLASSES * <size_t>space.matches[ahead].part]
                PS_PREFETCH(posting_form + run)
                PS_PREFETCH(posting_beside + run)
            part = space.matches[at].part
            run = posting_start[CLASSES * <size_t>part]
            end = posting_start[CLASSES * <size_t>part + 1]
            if run == end:
                continue
            if posting_beside[run] == 0:
                self._learn_beside(part, group)
            space.reserve_candidates(end - run)
            candidates = space.candidates
            kept = space.candidate_count
            for run in range(run, end):
                beside = posting_beside[run]
                candidates[kept] = posting_form[run]
                kept += wanted[beside >> 16] | wanted[beside & SHORTENED]
            space.candidate_count = kept
        for at in range(other_start, other_stop):
            wanted[space.matches[at].part & SHORTENED] = 0
        wanted[0] = 0
        return 0

    cdef void _learn_beside(self, uint32_t part, int group) noexcept nogil:
        """Write down what stands beside the postings of a part; threads that race write the same numbers."""
        cdef size_t run = CLASSES * <size_t>part + group, end = self.posting_start.data[run + 1]
        cdef int width = group + 1
        cdef uint32_t low = self.class_start.data[group], count = self.class_start.data[group + 1] - low, form, other
        cdef const uint32_t* all_parts = self.form_part.data + self._class_offset(group)
        cdef const uint32_t* parts
        for run in range(self.posting_start.data[run], end):
            if run + AHEAD < end:
                PS_PREFETCH(all_parts + width * <size_t>(self.posting_form.data[run + AHEAD] - low))
            form = self.posting_form.data[run] - low
            if form >= count:
                continue                # in a crafted file
            parts = all_parts + width * <size_t>form
            other = parts[1] if parts[0] == part else parts[0]
            self.posting_beside[run] = (other & SHORTENED) << 16 | parts[width - 1] & SHORTENED

    cdef inline size_t _class_offset(self, int group) noexcept nogil:
        """Where the parts of the forms of a class of fixed size begin."""
        cdef uint32_t one = self.class_start.data[1]
        if group == 0:
            return 0
        if group == 1:
            return one
        return one + 2 * <size_t>(self.class_start.data[2] - one)
