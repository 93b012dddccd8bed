// What matmul_local is told. Offsets are in units of 16 floats; strides count floats.
#ifndef GLISSADE_MATMUL_LOCAL_H
#define GLISSADE_MATMUL_LOCAL_H

#ifndef __OPENCL_VERSION__
#include "epilogue.h"
#endif

/// matmul_local(a, b, c, scale, bias, residual, mask): c[batch] = epilogue(a[batch] b[batch]), c [batch, rows, columns], tiles of both factors
/// going through local memory (local_tile.h). Neither factor is packed.
///   Work-groups: (ceil(rows / LOCAL_ROWS) * ceil(columns / LOCAL_COLUMNS)) x (batch * splits), of GROUP_ITEMS x 1 items.
///   With splits > 1 the inner dimension is cut: c is then a scratch slice of splits * batch * rows * columns floats, the epilogue is left
///   out, and matmul_merge must follow.
typedef struct {
  int a, b, c;
  int batch;
  int rows, columns, inner;             // M, N, K
  int aTransposed, bTransposed;         // 1: A is stored [inner, rows], B [columns, inner]
  int aStride, bStride;                 // floats from one entry of A (B) to the next; 0 shares one
  int aRepeats, bRepeats;               // entry e of the batch takes entry e / repeats % entries of A (B)
  int aEntries, bEntries;
  int splits;                           // parts of the inner dimension, 1 for none
  Epilogue epilogue;
} LocalMatmulParameters;

#endif
