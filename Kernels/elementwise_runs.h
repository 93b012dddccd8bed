// Runs: how the native interpreter of elementwise chains does what is cheap.
//
// A run is some instructions of a chain, each of which needs what the one before computed and nobody else does. It is computed in
// registers. One value may wait while another is computed that it is then taken together with: (a - b) - (c - d) * e is one run.
// Runs that most networks have are compiled whole; others are interpreted, RUN_VECTORS vectors at a time, so that finding an
// instruction's code costs little.
#ifndef GLISSADE_ELEMENTWISE_RUNS_H
#define GLISSADE_ELEMENTWISE_RUNS_H

#define RUN_UNARY(X) X(negate) X(square) X(relu) X(relu6)
#define RUN_BINARY(X)                                                                                                        \
  X(add) X(subtract) X(multiply) X(maximum) X(minimum) X(reluGradient) X(relu6Gradient) X(keep) X(drop) X(join) X(greater) \
  X(greaterOrEqual) X(equal) X(integerEqual)
#ifdef LEVEL_HAS_FMA
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

// One instruction of a chain. In a run, x counts where a value begins, and `other` is what the running value is taken together with.
typedef struct {
  const ElementwiseOperand *x, *y, *other;
  int length;   // of the run that begins here; 0: none does
  int known;    // which of the known runs it is, or -1
  int code;     // eight times the operation, and RUN_xxx
} ElementwiseStep;

enum {
  RUN_SECOND = 1,    // the running value is the second operand
  RUN_WAITING = 2,   // the other operand is the value that waits
  RUN_BEGINS = 4,    // the running value waits from here on, and x is the new one
};

// ------------------------------------------------------------------------------------------------ known runs
// B(k, name) takes the running value together with step k's operand, U(k, name) changes it, N(k) begins another while it waits, and
// W(k, name) takes the waiting one together with it.
#define RUN_normalize(B, U, N, W) B(0, subtract) B(1, multiply) B(2, add)
#define RUN_normalizeRelu(B, U, N, W) RUN_normalize(B, U, N, W) U(3, relu)
#define RUN_normalizeRelu6(B, U, N, W) RUN_normalize(B, U, N, W) U(3, relu6)
#define RUN_normalizeAdd(B, U, N, W) RUN_normalize(B, U, N, W) B(3, add)
#define RUN_normalizeAddRelu(B, U, N, W) RUN_normalizeAdd(B, U, N, W) U(4, relu)
#define RUN_normalizeGradient(B, U, N, W) B(0, subtract) N(1) B(1, subtract) B(2, multiply) W(3, subtract) B(4, multiply)
#define KNOWN_RUNS(X) X(normalize) X(normalizeRelu) X(normalizeRelu6) X(normalizeAdd) X(normalizeAddRelu) X(normalizeGradient)
#define KNOWN_STEPS 5   // the most that one has

#define CODE_B(k, name) SCALAR_##name * 8,
#define CODE_U(k, name) SCALAR_##name * 8,
#define CODE_N(k) RUN_BEGINS +
#define CODE_W(k, name) SCALAR_##name * 8 + RUN_SECOND + RUN_WAITING,
#define KNOWN_NUMBER(name) KNOWN_##name,
enum { KNOWN_RUNS(KNOWN_NUMBER) KNOWN_count };

#define DO_B(k, name) v = name##_16(v, load16(y[k].at + j * y[k].step));
#define DO_U(k, name) v = name##_16(v);
#define DO_N(k) waiting = v, v = load16(x[k].at + j * x[k].step);
#define DO_W(k, name) v = name##_16(waiting, v);
#define KNOWN_CASE(name)                                                          \
  case KNOWN_##name:                                                              \
    for (int j = 0; j < vectors; j++) {                                           \
      float16 v = load16(x[0].at + j * x[0].step), waiting = v;                   \
      RUN_##name(DO_B, DO_U, DO_N, DO_W)                                          \
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
#define KNOWN_CODES(name) {RUN_##name(CODE_B, CODE_U, CODE_N, CODE_W) -1},
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
  case SCALAR_##name * 8:                                                                                  \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(v[i]);                                             \
    break;
#define RUN_BINARY_CASE(name)                                                                              \
  case SCALAR_##name * 8:                                                                                  \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(v[i], load16(y + i * step));                       \
    break;                                                                                                 \
  case SCALAR_##name * 8 + RUN_SECOND:                                                                     \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(load16(y + i * step), v[i]);                       \
    break;                                                                                                 \
  case SCALAR_##name * 8 + RUN_WAITING:                                                                    \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(v[i], waiting[i]);                                 \
    break;                                                                                                 \
  case SCALAR_##name * 8 + RUN_SECOND + RUN_WAITING:                                                       \
    UNROLL for (int i = 0; i < n; i++) v[i] = name##_16(waiting[i], v[i]);                                 \
    break;

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
    switch (steps[k].code & ~RUN_BEGINS) {
      RUN_UNARY(RUN_UNARY_CASE)
      RUN_BINARY(RUN_BINARY_CASE)
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
  switch (operation) {
    RUN_UNARY(RUN_CASE)
    RUN_BINARY(RUN_CASE)
    return 1;
    default: return 0;
  }
#undef RUN_CASE
}

// Finds the run that begins with instruction `first`. `steps` are those of the whole chain, with x and y the instructions' operands;
// uses[i] says how many read instruction i's result, outputs included.
static void findRun(const ElementwiseParameters* a, const int first, const int* uses, ElementwiseStep* steps) {
  int waiting = -1;   // the register that waits
  steps[first].code = a->instructions[first].operation * 8;
  steps[first].other = steps[first].y;
  steps[first].length = mayRun(a->instructions[first].operation);
  for (int i = first + 1; steps[first].length && i < a->instructionCount; i++) {
    const ElementwiseInstruction step = a->instructions[i];
    const int running = a->inputCount + i - 1, isBinary = IS_BINARY(step.operation);
    const int goesOn = step.a == running || (isBinary && step.b == running);
    if (!mayRun(step.operation) || uses[i - 1] != 1 || (!goesOn && waiting >= 0)) break;
    steps[i].code = step.operation * 8;
    steps[i].other = steps[i].y;
    if (!goesOn) {
      steps[i].code += RUN_BEGINS;
      waiting = running;
    } else if (isBinary) {
      const int isSecond = step.a != running, other = isSecond ? step.a : step.b;
      if (isSecond) {
        steps[i].code += RUN_SECOND;
        steps[i].other = steps[i].x;
      }
      if (waiting >= 0 && other == waiting) {
        steps[i].code += RUN_WAITING;
        waiting = -1;
      }
    }
    if (waiting < 0) steps[first].length = i + 1 - first;
  }
  steps[first].known = steps[first].length ? knownRunOf(steps + first) : -1;
}

#undef RUN_UNARY_CASE
#undef RUN_BINARY_CASE
#undef KNOWN_CASE
#endif
