/// An average of the weights over the steps of a training, which often does better than the weights themselves. It is kept beside them
/// (one more number for each), measured beside them after each epoch, and saved; training goes on with the weights. Frozen weights are those of
/// the weights themselves, and so are an exponential mean's running statistics; for a stochastic average batch norms' running statistics are taken
/// anew, after each epoch in which it is measured, by a pass over the training data (PyTorch's `update_bn`), which takes a third of an epoch or so.
public enum WeightAverage: Hashable, Sendable, CustomStringConvertible {
  /// An exponential mean: after each step a ← d·a + (1 − d)·p, with d = min(decay, (1 + n) / (10 + n)) after n steps, which warms it up; at first
  /// it is a copy. PyTorch's `AveragedModel` with `get_ema_multi_avg_fn`, and TensorFlow's warm-up.
  /// - Parameter decay: from 0 to below 1; usually 0.99 to 0.9999.
  case exponential(decay: Double)
  /// Stochastic weight averaging (Izmailov et al. 2018): the mean of what epochs leave, from an epoch on; until then a copy.
  /// PyTorch's `AveragedModel`, updated after each epoch.
  /// - Parameter firstEpoch: from 1.
  case stochastic(firstEpoch: Int)

  public var description: String {
    switch self {
    case .exponential(let decay): "exponential, with a decay of \(decay)"
    case .stochastic(let epoch): "of what epochs leave from epoch \(epoch) on"
    }
  }

  /// Whether an epoch is measured with it: before it begins it is no other than the weights.
  /// - Parameter epoch: from 1.
  func isMeasured(inEpoch epoch: Int) -> Bool {
    switch self {
    case .exponential: true
    case .stochastic(let first): epoch >= first
    }
  }

  /// Whether its running statistics are its own: weights that no step had are no weights that running statistics followed.
  var needsStatistics: Bool {
    if case .stochastic = self { true } else { false }
  }

  /// How much of the way to the new weights the average takes in a step.
  /// - Parameters:
  ///   - count: the steps that the weights' group has taken, this one included.
  ///   - epoch: from 1.
  ///   - isLast: whether the step is the epoch's last.
  ///   - stepsPerEpoch: of all epochs.
  func share(count: Int, epoch: Int, isLast: Bool, stepsPerEpoch: Int) -> Double {
    if count <= 1 { return 1 }
    switch self {
    case .exponential(let decay):
      let done = Double(count - 1)
      return 1 - min(decay, (1 + done) / (10 + done))
    case .stochastic(let first):
      guard isLast else { return 0 }
      // What was unfrozen later has fewer to average.
      return 1 / Double(max(min(epoch - first, (count - 1) / max(stepsPerEpoch, 1)), 0) + 1)
    }
  }

  /// - Throws: `TrainingError` for a number that makes no sense.
  func check(epochs: Int) throws(TrainingError) {
    switch self {
    case .exponential(let decay):
      guard decay >= 0, decay < 1 else {
        throw .invalid(option: "the decay of the average of weights", value: "\(decay)", requirement: "at least 0 and below 1")
      }
    case .stochastic(let first):
      guard (1...epochs).contains(first) else {
        throw .invalid(
          option: "the first epoch of the average of weights", value: "\(first)", requirement: "from 1 to \(epochs), the last epoch")
      }
    }
  }
}
