// What the kernels are told that go along rows in an order: running sums, and which numbers come first. Offsets count units of 16 floats.
#ifndef GLISSADE_ORDERING_H
#define GLISSADE_ORDERING_H

enum {
  TOP_ROWS_MOST = 16,
  /// Columns from which on a CPU counts digits, which is quicker than merging then.
  SORT_COUNTED_FROM = 160,
  /// Words that a work-item of a GPU keeps in registers while it sorts; the network of `sortNear` is for these.
  SORTED_WORDS = 16,
};

/// cumulative_sum(in, out): out[r, c] = the sum of in[r, 0 ... c], or with `reversed` of in[r, c ... columns - 1].
typedef struct {
  int in, out;
  int rows, columns;
  int reversed;
} CumulativeSumParameters;

/// top_rows(in, out): int32 out[r, k] = where in[r, :] has its k-th largest number, or with `ascending` its k-th smallest, k < count; of equal
/// ones the first comes first. A NaN is larger than everything. At most TOP_ROWS_MOST of them; a GPU goes through the numbers of a row so many times, which it keeps in registers if they are few.
typedef struct {
  int in, out;
  int rows, columns, count;
  int ascending;
} TopRowsParameters;

/// sort_rows(in, keys, out): the same, by sorting whole rows. `keys` is scratch memory of `stride` 64-bit words for each of `workers`, which are
/// work-items on a CPU (at least 2 * columns words) and work-groups on a GPU (the next power of two, at least SORTED_WORDS). Others sort nothing,
/// but for rows on a GPU that its work-groups keep in local memory.
typedef struct {
  int in, keys, out;
  int rows, columns, count;
  int ascending;
  int stride, workers;
} SortRowsParameters;

#ifndef __OPENCL_VERSION__
/// Words of 64 bits that a row takes while it is sorted.
static inline long sort_rows_words(long columns, int isGPU) {
  if (!isGPU) return 2 * columns;
  long words = SORTED_WORDS;
  while (words < columns) words *= 2;
  return words;
}
#endif
#endif
