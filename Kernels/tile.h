// The register tile that matmul and convolution share: TILE_ROWS rows of TILE_VECTORS vectors of 16 sums.
//
// A tile is a local array, and every loop over it is unrolled, so that it lives in registers. `vectors` is always a constant once
// inlined: TILE_VECTORS, or fewer where no more columns are left. Loops count to VECTORS.
#ifndef GLISSADE_TILE_H
#define GLISSADE_TILE_H

typedef struct {
  float16 sum[TILE_ROWS][TILE_VECTORS];
} Tile;

// Calls CALL(vectors) with the vectors that the columns that are left deserve. An OpenCL driver would compile every kernel several times
// for it, while somebody waits for the first step; there the whole tile computes columns that nobody stores.
#ifdef __OPENCL_VERSION__
#define FOR_COLUMNS(columns, CALL) CALL(TILE_VECTORS)
#define VECTORS TILE_VECTORS   // PoCL does not unroll a loop whose end becomes a constant by inlining
#else
#define FOR_COLUMNS(columns, CALL)                    \
  {                                                   \
    if (TILE_VECTORS > 1 && (columns) <= 16)          \
      CALL(1);                                        \
    else if (TILE_VECTORS > 2 && (columns) <= 32)     \
      CALL(2);                                        \
    else if (TILE_VECTORS > 3 && (columns) <= 48)     \
      CALL(3);                                        \
    else                                              \
      CALL(TILE_VECTORS);                             \
  }
#define VECTORS vectors
#endif

INLINE void clearTile(Tile* t) {
  UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < TILE_VECTORS; v++) t->sum[r][v] = splat(0.0f);
}

// t[r] += sum over k < n of a[r][k] * b[k * step ...]: one row pointer per row. Unrolled where b is packed; elsewhere that costs a tenth.
INLINE void addRows(Tile* t, __global const float* const* a, __global const float* b, const int step, const int n, const int vectors) {
#define ADD_ROW(k)                                                                                              \
  {                                                                                                             \
    float16 w[TILE_VECTORS];                                                                                    \
    UNROLL for (int v = 0; v < VECTORS; v++) w[v] = load16(b + v * 16);                                         \
    UNROLL for (int r = 0; r < TILE_ROWS; r++) {                                                                \
      const float16 x = splat(a[r][k]);                                                                         \
      UNROLL for (int v = 0; v < VECTORS; v++) t->sum[r][v] = FMA(x, w[v], t->sum[r][v]);                       \
    }                                                                                                           \
    b += step;                                                                                                  \
  }
  if (step == TILE_COLUMNS) {
    UNROLL_INNER for (int k = 0; k < n; k++) ADD_ROW(k)
  } else {
    for (int k = 0; k < n; k++) ADD_ROW(k)
  }
#undef ADD_ROW
}

// t[r] += sum over k < n of a[k * aStep + r] * b[k * bStep ...]: the rows' scalars are neighbours.
INLINE void addColumns(Tile* t, __global const float* a, const int aStep, __global const float* b, const int bStep, const int n,
                       const int vectors) {
  UNROLL_INNER for (int k = 0; k < n; k++) {
    float16 w[TILE_VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) w[v] = load16(b + v * 16);
    UNROLL for (int r = 0; r < TILE_ROWS; r++) {
      const float16 x = splat(a[r]);
      UNROLL for (int v = 0; v < VECTORS; v++) t->sum[r][v] = FMA(x, w[v], t->sum[r][v]);
    }
    a += aStep;
    b += bStep;
  }
}

// The same where the scalars' places are listed, and b was gathered into private rows of a tile's width.
INLINE void addGathered(Tile* t, __global const float* a, const int* places, const float* b, const int n, const int vectors) {
  for (int k = 0; k < n; k++) {
    float16 w[TILE_VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) w[v] = loadPrivate16(b + k * TILE_COLUMNS + v * 16);
    __global const float* from = a + places[k];
    UNROLL for (int r = 0; r < TILE_ROWS; r++) {
      const float16 x = splat(from[r]);
      UNROLL for (int v = 0; v < VECTORS; v++) t->sum[r][v] = FMA(x, w[v], t->sum[r][v]);
    }
  }
}

// The operands of an epilogue, each at its slice's first element.
typedef struct {
  __global const float* scale;
  __global const float* bias;
  __global const float* residual;
  __global const float* mask;
} EpilogueOperands;

#define EPILOGUE_OPERANDS(e) {AT(scale, (e).scale), AT(bias, (e).bias), AT(residual, (e).residual), AT(mask, (e).mask)}

// Whether a launch needs a part, and the program has it.
#ifndef KERNEL_PARTS
#define KERNEL_PARTS 0xffffffffu
#endif
#define COMPILED(part) (KERNEL_PARTS >> (part) & 1)
#define SCALES(e) (COMPILED(EPILOGUE_SCALE) && (e).hasScale)
#define ADDS_BIAS(e) (COMPILED(EPILOGUE_BIAS) && (e).hasBias)
#define ADDS_RESIDUAL(e) (COMPILED(EPILOGUE_RESIDUAL) && (e).hasResidual)
#define MASKS(e, kind) (COMPILED(EPILOGUE_MASKS + (kind)) && (e).hasMask == (kind))
#define ACTIVATES(e, kind) (COMPILED(EPILOGUE_ACTIVATIONS + (kind)) && (e).activation == (kind))
#define ACTIVATES_RARELY(e) (KERNEL_PARTS >> (EPILOGUE_ACTIVATIONS + ACTIVATION_RARE) && (e).activation >= ACTIVATION_RARE)

#define WHOLE_1(p) (*(p))
#define WHOLE_16(p) load16(p)
#define FIRST_1(p, n) (*(p))
#define FIRST_16(p, n) loadFirst16(p, n)
// Activations that few networks have; natively called, so that there is one of each.
#define RARE_ACTIVATION(F, I, U, S)                                                                                                   \
  RARELY void activateRarely##S(F* value, const EpilogueOperands o, const Epilogue e, const int column) {                             \
    const F v = *value;                                                                                                               \
    if (ACTIVATES(e, ACTIVATION_LEAKY_RELU)) *value = leakyRelu##S(v, CONSTANT##S(e.number));                                         \
    if (ACTIVATES(e, ACTIVATION_SLOPES)) *value = leakyRelu##S(v, WHOLE##S(o.mask + column));                                         \
    if (ACTIVATES(e, ACTIVATION_SLOPE)) *value = leakyRelu##S(v, CONSTANT##S(*o.mask));                                               \
    if (ACTIVATES(e, ACTIVATION_ELU)) *value = elu##S(v, CONSTANT##S(e.number));                                                      \
    if (ACTIVATES(e, ACTIVATION_CELU)) *value = celu##S(v, CONSTANT##S(e.number));                                                    \
    if (ACTIVATES(e, ACTIVATION_SELU)) *value = selu##S(v);                                                                           \
    if (ACTIVATES(e, ACTIVATION_EXACT_GELU)) *value = exactGelu##S(v);                                                                \
    if (ACTIVATES(e, ACTIVATION_MISH)) *value = mish##S(v);                                                                           \
    if (ACTIVATES(e, ACTIVATION_SOFTPLUS)) *value = softplus##S(v);                                                                   \
    if (ACTIVATES(e, ACTIVATION_SOFTSIGN)) *value = softsign##S(v);                                                                   \
    if (ACTIVATES(e, ACTIVATION_CLAMP)) *value = minimum##S(maximum##S(v, CONSTANT##S(e.number)), CONSTANT##S(e.limit));              \
    if (ACTIVATES(e, ACTIVATION_HARD_SWISH)) *value = hardSwish##S(v);                                                                \
    if (ACTIVATES(e, ACTIVATION_HARD_SIGMOID)) *value = hardSigmoid##S(v);                                                            \
  }
#ifdef __OPENCL_VERSION__
#define RARELY INLINE
#else
#define RARELY static __attribute__((noinline, unused))
#endif
RARE_ACTIVATION(float16, int16, uint16, _16)
#if LANES == 1
RARE_ACTIVATION(float, int, uint, _1)
#endif
#undef RARE_ACTIVATION

// The epilogue of neighbouring columns, 16 or (finish_1) one, `columns` of which exist; `at` is their place in the output.
#define FINISH(F, I, U, S)                                                                                                            \
  INLINE F finish##S(F v, const EpilogueOperands o, const Epilogue e, const size_t at, const int column, const int columns) {         \
    if (SCALES(e)) v *= WHOLE##S(o.scale + column);                                                                                   \
    if (ADDS_BIAS(e)) v += WHOLE##S(o.bias + column);                                                                                 \
    if (ADDS_RESIDUAL(e)) v += FIRST##S(o.residual + at, columns);                                                                    \
    if (ACTIVATES(e, ACTIVATION_RELU)) v = relu##S(v);                                                                                \
    if (ACTIVATES(e, ACTIVATION_SIGMOID)) v = sigmoid##S(v);                                                                          \
    if (ACTIVATES(e, ACTIVATION_TANH)) v = hyperbolicTangent##S(v);                                                                   \
    if (ACTIVATES(e, ACTIVATION_GELU)) v = gelu##S(v);                                                                                \
    if (ACTIVATES(e, ACTIVATION_SILU)) v = silu##S(v);                                                                                \
    if (ACTIVATES(e, ACTIVATION_RELU6)) v = relu6##S(v);                                                                              \
    if (ACTIVATES_RARELY(e)) {                                                                                                        \
      F rare = v;   /* the call takes an address: of a copy, so that v stays in a register */                                         \
      activateRarely##S(&rare, o, e, column);                                                                                         \
      v = rare;                                                                                                                       \
    }                                                                                                                                 \
    if (MASKS(e, MASK_RELU)) v = reluGradient##S(FIRST##S(o.mask + at, columns), v);                                                  \
    if (MASKS(e, MASK_RELU6)) v = relu6Gradient##S(FIRST##S(o.mask + at, columns), v);                                                \
    return v;                                                                                                                         \
  }
FINISH(float16, int16, uint16, _16)
#if LANES == 1
FINISH(float, int, uint, _1)
#endif
#undef FINISH

// Finishes and stores 16 sums, one by one on a GPU, whose registers whole vectors would not leave much of.
INLINE void storeFinished(const float16 v, __global float* out, const EpilogueOperands o, const Epilogue e, const size_t at,
                          const int column, const int columns) {
#if LANES == 1
  float lanes[16];
  storePrivate16(v, lanes);
  ROLLED for (int k = 0; k < 16 && k < columns; k++) out[at + k] = finish_1(lanes[k], o, e, at + k, column + k, 1);
#else
  storeFirst16(finish_16(v, o, e, at, column, columns), out + at, columns);
#endif
}

// Replaces each sum by `expression`; rows beyond the last read the first one's operands, for nothing.
#define EACH_SUM(expression)                                                                            \
  {                                                                                                     \
    UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) {               \
      const float16 sum = t->sum[r][v];                                                                 \
      t->sum[r][v] = expression;                                                                        \
    }                                                                                                   \
  }
#define TILE_PLACE ((size_t)rows[rows[r] < 0 ? 0 : r] * width + column + v * 16)

// Fetches what an epilogue will read for each element of a tile, while the tile is still being summed.
INLINE void fetchOperands(const int* rows, const int width, const int column, const EpilogueOperands o, const Epilogue e, const int vectors) {
  if (ADDS_RESIDUAL(e))
    UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) PREFETCH(o.residual + TILE_PLACE);
  if (MASKS(e, MASK_RELU) || MASKS(e, MASK_RELU6))
    UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) PREFETCH(o.mask + TILE_PLACE);
}

// Stores a tile through the epilogue. `rows[r]` is the output row of tile row r (negative: none), an output row has `width` columns,
// and the tile starts at `column`, with `columns` of them left.
INLINE void storeTile(Tile* t, __global float* out, const int* rows, const int width, const int column, const int columns,
                      const EpilogueOperands o, const Epilogue e, const int vectors, const int streams) {
  const int simple = !(ACTIVATES(e, ACTIVATION_SIGMOID) || ACTIVATES(e, ACTIVATION_TANH) || ACTIVATES(e, ACTIVATION_GELU) ||
                       ACTIVATES(e, ACTIVATION_SILU) || ACTIVATES_RARELY(e));
  if (simple && columns >= vectors * 16) {   // in registers
    if (SCALES(e)) EACH_SUM(sum * load16(o.scale + column + v * 16))
    if (ADDS_BIAS(e)) EACH_SUM(sum + load16(o.bias + column + v * 16))
    if (ADDS_RESIDUAL(e)) EACH_SUM(sum + load16(o.residual + TILE_PLACE))
    if (ACTIVATES(e, ACTIVATION_RELU)) EACH_SUM(relu_16(sum))
    if (ACTIVATES(e, ACTIVATION_RELU6)) EACH_SUM(relu6_16(sum))
    if (MASKS(e, MASK_RELU)) EACH_SUM(reluGradient_16(load16(o.mask + TILE_PLACE), sum))
    if (MASKS(e, MASK_RELU6)) EACH_SUM(relu6Gradient_16(load16(o.mask + TILE_PLACE), sum))
    UNROLL for (int r = 0; r < TILE_ROWS; r++) {
      if (rows[r] < 0) continue;
      UNROLL for (int v = 0; v < VECTORS; v++)
        streamFirst16(t->sum[r][v], out + (size_t)rows[r] * width + column + v * 16, 16, streams);
    }
    return;
  }
  // Through memory, so that the loop need not be unrolled.
  float16 sums[TILE_ROWS * TILE_VECTORS];
  UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) sums[r * TILE_VECTORS + v] = t->sum[r][v];
  ROLLED for (int r = 0; r < TILE_ROWS; r++) {
    if (rows[r] < 0) continue;
    ROLLED for (int v = 0; v < VECTORS && v * 16 < columns; v++) {
      const size_t at = (size_t)rows[r] * width + column + v * 16;
      storeFinished(sums[r * TILE_VECTORS + v], out, o, e, at, column + v * 16, columns - v * 16);
    }
  }
}

// The sums over the lanes of 16 vectors, which it overwrites, each in the order of sumOf16.
INLINE float16 sumsOf16(float16* x) {
#define HALVE(n) UNROLL for (int i = 0; i < n; i++) x[i] = interleaveLow(x[i], x[i + n]) + interleaveHigh(x[i], x[i + n]);
  HALVE(8) HALVE(4) HALVE(2) HALVE(1)
#undef HALVE
  return x[0];
}

// Packs rows k = 0..<n of a panel from a source whose columns are neighbours: source row k is at source + k * step and has `columns`.
INLINE void packRows(__global const float* source, const int step, __global float* packed, const int n, const int columns,
                     const int width) {
  if (width == TILE_ROWS && columns >= TILE_ROWS) {   // a panel of A: a few moves
    for (int k = 0; k < n; k++) {
      UNROLL for (int i = 0; i < TILE_ROWS; i++) packed[i] = source[i];
      source += step;
      packed += TILE_ROWS;
    }
    return;
  }
  for (int k = 0; k < n; k++) {
    __global const float* from = source + (size_t)k * step;
    __global float* to = packed + (size_t)k * width;
    for (int c = 0; c < width; c += 16) {
      if (width - c >= 16 && columns - c >= 16) {
        store16(load16(from + c), to + c);
      } else {
        for (int i = c; i < c + 16 && i < width; i++) to[i] = i < columns ? from[i] : 0.0f;
      }
    }
  }
}

// The same from a source whose inner dimension is contiguous: column c's values are at source + c * step.
INLINE void packColumns(__global const float* source, const int step, __global float* packed, const int n, const int columns,
                        const int width) {
  for (int k = 0; k < n; k += 16) {
    for (int c = 0; c < width; c += 16) {
      __global const float* from = source + (size_t)c * step + k;
      __global float* to = packed + (size_t)k * width + c;
#if LANES == 16
      if (n - k >= 16 && columns - c >= 16 && width - c >= 16) {
        transposeTile(from, step, to, width, 0);
        continue;
      }
      if (width == TILE_ROWS && TILE_ROWS <= 8 && n - k >= 16 && columns >= 8) {   // a panel of A: what sticks out is overwritten by the next
        UNROLL_AHEAD for (int half_ = 0; half_ < 16; half_ += 8) {
          float8 x[8];
          transposeEight(from + half_, step, x);
          UNROLL for (int i = 0; i < 8; i++) {
            const int row = k + half_ + i;
            if (row * width + 8 <= n * width)
              store8(x[i], to + (size_t)(half_ + i) * width);
            else
              for (int j = 0; j < width; j++) to[(size_t)(half_ + i) * width + j] = from[(size_t)j * step + half_ + i];
          }
        }
        continue;
      }
#endif
      for (int i = 0; i < 16 && k + i < n; i++)
        for (int j = 0; j < 16 && c + j < width; j++) to[(size_t)i * width + j] = c + j < columns ? from[(size_t)j * step + i] : 0.0f;
    }
  }
}

#endif
