"""The similarity of two words at the speed of the kernel: the compiled twin of ``_letters``.

The alignment is a dynamic programme over the two words that keeps, for each pair of beginnings, the least cost, the
number of edits and the points that the steps earn, all in one number (``Step``), so that one comparison decides.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memset

from phonosearch._bits cimport PS_LOWEST
from phonosearch._double_metaphone cimport double_metaphone_codes
from phonosearch._letter_tables cimport (
    BEGIN, EDITS, END, INSIDE, LEAD, MOST_BEGIN, MOST_CONSONANTS, MOST_END, MOST_WITHIN, RESIDUE, SEGMENT, TRAIL, TURN,
    LetterTables, Step, code_of,
)
from phonosearch._soundex cimport soundex_code
from phonosearch._words cimport pack_word

cdef enum:                      # the steps that lead to a cell, by their turn
    DIAGONAL
    OF_A
    OF_B
    SWAP
    TWO_ONE
    ONE_TWO
    TWO_TWO

cdef enum:
    NO_POINTS = 1 << TURN - 1   # in the middle of their bits, since they may be fewer than none

# Letters of the first and of the second word that a step takes.
cdef int* OF_FIRST = [1, 1, 0, 2, 2, 1, 2]
cdef int* OF_SECOND = [1, 0, 1, 2, 1, 2, 2]


cdef inline Step _turn(int step) noexcept nogil:
    return <Step>step << TURN


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
        cdef int i, j, n, m, edits, code, points, shorter, one, other, begin, end, shared, pair
        cdef int before_code = -1, last_code = -1
        cdef uint32_t letters, b_letters = 0
        cdef uint64_t places, b_pairs = 0
        cdef uint64_t at[26]                # one bit a place of b where a letter stands
        cdef uint64_t single_at[26]         # where a pair of letters ends that is known beside a letter
        cdef uint8_t b_code[MOST_LETTERS]
        cdef uint8_t b_pair[MOST_LETTERS]   # the pair of letters that ends here, where groups know it
        cdef Step gap, best
        cdef Step cells[3][MOST_LETTERS]
        cdef Step* row
        cdef const Step* above
        cdef const Step* before
        cdef Step gaps[2][MOST_LETTERS]     # of b: inside and after a
        cdef const Step* b_gap
        cdef const Step* step
        cdef uint8_t turns[MOST_LETTERS][MOST_LETTERS]
        cdef uint8_t* turn
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
            shared += <int>self.letter[code_of(a.letters[i])][code_of(a.letters[i])]
        for i in range(a.length - end, a.length):
            shared += <int>self.letter[code_of(a.letters[i])][code_of(a.letters[i])]
        n = a.length - begin - end
        m = b.length - begin - end
        memset(at, 0, sizeof(at))
        memset(single_at, 0, sizeof(single_at))
        b_code[0] = 0
        cells[0][0] = NO_POINTS
        for j in range(1, m + 1):
            code = code_of(b.letters[begin + j - 1])
            b_code[j] = code
            b_letters |= 1u << code
            at[code] |= <uint64_t>1 << j
            pair = self.bigram[b_code[j - 1] * 26 + code] if j > 1 else 0
            b_pair[j] = pair
            if pair:
                b_pairs |= <uint64_t>1 << j
                letters = self.single_known[pair]
                while letters:
                    single_at[PS_LOWEST(letters)] |= <uint64_t>1 << j
                    letters &= letters - 1
            gaps[0][j] = self.gap[_is_double(b.letters, begin + j - 1, b.length)][code] + _turn(OF_B)
            gaps[1][j] = self.gap[TRAIL][code] + _turn(OF_B) if end == 0 else gaps[0][j]
            turns[0][j] = OF_B
            if begin:
                cells[0][j] = cells[0][j - 1] + gaps[0][j] - _turn(OF_B)
                continue
            cells[0][j] = cells[0][j - 1] + self.gap[LEAD][code]
            if j == 1:
                cells[0][1] += self.lacking_initial
                gaps[0][1] += self.lacking_initial
                gaps[1][1] += self.lacking_initial
        for i in range(1, n + 1):
            row = cells[i % 3]
            above = cells[(i + 2) % 3]
            before = cells[(i + 1) % 3]
            before_code = last_code
            last_code = code = code_of(a.letters[begin + i - 1])
            b_gap = gaps[i == n]
            one = self.lacking_initial if i == 1 and begin == 0 else 0
            gap = self.gap[_is_double(a.letters, begin + i - 1, a.length)][code] + one
            row[0] = above[0] + (self.gap[LEAD][code] + one if begin == 0 else gap)
            gap += _turn(OF_A)
            step = self.letter[code]
            # First what does not depend on the cell to the left.
            for j in range(1, m + 1):
                row[j] = min(above[j - 1] + step[b_code[j]], above[j] + gap)
            if i == 1 and begin == 0 and code != b_code[1]:
                row[1] = min(above[0] + step[b_code[1]] + self.sub_initial, above[1] + gap)
            if end == 0:
                best = above[m - 1] + step[b_code[m]]
                if code != b_code[m]:
                    best += (self.sub_initial if i == 1 and m == 1 and begin == 0 else 0) + (
                        self.sub_final if i == n else 0
                    )
                row[m] = min(best, above[m] + self.gap[TRAIL][code] + one + _turn(OF_A))
            # Steps of two letters of a word, in the few places that they may lead to.
            pair = 0
            places = single_at[code]
            if i > 1:
                if before_code != code:
                    places |= at[before_code] & at[code] << 1
                pair = self.bigram[before_code * 26 + code]
                letters = self.single_known[pair] & b_letters
                while letters:
                    places |= at[PS_LOWEST(letters)]
                    letters &= letters - 1
                if self.has_double[pair]:
                    places |= b_pairs
            while places:
                j = PS_LOWEST(places)
                places &= places - 1
                row[j] = self._of_pairs(
                    row[j], before, above, j, code, b_code[j], pair, b_pair[j],
                    j > 1 and before_code != code and before_code == b_code[j] and code == b_code[j - 1],
                )
            turn = turns[i]
            turn[0] = OF_A
            for j in range(1, m + 1):
                best = min(row[j], row[j - 1] + b_gap[j])
                turn[j] = best >> TURN & 7
                row[j] = best & ~(<Step>7 << TURN)
        best = cells[n % 3][m]
        edits = best >> EDITS & 0xFF
        points = <int>(best & (1 << TURN) - 1) - NO_POINTS + shared + self._segments(
            a, b, begin, end, SEGMENT + 2 * beside, &turns[0][0]
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

    cdef Step _of_pairs(
        self, Step best, const Step* before, const Step* above, int j, int code, int other, int first_of_pair,
        int second_of_pair, bint swapped,
    ) noexcept nogil:
        """The best step to a cell, where steps of two letters of a word may be it."""
        if swapped:
            best = min(best, before[j - 2] + self.swap + _turn(SWAP))
        if self.single_known[first_of_pair] >> other & 1:
            best = min(best, before[j - 1] + self.group + _turn(TWO_ONE) + self.single_points[first_of_pair][other])
        if self.single_known[second_of_pair] >> code & 1:
            best = min(best, above[j - 2] + self.group + _turn(ONE_TWO) + self.single_points[second_of_pair][code])
        if self.double_known[first_of_pair][second_of_pair]:
            best = min(
                best, before[j - 2] + self.group + _turn(TWO_TWO) + self.double_points[first_of_pair][second_of_pair]
            )
        return best

    cdef int _segments(
        self, const Word* a, const Word* b, int begin, int end, int kind, const uint8_t* turns
    ) noexcept nogil:
        """Points of the letters between matches, from the last back; ``begin`` and ``end`` letters match outside."""
        cdef int i = a.length - begin - end, j = b.length - begin - end, last_i = i, last_j = j, points = 0, step
        cdef const uint8_t* one = a.letters + begin
        cdef const uint8_t* other = b.letters + begin
        while True:
            step = turns[i * MOST_LETTERS + j] if i or j else DIAGONAL
            if step == DIAGONAL and (i == 0 or one[i - 1] == other[j - 1]):
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
            i -= OF_FIRST[step]
            j -= OF_SECOND[step]

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
