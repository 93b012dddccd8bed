// What the matrix kernels are told, and how large their index spaces and scratch slices are.
// Offsets are in units of 16 floats; strides count floats. tileRows and tileColumns are TILE_ROWS and TILE_COLUMNS of the library at hand;
// `workers` is the number of threads (on a GPU: compute units times a few hundred). No result depends on `workers`.
//
// Which kernel, for c = a b (docs/benchmarks.md has what each reaches):
//   B stored [inner, columns] (a dense layer's input gradient): matmul as they lie. From some size on packing B repays itself:
//     matmul_packs_b.
//   A stored [inner, rows] (a dense layer's weight gradient): packed; as it lies it takes up to twice the time: matmul_packs_a.
//   B stored [columns, inner] (a dense layer's forward pass): matmul_inner, also with few rows; or pack_panels with transposed = 1 and
//     matmul: from 256 rows on (narrow tiles: 64), and where A is transposed too: matmul_packs_b.
//   Few rows and columns, long inner dimension: cut it: matmul_splits.
#ifndef GLISSADE_MATMUL_H
#define GLISSADE_MATMUL_H

#ifndef __OPENCL_VERSION__
#include "epilogue.h"
#endif

/// How an operand of `matmul` lies in memory.
enum {
  OPERAND_AS_STORED = 0,    // A: [rows, inner]; B: [inner, columns]
  OPERAND_TRANSPOSED = 1,   // A only: stored [inner, rows]. (For a B stored [columns, inner]: matmul_inner, or pack_panels.)
  OPERAND_PACKED = 2        // panels made by pack_panels, TILE_ROWS wide for A, TILE_COLUMNS wide for B
};

/// matmul(a, b, c, scale, bias, residual, mask): c[batch] = epilogue(a[batch] b[batch]), c [batch, rows, columns].
///   Global size: matmul_panels x matmul_row_items x (batch * splits).
///   With splits > 1 the inner dimension is cut: c is then a scratch slice of matmul_partial_floats floats, the epilogue is left out,
///   and matmul_merge must follow.
/// matmul_inner(a, b, c, scale, bias, residual, mask): the same for a B stored [columns, inner] (as a dense layer's weights are) and an A
///   as stored, without packing: both are read along the inner dimension. aLayout and bLayout are ignored.
///   Global size: matmul_inner_panels x matmul_inner_row_items x (batch * splits).
typedef struct {
  int a, b, c;
  int batch;
  int rows, columns, inner;   // M, N, K
  int aLayout, bLayout;       // OPERAND_...
  int aStride, bStride;       // floats from one entry of A (B) to the next; 0 shares one. For packed operands: pack_panels_floats
  int aRepeats, bRepeats;     // entry e of the batch takes entry e / repeats % entries of A (B)
  int aEntries, bEntries;
  int tilesPerItem;           // row tiles that one work-item computes, one after the other: matmul_tiles_per_item
  int splits;                 // parts of the inner dimension, 1 for none: matmul_splits
  Epilogue epilogue;
} MatmulParameters;

/// matmul_merge(partials, c, scale, bias, residual, mask): c = epilogue(the sum of the splits' partial products, in their order).
///   Global size: any x 1 x 1 (work is shared out by rows).
typedef struct {
  int partials, c;
  int rows, columns;   // rows of all batch entries together: batch * M
  int splits;
  Epilogue epilogue;
} MatmulMergeParameters;

/// pack_panels(source, packed): cuts [inner, columns] into panels: packed[batch][ceil(columns / width)][inner][width], the last panel
/// filled up with zeros. A is packed by passing its rows as `columns` and TILE_ROWS as `width`; it is then `transposed` when it lies
/// as [rows, inner].
///   Global size: pack_panels_count x pack_panels_blocks x batch.
typedef struct {
  int source, packed;
  int batch;
  int sourceStride;      // floats from one batch entry to the next
  int inner, columns;
  int width;             // TILE_COLUMNS for B, TILE_ROWS for A
  int transposed;        // 0: the source lies as [inner, columns]; 1: as [columns, inner]
} PackPanelsParameters;

#define PACK_BLOCK 64          // inner positions that one work-item packs
#define INNER_COLUMNS 16       // columns that one work-item of matmul_inner computes
#define MATMUL_MOST_ROWS 128   // rows that one work-item of matmul computes, at most

#ifndef __OPENCL_VERSION__
static inline long pack_panels_count(long columns, long width) { return (columns + width - 1) / width; }
static inline long pack_panels_blocks(long inner) { return (inner + PACK_BLOCK - 1) / PACK_BLOCK; }
/// Floats of one batch entry's panels.
static inline long pack_panels_floats(long inner, long columns, long width) {
  return pack_panels_count(columns, width) * inner * width;
}

static inline long matmul_panels(long columns, long tileColumns) { return (columns + tileColumns - 1) / tileColumns; }
static inline long matmul_row_items(long rows, long tileRows, long tilesPerItem) {
  return (rows + tileRows * tilesPerItem - 1) / (tileRows * tilesPerItem);
}
static inline long matmul_inner_row_items(long rows, long tileColumns, long tilesPerItem) {
  return matmul_row_items(rows, tileColumns >= 32 ? 4 : 2, tilesPerItem);   // matmul_inner's own tile
}
/// Whether to pack B. (If bTransposed and not: matmul_inner.)
static inline int matmul_packs_b(int aTransposed, int bTransposed, long rows, long columns, long inner, long tileColumns) {
  if (bTransposed) return aTransposed || rows >= (tileColumns < 32 ? 64 : 256);
  return rows >= 256 && columns >= 512 && inner >= 512;
}
/// Whether to pack A (`transposed` = 0 in PackPanelsParameters, A being stored [inner, rows]), on CPUs: its tiles' lines, read as they
/// lie, fall on few places of a cache.
static inline int matmul_packs_a(int aTransposed, long rows, long columns, long inner) {
  return aTransposed && rows >= 64 && columns >= 128 && inner >= 64;
}

/// Row tiles per work-item: about 128 rows, which keep A's share in cache while the panels go by; fewer where items would be too few; and
/// as many for each, since a driver may hand them out beforehand.
static inline long matmul_tiles_per_item(long items, long rows, long tileRows, long workers) {   // items: panels * batch * splits
  long tiles = MATMUL_MOST_ROWS / tileRows;
  while (tiles > 1 && items * matmul_row_items(rows, tileRows, tiles) < 4 * workers) tiles /= 2;
  const long shares = matmul_row_items(rows, tileRows, tiles);
  return matmul_row_items(rows, tileRows, shares);
}
/// Parts of the inner dimension that keep many cores busy: 1 unless the product has few tiles and is worth a second launch. Depends on
/// the shape only.
static inline long matmul_splits(long batch, long rows, long columns, long inner) {
  if (batch * rows * columns * inner < 4 * 1024 * 1024) return 1;
  const long tiles = batch * ((rows + 7) / 8) * ((columns + 31) / 32), wanted = (63 + tiles) / tiles, most = inner / 256;
  return wanted < most ? wanted : most > 1 ? most : 1;
}
static inline long matmul_inner_panels(long columns) { return (columns + INNER_COLUMNS - 1) / INNER_COLUMNS; }
static inline long matmul_partial_floats(long batch, long rows, long columns, long splits) { return splits * batch * rows * columns; }
#endif
#endif
