// 3x3 convolutions of stride 1 as 36 matrix products per 4x4 outputs: winograd.h has the formulas.

// ------------------------------------------------------------------------------------------------ the transforms along one axis
// The points are 0, +-a, +-b and infinity with a = sqrt(1/2), b = sqrt(2), so that a b = 1.
#define POINT_A splat(0.70710678f)
#define POINT_B splat(1.41421356f)

// t = B^T d: 6 inputs to 6 positions.
INLINE void sourceTransform(const float16* d, float16* t) {
  const float16 evenA = FMA(splat(-2.0f), d[2], d[4]), oddA = POINT_A * FMA(splat(-2.0f), d[1], d[3]);
  const float16 evenB = FMA(splat(-0.5f), d[2], d[4]), oddB = POINT_B * FMA(splat(-0.5f), d[1], d[3]);
  t[0] = FMA(splat(-2.5f), d[2], d[0] + d[4]);
  t[1] = evenA + oddA;
  t[2] = evenA - oddA;
  t[3] = evenB + oddB;
  t[4] = evenB - oddB;
  t[5] = FMA(splat(-2.5f), d[3], d[1] + d[5]);
}

// t = G w: 3 taps to 6 positions.
INLINE void weightTransform(const float16 w0, const float16 w1, const float16 w2, float16* t) {
  const float16 evenA = splat(-2.0f / 3.0f) * FMA(splat(0.5f), w2, w0), oddA = splat(-0.47140452f) * w1;   // -2/3 a
  const float16 evenB = splat(1.0f / 6.0f) * FMA(splat(2.0f), w2, w0), oddB = splat(0.23570226f) * w1;      // b / 6
  t[0] = w0;
  t[1] = evenA + oddA;
  t[2] = evenA - oddA;
  t[3] = evenB + oddB;
  t[4] = evenB - oddB;
  t[5] = w2;
}

// t = A^T m: 6 positions to 4 outputs.
INLINE void outputTransform(const float16* m, float16* t) {
  const float16 sumA = m[1] + m[2], sumB = m[3] + m[4];
  const float16 differenceA = POINT_A * (m[1] - m[2]), differenceB = POINT_B * (m[3] - m[4]);
  t[0] = m[0] + (sumA + sumB);
  t[1] = differenceA + differenceB;
  t[2] = FMA(splat(0.5f), sumA, splat(2.0f) * sumB);
  t[3] = FMA(splat(0.5f), differenceA, FMA(splat(2.0f), differenceB, m[5]));
}

// t = A y: 4 outputs' gradients to 6 positions.
INLINE void outputGradientTransform(const float16* y, float16* t) {
  const float16 evenA = FMA(splat(0.5f), y[2], y[0]), oddA = POINT_A * FMA(splat(0.5f), y[3], y[1]);
  const float16 evenB = FMA(splat(2.0f), y[2], y[0]), oddB = POINT_B * FMA(splat(2.0f), y[3], y[1]);
  t[0] = y[0];
  t[1] = evenA + oddA;
  t[2] = evenA - oddA;
  t[3] = evenB + oddB;
  t[4] = evenB - oddB;
  t[5] = y[3];
}

// t = G^T m: 6 positions to 3 taps' gradients.
INLINE void weightGradientTransform(const float16* m, float16* t) {
  const float16 sumA = splat(-2.0f / 3.0f) * (m[1] + m[2]), sumB = splat(1.0f / 6.0f) * (m[3] + m[4]);
  t[0] = m[0] + (sumA + sumB);
  t[1] = FMA(splat(-0.47140452f), m[1] - m[2], splat(0.23570226f) * (m[3] - m[4]));
  t[2] = FMA(splat(0.5f), sumA, FMA(splat(2.0f), sumB, m[5]));
}

// ------------------------------------------------------------------------------------------------ weights
__kernel void winograd_weights(__global const float* restrict packed, __global float* restrict transformed,
                               const WinogradWeightsParameters p ITEM) {
  const int panel = get_global_id(0), share = (p.sourceChannels + (int)get_global_size(1) - 1) / (int)get_global_size(1);
  const int first = (int)get_global_id(1) * share, end = first + share < p.sourceChannels ? first + share : p.sourceChannels;
  if (panel >= p.panels) return;
  const size_t tap = (size_t)p.sourceChannels * TILE_COLUMNS, position = tap * p.panels;
  __global const float* from = AT(packed, p.packed) + panel * tap * 9;
  __global float* to = AT(transformed, p.transformed) + panel * tap;
  const int streams = STREAMS(position * WINOGRAD_POSITIONS, 1);
  for (int i = first; i < end; i++) {
    for (int v = 0; v < TILE_VECTORS; v++) {
      const size_t at = (size_t)i * TILE_COLUMNS + v * 16;
      float16 columns[3][6];   // along the kernel's height, for each of its columns
      for (int x = 0; x < 3; x++) {
        const int turned = p.flips ? 2 - x : x;
        const float16 w0 = load16(from + at + turned * tap), w1 = load16(from + at + (3 + turned) * tap);
        const float16 w2 = load16(from + at + (6 + turned) * tap);
        weightTransform(p.flips ? w2 : w0, w1, p.flips ? w0 : w2, columns[x]);
      }
      for (int y = 0; y < 6; y++) {
        float16 t[6];
        weightTransform(columns[0][y], columns[1][y], columns[2][y], t);
        UNROLL for (int x = 0; x < 6; x++) streamFirst16(t[x], to + at + (y * 6 + x) * position, 16, streams);
      }
    }
  }
}
REGISTER(winograd_weights, WinogradWeightsParameters, 2)

// ------------------------------------------------------------------------------------------------ tiles
// A tile's image and its first destination row and column.
typedef struct {
  int image, y, x;
} TilePlace;

INLINE TilePlace placeOf(const WinogradShape s, const int tile) {
  const int row = tile / s.tilesWide, image = row / s.tilesHigh;
  const TilePlace place = {image, (row - image * s.tilesHigh) * 4, (tile - row * s.tilesWide) * 4};
  return place;
}

// Where channel `c` of tile `tile` lies among `tiles` tiles whose channels are stored in blocks of `width`.
INLINE size_t placeInBlocks(const int c, const int tile, const int tiles, const int channels, const int width) {
  const int block = c / width * width, left = channels - block;
  return (size_t)block * tiles + (size_t)tile * (left < width ? left : width) + (c - block);
}

// B^T x B of a tile of the image, as number `at` of `tiles`, in blocks of `width` channels; positions are `step` apart.
INLINE void transformSource(__global const float* source, __global const float* zeros, __global float* to, const size_t step,
                            const WinogradShape s, const int tile, const int at, const int tiles, const int width, const int streams) {
  const TilePlace place = placeOf(s, tile);
  __global const float* from[WINOGRAD_POSITIONS];
  for (int i = 0; i < 6; i++) {
    const int y = place.y - s.top + i, insideY = (uint)y < (uint)s.sourceHeight;
    for (int j = 0; j < 6; j++) {
      const int x = place.x - s.left + j, inside = insideY & ((uint)x < (uint)s.sourceWidth);
      from[i * 6 + j] = inside ? source + (((size_t)place.image * s.sourceHeight + y) * s.sourceWidth + x) * s.sourceChannels : zeros;
    }
  }
  for (int c = 0; c < s.sourceChannels; c += 16) {
    __global float* out = to + placeInBlocks(c, at, tiles, s.sourceChannels, width);
    float16 columns[6][6];
    for (int j = 0; j < 6; j++) {
      float16 d[6];
      UNROLL for (int i = 0; i < 6; i++) PREFETCH(from[i * 6 + j] + c + 16);   // 36 streams are more than a processor follows
      UNROLL for (int i = 0; i < 6; i++) d[i] = load16(from[i * 6 + j] + c);
      sourceTransform(d, columns[j]);
    }
    for (int i = 0; i < 6; i++) {
      float16 d[6], t[6];
      UNROLL for (int j = 0; j < 6; j++) d[j] = columns[j][i];
      sourceTransform(d, t);
      UNROLL for (int j = 0; j < 6; j++) streamFirst16(t[j], out + (i * 6 + j) * step, 16, streams);
    }
  }
}

// A^T m A of one tile through the epilogue; position k's sums are at `sums` + k * step.
INLINE void transformSums(__global const float* sums, const size_t step, __global float* destination, const EpilogueOperands o,
                          const Epilogue e, const WinogradShape s, const int tile) {
  const TilePlace place = placeOf(s, tile);
  const int rows = s.height - place.y < 4 ? s.height - place.y : 4, columns = s.width - place.x < 4 ? s.width - place.x : 4;
  const int streams = STREAMS((size_t)s.batch * s.height * s.width * s.channels, 1);
  const size_t corner = (((size_t)place.image * s.height + place.y) * s.width + place.x) * s.channels;
  for (int c = 0; c < s.channels; c += 16) {
    float16 passed[6][4];
    for (int j = 0; j < 6; j++) {
      float16 m[6];
      UNROLL for (int i = 0; i < 6; i++) m[i] = load16(sums + (i * 6 + j) * step + c);
      outputTransform(m, passed[j]);
    }
    for (int i = 0; i < rows; i++) {
      float16 m[6], t[4];
      UNROLL for (int j = 0; j < 6; j++) m[j] = passed[j][i];
      outputTransform(m, t);
      const size_t at = corner + (size_t)i * s.width * s.channels + c;
      for (int j = 0; j < columns; j++) {
        const size_t place = at + (size_t)j * s.channels;
        streamFirst16(finish_16(t[j], o, e, place, c, 16), destination + place, 16, streams);
      }
    }
  }
}

// ------------------------------------------------------------------------------------------------ forward and input gradient
INLINE void multiplyTransformed(__global const float* const* sources, __global const float* weights, __global float* out, const int width,
                                const int channels, const int vectors) {
  Tile t;
  clearTile(&t);
  addRows(&t, sources, weights, TILE_COLUMNS, channels, vectors);
  UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++)
    store16(t.sum[r][v], out + (size_t)r * width + v * 16);
}

__kernel void winograd(__global const float* restrict source, __global const float* restrict transformed, __global float* destination,
                       __global const float* restrict zeros, __global float* restrict scratch, __global const float* scale,
                       __global const float* bias, __global const float* residual, __global const float* mask,
                       const WinogradParameters p ITEM) {
  const WinogradShape s = p.shape;
  const EpilogueOperands o = EPILOGUE_OPERANDS(p.epilogue);
  __global const float* x = AT(source, p.source);
  __global const float* weights = AT(transformed, p.transformed);
  __global float* sources = AT(scratch, p.scratch) + (size_t)get_global_id(0) * p.scratchPerItem * 16;
  const int T = p.tilesPerBlock, C = s.sourceChannels, width = p.panels * TILE_COLUMNS;
  const size_t sourceStep = WINOGRAD_STEP((size_t)T * C), sumStep = WINOGRAD_STEP((size_t)T * width);
  __global float* sums = sources + WINOGRAD_POSITIONS * sourceStep;
  const size_t panelFloats = (size_t)C * TILE_COLUMNS;
  const int tiles = s.batch * s.tilesHigh * s.tilesWide, blocks = (tiles + T - 1) / T;
  FOR_EACH_UNIT(block, blocks) {
    const int first = block * T, count = tiles - first < T ? tiles - first : T;
    for (int tile = 0; tile < count; tile++)
      transformSource(x, AT(zeros, p.zeros), sources, sourceStep, s, first + tile, tile, T, C, 0);
    for (int position = 0; position < WINOGRAD_POSITIONS; position++) {
      for (int panel = 0; panel < p.panels; panel++) {
        __global const float* w = weights + ((size_t)position * p.panels + panel) * panelFloats;
        for (int row = 0; row < count; row += TILE_ROWS) {   // rows beyond the last are computed for nothing
          __global const float* a[TILE_ROWS];
          UNROLL for (int r = 0; r < TILE_ROWS; r++) a[r] = sources + position * sourceStep + (size_t)(row + r) * C;
          __global float* out = sums + position * sumStep + (size_t)row * width + panel * TILE_COLUMNS;
#define MULTIPLY_TRANSFORMED(vectors) multiplyTransformed(a, w, out, width, C, vectors)
          FOR_COLUMNS(s.channels - panel * TILE_COLUMNS, MULTIPLY_TRANSFORMED);
        }
      }
    }
    for (int tile = 0; tile < count; tile++)
      transformSums(sums + (size_t)tile * width, sumStep, AT(destination, p.destination), o, p.epilogue, s, first + tile);
  }
}
REGISTER(winograd, WinogradParameters, 9)

// ------------------------------------------------------------------------------------------------ weight gradient
__kernel void winograd_source(__global const float* restrict x, __global float* restrict transformed, __global const float* restrict zeros,
                              const WinogradTransformParameters p ITEM) {
  const WinogradShape s = p.shape;
  const int tiles = s.batch * s.tilesHigh * s.tilesWide;
  const size_t step = WINOGRAD_STEP((size_t)tiles * s.sourceChannels);
  const int streams = STREAMS(WINOGRAD_POSITIONS * step, 1);
  FOR_EACH_UNIT(tile, tiles)
    transformSource(AT(x, p.from), AT(zeros, p.zeros), AT(transformed, p.transformed), step, s, tile, tile, tiles, TILE_COLUMNS, streams);
}
REGISTER(winograd_source, WinogradTransformParameters, 3)

__kernel void winograd_destination(__global const float* restrict dy, __global float* restrict transformed,
                                   const WinogradTransformParameters p ITEM) {
  const WinogradShape s = p.shape;
  const int tiles = s.batch * s.tilesHigh * s.tilesWide;
  const size_t step = WINOGRAD_STEP((size_t)tiles * s.channels);
  const int streams = STREAMS(WINOGRAD_POSITIONS * step, 1);
  FOR_EACH_UNIT(tile, tiles) {
    const TilePlace place = placeOf(s, tile);
    const int rows = s.height - place.y < 4 ? s.height - place.y : 4, columns = s.width - place.x < 4 ? s.width - place.x : 4;
    __global const float* from = AT(dy, p.from) + (((size_t)place.image * s.height + place.y) * s.width + place.x) * s.channels;
    for (int c = 0; c < s.channels; c += 16) {
      __global float* to = AT(transformed, p.transformed) + placeInBlocks(c, tile, tiles, s.channels, WINOGRAD_CHANNELS);
      float16 passed[4][6];
      for (int j = 0; j < 4; j++) {
        float16 y[4];
        UNROLL for (int i = 0; i < 4; i++)
          y[i] = i < rows && j < columns ? load16(from + ((size_t)i * s.width + j) * s.channels + c) : splat(0.0f);
        outputGradientTransform(y, passed[j]);
      }
      for (int i = 0; i < 6; i++) {
        float16 y[4], t[6];
        UNROLL for (int j = 0; j < 4; j++) y[j] = passed[j][i];
        outputGradientTransform(y, t);
        UNROLL for (int j = 0; j < 6; j++) streamFirst16(t[j], to + (i * 6 + j) * step, 16, streams);
      }
    }
  }
}
REGISTER(winograd_destination, WinogradTransformParameters, 2)

// Adds to one tile of sums (`rows` destination channels, `columns` source channels) what `n` tiles give.
INLINE void addProducts(__global const float* destinations, const int step, __global const float* sources, const int sourceStep,
                        __global float* sums, const int n, const int rows, const int sourceChannels, const int columns, const int starts,
                        const int vectors) {
  Tile t;
  clearTile(&t);
  if (!starts) {
    UNROLL for (int v = 0; v < VECTORS; v++) {
      if (v * 16 >= columns) continue;
      UNROLL for (int r = 0; r < TILE_ROWS; r++) t.sum[r][v] = load16(sums + (size_t)(r < rows ? r : 0) * sourceChannels + v * 16);
    }
  }
  addColumns(&t, destinations, step, sources, sourceStep, n, vectors);
  UNROLL for (int v = 0; v < VECTORS; v++) {
    if (v * 16 >= columns) continue;
    UNROLL for (int r = 0; r < TILE_ROWS; r++) if (r < rows) store16(t.sum[r][v], sums + (size_t)r * sourceChannels + v * 16);
  }
}

__kernel void winograd_weight_products(__global const float* restrict destinations, __global const float* restrict sources,
                                       __global float* restrict sums, const WinogradWeightGradientParameters p ITEM) {
  const int position = get_global_id(0), firstChannel = (int)get_global_id(1) * p.channelsPerItem;
  if (position >= WINOGRAD_POSITIONS || firstChannel >= p.channels) return;
  const int endChannel = firstChannel + p.channelsPerItem < p.channels ? firstChannel + p.channelsPerItem : p.channels;
  __global const float* d = AT(destinations, p.destinations) + position * WINOGRAD_STEP((size_t)p.tiles * p.channels);
  __global const float* x = AT(sources, p.sources) + position * WINOGRAD_STEP((size_t)p.tiles * p.sourceChannels);
  __global float* out = AT(sums, p.sums) + position * WINOGRAD_STEP((size_t)p.channels * p.sourceChannels);
  for (int tile = 0; tile < p.tiles; tile += p.tilesPerBlock) {
    const int n = p.tiles - tile < p.tilesPerBlock ? p.tiles - tile : p.tilesPerBlock;
    for (int i = 0; i < p.sourceChannels; i += TILE_COLUMNS) {   // a panel of sources stays in the first-level cache
      const int left = p.sourceChannels - i, step = left < TILE_COLUMNS ? left : TILE_COLUMNS;
      __global const float* b = x + (size_t)i * p.tiles + (size_t)tile * step;
      for (int block = firstChannel; block < endChannel; block += WINOGRAD_CHANNELS) {
        const int width = p.channels - block < WINOGRAD_CHANNELS ? p.channels - block : WINOGRAD_CHANNELS;
        __global const float* a = d + (size_t)block * p.tiles + (size_t)tile * width;
        for (int o = 0; o < width; o += TILE_ROWS) {
          const int rows = width - o < TILE_ROWS ? width - o : TILE_ROWS;
          __global float* to = out + (size_t)(block + o) * p.sourceChannels + i;
#define ADD_PRODUCTS(vectors) addProducts(a + o, width, b, step, to, n, rows, p.sourceChannels, left, tile == 0, vectors)
          FOR_COLUMNS(left, ADD_PRODUCTS);
        }
      }
    }
  }
}
REGISTER(winograd_weight_products, WinogradWeightGradientParameters, 3)

__kernel void winograd_weight_finish(__global const float* restrict sums, __global float* restrict dw,
                                     const WinogradWeightGradientParameters p ITEM) {
  const size_t step = WINOGRAD_STEP((size_t)p.channels * p.sourceChannels);
  FOR_EACH_UNIT(o, p.channels) {
    __global const float* from = AT(sums, p.sums) + (size_t)o * p.sourceChannels;
    __global float* to = AT(dw, p.dw) + (size_t)o * 9 * p.sourceChannels;
    for (int c = 0; c < p.sourceChannels; c += 16) {
      float16 passed[6][3];
      for (int j = 0; j < 6; j++) {
        float16 m[6];
        UNROLL for (int i = 0; i < 6; i++) PREFETCH(from + (i * 6 + j) * step + c + 16);
        UNROLL for (int i = 0; i < 6; i++) m[i] = load16(from + (i * 6 + j) * step + c);
        weightGradientTransform(m, passed[j]);
      }
      for (int i = 0; i < 3; i++) {
        float16 m[6], t[3];
        UNROLL for (int j = 0; j < 6; j++) m[j] = passed[j][i];
        weightGradientTransform(m, t);
        UNROLL for (int j = 0; j < 3; j++) store16(t[j], to + (size_t)(i * 3 + j) * p.sourceChannels + c);
      }
    }
  }
}
REGISTER(winograd_weight_finish, WinogradWeightGradientParameters, 2)
