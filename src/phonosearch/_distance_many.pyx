"""Edit distances of one string to many, and of pairs.

Against one query and a limit of k edits most strings are turned away without an edit matrix: by their length, or
because too few of their letters stand within k places of an equal letter of the query. Of a pair within k edits all but
k letters of the longer string are matched or swapped, and none is further than k from its partner; so 16 letters in one
register, compared with the query at 2k + 1 shifts, give a lower bound.

What remains is computed 32 strings at once in lanes of 8 bits, along the diagonals that k edits can reach. Whatever
does not fit (longer strings, other letters than ASCII, larger limits) goes to `text_distance`, the kernel of the
functions for two strings.

Sources: the band of diagonals is that of E. Ukkonen (1985), "Algorithms for approximate string matching"; the lanes are
those of T. Rognes (2011), "Faster Smith-Waterman database searches with inter-sequence SIMD parallelisation"; the bound
is in the manner of the filters of P. Jokinen, J. Tarhio and E. Ukkonen (1996), "A comparison of approximate string
matching algorithms".
"""

from cpython.unicode cimport PyUnicode_Check, PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_KIND
from libc.stdint cimport int32_t, uint8_t, uint16_t
cimport cython
cimport numpy as cnp

import numpy as np

from phonosearch._distance cimport limit_of, text_distance
from phonosearch._errors import LimitError
from phonosearch._texts cimport (
    AS_ARROW, AS_LIST, BLOCK, MAX_TEXT, MISSING, PLAIN, Block, Points, Texts, block_free, check_threads,
    import_pyarrow, in_pieces, points_free,
)

cnp.import_array()

__all__ = ["levenshtein_distance_many", "osa_distance_many"]

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    #define PS_LETTERS 16           /* of a string that the filter and the lanes take; as many may be read */
    #define PS_LANES 32
    #define PS_MOST 7               /* edits that they take */
    #define PS_BAND (2 * PS_MOST + 1)
    #define PS_FAR 100              /* more than any distance that a lane can hold */

    typedef struct {
        int length, limit, osa, level;
        uint8_t word[PS_LETTERS + PS_MOST];
        uint8_t shifted[PS_BAND][PS_LETTERS];    /* the query, moved by -limit to limit; 255 beyond its ends */
    } ps_query;

    static void ps_query_init(ps_query *q, const uint8_t *word, int length, int limit, int osa, int level) {
        q->length = length;
        q->limit = limit;
        q->osa = osa;
        q->level = level;
        memcpy(q->word, word, length);
        for (int shift = 0; shift <= 2 * limit; shift++)
            for (int j = 0; j < PS_LETTERS; j++) {
                int i = j + shift - limit;
                q->shifted[shift][j] = i >= 0 && i < length ? word[i] : 255;
            }
    }

    /* Rows whose length leaves them a chance. */
    static int ps_of_length(const ps_query *q, const int32_t *start, int rows, uint16_t *kept) {
        size_t count = 0;
        uint32_t least = (uint32_t)(q->length - q->limit), range = 2 * (uint32_t)q->limit, from = (uint32_t)start[0];
        for (size_t row = 0; row < (size_t)rows; row++) {
            uint32_t to = (uint32_t)start[row + 1];
            kept[count] = (uint16_t)row;
            count += to - from - least <= range;
            from = to;
        }
        return (int)count;
    }

    #if defined(__GNUC__) || defined(__clang__)
    #define PS_HAS_VECTORS 1
    #define PS_INLINE static inline __attribute__((always_inline))
    typedef uint8_t ps_v16 __attribute__((vector_size(16)));

    /* Rows of at most PS_LETTERS letters that the letters in common leave a chance; longer ones stay. */
    static int ps_in_common(
        const ps_query *q, const uint8_t *data, const int32_t *start, uint16_t *kept, int rows
    ) {
        static const uint8_t inside[2 * PS_LETTERS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        int count = 0, shifts = 2 * q->limit + 1;
        for (int at = 0; at < rows; at++) {
            int row = kept[at], n = start[row + 1] - start[row], longer = n > q->length ? n : q->length;
            ps_v16 text, within, matched = {0};
            uint64_t half[2];
            memcpy(&text, data + start[row], 16);
            for (int shift = 0; shift < shifts; shift++) {
                ps_v16 query;
                memcpy(&query, q->shifted[shift], 16);
                matched |= (ps_v16)(text == query);
            }
            memcpy(&within, inside + PS_LETTERS - (n > PS_LETTERS ? PS_LETTERS : n), 16);
            matched &= within;
            memcpy(half, &matched, 16);
            half[0] += half[1];
            kept[count] = (uint16_t)row;
            count += n > PS_LETTERS || (int)((half[0] * UINT64_C(0x0101010101010101)) >> 56) >= longer - q->limit;
        }
        return count;
    }

    typedef uint8_t ps_lane[PS_LANES];

    PS_INLINE void ps_lane_set(uint8_t *lane, uint8_t value) { memset(lane, value, PS_LANES); }

    /* One cell of the matrix in all lanes; loops of constant length become vectors. */
    PS_INLINE void ps_cell(
        uint8_t *restrict value, const uint8_t *corner, const uint8_t *up, const uint8_t *left, const uint8_t *text,
        uint8_t letter
    ) {
        for (int at = 0; at < PS_LANES; at++) {
            uint8_t best = (uint8_t)(corner[at] + (text[at] != letter));
            uint8_t side = (uint8_t)((up[at] < left[at] ? up[at] : left[at]) + 1);
            value[at] = best < side ? best : side;
        }
    }
    PS_INLINE void ps_swap_cell(
        uint8_t *restrict value, const uint8_t *before, const uint8_t *text, const uint8_t *text_before,
        uint8_t letter, uint8_t earlier
    ) {
        for (int at = 0; at < PS_LANES; at++) {
            uint8_t swapped = (uint8_t)-((text_before[at] == letter) & (text[at] == earlier));
            uint8_t price = (uint8_t)((before[at] + 1) | (uint8_t)~swapped);
            value[at] = value[at] < price ? value[at] : price;
        }
    }

    /* Distances of up to PS_LANES strings of at most PS_LETTERS letters, min(distance, limit + 1). The cell of row i
       and column j stands at j - i + limit; letters beyond the end of a string change nothing that it asks for. */
    PS_INLINE void ps_lanes_body(
        const ps_query *q, const uint8_t *data, const int32_t *start, const uint16_t *kept, int rows, int32_t *out,
        int k, int osa
    ) {
        ps_lane text[PS_LETTERS + 2 * PS_MOST + 1], cell[3][PS_BAND + 1], far;
        ps_lane *before = cell[0], *above = cell[1], *here = cell[2], *swap;
        int m = q->length, last = m + k < PS_LETTERS ? m + k : PS_LETTERS;
        memset(text, 0, sizeof(ps_lane) * (size_t)(m + k + 1));
        ps_lane_set(far, PS_FAR);
        for (int lane = 0; lane < rows; lane++) {
            uint8_t letters[PS_LETTERS];
            memcpy(letters, data + start[kept[lane]], PS_LETTERS);
            for (int j = 1; j <= last; j++) text[j][lane] = letters[j - 1];
        }
        for (int d = 0; d <= 2 * k + 1; d++) {
            ps_lane_set(above[d], (uint8_t)(d >= k && d <= 2 * k ? d - k : PS_FAR));
            ps_lane_set(before[d], PS_FAR);
            ps_lane_set(here[d], PS_FAR);
        }
        for (int i = 1; i <= m; i++) {
            for (int d = 0; d <= 2 * k; d++) {
                int j = i + d - k;
                if (j <= 0) {
                    ps_lane_set(here[d], (uint8_t)(j ? PS_FAR : i));
                    continue;
                }
                ps_cell(here[d], above[d], above[d + 1], d ? here[d - 1] : far, text[j], q->word[i - 1]);
                if (osa && i > 1 && j > 1)
                    ps_swap_cell(here[d], before[d], text[j], text[j - 1], q->word[i - 1], q->word[i - 2]);
            }
            swap = before; before = above; above = here; here = swap;
            ps_lane_set(above[2 * k + 1], PS_FAR);
        }
        for (int lane = 0; lane < rows; lane++) {
            int row = kept[lane], value = above[start[row + 1] - start[row] - m + k][lane];
            out[row] = value > k ? k + 1 : value;
        }
    }

    PS_INLINE void ps_lanes_by_limit(
        const ps_query *q, const uint8_t *data, const int32_t *start, const uint16_t *kept, int rows, int32_t *out
    ) {
        /* The usual limits in literals, for the compiler to unroll. */
        if (q->osa) {
            if (q->limit == 1) ps_lanes_body(q, data, start, kept, rows, out, 1, 1);
            else if (q->limit == 2) ps_lanes_body(q, data, start, kept, rows, out, 2, 1);
            else ps_lanes_body(q, data, start, kept, rows, out, q->limit, 1);
        } else {
            if (q->limit == 1) ps_lanes_body(q, data, start, kept, rows, out, 1, 0);
            else if (q->limit == 2) ps_lanes_body(q, data, start, kept, rows, out, 2, 0);
            else ps_lanes_body(q, data, start, kept, rows, out, q->limit, 0);
        }
    }

    static void ps_lanes(
        const ps_query *q, const uint8_t *data, const int32_t *start, const uint16_t *kept, int rows, int32_t *out
    ) {
        ps_lanes_by_limit(q, data, start, kept, rows, out);
    }
    #else
    #define PS_HAS_VECTORS 0
    static int ps_in_common(
        const ps_query *q, const uint8_t *data, const int32_t *start, uint16_t *kept, int rows
    ) { return rows; }
    static void ps_lanes(
        const ps_query *q, const uint8_t *data, const int32_t *start, const uint16_t *kept, int rows, int32_t *out
    ) { }
    #endif

    #if PS_HAS_VECTORS && defined(__x86_64__)
    #define PS_HAS_AVX2 1
    #include <immintrin.h>
    #define PS_AVX2 __attribute__((target("avx2,bmi2,popcnt")))

    PS_AVX2 PS_INLINE int ps_in_common_body(
        const ps_query *q, const uint8_t *data, const int32_t *start, uint16_t *kept, int rows, int k, int any_length
    ) {
        __m256i shifted[PS_BAND];
        size_t count = 0, last = 0;
        uint32_t shifts = 2 * (uint32_t)k + 1, m = (uint32_t)q->length;
        for (uint32_t shift = 0; shift < shifts; shift++)
            shifted[shift] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)q->shifted[shift]));
        if (rows & 1) kept[rows] = kept[rows - 1];
        for (size_t at = 0; at < (size_t)rows; at += 2) {
            size_t one = kept[at], two = kept[at + 1];
            size_t begin1 = (uint32_t)start[one], begin2 = (uint32_t)start[two];
            uint32_t n1 = (uint32_t)start[one + 1] - (uint32_t)begin1, n2 = (uint32_t)start[two + 1] - (uint32_t)begin2;
            __m256i text = _mm256_inserti128_si256(
                _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(data + begin1))),
                _mm_loadu_si128((const __m128i *)(data + begin2)), 1);
            __m256i matched = _mm256_cmpeq_epi8(text, shifted[0]);
            for (uint32_t shift = 1; shift < shifts; shift++)
                matched = _mm256_or_si256(matched, _mm256_cmpeq_epi8(text, shifted[shift]));
            uint32_t bits = (uint32_t)_mm256_movemask_epi8(matched);
            uint32_t common1 = (uint32_t)_mm_popcnt_u32(_bzhi_u32(bits & 0xFFFF, n1)) + (uint32_t)k;
            uint32_t common2 = (uint32_t)_mm_popcnt_u32(_bzhi_u32(bits >> 16, n2)) + (uint32_t)k;
            kept[count] = (uint16_t)one;
            count += (common1 >= (n1 > m ? n1 : m)) | (any_length & (n1 > PS_LETTERS));
            kept[count] = (uint16_t)two;
            last = (common2 >= (n2 > m ? n2 : m)) | (any_length & (n2 > PS_LETTERS));
            count += last;
        }
        return (int)(count - (rows & 1 ? last : 0));
    }

    PS_AVX2 static int ps_in_common_avx2(
        const ps_query *q, const uint8_t *data, const int32_t *start, uint16_t *kept, int rows
    ) {
        /* The usual cases in literals, for the shifts to stay in registers. */
        if (q->length + q->limit > PS_LETTERS) return ps_in_common_body(q, data, start, kept, rows, q->limit, 1);
        if (q->limit == 1) return ps_in_common_body(q, data, start, kept, rows, 1, 0);
        if (q->limit == 2) return ps_in_common_body(q, data, start, kept, rows, 2, 0);
        if (q->limit == 3) return ps_in_common_body(q, data, start, kept, rows, 3, 0);
        return ps_in_common_body(q, data, start, kept, rows, q->limit, 0);
    }

    PS_AVX2 static void ps_lanes_avx2(
        const ps_query *q, const uint8_t *data, const int32_t *start, const uint16_t *kept, int rows, int32_t *out
    ) {
        ps_lanes_by_limit(q, data, start, kept, rows, out);
    }
    static int ps_vectors(void) {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")
            ? 2 : 1;
    }
    #else
    #define ps_in_common_avx2 ps_in_common
    #define ps_lanes_avx2 ps_lanes
    static int ps_vectors(void) { return PS_HAS_VECTORS; }
    #endif

    /* Fill `out` with what fits the lanes; the rows that do not stay in `kept`, and their number is given back. One
       more than `rows` may be written to `kept`. */
    static int ps_one_to_many(
        const ps_query *q, const uint8_t *data, const int32_t *start, int rows, uint16_t *kept, int32_t *out
    ) {
        uint16_t lanes[PS_LANES];
        int count, filled = 0, left = 0;
        for (int row = 0; row < rows; row++) out[row] = q->limit + 1;
        count = ps_of_length(q, start, rows, kept);
        count = q->level > 1 ? ps_in_common_avx2(q, data, start, kept, count)
                             : ps_in_common(q, data, start, kept, count);
        for (int at = 0; at < count; at++) {
            int row = kept[at];
            if (start[row + 1] - start[row] > PS_LETTERS) {
                kept[left++] = (uint16_t)row;
                continue;
            }
            lanes[filled++] = (uint16_t)row;
            if (filled < PS_LANES) continue;
            if (q->level > 1) ps_lanes_avx2(q, data, start, lanes, filled, out);
            else ps_lanes(q, data, start, lanes, filled, out);
            filled = 0;
        }
        if (filled) {
            if (q->level > 1) ps_lanes_avx2(q, data, start, lanes, filled, out);
            else ps_lanes(q, data, start, lanes, filled, out);
        }
        return left;
    }
    """
    enum:
        LETTERS "PS_LETTERS"
        MOST "PS_MOST"
    ctypedef struct Query "ps_query":
        pass
    void query_init "ps_query_init"(
        Query* query, const uint8_t* word, int length, int limit, int osa, int level) noexcept nogil
    int one_to_many "ps_one_to_many"(
        const Query* query, const uint8_t* data, const int32_t* start, int rows, uint16_t* kept, int32_t* out
    ) noexcept nogil
    int vectors_here "ps_vectors"() noexcept nogil

# 0: text_distance for every string; 1: the vectors of the compiler; 2: AVX2. All give the same.
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
    cdef Query query
    cdef object found
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
            self.in_lanes = (
                vectors > 0 and PyUnicode_IS_ASCII(a) and 0 <= self.limit <= MOST
                and self.length <= LETTERS + self.limit
            )
            if self.in_lanes:
                query_init(&self.query, <const uint8_t*>self.data, self.length, self.limit, osa, vectors)
        elif self.a.size != self.b.size:
            raise ValueError(f"a and b must be of one length, not {self.a.size} and {self.b.size}")
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

    cdef int against_one(self, const Block* block, Py_ssize_t row, Py_ssize_t count, Points* points) except -1 nogil:
        cdef uint16_t kept[BLOCK + 1]
        cdef Py_ssize_t i
        cdef int at, left
        if self.in_lanes:
            left = one_to_many(&self.query, block.data, block.start, <int>count, kept, &self.out[row])
            for at in range(left):
                i = kept[at]
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
                self.b.code_points(row + i, points)
                self.out[row + i] = text_distance(
                    self.kind, self.data, self.length, 4, points.data, <int>points.length, self.limit, self.osa
                )
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
            missing = self.found < 0 if self.a is not None or self.b.valid is not None else None
            return pa.array(self.found, mask=missing)
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
    Under a limit of up to 7, strings of ASCII of up to 16 letters are turned away by their lengths and letters, or take
    O(m * max_distance) operations for 32 of them at once: Ukkonen (1985), Rognes (2011). All others take what
    `levenshtein_distance` takes: Myers (1999), Hyyrö (2003).

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
