// Batch normalization over [rows, channels]: statistics, the sums of its gradient, running averages. Applying it is elementwise:
//   y = (x - mean) inverseStd gamma + beta,   dx = gamma inverseStd (dy - dbeta / n - xhat dgamma / n),   n = rows.
// A chunk's sums are those of one work-item at a time, and chunks merge in order: results depend on `chunk`, never on the number of
// work-items. Index spaces are one-dimensional, of any size, on a GPU of whole groups of ROW_GROUP.

#if LANES == 1
// Statistics of some rows of a channel: how many, their mean, the sum of squares about it.
typedef struct {
  float rows, mean, m2;
} ChannelStatistics;

INLINE ChannelStatistics joinStatistics(const ChannelStatistics x, const ChannelStatistics y) {   // Chan's formula
  const float rows = x.rows + y.rows, share = y.rows / rows, delta = y.mean - x.mean;
  const ChannelStatistics both = {rows, FMA(delta, share, x.mean), x.m2 + FMA(delta * delta, x.rows * share, y.m2)};
  return x.rows == 0.0f ? y : y.rows == 0.0f ? x : both;   // nothing must not meet what is huge
}

// Those of all parts of a column's rows, by halves as ACROSS_ROW. `values` has three floats for each work-item of the group.
INLINE ChannelStatistics columnStatistics(const ChannelStatistics v, __local float* values ROW_TYPE) {
  if (row_.lanes == 1) return v;
  __local float* own = values + get_local_id(0) * 3;
  own[0] = v.rows;
  own[1] = v.mean;
  own[2] = v.m2;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = row_.lanes / 2; step > 0; step /= 2) {
    if (row_.lane < step) {
      __local const float* other = own + step * row_.step * 3;
      const ChannelStatistics x = {own[0], own[1], own[2]}, y = {other[0], other[1], other[2]}, both = joinStatistics(x, y);
      own[0] = both.rows;
      own[1] = both.mean;
      own[2] = both.m2;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const ChannelStatistics result = {own[0], own[1], own[2]};   // the first part's alone are everybody's
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

// A work-item's rows of a channel. Squares are summed about a shift, the mean of its first rows, which keeps them from cancelling.
INLINE ChannelStatistics statisticsDown(__global const float* x, const int rows, const int channels ROW_TYPE) {
  const size_t step = (size_t)row_.lanes * channels;
  const int count = row_.first < rows ? (rows - row_.first + row_.lanes - 1) / row_.lanes : 0, head = count < 4 ? count : 4;
  x += (size_t)(count > 0 ? row_.first : 0) * channels;
  float shift = 0.0f, sum = 0.0f, squares = 0.0f;
  for (int r = 0; r < head; r++) shift += x[r * step];
  if (head > 0) shift /= (float)head;
  int r = 0;
  for (; r + 4 <= count; r += 4, x += 4 * step) {
    const float d0 = x[0] - shift, d1 = x[step] - shift, d2 = x[2 * step] - shift, d3 = x[3 * step] - shift;
    sum += (d0 + d1) + (d2 + d3);
    squares = FMA(d3, d3, FMA(d2, d2, FMA(d1, d1, FMA(d0, d0, squares))));
  }
  for (; r < count; r++, x += step) {
    const float d = x[0] - shift;
    sum += d;
    squares = FMA(d, d, squares);
  }
  const float mean = count > 0 ? sum / (float)count : 0.0f;
  const ChannelStatistics result = {(float)count, shift + mean, maximum_1(squares - sum * mean, 0.0f)};
  return result;
}

__kernel ROW_KERNEL void batch_norm_statistics_partial(__global const float* restrict x, __global float* restrict partial,
                                                       const BatchNormPartialParameters a ITEM) {
  __local float values[3 * ROW_GROUP];
  const int chunks = (a.rows + a.chunk - 1) / a.chunk;
  COLUMNS_OF(chunks, a.rows < a.chunk ? a.rows : a.chunk, a.channels)
  FOR_EACH_COLUMN_OF(chunk, channel, chunks, a.channels)
    const int rows = a.rows - chunk * a.chunk < a.chunk ? a.rows - chunk * a.chunk : a.chunk;
    __global const float* from = AT(x, a.x) + (size_t)chunk * a.chunk * a.channels + channel;
    const ChannelStatistics all = columnStatistics(statisticsDown(from, rows, a.channels ROW), values ROW);
    if (ROW_FIRST) {
      AT(partial, a.mean)[(size_t)chunk * a.channels + channel] = all.mean;
      AT(partial, a.m2)[(size_t)chunk * a.channels + channel] = all.m2;
    }
  }
}

__kernel ROW_KERNEL void batch_norm_statistics_merge(__global const float* restrict partial, __global float* restrict statistics,
                                                     const BatchNormMergeParameters a ITEM) {
  __local float values[3 * ROW_GROUP];
  __global const float* means = AT(partial, a.partialMean);
  __global const float* m2s = AT(partial, a.partialM2);
  const int chunks = (a.rows + a.chunk - 1) / a.chunk;
  COLUMNS_OF(1, chunks, a.channels)
  FOR_EACH_COLUMN_OF(place, channel, 1, a.channels)
    ChannelStatistics all = {0.0f, 0.0f, 0.0f};
    FOR_EACH_COLUMN(k, chunks) {
      const int rows = a.rows - k * a.chunk < a.chunk ? a.rows - k * a.chunk : a.chunk;
      const size_t at = (size_t)k * a.channels + channel;
      const ChannelStatistics more = {(float)rows, means[at], m2s[at]};
      all = joinStatistics(all, more);
    }
    all = columnStatistics(all, values ROW);
    if (ROW_FIRST) {
      const float variance = all.m2 / (float)a.rows;
      AT(statistics, a.mean)[channel] = all.mean;
      AT(statistics, a.variance)[channel] = variance;
      AT(statistics, a.inverseStd)[channel] = 1.0f / sqrt(variance + a.epsilon);
    }
  }
}

__kernel ROW_KERNEL void batch_norm_gradient_partial(__global const float* restrict x, __global const float* restrict dy,
                                                     __global const float* restrict statistics, __global float* restrict partial,
                                                     const BatchNormGradientPartialParameters a ITEM) {
  const int chunks = (a.rows + a.chunk - 1) / a.chunk;
  COLUMNS_OF(chunks, a.rows < a.chunk ? a.rows : a.chunk, a.channels)
  const size_t step = (size_t)rowLanes_ * a.channels;
  FOR_EACH_COLUMN_OF(chunk, channel, chunks, a.channels)
    const int rows = a.rows - chunk * a.chunk < a.chunk ? a.rows - chunk * a.chunk : a.chunk, has = row_.first < rows;
    const size_t start = ((size_t)chunk * a.chunk + (has ? row_.first : 0)) * a.channels + channel, place = (size_t)chunk * a.channels;
    __global const float* from = AT(x, a.x) + start;
    __global const float* gradient = AT(dy, a.dy) + start;
    const float mean = AT(statistics, a.mean)[channel];
    float sum = 0.0f, product = 0.0f;
    int r = row_.first;
    for (; r + 3 * row_.lanes < rows; r += 4 * row_.lanes, from += 4 * step, gradient += 4 * step) {
      const float d0 = gradient[0], d1 = gradient[step], d2 = gradient[2 * step], d3 = gradient[3 * step];
      const float x0 = from[0] - mean, x1 = from[step] - mean, x2 = from[2 * step] - mean, x3 = from[3 * step] - mean;
      sum += (d0 + d1) + (d2 + d3);
      product = FMA(d3, x3, FMA(d2, x2, FMA(d1, x1, FMA(d0, x0, product))));
    }
    for (; r < rows; r += row_.lanes, from += step, gradient += step) {
      sum += gradient[0];
      product = FMA(gradient[0], from[0] - mean, product);
    }
    const float sums = ROW_SUM(sum), products = ROW_SUM(product);
    if (ROW_FIRST) {
      AT(partial, a.sumDy)[place + channel] = sums;
      AT(partial, a.sumDyXhat)[place + channel] = products * AT(statistics, a.inverseStd)[channel];
    }
  }
}

__kernel ROW_KERNEL void batch_norm_gradient_merge(__global const float* restrict partial, __global float* restrict out,
                                                   const BatchNormGradientMergeParameters a ITEM) {
  const int chunks = (a.rows + a.chunk - 1) / a.chunk;
  COLUMNS_OF(1, chunks, a.channels)
  FOR_EACH_COLUMN_OF(place, channel, 1, a.channels)
    float sum = 0.0f, product = 0.0f;
    FOR_EACH_COLUMN(k, chunks) {
      sum += AT(partial, a.sumDy)[(size_t)k * a.channels + channel];
      product += AT(partial, a.sumDyXhat)[(size_t)k * a.channels + channel];
    }
    const float sums = ROW_SUM(sum), products = ROW_SUM(product);
    if (ROW_FIRST) {
      AT(out, a.dbeta)[channel] = sums;
      AT(out, a.dgamma)[channel] = products;
    }
  }
}
#else
#define CHANNEL_BLOCK 512
// Fewer channels than 64 are taken several rows at a time (`fold`), so that vectors are full: lane l then belongs to channel
// l % channels. More than 64 are walked along the rows, CHANNEL_ROWS of them at a time, with the running sums in the cache: walking down 64
// of them at a time would defeat the prefetchers. Squares are summed about a shift, the mean of the first rows, which keeps them from
// cancelling.
#define CHANNEL_ROWS 4
// Line r of what the next rows have to be read of at `x`, fetched while column c is worked at: in the order in which it lies in memory
// where rows are next to each other.
#define FETCH_ROWS(x, r) PREFETCH((x) + (size_t)CHANNEL_ROWS * channels + (width == channels ? c * CHANNEL_ROWS + (r) * 16 : (r) * channels + c))
#define FOLDED_BLOCK                                                                                        \
  const int fold = channels < 64 ? 64 / channels : 1;                                                       \
  const int width = channels - channel < CHANNEL_BLOCK ? channels - channel : CHANNEL_BLOCK;                \
  const int vectors = (fold * width + 15) / 16, steps = rows / fold, left = (rows - steps * fold) * channels; \
  const size_t stride = (size_t)fold * channels;
// Adds the lanes of every fold to the first one's, which are the channels.
#define UNFOLD(lanes)                                                 \
  for (int f = 1; f < fold; f++)                                      \
    for (int k = 0; k < width; k++) lanes[k] += lanes[f * width + k];
#define FOR_VECTORS UNROLL for (int k = 0; k < 4; k++) if (k < vectors)   // vectors: a constant, 1 to 4
#define BY_VECTORS(call)             \
  if (vectors == 4) {                \
    call(4);                         \
  } else if (vectors == 3) {         \
    call(3);                         \
  } else if (vectors == 2) {         \
    call(2);                         \
  } else {                           \
    call(1);                         \
  }

// What lies past `left` numbers of the last step counts as the shift itself, that is, as nothing.
INLINE void statisticsSteps(__global const float* x, const int steps, const size_t stride, const int left, const float* shifts,
                            float* sums, float* squares, const int vectors) {
  float16 shift[4], sum[4], square[4];
  FOR_VECTORS {
    shift[k] = loadPrivate16(shifts + k * 16);
    sum[k] = loadPrivate16(sums + k * 16);
    square[k] = loadPrivate16(squares + k * 16);
  }
  for (int r = 0; r < steps; r++)
    FOR_VECTORS {
      const float16 d = load16(x + r * stride + k * 16) - shift[k];
      sum[k] += d;
      square[k] = FMA(d, d, square[k]);
    }
  FOR_VECTORS {
    if (left > k * 16) {
      const float16 d = firstLanes16(load16(x + steps * stride + k * 16) - shift[k], left - k * 16, 0.0f);
      sum[k] += d;
      square[k] = FMA(d, d, square[k]);
    }
    storePrivate16(sum[k], sums + k * 16);
    storePrivate16(square[k], squares + k * 16);
  }
}
INLINE void statisticsRows(__global const float* x, const int count, const int channels, const int width, const float* shifts, float* sums,
                           float* squares) {
  for (int c = 0; c < width; c += 16) {
    const float16 shift = loadPrivate16(shifts + c);
    float16 sum = loadPrivate16(sums + c), square = loadPrivate16(squares + c);
    UNROLL for (int r = 0; r < count; r++) {
      FETCH_ROWS(x, r);
      const float16 d = load16(x + (size_t)r * channels + c) - shift;
      sum += d;
      square = FMA(d, d, square);
    }
    storePrivate16(sum, sums + c);
    storePrivate16(square, squares + c);
  }
}
INLINE void statisticsBlock(__global const float* x, const int rows, const int channels, const int channel, __global float* mean,
                            __global float* m2) {
  FOLDED_BLOCK
  float shifts[CHANNEL_BLOCK + 64], sums[CHANNEL_BLOCK + 64], squares[CHANNEL_BLOCK + 64];
  const int head = rows < 16 ? rows : 16;
  for (int l = 0; l < CHANNEL_BLOCK + 64; l++) shifts[l] = sums[l] = squares[l] = 0.0f;
  for (int r = 0; r < head; r++)
    for (int c = 0; c < width; c++) shifts[c] += x[(size_t)r * channels + channel + c];
  for (int c = 0; c < width; c++) shifts[c] /= (float)head;
  for (int l = width; l < fold * width; l++) shifts[l] = shifts[l - width];
  if (width > 64) {
    int r = 0;
    for (; r + CHANNEL_ROWS <= rows; r += CHANNEL_ROWS)
      statisticsRows(x + (size_t)r * channels + channel, CHANNEL_ROWS, channels, width, shifts, sums, squares);
    for (; r < rows; r++) statisticsRows(x + (size_t)r * channels + channel, 1, channels, width, shifts, sums, squares);
  } else {
#define STATISTICS(count) statisticsSteps(x + channel, steps, stride, left, shifts, sums, squares, count)
    BY_VECTORS(STATISTICS)
#undef STATISTICS
  }
  UNFOLD(sums)
  UNFOLD(squares)
  for (int c = 0; c < width; c++) {
    mean[channel + c] = shifts[c] + sums[c] / (float)rows;
    m2[channel + c] = maximum_1(squares[c] - sums[c] * (sums[c] / (float)rows), 0.0f);
  }
}

INLINE void gradientSteps(__global const float* x, __global const float* dy, const int steps, const size_t stride, const int left,
                          const float* means, float* sums, float* products, const int vectors) {
  float16 mean[4], sum[4], product[4];
  FOR_VECTORS {
    mean[k] = loadPrivate16(means + k * 16);
    sum[k] = loadPrivate16(sums + k * 16);
    product[k] = loadPrivate16(products + k * 16);
  }
  for (int r = 0; r < steps; r++)
    FOR_VECTORS {
      const float16 d = load16(dy + r * stride + k * 16);
      sum[k] += d;
      product[k] = FMA(d, load16(x + r * stride + k * 16) - mean[k], product[k]);
    }
  FOR_VECTORS {
    if (left > k * 16) {
      const float16 d = firstLanes16(load16(dy + steps * stride + k * 16), left - k * 16, 0.0f);
      sum[k] += d;
      product[k] = FMA(d, firstLanes16(load16(x + steps * stride + k * 16) - mean[k], left - k * 16, 0.0f), product[k]);
    }
    storePrivate16(sum[k], sums + k * 16);
    storePrivate16(product[k], products + k * 16);
  }
}
INLINE void gradientRows(__global const float* x, __global const float* dy, const int count, const int channels, const int width,
                         const float* means, float* sums, float* products) {
  for (int c = 0; c < width; c += 16) {
    const float16 mean = loadPrivate16(means + c);
    float16 sum = loadPrivate16(sums + c), product = loadPrivate16(products + c);
    UNROLL for (int r = 0; r < count; r++) {
      FETCH_ROWS(x, r);
      FETCH_ROWS(dy, r);
      const float16 d = load16(dy + (size_t)r * channels + c);
      sum += d;
      product = FMA(d, load16(x + (size_t)r * channels + c) - mean, product);
    }
    storePrivate16(sum, sums + c);
    storePrivate16(product, products + c);
  }
}
INLINE void gradientBlock(__global const float* x, __global const float* dy, __global const float* mean, __global const float* inverseStd,
                          const int rows, const int channels, const int channel, __global float* sumDy, __global float* sumDyXhat) {
  FOLDED_BLOCK
  float means[CHANNEL_BLOCK + 64], sums[CHANNEL_BLOCK + 64], products[CHANNEL_BLOCK + 64];
  for (int l = 0; l < CHANNEL_BLOCK + 64; l++) means[l] = sums[l] = products[l] = 0.0f;
  for (int l = 0; l < fold * width; l++) means[l] = mean[channel + l % width];
  if (width > 64) {
    int r = 0;
    for (; r + CHANNEL_ROWS <= rows; r += CHANNEL_ROWS) {
      const size_t at = (size_t)r * channels + channel;
      gradientRows(x + at, dy + at, CHANNEL_ROWS, channels, width, means, sums, products);
    }
    for (; r < rows; r++) {
      const size_t at = (size_t)r * channels + channel;
      gradientRows(x + at, dy + at, 1, channels, width, means, sums, products);
    }
  } else {
#define GRADIENT(count) gradientSteps(x + channel, dy + channel, steps, stride, left, means, sums, products, count)
    BY_VECTORS(GRADIENT)
#undef GRADIENT
  }
  UNFOLD(sums)
  UNFOLD(products)
  for (int c = 0; c < width; c++) {
    sumDy[channel + c] = sums[c];
    sumDyXhat[channel + c] = products[c] * inverseStd[channel + c];
  }
}
#define FOR_EACH_CHANNEL_BLOCK                                                                      \
  const int chunks = (a.rows + a.chunk - 1) / a.chunk, blocks = (a.channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK; \
  FOR_EACH_UNIT(unit, chunks * blocks) {                                                            \
    const int chunk = unit / blocks, channel = (unit - chunk * blocks) * CHANNEL_BLOCK;             \
    const int rows = a.rows - chunk * a.chunk < a.chunk ? a.rows - chunk * a.chunk : a.chunk;       \
    const size_t start = (size_t)chunk * a.chunk * a.channels, place = (size_t)chunk * a.channels;

__kernel void batch_norm_statistics_partial(__global const float* restrict x, __global float* restrict partial,
                                            const BatchNormPartialParameters a ITEM) {
  FOR_EACH_CHANNEL_BLOCK
    statisticsBlock(AT(x, a.x) + start, rows, a.channels, channel, AT(partial, a.mean) + place, AT(partial, a.m2) + place);
  }
}

__kernel void batch_norm_statistics_merge(__global const float* restrict partial, __global float* restrict statistics,
                                          const BatchNormMergeParameters a ITEM) {
  __global const float* means = AT(partial, a.partialMean);
  __global const float* m2s = AT(partial, a.partialM2);
  const int chunks = (a.rows + a.chunk - 1) / a.chunk;
  FOR_EACH_UNIT(unit, (a.channels + LANES - 1) / LANES) {
    const int c = unit * LANES, lanes = a.channels - c;
    floatv mean = loadv(means + c), m2 = loadv(m2s + c);
    int merged = a.rows < a.chunk ? a.rows : a.chunk;
    for (int k = 1; k < chunks; k++) {
      const int more = a.rows - merged < a.chunk ? a.rows - merged : a.chunk;
      const float share = (float)more / (float)(merged + more), both = (float)merged * share;
      const floatv delta = loadv(means + (size_t)k * a.channels + c) - mean;
      mean = FMA(delta, splatv(share), mean);
      m2 = m2 + FMA(delta * delta, splatv(both), loadv(m2s + (size_t)k * a.channels + c));
      merged += more;
    }
    const floatv variance = m2 / (float)a.rows;
    storev(mean, AT(statistics, a.mean) + c, lanes);
    storev(variance, AT(statistics, a.variance) + c, lanes);
    storev(1.0f / sqrt(variance + a.epsilon), AT(statistics, a.inverseStd) + c, lanes);
  }
}

__kernel void batch_norm_gradient_partial(__global const float* restrict x, __global const float* restrict dy,
                                          __global const float* restrict statistics, __global float* restrict partial,
                                          const BatchNormGradientPartialParameters a ITEM) {
  FOR_EACH_CHANNEL_BLOCK
    gradientBlock(AT(x, a.x) + start, AT(dy, a.dy) + start, AT(statistics, a.mean), AT(statistics, a.inverseStd), rows, a.channels, channel,
                  AT(partial, a.sumDy) + place, AT(partial, a.sumDyXhat) + place);
  }
}

__kernel void batch_norm_gradient_merge(__global const float* restrict partial, __global float* restrict out,
                                        const BatchNormGradientMergeParameters a ITEM) {
  __global const float* sums = AT(partial, a.sumDy);
  __global const float* products = AT(partial, a.sumDyXhat);
  const int chunks = (a.rows + a.chunk - 1) / a.chunk;
  FOR_EACH_UNIT(unit, (a.channels + LANES - 1) / LANES) {
    const int c = unit * LANES;
    floatv sum = loadv(sums + c), product = loadv(products + c);
    for (int k = 1; k < chunks; k++) {
      sum += loadv(sums + (size_t)k * a.channels + c);
      product += loadv(products + (size_t)k * a.channels + c);
    }
    storev(sum, AT(out, a.dbeta) + c, a.channels - c);
    storev(product, AT(out, a.dgamma) + c, a.channels - c);
  }
}
#endif
REGISTER(batch_norm_statistics_partial, BatchNormPartialParameters, 2)
REGISTER(batch_norm_statistics_merge, BatchNormMergeParameters, 2)
REGISTER(batch_norm_gradient_partial, BatchNormGradientPartialParameters, 4)
REGISTER(batch_norm_gradient_merge, BatchNormGradientMergeParameters, 2)

// By a share of the way, counted from the nearer end, so that only what is added is rounded.
INLINE float movedTo(const float before, const float target, const float share, const float rest) {
  return share < 0.5f ? FMA(share, target - before, before) : FMA(rest, before - target, target);
}

INLINE void updateRunning(__global const float* restrict statistics, __global float* restrict running, const BatchNormRunningParameters* a,
                          const int c) {
  const float mean = AT(statistics, a->mean)[c], variance = AT(statistics, a->variance)[c] * a->unbiased;
  if (isFinite_1(mean) * isFinite_1(variance) == 0.0f) return;
  __global float* runningMean = AT(running, a->runningMean) + c;
  __global float* runningVariance = AT(running, a->runningVariance) + c;
  *runningMean = movedTo(*runningMean, mean, a->momentum, a->rest);
  *runningVariance = movedTo(*runningVariance, variance, a->momentum, a->rest);
}

__kernel void batch_norm_running_update(__global const float* restrict statistics, __global float* restrict running,
                                        __global const ControlBlock* restrict control, const BatchNormRunningParameters a ITEM) {
  if (control->ok == 0) return;
  FOR_EACH(c, a.channels) updateRunning(statistics, running, &a, c);
}
REGISTER(batch_norm_running_update, BatchNormRunningParameters, 3)

#if LANES == 1
// Those of several layers, one beside the other, where a launch costs more than what it does.
__kernel void batch_norm_running_updates(__global const float* restrict statistics, __global float* restrict running,
                                         __global const ControlBlock* restrict control, const BatchNormRunningLayers a) {
  // Not by an index: arguments would be copied to memory of the work-item's own for that.
  const int place = get_global_id(1);
  BatchNormRunningParameters layer = a.layers[0];
  UNROLL for (int k = 1; k < BATCH_NORM_LAYERS; k++) if (k == place) layer = a.layers[k];
  if (control->ok == 0) return;
  FOR_EACH(c, layer.channels) updateRunning(statistics, running, &layer, c);
}
#endif
#undef FOR_VECTORS
