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
//     const float n0 = numbers[0];                        // a line for every number that is used, and what follows from numbers alone
//     RECORDED_UPDATE_LOOP                                // `old`: parameters, `gradient`: clipped, `good`: where that is finite
//       FETCHED(old0, s0)                                 // a line for every state
//       const float m0 = SEGMENT_NUMBER(0);               // a line for every norm, and what follows from these and numbers alone
//       const floatw r1 = W(subtract)(gradient, splatw(n0));   // a line for every instruction
//       storew(KEEP(old, r5), parameters + at, lanes);    // results last: every load comes before every store
//     RECORDED_UPDATE_END
//   }
//
// For sums of squares there is RECORDED_NORMS in place of the first line, RECORDED_NORMS_LOOP in place of the loop, ADD_SQUARES in place of
// what is stored, and RECORDED_NORMS_END. Only CPUs have such kernels.
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
    FETCHED(read, gradients)                                 \
    FETCHED(old, parameters)                                 \
    const floatw raw = firstw(read, lanes, 0.0f);            \
    const intw good = GOOD(raw);                             \
    const floatw gradient = raw * clip;                      \
    (void)old; (void)gradient;                               \
    allGood &= good;
#define SEGMENT_NUMBER(k) segmentNorms[(k) * a.normStep + segmentAt[at / 16]]
#define RECORDED_UPDATE_END \
  }                         \
  if (!EVERY(allGood)) FLAG_BAD(control);
#define RECORDED_NORMS                                       \
  if (control->ok == 0) return;                              \
  __global const float* numbers = AT(constants, 1 + a.group); \
  __global const float* parameters = AT(p, a.p);             \
  __global const float* gradients = AT(g, a.g);              \
  __global const int* places = AT(segments, a.segments) + a.firstChunk; \
  __global float* sums = AT(scratch, a.scratch);             \
  const float clip = control->clip;                          \
  (void)numbers; (void)parameters;
#define RECORDED_NORMS_LOOP                                  \
  FOR_EACH_UNIT(chunk, a.chunks) {                           \
    const int first = places[3 * chunk] * 16, count = places[3 * chunk + 1]; \
    for (int smaller = 0, again = 1; again; smaller = 1) {   \
      const float scale = smaller ? SMALLER : 1.0f;          \
      floatw total0 = splatw(0.0f), total1 = total0, total2 = total0, total3 = total0; \
      for (int i = 0; i < count; i += WIDE) {                \
        const int at = first + i, lanes = count - i;         \
        FETCHED(read, gradients)                             \
        FETCHED(old, parameters)                             \
        const floatw raw = firstw(read, lanes, 0.0f);        \
        const intw good = GOOD(raw);                         \
        const floatw gradient = raw * clip;                  \
        (void)old; (void)good; (void)gradient;
// `isKept`: where the gradient is bad as well.
#define ADD_SQUARES(k, value, isKept)                                                                   \
  {                                                                                                     \
    const floatw squared = firstw((isKept) ? (value) : KEEP(splatw(0.0f), value), lanes, 0.0f) * scale; \
    total##k = FMA(squared, squared, total##k);                                                         \
  }
#define KEEP_SUM(k)                                                   \
  if (a.sumCount > k) {                                               \
    const float sum = sumOf(total##k);                                \
    sums[(smaller * a.sumCount + k) * a.partialStep + chunk] = sum;   \
    again |= IS_TOO_LARGE(sum) && !smaller;                           \
  }
#define RECORDED_NORMS_END                                   \
      }                                                      \
      again = 0;                                             \
      KEEP_SUM(0) KEEP_SUM(1) KEEP_SUM(2) KEEP_SUM(3)        \
    }                                                        \
  }

#else
// ------------------------------------------------------------------------------------------------ the tile interpreter

#define UPDATE_TILE 256
#define UPDATE_OUTPUTS (2 + UPDATE_STATES)
#define UPDATE_FIXED (UPDATE_NUMBERS + UPDATE_IMMEDIATES)

#include "update_groups.h"

// A rule made ready: instructions as steps of runs, and where each register's values are.
typedef struct {
  float tiles[UPDATE_INSTRUCTIONS][UPDATE_TILE] __attribute__((aligned(64)));
  float clipped[UPDATE_TILE] __attribute__((aligned(64)));
  float segmented[UPDATE_NORMS][UPDATE_TILE] __attribute__((aligned(64)));
  float fixed[UPDATE_FIXED][16] __attribute__((aligned(64)));
  ElementwiseOperand registers[UPDATE_RESULT + UPDATE_INSTRUCTIONS];
  ElementwiseStep steps[UPDATE_INSTRUCTIONS];
  const ElementwiseStep* runs[UPDATE_INSTRUCTIONS];
  float* to[UPDATE_INSTRUCTIONS];           // where each run's result belongs
  int last[UPDATE_INSTRUCTIONS];            // the instruction that it ends with
  int group[UPDATE_INSTRUCTIONS];           // the compiled group that it begins, or -1
  int groupLength[UPDATE_INSTRUCTIONS];
  int ends[3];                              // of the runs that are computed once, of those for each parameter, of those for each element
  const float* memory[2 + UPDATE_STATES];   // parameters, gradients, states
  UpdateLater later;                        // what nobody has asked for yet
  const float* segmentNorms;
  const int* segmentAt;
  int hasSegments;                          // whether anything follows from norms
  int segment;                              // which parameter's numbers are at hand; -1: none
  float clip;
} UpdateMachine;

static int updateReads(const uint code, const int number) {
  return (int)(code >> 8 & 255) == number || (int)(code >> 16 & 255) == number || (int)(code >> 24) == number;
}

// Asks for a later tile at once, unless a group has done so bit by bit: a tile's operands are read one after the other, which processors' own
// guesses of what comes next do not see through.
static void updateFetch(UpdateMachine* m) {
  for (int k = 0; k < m->later.count; k++)
    for (int j = 0; j < UPDATE_TILE; j += 16) PREFETCH(m->later.at[k] + j);
  m->later.count = 0;
}

// Runs first..<end over a tile. result[k] is where instruction k's values belong, if it is not its tile.
static void updateSteps(UpdateMachine* m, const int first, const int end, const int vectors, const int spread, float* const* result) {
  for (int r = first; r < end; r++) {
    const int last = m->last[r];
    m->to[r] = result && result[last] ? result[last] : m->tiles[last];
    m->registers[UPDATE_RESULT + last] = (ElementwiseOperand){m->to[r], spread};
  }
  for (int r = first; r < end;) {
    const ElementwiseStep* step = m->runs[r];
    if (m->group[r] >= 0 && (!m->hasSegments || m->segment >= 0)) {
      updateGroup(m->group[r], m->runs + r, m->to + r, vectors, &m->later);
      m->later.count = 0;
      r += m->groupLength[r];
    } else {
      updateFetch(m);
      if (step->length)
        elementwiseRun(step, m->to[r], vectors, 0);
      else
        elementwiseStep(step->operation, *step->x, *step->y, m->to[r], vectors);
      r++;
    }
  }
}

// Says of each step of an element's runs where its operands come from. What is the same for all elements of a parameter counts as never changing:
// groups are only for tiles that lie within one.
static void updatePlaces(UpdateMachine* m, const RecordedUpdateParameters* a) {
  const ElementwiseOperand *norms = m->registers + UPDATE_NORM, *segmented = m->registers + UPDATE_RESULT + a->uniformCount;
#define IS_FIXED(o) ((o)->step == 0 || ((o) >= norms && (o) < norms + UPDATE_NORMS) || ((o) >= segmented && (o) < segmented + a->segmentCount))
  for (int r = m->ends[1]; r < m->ends[2]; r++)
    for (int k = 0; k < m->runs[r]->length; k++) {
      ElementwiseStep* step = m->steps + (m->runs[r] - m->steps) + k;
      if ((k == 0 || step->code & RUN_BEGINS) && IS_FIXED(step->x)) step->code += RUN_FROM_CONSTANT;   // groups begin with what changes
      if (IS_BINARY(step->operation) && IS_FIXED(step->other)) step->code += RUN_CONSTANT;
      if (IS_TERNARY(step->operation) && IS_FIXED(step->third)) step->code += RUN_THIRD_CONSTANT;
    }
#undef IS_FIXED
}

// Makes a rule ready. uses[k] says how many of its outputs instruction k's result is.
static void updateStart(UpdateMachine* m, const RecordedUpdateParameters* a, const float* numbers, int* uses) {
  m->later.count = 0;
  for (int k = 0; k < UPDATE_FIXED; k++) {
    store16(splat(k < UPDATE_NUMBERS ? numbers[k] : a->immediates[k - UPDATE_NUMBERS]), m->fixed[k]);
    m->registers[UPDATE_NUMBER + k] = (ElementwiseOperand){m->fixed[k], 0};
  }
  for (int k = 0; k < UPDATE_NUMBER; k++) m->registers[k] = (ElementwiseOperand){m->fixed[0], 16};   // until a tile is there
  for (int k = 0; k < a->instructionCount; k++) m->registers[UPDATE_RESULT + k] = (ElementwiseOperand){m->tiles[k], k < a->uniformCount ? 0 : 16};
  for (int k = 0; k < a->instructionCount; k++) {
    const uint code = a->instructions[k];
    ElementwiseStep* step = m->steps + k;
    step->operation = (int)(code & 255);
    step->a = (int)(code >> 8 & 255);
    step->b = IS_BINARY(step->operation) ? (int)(code >> 16 & 255) : -1;
    step->c = IS_TERNARY(step->operation) ? (int)(code >> 24) : -1;
    step->x = m->registers + step->a;
    step->y = step->b < 0 ? step->x : m->registers + step->b;
    step->z = step->c < 0 ? step->y : m->registers + step->c;
    if (step->a >= UPDATE_RESULT) uses[step->a - UPDATE_RESULT]++;
    if (step->b >= UPDATE_RESULT) uses[step->b - UPDATE_RESULT]++;
    if (step->c >= UPDATE_RESULT) uses[step->c - UPDATE_RESULT]++;
  }
  // What is computed once, for each parameter and for each element are runs apart from each other.
  const int ends[3] = {a->uniformCount, a->uniformCount + a->segmentCount, a->instructionCount};
  int count = 0;
  for (int part = 0, k = 0; part < 3; part++) {
    while (k < ends[part]) {
      findRun(k, ends[part], UPDATE_RESULT, uses, m->steps);
      const int length = m->steps[k].length ? m->steps[k].length : 1;
      m->group[count] = -1;
      m->runs[count] = m->steps + k;
      m->last[count++] = k + length - 1;
      k += length;
    }
    m->ends[part] = count;
  }
  updatePlaces(m, a);
  const ElementwiseOperand* results[UPDATE_INSTRUCTIONS];
  for (int r = 0; r < count; r++) results[r] = m->registers + UPDATE_RESULT + m->last[r];
  for (int r = m->ends[1]; r < count; r++) m->group[r] = updateGroupOf(m->runs + r, results + r, count - r, &m->groupLength[r]);
  m->hasSegments = a->normCount > 0;
  m->segment = -1;
  updateSteps(m, 0, m->ends[0], 1, 0, 0);
}

// What a tile of elements has of norms, and what follows from these alone: once where all belong to one parameter.
static void updateSegments(UpdateMachine* m, const RecordedUpdateParameters* a, const int start, const int vectors) {
  const int* at = m->segmentAt + start / 16;
  const int isOne = at[0] == at[vectors - 1], count = isOne ? 1 : vectors;
  if (isOne && m->segment == at[0]) return;
  for (int k = 0; k < a->normCount; k++) {
    for (int j = 0; j < count; j++) store16(splat(m->segmentNorms[k * a->normStep + at[j]]), m->segmented[k] + j * 16);
    m->registers[UPDATE_NORM + k] = (ElementwiseOperand){m->segmented[k], isOne ? 0 : 16};
  }
  updateSteps(m, m->ends[0], m->ends[1], count, isOne ? 0 : 16, 0);
  m->segment = isOne ? at[0] : -1;
}

// A tile's gradients, clipped. Returns whether all are finite.
static int updateGradients(UpdateMachine* m, const int start, const int elements, const int vectors) {
  const float* gradients = m->memory[1] + start;
  int16 allGood = ~(int16)(0);
  if (m->clip == 1.0f && elements % 16 == 0) {
    for (int j = 0; j < vectors; j++) allGood &= GOOD(load16(gradients + j * 16));
    m->registers[UPDATE_GRADIENT] = (ElementwiseOperand){gradients, 16};
  } else {
    for (int j = 0; j < vectors; j++) {
      const float16 raw = firstLanes16(load16(gradients + j * 16), elements - j * 16, 0.0f);
      allGood &= GOOD(raw);
      store16(raw * m->clip, m->clipped + j * 16);
    }
    m->registers[UPDATE_GRADIENT] = (ElementwiseOperand){m->clipped, 16};
  }
  return EVERY(allGood);
}

// Where a tile's parameters and states are.
static void updateOperands(UpdateMachine* m, const RecordedUpdateParameters* a, const int start) {
  m->registers[UPDATE_PARAMETER] = (ElementwiseOperand){m->memory[0] + start, 16};
  for (int k = 0; k < a->stateCount; k++) m->registers[UPDATE_STATE + k] = (ElementwiseOperand){m->memory[2 + k] + start, 16};
}

// What a tile asks for: what is read two tiles later.
static void updateLater(UpdateMachine* m, const RecordedUpdateParameters* a, const int start) {
  m->later.count = 2 + a->stateCount;
  for (int k = 0; k < m->later.count; k++) m->later.at[k] = m->memory[k] + start + 2 * UPDATE_TILE;
}

__kernel void recorded_update(float* p, float* g, float* state0, float* state1, float* state2, float* state3, float* scratch,
                              ControlBlock* control, const float* constants, const float* norms, const int* segments,
                              const RecordedUpdateParameters a ITEM) {
  if (control->ok == 0) return;
  UpdateMachine m;
  float* const memory[UPDATE_OUTPUTS] = {AT(p, a.p),          AT(state0, a.state[0]), AT(state1, a.state[1]),
                                         AT(state2, a.state[2]), AT(state3, a.state[3]), AT(scratch, a.scratch)};
  const int wanted[UPDATE_OUTPUTS] = {a.pRegister,        a.stateRegister[0], a.stateRegister[1],
                                      a.stateRegister[2], a.stateRegister[3], a.scratchRegister};
  // Which register has what an output replaces.
  const int replaced[UPDATE_OUTPUTS] = {UPDATE_PARAMETER, UPDATE_STATE, UPDATE_STATE + 1, UPDATE_STATE + 2, UPDATE_STATE + 3, -1};
  const float* gradients = AT(g, a.g);
  m.memory[0] = memory[0];
  m.memory[1] = gradients;
  for (int k = 0; k < UPDATE_STATES; k++) m.memory[2 + k] = memory[1 + k];
  m.segmentNorms = AT(norms, a.norms);
  m.segmentAt = AT(segments, a.segments);
  m.clip = control->clip;
  int uses[UPDATE_INSTRUCTIONS] = {0};
  for (int o = 0; o < UPDATE_OUTPUTS; o++)
    if (wanted[o] >= UPDATE_RESULT) uses[wanted[o] - UPDATE_RESULT]++;
  updateStart(&m, &a, AT(constants, 1 + a.group), uses);
  // A result goes straight to its place, unless what it replaces is still wanted.
  const int first = a.uniformCount + a.segmentCount;
  int direct[UPDATE_OUTPUTS], directOutput[UPDATE_OUTPUTS], directCount = 0;
  float* result[UPDATE_INSTRUCTIONS] = {0};
  for (int o = 0; o < UPDATE_OUTPUTS; o++) {
    const int k = wanted[o] - UPDATE_RESULT;
    int isFree = k >= first;
    for (int d = 0; d < directCount; d++) isFree &= direct[d] != k;
    for (int later = k + 1; isFree && later < a.instructionCount; later++) isFree = !updateReads(a.instructions[later], replaced[o]);
    if (isFree) {
      direct[directCount] = k;
      directOutput[directCount++] = o;
    }
  }
  int isBad = 0;

  FOR_EACH_UNIT(unit, (a.count + UPDATE_TILE - 1) / UPDATE_TILE) {
    const int start = unit * UPDATE_TILE, elements = a.count - start < UPDATE_TILE ? a.count - start : UPDATE_TILE;
    const int vectors = (elements + 15) / 16;
    const int isGood = updateGradients(&m, start, elements, vectors), isStored = isGood && elements % 16 == 0;
    isBad |= !isGood;
    updateOperands(&m, &a, start);
    if (a.normCount > 0) updateSegments(&m, &a, start, vectors);
    updateLater(&m, &a, start);
    for (int k = 0; k < directCount; k++) result[direct[k]] = isStored ? memory[directOutput[k]] + start : 0;
    updateSteps(&m, m.ends[1], m.ends[2], vectors, 16, result);
    for (int o = 0; o < UPDATE_OUTPUTS; o++) {
      if (wanted[o] < 0) continue;
      const ElementwiseOperand from = m.registers[wanted[o]];
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

__kernel void recorded_norms(float* p, float* g, float* state0, float* state1, float* state2, float* state3, float* scratch,
                             ControlBlock* control, const float* constants, const float* norms, const int* segments,
                             const RecordedUpdateParameters a ITEM) {
  (void)norms;
  if (control->ok == 0) return;
  UpdateMachine m;
  float* const states[UPDATE_STATES] = {AT(state0, a.state[0]), AT(state1, a.state[1]), AT(state2, a.state[2]), AT(state3, a.state[3])};
  m.memory[0] = AT(p, a.p);
  m.memory[1] = AT(g, a.g);
  for (int k = 0; k < UPDATE_STATES; k++) m.memory[2 + k] = states[k];
  m.clip = control->clip;
  int uses[UPDATE_INSTRUCTIONS] = {0};
  for (int k = 0; k < a.sumCount; k++)
    if (a.sumRegister[k] >= UPDATE_RESULT) uses[a.sumRegister[k] - UPDATE_RESULT]++;
  updateStart(&m, &a, AT(constants, 1 + a.group), uses);
  const int* places = AT(segments, a.segments) + a.firstChunk;
  float* sums = AT(scratch, a.scratch);
  int smaller = 0;   // whether a chunk is taken once more, of numbers that are 2^80 times as small
  FOR_EACH_UNIT(chunk, a.chunks) {
    const int first = places[3 * chunk] * 16, count = places[3 * chunk + 1];
    const float scale = smaller ? SMALLER : 1.0f;
    float16 total[UPDATE_NORMS];
    for (int k = 0; k < a.sumCount; k++) total[k] = splat(0.0f);
    for (int done = 0; done < count; done += UPDATE_TILE) {
      const int start = first + done, elements = count - done < UPDATE_TILE ? count - done : UPDATE_TILE, vectors = (elements + 15) / 16;
      updateGradients(&m, start, elements, vectors);
      updateOperands(&m, &a, start);
      updateLater(&m, &a, start);
      updateSteps(&m, m.ends[1], m.ends[2], vectors, 16, 0);
      for (int k = 0; k < a.sumCount; k++) {
        const ElementwiseOperand from = m.registers[a.sumRegister[k]];
        // What is there without the gradient counts whatever that is.
        const int isKept = a.sumRegister[k] != UPDATE_GRADIENT && a.sumRegister[k] < UPDATE_RESULT;
        float16 sum = total[k];
        for (int j = 0; j < vectors; j++) {
          const float16 raw = load16(m.memory[1] + start + j * 16), x = load16(from.at + j * from.step);
          const int16 good = GOOD(raw) | -isKept;
          const float16 v = firstLanes16(KEEP(splat(0.0f), x), elements - j * 16, 0.0f) * scale;
          sum = FMA(v, v, sum);
        }
        total[k] = sum;
      }
    }
    int isTooLarge = 0;
    for (int k = 0; k < a.sumCount; k++) {
      const float sum = sumOf16(total[k]);
      sums[(smaller * a.sumCount + k) * a.partialStep + chunk] = sum;
      isTooLarge |= IS_TOO_LARGE(sum);
    }
    smaller = isTooLarge && !smaller;
    if (smaller) chunk--;   // this one again
  }
}
REGISTER(recorded_norms, RecordedUpdateParameters, 11)
#endif

// ------------------------------------------------------------------------------------------------ norms of parameters
// Sums of squares that are too large for float32 are kept once more, behind the others: of numbers that are 2^80 times as small.
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
    if (ROW_FIRST) {
      sums[norm * a.partialStep + chunk] = sum;
      if (IS_TOO_LARGE(sum)) {
        float smaller = 0.0f;
        for (int i = 0; i < count; i++) {
          const float v = isGradient ? ((floatBits(x[i]) & 0x7f800000) != 0x7f800000 ? x[i] * clip : 0.0f) : x[i];
          smaller = FMA(v * SMALLER, v * SMALLER, smaller);
        }
        sums[(a.normCount + norm) * a.partialStep + chunk] = smaller;
      }
    }
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
    if (ROW_FIRST) {
      float root = sqrt(sum);
      if (IS_TOO_LARGE(sum)) {
        __global const float* others = sums + a.normCount * a.partialStep;
        float smaller = 0.0f;
        for (int i = 0; i < count; i++) smaller += IS_TOO_LARGE(sums[i]) ? others[i] : sums[i] * SMALLER * SMALLER;
        root = sqrt(smaller) / SMALLER;
      }
      AT(norms, a.norms)[norm * a.normStep + segment] = root;
    }
  }
}
REGISTER(segment_norm_finish, SegmentNormFinishParameters, 3)

// ------------------------------------------------------------------------------------------------ parameters of one shape
// A row is a part of a parameter.
__kernel ROW_KERNEL void gather_matrices(__global const float* restrict x, __global const int* restrict segments,
                                         __global float* restrict matrices, const MatricesParameters a ITEM) {
  ROWS_OF(a.part)
  __global const int* places = AT(segments, a.segments) + a.firstMatrix;
  FOR_EACH_ROW(row, a.matrixCount * a.parts)
    const int matrix = row / a.parts, first = (row - matrix * a.parts) * a.part;
    const int count = a.count - first < a.part ? a.count - first : a.part;
    __global const float* from = AT(x, a.x + places[matrix]) + first;
    __global float* to = AT(matrices, a.matrices) + (size_t)matrix * a.count + first;
    FOR_EACH_COLUMN(i, count) storev(loadv(from + i), to + i, count - i);
  }
}
REGISTER(gather_matrices, MatricesParameters, 3)

__kernel ROW_KERNEL void scatter_matrices(__global const float* restrict matrices, __global const int* restrict segments,
                                          __global float* restrict x, const MatricesParameters a ITEM) {
  ROWS_OF(a.part)
  __global const int* places = AT(segments, a.segments) + a.firstMatrix;
  FOR_EACH_ROW(row, a.matrixCount * a.parts)
    const int matrix = row / a.parts, first = (row - matrix * a.parts) * a.part;
    const int count = a.count - first < a.part ? a.count - first : a.part;
    __global const float* from = AT(matrices, a.matrices) + (size_t)matrix * a.count + first;
    __global float* to = AT(x, a.x + places[matrix]) + first;
    FOR_EACH_COLUMN(i, count) storev(loadv(from + i), to + i, count - i);
  }
}
REGISTER(scatter_matrices, MatricesParameters, 3)
