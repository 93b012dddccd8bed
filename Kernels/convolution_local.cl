// Convolutions as implicit matrix products whose tiles go through local memory. OpenCL C only.

// ------------------------------------------------------------------------------------------------ inner positions
// A position of three nested loops, the last the fastest, and the bounds of the two inner ones.
typedef struct {
  int high, middle, low;
} Digits;

INLINE Digits digitsOf(const int position, const int middles, const int lows) {
  const int rest = position / lows, high = rest / middles;
  Digits d = {high, rest - high * middles, position - rest * lows};
  return d;
}

// Moves a position on by another: additions with carry instead of divisions.
INLINE Digits advanced(Digits d, const Digits by, const int middles, const int lows) {
  d.low += by.low;
  const int carry = d.low >= lows;
  d.low -= carry ? lows : 0;
  d.middle += by.middle + carry;
  const int carries = d.middle >= middles;
  d.middle -= carries ? middles : 0;
  d.high += by.high + carries;
  return d;
}

// ------------------------------------------------------------------------------------------------ forward and input gradient
// One axis of the grid of destination pixels, and the taps that reach it. Grid position g is destination place g * stepOut + phase, and tap
// j, which is kernel place firstTap + j * stepTap, reads source place g * stepIn + origin + j * move.
typedef struct {
  int extent, stepOut, phase, taps, firstTap, stepTap, stepIn, origin, move;
} Axis;

INLINE Axis forwardAxis(const int extent, const int kernelExtent, const int stride, const int padding, const int dilation) {
  Axis a = {extent, 1, 0, kernelExtent, 0, 1, stride, -padding, dilation};
  return a;
}

// Of an input gradient's taps those reach a phase for which phase + padding - tap * dilation divides by the stride.
INLINE Axis gradientAxis(const int extent, const int kernelExtent, const int stride, const int padding, const int dilation,
                         const int phase) {
  int first = 0, step = 1;
  while (first < stride && (phase + padding - first * dilation) % stride != 0) first++;
  while (step * dilation % stride != 0) step++;
  const int taps = first < stride && first < kernelExtent ? (kernelExtent - first + step - 1) / step : 0;
  Axis a = {(extent - phase + stride - 1) / stride, stride, phase, taps, first, step, 1, (phase + padding - first * dilation) / stride,
            -(step * dilation / stride)};
  return a;
}

#define NOWHERE (-0x40000000)   // a coordinate outside every image, whatever tap is added

// The runs of A: channels of source pixels under a tap. Where channels are no multiple of a run's length, runs cross taps.
INLINE void fetchPixels(float* runs, __global const float* source, const Axis v, const Axis h, const int height, const int width,
                        const int pixelStep, const int channels, const int* y, const int* x, const int* line, Digits tap) {
  const int whole = channels % LOAD_VECTOR == 0;
  const Digits one = {0, channels == 1, channels > 1};
  UNROLL for (int i = 0; i < LOAD_VECTOR; i += 1) {
    const int dy = v.origin + tap.high * v.move, dx = h.origin + tap.middle * h.move;
    UNROLL for (int r = 0; r < A_RUNS; r++) {
      const int iy = y[r] + dy, ix = x[r] + dx;
      const int inside = tap.high < v.taps && (uint)iy < (uint)height && (uint)ix < (uint)width;
      __global const float* p = source + ((ptrdiff_t)(line[r] + iy) * width + ix) * pixelStep + tap.low;
      if (whole)
        loadRun(runs + r * LOAD_VECTOR, p, inside ? LOAD_VECTOR : 0, pixelStep % LOAD_VECTOR == 0, LOAD_VECTOR);
      else
        runs[r * LOAD_VECTOR + i] = inside ? *p : 0.0f;
    }
    if (whole) break;
    tap = advanced(tap, one, h.taps, channels);
  }
}

// The runs of an input gradient's B: the weights of neighbouring input channels, one tap and output channel for each run.
INLINE void fetchWeights(float* runs, __global const float* w, const ConvolutionShape s, const Axis v, const Axis h, const int outputs,
                         const int inputs, const int column, const Digits* taps, const int aligned) {
  UNROLL for (int r = 0; r < B_RUNS; r++) {
    const int ky = v.firstTap + taps[r].high * v.stepTap, kx = h.firstTap + taps[r].middle * h.stepTap;
    const size_t at = (((size_t)taps[r].low * s.kernelHeight + ky) * s.kernelWidth + kx) * inputs + column;
    loadRun(runs + r * LOAD_VECTOR, w + at, taps[r].high < v.taps ? inputs - column : 0, aligned, LOAD_VECTOR);
  }
}

INLINE void convolveGroup(__local Stored* tilesA, __local Stored* tilesB, __global const float* source, __global const float* w,
                          __global float* destination, const LocalOperands o, const LocalConvolutionParameters p, const int gradient) {
  LOCAL_REGISTERS
  const int plane = (int)get_group_id(1) / p.splits, split = (int)get_group_id(1) - plane * p.splits;
  const ConvolutionShape s = p.shape;
  const int phases = gradient ? s.strideHeight * s.strideWidth : 1, group = plane / phases, phase = plane - group * phases;
  const int phaseY = phase / s.strideWidth, phaseX = phase - phaseY * s.strideWidth;
  Axis v, h;
  if (gradient) {
    v = gradientAxis(s.inputHeight, s.kernelHeight, s.strideHeight, s.paddingTop, s.dilationHeight, phaseY);
    h = gradientAxis(s.inputWidth, s.kernelWidth, s.strideWidth, s.paddingLeft, s.dilationWidth, phaseX);
  } else {
    v = forwardAxis(s.outputHeight, s.kernelHeight, s.strideHeight, s.paddingTop, s.dilationHeight);
    h = forwardAxis(s.outputWidth, s.kernelWidth, s.strideWidth, s.paddingLeft, s.dilationWidth);
  }
  if (h.taps == 0) v.taps = 0;
  const int I = s.inputChannels / s.groups, O = s.outputChannels / s.groups;
  const int channels = gradient ? O : I, columns = gradient ? I : O;
  const int height = gradient ? s.outputHeight : s.inputHeight, width = gradient ? s.outputWidth : s.inputWidth;
  const int pixelStep = gradient ? s.outputChannels : s.inputChannels;
  const int pixels = s.batch * v.extent * h.extent, tiles = (columns + LOCAL_COLUMNS - 1) / LOCAL_COLUMNS;
  const int tile = get_group_id(0), firstPixel = tile / tiles * LOCAL_ROWS, firstColumn = tile % tiles * LOCAL_COLUMNS;
  if (firstPixel >= pixels) return;   // phases differ in size; the whole group goes
  source += (size_t)group * channels;
  w += (size_t)group * O * s.kernelHeight * s.kernelWidth * I;

  int y[A_RUNS], x[A_RUNS], line[A_RUNS];
  UNROLL for (int r = 0; r < A_RUNS; r++) {
    const int pixel = firstPixel + INNER_RUN_ROW(item, r), row = pixel / h.extent, image = row / v.extent;
    y[r] = pixel < pixels ? (row - image * v.extent) * v.stepIn : NOWHERE;
    x[r] = (pixel - row * h.extent) * h.stepIn;
    line[r] = pixel < pixels ? image * height : 0;
  }
  const int middles = max(h.taps, 1), inner = v.taps * h.taps * channels;
  const int part = ((inner + p.splits - 1) / p.splits + LOCAL_INNER - 1) / LOCAL_INNER * LOCAL_INNER;
  const int first = min(split * part, inner), end = min(first + part, inner);
  const Digits step = digitsOf(LOCAL_INNER, middles, channels);
  Digits tap = digitsOf(first + INNER_RUN_AT(item), middles, channels);
  Digits taps[B_RUNS];
  if (gradient)
    UNROLL for (int r = 0; r < B_RUNS; r++) taps[r] = digitsOf(first + ROW_RUN_AT(item, r, LOCAL_COLUMNS), middles, channels);
  const int column = firstColumn + ROW_RUN_ROW(item, LOCAL_COLUMNS), weightStep = s.kernelHeight * s.kernelWidth * I;

#define FETCH(k)                                                                                                                     \
  {                                                                                                                                  \
    fetchPixels(runsA, source, v, h, height, width, pixelStep, channels, y, x, line, tap);                                          \
    tap = advanced(tap, step, middles, channels);                                                                                    \
    if (gradient) {                                                                                                                  \
      fetchWeights(runsB, w, s, v, h, O, I, column, taps, I % LOAD_VECTOR == 0);                                                     \
      UNROLL for (int r = 0; r < B_RUNS; r++) taps[r] = advanced(taps[r], step, middles, channels);                                  \
    } else {                                                                                                                         \
      fetchAlongInner(runsB, B_RUNS, w, weightStep, firstColumn, columns, k, end, item, weightStep % LOAD_VECTOR == 0);              \
    }                                                                                                                                \
  }
#define PUT(ta, tb)                                            \
  {                                                            \
    putAlongInner(runsA, A_RUNS, ta, LOCAL_ROWS, item);        \
    if (gradient)                                              \
      putAlongRows(runsB, B_RUNS, tb, LOCAL_COLUMNS, item);    \
    else                                                       \
      putAlongInner(runsB, B_RUNS, tb, LOCAL_COLUMNS, item);   \
  }
  LOCAL_PRODUCT(first, end, FETCH, PUT, SEE_NOTHING)
#undef FETCH
#undef PUT

  int rows[ITEM_ROWS];
  UNROLL for (int r = 0; r < ITEM_ROWS; r++) {
    const int pixel = firstPixel + ITEM_ROW(item, r), row = pixel / h.extent, image = row / v.extent + split * s.batch;
    const int py = (row % v.extent) * v.stepOut + v.phase, px = (pixel - row * h.extent) * h.stepOut + h.phase;
    const int destinationHeight = gradient ? s.inputHeight : s.outputHeight, destinationWidth = gradient ? s.inputWidth : s.outputWidth;
    rows[r] = pixel < pixels ? (image * destinationHeight + py) * destinationWidth + px : -1;
  }
  Epilogue e = p.epilogue;
  if (p.splits > 1) e.hasScale = e.hasBias = e.hasResidual = e.hasMask = e.activation = 0;
  storeItem(&t, destination, rows, gradient ? s.inputChannels : s.outputChannels, group * columns + firstColumn, columns - firstColumn, o, e,
            item);
}

__kernel LOCAL_GROUP void convolution_local(__global const float* restrict x, __global const float* restrict w, __global float* y,
                                            __global const float* scale, __global const float* bias, __global const float* residual,
                                            __global const float* mask, const LocalConvolutionParameters p) {
  LOCAL_MEMORY
  const LocalOperands o = LOCAL_OPERANDS(p.epilogue);
  convolveGroup(tilesA, tilesB, AT(x, p.source), AT(w, p.w), AT(y, p.destination), o, p, 0);
}

__kernel LOCAL_GROUP void convolution_input_gradient_local(__global const float* restrict dy, __global const float* restrict w,
                                                           __global float* dx, __global const float* scale, __global const float* bias,
                                                           __global const float* residual, __global const float* mask,
                                                           const LocalConvolutionParameters p) {
  LOCAL_MEMORY
  const LocalOperands o = LOCAL_OPERANDS(p.epilogue);
  convolveGroup(tilesA, tilesB, AT(dy, p.source), AT(w, p.w), AT(dx, p.destination), o, p, 1);
}

// ------------------------------------------------------------------------------------------------ weight gradient
// The runs of B: a tap's input channels at neighbouring columns, an output pixel for each run. `tap` is the first column's.
INLINE void fetchPatches(float* runs, __global const float* x, const ConvolutionShape s, const int inputs, const int columns,
                         const int column, Digits tap, const Digits* pixels) {
  const int whole = inputs % LOAD_VECTOR == 0, aligned = s.inputChannels % LOAD_VECTOR == 0;
  const Digits one = {0, inputs == 1, inputs > 1};
  UNROLL for (int i = 0; i < LOAD_VECTOR; i++) {
    const int dy = tap.high * s.dilationHeight - s.paddingTop, dx = tap.middle * s.dilationWidth - s.paddingLeft;
    UNROLL for (int r = 0; r < B_RUNS; r++) {
      const int iy = pixels[r].middle * s.strideHeight + dy, ix = pixels[r].low * s.strideWidth + dx;
      const int inside = pixels[r].high < s.batch && (uint)iy < (uint)s.inputHeight && (uint)ix < (uint)s.inputWidth && column + i < columns;
      __global const float* p = x + (((ptrdiff_t)pixels[r].high * s.inputHeight + iy) * s.inputWidth + ix) * s.inputChannels + tap.low;
      if (whole)
        loadRun(runs + r * LOAD_VECTOR, p, inside ? LOAD_VECTOR : 0, aligned, LOAD_VECTOR);
      else
        runs[r * LOAD_VECTOR + i] = inside ? *p : 0.0f;
    }
    if (whole) break;
    tap = advanced(tap, one, s.kernelWidth, inputs);
  }
}

#define BIAS_ROWS ((LOCAL_ROWS + GROUP_ITEMS - 1) / GROUP_ITEMS)   // rows whose bias gradient an item adds up

__kernel LOCAL_GROUP void convolution_weight_gradient_local(__global const float* restrict x, __global const float* restrict dy,
                                                            __global float* dw, __global float* db,
                                                            const LocalWeightGradientParameters p) {
  LOCAL_MEMORY
  LOCAL_REGISTERS
  const ConvolutionShape s = p.shape;
  const int I = s.inputChannels / s.groups, O = s.outputChannels / s.groups, columns = s.kernelHeight * s.kernelWidth * I;
  const int tiles = (columns + LOCAL_COLUMNS - 1) / LOCAL_COLUMNS, tile = get_group_id(0);
  const int firstRow = tile / tiles * LOCAL_ROWS, firstColumn = tile % tiles * LOCAL_COLUMNS;
  const int plane = get_group_id(1), group = plane / p.splits, split = plane - group * p.splits;
  const int pixels = s.batch * s.outputHeight * s.outputWidth;
  const int part = ((pixels + p.splits - 1) / p.splits + LOCAL_INNER - 1) / LOCAL_INNER * LOCAL_INNER;
  const int first = min(split * part, pixels), end = min(first + part, pixels);
  __global const float* gradient = AT(dy, p.dy) + (size_t)group * O;
  __global const float* source = AT(x, p.x) + (size_t)group * I;
  const int aligned = s.outputChannels % LOAD_VECTOR == 0 && O % LOAD_VECTOR == 0;
  const int column = firstColumn + ROW_RUN_ROW(item, LOCAL_COLUMNS);
  const Digits tap = digitsOf(column, s.kernelWidth, I), step = digitsOf(LOCAL_INNER, s.outputHeight, s.outputWidth);
  Digits places[B_RUNS];
  UNROLL for (int r = 0; r < B_RUNS; r++)
    places[r] = digitsOf(first + ROW_RUN_AT(item, r, LOCAL_COLUMNS), s.outputHeight, s.outputWidth);
  const int addsBias = p.hasBias && firstColumn == 0;
  float bias[BIAS_ROWS];
  UNROLL for (int i = 0; i < BIAS_ROWS; i++) bias[i] = 0.0f;

  // A is 0 from pixel `end` on, so that it does not matter what B is there, as long as it is finite: it is read.
#define FETCH(k)                                                                                                        \
  {                                                                                                                     \
    fetchAlongRows(runsA, A_RUNS, LOCAL_ROWS, gradient, s.outputChannels, firstRow, O, k, end, item, aligned);          \
    fetchPatches(runsB, source, s, I, columns, column, tap, places);                                                    \
    UNROLL for (int r = 0; r < B_RUNS; r++) places[r] = advanced(places[r], step, s.outputHeight, s.outputWidth);       \
  }
#define PUT(ta, tb)                                           \
  {                                                           \
    putAlongRows(runsA, A_RUNS, ta, LOCAL_ROWS, item);        \
    putAlongRows(runsB, B_RUNS, tb, LOCAL_COLUMNS, item);     \
  }
#define SEE(ta)                                                                                             \
  if (addsBias) {                                                                                           \
    UNROLL for (int i = 0; i < BIAS_ROWS; i++)                                                              \
      if (item + i * GROUP_ITEMS < LOCAL_ROWS)                                                              \
        for (int k = 0; k < LOCAL_INNER; k++) bias[i] += LOAD_LOCAL(ta + k * A_STEP + item + i * GROUP_ITEMS); \
  }
  LOCAL_PRODUCT(first, end, FETCH, PUT, SEE)
#undef FETCH
#undef PUT
#undef SEE

  if (addsBias) {
    UNROLL for (int i = 0; i < BIAS_ROWS; i++) {
      const int row = item + i * GROUP_ITEMS;
      if (row < LOCAL_ROWS && firstRow + row < O) AT(db, p.db)[(size_t)split * s.outputChannels + group * O + firstRow + row] = bias[i];
    }
  }
  int rows[ITEM_ROWS];
  UNROLL for (int r = 0; r < ITEM_ROWS; r++) {
    const int at = firstRow + ITEM_ROW(item, r);
    rows[r] = at < O ? split * s.outputChannels + group * O + at : -1;
  }
  const Epilogue none = {0, 0, 0, 0, 0, 0, 0, 0, ACTIVATION_NONE, 0.0f, 0.0f};
  const LocalOperands nothing = {dy, dy, dy, dy};
  storeItem(&t, AT(dw, p.dw), rows, columns, firstColumn, columns - firstColumn, nothing, none, item);
}
