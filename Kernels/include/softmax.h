// What the softmax family is told. Offsets count units of 16 floats; matrices are [rows, columns].
#ifndef GLISSADE_SOFTMAX_H
#define GLISSADE_SOFTMAX_H

/// softmax(x, y), log_softmax(x, y): y may not be x's slice.
typedef struct {
  int x, y;
  int rows, columns;
} SoftmaxParameters;

/// log_sum_exp(x, y): y[r] = ln sum_j exp(x[r, j]), also where a row's largest number is infinite. The same parameters.

/// softmax_gradient(y, dy, dx): dx = y (dy - sum y dy). log_softmax_gradient(y, dy, dx): dx = dy - exp(y) sum dy.
typedef struct {
  int y, dy, dx;
  int rows, columns;
} SoftmaxGradientParameters;

/// softmax_cross_entropy(logits, labels, loss, gradient, correct), labels int32 [rows]; e = labelSmoothing:
/// loss[r] = (1 - e) (-log p[label]) + e mean_j(-log p[j]); gradient = (p - (1 - e) onehot - e / columns) * scale;
/// correct[r] = 1 if the first maximum is at the label, otherwise 0. A label outside 0..<columns makes its row's loss and gradient NaN.
typedef struct {
  int logits, labels, loss, gradient, correct;
  int rows, columns;
  float labelSmoothing;
  float scale;            // 1 / rows for a mean
  int withGradient;       // 0: the gradient is not written
} CrossEntropyParameters;

/// cross_entropy_finish(losses, correct, out): out[loss] = scale * the sum of `count` losses, out[hits] = the sum of `count` numbers.
/// One work-item adds them all: for more than some ten thousand rows, reduce_rows in chunks first and finish over the chunks.
typedef struct {
  int losses, correct;
  int loss, hits;         // two scalar slices of `out`
  int count;
  float scale;
} CrossEntropyFinishParameters;
#endif
