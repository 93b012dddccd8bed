// Losses as compositions of operations; the one that is an operation of its own is `softmaxCrossEntropy`.

/// Cross-entropy of softmax(logits) against any distribution: the sum over rows and classes of weights·(−log softmax(logits)).
/// - Parameters:
///   - logits: [batch, classes].
///   - weights: [batch, classes]; for a mean over the batch they hold its 1 / batch already.
/// - Returns: a scalar.
public func crossEntropy(_ logits: Tensor, weights: Tensor) -> Tensor { -(weights * logits.logSoftmax()).sum() }

/// What naming the largest logit of each row is worth, summed over the rows. Equal largest logits share.
/// - Parameters:
///   - logits: [batch, classes].
///   - credit: [batch, classes]: what naming each class is worth.
/// - Returns: a scalar.
public func answerCredit(_ logits: Tensor, credit: Tensor) -> Tensor {
  let isLargest = logits.combined(with: logits.max(axes: [1], keepingAxes: true), .equal)
  return ((isLargest * credit).sum(axes: [1]) / isLargest.sum(axes: [1])).sum()
}

/// The mean of (output − values)² over all elements: PyTorch's `mse_loss`.
public func meanSquaredError(_ output: Tensor, _ values: Tensor) -> Tensor { (output - values).applying(.square).mean() }

/// The mean of |output − values| over all elements: PyTorch's `l1_loss`.
public func meanAbsoluteError(_ output: Tensor, _ values: Tensor) -> Tensor { abs(output - values).mean() }

/// The mean over all elements of e²/2 where |e| < δ and δ·(|e| − δ/2) elsewhere, e = output − values (Huber
/// 1964): PyTorch's `huber_loss`.
/// The gradient of an infinite error is ±δ, as of every other that is large.
/// - Parameter delta: δ, above 0; default 1.
public func huberLoss(_ output: Tensor, _ values: Tensor, delta: Float = 1) -> Tensor {
  huberErrors("huberLoss", output, values, delta).mean()
}

// The same, a value for each sample.

/// The mean of (output − values)² over all that belongs to a sample.
/// - Returns: [batch].
public func squaredErrors(_ output: Tensor, _ values: Tensor) -> Tensor { (output - values).applying(.square).meanOfEachSample() }

/// The mean of |output − values| over all that belongs to a sample.
/// - Returns: [batch].
public func absoluteErrors(_ output: Tensor, _ values: Tensor) -> Tensor { abs(output - values).meanOfEachSample() }

/// Huber's loss, the mean over all that belongs to a sample; see `huberLoss`.
/// - Returns: [batch].
public func huberLosses(_ output: Tensor, _ values: Tensor, delta: Float = 1) -> Tensor {
  huberErrors("huberLosses", output, values, delta).meanOfEachSample()
}

/// The mean over all elements of e²/(2·β) where |e| < β and |e| − β/2 elsewhere, e = output − values (Girshick
/// 2015): PyTorch's `smooth_l1_loss`.
/// - Parameter beta: β, at least 0; default 1. 0 is the mean absolute error.
public func smoothL1Loss(_ output: Tensor, _ values: Tensor, beta: Float = 1) -> Tensor {
  smoothErrors("smoothL1Loss", output, values, beta).mean()
}

/// The same, the mean over all that belongs to a sample.
/// - Returns: [batch].
public func smoothL1Losses(_ output: Tensor, _ values: Tensor, beta: Float = 1) -> Tensor {
  smoothErrors("smoothL1Losses", output, values, beta).meanOfEachSample()
}

private func smoothErrors(_ name: String, _ output: Tensor, _ values: Tensor, _ beta: Float) -> Tensor {
  guard beta >= 0 else {
    return output.graph.reject(name, [output, values], because: "beta is \(beta), and it has to be at least 0")
  }
  return beta == 0 ? abs(output - values) : huberErrors(name, output, values, beta) * (1 / beta)
}

/// Huber's loss of each element.
private func huberErrors(_ name: String, _ output: Tensor, _ values: Tensor, _ delta: Float) -> Tensor {
  guard delta > 0 else {
    return output.graph.reject(name, [output, values], because: "delta is \(delta), and it has to be above 0")
  }
  let size = abs(output - values)
  let bounded = minimum(size, size.graph.constant(delta))
  return bounded * (size - bounded * 0.5)
}

extension Tensor {
  /// The mean over all axes but the first.
  public func meanOfEachSample() -> Tensor { shape.rank > 1 ? flattened().mean(axes: [1]) : self }

  /// What naming the largest of each row is worth where a row's class is right: 1, or a share where several are the largest.
  package func answers(_ labels: Tensor) -> Tensor {
    let isLargest = combined(with: max(axes: [1], keepingAxes: true), .equal)
    return isLargest.gather(labels) / isLargest.sum(axes: [1])
  }
}
