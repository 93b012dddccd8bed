// Counts calls of malloc and says at exit how many there were. For Scripts/allocations.sh, by LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic long calls;
static void* (*real)(size_t);

void* malloc(size_t size) {
  if (!real) real = dlsym(RTLD_NEXT, "malloc");
  calls++;
  return real(size);
}

__attribute__((destructor)) static void say(void) { fprintf(stderr, "calls of malloc: %ld\n", calls); }
