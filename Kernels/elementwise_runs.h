// Runs: how the native interpreters of elementwise chains and of update rules do what is cheap, and what rules are made of.
//
// A run is some instructions of a chain, each of which needs what the one before computed and nobody else does. It is computed in
// registers. One value may wait while another is computed that it is then taken together with: (a - b) - (c - d) * e is one run.
// Runs that most networks have are compiled whole; others are interpreted, RUN_VECTORS vectors at a time, so that finding an
// instruction's code costs little, and a root or a quotient is worked on while the next one's operands are fetched.
#ifndef GLISSADE_ELEMENTWISE_RUNS_H
#define GLISSADE_ELEMENTWISE_RUNS_H

#define RUN_UNARY(X) X(negate) X(absolute) X(sign) X(square) X(squareRoot) X(relu) X(relu6)
#define RUN_BINARY(X)                                                                                                        \
  X(add) X(subtract) X(multiply) X(divide) X(maximum) X(minimum) X(reluGradient) X(relu6Gradient) X(keep) X(drop) X(join)    \
  X(greater) X(greaterOrEqual) X(equal) X(integerEqual)
// What update rules have beside the scalar operations.
#define RUN_TERNARY(X) X(multiplyAdd) X(multiplySubtract) X(subtractProduct)
INLINE float16 multiplyAdd_16(const float16 x, const float16 y, const float16 z) { return FMA(x, y, z); }
INLINE float16 multiplySubtract_16(const float16 x, const float16 y, const float16 z) { return FMA(x, y, -z); }
INLINE float16 subtractProduct_16(const float16 x, const float16 y, const float16 z) { return FMA(-x, y, z); }
#ifdef WIDE_REGISTERS
#define RUN_VECTORS 8
#elif defined(LEVEL_HAS_FMA)
#define RUN_VECTORS 4
#else
#define RUN_VECTORS 2
#endif
#define IS_BINARY(operation) ((operation) >= SCALAR_unaryCount)

// Where an operand's tile lies, and how far on its next 16 floats are: 16, or 0 for a value that never changes.
typedef struct {
  const float* at;
  int step;
} ElementwiseOperand;

// One instruction of a chain, with its operands. In a run, x counts where a value begins, and `other` (of three operands also `third`)
// is what the running value is taken together with.
typedef struct {
  int operation, a, b, c;   // which registers x, y and z are; -1: none
  const ElementwiseOperand *x, *y, *z, *other, *third;
  int length;   // of the run that begins here; 0: none does
  int known;    // which of the known runs it is, or -1
  int code;     // RUN_CODE times the operation, and RUN_xxx
} ElementwiseStep;

enum {
  RUN_SECOND = 1,    // the running value is the second operand; of three operands the last one
  RUN_WAITING = 2,   // the other operand is the value that waits
  RUN_BEGINS = 4,    // the running value waits from here on, and x is the new one
  RUN_LAST = 8,      // of three operands the last one is the value that waits
  RUN_SHAPE = 16,    // what is below says how a value is computed; what is above, where operands come from
  RUN_CONSTANT = 16, // `other` never changes
  RUN_THIRD_CONSTANT = 32,
  RUN_FROM_CONSTANT = 64,  // x, where a value begins, never changes
  RUN_CODE = 128,
};
#define IS_TERNARY(operation) ((operation) >= UPDATE_multiplyAdd)

// ------------------------------------------------------------------------------------------------ known runs
// A run is written with the letters X_B and so on: B(r, k, name) takes the running value together with step k's operand, U(r, k, name)
// changes it; N(r, k) begins another while it waits, and W(r, k, name) takes the waiting one together with it. r is the run's number where
// several are compiled together.
#define RUN_normalize(X, r) X##_B(r, 0, subtract) X##_B(r, 1, multiply) X##_B(r, 2, add)
#define RUN_normalizeRelu(X, r) RUN_normalize(X, r) X##_U(r, 3, relu)
#define RUN_normalizeRelu6(X, r) RUN_normalize(X, r) X##_U(r, 3, relu6)
#define RUN_normalizeAdd(X, r) RUN_normalize(X, r) X##_B(r, 3, add)
#define RUN_normalizeAddRelu(X, r) RUN_normalizeAdd(X, r) X##_U(r, 4, relu)
#define RUN_normalizeGradient(X, r) \
  X##_B(r, 0, subtract) X##_N(r, 1) X##_B(r, 1, subtract) X##_B(r, 2, multiply) X##_W(r, 3, subtract) X##_B(r, 4, multiply)
#define KNOWN_RUNS(X) X(normalize) X(normalizeRelu) X(normalizeRelu6) X(normalizeAdd) X(normalizeAddRelu) X(normalizeGradient)
#define KNOWN_STEPS 5   // the most that one has

#define CODE_B(r, k, name) SCALAR_##name * RUN_CODE,
#define CODE_U(r, k, name) SCALAR_##name * RUN_CODE,
#define CODE_N(r, k) RUN_BEGINS +
#define CODE_W(r, k, name) SCALAR_##name * RUN_CODE + RUN_SECOND + RUN_WAITING,
#define KNOWN_NUMBER(name) KNOWN_##name,
enum { KNOWN_RUNS(KNOWN_NUMBER) KNOWN_count };

#define DO_B(r, k, name) v = name##_16(v, load16(y[k].at + j * y[k].step));
#define DO_U(r, k, name) v = name##_16(v);
#define DO_N(r, k) waiting = v, v = load16(x[k].at + j * x[k].step);
#define DO_W(r, k, name) v = name##_16(waiting, v);
#define KNOWN_CASE(name)                                                          \
  case KNOWN_##name:                                                              \
    for (int j = 0; j < vectors; j++) {                                           \
      float16 v = load16(x[0].at + j * x[0].step), waiting = v;                   \
      RUN_##name(DO, 0)                                                           \
      (void)waiting;                                                              \
      streamFirst16(v, result + j * 16, 16, streams);                             \
    }                                                                             \
    break;

static void knownRun(const ElementwiseStep* steps, float* result, const int vectors, const int streams) {
  ElementwiseOperand x[KNOWN_STEPS], y[KNOWN_STEPS];
  for (int k = 0; k < steps->length; k++) {
    x[k] = *steps[k].x;
    y[k] = *steps[k].other;
  }
  switch (steps->known) {
    KNOWN_RUNS(KNOWN_CASE)
    default: break;
  }
}

static int knownRunOf(const ElementwiseStep* steps) {
#define KNOWN_CODES(name) {RUN_##name(CODE, 0) -1},
  static const int codes[KNOWN_count][KNOWN_STEPS + 1] = {KNOWN_RUNS(KNOWN_CODES)};
#undef KNOWN_CODES
  for (int number = 0; number < KNOWN_count; number++) {
    int k = 0;
    while (k < steps->length && k < KNOWN_STEPS && codes[number][k] == steps[k].code) k++;
    if (k == steps->length && codes[number][k] == -1) return number;
  }
  return -1;
}

// ------------------------------------------------------------------------------------------------ all others
#define RUN_UNARY_CASE(name)                                                                               \
  case SCALAR_##name * RUN_CODE:                                                                                  \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(v[i]);                                             \
    break;
#define RUN_BINARY_CASE(name)                                                                              \
  case SCALAR_##name * RUN_CODE:                                                                                  \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(v[i], load16(y + i * step));                       \
    break;                                                                                                 \
  case SCALAR_##name * RUN_CODE + RUN_SECOND:                                                                     \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(load16(y + i * step), v[i]);                       \
    break;                                                                                                 \
  case SCALAR_##name * RUN_CODE + RUN_WAITING:                                                                    \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(v[i], waiting[i]);                                 \
    break;                                                                                                 \
  case SCALAR_##name * RUN_CODE + RUN_SECOND + RUN_WAITING:                                                       \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(waiting[i], v[i]);                                 \
    break;

#define RUN_TERNARY_LOOP(name, x, y, z)                                                    \
  UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(x, y, z);                            \
  break;
#define RUN_OTHER load16(y + i * step)
#define RUN_THIRD load16(z + i * thirdStep)
#define RUN_TERNARY_CASE(name)                                                             \
  case UPDATE_##name * RUN_CODE: RUN_TERNARY_LOOP(name, v[i], RUN_OTHER, RUN_THIRD)              \
  case UPDATE_##name * RUN_CODE + RUN_SECOND: RUN_TERNARY_LOOP(name, RUN_OTHER, RUN_THIRD, v[i]) \
  case UPDATE_##name * RUN_CODE + RUN_WAITING: RUN_TERNARY_LOOP(name, v[i], waiting[i], RUN_THIRD) \
  case UPDATE_##name * RUN_CODE + RUN_SECOND + RUN_WAITING: RUN_TERNARY_LOOP(name, waiting[i], RUN_THIRD, v[i]) \
  case UPDATE_##name * RUN_CODE + RUN_LAST: RUN_TERNARY_LOOP(name, v[i], RUN_OTHER, waiting[i])

INLINE void runVectors(const ElementwiseStep* steps, const int j, float* result, const int n, const int streams) {
  float16 v[RUN_VECTORS], waiting[RUN_VECTORS];
  const int count = steps->length;
  UNROLL for (int i = 0; i < n; i++) waiting[i] = v[i] = load16(steps->x->at + (j + i) * steps->x->step);
  for (int k = 0; k < count; k++) {
    if (steps[k].code & RUN_BEGINS) {
      const int step = steps[k].x->step;
      const float* x = steps[k].x->at + j * step;
      UNROLL for (int i = 0; i < n; i++) waiting[i] = v[i];
      UNROLL for (int i = 0; i < n; i++) v[i] = load16(x + i * step);
    }
    const int step = steps[k].other->step;
    const float* y = steps[k].other->at + j * step;
    const int thirdStep = steps[k].third->step;
    const float* z = steps[k].third->at + j * thirdStep;
    switch (steps[k].code & ~(RUN_CODE - RUN_SHAPE + RUN_BEGINS)) {
      RUN_UNARY(RUN_UNARY_CASE)
      RUN_BINARY(RUN_BINARY_CASE)
      RUN_TERNARY(RUN_TERNARY_CASE)
      default: __builtin_unreachable();
    }
  }
  UNROLL for (int i = 0; i < n; i++) streamFirst16(v[i], result + (j + i) * 16, 16, streams);
}

// The run that begins with a step, over a tile of whole vectors.
static void elementwiseRun(const ElementwiseStep* steps, float* result, const int vectors, const int streams) {
  if (steps->known >= 0) {
    knownRun(steps, result, vectors, streams);
    return;
  }
  int j = 0;
  for (; j + RUN_VECTORS <= vectors; j += RUN_VECTORS) runVectors(steps, j, result, RUN_VECTORS, streams);
  for (; j < vectors; j++) runVectors(steps, j, result, 1, streams);
}

// ------------------------------------------------------------------------------------------------ finding them
static int mayRun(const int operation) {
#define RUN_CASE(name) case SCALAR_##name:
#define RUN_TERNARY_NUMBER(name) case UPDATE_##name:
  switch (operation) {
    RUN_UNARY(RUN_CASE)
    RUN_BINARY(RUN_CASE)
    RUN_TERNARY(RUN_TERNARY_NUMBER)
    return 1;
    default: return 0;
  }
#undef RUN_CASE
#undef RUN_TERNARY_NUMBER
}

// How a step of three operands goes on with the running value, or with that and the one that waits.
static void goOnWithThree(ElementwiseStep* step, const int running, int* waiting) {
  const int isLast = step->c == running, isFirst = step->a == running;
  // Factors may come in either order.
  int other = isLast || !isFirst ? step->a : step->b, third = isLast ? step->b : step->c;
  const ElementwiseOperand *y = isLast || !isFirst ? step->x : step->y, *z = isLast ? step->y : step->z;
  if (isLast) {
    step->code += RUN_SECOND;
    if (*waiting >= 0 && third == *waiting) {
      const int number = other;
      const ElementwiseOperand* operand = y;
      other = third, y = z, third = number, z = operand;
    }
  }
  if (*waiting >= 0 && (other == *waiting || third == *waiting)) {
    step->code += other == *waiting ? RUN_WAITING : RUN_LAST;
    *waiting = -1;
  }
  step->other = y;
  step->third = z;
}

// Finds the run that begins with instruction `first` of the whole chain's `count`, whose results are in the registers from firstRegister
// on; uses[i] says how many read instruction i's result, outputs included.
static void findRun(const int first, const int count, const int firstRegister, const int* uses, ElementwiseStep* steps) {
  int waiting = -1;   // the register that waits
  for (int i = first; i < count && (i == first || steps[first].length); i++) {
    ElementwiseStep* step = steps + i;
    const int running = firstRegister + i - 1, isBinary = IS_BINARY(step->operation), isTernary = IS_TERNARY(step->operation);
    const int goesOn = step->a == running || (isBinary && step->b == running) || (isTernary && step->c == running);
    step->code = step->operation * RUN_CODE;
    step->other = step->y;
    step->third = step->z;
    if (i == first) {
      step->length = mayRun(step->operation);
      continue;
    }
    if (!mayRun(step->operation) || uses[i - 1] != 1 || (!goesOn && waiting >= 0)) break;
    if (!goesOn) {
      step->code += RUN_BEGINS;
      waiting = running;
    } else if (isTernary) {
      goOnWithThree(step, running, &waiting);
    } else if (isBinary) {
      const int isSecond = step->a != running, other = isSecond ? step->a : step->b;
      if (isSecond) {
        step->code += RUN_SECOND;
        step->other = step->x;
      }
      if (waiting >= 0 && other == waiting) {
        step->code += RUN_WAITING;
        waiting = -1;
      }
    }
    if (waiting < 0) steps[first].length = i + 1 - first;
  }
  steps[first].known = steps[first].length ? knownRunOf(steps + first) : -1;
}

#undef RUN_UNARY_CASE
#undef RUN_BINARY_CASE
#undef RUN_TERNARY_CASE
#undef RUN_TERNARY_LOOP
#undef RUN_OTHER
#undef RUN_THIRD
#undef KNOWN_CASE
#endif
