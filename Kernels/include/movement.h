// What the kernels that move data are told. Offsets count units of 16 floats.
#ifndef GLISSADE_MOVEMENT_H
#define GLISSADE_MOVEMENT_H

/// fill(out): every element becomes `value`.
typedef struct {
  int out, count;
  float value;
} FillParameters;

/// copy(in, out): `count` elements, contiguous.
typedef struct {
  int in, out, count;
} CopyParameters;

/// copy_strided(in, out): the output is contiguous over `dimensions` (outermost first; 1 where unused, on the left);
/// out[i0, ..., i5] = in[start + sum of ik * strides[k]]. Neighbouring dimensions that could be one should be one: only speed suffers.
typedef struct {
  int in, out;
  int start;           // floats from the slice's first element; strides may be 0 (broadcast) or negative
  int dimensions[6];
  int strides[6];      // of the input, in floats
} CopyStridedParameters;

/// copy_rows(in, out): `rows` stretches of `columns` elements, one after the other in `in`, to places `stride` floats apart in `out`, the first
/// of them `start` floats from the slice's first element. Nothing between them is touched.
typedef struct {
  int in, out;
  int start, rows, columns, stride;
} CopyRowsParameters;

/// pad(in, out): the output is contiguous over `dimensions` (outermost first; 1 where unused, on the left). Along each of them the input has
/// `extents` elements, the first `before` places from the start, each `steps` places from the one before; all other places become `value`.
typedef struct {
  int in, out;
  int dimensions[6], extents[6], before[6], steps[6];
  float value;
} PadParameters;

/// gather(table, indices, values): values[o, j, i] = table[o, indices[o, j, i], i]; `missing` where the index is not in 0..<extent.
/// scatter_add(values, indices, table): table[o, r, i] = the sum of values[o, j, i] over indices[o, j, i] == r, in order of j.
/// Where `perElement` is 0 there is one index for all i: indices[o, j]; where `indexStride` is 0, the same ones for all o.
typedef struct {
  int table, indices, values;   // slices: [outer, extent, inner], int32, [outer, count, inner]
  int outer, extent, inner, count;
  int indexStride;              // from one o's indices to the next one's
  int perElement;
  float missing;
} GatherParameters;
#endif
