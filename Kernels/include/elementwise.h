// The scalar operations by number, and what an elementwise launch is told.
#ifndef GLISSADE_ELEMENTWISE_H
#define GLISSADE_ELEMENTWISE_H

// Every operation of one number. X is applied to the name; scalar.h defines name_1 (float) and name_16 (float16).
#define GLISSADE_UNARY(X)                                                                                    \
  X(negate) X(absolute) X(sign) X(square) X(squareRoot) X(reciprocalSquareRoot) X(reciprocal) X(exponential) \
  X(logarithm) X(logarithmOnePlus) X(relu) X(sigmoid) X(hyperbolicTangent) X(gelu) X(silu) X(softplus)       \
  X(positive) X(sine) X(cosine) X(isFinite) X(relu6) X(roundDown) X(roundToEven) X(errorFunction)             \
  X(exponentialMinusOne) X(logicalNot) X(toFloat) X(toInteger) X(selu) X(mish) X(softsign) X(hardSigmoid)           \
  X(hardSwish) X(hardSwishSlope) X(exactGelu)

// Every operation of two numbers.
#define GLISSADE_BINARY(X)                                                                                \
  X(add) X(subtract) X(multiply) X(divide) X(maximum) X(minimum) X(power) X(greater) X(greaterOrEqual)    \
  X(equal) X(reluGradient) X(sigmoidGradient) X(tanhGradient) X(relu6Gradient)   \
  X(geluGradient) X(siluGradient) X(leakyRelu) X(leakyReluSlope)                                          \
  X(elu) X(eluSlope) X(celu) X(mishGradient) X(exactGeluGradient)                                         \
  X(notEqual) X(logicalAnd) X(logicalOr) X(logicalXor) X(keep) X(drop) X(join)                            \
  X(integerAdd) X(integerSubtract) X(integerMultiply) X(integerMaximum) X(integerMinimum) X(integerEqual) \
  X(integerNotEqual) X(integerGreater) X(integerGreaterOrEqual)

#define GLISSADE_OPCODE(name) SCALAR_##name,
enum { GLISSADE_UNARY(GLISSADE_OPCODE) SCALAR_unaryCount, SCALAR_beforeBinary = SCALAR_unaryCount - 1,
       GLISSADE_BINARY(GLISSADE_OPCODE) SCALAR_count };
#undef GLISSADE_OPCODE

// How an input of an elementwise launch is read at [row, column].
enum {
  ELEMENTWISE_FULL,    // [row * columns + column]
  ELEMENTWISE_COLUMN,  // [column]
  ELEMENTWISE_ROW,     // [row]
  ELEMENTWISE_SCALAR,  // [0]
};

enum { ELEMENTWISE_INPUTS = 8, ELEMENTWISE_OUTPUTS = 4, ELEMENTWISE_INSTRUCTIONS = 32 };

/// One step of a chain. Instruction k defines register inputCount + k; registers below inputCount are the inputs.
typedef struct {
  int operation;    // SCALAR_xxx
  int a;            // register of the first operand; -1: the immediate
  int b;            // register of the second operand of a binary operation; -1: the immediate
  float immediate;
} ElementwiseInstruction;

/// An elementwise chain over rows x columns. An output may be the very slice of a FULL input, but may not overlap one otherwise.
typedef struct {
  int rows, columns;
  int inputCount, outputCount, instructionCount;
  int inputOffset[8];      // units of 16 floats, like every offset
  int inputMode[8];        // ELEMENTWISE_xxx
  int outputOffset[4];
  int outputRegister[4];   // the register that each output stores
  ElementwiseInstruction instructions[32];
} ElementwiseParameters;

#ifndef __OPENCL_VERSION__
/// The name of a scalar operation ("relu"), and of nothing (a null pointer) when there is no such opcode.
const char* glissade_scalar_name(int opcode);
#endif
#endif
