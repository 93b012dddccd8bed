// Along rows in an order: running sums, and which numbers come first. Index spaces are one-dimensional, on a GPU of whole groups of
// ROW_GROUP. Nothing here may be in the place of its input.

#if LANES == 16
// Of 16 numbers, by doubling: pairs, fours, eights.
INLINE float16 runningSums(float16 v, const int reversed) {
  const int16 lanes = LANE_NUMBERS;
  if (reversed) {
    v = CHOOSE_16(v, v + v.s1133557799bbddff, (lanes & 1) == 0);
    v = CHOOSE_16(v, v + v.s22226666aaaaeeee, (lanes & 2) == 0);
    v = CHOOSE_16(v, v + v.s44444444cccccccc, (lanes & 4) == 0);
    v = CHOOSE_16(v, v + v.s8888888888888888, (lanes & 8) == 0);
  } else {
    v = CHOOSE_16(v, v + v.s0022446688aaccee, (lanes & 1) != 0);
    v = CHOOSE_16(v, v + v.s111155559999dddd, (lanes & 2) != 0);
    v = CHOOSE_16(v, v + v.s33333333bbbbbbbb, (lanes & 4) != 0);
    v = CHOOSE_16(v, v + v.s7777777777777777, (lanes & 8) != 0);
  }
  return v;
}

#define SUMMED_ROWS 4   // beside each other: a block waits for the sum of the one before
// Of `rows` rows, up to `beside` (1 or SUMMED_ROWS, known when this is compiled); what is missing of them is the last one again. What rounding
// takes from a sum so far is kept beside it (Knuth's two-sum).
INLINE void sumAlongRows(__global const float* x, __global float* y, const int rows, const int beside, const int columns, const int reversed,
                         const int streams) {
  const int blocks = (columns + 15) / 16;
  float4 carry = (float4)(0.0f), lost = carry;
  size_t starts[SUMMED_ROWS];
  UNROLL for (int r = 0; r < SUMMED_ROWS; r++) starts[r] = (size_t)(r < rows ? r : rows - 1) * columns;
  for (int k = 0; k < blocks; k++) {
    const int j = (reversed ? blocks - 1 - k : k) * 16, left = columns - j;
    float16 sums[SUMMED_ROWS];
    UNROLL for (int r = 0; r < SUMMED_ROWS; r++) {
      if (r >= beside) continue;
      const float16 v = load16(x + starts[r] + j);
      sums[r] = runningSums(left < 16 ? firstLanes16(v, left, 0.0f) : v, reversed);
    }
    float4 block = (float4)(0.0f);
    streamv(carry.x + (lost.x + sums[0]), y + starts[0] + j, left, streams);
    block.x = reversed ? sums[0].s0 : sums[0].sf;
    if (beside > 1) {
      streamv(carry.y + (lost.y + sums[1]), y + starts[1] + j, left, streams);
      streamv(carry.z + (lost.z + sums[2]), y + starts[2] + j, left, streams);
      streamv(carry.w + (lost.w + sums[3]), y + starts[3] + j, left, streams);
      block.y = reversed ? sums[1].s0 : sums[1].sf;
      block.z = reversed ? sums[2].s0 : sums[2].sf;
      block.w = reversed ? sums[3].s0 : sums[3].sf;
    }
    const float4 sum = carry + block, added = sum - carry, error = (carry - (sum - added)) + (block - added);
    lost += HALF_CHOOSE(4, (float4)(0.0f), error, error - error == 0.0f);   // unless it is not finite
    carry = sum;
  }
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
  const int streams = STREAMS(a.rows * a.columns, a.columns % 16 == 0);
  const int most = a.rows < SUMMED_ROWS * (int)get_global_size(0) ? 1 : SUMMED_ROWS;   // few rows are for as many work-items
  FOR_EACH_UNIT(unit, (a.rows + most - 1) / most) {
    const int first = unit * most, rows = a.rows - first < most ? a.rows - first : most;
    __global const float* x = AT(in, a.in) + (size_t)first * a.columns;
    __global float* y = AT(out, a.out) + (size_t)first * a.columns;
    if (most == 1) {
      if (a.reversed) sumAlongRows(x, y, 1, 1, a.columns, 1, streams);
      else sumAlongRows(x, y, 1, 1, a.columns, 0, streams);
    } else {
      if (a.reversed) sumAlongRows(x, y, rows, SUMMED_ROWS, a.columns, 1, streams);
      else sumAlongRows(x, y, rows, SUMMED_ROWS, a.columns, 0, streams);
    }
  }
#endif
}
REGISTER(cumulative_sum, CumulativeSumParameters, 2)

// ------------------------------------------------------------------------------------------------ order
// A number as an integer that is the larger the earlier it comes: a NaN is larger than everything, and both zeros are equal. By integers alone,
// since arithmetic may take what is smaller than a normal number for 0.
INLINE int orderKey(const float x, const int ascending) {
  const int bits = floatBits(x), size = bits & 0x7fffffff, key = size > 0x7f800000 ? 0x7fffffff : bits < 0 ? ~size + (size == 0) : size;
  return ascending ? ~key : key;
}

#define NOWHERE 0x7fffffff
typedef struct {
  int key, place;
} Ranked;

#if LANES == 1
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
// Puts a place among the best `count` of a row, of which there are `filled` so far; places come in order.
INLINE int ranked(Ranked* best, const int filled, const int count, const int key, const int place) {
  if (filled == count && best[count - 1].key >= key) return filled;
  int i = filled < count ? filled : count - 1;
  for (; i > 0 && best[i - 1].key < key; i--) best[i] = best[i - 1];
  best[i].key = key;
  best[i].place = place;
  return filled < count ? filled + 1 : filled;
}

// A choice between numbers as they are, which compilers know to be a maximum; a NaN gives way.
#define LARGER(x, y) ((x) > (y) ? (x) : (y))
#define TURNED(v) (ascending ? -(v) : (v))

// The smallest of 16 numbers that no NaN is among.
INLINE float leastOf16(const float16 v) {
  const float8 b0 = v.lo, b1 = v.hi, b = HALF_CHOOSE(8, b1, b0, b0 < b1);
  const float4 c0 = b.lo, c1 = b.hi, c = HALF_CHOOSE(4, c1, c0, c0 < c1);
  const float d0 = c.x < c.z ? c.x : c.z, d1 = c.y < c.w ? c.y : c.w;
  return d0 < d1 ? d0 : d1;
}

// A number that at least `count` (up to 16) of a row are no less than: the best of every sixteenth column, of which the count-th.
INLINE float16 leastOfBest(__global const float* x, const int columns, const int count, const int ascending) {
  float16 parts[4];
  UNROLL for (int k = 0; k < 4; k++) parts[k] = splat(bitsFloat((int)0xff800000));
  int j = 0;
  for (; j + 64 <= columns; j += 64) {
    UNROLL for (int k = 0; k < 4; k++) {
      const float16 v = TURNED(load16(x + j + 16 * k));
      parts[k] = LARGER(v, parts[k]);
    }
  }
  for (; j + 16 <= columns; j += 16) {
    const float16 v = TURNED(load16(x + j));
    parts[0] = LARGER(v, parts[0]);
  }
  const float16 p01 = LARGER(parts[0], parts[1]), p23 = LARGER(parts[2], parts[3]), best = LARGER(p01, p23);
  // How many are better than each, negated: oclgrind takes a lane's 1 of a comparison for 255, but not its -1.
  float lanes[16];
  storePrivate16(best, lanes);
  int16 better = (int16)(0);
  UNROLL for (int k = 0; k < 16; k++) better += splat(lanes[k]) > best;
  return splat(leastOf16(CHOOSE_16(splat(bitsFloat(0x7f800000)), best, better > -count)));
}

#define FEW 8
// The first `count` of up to FEW places, which rise, by their numbers.
INLINE void orderFew(__global const float* x, const int* places, const int found, const int count, const int ascending, __global int* o) {
  int keys[FEW], ranks[FEW], order[FEW];
  UNROLL for (int k = 0; k < FEW; k++) {
    keys[k] = k < found ? orderKey(x[places[k]], ascending) : (int)0x80000000;
    ranks[k] = 0;
  }
  UNROLL for (int k = 0; k < FEW; k++) {
    UNROLL for (int l = 0; l < k; l++) {
      const int isLater = keys[l] >= keys[k];
      ranks[k] += isLater;
      ranks[l] += !isLater;
    }
  }
  UNROLL for (int k = 0; k < FEW; k++) order[ranks[k]] = places[k];
  for (int k = 0; k < count; k++) o[k] = order[k];
}

#define SEARCHED 16   // blocks of 64 columns at a time
// Some six numbers of a row are no less than what `leastOfBest` says, where five are wanted, at places that no processor foresees: where they
// are is found, and few are put in order, without a branch for each.
INLINE void topOfRow(__global const float* x, const int columns, const int count, const int ascending, __global int* o) {
  Ranked best[TOP_ROWS_MOST];
  int filled = 0, places[FEW + 64], found = 0, isFew = count <= FEW;
  const float16 least = leastOfBest(x, columns, count, ascending);
  UNROLL for (int k = 0; k < FEW; k++) places[k] = 0;
  for (int start = 0; start < columns; start += 64 * SEARCHED) {
    int blocks[SEARCHED + 1], hits = 0;
    const int end = columns - start < 64 * SEARCHED ? columns : start + 64 * SEARCHED;
    for (int j = start; j < end; j += 64) {
      int16 some = (int16)(0);
      UNROLL for (int k = 0; k < 4; k++) {
        const float16 v = TURNED(load16(x + j + 16 * k));
        PREFETCH(x + columns + j + 16 * k);
        some |= (v < least) == 0;
      }
      blocks[hits] = j;
      hits += anyLane16(some) != 0;
    }
    for (int i = 0; i < hits; i++) {
      const int j = blocks[i];
      unsigned long bits = 0;
      UNROLL for (int k = 0; k < 4; k++) {
        const float16 v = TURNED(load16(x + j + 16 * k));
        bits |= (unsigned long)laneBits16((v < least) == 0) << (16 * k);
      }
      if (columns - j < 64) bits &= (1ul << (columns - j)) - 1;
      if (isFew) {
        for (; bits != 0; bits &= bits - 1) places[found++] = j + lowestBit(bits);
        if (found <= FEW) continue;
        for (int k = 0; k < found; k++) filled = ranked(best, filled, count, orderKey(x[places[k]], ascending), places[k]);
        isFew = 0;
      } else {
        for (; bits != 0; bits &= bits - 1) {
          const int place = j + lowestBit(bits);
          filled = ranked(best, filled, count, orderKey(x[place], ascending), place);
        }
      }
    }
  }
  if (isFew) return orderFew(x, places, found, count, ascending, o);
  for (int k = 0; k < count; k++) o[k] = best[k].place;
}
#endif

__kernel ROW_KERNEL void top_rows(__global const float* restrict in, __global int* restrict out, const TopRowsParameters a ITEM) {
#if LANES == 1
  ROWS_OF(a.columns)
  FOR_EACH_ROW(row, a.rows)
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
    __global int* o = AT(out, a.out) + (size_t)row * a.count;
    Ranked last = {0x7fffffff, -1};
    // The first of what comes after the last one that was found.
    for (int k = 0; k < a.count; k++) {
      int best = 0, place = NOWHERE;
      FOR_EACH_COLUMN(j, a.columns) {
        const int key = orderKey(x[j], a.ascending);
        const int isLeft = key < last.key || (key == last.key && j > last.place);
        if (isLeft && (place == NOWHERE || key > best)) {
          best = key;
          place = j;
        }
      }
      last = rowFirst(best, place ROW);
      if (ROW_FIRST) o[k] = last.place;
    }
  }
#else
  FOR_EACH_UNIT(row, a.rows)
    topOfRow(AT(in, a.in) + (size_t)row * a.columns, a.columns, a.count, a.ascending, AT(out, a.out) + (size_t)row * a.count);
#endif
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
INLINE __global unsigned long* mergedWords(__global const float* x, const int columns, const int ascending, __global unsigned long* words) {
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

// Digit by digit of the key, the last one first, each time to where its digit begins, in the order that they are in (a radix sort); how
// often each digit occurs is counted once for all of them. A digit that all have is passed over.
INLINE __global unsigned long* sortedWords(__global const float* x, const int columns, const int ascending, __global unsigned long* words) {
  if (columns < SORT_COUNTED_FROM) return mergedWords(x, columns, ascending, words);
  int counts[4][256];
  for (int digit = 0; digit < 4; digit++)
    for (int k = 0; k < 256; k++) counts[digit][k] = 0;
  for (int i = 0; i < columns; i++) {
    const unsigned long word = orderWord(x[i], i, ascending);
    words[i] = word;
    UNROLL for (int digit = 0; digit < 4; digit++) counts[digit][(int)(word >> (32 + 8 * digit)) & 255]++;
  }
  __global unsigned long* from = words;
  __global unsigned long* to = words + columns;
  for (int digit = 0; digit < 4; digit++) {
    const int shift = 32 + 8 * digit;
    if (counts[digit][(int)(from[0] >> shift) & 255] == columns) continue;
    int* place = counts[digit];
    for (int k = 0, before = 0; k < 256; k++) {
      const int count = place[k];
      place[k] = before;
      before += count;
    }
    for (int i = 0; i < columns; i++) {
      const unsigned long word = from[i];
      to[place[(int)(word >> shift) & 255]++] = word;
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
