// Dropout, from the counter-based generator Philox4x32-10 (Salmon, Moraes, Dror and Shaw, 2011): the same mask on every device, for
// any number of work-items, and again in the backward pass without having been stored.
//
// key = (seedLow, seedHigh) from the step's constants; counter = (block, step, stream, 0). Elements go in groups of 64:
// element i is in group i / 64; with j = i % 64 its block is group * 16 + j % 16 and its word of that block's four is j / 16.
// So 16 blocks side by side give four whole vectors. The index space is one-dimensional, of any size.

#if LANES == 1
typedef uint wordv;
#define wordsv(x) (x)
#define WORD_LANE_NUMBERS 0u
#define KEPT(words, threshold) ((words) >= (threshold))
#define MULTIPLY_WIDE(x, m, high, low) \
  {                                    \
    const uint x_ = x;                 \
    high = mul_hi(x_, m);              \
    low = x_ * m;                      \
  }
#else
typedef uint16 wordv;
#define wordsv(x) ((uint16)((uint)(x)))
#ifdef __OPENCL_VERSION__
#define WORD_LANE_NUMBERS ((uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
INLINE ulong8 pairsOfWords(const uint16 x) { return as_ulong8(x); }
INLINE uint16 wordsOfPairs(const ulong8 x) { return as_uint16(x); }
#else
#define WORD_LANE_NUMBERS ((uint16){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
INLINE ulong8 pairsOfWords(const uint16 x) { union { uint16 words; ulong8 pairs; } u = {x}; return u.pairs; }
INLINE uint16 wordsOfPairs(const ulong8 x) { union { ulong8 pairs; uint16 words; } u = {x}; return u.words; }
#endif
#define KEPT(words, threshold) (SIGNED_KEPT(words, threshold))
#ifdef __OPENCL_VERSION__
#define SIGNED_KEPT(words, threshold) ((words) >= (uint16)(threshold))
#else
#define SIGNED_KEPT(words, threshold) __builtin_convertvector((words) >= (uint16)(threshold), int16)
#endif
// The even words of 16 blocks, and their odd ones, in the low halves of 64 bits each, so that one instruction gives both halves of a product.
// What comes to stand in the high halves is nobody's.
typedef struct {
  ulong8 c0, c1, c2, c3;
} HalfOfWords;
INLINE HalfOfWords halfOfWords(const ulong8 c0, const uint step, const uint stream) {
  const HalfOfWords r = {c0, (ulong8)((unsigned long)step), (ulong8)((unsigned long)stream), (ulong8)(0ul)};
  return r;
}
INLINE HalfOfWords philoxRound(const HalfOfWords c, const uint k0, const uint k1) {
  const ulong8 low = (ulong8)(0xfffffffful), half_ = (ulong8)(32ul);
  const ulong8 p0 = (c.c0 & low) * (ulong8)(0xD2511F53ul), p1 = (c.c2 & low) * (ulong8)(0xCD9E8D57ul);
  const HalfOfWords r = {(p1 >> half_) ^ c.c1 ^ (ulong8)((unsigned long)k0), p1, (p0 >> half_) ^ c.c3 ^ (ulong8)((unsigned long)k1), p0};
  return r;
}
INLINE wordv wordsOfHalves(const ulong8 even, const ulong8 odd) {
  return wordsOfPairs((even & (ulong8)(0xfffffffful)) | (odd << (ulong8)(32ul)));
}
#endif

__kernel void dropout(__global const float* restrict in, __global float* restrict out, __global const StepConstants* restrict constants,
                      const DropoutParameters a ITEM) {
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out);
  const uint step = (uint)constants->step, seedLow = constants->seedLow, seedHigh = constants->seedHigh;
  const int blocks = (a.count + 63) / 64 * (16 / LANES);   // of LANES Philox blocks
  const int streams = STREAMS(a.count, 1);
  (void)streams;
  FOR_EACH_UNIT(unit, blocks) {
    wordv c0 = wordsv(unit * LANES) + WORD_LANE_NUMBERS;
    uint k0 = seedLow, k1 = seedHigh;
#if LANES == 1
    wordv c1 = wordsv(step), c2 = wordsv(a.stream), c3 = wordsv(0);
    UNROLL for (int round = 0; round < 10; round++) {
      wordv high0, low0, high1, low1;
      MULTIPLY_WIDE(c0, 0xD2511F53u, high0, low0)
      MULTIPLY_WIDE(c2, 0xCD9E8D57u, high1, low1)
      c0 = high1 ^ c1 ^ wordsv(k0);
      c1 = low1;
      c2 = high0 ^ c3 ^ wordsv(k1);
      c3 = low0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
#else
    HalfOfWords even = halfOfWords(pairsOfWords(c0), step, a.stream);
    HalfOfWords odd = halfOfWords(pairsOfWords(c0) >> (ulong8)(32ul), step, a.stream);
    UNROLL for (int round = 0; round < 10; round++) {
      even = philoxRound(even, k0, k1);
      odd = philoxRound(odd, k0, k1);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    c0 = wordsOfHalves(even.c0, odd.c0);
    const wordv c1 = wordsOfHalves(even.c1, odd.c1), c2 = wordsOfHalves(even.c2, odd.c2), c3 = wordsOfHalves(even.c3, odd.c3);
#endif
    const int first = unit * LANES / 16 * 64 + unit * LANES % 16;
#define DROP(word, words)                                                                              \
  {                                                                                                    \
    const int at = first + word * 16;                                                                  \
    if (at < a.count)                                                                                  \
      streamv(choosev(splatv(0.0f), loadv(x + at) * a.scale, KEPT(words, a.threshold)), o + at, a.count - at, streams); \
  }
    DROP(0, c0)
    DROP(1, c1)
    DROP(2, c2)
    DROP(3, c3)
#undef DROP
  }
}
REGISTER(dropout, DropoutParameters, 3)
