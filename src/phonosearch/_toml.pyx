"""``rules.toml`` at the speed of the kernel: the reader of the standard library would take most of the time in which an
index is opened.

Read is the part of TOML 1.0 that a file of rules needs: tables, inline tables, bare keys and keys in quotes, whole
numbers, strings in double quotes without a backslash, also of several lines, and arrays. Anything else is refused, so
whatever is read means what the standard library says that it means; a test holds the two together.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint8_t

__all__ = ["read_toml"]

cdef enum:
    MOST_DIGITS = 18
    DEEPEST = 16        # arrays and inline tables within each other


cdef inline bint _is_bare(uint8_t letter) noexcept:
    return (
        c"a" <= letter <= c"z" or c"A" <= letter <= c"Z" or c"0" <= letter <= c"9" or letter == c"_" or letter == c"-"
    )


cdef class _Reader:
    cdef bytes text
    cdef const uint8_t* at
    cdef Py_ssize_t place, size

    def __cinit__(self, bytes text not None):
        self.text = text
        self.at = <const uint8_t*>PyBytes_AS_STRING(text)
        self.size = PyBytes_GET_SIZE(text)

    cdef object refused(self, str what):
        cdef Py_ssize_t line = 1 + self.text[:self.place].count(b"\n")
        return ValueError(f"rules.toml, line {line}: {what}")

    cdef inline uint8_t here(self) noexcept:
        """The byte that stands here; after the text the NUL that Python keeps there, which no TOML may hold."""
        return self.at[self.place]

    cdef void spaces(self) noexcept:
        while self.here() == c" " or self.here() == c"\t":
            self.place += 1

    cdef int comment(self) except -1:
        if self.here() == c"#":
            while self.place < self.size and self.here() != c"\n":
                if (self.here() < 32 and self.here() != c"\t") or self.here() == 127:
                    raise self.refused("a comment holds a control character")
                self.place += 1
        return 0

    cdef int blank(self) except -1:
        """Pass over spaces, comments and ends of lines."""
        while True:
            self.spaces()
            self.comment()
            if self.here() != c"\n":
                return 0
            self.place += 1

    cdef int end_of_line(self) except -1:
        self.spaces()
        self.comment()
        if self.place < self.size:
            self.expect(c"\n", "the end of the line")
        return 0

    cdef int expect(self, uint8_t letter, str name) except -1:
        if self.here() != letter or self.place == self.size:
            raise self.refused(f"{name} is expected")
        self.place += 1
        return 0

    cdef str decoded(self, Py_ssize_t begin, Py_ssize_t end):
        return PyUnicode_DecodeUTF8(<const char*>self.at + begin, end - begin, NULL)

    cdef str key(self):
        cdef Py_ssize_t begin = self.place
        if self.here() == c'"':
            return self.string(False)
        while _is_bare(self.here()):
            self.place += 1
        if self.place == begin:
            raise self.refused("a key is expected: letters, digits, _ and -, or anything in double quotes")
        return self.decoded(begin, self.place)

    cdef str string(self, bint several_lines):
        cdef Py_ssize_t begin
        cdef uint8_t letter
        self.expect(c'"', "a double quote")
        several_lines = several_lines and self.here() == c'"' and self.at[self.place + 1] == c'"'
        if several_lines:
            self.place += 2
            if self.here() == c"\n":
                self.place += 1
        begin = self.place
        while True:
            letter = self.here()
            if letter == c'"' and (not several_lines or self.at[self.place + 1] == c'"' == self.at[self.place + 2]):
                break
            if letter == c"\\" or letter == 127 or (
                letter < 32 and letter != c"\t" and not (several_lines and letter == c"\n")
            ):
                raise self.refused("a string has no end, or holds a backslash or a control character")
            self.place += 1
        self.place += 3 if several_lines else 1
        if self.here() == c'"':
            raise self.refused("a quote follows a string")
        return self.decoded(begin, self.place - (3 if several_lines else 1))

    cdef object number(self):
        cdef bint negative = self.here() == c"-"
        cdef int64_t value = 0
        cdef Py_ssize_t begin
        cdef uint8_t letter
        self.place += negative
        begin = self.place
        while c"0" <= self.here() <= c"9" and self.place - begin < MOST_DIGITS:
            value = 10 * value + self.here() - 48
            self.place += 1
        letter = self.here()
        if self.place == begin or (self.at[begin] == c"0" and self.place > begin + 1) or _is_bare(letter) or (
            letter == c"." or letter == c":" or letter == c"+"
        ):
            raise self.refused("a whole number, a string, an array or an inline table is expected")
        return -value if negative else value

    cdef object value(self, int depth):
        if depth > DEEPEST:
            raise self.refused("arrays lie too deep")
        if self.here() == c'"':
            return self.string(True)
        if self.here() == c"[":
            return self.array(depth + 1)
        if self.here() == c"{":
            return self.inline_table(depth + 1)
        return self.number()

    cdef list array(self, int depth):
        cdef list found = []
        self.place += 1
        while True:
            self.blank()
            if self.here() == c"]":
                break
            found.append(self.value(depth))
            self.blank()
            if self.here() != c",":
                break
            self.place += 1
        self.expect(c"]", "a comma or the end of the array")
        return found

    cdef int pair(self, dict table, int depth) except -1:
        cdef str key = self.key()
        self.spaces()
        self.expect(c"=", "= after a key without dots")
        self.spaces()
        if key in table:
            raise self.refused("a key stands twice")
        table[key] = self.value(depth)
        return 0

    cdef dict inline_table(self, int depth):
        cdef dict found = {}
        self.place += 1
        self.spaces()
        while self.here() != c"}":
            if found:
                self.expect(c",", "a comma or the end of the inline table")
                self.spaces()
            self.pair(found, depth)
            self.spaces()
        self.place += 1
        return found

    cdef dict header(self, dict root, dict tables):
        """The table that a line in brackets begins; ``tables`` holds by path those that lines have begun or named."""
        cdef dict table = root
        cdef tuple path = ()
        cdef str key
        self.place += 1
        while True:
            self.spaces()
            key = self.key()
            path += (key,)
            if key not in table:
                table[key] = {}
                tables[path] = False
            elif path not in tables:
                raise self.refused("a table is named as a value is")
            table = table[key]
            self.spaces()
            if self.here() != c".":
                break
            self.place += 1
        self.expect(c"]", "the end of the name of a table")
        if tables[path]:
            raise self.refused("a table stands twice")
        tables[path] = True
        return table

    cdef dict document(self):
        cdef dict root = {}, table = root, tables = {}
        while True:
            self.blank()
            if self.place == self.size:
                return root
            if self.here() == c"[":
                table = self.header(root, tables)
            else:
                self.pair(table, 0)
            self.end_of_line()


def read_toml(bytes text not None):
    """The tables of a text in UTF-8, whose lines end in a newline alone.

    Raises
    ------
    ValueError
        The text is no TOML, or holds more of it than a file of rules needs.
    """
    text.decode("utf-8")        # strings are decoded one by one, comments are not
    cdef _Reader reader = _Reader(text)
    return reader.document()
