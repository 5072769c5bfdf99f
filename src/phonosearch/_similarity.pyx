"""The similarity of two words at the speed of the kernel: the compiled twin of ``_letters``.

The alignment is a dynamic programme over the two words that keeps, for each pair of beginnings, the least cost with the
number of edits (one number, so that one comparison decides) and the points that its steps earn.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp

from phonosearch._double_metaphone cimport double_metaphone_codes
from phonosearch._letter_tables cimport (
    BEGIN, COST, END, INSIDE, LEAD, MOST_BEGIN, MOST_CONSONANTS, MOST_END, MOST_WITHIN, RESIDUE, SEGMENT, TRAIL, Cell,
    LetterTables, code_of,
)
from phonosearch._soundex cimport soundex_code
from phonosearch._words cimport pack_word

cdef enum:                      # the step that led to a cell: letters of a, times four, and of b
    DIAGONAL = 5
    OF_A = 4
    OF_B = 1
    TWO_ONE = 9
    ONE_TWO = 6
    TWO_TWO = 10


cdef inline int _is_double(const uint8_t* letters, int place, int length) noexcept nogil:
    return (place > 0 and letters[place - 1] == letters[place]) or (
        place + 1 < length and letters[place + 1] == letters[place]
    )


cdef inline bint _is_vowel(uint8_t letter) noexcept nogil:
    return letter in (97, 101, 105, 111, 117, 121)


cdef inline int _find(const uint8_t* short, int length, const uint8_t* word, int letters, int first) noexcept nogil:
    """Whether a word holds a shorter one, from place ``first`` on."""
    cdef int place
    for place in range(first, letters - length + 1):
        if word[place] == short[0] and memcmp(word + place, short, length) == 0:
            return True
    return False


cdef class LetterRules(LetterTables):
    """Evidence by the tables of the letters; the parameter is that of ``RarityTable``."""

    cdef int evidence(
        self, const Word* first, const Word* second, bint same_soundex, bint same_metaphone, bint beside
    ) noexcept nogil:
        """``_letters.evidence`` of two different words of letters."""
        cdef const Word* a = first
        cdef const Word* b = second
        cdef int i, j, n, m, edits, code, other, cost, points, option, earned, shorter, one, begin, end, shared
        cdef int gap_cost, gap_points, before_code, first_of_pair, taken
        cdef Cell cells[3][MOST_LETTERS]
        cdef Cell* row
        cdef Cell* above
        cdef Cell* before
        cdef Cell gaps[2][MOST_LETTERS]     # of b: inside and after a
        cdef uint8_t choices[MOST_LETTERS][MOST_LETTERS]
        cdef uint8_t* choice
        cdef const Cell* b_gap
        cdef uint8_t b_code[MOST_LETTERS]
        cdef uint8_t b_pair[MOST_LETTERS]   # the pair of letters that ends here, where groups know it
        cdef const Cell* step
        if a.length > b.length or (a.length == b.length and memcmp(a.letters, b.letters, a.length) > 0):
            a = second
            b = first
        # What both words begin and end with is matched, but for a letter each that may belong to a group.
        shorter = a.length
        begin = 0
        while begin < shorter and a.letters[begin] == b.letters[begin]:
            begin += 1
        end = 0
        while end < shorter - begin and a.letters[a.length - 1 - end] == b.letters[b.length - 1 - end]:
            end += 1
        shared = self.shared_points[min(begin, MOST_BEGIN)][min(end, MOST_END)]
        if begin + end > 1:
            shared += self.left_points_of(
                RESIDUE + 2 * beside, BEGIN if begin == 0 else END if end == 0 else INSIDE,
                a.letters + begin, a.length - begin - end, b.letters + begin, b.length - begin - end,
            )
        shared += self._shortened(a, b, begin, end)
        begin = begin - 1 if begin else 0
        end = end - 1 if end else 0
        for i in range(begin):
            shared += self.letter[code_of(a.letters[i])][code_of(a.letters[i])].points
        for i in range(a.length - end, a.length):
            shared += self.letter[code_of(a.letters[i])][code_of(a.letters[i])].points
        n = a.length - begin - end
        m = b.length - begin - end
        b_code[0] = 0
        cells[0][0].cost = 0
        cells[0][0].points = 0
        for j in range(1, m + 1):
            code = code_of(b.letters[begin + j - 1])
            b_code[j] = code
            b_pair[j] = self.bigram[b_code[j - 1] * 26 + code] if j > 1 else 0
            gaps[0][j] = self.gap[_is_double(b.letters, begin + j - 1, b.length)][code]
            gaps[1][j] = self.gap[TRAIL][code] if end == 0 else gaps[0][j]
            step = &self.gap[LEAD][code] if begin == 0 else &gaps[0][j]
            cells[0][j].cost = cells[0][j - 1].cost + step.cost
            cells[0][j].points = cells[0][j - 1].points + step.points
            choices[0][j] = OF_B
            if j == 1 and begin == 0:
                cells[0][1].points += self.lacking_initial
                gaps[0][1].points += self.lacking_initial
                gaps[1][1].points += self.lacking_initial
        code = 0
        for i in range(1, n + 1):
            row = cells[i % 3]
            above = cells[(i + 2) % 3]
            before = cells[(i + 1) % 3]
            before_code = code
            code = code_of(a.letters[begin + i - 1])
            first_of_pair = self.bigram[before_code * 26 + code] if i > 1 else 0
            b_gap = gaps[i == n]
            one = self.lacking_initial if i == 1 and begin == 0 else 0
            step = &self.gap[_is_double(a.letters, begin + i - 1, a.length)][code]
            gap_cost = step.cost
            gap_points = step.points + one
            if begin == 0:
                step = &self.gap[LEAD][code]
            row[0].cost = above[0].cost + step.cost
            row[0].points = above[0].points + step.points + one
            choice = choices[i]
            choice[0] = OF_A
            step = self.letter[code]
            for j in range(1, m + 1):
                other = b_code[j]
                cost = above[j - 1].cost + step[other].cost
                points = above[j - 1].points + step[other].points
                taken = DIAGONAL
                if code != other:
                    if begin == 0 and i == 1 and j == 1:
                        points += self.sub_initial
                    if end == 0 and i == n and j == m:
                        points += self.sub_final
                if j == m and end == 0:
                    gap_cost = self.gap[TRAIL][code].cost
                    gap_points = self.gap[TRAIL][code].points + one
                option = above[j].cost + gap_cost
                earned = above[j].points + gap_points
                points = earned if option < cost else points
                taken = OF_A if option < cost else taken
                cost = option if option < cost else cost
                option = row[j - 1].cost + b_gap[j].cost
                earned = row[j - 1].points + b_gap[j].points
                points = earned if option < cost else points
                taken = OF_B if option < cost else taken
                cost = option if option < cost else cost
                if i > 1 and j > 1 and before_code == other and code == b_code[j - 1] and before_code != code:
                    option = before[j - 2].cost + self.swap.cost
                    if option < cost:
                        cost = option
                        points = before[j - 2].points + self.swap.points
                        taken = TWO_TWO
                if first_of_pair | b_pair[j]:
                    if first_of_pair and self.single_known[first_of_pair][other]:
                        option = before[j - 1].cost + self.group_cost
                        if option < cost:
                            cost = option
                            points = before[j - 1].points + self.single_points[first_of_pair][other]
                            taken = TWO_ONE
                    if b_pair[j] and self.single_known[b_pair[j]][code]:
                        option = above[j - 2].cost + self.group_cost
                        if option < cost:
                            cost = option
                            points = above[j - 2].points + self.single_points[b_pair[j]][code]
                            taken = ONE_TWO
                    if first_of_pair and b_pair[j] and self.double_known[first_of_pair][b_pair[j]]:
                        option = before[j - 2].cost + self.group_cost
                        if option < cost:
                            cost = option
                            points = before[j - 2].points + self.double_points[first_of_pair][b_pair[j]]
                            taken = TWO_TWO
                row[j].cost = cost
                row[j].points = points
                choice[j] = taken
        edits = cells[n % 3][m].cost & (COST - 1)
        points = cells[n % 3][m].points + shared + self._segments(
            a, b, begin, end, SEGMENT + 2 * beside, &choices[0][0]
        )
        shorter = min(shorter, 12)
        points += self.edits_points[beside][min(edits, 7)][shorter]
        points += self.longer_points[beside][min(m - n, 6)][shorter]
        if same_soundex:
            points += self.soundex_points
        if same_metaphone:
            points += self.metaphone_points
        one = self.rarity_class(min(a.rarity, b.rarity))
        other = self.rarity_class(max(a.rarity, b.rarity))
        return points + self.commoner_points[min(edits, 3)][one] + self.rarer_points[other]

    cdef int _segments(
        self, const Word* a, const Word* b, int begin, int end, int kind, const uint8_t* choices
    ) noexcept nogil:
        """Points of the letters between matches, from the last back; ``begin`` and ``end`` letters match outside."""
        cdef int i = a.length - begin - end, j = b.length - begin - end, last_i = i, last_j = j, points = 0, choice
        cdef const uint8_t* one = a.letters + begin
        cdef const uint8_t* other = b.letters + begin
        while True:
            choice = choices[i * MOST_LETTERS + j] if i or j else DIAGONAL
            if choice == DIAGONAL and (i == 0 or one[i - 1] == other[j - 1]):
                if last_i > i or last_j > j:
                    points += self.left_points_of(
                        kind,
                        BEGIN if begin == 0 and i == 0 and j == 0
                        else END if begin + last_i == a.length and begin + last_j == b.length else INSIDE,
                        one + i, last_i - i, other + j, last_j - j,
                    )
                if i == 0:
                    return points
                last_i = i - 1
                last_j = j - 1
            i -= choice >> 2
            j -= choice & 3

    cdef int _shortened(self, const Word* a, const Word* b, int begin, int end) noexcept nogil:
        """``_letters._shortened``; so many letters are shared at the beginning and at the end of the two words."""
        cdef int points = 0, stem = a.length, length = min(a.length, MOST_WITHIN), consonants = 0, place = 0, at
        while stem and _is_vowel(a.letters[stem - 1]):
            stem -= 1
        if stem > 2 and a.letters[stem - 1] == a.letters[stem - 2]:
            stem -= 1
        if begin == a.length:
            points = self.within_points[BEGIN][length]
        elif begin + end == a.length and memcmp(b.letters + b.length - a.length, a.letters, a.length) == 0:
            points = self.within_points[END][length]
        elif _find(a.letters, a.length, b.letters, b.length, 1):
            points = self.within_points[INSIDE][length]
        elif 1 < stem < a.length:
            length = min(stem, MOST_WITHIN)
            if begin >= stem:
                points = self.stem_points[BEGIN][length]
            elif _find(a.letters, stem, b.letters, b.length, 1):
                points = self.stem_points[INSIDE][length]
        for at in range(stem):
            if _is_vowel(a.letters[at]):
                continue
            while place < b.length and b.letters[place] != a.letters[at]:
                place += 1
            if place == b.length:
                return points
            place += 1
            consonants += 1
        return points + self.skeleton_points[
            a.letters[0] == b.letters[0]
        ][min(consonants, MOST_CONSONANTS)][b.length > a.length + 1]

    def evidence_many(self, ones, others, bint beside=False):
        """The evidence of each pair of words a-z, of 2 to 60 letters and different; for tests and training."""
        cdef Word a, b
        cdef uint32_t codes[2][3]
        found = []
        for one, other in zip(ones, others, strict=True):
            one, other = one.encode("ascii"), other.encode("ascii")
            if not all(0 < len(word) <= 60 and word.isalpha() and word.islower() for word in (one, other)):
                raise ValueError("words have 1 to 60 letters a-z")
            _word(self, one, &a, codes[0])
            _word(self, other, &b, codes[1])
            found.append(self.evidence(
                &a, &b, codes[0][2] == codes[1][2],
                (codes[0][0] != 0 and (codes[0][0] == codes[1][0] or codes[0][0] == codes[1][1]))
                or (codes[0][1] != 0 and (codes[0][1] == codes[1][0] or codes[0][1] == codes[1][1])),
                beside,
            ))
        return found


cdef int _word(LetterRules rules, bytes text, Word* word, uint32_t* codes) except -1:
    word.letters = <const uint8_t*>PyBytes_AS_STRING(text)
    word.length = <int>PyBytes_GET_SIZE(text)
    word.rarity = rules.rarity_of(pack_word(word.letters, word.length))
    double_metaphone_codes(word.letters, word.length, &codes[0], &codes[1])
    codes[2] = soundex_code(word.letters, word.length)
    return 0
