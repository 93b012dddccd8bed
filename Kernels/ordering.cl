// Along rows in an order: running sums, and which numbers come first. Index spaces are one-dimensional, on a GPU of whole groups of
// ROW_GROUP. Nothing here may be in the place of its input.

#if LANES == 16
// Of 16 numbers, by doubling: pairs, fours, eights.
INLINE float16 runningSums(float16 v, const int reversed) {
  if (reversed) {
    v.even += v.odd;
    v.s014589cd += v.s2266aaee;
    v.s012389ab += v.s4444cccc;
    v.lo += v.s8;
  } else {
    v.odd += v.even;
    v.s2367abef += v.s115599dd;
    v.s4567cdef += v.s3333bbbb;
    v.hi += v.s7;
  }
  return v;
}
#endif

__kernel ROW_KERNEL void cumulative_sum(__global const float* restrict in, __global float* restrict out,
                                        const CumulativeSumParameters a ITEM) {
#if LANES == 1
  ROWS_OF(a.columns)
  FOR_EACH_ROW(row, a.rows)
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
    __global float* y = AT(out, a.out) + (size_t)row * a.columns;
    __local float* own = row_.values + row_.lane;
    float carry = 0.0f;
    // As many neighbours at a time as share the row: each doubling adds what is twice as far away.
    for (int start = 0; start < a.columns; start += row_.lanes) {
      const int wanted = start + row_.lane, isMine = row_.first != NO_ROW && wanted < a.columns;
      const int j = a.reversed ? a.columns - 1 - wanted : wanted;
      float sum = isMine ? x[j] : 0.0f;
      *own = sum;
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int step = 1; step < row_.lanes; step *= 2) {
        const float before = row_.lane >= step ? own[-step] : 0.0f;
        barrier(CLK_LOCAL_MEM_FENCE);
        sum += before;
        *own = sum;
        barrier(CLK_LOCAL_MEM_FENCE);
      }
      if (isMine) y[j] = carry + sum;
      carry += row_.values[row_.lanes - 1];
      barrier(CLK_LOCAL_MEM_FENCE);
    }
  }
#else
  const int blocks = (a.columns + 15) / 16;
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
    __global float* y = AT(out, a.out) + (size_t)row * a.columns;
    // What rounding takes from the sum so far is kept beside it (Knuth's two-sum).
    float carry = 0.0f, lost = 0.0f;
    for (int k = 0; k < blocks; k++) {
      const int j = (a.reversed ? blocks - 1 - k : k) * 16;
      const float16 sums = runningSums(firstLanes16(load16(x + j), a.columns - j, 0.0f), a.reversed);
      storev(carry + (lost + sums), y + j, rest - j);
      const float block = a.reversed ? sums.s0 : sums.sf, sum = carry + block, added = sum - carry;
      const float error = (carry - (sum - added)) + (block - added);
      lost += isFinite_1(error) != 0.0f ? error : 0.0f;
      carry = sum;
    }
  }
#endif
}
REGISTER(cumulative_sum, CumulativeSumParameters, 2)

// ------------------------------------------------------------------------------------------------ order
// A number as an integer that is the larger the earlier it comes: a NaN is larger than everything, and both zeros are equal.
INLINE intv orderKeys(const floatv x, const int ascending) {
  const intv bits = V(BITS)(x + 0.0f);
  const intv key = V(CHOOSE_INTEGER)(bits ^ ((bits >> 31) & 0x7fffffff), (intv)(0x7fffffff), x != x);
  return ascending ? ~key : key;
}
INLINE int orderKey(const float x, const int ascending) {
  const int bits = floatBits(x + 0.0f), key = x != x ? 0x7fffffff : bits ^ ((bits >> 31) & 0x7fffffff);
  return ascending ? ~key : key;
}

#define NOWHERE 0x7fffffff
typedef struct {
  int key, place;
} Ranked;

#if LANES == 1
#define COLUMN_NUMBERS 0
INLINE int acrossRow(const int value, const int takesLarger ROW_TYPE) {
  if (row_.lanes == 1) return value;
  __local float* own = row_.values + row_.lane;
  *own = bitsFloat(value);
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = row_.lanes / 2; step > 0; step /= 2) {
    if (row_.lane < step) {
      const int x = floatBits(*own), y = floatBits(own[step]);
      *own = bitsFloat((takesLarger ? x > y : x < y) ? x : y);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const int result = floatBits(row_.values[0]);
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}
// The largest key of a row, and the first place that has it.
INLINE Ranked rowFirst(const int key, const int place ROW_TYPE) {
  const int largest = acrossRow(place == NOWHERE ? (int)0x80000000 : key, 1 ROW);
  const Ranked result = {largest, acrossRow(key == largest ? place : NOWHERE, 0 ROW)};
  return result;
}
#else
#define COLUMN_NUMBERS LANE_NUMBERS
INLINE Ranked rowFirst(const int16 key, const int16 place) {
  float keys[16], places[16];
  storePrivate16(bitsFloat16(key), keys);
  storePrivate16(bitsFloat16(place), places);
  Ranked result = {0, NOWHERE};
  for (int k = 0; k < 16; k++) {
    const int nextKey = floatBits(keys[k]), nextPlace = floatBits(places[k]);
    if (nextPlace == NOWHERE) continue;
    if (result.place == NOWHERE || nextKey > result.key || (nextKey == result.key && nextPlace < result.place)) {
      result.key = nextKey;
      result.place = nextPlace;
    }
  }
  return result;
}
#endif

__kernel ROW_KERNEL void top_rows(__global const float* restrict in, __global int* restrict out, const TopRowsParameters a ITEM) {
  ROWS_OF(a.columns)
  FOR_EACH_ROW(row, a.rows)
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
    __global int* o = AT(out, a.out) + (size_t)row * a.count;
    Ranked last = {0x7fffffff, -1};
    // The first of what comes after the last one that was found.
    for (int k = 0; k < a.count; k++) {
      intv best = (intv)(0), place = (intv)(NOWHERE);
      FOR_EACH_COLUMN(j, a.columns) {
        const intv at = COLUMN_NUMBERS + j, key = orderKeys(loadv(x + j), a.ascending);
        const intv isLeft = ((key < last.key) | ((key == last.key) & (at > last.place))) & (at < a.columns);
        const intv better = isLeft & ((place == NOWHERE) | (key > best));
        best = V(CHOOSE_INTEGER)(best, key, better);
        place = V(CHOOSE_INTEGER)(place, at, better);
      }
      last = rowFirst(best, place ROW);
      if (ROW_FIRST) o[k] = last.place;
    }
  }
}
REGISTER(top_rows, TopRowsParameters, 2)

// A number's key and its place in one word: the smaller the earlier.
INLINE unsigned long orderWord(const float x, const int place, const int ascending) {
  return (unsigned long)(~((uint)orderKey(x, ascending) ^ 0x80000000u)) << 32 | (uint)place;
}

#if LANES == 1
// Pairs of words that are in the wrong order change places. First those that mirror each other in blocks that are sorted by halves, then
// at ever smaller distances (a bitonic network; Batcher 1968).
INLINE void orderPair(__global unsigned long* words, const int i, const int j) {
  const unsigned long a = words[i], b = words[j];
  if (a > b) {
    words[i] = b;
    words[j] = a;
  }
}
#else
#define SORTED_RUN 16
// Merges: runs of SORTED_RUN are sorted by insertion, then two of them become one, from one half of the memory to the other.
INLINE __global unsigned long* sortedWords(__global const float* x, const int columns, const int ascending, __global unsigned long* words) {
  for (int start = 0; start < columns; start += SORTED_RUN) {
    const int end = start + SORTED_RUN < columns ? start + SORTED_RUN : columns;
    for (int i = start; i < end; i++) {
      const unsigned long word = orderWord(x[i], i, ascending);
      int j = i;
      for (; j > start && words[j - 1] > word; j--) words[j] = words[j - 1];
      words[j] = word;
    }
  }
  __global unsigned long* from = words;
  __global unsigned long* to = words + columns;
  for (int width = SORTED_RUN; width < columns; width *= 2) {
    for (int start = 0; start < columns; start += 2 * width) {
      const int middle = start + width < columns ? start + width : columns;
      const int end = middle + width < columns ? middle + width : columns;
      int i = start, j = middle;
      for (int k = start; k < end; k++) {
        const int isLeft = j >= end || (i < middle && from[i] < from[j]);
        to[k] = from[isLeft ? i : j];
        i += isLeft;
        j += !isLeft;
      }
    }
    __global unsigned long* other = from;
    from = to;
    to = other;
  }
  return from;
}
#endif

__kernel ROW_KERNEL void sort_rows(__global const float* restrict in, __global float* restrict keys, __global int* restrict out,
                                   const SortRowsParameters a ITEM) {
#if LANES == 1
  const int item = get_local_id(0);
  __global unsigned long* words = (__global unsigned long*)AT(keys, a.keys) + (size_t)get_group_id(0) * a.stride;
  for (int row = get_group_id(0); row < a.rows; row += get_num_groups(0)) {
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
    __global int* o = AT(out, a.out) + (size_t)row * a.count;
    for (int i = item; i < a.stride; i += ROW_GROUP) words[i] = i < a.columns ? orderWord(x[i], i, a.ascending) : ~0ul;
    barrier(CLK_GLOBAL_MEM_FENCE);
    for (int size = 2; size <= a.stride; size *= 2) {
      for (int p = item; p < a.stride / 2; p += ROW_GROUP) {
        const int half_ = size / 2, block = p / half_ * size, at = p % half_;
        orderPair(words, block + at, block + size - 1 - at);
      }
      barrier(CLK_GLOBAL_MEM_FENCE);
      for (int step = size / 4; step > 0; step /= 2) {
        for (int p = item; p < a.stride / 2; p += ROW_GROUP) {
          const int first = p / step * 2 * step + p % step;
          orderPair(words, first, first + step);
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
      }
    }
    for (int i = item; i < a.count; i += ROW_GROUP) o[i] = (int)(uint)words[i];
    barrier(CLK_GLOBAL_MEM_FENCE);
  }
#else
  FOR_EACH_UNIT(row, a.rows) {
    __global unsigned long* words = (__global unsigned long*)AT(keys, a.keys) + (size_t)get_global_id(0) * a.stride;
    __global const unsigned long* sorted = sortedWords(AT(in, a.in) + (size_t)row * a.columns, a.columns, a.ascending, words);
    __global int* o = AT(out, a.out) + (size_t)row * a.count;
    for (int k = 0; k < a.count; k++) o[k] = (int)(uint)sorted[k];
  }
#endif
}
REGISTER(sort_rows, SortRowsParameters, 3)
