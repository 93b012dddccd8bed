// The tile that a work-group of a GPU computes together: LOCAL_ROWS x LOCAL_COLUMNS sums. The operands come LOCAL_INNER positions at a time
// from global memory through registers into local memory, and each work-item computes ITEM_ROWS x ITEM_COLUMNS of the sums from there.
//
// OpenCL C only. What is defined here with a default is set in front of the program's text, by the planner's LocalTile.
#ifndef GLISSADE_LOCAL_TILE_H
#define GLISSADE_LOCAL_TILE_H

#ifndef LOCAL_ROWS
#define LOCAL_ROWS 64       // rows of the result that a work-group computes
#endif
#ifndef LOCAL_COLUMNS
#define LOCAL_COLUMNS 64    // columns of the result that a work-group computes
#endif
#ifndef LOCAL_INNER
#define LOCAL_INNER 16      // inner positions that are in local memory at a time
#endif
#ifndef ITEM_ROWS
#define ITEM_ROWS 4         // rows of the result that a work-item keeps in registers
#endif
#ifndef ITEM_COLUMNS
#define ITEM_COLUMNS 4      // columns of the result that a work-item keeps in registers
#endif
#ifndef LOCAL_VECTOR
#define LOCAL_VECTOR 4      // floats that are read from local memory, and written to the result, at once: 1, 2 or 4
#endif
#ifndef LOAD_VECTOR
#define LOAD_VECTOR 4       // neighbouring floats that a work-item reads from global memory: 1, 2 or 4
#endif
#ifndef LOCAL_PADDING
#define LOCAL_PADDING 4     // floats left free behind each inner position's row in local memory, against bank conflicts
#endif
#ifndef LOCAL_STAGES
#define LOCAL_STAGES 2      // copies of the tiles in local memory: with 2, one barrier a step is enough
#endif
#ifndef INNER_UNROLL
#define INNER_UNROLL 4      // inner positions that are unrolled
#endif
#ifndef HALF_TILES
#define HALF_TILES 0        // 1: operands are half precision in local memory (rounded to 11 bits, at most 65504); sums stay float
#endif
#ifndef SUBGROUP_SIZE
#define SUBGROUP_SIZE 0     // above 0: lanes of sub-groups of this size hold A's values and hand them round, instead of all reading them
#endif

#if SUBGROUP_SIZE && defined(cl_intel_required_subgroup_size)
#define LOCAL_GROUP __attribute__((reqd_work_group_size(GROUP_ITEMS, 1, 1), intel_reqd_sub_group_size(SUBGROUP_SIZE)))
#else
#define LOCAL_GROUP __attribute__((reqd_work_group_size(GROUP_ITEMS, 1, 1)))
#endif
// A launch may be enqueued in pieces, each a range of groups; by itself a group's number begins at 0 in each of them.
#define get_group_id(d) (get_group_id(d) + get_global_offset(d) / get_local_size(d))
#define GROUP_ITEMS ((LOCAL_ROWS / ITEM_ROWS) * (LOCAL_COLUMNS / ITEM_COLUMNS))
#define INNER_RUNS (LOCAL_INNER / LOAD_VECTOR)       // runs of LOAD_VECTOR floats along the inner dimension
#define A_STEP (LOCAL_ROWS + LOCAL_PADDING)
#define B_STEP (LOCAL_COLUMNS + LOCAL_PADDING)
#define RUNS_OF(extent) (((extent) * INNER_RUNS + GROUP_ITEMS - 1) / GROUP_ITEMS)   // runs that a work-item brings of an operand's tile
#define A_RUNS RUNS_OF(LOCAL_ROWS)
#define B_RUNS RUNS_OF(LOCAL_COLUMNS)
#define ROW_PIECES (ITEM_ROWS / LOCAL_VECTOR)
#define COLUMN_PIECES (ITEM_COLUMNS / LOCAL_VECTOR)
#define COLUMN_ITEMS (LOCAL_COLUMNS / ITEM_COLUMNS)

#define PRAGMA(text) _Pragma(#text)
#define UNROLL_BY_(n) PRAGMA(unroll n)
#define UNROLL_BY(n) UNROLL_BY_(n)

#if HALF_TILES
typedef ushort Stored;      // half as a type of its own is an extension; loading and storing it is not
#define STORE_LOCAL(value, p) vstore_half(value, 0, (__local half*)(p))
#define LOAD_LOCAL(p) vload_half(0, (__local const half*)(p))
#define LOAD_LOCAL_2(p) vloada_half2(0, (__local const half*)(p))
#define LOAD_LOCAL_4(p) vloada_half4(0, (__local const half*)(p))
#else
typedef float Stored;
#define STORE_LOCAL(value, p) (*(p) = (value))
#define LOAD_LOCAL(p) (*(p))
#define LOAD_LOCAL_2(p) (*(__local const float2*)(p))
#define LOAD_LOCAL_4(p) (*(__local const float4*)(p))
#endif

// A work-item's share of the tile.
typedef struct {
  float sum[ITEM_ROWS][ITEM_COLUMNS];
} ItemTile;

// ------------------------------------------------------------------------------------------------ from global memory
// The first `left` of n floats, the rest zeros. With `aligned` whole runs lie at multiples of n floats.
INLINE void loadRun(float* to, __global const float* p, const int left, const int aligned, const int n) {
  if (left >= n && aligned && n == 4) {
    const float4 v = *(__global const float4*)p;
    to[0] = v.x;
    to[1] = v.y;
    to[2] = v.z;
    to[3] = v.w;
  } else if (left >= n && aligned && n == 2) {
    const float2 v = *(__global const float2*)p;
    to[0] = v.x;
    to[1] = v.y;
  } else {
    UNROLL for (int i = 0; i < n; i++) to[i] = i < left ? p[i] : 0.0f;
  }
}

// Where a work-item's runs lie in a tile of `extent` rows: along the inner dimension, or along the rows.
#define INNER_RUN_ROW(item, r) ((item) / INNER_RUNS + (r) * (GROUP_ITEMS / INNER_RUNS))
#define INNER_RUN_AT(item) ((item) % INNER_RUNS * LOAD_VECTOR)
#define ROW_RUN_ROW(item, extent) ((item) % ((extent) / LOAD_VECTOR) * LOAD_VECTOR)
#define ROW_RUN_AT(item, r, extent) ((item) / ((extent) / LOAD_VECTOR) + (r) * (GROUP_ITEMS / ((extent) / LOAD_VECTOR)))

// A matrix's runs at inner positions k ..< k + LOCAL_INNER, those from `end` on being zeros: stored [rows, inner], `step` floats a row...
INLINE void fetchAlongInner(float* runs, const int count, __global const float* source, const size_t step, const int firstRow,
                            const int rows, const int k, const int end, const int item, const int aligned) {
  const int at = k + INNER_RUN_AT(item);
  UNROLL for (int r = 0; r < count; r++) {
    const int row = firstRow + INNER_RUN_ROW(item, r);
    loadRun(runs + r * LOAD_VECTOR, source + (size_t)row * step + at, row < rows ? end - at : 0, aligned, LOAD_VECTOR);
  }
}

// ... or [inner, rows], `step` floats an inner position.
INLINE void fetchAlongRows(float* runs, const int count, const int extent, __global const float* source, const size_t step,
                           const int firstRow, const int rows, const int k, const int end, const int item, const int aligned) {
  const int row = firstRow + ROW_RUN_ROW(item, extent);
  UNROLL for (int r = 0; r < count; r++) {
    const int at = k + ROW_RUN_AT(item, r, extent);
    loadRun(runs + r * LOAD_VECTOR, source + (size_t)at * step + row, at < end ? rows - row : 0, aligned, LOAD_VECTOR);
  }
}

// ------------------------------------------------------------------------------------------------ into local memory
INLINE void putAlongInner(const float* runs, const int count, __local Stored* tile, const int extent, const int item) {
  __local Stored* to = tile + INNER_RUN_AT(item) * (extent + LOCAL_PADDING);
  UNROLL for (int r = 0; r < count; r++) {
    const int row = INNER_RUN_ROW(item, r);
    if (row < extent)
      UNROLL for (int i = 0; i < LOAD_VECTOR; i++) STORE_LOCAL(runs[r * LOAD_VECTOR + i], to + i * (extent + LOCAL_PADDING) + row);
  }
}

INLINE void putAlongRows(const float* runs, const int count, __local Stored* tile, const int extent, const int item) {
  __local Stored* to = tile + ROW_RUN_ROW(item, extent);
  UNROLL for (int r = 0; r < count; r++) {
    const int at = ROW_RUN_AT(item, r, extent);
    if (at < LOCAL_INNER)
      UNROLL for (int i = 0; i < LOAD_VECTOR; i++) STORE_LOCAL(runs[r * LOAD_VECTOR + i], to + at * (extent + LOCAL_PADDING) + i);
  }
}

// ------------------------------------------------------------------------------------------------ the product
INLINE void clearItem(ItemTile* t) {
  UNROLL for (int r = 0; r < ITEM_ROWS; r++) UNROLL for (int c = 0; c < ITEM_COLUMNS; c++) t->sum[r][c] = 0.0f;
}

// The place, within the group's tile, of an item's rows (columns): pieces of LOCAL_VECTOR neighbours, dealt out in turn.
#define PIECE_PLACE(index, number, items) (((index) / LOCAL_VECTOR * (items) + (number)) * LOCAL_VECTOR + (index) % LOCAL_VECTOR)
#define ITEM_ROW(item, r) PIECE_PLACE(r, (item) / COLUMN_ITEMS, LOCAL_ROWS / ITEM_ROWS)
#define ITEM_COLUMN(item, c) PIECE_PLACE(c, (item) % COLUMN_ITEMS, COLUMN_ITEMS)

INLINE void readPiece(float* to, __local const Stored* p) {
#if LOCAL_VECTOR == 4
  const float4 v = LOAD_LOCAL_4(p);
  to[0] = v.x;
  to[1] = v.y;
  to[2] = v.z;
  to[3] = v.w;
#elif LOCAL_VECTOR == 2
  const float2 v = LOAD_LOCAL_2(p);
  to[0] = v.x;
  to[1] = v.y;
#else
  to[0] = LOAD_LOCAL(p);
#endif
}

#if SUBGROUP_SIZE
// A sub-group's lanes share their rows. Each holds these for one inner position, and hands them round when that position's turn comes.
INLINE void multiplyItem(ItemTile* t, __local const Stored* a, __local const Stored* b, const int item) {
  for (int first = 0; first < LOCAL_INNER; first += SUBGROUP_SIZE) {
    float held[ITEM_ROWS];
    UNROLL for (int p = 0; p < ROW_PIECES; p++)
      readPiece(held + p * LOCAL_VECTOR, a + (first + (int)get_sub_group_local_id()) * A_STEP + ITEM_ROW(item, p * LOCAL_VECTOR));
    UNROLL for (int k = 0; k < SUBGROUP_SIZE; k++) {
      float y[ITEM_COLUMNS];
      UNROLL for (int p = 0; p < COLUMN_PIECES; p++)
        readPiece(y + p * LOCAL_VECTOR, b + (first + k) * B_STEP + ITEM_COLUMN(item, p * LOCAL_VECTOR));
      UNROLL for (int r = 0; r < ITEM_ROWS; r++) {
        const float x = sub_group_broadcast(held[r], k);
        UNROLL for (int c = 0; c < ITEM_COLUMNS; c++) t->sum[r][c] = FMA(x, y[c], t->sum[r][c]);
      }
    }
  }
}
#else
INLINE void multiplyItem(ItemTile* t, __local const Stored* a, __local const Stored* b, const int item) {
  UNROLL_BY(INNER_UNROLL) for (int k = 0; k < LOCAL_INNER; k++) {
    float x[ITEM_ROWS], y[ITEM_COLUMNS];
    UNROLL for (int p = 0; p < ROW_PIECES; p++)
      readPiece(x + p * LOCAL_VECTOR, a + k * A_STEP + ITEM_ROW(item, p * LOCAL_VECTOR));
    UNROLL for (int p = 0; p < COLUMN_PIECES; p++)
      readPiece(y + p * LOCAL_VECTOR, b + k * B_STEP + ITEM_COLUMN(item, p * LOCAL_VECTOR));
    UNROLL for (int r = 0; r < ITEM_ROWS; r++) UNROLL for (int c = 0; c < ITEM_COLUMNS; c++) t->sum[r][c] = FMA(x[r], y[c], t->sum[r][c]);
  }
}
#endif

// What a kernel needs: its tiles in local memory, the runs that are on their way there, and its sums.
#define LOCAL_MEMORY                                                                                       \
  __local Stored tilesA[LOCAL_STAGES * LOCAL_INNER * A_STEP] __attribute__((aligned(16)));                 \
  __local Stored tilesB[LOCAL_STAGES * LOCAL_INNER * B_STEP] __attribute__((aligned(16)));
#define LOCAL_REGISTERS                                                                                    \
  float runsA[A_RUNS * LOAD_VECTOR], runsB[B_RUNS * LOAD_VECTOR];                                          \
  const int item = get_local_id(0);                                                                        \
  ItemTile t;                                                                                              \
  clearItem(&t);

// Adds the inner positions first ..< end. FETCH(k) brings the runs of the positions from k on (it is called for first, first + LOCAL_INNER
// and so on), PUT(a, b) stores them, SEE(a) may look at A's tile. All of a group's items come through here together.
#define LOCAL_PRODUCT(first, end, FETCH, PUT, SEE)                                                         \
  {                                                                                                        \
    int stage_ = 0;                                                                                        \
    FETCH(first)                                                                                           \
    for (int k_ = (first); k_ < (end); k_ += LOCAL_INNER) {                                                \
      __local Stored* a_ = tilesA + stage_ * LOCAL_INNER * A_STEP;                                         \
      __local Stored* b_ = tilesB + stage_ * LOCAL_INNER * B_STEP;                                         \
      if (LOCAL_STAGES == 1) barrier(CLK_LOCAL_MEM_FENCE);                                                 \
      PUT(a_, b_)                                                                                          \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                        \
      if (k_ + LOCAL_INNER < (end)) FETCH(k_ + LOCAL_INNER)                                                \
      multiplyItem(&t, a_, b_, item);                                                                      \
      SEE(a_)                                                                                              \
      if (LOCAL_STAGES == 2) stage_ = 1 - stage_;                                                          \
    }                                                                                                      \
  }
#define SEE_NOTHING(a)

// ------------------------------------------------------------------------------------------------ the store
typedef struct {
  __global const float* scale;
  __global const float* bias;
  __global const float* residual;
  __global const float* mask;
} LocalOperands;

#define LOCAL_OPERANDS(e) {AT(scale, (e).scale), AT(bias, (e).bias), AT(residual, (e).residual), AT(mask, (e).mask)}

INLINE float activate(const float v, const Epilogue e, const float slope) {
  switch (e.activation) {
    case ACTIVATION_SIGMOID: return sigmoid_1(v);
    case ACTIVATION_TANH: return hyperbolicTangent_1(v);
    case ACTIVATION_GELU: return gelu_1(v);
    case ACTIVATION_SILU: return silu_1(v);
    case ACTIVATION_LEAKY_RELU: case ACTIVATION_SLOPES: case ACTIVATION_SLOPE: return leakyRelu_1(v, slope);
    case ACTIVATION_ELU: return elu_1(v, e.number);
    case ACTIVATION_CELU: return celu_1(v, e.number);
    case ACTIVATION_SELU: return selu_1(v);
    case ACTIVATION_EXACT_GELU: return exactGelu_1(v);
    case ACTIVATION_MISH: return mish_1(v);
    case ACTIVATION_SOFTPLUS: return softplus_1(v);
    case ACTIVATION_SOFTSIGN: return softsign_1(v);
    case ACTIVATION_CLAMP: return minimum_1(maximum_1(v, e.number), e.limit);
    case ACTIVATION_HARD_SWISH: return hardSwish_1(v);
    case ACTIVATION_HARD_SIGMOID: return hardSigmoid_1(v);
    default: return v;
  }
}

#define EACH_SUM_OF(p) UNROLL for (int i = 0, c = (p) * LOCAL_VECTOR; i < LOCAL_VECTOR; i++, c++)

// Stores an item's sums through the epilogue. `rows[r]` is the output row of its row r (negative: none); an output row has `width` floats,
// the tile's columns start at column `from` of it, and there are `columns` of them left.
INLINE void storeItem(ItemTile* t, __global float* out, const int* rows, const int width, const int from, const int columns,
                      const LocalOperands o, const Epilogue e, const int item) {
  const int aligned = width % LOCAL_VECTOR == 0 && from % LOCAL_VECTOR == 0;
  float x[LOCAL_VECTOR];
  UNROLL for (int p = 0; p < COLUMN_PIECES; p++) {
    const int place = ITEM_COLUMN(item, p * LOCAL_VECTOR), column = from + place;
    if (e.hasScale) {
      loadRun(x, o.scale + column, columns - place, 0, LOCAL_VECTOR);
      UNROLL for (int r = 0; r < ITEM_ROWS; r++) EACH_SUM_OF(p) t->sum[r][c] *= x[i];
    }
    if (e.hasBias) {
      loadRun(x, o.bias + column, columns - place, 0, LOCAL_VECTOR);
      UNROLL for (int r = 0; r < ITEM_ROWS; r++) EACH_SUM_OF(p) t->sum[r][c] += x[i];
    }
    if (e.hasResidual) {
      UNROLL for (int r = 0; r < ITEM_ROWS; r++) {
        loadRun(x, o.residual + (size_t)rows[r] * width + column, rows[r] < 0 ? 0 : columns - place, aligned, LOCAL_VECTOR);
        EACH_SUM_OF(p) t->sum[r][c] += x[i];
      }
    }
  }
  if (e.activation == ACTIVATION_RELU) {
    UNROLL for (int r = 0; r < ITEM_ROWS; r++) UNROLL for (int c = 0; c < ITEM_COLUMNS; c++) t->sum[r][c] = relu_1(t->sum[r][c]);
  } else if (e.activation == ACTIVATION_RELU6) {
    UNROLL for (int r = 0; r < ITEM_ROWS; r++) UNROLL for (int c = 0; c < ITEM_COLUMNS; c++) t->sum[r][c] = relu6_1(t->sum[r][c]);
  } else if (e.activation != ACTIVATION_NONE) {   // through memory, so that the loop need not be unrolled
    float sums[ITEM_ROWS * ITEM_COLUMNS];
    UNROLL for (int r = 0; r < ITEM_ROWS; r++) UNROLL for (int c = 0; c < ITEM_COLUMNS; c++) sums[r * ITEM_COLUMNS + c] = t->sum[r][c];
    float slopes[ITEM_COLUMNS];
    UNROLL for (int p = 0; p < COLUMN_PIECES; p++) {
      const int place = ITEM_COLUMN(item, p * LOCAL_VECTOR);
      EACH_SUM_OF(p) slopes[c] = e.number;
      if (e.activation == ACTIVATION_SLOPES) loadRun(slopes + p * LOCAL_VECTOR, o.mask + from + place, columns - place, 0, LOCAL_VECTOR);
      if (e.activation == ACTIVATION_SLOPE) EACH_SUM_OF(p) slopes[c] = *o.mask;
    }
    for (int r = 0; r < ITEM_ROWS; r++)
      for (int c = 0; c < ITEM_COLUMNS; c++) sums[r * ITEM_COLUMNS + c] = activate(sums[r * ITEM_COLUMNS + c], e, slopes[c]);
    UNROLL for (int r = 0; r < ITEM_ROWS; r++) UNROLL for (int c = 0; c < ITEM_COLUMNS; c++) t->sum[r][c] = sums[r * ITEM_COLUMNS + c];
  }
  UNROLL for (int r = 0; r < ITEM_ROWS; r++) {
    if (rows[r] < 0) continue;
    UNROLL for (int p = 0; p < COLUMN_PIECES; p++) {
      const int place = ITEM_COLUMN(item, p * LOCAL_VECTOR), left = columns - place;
      const size_t at = (size_t)rows[r] * width + from + place;
      if (e.hasMask) {
        loadRun(x, o.mask + at, left, aligned, LOCAL_VECTOR);
        EACH_SUM_OF(p) t->sum[r][c] = e.hasMask == MASK_RELU6 ? relu6Gradient_1(x[i], t->sum[r][c]) : reluGradient_1(x[i], t->sum[r][c]);
      }
      const float* v = t->sum[r] + p * LOCAL_VECTOR;
      if (LOCAL_VECTOR == 4 && aligned && left >= 4) {
        *(__global float4*)(out + at) = (float4)(v[0], v[1], v[2], v[3]);
      } else if (LOCAL_VECTOR == 2 && aligned && left >= 2) {
        *(__global float2*)(out + at) = (float2)(v[0], v[1]);
      } else {
        UNROLL for (int i = 0; i < LOCAL_VECTOR; i++) if (i < left) out[at + i] = v[i];
      }
    }
  }
}

#endif
