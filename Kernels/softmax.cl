// Softmax over rows, its logarithm, their gradients, and cross-entropy fused with it. Lanes past a row's end are replaced before they can
// count. Rows of at most 16 columns are taken 16 at a time on a CPU (ShortRows). Rows are stored in order and in whole vectors (shareRest):
// a result may not be in the place of an input. Index spaces are one-dimensional, on a GPU of whole groups of ROW_GROUP. Maxima pass over
// NaN here: the sum hands it on to every result.

INLINE floatv columnsOf(const floatv v, const int j, const int columns, const float otherwise) {
  return j + LANES > columns ? firstLanes(v, columns - j, otherwise) : v;
}

#if LANES == 16
#define KEPT_COLUMNS 2048   // so many exponentials of a row are kept beside it until their sum is known
#endif

INLINE float rowMaximum(__global const float* x, const int columns ROW_TYPE) {
  const float lowest = bitsFloat((int)0xff800000);
  floatv best = splatv(lowest);
#if LANES == 16
  if (columns >= 64) {   // four at a time: each comparison waits for the one before
    floatv parts[4];
    UNROLL for (int k = 0; k < 4; k++) parts[k] = best;
    int j = 0;
    for (; j + 64 <= columns; j += 64) {
      UNROLL for (int k = 0; k < 4; k++) {
        const floatv v = loadv(x + j + 16 * k);
        parts[k] = choosev(parts[k], v, v > parts[k]);
      }
    }
    for (; j < columns; j += 16) {
      const floatv v = columnsOf(loadv(x + j), j, columns, lowest);
      best = choosev(best, v, v > best);
    }
    UNROLL for (int k = 0; k < 4; k++) best = choosev(best, parts[k], parts[k] > best);
    return ROW_MAXIMUM(best);
  }
#endif
  FOR_EACH_COLUMN(j, columns) {
    const floatv v = columnsOf(loadv(x + j), j, columns, lowest);
    best = choosev(best, v, v > best);
  }
  return ROW_MAXIMUM(best);
}

#if LANES == 1
// On a GPU numbers are kept until the row's maximum and sum are known. Each sum is in the order of the loops over columns, so that both ways
// have the same bits.

// Of numbers that are kept with -infinity behind the row's end.
INLINE float keptMaximum(const float* kept ROW_TYPE) {
  float best = bitsFloat((int)0xff800000);
  UNROLL for (int k = 0; k < ROW_KEPT; k++) best = CHOOSE_1(best, kept[k], kept[k] > best);
  return ROW_MAXIMUM(best);
}

// The sum of exp(x - shift), which with `stores` are kept in place of x.
INLINE float keptSum(float* kept, const int columns, const float shift, const int stores ROW_TYPE) {
  float sum = 0.0f;
  FOR_KEPT(k, j) {
    const float e = j < columns ? exponential_1(kept[k] - shift) : 0.0f;
    if (stores) kept[k] = e;
    sum += e;
  }
  return ROW_SUM(sum);
}
#endif

#if LANES == 16
// The sum of exp(x - shift), which are kept. The next row is fetched meanwhile.
INLINE float keptExponentials(__global const float* x, const int columns, const float shift, float* kept) {
  floatv sum = splatv(0.0f);
  FOR_EACH_COLUMN(j, columns) {
    const floatv e = columnsOf(V(exponential)(loadv(x + j) - shift), j, columns, 0.0f);
    PREFETCH(x + columns + j);
    storePrivate16(e, kept + j);
    sum += e;
  }
  return ROW_SUM(sum);
}
#endif

// The sum of exp(x - shift), which with `stores` are left in y; `rest` is shareRest's.
INLINE float rowExponentials(__global const float* x, const int columns, const float shift, __global float* y, const int rest,
                             const int stores ROW_TYPE) {
  floatv sum = splatv(0.0f);
  FOR_EACH_COLUMN(j, columns) {
    const floatv e = columnsOf(V(exponential)(loadv(x + j) - shift), j, columns, 0.0f);
    PREFETCH(x + columns + j);
    if (stores) storev(e, y + j, rest - j);
    sum += e;
  }
  return ROW_SUM(sum);
}

// The sum of x - shift.
INLINE float rowDistance(__global const float* x, const int columns, const float shift ROW_TYPE) {
  floatv sum = splatv(0.0f);
  FOR_EACH_COLUMN(j, columns) sum += columnsOf(loadv(x + j) - shift, j, columns, 0.0f);
  return ROW_SUM(sum);
}

// Whether one of the first `count` numbers is `value`.
INLINE int rowContains(__global const float* x, const int count, const float value ROW_TYPE) {
  floatv found = splatv(0.0f);
  FOR_EACH_COLUMN(j, count) found = choosev(found, splatv(1.0f), columnsOf(loadv(x + j), j, count, bitsFloat(0x7fc00000)) == value);
  return ROW_SUM(found) != 0.0f;
}

#if LANES == 16
// A block of 16 short rows from row `first` on, `here` of them in the matrix (the others repeat the first one).
typedef struct {
  float16 maximum, sum;          // of row k in lane k; the sum is that of exp(x - maximum)
  float maxima[16];
  float16 exponentials[16];      // row k's exp(x - maximum), then zeros
} ShortRows;
#define FOR_SHORT_ROWS                                                                              \
  FOR_EACH_UNIT(block, (a.rows + 15) / 16) {                                                        \
    const int first = block * 16, left = a.rows - first, mine = (end_ - block) * 16;                \
    const int here = left < 16 ? left : 16, rests = shareRest16(mine < left ? mine : left, a.columns);

// Sums or maxima of sixteen vectors' lanes: a tree of interleaves, 15 steps where one vector alone takes 4, in the order of sumOf.
#define ACROSS_ROWS(v, join) JOIN_ROWS(v, 8, join) JOIN_ROWS(v, 4, join) JOIN_ROWS(v, 2, join) JOIN_ROWS(v, 1, join)
#define JOIN_ROWS(v, count, join)                                                                 \
  UNROLL for (int k = 0; k < count; k++) {                                                        \
    const float16 low = interleaveLow(v[k], v[k + count]), high = interleaveHigh(v[k], v[k + count]);  \
    v[k] = join;                                                                                  \
  }
INLINE void shortRows(__global const float* x, const int columns, const int here, ShortRows* r) {
  float16 v[16];
  ROLLED for (int k = 0; k < 16; k++) v[k] = firstLanes16(load16(x + (k < here ? k * columns : 0)), columns, bitsFloat((int)0xff800000));
  ACROSS_ROWS(v, CHOOSE_16(high, low, low > high))
  r->maximum = v[0];
  storePrivate16(v[0], r->maxima);
  ROLLED for (int k = 0; k < 16; k++) {
    const float16 e = exponential_16(load16(x + (k < here ? k * columns : 0)) - r->maxima[k]);
    r->exponentials[k] = v[k] = firstLanes16(e, columns, 0.0f);
  }
  ACROSS_ROWS(v, low + high)
  r->sum = v[0];
}
#endif

__kernel ROW_KERNEL void softmax(__global const float* restrict in, __global float* restrict out, const SoftmaxParameters a ITEM) {
  ROWS_OF(a.columns)
#if LANES == 16
  if (a.columns <= 16) {
    ShortRows r;
    float scales[16];
    FOR_SHORT_ROWS
      __global float* y = AT(out, a.y) + (size_t)first * a.columns;
      shortRows(AT(in, a.x) + (size_t)first * a.columns, a.columns, here, &r);
      storePrivate16(1.0f / r.sum, scales);
      for (int k = 0; k < here; k++) storev(r.exponentials[k] * scales[k], y + k * a.columns, rests - k * a.columns);
    }
    return;
  }
  if (a.columns <= KEPT_COLUMNS) {
    const int streams = STREAMS(a.rows * a.columns, 1);
    float kept[KEPT_COLUMNS + 16];
    FOR_EACH_ROW(row, a.rows)
      const int rest = shareRest(row, a.columns);
      __global const float* x = AT(in, a.x) + (size_t)row * a.columns;
      __global float* y = AT(out, a.y) + (size_t)row * a.columns;
      const float scale = 1.0f / keptExponentials(x, a.columns, rowMaximum(x, a.columns), kept);
      FOR_STORED_COLUMNS(j, y, a.columns, streams)
        streamv(loadPrivate16(kept + j) * scale, y + j, storedLanes(j, a.columns, rest, streams), streams);
    }
    return;
  }
#endif
  FOR_EACH_ROW(row, a.rows)
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(in, a.x) + (size_t)row * a.columns;
    __global float* y = AT(out, a.y) + (size_t)row * a.columns;
#if LANES == 1
    if (KEEPS(a.columns)) {
      float kept[ROW_KEPT];
      keepRow(x, a.columns, bitsFloat((int)0xff800000), kept ROW);
      const float scale = 1.0f / keptSum(kept, a.columns, keptMaximum(kept ROW), 1 ROW);
      FOR_KEPT(k, j) if (j < a.columns) y[j] = kept[k] * scale;
      continue;
    }
#endif
    const float shift = rowMaximum(x, a.columns ROW), scale = 1.0f / rowExponentials(x, a.columns, shift, y, rest, 1 ROW);
    FOR_EACH_COLUMN(j, a.columns) storev(loadFirst(y + j, rest - j) * scale, y + j, rest - j);
  }
}
REGISTER(softmax, SoftmaxParameters, 2)

__kernel ROW_KERNEL void log_softmax(__global const float* restrict in, __global float* restrict out, const SoftmaxParameters a ITEM) {
  ROWS_OF(a.columns)
#if LANES == 16
  if (a.columns <= 16) {
    ShortRows r;
    float logSums[16];
    FOR_SHORT_ROWS
      __global const float* x = AT(in, a.x) + (size_t)first * a.columns;
      __global float* y = AT(out, a.y) + (size_t)first * a.columns;
      shortRows(x, a.columns, here, &r);
      storePrivate16(logarithm_16(r.sum), logSums);
      for (int k = 0; k < here; k++)
        storev((load16(x + k * a.columns) - r.maxima[k]) - logSums[k], y + k * a.columns, rests - k * a.columns);
    }
    return;
  }
#endif
  const int streams = STREAMS(a.rows * a.columns, 1);
  (void)streams;
  FOR_EACH_ROW(row, a.rows)
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(in, a.x) + (size_t)row * a.columns;
    __global float* y = AT(out, a.y) + (size_t)row * a.columns;
#if LANES == 1
    if (KEEPS(a.columns)) {
      float kept[ROW_KEPT];
      keepRow(x, a.columns, bitsFloat((int)0xff800000), kept ROW);
      const float largest = keptMaximum(kept ROW), logOfSum = logarithm_1(keptSum(kept, a.columns, largest, 0 ROW));
      FOR_KEPT(k, j) if (j < a.columns) y[j] = (kept[k] - largest) - logOfSum;
      continue;
    }
#endif
    const float shift = rowMaximum(x, a.columns ROW), logSum = logarithm_1(rowExponentials(x, a.columns, shift, y, rest, 0 ROW));
    FOR_STORED_COLUMNS(j, y, a.columns, streams)
      streamv((loadv(x + j) - shift) - logSum, y + j, storedLanes(j, a.columns, rest, streams), streams);
  }
}
REGISTER(log_softmax, SoftmaxParameters, 2)

// A row's ln sum exp. Without a finite maximum there is nothing to subtract: infinity minus itself would be NaN.
INLINE float rowLogSumExp(__global const float* x, const int columns, __global float* y ROW_TYPE) {
  const float largest = rowMaximum(x, columns ROW), shift = isFinite_1(largest) != 0.0f ? largest : 0.0f;
  return logarithm_1(rowExponentials(x, columns, shift, y, 0, 0 ROW)) + shift;
}

__kernel ROW_KERNEL void log_sum_exp(__global const float* restrict in, __global float* restrict out, const SoftmaxParameters a ITEM) {
  ROWS_OF(a.columns)
  __global float* y = AT(out, a.y);
#if LANES == 16
  if (a.columns <= 16) {
    ShortRows r;
    float sums[16];
    FOR_SHORT_ROWS
      __global const float* x = AT(in, a.x) + (size_t)first * a.columns;
      (void)rests;
      shortRows(x, a.columns, here, &r);
      storePrivate16(logarithm_16(r.sum) + r.maximum, sums);
      for (int k = 0; k < here; k++)
        y[first + k] = isFinite_1(r.maxima[k]) != 0.0f ? sums[k] : rowLogSumExp(x + k * a.columns, a.columns, y);
    }
    return;
  }
#endif
  FOR_EACH_ROW(row, a.rows)
#if LANES == 1
    if (KEEPS(a.columns)) {
      float kept[ROW_KEPT];
      keepRow(AT(in, a.x) + (size_t)row * a.columns, a.columns, bitsFloat((int)0xff800000), kept ROW);
      const float largest = keptMaximum(kept ROW), shift = isFinite_1(largest) != 0.0f ? largest : 0.0f;
      const float own = logarithm_1(keptSum(kept, a.columns, shift, 0 ROW)) + shift;
      if (ROW_FIRST) y[row] = own;
      continue;
    }
#endif
    const float result = rowLogSumExp(AT(in, a.x) + (size_t)row * a.columns, a.columns, y ROW);
    if (ROW_FIRST) y[row] = result;
  }
}
REGISTER(log_sum_exp, SoftmaxParameters, 2)

__kernel ROW_KERNEL void softmax_gradient(__global const float* restrict result, __global const float* restrict gradient,
                                          __global float* restrict out, const SoftmaxGradientParameters a ITEM) {
  ROWS_OF(a.columns)
  const int streams = STREAMS(a.rows * a.columns, 1);
  (void)streams;
  FOR_EACH_ROW(row, a.rows)
    const int rest = shareRest(row, a.columns);
    const size_t start = (size_t)row * a.columns;
    __global const float* y = AT(result, a.y) + start;
    __global const float* dy = AT(gradient, a.dy) + start;
    __global float* dx = AT(out, a.dx) + start;
#if LANES == 1
    if (KEEPS(a.columns)) {
      float results[ROW_KEPT], gradients[ROW_KEPT], products = 0.0f;
      keepRow(y, a.columns, 0.0f, results ROW);
      keepRow(dy, a.columns, 0.0f, gradients ROW);
      UNROLL for (int k = 0; k < ROW_KEPT; k++) products += results[k] * gradients[k];
      const float total = ROW_SUM(products);
      FOR_KEPT(k, j) if (j < a.columns) dx[j] = results[k] * (gradients[k] - total);
      continue;
    }
#endif
    floatv sum = splatv(0.0f);
    FOR_EACH_COLUMN(j, a.columns) sum += columnsOf(loadv(y + j) * loadv(dy + j), j, a.columns, 0.0f);
    const float dot_ = ROW_SUM(sum);
    FOR_STORED_COLUMNS(j, dx, a.columns, streams)
      streamv(loadv(y + j) * (loadv(dy + j) - dot_), dx + j, storedLanes(j, a.columns, rest, streams), streams);
  }
}
REGISTER(softmax_gradient, SoftmaxGradientParameters, 3)

__kernel ROW_KERNEL void log_softmax_gradient(__global const float* restrict result, __global const float* restrict gradient,
                                              __global float* restrict out, const SoftmaxGradientParameters a ITEM) {
  ROWS_OF(a.columns)
  const int streams = STREAMS(a.rows * a.columns, 1);
  (void)streams;
  FOR_EACH_ROW(row, a.rows)
    const int rest = shareRest(row, a.columns);
    const size_t start = (size_t)row * a.columns;
    __global const float* y = AT(result, a.y) + start;
    __global const float* dy = AT(gradient, a.dy) + start;
    __global float* dx = AT(out, a.dx) + start;
#if LANES == 1
    if (KEEPS(a.columns)) {
      float results[ROW_KEPT], gradients[ROW_KEPT], sumOfGradients = 0.0f;
      keepRow(y, a.columns, 0.0f, results ROW);
      keepRow(dy, a.columns, 0.0f, gradients ROW);
      UNROLL for (int k = 0; k < ROW_KEPT; k++) sumOfGradients += gradients[k];
      const float inAll = ROW_SUM(sumOfGradients);
      FOR_KEPT(k, j) if (j < a.columns) dx[j] = gradients[k] - exponential_1(results[k]) * inAll;
      continue;
    }
#endif
    floatv sum = splatv(0.0f);
    FOR_EACH_COLUMN(j, a.columns) sum += columnsOf(loadv(dy + j), j, a.columns, 0.0f);
    const float total = ROW_SUM(sum);
    FOR_STORED_COLUMNS(j, dx, a.columns, streams)
      streamv(loadv(dy + j) - V(exponential)(loadv(y + j)) * total, dx + j, storedLanes(j, a.columns, rest, streams), streams);
  }
}
REGISTER(log_softmax_gradient, SoftmaxGradientParameters, 3)

// With z = x - max and S = sum exp z: -log p[j] = log S - z[j].
__kernel ROW_KERNEL void softmax_cross_entropy(__global const float* restrict logits, __global const int* restrict labels,
                                               __global float* restrict loss, __global float* restrict gradient,
                                               __global float* restrict correct, const CrossEntropyParameters a ITEM) {
  ROWS_OF(a.columns)
  const float smooth = a.labelSmoothing / (float)a.columns, certain = 1.0f - a.labelSmoothing, nan_ = bitsFloat(0x7fc00000);
  const floatv less = splatv(-smooth * a.scale);
#if LANES == 16
  const floatv own_ = splatv(certain * a.scale), none = splatv(0.0f);
  if (a.columns <= 16) {
    ShortRows r;
    float16 shifted[16], earlier[16];
    float picked[16], shares[16];
    FOR_SHORT_ROWS
      __global const float* x = AT(logits, a.logits) + (size_t)first * a.columns;
      __global const int* label = AT(labels, a.labels) + first;
      shortRows(x, a.columns, here, &r);
      ROLLED for (int k = 0; k < 16; k++) {
        const int row = k < here ? k : 0;
        const float16 v = load16(x + row * a.columns);
        shifted[k] = firstLanes16(v - r.maxima[k], a.columns, 0.0f);
        earlier[k] = CHOOSE_16(none, splat(1.0f), (v == r.maxima[k]) & (LANE_NUMBERS < label[row]));   // a maximum before the label's
        picked[k] = label[row] >= 0 && label[row] < a.columns ? x[row * a.columns + label[row]] : nan_;
      }
      const float16 logSum = logarithm_16(r.sum), chosen = loadPrivate16(picked);
      float16 value = certain * (logSum - (chosen - r.maximum));
      if (a.labelSmoothing != 0.0f) {
        ACROSS_ROWS(shifted, low + high)
        value += a.labelSmoothing * logSum - smooth * shifted[0];
      }
      ACROSS_ROWS(earlier, low + high)
      const int16 hit = (chosen == r.maximum) & (earlier[0] == 0.0f) & (r.sum == r.sum);
      storev(value, AT(loss, a.loss) + first, here);
      storev(CHOOSE_16(none, splat(1.0f), hit), AT(correct, a.correct) + first, here);
      if (a.withGradient) {
        __global float* dx = AT(gradient, a.gradient) + (size_t)first * a.columns;
        storePrivate16(CHOOSE_16(splat(nan_), a.scale / r.sum, chosen == chosen), shares);
        for (int k = 0; k < here; k++) {
          const float16 p = FMA(r.exponentials[k], splat(shares[k]), less);
          storev(p - CHOOSE_16(none, own_, LANE_NUMBERS == label[k]), dx + k * a.columns, rests - k * a.columns);
        }
      }
    }
    return;
  }
  const int streams = STREAMS(a.rows * a.columns, 1);
  float kept[KEPT_COLUMNS + 16];
#endif
  FOR_EACH_ROW(row, a.rows)
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(logits, a.logits) + (size_t)row * a.columns;
    const int label = AT(labels, a.labels)[row];
    const int valid = label >= 0 && label < a.columns;
    __global float* dx = AT(gradient, a.gradient) + (size_t)row * a.columns;
#if LANES == 1
    if (KEEPS(a.columns)) {
      float kept[ROW_KEPT], found = 0.0f, apart = 0.0f;
      keepRow(x, a.columns, bitsFloat((int)0xff800000), kept ROW);
      const float largest = keptMaximum(kept ROW), own = valid ? x[label] : nan_;
      // A maximum before the label's.
      FOR_KEPT(k, j) found = j < label && j < a.columns && kept[k] == largest ? 1.0f : found;
      const int isLater = ROW_SUM(found) != 0.0f;
      if (a.labelSmoothing != 0.0f) {
        FOR_KEPT(k, j) apart += j < a.columns ? kept[k] - largest : 0.0f;
        apart = ROW_SUM(apart);
      }
      const float sum = keptSum(kept, a.columns, largest, 1 ROW), logSum = logarithm_1(sum);
      float value = certain * (logSum - (own - largest));
      if (a.labelSmoothing != 0.0f) value += a.labelSmoothing * logSum - smooth * apart;
      if (ROW_FIRST) {
        AT(loss, a.loss)[row] = value;
        AT(correct, a.correct)[row] = own == largest && sum == sum && !isLater ? 1.0f : 0.0f;
      }
      if (a.withGradient) {
        const float share = valid ? a.scale / sum : nan_;
        FOR_KEPT(k, j) {
          float p = FMA(kept[k], share, less);
          if (j == label) p -= certain * a.scale;
          if (j < a.columns) dx[j] = p;
        }
      }
      continue;
    }
#endif
    const float shift = rowMaximum(x, a.columns ROW);
#if LANES == 16
    const int keeps = a.columns <= KEPT_COLUMNS;
    const float sum = keeps ? keptExponentials(x, a.columns, shift, kept)
                            : rowExponentials(x, a.columns, shift, dx, rest, a.withGradient ROW);
#else
    const float sum = rowExponentials(x, a.columns, shift, dx, rest, a.withGradient ROW);
#endif
    const float logSum = logarithm_1(sum);
    // What goes across the row is asked by all, about nothing where the answer is known.
    const float own = valid ? x[label] : nan_, distance = a.labelSmoothing != 0.0f ? rowDistance(x, a.columns, shift ROW) : 0.0f;
    const int isLargest = own == shift && sum == sum, isLater = rowContains(x, isLargest ? label : 0, shift ROW);
    float value = certain * (logSum - (own - shift));
    if (a.labelSmoothing != 0.0f) value += a.labelSmoothing * logSum - smooth * distance;
    if (ROW_FIRST) {
      AT(loss, a.loss)[row] = value;
      AT(correct, a.correct)[row] = isLargest && !isLater ? 1.0f : 0.0f;
    }
    if (a.withGradient) {
      const float share = valid ? a.scale / sum : nan_;
#if LANES == 16
      if (keeps) {
        FOR_STORED_COLUMNS(j, dx, a.columns, streams) {
          floatv p = FMA(loadPrivate16(kept + j), splatv(share), less);
          if ((uint)(label - j) < 16) p -= choosev(none, own_, LANE_NUMBERS == label - j);
          streamv(p, dx + j, storedLanes(j, a.columns, rest, streams), streams);
        }
        continue;
      }
#endif
      FOR_EACH_COLUMN(j, a.columns) storev(FMA(loadFirst(dx + j, rest - j), splatv(share), less), dx + j, rest - j);
      if (valid && ROW_HAS(label)) dx[label] -= certain * a.scale;
    }
  }
}
REGISTER(softmax_cross_entropy, CrossEntropyParameters, 5)

// One row: what it has of work-items, or of groups, besides the first does nothing.
__kernel ROW_KERNEL void cross_entropy_finish(__global const float* restrict losses, __global const float* restrict correct,
                                              __global float* restrict out, const CrossEntropyFinishParameters a ITEM) {
  ROWS_OF(a.count)
  FOR_EACH_ROW(row, 1)
    floatv loss = splatv(0.0f), hits = splatv(0.0f);
    FOR_EACH_COLUMN(i, a.count) {
      loss += firstLanes(loadv(AT(losses, a.losses) + i), a.count - i, 0.0f);
      hits += firstLanes(loadv(AT(correct, a.correct) + i), a.count - i, 0.0f);
    }
    const float losses_ = ROW_SUM(loss), hits_ = ROW_SUM(hits);
    if (ROW_FIRST) {
      *AT(out, a.loss) = losses_ * a.scale;
      *AT(out, a.hits) = hits_;
    }
  }
}
REGISTER(cross_entropy_finish, CrossEntropyFinishParameters, 3)
