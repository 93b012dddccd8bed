// Losses of class numbers, a value for each sample: [batch]. Logits and their like are [batch, classes], labels [batch] of int32.

/// −x[y]: the negative logarithm of the label's probability, from logarithms of probabilities (PyTorch's `nll_loss`).
/// - Parameters:
///   - logarithms: [batch, classes], what `logSoftmax` gives.
///   - labels: [batch] of int32.
/// - Returns: [batch].
public func negativeLogLikelihoods(_ logarithms: Tensor, _ labels: Tensor) -> Tensor {
  checked("negativeLogLikelihoods", logarithms, labels) { -logarithms.gather(labels) }
}

/// Cross-entropy of softmax(logits) against class numbers, of each row: PyTorch's `cross_entropy` with `reduction="none"`.
/// - Parameters:
///   - logits: [batch, classes].
///   - labels: [batch] of int32.
///   - labelSmoothing: ε: the target is (1 − ε)·onehot + ε / classes; default 0.
///   - classWeights: [classes]: how much −log softmax of each class counts; default all alike.
/// - Returns: [batch]. `mean(ignoring:in:weights:)` is PyTorch's mean over samples that count unequally.
public func softmaxCrossEntropies(_ logits: Tensor, _ labels: Tensor, labelSmoothing: Float = 0, classWeights: Tensor? = nil) -> Tensor {
  checked("softmaxCrossEntropies", logits, labels) {
    let logarithms = logits.logSoftmax()
    let weighted = classWeights.map { logarithms * $0 } ?? logarithms
    let own = weighted.gather(labels)
    return labelSmoothing == 0 ? -own : -(own * (1 - labelSmoothing) + weighted.mean(axes: [1]) * labelSmoothing)
  }
}

extension Tensor {
  /// The mean of some samples' values, those whose label is not `label`: PyTorch's `ignore_index` and, with weights, its weighted mean,
  /// Σ wᵢ·ℓᵢ / Σ wᵢ. Without any such sample it is NaN, as PyTorch's. This tensor is [batch].
  /// - Parameters:
  ///   - label: what is left out.
  ///   - labels: [batch] of int32.
  ///   - weights: w, [batch]; default all alike.
  /// - Returns: a scalar.
  public func mean(ignoring label: Int32, in labels: Tensor, weights: Tensor? = nil) -> Tensor {
    let counts = labels .!= labels.graph.constant(integer: label)
    let weights = weights.map { $0.kept(where: counts, otherwise: 0) } ?? counts
    return (kept(where: counts, otherwise: 0) * weights).sum() / weights.sum()
  }
}

/// Cross-entropy of softmax(logits) against a distribution for each sample: −Σ t·log softmax(logits) (PyTorch's `cross_entropy` with
/// probabilities).
/// - Parameters:
///   - logits: [batch, classes].
///   - distributions: t, [batch, classes].
///   - labelSmoothing: ε: the target is (1 − ε)·t + ε / classes; default 0.
/// - Returns: [batch].
public func softmaxCrossEntropies(_ logits: Tensor, distributions: Tensor, labelSmoothing: Float = 0) -> Tensor {
  guard logits.isValid, distributions.isValid, logits.shape.rank == 2, logits.shape == distributions.shape else {
    return logits.graph.reject(
      "softmaxCrossEntropies", [logits, distributions], because: "the logits and the distributions have to be [batch, classes]")
  }
  let logarithms = logits.logSoftmax()
  let own = (distributions * logarithms).sum(axes: [1])
  return labelSmoothing == 0 ? -own : -(own * (1 - labelSmoothing) + logarithms.mean(axes: [1]) * labelSmoothing)
}

/// Σ over j ≠ y of max(0, margin − x[y] + x[j]) / classes, or of its square: the hinge loss of several classes (Crammer and Singer 2001;
/// PyTorch's `multi_margin_loss`).
/// - Parameters:
///   - scores: x, [batch, classes].
///   - labels: [batch] of int32.
///   - margin: default 1.
///   - isSquared: whether each term is squared; default not.
/// - Returns: [batch].
public func multiMarginLosses(_ scores: Tensor, _ labels: Tensor, margin: Float = 1, isSquared: Bool = false) -> Tensor {
  checked("multiMarginLosses", scores, labels) {
    let own = scores.gather(labels).reshaped(to: [scores.shape[0], 1])
    let terms = relu(scores - own + margin) * (1 - labels.oneHot(scores.shape[1]))
    return (isSquared ? terms.square() : terms).mean(axes: [1])
  }
}

/// −α·(1 − p)^γ·log p, p the label's softmax probability: cross-entropy in which what is already known counts little (Lin et al. 2017).
/// - Parameters:
///   - logits: [batch, classes].
///   - labels: [batch] of int32.
///   - gamma: γ, at least 0; default 2. 0 is cross-entropy.
///   - alpha: α; default 1.
/// - Returns: [batch].
public func focalLosses(_ logits: Tensor, _ labels: Tensor, gamma: Float = 2, alpha: Float = 1) -> Tensor {
  guard gamma >= 0, gamma.isFinite else {
    return logits.graph.reject("focalLosses", [logits, labels], because: "gamma is \(gamma), and it has to be at least 0")
  }
  return checked("focalLosses", logits, labels) {
    let logarithm = logits.logSoftmax().gather(labels)
    return -(focus(-logarithm.expm1(), gamma) * logarithm * alpha)
  }
}

/// q^γ, whose slope stays finite at q = 0.
func focus(_ q: Tensor, _ gamma: Float) -> Tensor { gamma == 0 ? q * 0 + 1 : q.clamped(from: 1e-30).pow(gamma) }

private func checked(_ name: String, _ outputs: Tensor, _ labels: Tensor, _ make: () -> Tensor) -> Tensor {
  guard outputs.isValid, labels.isValid else { return outputs.isValid ? labels : outputs }
  guard outputs.shape.rank == 2, outputs.dtype == .float32, labels.shape == [outputs.shape[0]], labels.dtype == .int32 else {
    return outputs.graph.reject(
      name, [outputs, labels], because: "the outputs have to be [batch, classes] of float32, and the labels [batch] of int32")
  }
  return make()
}
