// Depthwise convolutions: every channel has its own filter, vectors run along the channels.

#define DEPTHWISE_SHAPE const ConvolutionShape s = p.shape

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

// A unit: DEPTHWISE_PIXELS neighbouring grid pixels, all channels, DEPTHWISE_VECTORS vectors of them at a time.
#define DEPTHWISE_PIXELS 4

typedef struct {
  __global const float* source;
  __global const float* w;
  __global float* out;
  __global const float* zeros;
  EpilogueOperands o;
  Epilogue e;
  ConvolutionShape s;
  Walk k;
  int gradient;
} Depthwise;
// A unit's pixels, as placePixels gives them.
typedef struct {
  int y[DEPTHWISE_PIXELS], x[DEPTHWISE_PIXELS], line[DEPTHWISE_PIXELS], rows[DEPTHWISE_PIXELS];
} DepthwisePixels;

#if LANES == 16
// Every block of channels reads at the same places: they are worked out once for a unit and listed.
#define DEPTHWISE_TAPS 128        // in a list; of a larger kernel there are several, made anew for each block of channels
typedef struct {
  int y, x, number;               // the tap's offset in the source, and which of the kernel's taps it is
  int leads;                      // one of those of a kernel row that see all of a stretch of the source between them
} DepthwiseTap;
typedef struct {
  __global const float* from[DEPTHWISE_PIXELS];
  __global const float* weight;
  int leads;
} DepthwisePlace;
typedef struct {
  int count, found;
  DepthwiseTap taps[DEPTHWISE_TAPS];       // `count` of those that reach the phase
  DepthwisePlace places[DEPTHWISE_TAPS];   // where they read, but for the `count - found` that see nothing but the border
} DepthwiseList;

INLINE void listTaps(DepthwiseList* l, const Depthwise* d, const int first) {
  const int taps = d->s.kernelHeight * d->s.kernelWidth, end = taps - first < DEPTHWISE_TAPS ? taps : first + DEPTHWISE_TAPS;
  int row = -1, leading = 0;
  l->count = 0;
  for (int number = first; number < end; number++) {
    const int ky = number / d->s.kernelWidth, kx = number - ky * d->s.kernelWidth;
    DepthwiseTap tap;
    tap.number = number;
    if (tapOffset(d->gradient, ky, d->s.strideHeight, d->s.paddingTop, d->s.dilationHeight, d->k.phaseY, &tap.y) &&
        tapOffset(d->gradient, kx, d->s.strideWidth, d->s.paddingLeft, d->s.dilationWidth, d->k.phaseX, &tap.x)) {
      leading = ky == row ? leading + 1 : 0;
      row = ky;
      tap.leads = leading < d->k.stepInX;
      l->taps[l->count++] = tap;
    }
  }
}

INLINE void placeTaps(DepthwiseList* l, const Depthwise* d, const DepthwisePixels* at) {
  l->found = 0;
  for (int t = 0; t < l->count; t++) {
    const DepthwiseTap tap = l->taps[t];
    DepthwisePlace* place = &l->places[l->found];
    int any = 0;
    UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) {
      const int y = at->y[r] + tap.y, x = at->x[r] + tap.x;
      const int inside = ((uint)y < (uint)d->k.sourceHeight) & ((uint)x < (uint)d->k.sourceWidth);
      const ptrdiff_t pixel = (ptrdiff_t)(at->line[r] + (inside ? y : 0)) * d->k.sourceWidth + x;
      place->from[r] = inside ? d->source + pixel * d->s.inputChannels : d->zeros;
      any |= inside;
    }
    place->weight = d->w + (size_t)tap.number * d->s.inputChannels;
    place->leads = tap.leads;
    l->found += any;
  }
}

INLINE void depthwiseSums(float16 sum[DEPTHWISE_PIXELS][DEPTHWISE_VECTORS], DepthwiseList* l, const Depthwise* d,
                          const DepthwisePixels* at, const int c, const int vectors) {
  const int taps = d->s.kernelHeight * d->s.kernelWidth;
  const size_t next = (size_t)DEPTHWISE_PIXELS * d->k.stepInX * d->s.inputChannels;   // the next unit's pixels, which often follow
  for (int first = 0; first < taps; first += DEPTHWISE_TAPS) {
    if (taps > DEPTHWISE_TAPS) {
      listTaps(l, d, first);
      placeTaps(l, d, at);
    }
    for (int t = 0; t < l->found; t++) {
      const DepthwisePlace* place = &l->places[t];
      if (place->leads)
        UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) UNROLL for (int v = 0; v < vectors; v++)
          PREFETCH(place->from[r] + next + c + v * 16);
      float16 weight[DEPTHWISE_VECTORS];
      UNROLL for (int v = 0; v < vectors; v++) weight[v] = load16(place->weight + c + v * 16);
      UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) {
        __global const float* from = place->from[r] + c;
        UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = FMA(load16(from + v * 16), weight[v], sum[r][v]);
      }
    }
  }
}
#else
// A GPU's work-item has no room for lists.
typedef int DepthwiseList;
#define listTaps(l, d, first)
#define placeTaps(l, d, at)

INLINE void depthwiseSums(float16 sum[DEPTHWISE_PIXELS][DEPTHWISE_VECTORS], DepthwiseList* l, const Depthwise* d,
                          const DepthwisePixels* at, const int c, const int vectors) {
  const Walk k = d->k;
  const ConvolutionShape s = d->s;
  const int C = s.inputChannels;
  // The outermost tap offsets, to tell pixels that need no look at the border. (Truncation makes `lowest` the least whole one.)
  const int span = (s.kernelWidth - 1) * s.dilationWidth;
  const int lowest = d->gradient ? (k.phaseX + s.paddingLeft - span) / s.strideWidth : -s.paddingLeft;
  const int highest = d->gradient ? (k.phaseX + s.paddingLeft) / s.strideWidth : span - s.paddingLeft;
  for (int ky = 0; ky < s.kernelHeight; ky++) {
    int dy;
    if (!tapOffset(d->gradient, ky, s.strideHeight, s.paddingTop, s.dilationHeight, k.phaseY, &dy)) continue;
    __global const float* lines[DEPTHWISE_PIXELS];
    int first[DEPTHWISE_PIXELS], any = 0, all = 1;
    UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) {
      const int inside = (uint)(at->y[r] + dy) < (uint)k.sourceHeight;
      lines[r] = d->source + ((ptrdiff_t)(at->line[r] + (inside ? at->y[r] + dy : 0)) * k.sourceWidth + at->x[r]) * C + c;
      first[r] = inside ? at->x[r] : OUTSIDE;
      any |= inside;
      all &= inside & (at->x[r] + lowest >= 0) & (at->x[r] + highest < k.sourceWidth);
    }
    if (!any) continue;
    for (int kx = 0; kx < s.kernelWidth; kx++) {
      int dx;
      if (!tapOffset(d->gradient, kx, s.strideWidth, s.paddingLeft, s.dilationWidth, k.phaseX, &dx)) continue;
      const ptrdiff_t move = (ptrdiff_t)dx * C;
      float16 weight[DEPTHWISE_VECTORS];
      UNROLL for (int v = 0; v < vectors; v++) weight[v] = load16(d->w + (size_t)(ky * s.kernelWidth + kx) * C + c + v * 16);
      UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) {
        __global const float* from = all || (uint)(first[r] + dx) < (uint)k.sourceWidth ? lines[r] + move : d->zeros;
        UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = FMA(load16(from + v * 16), weight[v], sum[r][v]);
      }
    }
  }
}
#endif

INLINE void depthwiseTile(DepthwiseList* l, const Depthwise* d, const DepthwisePixels* at, const int c, const int streams,
                          const int vectors) {
  const int C = d->s.inputChannels;
  float16 sum[DEPTHWISE_PIXELS][DEPTHWISE_VECTORS];
  UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = splat(0.0f);
  depthwiseSums(sum, l, d, at, c, vectors);
  UNROLL for (int r = 0; r < DEPTHWISE_PIXELS; r++) {
    if (at->rows[r] < 0) continue;
    UNROLL for (int v = 0; v < vectors; v++) {
      const int column = c + v * 16;
      const size_t place = (size_t)at->rows[r] * C + column;
      if (column < C) streamFirst16(finish(sum[r][v], d->o, d->e, place, column, C - column), d->out + place, C - column, streams);
    }
  }
}

#define DEPTHWISE(source_, destination_, gradient)                                                                                     \
  const Depthwise d = {AT(source_, p.source), AT(packed, p.packed),           AT(destination_, p.destination),                         \
                       AT(zeros, p.zeros),    EPILOGUE_OPERANDS(p.epilogue),  p.epilogue,                                              \
                       p.shape,               walkOf(p.shape, gradient, get_global_id(2)), gradient};                                  \
  if (d.k.height <= 0 || d.k.width <= 0) return;                                                                                       \
  const int C = d.s.inputChannels, pixels = d.s.batch * d.k.height * d.k.width;                                                        \
  const int streams = STREAMS((size_t)d.s.batch * d.k.destinationHeight * d.k.destinationWidth * C, C % 16 == 0);                      \
  DepthwiseList l;                                                                                                                     \
  listTaps(&l, &d, 0);                                                                                                                 \
  FOR_EACH_UNIT(unit, (pixels + DEPTHWISE_PIXELS - 1) / DEPTHWISE_PIXELS) {                                                            \
    DepthwisePixels at;                                                                                                                \
    placePixels(d.k, unit * DEPTHWISE_PIXELS, pixels, at.y, at.x, at.line, at.rows, DEPTHWISE_PIXELS);                                 \
    placeTaps(&l, &d, &at);                                                                                                            \
    for (int c = 0; c < C; c += 16 * DEPTHWISE_VECTORS) {                                                                              \
      if (DEPTHWISE_VECTORS > 1 && C - c <= 16)                                                                                        \
        depthwiseTile(&l, &d, &at, c, streams, 1);                                                                                     \
      else                                                                                                                             \
        depthwiseTile(&l, &d, &at, c, streams, DEPTHWISE_VECTORS);                                                                     \
    }                                                                                                                                  \
  }

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
// A kernel row's taps are summed together while dy passes once, DEPTHWISE_VECTORS vectors of channels at a time; their sums wait in `dw`
// between lines, and all channels of a line are worked through before the next, while it is in the cache.

typedef struct {
  __global const float* x;     // the line that the kernel row sees, at the channels in question
  __global const float* dy;    // the line of dy
  int left;                    // x's pixel under tap 0 of dy's pixel 0
  int step;                    // x's pixels from one of dy's to the next
  int width, length;           // pixels of dy's line, and of x's
  int channels;
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
REGISTER(depthwise_weight_gradient, ConvolutionWeightGradientParameters, 4)

__kernel void depthwise_merge(__global const float* restrict partials, __global float* dw, const ConvolutionMergeParameters p ITEM) {
  const int taps = p.count / p.channels;
  FOR_EACH(i, p.count) {
    const int channel = i / taps, from = (i - channel * taps) * p.channels + channel;
    float sum = 0.0f;
    for (int j = 0; j < p.splits; j++) sum += AT(partials, p.partials)[(size_t)j * p.count + from];
    AT(dw, p.sum)[i] = sum;
  }
}
REGISTER(depthwise_merge, ConvolutionMergeParameters, 2)
