"""How parts are read by the orthographies of other languages, for other compiled modules."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    ORTHOGRAPHIES = 16          # at most
    MOST_HEARD_LETTERS = 24     # of a part that is read, at most
    HEARD_ROOM = 64             # letters of what is heard are 48 at most; so many may be written
    HEARD_CODES = 32            # two for each reading
    PIECE_ROOM = 8
    WRITTEN_ROOM = 2 * PIECE_ROOM

cdef enum:                      # a note of a reading: its letters, a bit each, of which the last five share the first
    NOTE_LETTERS = 21
    NOTE_LENGTH = 21            # where its length begins, and then the number of the orthography + 1
    NOTE_NUMBER = 27

ctypedef struct Piece:
    uint64_t text, mask         # up to PIECE_ROOM bytes, 0 to 25 for a-z, BEFORE, AFTER, as they lie in memory
    uint8_t written[WRITTEN_ROOM]   # a-z
    int length, written_length

cdef class Orthographies:
    cdef int count, most_letters, least_rarity, least_written, points
    # A bit for each orthography, by two neighbours of a name: which lack them, and of which a piece may begin there.
    cdef uint16_t lacks[28][28]
    cdef uint16_t begins[28][28]
    cdef uint16_t lacks_first[28][28]   # by the first two letters
    cdef Piece* pieces                  # by orthography and first letter, the longest first
    cdef int piece_start[ORTHOGRAPHIES * 28 + 1]

    cdef uint32_t of(self, const uint8_t* letters, int length, int rarity) noexcept nogil
    cdef int read(self, int number, const uint8_t* letters, int length, uint8_t* out) noexcept nogil
    cdef int codes(
        self, const uint8_t* letters, int length, int rarity, uint32_t primary, uint32_t alternate, uint32_t* out,
        uint32_t* notes,
    ) noexcept nogil

cdef inline uint32_t noted_letters(uint32_t letters) noexcept nogil:
    """The letters of a word as a note holds them, from a bit for each."""
    return letters & ((1 << NOTE_LETTERS) - 1) | letters >> NOTE_LETTERS & 31
