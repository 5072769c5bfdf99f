"""The agreement of dates, ages, sexes and generations, for other compiled modules."""

from libc.stdint cimport uint32_t, uint64_t

from phonosearch._text cimport MAX_PLACE_PARTS

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
    AGE_CONTRADICTED = 12
    AGE_ABSENT = 13
    AGE_NEAR_5 = 14
    AGE_NEAR_2 = 15
    AGE_NEAR_1 = 16
    AGE_POSSIBLE = 17
    AGE_EXACT = 18
    SEX_CONTRADICTED = 1
    SEX_ABSENT = 2
    SEX_EXACT = 3
    PLACE_CONTRADICTED = 1
    PLACE_ABSENT = 2
    PLACE_TOWN = 3
    PLACE_DISTRICT = 4
    PLACE_EXACT = 5
    GENERATION_CONTRADICTED = 1
    GENERATION_ABSENT = 2
    GENERATION_EXACT = 3

ctypedef struct Evidence:       # what is asked besides a name
    uint32_t date               # of birth, packed; 0 where none is asked
    uint32_t age_day            # the day of an age, packed; 0 where none is asked
    int age_low, age_high
    int birth                   # how much of a date or an age: of the tables of points, see ``TextRules``
    int sex                     # 0 where none is asked
    int generations             # that the name says (Jr, Sr, II, III), a bit each
    int place                   # how much of a place: 0 nothing, 1 towns, 2 a district, 3 a postcode
    int towns                   # of the place
    uint64_t postcode           # packed, 0 where none is asked
    uint32_t town[MAX_PLACE_PARTS]  # number in the index + 1, 0 where nobody has a place in it

cdef class Asked:
    cdef Evidence evidence
    cdef tuple towns            # in ASCII

cdef int date_agreement_of(uint32_t asked, uint32_t recorded) noexcept nogil
cdef int age_agreement_of(const Evidence* asked, uint32_t recorded) noexcept nogil
cdef int sex_agreement_of(int asked, int recorded) noexcept nogil
cdef int generation_agreement_of(int asked, int recorded) noexcept nogil
