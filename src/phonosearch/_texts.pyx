"""Batches of strings: sequences, NumPy arrays and Arrow data behind one interface for the kernels.

A batch is checked once, when it is taken: types, limits, and whatever offsets came from another library. After that it
is read in blocks of rows, by any number of threads, without the GIL. Arrow strings are read where they lie.
"""

from cpython.unicode cimport PyUnicode_Check, PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_KIND
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uintptr_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset
cimport numpy as cnp

import importlib
import os
from collections.abc import Iterable

import numpy as np

from phonosearch._errors import LimitError, MissingExtraError, QueryError

cnp.import_array()

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #ifdef __SSE2__
    #include <emmintrin.h>
    #endif

    /* Python strings lie scattered in memory: ask for the head of a later one while the present one is looked at. */
    static inline void ps_prefetch_item(PyObject *names, Py_ssize_t i) {
    #if defined(__GNUC__) || defined(__clang__)
        if (i < PyTuple_GET_SIZE(names)) __builtin_prefetch(PyTuple_GET_ITEM(names, i));
    #else
        (void)names; (void)i;
    #endif
    }
    static inline void ps_prefetch_bytes(const void *data) {
    #if defined(__GNUC__) || defined(__clang__)
        __builtin_prefetch(data);
    #else
        (void)data;
    #endif
    }

    static int ps_is_ascii(const uint8_t *data, size_t size) {
        uint8_t high = 0;
        for (size_t at = 0; at < size; at++) high |= data[at];
        return high < 0x80;
    }

    /* Whether offsets of either width must not be followed: they would fall, or lead out of the data; and all lengths
       or-ed, which is less than twice the greatest. The loops are such that a compiler can use vectors. */
    #define PS_OFFSETS(CHECK, REBASE, TYPE, UNSIGNED) \\
        static int CHECK(const TYPE *offsets, size_t rows, int64_t size, int64_t *lengths) { \\
            TYPE all = 0, signs = offsets[0]; \\
            for (size_t at = 0; at < rows; at++) { \\
                all |= (TYPE)((UNSIGNED)offsets[at + 1] - (UNSIGNED)offsets[at]); \\
                signs |= offsets[at + 1]; \\
            } \\
            *lengths = all; \\
            return (signs | all) < 0 || offsets[rows] > size; \\
        } \\
        static void REBASE(const TYPE *offsets, size_t count, int32_t *restrict start) { \\
            TYPE base = offsets[0]; \\
            for (size_t at = 0; at < count; at++) start[at] = (int32_t)(offsets[at] - base); \\
        }
    PS_OFFSETS(ps_check_offsets32, ps_rebase32, int32_t, uint32_t)
    PS_OFFSETS(ps_check_offsets64, ps_rebase64, int64_t, uint64_t)

    /* Rows of fixed width, filled up with NULs, one after another as bytes. As many bytes as a row has characters are
       written, or up to 15 more; what is not ASCII is marked (0 is PLAIN, 1 WIDE), and begins where the next begins. */
    typedef struct {
        size_t width, used;             /* characters of a row; bytes of the rows before */
        int points;                     /* characters are code points, not bytes */
        uint8_t wide, *out, *kind;      /* whether any row is WIDE; room for bytes; what the rows are */
        int32_t *start;
    } ps_packed;

    static inline void ps_packed_row(ps_packed *packed, size_t row, size_t length, int wide) {
        packed->kind[row] = (uint8_t)wide;
        packed->wide |= (uint8_t)wide;
        packed->used += wide ? 0 : length;
        packed->start[row + 1] = (int32_t)packed->used;
    }
    static void ps_pack_each(ps_packed *packed, const uint8_t *rows, size_t first, size_t count) {
        size_t width = packed->width, item = packed->points ? 4 : 1;
        for (size_t row = first; row < count; row++) {
            uint32_t any = 0;
            size_t length = 0;
            for (size_t at = 0; at < width; at++) {
                uint32_t letter = rows[(row * width + at) * item];
                if (packed->points) memcpy(&letter, rows + (row * width + at) * item, item);
                any |= letter;
                packed->out[packed->used + at] = (uint8_t)letter;
                length = letter ? at + 1 : length;
            }
            ps_packed_row(packed, row, length, any >= 0x80);
        }
    }

    #ifdef __SSE2__
    /* Sixteen characters at a time, whatever follows the row; and no branch on the length: those of names cannot be
       foreseen. */
    static inline void ps_pack_fast(ps_packed *packed, const uint8_t *rows, size_t count, int points) {
        const __m128i iota = _mm_set_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        const size_t width = packed->width, item = points ? 4 : 1;
        const int rest = (int)((width - 1) % 16 + 1);
        const __m128i inside = _mm_cmpgt_epi8(_mm_set1_epi8((char)rest), iota);
        for (size_t row = 0; row < count; row++) {
            const __m128i *from = (const __m128i *)(rows + row * width * item);
            uint8_t *out = packed->out + packed->used;
            int wide = 0;
            size_t length = 0;
            for (size_t at = 0; at < width; at += 16, out += 16) {
                __m128i text = _mm_loadu_si128(from++);
                if (points) {
                    __m128i b = _mm_loadu_si128(from++), c = _mm_loadu_si128(from++), d = _mm_loadu_si128(from++);
                    /* What a byte cannot hold becomes 255; but 0 where it has the highest bit, as no character has. */
                    wide |= _mm_movemask_ps(_mm_castsi128_ps(
                        _mm_or_si128(_mm_or_si128(text, b), _mm_or_si128(c, d))));
                    text = _mm_packus_epi16(_mm_packs_epi32(text, b), _mm_packs_epi32(c, d));
                }
                if (at + 16 > width) text = _mm_and_si128(text, inside);
                uint32_t filled = 0xFFFF & ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_setzero_si128()));
                wide |= _mm_movemask_epi8(text);
                _mm_storeu_si128((__m128i *)out, text);
                if (at == 0 || filled) length = at + 31 - (size_t)__builtin_clz(filled << 1 | 1);
            }
            ps_packed_row(packed, row, length, wide != 0);
        }
    }
    #endif

    /* `size` bytes may be read. Gives 1 where all is PLAIN. */
    static int ps_pack_rows(
        const uint8_t *rows, size_t count, size_t width, size_t size, int points,
        uint8_t *out, int32_t *start, uint8_t *kind
    ) {
        ps_packed packed = {width, 0, points, 0, out, kind, start};
        size_t fast = 0;
        start[0] = 0;
    #ifdef __SSE2__
        size_t row = width * (points ? 4 : 1), reach = (width + 15) / 16 * (points ? 64 : 16);
        if (width && reach <= size) fast = (size - reach) / row + 1;
        if (fast > count) fast = count;
        if (points) ps_pack_fast(&packed, rows, fast, 1);
        else ps_pack_fast(&packed, rows, fast, 0);
    #endif
        ps_pack_each(&packed, rows, fast, count);
        return !packed.wide;
    }

    static int ps_decode_utf8(const uint8_t *text, size_t size, uint32_t *out, size_t *length) {
        static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
        size_t at = 0, count = 0;
        while (at < size) {
            uint32_t c = text[at];
            size_t more = c < 0x80 ? 0 : (c & 0xE0) == 0xC0 ? 1 : (c & 0xF0) == 0xE0 ? 2 : (c & 0xF8) == 0xF0 ? 3 : 9;
            if (more > size - at - 1) return 0;
            if (more) c &= 0x3Fu >> more;
            for (size_t k = 1; k <= more; k++) {
                if ((text[at + k] & 0xC0) != 0x80) return 0;
                c = c << 6 | (text[at + k] & 0x3Fu);
            }
            if (more && (c < least[more + 1] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))) return 0;
            out[count++] = c;
            at += more + 1;
        }
        *length = count;
        return 1;
    }
    """
    void prefetch_item "ps_prefetch_item"(tuple names, Py_ssize_t i)
    void prefetch_bytes "ps_prefetch_bytes"(const void* data) noexcept nogil
    bint is_ascii "ps_is_ascii"(const uint8_t* data, size_t size) noexcept nogil
    bint bad_offsets32 "ps_check_offsets32"(
        const int32_t* offsets, size_t rows, int64_t size, int64_t* lengths) noexcept nogil
    bint bad_offsets64 "ps_check_offsets64"(
        const int64_t* offsets, size_t rows, int64_t size, int64_t* lengths) noexcept nogil
    void rebase32 "ps_rebase32"(const int32_t* offsets, size_t count, int32_t* start) noexcept nogil
    void rebase64 "ps_rebase64"(const int64_t* offsets, size_t count, int32_t* start) noexcept nogil
    bint pack_rows "ps_pack_rows"(
        const uint8_t* rows, size_t count, size_t width, size_t size, bint points,
        uint8_t* out, int32_t* start, uint8_t* kind,
    ) noexcept nogil
    bint decode_utf8 "ps_decode_utf8"(const uint8_t* text, size_t size, uint32_t* out, size_t* length) noexcept nogil

cdef enum:
    AHEAD = 8          # rows to prefetch
    PIECE = 262144     # rows between looks at signals


cdef void block_free(Block* block) noexcept nogil:
    free(block.own)
    block.own = NULL
    block.room = 0


cdef void points_free(Points* points) noexcept nogil:
    free(points.data)
    points.data = NULL
    points.room = 0


cdef int make_room(Block* block, Py_ssize_t size) except -1 nogil:
    """Room for `size` bytes and PAD more."""
    cdef uint8_t* own
    if size + PAD > block.room:
        own = <uint8_t*>realloc(block.own, 2 * size + PAD)
        if own is NULL:
            with gil:
                raise MemoryError()
        block.own = own
        block.room = 2 * size + PAD
    return 0


cdef class Texts:
    """The strings of one argument.

    Parameters
    ----------
    source : sequence of (str or None), numpy.ndarray, or Arrow strings
        What speaks the Arrow PyCapsule interface is taken as Arrow.
    field : str
        The name of the argument, for errors.

    Raises
    ------
    TypeError
        Something is neither a string nor missing.
    LimitError
        A string is longer than MAX_TEXT characters.
    """

    def __cinit__(self, object source, str field not None):
        self.field = field
        if isinstance(source, np.ndarray):
            self._take_numpy(source)
        elif hasattr(source, "__arrow_c_array__") or hasattr(source, "__arrow_c_stream__"):
            self._take_arrow(source)
        elif isinstance(source, (str, bytes, bytearray)):
            raise TypeError(
                f"{field}: expected a sequence of str or None, got a single {type(source).__name__}; give a list of it"
            )
        elif not isinstance(source, Iterable) and not hasattr(source, "__getitem__"):
            raise TypeError(
                f"{field}: expected a sequence of str or None, a NumPy array or Arrow strings, got "
                f"{type(source).__name__}; give a list, empty if there is nothing"
            )
        else:
            # A tuple of our own is out of reach of any other thread.
            self.container = AS_LIST
            self._take_sequence(tuple(source))

    def __dealloc__(self):
        free(self.views)

    cdef object _over_long(self, Py_ssize_t row, Py_ssize_t length):
        return LimitError(f"{self.field}[{row}]", MAX_TEXT, length, "characters")

    cdef int _take_sequence(self, tuple names) except -1:
        cdef Py_ssize_t i, length
        cdef object name
        cdef View* view
        self.layout = VIEWS
        self.owner = names
        self.size = len(names)
        self.views = <View*>calloc(max(self.size, 1), sizeof(View))
        if self.views is NULL:
            raise MemoryError()
        for i in range(self.size):
            prefetch_item(names, i + AHEAD)
            name = names[i]
            if name is None:
                continue
            if not PyUnicode_Check(name):
                raise TypeError(f"{self.field}[{i}]: expected str or None, got {type(name).__name__}")
            length = PyUnicode_GET_LENGTH(name)
            if length > MAX_TEXT:
                raise self._over_long(i, length)
            view = &self.views[i]
            view.data = PyUnicode_DATA(name)
            view.length = <int32_t>length
            view.width = PyUnicode_KIND(name)
            view.ascii = PyUnicode_IS_ASCII(name)
        return 0

    cdef int _take_numpy(self, object names) except -1:
        cdef object native, na
        if names.ndim != 1:
            raise ValueError(f"{self.field}: expected an array of one dimension, got {names.ndim}")
        if names.dtype.kind == "O":
            self.container = AS_OBJECTS
            self._take_sequence(tuple(names.tolist()))
        elif names.dtype.kind == "T":
            if hasattr(names.dtype, "na_object"):
                # A missing value of StringDType may be any object at all.
                na = names.dtype.na_object
                self.container = AS_OBJECTS
                self._take_sequence(tuple([None if x is na or x != x else x for x in names.tolist()]))
            else:
                self.container = AS_FIXED
                self._take_sequence(tuple(names.tolist()))
        elif names.dtype.kind in "US":
            native = np.ascontiguousarray(names, dtype=names.dtype.newbyteorder("="))
            self.container = AS_FIXED
            self.layout = UCS4 if names.dtype.kind == "U" else BYTES
            self.owner = native
            self.size = native.shape[0]
            self.width = native.dtype.itemsize
            self.data = <const uint8_t*>cnp.PyArray_DATA(native)
            self._check_fixed()
        else:
            raise TypeError(f"{self.field}: expected an array of strings, got dtype {names.dtype}")
        return 0

    cdef int _check_fixed(self) except -1:
        """Rows that could be over-long are measured; most arrays are too narrow to have any."""
        cdef Py_ssize_t row
        cdef Points points
        if self.width <= MAX_TEXT * (4 if self.layout == UCS4 else 1):
            return 0
        points.data = NULL
        points.room = 0
        try:
            for row in range(self.size):
                self.code_points(row, &points)
                if points.length > MAX_TEXT:
                    raise self._over_long(row, points.length)
        finally:
            points_free(&points)
        return 0

    cdef int _take_arrow(self, object names) except -1:
        cdef object pa = import_pyarrow("encoding Arrow data")
        cdef object array = pa.array(names) if hasattr(names, "__arrow_c_array__") else pa.chunked_array(names)
        cdef object kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
        cdef object buffers
        if not (
            pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
            or (hasattr(pa.types, "is_string_view") and pa.types.is_string_view(kind))
        ):
            raise TypeError(f"{self.field}: expected Arrow strings, got {array.type}")
        if isinstance(array, pa.ChunkedArray):
            if array.num_chunks == 1:
                array = array.chunk(0)
            else:
                array = array.cast(pa.large_string())
                array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.large_string())
        if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
            array = array.cast(pa.large_string())
        array.validate()  # that the buffers are as long as they must be
        self.container = AS_ARROW
        self.layout = ARROW
        self.owner = array
        self.size = len(array)
        self.first = array.offset
        if self.size == 0:
            return 0
        buffers = array.buffers()
        if pa.types.is_string(array.type):
            self.offset32 = <const int32_t*><uintptr_t>buffers[1].address
        else:
            self.offset64 = <const int64_t*><uintptr_t>buffers[1].address
        if buffers[2] is not None:
            self.data = <const uint8_t*><uintptr_t>buffers[2].address
            self.data_size = buffers[2].size
        if array.null_count:
            self.bits = <const uint8_t*><uintptr_t>buffers[0].address
            self.valid = np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
        self._check_offsets()
        return 0

    cdef int _check_offsets(self) except -1:
        cdef int64_t lengths = 0
        cdef Py_ssize_t row, length
        cdef int64_t k
        cdef bint bad
        with nogil:
            if self.offset32 is not NULL:
                bad = bad_offsets32(self.offset32 + self.first, self.size, self.data_size, &lengths)
            else:
                bad = bad_offsets64(self.offset64 + self.first, self.size, self.data_size, &lengths)
        if bad:
            raise QueryError(self.field, "the offsets of the Arrow array lead outside its data")
        if lengths <= MAX_TEXT:
            return 0
        for row in range(self.size):  # that was in bytes; only the characters count
            if self._offset(row + 1) - self._offset(row) <= MAX_TEXT:
                continue
            if self.bits is not NULL and not self.valid[row]:
                continue
            length = 0
            with nogil:
                for k in range(self._offset(row), self._offset(row + 1)):
                    length += self.data[k] & 0xC0 != 0x80
            if length > MAX_TEXT:
                raise self._over_long(row, length)
        return 0

    cdef int64_t _offset(self, Py_ssize_t row) noexcept nogil:
        if self.offset32 is not NULL:
            return self.offset32[self.first + row]
        return self.offset64[self.first + row]

    cdef int _read_arrow(self, Py_ssize_t first, Py_ssize_t count, Block* block) except -1 nogil:
        cdef int64_t base = self._offset(first), end = self._offset(first + count)
        cdef Py_ssize_t i, at
        cdef bint in_place = end + PAD <= self.data_size
        if self.offset32 is not NULL and in_place:
            block.start = self.offset32 + self.first + first
            block.data = self.data
        else:
            if self.offset32 is not NULL:
                rebase32(self.offset32 + self.first + first, count + 1, block.own_start)
            else:
                if end - base > 0x7FFFFFFF:  # only nulls can have so much text
                    with gil:
                        raise self._over_long(first, end - base)
                rebase64(self.offset64 + self.first + first, count + 1, block.own_start)
            block.start = block.own_start
            if in_place:
                block.data = self.data + base
            else:
                make_room(block, end - base)
                if end > base:
                    memcpy(block.own, self.data + base, end - base)
                memset(block.own + (end - base), 0, PAD)
                block.data = block.own
        block.plain = self.bits is NULL and is_ascii(block.data + block.start[0], end - base)
        if block.plain:
            return 0
        for i in range(count):
            at = self.first + first + i
            if self.bits is not NULL and not self.bits[at >> 3] >> (at & 7) & 1:
                block.kind[i] = MISSING
            else:
                block.kind[i] = not is_ascii(block.data + block.start[i], block.start[i + 1] - block.start[i])
        return 0

    cdef int read(self, Py_ssize_t first, Py_ssize_t count, Block* block) except -1 nogil:
        """Read at most BLOCK rows; kinds are only written where not all rows are plain."""
        cdef Py_ssize_t i, characters, used = 0, most = 0
        cdef uint8_t kind
        cdef const View* view
        if self.layout == ARROW:
            return self._read_arrow(first, count, block)
        block.start = block.own_start
        if self.layout != VIEWS:
            characters = self.width if self.layout == BYTES else self.width // 4
            make_room(block, count * characters)
            block.plain = pack_rows(
                self.data + first * self.width, count, characters, (self.size - first) * self.width,
                self.layout == UCS4, block.own, block.own_start, block.kind,
            )
            used = block.own_start[count]
        else:
            for i in range(first, first + count):
                most += self.views[i].length
            make_room(block, most)
            block.plain = True
            block.own_start[0] = 0
            for i in range(count):
                kind = PLAIN
                view = &self.views[first + i]
                if i + AHEAD < count:
                    prefetch_bytes(self.views[first + i + AHEAD].data)
                if view.data is NULL:
                    kind = MISSING
                elif not view.ascii:
                    kind = WIDE
                else:
                    memcpy(block.own + used, view.data, view.length)
                    used += view.length
                block.kind[i] = kind
                block.plain = block.plain and kind == PLAIN
                block.own_start[i + 1] = <int32_t>used
        memset(block.own + used, 0, PAD)
        block.data = block.own
        return 0

    cdef int code_points(self, Py_ssize_t row, Points* points) except -1 nogil:
        """The characters of a row that is not missing, as they stand."""
        cdef const uint8_t* text = NULL
        cdef const uint32_t* wide
        cdef const View* view = NULL
        cdef uint32_t* data
        cdef Py_ssize_t i, length
        cdef size_t count = 0
        if self.layout == ARROW:
            length = self._offset(row + 1) - self._offset(row)
            if length:
                text = self.data + self._offset(row)
        elif self.layout == VIEWS:
            view = &self.views[row]
            length = view.length
        else:
            length = self.width if self.layout == BYTES else self.width // 4
            text = self.data + row * self.width
        if length > points.room:
            data = <uint32_t*>realloc(points.data, 2 * length * sizeof(uint32_t))
            if data is NULL:
                with gil:
                    raise MemoryError()
            points.data = data
            points.room = 2 * length
        if self.layout == ARROW or self.layout == BYTES:
            if self.layout == BYTES:
                while length and text[length - 1] == 0:
                    length -= 1
            if not decode_utf8(text, length, points.data, &count):
                with gil:
                    raise QueryError(f"{self.field}[{row}]", "is no valid UTF-8")
            points.length = <Py_ssize_t>count
        elif self.layout == UCS4:
            wide = <const uint32_t*>text
            while length and wide[length - 1] == 0:
                length -= 1
            memcpy(points.data, wide, length * sizeof(uint32_t))
            points.length = length
        else:
            for i in range(length):
                if view.width == 1:
                    points.data[i] = (<const uint8_t*>view.data)[i]
                elif view.width == 2:
                    points.data[i] = (<const uint16_t*>view.data)[i]
                else:
                    points.data[i] = (<const uint32_t*>view.data)[i]
            points.length = length
        return 0


cdef int check_threads(object threads) except -1:
    if threads is None:
        return os.cpu_count() or 1
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise QueryError("threads", "must be a whole number from 1, or None")
    return min(threads, 1024)


cdef list in_pieces(object work, Py_ssize_t rows, int threads):
    """What ``work(first, last)`` gives for runs of rows, in their order; signals are heard between them."""
    cdef Py_ssize_t size = PIECE
    if threads > 1:
        size = max(BLOCK, min(size, -(-rows // (4 * threads))))
    firsts = list(range(0, rows, size))
    lasts = [*firsts[1:], rows]
    if threads == 1 or len(firsts) < 2:
        return list(map(work, firsts, lasts))
    from concurrent.futures import ThreadPoolExecutor  # slow to import, and most programs need none

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, firsts, lasts))


cdef object import_pyarrow(str feature):
    try:
        return importlib.import_module("pyarrow")  # the statement would take a None in sys.modules for the module
    except ImportError as error:
        raise MissingExtraError("arrow", feature) from error
