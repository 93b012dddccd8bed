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
  __local float sums[AHEAD * ROW_GROUP];
  ROWS_OF(a.columns)
  FOR_EACH_ROW(row, a.rows)
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
    __global float* y = AT(out, a.out) + (size_t)row * a.columns;
    const int lanes = row_.lanes, lane = row_.lane;
    __local float* own = sums + get_local_id(0);
    __local const float* last = own - lane + lanes - 1;
    float carry = 0.0f;
    // A block is as many neighbours as share the row, of which each doubling adds what is twice as far away; several blocks at a time.
    for (int start = 0; start < a.columns; start += AHEAD * lanes) {
      const int left = row_.first != NO_ROW ? a.columns - start : 0;
      __global const float* from = a.reversed ? x + (a.columns - 1 - start) : x + start;
      __global float* to = a.reversed ? y + (a.columns - 1 - start) : y + start;
      float v[AHEAD];
      FOR_AHEAD(k) {
        const int at = k * lanes + lane;
        v[k] = at < left ? from[a.reversed ? -at : at] : 0.0f;
      }
      FOR_AHEAD(k) own[k * ROW_GROUP] = v[k];
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int step = 1; step < lanes; step *= 2) {
        float before[AHEAD];
        FOR_AHEAD(k) before[k] = lane >= step ? own[k * ROW_GROUP - step] : 0.0f;
        barrier(CLK_LOCAL_MEM_FENCE);
        FOR_AHEAD(k) {
          v[k] += before[k];
          own[k * ROW_GROUP] = v[k];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
      }
      FOR_AHEAD(k) {
        const int at = k * lanes + lane;
        if (at < left) to[a.reversed ? -at : at] = carry + v[k];
        carry += last[k * ROW_GROUP];
      }
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

#define NO_PLACE 0x7fffffff
typedef struct {
  int key, place;
} Ranked;

#define COMES_BEFORE(a, b) ((a).key > (b).key || ((a).key == (b).key && (a).place < (b).place))

#if LANES == 1
// Of those that a row's neighbours have, the one that comes first. `values` has one for each of the group.
INLINE Ranked firstOfRow(const Ranked found, __local Ranked* values ROW_TYPE) {
  if (row_.lanes == 1) return found;
  __local Ranked* own = values + get_local_id(0);
  Ranked first = found;
  *own = first;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = row_.lanes / 2; step > 0; step /= 2) {
    if (row_.lane < step) {
      const Ranked other = own[step];
      if (COMES_BEFORE(other, first)) first = other;
      *own = first;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  first = *(own - row_.lane);
  barrier(CLK_LOCAL_MEM_FENCE);
  return first;
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

#define FEW_PLACES 8
// The first `count` of up to FEW_PLACES places, which rise, by their numbers.
INLINE void orderFew(__global const float* x, const int* places, const int found, const int count, const int ascending, __global int* o) {
  int keys[FEW_PLACES], ranks[FEW_PLACES], order[FEW_PLACES];
  UNROLL for (int k = 0; k < FEW_PLACES; k++) {
    keys[k] = k < found ? orderKey(x[places[k]], ascending) : (int)0x80000000;
    ranks[k] = 0;
  }
  UNROLL for (int k = 0; k < FEW_PLACES; k++) {
    UNROLL for (int l = 0; l < k; l++) {
      const int isLater = keys[l] >= keys[k];
      ranks[k] += isLater;
      ranks[l] += !isLater;
    }
  }
  UNROLL for (int k = 0; k < FEW_PLACES; k++) order[ranks[k]] = places[k];
  for (int k = 0; k < count; k++) o[k] = order[k];
}

#define SEARCHED 16   // blocks of 64 columns at a time
// Some six numbers of a row are no less than what `leastOfBest` says, where five are wanted, at places that no processor foresees: where they
// are is found, and few are put in order, without a branch for each.
INLINE void topOfRow(__global const float* x, const int columns, const int count, const int ascending, __global int* o) {
  Ranked best[TOP_ROWS_MOST];
  int filled = 0, places[FEW_PLACES + 64], found = 0, isFew = count <= FEW_PLACES;
  const float16 least = leastOfBest(x, columns, count, ascending);
  UNROLL for (int k = 0; k < FEW_PLACES; k++) places[k] = 0;
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
        if (found <= FEW_PLACES) continue;
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
  __local Ranked ranks[ROW_GROUP];
  ROWS_OF(a.columns)
  // The first of what comes after the last one that was found.
#define TAKE_FIRST(number, j)                                                             \
  {                                                                                       \
    const Ranked one = {number, j};                                                       \
    if (COMES_BEFORE(last, one) && COMES_BEFORE(one, best)) best = one;                   \
  }
  FOR_EACH_ROW(row, a.rows)
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
    __global int* o = AT(out, a.out) + (size_t)row * a.count;
    const Ranked none = {(int)0x80000000, NO_PLACE};
    Ranked last = {0x7fffffff, -1};
    int keys[ROW_KEPT];
    const int keeps = KEEPS(a.columns);
    if (keeps) {
      FOR_KEPT(k, j) keys[k] = j < a.columns ? orderKey(x[j], a.ascending) : (int)0x80000000;
    }
    for (int place = 0; place < a.count; place++) {
      Ranked best = none;
      if (keeps) {
        FOR_KEPT(k, j) if (j < a.columns) TAKE_FIRST(keys[k], j)
      } else {
        for (int i = row_.first; i < a.columns; i += AHEAD * row_.lanes) {
          float v[AHEAD];
          FOR_AHEAD(k) v[k] = k * row_.lanes < a.columns - i ? x[i + k * row_.lanes] : 0.0f;
          FOR_AHEAD(k) if (k * row_.lanes < a.columns - i) TAKE_FIRST(orderKey(v[k], a.ascending), i + k * row_.lanes)
        }
      }
      last = firstOfRow(best, ranks ROW);
      if (ROW_FIRST) o[place] = last.place;
    }
  }
#undef TAKE_FIRST
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
// at ever smaller distances (a bitonic network; Batcher 1968). Pairs that are near each other are one item's, in registers; those of a block,
// which is what a group's items have, meet in local memory; those that are farther apart in global memory.
#define BLOCK_WORDS (ROW_GROUP * SORTED_WORDS)
// Where a block's word is in local memory: items whose words are side by side would all want the same banks.
#define BLOCK_AT(i) ((i) + (i) / SORTED_WORDS)
#define BLOCK_SIZE (BLOCK_WORDS + ROW_GROUP)
#define FOR_WORDS(k) UNROLL for (int k = 0; k < SORTED_WORDS; k++)
#define IN_ORDER(a, b)                     \
  {                                        \
    const unsigned long x_ = a, y_ = b;    \
    a = x_ < y_ ? x_ : y_;                 \
    b = x_ < y_ ? y_ : x_;                 \
  }
// Pairs `step` apart, and mirrored ones in blocks of `size`, of an item's words: constants.
#define NEAR_STEP(step) FOR_WORDS(k) if (!(k & (step))) IN_ORDER(w[k], w[k + (step)])
#define NEAR_MIRROR(size) FOR_WORDS(k) if (!(k & ((size) / 2))) IN_ORDER(w[k], w[k ^ ((size) - 1)])

INLINE void orderNear(unsigned long* w) {
  NEAR_STEP(8)
  NEAR_STEP(4)
  NEAR_STEP(2)
  NEAR_STEP(1)
}
INLINE void sortNear(unsigned long* w) {
  NEAR_STEP(1)
  NEAR_MIRROR(4)
  NEAR_STEP(1)
  NEAR_MIRROR(8)
  NEAR_STEP(2)
  NEAR_STEP(1)
  NEAR_MIRROR(16)
  NEAR_STEP(4)
  NEAR_STEP(2)
  NEAR_STEP(1)
}

INLINE void fromBlock(__local const unsigned long* block, unsigned long* w) {
  __local const unsigned long* own = block + (int)get_local_id(0) * (SORTED_WORDS + 1);
  FOR_WORDS(k) w[k] = own[k];
}
INLINE void toBlock(const unsigned long* w, __local unsigned long* block) {
  __local unsigned long* own = block + (int)get_local_id(0) * (SORTED_WORDS + 1);
  FOR_WORDS(k) own[k] = w[k];
  barrier(CLK_LOCAL_MEM_FENCE);
}

// Pairs of a block that are `step` apart and not one item's: `mirror` is the size of the blocks in which they mirror each other, or 0.
INLINE void orderFar(__local unsigned long* block, const int step, const int mirror) {
  for (int p = get_local_id(0); p < BLOCK_WORDS / 2; p += ROW_GROUP) {
    const int at = p & (step - 1), first = 2 * (p - at) + at, other = mirror ? first + mirror - 1 - 2 * at : first + step;
    IN_ORDER(block[BLOCK_AT(first)], block[BLOCK_AT(other)])
  }
  barrier(CLK_LOCAL_MEM_FENCE);
}

// From steps of `step` on down to 1; the words are the items' before and after.
INLINE void orderBlock(unsigned long* w, __local unsigned long* block, int step) {
  if (step >= SORTED_WORDS) {
    toBlock(w, block);
    for (; step >= SORTED_WORDS; step /= 2) orderFar(block, step, 0);
    fromBlock(block, w);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  orderNear(w);
}

// A block's words, of which every `stride` are a row's.
INLINE void sortBlock(unsigned long* w, __local unsigned long* block, const int stride) {
  sortNear(w);
  for (int size = 2 * SORTED_WORDS; size <= stride && size <= BLOCK_WORDS; size *= 2) {
    toBlock(w, block);
    orderFar(block, size / 2, size);
    for (int step = size / 4; step >= SORTED_WORDS; step /= 2) orderFar(block, step, 0);
    fromBlock(block, w);
    barrier(CLK_LOCAL_MEM_FENCE);
    orderNear(w);
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
  __local unsigned long block[BLOCK_SIZE];
  unsigned long w[SORTED_WORDS];
  const int item = get_local_id(0);
  if (a.stride <= BLOCK_WORDS) {
    // As many rows at a time as a block has words for. What is read and written lies side by side; in between an item has neighbouring words.
    const int bits = 31 - (int)clz((uint)a.stride), together = BLOCK_WORDS >> bits;
    for (int first = (int)get_group_id(0) * together; first < a.rows; first += (int)get_num_groups(0) * together) {
      ROLLED for (int start = 0; start < SORTED_WORDS; start += AHEAD) {
        unsigned long words[AHEAD];
        FOR_AHEAD(k) {
          const int i = item + (start + k) * ROW_GROUP, row = first + (i >> bits), column = i & (a.stride - 1);
          const int isThere = row < a.rows && column < a.columns;
          words[k] = isThere ? orderWord(AT(in, a.in)[(size_t)row * a.columns + column], column, a.ascending) : ~0ul;
        }
        FOR_AHEAD(k) block[BLOCK_AT(item + (start + k) * ROW_GROUP)] = words[k];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      fromBlock(block, w);
      barrier(CLK_LOCAL_MEM_FENCE);
      sortBlock(w, block, a.stride);
      toBlock(w, block);
      ROLLED for (int k = 0; k < SORTED_WORDS; k++) {
        const int i = item + k * ROW_GROUP, row = first + (i >> bits), column = i & (a.stride - 1);
        if (row < a.rows && column < a.count) AT(out, a.out)[(size_t)row * a.count + column] = (int)(uint)block[BLOCK_AT(i)];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
  }
  // Longer rows: blocks that are sorted, then pairs that are in different ones, each time followed by what a block does by itself.
  const int worker = get_group_id(0), isBusy = a.stride > BLOCK_WORDS && worker < a.workers;
  const int workers = (int)get_num_groups(0) < a.workers ? (int)get_num_groups(0) : a.workers;
  __global unsigned long* words = (__global unsigned long*)AT(keys, a.keys) + (size_t)(isBusy ? worker : 0) * a.stride;
  for (int row = isBusy ? worker : a.rows; row < a.rows; row += workers) {
    __global const float* x = AT(in, a.in) + (size_t)row * a.columns;
    __global int* o = AT(out, a.out) + (size_t)row * a.count;
    for (int start = 0; start < a.stride; start += BLOCK_WORDS) {
      FOR_WORDS(k) {
        const int i = start + item * SORTED_WORDS + k;
        w[k] = i < a.columns ? orderWord(x[i], i, a.ascending) : ~0ul;
      }
      sortBlock(w, block, a.stride);
      FOR_WORDS(k) words[start + item * SORTED_WORDS + k] = w[k];
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
    for (int size = 2 * BLOCK_WORDS; size <= a.stride; size *= 2) {
      for (int step = size / 2, mirror = size; step >= BLOCK_WORDS; step /= 2, mirror = 0) {
        for (int p = item; p < a.stride / 2; p += ROW_GROUP) {
          const int at = p & (step - 1), first = 2 * (p - at) + at, other = mirror ? first + mirror - 1 - 2 * at : first + step;
          IN_ORDER(words[first], words[other])
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
      }
      for (int start = 0; start < a.stride; start += BLOCK_WORDS) {
        FOR_WORDS(k) w[k] = words[start + item * SORTED_WORDS + k];
        orderBlock(w, block, BLOCK_WORDS / 2);
        FOR_WORDS(k) words[start + item * SORTED_WORDS + k] = w[k];
      }
      barrier(CLK_GLOBAL_MEM_FENCE);
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
