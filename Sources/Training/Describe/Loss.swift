import GlissadeTensors

/// What training minimises: from the model's output and what it is compared with, the mean loss over the batch, and what is told beside it.
public struct Loss: Sendable {
  /// What is told beside the loss.
  public enum Measure: String, Sendable {
    /// The share of right answers.
    case accuracy
    /// The mean of |output − value|.
    case meanAbsoluteError
  }

  /// For messages and records.
  public let name: String
  public let measure: Measure
  let form: Form

  /// What a loss compares the output with.
  enum Form: Sendable {
    /// Class numbers, [batch] of int32.
    case labels(Compute, smoothing: Float?)
    /// Numbers, of the output's shape.
    case values(Compute)
  }
  /// From output and targets, the mean loss and the sum over the batch of what is told beside it (both scalars).
  typealias Compute = @Sendable (_ output: Tensor, _ targets: Tensor) -> (loss: Tensor, sum: Tensor?)

  /// A loss of one's own for classes.
  /// - Parameters:
  ///   - name: for messages and records.
  ///   - compute: the mean loss over the batch and the number of right answers.
  public init(_ name: String, _ compute: @escaping @Sendable (_ output: Tensor, _ labels: Tensor) -> (loss: Tensor, correct: Tensor?)) {
    self.init(
      name, .accuracy,
      .labels(
        {
          let result = compute($0, $1)
          return (result.loss, result.correct)
        }, smoothing: nil))
  }

  /// A loss of one's own for numbers.
  /// - Parameters:
  ///   - name: for messages and records.
  ///   - compute: the mean loss over the batch, from two tensors of one shape.
  public init(_ name: String, ofValues compute: @escaping @Sendable (_ output: Tensor, _ values: Tensor) -> Tensor) {
    self.init(
      name, .meanAbsoluteError,
      .values { output, values in
        // The mean over a sample's values, summed over samples, as right answers are.
        (compute(output, values), GlissadeTensors.meanAbsoluteError(output, values) * Float(max(output.shape[0], 1)))
      })
  }

  private init(_ name: String, _ measure: Measure, _ form: Form) {
    self.name = name
    self.measure = measure
    self.form = form
  }

  /// Mean cross-entropy of softmax(output) against class numbers.
  public static let crossEntropy = Loss.crossEntropy(labelSmoothing: 0)

  /// Mean cross-entropy against (1 − ε)·onehot + ε / classes.
  public static func crossEntropy(labelSmoothing: Float) -> Loss {
    Loss(
      "crossEntropy", .accuracy,
      .labels(
        { output, labels in
          let result = softmaxCrossEntropy(output, labels, labelSmoothing: labelSmoothing)
          return (result.loss, result.correct)
        }, smoothing: labelSmoothing))
  }

  /// The mean of (output − value)².
  public static let meanSquaredError = Loss("meanSquaredError", ofValues: { GlissadeTensors.meanSquaredError($0, $1) })

  /// The mean of |output − value|.
  public static let meanAbsoluteError = Loss("meanAbsoluteError", ofValues: { GlissadeTensors.meanAbsoluteError($0, $1) })

  /// The mean of e²/2 where |e| = |output − value| is below δ, and of δ·(|e| − δ/2) elsewhere.
  /// - Parameter delta: δ, above 0; default 1.
  public static func huber(delta: Float = 1) -> Loss { Loss("huber", ofValues: { huberLoss($0, $1, delta: delta) }) }

  /// Whether the loss compares with class numbers; otherwise with values.
  public var isOfClasses: Bool {
    if case .labels = form { return true }
    return false
  }

  /// ε of label smoothing, where the loss is cross-entropy and so has a form for distributions.
  var smoothing: Float? {
    if case .labels(_, let smoothing) = form { return smoothing }
    return nil
  }
}
