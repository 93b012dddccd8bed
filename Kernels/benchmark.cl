// What a device can do at most: fused multiply-adds in registers, copying, reading at random places, and launches that do nothing. No model uses these.

#if LANES == 1
#define CHAINS FMA_PEAK_GPU_CHAINS
#elif TILE_ROWS * TILE_VECTORS < FMA_PEAK_MINIMUM_CHAINS
#define CHAINS FMA_PEAK_MINIMUM_CHAINS
#elif TILE_ROWS * TILE_VECTORS < FMA_PEAK_MAXIMUM_CHAINS
#define CHAINS (TILE_ROWS * TILE_VECTORS)
#else
#define CHAINS FMA_PEAK_MAXIMUM_CHAINS
#endif

__kernel void fma_peak(__global float* restrict y, const FMAPeakParameters a ITEM) {
  const int place = (int)get_global_id(0);
  const floatv factor = splatv(a.factor), addend = splatv(a.addend);
  floatv chain[CHAINS];
  UNROLL for (int k = 0; k < CHAINS; k++) chain[k] = splatv((float)(place + k));
  for (int round = 0; round < a.rounds; round++) {
    UNROLL for (int k = 0; k < CHAINS; k++) chain[k] = FMA(chain[k], factor, addend);
  }
  floatv sum = splatv(0.0f);
  UNROLL for (int k = 0; k < CHAINS; k++) sum += chain[k];
  storev(sum, AT(y, a.y) + place * LANES, LANES);
}
REGISTER(fma_peak, FMAPeakParameters, 1)

__kernel void fma_chain(__global float* restrict y, const FMAPeakParameters a ITEM) {
  float x = (float)get_global_id(0);
  for (int round = 0; round < a.rounds; round++) x = FMA(x, a.factor, a.addend);
  AT(y, a.y)[get_global_id(0)] = x;
}
REGISTER(fma_chain, FMAPeakParameters, 1)

// The machine's best copy may be with or without streaming stores, by size.
#if LANES == 16
#define STREAM(v, p) stream16(v, p)
#else
#define STREAM(v, p) storev(v, p, LANES)
#endif

#if LANES == 1
#define COPY_LOOP(BODY) FOR_EACH_UNIT(at, a.count / 4) { BODY }
#define LOAD_UNIT(p) ((__global const float4*)(p))[at]
#define STORE_UNIT(v, p) ((__global float4*)(p))[at] = (v)
#define STREAM_UNIT STORE_UNIT
#else
// A work-item walks its share in four places at a time: a processor fetches ahead by pages, and one page after the other does not keep
// the memory busy.
#define WAYS 4
#define COPY_LOOP(BODY)                                                                       \
  {                                                                                           \
    const int units = a.count / LANES, size = (int)get_global_size(0);                        \
    const int share = (units + size - 1) / size, first = (int)get_global_id(0) * share;       \
    const int count = units - first < share ? units - first : share, part = count / WAYS;     \
    for (int i = 0; i < part; i++) {                                                          \
      UNROLL for (int way = 0; way < WAYS; way++) {                                           \
        const int at = first + way * part + i;                                                \
        BODY                                                                                  \
      }                                                                                       \
    }                                                                                         \
    for (int at = first + WAYS * (part > 0 ? part : 0); at < first + count; at++) { BODY }    \
  }
#define LOAD_UNIT(p) loadv((p) + at * LANES)
#define STORE_UNIT(v, p) storev(v, (p) + at * LANES, LANES)
#define STREAM_UNIT(v, p) STREAM(v, (p) + at * LANES)
#endif

__kernel void copy_peak(__global const float* restrict x, __global float* restrict y, const CopyPeakParameters a ITEM) {
  __global const float* from = AT(x, a.x);
  __global float* to = AT(y, a.y);
  if (a.kind == COPY_IN_PLACE) {
    COPY_LOOP(PREFETCH(to + at * LANES + 256); STORE_UNIT(LOAD_UNIT(to) + a.addend, to);)
  } else if (a.kind == COPY_STREAMING) {
    COPY_LOOP(STREAM_UNIT(LOAD_UNIT(from), to);)
  } else {
    COPY_LOOP(STORE_UNIT(LOAD_UNIT(from), to);)
  }
}
REGISTER(copy_peak, CopyPeakParameters, 2)

// Columns are far apart and in no order that a processor guesses; each is found from the one before, which takes no time, and which keeps compilers
// from instructions that read many places at once, for those can be slower.
__kernel void pick_peak(__global const float* restrict x, __global float* restrict y, const PickPeakParameters a ITEM) {
  __global const float* from = AT(x, a.x);
  __global float* to = AT(y, a.y);
  const int step = 389 % a.columns;
  int column = (int)((uint)get_global_id(0) * 37u % (uint)a.columns);
  FOR_EACH(row, a.rows) {
    column += step;
    column = column >= a.columns ? column - a.columns : column;
    to[row] = from[(size_t)row * a.columns + column];
  }
}
REGISTER(pick_peak, PickPeakParameters, 2)

__kernel void empty_launch(__global float* restrict y, const EmptyLaunchParameters a ITEM) {
  if (a.never) AT(y, a.y)[get_global_id(0)] = 0.0f;
}
REGISTER(empty_launch, EmptyLaunchParameters, 1)
