"""The similarity of two words at the speed of the kernel: the compiled twin of ``_letters``.

The alignment is a dynamic programme over the two words that keeps, for each pair of beginnings, the least cost, the
number of edits and the points that the steps earn, alone and beside other parts, all in one number (``Step``), so that
one comparison decides.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memset

from phonosearch._bits cimport PS_LOWEST
from phonosearch._double_metaphone cimport double_metaphone_codes
from phonosearch._letter_tables cimport (
    ALPHABET, BEGIN, BESIDE, EDITS, END, INSIDE, LEAD, MATCH, MOST_BEGIN, MOST_CONSONANTS, MOST_END, MOST_LEFT,
    MOST_WITHIN, OF_A, OF_B, ONE_TWO, RESIDUE, ROOM, SEGMENT, SWAP, TRAIL, TURN, TWO_ONE, TWO_TWO, LetterPoints,
    LetterTables, Points, Step, code_of,
)
from phonosearch._shared_keys cimport shared_metaphone, shared_soundex
from phonosearch._soundex cimport soundex_code
from phonosearch._words cimport pack_word

cdef enum:
    VOWELS = 1 | 1 << 4 | 1 << 8 | 1 << 14 | 1 << 20 | 1 << 24
    MIDDLE = 1 << BESIDE - 1    # points of either kind stand in the middle of their bits, since they may be below 0

# How far back a step leads from a cell, MOST_LETTERS a letter of the first word and 1 one of the second; a byte a step.
cdef enum:
    BACK_BOTH = MOST_LETTERS + 1
cdef uint64_t BACK = (
    BACK_BOTH | BACK_BOTH << 8 | MOST_LETTERS << 16 | 1 << 24 | <uint64_t>(2 * BACK_BOTH) << 32
    | <uint64_t>(BACK_BOTH + MOST_LETTERS) << 40 | <uint64_t>(BACK_BOTH + 1) << 48 | <uint64_t>(2 * BACK_BOTH) << 56
)
cdef Step NO_POINTS = MIDDLE | <Step>MIDDLE << BESIDE
cdef Step NO_OFFER = <Step>1 << 62     # more than any cell


cdef inline Step _turn(int step) noexcept nogil:
    return <Step>step << TURN


cdef inline Step _settled(Step cell) noexcept nogil:
    """A cell without the turn of the step that led to it, for the steps that lead on."""
    return cell & ~(<Step>7 << TURN)


cdef inline bint _is_vowel(int code) noexcept nogil:
    return VOWELS >> code & 1


cdef inline bint _holds_later(
    const uint8_t* word, int letters, const uint8_t* short, int length, const uint64_t* at
) noexcept nogil:
    """Whether a word, given as codes, holds a shorter one behind its first letter."""
    cdef uint64_t places = at[short[0]] >> 2
    cdef int place
    while places:
        place = PS_LOWEST(places) + 1
        if place + length > letters:
            return False
        if memcmp(word + place, short, length) == 0:
            return True
        places &= places - 1
    return False


cdef class LetterRules(LetterTables):
    """Evidence by the tables of the letters; the parameter is that of ``RarityTable``."""

    cdef int evidence(
        self, const Word* first, const Word* second, int soundex, int metaphone, bint beside
    ) noexcept nogil:
        """``_letters.evidence`` of two different words of letters; so many sounds has a key that they share, or 0."""
        cdef const LetterPoints* of = &self.facts
        cdef const Word* a = first
        cdef const Word* b = second
        cdef int code, before_code, next_code, other_code, edits, shorter, one, other, begin, end, pair, alone
        cdef Py_ssize_t i, j, inner
        cdef Py_ssize_t from_begin, to_end, a_last, b_last     # letters that are not aligned; the last that are
        cdef bint alike, next_alike         # whether a letter is the one before, the one after
        cdef bint offering = False
        cdef uint32_t letters, b_singles = 0
        cdef uint64_t places, b_pairs = 0
        cdef uint64_t at[ALPHABET]          # one bit a place of b, from 1, where a letter stands
        # From 1; before the first and after the last letter stands none, and then what is read and not used.
        cdef uint8_t a_code[MOST_LETTERS + MOST_LEFT + 1]
        cdef uint8_t b_code[MOST_LETTERS + MOST_LEFT + 1]
        cdef uint8_t b_pair[MOST_LETTERS]   # the pair of letters that ends here, where groups know it
        cdef Step gap, best, so_far, left, diagonal, up, points, shared
        cdef Points lacking
        cdef Step cells[MOST_LETTERS][MOST_LETTERS]     # with the turns of the steps that led to them
        cdef Step offered[MOST_LETTERS]     # by steps of two letters of a word
        cdef Step b_gap[MOST_LETTERS]
        cdef Step* row
        cdef const Step* above
        cdef const Step* step
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
        from_begin = begin - 1 if begin else 0
        to_end = end - 1 if end else 0
        a_last = a.length - to_end
        b_last = b.length - to_end
        for i in range(0, ALPHABET - 2, 8):     # a few at a time: all at once costs more to begin
            memset(&at[i], 0, 8 * sizeof(uint64_t))
        memset(&at[ALPHABET - 2], 0, 2 * sizeof(uint64_t))
        a_code[0] = b_code[0] = ALPHABET
        for i in range(a.length):
            a_code[i + 1] = code_of(a.letters[i])
        memset(&a_code[a.length + 1], ALPHABET, MOST_LEFT)
        for j in range(b.length):
            code = code_of(b.letters[j])
            b_code[j + 1] = code
            at[code] |= <uint64_t>2 << j
        memset(&b_code[b.length + 1], ALPHABET, MOST_LEFT)
        shared = of.shared[min(begin, MOST_BEGIN)][min(end, MOST_END)]
        shared += self._shortened(of, a_code + 1, a.length, b_code + 1, b.length, begin, end, at)
        if begin + end > 1:
            shared += self.left_points_of(
                RESIDUE, BEGIN if begin == 0 else END if end == 0 else INSIDE,
                &a_code[1 + begin], a.length - begin - end, &b_code[1 + begin], b.length - begin - end,
            )
            for i in range(1, from_begin + 1):
                shared += <Points>of.letter[a_code[i]][a_code[i]]
            for i in range(a_last + 1, a.length + 1):
                shared += <Points>of.letter[a_code[i]][a_code[i]]
        so_far = NO_POINTS + (0 if from_begin else of.lacking_initial)
        cells[from_begin][from_begin] = NO_POINTS
        pair = 0
        code = b_code[from_begin + 1]
        alike = b_code[from_begin] == code
        for j in range(from_begin + 1, b_last + 1):
            b_pair[j] = pair
            b_pairs |= <uint64_t>(pair != 0) << j
            b_singles |= self.single_known[pair]
            next_code = b_code[j + 1]
            next_alike = next_code == code
            gap = of.gap[alike != next_alike][code]
            so_far += gap if from_begin else of.gap[LEAD][code]
            cells[from_begin][j] = so_far
            b_gap[j] = gap + _turn(OF_B)
            pair = self.bigram[ROOM * code + next_code]
            alike = next_alike
            code = next_code
        inner = b_last - (to_end == 0)      # where b goes on behind
        if from_begin == 0:
            b_gap[1] += of.lacking_initial
        before_code = ALPHABET
        code = a_code[from_begin + 1]
        alike = a_code[from_begin] == code
        for i in range(from_begin + 1, a_last + 1):
            row = cells[i]
            above = cells[i - 1]
            next_code = a_code[i + 1]
            next_alike = next_code == code
            lacking = of.lacking_initial if i == 1 else 0
            gap = of.gap[alike != next_alike][code] + lacking
            diagonal = above[from_begin]
            left = diagonal + (gap if from_begin else of.gap[LEAD][code] + lacking)
            row[from_begin] = left
            gap += _turn(OF_A)
            step = of.letter[code]
            if i == 1 and code != b_code[1]:
                diagonal += of.sub_initial
            if i == a_last and to_end == 0:
                for j in range(from_begin + 1, b_last + 1):
                    b_gap[j] = of.gap[TRAIL][b_code[j]] + _turn(OF_B)
                if from_begin == 0:
                    b_gap[1] += of.lacking_initial
            # Steps of two letters of a word, in the few places that they may lead to.
            pair = 0
            places = b_pairs & (0 - <uint64_t>(b_singles >> code & 1))
            if i > from_begin + 1:
                if before_code != code:
                    places |= at[before_code] & at[code] << 1
                pair = self.bigram[ROOM * before_code + code]
                letters = self.single_known[pair]
                while letters:
                    places |= at[PS_LOWEST(letters)]
                    letters &= letters - 1
                if self.has_double[pair]:
                    places |= b_pairs
                places &= (<uint64_t>2 << b_last) - (<uint64_t>2 << from_begin)
            # The cell to the left is what each waits for, so it comes in last.
            if places == 0:
                for j in range(from_begin + 1, inner + 1):
                    up = _settled(above[j])
                    best = min(diagonal + step[b_code[j]], up + gap)
                    best = min(best, left + b_gap[j])
                    row[j] = best
                    left = _settled(best)
                    diagonal = up
            else:
                if not offering:
                    offering = True
                    for j in range(from_begin + 1, b_last + 1):
                        offered[j] = NO_OFFER
                self._offer(of, row, places, before_code, code, pair, b_code, b_pair, from_begin, offered)
                for j in range(from_begin + 1, inner + 1):
                    up = _settled(above[j])
                    best = min(min(diagonal + step[b_code[j]], up + gap), offered[j])
                    best = min(best, left + b_gap[j])
                    row[j] = best
                    left = _settled(best)
                    diagonal = up
            if to_end == 0:
                other_code = b_code[b_last]
                best = diagonal + step[other_code] + (of.sub_final if i == a_last and code != other_code else 0)
                up = _settled(above[b_last]) + of.gap[TRAIL][code] + lacking + _turn(OF_A)
                best = min(min(best, up), left + b_gap[b_last])
                row[b_last] = min(best, offered[b_last]) if places else best
            while places:
                offered[PS_LOWEST(places)] = NO_OFFER
                places &= places - 1
            before_code = code
            code = next_code
            alike = next_alike
        best = cells[a_last][b_last]
        edits = best >> EDITS & 0x7F
        points = (best & (<Step>1 << TURN) - 1) - NO_POINTS + shared + self._segments(
            of, a_code + from_begin, a_last - from_begin, b_code + from_begin, b_last - from_begin, from_begin == 0,
            to_end == 0, SEGMENT, &cells[from_begin][from_begin],
        )
        shorter = min(shorter, 12)
        points += of.edits[min(edits, 7)][shorter]
        points += of.longer[min(b.length - a.length, 6)][shorter]
        points += of.soundex[soundex] + of.metaphone[metaphone]
        one = self.rarity_class(min(a.rarity, b.rarity))
        other = self.rarity_class(max(a.rarity, b.rarity))
        points += of.commoner[min(edits, 3)][one] + of.rarer[other]
        alone = <int>(points + MIDDLE & (1 << BESIDE) - 1) - MIDDLE
        return max(alone - self.spelling_less, <int>(points - alone >> BESIDE)) if beside else alone

    cdef void _offer(
        self, const LetterPoints* of, const Step* row, uint64_t places, int before_code, int code, int pair,
        const uint8_t* b_code, const uint8_t* b_pair, int from_begin, Step* offered
    ) noexcept nogil:
        """Write what steps of two letters of a word lead to, in places of a row that is not filled yet."""
        cdef const Step* above = row - MOST_LETTERS
        cdef const Step* before = above - MOST_LETTERS
        cdef Step best, offer
        cdef int j, other_code, other_pair
        while places:
            j = PS_LOWEST(places)
            places &= places - 1
            best = NO_OFFER
            other_code = b_code[j]
            other_pair = b_pair[j]
            if j > from_begin + 1 and before_code != code and before_code == other_code and code == b_code[j - 1]:
                best = _settled(before[j - 2]) + of.swap + _turn(SWAP)
            if self.single_known[pair] >> other_code & 1:
                offer = _settled(before[j - 1]) + self.group + _turn(TWO_ONE) + of.single[pair][other_code]
                best = min(best, offer)
            if self.single_known[other_pair] >> code & 1:
                offer = _settled(above[j - 2]) + self.group + _turn(ONE_TWO) + of.single[other_pair][code]
                best = min(best, offer)
            if self.double_known[pair][other_pair]:
                offer = _settled(before[j - 2]) + self.group + _turn(TWO_TWO) + of.twofold[pair][other_pair]
                best = min(best, offer)
            offered[j] = best

    cdef Step _segments(
        self, const LetterPoints* of, const uint8_t* a, int n, const uint8_t* b, int m, bint at_begin, bint at_end,
        int kind, const Step* cells,
    ) noexcept nogil:
        """Points of the letters between matches, given as codes from 1; whether the words begin and end with these."""
        cdef uint32_t match[MOST_LETTERS]
        cdef uint32_t place = n * MOST_LETTERS + m, step
        cdef int matches = 0, i, j, last_i = n, last_j = m, k
        cdef Step points = 0
        # The way back, without a branch on what led to a cell: that is in no order that a processor could foresee.
        while place >= MOST_LETTERS and place % MOST_LETTERS:
            step = cells[place] >> TURN & 7
            match[matches] = place
            matches += step == MATCH
            place -= <uint32_t>(BACK >> 8 * step & 255)
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

    cdef Points _shortened(
        self, const LetterPoints* of, const uint8_t* a, int n, const uint8_t* b, int m, int begin, int end,
        const uint64_t* at,
    ) noexcept nogil:
        """``_letters._shortened`` of words as codes, of which so many letters are shared at the beginning and at the
        end; each letter stands at these places of the longer one, from 1."""
        cdef Points points = 0
        cdef int stem = n, length = min(n, MOST_WITHIN), consonants = 0, place = 1, letter
        cdef uint64_t left
        while stem and _is_vowel(a[stem - 1]):
            stem -= 1
        if stem > 2 and a[stem - 1] == a[stem - 2]:
            stem -= 1
        if begin == n:
            points = of.within[BEGIN][length]
        elif begin + end == n and memcmp(b + m - n, a, n) == 0:
            points = of.within[END][length]
        elif _holds_later(b, m, a, n, at):
            points = of.within[INSIDE][length]
        elif 1 < stem < n:
            length = min(stem, MOST_WITHIN)
            if begin >= stem:
                points = of.stem[BEGIN][length]
            elif _holds_later(b, m, a, stem, at):
                points = of.stem[INSIDE][length]
        for letter in range(stem):
            if _is_vowel(a[letter]):
                continue
            left = at[a[letter]] >> place
            if left == 0:
                return points
            place += PS_LOWEST(left) + 1
            consonants += 1
        return points if consonants == 0 else points + of.skeleton[a[0] == b[0]][
            min(consonants, MOST_CONSONANTS)
        ][m > n + 1]

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
