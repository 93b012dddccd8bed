// Means over the cells of a grid, NHWC. Index spaces are one-dimensional, of any size. A GPU's unit is one channel of a cell, or of a pixel of
// the gradient; a CPU's all channels of a cell, or a line of pixels.

// The pixels of cell i: cells may overlap. And the cells that hold pixel i, by the same formula with the sizes exchanged.
INLINE int firstOf(const int i, const int of, const int size) { return i * size / of; }
INLINE int endOf(const int i, const int of, const int size) { return ((i + 1) * size + of - 1) / of; }

#if LANES == 1
#define ADAPTIVE_UNITS(unitHeight, unitWidth)                                                              \
  FOR_EACH_UNIT(unit, a.batch * (unitHeight) * (unitWidth) * a.channels) {                                 \
    const int place = unit / a.channels, c = unit - place * a.channels, line = place / (unitWidth);        \
    const int px = place - line * (unitWidth), image = line / (unitHeight), py = line - image * (unitHeight);
#else
#define POOLED_VECTORS 4    // side by side, so that a pixel's channels are read as they lie
// Of `vectors` vectors of channels (known when this is compiled) the mean of a cell of rows and columns.
INLINE void meanOfCell(__global const float* x, const int rows, const int columns, const int channels, const size_t lineStep,
                       const int vectors, __global float* y, const int rest, const int fetches) {
  floatv sums[POOLED_VECTORS];
  UNROLL for (int k = 0; k < vectors; k++) sums[k] = splatv(0.0f);
  for (int iy = 0; iy < rows; iy++) {
    __global const float* from = x + iy * lineStep;
    for (int ix = 0; ix < columns; ix++, from += channels)
      UNROLL for (int k = 0; k < vectors; k++) {
        if (fetches) PREFETCH(from + (size_t)columns * channels + k * LANES);   // the next cell
        sums[k] += loadv(from + k * LANES);
      }
  }
  UNROLL for (int k = 0; k < vectors; k++) storev(sums[k] / (float)(rows * columns), y + k * LANES, rest - k * LANES);
}

// Where the cells of a dimension begin and end, of the first ones without a division each time.
#define CELLS_KEPT 64
typedef struct {
  int count, size, first[CELLS_KEPT], end[CELLS_KEPT];
} Cells;
INLINE void findCells(Cells* cells, const int count, const int size) {
  cells->count = count;
  cells->size = size;
  for (int i = 0; i < count && i < CELLS_KEPT; i++) {
    cells->first[i] = firstOf(i, count, size);
    cells->end[i] = endOf(i, count, size);
  }
}
INLINE int cellFirst(const Cells* cells, const int i) { return i < CELLS_KEPT ? cells->first[i] : firstOf(i, cells->count, cells->size); }
INLINE int cellEnd(const Cells* cells, const int i) { return i < CELLS_KEPT ? cells->end[i] : endOf(i, cells->count, cells->size); }

// Pixels that lie in the same cells have the same gradient, and are found together: `block` channels of it, in `sums`.
#define POOLED_BLOCK 1024
INLINE void shareOfCells(__global const float* dy, const Cells* lines, const Cells* pixels, const int y0, const int y1, const int x0,
                         const int x1, const int channels, const int block, float* sums) {
  for (int gy = y0; gy < y1; gy++) {
    const int rows = cellEnd(lines, gy) - cellFirst(lines, gy);
    for (int gx = x0; gx < x1; gx++) {
      const int columns = cellEnd(pixels, gx) - cellFirst(pixels, gx), isFirst = gy == y0 && gx == x0;
      __global const float* from = dy + (size_t)(gy * pixels->count + gx) * channels;
      const floatv share = splatv(1.0f / (float)(rows * columns));
      if (isFirst) {
        for (int c = 0; c < block; c += LANES) storePrivate16(loadv(from + c) * share, sums + c);
      } else {
        for (int c = 0; c < block; c += LANES) storePrivate16(FMA(loadv(from + c), share, loadPrivate16(sums + c)), sums + c);
      }
    }
  }
}
#endif

__kernel void adaptive_average_pool(__global const float* restrict x, __global float* restrict y, const AdaptivePoolParameters a ITEM) {
#if LANES == 1
  ADAPTIVE_UNITS(a.gridHeight, a.gridWidth)
    const int y0 = firstOf(py, a.gridHeight, a.height), y1 = endOf(py, a.gridHeight, a.height);
    const int x0 = firstOf(px, a.gridWidth, a.width), x1 = endOf(px, a.gridWidth, a.width);
    float sum = 0.0f;
    for (int iy = y0; iy < y1; iy++)
      for (int ix = x0; ix < x1; ix++) sum += AT(x, a.from)[(((size_t)image * a.height + iy) * a.width + ix) * a.channels + c];
    AT(y, a.to)[(size_t)place * a.channels + c] = sum / (float)((y1 - y0) * (x1 - x0));
  }
#else
  const size_t lineStep = (size_t)a.width * a.channels;
  FOR_EACH_UNIT(place, a.batch * a.gridHeight * a.gridWidth) {
    const int line = place / a.gridWidth, px = place - line * a.gridWidth, image = line / a.gridHeight, py = line - image * a.gridHeight;
    const int y0 = firstOf(py, a.gridHeight, a.height), rows = endOf(py, a.gridHeight, a.height) - y0;
    const int x0 = firstOf(px, a.gridWidth, a.width), columns = endOf(px, a.gridWidth, a.width) - x0;
    __global const float* from = AT(x, a.from) + (((size_t)image * a.height + y0) * a.width + x0) * a.channels;
    __global float* to = AT(y, a.to) + (size_t)place * a.channels;
    const int rest = shareRest(place, a.channels), wide = POOLED_VECTORS * LANES;
    int c = 0;
    for (; c + wide <= a.channels; c += wide)
      meanOfCell(from + c, rows, columns, a.channels, lineStep, POOLED_VECTORS, to + c, rest - c, 1);
    for (; c < a.channels; c += LANES) meanOfCell(from + c, rows, columns, a.channels, lineStep, 1, to + c, rest - c, 0);
  }
#endif
}
REGISTER(adaptive_average_pool, AdaptivePoolParameters, 2)

__kernel void adaptive_average_pool_gradient(__global const float* restrict dy, __global float* restrict dx,
                                             const AdaptivePoolParameters a ITEM) {
#if LANES == 1
  ADAPTIVE_UNITS(a.height, a.width)
    const int y0 = firstOf(py, a.height, a.gridHeight), y1 = endOf(py, a.height, a.gridHeight);
    const int x0 = firstOf(px, a.width, a.gridWidth), x1 = endOf(px, a.width, a.gridWidth);
    float sum = 0.0f;
    for (int gy = y0; gy < y1; gy++) {
      const int rows = endOf(gy, a.gridHeight, a.height) - firstOf(gy, a.gridHeight, a.height);
      for (int gx = x0; gx < x1; gx++) {
        const int columns = endOf(gx, a.gridWidth, a.width) - firstOf(gx, a.gridWidth, a.width);
        const size_t cell = ((size_t)image * a.gridHeight + gy) * a.gridWidth + gx;
        sum += AT(dy, a.from)[cell * a.channels + c] / (float)(rows * columns);
      }
    }
    AT(dx, a.to)[(size_t)place * a.channels + c] = sum;
  }
#else
  const int streams = STREAMS(a.batch * a.height * a.width * a.channels, a.channels % 16 == 0);
  (void)streams;
  Cells lines, pixels;
  findCells(&lines, a.gridHeight, a.height);
  findCells(&pixels, a.gridWidth, a.width);
  FOR_EACH_UNIT(line, a.batch * a.height) {
    const int image = line / a.height, py = line - image * a.height, rests = shareRest(line, a.width * a.channels);
    const int y0 = firstOf(py, a.height, a.gridHeight), y1 = endOf(py, a.height, a.gridHeight);
    __global const float* cells = AT(dy, a.from) + (size_t)image * a.gridHeight * a.gridWidth * a.channels;
    __global float* out = AT(dx, a.to) + (size_t)line * a.width * a.channels;
    int x0 = 0, x1 = endOf(0, a.width, a.gridWidth), next;
    for (int px = 0; px < a.width; px = next) {
      // Up to where the first of the cells ends, or another one begins.
      next = cellEnd(&pixels, x0);
      if (x1 < a.gridWidth && cellFirst(&pixels, x1) < next) next = cellFirst(&pixels, x1);
      for (int first = 0; first < a.channels; first += POOLED_BLOCK) {
        float sums[POOLED_BLOCK];
        const int block = a.channels - first < POOLED_BLOCK ? a.channels - first : POOLED_BLOCK;
        shareOfCells(cells + first, &lines, &pixels, y0, y1, x0, x1, a.channels, block, sums);
        for (int p = px; p < next; p++) {
          // Pixels that are written at once lie behind each other: whole vectors may stick out of one.
          const int rest = block == a.channels ? rests - p * a.channels : block;
          for (int c = 0; c < block; c += LANES)
            streamv(loadPrivate16(sums + c), out + (size_t)p * a.channels + first + c, rest - c, streams);
        }
      }
      while (x0 < x1 && cellEnd(&pixels, x0) <= next) x0++;
      while (x1 < a.gridWidth && cellFirst(&pixels, x1) <= next) x1++;
    }
  }
#endif
}
REGISTER(adaptive_average_pool_gradient, AdaptivePoolParameters, 2)
