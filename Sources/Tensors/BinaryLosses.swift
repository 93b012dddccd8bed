// Losses of yes or no, and of distributions: of each element, after broadcasting. `meanOfEachSample()` makes a value for each sample of them,
// `mean()` and `sum()` one for the batch.

/// −(t·log p + (1 − t)·log(1 − p)): PyTorch's `binary_cross_entropy`. Logarithms end at −100, as there; a logarithm of exactly 0 has no slope
/// here, where PyTorch's is 10¹², which a sigmoid that is so sure multiplies by 0 anyway. `binaryCrossEntropies(logits:_:)` is more precise, and
/// what to train with.
/// - Parameters:
///   - probabilities: p, in 0 … 1.
///   - targets: t, in 0 … 1.
/// - Returns: the loss of each element.
public func binaryCrossEntropies(_ probabilities: Tensor, _ targets: Tensor) -> Tensor {
  let lowest = probabilities.graph.constant(-100)
  // Another number in place of the one whose logarithm has no finite slope; what is NaN stays NaN.
  let (some, notAll) = (probabilities .!= 0, probabilities .!= 1)
  let yes = maximum(probabilities.kept(where: some, otherwise: 1).log(), lowest).kept(where: some, otherwise: lowest)
  let no = maximum((-probabilities.kept(where: notAll, otherwise: 0)).log1p(), lowest).kept(where: notAll, otherwise: lowest)
  return -(targets * yes + (1 - targets) * no)
}

/// The same of sigmoid(x): (1 − t)·x + (1 + (w − 1)·t)·ln(1 + e⁻ˣ), which neither overflows nor loses digits (PyTorch's
/// `binary_cross_entropy_with_logits`).
/// - Parameters:
///   - logits: x.
///   - targets: t, in 0 … 1.
///   - positiveWeights: w: how much a yes counts; default 1.
/// - Returns: the loss of each element.
public func binaryCrossEntropies(logits: Tensor, _ targets: Tensor, positiveWeights: Tensor? = nil) -> Tensor {
  let rest = softplus(-logits)
  return (1 - targets) * logits + (positiveWeights.map { rest * (1 + ($0 - 1) * targets) } ?? rest)
}

/// max(0, margin − t·x), or its square, for targets t of −1 and 1: the hinge loss of support vector machines.
/// - Parameters:
///   - scores: x.
///   - signs: t: −1 or 1.
///   - margin: default 1.
///   - isSquared: default not.
/// - Returns: the loss of each element.
public func hingeErrors(_ scores: Tensor, _ signs: Tensor, margin: Float = 1, isSquared: Bool = false) -> Tensor {
  let terms = relu(margin - scores * signs)
  return isSquared ? terms.square() : terms
}

/// α′·(1 − p′)^γ·(−log p′), p′ the probability that sigmoid(x) gives what is right (Lin et al. 2017; torchvision's `sigmoid_focal_loss`).
/// - Parameters:
///   - logits: x.
///   - targets: 0 or 1.
///   - gamma: γ, at least 0; default 2.
///   - alpha: what a yes counts, at most 1, and 1 − α what a no does; default 0.25; below 0 both count alike, 1.
/// - Returns: the loss of each element.
public func binaryFocalErrors(_ logits: Tensor, _ targets: Tensor, gamma: Float = 2, alpha: Float = 0.25) -> Tensor {
  guard gamma >= 0, gamma.isFinite else {
    return logits.graph.reject("binaryFocalErrors", [logits, targets], because: "gamma is \(gamma), and it has to be at least 0")
  }
  guard alpha <= 1 else {
    return logits.graph.reject(
      "binaryFocalErrors", [logits, targets], because: "alpha is \(alpha), and it has to be at most 1: a no counts 1 - alpha")
  }
  // 1 − p′ is sigmoid(−x) for a yes and sigmoid(x) for a no.
  let loss = binaryCrossEntropies(logits: logits, targets) * focus(sigmoid(logits * (1 - targets * 2)), gamma)
  return alpha < 0 ? loss : loss * (targets * (2 * alpha - 1) + (1 - alpha))
}

/// t·(log t − x), 0 where t is 0: Kullback and Leibler's divergence of a distribution from one whose logarithms are given (PyTorch's `kl_div`).
/// - Parameters:
///   - logarithms: x, what `logSoftmax` gives.
///   - distributions: t.
/// - Returns: the loss of each element. Its sum over classes is a sample's divergence; PyTorch's `batchmean` is the mean of those.
public func divergences(_ logarithms: Tensor, _ distributions: Tensor) -> Tensor {
  let present = distributions .> 0
  // 1 in place of 0, whose logarithm would not let a gradient through.
  let logarithm = distributions.kept(where: present, otherwise: 1).log()
  return (distributions * (logarithm - logarithms)).kept(where: present, otherwise: 0)
}
