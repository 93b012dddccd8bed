// Convolutions as implicit matrix products: a tile's rows are pixels, its columns output channels.

#define SHAPE const ConvolutionShape s = p.shape

// ------------------------------------------------------------------------------------------------ weights into panels
__kernel void convolution_pack(__global const float* restrict w, __global float* restrict packed, const ConvolutionPackParameters p ITEM) {
  SHAPE;
  const int taps = s.kernelHeight * s.kernelWidth, I = s.inputChannels / s.groups, O = s.outputChannels / s.groups;
  const int from = p.inputGradient ? O : I, to = p.inputGradient ? I : O, panels = (to + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const int panel = get_global_id(0), tap = get_global_id(1), group = get_global_id(2), column = panel * TILE_COLUMNS;
  if (panel >= panels || tap >= taps || group >= s.groups) return;
  __global const float* source = AT(w, p.w) + ((size_t)group * O * taps + tap) * I;
  __global float* out = AT(packed, p.packed) + (((size_t)group * panels + panel) * taps + tap) * from * TILE_COLUMNS;
  if (p.inputGradient)
    packRows(source + column, taps * I, out, O, I - column, TILE_COLUMNS);
  else
    packColumns(source + (size_t)column * taps * I, taps * I, out, I, O - column, TILE_COLUMNS);
}
REGISTER(convolution_pack, ConvolutionPackParameters, 2)

// ------------------------------------------------------------------------------------------------ forward and input gradient
// A tile's grid pixels, as placePixels gives them.
typedef struct {
  int y[TILE_ROWS], x[TILE_ROWS], line[TILE_ROWS], rows[TILE_ROWS];
} TilePixels;

// Where the only tap of a 1 x 1 kernel reads; whether it reads anything.
INLINE int placeOnlyTap(__global const float** a, __global const float* source, __global const float* zeros, const ConvolutionShape s,
                        const Walk k, const int gradient, const TilePixels* at) {
  int dy, dx, any = 0;
  if (!tapOffset(gradient, 0, s.strideHeight, s.paddingTop, s.dilationHeight, k.phaseY, &dy) ||
      !tapOffset(gradient, 0, s.strideWidth, s.paddingLeft, s.dilationWidth, k.phaseX, &dx))
    return 0;
  UNROLL for (int r = 0; r < TILE_ROWS; r++) {
    const int inside = ((uint)(at->y[r] + dy) < (uint)k.sourceHeight) & ((uint)(at->x[r] + dx) < (uint)k.sourceWidth);
    a[r] = inside ? source + ((ptrdiff_t)(at->line[r] + at->y[r] + dy) * k.sourceWidth + at->x[r] + dx) * k.sourceChannels : zeros;
    any |= inside;
  }
  return any;
}

// Adds to a tile what the taps of a larger kernel see.
INLINE void addTaps(Tile* t, __global const float* source, __global const float* w, __global const float* zeros, const ConvolutionShape s,
                    const Walk k, const int gradient, const TilePixels* at, const int vectors) {
  const int channels = k.sourceChannels / s.groups;
  const int mergeable = !gradient && s.groups == 1 && s.dilationWidth == 1 && s.kernelWidth > 1;
  for (int ky = 0; ky < s.kernelHeight; ky++) {
    int dy;
    if (!tapOffset(gradient, ky, s.strideHeight, s.paddingTop, s.dilationHeight, k.phaseY, &dy)) continue;
    __global const float* lines[TILE_ROWS];   // each row's source line, moved to its tap offset 0
    int first[TILE_ROWS], any = 0, all = mergeable;
    UNROLL for (int r = 0; r < TILE_ROWS; r++) {
      const int x = at->x[r], inside = (uint)(at->y[r] + dy) < (uint)k.sourceHeight;
      lines[r] = source + ((ptrdiff_t)(at->line[r] + at->y[r] + dy) * k.sourceWidth + x) * k.sourceChannels;
      first[r] = inside ? x : OUTSIDE;
      any |= inside;
      all &= !inside | ((x >= s.paddingLeft) & (x - s.paddingLeft + s.kernelWidth <= k.sourceWidth));
    }
    if (!any) continue;
    if (all) {   // every tap of this kernel row lies inside the image: the taps' channels are one run
      __global const float* a[TILE_ROWS];
      UNROLL for (int r = 0; r < TILE_ROWS; r++) a[r] = first[r] >= 0 ? lines[r] - s.paddingLeft * channels : zeros;
      addRows(t, a, w + (size_t)ky * s.kernelWidth * channels * TILE_COLUMNS, TILE_COLUMNS, s.kernelWidth * channels, vectors);
      continue;
    }
    for (int kx = 0; kx < s.kernelWidth; kx++) {
      int dx;
      if (!tapOffset(gradient, kx, s.strideWidth, s.paddingLeft, s.dilationWidth, k.phaseX, &dx)) continue;
      __global const float* a[TILE_ROWS];
      const ptrdiff_t move = (ptrdiff_t)dx * k.sourceChannels;
      int inside = 0;
      UNROLL for (int r = 0; r < TILE_ROWS; r++) {
        const int in = (uint)(first[r] + dx) < (uint)k.sourceWidth;
        a[r] = in ? lines[r] + move : zeros;
        inside |= in;
      }
      if (inside) addRows(t, a, w + (size_t)(ky * s.kernelWidth + kx) * channels * TILE_COLUMNS, TILE_COLUMNS, channels, vectors);
    }
  }
}

// One tile: TILE_ROWS grid pixels, channels column ..< column + TILE_COLUMNS of the group's. `only` is where a 1 x 1 kernel's tap reads.
INLINE void convolveTile(__global const float* source, __global const float* w, __global float* out, __global const float* zeros,
                         const EpilogueOperands o, const Epilogue e, const ConvolutionShape s, const Walk k, const int gradient,
                         const TilePixels* at, __global const float* const* only, const int reads, const int group, const int column,
                         const int channelsOut, const int vectors) {
  const int channels = k.sourceChannels / s.groups, place = group * channelsOut + column;
  const size_t floats = (size_t)s.batch * k.destinationHeight * k.destinationWidth * k.destinationChannels;
  const int streams = STREAMS(floats, (k.destinationChannels | channelsOut) % 16 == 0);
  fetchOperands(at->rows, k.destinationChannels, place, o, e, vectors);
  // Each from nothing to the end: sums that come from two places would be copied from register to register all the time.
  const int taps = s.kernelHeight * s.kernelWidth;
  if (COMPILED(CONVOLUTION_MORE_TAPS) && taps > 1) {
    Tile t;
    clearTile(&t);
    addTaps(&t, source, w, zeros, s, k, gradient, at, vectors);
    storeTile(&t, out, at->rows, k.destinationChannels, place, channelsOut - column, o, e, vectors, streams);
  } else if (COMPILED(CONVOLUTION_ONE_TAP) && taps == 1) {
    Tile t;
    clearTile(&t);
    addRows(&t, only, w, TILE_COLUMNS, reads ? channels : 0, vectors);
    storeTile(&t, out, at->rows, k.destinationChannels, place, channelsOut - column, o, e, vectors, streams);
  }
}

#define FETCHED_CHANNELS 256   // of more, the pixels of a tile would not stay where they were fetched to

INLINE void convolve(__global const float* source, __global const float* packed, __global float* destination, __global const float* zeros,
                     const EpilogueOperands o, const ConvolutionParameters p, const int gradient, const int panelItem, const int block,
                     const int plane) {
  SHAPE;
  const int phases = gradient ? s.strideHeight * s.strideWidth : 1, group = plane / phases;
  const Walk k = walkOf(s, gradient, plane - group * phases);
  if (group >= s.groups || k.height <= 0 || k.width <= 0) return;
  const int channels = k.sourceChannels / s.groups, channelsOut = k.destinationChannels / s.groups, taps = s.kernelHeight * s.kernelWidth;
  const int pixels = s.batch * k.height * k.width, panels = (channelsOut + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const int isPlain = taps == 1 && s.strideHeight == 1 && s.strideWidth == 1 && s.paddingTop == 0 && s.paddingLeft == 0 &&
                      s.inputHeight == s.outputHeight && s.inputWidth == s.outputWidth;
  const int firstPanel = panelItem * p.panelsPerItem;
  const int endPanel = firstPanel + p.panelsPerItem < panels ? firstPanel + p.panelsPerItem : panels;
  source += (size_t)group * channels;
  for (int i = 0; i < p.tilesPerItem; i++) {
    const int pixel = (block * p.tilesPerItem + i) * TILE_ROWS;
    if (pixel >= pixels) return;
    TilePixels at;
    __global const float* only[TILE_ROWS];
    int reads = 0;
    if (COMPILED(CONVOLUTION_ONE_TAP) && isPlain) {   // pixels as they lie
      UNROLL for (int r = 0; r < TILE_ROWS; r++) {
        const int inside = pixel + r < pixels;
        at.rows[r] = inside ? pixel + r : -1;
        only[r] = inside ? source + (size_t)(pixel + r) * k.sourceChannels : zeros;
      }
      reads = 1;
    } else {
      placePixels(k, pixel, pixels, at.y, at.x, at.line, at.rows, TILE_ROWS);
      if (COMPILED(CONVOLUTION_ONE_TAP) && taps == 1) reads = placeOnlyTap(only, source, zeros, s, k, gradient, &at);
    }
    if (reads && channels <= FETCHED_CHANNELS) {   // the next tile's pixels, which often follow these
      const size_t next = (size_t)TILE_ROWS * k.stepInX * k.sourceChannels;
      UNROLL for (int r = 0; r < TILE_ROWS; r++) for (int c = 0; c < channels; c += 16) PREFETCH(only[r] + next + c);
    }
    for (int panel = firstPanel; panel < endPanel; panel++) {
      const int column = panel * TILE_COLUMNS;
      __global const float* w = packed + ((size_t)group * panels + panel) * taps * channels * TILE_COLUMNS;
#define CONVOLVE_TILE(vectors) \
  convolveTile(source, w, destination, zeros, o, p.epilogue, s, k, gradient, &at, only, reads, group, column, channelsOut, vectors)
      FOR_COLUMNS(channelsOut - column, CONVOLVE_TILE);
    }
  }
}

__kernel void convolution(__global const float* restrict x, __global const float* restrict packed, __global float* y,
                          __global const float* restrict zeros, __global const float* scale, __global const float* bias,
                          __global const float* residual, __global const float* mask, const ConvolutionParameters p ITEM) {
  const EpilogueOperands o = EPILOGUE_OPERANDS(p.epilogue);
  convolve(AT(x, p.source), AT(packed, p.packed), AT(y, p.destination), AT(zeros, p.zeros), o, p, 0, get_global_id(0), get_global_id(1),
           get_global_id(2));
}
REGISTER(convolution, ConvolutionParameters, 8)

__kernel void convolution_input_gradient(__global const float* restrict dy, __global const float* restrict packed, __global float* dx,
                                         __global const float* restrict zeros, __global const float* scale, __global const float* bias,
                                         __global const float* residual, __global const float* mask, const ConvolutionParameters p ITEM) {
  const EpilogueOperands o = EPILOGUE_OPERANDS(p.epilogue);
  convolve(AT(dy, p.source), AT(packed, p.packed), AT(dx, p.destination), AT(zeros, p.zeros), o, p, 1, get_global_id(0), get_global_id(1),
           get_global_id(2));
}
REGISTER(convolution_input_gradient, ConvolutionParameters, 8)

// ------------------------------------------------------------------------------------------------ weight gradient
// Pixels of x that one tap sees, side by side, for all output channels to be multiplied with. In memory they lie as far apart as the stride
// and the other channels put them, which is often a power of two, where a cache keeps few.
#if !defined(__OPENCL_VERSION__) || defined(CPU_DEVICE)
#define GATHERED 128
#else
#define GATHERED 16
#endif

// Gathers what a tap sees at `n` of dy's pixels from `pixel` on, those whose tap lies inside the image: `vectors` vectors of channels from
// `x` on, and how far each pixel's dy is from the first one's, `step` floats for each pixel. Returns how many there are.
INLINE int gatherTap(__global const float* x, float* gathered, int* places, const int step, const ConvolutionShape s, const int offsetY,
                     const int offsetX, const int pixel, const int n, const int vectors) {
  int row = pixel / s.outputWidth, image = row / s.outputHeight, oy = row - image * s.outputHeight, ox = pixel - row * s.outputWidth;
  int count = 0;
  for (int k = 0; k < n; k++) {
    const int iy = oy * s.strideHeight + offsetY, ix = ox * s.strideWidth + offsetX;
    if ((uint)iy < (uint)s.inputHeight && (uint)ix < (uint)s.inputWidth) {
      __global const float* from = x + (((size_t)image * s.inputHeight + iy) * s.inputWidth + ix) * s.inputChannels;
      UNROLL for (int v = 0; v < VECTORS; v++) storePrivate16(load16(from + v * 16), gathered + count * TILE_COLUMNS + v * 16);
      places[count++] = k * step;
    }
    if (++ox == s.outputWidth) {
      ox = 0;
      if (++oy == s.outputHeight) {
        oy = 0;
        image++;
      }
    }
  }
  return count;
}

// Adds to one tile of dw (`rows` output channels, each `outStep` floats from the next, `columns` input channels) what `n` pixels give.
INLINE void weightTile(const float* gathered, const int* places, __global const float* dy, __global float* out, const size_t outStep,
                       const int rows, const int columns, const int n, const int starts, const int vectors) {
  Tile t;
  clearTile(&t);
  if (!starts) {   // rows beyond the last take the first one's, for nothing
    if (columns >= vectors * 16) {
      UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++)
        t.sum[r][v] = load16(out + (r < rows ? r : 0) * outStep + v * 16);
    } else {
      UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++)
        t.sum[r][v] = loadFirst16(out + (r < rows ? r : 0) * outStep + v * 16, columns - v * 16);
    }
  }
  addGathered(&t, dy, places, gathered, n, vectors);
  if (rows == TILE_ROWS && columns >= vectors * 16) {
    UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) store16(t.sum[r][v], out + r * outStep + v * 16);
  } else {
    float16 sums[TILE_ROWS * TILE_VECTORS];
    UNROLL for (int r = 0; r < TILE_ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) sums[r * TILE_VECTORS + v] = t.sum[r][v];
    for (int r = 0; r < rows; r++)
      for (int v = 0; v < VECTORS && v * 16 < columns; v++)
        storeFirst16(sums[r * TILE_VECTORS + v], out + r * outStep + v * 16, columns - v * 16);
  }
}

// Adds to dw, for one tap, output channels firstOutput ..< endOutput and a panel of input channels from `i` on, what pixels first ..< end of
// dy give. dy lies as it is, or (`packed`) in panels of TILE_ROWS channels.
INLINE void weightPanel(__global const float* x, __global const float* dy, __global float* dw, const ConvolutionShape s, const int first,
                        const int end, const int tap, const int i, const int firstOutput, const int endOutput, const int starts,
                        const int packed, const int vectors) {
  const int I = s.inputChannels / s.groups, taps = s.kernelHeight * s.kernelWidth;
  const int ky = tap / s.kernelWidth, kx = tap - ky * s.kernelWidth;
  const size_t outStep = (size_t)taps * I, pixels = (size_t)s.batch * s.outputHeight * s.outputWidth;
  const int step = packed ? TILE_ROWS : s.outputChannels;
  float gathered[GATHERED * TILE_COLUMNS];
  int places[GATHERED];
  for (int pixel = first; pixel < end || pixel == first; pixel += GATHERED) {
    const int starting = starts && pixel == first, left = end - pixel < GATHERED ? end - pixel : GATHERED;
    const int n = gatherTap(
        x + i, gathered, places, step, s, ky * s.dilationHeight - s.paddingTop, kx * s.dilationWidth - s.paddingLeft, pixel, left, vectors);
    if (n == 0 && !starting) continue;   // the first pixels' zeros are stored
    for (int o = firstOutput; o < endOutput; o += TILE_ROWS) {
      const int rows = endOutput - o < TILE_ROWS ? endOutput - o : TILE_ROWS;
      weightTile(gathered, places, dy + (size_t)pixel * step + (packed ? o * pixels : o), dw + o * outStep + (size_t)tap * I + i, outStep, rows, I - i,
                 n, starting, vectors);
    }
  }
}

// db's channels first ..< end: the sums over the pixels of rows row ..< rowEnd, added to what is there.
INLINE void addBias(__global const float* dy, __global float* db, const int pixel, const int pixelEnd, const int channels, const int first,
                    const int end, const int starts) {
  for (int c = first; c < end; c += 16) {
    float16 sum0 = splat(0.0f), sum1 = splat(0.0f), sum2 = splat(0.0f), sum3 = splat(0.0f);
    __global const float* from = dy + (size_t)pixel * channels + c;
    int j = pixel;
    for (; j + 4 <= pixelEnd; j += 4, from += 4 * (size_t)channels) {
      sum0 += load16(from);
      sum1 += load16(from + channels);
      sum2 += load16(from + 2 * channels);
      sum3 += load16(from + 3 * channels);
    }
    for (; j < pixelEnd; j++, from += channels) sum0 += load16(from);
    float16 sum = (sum0 + sum1) + (sum2 + sum3);
    if (!starts) sum += loadFirst16(db + c, end - c);
    storeFirst16(sum, db + c, end - c);
  }
}

__kernel void convolution_weight_gradient(__global const float* restrict x, __global const float* restrict dy,
                                          __global const float* restrict panels, __global float* dw, __global float* db,
                                          const ConvolutionWeightGradientParameters p ITEM) {
  SHAPE;
  const int I = s.inputChannels / s.groups, O = s.outputChannels / s.groups, taps = s.kernelHeight * s.kernelWidth;
  const int split = get_global_id(1), group = get_global_id(2), units = (I + TILE_COLUMNS - 1) / TILE_COLUMNS * taps;
  const int share = (int)get_global_id(0) / p.outputParts, firstUnit = share * p.unitsPerItem;
  const int endUnit = firstUnit + p.unitsPerItem < units ? firstUnit + p.unitsPerItem : units;
  const int outputs = ((O + p.outputParts - 1) / p.outputParts + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
  const int firstOutput = ((int)get_global_id(0) - share * p.outputParts) * outputs;
  const int endOutput = firstOutput + outputs < O ? firstOutput + outputs : O;
  if (firstUnit >= units || firstOutput >= O || split >= p.splits || group >= s.groups) return;
  const int allRows = s.batch * s.outputHeight, part = (allRows + p.splits - 1) / p.splits;
  const int firstRow = split * part < allRows ? split * part : allRows, endRow = firstRow + part < allRows ? firstRow + part : allRows;
  __global const float* source = AT(x, p.x) + group * I;
  __global const float* gradient = p.isPacked ? AT(panels, p.panels) : AT(dy, p.dy) + group * O;
  __global float* out = AT(dw, p.dw) + ((size_t)split * s.outputChannels + group * O) * taps * I;
  int row = firstRow;
  do {   // at least once, so that a split without rows stores its zeros
    const int rowEnd = row + p.rowsPerBlock < endRow ? row + p.rowsPerBlock : endRow, starts = row == firstRow;
    if (p.hasBias && firstUnit == 0)
      addBias(AT(dy, p.dy), AT(db, p.db) + (size_t)split * s.outputChannels, row * s.outputWidth, rowEnd * s.outputWidth, s.outputChannels,
              group * O + firstOutput, group * O + endOutput, starts);
    for (int unit = firstUnit; unit < endUnit; unit++) {
      const int panel = unit / taps, tap = unit - panel * taps, i = panel * TILE_COLUMNS;
#define WEIGHT_PANEL(vectors) \
  weightPanel(source, gradient, out, s, row * s.outputWidth, rowEnd * s.outputWidth, tap, i, firstOutput, endOutput, starts, p.isPacked, \
              vectors)
      FOR_COLUMNS(I - i, WEIGHT_PANEL);
    }
    row = rowEnd;
  } while (row < endRow);
}
REGISTER(convolution_weight_gradient, ConvolutionWeightGradientParameters, 5)

__kernel ROW_KERNEL void convolution_merge(__global const float* restrict partials, __global float* sum,
                                           const ConvolutionMergeParameters p ITEM) {
#if LANES == 1
  COLUMNS_OF(1, p.splits, p.count)
  FOR_EACH_COLUMN_OF(place, i, 1, p.count)
    float v = 0.0f;
    FOR_EACH_COLUMN(j, p.splits) v += AT(partials, p.partials)[(size_t)j * p.count + i];
    const float total = ROW_SUM(v);
    if (ROW_FIRST) AT(sum, p.sum)[i] = total;
  }
#else
  FOR_EACH_UNIT(unit, (p.count + 15) / 16) {
    const int at = unit * 16;
    float16 v = load16(AT(partials, p.partials) + at);
    for (int j = 1; j < p.splits; j++) v += load16(AT(partials, p.partials) + (size_t)j * p.count + at);
    storeFirst16(v, AT(sum, p.sum) + at, p.count - at);
  }
#endif
}
REGISTER(convolution_merge, ConvolutionMergeParameters, 2)

// ------------------------------------------------------------------------------------------------ few input channels
#if LANES == 1
__kernel void convolution_patches(__global const float* restrict x, __global float* restrict patches,
                                  const ConvolutionPatchesParameters p ITEM) {
  SHAPE;
  const int C = s.inputChannels, run = s.kernelWidth * C, row = s.kernelHeight * run;
  FOR_EACH(i, s.batch * s.outputHeight * s.outputWidth * row) {
    const int tapRow = i / run, pixel = tapRow / s.kernelHeight, ky = tapRow - pixel * s.kernelHeight;
    const int place = i - tapRow * run, kx = place / C, line = pixel / s.outputWidth, image = line / s.outputHeight;
    const int ix = (pixel - line * s.outputWidth) * s.strideWidth - s.paddingLeft + kx * s.dilationWidth;
    const int iy = (line - image * s.outputHeight) * s.strideHeight - s.paddingTop + ky * s.dilationHeight;
    const int inside = (uint)ix < (uint)s.inputWidth && (uint)iy < (uint)s.inputHeight;
    const size_t from = (((size_t)image * s.inputHeight + iy) * s.inputWidth + ix) * C + place - kx * C;
    AT(patches, p.patches)[i] = inside ? AT(x, p.x)[from] : 0.0f;
  }
}
#else
// The outputs o ..< end along one axis whose tap reads inside the image: o * stride + offset in 0 ..< length.
INLINE int firstInside(const int stride, const int offset) { return offset >= 0 ? 0 : (-offset + stride - 1) / stride; }
INLINE int endInside(const int stride, const int offset, const int length, const int outputs) {
  const int reach = length - offset;   // o * stride < reach
  const int end = reach <= 0 ? 0 : (reach + stride - 1) / stride;
  return end < outputs ? end : outputs;
}

// `count` runs of n floats, from one place every stepIn floats to one every stepOut; from nowhere: zeros.
INLINE void copyRuns(__global const float* from, const int stepIn, __global float* to, const int stepOut, const int count, const int n,
                     const int inside) {
  for (int i = 0; i < count; i++) {
    for (int j = 0; j < n; j++) to[j] = inside ? from[j] : 0.0f;
    from += stepIn;
    to += stepOut;
  }
}

// The same for three lines of taps at once, `between` floats apart.
INLINE void copyThreeRuns(__global const float* from, const int between, const int stepIn, __global float* to, const int count, const int n) {
  for (int i = 0; i < count; i++) {
    for (int line = 0; line < 3; line++) for (int j = 0; j < n; j++) to[line * n + j] = from[line * between + j];
    from += stepIn;
    to += 3 * n;
  }
}

__kernel void convolution_patches(__global const float* restrict x, __global float* restrict patches,
                                  const ConvolutionPatchesParameters p ITEM) {
  SHAPE;
  const int C = s.inputChannels, run = s.kernelWidth * C, row = s.kernelHeight * run, step = s.strideWidth * C;
  // The outputs whose taps all lie inside the line.
  const int first = firstInside(s.strideWidth, -s.paddingLeft);
  const int reach = endInside(s.strideWidth, s.kernelWidth - 1 - s.paddingLeft, s.inputWidth, s.outputWidth);
  const int x0 = s.dilationWidth > 1 || first > s.outputWidth ? s.outputWidth : first, x1 = s.dilationWidth > 1 || reach < x0 ? x0 : reach;
  FOR_EACH_UNIT(line, s.batch * s.outputHeight) {
    const int image = line / s.outputHeight, top = (line - image * s.outputHeight) * s.strideHeight - s.paddingTop;
    // What networks have, all inside the image: constants, so that a patch is a few moves.
    const int between = s.dilationHeight * s.inputWidth * C, isWhole = s.kernelHeight == 3 && (run == 3 || run == 9) && top >= 0 &&
                                                                       top + 2 * s.dilationHeight < s.inputHeight;
    if (isWhole) {
      __global const float* from = AT(x, p.x) + (((size_t)image * s.inputHeight + top) * s.inputWidth + x0 * s.strideWidth - s.paddingLeft) * C;
      __global float* to = AT(patches, p.patches) + ((size_t)line * s.outputWidth + x0) * row;
      if (run == 3)
        copyThreeRuns(from, between, step, to, x1 - x0, 3);
      else
        copyThreeRuns(from, between, step, to, x1 - x0, 9);
    }
    for (int ky = 0; ky < s.kernelHeight; ky++) {
      const int iy = top + ky * s.dilationHeight, inside = (uint)iy < (uint)s.inputHeight;
      __global const float* from = AT(x, p.x) + ((size_t)image * s.inputHeight + (inside ? iy : 0)) * s.inputWidth * C;
      __global float* to = AT(patches, p.patches) + (size_t)line * s.outputWidth * row + ky * run;
      for (int ox = 0; ox < s.outputWidth; ox += ox < x0 || ox >= x1 ? 1 : x1 - x0) {
        const int left = ox * s.strideWidth - s.paddingLeft;
        if (ox >= x0 && ox < x1) {
          if (!isWhole) copyRuns(from + left * C, step, to + ox * row, row, x1 - x0, run, inside);
        } else {
          for (int kx = 0; kx < s.kernelWidth; kx++) {
            const int ix = left + kx * s.dilationWidth, here = inside && (uint)ix < (uint)s.inputWidth;
            for (int c = 0; c < C; c++) to[ox * row + kx * C + c] = here ? from[ix * C + c] : 0.0f;
          }
        }
      }
    }
  }
}
#endif
REGISTER(convolution_patches, ConvolutionPatchesParameters, 2)

#if LANES != 1
// A tile of weights: PATCH_ROWS places of a patch, PATCH_VECTORS vectors of output channels.
#if TILE_COLUMNS >= 32
#define PATCH_ROWS 9
#define PATCH_VECTORS 2
#else
#define PATCH_ROWS 6
#define PATCH_VECTORS 1
#endif
#define PATCH_BLOCK 128   // pixels, whose patches and dy stay in a first cache from one tile to the next
#define PATCH_AHEAD 64    // pixels: a few pages, which processors do not look beyond by themselves

// Adds to a tile what n pixels give. Rows beyond the last are computed for nothing, from what follows in memory.
INLINE void addPatches(__global const float* patches, __global const float* dy, __global float* out, const int depth, const int channels,
                       const int width, const int n, const int rows, const int starts, const int vectors) {
  float16 sum[PATCH_ROWS][PATCH_VECTORS];
  UNROLL for (int r = 0; r < PATCH_ROWS; r++) UNROLL for (int v = 0; v < vectors; v++)
    sum[r][v] = starts || r >= rows ? splat(0.0f) : load16(out + r * width + v * 16);
  for (int j = 0; j < n; j++) {
    float16 g[PATCH_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) g[v] = load16(dy + v * 16);
    UNROLL for (int v = 0; v < vectors; v++) PREFETCH(dy + PATCH_AHEAD * channels + v * 16);
    UNROLL for (int r = 0; r < PATCH_ROWS; r++) {
      const float16 x = splat(patches[r]);
      UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = FMA(x, g[v], sum[r][v]);
    }
    patches += depth;
    dy += channels;
  }
  UNROLL for (int r = 0; r < PATCH_ROWS; r++) if (r < rows) UNROLL for (int v = 0; v < vectors; v++) store16(sum[r][v], out + r * width + v * 16);
}

__kernel void convolution_patches_weight_gradient(__global const float* restrict patches, __global const float* restrict dy,
                                                  __global float* restrict partials,
                                                  const ConvolutionPatchesWeightGradientParameters p ITEM) {
  const int column = (int)get_global_id(0) * PATCH_VECTORS * 16, split = get_global_id(1);
  if (column >= p.channels || split >= p.splits) return;
  const int part = (p.pixels + p.splits - 1) / p.splits, first = split * part < p.pixels ? split * part : p.pixels;
  const int end = first + part < p.pixels ? first + part : p.pixels, left = p.channels - column;
  const int columns = left < PATCH_VECTORS * 16 ? left : PATCH_VECTORS * 16;
  __global float* out = AT(partials, p.partials) + (size_t)split * (p.depth + 1) * p.width;
  int pixel = first;
  do {   // at least once, so that a part without pixels stores its zeros
    const int n = end - pixel < PATCH_BLOCK ? end - pixel : PATCH_BLOCK, starts = pixel == first;
    __global const float* g = AT(dy, p.dy) + (size_t)pixel * p.channels + column;
    for (int k = 0; k < p.depth; k += PATCH_ROWS) {
      __global const float* from = AT(patches, p.patches) + (size_t)pixel * p.depth + k;
      __global float* to = out + (size_t)k * p.width + column;
      if (PATCH_VECTORS > 1 && columns > 16)
        addPatches(from, g, to, p.depth, p.channels, p.width, n, p.depth - k, starts, PATCH_VECTORS);
      else
        addPatches(from, g, to, p.depth, p.channels, p.width, n, p.depth - k, starts, 1);
    }
    if (p.hasBias)
      addBias(AT(dy, p.dy), out + (size_t)p.depth * p.width, pixel, pixel + n, p.channels, column, column + columns, starts);
    pixel += n;
  } while (pixel < end);
}
REGISTER(convolution_patches_weight_gradient, ConvolutionPatchesWeightGradientParameters, 3)

__kernel void convolution_patches_merge(__global const float* restrict partials, __global float* dw, __global float* db,
                                        const ConvolutionPatchesMergeParameters p ITEM) {
  const int vectors = p.width / 16;
  const size_t step = (size_t)(p.depth + 1) * p.width;
  FOR_EACH_UNIT(unit, (p.depth + p.hasBias) * vectors) {
    const int k = unit / vectors, o = (unit - k * vectors) * 16, left = p.channels - o;
    __global const float* from = AT(partials, p.partials) + (size_t)k * p.width + o;
    float16 sum = load16(from);
    for (int j = 1; j < p.splits; j++) sum += load16(from + j * step);
    if (k == p.depth) {
      storeFirst16(sum, AT(db, p.db) + o, left);
    } else {
      float lanes[16];
      storePrivate16(sum, lanes);
      for (int i = 0; i < 16 && i < left; i++) AT(dw, p.dw)[(size_t)(o + i) * p.depth + k] = lanes[i];
    }
  }
}
REGISTER(convolution_patches_merge, ConvolutionPatchesMergeParameters, 3)
#endif
