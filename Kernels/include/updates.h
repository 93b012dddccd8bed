// What the launches of recorded update rules are told.
#ifndef GLISSADE_UPDATES_H
#define GLISSADE_UPDATES_H

enum {
  UPDATE_STATES = 4,         // state arenas of a rule
  UPDATE_NORMS = 4,          // norms of each parameter that a rule takes
  UPDATE_NUMBERS = 16,       // numbers that differ from step to step: as many as a group has constants
  UPDATE_IMMEDIATES = 16,    // numbers that are always the same
  UPDATE_INSTRUCTIONS = 64,
};

// The registers of a rule. Instruction k defines register UPDATE_RESULT + k.
enum {
  UPDATE_PARAMETER,
  UPDATE_GRADIENT,           // clipped
  UPDATE_STATE,
  UPDATE_NORM = UPDATE_STATE + UPDATE_STATES,
  UPDATE_NUMBER = UPDATE_NORM + UPDATE_NORMS,
  UPDATE_IMMEDIATE = UPDATE_NUMBER + UPDATE_NUMBERS,
  UPDATE_RESULT = UPDATE_IMMEDIATE + UPDATE_IMMEDIATES,
};

// What instructions have beside the scalar operations, whose numbers (SCALAR_xxx) come first: each rounds once where the device can.
enum {
  UPDATE_multiplyAdd = 200,  // a b + c
  UPDATE_multiplySubtract,   // a b - c
  UPDATE_subtractProduct,    // c - a b
};

/// recorded_update(p, g, state0, state1, state2, state3, scratch, control, constants, norms, segments): one step of a rule over a group's
/// arenas. Either it replaces parameters and states, or it writes one value to `scratch`, of which norms are then taken.
/// recorded_norms, with the same buffers: sums of squares of up to four values, for each chunk of the table `segments` (below), to `scratch`;
/// behind them the same of numbers that are 2^80 times as small, of chunks whose squares are too large for float32.
typedef struct {
  int count;                 // elements of an arena
  int group;                 // which GroupConstants: all of their 16 floats are the rule's numbers
  int p, g, state[4];        // offsets, units of 16 floats
  int scratch, norms, segments;
  int normStep;              // floats from one norm's numbers to the next's
  int stateCount, normCount;
  int instructionCount;
  int uniformCount;          // so many instructions, the first ones, work on numbers alone
  int segmentCount;          // so many, the next ones, on norms too, and are the same for all elements of a parameter
  int pRegister, stateRegister[4], scratchRegister;   // what is stored where; -1: nothing
  int sumCount, sumRegister[4];   // of which sums of squares are taken
  int chunks, firstChunk;    // how many chunks there are; where their part of the table begins, in ints
  int partialStep;           // floats from one value's sums to the next's
  float immediates[16];
  unsigned int instructions[64];   // operation | a << 8 | b << 16 | c << 24
} RecordedUpdateParameters;

/// segment_norm_partial(x0, x1, x2, x3, control, segments, partial): sums of squares of each chunk of parameters. The table `segments` has
/// for every 16 floats of an arena which parameter is there, then for each chunk where it begins (units of 16 floats), its elements and its
/// parameter, then for each parameter its first chunk and how many it has. Behind the sums of all norms are those of numbers that are 2^80
/// times as small, of chunks whose squares are too large for float32.
typedef struct {
  int x[4];                  // offsets
  int gradient[4];           // 1: x is the gradients: they are clipped, and those that are not finite left out
  int normCount;
  int segments, chunks, firstChunk;   // offset of the table; how many chunks; where their part of it begins, in ints
  int chunk;                 // elements of the longest
  int partial, partialStep;  // offset of the sums; floats from one norm's to the next's
} SegmentNormPartialParameters;

/// segment_norm_finish(partial, segments, norms): for each norm and parameter the square root of its chunks' sum.
typedef struct {
  int normCount;
  int segments, segmentCount, firstSegment;   // as above, for parameters
  int longest;               // chunks of the largest parameter
  int partial, partialStep;
  int norms, normStep;
} SegmentNormFinishParameters;

/// gather_matrices(x, segments, matrices): parameters of one shape, out of an arena, one behind another. The table has for each of them where it
/// begins, in units of 16 floats. scatter_matrices(matrices, segments, x): back to where they were.
typedef struct {
  int x, matrices;           // offsets
  int segments, firstMatrix; // offset of the table; where the part of it begins, in ints
  int matrixCount;           // how many
  int count;                 // elements of each
  int part, parts;           // elements that a row takes of one, and how many rows it has
} MatricesParameters;
#endif
