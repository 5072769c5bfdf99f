"""The agreement of dates and sexes, for other compiled modules."""

from libc.stdint cimport uint32_t

cdef enum:
    DATE_CONTRADICTED = 1
    DATE_ABSENT = 2
    DATE_NEAR_YEAR = 3
    DATE_ONE_DIGIT = 4
    DATE_SWAPPED = 5
    DATE_PARTIAL = 6
    DATE_EXACT = 7
    SEX_CONTRADICTED = 1
    SEX_ABSENT = 2
    SEX_EXACT = 3

cdef int date_agreement_of(uint32_t asked, uint32_t recorded) noexcept nogil
cdef int sex_agreement_of(int asked, int recorded) noexcept nogil
