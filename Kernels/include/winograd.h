// 3x3 convolutions of stride 1 by Winograd's minimal filtering F(4x4, 3x3): what the kernels are told, and how large things are.
//
// A tile of 4x4 outputs takes 36 multiplications per pair of channels instead of 144: y = A^T [ (G w G^T) * (B^T x B) ] A, `*` being
// elementwise over 6x6 positions and summed over channels (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016,
// with points 0, +-sqrt(1/2), +-sqrt(2), infinity). So each position is a matrix product of its own. Rounding errors are larger than a
// direct convolution's: about 3e-6 of the largest output in the tile, up to 1e-5 of the largest weight gradient, for uniform numbers and 64
// to 512 channels; the points keep them that small. They are in proportion to the largest of the 36 numbers that a tile takes, which not all
// of its outputs see: one that is 1000 times the others costs its neighbours three digits, and an infinity or NaN makes all 16 outputs NaN.
// The input gradient is the same convolution of dy with flipped, transposed weights. The weight gradient is
// G^T [ (B^T x B) * (A dy A^T) ] G, summed over tiles.
//
// Both channel counts are multiples of 16. Offsets are in units of 16 floats.
#ifndef GLISSADE_WINOGRAD_H
#define GLISSADE_WINOGRAD_H

#ifndef __OPENCL_VERSION__
#include "epilogue.h"
#endif

#define WINOGRAD_POSITIONS 36
/// From position to position of `floats` numbers (a multiple of 16): an odd number of cache lines. A transform writes to all 36 positions in
/// turn, and at distances that are powers of two they would be in each other's way in every cache.
#define WINOGRAD_STEP(floats) ((((floats) / 16) | 1) * 16)
/// Destination channels of a weight gradient that lie side by side for all tiles: a multiple of 16 and of every TILE_ROWS.
#define WINOGRAD_CHANNELS 48

/// Geometry: destination[n, y, x] takes source[n, y - top + ky, x - left + kx].
typedef struct {
  int batch;
  int sourceHeight, sourceWidth, sourceChannels;
  int height, width, channels;   // of the destination
  int top, left;                 // padding
  int tilesHigh, tilesWide;      // 4x4 tiles that cover the destination
} WinogradShape;

/// winograd_weights(packed, transformed): G w G^T of packed weights (convolution_pack's panels of 9 taps).
///   transformed: [36][panels][sourceChannels][TILE_COLUMNS]; flips = 1 turns the taps round, for an input gradient.
///   Global size: panels x any x 1.
typedef struct {
  int packed, transformed;
  int panels, sourceChannels;
  int flips;
} WinogradWeightsParameters;

/// winograd(source, transformed, destination, zeros, scratch, scale, bias, residual, mask): destination = epilogue(the convolution).
///   A work-item owns a share of the blocks of `tilesPerBlock` tiles, a multiple of TILE_ROWS, and winograd_scratch_floats of scratch.
///   `zeros` holds at least sourceChannels zeros. Global size: any x 1 x 1.
typedef struct {
  int source, transformed, destination, zeros, scratch;
  WinogradShape shape;
  int tilesPerBlock, panels;
  int scratchPerItem;            // in units of 16 floats
  Epilogue epilogue;
} WinogradParameters;

/// winograd_source(x, transformed, zeros): B^T x B of every tile, by blocks of TILE_COLUMNS channels:
///   [36][sourceChannels / TILE_COLUMNS][tiles][TILE_COLUMNS], the last block being as narrow as what is left.
/// winograd_destination(dy, transformed): A dy A^T of every tile, by blocks of WINOGRAD_CHANNELS; `zeros` is not used.
///   Positions are WINOGRAD_STEP(tiles * channels) apart. Global size: any x 1 x 1.
typedef struct {
  int from, transformed, zeros;
  WinogradShape shape;
} WinogradTransformParameters;

/// winograd_weight_products(destinations, sources, sums): sums[36][channels][sourceChannels], at each position the sum over tiles of
///   destination times source. Tiles are taken `tilesPerBlock` at a time, so that a block of both stays in the first-level cache. Positions of sums are WINOGRAD_STEP(channels * sourceChannels) apart.
///   Global size: 36 x (blocks of channelsPerItem channels, a multiple of WINOGRAD_CHANNELS) x 1.
/// winograd_weight_finish(sums, dw): dw[channels][3][3][sourceChannels] = G^T sums G. Global size: any x 1 x 1.
typedef struct {
  int destinations, sources, sums, dw;
  int tiles, channels, sourceChannels;
  int tilesPerBlock, channelsPerItem;
} WinogradWeightGradientParameters;

#ifndef __OPENCL_VERSION__
static inline long winograd_step(long floats) { return WINOGRAD_STEP(floats); }
static inline long winograd_tiles(WinogradShape s) { return (long)s.batch * s.tilesHigh * s.tilesWide; }
static inline long winograd_panels(long channels, long tileColumns) { return (channels + tileColumns - 1) / tileColumns; }
/// 24 tiles, or 64 where there are so many channels that the weights do not stay in a core's cache; fewer where blocks would be too few.
static inline long winograd_tiles_per_block(WinogradShape s, long tileRows, long workers) {
  long tiles = s.channels + s.sourceChannels > 256 ? 64 : 24;
  while (tiles > 16 && winograd_tiles(s) < tiles * 2 * workers) tiles /= 2;
  return (tiles + tileRows - 1) / tileRows * tileRows;
}
static inline long winograd_blocks(WinogradShape s, long tilesPerBlock) { return (winograd_tiles(s) + tilesPerBlock - 1) / tilesPerBlock; }
/// Both sides of a block's products: a multiple of 16.
static inline long winograd_scratch_floats(WinogradShape s, long tilesPerBlock, long tileColumns) {
  return WINOGRAD_POSITIONS * (WINOGRAD_STEP(tilesPerBlock * s.sourceChannels) +
                               WINOGRAD_STEP(tilesPerBlock * winograd_panels(s.channels, tileColumns) * tileColumns));
}
/// So few that a panel of 32 channels takes a quarter of a first-level cache.
static inline long winograd_weight_tiles_per_block(void) { return 64; }
#endif
#endif
