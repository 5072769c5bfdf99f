"""The encoders over many names at once.

Names of ASCII are encoded where they lie. Of the others the letters of Latin, Greek and Cyrillic are folded by a table,
which `fold` fills once a process; only what is not in it needs the GIL.
"""

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset
cimport cython
cimport numpy as cnp

import threading

import numpy as np

from phonosearch._double_metaphone cimport CEDILLA, ROOM, double_metaphone_rows
from phonosearch._encoders cimport UNLIMITED, check_max_length, fold
from phonosearch._packed_code cimport PACKED
from phonosearch._soundex cimport soundex_rows
from phonosearch._texts cimport (
    AS_ARROW, AS_FIXED, AS_LIST, BLOCK, BYTES, MISSING, PAD, PLAIN, Block, Points, Texts, block_free, check_threads,
    import_pyarrow, in_pieces, points_free,
)

cnp.import_array()

__all__ = ["double_metaphone_many", "soundex_many"]

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* Codes of up to four characters to rows of fixed width, `stride` characters apart, filled up with NULs; four bytes
       of each code are read. */
    #define PS_SPREAD(NAME, TYPE) \\
        static void NAME(const char *codes, const int64_t *ends, size_t rows, TYPE *out, size_t stride) { \\
            for (size_t row = 0; row < rows; row++, out += stride) { \\
                uint8_t length = (uint8_t)(ends[row + 1] - ends[row]), code[4]; \\
                memcpy(code, codes + ends[row], 4); \\
                for (int k = 0; k < 4; k++) out[k] = (TYPE)(code[k] & -(k < length)); \\
            } \\
        }
    PS_SPREAD(ps_spread_bytes, uint8_t)
    PS_SPREAD(ps_spread_points, uint32_t)
    """
    void spread_bytes "ps_spread_bytes"(
        const char* codes, const int64_t* ends, size_t rows, uint8_t* out, size_t stride) noexcept nogil
    void spread_points "ps_spread_points"(
        const char* codes, const int64_t* ends, size_t rows, uint32_t* out, size_t stride) noexcept nogil

cdef extern from "Python.h":
    str PyUnicode_FromKindAndData(int kind, const void* data, Py_ssize_t size)

cdef enum:
    MAX_SLOTS = 16384
    LOW = 0x530           # code points below are in the table of folds,
    VIETNAMESE = 0x1E00   # and those of this block
    BLOCK_SIZE = 0x100
    FOLDS = LOW + BLOCK_SIZE
    FOLD_LENGTH = 7
    UNKNOWN = 255
    COMBINING_CEDILLA = 0x327


# ----------------------------------------------------------------------------------- folding by table

cdef struct Fold:
    uint8_t length
    char text[FOLD_LENGTH]

cdef Fold folds[FOLDS]
cdef bint folds_filled = False
fill_lock = threading.Lock()


cdef int fill_folds() except -1:
    """A fold is one of single characters, but for a combining cedilla, so a table of them is all it takes."""
    global folds_filled
    cdef Py_ssize_t i
    cdef bytes text
    with fill_lock:
        if folds_filled:
            return 0
        for i in range(FOLDS):
            text = fold(chr(i if i < LOW else i - LOW + VIETNAMESE), True)
            folds[i].length = UNKNOWN
            if len(text) <= FOLD_LENGTH:
                memcpy(folds[i].text, <const char*>text, len(text))
                folds[i].length = <uint8_t>len(text)
        folds_filled = True
    return 0


cdef struct Folded:
    uint8_t* data
    Py_ssize_t length
    Py_ssize_t room


cdef int folded_room(Folded* folded, Py_ssize_t length) except -1 nogil:
    cdef uint8_t* data
    if length + PAD > folded.room:
        data = <uint8_t*>realloc(folded.data, 2 * length + PAD)
        if data is NULL:
            with gil:
                raise MemoryError()
        folded.data = data
        folded.room = 2 * length + PAD
    return 0


cdef int fold_by_python(const Points* points, Folded* folded) except -1:
    cdef bytes text = fold(PyUnicode_FromKindAndData(4, points.data, points.length), True)
    folded_room(folded, len(text))
    memcpy(folded.data, <const char*>text, len(text))
    folded.length = len(text)
    return 0


cdef int fold_points(const Points* points, Folded* folded) except -1 nogil:
    """The ASCII spelling, CEDILLA and all, with PAD bytes after it."""
    cdef Py_ssize_t i, at
    cdef uint32_t c
    cdef const Fold* entry
    cdef bint known = True
    folded_room(folded, FOLD_LENGTH * points.length)
    folded.length = 0
    for i in range(points.length):
        c = points.data[i]
        if c < 0x80:
            folded.data[folded.length] = <uint8_t>c
            folded.length += 1
        elif c == COMBINING_CEDILLA:
            at = folded.length - 1
            if at >= 0 and (folded.data[at] | 0x20) == c'c':
                folded.data[at] = CEDILLA
        else:
            at = c if c < LOW else c - VIETNAMESE + LOW if VIETNAMESE <= c < VIETNAMESE + BLOCK_SIZE else FOLDS
            known = at < FOLDS and folds[at].length != UNKNOWN
            if not known:
                break
            entry = &folds[at]
            memcpy(folded.data + folded.length, entry.text, FOLD_LENGTH)
            folded.length += entry.length
    if not known:
        with gil:
            fold_by_python(points, folded)
    memset(folded.data + folded.length, 0, PAD)
    return 0


# -------------------------------------------------------------------------------------------- encoding

@cython.final
cdef class Piece:
    """The codes of a run of rows, one after another."""

    cdef Py_ssize_t first, last
    cdef char* primary
    cdef char* alternate
    cdef int64_t primary_used, alternate_used
    cdef int64_t primary_room, alternate_room

    def __dealloc__(self):
        free(self.primary)
        free(self.alternate)


cdef int grow(char** data, int64_t* room, int64_t wanted) except -1 nogil:
    cdef char* larger
    if wanted > room[0]:
        wanted = max(wanted, 2 * room[0])
        larger = <char*>realloc(data[0], wanted)
        if larger is NULL:
            with gil:
                raise MemoryError()
        data[0] = larger
        room[0] = wanted
    return 0


@cython.final
cdef class Encoding:
    """One call: the names, and where the code of each ends."""

    cdef Texts texts
    cdef Py_ssize_t max_length
    cdef bint pairs
    cdef object primary_ends, alternate_ends
    cdef int64_t[::1] ends, other_ends
    cdef cnp.ndarray primary, alternate   # the codes, one after another; PACKED bytes more may be read

    def __cinit__(self, Texts texts not None, Py_ssize_t max_length, bint pairs, int threads):
        self.texts = texts
        self.max_length = max_length
        self.pairs = pairs
        self.primary_ends = np.zeros(texts.size + 1, dtype=np.int64)
        self.alternate_ends = np.zeros(texts.size + 1 if pairs else 1, dtype=np.int64)
        self.ends = self.primary_ends
        self.other_ends = self.alternate_ends
        self._join(in_pieces(self.run, texts.size, threads))

    def run(self, Py_ssize_t first, Py_ssize_t last):
        """Encode a run of rows; their ends are counted from its beginning."""
        cdef Piece piece = Piece()
        piece.first = first
        piece.last = last
        cdef Block block
        cdef Points points
        cdef Folded folded
        cdef Py_ssize_t row, count
        block.own = NULL
        block.room = 0
        points.data = NULL
        points.room = 0
        folded.data = NULL
        folded.room = 0
        try:
            with nogil:
                row = first
                while row < last:
                    count = min(last - row, <Py_ssize_t>BLOCK)
                    self.texts.read(row, count, &block)
                    if block.plain:
                        self.encode(piece, block.data, block.start, count, row)
                    else:
                        self.encode_mixed(piece, &block, count, row, &points, &folded)
                    row += count
        finally:
            block_free(&block)
            points_free(&points)
            free(folded.data)
        return piece

    cdef int encode(
        self, Piece piece, const uint8_t* data, const int32_t* start, Py_ssize_t count, Py_ssize_t row
    ) except -1 nogil:
        cdef int64_t room = PACKED * count + ROOM
        if self.pairs:
            if self.max_length > PACKED:
                room = min(self.max_length * count, 2 * (<int64_t>(start[count] - start[0]) + count)) + ROOM
            grow(&piece.alternate, &piece.alternate_room, piece.alternate_used + room)
        grow(&piece.primary, &piece.primary_room, piece.primary_used + room)
        if self.pairs:
            double_metaphone_rows(
                data, start, count, self.max_length, piece.primary, piece.primary_used, &self.ends[row + 1],
                piece.alternate, piece.alternate_used, &self.other_ends[row + 1],
            )
            piece.alternate_used = self.other_ends[row + count]
        else:
            soundex_rows(data, start, count, piece.primary, piece.primary_used, &self.ends[row + 1])
        piece.primary_used = self.ends[row + count]
        return 0

    cdef int encode_mixed(
        self, Piece piece, const Block* block, Py_ssize_t count, Py_ssize_t row, Points* points, Folded* folded
    ) except -1 nogil:
        """Runs of plain rows as before; the others one by one."""
        cdef Py_ssize_t i = 0, begin, k
        cdef int32_t start[2]
        while i < count:
            begin = i
            while i < count and block.kind[i] == PLAIN:
                i += 1
            if i > begin:
                self.encode(piece, block.data, block.start + begin, i - begin, row + begin)
            if i == count:
                break
            if block.kind[i] == MISSING:
                self.ends[row + i + 1] = piece.primary_used
                if self.pairs:
                    self.other_ends[row + i + 1] = piece.alternate_used
            else:
                if not folds_filled:
                    with gil:
                        fill_folds()
                self.texts.code_points(row + i, points)
                fold_points(points, folded)
                if not self.pairs:
                    for k in range(folded.length):
                        folded.data[k] = c'c' if folded.data[k] == CEDILLA else folded.data[k]
                start[0] = 0
                start[1] = <int32_t>folded.length
                self.encode(piece, folded.data, start, 1, row + i)
            i += 1
        return 0

    cdef int _join(self, list pieces) except -1:
        """Lay the codes of all pieces one after another, and count their ends from the first."""
        cdef int64_t used = 0, other_used = 0
        cdef Piece piece
        cdef char* codes
        cdef char* others
        for piece in pieces:
            if piece.first:
                self.primary_ends[piece.first + 1:piece.last + 1] += used
                if self.pairs:
                    self.alternate_ends[piece.first + 1:piece.last + 1] += other_used
            used += piece.primary_used
            other_used += piece.alternate_used
        self.primary = np.empty(used + PACKED, dtype=np.uint8)[:used]
        self.alternate = np.empty(other_used + PACKED, dtype=np.uint8)[:other_used]
        codes = <char*>cnp.PyArray_DATA(self.primary)
        others = <char*>cnp.PyArray_DATA(self.alternate)
        used = other_used = 0
        for piece in pieces:
            if piece.primary_used:
                memcpy(codes + used, piece.primary, piece.primary_used)
            if piece.alternate_used:
                memcpy(others + other_used, piece.alternate, piece.alternate_used)
            used += piece.primary_used
            other_used += piece.alternate_used
        return 0

    cdef object arrow(self):
        cdef object pa = import_pyarrow("encoding Arrow data")
        cdef object validity = None, out, fields, other
        if self.texts.valid is not None:
            validity = pa.py_buffer(np.packbits(self.texts.valid, bitorder="little"))
        out = column(pa, self.primary, self.primary_ends, validity)
        if not self.pairs:
            return out
        other = column(pa, self.alternate, self.alternate_ends, validity)
        fields = pa.struct([("primary", out.type), ("alternate", other.type)])
        return pa.Array.from_buffers(fields, self.texts.size, [validity], children=[out, other])

    cdef list texts_of_codes(self):
        """A str or a tuple of two a row; None where the name is missing."""
        cdef Py_ssize_t i, n = self.texts.size, length, other_length = 0
        cdef int64_t at = 0, other_at = 0
        cdef list out = [None] * n
        cdef Cache cache = Cache(n)
        cdef const char* code = <const char*>cnp.PyArray_DATA(self.primary)
        cdef const char* other = <const char*>cnp.PyArray_DATA(self.alternate)
        for i in range(n):
            length = self.ends[i + 1] - at
            if self.pairs:
                other_length = self.other_ends[i + 1] - other_at
            if self.texts.views[i].data is not NULL:
                out[i] = cache.text(code + at, length, other + other_at, other_length, self.pairs)
            at += length
            other_at += other_length
        return out

    cdef object fixed(self):
        """An array of strings of fixed width, of the kind of the input."""
        cdef Py_ssize_t width = self.max_length, i, k, columns = 2 if self.pairs else 1, column_number
        cdef int64_t at
        cdef const int64_t[::1] ends
        cdef const uint8_t[::1] codes
        cdef uint8_t[:, ::1] narrow
        cdef uint32_t[:, ::1] wide
        cdef const char* code
        cdef bint as_bytes = self.texts.layout == BYTES
        if width == UNLIMITED:
            width = max(1, *(
                int(np.diff(lengths).max(initial=0)) for lengths in (self.primary_ends, self.alternate_ends)
            ))
        out = np.zeros((self.texts.size, columns), dtype=f"{'S' if as_bytes else 'U'}{width}")
        if self.texts.size:
            if as_bytes:
                narrow = out.view(np.uint8).reshape(self.texts.size, -1)
            else:
                wide = out.view(np.uint32).reshape(self.texts.size, -1)
            for column_number in range(columns if width == PACKED else 0):
                ends = self.alternate_ends if column_number else self.primary_ends
                code = <const char*>cnp.PyArray_DATA(self.alternate if column_number else self.primary)
                if as_bytes:
                    spread_bytes(code, &ends[0], self.texts.size, &narrow[0, PACKED * column_number], columns * PACKED)
                else:
                    spread_points(code, &ends[0], self.texts.size, &wide[0, PACKED * column_number], columns * PACKED)
            for column_number in range(columns if width != PACKED else 0):
                ends = self.alternate_ends if column_number else self.primary_ends
                codes = self.alternate if column_number else self.primary
                for i in range(self.texts.size):
                    at = ends[i]
                    for k in range(ends[i + 1] - at):
                        if as_bytes:
                            narrow[i, column_number * width + k] = codes[at + k]
                        else:
                            wide[i, column_number * width + k] = codes[at + k]
        return out if self.pairs else out[:, 0]


cdef object column(object pa, object codes, object ends, object validity):
    """An Arrow string array; of large strings where the codes take more than 2 GiB."""
    cdef bint large = codes.shape[0] > 0x7FFFFFFF
    return pa.Array.from_buffers(
        pa.large_string() if large else pa.string(), ends.shape[0] - 1,
        [validity, pa.py_buffer(ends if large else ends.astype(np.int32)), pa.py_buffer(codes)],
    )


@cython.final
cdef class Cache:
    """Texts of short codes within one batch: a direct-mapped table, so its size is bounded."""

    cdef uint64_t* keys
    cdef list values
    cdef int shift

    def __cinit__(self, Py_ssize_t names):
        cdef Py_ssize_t slots = 16
        self.shift = 60
        while slots < names and slots < MAX_SLOTS:
            slots *= 2
            self.shift -= 1
        self.values = [None] * slots
        self.keys = <uint64_t*>PyMem_Calloc(slots, sizeof(uint64_t))
        if self.keys is NULL:
            raise MemoryError()

    def __dealloc__(self):
        PyMem_Free(self.keys)

    cdef inline object text(
        self, const char* code, Py_ssize_t length, const char* other, Py_ssize_t other_length, bint pairs
    ):
        cdef uint32_t[2] short_codes = [0, 0]
        cdef uint64_t key
        cdef Py_ssize_t slot
        cdef object value
        if length > PACKED or other_length > PACKED:
            return make_text(code, length, other, other_length, pairs)
        memcpy(&short_codes[0], code, length)
        memcpy(&short_codes[1], other, other_length)
        key = <uint64_t>short_codes[0] << 32 | short_codes[1]
        # The top bits of the product depend on all bits of the key.
        slot = <Py_ssize_t>(key * <uint64_t>0x9E3779B97F4A7C15 >> self.shift)
        if self.keys[slot] == key:
            value = self.values[slot]
            if value is not None:
                return value
        value = make_text(code, length, other, other_length, pairs)
        self.keys[slot] = key
        self.values[slot] = value
        return value


cdef object make_text(const char* code, Py_ssize_t length, const char* other, Py_ssize_t other_length, bint pairs):
    cdef str first = PyUnicode_DecodeASCII(code, length, NULL)
    return (first, PyUnicode_DecodeASCII(other, other_length, NULL)) if pairs else first


cdef object encode_many(object names, Py_ssize_t max_length, bint pairs, object threads):
    cdef int workers = check_threads(threads)
    cdef Encoding encoding = Encoding(Texts(names, "names"), max_length, pairs, workers)
    cdef int container = encoding.texts.container
    cdef list codes
    if container == AS_ARROW:
        return encoding.arrow()
    if container == AS_FIXED:
        return encoding.fixed()
    codes = encoding.texts_of_codes()
    if container == AS_LIST:
        return codes
    out = np.empty((len(codes), 2 if pairs else 1), dtype=object)
    if not pairs:
        out = out[:, 0]
    for i, code in enumerate(codes):
        out[i] = code
    return out


def soundex_many(names, *, threads=1):
    """Encode many names by American Soundex; each as `soundex` would.

    Parameters
    ----------
    names : sequence of (str or None), numpy.ndarray, or Arrow strings
        An array must have one dimension and hold strings (U, StringDType or objects) or UTF-8 (S). Arrow strings
        are any object with ``__arrow_c_array__`` or ``__arrow_c_stream__``.
    threads : int or None, default 1
        How many to use; None for one a processor. The GIL is released, and the result is the same.

    Returns
    -------
    list of (str or None), numpy.ndarray, or pyarrow.StringArray
        The container follows the input. Arrays are of dtype U4 (S4 for S), or of objects when the input can hold
        missing values. A missing name has a missing code.

    Raises
    ------
    TypeError
        If an element is neither a string nor missing; the text names its position.
    LimitError
        If a name is longer than 65,536 characters.
    QueryError
        If `threads` is no whole number from 1, or bytes are no UTF-8.
    MissingExtraError
        If Arrow strings are given and pyarrow is not installed.

    Notes
    -----
    Linear in the number of names; in a list, equal codes share one string. Names are encoded where they lie in memory,
    without the GIL.

    References
    ----------
    Robert C. Russell, U.S. patent 1,261,167, 1918; National Archives, "The Soundex Indexing System", 2007.

    Examples
    --------
    >>> soundex_many(["Robert", None, "Rupert"])
    ['R163', None, 'R163']
    """
    return encode_many(names, PACKED, False, threads)


def double_metaphone_many(names, max_length=4, *, threads=1):
    """Encode many names by Double Metaphone; each as `double_metaphone` would.

    Parameters
    ----------
    names : sequence of (str or None), numpy.ndarray, or Arrow strings
        An array must have one dimension and hold strings (U, StringDType or objects) or UTF-8 (S). Arrow strings
        are any object with ``__arrow_c_array__`` or ``__arrow_c_stream__``.
    max_length : int or None, default 4
        Where the codes are cut; None for whole codes.
    threads : int or None, default 1
        How many to use; None for one a processor. The GIL is released, and the result is the same.

    Returns
    -------
    list of (tuple or None), numpy.ndarray, or pyarrow.StructArray
        The container follows the input. Arrays have two columns, primary and alternate, of dtype U (S for S)
        with room for `max_length` (for the longest code when None), or of objects when the input can hold missing
        values.
        Structs have the fields ``primary`` and ``alternate``. A missing name has missing codes.

    Raises
    ------
    TypeError
        If an element is neither a string nor missing; the text names its position.
    ValueError
        If `max_length` is less than 1.
    LimitError
        If a name is longer than 65,536 characters.
    QueryError
        If `threads` is no whole number from 1, or bytes are no UTF-8.
    MissingExtraError
        If Arrow strings are given and pyarrow is not installed.

    Notes
    -----
    Linear in the characters of all names; in a list, equal codes of up to four characters share one tuple. Names are
    encoded where they lie in memory, without the GIL.

    References
    ----------
    Lawrence Philips, "The Double Metaphone Search Algorithm", C/C++ Users Journal 18 (6), 2000.

    Examples
    --------
    >>> double_metaphone_many(["Smith", None])
    [('SM0', 'XMT'), None]
    """
    return encode_many(names, check_max_length(max_length), True, threads)
