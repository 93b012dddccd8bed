// Matrix products. A work-item computes `tilesPerItem` register tiles of one panel of columns, one below the other, so that B's panel
// stays in its cache; panels are the fastest dimension, so that the rows of A do too.

__kernel void pack_panels(__global const float* restrict source, __global float* restrict packed, const PackPanelsParameters a ITEM) {
  const int panel = get_global_id(0), first = (int)get_global_id(1) * PACK_BLOCK, entry = get_global_id(2), column = panel * a.width;
  if (column >= a.columns || first >= a.inner || entry >= a.batch) return;
  const int n = a.inner - first < PACK_BLOCK ? a.inner - first : PACK_BLOCK, panels = (a.columns + a.width - 1) / a.width;
  __global const float* from = AT(source, a.source) + (size_t)entry * a.sourceStride;
  __global float* to = AT(packed, a.packed) + (((size_t)entry * panels + panel) * a.inner + first) * a.width;
  if (a.transposed)
    packColumns(from + (size_t)column * a.inner + first, a.inner, to, n, a.columns - column, a.width);
  else
    packRows(from + (size_t)first * a.columns + column, a.columns, to, n, a.columns - column, a.width);
}
REGISTER(pack_panels, PackPanelsParameters, 2)

#if !defined(__OPENCL_VERSION__) || defined(CPU_DEVICE)
#ifndef INNER_BLOCK
#define INNER_BLOCK (TILE_COLUMNS < 64 ? 256 : 1024)   // inner positions that are done for all tiles of a work-item before the next ones
#endif
#define MOST_TILES (MATMUL_MOST_ROWS / TILE_ROWS)
#endif

// Adds to a tile (rows from `row`, columns from `column`) the inner positions first..<end of A and B, both at their batch entry.
INLINE void multiplyTile(Tile* t, __global const float* a, __global const float* b, const MatmulParameters p, const int row,
                         const int column, const int first, const int end, const int vectors) {
  const int step = p.bLayout == OPERAND_PACKED ? TILE_COLUMNS : p.columns;
  b += p.bLayout == OPERAND_PACKED ? ((size_t)(column / TILE_COLUMNS) * p.inner + first) * TILE_COLUMNS
                                   : (size_t)first * p.columns + column;
  if (p.aLayout == OPERAND_AS_STORED) {
    __global const float* x[TILE_ROWS];
    UNROLL for (int r = 0; r < TILE_ROWS; r++) x[r] = a + (size_t)(row + r < p.rows ? row + r : row) * p.inner + first;
    if (step == TILE_COLUMNS)
      addRows(t, x, b, TILE_COLUMNS, end - first, vectors);
    else
      addRows(t, x, b, step, end - first, vectors);
  } else {
    const int aStep = p.aLayout == OPERAND_PACKED ? TILE_ROWS : p.rows;
    a += p.aLayout == OPERAND_PACKED ? ((size_t)(row / TILE_ROWS) * p.inner + first) * TILE_ROWS : (size_t)first * p.rows + row;
    addColumns(t, a, aStep, b, step, end - first, vectors);
  }
}

// The tiles of one work-item, row tiles firstTile ..< endTile of one panel. On a CPU INNER_BLOCK inner positions at a time, so that the
// block of B's panel stays in the first-level cache from tile to tile; sums wait in `waiting` meanwhile.
INLINE void multiplyTiles(__global const float* a, __global const float* b, __global float* c, const EpilogueOperands o, const Epilogue e,
                          const MatmulParameters p, const int firstTile, const int endTile, const int column, const int offset,
                          const int first, const int end, const int vectors) {
#ifdef INNER_BLOCK
  float16 waiting[MOST_TILES * TILE_ROWS * TILE_VECTORS];
  const int block = endTile - firstTile > 1 ? INNER_BLOCK : end - first;
#else
  const int block = end - first;
#endif
  const int streams = STREAMS((size_t)p.batch * p.rows * p.columns, p.columns % 16 == 0);
  for (int k = first; k < end || k == first; k += block) {
    const int blockEnd = k + block < end ? k + block : end;
    for (int i = firstTile; i < endTile; i++) {
      const int row = i * TILE_ROWS;
      Tile t;
#ifdef INNER_BLOCK
      float16* mine = waiting + (i - firstTile) * TILE_ROWS * TILE_VECTORS;
      if (k > first) {
        UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) t.sum[r][v] = mine[r * TILE_VECTORS + v];
      } else {
        clearTile(&t);
      }
#else
      clearTile(&t);
#endif
      multiplyTile(&t, a, b, p, row, column, k, blockEnd, vectors);
#ifdef INNER_BLOCK
      if (blockEnd < end) {
        UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) mine[r * TILE_VECTORS + v] = t.sum[r][v];
        continue;
      }
#endif
      int rows[TILE_ROWS];
      UNROLL for (int r = 0; r < TILE_ROWS; r++) rows[r] = row + r < p.rows ? offset + row + r : -1;
      storeTile(&t, c, rows, p.columns, column, p.columns - column, o, e, vectors, streams);
    }
    if (block <= 0) break;
  }
}

// The part of the inner dimension that split number `split` takes.
#define SPLIT_RANGE(unit)                                                                     \
  const int part_ = ((p.inner + p.splits - 1) / p.splits + (unit) - 1) / (unit) * (unit);     \
  const int first = split * part_ < p.inner ? split * part_ : p.inner;                        \
  const int end = first + part_ < p.inner ? first + part_ : p.inner;

INLINE Epilogue epilogueOrNone(Epilogue e, const int splits) {
  if (splits > 1) e.hasScale = e.hasBias = e.hasResidual = e.hasMask = e.activation = 0;
  return e;
}

__kernel void matmul(__global const float* restrict a, __global const float* restrict b, __global float* c, __global const float* scale,
                     __global const float* bias, __global const float* residual, __global const float* mask,
                     const MatmulParameters p ITEM) {
  const int column = (int)get_global_id(0) * TILE_COLUMNS, entry = (int)get_global_id(2) / p.splits;
  const int split = (int)get_global_id(2) - entry * p.splits;
  if (column >= p.columns || entry >= p.batch) return;
  SPLIT_RANGE(1)
  const Epilogue e = epilogueOrNone(p.epilogue, p.splits);
  const EpilogueOperands o = EPILOGUE_OPERANDS(e);
  __global const float* from = AT(a, p.a) + (size_t)(entry / p.aRepeats % p.aEntries) * p.aStride;
  __global const float* times = AT(b, p.b) + (size_t)(entry / p.bRepeats % p.bEntries) * p.bStride;
  const int tiles = (p.rows + TILE_ROWS - 1) / TILE_ROWS, firstTile = (int)get_global_id(1) * p.tilesPerItem;
  const int endTile = firstTile + p.tilesPerItem < tiles ? firstTile + p.tilesPerItem : tiles;
  const int offset = (split * p.batch + entry) * p.rows;
#define MULTIPLY_TILES(vectors) multiplyTiles(from, times, AT(c, p.c), o, e, p, firstTile, endTile, column, offset, first, end, vectors)
  FOR_COLUMNS(p.columns - column, MULTIPLY_TILES);
}
REGISTER(matmul, MatmulParameters, 7)

__kernel ROW_KERNEL void matmul_merge(__global const float* restrict partials, __global float* c, __global const float* scale,
                                      __global const float* bias, __global const float* residual, __global const float* mask,
                                      const MatmulMergeParameters p ITEM) {
  const EpilogueOperands o = EPILOGUE_OPERANDS(p.epilogue);
#if LANES == 1
  const int count = p.rows * p.columns;
  COLUMNS_OF(1, p.splits, count)
  FOR_EACH_COLUMN_OF(place, i, 1, count)
    float sum = 0.0f;
    FOR_EACH_COLUMN(s, p.splits) sum += AT(partials, p.partials)[(size_t)s * count + i];
    const float total = ROW_SUM(sum);
    if (ROW_FIRST) AT(c, p.c)[i] = finish_1(total, o, p.epilogue, i, i % p.columns, 1);
  }
#else
  const int blocks = (p.columns + 15) / 16;
  FOR_EACH_UNIT(unit, p.rows * blocks) {
    const int row = unit / blocks, column = (unit - row * blocks) * 16;
    const size_t at = (size_t)row * p.columns + column;
    float16 sum = splat(0.0f);
    for (int s = 0; s < p.splits; s++) sum += load16(AT(partials, p.partials) + (size_t)s * p.rows * p.columns + at);
    storeFirst16(finish_16(sum, o, p.epilogue, at, column, p.columns - column), AT(c, p.c) + at, p.columns - column);
  }
#endif
}
REGISTER(matmul_merge, MatmulMergeParameters, 6)

// matmul_inner's tile: rows of A times rows of B, 16 inner positions at a time, the lanes added at the end.
#if TILE_COLUMNS >= 32
#define INNER_TILE 4
#else
#define INNER_TILE 2
#endif

__kernel void matmul_inner(__global const float* restrict a, __global const float* restrict b, __global float* c,
                           __global const float* scale, __global const float* bias, __global const float* residual,
                           __global const float* mask, const MatmulParameters p ITEM) {
  const int column = (int)get_global_id(0) * INNER_COLUMNS, entry = (int)get_global_id(2) / p.splits;
  const int split = (int)get_global_id(2) - entry * p.splits;
  if (column >= p.columns || entry >= p.batch) return;
  SPLIT_RANGE(16)
  const Epilogue e = epilogueOrNone(p.epilogue, p.splits);
  const EpilogueOperands o = EPILOGUE_OPERANDS(e);
  const int columns = p.columns - column < INNER_COLUMNS ? p.columns - column : INNER_COLUMNS;
  __global const float* from = AT(a, p.a) + (size_t)(entry / p.aRepeats % p.aEntries) * p.aStride;
  __global const float* times = AT(b, p.b) + (size_t)(entry / p.bRepeats % p.bEntries) * p.bStride;
  for (int i = 0; i < p.tilesPerItem; i++) {
    const int row = ((int)get_global_id(1) * p.tilesPerItem + i) * INNER_TILE;
    if (row >= p.rows) return;
    float sums[INNER_TILE][INNER_COLUMNS];
    __global const float* x[INNER_TILE];
    UNROLL for (int r = 0; r < INNER_TILE; r++) x[r] = from + (size_t)(row + r < p.rows ? row + r : row) * p.inner;
    for (int j = 0; j < columns; j += INNER_TILE) {
      __global const float* y[INNER_TILE];
      UNROLL for (int s = 0; s < INNER_TILE; s++)
        y[s] = times + (size_t)(column + (j + s < columns ? j + s : j)) * p.inner;
      float16 t[INNER_TILE][INNER_TILE];
      UNROLL for (int r = 0; r < INNER_TILE; r++) UNROLL for (int s = 0; s < INNER_TILE; s++) t[r][s] = splat(0.0f);
      int k = first;
      for (; k + 16 <= end; k += 16) {
        float16 w[INNER_TILE];
        UNROLL for (int s = 0; s < INNER_TILE; s++) w[s] = load16(y[s] + k);
        UNROLL for (int r = 0; r < INNER_TILE; r++) {
          const float16 v = load16(x[r] + k);
          UNROLL for (int s = 0; s < INNER_TILE; s++) t[r][s] = FMA(v, w[s], t[r][s]);
        }
      }
      if (k < end) {
        float16 w[INNER_TILE];
        UNROLL for (int s = 0; s < INNER_TILE; s++) w[s] = firstLanes16(load16(y[s] + k), end - k, 0.0f);
        UNROLL for (int r = 0; r < INNER_TILE; r++) {
          const float16 v = firstLanes16(load16(x[r] + k), end - k, 0.0f);
          UNROLL for (int s = 0; s < INNER_TILE; s++) t[r][s] = FMA(v, w[s], t[r][s]);
        }
      }
#if INNER_TILE == 4
      float lanes[16];
      storePrivate16(sumsOf16(&t[0][0]), lanes);
      UNROLL for (int r = 0; r < INNER_TILE; r++) UNROLL for (int s = 0; s < INNER_TILE; s++) sums[r][j + s] = lanes[r * INNER_TILE + s];
#else
      UNROLL for (int r = 0; r < INNER_TILE; r++) UNROLL for (int s = 0; s < INNER_TILE; s++) sums[r][j + s] = sumOf16(t[r][s]);
#endif
    }
    for (int r = 0; r < INNER_TILE && row + r < p.rows; r++) {
      const size_t at = ((size_t)(split * p.batch + entry) * p.rows + row + r) * p.columns + column;
      storeFinished(loadPrivate16(sums[r]), AT(c, p.c), o, e, at, column, columns);
    }
  }
}
REGISTER(matmul_inner, MatmulParameters, 7)
