// What the adaptive pooling kernels are told: NHWC, offsets in units of 16 floats.
#ifndef GLISSADE_ADAPTIVE_POOLING_H
#define GLISSADE_ADAPTIVE_POOLING_H

/// adaptive_average_pool(x, y): each cell of a grid over the image is the mean of its pixels. Cell i of n over s pixels spans
/// floor(i s / n) ..< ceil((i + 1) s / n). adaptive_average_pool_gradient(dy, dx).
/// x and dx: [batch, height, width, channels]; y and dy: [batch, gridHeight, gridWidth, channels].
typedef struct {
  int from, to;
  int batch, height, width, gridHeight, gridWidth, channels;
} AdaptivePoolParameters;
#endif
