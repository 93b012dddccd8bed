// What the batch normalization kernels are told. Offsets count units of 16 floats; x and dy are [rows, channels].
#ifndef GLISSADE_NORMALIZATION_H
#define GLISSADE_NORMALIZATION_H

/// batch_norm_statistics_partial(x, partial): for each chunk of `chunk` rows, its mean and its M2 = sum (x - mean)^2:
/// two arrays [chunks, channels], chunks = ceil(rows / chunk).
typedef struct {
  int x, mean, m2;
  int rows, channels, chunk;
} BatchNormPartialParameters;

/// batch_norm_statistics_merge(partial, statistics): the chunks merged in order by Chan's formula into [channels] each:
/// mean, biased variance, 1 / sqrt(variance + epsilon).
typedef struct {
  int partialMean, partialM2;
  int mean, variance, inverseStd;
  int rows, channels, chunk;   // as in the partial launch
  float epsilon;
} BatchNormMergeParameters;

/// batch_norm_gradient_partial(x, dy, statistics, partial): for each chunk of rows, sum dy and sum dy (x - mean) inverseStd.
typedef struct {
  int x, dy, mean, inverseStd;
  int sumDy, sumDyXhat;   // in `partial`, [chunks, channels] each
  int rows, channels, chunk;
} BatchNormGradientPartialParameters;

/// batch_norm_gradient_merge(partial, out): the chunks added in order: dbeta = sum dy, dgamma = sum dy xhat, [channels] each.
typedef struct {
  int sumDy, sumDyXhat;   // in `partial`
  int dbeta, dgamma;      // in `out`
  int rows, channels, chunk;
} BatchNormGradientMergeParameters;

/// batch_norm_running_update(statistics, running, control): running += momentum (batch - running), with the unbiased variance;
/// PyTorch's convention. Nothing while control.ok is 0; a channel that is not finite stays.
typedef struct {
  int mean, variance;                 // the batch's, in `statistics`
  int runningMean, runningVariance;   // in `running`
  int channels;
  float momentum, rest;               // rest = 1 - momentum
  float unbiased;                     // rows / (rows - 1)
} BatchNormRunningParameters;

/// batch_norm_running_updates(statistics, running, control), on GPUs: the same for up to BATCH_NORM_LAYERS layers, one for each place of the
/// second dimension. OpenCL promises room for 1024 bytes.
enum { BATCH_NORM_LAYERS = 24 };
typedef struct {
  BatchNormRunningParameters layers[BATCH_NORM_LAYERS];
} BatchNormRunningLayers;
#endif
