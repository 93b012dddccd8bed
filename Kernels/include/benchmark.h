// What the kernels that measure a device's own limits are told.
#ifndef GLISSADE_BENCHMARK_H
#define GLISSADE_BENCHMARK_H

/// Independent accumulators of fma_peak: as many vectors as a register tile has, but 3 (12 registers of 4 floats) to 12 (which hide the
/// latency of two units of four cycles, and leave room for the factors); on GPUs 16 numbers.
#define FMA_PEAK_MINIMUM_CHAINS 3
#define FMA_PEAK_MAXIMUM_CHAINS 12
#define FMA_PEAK_GPU_CHAINS 16

/// fma_peak(y): each work-item applies x = x * factor + addend, `rounds` times, to every accumulator, and writes their sum: a floatv.
/// fma_chain(y): the same to one float, which it writes, so that each multiply-add waits for the one before.
typedef struct {
  int y;             // a floatv, or a float, for each work-item
  int rounds;
  float factor, addend;
} FMAPeakParameters;

/// copy_peak(x, y): y = x, or y = y + addend.
typedef struct {
  int x, y;
  int count;         // a multiple of 16
  int kind;          // COPY_...
  float addend;      // 0
} CopyPeakParameters;

#define COPY_PLAIN 0
#define COPY_STREAMING 1   // stores that pass the caches by, where there are such
#define COPY_IN_PLACE 2    // as an update does: every line is written where it was read

/// pick_peak(x, y): of each row one number, somewhere: y[i] = x[i, anywhere].
typedef struct {
  int x, y;
  int rows, columns;
} PickPeakParameters;

/// empty_launch(y): does nothing.
typedef struct {
  int y;
  int never;         // 0
} EmptyLaunchParameters;
#endif
