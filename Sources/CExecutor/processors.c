#define _GNU_SOURCE  // sched_getaffinity
#include "processors.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

int usable_processors(void) {
  // The kernel refuses a mask that is shorter than its own, whose length is not known beforehand.
  for (int bits = 1024; bits <= 1 << 20; bits *= 2) {
    cpu_set_t* mask = CPU_ALLOC(bits);
    if (!mask) break;
    const size_t bytes = CPU_ALLOC_SIZE(bits);
    const int failed = sched_getaffinity(0, bytes, mask);
    const int tooShort = failed && errno == EINVAL;
    const int count = failed ? 0 : CPU_COUNT_S(bytes, mask);
    CPU_FREE(mask);
    if (count > 0) return count;
    if (!tooShort) break;
  }
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}
