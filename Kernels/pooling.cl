// Pooling, NHWC, vectors along the channels. A unit is one line of pixels (on a GPU: one channel of one pixel). Gradients gather: each
// input pixel adds the windows that reach it, in the order of ky and kx, so nothing is scattered. On a CPU pixels are stored in order
// and in whole vectors (shareRest). Index spaces are one-dimensional, of any size.

// For every pixel (image, py, px) of [batch, height, width], then FOR_CHANNELS; `pixel` counts them all, and `rest` the floats that this
// work-item still has to write from the pixel on.
#if LANES == 1
#define FOR_PIXELS(height, width)                                                         \
  FOR_EACH_UNIT(unit, a.batch * (height) * (width) * a.channels) {                        \
    const int pixel = unit / a.channels, rest = 1;                                        \
    const int px = pixel % (width), line = pixel / (width), py = line % (height), image = line / (height);
#define END_PIXELS }
#define FOR_CHANNELS for (int c = unit % a.channels, once = 1; once; once = 0)
#else
#define FOR_PIXELS(height, width)                                                         \
  FOR_EACH_UNIT(line, a.batch * (height)) {                                               \
    const int image = line / (height), py = line - image * (height);                      \
    const int rests = shareRest(line, (width) * a.channels);                              \
    for (int px = 0; px < (width); px++) {                                                \
      const int rest = rests - px * a.channels;                                           \
      const size_t pixel = (size_t)line * (width) + px;
#define END_PIXELS } }
#define FOR_CHANNELS for (int c = 0; c < a.channels; c += 16)
#endif

// The integers of a slice, as vectors of bits.
#define loadIndices(p) V(BITS)(loadv((__global const float*)(p)))
#define storeIndices(v, p, n) storev(V(FROM_BITS)(v), (__global float*)(p), n)

// The taps of a window that starts at `start` which lie in 0..<length: first (tap) and end.
INLINE int firstTap(const int start, const int dilation) {
  return start >= 0 ? 0 : dilation == 1 ? -start : (dilation - 1 - start) / dilation;
}
INLINE int endTap(const int start, const int dilation, const int taps, const int length) {
  const int reach = dilation == 1 ? length - start : (length - start + dilation - 1) / dilation;
  return reach < taps ? reach : taps;
}

__kernel void max_pool(__global const float* restrict x, __global float* restrict y, __global int* restrict index,
                       const PoolParameters a ITEM) {
  FOR_PIXELS(a.outputHeight, a.outputWidth)
    const int top = py * a.strideHeight - a.paddingTop, left = px * a.strideWidth - a.paddingLeft;
    const int firstY = firstTap(top, a.dilationHeight), endY = endTap(top, a.dilationHeight, a.kernelHeight, a.inputHeight);
    const int firstX = firstTap(left, a.dilationWidth), endX = endTap(left, a.dilationWidth, a.kernelWidth, a.inputWidth);
    const int some = firstY < endY && firstX < endX;   // a window may lie in the padding altogether: -infinity, and no index
    __global const float* source = AT(x, a.x) + (size_t)image * a.inputHeight * a.inputWidth * a.channels;
    FOR_CHANNELS {
      // From the first pixel on: larger, or the first NaN.
      intv chosen = (intv)(some ? firstY * a.kernelWidth + firstX : -1);
      floatv best = splatv(bitsFloat((int)0xff800000));
      if (some) {
        const size_t corner = (size_t)(top + firstY * a.dilationHeight) * a.inputWidth + left + firstX * a.dilationWidth;
        best = loadv(source + corner * a.channels + c);
      }
      for (int ky = firstY; ky < endY; ky++)
        for (int kx = firstX; kx < endX; kx++) {
          const size_t place = (size_t)(top + ky * a.dilationHeight) * a.inputWidth + left + kx * a.dilationWidth;
          const floatv v = loadv(source + place * a.channels + c);
          const intv better = (v > best) | ((v != v) & (best == best));
          best = choosev(best, v, better);
          chosen = V(CHOOSE_INTEGER)(chosen, (intv)(ky * a.kernelWidth + kx), better);
        }
      storev(best, AT(y, a.y) + (size_t)pixel * a.channels + c, rest - c);
      storeIndices(chosen, AT(index, a.index) + (size_t)pixel * a.channels + c, rest - c);
    }
  END_PIXELS
}
REGISTER(max_pool, PoolParameters, 3)

// The windows along one axis that reach input pixel i. Without dilation tap ky0 + m stride belongs to window o0 - m, for m in
// first..<end. With it every tap is tried (stride 1, and taps that fall between windows are passed over).
typedef struct {
  int first, end, tap, window;
} PoolReach;
INLINE PoolReach poolReach(const int i, const int padding, const int stride, const int taps, const int windows) {
  PoolReach r;
  const int place = i + padding;
  r.window = place / stride;
  r.tap = place - r.window * stride;
  r.first = r.window - windows + 1 > 0 ? r.window - windows + 1 : 0;
  r.end = r.tap < taps ? (taps - 1 - r.tap) / stride + 1 : 0;
  r.end = r.end < r.window + 1 ? r.end : r.window + 1;
  return r;
}

__kernel void max_pool_gradient(__global const float* restrict dy, __global const int* restrict index, __global float* restrict dx,
                                const PoolParameters a ITEM) {
  FOR_PIXELS(a.inputHeight, a.inputWidth)
    const size_t windows = (size_t)image * a.outputHeight * a.outputWidth;
    if (a.dilationHeight == 1 && a.dilationWidth == 1) {
      const PoolReach ry = poolReach(py, a.paddingTop, a.strideHeight, a.kernelHeight, a.outputHeight);
      const PoolReach rx = poolReach(px, a.paddingLeft, a.strideWidth, a.kernelWidth, a.outputWidth);
      FOR_CHANNELS {
        floatv sum = splatv(0.0f);
        for (int m = ry.first; m < ry.end; m++)
          for (int n = rx.first; n < rx.end; n++) {
            const size_t at = (windows + (size_t)(ry.window - m) * a.outputWidth + (rx.window - n)) * a.channels + c;
            const int tap = (ry.tap + m * a.strideHeight) * a.kernelWidth + rx.tap + n * a.strideWidth;
            sum += choosev(splatv(0.0f), loadv(AT(dy, a.y) + at), loadIndices(AT(index, a.index) + at) == (intv)(tap));
          }
        storev(sum, AT(dx, a.x) + (size_t)pixel * a.channels + c, rest - c);
      }
    } else {
      FOR_CHANNELS {
        floatv sum = splatv(0.0f);
        for (int ky = 0; ky < a.kernelHeight; ky++) {
          const int reachY = py + a.paddingTop - ky * a.dilationHeight, oy = reachY / a.strideHeight;
          if (reachY < 0 || oy * a.strideHeight != reachY || oy >= a.outputHeight) continue;
          for (int kx = 0; kx < a.kernelWidth; kx++) {
            const int reachX = px + a.paddingLeft - kx * a.dilationWidth, ox = reachX / a.strideWidth;
            if (reachX < 0 || ox * a.strideWidth != reachX || ox >= a.outputWidth) continue;
            const size_t at = (windows + (size_t)oy * a.outputWidth + ox) * a.channels + c;
            const intv here = loadIndices(AT(index, a.index) + at) == (intv)(ky * a.kernelWidth + kx);
            sum += choosev(splatv(0.0f), loadv(AT(dy, a.y) + at), here);
          }
        }
        storev(sum, AT(dx, a.x) + (size_t)pixel * a.channels + c, rest - c);
      }
    }
  END_PIXELS
}
REGISTER(max_pool_gradient, PoolParameters, 3)

// What an average divides by along one axis: a window's extent within the padded line, or within the line itself.
INLINE int poolExtent(const int start, const int taps, const int length, const int after, const int includesPadding) {
  if (includesPadding) return start + taps < length + after ? taps : length + after - start;
  return (start + taps < length ? start + taps : length) - (start < 0 ? 0 : start);
}

__kernel void average_pool(__global const float* restrict x, __global float* restrict y, const PoolParameters a ITEM) {
  FOR_PIXELS(a.outputHeight, a.outputWidth)
    const int top = py * a.strideHeight - a.paddingTop, left = px * a.strideWidth - a.paddingLeft;
    const int firstY = top < 0 ? 0 : top, endY = top + a.kernelHeight < a.inputHeight ? top + a.kernelHeight : a.inputHeight;
    const int firstX = left < 0 ? 0 : left, endX = left + a.kernelWidth < a.inputWidth ? left + a.kernelWidth : a.inputWidth;
    const float share = 1.0f / (float)(poolExtent(top, a.kernelHeight, a.inputHeight, a.paddingBottom, a.countIncludesPadding) *
                                       poolExtent(left, a.kernelWidth, a.inputWidth, a.paddingRight, a.countIncludesPadding));
    __global const float* source = AT(x, a.x) + (size_t)image * a.inputHeight * a.inputWidth * a.channels;
    FOR_CHANNELS {
      floatv sum = splatv(0.0f);
      for (int iy = firstY; iy < endY; iy++)
        for (int ix = firstX; ix < endX; ix++) sum += loadv(source + ((size_t)iy * a.inputWidth + ix) * a.channels + c);
      storev(sum * share, AT(y, a.y) + (size_t)pixel * a.channels + c, rest - c);
    }
  END_PIXELS
}
REGISTER(average_pool, PoolParameters, 2)

__kernel void average_pool_gradient(__global const float* restrict dy, __global float* restrict dx, const PoolParameters a ITEM) {
  FOR_PIXELS(a.inputHeight, a.inputWidth)
    const size_t windows = (size_t)image * a.outputHeight * a.outputWidth;
    const PoolReach ry = poolReach(py, a.paddingTop, a.strideHeight, a.kernelHeight, a.outputHeight);
    const PoolReach rx = poolReach(px, a.paddingLeft, a.strideWidth, a.kernelWidth, a.outputWidth);
    FOR_CHANNELS {
      floatv sum = splatv(0.0f);
      for (int m = ry.first; m < ry.end; m++) {
        const int oy = ry.window - m, top = oy * a.strideHeight - a.paddingTop;
        const int extent = poolExtent(top, a.kernelHeight, a.inputHeight, a.paddingBottom, a.countIncludesPadding);
        for (int n = rx.first; n < rx.end; n++) {
          const int ox = rx.window - n, left = ox * a.strideWidth - a.paddingLeft;
          const int both = extent * poolExtent(left, a.kernelWidth, a.inputWidth, a.paddingRight, a.countIncludesPadding);
          const floatv v = loadv(AT(dy, a.y) + (windows + (size_t)oy * a.outputWidth + ox) * a.channels + c);
          sum = FMA(v, splatv(1.0f / (float)both), sum);
        }
      }
      storev(sum, AT(dx, a.x) + (size_t)pixel * a.channels + c, rest - c);
    }
  END_PIXELS
}
REGISTER(average_pool_gradient, PoolParameters, 2)
