// What the optimizer kernels are told, and the two blocks that steer a step: what the device remembers and what the host says.
#ifndef GLISSADE_OPTIMIZERS_H
#define GLISSADE_OPTIMIZERS_H

/// Device-resident, one per training run, at the start of its buffer. 64 bytes.
typedef struct {
  int ok;                  // 1 while all is well; 0 after a bad step: then no update does anything
  int badStep;             // the step at which ok became 0; -1 before
  int gradientBad;         // set by an update that met a gradient that is not finite
  float clip;              // what gradients are multiplied by; 1 without clipping
  float norm;              // the last global gradient norm
  float lossSum;           // sum of loss * samples over the steps since the host cleared it (Kahan's sum)
  float lossCompensation;  // what lossSum still lacks
  int correct;             // correct predictions since then
  int samples;             // samples since then
  int steps;               // steps since then
  float measureSum;        // the sum of what is told beside the loss, where that is no whole number (Kahan's sum)
  float measureCompensation;
  int reserved[4];
} ControlBlock;

/// Start of the read-only constants buffer, which the host refreshes every step; one GroupConstants per parameter group follows. 64 bytes.
typedef struct {
  int step;                // counted from 1
  unsigned int seedLow, seedHigh;
  int part, isLastPart;    // of a batch whose gradients are computed part by part: which one, from 0, and whether it is the last
  float share;             // how much of the batch it is
  int reserved[10];
} StepConstants;

/// One parameter group's numbers for this step, each derived in double precision. 64 bytes.
typedef struct {
  float stepSize;          // learningRate; Adam's: learningRate / (1 - beta1^t)
  float correction;        // 1 / sqrt(1 - beta2^t)
  float decay;             // AdamW's learningRate * weightDecay
  float first;             // 1 on the group's first step, 0 after
  float reserved[12];
} GroupConstants;

/// sgd(p, g, state0, state1, state2, control, constants). state0: momentum buffer (when momentum != 0).
typedef struct {
  int count;
  int p, g, state0, state1, state2;   // offsets, units of 16 floats; unused states may name any slice
  int group;                          // which GroupConstants
  float momentum, momentumLoss;       // and 1 - momentum
  float share;                        // 1 - dampening
  float weightDecay;
  int nesterov;
} SGDParameters;

/// rmsprop(same buffers). state0: mean square; state1: momentum buffer (momentum != 0); state2: mean gradient (centered).
typedef struct {
  int count;
  int p, g, state0, state1, state2;
  int group;
  float alpha, share;                 // and 1 - alpha
  float epsilon;
  float momentum, momentumLoss;       // and 1 - momentum
  float weightDecay;
  int centered;
} RMSpropParameters;

/// adam(same buffers). state0: first moment; state1: second moment; state2: the largest second moment (amsgrad).
typedef struct {
  int count;
  int p, g, state0, state1, state2;
  int group;
  float beta1, beta2;
  float share1, share2;               // 1 - beta1, 1 - beta2
  float epsilon, weightDecay;
  int amsgrad;
  int decoupled;   // 1: AdamW's decay, 0: weightDecay * p is added to the gradient
} AdamParameters;

/// stay_close(p, anchor, g): g += strength * (p - anchor), the gradient of strength / 2 * |p - anchor|^2.
typedef struct {
  int p, anchor, g;
  int count;
  float strength;
} StayCloseParameters;

/// add_gradients(g, sum, constants): sum = share * g for the first part of a batch, sum + share * g for others; of the last part that is g itself.
typedef struct {
  int g, sum;
  int count;
} AddGradientsParameters;

/// gradient_norm_partial(g, partial): partial[first + k] = sum of squares of g[k * chunk ..< (k + 1) * chunk]. Where that is infinite,
/// partial[whole + first + k] is the sum of squares of g * 2^-80.
typedef struct {
  int g, partial;
  int count, chunk;
  int first;       // of this group's partials in the slice `partial`, in floats
  int whole;       // how many sums there are in all
} GradientNormPartialParameters;

/// gradient_norm_finish(partial, control): norm = sqrt(sum of `count` partials), clip = min(1, maximumNorm / (norm + 1e-6)); behind the partials
/// are those of smaller numbers.
typedef struct {
  int partial, count;
  float maximumNorm;
} GradientNormFinishParameters;

/// step_end(loss, correct, control, constants): the step's verdict and its sums. `loss` and `correct` are scalars.
typedef struct {
  int loss, correct;
  int samples;     // in this step's batch
  int fractional;  // 1: `correct` is no count; it goes to measureSum
} StepEndParameters;

/// step_sums(values, control): adds `count` numbers to running sums. These lie behind the block, each a sum and what it still lacks (Kahan's).
typedef struct {
  int values;
  int count;
  int first;       // which of the sums the first number goes to
} StepSumsParameters;
#endif
