// Groups of runs that update rules have, compiled whole: an element is loaded, goes through all of them in registers, and is stored, so that
// one element's roots and quotients are worked on while others are moved. Rules that consist of something else, and variants that are not here,
// are interpreted run by run.
#ifndef GLISSADE_UPDATE_GROUPS_H
#define GLISSADE_UPDATE_GROUPS_H

// Letters as in elementwise_runs.h, which say where operands come from as well: M, memory; C, something that never changes; a number, what that
// run of the group comes to.
//   S begins a run with x, E ends it             B  v = f(v, y)            R  v = f(y, v)         U  v = f(v)
//   N v waits, and x begins                      W  v = f(waiting, v)      Z  v = f(v, waiting)
//   T v = f(v, y, z)                             L  v = f(y, z, v)         Y  v = f(waiting, z, v)

// A mean, and a mean of squares, that move towards what is new.
#define RUN_moving(X, r) X##_S(r, M) X##_B(r, 0, subtract, M) X##_T(r, 1, multiplyAdd, C, M) X##_E(r)
#define RUN_movingSquare(X, r, x) \
  X##_S(r, x) X##_T(r, 0, multiplySubtract, x, M) X##_T(r, 1, multiplyAdd, C, M) X##_B(r, 2, minimum, C) X##_E(r)
#define RUN_sumOfSquares(X, r) X##_S(r, M) X##_T(r, 0, multiplyAdd, M, M) X##_B(r, 1, minimum, C) X##_E(r)
#define RUN_momentum(X, r, g) X##_S(r, M) X##_T(r, 0, subtractProduct, C, g) X##_R(r, 1, add, M) X##_E(r)
#define RUN_decayed(X, r) X##_S(r, M) X##_T(r, 0, multiplyAdd, C, M) X##_E(r)
#define RUN_largestSoFar(X, r, x) X##_S(r, M) X##_B(r, 0, maximum, x) X##_E(r)
#define RUN_largest(X, r) \
  X##_S(r, M) X##_B(r, 0, multiply, C) X##_N(r, 1, M) X##_U(r, 1, absolute) X##_B(r, 2, add, C) X##_W(r, 3, maximum) X##_E(r)
// Steps: against x; by a sign; by a quotient of something and a root, as RMSprop and Adagrad, Adam, AdamW, NAdam, RAdam and Adadelta have it.
#define RUN_step(X, r, x) X##_S(r, x) X##_T(r, 0, subtractProduct, C, M) X##_E(r)
#define RUN_nesterovStep(X, r, x, g) \
  X##_S(r, x) X##_T(r, 0, multiplyAdd, C, g) X##_T(r, 1, subtractProduct, C, M) X##_E(r)
#define RUN_signStep(X, r) \
  X##_S(r, M) X##_B(r, 0, subtract, M) X##_T(r, 1, multiplyAdd, C, M) X##_U(r, 2, sign) X##_T(r, 3, subtractProduct, C, M) X##_E(r)
#define RUN_quotientStep(X, r, x, y) X##_S(r, x) X##_B(r, 0, divide, y) X##_T(r, 1, subtractProduct, C, M) X##_E(r)
#define RUN_rootStep(X, r, x) \
  X##_S(r, x) X##_U(r, 0, squareRoot) X##_B(r, 1, add, C) X##_R(r, 2, divide, M) X##_T(r, 3, subtractProduct, C, M) X##_E(r)
#define RUN_rootMomentum(X, r, x)                                                                                                \
  X##_S(r, x) X##_U(r, 0, squareRoot) X##_B(r, 1, add, C) X##_R(r, 2, divide, M) X##_L(r, 3, subtractProduct, M, C) X##_R(r, 4, add, M) \
      X##_E(r)
// The same where the root is of how far squares are from the square of a mean.
#define RUN_centeredQuotient(X, r, mean, square)                                                                            \
  X##_S(r, mean) X##_T(r, 0, subtractProduct, mean, square) X##_B(r, 1, maximum, C) X##_U(r, 2, squareRoot) X##_B(r, 3, add, C) \
      X##_R(r, 4, divide, M)
#define RUN_centeredStep(X, r, mean, square) RUN_centeredQuotient(X, r, mean, square) X##_T(r, 5, subtractProduct, C, M) X##_E(r)
#define RUN_centeredMomentum(X, r, mean, square) \
  RUN_centeredQuotient(X, r, mean, square) X##_L(r, 5, subtractProduct, M, C) X##_R(r, 6, add, M) X##_E(r)
#define RUN_adamStep(X, r, x, y) \
  X##_S(r, x) X##_U(r, 0, squareRoot) X##_T(r, 1, multiplyAdd, C, C) X##_R(r, 2, divide, y) X##_T(r, 3, subtractProduct, C, M) X##_E(r)
#define RUN_adamwStep(X, r, x, y)                                                                                                     \
  X##_S(r, x) X##_U(r, 0, squareRoot) X##_T(r, 1, multiplyAdd, C, C) X##_R(r, 2, divide, y) X##_N(r, 3, M) X##_B(r, 3, multiply, C)    \
      X##_Y(r, 4, multiplyAdd, C) X##_R(r, 5, subtract, M) X##_E(r)
#define RUN_nadamStep(X, r, x, y)                                                                                                  \
  X##_S(r, x) X##_U(r, 0, squareRoot) X##_T(r, 1, multiplyAdd, C, C) X##_N(r, 2, M) X##_B(r, 2, multiply, C)                       \
      X##_L(r, 3, multiplyAdd, y, C) X##_Z(r, 4, divide) X##_R(r, 5, subtract, M) X##_E(r)
#define RUN_radamStep(X, r, x, y)                                                                                               \
  X##_S(r, x) X##_U(r, 0, squareRoot) X##_B(r, 1, add, C) X##_R(r, 2, divide, C) X##_B(r, 3, add, C)                            \
      X##_T(r, 4, subtractProduct, y, M) X##_E(r)
#define RUN_rootOfQuotient(X, r, x)                                                                                     \
  X##_S(r, M) X##_B(r, 0, add, C) X##_N(r, 1, x) X##_B(r, 1, add, C) X##_W(r, 2, divide) X##_U(r, 3, squareRoot)        \
      X##_B(r, 4, multiply, M) X##_E(r)
// LARS and LAMB, whose numbers for each parameter count as never changing.
#define RUN_scaledMomentum(X, r) X##_S(r, M) X##_B(r, 0, multiply, C) X##_L(r, 1, multiplyAdd, M, C) X##_E(r)
#define RUN_decayedMomentum(X, r)                                                                                      \
  X##_S(r, M) X##_T(r, 0, multiplyAdd, C, M) X##_N(r, 1, M) X##_B(r, 1, multiply, C) X##_Y(r, 2, multiplyAdd, C) X##_E(r)
#define RUN_difference(X, r, y) X##_S(r, M) X##_B(r, 0, subtract, y) X##_E(r)
#define RUN_decayedQuotient(X, r, x, y)                                                                                             \
  X##_S(r, x) X##_U(r, 0, squareRoot) X##_T(r, 1, multiplyAdd, C, C) X##_N(r, 2, y) X##_B(r, 2, multiply, C) X##_Z(r, 3, divide)    \
      X##_L(r, 4, multiplyAdd, M, C)
#define RUN_lambDirection(X, r, x, y) RUN_decayedQuotient(X, r, x, y) X##_E(r)
#define RUN_lambStep(X, r, x, y) RUN_decayedQuotient(X, r, x, y) X##_T(r, 5, subtractProduct, C, M) X##_E(r)
#define GROUP_STEPS 7   // the most that a run has
#define GROUP_RUNS 4    // and a group

#define GROUP_adam(X) RUN_moving(X, 0) RUN_movingSquare(X, 1, M) RUN_adamStep(X, 2, 1, 0)
#define GROUP_adamw(X) RUN_moving(X, 0) RUN_movingSquare(X, 1, M) RUN_adamwStep(X, 2, 1, 0)
#define GROUP_amsgrad(X) RUN_moving(X, 0) RUN_movingSquare(X, 1, M) RUN_largestSoFar(X, 2, 1) RUN_adamStep(X, 3, 2, 0)
#define GROUP_amsgradw(X) RUN_moving(X, 0) RUN_movingSquare(X, 1, M) RUN_largestSoFar(X, 2, 1) RUN_adamwStep(X, 3, 2, 0)
#define GROUP_nadam(X) RUN_moving(X, 0) RUN_movingSquare(X, 1, M) RUN_nadamStep(X, 2, 1, 0)
#define GROUP_radam(X) RUN_moving(X, 0) RUN_movingSquare(X, 1, M) RUN_radamStep(X, 2, 1, 0)
#define GROUP_adamax(X) RUN_moving(X, 0) RUN_largest(X, 1) RUN_quotientStep(X, 2, 0, 1)
#define GROUP_adadelta(X) RUN_movingSquare(X, 0, M) RUN_rootOfQuotient(X, 1, 0) RUN_step(X, 2, 1) RUN_movingSquare(X, 3, 1)
#define GROUP_rmsprop(X) RUN_movingSquare(X, 0, M) RUN_rootStep(X, 1, 0)
#define GROUP_rmspropMomentum(X) RUN_movingSquare(X, 0, M) RUN_rootMomentum(X, 1, 0) RUN_step(X, 2, 1)
#define GROUP_centered(X) RUN_movingSquare(X, 0, M) RUN_moving(X, 1) RUN_centeredStep(X, 2, 1, 0)
#define GROUP_centeredMomentum(X) RUN_movingSquare(X, 0, M) RUN_moving(X, 1) RUN_centeredMomentum(X, 2, 1, 0) RUN_step(X, 3, 2)
#define GROUP_adagrad(X) RUN_sumOfSquares(X, 0) RUN_rootStep(X, 1, 0)
#define GROUP_lion(X) RUN_signStep(X, 0) RUN_moving(X, 1)
#define GROUP_lars(X) RUN_scaledMomentum(X, 0) RUN_difference(X, 1, 0)
#define GROUP_larsDecayed(X) RUN_decayedMomentum(X, 0) RUN_difference(X, 1, 0)
#define GROUP_lambDirection(X) RUN_moving(X, 0) RUN_movingSquare(X, 1, M) RUN_lambDirection(X, 2, 1, 0)
#define GROUP_lamb(X) RUN_moving(X, 0) RUN_movingSquare(X, 1, M) RUN_lambStep(X, 2, 1, 0)
#define GROUP_momentum(X) RUN_momentum(X, 0, M) RUN_step(X, 1, 0)
#define GROUP_momentumDecayed(X) RUN_decayed(X, 0) RUN_momentum(X, 1, 0) RUN_step(X, 2, 1)
#define GROUP_nesterov(X) RUN_momentum(X, 0, M) RUN_nesterovStep(X, 1, 0, M)
#define GROUP_nesterovDecayed(X) RUN_decayed(X, 0) RUN_momentum(X, 1, 0) RUN_nesterovStep(X, 2, 1, 0)
#define GROUP_moments(X) RUN_moving(X, 0) RUN_movingSquare(X, 1, M)
#define GROUP_adamStep(X) RUN_adamStep(X, 0, M, M)
#define GROUP_adamwStep(X) RUN_adamwStep(X, 0, M, M)
#define GROUP_rootStep(X) RUN_rootStep(X, 0, M)
#define GROUP_rootMomentum(X) RUN_rootMomentum(X, 0, M) RUN_step(X, 1, 0)
#define GROUP_movingSquare(X) RUN_movingSquare(X, 0, M)
#define GROUP_moving(X) RUN_moving(X, 0)
#define GROUP_step(X) RUN_step(X, 0, M)
// Those that begin with others come first.
#define UPDATE_GROUPS(X)                                                                                                       \
  X(adam) X(adamw) X(amsgrad) X(amsgradw) X(nadam) X(radam) X(adamax) X(adadelta) X(rmsprop) X(rmspropMomentum) X(centered)      \
  X(centeredMomentum) X(adagrad) X(lion) X(lars) X(larsDecayed) X(lambDirection) X(lamb)                                        \
  X(momentum) X(momentumDecayed) X(nesterov) X(nesterovDecayed) X(moments)                                                      \
  X(adamStep) X(adamwStep) X(rootStep) X(rootMomentum) X(movingSquare) X(moving) X(step)

#define GROUP_NUMBER(name) GROUP_##name##_number,
enum { UPDATE_GROUPS(GROUP_NUMBER) GROUP_count };

// Of each step the code that it has to have; -2 ends a run.
#define OTHER_M 0
#define OTHER_C RUN_CONSTANT
#define OTHER_0 0
#define OTHER_1 0
#define OTHER_2 0
#define THIRD_M 0
#define THIRD_C RUN_THIRD_CONSTANT
#define THIRD_0 0
#define THIRD_1 0
#define FORM_S(r, x)
#define FORM_E(r) -2,
#define FORM_B(r, k, name, y) SCALAR_##name * RUN_CODE + OTHER_##y,
#define FORM_R(r, k, name, y) SCALAR_##name * RUN_CODE + RUN_SECOND + OTHER_##y,
#define FORM_U(r, k, name) SCALAR_##name * RUN_CODE,
#define FORM_N(r, k, x) RUN_BEGINS +
#define FORM_W(r, k, name) SCALAR_##name * RUN_CODE + RUN_SECOND + RUN_WAITING,
#define FORM_Z(r, k, name) SCALAR_##name * RUN_CODE + RUN_WAITING,
#define FORM_T(r, k, name, y, z) UPDATE_##name * RUN_CODE + OTHER_##y + THIRD_##z,
#define FORM_L(r, k, name, y, z) UPDATE_##name * RUN_CODE + RUN_SECOND + OTHER_##y + THIRD_##z,
#define FORM_Y(r, k, name, z) UPDATE_##name * RUN_CODE + RUN_SECOND + RUN_WAITING + THIRD_##z,

// Whether operands are results of the runs that they have to be of, and of no other: memory is read before anything is stored.
#define SAME_M(r, o) for (int q = 0; q < r; q++) fits &= (o) != results[q];
#define SAME_C(r, o)
#define SAME_0(r, o) fits &= (o) == results[0];
#define SAME_1(r, o) fits &= (o) == results[1];
#define SAME_2(r, o) fits &= (o) == results[2];
#define CHECK_S(r, o) SAME_##o(r, step[r][0].x)
#define CHECK_E(r)
#define CHECK_B(r, k, name, o) SAME_##o(r, step[r][k].other)
#define CHECK_R(r, k, name, o) CHECK_B(r, k, name, o)
#define CHECK_U(r, k, name)
#define CHECK_N(r, k, o) SAME_##o(r, step[r][k].x)
#define CHECK_W(r, k, name)
#define CHECK_Z(r, k, name)
#define CHECK_T(r, k, name, o, p) SAME_##o(r, step[r][k].other) SAME_##p(r, step[r][k].third)
#define CHECK_L(r, k, name, o, p) CHECK_T(r, k, name, o, p)
#define CHECK_Y(r, k, name, p) SAME_##p(r, step[r][k].third)

// Where operands are, or what they are.
#define OPENED_M(name, o) const float* name##_at = (o)->at;
#define OPENED_C(name, o) const float16 name = load16((o)->at);
#define OPENED_0(name, o)
#define OPENED_1(name, o)
#define OPENED_2(name, o)
#define OPEN_S(r, o) OPENED_##o(x##r##0, step[r][0].x)
#define OPEN_E(r)
#define OPEN_B(r, k, name, o) OPENED_##o(y##r##k, step[r][k].other)
#define OPEN_R(r, k, name, o) OPEN_B(r, k, name, o)
#define OPEN_U(r, k, name)
#define OPEN_N(r, k, o) OPENED_##o(x##r##k, step[r][k].x)
#define OPEN_W(r, k, name)
#define OPEN_Z(r, k, name)
#define OPEN_T(r, k, name, o, p) OPENED_##o(y##r##k, step[r][k].other) OPENED_##p(z##r##k, step[r][k].third)
#define OPEN_L(r, k, name, o, p) OPEN_T(r, k, name, o, p)
#define OPEN_Y(r, k, name, p) OPENED_##p(z##r##k, step[r][k].third)

// What is read of them for an element.
#define LOADED_M(name) const float16 name = load16(name##_at + j * 16);
#define LOADED_C(name)
#define LOADED_0(name)
#define LOADED_1(name)
#define LOADED_2(name)
#define LOAD_S(r, o) LOADED_##o(x##r##0)
#define LOAD_E(r)
#define LOAD_B(r, k, name, o) LOADED_##o(y##r##k)
#define LOAD_R(r, k, name, o) LOADED_##o(y##r##k)
#define LOAD_U(r, k, name)
#define LOAD_N(r, k, o) LOADED_##o(x##r##k)
#define LOAD_W(r, k, name)
#define LOAD_Z(r, k, name)
#define LOAD_T(r, k, name, o, p) LOADED_##o(y##r##k) LOADED_##p(z##r##k)
#define LOAD_L(r, k, name, o, p) LOAD_T(r, k, name, o, p)
#define LOAD_Y(r, k, name, p) LOADED_##p(z##r##k)

#define VALUE_M(name) name
#define VALUE_C(name) name
#define VALUE_0(name) result0
#define VALUE_1(name) result1
#define VALUE_2(name) result2
#define EACH_S(r, o) v = waiting = VALUE_##o(x##r##0);
#define EACH_E(r) result##r = v; store16(v, to[r] + j * 16);
#define EACH_B(r, k, name, o) v = name##_16(v, VALUE_##o(y##r##k));
#define EACH_R(r, k, name, o) v = name##_16(VALUE_##o(y##r##k), v);
#define EACH_U(r, k, name) v = name##_16(v);
#define EACH_N(r, k, o) waiting = v, v = VALUE_##o(x##r##k);
#define EACH_W(r, k, name) v = name##_16(waiting, v);
#define EACH_Z(r, k, name) v = name##_16(v, waiting);
#define EACH_T(r, k, name, o, p) v = name##_16(v, VALUE_##o(y##r##k), VALUE_##p(z##r##k));
#define EACH_L(r, k, name, o, p) v = name##_16(VALUE_##o(y##r##k), VALUE_##p(z##r##k), v);
#define EACH_Y(r, k, name, p) v = name##_16(waiting, VALUE_##p(z##r##k), v);
#define GROUP_CASE(name)                                           \
  case GROUP_##name##_number: {                                    \
    GROUP_##name(OPEN)                                             \
    for (long j = 0; j < vectors; j++) {                           \
      for (int k = 0; k < later->count; k++) PREFETCH(later->at[k] + j * 16); \
      float16 v, waiting, result0, result1, result2, result3;      \
      GROUP_##name(LOAD)                                           \
      GROUP_##name(EACH)                                           \
      (void)waiting; (void)result0; (void)result1; (void)result2; (void)result3; \
    }                                                              \
  } break;

// What is asked for meanwhile: a later tile's parameters, gradients and states.
typedef struct {
  const float* at[2 + UPDATE_STATES];
  int count;
} UpdateLater;

// A group over a tile: its runs' steps, and where each run's result belongs.
static void updateGroup(const int number, const ElementwiseStep* const* step, float* const* to, const long vectors, const UpdateLater* later) {
  switch (number) {
    UPDATE_GROUPS(GROUP_CASE)
    default: break;
  }
}

#define GROUP_CHECK(name)                                          \
  case GROUP_##name##_number:                                      \
    GROUP_##name(CHECK)                                            \
    break;
static int updateGroupFits(const int number, const ElementwiseStep* const* step, const ElementwiseOperand* const* results) {
  int fits = 1;
  switch (number) {
    UPDATE_GROUPS(GROUP_CHECK)
    default: break;
  }
  return fits;
}

// Which group a chain's runs begin with (-1: none), and how many of them it has. steps[r] are those of run r, results[r] is its result.
static int updateGroupOf(const ElementwiseStep* const* steps, const ElementwiseOperand* const* results, const int runs, int* length) {
#define GROUP_FORM(name) {GROUP_##name(FORM) -1},
  static const int forms[GROUP_count][GROUP_RUNS * (GROUP_STEPS + 1) + 1] = {UPDATE_GROUPS(GROUP_FORM)};
#undef GROUP_FORM
  for (int number = 0; number < GROUP_count; number++) {
    const int* form = forms[number];
    int r = 0, fits = 1;
    for (; fits && *form != -1; r++, form++) {
      fits = r < runs && steps[r]->length > 0;
      int k = 0;
      for (; fits && *form != -2; k++, form++) fits = k < steps[r]->length && steps[r][k].code == *form;
      fits = fits && k == steps[r]->length;
    }
    if (fits && updateGroupFits(number, steps, results)) {
      *length = r;
      return number;
    }
  }
  return -1;
}
#endif
