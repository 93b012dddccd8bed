// Moving data: fill, copy, strided copy (transposes, broadcasts, slices), rows by index. Index spaces are one-dimensional, of any size, on
// a GPU of whole groups of ROW_GROUP.

__kernel void fill(__global float* restrict out, const FillParameters a ITEM) {
  __global float* o = AT(out, a.out);
  const floatw value = splatw(a.value);
  const int streams = STREAMS(a.count, 1);
  (void)streams;
  FOR_EACH_UNIT(unit, (a.count + WIDE - 1) / WIDE) streamw(value, o + unit * WIDE, a.count - unit * WIDE, streams);
}
REGISTER(fill, FillParameters, 1)

// In vectors of bits: the slice may hold integers.
__kernel void copy(__global const float* restrict in, __global float* restrict out, const CopyParameters a ITEM) {
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out);
  const int streams = STREAMS(a.count, 1);
  (void)streams;
  FOR_EACH_UNIT(unit, (a.count + WIDE - 1) / WIDE) streamw(loadw(x + unit * WIDE), o + unit * WIDE, a.count - unit * WIDE, streams);
}
REGISTER(copy, CopyParameters, 2)

#if LANES == 1
#define TRANSPOSE_TILE 32   // floats in each direction: whole cache lines

// Where a transpose's tiles begin: `across` is the dimension along which the input is contiguous.
INLINE void transposePlace(const CopyStridedParameters* a, const int across, int rest, long* from, long* to) {
  long size = a->dimensions[5];
  UNROLL for (int d = 4; d >= 0; d--) {
    if (d != across) {
      const int index = rest % a->dimensions[d];
      rest /= a->dimensions[d];
      *from += (long)index * a->strides[d];
      *to += index * size;
    }
    size *= a->dimensions[d];
  }
}
#endif

__kernel ROW_KERNEL void copy_strided(__global const float* restrict in, __global float* restrict out, const CopyStridedParameters a ITEM) {
  __global const float* x = AT(in, a.in) + a.start;
  __global float* o = AT(out, a.out);
  const int inner = a.dimensions[5], innerStride = a.strides[5];
  int rows = 1;
  for (int d = 0; d < 5; d++) rows *= a.dimensions[d];
  int across = -1;   // the dimension along which the input is contiguous, when it is not the last one
  for (int d = 0; d < 5; d++)
    if (a.strides[d] == 1 && a.dimensions[d] >= 8) across = d;
  if (inner < 8 || innerStride == 1 || innerStride == 0) across = -1;
#if LANES == 1
  // Through local memory, so that neighbours read neighbours and write neighbours.
  __local float tile[TRANSPOSE_TILE * (TRANSPOSE_TILE + 1)];
  if (across >= 0) {
    int outStride = inner, others = 1, length = 1;
    UNROLL for (int d = 0; d < 5; d++) {   // constant places: an array that is indexed goes to memory
      outStride *= d > across ? a.dimensions[d] : 1;
      others *= d == across ? 1 : a.dimensions[d];
      length *= d == across ? a.dimensions[d] : 1;
    }
    const int blocks = (length + TRANSPOSE_TILE - 1) / TRANSPOSE_TILE;
    const int innerBlocks = (inner + TRANSPOSE_TILE - 1) / TRANSPOSE_TILE, item = get_local_id(0);
    for (int unit = get_group_id(0); unit < others * blocks * innerBlocks; unit += get_num_groups(0)) {
      const int place = unit / innerBlocks, j = (unit - place * innerBlocks) * TRANSPOSE_TILE, block = place % blocks * TRANSPOSE_TILE;
      const int high = length - block < TRANSPOSE_TILE ? length - block : TRANSPOSE_TILE;
      const int wide = inner - j < TRANSPOSE_TILE ? inner - j : TRANSPOSE_TILE;
      long from = block + (long)j * innerStride, to = (long)block * outStride + j;
      transposePlace(&a, across, place / blocks, &from, &to);
      for (int k = item; k < TRANSPOSE_TILE * TRANSPOSE_TILE; k += ROW_GROUP) {
        const int row = k / TRANSPOSE_TILE, lane = k % TRANSPOSE_TILE;
        if (row < wide && lane < high) tile[row * (TRANSPOSE_TILE + 1) + lane] = x[from + lane + (long)row * innerStride];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int k = item; k < TRANSPOSE_TILE * TRANSPOSE_TILE; k += ROW_GROUP) {
        const int row = k / TRANSPOSE_TILE, lane = k % TRANSPOSE_TILE;
        if (row < high && lane < wide) o[to + lane + (long)row * outStride] = tile[lane * (TRANSPOSE_TILE + 1) + row];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    return;
  }
  FOR_EACH(i, rows * inner) {
    int rest = i / inner, place = (i - rest * inner) * innerStride;
    UNROLL for (int d = 4; d >= 0; d--) {
      const int next = rest / a.dimensions[d];
      place += (rest - next * a.dimensions[d]) * a.strides[d];
      rest = next;
    }
    o[i] = x[place];
  }
#else
  const int streams = STREAMS(rows * inner, inner % 16 == 0);
  if (across >= 0) {
    // Transpose in blocks of 16 along `across` by 16 along the last dimension.
    int outStride = inner, others = 1;
    for (int d = across + 1; d < 5; d++) outStride *= a.dimensions[d];
    for (int d = 0; d < 5; d++) others *= d == across ? 1 : a.dimensions[d];
    const int length = a.dimensions[across], blocks = (length + 15) / 16, innerBlocks = (inner + 15) / 16;
    FOR_EACH_UNIT(unit, others * blocks) {
      const int block = (unit % blocks) * 16, high = length - block < 16 ? length - block : 16;
      long from = block, to = (long)block * outStride, size = inner;
      for (int d = 4, rest = unit / blocks; d >= 0; d--) {
        if (d != across) {
          const int index = rest % a.dimensions[d];
          rest /= a.dimensions[d];
          from += (long)index * a.strides[d];
          to += index * size;
        }
        size *= a.dimensions[d];
      }
      for (int j = 0; j < innerBlocks; j++) {
        __global const float* source = x + from + (long)j * 16 * innerStride;
        __global float* target = o + to + j * 16;
        const int wide = inner - j * 16 < 16 ? inner - j * 16 : 16;
        if (high == 16 && wide == 16) {
          transposeTile(source, innerStride, target, outStride, streams);
        } else {
          for (int r = 0; r < high; r++)
            for (int c = 0; c < wide; c++) target[(long)r * outStride + c] = source[r + (long)c * innerStride];
        }
      }
    }
    return;
  }
  // Stretches of one row each, so that a few long rows are shared out too; the outer indices count like an odometer.
  const int stretch = inner < 4096 ? inner : 4096, stretches = (inner + stretch - 1) / stretch;
  int index[6] = {0, 0, 0, 0, 0, 0}, started = 0;
  long from = 0;
  FOR_EACH_UNIT(unit, rows * stretches) {
    const int row = unit / stretches, first = (unit - row * stretches) * stretch;
    const int count = inner - first < stretch ? inner - first : stretch;
    if (!started) {
      started = 1;
      for (int d = 4, rest = row; d >= 0; d--) {
        index[d] = rest % a.dimensions[d];
        rest /= a.dimensions[d];
        from += (long)index[d] * a.strides[d];
      }
    } else if (first == 0) {
      for (int d = 4; d >= 0; d--) {
        from += a.strides[d];
        if (++index[d] < a.dimensions[d]) break;
        from -= (long)a.dimensions[d] * a.strides[d];
        index[d] = 0;
      }
    }
    __global const float* source = x + from + (long)first * innerStride;
    __global float* target = o + (long)row * inner + first;
    // Rows are written in order: whole vectors may stick out of one, except where rows are shared out in pieces.
    const int rest = stretches == 1 ? shareRest(unit, inner) : count;
    if (innerStride == 1) {
      for (int j = 0; j < count; j += 16) streamv(loadv(source + j), target + j, rest - j, streams);
    } else if (innerStride == 0) {
      const floatv value = splatv(*source);
      for (int j = 0; j < count; j += 16) streamv(value, target + j, rest - j, streams);
    } else {
      for (int j = 0; j < count; j++) target[j] = source[(long)j * innerStride];
    }
  }
#endif
}
REGISTER(copy_strided, CopyStridedParameters, 2)

__kernel void gather_rows(__global const float* restrict table, __global const int* restrict indices, __global float* restrict out,
                          const RowsParameters a ITEM) {
  __global const float* t = AT(table, a.table);
  __global const int* index = AT(indices, a.indices);
  __global float* o = AT(out, a.values);
  const floatv missing = splatv(bitsFloat(0x7fc00000));
#if LANES == 1
  FOR_EACH(i, a.count * a.columns) {
    const int row = index[i / a.columns];
    o[i] = row >= 0 && row < a.rows ? t[(size_t)row * a.columns + i % a.columns] : missing;
  }
#else
  const int streams = STREAMS(a.count * a.columns, a.columns % 16 == 0);
  FOR_EACH_UNIT(i, a.count) {
    const int row = index[i], found = row >= 0 && row < a.rows, rest = shareRest(i, a.columns);
    __global const float* source = t + (size_t)(found ? row : 0) * a.columns;
    __global float* target = o + (size_t)i * a.columns;
    for (int j = 0; j < a.columns; j += 16) streamv(found ? loadv(source + j) : missing, target + j, rest - j, streams);
  }
#endif
}
REGISTER(gather_rows, RowsParameters, 3)

// A work-item owns whole rows of the table (on a GPU: a column of them), and goes through every index in order: no two work-items
// write one place, and every sum is in the order of i, whatever the number of work-items.
__kernel void scatter_add_rows(__global const float* restrict gradient, __global const int* restrict indices,
                               __global float* restrict table, const RowsParameters a ITEM) {
  __global const float* g = AT(gradient, a.values);
  __global const int* index = AT(indices, a.indices);
  __global float* t = AT(table, a.table);
#if LANES == 1
  const int wanted = (int)get_global_size(0) / a.columns, parts = wanted < 1 ? 1 : wanted < a.rows ? wanted : a.rows;
  const int share = (a.rows + parts - 1) / parts;
  FOR_EACH(unit, parts * a.columns) {
    const int part = unit / a.columns, column = unit - part * a.columns;
    const int first = part * share, end = first + share < a.rows ? first + share : a.rows;
    for (int r = first; r < end; r++) t[(size_t)r * a.columns + column] = 0.0f;
    for (int i = 0; i < a.count; i++) {
      const int row = index[i];
      if (row >= first && row < end) t[(size_t)row * a.columns + column] += g[(size_t)i * a.columns + column];
    }
  }
#else
  const int items = (int)get_global_size(0), share = (a.rows + items - 1) / items;
  const int first = (int)get_global_id(0) * share, end = first + share < a.rows ? first + share : a.rows;
  if (first >= end) return;
  const size_t total = (size_t)(end - first) * a.columns;
  for (size_t j = 0; j < total; j += 16) storev(splatv(0.0f), t + (size_t)first * a.columns + j, total - j < 16 ? (int)(total - j) : 16);
  for (int i = 0; i < a.count; i++) {
    const int row = index[i];
    if (row < first || row >= end) continue;
    __global float* target = t + (size_t)row * a.columns;
    __global const float* source = g + (size_t)i * a.columns;
    for (int j = 0; j < a.columns; j += 16) storev(loadFirst(target + j, a.columns - j) + loadv(source + j), target + j, a.columns - j);
  }
#endif
}
REGISTER(scatter_add_rows, RowsParameters, 3)
