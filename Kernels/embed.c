// The kernels' OpenCL C text, embedded in the binary: one program per family.
#include "include/Kernels.h"
#pragma clang diagnostic ignored "-Wc23-extensions"

#define NEWLINE , '\n',

static const char scalar_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    , '\n', 0};

const char* glissade_scalar_text(void) { return scalar_text; }

static const char benchmark_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/benchmark.h"
    NEWLINE
#embed "benchmark.cl"
    , '\n', 0};

static const char elementwise_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/elementwise.h"
    NEWLINE
#embed "elementwise.cl"
    , '\n', 0};

static const char matmul_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/epilogue.h"
    NEWLINE
#embed "include/matmul.h"
    NEWLINE
#embed "tile.h"
    NEWLINE
#embed "matmul.cl"
    , '\n', 0};

static const char convolution_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/epilogue.h"
    NEWLINE
#embed "include/convolution.h"
    NEWLINE
#embed "tile.h"
    NEWLINE
#embed "walk.h"
    NEWLINE
#embed "convolution.cl"
    , '\n', 0};

static const char depthwise_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/epilogue.h"
    NEWLINE
#embed "include/convolution.h"
    NEWLINE
#embed "tile.h"
    NEWLINE
#embed "walk.h"
    NEWLINE
#embed "depthwise.cl"
    , '\n', 0};

static const char movement_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/movement.h"
    NEWLINE
#embed "movement.cl"
    , '\n', 0};

static const char normalization_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/optimizers.h"
    NEWLINE
#embed "include/normalization.h"
    NEWLINE
#embed "normalization.cl"
    , '\n', 0};

static const char optimizers_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/optimizers.h"
    NEWLINE
#embed "update_words.h"
    NEWLINE
#embed "optimizers.cl"
    , '\n', 0};

static const char ordering_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/ordering.h"
    NEWLINE
#embed "ordering.cl"
    , '\n', 0};

static const char pooling_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/pooling.h"
    NEWLINE
#embed "pooling.cl"
    , '\n', 0};

static const char adaptive_pooling_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/adaptive_pooling.h"
    NEWLINE
#embed "adaptive_pooling.cl"
    , '\n', 0};

static const char random_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/optimizers.h"
    NEWLINE
#embed "include/random.h"
    NEWLINE
#embed "random.cl"
    , '\n', 0};

static const char reductions_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/reductions.h"
    NEWLINE
#embed "reductions.cl"
    , '\n', 0};

static const char softmax_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/softmax.h"
    NEWLINE
#embed "softmax.cl"
    , '\n', 0};

static const char updates_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/optimizers.h"
    NEWLINE
#embed "include/updates.h"
    NEWLINE
#embed "update_words.h"
    NEWLINE
#embed "updates.cl"
    , '\n', 0};

static const char winograd_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/epilogue.h"
    NEWLINE
#embed "include/winograd.h"
    NEWLINE
#embed "tile.h"
    NEWLINE
#embed "winograd.cl"
    , '\n', 0};

// Text alone: kernels with local memory and barriers, which only OpenCL devices run.
static const char matmul_local_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/epilogue.h"
    NEWLINE
#embed "include/matmul_local.h"
    NEWLINE
#embed "local_tile.h"
    NEWLINE
#embed "matmul_local.cl"
    , '\n', 0};

static const char convolution_local_text[] = {
#embed "language.h"
    NEWLINE
#embed "scalar.h"
    NEWLINE
#embed "vectors.h"
    NEWLINE
#embed "include/epilogue.h"
    NEWLINE
#embed "include/convolution.h"
    NEWLINE
#embed "include/convolution_local.h"
    NEWLINE
#embed "local_tile.h"
    NEWLINE
#embed "convolution_local.cl"
    , '\n', 0};

static const struct {
  const char* name;
  const char* text;
} families[] = {
    {"elementwise", elementwise_text}, {"matmul", matmul_text},         {"convolution", convolution_text},
    {"movement", movement_text},       {"normalization", normalization_text}, {"optimizers", optimizers_text},
    {"pooling", pooling_text},         {"random", random_text},         {"reductions", reductions_text},
    {"softmax", softmax_text},         {"winograd", winograd_text}, {"benchmark", benchmark_text},
    {"adaptive_pooling", adaptive_pooling_text},
    {"depthwise", depthwise_text},
    {"updates", updates_text},
    {"ordering", ordering_text},
    {"matmul_local", matmul_local_text},
    {"convolution_local", convolution_local_text},
};

size_t glissade_family_count(void) { return sizeof(families) / sizeof(families[0]); }
const char* glissade_family_name(size_t index) { return families[index].name; }
const char* glissade_family_text(size_t index) { return families[index].text; }

// The kernels that are text alone.
static const struct {
  const char* name;
  const char* family;
} text_kernels[] = {
    {"matmul_local", "matmul_local"},
    {"convolution_local", "convolution_local"},
    {"convolution_input_gradient_local", "convolution_local"},
    {"convolution_weight_gradient_local", "convolution_local"},
    {"batch_norm_running_updates", "normalization"},
};

size_t glissade_text_kernel_count(void) { return sizeof(text_kernels) / sizeof(text_kernels[0]); }
const char* glissade_text_kernel_name(size_t index) { return text_kernels[index].name; }
const char* glissade_text_kernel_family(size_t index) { return text_kernels[index].family; }
