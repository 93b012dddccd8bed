// What Swift sees of the kernels: their parameter structs, their OpenCL C text and their native copies.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "benchmark.h"
#include "adaptive_pooling.h"
#include "elementwise.h"
#include "ordering.h"
#include "matmul.h"
#include "convolution.h"
#include "matmul_local.h"
#include "convolution_local.h"
#include "movement.h"
#include "normalization.h"
#include "optimizers.h"
#include "pooling.h"
#include "random.h"
#include "reductions.h"
#include "softmax.h"
#include "updates.h"
#include "winograd.h"

/// One work-item's place in the index space, and the size of that space (OpenCL's global id and global size).
typedef struct {
  size_t id[3], size[3];
} WorkItem;

/// A kernel compiled for this machine's processor. `run` computes one work-item.
typedef struct {
  const char* name;
  const char* family;
  size_t parameterBytes;
  size_t bufferCount;
  void (*run)(void* const* buffers, const void* parameters, const WorkItem* item);
} NativeKernel;

/// The kernels of one instruction-set level.
typedef struct {
  const char* level;       // "x86-64-v4", "x86-64-v3", "baseline" or "generic"
  const NativeKernel* first;
  size_t count;
  int tileRows;            // TILE_ROWS and TILE_COLUMNS that this level was compiled with
  int tileColumns;
} NativeLibrary;

/// How many levels this machine's processor can run; the best one is number 0.
size_t glissade_native_level_count(void);
NativeLibrary glissade_native_library(size_t index);

/// The kernel families, in no order: a family is one .cl file and one OpenCL program.
size_t glissade_family_count(void);
const char* glissade_family_name(size_t index);
/// The OpenCL C text of a family: the language header, the parameter structs and the kernels.
const char* glissade_family_text(size_t index);
/// The text that every generated elementwise kernel starts with: the language header and the scalar operations.
const char* glissade_scalar_text(void);
/// The kernels that only OpenCL devices have, because they share memory between the items of a work-group.
size_t glissade_text_kernel_count(void);
const char* glissade_text_kernel_name(size_t index);
const char* glissade_text_kernel_family(size_t index);
