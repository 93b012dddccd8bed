// What the convolutions with tiles in local memory are told. Offsets are in units of 16 floats; layouts and ConvolutionShape are those of
// convolution.h. Weights are read as they are stored, without packing.
#ifndef GLISSADE_CONVOLUTION_LOCAL_H
#define GLISSADE_CONVOLUTION_LOCAL_H

#ifndef __OPENCL_VERSION__
#include "convolution.h"
#endif

/// convolution_local(x, w, y, scale, bias, residual, mask): y = epilogue(x * w).
///   As a product: rows are output pixels, columns the group's output channels, inner positions its taps and input channels.
/// convolution_input_gradient_local(dy, w, dx, scale, bias, residual, mask): dx = epilogue(the gradient of x).
///   Rows are the input pixels of a phase (convolution_phases), columns the group's input channels, inner positions those taps that
///   reach the phase, and output channels.
///   Work-groups: (ceil(rows / LOCAL_ROWS) * ceil(columns / LOCAL_COLUMNS)) x (convolution_planes * splits), of GROUP_ITEMS x 1 items; rows
///   are convolution_pixels.
///   With splits > 1 the inner positions are cut, the destination is a scratch slice of splits * (floats of y, or dx), the epilogue is left
///   out, and matmul_merge must follow.
typedef struct {
  int source, w, destination;   // source: x (dy), destination: y (dx)
  ConvolutionShape shape;
  int splits;                   // parts of the inner dimension, 1 for none
  Epilogue epilogue;
} LocalConvolutionParameters;

/// convolution_weight_gradient_local(x, dy, dw, db): dw in the weights' own layout and, if hasBias, db[o] = the sum of dy over all pixels.
///   Rows are the group's output channels, columns taps and the group's input channels, inner positions output pixels.
///   Work-groups: (ceil(rows / LOCAL_ROWS) * ceil(columns / LOCAL_COLUMNS)) x (groups * splits), of GROUP_ITEMS x 1 items.
///   With splits > 1 the pixels are cut, dw and db are scratch slices of splits * (floats of w) and splits * outputChannels, and
///   convolution_merge follows, once for each.
typedef struct {
  int x, dy, dw, db;
  ConvolutionShape shape;
  int hasBias;
  int splits;
} LocalWeightGradientParameters;

#endif
