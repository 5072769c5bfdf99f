# cython: language_level=3
"""Batches of strings as the kernels read them: block by block, as bytes, without the GIL."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

cdef enum:
    MAX_TEXT = 65536   # characters of one string
    BLOCK = 1024       # rows that are read at a time
    PAD = 40           # bytes that may be read, whatever they hold, after the last one of a block

cdef enum:             # what a row of a block is
    PLAIN = 0          # ASCII: its bytes are its characters
    WIDE = 1           # anything else: ask for its code points
    MISSING = 2

cdef enum:             # the container that the strings came in, and that results go back in
    AS_LIST
    AS_FIXED           # a NumPy array that cannot hold missing values
    AS_OBJECTS         # one that can
    AS_ARROW

cdef enum:             # how they lie in memory
    VIEWS              # Python strings
    BYTES              # rows of fixed width, of bytes
    UCS4               # and of code points
    ARROW

cdef struct Block:
    const uint8_t* data
    const int32_t* start    # row i is data[start[i]:start[i + 1]]; the first may begin anywhere
    uint8_t kind[BLOCK]
    bint plain         # every row is PLAIN
    uint8_t* own       # where rows are copied to that cannot be read in place,
    int32_t own_start[BLOCK + 1]    # and where they begin
    Py_ssize_t room

cdef struct Points:
    uint32_t* data
    Py_ssize_t length
    Py_ssize_t room

cdef struct View:
    const void* data   # NULL: missing
    int32_t length
    uint8_t width      # bytes of a character
    bint ascii

cdef int make_room(Block* block, Py_ssize_t size) except -1 nogil
cdef void block_free(Block* block) noexcept nogil
cdef void points_free(Points* points) noexcept nogil

cdef class Texts:
    cdef readonly Py_ssize_t size
    cdef readonly int container
    cdef readonly object valid      # of Arrow strings with nulls, an array of bool; else None
    cdef str field
    cdef object owner               # keeps the memory alive
    cdef int layout
    cdef Py_ssize_t first           # offset of an Arrow array
    cdef Py_ssize_t width           # bytes of a row of fixed width
    cdef const uint8_t* data
    cdef Py_ssize_t data_size
    cdef const int32_t* offset32
    cdef const int64_t* offset64
    cdef const uint8_t* bits
    cdef View* views

    cdef int _take_numpy(self, object names) except -1
    cdef int _take_arrow(self, object names) except -1
    cdef int _take_sequence(self, tuple names) except -1
    cdef int _check_fixed(self) except -1
    cdef int _check_offsets(self) except -1
    cdef object _over_long(self, Py_ssize_t row, Py_ssize_t length)
    cdef int64_t _offset(self, Py_ssize_t row) noexcept nogil
    cdef int read(self, Py_ssize_t first, Py_ssize_t count, Block* block) except -1 nogil
    cdef int _read_arrow(self, Py_ssize_t first, Py_ssize_t count, Block* block) except -1 nogil
    cdef int code_points(self, Py_ssize_t row, Points* points) except -1 nogil

cdef int check_threads(object threads) except -1
cdef list in_pieces(object work, Py_ssize_t rows, int threads)
cdef object import_pyarrow(str feature)
