// Every kernel for x86-64-v4 (AVX-512): 32 vector registers of 16 floats. A tile of 6 x 4 vectors takes 10 loads for 24 multiply-adds, one
// of 8 x 2 takes 10 for 16; a core that shares its load ports with another thread feels it.
#if defined(__x86_64__)
#define LEVEL_HAS_FMA
#define WIDE_REGISTERS
#define TILE_ROWS 6
#define TILE_COLUMNS 64
#define KERNEL_SECTION "glissade_v4"
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#include "native_level.h"
#pragma clang attribute pop
#endif
