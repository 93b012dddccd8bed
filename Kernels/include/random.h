// What the random kernels are told. Offsets count units of 16 floats.
#ifndef GLISSADE_RANDOM_H
#define GLISSADE_RANDOM_H

/// dropout(in, out, constants): out[i] = kept(i) ? in[i] * scale : 0. The gradient is the same launch over the output's gradient.
typedef struct {
  int in, out, count;
  unsigned int stream;      // tells this layer's numbers from every other's
  unsigned int threshold;   // the probability of a zero, p, times 2^32; an element is kept iff its word >= threshold
  float scale;              // 1 / (1 - p); for p = 1 use scale 0 and threshold 0xffffffff
} DropoutParameters;
#endif
