#include "CExecutor.h"
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

void executor_keep_heap_small(void) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}
