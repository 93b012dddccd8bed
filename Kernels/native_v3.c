// Every kernel for x86-64-v3 (AVX2 and FMA): 16 vector registers of 8 floats.
#if defined(__x86_64__)
#define LEVEL_HAS_FMA
#define TILE_ROWS 6
#define TILE_COLUMNS 16
#define KERNEL_SECTION "glissade_v3"
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "native_level.h"
#pragma clang attribute pop
#endif
