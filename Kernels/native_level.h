// Included by one file per instruction-set level: compiles every family and lists its kernels in KERNEL_SECTION.
#include "language.h"
#include "scalar.h"
#include "vectors.h"
#include "tile.h"
#include "walk.h"
#include "update_words.h"

#define FAMILY "benchmark"
#include "benchmark.cl"
#undef FAMILY
#define FAMILY "elementwise"
#include "elementwise.cl"
#undef FAMILY
#define FAMILY "matmul"
#include "matmul.cl"
#undef FAMILY
#define FAMILY "convolution"
#include "convolution.cl"
#undef FAMILY
#define FAMILY "depthwise"
#include "depthwise.cl"
#undef FAMILY
#define FAMILY "movement"
#include "movement.cl"
#undef FAMILY
#define FAMILY "normalization"
#include "normalization.cl"
#undef FAMILY
#define FAMILY "optimizers"
#include "optimizers.cl"
#undef FAMILY
#define FAMILY "ordering"
#include "ordering.cl"
#undef FAMILY
#define FAMILY "pooling"
#include "pooling.cl"
#undef FAMILY
#define FAMILY "adaptive_pooling"
#include "adaptive_pooling.cl"
#undef FAMILY
#define FAMILY "random"
#include "random.cl"
#undef FAMILY
#define FAMILY "reductions"
#include "reductions.cl"
#undef FAMILY
#define FAMILY "softmax"
#include "softmax.cl"
#undef FAMILY
#define FAMILY "updates"
#include "updates.cl"
#undef FAMILY
#define FAMILY "winograd"
#include "winograd.cl"
#undef FAMILY
