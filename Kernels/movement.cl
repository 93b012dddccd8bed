// Moving data: fill, copy, strided copy (transposes, broadcasts, slices), copies to a stride, padding, elements by index. Index spaces are one-dimensional, of any size, on
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
#define TRANSPOSE_ROWS (ROW_GROUP / TRANSPOSE_TILE)   // that a group moves at once

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

#if LANES != 1
// 16 floats, each so far from the one before. One more behind the outermost may be read.
INLINE float16 loadStrided(__global const float* p, const int stride) {
  float16 v;
  if (stride == -1) return load16(p - 15).sfedcba9876543210;
  if (stride == 2) {
    v.lo = load16(p).even;
    v.hi = load16(p + 16).even;
    return v;
  }
  if (stride == -2) {
    v.lo = load16(p - 30).even;
    v.hi = load16(p - 14).even;
    return v.sfedcba9876543210;
  }
  float lanes[16];
  for (int k = 0; k < 16; k++) lanes[k] = p[(long)k * stride];
  return loadPrivate16(lanes);
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
#if ROW_GROUP >= TRANSPOSE_TILE
      if (high == TRANSPOSE_TILE && wide == TRANSPOSE_TILE) {
        // All that an item moves is asked for before the first of it is needed.
        const int row = item / TRANSPOSE_TILE, lane = item % TRANSPOSE_TILE;
        float moved[TRANSPOSE_TILE / TRANSPOSE_ROWS];
        UNROLL for (int k = 0; k < TRANSPOSE_TILE / TRANSPOSE_ROWS; k++)
          moved[k] = x[from + lane + (long)(row + k * TRANSPOSE_ROWS) * innerStride];
        UNROLL for (int k = 0; k < TRANSPOSE_TILE / TRANSPOSE_ROWS; k++)
          tile[(row + k * TRANSPOSE_ROWS) * (TRANSPOSE_TILE + 1) + lane] = moved[k];
        barrier(CLK_LOCAL_MEM_FENCE);
        UNROLL for (int k = 0; k < TRANSPOSE_TILE / TRANSPOSE_ROWS; k++)
          o[to + lane + (long)(row + k * TRANSPOSE_ROWS) * outStride] = tile[lane * (TRANSPOSE_TILE + 1) + row + k * TRANSPOSE_ROWS];
        barrier(CLK_LOCAL_MEM_FENCE);
        continue;
      }
#endif
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
  // Four at a time, where rows consist of that: divisions of integers take longer than what is moved.
  const int together = inner % 4 == 0 ? 4 : 1, parts = inner / together;
  FOR_EACH(i, rows * parts) {
    int rest = i / parts, place = (i - rest * parts) * together * innerStride;
    UNROLL for (int d = 4; d >= 0; d--) {
      if (a.dimensions[d] == 1) continue;
      const int next = rest / a.dimensions[d];
      place += (rest - next * a.dimensions[d]) * a.strides[d];
      rest = next;
    }
    if (together == 4) {
      const float4 v = {x[place], x[place + innerStride], x[place + 2 * innerStride], x[place + 3 * innerStride]};
      *(__global float4*)(o + 4 * (size_t)i) = v;
    } else {
      o[i] = x[place];
    }
  }
#else
  const int streams = STREAMS(rows * inner, inner % 16 == 0);
  if (across >= 0) {
    // Transpose tiles of 16 by 16, in blocks of `high` along `across` and `wide` along the last dimension. What caches do not keep is read in
    // long pieces, which the processor sees coming, and written two lines at a time.
    int outStride = inner, others = 1;
    for (int d = across + 1; d < 5; d++) outStride *= a.dimensions[d];
    for (int d = 0; d < 5; d++) others *= d == across ? 1 : a.dimensions[d];
    const int high = streams ? 1024 : 16, wide = streams ? 32 : inner;
    const int length = a.dimensions[across], blocks = (length + high - 1) / high, innerBlocks = (inner + wide - 1) / wide;
    FOR_EACH_UNIT(unit, others * blocks * innerBlocks) {
      const int place = unit / innerBlocks, left = (unit - place * innerBlocks) * wide, top = place % blocks * high;
      long from = 0, to = 0, size = inner;
      for (int d = 4, rest = place / blocks; d >= 0; d--) {
        if (d != across) {
          const int index = rest % a.dimensions[d];
          rest /= a.dimensions[d];
          from += (long)index * a.strides[d];
          to += index * size;
        }
        size *= a.dimensions[d];
      }
      const int bottom = length - top < high ? length : top + high, right = inner - left < wide ? inner : left + wide;
      for (int block = top; block < bottom; block += 16) {
        for (int j = left; j < right; j += 16) {
          __global const float* source = x + from + block + (long)j * innerStride;
          __global float* target = o + to + (long)block * outStride + j;
          if (bottom - block >= 16 && right - j >= 16) {
            transposeTile(source, innerStride, target, outStride, streams);
          } else {
            for (int r = 0; r < bottom - block && r < 16; r++)
              for (int c = 0; c < right - j && c < 16; c++) target[(long)r * outStride + c] = source[r + (long)c * innerStride];
          }
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
      int j = 0;
      for (; j + 16 <= count; j += 16) streamv(loadStrided(source + (long)j * innerStride, innerStride), target + j, 16, streams);
      for (; j < count; j++) target[j] = source[(long)j * innerStride];
    }
  }
#endif
}
REGISTER(copy_strided, CopyStridedParameters, 2)

__kernel void copy_rows(__global const float* restrict in, __global float* restrict out, const CopyRowsParameters a ITEM) {
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out) + a.start;
#if LANES == 1
  // Four at a time, as in copy_strided.
  const int together = (a.columns | a.stride | a.start) % 4 == 0 ? 4 : 1, parts = a.columns / together;
  FOR_EACH(i, a.rows * parts) {
    const int row = i / parts;
    const size_t to = (size_t)row * a.stride + (size_t)(i - row * parts) * together;
    if (together == 4) {
      *(__global float4*)(o + to) = *(__global const float4*)(x + 4 * (size_t)i);
    } else {
      o[to] = x[i];
    }
  }
#else
  const int streams = STREAMS(a.rows * a.columns, a.start % 16 == 0 && a.columns % 16 == 0 && a.stride % 16 == 0);
  const int stretch = a.columns < 4096 ? a.columns : 4096, stretches = (a.columns + stretch - 1) / stretch;
  FOR_EACH_UNIT(unit, a.rows * stretches) {
    const int row = unit / stretches, first = (unit - row * stretches) * stretch;
    const int count = a.columns - first < stretch ? a.columns - first : stretch;
    __global const float* source = x + (size_t)row * a.columns + first;
    __global float* target = o + (size_t)row * a.stride + first;
    if (count < 16) {
      for (int j = 0; j < count; j++) target[j] = source[j];
    } else {
      for (int j = 0; j < count; j += 16) streamv(loadv(source + j), target + j, count - j, streams);
    }
  }
#endif
}
REGISTER(copy_rows, CopyRowsParameters, 2)

// Where a place along one dimension comes from; -1: from nowhere.
INLINE int paddedFrom(const int place, const int before, const int step, const int extent) {
  const int t = place - before;
  if (t < 0) return -1;
  if (step == 1) return t < extent ? t : -1;
  const int from = t / step;
  return from < extent && from * step == t ? from : -1;
}

__kernel void pad(__global const float* restrict in, __global float* restrict out, const PadParameters a ITEM) {
  __global const float* x = AT(in, a.in);
  __global float* o = AT(out, a.out);
  const int inner = a.dimensions[5], before = a.before[5], step = a.steps[5], extent = a.extents[5];
  int rows = 1;
  UNROLL for (int d = 0; d < 5; d++) rows *= a.dimensions[d];
#if LANES == 1
  // Four at a time, as in copy_strided.
  const int together = inner % 4 == 0 ? 4 : 1, parts = inner / together;
  FOR_EACH(i, rows * parts) {
    int rest = i / parts, from = 0, size = extent, inside = 1;
    const int first = (i - rest * parts) * together;
    UNROLL for (int d = 4; d >= 0; d--) {
      const int next = a.dimensions[d] == 1 ? rest : rest / a.dimensions[d];
      const int index = a.dimensions[d] == 1 ? 0 : rest - next * a.dimensions[d];
      const int k = paddedFrom(index, a.before[d], a.steps[d], a.extents[d]);
      inside = inside && k >= 0;
      from += k * size;
      size *= a.extents[d];
      rest = next;
    }
    float lanes[4];
    UNROLL for (int k = 0; k < 4; k++) {
      const int at = k < together ? paddedFrom(first + k, before, step, extent) : -1, isIn = inside && at >= 0;
      lanes[k] = isIn ? x[isIn ? from + at : 0] : a.value;
    }
    if (together == 4) {
      *(__global float4*)(o + 4 * (size_t)i) = (float4)(lanes[0], lanes[1], lanes[2], lanes[3]);
    } else {
      o[i] = lanes[0];
    }
  }
#else
  const int streams = STREAMS(rows * inner, inner % 16 == 0);
  const floatv value = splatv(a.value);
  const int stretch = inner < 4096 ? inner : 4096, stretches = (inner + stretch - 1) / stretch;
  int index[5] = {0, 0, 0, 0, 0}, started = 0, inside = 0;
  long from = 0;
  FOR_EACH_UNIT(unit, rows * stretches) {
    const int row = unit / stretches, first = (unit - row * stretches) * stretch;
    const int count = inner - first < stretch ? inner - first : stretch;
    if (!started || first == 0) {
      if (!started) {
        for (int d = 4, rest = row; d >= 0; d--) {
          index[d] = rest % a.dimensions[d];
          rest /= a.dimensions[d];
        }
      } else {
        for (int d = 4; d >= 0; d--) {   // counts like an odometer
          if (++index[d] < a.dimensions[d]) break;
          index[d] = 0;
        }
      }
      started = inside = 1;
      from = 0;
      long size = extent;
      for (int d = 4; d >= 0 && inside; d--) {
        const int k = paddedFrom(index[d], a.before[d], a.steps[d], a.extents[d]);
        inside = k >= 0;
        from += k * size;
        size *= a.extents[d];
      }
    }
    __global float* target = o + (size_t)row * inner + first;
    const int rest = stretches == 1 ? shareRest(unit, inner) : count;
    if (!inside) {
      for (int j = 0; j < count; j += 16) streamv(value, target + j, rest - j, streams);
      continue;
    }
    __global const float* source = x + from;
    for (int j = 0; j < count; j += 16) {
      const int place = first + j - before;
      if (step == 1 && place >= 0 && place + 16 <= extent) {
        streamv(loadv(source + place), target + j, rest - j, streams);
      } else if (place + 16 <= 0 || place > (extent - 1) * (long)step) {
        streamv(value, target + j, rest - j, streams);
      } else {
        float lanes[16];
        for (int k = 0; k < 16; k++) {
          const int at = paddedFrom(first + j + k, before, step, extent);
          lanes[k] = at >= 0 ? source[at] : a.value;
        }
        streamv(loadPrivate16(lanes), target + j, rest - j, streams);
      }
    }
  }
#endif
}
REGISTER(pad, PadParameters, 2)

__kernel void gather(__global const float* restrict table, __global const int* restrict indices, __global float* restrict out,
                     const GatherParameters a ITEM) {
  __global const float* t = AT(table, a.table);
  __global const int* index = AT(indices, a.indices);
  __global float* o = AT(out, a.values);
  const int size = a.count * a.inner;   // of one o's values
#if LANES == 1
  if (!a.perElement && a.inner % 4 == 0) {
    const int parts = a.inner / 4;
    FOR_EACH(i, a.outer * a.count * parts) {
      const int place = i / parts, column = (i - place * parts) * 4, part = a.outer == 1 ? 0 : place / a.count;
      const int row = index[part * a.indexStride + place - part * a.count], found = row >= 0 && row < a.extent;
      const size_t from = ((size_t)part * a.extent + (found ? row : 0)) * a.inner + column;
      *(__global float4*)(o + 4 * (size_t)i) = found ? *(__global const float4*)(t + from) : (float4)(a.missing);
    }
    return;
  }
  FOR_EACH(i, a.outer * size) {
    const int part = a.outer == 1 ? 0 : i / size, place = i - part * size, j = place / a.inner, column = place - j * a.inner;
    const int row = index[part * a.indexStride + (a.perElement ? place : j)];
    o[i] = row >= 0 && row < a.extent ? t[((size_t)part * a.extent + row) * a.inner + column] : a.missing;
  }
#else
  if (a.perElement || a.inner == 1) {
    int part = -1, place = 0, column = 0;
    FOR_EACH(i, a.outer * size) {
      if (part < 0) {
        part = i / size;
        place = i - part * size;
        column = place % a.inner;
      }
      const int row = index[part * a.indexStride + place];
      o[i] = row >= 0 && row < a.extent ? t[((size_t)part * a.extent + row) * a.inner + column] : a.missing;
      if (++column == a.inner) column = 0;
      if (++place == size) {
        place = 0;
        part++;
      }
    }
    return;
  }
  const floatv missing = splatv(a.missing);
  const int streams = STREAMS(a.outer * size, a.inner % 16 == 0);
  FOR_EACH_UNIT(i, a.outer * a.count) {
    const int part = a.outer == 1 ? 0 : i / a.count, j = i - part * a.count, rest = shareRest(i, a.inner);
    const int row = index[part * a.indexStride + j], found = row >= 0 && row < a.extent;
    __global const float* source = t + ((size_t)part * a.extent + (found ? row : 0)) * a.inner;
    __global float* target = o + (size_t)i * a.inner;
    for (int k = 0; k < a.inner; k += 16) streamv(found ? loadv(source + k) : missing, target + k, rest - k, streams);
  }
#endif
}
REGISTER(gather, GatherParameters, 3)

// A work-item owns whole rows of the table (on a GPU: every so-manieth element of a column), and goes through every index in order: no two
// work-items write one place, and every sum is in the order of j, whatever the number of work-items.
__kernel ROW_KERNEL void scatter_add(__global const float* restrict values, __global const int* restrict indices, __global float* restrict table,
                          const GatherParameters a ITEM) {
  __global const float* v = AT(values, a.values);
  __global const int* index = AT(indices, a.indices);
  __global float* t = AT(table, a.table);
#if LANES == 1
  __local uint hits[(ROW_GROUP + 31) / 32];
  if (!a.perElement) {
    // A group owns a stretch of rows. It looks at as many indices at a time as it has work-items, and adds what is its own in their order, each
    // work-item the same columns always.
    const int item = get_local_id(0), groups = (int)get_num_groups(0) / a.outer, most = groups < 1 ? 1 : groups;
    const int owners = most < a.extent ? most : a.extent, owned = (a.extent + owners - 1) / owners;
    for (int unit = get_group_id(0); unit < a.outer * owners; unit += get_num_groups(0)) {
      const int outer = unit / owners, first = (unit - outer * owners) * owned;
      const int end = first + owned < a.extent ? first + owned : a.extent;
      __global float* own = t + (size_t)outer * a.extent * a.inner;
      __global const float* source = v + (size_t)outer * a.count * a.inner;
      __global const int* rows = index + (size_t)outer * a.indexStride;
      for (int j = item; j < (end - first) * a.inner; j += ROW_GROUP) own[(size_t)first * a.inner + j] = 0.0f;
      barrier(CLK_GLOBAL_MEM_FENCE);
      for (int k = 0; k < a.count; k += ROW_GROUP) {
        if (item < (ROW_GROUP + 31) / 32) hits[item] = 0;
        barrier(CLK_LOCAL_MEM_FENCE);
        const int row = k + item < a.count ? rows[k + item] : -1;
        if (row >= first && row < end) atomic_or(&hits[item / 32], 1u << (item % 32));
        barrier(CLK_LOCAL_MEM_FENCE);
        UNROLL for (int word = 0; word < (ROW_GROUP + 31) / 32; word++) {
          for (uint bits = hits[word]; bits != 0; bits &= bits - 1) {
            const int j = k + 32 * word + 31 - (int)clz(bits & (0u - bits));
            __global float* target = own + (size_t)rows[j] * a.inner;
            for (int i = item; i < a.inner; i += ROW_GROUP) target[i] += source[(size_t)j * a.inner + i];
          }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
      }
    }
    return;
  }
#endif
  const int wanted = (int)get_global_size(0) / (LANES == 1 ? a.outer * a.inner : a.outer);
  // Every owner looks at every index, which costs as much as to add some four numbers: on a CPU there are few owners of short rows.
  const int most = LANES == 1 ? a.extent : a.perElement || a.inner < 32 ? 8 : a.inner / 4, limit = most < a.extent ? most : a.extent;
  const int parts = wanted < 1 ? 1 : wanted < limit ? wanted : limit;
#if LANES == 1
  FOR_EACH(unit, a.outer * parts * a.inner) {
    const int place = unit / a.inner, column = unit - place * a.inner, outer = place / parts, part = place - outer * parts;
    __global float* own = t + (size_t)outer * a.extent * a.inner + column;
    __global const float* source = v + (size_t)outer * a.count * a.inner + column;
    __global const int* rows = index + (size_t)outer * a.indexStride + (a.perElement ? column : 0);
    const int step = a.perElement ? a.inner : 1;
    for (int r = part; r < a.extent; r += parts) own[(size_t)r * a.inner] = 0.0f;
    for (int j = 0; j < a.count; j++) {
      const int row = rows[(size_t)j * step];
      if (row >= 0 && row < a.extent && row % parts == part) own[(size_t)row * a.inner] += source[(size_t)j * a.inner];
    }
  }
#else
  const int share = (a.extent + parts - 1) / parts;
  FOR_EACH_UNIT(unit, a.outer * parts) {
    const int outer = unit / parts, first = (unit - outer * parts) * share;
    const int end = first + share < a.extent ? first + share : a.extent;
    if (first >= end) continue;
    __global float* own = t + (size_t)outer * a.extent * a.inner;
    __global const float* source = v + (size_t)outer * a.count * a.inner;
    __global const int* rows = index + (size_t)outer * a.indexStride;
    const size_t total = (size_t)(end - first) * a.inner;
    for (size_t j = 0; j < total; j += 16)
      storev(splatv(0.0f), own + (size_t)first * a.inner + j, total - j < 16 ? (int)(total - j) : 16);
    if (a.perElement) {
      for (int j = 0; j < a.count; j++, rows += a.inner, source += a.inner)
        for (int i = 0; i < a.inner; i++)
          if (rows[i] >= first && rows[i] < end) own[(size_t)rows[i] * a.inner + i] += source[i];
      continue;
    }
    for (int k = 0; k < a.count; k += 64) {
      // Most indices are another owner's: 64 at a time are passed over.
      int16 any_ = (int16)(0);
      UNROLL for (int i = 0; i < 64; i += 16) {
        const int16 row = BITS_16(load16((__global const float*)(rows + k) + i));
        any_ |= (row >= first) & (row < end);
      }
      if (!anyLane16(any_)) continue;
      for (int j = k; j < k + 64 && j < a.count; j++) {
        const int row = rows[j];
        if ((uint)(row - first) >= (uint)(end - first)) continue;
        __global float* target = own + (size_t)row * a.inner;
        __global const float* from = source + (size_t)j * a.inner;
        if (a.inner < 16) {
          for (int i = 0; i < a.inner; i++) target[i] += from[i];
        } else {
          for (int i = 0; i < a.inner; i += 16)
            storev(loadFirst(target + i, a.inner - i) + loadv(from + i), target + i, a.inner - i);
        }
      }
    }
  }
#endif
}
REGISTER(scatter_add, GatherParameters, 3)
