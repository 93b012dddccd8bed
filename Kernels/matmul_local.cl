// Matrix products whose tiles go through local memory. OpenCL C only.

__kernel LOCAL_GROUP void matmul_local(__global const float* restrict a, __global const float* restrict b, __global float* c,
                                       __global const float* scale, __global const float* bias, __global const float* residual,
                                       __global const float* mask, const LocalMatmulParameters p) {
  LOCAL_MEMORY
  LOCAL_REGISTERS
  const int tiles = (p.columns + LOCAL_COLUMNS - 1) / LOCAL_COLUMNS, tile = get_group_id(0);
  const int row = tile / tiles * LOCAL_ROWS, column = tile % tiles * LOCAL_COLUMNS;
  const int plane = get_group_id(1), entry = plane / p.splits, split = plane - entry * p.splits;
  const int part = ((p.inner + p.splits - 1) / p.splits + LOCAL_INNER - 1) / LOCAL_INNER * LOCAL_INNER;
  const int first = min(split * part, p.inner), end = min(first + part, p.inner);
  __global const float* from = AT(a, p.a) + (size_t)(entry / p.aRepeats % p.aEntries) * p.aStride;
  __global const float* times = AT(b, p.b) + (size_t)(entry / p.bRepeats % p.bEntries) * p.bStride;
  const int aStep = p.aTransposed ? p.rows : p.inner, bStep = p.bTransposed ? p.inner : p.columns;
  const int aAligned = aStep % LOAD_VECTOR == 0 && p.aStride % LOAD_VECTOR == 0;
  const int bAligned = bStep % LOAD_VECTOR == 0 && p.bStride % LOAD_VECTOR == 0;

#define FETCH(k)                                                                                            \
  {                                                                                                         \
    if (p.aTransposed)                                                                                      \
      fetchAlongRows(runsA, A_RUNS, LOCAL_ROWS, from, aStep, row, p.rows, k, end, item, aAligned);          \
    else                                                                                                    \
      fetchAlongInner(runsA, A_RUNS, from, aStep, row, p.rows, k, end, item, aAligned);                     \
    if (p.bTransposed)                                                                                      \
      fetchAlongInner(runsB, B_RUNS, times, bStep, column, p.columns, k, end, item, bAligned);              \
    else                                                                                                    \
      fetchAlongRows(runsB, B_RUNS, LOCAL_COLUMNS, times, bStep, column, p.columns, k, end, item, bAligned); \
  }
#define PUT(ta, tb)                                              \
  {                                                              \
    if (p.aTransposed)                                           \
      putAlongRows(runsA, A_RUNS, ta, LOCAL_ROWS, item);         \
    else                                                         \
      putAlongInner(runsA, A_RUNS, ta, LOCAL_ROWS, item);        \
    if (p.bTransposed)                                           \
      putAlongInner(runsB, B_RUNS, tb, LOCAL_COLUMNS, item);     \
    else                                                         \
      putAlongRows(runsB, B_RUNS, tb, LOCAL_COLUMNS, item);      \
  }
  LOCAL_PRODUCT(first, end, FETCH, PUT, SEE_NOTHING)
#undef FETCH
#undef PUT

  int rows[ITEM_ROWS];
  UNROLL for (int r = 0; r < ITEM_ROWS; r++) {
    const int at = row + ITEM_ROW(item, r);
    rows[r] = at < p.rows ? (split * p.batch + entry) * p.rows + at : -1;
  }
  Epilogue e = p.epilogue;
  if (p.splits > 1) e.hasScale = e.hasBias = e.hasResidual = e.hasMask = e.activation = 0;
  const LocalOperands o = LOCAL_OPERANDS(e);
  storeItem(&t, AT(c, p.c), rows, p.columns, column, p.columns - column, o, e, item);
}
