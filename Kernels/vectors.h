// `floatv`, the vector that a memory-bound kernel works in (16 lanes on a CPU, 1 on a GPU, where neighbouring work-items are the lanes), the
// words for its tails and its sums, and for what runs along rows and columns. V(name) is name_16 or name_1 of scalar.h accordingly.
//
//   LANES               lanes of a floatv: 16, or 1 on a GPU
//   loadv, storev(v, p, n)   the whole vector from p; its first n lanes to p (all of them when n >= LANES)
//   streamv(v, p, n, streams)   storev, with stream16 if `streams` (from STREAMS) and the vector is whole
//   loadFirst(p, n)     only the first n lanes are read: for memory that other work-items are writing
//   shareRest(i, columns)   how many elements this work-item still has to write from row i on. Rows written in order may be stored in
//                       whole vectors up to there: what sticks out of a row is overwritten by the next one.
//   FOR_STORED_COLUMNS(j, y, columns, streams)   FOR_EACH_COLUMN for what is stored to row y: where it `streams`, vectors begin where lines do
//   storedLanes(j, columns, rest, streams)   in there, how many lanes from column j on streamv is to store
//   firstLanes(v, n, otherwise)   v, but `otherwise` from lane n on: for tails whose last lanes hold garbage
//   choosev(otherwise, chosen, condition), finitev(x)
//   anyLane16, laneBits16(condition)   whether an int16 of 0 and -1 holds anywhere; where, a bit for each lane. lowestBit: the first of them
//   LANE_PLACES         0, 1, 2, ... as a floatv
//   sumOf, maximumOf, minimumOf(v)   across the lanes, in a fixed order (and handing a NaN on)
//   floatw, intw, WIDE, loadw, storew, streamw, splatw, choosew, firstw, W(name)   the same for kernels that go through memory element by
//                       element, in which a GPU's work-item takes 4 at a time. Places are whole multiples of WIDE from a slice's start.
//
// Rows of a matrix: one after the other on a CPU. On a GPU up to ROW_GROUP neighbours of a work-group share a row, so that they read what
// lies side by side, and a group takes as many rows as that leaves room for. All of a group go through the same loops, those that have no
// row left as well, with no columns to it: barriers are met by all.
//   ROW_KERNEL          in front of the `void` of a kernel that works on rows
//   ROWS_OF(columns)    its first statement: how rows of so many columns are shared out
//   FOR_EACH_ROW(i, n)  rows of 0..<n; opens a brace
//   FOR_EACH_COLUMN(j, n)   this work-item's columns of 0..<n, a floatv each time
//   ROW_SUM, ROW_PRODUCT, ROW_MAXIMUM, ROW_MINIMUM(v)   across the row, of what its work-items have. All of a group have to get there, whatever their rows.
//   ROW_FIRST, ROW_HAS(j)   whether this work-item is its row's first; whether column j is among its own
//   ROW, ROW_TYPE       the last argument and parameter of functions that use these words
//
// Columns of a matrix, downwards, on GPUs only: up to 8 parts of the rows are summed beside each other, each for neighbouring columns, and
// meet in local memory; as many as fill a device. Where columns are so few that nearly all of a device waits, a group shares each of them.
// ROW_SUM and its kin then go down a column, and FOR_EACH_COLUMN's places are its rows.
//   COLUMNS_OF(outer, rows, columns)   the first statement of a kernel for `outer` matrices of so many rows and columns
//   FOR_EACH_COLUMN_OF(place, column, outer, columns)   column `column` of matrix `place`; opens a brace. All of a group go through the
//                       same loops; ROW_FIRST is for who stores.
#ifndef GLISSADE_VECTORS_H
#define GLISSADE_VECTORS_H

INLINE float sumOf16(const float16 v) {
  const float8 a = v.lo + v.hi;
  const float4 b = a.lo + a.hi;
  const float2 c = b.lo + b.hi;
  return c.x + c.y;
}

INLINE float productOf16(const float16 v) {
  const float8 a = v.lo * v.hi;
  const float4 b = a.lo * a.hi;
  const float2 c = b.lo * b.hi;
  return c.x * c.y;
}

#ifdef __OPENCL_VERSION__
#define LANE_NUMBERS ((int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#ifdef CLANG_VECTORS
INLINE float16 loadPrivate16(const float* p) { return *(const float16_unaligned*)p; }
INLINE void storePrivate16(const float16 v, float* p) { *(float16_unaligned*)p = v; }
#else
INLINE float16 loadPrivate16(const float* p) { return vload16(0, p); }
INLINE void storePrivate16(const float16 v, float* p) { vstore16(v, 0, p); }
#endif
#else
#define LANE_NUMBERS ((int16){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
INLINE float16 loadPrivate16(const float* p) { return load16(p); }
INLINE void storePrivate16(const float16 v, float* p) { store16(v, p); }
#endif

INLINE float16 firstLanes16(const float16 v, const int n, const float otherwise) {
  return CHOOSE_16(splat(otherwise), v, LANE_NUMBERS < n);
}
INLINE void storeFirst16(const float16 v, __global float* p, const int n) {
  if (n >= 16) {
    store16(v, p);
#if defined(WIDE_REGISTERS) && !defined(__OPENCL_VERSION__)
  } else if (n > 0) {
    __builtin_ia32_storeups512_mask(p, v, (unsigned short)((1u << n) - 1));
#else
  } else {
    float lanes[16];
    storePrivate16(v, lanes);
    if (n >= 8) store8(v.lo, p);   // a panel of A is eight wide
    ROLLED for (int k = n & 8; k < n; k++) p[k] = lanes[k];
#endif
  }
}
INLINE void streamFirst16(const float16 v, __global float* p, const int n, const int streams) {
  if (streams && n >= 16)
    stream16(v, p);
  else
    storeFirst16(v, p, n);
}
INLINE float16 loadFirst16(__global const float* p, const int n) {
  if (n >= 16) return load16(p);
  float lanes[16];
  ROLLED for (int k = 0; k < 16; k++) lanes[k] = k < n ? p[k] : 0.0f;
  return loadPrivate16(lanes);
}

// Whether a condition, an int16 of 0 and -1, holds in any lane.
#ifndef __OPENCL_VERSION__
#define anyLane16(condition) (__builtin_reduce_or(condition) != 0)
#else
// Not by the same builtin, which oclgrind takes for 0.
INLINE int anyLane16(const int16 condition) {
  const int8 eight = condition.lo | condition.hi;
  const int4 four = eight.lo | eight.hi;
  const int2 two = four.lo | four.hi;
  return two.x | two.y;
}
#endif

// In which lanes it does, a bit for each.
#ifndef __OPENCL_VERSION__
typedef _Bool bool16 __attribute__((ext_vector_type(16)));
INLINE uint laneBits16(const int16 condition) {
  union { bool16 lanes; unsigned short bits; } u = {__builtin_convertvector(condition != 0, bool16)};
  return u.bits;
}
#define lowestBit(bits) __builtin_ctzl(bits)
#else
#define lowestBit(bits) (63 - (int)clz((bits) & (0ul - (bits))))   // of an unsigned long that is not 0
INLINE uint laneBits16(const int16 condition) {
  const int16 sixteen = condition & (int16)(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
  const int8 eight = sixteen.lo | sixteen.hi;
  const int4 four = eight.lo | eight.hi;
  const int2 two = four.lo | four.hi;
  return (uint)(two.x | two.y);
}
#endif

#if defined(__OPENCL_VERSION__) && !defined(CPU_DEVICE)
#define LANES 1
#define V(name) name##_1
typedef float floatv;
typedef int intv;
#define loadv(p) (*(p))
#define loadFirst(p, n) (*(p))
#define splatv(x) (x)
#define storev(v, p, n) (*(p) = (v))
#define streamv(v, p, n, streams) (*(p) = (v))
#define shareRest(i, columns) 1
#define FOR_STORED_COLUMNS(j, y, columns, streams) FOR_EACH_COLUMN(j, columns)
#define storedLanes(j, columns, rest, streams) 1
#define firstLanes(v, n, otherwise) (v)
#define LANE_PLACES 0.0f
#define choosev(otherwise, chosen, condition) CHOOSE_1(otherwise, chosen, condition)
#define sumOf(v) (v)
#define maximumOf(v) (v)
#define minimumOf(v) (v)

#define WIDE 4
#define W(name) name##_4
typedef float4 floatw;
typedef int4 intw;
#define loadw(p) (*(__global const float4*)(p))
#define splatw(x) ((float4)(x))
#define choosew(otherwise, chosen, condition) select(otherwise, chosen, condition)
INLINE float4 firstw(const float4 v, const int n, const float otherwise) { return select((float4)(otherwise), v, (int4)(0, 1, 2, 3) < n); }
INLINE void storew(const float4 v, __global float* p, const int n) {
  if (n >= 4) {
    *(__global float4*)p = v;
  } else {
    p[0] = v.x;
    if (n > 1) p[1] = v.y;
    if (n > 2) p[2] = v.z;
  }
}
#define streamw(v, p, n, streams) storew(v, p, n)

#ifndef ROW_GROUP          // a power of two; less than 64 where a device cannot bear that
#define ROW_GROUP 64
#endif
#define NO_ROW 0x7f000000     // a place beyond any column
#define FILLING (1 << 16)     // work-items that keep the largest GPUs busy
#define FEW (1 << 12)         // so few of them only wait, so that it does not matter whether neighbours read neighbours
#define ROW_KERNEL __attribute__((reqd_work_group_size(ROW_GROUP, 1, 1)))
typedef struct {
  int lanes, lane;            // work-items that share a row, and which of them this one is
  int step;                   // from one of their values in local memory to the next
  int first;                  // its first column; beyond any where there is no row left
  __local float* values;      // one for each work-item of the row
} RowPart;
#define ROW , row_
#define ROW_TYPE , const RowPart row_
#define ROWS_OF(columns)                                     \
  __local float rowValues_[ROW_GROUP];                       \
  int rowLanes_ = 1;                                         \
  while (rowLanes_ < ROW_GROUP && rowLanes_ * 4 < (columns)) rowLanes_ *= 2;
#define FOR_EACH_ROW(i, n)                                                                                                    \
  for (int block_ = get_group_id(0), rows_ = ROW_GROUP / rowLanes_; block_ * rows_ < (n); block_ += get_num_groups(0)) {      \
    const int own_ = (int)get_local_id(0) / rowLanes_, lane_ = (int)get_local_id(0) - own_ * rowLanes_;                       \
    const int wanted_ = block_ * rows_ + own_, i = wanted_ < (n) ? wanted_ : (n) - 1;                                         \
    const RowPart row_ = {rowLanes_, lane_, 1, wanted_ < (n) ? lane_ : NO_ROW, rowValues_ + own_ * rowLanes_};
#define COLUMNS_OF(outer, rows, columns)                                                                                          \
  __local float rowValues_[ROW_GROUP];                                                                                            \
  int rowLanes_ = 1;                                                                                                              \
  while (rowLanes_ < ROW_GROUP && rowLanes_ * 8 <= (rows) &&                                                                      \
         (long)(outer) * (columns) * rowLanes_ < (rowLanes_ * 8 < ROW_GROUP ? FILLING : FEW))                                     \
    rowLanes_ *= 2;
#define FOR_EACH_COLUMN_OF(place, column, outer, columns)                                                                         \
  for (int block_ = get_group_id(0), width_ = ROW_GROUP / rowLanes_, blocks_ = ((columns) + width_ - 1) / width_;                 \
       block_ < (outer) * blocks_; block_ += get_num_groups(0)) {                                                                 \
    const int place = block_ / blocks_, part_ = (int)get_local_id(0) / width_, across_ = (int)get_local_id(0) - part_ * width_;   \
    const int wanted_ = (block_ - place * blocks_) * width_ + across_, column = wanted_ < (columns) ? wanted_ : (columns) - 1;    \
    const RowPart row_ = {rowLanes_, part_, width_, wanted_ < (columns) ? part_ : NO_ROW, rowValues_ + across_};
#define FOR_EACH_COLUMN(j, n) for (int j = row_.first; j < (n); j += row_.lanes)
#define ROW_FIRST (row_.first == 0)
#define ROW_HAS(j) (row_.first <= (j) && (j) % row_.lanes == row_.lane)
#define ROW_SUM(v) rowSum(v ROW)
#define ROW_PRODUCT(v) rowProductOf(v ROW)
#define ROW_MAXIMUM(v) rowMaximumOf(v ROW)
#define ROW_MINIMUM(v) rowMinimumOf(v ROW)
// By halves. The last barrier keeps the values of the next time from overtaking these.
#define ACROSS_ROW(name, join)                                            \
  INLINE float name(const float v ROW_TYPE) {                             \
    if (row_.lanes == 1) return v;                                        \
    __local float* own = row_.values + row_.lane * row_.step;             \
    *own = v;                                                             \
    barrier(CLK_LOCAL_MEM_FENCE);                                         \
    for (int step = row_.lanes / 2; step > 0; step /= 2) {                \
      if (row_.lane < step) {                                             \
        const float x = *own, y = own[step * row_.step];                  \
        *own = join;                                                      \
      }                                                                   \
      barrier(CLK_LOCAL_MEM_FENCE);                                       \
    }                                                                     \
    const float result = row_.values[0];                                  \
    barrier(CLK_LOCAL_MEM_FENCE);                                         \
    return result;                                                        \
  }
ACROSS_ROW(rowSum, x + y)
ACROSS_ROW(rowProductOf, x * y)
ACROSS_ROW(rowMaximumOf, maximum_1(x, y))
ACROSS_ROW(rowMinimumOf, minimum_1(x, y))
#undef ACROSS_ROW

// What an item has of a row or a stretch is asked for so many at a time, before the first of them is used: whoever asks for one after the
// other waits for memory each time.
#define AHEAD 8
#define FOR_AHEAD(k) UNROLL for (int k = 0; k < AHEAD; k++)

// An item keeps its numbers of a row in registers where it needs them more than once: all are asked for at once, and none twice. Rows of few
// numbers for each item have nothing of that.
#define ROW_KEPT 16
#define KEEPS(columns) ((columns) > 4 * rowLanes_ && (columns) <= ROW_KEPT * rowLanes_)
#define FOR_KEPT(k, j) UNROLL for (int k = 0, j = row_.first; k < ROW_KEPT; k++, j += row_.lanes)
INLINE void keepRow(__global const float* x, const int columns, const float otherwise, float* kept ROW_TYPE) {
  FOR_KEPT(k, j) kept[k] = j < columns ? x[j] : otherwise;
}
#else
#define LANES 16
#define V(name) name##_16
typedef float16 floatv;
typedef int16 intv;
#define loadv(p) load16(p)
#define loadFirst(p, n) loadFirst16(p, n)
#define splatv(x) splat(x)
#define storev(v, p, n) storeFirst16(v, p, n)
#define streamv(v, p, n, streams) streamFirst16(v, p, n, streams)
#define shareRest(i, columns) shareRest16((end_ - (i)), columns)   // end_: FOR_EACH_UNIT's
#define FOR_STORED_COLUMNS(j, y, columns, streams) \
  for (int j = 0, next_ = (streams) ? 16 - placeInLine(y) : 16; j < (columns); j = next_, next_ += 16)
#define storedLanes(j, columns, rest, streams) ((streams) ? (next_ < (columns) ? next_ : (columns)) - (j) : (rest) - (j))
INLINE int placeInLine(__global const float* p) { return (int)((size_t)p >> 2) & 15; }
INLINE int shareRest16(const int rows, const int columns) { return rows > 0x1000000 / columns ? 0x1000000 : rows * columns; }
#define firstLanes(v, n, otherwise) firstLanes16(v, n, otherwise)
#define LANE_PLACES TO_FLOAT_16(LANE_NUMBERS)
#define choosev(otherwise, chosen, condition) CHOOSE_16(otherwise, chosen, condition)
#define WIDE LANES
#define W(name) name##_16     // not by V: drivers may have macros of such names
typedef floatv floatw;
typedef intv intw;
#define loadw(p) loadv(p)
#define storew(v, p, n) storev(v, p, n)
#define streamw(v, p, n, streams) streamv(v, p, n, streams)
#define splatw(x) splatv(x)
#define choosew(otherwise, chosen, condition) choosev(otherwise, chosen, condition)
#define firstw(v, n, otherwise) firstLanes(v, n, otherwise)
#define sumOf(v) sumOf16(v)
#define maximumOf(v) maximumOf16(v)
#define minimumOf(v) minimumOf16(v)
#define ROW_KERNEL
#define ROW
#define ROW_TYPE
#define ROWS_OF(columns)
#define FOR_EACH_ROW(i, n) FOR_EACH_UNIT(i, n) {
#define FOR_EACH_COLUMN(j, n) for (int j = 0; j < (n); j += LANES)
#define ROW_FIRST 1
#define ROW_HAS(j) 1
#define ROW_SUM(v) sumOf(v)
#define ROW_PRODUCT(v) productOf16(v)
#define ROW_MAXIMUM(v) maximumOf(v)
#define ROW_MINIMUM(v) minimumOf(v)

// x and y's maximum by halves: 16 lanes, 8, 4, 2, 1.
#define HALVES(name, compare)                                                                            \
  INLINE float name##Of16(const float16 v) {                                                             \
    const float8 b0 = v.lo, b1 = v.hi;                                                                   \
    const float8 b = HALF_CHOOSE(8, b1, b0, (b0 compare b1) | (b0 != b0));                               \
    const float4 c0 = b.lo, c1 = b.hi;                                                                   \
    const float4 c = HALF_CHOOSE(4, c1, c0, (c0 compare c1) | (c0 != c0));                               \
    const float d0 = name##_1(c.x, c.z), d1 = name##_1(c.y, c.w);                                        \
    return name##_1(d0, d1);                                                                             \
  }
#ifdef __OPENCL_VERSION__
#define HALF_CHOOSE(width, otherwise, chosen, condition) select(otherwise, chosen, condition)
#else
typedef int int4 __attribute__((ext_vector_type(4)));
typedef int int8 __attribute__((ext_vector_type(8)));
#define HALF_CHOOSE(width, otherwise, chosen, condition) choose##width(otherwise, chosen, condition)
#define CHOOSE_PART(width)                                                                                         \
  INLINE float##width choose##width(const float##width otherwise, const float##width chosen, const int##width condition) { \
    union { float##width f; int##width i; } a = {otherwise}, b = {chosen}, r;                                      \
    r.i = (a.i & ~condition) | (b.i & condition);                                                                  \
    return r.f;                                                                                                    \
  }
CHOOSE_PART(4)
CHOOSE_PART(8)
#endif
HALVES(maximum, >)
HALVES(minimum, <)
#endif

// Interleaves: a's and b's low (high) halves, lane by lane.
INLINE float16 interleaveLow(const float16 a, const float16 b) {
  float16 r;
  r.even = a.lo;
  r.odd = b.lo;
  return r;
}
INLINE float16 interleaveHigh(const float16 a, const float16 b) {
  float16 r;
  r.even = a.hi;
  r.odd = b.hi;
  return r;
}

#if LANES == 16
// 8 x 8 floats, transposed in registers, in steps that exchange lanes within halves as 8-lane processors do: single lanes, pairs, then the
// halves.
#define EXCHANGE_LANES(name, toFirst, toSecond, places) \
  INLINE float8 name(const float8 a, const float8 b) {  \
    float8 r;                                           \
    r.toFirst = a.places;                               \
    r.toSecond = b.places;                              \
    return r;                                           \
  }
EXCHANGE_LANES(exchangeLow1, s0246, s1357, s0145)
EXCHANGE_LANES(exchangeHigh1, s0246, s1357, s2367)
EXCHANGE_LANES(exchangeLow2, s0145, s2367, s0145)
EXCHANGE_LANES(exchangeHigh2, s0145, s2367, s2367)
EXCHANGE_LANES(exchangeLow4, lo, hi, lo)
EXCHANGE_LANES(exchangeHigh4, lo, hi, hi)
#undef EXCHANGE_LANES
INLINE void transposeEight(__global const float* x, const int stride, float8* r) {
  float8 a[8], b[8];
  UNROLL for (int k = 0; k < 8; k++) a[k] = load16(x + (long)k * stride).lo;
  UNROLL for (int k = 0; k < 4; k++) {
    b[2 * k] = exchangeLow1(a[2 * k], a[2 * k + 1]);
    b[2 * k + 1] = exchangeHigh1(a[2 * k], a[2 * k + 1]);
  }
  UNROLL for (int k = 0; k < 8; k += 4) {
    a[k] = exchangeLow2(b[k], b[k + 2]);
    a[k + 1] = exchangeHigh2(b[k], b[k + 2]);
    a[k + 2] = exchangeLow2(b[k + 1], b[k + 3]);
    a[k + 3] = exchangeHigh2(b[k + 1], b[k + 3]);
  }
  UNROLL for (int k = 0; k < 4; k++) {
    r[k] = exchangeLow4(a[k], a[k + 4]);
    r[k + 4] = exchangeHigh4(a[k], a[k + 4]);
  }
}

// 16 x 16 floats, transposed in registers: from rows `inStride` apart to rows `outStride` apart.
#ifdef WIDE_REGISTERS
// Four perfect shuffles of the rows.
#define SHUFFLE_ROWS(from, to)                               \
  UNROLL for (int k = 0; k < 8; k++) {                       \
    to[2 * k] = interleaveLow(from[k], from[k + 8]);         \
    to[2 * k + 1] = interleaveHigh(from[k], from[k + 8]);    \
  }
INLINE void transposeTile(__global const float* x, const int inStride, __global float* o, const int outStride, const int streams) {
  float16 a[16], b[16];
  UNROLL for (int k = 0; k < 16; k++) a[k] = load16(x + (long)k * inStride);
  SHUFFLE_ROWS(a, b)
  SHUFFLE_ROWS(b, a)
  SHUFFLE_ROWS(a, b)
  SHUFFLE_ROWS(b, a)
  UNROLL for (int k = 0; k < 16; k++) streamFirst16(a[k], o + (long)k * outStride, 16, streams);
}
#undef SHUFFLE_ROWS
#else
// Four times 8 x 8.
INLINE void transposeTile(__global const float* x, const int inStride, __global float* o, const int outStride, const int streams) {
  for (int half_ = 0; half_ < 16; half_ += 8) {
    float8 low[8], high[8];
    transposeEight(x + half_, inStride, low);
    transposeEight(x + half_ + 8L * inStride, inStride, high);
    UNROLL for (int k = 0; k < 8; k++) {
      float16 v;
      v.lo = low[k];
      v.hi = high[k];
      streamFirst16(v, o + (long)(half_ + k) * outStride, 16, streams);
    }
  }
}
#endif
#endif
#endif
