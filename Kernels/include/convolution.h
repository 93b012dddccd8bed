// What the convolution kernels are told, and how large their index spaces and scratch slices are.
// Activations are [batch, height, width, channels], weights [outputChannels, kernelHeight, kernelWidth, inputChannels / groups].
// Offsets are in units of 16 floats. tileRows and tileColumns are TILE_ROWS and TILE_COLUMNS of the library at hand; `workers` is the
// number of threads (on a GPU: compute units times a few hundred). No result depends on `workers`.
//
// Which kernel (as measured with AVX-512, in parts of the processor's multiply-add peak): convolution and its gradients reach 85 to 100 %
// from 32 channels on. With up to 4 input channels (a network's first layer) make patches once and use them twice: a 1x1 `convolution`
// of kernelHeight * kernelWidth * inputChannels channels, whose weights are the same floats, costs no more than the direct one; the
// weight gradient as a `matmul`, dy transposed times patches (rows: output channels, columns: taps * channels, inner: pixels, split by
// matmul_splits), costs a quarter of the direct one. Depthwise convolutions have kernels of their own; other groups use the general
// ones, which like 16 or more channels per group.
#ifndef GLISSADE_CONVOLUTION_H
#define GLISSADE_CONVOLUTION_H

#ifndef __OPENCL_VERSION__
#include "epilogue.h"
#endif

/// A convolution's geometry: always that of the forward convolution y = x * w, whichever of the three is computed.
///   y[n, oy, ox, o] = sum over ky, kx, i of x[n, oy strideHeight + ky dilationHeight - paddingTop, ox ..., group's i] w[o, ky, kx, i]
/// Padding at the bottom and on the right follows from the output's size.
typedef struct {
  int batch;
  int inputHeight, inputWidth, inputChannels;      // all channels, of every group
  int outputHeight, outputWidth, outputChannels;   // all channels, of every group
  int kernelHeight, kernelWidth;
  int strideHeight, strideWidth;
  int paddingTop, paddingLeft;
  int dilationHeight, dilationWidth;
  int groups;                                      // divides both channel counts
} ConvolutionShape;

/// convolution_pack(w, packed): weights into panels, for `convolution`
///   [groups][ceil(O / TILE_COLUMNS)][kernelHeight * kernelWidth * I][TILE_COLUMNS], O and I being output and input channels per group,
/// and for `convolution_input_gradient` (inputGradient = 1)
///   [groups][ceil(I / TILE_COLUMNS)][kernelHeight * kernelWidth * O][TILE_COLUMNS]; the last panel is filled up with zeros.
///   packed: convolution_pack_floats. Global size: convolution_panels x (kernelHeight * kernelWidth) x groups.
typedef struct {
  int w, packed;
  ConvolutionShape shape;
  int inputGradient;
} ConvolutionPackParameters;

/// convolution(x, packed, y, zeros, scale, bias, residual, mask): y = epilogue(x * w).
/// convolution_input_gradient(dy, packed, dx, zeros, scale, bias, residual, mask): dx = epilogue(the gradient of x); its weights are packed
///   with inputGradient = 1, and the epilogue's columns and rows are dx's.
///   `zeros` is a slice of at least convolution_zero_floats zeros, which stands for the pixels outside the image.
///   Global size: convolution_panel_items x convolution_items x convolution_planes.
typedef struct {
  int source, packed, destination, zeros;   // source: x (dy), destination: y (dx)
  ConvolutionShape shape;
  int tilesPerItem;                         // tiles of TILE_ROWS pixels that one work-item computes: convolution_tiles_per_item
  int panelsPerItem;                        // panels of channels that it computes of each: convolution_panels_per_item
  Epilogue epilogue;
} ConvolutionParameters;

/// convolution_weight_gradient(x, dy, panels, dw, db): dw in the weights' own layout and, if hasBias, db[o] = the sum of dy over all pixels.
///   The batch * outputHeight rows of dy are shared out among `splits`. With splits = 1 dw and db are the results themselves; otherwise
///   they are scratch slices of splits * (floats of w) and splits * outputChannels, and convolution_merge follows, once for each.
///   With isPacked, `panels` holds dy in panels of TILE_ROWS channels, as pack_panels makes them of [pixels, channels].
///   Global size: (convolution_weight_items * outputParts) x splits x groups.
/// depthwise_weight_gradient(x, dy, dw, db): the same where groups = inputChannels = outputChannels; a unit is TILE_COLUMNS channels
///   (depthwise_units_per_item), and rowsPerBlock is ignored. Its dw is always a scratch slice, [splits][taps][channels], and
///   depthwise_merge follows, even with splits = 1; db as above; panels are ignored. Global size: depthwise_items x splits x 1; on a GPU
///   any x 1 x 1.
typedef struct {
  int x, dy, panels, dw, db;
  ConvolutionShape shape;
  int hasBias;
  int isPacked;        // convolution_packs_gradient
  int splits;          // how many share out the rows of dy: as many as keep all work-items busy
  int unitsPerItem;    // a unit: one tap, TILE_COLUMNS input channels and a part of the output channels: convolution_weight_units_per_item
  int rowsPerBlock;    // rows of dy to finish before the next ones, so that they stay in cache: convolution_weight_block
  int outputParts;     // parts of a group's output channels, a multiple of TILE_ROWS each, for items of their own; ignored by depthwise ones
} ConvolutionWeightGradientParameters;

/// convolution_merge(partials, sum): sum[i] = partials[i] + partials[count + i] + ..., `splits` of them, in order.
///   Global size: any x 1 x 1.
/// depthwise_merge(partials, dw): the same, and from [taps][channels] to [channels][taps]; count = taps * channels.
typedef struct {
  int partials, sum;
  int count, splits;
  int channels;        // depthwise_merge only
} ConvolutionMergeParameters;

/// convolution_patches(x, patches): patches[n, oy, ox][ky, kx, i] = x's value under the tap, 0 outside the image; groups must be 1. A row
///   times the weights (as [outputChannels, kernelHeight * kernelWidth * inputChannels]) is the output pixel, so that a convolution of few
///   input channels becomes a 1x1 convolution of many.
///   Floats: batch * outputHeight * outputWidth * taps * inputChannels. Global size: any x 1 x 1.
typedef struct {
  int x, patches;
  ConvolutionShape shape;
} ConvolutionPatchesParameters;

/// Channels of dy that an item of convolution_patches_weight_gradient takes.
static inline long convolution_patch_columns(long tileColumns) { return tileColumns < 32 ? 16 : 32; }

/// convolution_patches_weight_gradient(patches, dy, partials), on CPUs: what parts of the pixels give to the weights, patches and dy read
///   once. partials[split][k][o] for k < depth = taps * inputChannels and, if hasBias, dy's own sums in row k = depth. A row has `width`
///   floats: whole vectors of output channels. convolution_patches_merge follows. Floats: splits * (depth + 1) * width.
///   Global size: outputChannels / convolution_patch_columns x splits x 1.
typedef struct {
  int patches, dy, partials;
  int pixels, depth, channels, width;
  int splits, hasBias;
} ConvolutionPatchesWeightGradientParameters;

/// convolution_patches_merge(partials, dw, db): dw[o][k] = partials[0][k][o] + partials[1][k][o] + ..., in order; the same for db[o], if
///   hasBias. Global size: any x 1 x 1.
typedef struct {
  int partials, dw, db;
  int depth, channels, width;
  int splits, hasBias;
} ConvolutionPatchesMergeParameters;

/// Depthwise convolutions, in depthwise.cl: groups = inputChannels = outputChannels. (Other multipliers: the general kernels.)
/// depthwise_pack(w, packed): weights [channels][taps] to [taps][channels]. Global size: any x 1 x 1.
/// depthwise(x, packed, y, zeros, scale, bias, residual, mask), depthwise_input_gradient(dy, packed, dx, zeros, scale, bias, residual,
///   mask): as convolution and convolution_input_gradient, with ConvolutionParameters; both use the same packed weights, and tilesPerItem
///   and panelsPerItem are ignored. Global size: any x 1 x convolution_phases.
/// depthwise_pack takes ConvolutionPackParameters, whose inputGradient it ignores.

/// Channels that depthwise kernels take at a time.
#define DEPTHWISE_COLUMNS(tileColumns) ((tileColumns) < 32 ? (tileColumns) : 32)
#define DEPTHWISE_BLOCK DEPTHWISE_COLUMNS(TILE_COLUMNS)
#define DEPTHWISE_VECTORS (DEPTHWISE_BLOCK / 16)

#ifndef __OPENCL_VERSION__
static inline long convolution_ceiling(long a, long b) { return (a + b - 1) / b; }
static inline long convolution_taps(ConvolutionShape s) { return (long)s.kernelHeight * s.kernelWidth; }
/// Panels of destination channels, per group: dimension 0 of convolution, convolution_input_gradient and convolution_pack.
static inline long convolution_panels(ConvolutionShape s, int inputGradient, long tileColumns) {
  return convolution_ceiling((inputGradient ? s.inputChannels : s.outputChannels) / s.groups, tileColumns);
}
static inline long convolution_pack_floats(ConvolutionShape s, int inputGradient, long tileColumns) {
  const long source = (inputGradient ? s.outputChannels : s.inputChannels) / s.groups;
  return s.groups * convolution_panels(s, inputGradient, tileColumns) * convolution_taps(s) * source * tileColumns;
}
/// An input gradient is computed by phases: pixels of equal (y mod strideHeight, x mod strideWidth), which the same taps reach.
static inline long convolution_phases(ConvolutionShape s, int inputGradient) {
  return inputGradient ? (long)s.strideHeight * s.strideWidth : 1;
}
static inline long convolution_planes(ConvolutionShape s, int inputGradient) { return s.groups * convolution_phases(s, inputGradient); }
/// Destination pixels of the largest phase.
static inline long convolution_pixels(ConvolutionShape s, int inputGradient) {
  if (!inputGradient) return (long)s.batch * s.outputHeight * s.outputWidth;
  return s.batch * convolution_ceiling(s.inputHeight, s.strideHeight) * convolution_ceiling(s.inputWidth, s.strideWidth);
}
/// All panels where their weights fit a cache of 512 KiB (the pixels are then read and written once), otherwise 1.
static inline long convolution_panels_per_item(ConvolutionShape s, int inputGradient, long tileColumns) {
  const long floats = convolution_pack_floats(s, inputGradient, tileColumns) / s.groups;
  return floats <= 128 * 1024 ? convolution_panels(s, inputGradient, tileColumns) : 1;
}
static inline long convolution_panel_items(ConvolutionShape s, int inputGradient, long tileColumns, long panelsPerItem) {
  return convolution_ceiling(convolution_panels(s, inputGradient, tileColumns), panelsPerItem);
}
static inline long convolution_items(ConvolutionShape s, int inputGradient, long tileRows, long tilesPerItem) {
  return convolution_ceiling(convolution_pixels(s, inputGradient), tileRows * tilesPerItem);
}
/// About 128 pixels, fewer where items would be too few.
static inline long convolution_tiles_per_item(ConvolutionShape s, int inputGradient, long tileRows, long tileColumns, long panelsPerItem,
                                              long workers) {
  const long others = convolution_panel_items(s, inputGradient, tileColumns, panelsPerItem) * convolution_planes(s, inputGradient);
  long tiles = 128 / tileRows;
  while (tiles > 1 && others * convolution_items(s, inputGradient, tileRows, tiles) < 4 * workers) tiles /= 2;
  return tiles;
}

static inline long convolution_weight_floats(ConvolutionShape s) {
  return s.outputChannels * convolution_taps(s) * (s.inputChannels / s.groups);
}
/// Parts of the pixels that keep many cores busy without more scratch than half a reading of x and dy. Depends on the shape only.
static inline long convolution_weight_splits(ConvolutionShape s) {
  const long pixels = (long)s.batch * s.outputHeight * s.outputWidth;
  const long read = (long)s.batch * s.inputHeight * s.inputWidth * s.inputChannels + pixels * s.outputChannels;
  long splits = read / (4 * convolution_weight_floats(s));
  if (splits > pixels / 1024) splits = pixels / 1024;
  return splits > 16 ? 16 : splits < 1 ? 1 : splits;
}
static inline long convolution_weight_units(ConvolutionShape s, long tileColumns) {
  return convolution_ceiling(s.inputChannels / s.groups, tileColumns) * convolution_taps(s);
}
static inline long convolution_weight_items(ConvolutionShape s, long tileColumns, long unitsPerItem) {
  return convolution_ceiling(convolution_weight_units(s, tileColumns), unitsPerItem);
}
static inline long convolution_weight_units_per_item(ConvolutionShape s, long tileColumns, long splits, long workers) {
  long units = convolution_weight_units(s, tileColumns);
  while (units > 1 && convolution_weight_items(s, tileColumns, units) * splits * s.groups < 4 * workers) units = (units + 1) / 2;
  return units;
}
/// Whether to pack dy, on CPUs: a tile's channels of one pixel after the other, read as they lie, fall on few places of a cache. Units after
/// the first few pay for the packing.
static inline int convolution_packs_gradient(ConvolutionShape s, long tileColumns) {
  return s.groups == 1 && s.outputChannels >= 32 && convolution_weight_units(s, tileColumns) >= 4;
}
/// Rows of dy with about 512 pixels.
static inline long convolution_weight_block(ConvolutionShape s) { return s.outputWidth < 512 ? 512 / s.outputWidth : 1; }
static inline long depthwise_items(ConvolutionShape s, long tileColumns, long unitsPerItem) {
  return convolution_ceiling(convolution_ceiling(s.inputChannels, DEPTHWISE_COLUMNS(tileColumns)), unitsPerItem);
}
/// All channels of a line one after another, fewer where items would be too few.
static inline long depthwise_units_per_item(ConvolutionShape s, long tileColumns, long splits, long workers) {
  long units = convolution_ceiling(s.inputChannels, DEPTHWISE_COLUMNS(tileColumns));
  while (units > 1 && depthwise_items(s, tileColumns, units) * splits < 4 * workers) units = (units + 1) / 2;
  return units;
}

static inline long convolution_zero_floats(ConvolutionShape s) {
  const long most = s.inputChannels > s.outputChannels ? s.inputChannels : s.outputChannels;
  return s.kernelWidth * most + 32;
}
#endif
#endif
