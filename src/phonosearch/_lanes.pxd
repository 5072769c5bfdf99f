"""Distances of one string to many in the lanes of vector registers.

Against one query, up to 64 strings at a time are computed in the lanes of vector registers, a letter of each at every
step. Few edits take the bytes of `_band`; otherwise a lane holds one bit for each letter of the query, so it is of 8,
16 or 32 bits. Strings whose length alone is further from the query than the limit are turned away before. Whatever does
not fit (longer strings, other letters than ASCII) goes to `text_distance`, the kernel of the functions for two strings.

Sources: the bits are those of G. Myers (1999), "A fast bit-vector algorithm for approximate string matching based on
dynamic programming", with the swaps of H. Hyyrö (2003), "A bit-vector algorithm for computing Levenshtein and Damerau
edit distances"; several strings in one register as by H. Hyyrö, K. Fredriksson and G. Navarro (2005), "Increased
bit-parallelism for approximate and multiple string matching", who put several queries there.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint64_t

from phonosearch._band cimport Band

cdef extern from *:
    """
    #include <stddef.h>
    #include <stdint.h>
    #include <string.h>

    #define PS_LETTERS 32           /* of a query or string that the lanes take; as many may be read */
    #define PS_LANES 32
    #define PS_BLOCK 1024
    #define PS_UNLIMITED 65536      /* no string is longer */
    #define PS_ROWS 8               /* of 16 characters each that ASCII has */

    typedef struct {
        int length, osa, level, rows;
        uint32_t limit;
        uint32_t places[256];           /* of a character in the query; the last letter is the highest bit of a lane */
        uint8_t row[PS_ROWS];           /* the rows of ASCII that the query has characters in */
        uint8_t low[PS_ROWS][16], high[PS_ROWS][16];    /* the bytes of `places`, by row */
        ps_band band;                   /* where the limit is one of few edits */
    } ps_query;

    static int ps_lane_bits(int length) { return length <= 8 ? 8 : length <= 16 ? 16 : 32; }

    static void ps_query_init(ps_query *q, const uint8_t *word, int length, int limit, int osa, int level) {
        memset(q, 0, offsetof(ps_query, band));
        q->length = length;
        q->limit = limit < 0 || limit > PS_UNLIMITED ? PS_UNLIMITED : (uint32_t)limit;
        q->osa = osa;
        q->level = level;
        if (q->limit <= PS_BAND_EDITS) {
            ps_band_init(&q->band, word, length, limit, osa);
            return;
        }
        for (int i = 0; i < length; i++) {
            int bit = ps_lane_bits(length) - length + i, row = word[i] >> 4, at = 0;
            q->places[word[i]] |= UINT32_C(1) << bit;
            while (at < q->rows && q->row[at] != row << 4) at++;
            if (at == q->rows) q->row[q->rows++] = (uint8_t)(row << 4);
            if (bit < 8) q->low[at][word[i] & 15] |= (uint8_t)(1 << bit);
            else if (bit < 16) q->high[at][word[i] & 15] |= (uint8_t)(1 << (bit - 8));
        }
    }

    /* Strings that the lanes are to take: row of the block, begin, length. */
    typedef struct {
        uint16_t row[PS_BLOCK + PS_BAND_LANES];
        int32_t begin[PS_BLOCK + PS_BAND_LANES];
        uint8_t length[PS_BLOCK + PS_BAND_LANES];
    } ps_kept;

    /* Keep the rows from `first` on that their length leaves a chance, after `count` others, and say of all that they
       are beyond the limit. No branch: lengths cannot be foreseen. */
    static size_t ps_keep(
        const ps_query *q, const int32_t *start, size_t first, size_t rows, ps_kept *kept, size_t count, int32_t *out
    ) {
        const uint32_t least = (uint32_t)q->length - q->limit, range = 2 * q->limit;
        int32_t from = start[first];
        for (size_t row = first; row < rows; row++) {
            int32_t to = start[row + 1];
            kept->row[count] = (uint16_t)row;
            kept->begin[count] = from;
            kept->length[count] = (uint8_t)(to - from);
            count += (uint32_t)to - (uint32_t)from - least <= range;
            out[row] = (int32_t)q->limit + 1;
            from = to;
        }
        return count;
    }

    /* Move what is longer than the lanes take to `long_row`; gives the number of what stays. */
    static size_t ps_drop_long(
        const int32_t *start, ps_kept *kept, size_t count, uint16_t *long_row, int *beyond
    ) {
        size_t staying = 0;
        for (size_t at = 0; at < count; at++) {
            uint16_t row = kept->row[at];
            kept->row[staying] = row;
            kept->begin[staying] = kept->begin[at];
            kept->length[staying] = kept->length[at];
            if (start[row + 1] - start[row] > PS_LETTERS) long_row[(*beyond)++] = row;
            else staying++;
        }
        return staying;
    }

    #if defined(__GNUC__) || defined(__clang__)
    #define PS_HAS_VECTORS 1
    #define PS_INLINE static inline __attribute__((always_inline))

    /* The strings of one turn; `near` has a bit for each whose distance the limit allows. */
    typedef struct {
        const uint8_t *data;
        const int32_t *begin;
        const uint8_t *length;
        int longest;
        uint64_t near;
        uint8_t distance[PS_BAND_LANES];
    } ps_turn;

    PS_INLINE void ps_measure(ps_turn *turn) {
        uint8_t longest = 0;
        for (int lane = 0; lane < PS_LANES; lane++)
            longest = turn->length[lane] > longest ? turn->length[lane] : longest;
        turn->longest = longest;
    }

    /* Where letter `at` of each string stands in the query: found one by one, for processors without shuffles. */
    #define PS_PLACES(bits) \\
        PS_INLINE void ps_places##bits( \\
            const ps_query *q, const ps_turn *turn, uint##bits##_t (*places)[PS_LANES] \\
        ) { \\
            for (int lane = 0; lane < PS_LANES; lane++) \\
                for (int at = 0; at < turn->longest; at++) \\
                    places[at][lane] = (uint##bits##_t)q->places[turn->data[turn->begin[lane] + at]]; \\
        }

    /* Myers' step for all lanes, a letter at a time. A lane keeps its score once its string has ended. Bits below the
       first letter of the query stay 0 in `up`, `down` and `diagonal`. Written out for each set of instructions: gcc
       takes vectors apart for the function that they stand in, before it is inlined. */
    #define PS_LANES_OF(bits, level, target) \\
        typedef uint##bits##_t ps_bits##bits __attribute__((vector_size(32))); \\
        typedef int##bits##_t ps_signs##bits __attribute__((vector_size(32))); \\
        target PS_INLINE void ps_lanes##bits##level( \\
            const ps_query *q, ps_turn *turn, uint##bits##_t (*places)[PS_LANES], int osa \\
        ) { \\
            enum { PER = 256 / bits }; \\
            const int below = bits - q->length; \\
            const ps_bits##bits none = {0}, border = none + (uint##bits##_t)((UINT64_C(2) << below) - 1); \\
            for (int first = 0; first < PS_LANES; first += PER) { \\
                ps_bits##bits up = none + (uint##bits##_t)(UINT64_MAX << below), down = none, diagonal = none; \\
                ps_bits##bits before = none, length, score = none + (uint##bits##_t)q->length; \\
                for (int lane = 0; lane < PER; lane++) length[lane] = turn->length[first + lane]; \\
                for (int at = 0; at < turn->longest; at++) { \\
                    ps_bits##bits here, equal, across, back; \\
                    memcpy(&here, &places[at][first], 32); \\
                    equal = here | down; \\
                    if (osa) { \\
                        ps_bits##bits swapped = ~diagonal & here; \\
                        equal |= (swapped + swapped) & before; \\
                        diagonal = ((((here | down) & up) + up) ^ up) | equal; \\
                        before = here; \\
                    } else diagonal = (((equal & up) + up) ^ up) | equal; \\
                    across = down | ~(diagonal | up); \\
                    back = diagonal & up; \\
                    score += (ps_bits##bits)( \\
                        (((ps_signs##bits)back < 0) - ((ps_signs##bits)across < 0)) & (length > (uint##bits##_t)at)); \\
                    across = (across + across) | border; \\
                    up = (back + back) | ~(diagonal | across); \\
                    down = across & diagonal; \\
                } \\
                for (int lane = 0; lane < PER; lane++) turn->distance[first + lane] = (uint8_t)score[lane]; \\
            } \\
        }

    PS_PLACES(8) PS_PLACES(16) PS_PLACES(32)
    PS_LANES_OF(8, _any, ) PS_LANES_OF(16, _any, ) PS_LANES_OF(32, _any, )

    #define PS_OF_KIND(bits, level) \\
        if (q->osa) ps_lanes##bits##level(q, turn, places, 1); else ps_lanes##bits##level(q, turn, places, 0)

    static void ps_compute(const ps_query *q, ps_turn *turn) {
        ps_measure(turn);
        if (q->length <= 8) {
            uint8_t places[PS_LETTERS][PS_LANES];
            ps_places8(q, turn, places);
            PS_OF_KIND(8, _any);
        } else if (q->length <= 16) {
            uint16_t places[PS_LETTERS][PS_LANES];
            ps_places16(q, turn, places);
            PS_OF_KIND(16, _any);
        } else {
            uint32_t places[PS_LETTERS][PS_LANES];
            ps_places32(q, turn, places);
            PS_OF_KIND(32, _any);
        }
        turn->near = 0;
        for (int lane = 0; lane < PS_LANES; lane++)
            turn->near |= (uint64_t)(turn->distance[lane] <= q->limit) << lane;
    }
    #else
    #define PS_HAS_VECTORS 0
    #endif

    #if PS_HAS_VECTORS && defined(__x86_64__)
    #include <immintrin.h>
    #define PS_AVX2 __attribute__((target("avx2,bmi2,popcnt")))
    PS_LANES_OF(8, _avx2, PS_AVX2) PS_LANES_OF(16, _avx2, PS_AVX2) PS_LANES_OF(32, _avx2, PS_AVX2)

    /* Like ps_keep, eight rows at a time: the bits of those that stay pick their numbers, which move the rest. */
    PS_AVX2 static size_t ps_keep_avx2(
        const ps_query *q, const int32_t *start, size_t rows, ps_kept *kept, int32_t *out
    ) {
        const __m256i least = _mm256_set1_epi32((int)((uint32_t)q->length - q->limit));
        const __m256i range = _mm256_set1_epi32((int)(2 * q->limit));
        const __m256i lowest = _mm256_set1_epi32(0x0C080400);
        size_t row = 0, count = 0;
        for (; row + 8 <= rows; row += 8) {
            __m256i from = _mm256_loadu_si256((const __m256i *)(start + row));
            __m256i length = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(start + row + 1)), from);
            __m256i over = _mm256_sub_epi32(length, least);
            uint32_t near = (uint32_t)_mm256_movemask_ps(
                _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_min_epu32(over, range), over)));
            uint64_t chosen = _pext_u64(
                UINT64_C(0x0706050403020100), _pdep_u64(near, UINT64_C(0x0101010101010101)) * 255);
            __m128i number = _mm_cvtsi64_si128((long long)chosen);
            __m256i order = _mm256_cvtepu8_epi32(number);
            __m256i bytes = _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(length, order), lowest);
            _mm_storeu_si128((__m128i *)(kept->row + count),
                _mm_add_epi16(_mm_cvtepu8_epi16(number), _mm_set1_epi16((short)row)));
            _mm256_storeu_si256((__m256i *)(kept->begin + count), _mm256_permutevar8x32_epi32(from, order));
            _mm_storel_epi64((__m128i *)(kept->length + count),
                _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)));
            _mm256_storeu_si256((__m256i *)(out + row), _mm256_set1_epi32((int)q->limit + 1));
            count += (size_t)_mm_popcnt_u32(near);
        }
        return ps_keep(q, start, row, rows, kept, count, out);
    }

    /* And sixteen rows at a time. */
    #define PS_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt")))
    PS_AVX512 static size_t ps_keep_avx512(
        const ps_query *q, const int32_t *start, size_t rows, ps_kept *kept, int32_t *out
    ) {
        const __m512i least = _mm512_set1_epi32((int)((uint32_t)q->length - q->limit));
        const __m512i range = _mm512_set1_epi32((int)(2 * q->limit));
        const __m256i iota = _mm256_set_epi16(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        size_t row = 0, count = 0;
        for (; row + 16 <= rows; row += 16) {
            __m512i from = _mm512_loadu_si512(start + row);
            __m512i length = _mm512_sub_epi32(_mm512_loadu_si512(start + row + 1), from);
            __mmask16 near = _mm512_cmple_epu32_mask(_mm512_sub_epi32(length, least), range);
            _mm256_storeu_si256((__m256i *)(kept->row + count),
                _mm256_maskz_compress_epi16(near, _mm256_add_epi16(iota, _mm256_set1_epi16((short)row))));
            _mm512_storeu_si512(kept->begin + count, _mm512_maskz_compress_epi32(near, from));
            _mm_storeu_si128((__m128i *)(kept->length + count),
                _mm_maskz_compress_epi8(near, _mm512_cvtepi32_epi8(length)));
            _mm512_storeu_si512(out + row, _mm512_set1_epi32((int)q->limit + 1));
            count += (size_t)_mm_popcnt_u32(near);
        }
        return ps_keep(q, start, row, rows, kept, count, out);
    }

    /* Eight letters of 32 strings, a register for each letter. */
    PS_AVX2 PS_INLINE void ps_turned(const ps_turn *turn, int from, __m256i *letter) {
        const uint8_t *data = turn->data + from;
        const int32_t *begin = turn->begin;
        __m256i other[8];
        __asm__("" : "+r"(data), "+r"(begin));    /* lest 32 addresses are computed ahead of the loop, and spilt */
        for (int i = 0; i < 8; i++) {
            __m128i a = _mm_unpacklo_epi8(
                _mm_loadl_epi64((const __m128i *)(data + begin[i])),
                _mm_loadl_epi64((const __m128i *)(data + begin[i + 8])));
            __m128i b = _mm_unpacklo_epi8(
                _mm_loadl_epi64((const __m128i *)(data + begin[i + 16])),
                _mm_loadl_epi64((const __m128i *)(data + begin[i + 24])));
            letter[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
        }
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 4; i++) {
                other[2 * i] = _mm256_unpacklo_epi8(letter[i], letter[i + 4]);
                other[2 * i + 1] = _mm256_unpackhi_epi8(letter[i], letter[i + 4]);
            }
            memcpy(letter, other, sizeof other);
        }
    }

    /* The entries of one table for 32 characters: a character of another row has an index that gives 0. */
    PS_AVX2 PS_INLINE __m256i ps_looked_up(const ps_query *q, const uint8_t (*table)[16], __m256i letter) {
        __m256i found = _mm256_setzero_si256();
        for (int at = 0; at < q->rows; at++) {
            __m256i place = _mm256_adds_epu8(
                _mm256_xor_si256(letter, _mm256_set1_epi8((char)q->row[at])), _mm256_set1_epi8(0x70));
            __m256i entries = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table[at]));
            found = _mm256_or_si256(found, _mm256_shuffle_epi8(entries, place));
        }
        return found;
    }

    PS_AVX2 static void ps_compute_avx2(const ps_query *q, ps_turn *turn) {
        __m256i letter[8], limit = _mm256_set1_epi8((char)(q->limit < 255 ? q->limit : 255)), distance;
        ps_measure(turn);
        if (q->length <= 8) {
            uint8_t places[PS_LETTERS][PS_LANES];
            for (int from = 0; from < turn->longest; from += 8) {
                ps_turned(turn, from, letter);
                for (int i = 0; i < 8 && from + i < turn->longest; i++)
                    _mm256_storeu_si256((__m256i *)places[from + i], ps_looked_up(q, q->low, letter[i]));
            }
            PS_OF_KIND(8, _avx2);
        } else if (q->length <= 16) {
            uint16_t places[PS_LETTERS][PS_LANES];
            for (int from = 0; from < turn->longest; from += 8) {
                ps_turned(turn, from, letter);
                for (int i = 0; i < 8 && from + i < turn->longest; i++) {
                    __m256i low = ps_looked_up(q, q->low, letter[i]), high = ps_looked_up(q, q->high, letter[i]);
                    __m256i a = _mm256_unpacklo_epi8(low, high), b = _mm256_unpackhi_epi8(low, high);
                    _mm256_storeu_si256((__m256i *)places[from + i], _mm256_permute2x128_si256(a, b, 0x20));
                    _mm256_storeu_si256((__m256i *)&places[from + i][16], _mm256_permute2x128_si256(a, b, 0x31));
                }
            }
            PS_OF_KIND(16, _avx2);
        } else {
            uint32_t places[PS_LETTERS][PS_LANES];
            ps_places32(q, turn, places);
            PS_OF_KIND(32, _avx2);
        }
        distance = _mm256_loadu_si256((const __m256i *)turn->distance);
        turn->near = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(distance, limit), distance));
    }
    static int ps_vectors(void) {
        __builtin_cpu_init();
        if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("popcnt"))
            return 1;
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") ? 3 : 2;
    }
    #else
    #define ps_compute_avx2 ps_compute
    #define ps_band_avx2 ps_band_any
    #define ps_band_avx512 ps_band_any
    #define ps_keep_avx2(q, start, rows, kept, out) ps_keep(q, start, 0, rows, kept, 0, out)
    #define ps_keep_avx512 ps_keep_avx2
    static int ps_vectors(void) { return PS_HAS_VECTORS; }
    #endif

    #if PS_HAS_VECTORS
    /* How many strings one turn takes. */
    static int ps_lanes(const ps_query *q) {
        return q->limit > PS_BAND_EDITS || q->level == 2 ? PS_LANES : q->level > 2 ? 64 : 16;
    }
    static void ps_take_turn(const ps_query *q, ps_turn *turn) {
        if (q->limit <= PS_BAND_EDITS)
            turn->near = (q->level > 2 ? ps_band_avx512 : q->level > 1 ? ps_band_avx2 : ps_band_any)(
                &q->band, turn->data, turn->begin, turn->length, turn->distance);
        else if (q->level > 1) ps_compute_avx2(q, turn);
        else ps_compute(q, turn);
    }
    #endif

    /* Distances of up to 64 strings that are no further from the query in length than its limit, and of which
       `PS_LETTERS` letters may be read; room is needed for 64. A bit of the result for each within the limit. */
    static uint64_t ps_nearby(
        const ps_query *q, const uint8_t *data, int32_t *begin, uint8_t *length, int number, uint8_t *distance
    ) {
        uint64_t near = 0;
        for (int lane = number; lane < PS_BAND_LANES; lane++) {
            begin[lane] = begin[0];
            length[lane] = 0;
        }
    #if PS_HAS_VECTORS
        const int lanes = ps_lanes(q);
        for (int at = 0; at < number; at += lanes) {
            ps_turn turn = {.data = data, .begin = begin + at, .length = length + at};
            ps_take_turn(q, &turn);
            near |= turn.near << at;
            memcpy(distance + at, turn.distance, (size_t)lanes);
        }
    #endif
        return number < 64 ? near & ((UINT64_C(1) << number) - 1) : near;
    }

    /* Fill `out`, but for `long_row`, whose number is given back. */
    static int ps_one_to_many(
        const ps_query *q, const uint8_t *data, const int32_t *start, int rows, uint16_t *long_row, int32_t *out
    ) {
        ps_kept kept;
        int beyond = 0, number = (int)(q->level > 2 ? ps_keep_avx512(q, start, (size_t)rows, &kept, out)
                                     : q->level > 1 ? ps_keep_avx2(q, start, (size_t)rows, &kept, out)
                                                    : ps_keep(q, start, 0, (size_t)rows, &kept, 0, out));
        if (q->length + q->limit > PS_LETTERS)
            number = (int)ps_drop_long(start, &kept, (size_t)number, long_row, &beyond);
        for (int lane = 0; lane < PS_BAND_LANES; lane++) {
            kept.begin[number + lane] = start[0];
            kept.length[number + lane] = 0;
        }
    #if PS_HAS_VECTORS
        const int lanes = ps_lanes(q);
        for (int at = 0; at < number; at += lanes) {
            ps_turn turn = {.data = data, .begin = kept.begin + at, .length = kept.length + at};
            ps_take_turn(q, &turn);
            if (number - at < lanes) turn.near &= (UINT64_C(1) << (number - at)) - 1;
            for (; turn.near; turn.near &= turn.near - 1) {
                int lane = __builtin_ctzll(turn.near);
                out[kept.row[at + lane]] = turn.distance[lane];
            }
        }
    #endif
        return beyond;
    }
    """
    enum:
        LETTERS "PS_LETTERS"
        AT_ONCE "PS_BAND_LANES"
        LANES_BLOCK "PS_BLOCK"
    ctypedef struct Query "ps_query":
        pass
    void query_init "ps_query_init"(
        Query* query, const uint8_t* word, int length, int limit, int osa, int level) noexcept nogil
    int one_to_many "ps_one_to_many"(
        const Query* query, const uint8_t* data, const int32_t* start, int rows, uint16_t* long_row, int32_t* out
    ) noexcept nogil
    uint64_t nearby "ps_nearby"(
        const Query* query, const uint8_t* data, int32_t* begin, uint8_t* length, int number, uint8_t* distance
    ) noexcept nogil
    int vectors_here "ps_vectors"() noexcept nogil
