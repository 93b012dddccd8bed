// Pooling, NHWC, vectors along the channels. A unit is one line of pixels (on a GPU: four channels of one pixel, or one). Gradients gather: each
// input pixel adds the windows that reach it, in the order of ky and kx, so nothing is scattered. On a CPU pixels are stored in order
// and in whole vectors (shareRest). With few channels a pixel is little work: what can be is found once for a line, and what is outside
// the image only matters to the pixels that reach it. Index spaces are one-dimensional, of any size.

// For every line (image, py) of [batch, height], FOR_PIXELS for its pixels (px of width, `pixel` counting all of them, `rest` the floats
// that this work-item still has to write from it on), and in there FOR_CHANNELS.
#if LANES == 1
#define FOR_LINES(height, width)                                                                 \
  FOR_EACH_UNIT(unit, a.batch * (height) * (width) * a.channels) {                               \
    const int pixel = unit / a.channels, line = pixel / (width), image = line / (height), py = line - image * (height);
#define FOR_PIXELS(width)                                                                        \
    const int px = pixel - line * (width), rest = 1;
#define END_LINES }
#define FOR_CHANNELS for (int c = unit - pixel * a.channels, once = 1; once; once = 0)
#else
#define FOR_LINES(height, width)                                                                 \
  FOR_EACH_UNIT(line, a.batch * (height)) {                                                      \
    const int image = line / (height), py = line - image * (height), rests = shareRest(line, (width) * a.channels);
#define FOR_PIXELS(width)                                                                        \
    for (int px = 0; px < (width); px++) {                                                       \
      const int rest = rests - px * a.channels;                                                  \
      const size_t pixel = (size_t)line * (width) + px;
#define END_LINES } }
#define FOR_CHANNELS for (int c = 0; c < a.channels; c += 16)
#endif

// The integers of a slice, as vectors of bits.
#define loadIndices(p) V(BITS)(loadv((__global const float*)(p)))
#define storeIndices(v, p, n) streamv(V(FROM_BITS)(v), (__global float*)(p), n, streams)

// The taps of a window that starts at `start` which lie in 0..<length: first (tap) and end.
INLINE int firstTap(const int start, const int dilation) {
  return start >= 0 ? 0 : dilation == 1 ? -start : (dilation - 1 - start) / dilation;
}
INLINE int endTap(const int start, const int dilation, const int taps, const int length) {
  const int reach = dilation == 1 ? length - start : (length - start + dilation - 1) / dilation;
  return reach < taps ? reach : taps;
}

// What an average divides by along one axis: a window's extent within the padded line, or within the line itself.
INLINE int poolExtent(const int start, const int taps, const int length, const int after, const int includesPadding) {
  if (includesPadding) return start + taps < length + after ? taps : length + after - start;
  return (start + taps < length ? start + taps : length) - (start < 0 ? 0 : start);
}

INLINE int poolExtentX(const PoolParameters* a, const int ox) {
  return poolExtent(ox * a->strideWidth - a->paddingLeft, a->kernelWidth, a->inputWidth, a->paddingRight, a->countIncludesPadding);
}
INLINE int poolExtentY(const PoolParameters* a, const int oy) {
  return poolExtent(oy * a->strideHeight - a->paddingTop, a->kernelHeight, a->inputHeight, a->paddingBottom, a->countIncludesPadding);
}

// What every window's average is multiplied by if all have the same extent, otherwise 0.
INLINE float poolShare(const PoolParameters* a) {
  const int lastY = a->outputHeight - 1, lastX = a->outputWidth - 1;
  const int whole = poolExtentY(a, 0) == a->kernelHeight && poolExtentY(a, lastY) == a->kernelHeight &&
                    poolExtentX(a, 0) == a->kernelWidth && poolExtentX(a, lastX) == a->kernelWidth;
  return whole ? 1.0f / (float)(a->kernelHeight * a->kernelWidth) : 0.0f;
}

#if LANES == 1
// On a GPU a unit is four channels of a pixel, where their number is a multiple of that, and one otherwise: it takes as many divisions of
// integers to find out which pixel it is as for one, and they take longer than what is done with the numbers.
#define POOLED_CHANNELS(name, real, whole)                                                                                                         \
INLINE void maxPool##name(__global const float* x, __global float* y, __global int* index, const PoolParameters* a, const int image,               \
                          const int py, const int px) {                                                                                            \
  const int top = py * a->strideHeight - a->paddingTop, left = px * a->strideWidth - a->paddingLeft;                                               \
  const int firstY = firstTap(top, a->dilationHeight), endY = endTap(top, a->dilationHeight, a->kernelHeight, a->inputHeight);                     \
  const int firstX = firstTap(left, a->dilationWidth), endX = endTap(left, a->dilationWidth, a->kernelWidth, a->inputWidth);                       \
  whole chosen = (whole)(firstY < endY && firstX < endX ? firstY * a->kernelWidth + firstX : -1);                                                  \
  real best = (real)(bitsFloat((int)0xff800000));                                                                                                  \
  for (int ky = firstY; ky < endY; ky++)                                                                                                           \
    for (int kx = firstX; kx < endX; kx++) {                                                                                                       \
      const int from = (image * a->inputHeight + top + ky * a->dilationHeight) * a->inputWidth + left + kx * a->dilationWidth;                     \
      const real v = *(__global const real*)(x + (size_t)from * a->channels);                                                                      \
      const whole better = ((v <= best) == 0) & (best == best);                                                                                    \
      best = select(best, v, better);                                                                                                              \
      chosen = select(chosen, (whole)(ky * a->kernelWidth + kx), better);                                                                          \
    }                                                                                                                                              \
  *(__global real*)y = best;                                                                                                                       \
  *(__global whole*)index = chosen;                                                                                                                \
}                                                                                                                                                  \
INLINE real maxPoolGradient##name(__global const float* dy, __global const int* index, const PoolParameters* a, const int py, const int px) {      \
  const int placeY = py + a->paddingTop, placeX = px + a->paddingLeft;                                                                             \
  real sum = (real)(0.0f);                                                                                                                         \
  if (a->dilationHeight == 1 && a->dilationWidth == 1) {                                                                                           \
    const int lastY = placeY / a->strideHeight, tapY = placeY - lastY * a->strideHeight;                                                           \
    const int lastX = placeX / a->strideWidth, tapX = placeX - lastX * a->strideWidth;                                                             \
    for (int ky = tapY, oy = lastY; ky < a->kernelHeight && oy >= 0; ky += a->strideHeight, oy--)                                                  \
      for (int kx = tapX, ox = lastX; kx < a->kernelWidth && ox >= 0; kx += a->strideWidth, ox--) {                                                \
        if (oy >= a->outputHeight || ox >= a->outputWidth) continue;                                                                               \
        const int at = (oy * a->outputWidth + ox) * a->channels;                                                                                   \
        const whole here = *(__global const whole*)(index + at) == (whole)(ky * a->kernelWidth + kx);                                              \
        sum += select((real)(0.0f), *(__global const real*)(dy + at), here);                                                                       \
      }                                                                                                                                            \
    return sum;                                                                                                                                    \
  }                                                                                                                                                \
  for (int ky = 0; ky < a->kernelHeight; ky++) {                                                                                                   \
    const int reachY = placeY - ky * a->dilationHeight, oy = reachY / a->strideHeight;                                                             \
    if (reachY < 0 || oy * a->strideHeight != reachY || oy >= a->outputHeight) continue;                                                           \
    for (int kx = 0; kx < a->kernelWidth; kx++) {                                                                                                  \
      const int reachX = placeX - kx * a->dilationWidth, ox = reachX / a->strideWidth;                                                             \
      if (reachX < 0 || ox * a->strideWidth != reachX || ox >= a->outputWidth) continue;                                                           \
      const int at = (oy * a->outputWidth + ox) * a->channels;                                                                                     \
      const whole here = *(__global const whole*)(index + at) == (whole)(ky * a->kernelWidth + kx);                                                \
      sum += select((real)(0.0f), *(__global const real*)(dy + at), here);                                                                         \
    }                                                                                                                                              \
  }                                                                                                                                                \
  return sum;                                                                                                                                      \
}                                                                                                                                                  \
INLINE real averagePool##name(__global const float* x, const PoolParameters* a, const float common, const int image, const int py, const int px) { \
  const int top = py * a->strideHeight - a->paddingTop, left = px * a->strideWidth - a->paddingLeft;                                               \
  const int firstY = top < 0 ? 0 : top, endY = top + a->kernelHeight < a->inputHeight ? top + a->kernelHeight : a->inputHeight;                    \
  const int firstX = left < 0 ? 0 : left, endX = left + a->kernelWidth < a->inputWidth ? left + a->kernelWidth : a->inputWidth;                    \
  const float share = common != 0.0f ? common : 1.0f / (float)(poolExtentY(a, py) * poolExtentX(a, px));                                           \
  real sum = (real)(0.0f);                                                                                                                         \
  for (int iy = firstY; iy < endY; iy++)                                                                                                           \
    for (int ix = firstX; ix < endX; ix++)                                                                                                         \
      sum += *(__global const real*)(x + ((size_t)(image * a->inputHeight + iy) * a->inputWidth + ix) * a->channels);                              \
  return sum * share;                                                                                                                              \
}                                                                                                                                                  \
INLINE real averagePoolGradient##name(__global const float* dy, const PoolParameters* a, const float common, const int py, const int px) {         \
  const int placeY = py + a->paddingTop, lastY = placeY / a->strideHeight, tapY = placeY - lastY * a->strideHeight;                                \
  const int placeX = px + a->paddingLeft, lastX = placeX / a->strideWidth, tapX = placeX - lastX * a->strideWidth;                                 \
  real sum = (real)(0.0f);                                                                                                                         \
  for (int ky = tapY, oy = lastY; ky < a->kernelHeight && oy >= 0; ky += a->strideHeight, oy--)                                                    \
    for (int kx = tapX, ox = lastX; kx < a->kernelWidth && ox >= 0; kx += a->strideWidth, ox--) {                                                  \
      if (oy >= a->outputHeight || ox >= a->outputWidth) continue;                                                                                 \
      const float share = common != 0.0f ? common : 1.0f / (float)(poolExtentY(a, oy) * poolExtentX(a, ox));                                       \
      sum = fma(*(__global const real*)(dy + (oy * a->outputWidth + ox) * a->channels), (real)(share), sum);                                       \
    }                                                                                                                                              \
  return sum;                                                                                                                                      \
}
POOLED_CHANNELS(_1, float, int)
POOLED_CHANNELS(_4, float4, int4)
#undef POOLED_CHANNELS
#define FOR_POOLED(height, width)                                                                                     \
  const int together = a.channels % 4 == 0 ? 4 : 1, parts = a.channels / together;                                   \
  FOR_EACH_UNIT(unit, a.batch * (height) * (width) * parts) {                                                         \
    const int pixel = unit / parts, c = (unit - pixel * parts) * together, line = pixel / (width);                    \
    const int px = pixel - line * (width), image = line / (height), py = line - image * (height);                     \
    const size_t at = (size_t)pixel * a.channels + c;                                                                 \
    const size_t window = (size_t)image * a.outputHeight * a.outputWidth * a.channels + c;                            \
    (void)window;
#endif

#ifndef __OPENCL_VERSION__
// A window that lies in the image altogether, over all its channels. Its sizes are constants, so that the taps are unrolled.
INLINE void maxOfWindow(__global const float* source, const int channels, const int height, const int width, const int step,
                        const long lineStep, __global float* y, __global int* index, const int rest, const int streams) {
  for (int c = 0; c < channels; c += 16) {
    floatv best = loadv(source + c);
    intv chosen = (intv)(0);
    UNROLL for (int ky = 0; ky < height; ky++) {
      UNROLL for (int kx = 0; kx < width; kx++) {
        if (ky + kx == 0) continue;
        const floatv v = loadv(source + ky * lineStep + kx * step + c);
        const intv better = ((v <= best) == 0) & (best == best);
        best = choosev(best, v, better);
        chosen = V(CHOOSE_INTEGER)(chosen, (intv)(ky * width + kx), better);
      }
    }
    streamv(best, y + c, rest - c, streams);
    storeIndices(chosen, index + c, rest - c);
  }
}
#endif

__kernel void max_pool(__global const float* restrict x, __global float* restrict y, __global int* restrict index,
                       const PoolParameters a ITEM) {
#if LANES == 1
  FOR_POOLED(a.outputHeight, a.outputWidth)
    __global float* values = AT(y, a.y) + at;
    __global int* places = AT(index, a.index) + at;
    if (together == 4) maxPool_4(AT(x, a.x) + c, values, places, &a, image, py, px);
    else maxPool_1(AT(x, a.x) + c, values, places, &a, image, py, px);
  }
#else
  const int reach = (a.kernelWidth - 1) * a.dilationWidth, step = a.dilationWidth * a.channels;
  const long lineStep = (long)a.dilationHeight * a.inputWidth * a.channels;
  const int streams = STREAMS(a.batch * a.outputHeight * a.outputWidth * a.channels, a.channels % 16 == 0);
  (void)streams;
  FOR_LINES(a.outputHeight, a.outputWidth)
    const int top = py * a.strideHeight - a.paddingTop;
    const int firstY = firstTap(top, a.dilationHeight), endY = endTap(top, a.dilationHeight, a.kernelHeight, a.inputHeight);
    FOR_PIXELS(a.outputWidth)
      const int left = px * a.strideWidth - a.paddingLeft, inside = left >= 0 && left + reach < a.inputWidth;
      const int firstX = inside ? 0 : firstTap(left, a.dilationWidth);
      const int endX = inside ? a.kernelWidth : endTap(left, a.dilationWidth, a.kernelWidth, a.inputWidth);
      const int some = firstY < endY && firstX < endX;   // a window may lie in the padding altogether: -infinity, and no index
      const int row = (image * a.inputHeight + top + firstY * a.dilationHeight) * a.inputWidth + left + firstX * a.dilationWidth;
      __global const float* source = AT(x, a.x) + (long)row * a.channels;
#ifndef __OPENCL_VERSION__
      if (inside && firstY == 0 && endY == a.kernelHeight && a.kernelHeight == a.kernelWidth && (a.kernelWidth == 2 || a.kernelWidth == 3)) {
        __global float* out = AT(y, a.y) + pixel * a.channels;
        __global int* places = AT(index, a.index) + pixel * a.channels;
        if (a.kernelWidth == 2)
          maxOfWindow(source, a.channels, 2, 2, step, lineStep, out, places, rest, streams);
        else
          maxOfWindow(source, a.channels, 3, 3, step, lineStep, out, places, rest, streams);
        continue;
      }
#endif
      FOR_CHANNELS {
        // From the first pixel on: larger, or the first NaN.
        intv chosen = (intv)(some ? firstY * a.kernelWidth + firstX : -1);
        floatv best = splatv(bitsFloat((int)0xff800000));
        __global const float* first = source + c;
        int number = firstY * a.kernelWidth + firstX;
        for (int ky = firstY; ky < endY; ky++, first += lineStep, number += a.kernelWidth) {
          __global const float* from = first;
          for (int kx = 0; kx < endX - firstX; kx++, from += step) {
            const floatv v = loadv(from);
            const intv better = ((v <= best) == 0) & (best == best);
            best = choosev(best, v, better);
            chosen = V(CHOOSE_INTEGER)(chosen, (intv)(number + kx), better);
          }
        }
        streamv(best, AT(y, a.y) + pixel * a.channels + c, rest - c, streams);
        storeIndices(chosen, AT(index, a.index) + pixel * a.channels + c, rest - c);
      }
  END_LINES
#endif
}
REGISTER(max_pool, PoolParameters, 3)

#if LANES != 1
// Along one dimension: the windows that reach a pixel, where these are at most two and no taps are left out; the last window first, in the
// order of the taps. They go from pixel to pixel without a division.
typedef struct {
  int last, tap;   // of the pixel's last window, which may lie outside, and the pixel's tap in it
  int windows[2], taps[2], count;
} Reached;
INLINE Reached reachedFrom(const int pixel, const int padding, const int stride) {
  Reached r;
  r.last = (pixel + padding) / stride;
  r.tap = pixel + padding - r.last * stride;
  return r;
}
INLINE void findWindows(Reached* r, const int kernel_, const int stride, const int windows) {
  r->count = 0;
  if (r->tap < kernel_ && r->last < windows) {
    r->windows[0] = r->last;
    r->taps[r->count++] = r->tap;
  }
  if (r->tap + stride < kernel_ && r->last >= 1 && r->last <= windows) {
    r->windows[r->count] = r->last - 1;
    r->taps[r->count++] = r->tap + stride;
  }
}
INLINE void nextPixel(Reached* r, const int stride) {
  if (++r->tap == stride) {
    r->tap = 0;
    r->last++;
  }
}
#define AT_MOST_TWO(a) \
  ((a).dilationHeight == 1 && (a).dilationWidth == 1 && (a).kernelHeight <= 2 * (a).strideHeight && (a).kernelWidth <= 2 * (a).strideWidth)

// Windows side by side, as most are: a pixel is in one of them or in none.
#define SIDE_BY_SIDE(a)                                                                                                           \
  ((a).dilationHeight == 1 && (a).dilationWidth == 1 && (a).kernelHeight == (a).strideHeight && (a).kernelWidth == (a).strideWidth)
// Along a line of pixels the windows of line `oy` and how many pixels each has, with nothing to find out from pixel to pixel. `window`, `tap` (of
// its first pixel), `count`, `to` and `rest`; a window that is none, since there are no more of them, has `isIn` 0.
#define FOR_WINDOWS_SIDE_BY_SIDE(a, oy, out, rests)                                                                               \
  for (int px = 0, count, window = (a)->paddingLeft / (a)->strideWidth, tap = (a)->paddingLeft - window * (a)->strideWidth;       \
       px < (a)->inputWidth; px += count, window++, tap = 0) {                                                                    \
    const int left = (a)->inputWidth - px, rest = (rests) - px * (a)->channels;                                                   \
    const int isIn = (oy) < (a)->outputHeight && window < (a)->outputWidth;                                                       \
    __global float* to = (out) + (size_t)px * (a)->channels;                                                                      \
    count = (a)->strideWidth - tap < left ? (a)->strideWidth - tap : left;                                                        \
    if (!isIn) {                                                                                                                  \
      for (int c = 0; c < count * (a)->channels; c += 16) streamv(splatv(0.0f), to + c, rest - c, streams);                       \
      continue;                                                                                                                   \
    }

// To `count` pixels of a window (2, known when this is compiled, or any number), over all their channels, its gradient where they are the tap
// that it chose; the first one's is number `number`.
INLINE void storeChosen(__global const float* dy, __global const int* index, const int number, const int count, const int channels,
                        __global float* out, const int rest, const int streams) {
  if (channels % 16 != 0) {   // in order, since whole vectors may stick out
    for (int p = 0; p < count; p++)
      for (int c = 0; c < channels; c += 16) {
        const intv here = loadIndices(index + c) == (intv)(number + p);
        streamv(splatv(0.0f) + choosev(splatv(0.0f), loadv(dy + c), here), out + p * channels + c, rest - p * channels - c, streams);
      }
    return;
  }
  for (int c = 0; c < channels; c += 16) {
    const intv chosen = loadIndices(index + c);
    const floatv v = splatv(0.0f) + loadv(dy + c);
    for (int p = 0; p < count; p++) streamv(choosev(splatv(0.0f), v, chosen == (intv)(number + p)), out + p * channels + c, 16, streams);
  }
}

// What `count` windows hand to a pixel, over all its channels, where it is the tap that they chose; in the order of ky and kx.
INLINE void addWindows(__global const float* dys, __global const int* indices, const int* at, const int* taps, const int count,
                       const int channels, __global float* out, const int rest, const int streams) {
  for (int c = 0; c < channels; c += 16) {
    floatv sum = splatv(0.0f);
    UNROLL for (int k = 0; k < count; k++) {
      const intv here = loadIndices(indices + at[k] + c) == (intv)(taps[k]);
      sum += choosev(splatv(0.0f), loadv(dys + at[k] + c), here);
    }
    streamv(sum, out + c, rest - c, streams);
  }
}
#endif

__kernel void max_pool_gradient(__global const float* restrict dy, __global const int* restrict index, __global float* restrict dx,
                                const PoolParameters a ITEM) {
#if LANES == 1
  FOR_POOLED(a.inputHeight, a.inputWidth)
    __global const float* dys = AT(dy, a.y) + window;
    __global const int* indices = AT(index, a.index) + window;
    __global float* out = AT(dx, a.x) + at;
    if (together == 4) *(__global float4*)out = maxPoolGradient_4(dys, indices, &a, py, px);
    else *out = maxPoolGradient_1(dys, indices, &a, py, px);
  }
#else
  const int streams = STREAMS(a.batch * a.inputHeight * a.inputWidth * a.channels, a.channels % 16 == 0);
  (void)streams;
  FOR_LINES(a.inputHeight, a.inputWidth)
    const int placeY = py + a.paddingTop, lastY = placeY / a.strideHeight, tapY = placeY - lastY * a.strideHeight;
    __global const float* dys = AT(dy, a.y) + (size_t)image * a.outputHeight * a.outputWidth * a.channels;
    __global const int* indices = AT(index, a.index) + (size_t)image * a.outputHeight * a.outputWidth * a.channels;
    if (SIDE_BY_SIDE(a)) {
      __global float* out = AT(dx, a.x) + (size_t)line * a.inputWidth * a.channels;
      FOR_WINDOWS_SIDE_BY_SIDE(&a, lastY, out, rests)
        const int at = (lastY * a.outputWidth + window) * a.channels, number = tapY * a.kernelWidth + tap;
        if (count == 2) storeChosen(dys + at, indices + at, number, 2, a.channels, to, rest, streams);
        else storeChosen(dys + at, indices + at, number, count, a.channels, to, rest, streams);
      }
      continue;
    }
    // Which windows reach a pixel is found once for all its channels.
    if (AT_MOST_TWO(a)) {
      Reached lines = reachedFrom(py, a.paddingTop, a.strideHeight), pixels = reachedFrom(0, a.paddingLeft, a.strideWidth);
      findWindows(&lines, a.kernelHeight, a.strideHeight, a.outputHeight);
      FOR_PIXELS(a.inputWidth)
        int at[4], taps[4], count = 0;
        findWindows(&pixels, a.kernelWidth, a.strideWidth, a.outputWidth);
        for (int ky = 0; ky < lines.count; ky++)
          for (int kx = 0; kx < pixels.count; kx++) {
            at[count] = (lines.windows[ky] * a.outputWidth + pixels.windows[kx]) * a.channels;
            taps[count++] = lines.taps[ky] * a.kernelWidth + pixels.taps[kx];
          }
        nextPixel(&pixels, a.strideWidth);
        __global float* out = AT(dx, a.x) + pixel * a.channels;
        if (count == 1) {
          addWindows(dys, indices, at, taps, 1, a.channels, out, rest, streams);
        } else if (count == 2) {
          addWindows(dys, indices, at, taps, 2, a.channels, out, rest, streams);
        } else if (count == 4) {
          addWindows(dys, indices, at, taps, 4, a.channels, out, rest, streams);
        } else {   // none: there are 0, 1 or 2 along either dimension
          addWindows(dys, indices, at, taps, 0, a.channels, out, rest, streams);
        }
      }
      continue;
    }
    FOR_PIXELS(a.inputWidth)
      const int placeX = px + a.paddingLeft, lastX = placeX / a.strideWidth, tapX = placeX - lastX * a.strideWidth;
      FOR_CHANNELS {
        floatv sum = splatv(0.0f);
#define ADD_WINDOW(oy, ox, ky, kx)                                                                              \
  {                                                                                                             \
    const int at = ((oy) * a.outputWidth + (ox)) * a.channels + c;                                              \
    const intv here = loadIndices(indices + at) == (intv)((ky) * a.kernelWidth + (kx));                         \
    sum += choosev(splatv(0.0f), loadv(dys + at), here);                                                        \
  }
        if (a.dilationHeight == 1 && a.dilationWidth == 1) {
          for (int ky = tapY, oy = lastY; ky < a.kernelHeight && oy >= 0; ky += a.strideHeight, oy--)
            for (int kx = tapX, ox = lastX; kx < a.kernelWidth && ox >= 0; kx += a.strideWidth, ox--)
              if (oy < a.outputHeight && ox < a.outputWidth) ADD_WINDOW(oy, ox, ky, kx)
        } else {
          for (int ky = 0; ky < a.kernelHeight; ky++) {
            const int reachY = placeY - ky * a.dilationHeight, oy = reachY / a.strideHeight;
            if (reachY < 0 || oy * a.strideHeight != reachY || oy >= a.outputHeight) continue;
            for (int kx = 0; kx < a.kernelWidth; kx++) {
              const int reachX = placeX - kx * a.dilationWidth, ox = reachX / a.strideWidth;
              if (reachX >= 0 && ox * a.strideWidth == reachX && ox < a.outputWidth) ADD_WINDOW(oy, ox, ky, kx)
            }
          }
        }
        streamv(sum, AT(dx, a.x) + pixel * a.channels + c, rest - c, streams);
      }
#undef ADD_WINDOW
  END_LINES
#endif
}
REGISTER(max_pool_gradient, PoolParameters, 3)

// What each window has at the tap that `index` names; 0 where it names none. Windows' gradients gathered again: of max_pool_gradient.
__kernel void max_pool_select(__global const float* restrict x, __global const int* restrict index, __global float* restrict y,
                              const PoolParameters a ITEM) {
  const int step = a.dilationWidth * a.channels;
  const long lineStep = (long)a.dilationHeight * a.inputWidth * a.channels;
  const int streams = STREAMS(a.batch * a.outputHeight * a.outputWidth * a.channels, a.channels % 16 == 0);
  (void)streams;
  FOR_LINES(a.outputHeight, a.outputWidth)
    const int top = py * a.strideHeight - a.paddingTop;
    const int firstY = firstTap(top, a.dilationHeight), endY = endTap(top, a.dilationHeight, a.kernelHeight, a.inputHeight);
    FOR_PIXELS(a.outputWidth)
      const int left = px * a.strideWidth - a.paddingLeft;
      const int firstX = firstTap(left, a.dilationWidth), endX = endTap(left, a.dilationWidth, a.kernelWidth, a.inputWidth);
      const int row = (image * a.inputHeight + top + firstY * a.dilationHeight) * a.inputWidth + left + firstX * a.dilationWidth;
      __global const float* source = AT(x, a.x) + (long)row * a.channels;
      FOR_CHANNELS {
        const intv chosen = loadIndices(AT(index, a.index) + pixel * a.channels + c);
        floatv found = splatv(0.0f);
        __global const float* first = source + c;
        for (int ky = firstY; ky < endY; ky++, first += lineStep) {
          __global const float* from = first;
          for (int kx = firstX; kx < endX; kx++, from += step) {
            const intv here = chosen == (intv)(ky * a.kernelWidth + kx);
            found = choosev(found, loadv(from), here);
          }
        }
        streamv(found, AT(y, a.y) + pixel * a.channels + c, rest - c, streams);
      }
  END_LINES
}
REGISTER(max_pool_select, PoolParameters, 3)

__kernel void average_pool(__global const float* restrict x, __global float* restrict y, const PoolParameters a ITEM) {
#if LANES == 1
  const float common = poolShare(&a);
  FOR_POOLED(a.outputHeight, a.outputWidth)
    __global float* out = AT(y, a.y) + at;
    if (together == 4) *(__global float4*)out = averagePool_4(AT(x, a.x) + c, &a, common, image, py, px);
    else *out = averagePool_1(AT(x, a.x) + c, &a, common, image, py, px);
  }
#else
  const float common = poolShare(&a);
  const int streams = STREAMS(a.batch * a.outputHeight * a.outputWidth * a.channels, a.channels % 16 == 0);
  (void)streams;
  FOR_LINES(a.outputHeight, a.outputWidth)
    const int top = py * a.strideHeight - a.paddingTop, extentY = poolExtentY(&a, py);
    const int firstY = top < 0 ? 0 : top, endY = top + a.kernelHeight < a.inputHeight ? top + a.kernelHeight : a.inputHeight;
    FOR_PIXELS(a.outputWidth)
      const int left = px * a.strideWidth - a.paddingLeft;
      const int firstX = left < 0 ? 0 : left, endX = left + a.kernelWidth < a.inputWidth ? left + a.kernelWidth : a.inputWidth;
      const float share = common != 0.0f ? common : 1.0f / (float)(extentY * poolExtentX(&a, px));
      FOR_CHANNELS {
        floatv sum = splatv(0.0f);
        for (int iy = firstY; iy < endY; iy++) {
          __global const float* source = AT(x, a.x) + (size_t)(image * a.inputHeight + iy) * a.inputWidth * a.channels + c;
          for (int ix = firstX; ix < endX; ix++) sum += loadv(source + ix * a.channels);
        }
        streamv(sum * share, AT(y, a.y) + pixel * a.channels + c, rest - c, streams);
      }
  END_LINES
#endif
}
REGISTER(average_pool, PoolParameters, 2)

#if LANES != 1
// Of `count` pixels of a window (2, known when this is compiled, or any number) the same, over all their channels.
INLINE void storeShare(__global const float* from, const float share, const int count, const int channels, __global float* out, const int rest,
                       const int streams) {
  if (channels % 16 != 0) {   // in order, since whole vectors may stick out
    for (int p = 0; p < count; p++)
      for (int c = 0; c < channels; c += 16)
        streamv(FMA(loadv(from + c), splatv(share), splatv(0.0f)), out + p * channels + c, rest - p * channels - c, streams);
    return;
  }
  for (int c = 0; c < channels; c += 16) {
    const floatv v = FMA(loadv(from + c), splatv(share), splatv(0.0f));
    for (int p = 0; p < count; p++) streamv(v, out + p * channels + c, 16, streams);
  }
}

// What `count` windows hand to a pixel, over all its channels, in the order of ky and kx.
INLINE void addShares(__global const float* dys, const int* at, const float* shares, const int count, const int channels,
                      __global float* out, const int rest, const int streams) {
  for (int c = 0; c < channels; c += 16) {
    floatv sum = splatv(0.0f);
    UNROLL for (int k = 0; k < count; k++) sum = FMA(loadv(dys + at[k] + c), splatv(shares[k]), sum);
    streamv(sum, out + c, rest - c, streams);
  }
}
#endif

__kernel void average_pool_gradient(__global const float* restrict dy, __global float* restrict dx, const PoolParameters a ITEM) {
#if LANES == 1
  const float common = poolShare(&a);
  FOR_POOLED(a.inputHeight, a.inputWidth)
    __global float* out = AT(dx, a.x) + at;
    if (together == 4) *(__global float4*)out = averagePoolGradient_4(AT(dy, a.y) + window, &a, common, py, px);
    else *out = averagePoolGradient_1(AT(dy, a.y) + window, &a, common, py, px);
  }
#else
  const float common = poolShare(&a);
  const int streams = STREAMS(a.batch * a.inputHeight * a.inputWidth * a.channels, a.channels % 16 == 0);
  (void)streams;
  FOR_LINES(a.inputHeight, a.inputWidth)
    const int placeY = py + a.paddingTop, lastY = placeY / a.strideHeight, tapY = placeY - lastY * a.strideHeight;
    __global const float* dys = AT(dy, a.y) + (size_t)image * a.outputHeight * a.outputWidth * a.channels;
    if (SIDE_BY_SIDE(a)) {
      __global float* out = AT(dx, a.x) + (size_t)line * a.inputWidth * a.channels;
      FOR_WINDOWS_SIDE_BY_SIDE(&a, lastY, out, rests)
        __global const float* from = dys + (lastY * a.outputWidth + window) * a.channels;
        const float share = common != 0.0f ? common : 1.0f / (float)(poolExtentY(&a, lastY) * poolExtentX(&a, window));
        if (count == 2) storeShare(from, share, 2, a.channels, to, rest, streams);
        else storeShare(from, share, count, a.channels, to, rest, streams);
      }
      continue;
    }
    if (AT_MOST_TWO(a)) {
      Reached lines = reachedFrom(py, a.paddingTop, a.strideHeight), pixels = reachedFrom(0, a.paddingLeft, a.strideWidth);
      findWindows(&lines, a.kernelHeight, a.strideHeight, a.outputHeight);
      FOR_PIXELS(a.inputWidth)
        int at[4], count = 0;
        float shares[4];
        findWindows(&pixels, a.kernelWidth, a.strideWidth, a.outputWidth);
        for (int ky = 0; ky < lines.count; ky++)
          for (int kx = 0; kx < pixels.count; kx++) {
            const int oy = lines.windows[ky], ox = pixels.windows[kx];
            shares[count] = common != 0.0f ? common : 1.0f / (float)(poolExtentY(&a, oy) * poolExtentX(&a, ox));
            at[count++] = (oy * a.outputWidth + ox) * a.channels;
          }
        nextPixel(&pixels, a.strideWidth);
        __global float* out = AT(dx, a.x) + pixel * a.channels;
        if (count == 1) {
          addShares(dys, at, shares, 1, a.channels, out, rest, streams);
        } else if (count == 2) {
          addShares(dys, at, shares, 2, a.channels, out, rest, streams);
        } else if (count == 4) {
          addShares(dys, at, shares, 4, a.channels, out, rest, streams);
        } else {
          addShares(dys, at, shares, 0, a.channels, out, rest, streams);
        }
      }
      continue;
    }
    FOR_PIXELS(a.inputWidth)
      const int placeX = px + a.paddingLeft, lastX = placeX / a.strideWidth, tapX = placeX - lastX * a.strideWidth;
      FOR_CHANNELS {
        floatv sum = splatv(0.0f);
        for (int ky = tapY, oy = lastY; ky < a.kernelHeight && oy >= 0; ky += a.strideHeight, oy--)
          for (int kx = tapX, ox = lastX; kx < a.kernelWidth && ox >= 0; kx += a.strideWidth, ox--) {
            if (oy >= a.outputHeight || ox >= a.outputWidth) continue;
            const float share = common != 0.0f ? common : 1.0f / (float)(poolExtentY(&a, oy) * poolExtentX(&a, ox));
            sum = FMA(loadv(dys + (oy * a.outputWidth + ox) * a.channels + c), splatv(share), sum);
          }
        streamv(sum, AT(dx, a.x) + pixel * a.channels + c, rest - c, streams);
      }
  END_LINES
#endif
}
REGISTER(average_pool_gradient, PoolParameters, 2)
