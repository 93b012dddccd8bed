// Sums, products, maxima and minima over one dimension. Which numbers are added in which order depends on the shape and on `chunk` alone, never
// on the number of work-items. Index spaces are one-dimensional, of any size, but whole groups of ROW_GROUP on a GPU. A NaN is handed on
// by every reduction.

INLINE floatv reduceJoin(const floatv x, const floatv y, const int operation) {
  return operation == REDUCE_SUM       ? x + y
         : operation == REDUCE_PRODUCT ? x * y
         : operation == REDUCE_MAXIMUM ? V(maximum)(x, y)
                                       : V(minimum)(x, y);
}
INLINE float reduceJoin1(const float x, const float y, const int operation) {
  return operation == REDUCE_SUM       ? x + y
         : operation == REDUCE_PRODUCT ? x * y
         : operation == REDUCE_MAXIMUM ? maximum_1(x, y)
                                       : minimum_1(x, y);
}
INLINE float reduceIdentity(const int operation) {
  return operation == REDUCE_SUM       ? 0.0f
         : operation == REDUCE_PRODUCT ? 1.0f
                                       : bitsFloat(operation == REDUCE_MAXIMUM ? (int)0xff800000 : 0x7f800000);
}
// Across the work-items or lanes that share a row or a column.
#define REDUCE_ACROSS(v)                                  \
  (operation == REDUCE_SUM       ? ROW_SUM(v)             \
   : operation == REDUCE_PRODUCT ? ROW_PRODUCT(v)         \
   : operation == REDUCE_MAXIMUM ? ROW_MAXIMUM(v)         \
                                 : ROW_MINIMUM(v))

#if LANES == 1
INLINE float joinAhead(const float* v, const int operation) {
  const float low = reduceJoin1(reduceJoin1(v[0], v[1], operation), reduceJoin1(v[2], v[3], operation), operation);
  const float high = reduceJoin1(reduceJoin1(v[4], v[5], operation), reduceJoin1(v[6], v[7], operation), operation);
  return reduceJoin1(low, high, operation);
}

INLINE float reduceStretch(__global const float* x, const int count, const int operation ROW_TYPE) {
  // In parts, so that long sums stay accurate.
  const int lanes = row_.lanes;
  const float identity = reduceIdentity(operation);
  float total = identity;
  for (int start = row_.first; start < count; start += 256 * lanes) {
    const int end = count - start < 256 * lanes ? count : start + 256 * lanes;
    float part = identity;
    for (int i = start; i < end; i += AHEAD * lanes) {
      float v[AHEAD];
      FOR_AHEAD(k) v[k] = k * lanes < end - i ? x[i + k * lanes] : identity;
      part = reduceJoin1(part, joinAhead(v, operation), operation);
    }
    total = reduceJoin1(total, part, operation);
  }
  return REDUCE_ACROSS(total);
}
// Of numbers that are kept, with what changes nothing behind the row's end.
INLINE float reduceKept(const float* kept, const int operation ROW_TYPE) {
  float total = kept[0];
  UNROLL for (int k = 1; k < ROW_KEPT; k++) total = reduceJoin1(total, kept[k], operation);
  return REDUCE_ACROSS(total);
}
#else
// One stretch of contiguous numbers: four accumulators, emptied into a fifth every 4096 numbers so that long sums stay accurate.
INLINE float reduceStretch(__global const float* x, const int count, const int operation) {
  const floatv identity = splatv(reduceIdentity(operation));
  floatv total = identity;
  int i = 0;
  while (i + 4 * LANES <= count) {
    const int end = count - i < 4096 ? count : i + 4096;
    floatv a = identity, b = identity, c = identity, d = identity;
    for (; i + 4 * LANES <= end; i += 4 * LANES) {
      a = reduceJoin(a, loadv(x + i), operation);
      b = reduceJoin(b, loadv(x + i + LANES), operation);
      c = reduceJoin(c, loadv(x + i + 2 * LANES), operation);
      d = reduceJoin(d, loadv(x + i + 3 * LANES), operation);
    }
    total = reduceJoin(total, reduceJoin(reduceJoin(a, b, operation), reduceJoin(c, d, operation), operation), operation);
  }
  for (; i < count; i += LANES) total = reduceJoin(total, firstLanes(loadv(x + i), count - i, reduceIdentity(operation)), operation);
  return REDUCE_ACROSS(total);
}
#endif

// The sum of squared distances from a number, in the same parts.
#if LANES == 1
INLINE float squaresAround(__global const float* x, const int count, const float middle ROW_TYPE) {
  const int lanes = row_.lanes;
  float total = 0.0f;
  for (int start = row_.first; start < count; start += 256 * lanes) {
    const int end = count - start < 256 * lanes ? count : start + 256 * lanes;
    float part = 0.0f;
    for (int i = start; i < end; i += AHEAD * lanes) {
      float v[AHEAD];
      FOR_AHEAD(k) v[k] = k * lanes < end - i ? x[i + k * lanes] : middle;
      FOR_AHEAD(k) part = FMA(v[k] - middle, v[k] - middle, part);
    }
    total += part;
  }
  return ROW_SUM(total);
}
#else
INLINE float squaresAround(__global const float* x, const int count, const float middle) {
  floatv total = splatv(0.0f);
  int i = 0;
  while (i + 4 * LANES <= count) {
    const int end = count - i < 4096 ? count : i + 4096;
    floatv parts[4];
    UNROLL for (int k = 0; k < 4; k++) parts[k] = splatv(0.0f);
    for (; i + 4 * LANES <= end; i += 4 * LANES) {
      UNROLL for (int k = 0; k < 4; k++) {
        PREFETCH(x + count + i + k * LANES);   // the next row
        const floatv d = loadv(x + i + k * LANES) - middle;
        parts[k] = FMA(d, d, parts[k]);
      }
    }
    total += (parts[0] + parts[1]) + (parts[2] + parts[3]);
  }
  for (; i < count; i += LANES) {
    const floatv d = firstLanes(loadv(x + i) - middle, count - i, 0.0f);
    total = FMA(d, d, total);
  }
  return ROW_SUM(total);
}
#endif

#define REDUCE_ROWS(operation)                                                                              \
  FOR_EACH_ROW(unit, a.rows * chunks)                                                                       \
    const int row = unit / chunks, first = (unit - row * chunks) * a.chunk;                                 \
    const int count = a.columns - first < a.chunk ? a.columns - first : a.chunk;                            \
    const float result = reduceStretch(x + (size_t)row * a.columns + first, count, operation ROW) * a.scale; \
    if (ROW_FIRST) o[unit] = result;                                                                        \
  }

__kernel ROW_KERNEL void reduce_rows(__global const float* restrict in, __global float* restrict out, const ReduceRowsParameters a ITEM) {
  ROWS_OF(a.columns < a.chunk ? a.columns : a.chunk)
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out);
  const int chunks = (a.columns + a.chunk - 1) / a.chunk;
  REDUCE_ROWS(REDUCE_SUM)
}
REGISTER(reduce_rows, ReduceRowsParameters, 2)

__kernel ROW_KERNEL void reduce_rows_extreme(__global const float* restrict in, __global float* restrict out,
                                             const ReduceRowsParameters a ITEM) {
  ROWS_OF(a.columns < a.chunk ? a.columns : a.chunk)
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out);
  const int chunks = (a.columns + a.chunk - 1) / a.chunk;
  if (a.operation == REDUCE_MAXIMUM) {
    REDUCE_ROWS(REDUCE_MAXIMUM)
  } else {
    REDUCE_ROWS(REDUCE_MINIMUM)
  }
}
REGISTER(reduce_rows_extreme, ReduceRowsParameters, 2)

__kernel ROW_KERNEL void reduce_rows_product(__global const float* restrict in, __global float* restrict out,
                                             const ReduceRowsParameters a ITEM) {
  ROWS_OF(a.columns < a.chunk ? a.columns : a.chunk)
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out);
  const int chunks = (a.columns + a.chunk - 1) / a.chunk;
  REDUCE_ROWS(REDUCE_PRODUCT)
}
REGISTER(reduce_rows_product, ReduceRowsParameters, 2)

#if LANES == 1
// A work-item's rows of one column.
INLINE float reduceDown(__global const float* x, const int rows, const int inner, const int operation ROW_TYPE) {
  const int lanes = row_.lanes;
  const size_t step = (size_t)lanes * inner;
  const float identity = reduceIdentity(operation);
  float total = identity;
  int r = row_.first;
  __global const float* from = x + (size_t)(r < rows ? r : 0) * inner;
  for (; r < rows; r += AHEAD * lanes, from += AHEAD * step) {
    float v[AHEAD];
    FOR_AHEAD(k) v[k] = k * lanes < rows - r ? from[k * step] : identity;
    total = reduceJoin1(total, joinAhead(v, operation), operation);
  }
  return REDUCE_ACROSS(total);
}
#else
#define REDUCE_BLOCK 1024
#define FOR_VECTORS UNROLL for (int k = 0; k < 4; k++) if (k < vectors)
// `vectors` (a constant of 1 to 4) vectors of columns, `rows` steps of `stride`, then `left` numbers of one more step; joined to `lanes`.
INLINE void reduceSteps(__global const float* x, const int rows, const size_t stride, const int left, float* lanes, const int vectors,
                        const int operation) {
  float16 total[4];
  FOR_VECTORS total[k] = loadPrivate16(lanes + k * 16);
  for (int r = 0; r < rows; r++)
    FOR_VECTORS total[k] = reduceJoin(total[k], load16(x + r * stride + k * 16), operation);
  FOR_VECTORS {
    if (left > k * 16) {
      const float16 last = load16(x + rows * stride + k * 16);
      total[k] = reduceJoin(total[k], firstLanes16(last, left - k * 16, reduceIdentity(operation)), operation);
    }
    storePrivate16(total[k], lanes + k * 16);
  }
}
// Many columns, four rows at a time: the running totals, in the first-level cache, are read and written once for that many.
INLINE void reduceWide(__global const float* x, const int rows, const int inner, const int width, float* lanes, const int operation) {
  int r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * (size_t)inner)
    for (int c = 0; c < width; c += 16) {
      const float16 a = reduceJoin(load16(x + c), load16(x + inner + c), operation);
      const float16 b = reduceJoin(load16(x + 2 * (size_t)inner + c), load16(x + 3 * (size_t)inner + c), operation);
      storePrivate16(reduceJoin(loadPrivate16(lanes + c), reduceJoin(a, b, operation), operation), lanes + c);
    }
  for (; r < rows; r++, x += inner)
    for (int c = 0; c < width; c += 16) storePrivate16(reduceJoin(loadPrivate16(lanes + c), load16(x + c), operation), lanes + c);
}
// Up to REDUCE_BLOCK columns of a chunk. Few columns (inner < 64) are taken several rows at a time, so that the vectors are full. More
// than 64 are walked along the rows: down 64 of them at a time would defeat the prefetchers.
INLINE void reduceBlock(__global const float* x, const int rows, const int inner, const int column, __global float* o,
                        const int operation, const float scale) {
  float lanes[REDUCE_BLOCK + 16];
  const int fold = inner < 64 ? 64 / inner : 1, width = inner - column < REDUCE_BLOCK ? inner - column : REDUCE_BLOCK;
  const size_t stride = (size_t)fold * inner;
  for (int k = 0, used = width > 64 ? width + 16 : 64; k < used; k++) lanes[k] = reduceIdentity(operation);
  if (width > 64) {
    reduceWide(x + column, rows, inner, width, lanes, operation);
  } else {
    const int steps = rows / fold, left = (rows - steps * fold) * inner, vectors = (fold * width + 15) / 16;
    if (vectors == 4) {
      reduceSteps(x + column, steps, stride, left, lanes, 4, operation);
    } else if (vectors == 3) {
      reduceSteps(x + column, steps, stride, left, lanes, 3, operation);
    } else if (vectors == 2) {
      reduceSteps(x + column, steps, stride, left, lanes, 2, operation);
    } else {
      reduceSteps(x + column, steps, stride, left, lanes, 1, operation);
    }
  }
  for (int k = 0; k < width; k++) {
    float total = lanes[k];
    for (int f = 1; f < fold; f++) total = reduceJoin1(total, lanes[f * inner + k], operation);
    o[column + k] = total * scale;
  }
}
#endif

#if LANES == 1
#define REDUCE_COLUMNS(operation)                                                                                        \
  FOR_EACH_COLUMN_OF(place, column, a.outer * chunks, a.inner)                                                           \
    const int o_ = place / chunks, first = (place - o_ * chunks) * a.chunk;                                              \
    const int rows = a.reduced - first < a.chunk ? a.reduced - first : a.chunk;                                          \
    const float total = reduceDown(x + ((size_t)o_ * a.reduced + first) * a.inner + column, rows, a.inner, operation ROW);  \
    if (ROW_FIRST) o[(size_t)place * a.inner + column] = total * a.scale;                                                \
  }
#define REDUCE_STARTS                                                                                                    \
  const int chunks = (a.reduced + a.chunk - 1) / a.chunk;                                                                \
  COLUMNS_OF(a.outer * chunks, a.reduced < a.chunk ? a.reduced : a.chunk, a.inner)
#else
#define REDUCE_STARTS                                                                                                    \
  const int chunks = (a.reduced + a.chunk - 1) / a.chunk, blocks = (a.inner + REDUCE_BLOCK - 1) / REDUCE_BLOCK;
#define REDUCE_COLUMNS(operation)                                                                                        \
  FOR_EACH_UNIT(unit, a.outer * chunks * blocks) {                                                                       \
    const int place = unit / blocks, column = (unit - place * blocks) * REDUCE_BLOCK, o_ = place / chunks;               \
    const int first = (place - o_ * chunks) * a.chunk, rows = a.reduced - first < a.chunk ? a.reduced - first : a.chunk; \
    reduceBlock(x + ((size_t)o_ * a.reduced + first) * a.inner, rows, a.inner, column, o + (size_t)place * a.inner,      \
                operation, a.scale);                                                                                     \
  }
#endif

__kernel ROW_KERNEL void reduce_columns(__global const float* restrict in, __global float* restrict out,
                                        const ReduceColumnsParameters a ITEM) {
  REDUCE_STARTS
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out);
  REDUCE_COLUMNS(REDUCE_SUM)
}
REGISTER(reduce_columns, ReduceColumnsParameters, 2)

__kernel ROW_KERNEL void reduce_columns_extreme(__global const float* restrict in, __global float* restrict out,
                                                const ReduceColumnsParameters a ITEM) {
  REDUCE_STARTS
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out);
  if (a.operation == REDUCE_MAXIMUM) {
    REDUCE_COLUMNS(REDUCE_MAXIMUM)
  } else {
    REDUCE_COLUMNS(REDUCE_MINIMUM)
  }
}
REGISTER(reduce_columns_extreme, ReduceColumnsParameters, 2)

__kernel ROW_KERNEL void reduce_columns_product(__global const float* restrict in, __global float* restrict out,
                                                const ReduceColumnsParameters a ITEM) {
  REDUCE_STARTS
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out);
  REDUCE_COLUMNS(REDUCE_PRODUCT)
}
REGISTER(reduce_columns_product, ReduceColumnsParameters, 2)

#if LANES == 16
// Where a row's largest number is (of `sign`, a vector of sign bits: smallest), the first one or the first NaN: for each lane of `parts` vectors
// (known when this is compiled) the largest so far and in which step it was found, and then the first of the lanes that have the largest of all.
INLINE int placeOfExtreme(__global const float* x, const int columns, const int16 sign, const int parts) {
  const float16 lowest = splat(bitsFloat((int)0xff800000));
  float16 best[4];
  int16 found[4];
  UNROLL for (int k = 0; k < parts; k++) {
    best[k] = lowest;
    found[k] = (int16)(0);
  }
#define TAKE_EXTREME(k, number)                                                          \
  {                                                                                      \
    const float16 v = number;                                                            \
    const int16 better = ((v <= best[k]) == 0) & (best[k] == best[k]);                   \
    best[k] = CHOOSE_16(best[k], v, better);                                             \
    found[k] = CHOOSE_INTEGER_16(found[k], (int16)(j), better);                          \
  }
  int j = 0;
  for (; j + 16 * parts <= columns; j += 16 * parts)
    UNROLL for (int k = 0; k < parts; k++) TAKE_EXTREME(k, bitsFloat16(floatBits16(load16(x + j + 16 * k)) ^ sign))
  if (j < columns)
    UNROLL for (int k = 0; k < parts; k++)
      if (columns - j > 16 * k)
        TAKE_EXTREME(k, firstLanes16(bitsFloat16(floatBits16(load16(x + j + 16 * k)) ^ sign), columns - j - 16 * k, bitsFloat((int)0xff800000)))
#undef TAKE_EXTREME
  float16 all = best[0];
  UNROLL for (int k = 1; k < parts; k++) all = maximum_16(all, best[k]);
  const float largest = maximumOf(all);
  // Places are exact in floats: 16 million columns.
  float16 first = splat(1e9f);
  UNROLL for (int k = 0; k < parts; k++) {
    const int16 here = largest == largest ? best[k] == splat(largest) : best[k] != best[k];
    const float16 place = TO_FLOAT_16(found[k] + LANE_NUMBERS + 16 * k);
    first = CHOOSE_16(first, place, here & (place < first));
  }
  return (int)minimumOf(first);
}
#endif

__kernel ROW_KERNEL void argmax_rows(__global const float* restrict in, __global int* restrict out, const ArgmaxRowsParameters a ITEM) {
  ROWS_OF(a.columns)
  __global int* o = AT(out, a.out);
  FOR_EACH_ROW(row, a.rows)
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
#if LANES == 16
    const int16 sign = (int16)(a.operation == REDUCE_MAXIMUM ? 0 : (int)0x80000000);
    o[row] = a.columns < 64 ? placeOfExtreme(x, a.columns, sign, 1) : placeOfExtreme(x, a.columns, sign, 4);
#else
    // The lowest place of every lane, in floats where they are exact: 16 million columns.
    float first = 1e9f;
    if (KEEPS(a.columns)) {
      float kept[ROW_KEPT];
      keepRow(x, a.columns, reduceIdentity(a.operation), kept ROW);
      const float best = a.operation == REDUCE_MAXIMUM ? reduceKept(kept, REDUCE_MAXIMUM ROW) : reduceKept(kept, REDUCE_MINIMUM ROW);
      FOR_KEPT(k, j) if (j < a.columns && (kept[k] == best || kept[k] != kept[k])) first = fmin(first, (float)j);
    } else {
      const float best = a.operation == REDUCE_MAXIMUM ? reduceStretch(x, a.columns, REDUCE_MAXIMUM ROW)
                                                       : reduceStretch(x, a.columns, REDUCE_MINIMUM ROW);
      for (int i = row_.first; i < a.columns; i += AHEAD * row_.lanes) {
        float v[AHEAD];
        FOR_AHEAD(k) v[k] = k * row_.lanes < a.columns - i ? x[i + k * row_.lanes] : 0.0f;
        FOR_AHEAD(k) {
          const int isHere = k * row_.lanes < a.columns - i && (v[k] == best || v[k] != v[k]);
          if (isHere) first = fmin(first, (float)(i + k * row_.lanes));
        }
      }
    }
    const float place = ROW_MINIMUM(first);
    if (ROW_FIRST) o[row] = place < (float)a.columns ? (int)place : 0;
#endif
  }
}
REGISTER(argmax_rows, ArgmaxRowsParameters, 2)

// Equal extremes share the gradient. A row without any, because of a NaN, has no gradient that would be a number: said outright, since some
// drivers take 0 times anything for 0. A row is still in the cache when it is read again.
INLINE float shareOfOthers(const float share, const float extremes) { return extremes > 0.0f ? 0.0f * share : bitsFloat(0x7fc00000); }

__kernel ROW_KERNEL void extreme_gradient_rows(__global const float* restrict in, __global const float* restrict extreme,
                                               __global const float* restrict gradient, __global float* restrict out,
                                               const ExtremeGradientParameters a ITEM) {
  ROWS_OF(a.columns)
  __global const float* extremes = AT(extreme, a.extreme);
  __global const float* gradients = AT(gradient, a.gradient);
  const int streams = STREAMS(a.rows * a.columns, 1);
  (void)streams;
  FOR_EACH_ROW(row, a.rows)
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(in, a.x) + (size_t)row * a.columns;
    __global float* dx = AT(out, a.out) + (size_t)row * a.columns;
    (void)rest;
    const float best = extremes[row];
#if LANES == 1
    if (KEEPS(a.columns)) {
      float kept[ROW_KEPT], own = 0.0f;
      keepRow(x, a.columns, bitsFloat(0x7fc00000), kept ROW);
      UNROLL for (int k = 0; k < ROW_KEPT; k++) own += kept[k] == best ? 1.0f : 0.0f;
      const float equal = ROW_SUM(own), part = gradients[row] / equal, others = shareOfOthers(part, equal);
      FOR_KEPT(k, j) if (j < a.columns) dx[j] = kept[k] == best ? part : others;
      continue;
    }
#endif
    floatv count = splatv(0.0f);
    FOR_EACH_COLUMN(j, a.columns)
      count += firstLanes(choosev(splatv(0.0f), splatv(1.0f), loadv(x + j) == best), a.columns - j, 0.0f);
    const float hits = ROW_SUM(count), share = gradients[row] / hits, none = shareOfOthers(share, hits);
    FOR_STORED_COLUMNS(j, dx, a.columns, streams) {
      PREFETCH(x + a.columns + j);
      streamv(choosev(splatv(none), splatv(share), loadv(x + j) == best), dx + j, storedLanes(j, a.columns, rest, streams), streams);
    }
  }
}
REGISTER(extreme_gradient_rows, ExtremeGradientParameters, 4)

// A row is still in the cache when it is read again.
__kernel ROW_KERNEL void variance_rows(__global const float* restrict in, __global float* restrict variance, __global float* restrict mean,
                                       const VarianceRowsParameters a ITEM) {
  ROWS_OF(a.columns)
  __global float* variances = AT(variance, a.variance);
  __global float* means = AT(mean, a.mean);
  FOR_EACH_ROW(row, a.rows)
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
#if LANES == 1
    if (KEEPS(a.columns)) {
      float kept[ROW_KEPT], squares = 0.0f;
      keepRow(x, a.columns, 0.0f, kept ROW);
      const float own = reduceKept(kept, REDUCE_SUM ROW) * a.share;
      FOR_KEPT(k, j) {
        const float d = j < a.columns ? kept[k] - own : 0.0f;
        squares = FMA(d, d, squares);
      }
      const float sum = ROW_SUM(squares);
      if (ROW_FIRST) {
        means[row] = own;
        variances[row] = sum / a.divisor;
      }
      continue;
    }
#endif
    const float middle = reduceStretch(x, a.columns, REDUCE_SUM ROW) * a.share;
    const float result = squaresAround(x, a.columns, middle ROW) / a.divisor;
    if (ROW_FIRST) {
      means[row] = middle;
      variances[row] = result;
    }
  }
}
REGISTER(variance_rows, VarianceRowsParameters, 3)
#undef FOR_VECTORS
#undef REDUCE_ACROSS
