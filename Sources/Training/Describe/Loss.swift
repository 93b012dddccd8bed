import GlissadeTensors

/// What training minimises: from the model's outputs and what they are compared with, a value for each sample of a batch.
///
/// ```swift
/// let cubic = Loss("cubic") { output, values in power(abs(output - values), output.graph.constant(3)).meanOfEachSample() }
/// ```
///
/// The batch's loss is the mean of the values, or their sum (`reducing(by:)`). Class weights, weights of samples and mixed samples work for every
/// loss, since they weigh its values: Σ wᵢ·ℓᵢ / Σ wᵢ. A loss may give one value for the whole batch instead, a mean already, which cannot be weighed.
///
/// Of a model with several outputs, `of(output:target:)` says what a loss compares; losses are added and multiplied by numbers.
public struct Loss: Sendable {
  /// What is told beside the loss.
  public enum Measure: String, Sendable {
    /// The share of right answers.
    case accuracy
    /// The mean of |output − value|.
    case meanAbsoluteError
    /// Nothing: the outputs are neither a number for each class nor as many as the values.
    case none
  }

  /// What a batch's values become.
  public enum Reduction: String, CaseIterable, Sendable {
    /// Their mean, weighted where samples have weights.
    case mean
    /// Their sum. What is told of the loss is a mean all the same.
    case sum
  }

  /// What a loss compares outputs with.
  enum Comparison: Hashable, Sendable {
    /// Class numbers, [batch] of int32.
    case classes
    /// Numbers, as many as the output has.
    case values
    /// Whatever the data are labelled with.
    case anything
    /// What the model was given.
    case inputs
  }

  /// What a loss is computed from.
  struct Arguments {
    var outputs: Outputs
    var targets: Targets
    var inputs: Inputs
    /// From where values are counted where that matters, by the targets' names.
    var origins: [String: [Float]] = [:]
    /// Whether the values of a batch become their mean.
    var isMean = true

    /// The only output and the only target, in the output's shape.
    var values: (output: Tensor, values: Tensor) {
      let (output, values) = (outputs.only, targets.only)
      guard output.isValid, values.isValid, output.shape != values.shape else { return (output, values) }
      guard output.shape.count == values.shape.count else {
        let problem = "the values have to be as many as the output's numbers"
        return (output, output.graph.reject("the loss", [output, values], because: problem))
      }
      return (output, values.reshaped(to: output.shape))
    }
  }

  /// [batch] or a scalar.
  typealias Values = @Sendable (Arguments) -> Tensor
  /// From output and target, the mean loss and the sum over the batch of what is told beside it (both scalars).
  typealias Mean = @Sendable (_ output: Tensor, _ target: Tensor) -> (loss: Tensor, sum: Tensor)

  /// For messages and records.
  public let name: String
  /// What a batch's values become.
  public private(set) var reduction = Reduction.mean
  let comparison: Comparison
  let values: Values
  /// The mean where nothing is weighed, by fewer operations; of one output and one target.
  let mean: Mean?
  /// Whether outputs are what is predicted, rather than logits or scores, whose distance to the values says nothing.
  let outputsAreValues: Bool
  /// Whether outputs are logits of yes and no, so that sigmoid makes predictions of them.
  let outputsAreLogits: Bool
  /// Of a loss of classes, whether each class is a yes or no by itself, whose probability is the output's sigmoid.
  package internal(set) var answersEachClass = false
  /// ε of label smoothing, where the loss is cross-entropy and so has a form for distributions.
  let smoothing: Float?

  /// A loss of one's own, of one output and what the data are labelled with.
  /// - Parameters:
  ///   - name: for messages and records.
  ///   - compute: from the output and class numbers ([batch] of int32) or values a value for each sample, [batch], or one for the batch, [].
  public init(_ name: String, _ compute: @escaping @Sendable (_ output: Tensor, _ target: Tensor) -> Tensor) {
    self.init(name, .anything, { compute($0.outputs.only, $0.targets.only) })
  }

  /// A loss of one's own, of several outputs or several targets.
  /// - Parameters:
  ///   - name: for messages and records.
  ///   - compute: from outputs and targets by their names a value for each sample, [batch], or one for the batch, []. Class numbers are called
  ///     `labels`, numbers to be predicted `values`.
  public static func named(_ name: String, _ compute: @escaping @Sendable (_ outputs: Outputs, _ targets: Targets) -> Tensor) -> Loss {
    Loss(name, .anything, { compute($0.outputs, $0.targets) })
  }

  init(
    _ name: String, _ comparison: Comparison, _ values: @escaping Values, mean: Mean? = nil, outputsAreValues: Bool = true,
    outputsAreLogits: Bool = false,
    smoothing: Float? = nil
  ) {
    self.name = name
    self.comparison = comparison
    self.values = values
    self.mean = mean
    self.outputsAreValues = outputsAreValues
    self.outputsAreLogits = outputsAreLogits
    self.smoothing = smoothing
  }

  /// The same loss, with a batch's values reduced otherwise.
  /// - Parameter reduction: default of every loss: their mean.
  public func reducing(by reduction: Reduction) -> Loss {
    var loss = self
    loss.reduction = reduction
    return loss
  }

  // MARK: Built in

  /// Mean cross-entropy of softmax(output) against class numbers.
  public static let crossEntropy = Loss.crossEntropy(labelSmoothing: 0)

  /// Mean cross-entropy against (1 − ε)·onehot + ε / classes.
  public static func crossEntropy(labelSmoothing: Float) -> Loss {
    Loss(
      "crossEntropy", .classes, { softmaxCrossEntropies($0.outputs.only, $0.targets.only, labelSmoothing: labelSmoothing) },
      mean: { output, labels in
        let result = softmaxCrossEntropy(output, labels, labelSmoothing: labelSmoothing)
        return (result.loss, result.correct)
      }, smoothing: labelSmoothing)
  }

  /// The mean of (output − value)².
  public static let meanSquaredError = Loss.ofValues("meanSquaredError", { GlissadeTensors.meanSquaredError($0, $1) }, squaredErrors)

  /// The mean of |output − value|.
  public static let meanAbsoluteError = Loss.ofValues("meanAbsoluteError", { GlissadeTensors.meanAbsoluteError($0, $1) }, absoluteErrors)

  /// The mean of e²/2 where |e| = |output − value| is below δ, and of δ·(|e| − δ/2) elsewhere.
  /// - Parameter delta: δ, above 0; default 1.
  public static func huber(delta: Float = 1) -> Loss {
    Loss.ofValues(numbered("huber", ("delta", delta, 1)), { huberLoss($0, $1, delta: delta) }, { huberLosses($0, $1, delta: delta) })
  }

  /// The mean of e²/(2·β) where |e| = |output − value| is below β, and of |e| − β/2 elsewhere.
  /// - Parameter beta: β, at least 0; default 1.
  public static func smoothL1(beta: Float = 1) -> Loss {
    Loss.ofValues(numbered("smoothL1", ("beta", beta, 1)), { smoothL1Loss($0, $1, beta: beta) }, { smoothL1Losses($0, $1, beta: beta) })
  }

  private static func ofValues(
    _ name: String, _ mean: @escaping @Sendable (Tensor, Tensor) -> Tensor, _ values: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> Loss {
    Loss(
      name, .values,
      {
        let (output, targets) = $0.values
        return values(output, targets)
      }, mean: { (mean($0, $1), absoluteErrorSum($0, $1)) })
  }
}

/// The mean absolute error over a sample's values, summed over samples, as right answers are.
func absoluteErrorSum(_ output: Tensor, _ values: Tensor) -> Tensor {
  GlissadeTensors.meanAbsoluteError(output, values) * Float(max(output.shape.rank > 0 ? output.shape[0] : 1, 1))
}
