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

/// gather_rows(table, indices, out): out[i, :] = table[indices[i], :]; a row of NaN when the index is not in 0..<rows.
/// scatter_add_rows(gradient, indices, table): table[r, :] = the sum of gradient[i, :] over indices[i] == r, in order of i.
typedef struct {
  int table, indices, values;   // slices: [rows, columns], int32 [count], [count, columns]
  int rows, columns, count;
} RowsParameters;
#endif
