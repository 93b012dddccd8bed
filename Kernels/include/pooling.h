// What the pooling kernels are told: NHWC, offsets in units of 16 floats.
#ifndef GLISSADE_POOLING_H
#define GLISSADE_POOLING_H

/// max_pool(x, y, index): y = the window's maximum, index (int32) = ky * kernelWidth + kx of the first one; padding never counts.
/// max_pool_gradient(dy, index, dx). max_pool_select(x, index, y): y = what x has at each window's tap `index`, 0 where that is none.
/// average_pool(x, y). average_pool_gradient(dy, dx).
/// x and dx: [batch, inputHeight, inputWidth, channels]; y, dy and index: [batch, outputHeight, outputWidth, channels].
typedef struct {
  int x, y, index;   // of x or dx; of y or dy; of the indices (max pooling only)
  int batch, inputHeight, inputWidth, channels, outputHeight, outputWidth;
  int kernelHeight, kernelWidth, strideHeight, strideWidth, paddingTop, paddingLeft;
  int dilationHeight, dilationWidth;   // max pooling only; 1 otherwise
  int paddingBottom, paddingRight;     // average pooling with countIncludesPadding only
  int countIncludesPadding;            // average pooling: 1 divides by the window within the padded image, 0 by the pixels within x
} PoolParameters;
#endif
