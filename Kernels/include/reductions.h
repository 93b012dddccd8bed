// What the reductions are told. Offsets count units of 16 floats.
#ifndef GLISSADE_REDUCTIONS_H
#define GLISSADE_REDUCTIONS_H

enum { REDUCE_SUM, REDUCE_MAXIMUM, REDUCE_MINIMUM, REDUCE_PRODUCT };   // a mean is a sum with scale = 1 / count

/// Each reduction is three kernels, so that a driver compiles only what is used: sums, (with `_extreme`) maximum or minimum, and (with
/// `_product`) products.
///
/// reduce_rows(in, out) and its kin: in [rows, columns], out [rows, chunks] with chunks = ceil(columns / chunk):
/// out[r, k] = scale * the reduction of in[r, k * chunk ..< (k + 1) * chunk]. With chunk = columns that is the whole reduction; a few
/// long rows are reduced in two launches, the second over the [rows, chunks] of the first.
typedef struct {
  int in, out;
  int rows, columns, chunk;
  int operation;   // REDUCE_xxx
  float scale;     // of sums; 1 for all others
} ReduceRowsParameters;

/// reduce_columns(in, out) and its kin: in [outer, reduced, inner], out [outer, chunks, inner] with
/// chunks = ceil(reduced / chunk):
/// out[o, k, i] = scale * the reduction of in[o, k * chunk ..< (k + 1) * chunk, i]. A second launch over the first one's result
/// (reduced = chunks = its chunk) merges the chunks. Chunks of at most 1024 keep the sums accurate.
typedef struct {
  int in, out;
  int outer, reduced, inner, chunk;
  int operation;   // REDUCE_xxx
  float scale;
} ReduceColumnsParameters;

/// argmax_rows(in, out): int32 out[r] = the column of the first maximum (or minimum) of in[r, :]; a NaN counts as the extreme, as in PyTorch.
/// At most 16 million columns.
typedef struct {
  int in, out;
  int rows, columns;
  int operation;   // REDUCE_MAXIMUM or REDUCE_MINIMUM
} ArgmaxRowsParameters;

/// extreme_gradient_rows(x, extreme, gradient, out): out[r, j] = gradient[r] / n where x[r, j] == extreme[r], which n of row r are, and 0
/// elsewhere; NaN in a row without any.
typedef struct {
  int x, extreme, gradient, out;
  int rows, columns;
} ExtremeGradientParameters;

/// variance_rows(in, variance, mean): mean[r] = share * sum_j in[r, j], variance[r] = sum_j (in[r, j] - mean[r])^2 / divisor.
typedef struct {
  int in, variance, mean;
  int rows, columns;
  float share;     // 1 / columns
  float divisor;   // columns - correction, or 0
} VarianceRowsParameters;
#endif
