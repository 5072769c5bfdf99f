"""Many pairs of names, or one name and many → their scores and levels."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_Check
from libc.stdint cimport int8_t, int32_t, uint8_t
cimport cython
cimport numpy as cnp

import numpy as np

from phonosearch._align cimport Alignment, add_generation
from phonosearch._pair cimport Comparer, Name, borrow, give_back
from phonosearch._text cimport ACCEPTED, EMPTY_NAME, INVALID_UNICODE, MAX_CODE_POINTS, NAME_TOO_LONG, TextRules
from phonosearch._texts cimport (
    AS_ARROW, AS_LIST, BLOCK, MISSING, PLAIN, Block, Points, Texts, block_free, check_threads, import_pyarrow,
    in_pieces, points_free,
)

from phonosearch._kernel import text_rules
from phonosearch._names import forms
from phonosearch._rules import LEVELS

cnp.import_array()

__all__ = ["compare_many"]

cdef enum:
    MOST_BYTES = 4 * MAX_CODE_POINTS


@cython.final
cdef class Comparisons:
    """One call: the names of both sides, and what comes of them."""

    cdef Texts a, b            # a is None for one name to many
    cdef bytes one
    cdef const uint8_t* one_text
    cdef Py_ssize_t one_length
    cdef TextRules rules
    cdef object scores, levels
    cdef int32_t[::1] score    # -1 where a name is missing
    cdef int8_t[::1] level

    def __cinit__(self, object a, object b, object threads):
        cdef int workers = check_threads(threads)
        self.rules = text_rules()
        if PyUnicode_Check(a):
            forms(a, "a")      # says what is wrong with it
            self.one = a.encode()
            self.one_text = <const uint8_t*>PyBytes_AS_STRING(self.one)
            self.one_length = PyBytes_GET_SIZE(self.one)
        else:
            self.a = Texts(a, "a")
        self.b = Texts(b, "b")
        if self.a is not None and self.a.size != self.b.size:
            raise ValueError(f"a and b must be of one length, not {self.a.size} and {self.b.size}")
        self.scores = np.empty(self.b.size, dtype=np.int32)
        self.levels = np.empty(self.b.size, dtype=np.int8)
        self.score = self.scores
        self.level = self.levels
        in_pieces(self.run, self.b.size, workers)

    def run(self, Py_ssize_t first, Py_ssize_t last):
        """Compare a run of rows."""
        cdef Block block_a, block_b
        cdef Points points
        cdef Comparer comparer
        cdef Py_ssize_t row = first, count
        block_a.own = block_b.own = NULL
        block_a.room = block_b.room = 0
        points.data = NULL
        points.room = 0
        comparer = borrow(self.rules)
        try:
            with nogil:
                if self.a is None:
                    comparer.make_room()
                    self.read_one(comparer)
                while row < last:
                    count = min(last - row, <Py_ssize_t>BLOCK)
                    self.b.read(row, count, &block_b)
                    if self.a is not None:
                        self.a.read(row, count, &block_a)
                    self.compare_block(comparer, &block_a, &block_b, row, count, &points)
                    row += count
        finally:
            give_back(comparer)
            block_free(&block_a)
            block_free(&block_b)
            points_free(&points)

    cdef int read_one(self, Comparer comparer) except -1 nogil:
        return comparer.read(self.one_text, self.one_length, comparer.query)

    cdef int compare_block(
        self, Comparer comparer, const Block* block_a, const Block* block_b, Py_ssize_t row, Py_ssize_t count,
        Points* points,
    ) except -1 nogil:
        cdef Py_ssize_t i
        cdef Alignment best
        cdef bint renewed
        for i in range(count):
            self.score[row + i] = -1
            self.level[row + i] = 0
            renewed = comparer.make_room()
            if self.a is not None:
                if not self.read_row(comparer, self.a, block_a, row, i, points, comparer.query):
                    continue
            elif renewed:
                self.read_one(comparer)
            if not self.read_row(comparer, self.b, block_b, row, i, points, comparer.name):
                continue
            comparer.align(comparer.query, comparer.name, self.rules.name_share[0][0][0], &best)
            add_generation(self.rules, comparer.query.generations, comparer.name.generations, &best)
            self.score[row + i] = best.score
            self.level[row + i] = best.lowest
        return 0

    cdef bint read_row(
        self, Comparer comparer, Texts texts, const Block* block, Py_ssize_t row, Py_ssize_t i, Points* points,
        Name* out,
    ) except -1 nogil:
        """Read the name of a row; False where none is there."""
        cdef int kind = PLAIN if block.plain else block.kind[i], status
        cdef uint8_t text[MOST_BYTES]
        if kind == MISSING:
            return False
        if kind == PLAIN:
            status = comparer.read(block.data + block.start[i], block.start[i + 1] - block.start[i], out)
        else:
            texts.code_points(row + i, points)
            status = NAME_TOO_LONG
            if points.length <= MAX_CODE_POINTS:
                status = _as_utf8(points, text)
                if status >= 0:
                    status = comparer.read(text, status, out)
                else:
                    status = INVALID_UNICODE
        if status != ACCEPTED and status != EMPTY_NAME:
            with gil:
                texts.code_points(row + i, points)
                self.refuse(texts, row + i, points)
        return status == ACCEPTED

    cdef int refuse(self, Texts texts, Py_ssize_t row, Points* points) except -1:
        cdef Py_ssize_t at
        forms("".join([chr(points.data[at]) for at in range(points.length)]), f"{texts.field}[{row}]")
        return 0

    cdef object result(self):
        """In the container of b."""
        cdef object pa, missing = self.scores < 0
        if self.b.container == AS_ARROW:
            pa = import_pyarrow("comparisons of Arrow data")
            unrelated = self.levels >= len(LEVELS)
            level = pa.DictionaryArray.from_arrays(
                pa.array(np.where(unrelated, 0, self.levels), pa.int8(), mask=missing | unrelated), pa.array(LEVELS)
            )
            score = pa.array(self.scores, pa.int32(), mask=missing)
            return pa.StructArray.from_arrays([score, level], ["score", "level"], mask=pa.array(missing))
        names = np.array([*LEVELS, ""])
        if self.b.container == AS_LIST:
            names = [*LEVELS, None]
            return [
                None if score < 0 else (score, names[level])
                for score, level in zip(self.scores.tolist(), self.levels.tolist(), strict=True)
            ]
        found = np.empty(self.b.size, dtype=[("score", np.int32), ("level", names.dtype)])
        found["score"] = self.scores
        found["level"] = names[np.where(missing, len(LEVELS), self.levels)]
        return found


cdef Py_ssize_t _as_utf8(const Points* points, uint8_t* out) noexcept nogil:
    """How many bytes of UTF-8 were written; -1 where a surrogate is among the characters."""
    cdef Py_ssize_t at, used = 0
    cdef unsigned int code
    for at in range(points.length):
        code = points.data[at]
        if code < 0x80:
            out[used] = code
            used += 1
            continue
        if 0xD800 <= code < 0xE000:
            return -1
        if code < 0x800:
            out[used] = 0xC0 | code >> 6
            used += 1
        else:
            if code < 0x10000:
                out[used] = 0xE0 | code >> 12
                used += 1
            else:
                out[used] = 0xF0 | code >> 18
                out[used + 1] = 0x80 | (code >> 12 & 0x3F)
                used += 2
            out[used] = 0x80 | (code >> 6 & 0x3F)
            used += 1
        out[used] = 0x80 | (code & 0x3F)
        used += 1
    return used


def compare_many(a, b, *, threads=1):
    """Compare one name with many, or two arrays of names row by row; each as by `compare`, without its evidence.

    Parameters
    ----------
    a : str, or as `b`
        One name, which is what is asked, or as many as `b` holds.
    b : sequence of (str or None), numpy.ndarray, or Arrow strings
        The names on record. An array must have one dimension and hold strings (U, StringDType or objects) or UTF-8
        (S). Arrow strings are any object with ``__arrow_c_array__`` or ``__arrow_c_stream__``.
    threads : int or None, default 1
        How many to use; None for one a processor. The GIL is released, and the result is the same.

    Returns
    -------
    list of (tuple of (int, str or None) or None), numpy.ndarray, or pyarrow.StructArray
        The container follows `b`. Each row is a score and a level, which is None where no level accepts the pair: in
        a NumPy array, with the fields ``score`` and ``level``, it is empty, in Arrow null. Where a name is missing or
        empty the row is None, in a NumPy array a score of -1 and no level, in Arrow null.

    Raises
    ------
    TypeError
        An element is neither a string nor missing; the text names its position.
    ValueError
        `a` and `b` are not of one length.
    QueryError, LimitError
        A name is no text or too long, or threads is no whole number from 1.
    MissingExtraError
        Arrow strings are given and pyarrow is not installed.

    Examples
    --------
    >>> compare_many("Jon Smith", ["John Smythe", None, "Mary Jones"])
    [(970, 'variant'), None, (258, 'wide')]
    """
    cdef Comparisons comparisons = Comparisons(a, b, threads)
    return comparisons.result()
