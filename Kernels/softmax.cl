// Softmax over rows, its logarithm, their gradients, and cross-entropy fused with it. A unit is one row, vectors run along it; lanes
// past the row's end are replaced before they can count. Rows are stored in order and in whole vectors (shareRest): a result may not
// be in the place of an input. Index spaces are one-dimensional, of any size.

INLINE float rowMaximum(__global const float* x, const int columns) {
  const float lowest = bitsFloat((int)0xff800000);
  floatv best = splatv(lowest);
  for (int j = 0; j < columns; j += LANES) best = V(maximum)(best, firstLanes(loadv(x + j), columns - j, lowest));
  return maximumOf(best);
}

// The sum of exp(x - shift).
INLINE float rowExponentials(__global const float* x, const int columns, const float shift) {
  floatv sum = splatv(0.0f);
  for (int j = 0; j < columns; j += LANES) sum += firstLanes(V(exponential)(loadv(x + j) - shift), columns - j, 0.0f);
  return sumOf(sum);
}

__kernel void softmax(__global const float* restrict in, __global float* restrict out, const SoftmaxParameters a ITEM) {
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(in, a.x) + (size_t)row * a.columns;
    __global float* y = AT(out, a.y) + (size_t)row * a.columns;
    const float shift = rowMaximum(x, a.columns);
    if (a.columns <= LANES) {
      const floatv e = firstLanes(V(exponential)(loadv(x) - shift), a.columns, 0.0f);
      storev(e * (1.0f / sumOf(e)), y, rest);
      continue;
    }
    floatv sum = splatv(0.0f);
    for (int j = 0; j < a.columns; j += LANES) {
      const floatv e = firstLanes(V(exponential)(loadv(x + j) - shift), a.columns - j, 0.0f);
      storev(e, y + j, rest - j);
      sum += e;
    }
    const float scale = 1.0f / sumOf(sum);
    for (int j = 0; j < a.columns; j += LANES) storev(loadFirst(y + j, rest - j) * scale, y + j, rest - j);
  }
}
REGISTER(softmax, SoftmaxParameters, 2)

__kernel void log_softmax(__global const float* restrict in, __global float* restrict out, const SoftmaxParameters a ITEM) {
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(in, a.x) + (size_t)row * a.columns;
    __global float* y = AT(out, a.y) + (size_t)row * a.columns;
    const float shift = rowMaximum(x, a.columns), logSum = logarithm_1(rowExponentials(x, a.columns, shift));
    for (int j = 0; j < a.columns; j += LANES) storev((loadv(x + j) - shift) - logSum, y + j, rest - j);
  }
}
REGISTER(log_softmax, SoftmaxParameters, 2)

__kernel void softmax_gradient(__global const float* restrict result, __global const float* restrict gradient, __global float* restrict out,
                               const SoftmaxGradientParameters a ITEM) {
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    const size_t start = (size_t)row * a.columns;
    __global const float* y = AT(result, a.y) + start;
    __global const float* dy = AT(gradient, a.dy) + start;
    __global float* dx = AT(out, a.dx) + start;
    floatv sum = splatv(0.0f);
    for (int j = 0; j < a.columns; j += LANES) sum += firstLanes(loadv(y + j) * loadv(dy + j), a.columns - j, 0.0f);
    const float dot_ = sumOf(sum);
    for (int j = 0; j < a.columns; j += LANES) storev(loadv(y + j) * (loadv(dy + j) - dot_), dx + j, rest - j);
  }
}
REGISTER(softmax_gradient, SoftmaxGradientParameters, 3)

__kernel void log_softmax_gradient(__global const float* restrict result, __global const float* restrict gradient,
                                   __global float* restrict out, const SoftmaxGradientParameters a ITEM) {
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    const size_t start = (size_t)row * a.columns;
    __global const float* y = AT(result, a.y) + start;
    __global const float* dy = AT(gradient, a.dy) + start;
    __global float* dx = AT(out, a.dx) + start;
    floatv sum = splatv(0.0f);
    for (int j = 0; j < a.columns; j += LANES) sum += firstLanes(loadv(dy + j), a.columns - j, 0.0f);
    const float total = sumOf(sum);
    for (int j = 0; j < a.columns; j += LANES)
      storev(loadv(dy + j) - V(exponential)(loadv(y + j)) * total, dx + j, rest - j);
  }
}
REGISTER(log_softmax_gradient, SoftmaxGradientParameters, 3)

// With z = x - max and S = sum exp z: -log p[j] = log S - z[j].
__kernel void softmax_cross_entropy(__global const float* restrict logits, __global const int* restrict labels,
                                    __global float* restrict loss, __global float* restrict gradient, __global float* restrict correct,
                                    const CrossEntropyParameters a ITEM) {
  const float smooth = a.labelSmoothing / (float)a.columns;
  FOR_EACH_UNIT(row, a.rows) {
    const int rest = shareRest(row, a.columns);
    __global const float* x = AT(logits, a.logits) + (size_t)row * a.columns;
    const int label = AT(labels, a.labels)[row];
    const int valid = label >= 0 && label < a.columns;
    const float shift = rowMaximum(x, a.columns);
    const floatv nowhere = splatv(1e9f);
    floatv exponentials = splatv(0.0f), shifted = splatv(0.0f), first = nowhere;
    for (int j = 0; j < a.columns; j += LANES) {
      const floatv z = loadv(x + j) - shift;
      exponentials += firstLanes(V(exponential)(z), a.columns - j, 0.0f);
      shifted += firstLanes(z, a.columns - j, 0.0f);
      // Where the maximum is first, lane by lane; past the row's end there is no place below 1e9.
      first = fmin(first, choosev(nowhere, firstLanes(LANE_PLACES + (float)j, a.columns - j, 1e9f), z == 0.0f));
    }
    const float sum = sumOf(exponentials), logSum = logarithm_1(sum), nan_ = bitsFloat(0x7fc00000);
    float value = nan_, hit = 0.0f;
    if (valid) {
      value = (1.0f - a.labelSmoothing) * (logSum - (x[label] - shift));
      if (a.labelSmoothing != 0.0f) value += a.labelSmoothing * logSum - smooth * sumOf(shifted);
      hit = minimumOf(first) == (float)label ? 1.0f : 0.0f;
    }
    AT(loss, a.loss)[row] = value;
    AT(correct, a.correct)[row] = hit;
    if (a.withGradient) {
      __global float* dx = AT(gradient, a.gradient) + (size_t)row * a.columns;
      const float share = valid ? a.scale / sum : nan_, less = smooth * a.scale;
      for (int j = 0; j < a.columns; j += LANES)
        storev(FMA(V(exponential)(loadv(x + j) - shift), splatv(share), splatv(-less)), dx + j, rest - j);
      if (valid) dx[label] -= (1.0f - a.labelSmoothing) * a.scale;
    }
  }
}
REGISTER(softmax_cross_entropy, CrossEntropyParameters, 5)

__kernel void cross_entropy_finish(__global const float* restrict losses, __global const float* restrict correct,
                                   __global float* restrict out, const CrossEntropyFinishParameters a ITEM) {
  if (get_global_id(0) != 0) return;
  floatv loss = splatv(0.0f), hits = splatv(0.0f);
  for (int i = 0; i < a.count; i += LANES) {
    loss += firstLanes(loadv(AT(losses, a.losses) + i), a.count - i, 0.0f);
    hits += firstLanes(loadv(AT(correct, a.correct) + i), a.count - i, 0.0f);
  }
  *AT(out, a.loss) = sumOf(loss) * a.scale;
  *AT(out, a.hits) = sumOf(hits);
}
REGISTER(cross_entropy_finish, CrossEntropyFinishParameters, 3)
