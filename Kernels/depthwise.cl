// The weight gradient of depthwise convolutions: for each tap and channel, the sum over all pixels of dy times the x that the tap sees.
// A kernel row's taps are summed together while dy passes once, DEPTHWISE_VECTORS vectors of channels at a time; their sums wait in `dw`
// between lines, and all channels of a line are worked through before the next, while it is in the cache.

#define DEPTHWISE_SHAPE const ConvolutionShape s = p.shape

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
