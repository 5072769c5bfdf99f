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
    BEGIN, EDITS, END, INSIDE, LEAD, MOST_BEGIN, MOST_CONSONANTS, MOST_END, MOST_LEFT, MOST_WITHIN, RESIDUE, SEGMENT,
    TRAIL, TURN, LetterPoints, LetterTables, Step, code_of,
)
from phonosearch._shared_keys cimport shared_metaphone, shared_soundex
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
    ALPHABET = 26
    NO_POINTS = 1 << TURN - 1   # in the middle of their bits, since they may be fewer than none

# How far back a step leads from a cell, MOST_LETTERS a letter of the first word and 1 one of the second; a byte a step.
cdef enum:
    BACK_BOTH = MOST_LETTERS + 1
cdef uint64_t BACK = (
    BACK_BOTH | MOST_LETTERS << 8 | 1 << 16 | <uint64_t>(2 * BACK_BOTH) << 24
    | <uint64_t>(BACK_BOTH + MOST_LETTERS) << 32 | <uint64_t>(BACK_BOTH + 1) << 40 | <uint64_t>(2 * BACK_BOTH) << 48
)


cdef inline Step _turn(int step) noexcept nogil:
    return <Step>step << TURN


cdef inline bint _is_vowel(uint8_t letter) noexcept nogil:
    return letter in (97, 101, 105, 111, 117, 121)


cdef inline int _find(const uint8_t* short, int length, const uint8_t* word, int letters, int first) noexcept nogil:
    """Whether a word holds a shorter one, from place ``first`` on."""
    cdef int place
    for place in range(first, letters - length + 1):
        if word[place] == short[0] and memcmp(word + place, short, length) == 0:
            return True
    return False


cdef int _shortened(
    const LetterPoints* of, const Word* a, const Word* b, int begin, int end, const uint64_t* at
) noexcept nogil:
    """``_letters._shortened``; so many letters are shared at the beginning and at the end of the two words, and
    each letter stands at these places of the longer one."""
    cdef int points = 0, stem = a.length, length = min(a.length, MOST_WITHIN), consonants = 0, place = 0, letter
    cdef uint64_t left
    while stem and _is_vowel(a.letters[stem - 1]):
        stem -= 1
    if stem > 2 and a.letters[stem - 1] == a.letters[stem - 2]:
        stem -= 1
    if begin == a.length:
        points = of.within[BEGIN][length]
    elif begin + end == a.length and memcmp(b.letters + b.length - a.length, a.letters, a.length) == 0:
        points = of.within[END][length]
    elif _find(a.letters, a.length, b.letters, b.length, 1):
        points = of.within[INSIDE][length]
    elif 1 < stem < a.length:
        length = min(stem, MOST_WITHIN)
        if begin >= stem:
            points = of.stem[BEGIN][length]
        elif _find(a.letters, stem, b.letters, b.length, 1):
            points = of.stem[INSIDE][length]
    for letter in range(stem):
        if _is_vowel(a.letters[letter]):
            continue
        left = at[code_of(a.letters[letter])] >> place
        if left == 0:
            return points
        place += PS_LOWEST(left) + 1
        consonants += 1
    return points if consonants == 0 else points + of.skeleton[
        a.letters[0] == b.letters[0]
    ][min(consonants, MOST_CONSONANTS)][b.length > a.length + 1]


cdef class LetterRules(LetterTables):
    """Evidence by the tables of the letters; the parameter is that of ``RarityTable``."""

    cdef int evidence(
        self, const Word* first, const Word* second, int soundex, int metaphone, bint beside
    ) noexcept nogil:
        """``_letters.evidence`` of two different words of letters; so many sounds has a key that they share, or 0."""
        cdef const LetterPoints* of = &self.facts[beside]
        cdef const Word* a = first
        cdef const Word* b = second
        cdef int i, j, n, m, edits, code, other_code, points, shorter, one, other, begin, end, shared, pair, from_begin
        cdef int to_end, before_code = -1, last_code = -1
        cdef uint32_t letters, b_letters = 0, b_singles = 0
        cdef uint64_t places, b_pairs = 0
        cdef uint64_t at[ALPHABET]          # one bit a place of b where a letter stands
        # From 1, with the letters before and after, and then what is read and not used.
        cdef uint8_t a_code[MOST_LETTERS + MOST_LEFT]
        cdef uint8_t b_code[MOST_LETTERS + MOST_LEFT]
        cdef uint8_t b_pair[MOST_LETTERS]   # the pair of letters that ends here, where groups know it
        cdef Step gap, best, so_far
        cdef Step cells[3][MOST_LETTERS]
        cdef Step* row = cells[1]
        cdef Step* above = cells[0]
        cdef Step* before = cells[2]
        cdef Step* spare
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
        for i in range(ALPHABET // 2):      # a few bytes at a time: all at once costs more to begin
            memset(&at[2 * i], 0, 2 * sizeof(uint64_t))
        for j in range(b.length):
            at[code_of(b.letters[j])] |= <uint64_t>1 << j
        shared = of.shared[min(begin, MOST_BEGIN)][min(end, MOST_END)]
        shared += _shortened(of, a, b, begin, end, at)
        from_begin = begin - 1 if begin else 0
        to_end = end - 1 if end else 0
        n = a.length - from_begin - to_end
        m = b.length - from_begin - to_end
        a_code[0] = code_of(a.letters[from_begin - 1]) if from_begin else ALPHABET
        for i in range(n):
            a_code[i + 1] = code_of(a.letters[from_begin + i])
        memset(&a_code[n + 1], ALPHABET, MOST_LEFT)
        b_code[0] = code_of(b.letters[from_begin - 1]) if from_begin else ALPHABET
        for j in range(m):
            b_code[j + 1] = code_of(b.letters[from_begin + j])
        memset(&b_code[m + 1], ALPHABET, MOST_LEFT)
        if to_end:
            a_code[n + 1] = code_of(a.letters[from_begin + n])
            b_code[m + 1] = code_of(b.letters[from_begin + m])
        if begin + end > 1:
            shared += self.left_points_of(
                RESIDUE + 2 * beside, BEGIN if begin == 0 else END if end == 0 else INSIDE,
                &a_code[1 + begin - from_begin], a.length - begin - end,
                &b_code[1 + begin - from_begin], b.length - begin - end,
            )
            for i in range(from_begin):
                shared += <int>of.letter[code_of(a.letters[i])][code_of(a.letters[i])]
            for i in range(a.length - to_end, a.length):
                shared += <int>of.letter[code_of(a.letters[i])][code_of(a.letters[i])]
        so_far = NO_POINTS + (0 if from_begin else of.lacking_initial)
        for j in range(1, m + 1):
            code = b_code[j]
            b_letters |= 1u << code
            pair = self.bigram[b_code[j - 1] * ALPHABET + code] if j > 1 else 0
            b_pair[j] = pair
            b_pairs |= <uint64_t>(pair != 0) << j
            b_singles |= self.single_known[pair]
            gap = of.gap[(b_code[j - 1] == code) != (b_code[j + 1] == code)][code]
            so_far += gap if from_begin else of.gap[LEAD][code]
            cells[0][j] = so_far
            gaps[0][j] = gap + _turn(OF_B)
            gaps[1][j] = (gap if to_end else of.gap[TRAIL][code]) + _turn(OF_B)
        cells[0][0] = NO_POINTS
        if from_begin == 0:
            gaps[0][1] += of.lacking_initial
            gaps[1][1] += of.lacking_initial
        for i in range(1, n + 1):
            before_code = last_code
            last_code = code = a_code[i]
            b_gap = gaps[i == n]
            one = of.lacking_initial if i == 1 and from_begin == 0 else 0
            gap = of.gap[(a_code[i - 1] == code) != (a_code[i + 1] == code)][code] + one
            row[0] = above[0] + (gap if from_begin else of.gap[LEAD][code] + one)
            gap += _turn(OF_A)
            step = of.letter[code]
            # First what does not depend on the cell to the left.
            for j in range(1, m + 1):
                row[j] = min(above[j - 1] + step[b_code[j]], above[j] + gap)
            if i == 1 and from_begin == 0 and code != b_code[1]:
                row[1] = min(above[0] + step[b_code[1]] + of.sub_initial, above[1] + gap)
            if to_end == 0:
                best = above[m - 1] + step[b_code[m]]
                if code != b_code[m]:
                    best += (of.sub_initial if i == 1 and m == 1 and from_begin == 0 else 0) + (
                        of.sub_final if i == n else 0
                    )
                row[m] = min(best, above[m] + of.gap[TRAIL][code] + one + _turn(OF_A))
            # Steps of two letters of a word, in the few places that they may lead to.
            pair = 0
            places = b_pairs & (0 - <uint64_t>(b_singles >> code & 1))
            if i > 1:
                if before_code != code:
                    places |= (at[before_code] & at[code] << 1) >> from_begin << 1
                pair = self.bigram[before_code * ALPHABET + code]
                letters = self.single_known[pair] & b_letters
                while letters:
                    places |= at[PS_LOWEST(letters)] >> from_begin << 1
                    letters &= letters - 1
                if self.has_double[pair]:
                    places |= b_pairs
                places &= ((<uint64_t>1 << m) - 1) << 1
            while places:
                j = PS_LOWEST(places)
                places &= places - 1
                best = row[j]
                other_code = b_code[j]
                if j > 1 and before_code != code and before_code == other_code and code == b_code[j - 1]:
                    best = min(best, before[j - 2] + of.swap + _turn(SWAP))
                if self.single_known[pair] >> other_code & 1:
                    best = min(
                        best, before[j - 1] + self.group + _turn(TWO_ONE) + of.single[pair][other_code]
                    )
                if self.single_known[b_pair[j]] >> code & 1:
                    best = min(best, above[j - 2] + self.group + _turn(ONE_TWO) + of.single[b_pair[j]][code])
                if self.double_known[pair][b_pair[j]]:
                    best = min(
                        best, before[j - 2] + self.group + _turn(TWO_TWO) + of.twofold[pair][b_pair[j]]
                    )
                row[j] = best
            turn = turns[i]
            for j in range(1, m + 1):
                best = min(row[j], row[j - 1] + b_gap[j])
                turn[j] = best >> TURN & 7
                row[j] = best & ~(<Step>7 << TURN)
            spare = before
            before = above
            above = row
            row = spare
        best = above[m]
        edits = best >> EDITS & 0xFF
        points = <int>(best & (1 << TURN) - 1) - NO_POINTS + shared + self._segments(
            of, a_code, n, b_code, m, from_begin == 0, to_end == 0, SEGMENT + 2 * beside, &turns[0][0]
        )
        shorter = min(shorter, 12)
        points += of.edits[min(edits, 7)][shorter]
        points += of.longer[min(m - n, 6)][shorter]
        points += of.soundex[soundex] + of.metaphone[metaphone]
        one = self.rarity_class(min(a.rarity, b.rarity))
        other = self.rarity_class(max(a.rarity, b.rarity))
        return points + of.commoner[min(edits, 3)][one] + of.rarer[other]

    cdef int _segments(
        self, const LetterPoints* of, const uint8_t* a, int n, const uint8_t* b, int m, bint at_begin, bint at_end,
        int kind, const uint8_t* turns,
    ) noexcept nogil:
        """Points of the letters between matches, given as codes from 1; whether the words begin and end with these."""
        cdef int match[MOST_LETTERS]
        cdef int matches = 0, place = n * MOST_LETTERS + m, step, i, j, last_i = n, last_j = m, points = 0, k
        # The way back, without a branch on what led to a cell: that is in no order that a processor could foresee.
        while place >= MOST_LETTERS and place % MOST_LETTERS:
            step = turns[place]
            match[matches] = place
            matches += (step == DIAGONAL) & (a[place // MOST_LETTERS] == b[place % MOST_LETTERS])
            place -= <int>(BACK >> 8 * step & 255)
        # Where a letter is matched at an end, it is so here or was left out.
        if matches == 0 and at_begin and at_end:
            points += of.unmatched[min(n, <int>MOST_WITHIN)]
        for k in range(matches + 1):
            i = match[k] // MOST_LETTERS if k < matches else 0
            j = match[k] % MOST_LETTERS if k < matches else 0
            if last_i > i or last_j > j:
                points += self.left_points_of(
                    kind,
                    BEGIN if at_begin and i == 0 and j == 0 else END if at_end and last_i == n and last_j == m
                    else INSIDE,
                    a + i + 1, last_i - i, b + j + 1, last_j - j,
                )
            last_i = i - 1
            last_j = j - 1
        return points

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
                &a, &b, shared_soundex(codes[0][2], codes[1][2]),
                shared_metaphone(codes[0][0], codes[0][1], codes[1][0], codes[1][1]), beside,
            ))
        return found


cdef int _word(LetterRules rules, bytes text, Word* word, uint32_t* codes) except -1:
    word.letters = <const uint8_t*>PyBytes_AS_STRING(text)
    word.length = <int>PyBytes_GET_SIZE(text)
    word.rarity = rules.rarity_of(pack_word(word.letters, word.length))
    double_metaphone_codes(word.letters, word.length, &codes[0], &codes[1])
    codes[2] = soundex_code(word.letters, word.length)
    return 0
