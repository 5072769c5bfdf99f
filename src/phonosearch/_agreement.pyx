"""The agreement of what is asked besides a name with what is on record: the twin of ``_reference_agreement``."""

from libc.stdint cimport uint32_t, uint64_t

from phonosearch._place_text cimport INWARD
from phonosearch._text cimport MAX_PLACE_PARTS


cdef enum:
    PLACEHOLDER = 1 << 5 | 1    # 1 January, the year left out


cdef int date_agreement_of(uint32_t asked, uint32_t recorded) noexcept nogil:
    """``_reference_agreement._date_kind`` over packed dates."""
    cdef int fields[2][3]
    cdef int digits[2][8]
    cdef int side, field, place, differing = 8, first = 0, second = 0, known = 0, agree = 0
    cdef bint precise = True, same_year
    cdef int one, other
    fields[0][0] = asked >> 9
    fields[0][1] = asked >> 5 & 15
    fields[0][2] = asked & 31
    fields[1][0] = recorded >> 9
    fields[1][1] = recorded >> 5 & 15
    fields[1][2] = recorded & 31
    for field in range(3):
        one = fields[0][field]
        other = fields[1][field]
        if one and not other:
            precise = False
        if one and other:
            known += 1
            agree += one == other
    if agree == known:
        if precise and asked & 511 == PLACEHOLDER:
            return DATE_EXACT_PLACEHOLDER
        return DATE_EXACT if precise else DATE_PARTIAL
    same_year = fields[0][0] == fields[1][0]
    if known == 3 and same_year and fields[0][1] == fields[1][2] and fields[0][2] == fields[1][1]:
        return DATE_SWAPPED
    if same_year and (asked & 511 == PLACEHOLDER or recorded & 511 == PLACEHOLDER):
        return DATE_PLACEHOLDER
    if known == 3:
        for side in range(2):
            one = fields[side][0] * 10000 + fields[side][1] * 100 + fields[side][2]
            for place in range(7, -1, -1):
                digits[side][place] = one % 10
                one //= 10
        differing = 0
        for place in range(8):
            if digits[0][place] != digits[1][place]:
                if differing == 0:
                    first = place
                second = place
                differing += 1
        if differing == 1:
            return DATE_ONE_DIGIT
        if (
            differing == 2 and digits[0][first] == digits[1][second] and digits[0][second] == digits[1][first]
        ):
            return DATE_DIGITS_SWAPPED
    if agree == known - 1 and not same_year and -2 <= fields[0][0] - fields[1][0] <= 2:
        return DATE_NEAR_YEAR
    if known == 3 and (same_year or agree == 2 or differing == 2):
        return DATE_SIMILAR
    return DATE_CONTRADICTED


cdef inline int _completed(uint32_t day, uint32_t born) noexcept nogil:
    return <int>(day >> 9) - <int>(born >> 9) - (born & 511 > day & 511)


cdef int age_agreement_of(const Evidence* asked, uint32_t recorded) noexcept nogil:
    """``_reference_agreement._age_kind`` over packed dates."""
    cdef uint32_t first = recorded, last = recorded
    cdef int beyond, oldest, youngest
    if not recorded >> 5 & 15:
        first |= 1 << 5
        last |= 12 << 5
    if not recorded & 31:
        first |= 1
        last |= 31
    oldest = _completed(asked.age_day, first)
    youngest = _completed(asked.age_day, last)
    if asked.age_low <= youngest and oldest <= asked.age_high:
        return AGE_EXACT
    beyond = max(asked.age_low - oldest, youngest - asked.age_high)
    if beyond <= 0:
        return AGE_POSSIBLE
    if beyond <= 1:
        return AGE_NEAR_1
    if beyond <= 2:
        return AGE_NEAR_2
    return AGE_NEAR_5 if beyond <= 5 else AGE_CONTRADICTED


cdef int sex_agreement_of(int asked, int recorded) noexcept nogil:
    if recorded == 0:
        return SEX_ABSENT
    return SEX_EXACT if asked == recorded else SEX_CONTRADICTED


cdef int generation_agreement_of(int asked, int recorded) noexcept nogil:
    if recorded == 0:
        return GENERATION_ABSENT
    return GENERATION_EXACT if asked & recorded else GENERATION_CONTRADICTED


def date_agreement(unsigned int asked, dates):
    """The best agreement of a packed date with packed dates on record."""
    cdef int best = 0
    for recorded in dates:
        best = max(best, date_agreement_of(asked, recorded))
    return best or DATE_ABSENT


def age_agreement(Asked asked not None, dates):
    """The best agreement of an age with packed dates on record."""
    cdef int best = 0
    for recorded in dates:
        best = max(best, age_agreement_of(&asked.evidence, recorded))
    return best or AGE_ABSENT


cdef class Asked:
    """What is asked besides a name, in the kernel's form.

    Parameters
    ----------
    date : int
        A packed date of birth, 0 for none.
    sex : int
        1 M, 2 F, 3 X, 0 for none.
    age : tuple of int, optional
        The least and the greatest age, and the packed day on which they are meant; never beside a date.
    towns : tuple of bytes
        The towns of a place, as normalised.
    postcode : int
        The packed postcode of a place, 0 for none.
    """

    def __cinit__(self, uint32_t date=0, int sex=0, tuple age=None, tuple towns=(), uint64_t postcode=0):
        cdef int place
        self.evidence.date = date
        self.evidence.sex = sex
        self.evidence.generations = 0
        self.evidence.age_day = self.evidence.birth = 0
        self.evidence.age_low = self.evidence.age_high = 0
        self.evidence.postcode = postcode
        self.evidence.towns = len(towns)
        self.evidence.place = (3 if postcode % INWARD else 2) if postcode else len(towns) > 0
        self.towns = towns
        for place in range(MAX_PLACE_PARTS):
            self.evidence.town[place] = 0
        if not 0 <= sex <= 3 or (date and age is not None) or len(towns) > MAX_PLACE_PARTS:
            raise ValueError("no such evidence")
        if age is not None:
            self.evidence.age_low, self.evidence.age_high, self.evidence.age_day = age
