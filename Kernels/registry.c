// Finds the native kernels that the linker gathered, and picks the levels that this processor can run.
#include "include/Kernels.h"

#define SECTION(level)                                     \
  extern const NativeKernel __start_glissade_##level[];    \
  extern const NativeKernel __stop_glissade_##level[];
#define LIBRARY(name, level, rows, columns) \
  (NativeLibrary){name, __start_glissade_##level, (size_t)(__stop_glissade_##level - __start_glissade_##level), rows, columns}

SECTION(generic)

#if defined(__x86_64__)
SECTION(v3)
SECTION(v4)

static int best_level(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return 4;
  if (__builtin_cpu_supports("x86-64-v3")) return 3;
  return 0;
}

size_t glissade_native_level_count(void) {
  const int best = best_level();
  return best == 4 ? 3 : best == 3 ? 2 : 1;
}

NativeLibrary glissade_native_library(size_t index) {
  const NativeLibrary all[] = {LIBRARY("x86-64-v4", v4, 6, 64), LIBRARY("x86-64-v3", v3, 6, 16), LIBRARY("baseline", generic, 2, 16)};
  return all[3 - glissade_native_level_count() + index];
}
#else
size_t glissade_native_level_count(void) { return 1; }
NativeLibrary glissade_native_library(size_t index) {
  (void)index;
  return LIBRARY("generic", generic, 6, 16);
}
#endif
