"""Edit distances of one string to many, and of pairs.

One string to many takes the lanes of `_lanes` where it fits them; whatever does not goes to `text_distance`, the
kernel of the functions for two strings.
"""

from cpython.unicode cimport PyUnicode_Check, PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_KIND
from libc.stdint cimport int32_t, uint8_t, uint16_t
from libc.string cimport memcpy, memset
cimport cython
cimport numpy as cnp

import numpy as np

from phonosearch._distance cimport limit_of, text_distance
from phonosearch._errors import LimitError
from phonosearch._lanes cimport LANES_BLOCK, LETTERS, Query, one_to_fixed, one_to_many, query_init, vectors_here
from phonosearch._texts cimport (
    AS_ARROW, AS_LIST, BLOCK, BYTES, MAX_TEXT, MISSING, PAD, PLAIN, UCS4, Block, Points, Texts, block_free,
    check_threads, import_pyarrow, in_pieces, make_room, points_free,
)

cnp.import_array()

__all__ = ["levenshtein_distance_many", "osa_distance_many"]

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)

if BLOCK > LANES_BLOCK:
    raise ImportError("a block of strings is longer than the room for it")

# 0: text_distance for every string; 1: the vectors of the compiler; 2: AVX2; 3: AVX-512. All give the same.
cdef int vectors = vectors_here()


def _use_vectors(int level):
    """Choose how distances of one string to many are computed, for the tests; gives what was chosen before."""
    global vectors
    cdef int before = vectors
    vectors = max(0, min(level, vectors_here()))
    return before


@cython.final
cdef class Distances:
    """One call: the strings of both sides, and the distances as they come."""

    cdef Texts a, b            # a is None for one string to many
    cdef object one            # keeps the memory of the query alive
    cdef const void* data
    cdef int kind, length, limit
    cdef bint osa, in_lanes
    cdef Py_ssize_t fixed      # characters of rows of fixed width that go to the lanes as they are; 0 for other strings
    cdef Query query
    cdef object found, memory
    cdef int32_t[::1] out

    def __cinit__(self, object a, object b, object max_distance, bint osa, object threads):
        cdef int workers = check_threads(threads)
        self.limit = limit_of(max_distance)
        self.osa = osa
        if PyUnicode_Check(a):
            if PyUnicode_GET_LENGTH(a) > MAX_TEXT:
                raise LimitError("a", MAX_TEXT, PyUnicode_GET_LENGTH(a), "code points")
            self.one = a
            self.data = PyUnicode_DATA(a)
            self.kind = PyUnicode_KIND(a)
            self.length = <int>PyUnicode_GET_LENGTH(a)
        else:
            self.a = Texts(a, "a")
        self.b = Texts(b, "b")
        if self.a is None:
            self.in_lanes = vectors > 0 and PyUnicode_IS_ASCII(a) and self.length <= LETTERS
            if self.in_lanes:
                query_init(&self.query, <const uint8_t*>self.data, self.length, self.limit, osa, vectors)
                if vectors > 1 and self.b.layout == BYTES:
                    self.fixed = self.b.width
                elif vectors > 1 and self.b.layout == UCS4:
                    self.fixed = self.b.width // 4
                if self.fixed > LETTERS:
                    self.fixed = 0
        elif self.a.size != self.b.size:
            raise ValueError(f"a and b must be of one length, not {self.a.size} and {self.b.size}")
        if self.b.container == AS_ARROW:
            # The pool of Arrow keeps what was freed: pages that are new to a process take as long as the distances.
            self.memory = import_pyarrow("distances of Arrow data").allocate_buffer(4 * self.b.size)
            self.found = np.frombuffer(self.memory, dtype=np.int32)
        else:
            self.found = np.empty(self.b.size, dtype=np.int32)
        self.out = self.found
        in_pieces(self.run, self.b.size, workers)

    def run(self, Py_ssize_t first, Py_ssize_t last):
        """The distances of a run of rows."""
        cdef Block block_a, block_b
        cdef Points points_a, points_b
        cdef Py_ssize_t row, count
        block_a.own = block_b.own = NULL
        block_a.room = block_b.room = 0
        points_a.data = points_b.data = NULL
        points_a.room = points_b.room = 0
        try:
            with nogil:
                row = first
                while row < last:
                    count = min(last - row, <Py_ssize_t>BLOCK)
                    if self.fixed:
                        self.fixed_against_one(&block_b, row, count, &points_b)
                        row += count
                        continue
                    self.b.read(row, count, &block_b)
                    if self.a is None:
                        self.against_one(&block_b, row, count, &points_b)
                    else:
                        self.a.read(row, count, &block_a)
                        self.in_pairs(&block_a, &block_b, row, count, &points_a, &points_b)
                    row += count
        finally:
            block_free(&block_a)
            block_free(&block_b)
            points_free(&points_a)
            points_free(&points_b)

    cdef int fixed_against_one(
        self, Block* block, Py_ssize_t row, Py_ssize_t count, Points* points
    ) except -1 nogil:
        cdef const uint8_t* rows = self.b.data + row * self.b.width
        cdef uint8_t* packed = NULL
        cdef Py_ssize_t i
        if self.b.layout == UCS4:
            make_room(block, LETTERS * count)
            memset(block.own + LETTERS * count, 0, PAD)
            packed = block.own
        elif (self.b.size - row - count) * self.b.width < PAD:
            make_room(block, self.b.width * count)
            memcpy(block.own, rows, self.b.width * count)
            memset(block.own + self.b.width * count, 0, PAD)
            rows = block.own
        if one_to_fixed(&self.query, rows, self.fixed, count, packed, block.kind, &self.out[row]):
            for i in range(count):
                if block.kind[i] != PLAIN:
                    self.against_code_points(row + i, points)
        return 0

    cdef int against_code_points(self, Py_ssize_t row, Points* points) except -1 nogil:
        self.b.code_points(row, points)
        self.out[row] = text_distance(
            self.kind, self.data, self.length, 4, points.data, <int>points.length, self.limit, self.osa
        )
        return 0

    cdef int against_one(self, const Block* block, Py_ssize_t row, Py_ssize_t count, Points* points) except -1 nogil:
        cdef uint16_t long_row[BLOCK]
        cdef Py_ssize_t i
        cdef int at, left
        if self.in_lanes:
            left = one_to_many(&self.query, block.data, block.start, <int>count, long_row, &self.out[row])
            for at in range(left):
                i = long_row[at]
                if block.plain or block.kind[i] == PLAIN:
                    self.out[row + i] = text_distance(
                        self.kind, self.data, self.length,
                        1, block.data + block.start[i], block.start[i + 1] - block.start[i], self.limit, self.osa,
                    )
            if block.plain:
                return 0
        for i in range(count):
            if block.plain or block.kind[i] == PLAIN:
                if not self.in_lanes:
                    self.out[row + i] = text_distance(
                        self.kind, self.data, self.length,
                        1, block.data + block.start[i], block.start[i + 1] - block.start[i], self.limit, self.osa,
                    )
            elif block.kind[i] == MISSING:
                self.out[row + i] = -1
            else:
                self.against_code_points(row + i, points)
        return 0

    cdef int in_pairs(
        self, const Block* block_a, const Block* block_b, Py_ssize_t row, Py_ssize_t count,
        Points* points_a, Points* points_b,
    ) except -1 nogil:
        cdef Py_ssize_t i
        cdef int kind_a, kind_b, la, lb
        cdef const void* a
        cdef const void* b
        for i in range(count):
            kind_a = PLAIN if block_a.plain else block_a.kind[i]
            kind_b = PLAIN if block_b.plain else block_b.kind[i]
            if kind_a == MISSING or kind_b == MISSING:
                self.out[row + i] = -1
                continue
            a = block_a.data + block_a.start[i]
            b = block_b.data + block_b.start[i]
            la = block_a.start[i + 1] - block_a.start[i]
            lb = block_b.start[i + 1] - block_b.start[i]
            if kind_a != PLAIN:
                self.a.code_points(row + i, points_a)
                a = points_a.data
                la = <int>points_a.length
            if kind_b != PLAIN:
                self.b.code_points(row + i, points_b)
                b = points_b.data
                lb = <int>points_b.length
            self.out[row + i] = text_distance(
                1 if kind_a == PLAIN else 4, a, la, 1 if kind_b == PLAIN else 4, b, lb, self.limit, self.osa
            )
        return 0

    cdef object result(self):
        """In the container of b."""
        cdef object pa
        if self.b.container == AS_ARROW:
            pa = import_pyarrow("distances of Arrow data")
            # Where no string is missing no distance is.
            validity = None
            if self.a is not None or self.b.valid is not None:
                validity = pa.py_buffer(np.packbits(self.found >= 0, bitorder="little"))
            return pa.Array.from_buffers(pa.int32(), self.b.size, [validity, self.memory])
        if self.b.container == AS_LIST:
            return [None if value < 0 else value for value in self.found.tolist()]
        return self.found


cdef object distance_many(object a, object b, object max_distance, bint osa, object threads):
    cdef Distances distances = Distances(a, b, max_distance, osa, threads)
    return distances.result()


def levenshtein_distance_many(a, b, *, max_distance=None, threads=1):
    """Levenshtein distances of one string to many, or of two arrays row by row; each as by `levenshtein_distance`.

    Parameters
    ----------
    a : str, or as `b`
        One string, which is compared with each of `b`; or as many strings as `b` holds.
    b : sequence of (str or None), numpy.ndarray, or Arrow strings
        An array must have one dimension and hold strings (U, StringDType or objects) or UTF-8 (S). Arrow strings
        are any object with ``__arrow_c_array__`` or ``__arrow_c_stream__``. At most 65,536 code points each.
    max_distance : int, optional
        Stop once the distance must be larger; one string to many then takes a small part of the time.
    threads : int or None, default 1
        How many to use; None for one a processor. The GIL is released, and the result is the same.

    Returns
    -------
    list of (int or None), numpy.ndarray of int32, or pyarrow.Int32Array
        The container follows `b`. A distance is max_distance + 1 if it is larger than max_distance. Where a string is
        missing the distance is None, in a NumPy array -1, in Arrow null.

    Raises
    ------
    TypeError
        An element is neither a string nor missing; the text names its position.
    ValueError
        max_distance is negative, or `a` and `b` are not of one length.
    LimitError
        A string is too long.
    QueryError
        threads is no whole number from 1, or bytes are no UTF-8.
    MissingExtraError
        Arrow strings are given and pyarrow is not installed.

    Notes
    -----
    Strings of ASCII of up to 32 letters take O(n) operations for up to 64 of them at once where the one string is such
    too, unless their length turns them away: Myers (1999), Hyyrö (2003), Hyyrö, Fredriksson and Navarro (2005). A
    max_distance of up to 3 is the fastest. All others take what `levenshtein_distance` takes.

    Examples
    --------
    >>> levenshtein_distance_many("Stephen", ["Stehpen", None, "Margaret"], max_distance=2)
    [2, None, 3]
    >>> levenshtein_distance_many(["Ann", "Jon"], ["Anne", "John"])
    [1, 1]
    """
    return distance_many(a, b, max_distance, False, threads)


def osa_distance_many(a, b, *, max_distance=None, threads=1):
    """Optimal string alignment distances of one string to many, or of two arrays row by row; each as by `osa_distance`.

    Parameters
    ----------
    a : str, or as `b`
        One string, which is compared with each of `b`; or as many strings as `b` holds.
    b : sequence of (str or None), numpy.ndarray, or Arrow strings
        An array must have one dimension and hold strings (U, StringDType or objects) or UTF-8 (S). Arrow strings
        are any object with ``__arrow_c_array__`` or ``__arrow_c_stream__``. At most 65,536 code points each.
    max_distance : int, optional
        Stop once the distance must be larger; one string to many then takes a small part of the time.
    threads : int or None, default 1
        How many to use; None for one a processor. The GIL is released, and the result is the same.

    Returns
    -------
    list of (int or None), numpy.ndarray of int32, or pyarrow.Int32Array
        The container follows `b`. A distance is max_distance + 1 if it is larger than max_distance. Where a string is
        missing the distance is None, in a NumPy array -1, in Arrow null.

    Raises
    ------
    TypeError
        An element is neither a string nor missing; the text names its position.
    ValueError
        max_distance is negative, or `a` and `b` are not of one length.
    LimitError
        A string is too long.
    QueryError
        threads is no whole number from 1, or bytes are no UTF-8.
    MissingExtraError
        Arrow strings are given and pyarrow is not installed.

    Notes
    -----
    As for `levenshtein_distance_many`.

    Examples
    --------
    >>> osa_distance_many("Stephen", ["Stehpen", None, "Margaret"], max_distance=2)
    [1, None, 3]
    >>> osa_distance_many(["Ann", "Jon"], ["Nan", "John"])
    [2, 1]
    """
    return distance_many(a, b, max_distance, True, threads)
