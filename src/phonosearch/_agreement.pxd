"""The agreement of dates and sexes, for other compiled modules."""

from libc.stdint cimport uint32_t

cdef enum:
    DATE_CONTRADICTED = 1
    DATE_SIMILAR = 2
    DATE_ABSENT = 3
    DATE_NEAR_YEAR = 4
    DATE_ONE_DIGIT = 5
    DATE_DIGITS_SWAPPED = 6
    DATE_PLACEHOLDER = 7
    DATE_PARTIAL = 8
    DATE_SWAPPED = 9
    DATE_EXACT_PLACEHOLDER = 10
    DATE_EXACT = 11
    SEX_CONTRADICTED = 1
    SEX_ABSENT = 2
    SEX_EXACT = 3

cdef int date_agreement_of(uint32_t asked, uint32_t recorded) noexcept nogil
cdef int sex_agreement_of(int asked, int recorded) noexcept nogil
