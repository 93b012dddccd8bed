// Softmax over rows, its logarithm, their gradients, and cross-entropy fused with it. A unit is one row, vectors run along it; lanes
// past the row's end are replaced before they can count. Rows of at most 16 columns are taken 16 at a time on a CPU (ShortRows). Rows
// are stored in order and in whole vectors (shareRest): a result may not be in the place of an input. Index spaces are
// one-dimensional, of any size. Maxima pass over NaN here: the sum hands it on to every result.

// The vectors of a row: `whole` of them, then the last one, whose lanes past the row's end `firstLanes` replaces.
#define WHOLE(columns) ((columns) - (columns) % LANES)

INLINE float rowMaximum(__global const float* x, const int columns) {
  const float lowest = bitsFloat((int)0xff800000);
  const int whole = WHOLE(columns);
  floatv best = splatv(lowest), other = best;
  int j = 0;
  for (; j + 2 * LANES <= whole; j += 2 * LANES) {
    const floatv v = loadv(x + j), w = loadv(x + j + LANES);
    best = choosev(best, v, v > best);
    other = choosev(other, w, w > other);
  }
  for (; j < columns; j += LANES) {
    const floatv v = firstLanes(loadv(x + j), columns - j, lowest);
    best = choosev(best, v, v > best);
  }
  return maximumOf(choosev(best, other, other > best));
}

// The sum of exp(x - shift), which with `stores` are left in y; `rest` is shareRest's.
INLINE float rowExponentials(__global const float* x, const int columns, const float shift, __global float* y, const int rest,
                             const int stores) {
  floatv sum = splatv(0.0f);
  for (int j = 0; j < columns; j += LANES) {
    floatv e = V(exponential)(loadv(x + j) - shift);
    if (j + LANES > columns) e = firstLanes(e, columns - j, 0.0f);
    if (stores) storev(e, y + j, rest - j);
    sum += e;
  }
  return sumOf(sum);
}

// The sum of x - shift.
INLINE float rowDistance(__global const float* x, const int columns, const float shift) {
  floatv sum = splatv(0.0f);
  for (int j = 0; j < columns; j += LANES) sum += firstLanes(loadv(x + j) - shift, columns - j, 0.0f);
  return sumOf(sum);
}

// Whether one of the first `count` numbers is `value`.
INLINE int rowContains(__global const float* x, const int count, const float value) {
  floatv found = splatv(0.0f);
  for (int j = 0; j < count; j += LANES)
    found = choosev(found, splatv(1.0f), firstLanes(loadv(x + j), count - j, bitsFloat(0x7fc00000)) == value);
  return sumOf(found) != 0.0f;
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

__kernel void softmax(__global const float* restrict in, __global float* restrict out, const SoftmaxParameters a ITEM) {
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
#endif
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(in, a.x) + (size_t)row * a.columns;
    __global float* y = AT(out, a.y) + (size_t)row * a.columns;
    const float shift = rowMaximum(x, a.columns);
    const int whole = WHOLE(a.columns);
    const float scale = 1.0f / rowExponentials(x, a.columns, shift, y, rest, 1);
    for (int j = 0; j < whole; j += LANES) storev(loadv(y + j) * scale, y + j, LANES);
    if (whole < a.columns) storev(loadFirst(y + whole, rest - whole) * scale, y + whole, rest - whole);
  }
}
REGISTER(softmax, SoftmaxParameters, 2)

__kernel void log_softmax(__global const float* restrict in, __global float* restrict out, const SoftmaxParameters a ITEM) {
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
  const int streams = STREAMS(a.rows * a.columns, a.columns % 16 == 0);
  (void)streams;
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(in, a.x) + (size_t)row * a.columns;
    __global float* y = AT(out, a.y) + (size_t)row * a.columns;
    const float shift = rowMaximum(x, a.columns), logSum = logarithm_1(rowExponentials(x, a.columns, shift, y, rest, 0));
    for (int j = 0; j < a.columns; j += LANES) streamv((loadv(x + j) - shift) - logSum, y + j, rest - j, streams);
  }
}
REGISTER(log_softmax, SoftmaxParameters, 2)

__kernel void softmax_gradient(__global const float* restrict result, __global const float* restrict gradient, __global float* restrict out,
                               const SoftmaxGradientParameters a ITEM) {
  const int streams = STREAMS(a.rows * a.columns, a.columns % 16 == 0);
  (void)streams;
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    const size_t start = (size_t)row * a.columns;
    __global const float* y = AT(result, a.y) + start;
    __global const float* dy = AT(gradient, a.dy) + start;
    __global float* dx = AT(out, a.dx) + start;
    floatv sum = splatv(0.0f);
    for (int j = 0; j < a.columns; j += LANES) sum += firstLanes(loadv(y + j) * loadv(dy + j), a.columns - j, 0.0f);
    const float dot_ = sumOf(sum);
    for (int j = 0; j < a.columns; j += LANES) streamv(loadv(y + j) * (loadv(dy + j) - dot_), dx + j, rest - j, streams);
  }
}
REGISTER(softmax_gradient, SoftmaxGradientParameters, 3)

__kernel void log_softmax_gradient(__global const float* restrict result, __global const float* restrict gradient,
                                   __global float* restrict out, const SoftmaxGradientParameters a ITEM) {
  const int streams = STREAMS(a.rows * a.columns, a.columns % 16 == 0);
  (void)streams;
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    const size_t start = (size_t)row * a.columns;
    __global const float* y = AT(result, a.y) + start;
    __global const float* dy = AT(gradient, a.dy) + start;
    __global float* dx = AT(out, a.dx) + start;
    floatv sum = splatv(0.0f);
    for (int j = 0; j < a.columns; j += LANES) sum += firstLanes(loadv(dy + j), a.columns - j, 0.0f);
    const float total = sumOf(sum);
    for (int j = 0; j < a.columns; j += LANES)
      streamv(loadv(dy + j) - V(exponential)(loadv(y + j)) * total, dx + j, rest - j, streams);
  }
}
REGISTER(log_softmax_gradient, SoftmaxGradientParameters, 3)

// With z = x - max and S = sum exp z: -log p[j] = log S - z[j].
__kernel void softmax_cross_entropy(__global const float* restrict logits, __global const int* restrict labels,
                                    __global float* restrict loss, __global float* restrict gradient, __global float* restrict correct,
                                    const CrossEntropyParameters a ITEM) {
  const float smooth = a.labelSmoothing / (float)a.columns, certain = 1.0f - a.labelSmoothing, nan_ = bitsFloat(0x7fc00000);
  const floatv less = splatv(-smooth * a.scale);
  const int whole = WHOLE(a.columns);
#if LANES == 16
  const floatv own = splatv(certain * a.scale), none = splatv(0.0f);
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
          storev(p - CHOOSE_16(none, own, LANE_NUMBERS == label[k]), dx + k * a.columns, rests - k * a.columns);
        }
      }
    }
    return;
  }
#endif
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(logits, a.logits) + (size_t)row * a.columns;
    const int label = AT(labels, a.labels)[row];
    const int valid = label >= 0 && label < a.columns;
    const float shift = rowMaximum(x, a.columns);
    __global float* dx = AT(gradient, a.gradient) + (size_t)row * a.columns;
    const float sum = rowExponentials(x, a.columns, shift, dx, rest, a.withGradient);
    const float logSum = logarithm_1(sum);
    float value = nan_, hit = 0.0f;
    if (valid) {
      const float own = x[label];
      value = certain * (logSum - (own - shift));
      if (a.labelSmoothing != 0.0f) value += a.labelSmoothing * logSum - smooth * rowDistance(x, a.columns, shift);
      hit = own == shift && sum == sum && !rowContains(x, label, shift) ? 1.0f : 0.0f;
    }
    AT(loss, a.loss)[row] = value;
    AT(correct, a.correct)[row] = hit;
    if (a.withGradient) {
      const float share = valid ? a.scale / sum : nan_;
      for (int j = 0; j < whole; j += LANES) storev(FMA(loadv(dx + j), splatv(share), less), dx + j, LANES);
      if (whole < a.columns) storev(FMA(loadFirst(dx + whole, rest - whole), splatv(share), less), dx + whole, rest - whole);
      if (valid) dx[label] -= certain * a.scale;
    }
  }
}
REGISTER(softmax_cross_entropy, CrossEntropyParameters, 5)

__kernel void cross_entropy_finish(__global const float* restrict losses, __global const float* restrict correct,
                                   __global float* restrict out, const CrossEntropyFinishParameters a ITEM) {
  if (get_global_id(0) != 0) return;
  floatv loss = splatv(0.0f), hits = splatv(0.0f);
  for (int i = 0; i < a.count; i += LANES) {
    loss += firstLanes(loadv(AT(losses, a.losses) + i), a.count - i, 0.0f);
    hits += firstLanes(loadv(AT(correct, a.correct) + i), a.count - i, 0.0f);
  }
  *AT(out, a.loss) = sumOf(loss) * a.scale;
  *AT(out, a.hits) = sumOf(hits);
}
REGISTER(cross_entropy_finish, CrossEntropyFinishParameters, 3)
