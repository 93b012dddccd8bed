// Elementwise chains that no other kernel absorbed: every output = a chain of scalar operations over the inputs.
//
// Natively one kernel, `elementwise`, interprets any chain a tile at a time, so that what lies between two operations stays in the
// first-level cache. On OpenCL a kernel is generated per chain. Its text is this family's text (glissade_family_text: language.h,
// scalar.h, vectors.h, include/elementwise.h, this file) followed by one kernel of exactly this shape:
//
//   __kernel void NAME(__global const float* in0, ..., __global float* out0, ..., const ElementwiseParameters a) {
//     // In order: one buffer for each input, then one for each output. No `restrict`: an output may be an input's slice.
//     __global const float* i0 = AT(in0, a.inputOffset[0]);           // a line for every input
//     __global float* o0 = AT(out0, a.outputOffset[0]);               // a line for every output
//     COLUMN_INPUT(t1, i1, a.columns)                                 // a line for every COLUMN input, k = 1 here
//     const floatw s2 = splatw(*i2);                                  // a line for every SCALAR input, k = 2 here
//     ELEMENTWISE_FLAT(a)          // no COLUMN and no ROW input; otherwise ELEMENTWISE_GRID(a)
//       const floatw r0 = loadw(i0 + position);                       // FULL
//       const floatw r1 = COLUMN_VALUE(t1, i1, column, a.columns);    // COLUMN
//       const floatw r2 = s2;                                         // SCALAR
//       const floatw r3 = ROW_VALUE(i3, row, column, a.columns);      // ROW
//       const floatw r4 = W(add)(r0, r1);                             // instruction 0; an operand -1 is written
//       const floatw r5 = W(relu)(r4);                                //   splatw(a.instructions[K].immediate)
//       streamw(r5, o0 + position, lanes, streams);                   // outputs last: every load comes before every store
//     ELEMENTWISE_END
//   }
//
// Vectors of `WIDE` run over the flattened rows x columns; the last one may read up to 15 floats past a slice's end, and
// `lanes` keeps it from writing them. The index space is one-dimensional, of any size.

#ifdef __OPENCL_VERSION__

#define ELEMENTWISE_FLAT(a)                                              \
  const int count = (a).rows * (a).columns, streams = STREAMS(count, 1); \
  (void)streams;                                                         \
  FOR_EACH_UNIT(unit, (count + WIDE - 1) / WIDE) {                       \
    const int position = unit * WIDE, lanes = count - position;          \
    (void)lanes;
#define ELEMENTWISE_GRID(a)                                              \
  ELEMENTWISE_FLAT(a)                                                    \
    const int row = (int)((uint)position / (uint)(a).columns);           \
    const int column = position - row * (a).columns;                     \
    (void)row; (void)column;
#define ELEMENTWISE_END }

#if WIDE == 4
#define COLUMN_INPUT(table, input, columns)
INLINE float4 columnsFrom(__global const float* input, const int column, const int columns) {
  if (columns % 4 == 0) return loadw(input + column);
  const int c1 = column + 1 < columns ? column + 1 : 0, c2 = c1 + 1 < columns ? c1 + 1 : 0, c3 = c2 + 1 < columns ? c2 + 1 : 0;
  return (float4)(input[column], input[c1], input[c2], input[c3]);
}
INLINE float4 rowsFrom(__global const float* input, const int row, const int column, const int columns) {
  if (column + 4 <= columns) return (float4)(input[row]);
  float lanes[4];
  UNROLL for (int k = 0, r = row, c = column; k < 4; k++) {
    lanes[k] = input[r];   // past the last row: slack, and lanes that nobody stores
    c = c + 1 == columns ? 0 : c + 1;
    r = c == 0 ? r + 1 : r;
  }
  return (float4)(lanes[0], lanes[1], lanes[2], lanes[3]);
}
#define COLUMN_VALUE(table, input, column, columns) columnsFrom(input, column, columns)
#define ROW_VALUE(input, row, column, columns) rowsFrom(input, row, column, columns)
#else
// A short COLUMN input is laid out repeatedly, so that 16 lanes from any column on are one load.
#define COLUMN_TABLE 128
#define COLUMN_INPUT(table, input, columns)                                      \
  float table[COLUMN_TABLE + 16];                                                \
  if ((columns) <= COLUMN_TABLE)                                                 \
    for (int k = 0, c = 0; k < (columns) + 16; k++) {                            \
      table[k] = (input)[c];                                                     \
      c = c + 1 == (columns) ? 0 : c + 1;                                        \
    }
INLINE float16 wrappedColumns(__global const float* input, const int column, const int columns) {
  float lanes[16];
  for (int k = 0, c = column; k < 16; k++) {
    lanes[k] = input[c];
    c = c + 1 == columns ? 0 : c + 1;
  }
  return loadPrivate16(lanes);
}
INLINE float16 wrappedRows(__global const float* input, const int row, const int column, const int columns) {
  float lanes[16];
  for (int k = 0, r = row, c = column; k < 16; k++) {
    lanes[k] = input[r];   // past the last row: slack, and lanes that nobody stores
    c = c + 1 == columns ? 0 : c + 1;
    r = c == 0 ? r + 1 : r;
  }
  return loadPrivate16(lanes);
}
#define COLUMN_VALUE(table, input, column, columns)                                  \
  ((columns) <= COLUMN_TABLE ? loadPrivate16((table) + (column))                     \
   : (column) + 16 <= (columns) ? load16((input) + (column)) : wrappedColumns(input, column, columns))
#define ROW_VALUE(input, row, column, columns) \
  ((column) + 16 <= (columns) ? splat((input)[row]) : wrappedRows(input, row, column, columns))
#endif

#else
// ------------------------------------------------------------------------------------------------ the tile interpreter

#define ELEMENTWISE_TILE 256
#define ELEMENTWISE_STRETCH 2048 // elements of a chain that is one run
#define ELEMENTWISE_AHEAD 512    // elements that inputs are fetched ahead where memory is the limit
#define ELEMENTWISE_REGISTERS (ELEMENTWISE_INPUTS + ELEMENTWISE_INSTRUCTIONS)
#include "elementwise_runs.h"

#define UNARY_CASE(name)                                                                                   \
  case SCALAR_##name:                                                                                      \
    for (int j = 0; j < vectors; j++) store16(name##_16(load16(x.at + j * x.step)), result + j * 16);      \
    break;
#define BINARY_CASE(name)                                                                                  \
  case SCALAR_##name:                                                                                      \
    for (int j = 0; j < vectors; j++)                                                                      \
      store16(name##_16(load16(x.at + j * x.step), load16(y.at + j * y.step)), result + j * 16);           \
    break;

static void elementwiseStep(const int operation, const ElementwiseOperand x, const ElementwiseOperand y, float* result,
                            const int vectors) {
  switch (operation) {
    GLISSADE_UNARY(UNARY_CASE)
    GLISSADE_BINARY(BINARY_CASE)
    default: break;
  }
}

// A ROW input's tile: one value per stretch of columns. Each stretch is written in whole vectors, the next one covers what stuck out.
static void elementwiseRows(const float* input, float* tile, const int row, const int column, const int columns, const int count) {
  for (int done = 0, r = row, c = column; done < count; r++, c = 0) {
    const int stretch = columns - c < count - done ? columns - c : count - done;
    for (int j = 0; j < stretch; j += 16) store16(splat(input[r]), tile + done + j);
    done += stretch;
  }
}

// A long COLUMN input's tile when it crosses the end of a row.
static void elementwiseColumns(const float* input, float* tile, const int column, const int columns, const int count) {
  for (int done = 0, c = column; done < count; c = 0) {
    const int stretch = columns - c < count - done ? columns - c : count - done;
    for (int j = 0; j < stretch; j += 16) store16(load16(input + c + j), tile + done + j);
    done += stretch;
  }
}

// Whether an operand does not change along a row; -1 is an immediate.
static int isAlike(const int operand, const int* alike, const int* mode, const int inputCount) {
  return operand < 0 || alike[operand] || (operand < inputCount && mode[operand] == ELEMENTWISE_SCALAR);
}

__kernel void elementwise(float* in0, float* in1, float* in2, float* in3, float* in4, float* in5, float* in6, float* in7, float* out0,
                          float* out1, float* out2, float* out3, const ElementwiseParameters a ITEM) {
  float* const inputs[ELEMENTWISE_INPUTS] = {in0, in1, in2, in3, in4, in5, in6, in7};
  float* const outputs[ELEMENTWISE_OUTPUTS] = {out0, out1, out2, out3};
  float tiles[ELEMENTWISE_REGISTERS][ELEMENTWISE_TILE + 16] __attribute__((aligned(64)));
  float repeated[ELEMENTWISE_INPUTS][2 * ELEMENTWISE_TILE + 16] __attribute__((aligned(64)));   // short COLUMN inputs, over and over
  float immediates[ELEMENTWISE_INSTRUCTIONS][16] __attribute__((aligned(64)));
  ElementwiseOperand registers[ELEMENTWISE_REGISTERS], constants[ELEMENTWISE_INSTRUCTIONS];
  const float* source[ELEMENTWISE_INPUTS];
  float* target[ELEMENTWISE_OUTPUTS];
  int mode[ELEMENTWISE_INPUTS], staged[ELEMENTWISE_INPUTS] = {0}, direct[ELEMENTWISE_INSTRUCTIONS];
  int copied[ELEMENTWISE_OUTPUTS], streams[ELEMENTWISE_OUTPUTS], streamed[ELEMENTWISE_INSTRUCTIONS], uses[ELEMENTWISE_INSTRUCTIONS] = {0};
  ElementwiseStep steps[ELEMENTWISE_INSTRUCTIONS];
  int alike[ELEMENTWISE_REGISTERS];   // whether a value is the same all along a row
  const int columns = a.columns, count = a.rows * a.columns, isLarge = STREAMS(count, 1);

  for (int o = 0; o < a.outputCount; o++) target[o] = AT(outputs[o], a.outputOffset[o]);
  for (int k = 0; k < a.inputCount; k++) {
    source[k] = AT(inputs[k], a.inputOffset[k]);
    mode[k] = a.inputMode[k];
    if (mode[k] == ELEMENTWISE_COLUMN && (a.rows == 1 || columns == 1)) mode[k] = columns == 1 ? ELEMENTWISE_SCALAR : ELEMENTWISE_FULL;
    if (mode[k] == ELEMENTWISE_ROW && (a.rows == 1 || columns == 1)) mode[k] = a.rows == 1 ? ELEMENTWISE_SCALAR : ELEMENTWISE_FULL;
    registers[k] = (ElementwiseOperand){tiles[k], 16};
    alike[k] = mode[k] == ELEMENTWISE_ROW;
    if (mode[k] == ELEMENTWISE_SCALAR) {
      registers[k].step = 0;
      store16(splat(source[k][0]), tiles[k]);
    }
    if (mode[k] == ELEMENTWISE_COLUMN && columns <= ELEMENTWISE_TILE)
      elementwiseColumns(source[k], repeated[k], 0, columns, columns + ELEMENTWISE_TILE);
  }
  for (int k = 0; k < a.instructionCount; k++) {
    const ElementwiseInstruction i = a.instructions[k];
    store16(splat(i.immediate), immediates[k]);
    constants[k] = (ElementwiseOperand){immediates[k], 0};
    direct[k] = streamed[k] = -1;
    steps[k].operation = i.operation;
    steps[k].a = i.a;
    steps[k].b = i.b;
    steps[k].c = -1;
    steps[k].x = i.a < 0 ? &constants[k] : &registers[i.a];
    steps[k].y = steps[k].z = i.b < 0 ? &constants[k] : &registers[i.b];
    if (i.a >= a.inputCount) uses[i.a - a.inputCount]++;
    if (i.b >= a.inputCount && IS_BINARY(i.operation)) uses[i.b - a.inputCount]++;
    const int b = IS_BINARY(i.operation) ? i.b : -1;
    alike[a.inputCount + k] = isAlike(i.a, alike, mode, a.inputCount) && isAlike(b, alike, mode, a.inputCount) &&
                              ((i.a >= 0 && alike[i.a]) || (b >= 0 && alike[b]));
  }
  // A result goes straight to its output, unless a later step still reads an input of the same slice, or it is to go past the caches.
  for (int o = 0; o < a.outputCount; o++) {
    const int k = a.outputRegister[o] - a.inputCount;
    copied[o] = 1;
    streams[o] = isLarge;
    for (int i = 0; i < a.inputCount; i++) streams[o] &= source[i] != target[o];   // those lines are in the cache
    if (k < 0) {
      staged[a.outputRegister[o]] = 1;   // an input that is an output too is copied before anything is written
    } else if (streams[o]) {
      if (uses[k] == 0 && streamed[k] < 0) streamed[k] = o;
    } else if (direct[k] < 0) {
      int readLater = 0;
      for (int later = k + 1; later < a.instructionCount; later++)
        for (int i = 0; i < a.inputCount; i++)
          readLater |= source[i] == target[o] && (a.instructions[later].a == i || a.instructions[later].b == i);
      if (!readLater) {
        direct[k] = o;
        copied[o] = 0;
      }
    }
    if (k >= 0) uses[k]++;
  }
  // What is the same all along a row is computed once for it, and so is no part of a run.
  for (int k = 0; k < a.instructionCount; k++)
    if (alike[a.inputCount + k] && columns >= ELEMENTWISE_TILE) uses[k] += 2;
  for (int k = 0; k < a.instructionCount;) {
    findRun(k, a.instructionCount, a.inputCount, uses, steps);
    const int last = k + (steps[k].length ? steps[k].length : 1) - 1;
    if (streamed[last] >= 0 && steps[k].length)
      copied[streamed[last]] = 0;
    else
      streamed[last] = -1;
    k = last + 1;
  }

  // Nothing lies between two operations of a chain that is one run: it needs no tiles.
  int isOneRun = a.outputCount == 1 && copied[0] == 0 && steps[0].length == a.instructionCount;
  for (int k = 0; k < a.inputCount; k++) isOneRun &= !staged[k] && (mode[k] == ELEMENTWISE_FULL || mode[k] == ELEMENTWISE_SCALAR);
  if (isOneRun) {
    FOR_EACH_UNIT(unit, (count + ELEMENTWISE_STRETCH - 1) / ELEMENTWISE_STRETCH) {
      const int start = unit * ELEMENTWISE_STRETCH, left = count - start;
      const int elements = left < ELEMENTWISE_STRETCH ? left : ELEMENTWISE_STRETCH, vectors = elements / 16, rest = elements % 16;
      for (int k = 0; k < a.inputCount; k++)
        if (mode[k] == ELEMENTWISE_FULL) registers[k].at = source[k] + start;
      elementwiseRun(steps, target[0] + start, vectors, streams[0]);
      if (rest) {
        for (int k = 0; k < a.inputCount; k++)
          if (mode[k] == ELEMENTWISE_FULL) registers[k].at += vectors * 16;
        elementwiseRun(steps, tiles[a.inputCount], 1, 0);
        storeFirst16(load16(tiles[a.inputCount]), target[0] + start + vectors * 16, rest);
      }
    }
    return;
  }

  FOR_EACH_UNIT(unit, (count + ELEMENTWISE_TILE - 1) / ELEMENTWISE_TILE) {
    const int start = unit * ELEMENTWISE_TILE, elements = count - start < ELEMENTWISE_TILE ? count - start : ELEMENTWISE_TILE;
    const int vectors = (elements + 15) / 16, whole = elements % 16 == 0;
    const int row = start / columns, column = start % columns, isOneRow = column + elements <= columns;
    for (int k = 0; k < a.inputCount; k++) {
      if (mode[k] == ELEMENTWISE_FULL) {
        registers[k].at = source[k] + start;
        if (isLarge)
          for (int j = 0; j < ELEMENTWISE_TILE; j += 16) __builtin_prefetch(source[k] + start + ELEMENTWISE_AHEAD + j);
        if (staged[k]) {
          for (int j = 0; j < vectors; j++) store16(load16(source[k] + start + j * 16), tiles[k] + j * 16);
          registers[k].at = tiles[k];
        }
      } else if (mode[k] == ELEMENTWISE_ROW) {
        registers[k].step = isOneRow ? 0 : 16;
        if (isOneRow)
          store16(splat(source[k][row]), tiles[k]);
        else
          elementwiseRows(source[k], tiles[k], row, column, columns, elements);
      } else if (mode[k] == ELEMENTWISE_COLUMN) {
        if (columns <= ELEMENTWISE_TILE) {
          registers[k].at = repeated[k] + column;
        } else if (column + elements <= columns) {
          registers[k].at = source[k] + column;
        } else {
          registers[k].at = tiles[k];
          elementwiseColumns(source[k], tiles[k], column, columns, elements);
        }
      }
    }
    for (int k = 0; k < a.instructionCount;) {
      const int length = steps[k].length, last = length ? k + length - 1 : k, past = whole && streamed[last] >= 0;
      float* const result = past                         ? target[streamed[last]] + start
                            : direct[last] >= 0 && whole ? target[direct[last]] + start
                                                         : tiles[a.inputCount + last];
      const int isOnce = isOneRow && alike[a.inputCount + last] && result == tiles[a.inputCount + last];
      if (length)
        elementwiseRun(steps + k, result, isOnce ? 1 : vectors, past);
      else
        elementwiseStep(a.instructions[k].operation, *steps[k].x, *steps[k].y, result, isOnce ? 1 : vectors);
      registers[a.inputCount + last] = (ElementwiseOperand){result, isOnce ? 0 : 16};
      k = last + 1;
    }
    for (int o = 0; o < a.outputCount; o++)
      if (copied[o] || !whole) {
        const ElementwiseOperand from = registers[a.outputRegister[o]];
        for (int j = 0; j < vectors; j++)
          streamFirst16(load16(from.at + j * from.step), target[o] + start + j * 16, elements - j * 16, streams[o]);
      }
  }
}
REGISTER(elementwise, ElementwiseParameters, 12)

#undef UNARY_CASE
#undef BINARY_CASE
#endif
