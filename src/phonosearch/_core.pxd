"""The search kernel, for other compiled modules."""

from libc.stdint cimport int64_t, uint8_t, uint32_t

from phonosearch._agreement cimport Asked, Evidence
from phonosearch._align cimport Alignment, Query
from phonosearch._finding cimport FindingIndex
from phonosearch._hit cimport Sheet
from phonosearch._workspace cimport UNBOUNDED, Found, Hit, Workspace

ctypedef struct Standing:       # the scores that are known
    uint32_t counts[UNBOUNDED + 1]
    size_t wanted               # people on the page, and before it
    size_t above                # people who score more than `floor`, fewer than wanted
    int floor                   # as many as are wanted score it, at least
    int spread                  # what other evidence may add
    int least

ctypedef struct Other:          # a form of a person of several that was not found
    const uint32_t* parts
    int size
    uint32_t several

cdef class NameIndex(FindingIndex):
    cdef list pool                  # workspaces that no search uses

    cdef int _class_bound(self, const Query* query, int group) noexcept nogil
    cdef int _bound_by_class(self, Workspace space) noexcept nogil
    cdef int _class_of(self, uint32_t form) noexcept nogil
    cdef size_t _order_tier(self, Workspace space, int tier, int* next_tier) except? 0 nogil
    cdef int _score_one(self, Workspace space, const Found* found, int low) except -1 nogil
    cdef int _score_found(self, Workspace space, size_t wanted, int least) except -1 nogil
    cdef int _score_several(self, Workspace space, uint32_t form, int score, Standing* standing) except -1 nogil
    cdef int _score_others(self, Workspace space, Standing* standing) except -1 nogil
    cdef int _score_held(self, Workspace space, const Other* others, int held, Standing* standing) except -1 nogil
    cdef int _score_person(
        self, Workspace space, uint32_t source, int64_t known, int known_score, Standing* standing
    ) except -1 nogil
    cdef int _enter(self, Workspace space, uint32_t source, int score, Standing* standing) except -1 nogil
    cdef int _aligned_score(self, Workspace space, uint32_t source, int low) except -1 nogil
    cdef int enter_several(self, Workspace space) except -1 nogil
    cdef int rank(self, Workspace space, size_t wanted, int least) except -1 nogil
    cdef int _mark_for_scoring(self, Workspace space) except -1 nogil
    cdef int find_page(
        self, Workspace space, size_t offset, size_t limit, size_t* total, size_t* first, size_t* count
    ) except -1 nogil
    cdef int align_hit(self, Workspace space, const Hit* hit, Alignment* found) except -1 nogil
    cdef int write_page(self, Workspace space, size_t offset, size_t limit, Sheet* sheet) except -1 nogil
    cdef Workspace borrow(self, int level)
    cdef int ask_besides(self, Asked asked, Evidence* out) except -1
    cdef int read_query(self, Workspace space, const uint8_t* text, Py_ssize_t length) except -1 nogil
    cdef Workspace _borrow(self, bytes text, int level, Asked asked)
    cdef void _prefetch_page(self, const Hit* hits, size_t count) noexcept nogil
