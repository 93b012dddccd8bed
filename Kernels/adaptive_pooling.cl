// Means over the cells of a grid, NHWC. A unit is LANES channels of one cell, or of one pixel of the gradient. Index spaces are
// one-dimensional, of any size.

// The pixels of cell i: cells may overlap. And the cells that hold pixel i, by the same formula with the sizes exchanged.
INLINE int firstOf(const int i, const int of, const int size) { return i * size / of; }
INLINE int endOf(const int i, const int of, const int size) { return ((i + 1) * size + of - 1) / of; }

#define ADAPTIVE_UNITS(unitHeight, unitWidth)                                                              \
  const int blocks = (a.channels + LANES - 1) / LANES;                                                     \
  FOR_EACH_UNIT(unit, a.batch * (unitHeight) * (unitWidth) * blocks) {                                     \
    const int place = unit / blocks, c = (unit - place * blocks) * LANES, line = place / (unitWidth);      \
    const int px = place - line * (unitWidth), image = line / (unitHeight), py = line - image * (unitHeight);

__kernel void adaptive_average_pool(__global const float* restrict x, __global float* restrict y, const AdaptivePoolParameters a ITEM) {
  ADAPTIVE_UNITS(a.gridHeight, a.gridWidth)
    const int y0 = firstOf(py, a.gridHeight, a.height), y1 = endOf(py, a.gridHeight, a.height);
    const int x0 = firstOf(px, a.gridWidth, a.width), x1 = endOf(px, a.gridWidth, a.width);
    floatv sum = splatv(0.0f);
    for (int iy = y0; iy < y1; iy++)
      for (int ix = x0; ix < x1; ix++)
        sum += loadv(AT(x, a.from) + (((size_t)image * a.height + iy) * a.width + ix) * a.channels + c);
    storev(sum / (float)((y1 - y0) * (x1 - x0)), AT(y, a.to) + (size_t)place * a.channels + c, a.channels - c);
  }
}
REGISTER(adaptive_average_pool, AdaptivePoolParameters, 2)

__kernel void adaptive_average_pool_gradient(__global const float* restrict dy, __global float* restrict dx,
                                             const AdaptivePoolParameters a ITEM) {
  ADAPTIVE_UNITS(a.height, a.width)
    const int y0 = firstOf(py, a.height, a.gridHeight), y1 = endOf(py, a.height, a.gridHeight);
    const int x0 = firstOf(px, a.width, a.gridWidth), x1 = endOf(px, a.width, a.gridWidth);
    floatv sum = splatv(0.0f);
    for (int gy = y0; gy < y1; gy++) {
      const int rows = endOf(gy, a.gridHeight, a.height) - firstOf(gy, a.gridHeight, a.height);
      for (int gx = x0; gx < x1; gx++) {
        const int columns = endOf(gx, a.gridWidth, a.width) - firstOf(gx, a.gridWidth, a.width);
        const size_t cell = ((size_t)image * a.gridHeight + gy) * a.gridWidth + gx;
        sum += loadv(AT(dy, a.from) + cell * a.channels + c) / (float)(rows * columns);
      }
    }
    storev(sum, AT(dx, a.to) + (size_t)place * a.channels + c, a.channels - c);
  }
}
REGISTER(adaptive_average_pool_gradient, AdaptivePoolParameters, 2)
