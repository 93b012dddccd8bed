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

/// The mean over all elements of e²/2 where |e| < δ and δ·(|e| − δ/2) elsewhere, e = output − values: PyTorch's `huber_loss`.
/// The gradient of an infinite error is ±δ, as of every other that is large.
/// - Parameter delta: δ, above 0; default 1.
public func huberLoss(_ output: Tensor, _ values: Tensor, delta: Float = 1) -> Tensor {
  guard delta > 0 else {
    return output.graph.reject("huberLoss", [output, values], because: "delta is \(delta), and it has to be above 0")
  }
  let size = abs(output - values)
  let bounded = minimum(size, size.graph.constant(delta))
  return (bounded * (size - bounded * 0.5)).mean()
}
