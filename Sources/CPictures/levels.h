// Loops that are worth compiling for more than the baseline; the fastest that the processor can run is chosen when the program starts.
#pragma once

// What is computed must not depend on the processor: no multiply-adds that only some of them have.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#define EVERY_LEVEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_LEVEL
#endif
