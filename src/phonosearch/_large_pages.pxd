"""Memory in large pages, so that reading far apart needs fewer translations of addresses; header only."""

from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy

cdef extern from *:
    """
    #if defined(__linux__)
    #include <stdint.h>
    #include <sys/mman.h>
    #endif
    #include <stddef.h>

    /* What is smaller than a large page cannot stand in one. */
    #define PS_LARGE_PAGE ((size_t)1 << 21)

    static void ps_use_large_pages(void* memory, size_t size) {
    #if defined(__linux__) && defined(MADV_HUGEPAGE)
        uintptr_t begin = ((uintptr_t)memory + 4095) & ~(uintptr_t)4095;
        uintptr_t end = ((uintptr_t)memory + size) & ~(uintptr_t)4095;
        if (memory != NULL && size >= PS_LARGE_PAGE)
            (void)madvise((void*)begin, end - begin, MADV_HUGEPAGE);    /* advice: where refused, nothing changes */
    #else
        (void)memory;
        (void)size;
    #endif
    }
    """
    const size_t PS_LARGE_PAGE
    void ps_use_large_pages(void* memory, size_t size) noexcept nogil

cdef enum:
    MOST_COPIED = 1 << 26       # bytes

cdef inline void* zeros_in_large_pages(size_t count, size_t size) noexcept nogil:
    """``calloc``, in large pages if the system gives any."""
    cdef void* memory = calloc(count, size)
    ps_use_large_pages(memory, count * size)
    return memory


cdef inline void* grown_in_large_pages(void* memory, size_t used, size_t size) noexcept nogil:
    """``realloc``, in large pages if the system gives any; the first ``used`` bytes are kept."""
    cdef void* grown
    # What realloc copies stands in small pages before anybody can advise; what is larger it moves without a copy.
    if size < PS_LARGE_PAGE or size > MOST_COPIED:
        grown = realloc(memory, size)
        ps_use_large_pages(grown, size)
        return grown
    grown = malloc(size)
    if grown != NULL:
        ps_use_large_pages(grown, size)
        if used:
            memcpy(grown, memory, used)
        free(memory)
    return grown
