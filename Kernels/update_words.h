// Words that kernels which change parameters share: a group's numbers, and what keeps bad gradients out.
#ifndef GLISSADE_UPDATE_WORDS_H
#define GLISSADE_UPDATE_WORDS_H

#ifdef __OPENCL_VERSION__
#define FLAG_BAD(control) atomic_or((volatile __global int*)&(control)->gradientBad, 1)
#else
#define FLAG_BAD(control) __atomic_fetch_or(&(control)->gradientBad, 1, __ATOMIC_RELAXED)
#endif

#define GROUP(constants, index) ((__global const GroupConstants*)AT(constants, 1 + (index)))

// Where a gradient is finite; whether all are; x with the elements of `old` where the gradient was bad.
#define GOOD(x) ((W(BITS)(x) & 0x7f800000) != 0x7f800000)
#if WIDE == 4
#define EVERY(x) all(x)
#else
#define EVERY(x) (sumOf16(CHOOSE_16(splat(1.0f), splat(0.0f), x)) == 0.0f)
#endif
#define KEEP(old, x) choosew(old, x, good)

// What is read is asked for so many numbers ahead: of three to five ways through memory processors' own guesses do not see all.
#define UPDATE_AHEAD 512
#define FETCHED(name, from)               \
  PREFETCH((from) + at + UPDATE_AHEAD);   \
  const floatw name = loadw((from) + at);

// A sum of squares that is too large for float32 is taken once more, of numbers that are 2^80 times as small.
#define IS_TOO_LARGE(sum) (floatBits(sum) == 0x7f800000)
#define SMALLER 8.271806125530277e-25f   // 2^-80
#endif
