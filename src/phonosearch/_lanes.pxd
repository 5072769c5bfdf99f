"""Distances of one string to many in the lanes of vector registers.

Against one query, up to 64 strings at a time are computed in the lanes of vector registers, a letter of each at every
step. Few edits take the bytes of `_band`; otherwise a lane holds one bit for each letter of the query, so it is of 8,
16 or 32 bits. Strings whose length alone is further from the query than the limit are turned away before; the distances
of the others are put in their places by masks, since no processor foresees which they are. Whatever does not fit
(longer strings, other letters than ASCII) goes to `text_distance`, the kernel of the functions for two strings.

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
        uint32_t limit, short_limit;    /* the second as much as two strings of the lanes can differ by, at most */
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
        q->short_limit = q->limit < 2 * PS_LETTERS ? q->limit : 2 * PS_LETTERS;
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

    /* Keep the rows that their length leaves a chance, and say of all that they are beyond the limit. No branch:
       lengths cannot be foreseen. */
    static size_t ps_keep(const ps_query *q, const int32_t *start, size_t rows, ps_kept *kept, int32_t *out) {
        const uint32_t least = (uint32_t)q->length - q->limit, range = 2 * q->limit;
        size_t count = 0;
        int32_t from = start[0];
        for (size_t row = 0; row < rows; row++) {
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

    /* What is kept of a block where no string is longer than the lanes take: for each row whether it is, and of those
       in their order begin, length and distance. */
    typedef struct {
        uint8_t near[PS_BLOCK / 8];
        int32_t begin[PS_BLOCK + PS_BAND_LANES];
        uint8_t length[PS_BLOCK + PS_BAND_LANES];
        uint8_t distance[PS_BLOCK + PS_BAND_LANES];
    } ps_picked;

    /* Rows of fixed width, of up to 32 bytes or code points, filled up with NULs. Code points are made bytes at
       `packed`, `step` a row. */
    typedef struct {
        const uint8_t *rows;
        size_t width;                       /* characters of a row */
        uint8_t *packed;                    /* NULL for bytes, which are read where they are */
        int step;                           /* from one row of bytes to the next */
        uint32_t filled[PS_BLOCK];          /* of each row the places that are not NUL, a bit each; AVX2: its length */
        uint8_t wide[PS_BLOCK / 8];         /* a bit for each row that is not ASCII */
    } ps_fixed;

    /* Eight rows at a time: the bits of those that stay pick their numbers, which move the rest. */
    PS_AVX2 PS_INLINE size_t ps_pick8_avx2(
        const ps_query *q, ps_picked *picked, size_t row, size_t count, __m256i from, __m256i length, uint32_t taken
    ) {
        const __m256i least = _mm256_set1_epi32((int)((uint32_t)q->length - q->short_limit));
        const __m256i range = _mm256_set1_epi32((int)(2 * q->short_limit));
        const __m256i lowest = _mm256_set1_epi32(0x0C080400);
        __m256i over = _mm256_sub_epi32(length, least);
        uint32_t near = taken & (uint32_t)_mm256_movemask_ps(
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_min_epu32(over, range), over)));
        uint64_t chosen = _pext_u64(
            UINT64_C(0x0706050403020100), _pdep_u64(near, UINT64_C(0x0101010101010101)) * 255);
        __m256i order = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)chosen));
        __m256i bytes = _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(length, order), lowest);
        _mm256_storeu_si256((__m256i *)(picked->begin + count), _mm256_permutevar8x32_epi32(from, order));
        _mm_storel_epi64((__m128i *)(picked->length + count),
            _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)));
        picked->near[row / 8] = (uint8_t)near;
        return count + (size_t)_mm_popcnt_u32(near);
    }
    PS_AVX2 static size_t ps_pick_avx2(const ps_query *q, const int32_t *start, size_t rows, ps_picked *picked) {
        size_t count = 0;
        for (size_t row = 0; row < rows; row += 8) {
            int32_t last[9];
            const int32_t *at = start + row;
            uint32_t taken = 255;
            if (rows - row < 8) {
                taken = (1u << (rows - row)) - 1;
                for (size_t i = 0; i < 9; i++) last[i] = at[i < rows - row ? i : rows - row];
                at = last;
            }
            __m256i from = _mm256_loadu_si256((const __m256i *)at);
            __m256i length = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(at + 1)), from);
            count = ps_pick8_avx2(q, picked, row, count, from, length, taken);
        }
        return count;
    }
    /* Gives 1 where any row is not ASCII. Of bytes, 32 can be read from each row on. */
    PS_AVX2 PS_INLINE int ps_fill_avx2(ps_fixed *fixed, size_t rows, int points /* known to the compiler */) {
        const __m256i iota = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0), none = _mm256_setzero_si256();
        const uint32_t all = (uint32_t)((UINT64_C(1) << fixed->width) - 1);
        __m256i inside[4], any = none, text;
        for (int at = 0; at < 4; at++)
            inside[at] = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)fixed->width - 8 * at), iota);
        for (size_t row = 0; row < rows; row++) {
            const uint8_t *from = fixed->rows + row * fixed->width * (points ? 4 : 1);
            if (points) {
                __m256i a = _mm256_maskload_epi32((const int *)from, inside[0]), c = none, d = none;
                __m256i b = _mm256_maskload_epi32((const int *)from + 8, inside[1]);
                if (fixed->width > 16) {
                    c = _mm256_maskload_epi32((const int *)from + 16, inside[2]);
                    d = _mm256_maskload_epi32((const int *)from + 24, inside[3]);
                }
                any = _mm256_or_si256(_mm256_or_si256(any, _mm256_or_si256(a, b)), _mm256_or_si256(c, d));
                text = _mm256_packus_epi16(_mm256_packus_epi32(a, b), _mm256_packus_epi32(c, d));
                text = _mm256_permutevar8x32_epi32(text, _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0));
                if (fixed->width > 16) _mm256_storeu_si256((__m256i *)(fixed->packed + 32 * row), text);
                else _mm_storeu_si128((__m128i *)(fixed->packed + 16 * row), _mm256_castsi256_si128(text));
            } else {
                text = _mm256_loadu_si256((const __m256i *)from);
            }
            uint64_t filled = all & ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(text, none));
            fixed->filled[row] = 63 - (uint32_t)__builtin_clzll(filled << 1 | 1);
            /* What stands after the row is looked at too, so this may say so in vain; the rows are asked one by one. */
            if (!points) any = _mm256_or_si256(any, text);
        }
        any = _mm256_andnot_si256(_mm256_set1_epi32(points ? 0x7F : 0x7F7F7F7F), any);
        return !_mm256_testz_si256(any, any);
    }
    /* Mark the rows that are not ASCII; 1 where there are any. */
    PS_AVX2 static int ps_mark_wide_avx2(ps_fixed *fixed, size_t rows, uint8_t *kind) {
        const __m256i iota = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0), ascii = _mm256_set1_epi32(0x7F);
        const uint32_t all = (uint32_t)((UINT64_C(1) << fixed->width) - 1);
        int found = 0;
        for (size_t row = 0; row < rows; row++) {
            int wide = 0;
            if (fixed->packed) {
                const int *from = (const int *)(fixed->rows + 4 * row * fixed->width);
                for (int at = 0; at < (int)fixed->width; at += 8) {
                    __m256i inside = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)fixed->width - at), iota);
                    wide |= !_mm256_testc_si256(ascii, _mm256_maskload_epi32(from + at, inside));
                }
            } else {
                __m256i text = _mm256_loadu_si256((const __m256i *)(fixed->rows + row * fixed->width));
                wide = ((uint32_t)_mm256_movemask_epi8(text) & all) != 0;
            }
            kind[row] = (uint8_t)wide;
            fixed->wide[row / 8] |= (uint8_t)(wide << (row & 7));
            found |= wide;
        }
        return found;
    }
    PS_AVX2 static size_t ps_pick_fixed_avx2(
        const ps_query *q, const ps_fixed *fixed, size_t rows, ps_picked *picked
    ) {
        const __m256i step = _mm256_set1_epi32(fixed->step), iota = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
        size_t count = 0;
        for (size_t row = 0; row < rows; row += 8) {
            uint32_t taken = rows - row < 8 ? (1u << (rows - row)) - 1 : 255;
            __m256i length = _mm256_loadu_si256((const __m256i *)(fixed->filled + row));
            __m256i from = _mm256_mullo_epi32(step, _mm256_add_epi32(iota, _mm256_set1_epi32((int)row)));
            count = ps_pick8_avx2(q, picked, row, count, from, length, taken & ~(uint32_t)fixed->wide[row / 8]);
        }
        return count;
    }
    /* The distances in the order of the rows; those that were not kept are beyond the limit. */
    PS_AVX2 static void ps_spread_avx2(const ps_query *q, const ps_picked *picked, size_t rows, int32_t *out) {
        const uint64_t beyond = UINT64_C(0x0101010101010101) * (q->short_limit + 1);
        const uint8_t *distance = picked->distance;
        for (size_t row = 0; row < rows; row += 8) {
            uint32_t near = picked->near[row / 8];
            uint64_t some, bytes = _pdep_u64(near, UINT64_C(0x0101010101010101)) * 255;
            memcpy(&some, distance, 8);
            __m256i found = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)(
                _pdep_u64(some, bytes) | (beyond & ~bytes))));
            found = _mm256_min_epu32(found, _mm256_set1_epi32((int)q->short_limit + 1));
            if (rows - row >= 8) _mm256_storeu_si256((__m256i *)(out + row), found);
            else {
                int32_t last[8];
                _mm256_storeu_si256((__m256i *)last, found);
                memcpy(out + row, last, (rows - row) * 4);
            }
            distance += _mm_popcnt_u32(near);
        }
    }

    /* And sixteen rows at a time. */
    #define PS_AVX512 __attribute__((target("avx512f,avx512bw,avx512cd,avx512vl,avx512vbmi2,popcnt")))
    PS_AVX512 PS_INLINE size_t ps_pick16_avx512(
        const ps_query *q, ps_picked *picked, size_t row, size_t count, __m512i from, __m512i length, __mmask16 taken
    ) {
        const __m512i least = _mm512_set1_epi32((int)((uint32_t)q->length - q->short_limit));
        const __m512i range = _mm512_set1_epi32((int)(2 * q->short_limit));
        uint16_t near = _mm512_mask_cmple_epu32_mask(taken, _mm512_sub_epi32(length, least), range);
        _mm512_storeu_si512(picked->begin + count, _mm512_maskz_compress_epi32(near, from));
        _mm_storeu_si128((__m128i *)(picked->length + count),
            _mm_maskz_compress_epi8(near, _mm512_cvtepi32_epi8(length)));
        memcpy(picked->near + row / 8, &near, 2);
        return count + (size_t)_mm_popcnt_u32(near);
    }
    PS_AVX512 PS_INLINE __mmask16 ps_taken_avx512(size_t rows, size_t row) {
        return (__mmask16)(rows - row < 16 ? (1u << (rows - row)) - 1 : 0xFFFF);
    }
    PS_AVX512 static size_t ps_pick_avx512(const ps_query *q, const int32_t *start, size_t rows, ps_picked *picked) {
        size_t count = 0;
        for (size_t row = 0; row < rows; row += 16) {
            __mmask16 taken = ps_taken_avx512(rows, row);
            __m512i from = _mm512_maskz_loadu_epi32(taken, start + row);
            __m512i length = _mm512_sub_epi32(_mm512_maskz_loadu_epi32(taken, start + row + 1), from);
            count = ps_pick16_avx512(q, picked, row, count, from, length, taken);
        }
        return count;
    }
    PS_AVX512 PS_INLINE int ps_fill_avx512(ps_fixed *fixed, size_t rows, int points, int more) {
        const uint32_t all = (uint32_t)((UINT64_C(1) << fixed->width) - 1);
        const __mmask16 low = (__mmask16)all, high = (__mmask16)(all >> 16);
        __m512i any = _mm512_setzero_si512();
        for (size_t row = 0; row < rows; row++) {
            const uint8_t *from = fixed->rows + row * fixed->width * (points ? 4 : 1);
            if (points) {
                __m512i a = _mm512_maskz_loadu_epi32(low, from);
                _mm_storeu_si128((__m128i *)(fixed->packed + (more ? 32 : 16) * row), _mm512_cvtepi32_epi8(a));
                uint32_t filled = _mm512_test_epi32_mask(a, a);
                any = _mm512_or_si512(any, a);
                if (more) {
                    __m512i b = _mm512_maskz_loadu_epi32(high, from + 64);
                    _mm_storeu_si128((__m128i *)(fixed->packed + 32 * row + 16), _mm512_cvtepi32_epi8(b));
                    filled |= (uint32_t)_mm512_test_epi32_mask(b, b) << 16;
                    any = _mm512_or_si512(any, b);
                }
                fixed->filled[row] = filled;
            } else {
                __m256i text = _mm256_maskz_loadu_epi8(all, from);
                fixed->filled[row] = _mm256_test_epi8_mask(text, text);
                any = _mm512_or_si512(any, _mm512_castsi256_si512(text));
            }
        }
        if (!points) any = _mm512_zextsi256_si512(_mm512_castsi512_si256(any));
        return _mm512_test_epi32_mask(any, _mm512_set1_epi32((int)(points ? ~0x7Fu : 0x80808080u))) != 0;
    }
    PS_AVX512 static int ps_fill_any_avx512(ps_fixed *fixed, size_t rows) {
        if (!fixed->packed) return ps_fill_avx512(fixed, rows, 0, 0);
        return fixed->width > 16 ? ps_fill_avx512(fixed, rows, 1, 1) : ps_fill_avx512(fixed, rows, 1, 0);
    }
    PS_AVX2 static int ps_fill_any_avx2(ps_fixed *fixed, size_t rows) {
        return fixed->packed ? ps_fill_avx2(fixed, rows, 1) : ps_fill_avx2(fixed, rows, 0);
    }
    PS_AVX512 static size_t ps_pick_fixed_avx512(
        const ps_query *q, const ps_fixed *fixed, size_t rows, ps_picked *picked
    ) {
        const __m512i step = _mm512_set1_epi32(fixed->step);
        const __m512i iota = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        size_t count = 0;
        for (size_t row = 0; row < rows; row += 16) {
            __mmask16 taken = ps_taken_avx512(rows, row);
            uint16_t wide;
            memcpy(&wide, fixed->wide + row / 8, 2);
            __m512i filled = _mm512_maskz_loadu_epi32(taken, fixed->filled + row);
            __m512i length = _mm512_sub_epi32(_mm512_set1_epi32(32), _mm512_lzcnt_epi32(filled));
            __m512i from = _mm512_mullo_epi32(step, _mm512_add_epi32(iota, _mm512_set1_epi32((int)row)));
            count = ps_pick16_avx512(q, picked, row, count, from, length, (__mmask16)(taken & ~wide));
        }
        return count;
    }
    PS_AVX512 static void ps_spread_avx512(const ps_query *q, const ps_picked *picked, size_t rows, int32_t *out) {
        const __m128i beyond = _mm_set1_epi8((char)(q->short_limit + 1));
        const uint8_t *distance = picked->distance;
        for (size_t row = 0; row < rows; row += 16) {
            uint16_t near;
            memcpy(&near, picked->near + row / 8, 2);
            __m128i found = _mm_mask_expand_epi8(beyond, near, _mm_loadu_si128((const __m128i *)distance));
            _mm512_mask_storeu_epi32(
                out + row, ps_taken_avx512(rows, row), _mm512_cvtepu8_epi32(_mm_min_epu8(found, beyond)));
            distance += _mm_popcnt_u32(near);
        }
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

    /* The distances of what was picked. Lanes without a string read from `spare` on. */
    static void ps_distances(
        const ps_query *q, const uint8_t *data, int32_t spare, ps_picked *picked, size_t number
    ) {
        const int banded = q->limit <= PS_BAND_EDITS;
        const size_t lanes = banded && q->level > 2 ? 64 : PS_LANES;
        memset(picked->length + number, 0, PS_BAND_LANES);
        for (int lane = 0; lane < PS_BAND_LANES; lane++) picked->begin[number + (size_t)lane] = spare;
        for (size_t at = 0; at < number; at += lanes) {
            if (banded) {
                (q->level > 2 ? ps_band_avx512 : ps_band_avx2)(
                    &q->band, data, picked->begin + at, picked->length + at, picked->distance + at);
            } else {
                ps_turn turn = {.data = data, .begin = picked->begin + at, .length = picked->length + at};
                ps_compute_avx2(q, &turn);
                memcpy(picked->distance + at, turn.distance, PS_LANES);
            }
        }
    }
    static void ps_spread(const ps_query *q, const ps_picked *picked, size_t rows, int32_t *out) {
        if (q->level > 2) ps_spread_avx512(q, picked, rows, out);
        else ps_spread_avx2(q, picked, rows, out);
    }
    static void ps_one_to_short(
        const ps_query *q, const uint8_t *data, const int32_t *start, size_t rows, int32_t *out
    ) {
        ps_picked picked;
        size_t number = q->level > 2 ? ps_pick_avx512(q, start, rows, &picked) : ps_pick_avx2(q, start, rows, &picked);
        ps_distances(q, data, start[0], &picked, number);
        ps_spread(q, &picked, rows, out);
    }

    /* Fill `out` for rows of fixed width, but for those that are not ASCII: they are marked in `kind` (1, others 0),
       and 1 is given where there are any. 40 bytes more than the rows can be read of bytes; of code points, `packed`
       has room for 32 bytes a row and 40 more. */
    static int ps_one_to_fixed(
        const ps_query *q, const uint8_t *rows, size_t width, size_t count, uint8_t *packed, uint8_t *kind, int32_t *out
    ) {
        ps_picked picked;
        ps_fixed fixed;
        size_t number;
        int wide = 0;
        fixed.rows = rows;
        fixed.width = width;
        fixed.packed = packed;
        fixed.step = !packed ? (int)width : width > 16 ? 32 : 16;
        memset(fixed.wide, 0, sizeof fixed.wide);
        if (q->level > 2 ? ps_fill_any_avx512(&fixed, count) : ps_fill_any_avx2(&fixed, count))
            wide = ps_mark_wide_avx2(&fixed, count, kind);
        number = q->level > 2 ? ps_pick_fixed_avx512(q, &fixed, count, &picked)
                              : ps_pick_fixed_avx2(q, &fixed, count, &picked);
        ps_distances(q, packed ? packed : rows, 0, &picked, number);
        ps_spread(q, &picked, count, out);
        return wide;
    }
    static int ps_vectors(void) {
        __builtin_cpu_init();
        if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("popcnt"))
            return 1;
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd")
            && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") ? 3 : 2;
    }
    #else
    #define ps_compute_avx2 ps_compute
    #define ps_band_avx2 ps_band_any
    #define ps_band_avx512 ps_band_any
    #define ps_one_to_short(q, data, start, rows, out) ((void)0)
    static int ps_one_to_fixed(
        const ps_query *q, const uint8_t *rows, size_t width, size_t count, uint8_t *packed, uint8_t *kind, int32_t *out
    ) {
        (void)q; (void)rows; (void)width; (void)count; (void)packed; (void)kind; (void)out;
        return 0;
    }
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

    /* Whether no string within the limit is longer than the lanes take. */
    static int ps_all_short(const ps_query *q) { return q->length + q->limit <= PS_LETTERS; }

    static int32_t ps_longest(const int32_t *start, size_t rows) {
        int32_t longest = 0;
        for (size_t row = 0; row < rows; row++)
            longest = start[row + 1] - start[row] > longest ? start[row + 1] - start[row] : longest;
        return longest;
    }

    /* Fill `out`, but for `long_row`, whose number is given back. */
    static int ps_one_to_many(
        const ps_query *q, const uint8_t *data, const int32_t *start, int rows, uint16_t *long_row, int32_t *out
    ) {
        ps_kept kept;
        int beyond = 0, number;
        if (q->level > 1 && (ps_all_short(q) || ps_longest(start, (size_t)rows) <= PS_LETTERS)) {
            ps_one_to_short(q, data, start, (size_t)rows, out);
            return 0;
        }
        number = (int)ps_keep(q, start, (size_t)rows, &kept, out);
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
    # Rows of fixed width, of LETTERS characters at most, so that none is longer than the lanes take; level 2 or 3.
    bint one_to_fixed "ps_one_to_fixed"(
        const Query* query, const uint8_t* rows, size_t width, size_t count, uint8_t* packed, uint8_t* kind,
        int32_t* out,
    ) noexcept nogil
    int vectors_here "ps_vectors"() noexcept nogil
