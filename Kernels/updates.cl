// Update rules that were recorded as tensor expressions (include/updates.h), over a group's flat arenas.
//
// As in optimizers.cl an element whose gradient is not finite keeps its parameter and its states, and nothing happens at all once
// control.ok is 0. Natively one kernel interprets any rule, a tile at a time, so that what lies between two instructions stays in the
// first-level cache. On OpenCL a kernel is generated for each rule. Its text is this family's text followed by one kernel of this shape:
//
//   __kernel void NAME(__global float* p, __global const float* g, __global float* state0, ..., __global ControlBlock* control,
//                      __global const float* constants, const RecordedUpdateParameters a) {
//     RECORDED_UPDATE                                     // what all have
//     __global float* s0 = AT(state0, a.state[0]);        // a line for every state
//     const floatw n0 = splatw(numbers[0]);               // a line for every number that is used, and what follows from numbers alone
//     RECORDED_UPDATE_LOOP                                // `old`: parameters, `gradient`: clipped, `good`: where that is finite
//       const floatw old0 = loadw(s0 + at);               // a line for every state
//       const floatw m0 = SEGMENT_NUMBER(0);              // a line for every norm
//       const floatw r0 = W(subtract)(gradient, old0);    // a line for every instruction
//       storew(KEEP(old, r5), parameters + at, lanes);    // results last: every load comes before every store
//     RECORDED_UPDATE_END
//   }
//
// Index spaces are one-dimensional, of any size.

#ifdef __OPENCL_VERSION__

#define RECORDED_UPDATE                                      \
  if (control->ok == 0) return;                              \
  __global const float* numbers = AT(constants, 1 + a.group); \
  __global float* parameters = AT(p, a.p);                   \
  __global const float* gradients = AT(g, a.g);              \
  const float clip = control->clip;                          \
  intw allGood = ~(intw)(0);                                 \
  (void)numbers;
#define SEGMENT_NORMS                                        \
  __global const float* segmentNorms = AT(norms, a.norms);   \
  __global const int* segmentAt = AT(segments, a.segments);
#define RECORDED_UPDATE_LOOP                                 \
  FOR_EACH_UNIT(unit, (a.count + WIDE - 1) / WIDE) {         \
    const int at = unit * WIDE, lanes = a.count - at;        \
    const floatw raw = firstw(loadw(gradients + at), lanes, 0.0f); \
    const intw good = GOOD(raw);                             \
    const floatw old = loadw(parameters + at);               \
    const floatw gradient = raw * clip;                      \
    (void)old; (void)gradient;                               \
    allGood &= good;
#define SEGMENT_NUMBER(k) splatw(segmentNorms[(k) * a.normStep + segmentAt[at / 16]])
#define RECORDED_UPDATE_END \
  }                         \
  if (!EVERY(allGood)) FLAG_BAD(control);

#else
// ------------------------------------------------------------------------------------------------ the tile interpreter

#define UPDATE_TILE 256
#define UPDATE_AHEAD 512   // elements that operands are fetched ahead
#define UPDATE_OUTPUTS (2 + UPDATE_STATES)

static void updateStep(const uint code, const ElementwiseOperand* registers, float* result, const int vectors) {
  const ElementwiseOperand x = registers[code >> 8 & 255], y = registers[code >> 16 & 255], z = registers[code >> 24];
#define TERNARY_CASE(name, expression)                                                                   \
  case UPDATE_##name:                                                                                    \
    for (int j = 0; j < vectors; j++) {                                                                  \
      const float16 u = load16(x.at + j * x.step), v = load16(y.at + j * y.step), w = load16(z.at + j * z.step); \
      store16(expression, result + j * 16);                                                              \
    }                                                                                                    \
    break;
  switch (code & 255) {
    TERNARY_CASE(multiplyAdd, FMA(u, v, w))
    TERNARY_CASE(multiplySubtract, FMA(u, v, -w))
    TERNARY_CASE(subtractProduct, FMA(-u, v, w))
    default: elementwiseStep(code & 255, x, y, result, vectors);
  }
#undef TERNARY_CASE
}

static int updateReads(const uint code, const int number) {
  return (int)(code >> 8 & 255) == number || (int)(code >> 16 & 255) == number || (int)(code >> 24) == number;
}

__kernel void recorded_update(float* p, float* g, float* state0, float* state1, float* state2, float* state3, float* scratch,
                              ControlBlock* control, const float* constants, const float* norms, const int* segments,
                              const RecordedUpdateParameters a ITEM) {
  if (control->ok == 0) return;
  float tiles[UPDATE_INSTRUCTIONS][UPDATE_TILE] __attribute__((aligned(64)));
  float clipped[UPDATE_TILE] __attribute__((aligned(64))), segmented[UPDATE_NORMS][UPDATE_TILE] __attribute__((aligned(64)));
  float fixed[UPDATE_NUMBERS + UPDATE_IMMEDIATES][16] __attribute__((aligned(64)));
  ElementwiseOperand registers[UPDATE_RESULT + UPDATE_INSTRUCTIONS] = {{0}};
  float* const memory[UPDATE_OUTPUTS] = {AT(p, a.p),          AT(state0, a.state[0]), AT(state1, a.state[1]),
                                         AT(state2, a.state[2]), AT(state3, a.state[3]), AT(scratch, a.scratch)};
  const int wanted[UPDATE_OUTPUTS] = {a.pRegister,        a.stateRegister[0], a.stateRegister[1],
                                      a.stateRegister[2], a.stateRegister[3], a.scratchRegister};
  // Which register has what an output replaces.
  const int replaced[UPDATE_OUTPUTS] = {UPDATE_PARAMETER, UPDATE_STATE, UPDATE_STATE + 1, UPDATE_STATE + 2, UPDATE_STATE + 3, -1};
  const float *gradients = AT(g, a.g), *numbers = AT(constants, 1 + a.group), *segmentNorms = AT(norms, a.norms);
  const int* segmentAt = AT(segments, a.segments);
  const float clip = control->clip;

  for (int k = 0; k < UPDATE_NUMBERS + UPDATE_IMMEDIATES; k++) {
    store16(splat(k < UPDATE_NUMBERS ? numbers[k] : a.immediates[k - UPDATE_NUMBERS]), fixed[k]);
    registers[UPDATE_NUMBER + k] = (ElementwiseOperand){fixed[k], 0};
  }
  registers[UPDATE_PARAMETER] = registers[UPDATE_GRADIENT] = (ElementwiseOperand){fixed[0], 0};   // read where an operand is not there
  for (int k = 0; k < a.uniformCount; k++) {
    updateStep(a.instructions[k], registers, tiles[k], 1);
    registers[UPDATE_RESULT + k] = (ElementwiseOperand){tiles[k], 0};
  }
  // A result goes straight to its place, unless what it replaces is still wanted.
  int direct[UPDATE_INSTRUCTIONS];
  for (int k = 0; k < a.instructionCount; k++) direct[k] = -1;
  for (int o = 0; o < UPDATE_OUTPUTS; o++) {
    const int k = wanted[o] - UPDATE_RESULT;
    if (k < a.uniformCount || direct[k] >= 0) continue;
    int isFree = 1;
    for (int later = k + 1; later < a.instructionCount; later++) isFree &= !updateReads(a.instructions[later], replaced[o]);
    if (isFree) direct[k] = o;
  }
  int isBad = 0;

  FOR_EACH_UNIT(unit, (a.count + UPDATE_TILE - 1) / UPDATE_TILE) {
    const int start = unit * UPDATE_TILE, elements = a.count - start < UPDATE_TILE ? a.count - start : UPDATE_TILE;
    const int vectors = (elements + 15) / 16, whole = elements % 16 == 0;
    int16 allGood = ~(int16)(0);
    for (int j = 0; j < vectors; j++) {
      const float16 raw = firstLanes16(load16(gradients + start + j * 16), elements - j * 16, 0.0f);
      allGood &= GOOD(raw);
      store16(raw * clip, clipped + j * 16);
      __builtin_prefetch(gradients + start + UPDATE_AHEAD + j * 16);
    }
    const int isGood = EVERY(allGood);
    isBad |= !isGood;
    registers[UPDATE_GRADIENT] = (ElementwiseOperand){clipped, 16};
    registers[UPDATE_PARAMETER] = (ElementwiseOperand){memory[0] + start, 16};
    for (int j = 0; j < vectors; j++) __builtin_prefetch(memory[0] + start + UPDATE_AHEAD + j * 16);
    for (int k = 0; k < a.stateCount; k++) {
      registers[UPDATE_STATE + k] = (ElementwiseOperand){memory[1 + k] + start, 16};
      for (int j = 0; j < vectors; j++) __builtin_prefetch(memory[1 + k] + start + UPDATE_AHEAD + j * 16);
    }
    for (int k = 0; k < a.normCount; k++) {
      for (int j = 0; j < vectors; j++)
        store16(splat(segmentNorms[k * a.normStep + segmentAt[start / 16 + j]]), segmented[k] + j * 16);
      registers[UPDATE_NORM + k] = (ElementwiseOperand){segmented[k], 16};
    }
    for (int k = a.uniformCount; k < a.instructionCount; k++) {
      float* const result = isGood && whole && direct[k] >= 0 ? memory[direct[k]] + start : tiles[k];
      updateStep(a.instructions[k], registers, result, vectors);
      registers[UPDATE_RESULT + k] = (ElementwiseOperand){result, 16};
    }
    for (int o = 0; o < UPDATE_OUTPUTS; o++) {
      if (wanted[o] < 0) continue;
      const ElementwiseOperand from = registers[wanted[o]];
      float* const to = memory[o] + start;
      if (from.at == to) continue;
      for (int j = 0; j < vectors; j++) {
        const int16 good = GOOD(firstLanes16(load16(gradients + start + j * 16), elements - j * 16, 0.0f));
        const float16 before = replaced[o] < 0 ? splat(0.0f) : load16(to + j * 16);
        storeFirst16(KEEP(before, load16(from.at + j * from.step)), to + j * 16, elements - j * 16);
      }
    }
  }
  if (isBad) FLAG_BAD(control);
}
REGISTER(recorded_update, RecordedUpdateParameters, 11)
#endif

// ------------------------------------------------------------------------------------------------ norms of parameters
// A row is a chunk of a parameter, in one of the values whose norms are taken.
__kernel ROW_KERNEL void segment_norm_partial(__global const float* restrict x0, __global const float* restrict x1,
                                              __global const float* restrict x2, __global const float* restrict x3,
                                              __global const ControlBlock* restrict control, __global const int* restrict segments,
                                              __global float* restrict partial, const SegmentNormPartialParameters a ITEM) {
  ROWS_OF(a.chunk)
  __global const int* places = AT(segments, a.segments) + a.firstChunk;
  __global float* sums = AT(partial, a.partial);
  const float clip = control->clip;
  FOR_EACH_ROW(row, a.normCount * a.chunks)
    const int norm = row / a.chunks, chunk = row - norm * a.chunks;
    const int first = places[3 * chunk], count = places[3 * chunk + 1];
    __global const float* values = norm == 0 ? AT(x0, a.x[0]) : norm == 1 ? AT(x1, a.x[1]) : norm == 2 ? AT(x2, a.x[2]) : AT(x3, a.x[3]);
    __global const float* x = AT(values, first);
    const int isGradient = norm == 0 ? a.gradient[0] : norm == 1 ? a.gradient[1] : norm == 2 ? a.gradient[2] : a.gradient[3];
    floatv total = splatv(0.0f);
    FOR_EACH_COLUMN(i, count) {
      floatv v = firstLanes(loadv(x + i), count - i, 0.0f);
      if (isGradient) v = choosev(splatv(0.0f), v * clip, (V(BITS)(v) & 0x7f800000) != 0x7f800000);
      total = FMA(v, v, total);
    }
    const float sum = ROW_SUM(total);
    if (ROW_FIRST) sums[norm * a.partialStep + chunk] = sum;
  }
}
REGISTER(segment_norm_partial, SegmentNormPartialParameters, 7)

// A row is the chunks of a parameter.
__kernel ROW_KERNEL void segment_norm_finish(__global const float* restrict partial, __global const int* restrict segments,
                                             __global float* restrict norms, const SegmentNormFinishParameters a ITEM) {
  ROWS_OF(a.longest)
  __global const int* places = AT(segments, a.segments) + a.firstSegment;
  FOR_EACH_ROW(row, a.normCount * a.segmentCount)
    const int norm = row / a.segmentCount, segment = row - norm * a.segmentCount;
    const int first = places[2 * segment], count = places[2 * segment + 1];
    __global const float* sums = AT(partial, a.partial) + norm * a.partialStep + first;
    floatv total = splatv(0.0f);
    FOR_EACH_COLUMN(i, count) total += firstLanes(loadv(sums + i), count - i, 0.0f);
    const float sum = ROW_SUM(total);
    if (ROW_FIRST) AT(norms, a.norms)[norm * a.normStep + segment] = sqrt(sum);
  }
}
REGISTER(segment_norm_finish, SegmentNormFinishParameters, 3)
