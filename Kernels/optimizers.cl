// Parameter updates, with PyTorch's formulas (torch.optim 2.x, single tensor), gradient norm clipping and the end of a step.
//
// g = gradient * control.clip everywhere below. An element whose gradient is not finite keeps its parameter and its state, and the
// work-item says so in control.gradientBad. Nothing happens at all once control.ok is 0. Index spaces are one-dimensional, of any
// size. Every variant is a loop of its own, made from one body with constant flags, so that nothing branches per element.
//
// What follows from hyper-parameters (1 - beta, a step's corrections, ...) was computed by the host in double precision: in float32,
// 1 - 0.9999 is off by 1e-4 of itself. What remembers moves from where it is, by a small part of the way, so that only that part is rounded
// and not what stays: as near to exact arithmetic as float32 comes.

// before + share (target - before), where rest = 1 - share; beyond half of the way counted from the target, which it then hits exactly.
#define MOVED(before, target, share, rest) \
  ((share) < 0.5f ? FMA(splatw(share), (target) - (before), before) : FMA(splatw(rest), (before) - (target), target))
// The same towards the square of x, at most the largest float: an infinity would not move any more, and then be none of a number.
#define MOVED_TO_SQUARE(before, x, share, rest) \
  bounded((share) < 0.5f ? FMA(splatw(share), FMA(x, x, -(before)), before) : FMA(splatw(rest), (before) - (x) * (x), (x) * (x)))
INLINE floatw bounded(const floatw x) { return choosew(splatw(3.40282347e38f), x, x < 3.40282347e38f); }

// Runs BODY over floatw's: `gradient` is raw, `good` where it is finite. BODY stores through `at` and `lanes`.
#define UPDATE_LOOP(BODY)                                                        \
  {                                                                              \
    intw allGood = ~(intw)(0);                                                   \
    FOR_EACH_UNIT(unit, (a.count + WIDE - 1) / WIDE) {                         \
      const int at = unit * WIDE, lanes = a.count - at;                         \
      FETCHED(read, gradients)                                                   \
      FETCHED(old, parameters)                                                   \
      const floatw raw = firstw(read, lanes, 0.0f);                              \
      const intw good = GOOD(raw);                                               \
      floatw gradient = raw * clip;                                              \
      allGood &= good;                                                           \
      BODY                                                                       \
    }                                                                            \
    if (!EVERY(allGood)) FLAG_BAD(control);                                      \
  }
#define UPDATE_ARGUMENTS                                                                                                     \
  __global float *restrict p, __global const float *restrict g, __global float *restrict state0, __global float *restrict state1, \
      __global float *restrict state2, __global ControlBlock *restrict control, __global const float *restrict constants

#define UPDATE_START                                                     \
  if (control->ok == 0) return;                                          \
  __global const GroupConstants* group = GROUP(constants, a.group);      \
  __global float* parameters = AT(p, a.p);                               \
  __global const float* gradients = AT(g, a.g);                          \
  __global float* s0 = AT(state0, a.state0);                             \
  __global float* s1 = AT(state1, a.state1);                             \
  __global float* s2 = AT(state2, a.state2);                             \
  const float clip = control->clip;                                      \
  const float stepSize = group->stepSize;                                \
  (void)s0; (void)s1; (void)s2;

// ------------------------------------------------------------------------------------------------ SGD
// g += weightDecay p; with momentum: b = first step ? g : momentum b + (1 - dampening) g, then g = nesterov ? g + momentum b : b;
// p -= stepSize g.
#define SGD_BODY(withMomentum, withNesterov)                                                                     \
  gradient = FMA(splatw(a.weightDecay), old, gradient);                                                          \
  if (withMomentum) {                                                                                            \
    FETCHED(before, s0)                                                                                          \
    /* The first step's buffer is not read into the sum: memory may hold a NaN. */                               \
    const floatw start = isFirst ? splatw(0.0f) : before;                                                        \
    const floatw buffer = start + FMA(splatw(share), gradient, start * -a.momentumLoss);                         \
    storew(KEEP(before, buffer), s0 + at, lanes);                                                                \
    gradient = withNesterov ? FMA(splatw(a.momentum), buffer, gradient) : buffer;                                \
  }                                                                                                              \
  storew(KEEP(old, FMA(splatw(-stepSize), gradient, old)), parameters + at, lanes);

__kernel void sgd(UPDATE_ARGUMENTS, const SGDParameters a ITEM) {
  UPDATE_START
  const int isFirst = group->first != 0.0f;
  const float share = isFirst ? 1.0f : a.share;
  if (a.momentum == 0.0f) {
    UPDATE_LOOP(SGD_BODY(0, 0))
  } else if (a.nesterov) {
    UPDATE_LOOP(SGD_BODY(1, 1))
  } else {
    UPDATE_LOOP(SGD_BODY(1, 0))
  }
}
REGISTER(sgd, SGDParameters, 7)

// ------------------------------------------------------------------------------------------------ RMSprop
// g += weightDecay p; v = alpha v + (1 - alpha) g^2; centered: m += (1 - alpha)(g - m), d = sqrt(v - m^2) + epsilon, otherwise
// d = sqrt(v) + epsilon; with momentum: b = momentum b + g / d, p -= stepSize b; otherwise p -= stepSize g / d.
// Rounding can make v - m^2 negative; it counts as 0 then (PyTorch gives NaN).
#define RMSPROP_BODY(withMomentum, isCentered)                                                                   \
  gradient = FMA(splatw(a.weightDecay), old, gradient);                                                          \
  FETCHED(v0, s0)                                                                                                \
  const floatw v = MOVED_TO_SQUARE(v0, gradient, a.share, a.alpha);                                              \
  storew(KEEP(v0, v), s0 + at, lanes);                                                                           \
  floatw spread = v;                                                                                             \
  if (isCentered) {                                                                                              \
    FETCHED(m0, s2)                                                                                              \
    const floatw m = MOVED(m0, gradient, a.share, a.alpha);                                                      \
    storew(KEEP(m0, m), s2 + at, lanes);                                                                         \
    spread = W(maximum)(FMA(-m, m, v), splatw(0.0f));                                                            \
  }                                                                                                              \
  floatw update = gradient / (sqrt(spread) + a.epsilon);                                                       \
  if (withMomentum) {                                                                                            \
    FETCHED(b0, s1)                                                                                              \
    update = b0 + FMA(b0, splatw(-a.momentumLoss), update);                                                      \
    storew(KEEP(b0, update), s1 + at, lanes);                                                                    \
  }                                                                                                              \
  storew(KEEP(old, FMA(splatw(-stepSize), update, old)), parameters + at, lanes);

__kernel void rmsprop(UPDATE_ARGUMENTS, const RMSpropParameters a ITEM) {
  UPDATE_START
  if (a.momentum == 0.0f && !a.centered) {
    UPDATE_LOOP(RMSPROP_BODY(0, 0))
  } else if (a.momentum == 0.0f) {
    UPDATE_LOOP(RMSPROP_BODY(0, 1))
  } else if (!a.centered) {
    UPDATE_LOOP(RMSPROP_BODY(1, 0))
  } else {
    UPDATE_LOOP(RMSPROP_BODY(1, 1))
  }
}
REGISTER(rmsprop, RMSpropParameters, 7)

// ------------------------------------------------------------------------------------------------ Adam, AdamW
// Adam: g += weightDecay p. AdamW: p -= decay p, decay = learningRate weightDecay. m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v);
// amsgrad: w = max(w, v), otherwise w = v; p -= stepSize m / (sqrt(w) correction + epsilon), stepSize = learningRate / (1 - beta1^t).
// AdamW's decay and step are added up first, so that p is rounded once.
#define ADAM_BODY(withMaximum, isDecoupled)                                                                      \
  if (!isDecoupled) gradient = FMA(splatw(a.weightDecay), old, gradient);                                        \
  FETCHED(m0, s0)                                                                                                \
  FETCHED(v0, s1)                                                                                                \
  const floatw m = MOVED(m0, gradient, a.share1, a.beta1);                                                       \
  const floatw v = MOVED_TO_SQUARE(v0, gradient, a.share2, a.beta2);                                             \
  storew(KEEP(m0, m), s0 + at, lanes);                                                                           \
  storew(KEEP(v0, v), s1 + at, lanes);                                                                           \
  floatw largest = v;                                                                                            \
  if (withMaximum) {                                                                                             \
    FETCHED(w0, s2)                                                                                              \
    largest = W(maximum)(w0, v);                                                                                 \
    storew(KEEP(w0, largest), s2 + at, lanes);                                                                   \
  }                                                                                                              \
  const floatw update = m / FMA(sqrt(largest), splatw(group->correction), splatw(a.epsilon));                  \
  const floatw moved = isDecoupled ? old - FMA(splatw(group->decay), old, update * stepSize)                     \
                                   : FMA(splatw(-stepSize), update, old);                                        \
  storew(KEEP(old, moved), parameters + at, lanes);

__kernel void adam(UPDATE_ARGUMENTS, const AdamParameters a ITEM) {
  UPDATE_START
  if (a.amsgrad && a.decoupled) {
    UPDATE_LOOP(ADAM_BODY(1, 1))
  } else if (a.amsgrad) {
    UPDATE_LOOP(ADAM_BODY(1, 0))
  } else if (a.decoupled) {
    UPDATE_LOOP(ADAM_BODY(0, 1))
  } else {
    UPDATE_LOOP(ADAM_BODY(0, 0))
  }
}
REGISTER(adam, AdamParameters, 7)

// ------------------------------------------------------------------------------------------------ staying close
// The gradient of strength / 2 |p - anchor|^2 joins the loss's (L2-SP, Li et al. 2018), before gradients are clipped.
__kernel void stay_close(__global const float* restrict p, __global const float* restrict anchor, __global float* restrict g,
                         const StayCloseParameters a ITEM) {
  __global const float* parameters = AT(p, a.p);
  __global const float* anchors = AT(anchor, a.anchor);
  __global float* gradients = AT(g, a.g);
  FOR_EACH_UNIT(unit, (a.count + WIDE - 1) / WIDE) {
    const int at = unit * WIDE;
    const floatw distance = loadw(parameters + at) - loadw(anchors + at);
    storew(FMA(splatw(a.strength), distance, loadw(gradients + at)), gradients + at, a.count - at);
  }
}
REGISTER(stay_close, StayCloseParameters, 3)

// ------------------------------------------------------------------------------------------------ parts of a batch
// The gradient of a batch that is computed part by part: after the last one g is what the batch as a whole would give.
__kernel void add_gradients(__global float* restrict g, __global float* restrict sum, __global const StepConstants* restrict constants,
                            const AddGradientsParameters a ITEM) {
  __global float* gradients = AT(g, a.g);
  __global float* sums = AT(sum, a.sum);
  __global float* to = constants->isLastPart ? gradients : sums;
  const int isFirst = constants->part == 0;   // what is in the sums is of another batch then, or of none
  const floatw share = splatw(constants->share);
  FOR_EACH_UNIT(unit, (a.count + WIDE - 1) / WIDE) {
    const int at = unit * WIDE;
    const floatw own = share * loadw(gradients + at);
    storew(isFirst ? own : loadw(sums + at) + own, to + at, a.count - at);
  }
}
REGISTER(add_gradients, AddGradientsParameters, 3)

// ------------------------------------------------------------------------------------------------ clipping
// Where squares are too large for float32, they are taken once more of numbers that are 2^80 times as small, and kept behind the sums.
#define KEEP_SMALLER_SQUARES(sum)                                                          \
  if (IS_TOO_LARGE(sum)) {                                                                 \
    float smaller = 0.0f;                                                                  \
    for (int j = 0; j < count; j++) smaller = FMA(x[j] * SMALLER, x[j] * SMALLER, smaller); \
    o[a.whole + chunk] = smaller;                                                          \
  }

#if LANES == 1
__kernel ROW_KERNEL void gradient_norm_partial(__global const float* restrict g, __global float* restrict partial,
                                               const GradientNormPartialParameters a ITEM) {
  ROWS_OF(a.chunk)
  __global float* o = AT(partial, a.partial) + a.first;
  FOR_EACH_ROW(chunk, (a.count + a.chunk - 1) / a.chunk)
    const int first = chunk * a.chunk, count = a.count - first < a.chunk ? a.count - first : a.chunk, step = row_.lanes;
    __global const float* x = AT(g, a.g) + first;
    float s = 0.0f, t = 0.0f, u = 0.0f, v = 0.0f;
    int i = row_.first;
    for (; i + 3 * step < count; i += 4 * step) {
      s = FMA(x[i], x[i], s);
      t = FMA(x[i + step], x[i + step], t);
      u = FMA(x[i + 2 * step], x[i + 2 * step], u);
      v = FMA(x[i + 3 * step], x[i + 3 * step], v);
    }
    for (; i < count; i += step) s = FMA(x[i], x[i], s);
    const float total = ROW_SUM((s + t) + (u + v));
    if (ROW_FIRST) {
      o[chunk] = total;
      KEEP_SMALLER_SQUARES(total)
    }
  }
}
#else
__kernel void gradient_norm_partial(__global const float* restrict g, __global float* restrict partial,
                                    const GradientNormPartialParameters a ITEM) {
  __global float* o = AT(partial, a.partial) + a.first;
  FOR_EACH_UNIT(chunk, (a.count + a.chunk - 1) / a.chunk) {
    const int first = chunk * a.chunk, count = a.count - first < a.chunk ? a.count - first : a.chunk;
    __global const float* x = AT(g, a.g) + first;
    const floatv zero = splatv(0.0f);
    floatv total = zero;
    int i = 0;
    while (i + 4 * LANES <= count) {   // emptied every 4096 numbers, so that long sums stay accurate
      const int end = count - i < 4096 ? count : i + 4096;
      floatv s = zero, t = zero, u = zero, v = zero;
      for (; i + 4 * LANES <= end; i += 4 * LANES) {
        const floatv b = loadv(x + i), c = loadv(x + i + LANES), d = loadv(x + i + 2 * LANES), e = loadv(x + i + 3 * LANES);
        s = FMA(b, b, s);
        t = FMA(c, c, t);
        u = FMA(d, d, u);
        v = FMA(e, e, v);
      }
      total += (s + t) + (u + v);
    }
    for (; i < count; i += LANES) {
      const floatv b = firstLanes(loadv(x + i), count - i, 0.0f);
      total = FMA(b, b, total);
    }
    const float sum = sumOf(total);
    o[chunk] = sum;
    KEEP_SMALLER_SQUARES(sum)
  }
}
#endif
REGISTER(gradient_norm_partial, GradientNormPartialParameters, 2)

// torch.nn.utils.clip_grad_norm_. A norm that is NaN leaves clip at 1 (the updates' own guard then finds the bad elements). Gradients whose
// squares are too large for float32, which PyTorch brings down to 0, are clipped as any others.
__kernel ROW_KERNEL void gradient_norm_finish(__global const float* restrict partial, __global ControlBlock* restrict control,
                                              const GradientNormFinishParameters a ITEM) {
  ROWS_OF(a.count)
  if (control->ok == 0) return;
  __global const float* x = AT(partial, a.partial);
  FOR_EACH_ROW(row, 1)
    floatv total = splatv(0.0f);
    FOR_EACH_COLUMN(i, a.count) total += firstLanes(loadv(x + i), a.count - i, 0.0f);
    float norm = sqrt(ROW_SUM(total)), clip = a.maximumNorm / (norm + 1e-6f);
    if (ROW_FIRST) {
      if (IS_TOO_LARGE(norm)) {
        float smaller = 0.0f;
        for (int i = 0; i < a.count; i++) smaller += IS_TOO_LARGE(x[i]) ? x[a.count + i] : x[i] * SMALLER * SMALLER;
        const float root = sqrt(smaller);
        norm = root / SMALLER;
        clip = a.maximumNorm / root * SMALLER;
      }
      control->norm = norm;
      control->clip = clip < 1.0f ? clip : 1.0f;
    }
  }
}
REGISTER(gradient_norm_finish, GradientNormFinishParameters, 2)

// ------------------------------------------------------------------------------------------------ the end of a step
__kernel void step_end(__global const float* restrict loss, __global const float* restrict correct,
                       __global ControlBlock* restrict control, __global const StepConstants* restrict constants,
                       const StepEndParameters a ITEM) {
  if (get_global_id(0) != 0 || control->ok == 0) return;
  const float value = *AT(loss, a.loss);
  if ((floatBits(value) & 0x7f800000) == 0x7f800000 || control->gradientBad != 0) {
    control->ok = 0;
    control->badStep = constants->step;
    return;
  }
  const float y = value * (float)a.samples - control->lossCompensation;
  const float sum = control->lossSum + y;
  control->lossCompensation = (sum - control->lossSum) - y;
  control->lossSum = sum;
  const float told = *AT(correct, a.correct);
  if (a.fractional) {
    const float z = told - control->measureCompensation;
    const float measure = control->measureSum + z;
    control->measureCompensation = (measure - control->measureSum) - z;
    control->measureSum = measure;
  } else {
    control->correct += (int)told;
  }
  control->samples += a.samples;
  control->steps += 1;
}
REGISTER(step_end, StepEndParameters, 4)

// After step_end: what an unsound step gives does not count.
__kernel void step_sums(__global const float* restrict values, __global ControlBlock* restrict control, const StepSumsParameters a ITEM) {
  if (control->ok == 0) return;
  __global const float* x = AT(values, a.values);
  __global float* sums = (__global float*)(control + 1) + 2 * a.first;
  FOR_EACH_UNIT(i, a.count) {
    const float y = x[i] - sums[2 * i + 1];
    const float sum = sums[2 * i] + y;
    sums[2 * i + 1] = (sum - sums[2 * i]) - y;
    sums[2 * i] = sum;
  }
}
REGISTER(step_sums, StepSumsParameters, 2)
