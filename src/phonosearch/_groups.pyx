"""The groups of spellings and of nicknames in the tables of variants, for the kernel."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp

from phonosearch._words cimport hash_slot, pack_word

from phonosearch._rules import ENGLISH_ENDINGS

cdef enum:
    ENGLISH = 0

cdef int ENGLISH_COUNT = len(ENGLISH_ENDINGS)   # the first languages that are numbered
cdef uint64_t LEAST_OF_TWELVE = pack_word(<const uint8_t*>b"aaaaaaaaaaaa", 12)


cdef class Numbers:
    """A list of numbers that grows."""

    def __cinit__(self):
        self.at = NULL
        self.used = self.room = 0

    def __dealloc__(self):
        free(self.at)

    cdef int fill(self, int size, int number) except -1:
        cdef int at
        if self.room < size:
            self._resize(size)
        for at in range(self.used, size):
            self.at[at] = number
        self.used = max(self.used, size)
        return 0

    cdef int* taken(self) noexcept:
        """The numbers, which now belong to the caller."""
        cdef int* at = self.at
        self.at = NULL
        self.used = self.room = 0
        return at

    cdef int _grow(self) except -1:
        return self._resize(2 * self.room + 64)

    cdef int _resize(self, int room) except -1:
        cdef int* at = <int*>realloc(self.at, room * sizeof(int))
        if at == NULL:
            raise MemoryError
        self.at = at
        self.room = room
        return 0


cdef Py_ssize_t _count_words(bytes text) noexcept:
    """The words in rows of language, source and words: each column but a row's last ends in a tab."""
    cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(text)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(text), place, tabs = 0, words = 0
    for place in range(size):
        if at[place] == 9:
            tabs += 1
        elif at[place] == 10:
            words += tabs - (tabs > 0)      # a comment has mostly none
            tabs = 0
    return words


cdef class Groups:
    """The groups of spellings and of nicknames, of numbered words: the compiled twin of ``_rules.Variants``.

    Parameters
    ----------
    variants : Variants
        The rows of the tables.
    others : int
        How many further words will be numbered.
    """

    def __cinit__(self, variants, int others):
        cdef list texts = [
            text.encode("utf-8")
            for text in (variants.short_forms, variants.equivalents, variants.given, variants.surnames)
        ]
        # A short form has at most one other ending.
        cdef uint64_t most = others + sum([_count_words(text) for text in (*texts, texts[0])]), slots = 16
        while 4 * slots < 5 * most:
            slots *= 2
        self.mask = slots - 1
        self.words = self.round = 0
        self.keys = <uint64_t*>malloc((most + 1) * sizeof(uint64_t))
        self.number = <int*>calloc(slots, sizeof(int))
        if self.keys == NULL or self.number == NULL:
            raise MemoryError
        self.language, self.start, self.row = Numbers(), Numbers(), Numbers()
        self.rows_start, self.rows, self.mark = Numbers(), Numbers(), Numbers()
        self.spelling_start, self.spelling = Numbers(), Numbers()
        self.nickname_start, self.nickname = Numbers(), Numbers()
        self.last, self.before = Numbers(), Numbers()
        first = ("en", *sorted(ENGLISH_ENDINGS - {"en"}))
        languages = {language.encode("ascii"): number for number, language in enumerate(first)}
        self.mark.fill(<int>most, 0)
        self.last.fill(<int>most, -1)
        cdef int short_forms = self._read(texts[0], languages)
        cdef int equivalents = self._read(texts[1], languages)
        cdef int given = self._read(texts[2], languages)
        cdef int every = self._read(texts[3], languages)
        self.start.add(self.row.used)
        self._place_rows(equivalents, given)
        self._spellings(equivalents, every)
        self._short_forms(short_forms)
        self._equivalents(short_forms, equivalents)
        self.spelling_start.add(self.spelling.used)
        self.nickname_start.add(self.nickname.used)

    def __dealloc__(self):
        free(self.keys)
        free(self.number)

    cdef int word(self, uint64_t key) noexcept:
        """The number of a word, new or known."""
        cdef uint64_t slot = hash_slot(key, self.mask)
        while self.number[slot] != 0:
            if self.keys[self.number[slot] - 1] == key:
                return self.number[slot] - 1
            slot = slot + 1 & self.mask
        self.keys[self.words] = key
        self.words += 1
        self.number[slot] = self.words
        return self.words - 1

    cdef int _read(self, bytes text, dict languages) except -1:
        """Read rows of language, source and words, and pass over comments; how many there are by now."""
        cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(text)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(text), place = 0, begin
        cdef int language = 0
        cdef bytes code = b""       # of the row before, which is mostly that of the next
        cdef uint64_t key
        while place < size:
            if at[place] == 35 or at[place] == 10:      # a comment, or an empty line
                while place < size and at[place] != 10:
                    place += 1
                place += 1
                continue
            begin = place
            while at[place] != 9 and at[place] != 10 and place < size:      # at the end of bytes Python keeps a NUL
                place += 1
            if place - begin != PyBytes_GET_SIZE(code) or memcmp(at + begin, PyBytes_AS_STRING(code), place - begin):
                code = text[begin:place]
                language = languages.setdefault(code, len(languages))
            self.start.add(self.row.used)
            self.language.add(language)
            if at[place] == 9:
                place += 1
                while at[place] != 9 and at[place] != 10 and place < size:      # the source
                    place += 1
            if at[place] != 9:
                raise ValueError("a row of the tables of variants has a language, a source and words")
            while at[place] == 9:
                place += 1
                begin = place
                key = 0
                while 97 <= at[place] <= 122:
                    key = 27 * key + (at[place] - 96)
                    place += 1
                if not 0 < place - begin <= 13 or at[place] != 9 and at[place] != 10:
                    raise ValueError("a word in the rules is no word of one to thirteen letters a-z")
                self.row.add(self.word(key))
            place += 1
        return self.language.used

    cdef int _place_rows(self, int first, int end) except -1:
        """Note for each word the rows from ``first`` to ``end`` that it stands in, in their order."""
        cdef int row, at, word, used = 0
        cdef Numbers count = Numbers()
        count.fill(self.words, 0)
        for at in range(self.start.at[first], self.start.at[end]):
            count.at[self.row.at[at]] += 1
        for word in range(self.words):
            self.rows_start.add(used)
            used += count.at[word]
            count.at[word] = self.rows_start.at[word]
        self.rows_start.add(used)
        self.rows.fill(used, 0)
        for row in range(first, end):
            for at in range(self.start.at[row], self.start.at[row + 1]):
                word = self.row.at[at]
                self.rows.at[count.at[word]] = row
                count.at[word] += 1
        return 0

    cdef int _add_row(self, Numbers to, int row) except -1:
        cdef int at
        for at in range(self.start.at[row], self.start.at[row + 1]):
            self._add(to, self.row.at[at])
        return 0

    cdef int _spellings(self, int first, int end) except -1:
        cdef int row
        for row in range(first, end):
            self.round += 1
            self.spelling_start.add(self.spelling.used)
            self._add_row(self.spelling, row)
        return 0

    cdef int _begin(self, int head) except -1:
        """Begin a group of nicknames."""
        self.round += 1
        self.nickname_start.add(self.nickname.used)
        return self._add(self.nickname, head)

    cdef int _end(self) except -1:
        """End the group begun, and drop it if there is one like it."""
        cdef int begin = self.nickname_start.at[self.nickname_start.used - 1]
        cdef int size = self.nickname.used - begin, head = self.nickname.at[begin], other = self.last.at[head]
        while other >= 0:
            if self.nickname_start.at[other + 1] - self.nickname_start.at[other] == size and memcmp(
                &self.nickname.at[self.nickname_start.at[other]], &self.nickname.at[begin], size * sizeof(int)
            ) == 0:
                self.nickname_start.used -= 1
                self.nickname.used = begin
                return 0
            other = self.before.at[other]
        self.before.add(self.last.at[head])
        self.last.at[head] = self.nickname_start.used - 1
        return 0

    cdef int _short_forms(self, int end) except -1:
        """``_rules._nicknames``: a group for each language and spelling of a formal name."""
        cdef Numbers formal = Numbers(), spelled = Numbers()
        cdef Numbers ending_start = Numbers(), endings = Numbers()   # of each row
        cdef Numbers group = Numbers(), following = Numbers()    # of a word: its first group; of a group: its next
        cdef Numbers head = Numbers(), language = Numbers()         # of a group
        cdef Numbers first = Numbers(), final = Numbers()           # of a group: links to its rows
        cdef Numbers link_row = Numbers(), link_next = Numbers()
        cdef int row, at, word, found, link
        formal.fill(self.words, 0)
        group.fill(self.words, -1)
        for row in range(end):
            formal.at[self.row.at[self.start.at[row]]] = 1
        for row in range(end):
            ending_start.add(endings.used)
            if self.language.at[row] < ENGLISH_COUNT:
                for at in range(self.start.at[row] + 1, self.start.at[row + 1]):
                    word = self._ending(self.row.at[at])
                    if word >= 0 and (word >= formal.used or not formal.at[word]):
                        endings.add(word)
            word = self.row.at[self.start.at[row]]
            self.round += 1
            spelled.used = 0
            for at in range(self.rows_start.at[word], self.rows_start.at[word + 1]):
                self._add_row(spelled, self.rows.at[at])
            self._add(spelled, word)        # where it is in no row
            for at in range(spelled.used):
                word = spelled.at[at]
                found = group.at[word]
                while found >= 0 and language.at[found] != self.language.at[row]:
                    found = following.at[found]
                if found < 0:
                    found = head.used
                    head.add(word)
                    language.add(self.language.at[row])
                    following.add(group.at[word])
                    group.at[word] = found
                    first.add(link_row.used)
                    final.add(link_row.used)
                else:
                    link_next.at[final.at[found]] = link_row.used
                    final.at[found] = link_row.used
                link_row.add(row)
                link_next.add(-1)
        ending_start.add(endings.used)
        for found in range(head.used):
            self._begin(head.at[found])
            link = first.at[found]
            while link >= 0:
                row = link_row.at[link]
                for at in range(self.start.at[row] + 1, self.start.at[row + 1]):
                    self._add(self.nickname, self.row.at[at])
                for at in range(ending_start.at[row], ending_start.at[row + 1]):
                    self._add(self.nickname, endings.at[at])
                link = link_next.at[link]
            self._end()
        return 0

    cdef int _ending(self, int word) noexcept:
        """``_rules._endings`` of a word, or -1."""
        cdef uint64_t key = self.keys[word], stem
        cdef bint long_form = key % 729 == 9 * 27 + 5       # -ie
        if long_form:
            stem = key // 729
        elif key % 27 == 25:                                # -y
            stem = key // 27
        else:
            return -1
        # A stem of three letters to eleven.
        if stem < 27 * 27 + 27 + 1 or stem >= LEAST_OF_TWELVE or stem % 27 in (1, 5, 9, 15, 21):
            return -1
        return self.word(stem * 27 + 25 if long_form else stem * 729 + 9 * 27 + 5)

    cdef int _equivalents(self, int first, int end) except -1:
        """``_rules._nicknames``: each word of a row, with its other spellings if it heads a row of them; then the
        English short forms of the first."""
        cdef int row, at, word, place, other
        cdef bint heads
        cdef Numbers english = Numbers()        # by word: the first row of its English short forms
        english.fill(self.words, -1)
        for row in range(first):
            word = self.row.at[self.start.at[row]]
            if self.language.at[row] == ENGLISH and english.at[word] < 0:
                english.at[word] = row
        for row in range(first, end):
            self._begin(self.row.at[self.start.at[row]])
            for at in range(self.start.at[row], self.start.at[row + 1]):
                word = self.row.at[at]
                heads = False
                for place in range(self.rows_start.at[word], self.rows_start.at[word + 1]):
                    other = self.rows.at[place]
                    if self.row.at[self.start.at[other]] == word:
                        heads = True
                        self._add_row(self.nickname, other)
                if not heads:
                    self._add(self.nickname, word)
            other = english.at[self.row.at[self.start.at[row]]]
            if other >= 0:
                for at in range(self.start.at[other] + 1, self.start.at[other + 1]):
                    self._add(self.nickname, self.row.at[at])
            self._end()
        return 0
