// Every kernel for x86-64-v4 (AVX-512): 32 vector registers of 16 floats.
#if defined(__x86_64__)
#define LEVEL_HAS_FMA
#define TILE_ROWS 8
#define TILE_COLUMNS 32
#define KERNEL_SECTION "glissade_v4"
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#include "native_level.h"
#pragma clang attribute pop
#endif
