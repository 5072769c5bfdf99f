"""Ask the processor for memory before its turn; header only."""

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define PS_PREFETCH(p) __builtin_prefetch(p)
    #else
    #define PS_PREFETCH(p) ((void)0)
    #endif
    """
    void PS_PREFETCH(const void* p) noexcept nogil
