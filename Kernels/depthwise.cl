// Depthwise convolutions: every channel has its own filter, vectors (on a GPU: neighbouring work-items) run along the channels.

#define DEPTHWISE_SHAPE const ConvolutionShape s = p.shape

// Cache lines that are needed next are fetched in the order in which they lie in memory, whatever the order in which they are used.

// ------------------------------------------------------------------------------------------------ forward and input gradient
__kernel void depthwise_pack(__global const float* restrict w, __global float* restrict packed, const ConvolutionPackParameters p ITEM) {
  DEPTHWISE_SHAPE;
  const int taps = s.kernelHeight * s.kernelWidth, C = s.inputChannels;
  FOR_EACH(i, taps * C) {
    const int tap = i / C;
    AT(packed, p.packed)[i] = AT(w, p.w)[(i - tap * C) * taps + tap];
  }
}
REGISTER(depthwise_pack, ConvolutionPackParameters, 2)

typedef struct {
  __global const float* source;
  __global const float* w;
  __global float* out;
  __global const float* zeros;
  EpilogueOperands o;
  Epilogue e;
  ConvolutionShape s;
  Walk k;
  int gradient, streams;
  int ending;   // DEPTHWISE_xxx
} Depthwise;

// What most epilogues are, and need not be looked for at each pixel.
enum { DEPTHWISE_PLAIN, DEPTHWISE_RELU6_MASK, DEPTHWISE_OTHER };
INLINE int depthwiseEnding(const Epilogue e) {
  if (SCALES(e) || ADDS_BIAS(e) || ADDS_RESIDUAL(e) || e.activation || MASKS(e, MASK_RELU)) return DEPTHWISE_OTHER;
  return MASKS(e, MASK_RELU6) ? DEPTHWISE_RELU6_MASK : DEPTHWISE_PLAIN;
}

#if LANES == 16
// Stores the sums of `vectors` vectors from channel `c` on at a destination pixel.
INLINE void depthwiseStore(const float16* sum, const Depthwise* d, const int row, const int c, const int vectors) {
  const int C = d->s.inputChannels;
  UNROLL for (int v = 0; v < vectors; v++) {
    const int column = c + v * 16;
    const size_t place = (size_t)row * C + column;
    if (column < C) streamFirst16(finish_16(sum[v], d->o, d->e, place, column, C - column), d->out + place, C - column, d->streams);
  }
}

// A unit: a line of grid pixels, at most DEPTHWISE_CHANNELS channels of it, DEPTHWISE_VECTORS vectors at a time, so that what the taps see
// of the source, and the weights, stay in the first-level cache from one end of the line to the other.
#define DEPTHWISE_PIXELS 7        // in registers: with their weights all 16 of AVX2, and widths of ImageNet's networks are multiples of it
#define DEPTHWISE_CHANNELS 512
#define DEPTHWISE_TAPS 128        // in a list; of a larger kernel there are several, made anew for every tile

// A tap that sees one of the source's lines.
typedef struct {
  ptrdiff_t offset;               // from the source pixel at tap offset 0, in floats
  int x;                          // the same in pixels of a line
  int weight;                     // of its weights, in floats
} DepthwiseTap;
typedef struct {
  __global const float* source;   // the line's first pixel at tap offset 0, which need not exist
  __global const float* ahead;    // the first source line that only the next line of the grid sees, or null
  int row;                        // the destination pixel of the first grid pixel
  __global const float* maskAhead;   // the mask at the grid's next line, or null
  int count, lowest, highest;     // of taps, and the range of their x
  DepthwiseTap taps[DEPTHWISE_TAPS];
} DepthwiseLine;
// Where the taps of a tile at the border read.
typedef struct {
  __global const float* from[DEPTHWISE_TAPS][DEPTHWISE_PIXELS];
} DepthwisePlaces;

INLINE void depthwiseLineTaps(DepthwiseLine* l, const Depthwise* d, const int y, const int first) {
  const int taps = d->s.kernelHeight * d->s.kernelWidth, end = taps - first < DEPTHWISE_TAPS ? taps : first + DEPTHWISE_TAPS;
  l->count = l->lowest = l->highest = 0;
  for (int number = first; number < end; number++) {
    const int ky = number / d->s.kernelWidth, kx = number - ky * d->s.kernelWidth;
    int dy, dx;
    if (!tapOffset(d->gradient, ky, d->s.strideHeight, d->s.paddingTop, d->s.dilationHeight, d->k.phaseY, &dy) ||
        !tapOffset(d->gradient, kx, d->s.strideWidth, d->s.paddingLeft, d->s.dilationWidth, d->k.phaseX, &dx) ||
        (uint)(y + dy) >= (uint)d->k.sourceHeight)
      continue;
    const DepthwiseTap tap = {((ptrdiff_t)dy * d->k.sourceWidth + dx) * d->s.inputChannels, dx, number * d->s.inputChannels};
    l->taps[l->count++] = tap;
    l->lowest = dx < l->lowest ? dx : l->lowest;
    l->highest = dx > l->highest ? dx : l->highest;
  }
}

// Where the taps read for the grid pixels from x on, `pixels` of which exist.
INLINE void depthwisePlaces(DepthwisePlaces* p, const DepthwiseLine* l, const Depthwise* d, const int x, const int pixels) {
  for (int t = 0; t < l->count; t++) {
    UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) {
      const int column = (x + r) * d->k.stepInX;
      const int inside = (r < pixels) & ((uint)(column + l->taps[t].x) < (uint)d->k.sourceWidth);
      p->from[t][r] = inside ? l->source + (ptrdiff_t)column * d->s.inputChannels + l->taps[t].offset : d->zeros;
    }
  }
}

// Adds what a line's taps see to the sums of a tile, inside the image or at its border.
INLINE void depthwiseInside(float16 sum[DEPTHWISE_PIXELS][DEPTHWISE_VECTORS], const DepthwiseLine* l, const Depthwise* d, const int x,
                            const int c, const int vectors) {
  const int step = d->k.stepInX * d->s.inputChannels;
  __global const float* base = l->source + (ptrdiff_t)x * step + c;
  for (int t = 0; t < l->count; t++) {
    __global const float* from = base + l->taps[t].offset;
    float16 weight[DEPTHWISE_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) weight[v] = load16(d->w + l->taps[t].weight + c + v * 16);
    UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) UNROLL for (int v = 0; v < vectors; v++)
      sum[r][v] = FMA(load16(from + (ptrdiff_t)r * step + v * 16), weight[v], sum[r][v]);
  }
}
INLINE void depthwiseBorder(float16 sum[DEPTHWISE_PIXELS][DEPTHWISE_VECTORS], const DepthwisePlaces* p, const DepthwiseLine* l,
                            const Depthwise* d, const int c, const int vectors) {
  for (int t = 0; t < l->count; t++) {
    float16 weight[DEPTHWISE_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) weight[v] = load16(d->w + l->taps[t].weight + c + v * 16);
    UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) UNROLL for (int v = 0; v < vectors; v++)
      sum[r][v] = FMA(load16(p->from[t][r] + c + v * 16), weight[v], sum[r][v]);
  }
}

// Share number `share` of what the next line of the grid will read.
INLINE void depthwiseFetch(const DepthwiseLine* l, const Depthwise* d, const int share) {
  const int C = d->s.inputChannels, lines = DEPTHWISE_PIXELS * DEPTHWISE_VECTORS;
  if (l->ahead) {
    const int count = lines * d->k.stepInX * d->k.stepInY;
    __global const float* from = l->ahead + (size_t)share * count * 16;
    for (int i = 0; i < count; i++) PREFETCH(from + i * 16);
  }
  if (l->maskAhead) {
    const int each = (C + 15) / 16, first = share * lines, pixel = first / each;
    __global const float* from = l->maskAhead + (size_t)pixel * d->k.stepOutX * C;
    for (int i = 0, at = first - pixel * each; i < lines; i++) {
      PREFETCH(from + at * 16);
      if (++at == each) {
        at = 0;
        from += (size_t)d->k.stepOutX * C;
      }
    }
  }
}

INLINE void depthwiseStoreTile(float16 sum[DEPTHWISE_PIXELS][DEPTHWISE_VECTORS], const Depthwise* d, const int row, const int pixels,
                               const int c, const int vectors) {
  const int C = d->s.inputChannels, step = d->k.stepOutX * C;
  const size_t place = (size_t)row * C + c;
#define DEPTHWISE_EACH(value)                                                                                                    \
  UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++)                                                                              \
    if (r < pixels)                                                                                                              \
      UNROLL for (int v = 0; v < vectors; v++) streamFirst16(value, d->out + place + (size_t)r * step + v * 16, 16, d->streams);
  if (d->ending == DEPTHWISE_PLAIN && C - c >= vectors * 16) {
    DEPTHWISE_EACH(sum[r][v])
  } else if (d->ending == DEPTHWISE_RELU6_MASK && C - c >= vectors * 16) {
    DEPTHWISE_EACH(relu6Gradient_16(load16(d->o.mask + place + (size_t)r * step + v * 16), sum[r][v]))
  } else {   // through memory, so that the loop need not be unrolled
    float16 sums[DEPTHWISE_PIXELS][DEPTHWISE_VECTORS];
    UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = sum[r][v];
    ROLLED for (int r = 0; r < pixels; r++) depthwiseStore(sums[r], d, row + r * d->k.stepOutX, c, vectors);
  }
#undef DEPTHWISE_EACH
}

// A tile's sums each way, from nothing to the end: what they have in common is not joined in between, which would cost registers.
#define DEPTHWISE_TILE(add)                                                                                                       \
  {                                                                                                                               \
    float16 sum[DEPTHWISE_PIXELS][DEPTHWISE_VECTORS];                                                                             \
    UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = splat(0.0f);          \
    add;                                                                                                                          \
    depthwiseStoreTile(sum, d, l->row + x * d->k.stepOutX, pixels, c, vectors);                                                   \
  }

// A line's pixels, `vectors` vectors of channels from `c` on. `places` are those of the first and the last tile, and one more to work in.
INLINE void depthwisePixels(DepthwiseLine* l, DepthwisePlaces* places, const Depthwise* d, const int y, const int c, const int vectors) {
  const int taps = d->s.kernelHeight * d->s.kernelWidth, last = (d->k.width - 1) / DEPTHWISE_PIXELS * DEPTHWISE_PIXELS;
  const int tiles = last / DEPTHWISE_PIXELS + 1;
  for (int x = 0; x <= last; x += DEPTHWISE_PIXELS) {
    const int pixels = x == last ? d->k.width - last : DEPTHWISE_PIXELS;
    DepthwisePlaces* at = places + (x == 0 ? 0 : x == last ? 1 : 2);
    depthwiseFetch(l, d, c / (16 * DEPTHWISE_VECTORS) * tiles + x / DEPTHWISE_PIXELS);
    if (taps > DEPTHWISE_TAPS) {
      DEPTHWISE_TILE(for (int first = 0; first < taps; first += DEPTHWISE_TAPS) {
        depthwiseLineTaps(l, d, y, first);
        depthwisePlaces(at, l, d, x, pixels);
        depthwiseBorder(sum, at, l, d, c, vectors);
      })
    } else if (pixels == DEPTHWISE_PIXELS && x * d->k.stepInX + l->lowest >= 0 &&
               (x + DEPTHWISE_PIXELS - 1) * d->k.stepInX + l->highest < d->k.sourceWidth) {
      DEPTHWISE_TILE(depthwiseInside(sum, l, d, x, c, vectors))
    } else {
      if (x > 0 && x < last) depthwisePlaces(at, l, d, x, pixels);
      DEPTHWISE_TILE(depthwiseBorder(sum, at, l, d, c, vectors))
    }
  }
}

INLINE void depthwiseUnit(DepthwiseLine* l, DepthwisePlaces* places, const Depthwise* d, const int line, const int firstChannel) {
  const int C = d->s.inputChannels, image = line / d->k.height, gridY = line - image * d->k.height, y = gridY * d->k.stepInY;
  const int last = (d->k.width - 1) / DEPTHWISE_PIXELS * DEPTHWISE_PIXELS;
  int highest = 0;
  for (int ky = 0; ky < d->s.kernelHeight; ky++) {
    int dy;
    if (tapOffset(d->gradient, ky, d->s.strideHeight, d->s.paddingTop, d->s.dilationHeight, d->k.phaseY, &dy) && dy > highest) highest = dy;
  }
  const int next = y + highest + 1, hasNext = gridY + 1 < d->k.height;
  l->source = d->source + ((ptrdiff_t)image * d->k.sourceHeight + y) * d->k.sourceWidth * C;
  l->ahead = hasNext && next + d->k.stepInY <= d->k.sourceHeight ? l->source + (ptrdiff_t)(next - y) * d->k.sourceWidth * C : 0;
  l->row = (image * d->k.destinationHeight + gridY * d->k.stepOutY + d->k.phaseY) * d->k.destinationWidth + d->k.phaseX;
  l->maskAhead = hasNext && (MASKS(d->e, MASK_RELU) || MASKS(d->e, MASK_RELU6))
                     ? d->o.mask + (size_t)(l->row + d->k.stepOutY * d->k.destinationWidth) * C : 0;
  depthwiseLineTaps(l, d, y, 0);
  depthwisePlaces(&places[0], l, d, 0, d->k.width < DEPTHWISE_PIXELS ? d->k.width : DEPTHWISE_PIXELS);
  if (last > 0) depthwisePlaces(&places[1], l, d, last, d->k.width - last);
  const int end = firstChannel + DEPTHWISE_CHANNELS < C ? firstChannel + DEPTHWISE_CHANNELS : C;
  for (int c = firstChannel; c < end; c += 16 * DEPTHWISE_VECTORS) {
    if (DEPTHWISE_VECTORS > 1 && C - c <= 16)
      depthwisePixels(l, places, d, y, c, 1);
    else
      depthwisePixels(l, places, d, y, c, DEPTHWISE_VECTORS);
  }
}

INLINE void depthwiseUnits(const Depthwise d ITEM) {
  const int shares = (d.s.inputChannels + DEPTHWISE_CHANNELS - 1) / DEPTHWISE_CHANNELS;
  DepthwiseLine l;
  DepthwisePlaces places[3];
  FOR_EACH_UNIT(unit, d.s.batch * d.k.height * shares) {
    const int line = unit / shares;
    depthwiseUnit(&l, places, &d, line, (unit - line * shares) * DEPTHWISE_CHANNELS);
  }
}

#else
// A unit: DEPTHWISE_PIXELS neighbouring grid pixels of one channel. Neighbours have neighbouring channels, which lie side by side.
#define DEPTHWISE_PIXELS 4

INLINE void depthwiseUnits(const Depthwise d) {
  const Walk k = d.k;
  const ConvolutionShape s = d.s;
  const int C = s.inputChannels, pixels = s.batch * k.height * k.width;
  FOR_EACH_UNIT(unit, (pixels + DEPTHWISE_PIXELS - 1) / DEPTHWISE_PIXELS * C) {
    const int tile = unit / C, c = unit - tile * C;
    int y[DEPTHWISE_PIXELS], x[DEPTHWISE_PIXELS], line[DEPTHWISE_PIXELS], rows[DEPTHWISE_PIXELS];
    placePixels(k, tile * DEPTHWISE_PIXELS, pixels, y, x, line, rows, DEPTHWISE_PIXELS);
    float sum[DEPTHWISE_PIXELS];
    UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) sum[r] = 0.0f;
    for (int ky = 0; ky < s.kernelHeight; ky++) {
      int dy;
      if (!tapOffset(d.gradient, ky, s.strideHeight, s.paddingTop, s.dilationHeight, k.phaseY, &dy)) continue;
      __global const float* lines[DEPTHWISE_PIXELS];
      int first[DEPTHWISE_PIXELS];
      UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) {
        const int inside = (uint)(y[r] + dy) < (uint)k.sourceHeight;
        lines[r] = d.source + (size_t)(line[r] + (inside ? y[r] + dy : 0)) * k.sourceWidth * C + c;
        first[r] = inside ? x[r] : OUTSIDE;
      }
      for (int kx = 0; kx < s.kernelWidth; kx++) {
        int dx;
        if (!tapOffset(d.gradient, kx, s.strideWidth, s.paddingLeft, s.dilationWidth, k.phaseX, &dx)) continue;
        const float weight = d.w[(ky * s.kernelWidth + kx) * C + c];
        UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) {
          const int at = first[r] + dx;
          if ((uint)at < (uint)k.sourceWidth) sum[r] = FMA(lines[r][at * C], weight, sum[r]);
        }
      }
    }
    UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) {
      const size_t place = (size_t)(rows[r] < 0 ? 0 : rows[r]) * C + c;
      if (rows[r] >= 0) d.out[place] = finish_1(sum[r], d.o, d.e, place, c, 1);
    }
  }
}
#endif

#ifdef __OPENCL_VERSION__
#define DEPTHWISE_UNITS(d) depthwiseUnits(d)
#else
#define DEPTHWISE_UNITS(d) depthwiseUnits(d, item)
#endif
#define DEPTHWISE(source_, destination_, gradient)                                                                                     \
  const Walk k = walkOf(p.shape, gradient, get_global_id(2));                                                                          \
  if (k.height <= 0 || k.width <= 0) return;                                                                                           \
  const size_t count = (size_t)p.shape.batch * k.destinationHeight * k.destinationWidth * p.shape.inputChannels;                       \
  const Depthwise d = {AT(source_, p.source), AT(packed, p.packed), AT(destination_, p.destination), AT(zeros, p.zeros),               \
                       EPILOGUE_OPERANDS(p.epilogue), p.epilogue, p.shape, k, gradient,                                                \
                       STREAMS(count, p.shape.inputChannels % 16 == 0), depthwiseEnding(p.epilogue)};                                  \
  DEPTHWISE_UNITS(d);

__kernel void depthwise(__global const float* restrict x, __global const float* restrict packed, __global float* y,
                        __global const float* restrict zeros, __global const float* scale, __global const float* bias,
                        __global const float* residual, __global const float* mask, const ConvolutionParameters p ITEM) {
  DEPTHWISE(x, y, 0)
}
REGISTER(depthwise, ConvolutionParameters, 8)

__kernel void depthwise_input_gradient(__global const float* restrict dy, __global const float* restrict packed, __global float* dx,
                                       __global const float* restrict zeros, __global const float* scale, __global const float* bias,
                                       __global const float* residual, __global const float* mask, const ConvolutionParameters p ITEM) {
  DEPTHWISE(dy, dx, 1)
}
REGISTER(depthwise_input_gradient, ConvolutionParameters, 8)

// ------------------------------------------------------------------------------------------------ weight gradient
// For each tap and channel, the sum over all pixels of dy times the x that the tap sees.
#if LANES == 1
// A unit: a kernel row of one channel, over a split's lines of dy; neighbours have neighbouring channels. `taps`, a constant, are summed
// beside each other while dy passes.
INLINE void depthwiseRowSums(__global const float* x, __global const float* dy, __global float* dw, const ConvolutionShape s, const int ky,
                             const int kx, const int firstRow, const int endRow, const int taps) {
  const int C = s.inputChannels;
  float sum[5];
  UNROLL for (int t = 0; t < taps; t++) sum[t] = 0.0f;
  for (int row = firstRow; row < endRow; row++) {
    const int image = row / s.outputHeight, iy = (row - image * s.outputHeight) * s.strideHeight - s.paddingTop + ky * s.dilationHeight;
    if ((uint)iy >= (uint)s.inputHeight) continue;
    __global const float* line = x + ((size_t)image * s.inputHeight + iy) * s.inputWidth * C;
    __global const float* gradient = dy + (size_t)row * s.outputWidth * C;
    for (int ox = 0, left = kx * s.dilationWidth - s.paddingLeft; ox < s.outputWidth; ox++, left += s.strideWidth, gradient += C) {
      const float d = *gradient;
      UNROLL for (int t = 0; t < taps; t++) {
        const int ix = left + t * s.dilationWidth;
        if ((uint)ix < (uint)s.inputWidth) sum[t] = FMA(d, line[ix * C], sum[t]);
      }
    }
  }
  UNROLL for (int t = 0; t < taps; t++) dw[(size_t)(kx + t) * C] = sum[t];
}

__kernel void depthwise_weight_gradient(__global const float* restrict x, __global const float* restrict dy, __global float* dw,
                                        __global float* db, const ConvolutionWeightGradientParameters p ITEM) {
  DEPTHWISE_SHAPE;
  const int C = s.inputChannels, allRows = s.batch * s.outputHeight, part = (allRows + p.splits - 1) / p.splits;
  FOR_EACH_UNIT(unit, p.splits * s.kernelHeight * C) {
    const int place = unit / C, c = unit - place * C, split = place / s.kernelHeight, ky = place - split * s.kernelHeight;
    const int firstRow = split * part < allRows ? split * part : allRows, endRow = firstRow + part < allRows ? firstRow + part : allRows;
    __global const float* from = AT(x, p.x) + c;
    __global const float* gradient = AT(dy, p.dy) + c;
    __global float* to = AT(dw, p.dw) + (size_t)place * s.kernelWidth * C + c;
    for (int kx = 0; kx < s.kernelWidth;) {
      const int rest = s.kernelWidth - kx;
      if (rest >= 5) {
        depthwiseRowSums(from, gradient, to, s, ky, kx, firstRow, endRow, 5);
        kx += 5;
      } else if (rest >= 3) {
        depthwiseRowSums(from, gradient, to, s, ky, kx, firstRow, endRow, 3);
        kx += 3;
      } else {
        depthwiseRowSums(from, gradient, to, s, ky, kx, firstRow, endRow, 1);
        kx++;
      }
    }
    if (p.hasBias && ky == 0) {
      float sum = 0.0f;
      for (int pixel = firstRow * s.outputWidth; pixel < endRow * s.outputWidth; pixel++) sum += gradient[(size_t)pixel * C];
      AT(db, p.db)[(size_t)split * C + c] = sum;
    }
  }
}

__kernel ROW_KERNEL void depthwise_merge(__global const float* restrict partials, __global float* dw,
                                         const ConvolutionMergeParameters p ITEM) {
  const int taps = p.count / p.channels;
  COLUMNS_OF(1, p.splits, p.count)
  FOR_EACH_COLUMN_OF(place, column, 1, p.count)
    const int tap = column / p.channels, channel = column - tap * p.channels;
    float sum = 0.0f;
    FOR_EACH_COLUMN(j, p.splits) sum += AT(partials, p.partials)[(size_t)j * p.count + column];
    const float total = ROW_SUM(sum);
    if (ROW_FIRST) AT(dw, p.sum)[channel * taps + tap] = total;
  }
}
#else
// A kernel row's taps are summed together while dy passes once, DEPTHWISE_VECTORS vectors of channels at a time; their sums wait in `dw`
// between lines, and all channels of a line are worked through before the next, while it is in the cache.

typedef struct {
  __global const float* x;     // the line that the kernel row sees, at the channels in question
  __global const float* dy;    // the line of dy
  int left;                    // x's pixel under tap 0 of dy's pixel 0
  int step;                    // x's pixels from one of dy's to the next
  int width, length;           // pixels of dy's line, and of x's
  int channels;
  __global const float* ahead; // what is to be fetched meanwhile, `fetched` cache lines for each pixel of dy; or null
  int fetched;
} DepthwiseLines;

// sum[kx] += dy * x over one line, for `taps` taps, a constant, of which those outside the image see nothing.
INLINE void depthwiseLine(const DepthwiseLines l, __global float* dw, const int channels, const int taps, const int vectors) {
  const size_t step = (size_t)l.step * l.channels;
  float16 sum[5 * DEPTHWISE_VECTORS];
  UNROLL for (int kx = 0; kx < taps; kx++) UNROLL for (int v = 0; v < vectors; v++)
    sum[kx * DEPTHWISE_VECTORS + v] = loadFirst16(dw + (size_t)kx * l.channels + v * 16, channels - v * 16);
  // Pixels whose taps all lie inside, and what is in front of them and behind.
  int first = l.left >= 0 ? 0 : (-l.left + l.step - 1) / l.step;
  int end = l.length - taps - l.left < 0 ? 0 : (l.length - taps - l.left) / l.step + 1;
  if (end > l.width) end = l.width;
  if (first > end) first = end;
  for (int ox = 0; ox < l.width; ox++) {
    if (ox == first && first < end) {
      __global const float* from = l.x + ((ptrdiff_t)l.left + (ptrdiff_t)ox * l.step) * l.channels;
      __global const float* gradient = l.dy + (size_t)ox * l.channels;
      for (; ox < end; ox++) {
        float16 d[DEPTHWISE_VECTORS];
        if (l.ahead) for (int i = 0; i < l.fetched; i++) PREFETCH(l.ahead + (ox * l.fetched + i) * 16);
        UNROLL for (int v = 0; v < vectors; v++) d[v] = load16(gradient + v * 16);
        UNROLL for (int kx = 0; kx < taps; kx++) UNROLL for (int v = 0; v < vectors; v++)
          sum[kx * DEPTHWISE_VECTORS + v] = FMA(d[v], load16(from + (size_t)kx * l.channels + v * 16), sum[kx * DEPTHWISE_VECTORS + v]);
        from += step;
        gradient += l.channels;
      }
      if (ox == l.width) break;
    }
    const int ix = l.left + ox * l.step;
    UNROLL for (int kx = 0; kx < taps; kx++) {
      if ((uint)(ix + kx) < (uint)l.length) {
        UNROLL for (int v = 0; v < vectors; v++)
          sum[kx * DEPTHWISE_VECTORS + v] = FMA(load16(l.dy + (size_t)ox * l.channels + v * 16),
                                           load16(l.x + (size_t)(ix + kx) * l.channels + v * 16), sum[kx * DEPTHWISE_VECTORS + v]);
      }
    }
  }
  UNROLL for (int kx = 0; kx < taps; kx++) UNROLL for (int v = 0; v < vectors; v++)
    if (v * 16 < channels) storeFirst16(sum[kx * DEPTHWISE_VECTORS + v], dw + (size_t)kx * l.channels + v * 16, channels - v * 16);
}

INLINE void depthwiseTaps(const DepthwiseLines l, __global float* dw, const int channels, const int taps) {
  if (DEPTHWISE_VECTORS > 1 && channels <= 16)
    depthwiseLine(l, dw, channels, taps, 1);
  else
    depthwiseLine(l, dw, channels, taps, DEPTHWISE_VECTORS);
}

// Five taps of a kernel row at most, from kx0 on; more are taken in several goes, as are the taps of a dilated row, one at a time.
INLINE void depthwiseRow(DepthwiseLines l, __global float* dw, const ConvolutionShape s, const int channels) {
  const int left = l.left;
  for (int kx = 0; kx < s.kernelWidth;) {
    const int rest = s.dilationWidth > 1 ? 1 : s.kernelWidth - kx;
    l.left = left + kx * s.dilationWidth;
    __global float* to = dw + (size_t)kx * l.channels;
    if (rest >= 5) {
      depthwiseTaps(l, to, channels, 5);
      kx += 5;
    } else if (rest >= 3) {
      depthwiseTaps(l, to, channels, 3);
      kx += 3;
    } else {
      depthwiseTaps(l, to, channels, 1);
      kx++;
    }
  }
}

__kernel void depthwise_weight_gradient(__global const float* restrict x, __global const float* restrict dy, __global float* dw,
                                        __global float* db, const ConvolutionWeightGradientParameters p ITEM) {
  DEPTHWISE_SHAPE;
  const int C = s.inputChannels, taps = s.kernelHeight * s.kernelWidth, split = get_global_id(1);
  const int blocks = (C + DEPTHWISE_BLOCK - 1) / DEPTHWISE_BLOCK, firstBlock = (int)get_global_id(0) * p.unitsPerItem;
  const int endBlock = firstBlock + p.unitsPerItem < blocks ? firstBlock + p.unitsPerItem : blocks;
  if (firstBlock >= blocks || split >= p.splits) return;
  const int allRows = s.batch * s.outputHeight, part = (allRows + p.splits - 1) / p.splits;
  const int firstRow = split * part < allRows ? split * part : allRows, endRow = firstRow + part < allRows ? firstRow + part : allRows;
  for (int block = firstBlock; block < endBlock; block++) {   // what no line adds to
    const int c = block * DEPTHWISE_BLOCK, end = c + DEPTHWISE_BLOCK < C ? c + DEPTHWISE_BLOCK : C;
    for (int i = c; i < end; i += 16) {
      for (int tap = 0; tap < taps; tap++)
        storeFirst16(splat(0.0f), AT(dw, p.dw) + ((size_t)split * taps + tap) * C + i, end - i);
      if (p.hasBias) storeFirst16(splat(0.0f), AT(db, p.db) + (size_t)split * C + i, end - i);
    }
  }
  const size_t read = (size_t)allRows * s.outputWidth + (size_t)s.batch * s.inputHeight * s.inputWidth;
  const int fetches = read * C >= 2 << 20;   // of less, the caches keep enough
  for (int row = firstRow; row < endRow; row++) {
    const int image = row / s.outputHeight, top = (row - image * s.outputHeight) * s.strideHeight - s.paddingTop;
    for (int block = firstBlock; block < endBlock; block++) {
      const int c = block * DEPTHWISE_BLOCK, end = c + DEPTHWISE_BLOCK < C ? c + DEPTHWISE_BLOCK : C;
      DepthwiseLines l;
      l.dy = AT(dy, p.dy) + (size_t)row * s.outputWidth * C + c;
      l.left = -s.paddingLeft;
      l.step = s.strideWidth;
      l.width = s.outputWidth;
      l.length = s.inputWidth;
      l.channels = C;
      for (int ky = 0; ky < s.kernelHeight; ky++) {
        const int iy = top + ky * s.dilationHeight;
        if ((uint)iy >= (uint)s.inputHeight) continue;
        l.x = AT(x, p.x) + ((size_t)image * s.inputHeight + iy) * s.inputWidth * C + c;
        // The next line's dy meanwhile, then what it sees of x and this one does not.
        l.fetched = ky == 0 ? DEPTHWISE_VECTORS : DEPTHWISE_VECTORS * s.strideHeight * s.strideWidth;
        l.ahead = ky == 0 ? AT(dy, p.dy) + (size_t)(row + 1) * s.outputWidth * C
                  : ky == 1 ? AT(x, p.x) + ((size_t)image * s.inputHeight + top + s.kernelHeight) * s.inputWidth * C : 0;
        if (!fetches) l.ahead = 0;
        if (l.ahead) l.ahead += (size_t)block * s.outputWidth * l.fetched * 16;
        depthwiseRow(l, AT(dw, p.dw) + ((size_t)split * taps + ky * s.kernelWidth) * C + c, s, end - c);
      }
      if (p.hasBias) {
        for (int i = c; i < end; i += 16) {
          float16 sum = loadFirst16(AT(db, p.db) + (size_t)split * C + i, end - i);
          for (int ox = 0; ox < s.outputWidth; ox++) sum += load16(AT(dy, p.dy) + ((size_t)row * s.outputWidth + ox) * C + i);
          storeFirst16(sum, AT(db, p.db) + (size_t)split * C + i, end - i);
        }
      }
    }
  }
}

__kernel void depthwise_merge(__global const float* restrict partials, __global float* dw, const ConvolutionMergeParameters p ITEM) {
  const int taps = p.count / p.channels;
  FOR_EACH(i, p.count) {
    const int channel = i / taps, from = (i - channel * taps) * p.channels + channel;
    float sum = 0.0f;
    for (int j = 0; j < p.splits; j++) sum += AT(partials, p.partials)[(size_t)j * p.count + from];
    AT(dw, p.sum)[i] = sum;
  }
}
#endif
REGISTER(depthwise_weight_gradient, ConvolutionWeightGradientParameters, 4)
REGISTER(depthwise_merge, ConvolutionMergeParameters, 2)
