"""First bounds of what a search found, for other compiled modules."""

from libc.stdint cimport int64_t, uint32_t

from phonosearch._bounds cimport BoundIndex
from phonosearch._workspace cimport UNBOUNDED, Workspace

cdef class FirstBoundIndex(BoundIndex):
    cdef int _bound_beside_several(self, Workspace space, const uint32_t* parts, int size) except -1 nogil
    cdef int _bound_beside_two(self, Workspace space, const uint32_t* parts, int size, int floor) except -1 nogil
    cdef int bound_several(
        self, Workspace space, uint32_t several, int64_t known, int score, int floor, bint earning
    ) except -1 nogil
    cdef int bound_others(self, Workspace space, uint32_t several, int floor, bint earning) except -1 nogil
    cdef void prefetch_form(self, uint32_t form) noexcept nogil
    cdef void prefetch_parts(self, Workspace space, uint32_t form) noexcept nogil

    cdef inline int bound_by_marks(
        self, Workspace space, const uint32_t* parts, int size, int floor
    ) except -1 nogil:
        """A bound on all readings of a form, from its marks, the weights and what is known of its pairs; UNBOUNDED
        where these do not say which parts pair off. Less than ``floor`` says no more than that.

        No less than ``bound_apart`` without letters, from which it differs by what the order of the parts may cost, at
        a fifth of the work: what is found is put in order by it, and most forms that were not found end here.
        """
        if not space.marked or space.unmarked_initials:
            return UNBOUNDED
        if space.query.forms == 1 and space.query.size[0] == 2 and size > 1:
            return self._bound_beside_two(space, parts, size, floor)
        return self._bound_beside_several(space, parts, size)
