"""Distances of few edits of one string to many: a band of cells around the diagonal, a byte a string.

Of 32 or 64 strings a letter each is taken at every step, and the band moves down a letter of the query. So a byte does
for queries of any length, where `_lanes` needs a bit for each letter of them.

Source: H. Hyyrö (2003), "A bit-vector algorithm for computing Levenshtein and Damerau edit distances", section on
diagonal tiling.
"""

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    #define PS_BAND_EDITS 3         /* at most: then 7 diagonals matter, and a byte has a bit for each */
    #define PS_BAND_LETTERS 32      /* of a query or string */
    #define PS_BAND_LANES 64        /* at most */
    #define PS_BAND_ROWS 8          /* of 16 characters each that ASCII has */

    typedef struct {
        int length, limit, osa, rows;
        uint8_t row[PS_BAND_ROWS];      /* the rows of ASCII that the query has characters in */
        /* For each letter of a string: where a character stands among the letters of the query in the band. Bit `limit`
           is the main diagonal, bits above it are letters further on. */
        uint8_t places[PS_BAND_LETTERS][16 * PS_BAND_ROWS];
    } ps_band;

    static void ps_band_init(ps_band *q, const uint8_t *word, int length, int limit, int osa) {
        memset(q, 0, sizeof *q);
        q->length = length;
        q->limit = limit;
        q->osa = osa;
        for (int i = 0; i < length; i++) {
            int at = 0;
            while (at < q->rows && q->row[at] != word[i] >> 4) at++;
            if (at == q->rows) q->row[q->rows++] = word[i] >> 4;
            for (int bit = 0; bit < 8; bit++) {
                int letter = i + limit - bit;
                if (letter >= 0 && letter < PS_BAND_LETTERS) q->places[letter][word[i]] |= (uint8_t)(1 << bit);
            }
        }
    }

    #if defined(__GNUC__) || defined(__clang__)
    #define PS_BAND_INLINE static inline __attribute__((always_inline))

    typedef uint8_t ps_bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
    typedef uint8_t ps_bytes32 __attribute__((vector_size(32), aligned(1), may_alias));
    typedef uint8_t ps_bytes64 __attribute__((vector_size(64), aligned(1), may_alias));

    /* Bits of the cells where the column before rises or falls to the next row, where the cell costs no more than that
       on its diagonal in the column before, and of the letter before; both moved to the rows of the next column. */
    #define PS_CELLS(lanes) typedef struct { ps_bytes##lanes up, down, diagonal, before; } ps_cells##lanes;
    PS_CELLS(16) PS_CELLS(32) PS_CELLS(64)

    /* Myers' step for a column, the letter of which stands `here` in the query. */
    #define PS_STEP(level, lanes, target) \\
        target PS_BAND_INLINE void ps_step##level(ps_cells##lanes *cells, ps_bytes##lanes here, int osa) { \\
            ps_bytes##lanes up = cells->up, down = cells->down, equal = here | down, across; \\
            ps_bytes##lanes swapped = (here + here) & cells->before & ~cells->diagonal; \\
            ps_bytes##lanes diagonal = (((equal & up) + up) ^ up) | equal; \\
            if (osa) { \\
                diagonal |= swapped; \\
                cells->before = here >> 1; \\
            } \\
            across = down | ~(diagonal | up); \\
            cells->diagonal = diagonal; \\
            cells->up = (diagonal & up) | ~(diagonal >> 1 | across); \\
            cells->down = diagonal >> 1 & across; \\
        }

    /* One turn: distances up to the limit; what is greater is of no meaning. A bit of the result for each string within
       the limit.

       The last cell of a string is on the diagonal `aim`, so `score` counts the steps on it that cost 1, from its first
       cell on; each does while it is before the first letter of the query. The score never falls, so a turn ends early
       where no string that goes on is within the limit. A cell whose neighbour is outside the band takes the path
       through the others: what that misses costs more than the limit. */
    #define PS_BAND_OF(level, lanes, target) \\
        target PS_BAND_INLINE uint64_t ps_band_turn##level( \\
            const ps_band *q, const uint8_t *data, const int32_t *begin, const uint8_t *lengths, uint8_t *distance, \\
            int osa    /* known to the compiler */ \\
        ) { \\
            typedef ps_bytes##lanes bytes; \\
            const bytes none = {0}, length = *(const bytes *)lengths; \\
            const bytes aim = ps_bit##level(none + (uint8_t)(q->length + q->limit) - length); \\
            bytes score = (none + (uint8_t)q->length - length) & (bytes)(length < (uint8_t)q->length), left = length; \\
            ps_cells##lanes cells = {none + (uint8_t)(0xFF << q->limit), none, none, none}; \\
            bytes letter[8]; \\
            for (int from = 0; from < PS_BAND_LETTERS; from += 8) { \\
                ps_turned##level(data + from, begin, letter); \\
                for (int i = 0; i < 8; i++) { \\
                    ps_step##level(&cells, ps_looked_up##level(q, q->places[from + i], letter[i]), osa); \\
                    score = ps_counted##level(score, cells.diagonal, aim, left, i); \\
                } \\
                left = (left - 8) & (bytes)(left > 8); \\
                if (!(ps_near##level(score, q->limit) & ps_beyond##level(left))) break; \\
            } \\
            *(bytes *)distance = score; \\
            return ps_near##level(score, q->limit); \\
        } \\
        target static uint64_t ps_band##level( \\
            const ps_band *q, const uint8_t *data, const int32_t *begin, const uint8_t *lengths, uint8_t *distance \\
        ) { \\
            if (q->osa) return ps_band_turn##level(q, data, begin, lengths, distance, 1); \\
            return ps_band_turn##level(q, data, begin, lengths, distance, 0); \\
        }

    /* By arrays: to write a single byte of a vector, a compiler takes the whole of it through memory. */
    PS_BAND_INLINE ps_bytes16 ps_bit_any(ps_bytes16 number) {
        uint8_t bits[16];
        memcpy(bits, &number, 16);
        for (int lane = 0; lane < 16; lane++) bits[lane] = (uint8_t)(1u << (bits[lane] & 7));
        return *(ps_bytes16 *)bits;
    }
    PS_BAND_INLINE void ps_turned_any(const uint8_t *data, const int32_t *begin, ps_bytes16 *letters) {
        uint8_t letter[8][16];
        for (int lane = 0; lane < 16; lane++)
            for (int i = 0; i < 8; i++) letter[i][lane] = data[begin[lane] + i];
        memcpy(letters, letter, sizeof letter);
    }
    PS_BAND_INLINE ps_bytes16 ps_looked_up_any(const ps_band *q, const uint8_t *places, ps_bytes16 letter) {
        uint8_t found[16];
        (void)q;
        memcpy(found, &letter, 16);
        for (int lane = 0; lane < 16; lane++) found[lane] = places[found[lane] & 127];
        return *(ps_bytes16 *)found;
    }
    PS_BAND_INLINE ps_bytes16 ps_counted_any(
        ps_bytes16 score, ps_bytes16 diagonal, ps_bytes16 aim, ps_bytes16 left, int i
    ) {
        return score - (ps_bytes16)(((diagonal & aim) == 0) & (left > (uint8_t)i));
    }
    PS_BAND_INLINE uint64_t ps_near_any(ps_bytes16 score, int limit) {
        uint8_t scores[16];
        uint64_t near = 0;
        memcpy(scores, &score, 16);
        for (int lane = 0; lane < 16; lane++) near |= (uint64_t)(scores[lane] <= limit) << lane;
        return near;
    }
    PS_BAND_INLINE uint64_t ps_beyond_any(ps_bytes16 left) { return ~ps_near_any(left, 0); }
    PS_STEP(_any, 16, )
    PS_BAND_OF(_any, 16, )

    #if defined(__x86_64__)
    #include <immintrin.h>
    #define PS_BAND_AVX2 __attribute__((target("avx2")))
    #define PS_BAND_AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi")))

    PS_BAND_AVX2 PS_BAND_INLINE ps_bytes32 ps_bit_avx2(ps_bytes32 number) {
        const __m256i bits = _mm256_set1_epi64x((long long)UINT64_C(0x8040201008040201));
        return (ps_bytes32)_mm256_shuffle_epi8(bits, (__m256i)number);
    }
    PS_BAND_AVX2 PS_BAND_INLINE void ps_turned_avx2(const uint8_t *data, const int32_t *begin, ps_bytes32 *letters) {
        __m256i letter[8], other[8];
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
        memcpy(letters, letter, sizeof letter);
    }
    /* A character of another row has an index that gives 0. */
    PS_BAND_AVX2 PS_BAND_INLINE ps_bytes32 ps_looked_up_avx2(
        const ps_band *q, const uint8_t *places, ps_bytes32 letter
    ) {
        __m256i found = _mm256_setzero_si256();
        for (int at = 0; at < q->rows; at++) {
            __m256i place = _mm256_adds_epu8(
                _mm256_xor_si256((__m256i)letter, _mm256_set1_epi8((char)(q->row[at] << 4))), _mm256_set1_epi8(0x70));
            __m256i entries = _mm256_broadcastsi128_si256(
                _mm_loadu_si128((const __m128i *)(places + 16 * q->row[at])));
            found = _mm256_or_si256(found, _mm256_shuffle_epi8(entries, place));
        }
        return (ps_bytes32)found;
    }
    PS_BAND_AVX2 PS_BAND_INLINE ps_bytes32 ps_counted_avx2(
        ps_bytes32 score, ps_bytes32 diagonal, ps_bytes32 aim, ps_bytes32 left, int i
    ) {
        return score - (ps_bytes32)(((diagonal & aim) == 0) & (left > (uint8_t)i));
    }
    PS_BAND_AVX2 PS_BAND_INLINE uint64_t ps_near_avx2(ps_bytes32 score, int limit) {
        return (uint32_t)_mm256_movemask_epi8((__m256i)(score <= (uint8_t)limit));
    }
    PS_BAND_AVX2 PS_BAND_INLINE uint64_t ps_beyond_avx2(ps_bytes32 left) {
        return (uint32_t)_mm256_movemask_epi8((__m256i)(left > 0));
    }
    PS_STEP(_avx2, 32, PS_BAND_AVX2)
    PS_BAND_OF(_avx2, 32, PS_BAND_AVX2)

    PS_BAND_AVX512 PS_BAND_INLINE ps_bytes64 ps_bit_avx512(ps_bytes64 number) {
        const __m512i bits = _mm512_set1_epi64((long long)UINT64_C(0x8040201008040201));
        return (ps_bytes64)_mm512_shuffle_epi8(bits, (__m512i)number);
    }
    /* Letters of eight strings beside each other, by bytes; and then of eight times eight, by words of eight bytes. */
    PS_BAND_AVX512 PS_BAND_INLINE void ps_turned_avx512(
        const uint8_t *data, const int32_t *begin, ps_bytes64 *letters
    ) {
        const __m512i order = _mm512_set_epi64(
            0x3F372F271F170F07, 0x3E362E261E160E06, 0x3D352D251D150D05, 0x3C342C241C140C04,
            0x3B332B231B130B03, 0x3A322A221A120A02, 0x3931292119110901, 0x3830282018100800);
        __m512i a[8], b[8];
        __asm__("" : "+r"(data), "+r"(begin));
        for (int i = 0; i < 8; i++)
            a[i] = _mm512_permutexvar_epi8(order, _mm512_i32gather_epi64(
                _mm256_loadu_si256((const __m256i *)(begin + 8 * i)), data, 1));
        for (int i = 0; i < 8; i += 2) {
            b[i] = _mm512_unpacklo_epi64(a[i], a[i + 1]);        /* letters 0, 2, 4, 6 */
            b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 1]);    /* letters 1, 3, 5, 7 */
        }
        for (int i = 0; i < 2; i++) {
            a[i] = _mm512_shuffle_i64x2(b[i], b[i + 2], 0x88);          /* letters 0, 4 (1, 5) of strings 0 to 31 */
            a[i + 2] = _mm512_shuffle_i64x2(b[i], b[i + 2], 0xDD);      /* letters 2, 6 (3, 7) */
            a[i + 4] = _mm512_shuffle_i64x2(b[i + 4], b[i + 6], 0x88);  /* and of the others */
            a[i + 6] = _mm512_shuffle_i64x2(b[i + 4], b[i + 6], 0xDD);
        }
        for (int i = 0; i < 4; i++) {
            letters[i] = (ps_bytes64)_mm512_shuffle_i64x2(a[i], a[i + 4], 0x88);
            letters[i + 4] = (ps_bytes64)_mm512_shuffle_i64x2(a[i], a[i + 4], 0xDD);
        }
    }
    PS_BAND_AVX512 PS_BAND_INLINE ps_bytes64 ps_looked_up_avx512(
        const ps_band *q, const uint8_t *places, ps_bytes64 letter
    ) {
        (void)q;
        return (ps_bytes64)_mm512_permutex2var_epi8(
            _mm512_loadu_si512(places), (__m512i)letter, _mm512_loadu_si512(places + 64));
    }
    /* The same step in functions of three operands. A shift moves bits from one lane to the next: `inside` clears
       them. */
    #define PS_OF_3(a, b, c, function) (ps_bytes64)_mm512_ternarylogic_epi64( \\
        (__m512i)(a), (__m512i)(b), (__m512i)(c), (function) & 255)
    #define PS_SHIFTED(a) (ps_bytes64)_mm512_srli_epi16((__m512i)(a), 1)
    PS_BAND_AVX512 PS_BAND_INLINE void ps_step_avx512(ps_cells64 *cells, ps_bytes64 here, int osa) {
        enum { A = 0xF0, B = 0xCC, C = 0xAA };
        const ps_bytes64 inside = (ps_bytes64)_mm512_set1_epi8(127);
        ps_bytes64 up = cells->up, down = cells->down, equal = here | down, across, below;
        ps_bytes64 swapped = PS_OF_3(here + here, cells->before, cells->diagonal, A & B & ~C);
        ps_bytes64 diagonal = PS_OF_3((equal & up) + up, up, equal, (A ^ B) | C);
        if (osa) {
            diagonal = PS_OF_3(diagonal, swapped, inside, A | (B & C));
            cells->before = PS_SHIFTED(here);
        }
        across = PS_OF_3(down, diagonal, up, A | ~(B | C));
        below = PS_SHIFTED(diagonal);
        cells->diagonal = diagonal;
        cells->up = PS_OF_3(PS_OF_3(below, inside, across, (A & B) | C), diagonal, up, ~A | (B & C));
        cells->down = PS_OF_3(below, inside, across, A & B & C);
    }
    PS_BAND_AVX512 PS_BAND_INLINE ps_bytes64 ps_counted_avx512(
        ps_bytes64 score, ps_bytes64 diagonal, ps_bytes64 aim, ps_bytes64 left, int i
    ) {
        __mmask64 costs = _mm512_mask_testn_epi8_mask(
            _mm512_cmpgt_epu8_mask((__m512i)left, _mm512_set1_epi8((char)i)), (__m512i)diagonal, (__m512i)aim);
        return (ps_bytes64)_mm512_mask_add_epi8((__m512i)score, costs, (__m512i)score, _mm512_set1_epi8(1));
    }
    PS_BAND_AVX512 PS_BAND_INLINE uint64_t ps_near_avx512(ps_bytes64 score, int limit) {
        return _mm512_cmple_epu8_mask((__m512i)score, _mm512_set1_epi8((char)limit));
    }
    PS_BAND_AVX512 PS_BAND_INLINE uint64_t ps_beyond_avx512(ps_bytes64 left) {
        return _mm512_test_epi8_mask((__m512i)left, (__m512i)left);
    }
    PS_BAND_OF(_avx512, 64, PS_BAND_AVX512)
    #endif
    #endif
    """
    ctypedef struct Band "ps_band":
        pass
