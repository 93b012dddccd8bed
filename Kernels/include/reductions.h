// What the reductions are told. Offsets count units of 16 floats.
#ifndef GLISSADE_REDUCTIONS_H
#define GLISSADE_REDUCTIONS_H

enum { REDUCE_SUM, REDUCE_MAXIMUM, REDUCE_MINIMUM };   // a mean is a sum with scale = 1 / count

/// Each reduction is two kernels, so that a driver compiles only what is used: sums, and (with `_extreme`) maximum or minimum.
///
/// reduce_rows(in, out), reduce_rows_extreme(in, out): in [rows, columns], out [rows, chunks] with chunks = ceil(columns / chunk):
/// out[r, k] = scale * the reduction of in[r, k * chunk ..< (k + 1) * chunk]. With chunk = columns that is the whole reduction; a few
/// long rows are reduced in two launches, the second over the [rows, chunks] of the first.
typedef struct {
  int in, out;
  int rows, columns, chunk;
  int operation;   // REDUCE_xxx
  float scale;     // of sums; 1 for a maximum or a minimum
} ReduceRowsParameters;

/// reduce_columns(in, out), reduce_columns_extreme(in, out): in [outer, reduced, inner], out [outer, chunks, inner] with
/// chunks = ceil(reduced / chunk):
/// out[o, k, i] = scale * the reduction of in[o, k * chunk ..< (k + 1) * chunk, i]. A second launch over the first one's result
/// (reduced = chunks = its chunk) merges the chunks. Chunks of at most 1024 keep the sums accurate.
typedef struct {
  int in, out;
  int outer, reduced, inner, chunk;
  int operation;   // REDUCE_xxx
  float scale;
} ReduceColumnsParameters;

/// argmax_rows(in, out): int32 out[r] = the column of the first maximum of in[r, :]; a NaN counts as the maximum, as in PyTorch.
typedef struct {
  int in, out;
  int rows, columns;
} ArgmaxRowsParameters;
#endif
