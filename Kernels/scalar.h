// The scalar operations, each written once and made for each width: name_1 for a float, name_16 for a float16, on GPUs also name_4 for a
// float4, with the same arithmetic.
// Nothing here calls a math library: exponentials, logarithms and circular functions are polynomials, so that they vectorise at
// every level and give the same bits on every device that rounds alike (a fused multiply-add may change the last bit or two).
#ifndef GLISSADE_SCALAR_H
#define GLISSADE_SCALAR_H

// ------------------------------------------------------------------------------------------------ words of all widths
// F: float or a vector; I and U: int and uint or vectors; S: the suffix. Conditions are joined by & and | only: a float's comparison gives
// 1, a vector's gives -1.
#ifdef __OPENCL_VERSION__
#define UNSIGNED_16(x) as_uint16(x)
#define SIGNED_16(x) as_int16(x)
#define TO_FLOAT_16(x) convert_float16(x)
#define TO_INTEGER_16(x) convert_int16(x)
#else
INLINE uint16 UNSIGNED_16(int16 x) { return __builtin_convertvector(x, uint16); }
INLINE int16 SIGNED_16(uint16 x) { return __builtin_convertvector(x, int16); }
#define TO_FLOAT_16(x) __builtin_convertvector(x, float16)
#define TO_INTEGER_16(x) __builtin_convertvector(x, int16)
#endif
#if defined(__OPENCL_VERSION__) && !defined(CLANG_VECTORS)
#define MULTIPLY_HIGH_1(a, b) mul_hi(a, b)
#define MULTIPLY_HIGH_16(a, b) mul_hi(a, b)
#else
INLINE uint MULTIPLY_HIGH_1(uint a, uint b) { return (uint)(((unsigned long)a * b) >> 32); }
INLINE uint16 MULTIPLY_HIGH_16(uint16 a, uint16 b) {
  return __builtin_convertvector((__builtin_convertvector(a, ulong16) * __builtin_convertvector(b, ulong16)) >> (ulong16)(32), uint16);
}
#endif
#define UNSIGNED_1(x) ((uint)(x))
#define SIGNED_1(x) ((int)(x))
#define TO_FLOAT_1(x) ((float)(x))
#define TO_INTEGER_1(x) ((int)(x))
#define CONSTANT_1(x) (x)
#define CONSTANT_16(x) splat(x)
#define INTEGER_1(x) (x)
#define INTEGER_16(x) ((int16)(x))
#define WORD_1(x) ((uint)(x))
#define WORD_16(x) ((uint16)((uint)(x)))
#define BITS_1(x) floatBits(x)
#define BITS_16(x) floatBits16(x)
#define FROM_BITS_1(x) bitsFloat(x)
#define FROM_BITS_16(x) bitsFloat16(x)
#define CHOOSE_1(otherwise, chosen, condition) ((condition) ? (chosen) : (otherwise))
#define CHOOSE_16(otherwise, chosen, condition) SELECT16(otherwise, chosen, condition)
INLINE int CHOOSE_INTEGER_1(int otherwise, int chosen, int condition) { return condition ? chosen : otherwise; }
INLINE int16 CHOOSE_INTEGER_16(int16 otherwise, int16 chosen, int16 condition) {
  return (otherwise & ~condition) | (chosen & condition);
}
#if defined(__OPENCL_VERSION__) && !defined(CPU_DEVICE)   // 4: what GPUs read and write at once
#define UNSIGNED_4(x) as_uint4(x)
#define SIGNED_4(x) as_int4(x)
#define TO_FLOAT_4(x) convert_float4(x)
#define TO_INTEGER_4(x) convert_int4(x)
#define MULTIPLY_HIGH_4(a, b) mul_hi(a, b)
#define CONSTANT_4(x) ((float4)(x))
#define INTEGER_4(x) ((int4)(x))
#define WORD_4(x) ((uint4)((uint)(x)))
#define BITS_4(x) as_int4(x)
#define FROM_BITS_4(x) as_float4(x)
#define CHOOSE_4(otherwise, chosen, condition) select(otherwise, chosen, condition)
INLINE int4 CHOOSE_INTEGER_4(int4 otherwise, int4 chosen, int4 condition) { return (otherwise & ~condition) | (chosen & condition); }
#define WIDTH_4(TEMPLATE) TEMPLATE(float4, int4, uint4, _4)
#define SIMPLE_4(name, expression) INLINE float4 name##_4(const float4 x) { return expression; }
#define SIMPLE2_4(name, expression) INLINE float4 name##_4(const float4 x, const float4 y) { return expression; }
#else
#define WIDTH_4(TEMPLATE)
#define SIMPLE_4(name, expression)
#define SIMPLE2_4(name, expression)
#endif
#define ALL_WIDTHS(TEMPLATE) TEMPLATE(float, int, uint, _1) TEMPLATE(float16, int16, uint16, _16) WIDTH_4(TEMPLATE)

// ------------------------------------------------------------------------------------------------ arithmetic
#define SIMPLE(name, expression)                          \
  INLINE float name##_1(const float x) { return expression; } \
  INLINE float16 name##_16(const float16 x) { return expression; } \
  SIMPLE_4(name, expression)
#define SIMPLE2(name, expression)                                           \
  INLINE float name##_1(const float x, const float y) { return expression; } \
  INLINE float16 name##_16(const float16 x, const float16 y) { return expression; } \
  SIMPLE2_4(name, expression)

SIMPLE(negate, -x)
SIMPLE(absolute, fabs(x))
SIMPLE(square, x * x)
SIMPLE(squareRoot, sqrt(x))
SIMPLE(roundDown, floor(x))
SIMPLE(reciprocal, 1.0f / x)
SIMPLE(reciprocalSquareRoot, 1.0f / sqrt(x))
SIMPLE2(add, x + y)
SIMPLE2(subtract, x - y)
SIMPLE2(multiply, x * y)
SIMPLE2(divide, x / y)
SIMPLE2(sigmoidGradient, y * x * (1.0f - x))   // x is the sigmoid's result, y the gradient of it
SIMPLE2(tanhGradient, y * (1.0f - x * x))      // x is the tangent's result

// Comparisons give 1 or 0. maximum, minimum, relu and relu6 hand a NaN on, as PyTorch's do; and where one was, the gradient as well.
#define SELECTIONS(F, I, U, S)                                                                                        \
  INLINE F sign##S(const F x) {                                                                                       \
    return CHOOSE##S(CHOOSE##S(CONSTANT##S(0.0f), CONSTANT##S(-1.0f), x < 0.0f), CONSTANT##S(1.0f), x > 0.0f);        \
  }                                                                                                                   \
  INLINE F positive##S(const F x) { return CHOOSE##S(CONSTANT##S(0.0f), CONSTANT##S(1.0f), x > 0.0f); }               \
  INLINE F relu##S(const F x) { return CHOOSE##S(x, CONSTANT##S(0.0f), x < 0.0f); }                                   \
  INLINE F reluGradient##S(const F y, const F dy) { return CHOOSE##S(dy, CONSTANT##S(0.0f), y <= 0.0f); }             \
  INLINE F relu6##S(const F x) { return CHOOSE##S(relu##S(x), CONSTANT##S(6.0f), x > 6.0f); }                         \
  INLINE F relu6Gradient##S(const F y, const F dy) {                                                                  \
    return CHOOSE##S(dy, CONSTANT##S(0.0f), (y <= 0.0f) | (y >= 6.0f));                                               \
  }                                                                                                                   \
  INLINE F maximum##S(const F x, const F y) { return CHOOSE##S(y, x, (x > y) | (x != x)); }                           \
  INLINE F minimum##S(const F x, const F y) { return CHOOSE##S(y, x, (x < y) | (x != x)); }                           \
  INLINE F leakyRelu##S(const F x, const F slope) { return CHOOSE##S(slope * x, x, x > 0.0f); }                       \
  INLINE F leakyReluSlope##S(const F x, const F slope) { return CHOOSE##S(slope, CONSTANT##S(1.0f), x > 0.0f); }      \
  /* Adding 2^23 leaves no room for a fraction, and rounds half to even; what is larger has none. */                  \
  INLINE F roundToEven##S(const F x) {                                                                                \
    const F magnitude = fabs(x), whole = CHOOSE##S(magnitude, (magnitude + 8388608.0f) - 8388608.0f, magnitude < 8388608.0f); \
    return FROM_BITS##S(BITS##S(whole) | (BITS##S(x) & (int)0x80000000));                                             \
  }                                                                                                                   \
  INLINE F greater##S(const F x, const F y) { return CHOOSE##S(CONSTANT##S(0.0f), CONSTANT##S(1.0f), x > y); }        \
  INLINE F greaterOrEqual##S(const F x, const F y) { return CHOOSE##S(CONSTANT##S(0.0f), CONSTANT##S(1.0f), x >= y); } \
  INLINE F equal##S(const F x, const F y) { return CHOOSE##S(CONSTANT##S(0.0f), CONSTANT##S(1.0f), x == y); }         \
  INLINE F isFinite##S(const F x) {                                                                                   \
    return CHOOSE##S(CONSTANT##S(0.0f), CONSTANT##S(1.0f), (BITS##S(x) & 0x7f800000) != 0x7f800000);                  \
  }
ALL_WIDTHS(SELECTIONS)

// ------------------------------------------------------------------------------------------------ masks and integers
// A mask holds where it is not 0; a NaN is not. keep and drop choose bits and join puts two of their results together, so that int32 values
// pass as well, whose bits these floats then are. Their arithmetic wraps around; comparisons of them give 1.0 or 0.0.
#define TRUTH(S, condition) CHOOSE##S(CONSTANT##S(0.0f), CONSTANT##S(1.0f), condition)
#define MASK_FUNCTIONS(F, I, U, S)                                                                                              \
  INLINE F notEqual##S(const F x, const F y) { return TRUTH(S, x != y); }                                              \
  INLINE F logicalNot##S(const F x) { return TRUTH(S, x == 0.0f); }                                                    \
  INLINE F logicalAnd##S(const F x, const F y) { return TRUTH(S, (x != 0.0f) & (y != 0.0f)); }                         \
  INLINE F logicalOr##S(const F x, const F y) { return TRUTH(S, (x != 0.0f) | (y != 0.0f)); }                          \
  INLINE F logicalXor##S(const F x, const F y) { return TRUTH(S, (x != 0.0f) != (y != 0.0f)); }                        \
  INLINE F keep##S(const F mask, const F x) { return CHOOSE##S(x, CONSTANT##S(0.0f), mask == 0.0f); }                  \
  INLINE F drop##S(const F mask, const F x) { return CHOOSE##S(CONSTANT##S(0.0f), x, mask == 0.0f); }                  \
  INLINE F join##S(const F x, const F y) { return FROM_BITS##S(BITS##S(x) | BITS##S(y)); }                             \
  INLINE F toFloat##S(const F x) { return TO_FLOAT##S(BITS##S(x)); }                                                   \
  /* Towards 0; what is too large becomes the nearest there is, and a NaN 0. */                                        \
  INLINE F toInteger##S(const F x) {                                                                                   \
    F y = CHOOSE##S(CONSTANT##S(0.0f), x, x == x);                                                                     \
    y = CHOOSE##S(y, CONSTANT##S(2147483520.0f), y > 2147483520.0f);                                                   \
    y = CHOOSE##S(y, CONSTANT##S(-2147483648.0f), y < -2147483648.0f);                                                 \
    return FROM_BITS##S(CHOOSE_INTEGER##S(TO_INTEGER##S(y), INTEGER##S(0x7fffffff), x > 2147483520.0f));               \
  }                                                                                                                    \
  INLINE F integerAdd##S(const F x, const F y) { return FROM_BITS##S(SIGNED##S(UNSIGNED##S(BITS##S(x)) + UNSIGNED##S(BITS##S(y)))); } \
  INLINE F integerSubtract##S(const F x, const F y) { return FROM_BITS##S(SIGNED##S(UNSIGNED##S(BITS##S(x)) - UNSIGNED##S(BITS##S(y)))); } \
  INLINE F integerMultiply##S(const F x, const F y) { return FROM_BITS##S(SIGNED##S(UNSIGNED##S(BITS##S(x)) * UNSIGNED##S(BITS##S(y)))); } \
  INLINE F integerMaximum##S(const F x, const F y) {                                                                   \
    return FROM_BITS##S(CHOOSE_INTEGER##S(BITS##S(y), BITS##S(x), BITS##S(x) > BITS##S(y)));                           \
  }                                                                                                                    \
  INLINE F integerMinimum##S(const F x, const F y) {                                                                   \
    return FROM_BITS##S(CHOOSE_INTEGER##S(BITS##S(y), BITS##S(x), BITS##S(x) < BITS##S(y)));                           \
  }                                                                                                                    \
  INLINE F integerEqual##S(const F x, const F y) { return TRUTH(S, BITS##S(x) == BITS##S(y)); }                        \
  INLINE F integerNotEqual##S(const F x, const F y) { return TRUTH(S, BITS##S(x) != BITS##S(y)); }                     \
  INLINE F integerGreater##S(const F x, const F y) { return TRUTH(S, BITS##S(x) > BITS##S(y)); }                       \
  INLINE F integerGreaterOrEqual##S(const F x, const F y) { return TRUTH(S, BITS##S(x) >= BITS##S(y)); }
ALL_WIDTHS(MASK_FUNCTIONS)

// ------------------------------------------------------------------------------------------------ exponentials
// p 2^n, rounded once; `shifted` is n + 1.5 x 2^23. In two halves, so that results fade through the subnormals and overflow to infinity.
#define SCALING(F, I, U, S)                                                                       \
  INLINE F scaled##S(const F p, const F shifted) {                                                \
    const I whole = BITS##S(shifted) - 0x4b400000, half_ = whole >> 1;                            \
    return p * FROM_BITS##S((half_ + 127) << 23) * FROM_BITS##S((whole - half_ + 127) << 23);     \
  }
#if defined(WIDE_REGISTERS) && !defined(__OPENCL_VERSION__)   // AVX-512 has an instruction for it
SCALING(float, int, uint, _1)
// p is at most 1.5 and results below 2^-150 are 0: lanes that will be are left out, for which the processor would take its time.
INLINE float16 scaled_16(const float16 p, const float16 shifted) {
  const unsigned short stays = __builtin_ia32_cmpps512_mask(shifted, splat(12582912.0f - 151.0f), 0x16, (unsigned short)0xffff, 4);
  return __builtin_ia32_scalefps512_mask(p, shifted - 12582912.0f, splat(0.0f), stays, 4);
}
#else
ALL_WIDTHS(SCALING)
#endif

// exp x = 2^n exp r with |r| <= ln 2 / 2. n comes from adding 1.5 x 2^23, which rounds to an integer without a conversion (a NaN's
// conversion is undefined).
#define EXPONENTIAL(F, I, U, S)                                                                   \
  INLINE F exponential##S(const F unlimited) {                                                    \
    F x = CHOOSE##S(unlimited, CONSTANT##S(-105.0f), unlimited < -105.0f);                        \
    x = CHOOSE##S(x, CONSTANT##S(90.0f), x > 90.0f);                                              \
    const F shifted = FMA(x, CONSTANT##S(1.44269504f), CONSTANT##S(12582912.0f));                 \
    const F n = shifted - 12582912.0f;                                                            \
    F r = FMA(n, CONSTANT##S(-0.693359375f), x);                                                  \
    r = FMA(n, CONSTANT##S(2.12194440e-4f), r);                                                   \
    F p = FMA(r, CONSTANT##S(1.9875691500e-4f), CONSTANT##S(1.3981999507e-3f));                   \
    p = FMA(p, r, CONSTANT##S(8.3334519073e-3f));                                                 \
    p = FMA(p, r, CONSTANT##S(4.1665795894e-2f));                                                 \
    p = FMA(p, r, CONSTANT##S(1.6666665459e-1f));                                                 \
    p = FMA(p, r, CONSTANT##S(5.0000001201e-1f));                                                 \
    return scaled##S(FMA(p * r, r, r) + 1.0f, shifted);                                           \
  }                                                                                               \
  /* The same polynomial where |x| <= ln 2 / 2, without the 1 that would take its digits. */       \
  INLINE F exponentialMinusOne##S(const F x) {                                                    \
    F p = FMA(x, CONSTANT##S(1.9875691500e-4f), CONSTANT##S(1.3981999507e-3f));                   \
    p = FMA(p, x, CONSTANT##S(8.3334519073e-3f));                                                 \
    p = FMA(p, x, CONSTANT##S(4.1665795894e-2f));                                                 \
    p = FMA(p, x, CONSTANT##S(1.6666665459e-1f));                                                 \
    p = FMA(p, x, CONSTANT##S(5.0000001201e-1f));                                                 \
    const F small = CHOOSE##S(FMA(p * x, x, x), x, x == 0.0f);                                    \
    return CHOOSE##S(exponential##S(x) - 1.0f, small, fabs(x) < 0.346573591f);                    \
  }                                                                                               \
  /* erf x near 0: x + x P(x^2). */                                                               \
  INLINE F errorNearZero##S(const F t, const F z) {                                               \
    F p = FMA(z, CONSTANT##S(-5.96761703e-4f), CONSTANT##S(4.99119423e-3f));                      \
    p = FMA(p, z, CONSTANT##S(-2.67681349e-2f));                                                  \
    p = FMA(p, z, CONSTANT##S(1.12819925e-1f));                                                   \
    p = FMA(p, z, CONSTANT##S(-3.76125336e-1f));                                                  \
    p = FMA(p, z, CONSTANT##S(1.28379166e-1f));                                                   \
    return FMA(p, t, t);                                                                          \
  }                                                                                               \
  /* ln(1 - erf t), t = 0.92...4 (Juffa's polynomial). */                                         \
  INLINE F logarithmOfRest##S(const F t, const F z) {                                             \
    F q = FMA(t, CONSTANT##S(-1.72853470e-5f), CONSTANT##S(3.83197126e-4f));                      \
    q = FMA(q, z, FMA(t, CONSTANT##S(-3.88396438e-3f), CONSTANT##S(2.42546219e-2f)));             \
    q = FMA(q, t, CONSTANT##S(-1.06777877e-1f));                                                  \
    q = FMA(q, t, CONSTANT##S(-6.34846687e-1f));                                                  \
    q = FMA(q, t, CONSTANT##S(-1.28717512e-1f));                                                  \
    return FMA(q, t, -t);                                                                         \
  }                                                                                               \
  /* 1 from 4 on. */                                                                              \
  INLINE F errorFunction##S(const F x) {                                                          \
    const F magnitude = fabs(x), t = CHOOSE##S(magnitude, CONSTANT##S(4.0f), magnitude > 4.0f);   \
    const F z = t * t;                                                                            \
    const F large = 1.0f - exponential##S(logarithmOfRest##S(t, z));                              \
    const F y = CHOOSE##S(large, errorNearZero##S(t, z), magnitude <= 0.927734375f);              \
    return FROM_BITS##S(BITS##S(y) | (BITS##S(x) & (int)0x80000000));                             \
  }                                                                                               \
  /* (1 + erf(x / sqrt 2)) / 2, with the digits of what is left below 0. From 4 on the rest falls as exp(-t^2). |x| <= 120. */ \
  INLINE F normalShare##S(const F x) {                                                            \
    const F v = x * 0.707106781f, magnitude = fabs(v), t = CHOOSE##S(magnitude, CONSTANT##S(4.0f), magnitude > 4.0f); \
    const F z = t * t, rest = 0.5f * exponential##S(logarithmOfRest##S(t, z) + (z - magnitude * magnitude)); \
    const F near = FMA(CONSTANT##S(0.5f), errorNearZero##S(v, v * v), CONSTANT##S(0.5f));         \
    return CHOOSE##S(CHOOSE##S(1.0f - rest, rest, x < 0.0f), near, magnitude <= 0.927734375f);    \
  }                                                                                               \
  INLINE F sigmoid##S(const F x) { return 1.0f / (1.0f + exponential##S(-x)); }                   \
  /* Below -120 the result is -0 anyway, and limiting keeps -inf from becoming -inf / inf. */     \
  INLINE F silu##S(const F x) {                                                                   \
    const F limited = CHOOSE##S(x, CONSTANT##S(-120.0f), x < -120.0f);                            \
    return limited / (1.0f + exponential##S(-limited));                                           \
  }                                                                                               \
  /* x/2 (1 + tanh u) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3) */                       \
  INLINE F gelu##S(const F x) {                                                                   \
    const F limited = CHOOSE##S(x, CONSTANT##S(-120.0f), x < -120.0f);                            \
    const F u = limited * FMA(limited * limited, CONSTANT##S(0.0356774081f), CONSTANT##S(0.797884561f)); \
    return limited / (1.0f + exponential##S(-2.0f * u));                                          \
  }                                                                                               \
  /* With s = sigmoid(v): dy (s + x s (1 - s) dv/dx), v = x for silu and 2u for gelu. s (1 - s) is even in v, which keeps the     \
     exponential below 1; beyond +-120 the slope is 1 or 0, and limiting keeps an infinity from meeting that zero. */             \
  INLINE F gatedSlope##S(const F x, const F v, const F slope) {                                   \
    const F e = exponential##S(-fabs(v)), r = 1.0f / (1.0f + e);                                  \
    return FMA(x * slope, e * r * r, CHOOSE##S(r, e * r, v < 0.0f));                              \
  }                                                                                               \
  INLINE F limited##S(const F x) {                                                                \
    const F y = CHOOSE##S(x, CONSTANT##S(-120.0f), x < -120.0f);                                  \
    return CHOOSE##S(y, CONSTANT##S(120.0f), y > 120.0f);                                         \
  }                                                                                               \
  INLINE F siluGradient##S(const F unlimited, const F dy) {                                       \
    const F x = limited##S(unlimited);                                                            \
    return dy * gatedSlope##S(x, x, CONSTANT##S(1.0f));                                           \
  }                                                                                               \
  INLINE F geluGradient##S(const F unlimited, const F dy) {                                       \
    const F x = limited##S(unlimited), z = x * x;                                                 \
    const F v = x * FMA(z, CONSTANT##S(0.0713548162f), CONSTANT##S(1.59576912f));                 \
    return dy * gatedSlope##S(x, v, FMA(z, CONSTANT##S(0.214064449f), CONSTANT##S(1.59576912f))); \
  }                                                                                               \
  INLINE F hyperbolicTangent##S(const F x) {                                                      \
    const F magnitude = fabs(x), z = x * x;                                                       \
    F p = FMA(z, CONSTANT##S(-5.70498872745e-3f), CONSTANT##S(2.06390887954e-2f));                \
    p = FMA(p, z, CONSTANT##S(-5.37397155531e-2f));                                               \
    p = FMA(p, z, CONSTANT##S(1.33314422036e-1f));                                                \
    p = FMA(p, z, CONSTANT##S(-3.33332819422e-1f));                                               \
    const F small = FMA(p * z, x, x);                                                             \
    const F large = 1.0f - 2.0f / (1.0f + exponential##S(2.0f * magnitude));                      \
    const F signedLarge = FROM_BITS##S(BITS##S(large) | (BITS##S(x) & (int)0x80000000));          \
    return CHOOSE##S(signedLarge, small, magnitude < 0.625f);                                     \
  }                                                                                               \
  INLINE F elu##S(const F x, const F alpha) { return CHOOSE##S(alpha * exponentialMinusOne##S(x), x, x > 0.0f); } \
  INLINE F eluSlope##S(const F y, const F alpha) { return CHOOSE##S(CONSTANT##S(1.0f), y + alpha, y <= 0.0f); } \
  INLINE F celu##S(const F x, const F alpha) { return CHOOSE##S(alpha * exponentialMinusOne##S(x / alpha), x, x > 0.0f); } \
  INLINE F selu##S(const F x) { return 1.05070099f * elu##S(x, CONSTANT##S(1.67326324f)); }       \
  INLINE F softsign##S(const F x) { return x / (1.0f + fabs(x)); }                                \
  INLINE F hardSigmoid##S(const F x) { return relu6##S(x + 3.0f) * 0.166666667f; }                \
  /* Below -3 the result is -0, and limiting keeps -inf from meeting a 0. */                      \
  INLINE F hardSwish##S(const F x) { return CHOOSE##S(x, CONSTANT##S(-3.0f), x < -3.0f) * hardSigmoid##S(x); } \
  INLINE F hardSwishSlope##S(const F x) {                                                         \
    const F inside = FMA(x, CONSTANT##S(0.333333333f), CONSTANT##S(0.5f));                        \
    return CHOOSE##S(CHOOSE##S(CONSTANT##S(1.0f), inside, x < 3.0f), CONSTANT##S(0.0f), x <= -3.0f);  \
  }                                                                                               \
  /* x tanh(ln(1 + e^x)) = x n / (n + 2), n = e^x (e^x + 2); beyond 20 the factor is 1. */        \
  INLINE F mish##S(const F x) {                                                                   \
    const F limited = CHOOSE##S(x, CONSTANT##S(-120.0f), x < -120.0f);                            \
    const F e = exponential##S(CHOOSE##S(limited, CONSTANT##S(20.0f), x > 20.0f)), n = e * (e + 2.0f); \
    return limited * (n / (n + 2.0f));                                                            \
  }                                                                                               \
  /* dy (n / (n + 2) + 4 x e^x (1 + e^x) / (n + 2)^2) */                                          \
  INLINE F mishGradient##S(const F unlimited, const F dy) {                                       \
    const F x = limited##S(unlimited), e = exponential##S(CHOOSE##S(x, CONSTANT##S(20.0f), x > 20.0f)); \
    const F n = e * (e + 2.0f), r = 1.0f / (n + 2.0f);                                            \
    return dy * FMA(4.0f * x, e * r * ((1.0f + e) * r), n * r);                                   \
  }                                                                                               \
  INLINE F exactGelu##S(const F x) {                                                              \
    const F limited = CHOOSE##S(x, CONSTANT##S(-120.0f), x < -120.0f);                            \
    return limited * normalShare##S(CHOOSE##S(limited, CONSTANT##S(120.0f), x > 120.0f));         \
  }                                                                                               \
  /* The normal distribution's share below x, and x times its density. */                         \
  INLINE F exactGeluGradient##S(const F unlimited, const F dy) {                                  \
    const F x = limited##S(unlimited);                                                            \
    return dy * FMA(x * 0.398942280f, exponential##S(-0.5f * x * x), normalShare##S(x));          \
  }
ALL_WIDTHS(EXPONENTIAL)

// ------------------------------------------------------------------------------------------------ logarithms
// x = m 2^e with sqrt(1/2) <= m < sqrt 2; ln m = f - f^2/2 + f^3 P(f), f = m - 1 (Cephes' polynomial).
#define LOGARITHM(F, I, U, S)                                                                              \
  INLINE F logarithmNearOne##S(const F m, const F below) {                                                 \
    const F f = m - 1.0f, z = f * f;                                                                       \
    F p = FMA(f, CONSTANT##S(7.0376836292e-2f), CONSTANT##S(-1.1514610310e-1f));                           \
    p = FMA(p, f, CONSTANT##S(1.1676998740e-1f));                                                          \
    p = FMA(p, f, CONSTANT##S(-1.2420140846e-1f));                                                         \
    p = FMA(p, f, CONSTANT##S(1.4249322787e-1f));                                                          \
    p = FMA(p, f, CONSTANT##S(-1.6668057665e-1f));                                                         \
    p = FMA(p, f, CONSTANT##S(2.0000714765e-1f));                                                          \
    p = FMA(p, f, CONSTANT##S(-2.4999993993e-1f));                                                         \
    p = FMA(p, f, CONSTANT##S(3.3333331174e-1f));                                                          \
    return f + FMA(p * f, z, FMA(CONSTANT##S(-0.5f), z, below));                                           \
  }                                                                                                        \
  /* A positive finite number's m (returned) and e. Subnormals are scaled up first. */                     \
  INLINE F splitExponent##S(const F x, F* e) {                                                             \
    const F scaled = CHOOSE##S(x, x * 8388608.0f, x < 1.17549435e-38f);                                    \
    const I bits = BITS##S(scaled) - 0x3f3504f3;                                                           \
    *e = TO_FLOAT##S(bits >> 23) + CHOOSE##S(CONSTANT##S(0.0f), CONSTANT##S(-23.0f), x < 1.17549435e-38f); \
    return FROM_BITS##S((bits & 0x7fffff) + 0x3f3504f3);                                                   \
  }                                                                                                        \
  INLINE F logarithm##S(const F x) {                                                                       \
    F e;                                                                                                   \
    const F m = splitExponent##S(x, &e);                                                                   \
    F y = FMA(e, CONSTANT##S(0.693359375f), logarithmNearOne##S(m, e * -2.12194440e-4f));                  \
    y = CHOOSE##S(y, CONSTANT##S(bitsFloat((int)0xff800000)), x == 0.0f);                                  \
    y = CHOOSE##S(y, CONSTANT##S(bitsFloat(0x7fc00000)), x < 0.0f);                                        \
    return CHOOSE##S(y, x, (x != x) | (x == bitsFloat(0x7f800000)));                                       \
  }                                                                                                        \
  /* ln(1 + x): what rounding took from 1 + x is put back, divided by the slope. */                        \
  INLINE F logarithmOnePlus##S(const F x) {                                                                \
    const F u = 1.0f + x, lost = (x - (u - 1.0f)) / u;                                                     \
    return CHOOSE##S(logarithm##S(u) + CHOOSE##S(CONSTANT##S(0.0f), lost, lost == lost), x, x == 0.0f);    \
  }                                                                                                        \
  /* max(x, 0) + ln(1 + exp(-|x|)) */                                                                      \
  INLINE F softplus##S(const F x) { return relu##S(x) + logarithmOnePlus##S(exponential##S(-fabs(x))); }   \
  /* |x|^y = 2^n exp((t - n) ln 2 + y ln m), t = y e, n = t rounded; then the cases that IEEE 754's pow names. */ \
  INLINE F power##S(const F x, const F y) {                                                                \
    const F magnitude = fabs(x);                                                                           \
    F b = CHOOSE##S(y, CONSTANT##S(1e12f), y > 1e12f);                                                     \
    b = CHOOSE##S(b, CONSTANT##S(-1e12f), b < -1e12f);                                                     \
    F e;                                                                                                   \
    const F m = splitExponent##S(magnitude, &e);                                                           \
    /* b in two parts, so that the larger one times e is exact */                                          \
    const F high = FROM_BITS##S(BITS##S(b) & (int)0xfffff000), unlimited = high * e;                       \
    const F z = FMA(b, logarithmNearOne##S(m, CONSTANT##S(0.0f)), (b - high) * e * 0.693147181f);          \
    const F total = FMA(unlimited, CONSTANT##S(0.693147181f), z);   /* beyond +-110 there is only infinity and 0 */ \
    F t = CHOOSE##S(unlimited, CONSTANT##S(400.0f), unlimited > 400.0f);                                   \
    t = CHOOSE##S(t, CONSTANT##S(-400.0f), t < -400.0f);                                                   \
    const F shifted = t + 12582912.0f, n = shifted - 12582912.0f;                                          \
    const I whole = BITS##S(shifted) - 0x4b400000, quarter = whole >> 2;                                   \
    const F step = FROM_BITS##S((quarter + 127) << 23), last = FROM_BITS##S((whole - 3 * quarter + 127) << 23); \
    F r = exponential##S(FMA(t - n, CONSTANT##S(0.693147181f), z));                                        \
    r = r * step * step * step * last;                                                                     \
    const F infinity = CONSTANT##S(bitsFloat(0x7f800000));                                                 \
    r = CHOOSE##S(r, infinity, total > 110.0f);                                                            \
    r = CHOOSE##S(r, CONSTANT##S(0.0f), total < -110.0f);                                                  \
    r = CHOOSE##S(r, CHOOSE##S(CONSTANT##S(0.0f), infinity, y < 0.0f), magnitude == 0.0f);                 \
    r = CHOOSE##S(r, CHOOSE##S(infinity, CONSTANT##S(0.0f), y < 0.0f), magnitude == infinity);             \
    const F halved = 0.5f * y;                                                                             \
    r = CHOOSE##S(r, -r, (BITS##S(x) < 0) & (floor(y) == y) & (floor(halved) != halved));                  \
    r = CHOOSE##S(r, CONSTANT##S(bitsFloat(0x7fc00000)), (x < 0.0f) & (magnitude < infinity) & (floor(y) != y)); \
    r = CHOOSE##S(r, x + y, (x != x) | (y != y));                                                          \
    return CHOOSE##S(r, CONSTANT##S(1.0f), (y == 0.0f) | (x == 1.0f));                                     \
  }
ALL_WIDTHS(LOGARITHM)

// ------------------------------------------------------------------------------------------------ circular functions
// Payne and Hanek's reduction in integers, exact for every float: the 24 bits of x times the 96 bits of 2/pi that matter at its
// exponent; the product's top two bits are the quadrant, the rest (as a signed fraction) the angle within it.
#define CIRCULAR(F, I, U, S)                                                                                          \
  INLINE U windowWord##S(const I word, const uint w0, const uint w1, const uint w2, const uint w3, const uint w4) {   \
    I v = INTEGER##S((int)w0);                                                                                        \
    v = CHOOSE_INTEGER##S(v, INTEGER##S((int)w1), word == 1);                                                         \
    v = CHOOSE_INTEGER##S(v, INTEGER##S((int)w2), word == 2);                                                         \
    v = CHOOSE_INTEGER##S(v, INTEGER##S((int)w3), word == 3);                                                         \
    return UNSIGNED##S(CHOOSE_INTEGER##S(v, INTEGER##S((int)w4), word == 4));                                         \
  }                                                                                                                   \
  INLINE F circular##S(const F x, const int quarters) {                                                               \
    const I bits = BITS##S(x) & 0x7fffffff;                                                                           \
    const U mantissa = UNSIGNED##S((bits & 0x7fffff) | 0x800000) << 8;                                                \
    const I place = CHOOSE_INTEGER##S(INTEGER##S(0), (bits >> 23) - 126, bits >= 0x3f000000);                         \
    const I word = place >> 5;                                                                                        \
    const U shift = UNSIGNED##S(place & 31);                                                                          \
    /* 2/pi = 0.A2F9836E 4E441529 FC2757D1 F534DDC0 DB629599 3C439041 FE5163AB..., behind 34 zero bits */             \
    const U a0 = windowWord##S(word, 0x00000000u, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u);                \
    const U a1 = windowWord##S(word, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u);                \
    const U a2 = windowWord##S(word, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u);                \
    const U a3 = windowWord##S(word, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0x7f9458eau);                \
    /* (a >> 1) >> (31 - shift): a shift by 32 would not be defined */                                                \
    const U up = shift, down = WORD##S(31) - shift;                                                                   \
    const U w0 = (a0 << up) | ((a1 >> 1) >> down), w1 = (a1 << up) | ((a2 >> 1) >> down);                             \
    const U w2 = (a2 << up) | ((a3 >> 1) >> down);                                                                    \
    const U low = w1 * mantissa, carried = MULTIPLY_HIGH##S(w2, mantissa) + low;                                      \
    const U carry = UNSIGNED##S(CHOOSE_INTEGER##S(INTEGER##S(0), INTEGER##S(1), carried < low));                      \
    const U high = w0 * mantissa + MULTIPLY_HIGH##S(w1, mantissa) + carry;                                            \
    /* high:carried is x 2/pi modulo 4, with 62 bits of fraction; rounding to the nearest quadrant leaves a signed fraction */ \
    const U quadrant = (high + WORD##S(0x20000000)) >> 30;                                                            \
    const I fraction = SIGNED##S(high << 2 | carried >> 30);                                                          \
    const F rest = TO_FLOAT##S(SIGNED##S((carried << 2) >> 8)) * 5.96046448e-8f;                                      \
    F r = (TO_FLOAT##S(fraction) + rest) * 2.32830644e-10f * 1.57079633f;                                             \
    const I small = bits < 0x3f490fdb;                                                                                \
    r = CHOOSE##S(r, fabs(x), small);                                                                                 \
    /* sine is odd: its sign is two quadrants; cosine is even */                                                      \
    const I backwards = CHOOSE_INTEGER##S(INTEGER##S(0), INTEGER##S(2 - 2 * quarters), BITS##S(x) < 0);               \
    const I turn = (CHOOSE_INTEGER##S(SIGNED##S(quadrant), INTEGER##S(0), small) + quarters + backwards) & 3;         \
    const F z = r * r;                                                                                                \
    F s = FMA(z, CONSTANT##S(2.86567956e-6f), CONSTANT##S(-1.98559923e-4f));                                          \
    s = FMA(s, z, CONSTANT##S(8.33338592e-3f));                                                                       \
    s = FMA(s, z, CONSTANT##S(-1.66666672e-1f));                                                                      \
    s = FMA(s * z, r, r);                                                                                             \
    F c = FMA(z, CONSTANT##S(2.44677067e-5f), CONSTANT##S(-1.38877297e-3f));                                          \
    c = FMA(c, z, CONSTANT##S(4.16666567e-2f));                                                                       \
    c = FMA(c, z, CONSTANT##S(-0.5f));                                                                                \
    c = FMA(c, z, CONSTANT##S(1.0f));                                                                                 \
    F y = CHOOSE##S(s, c, (turn & 1) != 0);                                                                           \
    y = CHOOSE##S(y, -y, (turn & 2) != 0);                                                                            \
    return CHOOSE##S(y, x - x, bits >= 0x7f800000);                                                                   \
  }                                                                                                                   \
  INLINE F sine##S(const F x) { return circular##S(x, 0); }                                                           \
  INLINE F cosine##S(const F x) { return circular##S(x, 1); }
ALL_WIDTHS(CIRCULAR)
#endif
