// Every kernel for any processor: SSE2 on x86-64, NEON on 64-bit Arm, through clang's vector types.
#define TILE_ROWS 2
#define TILE_COLUMNS 16
#define KERNEL_SECTION "glissade_generic"
#if defined(__aarch64__)
#define LEVEL_HAS_FMA
#undef TILE_ROWS
#define TILE_ROWS 6
#endif
#include "native_level.h"
