import GlissadeTensors

/// What training minimises: from the model's output and the labels, the mean loss over the batch and, for classification, the number of
/// right answers (both scalars).
public struct Loss: Sendable {
  /// For messages and records.
  public let name: String
  let compute: @Sendable (_ output: Tensor, _ labels: Tensor) -> (loss: Tensor, correct: Tensor?)

  /// A loss of one's own.
  /// - Parameters:
  ///   - name: for messages and records.
  ///   - compute: the mean loss over the batch and, for classification, the number of right answers.
  public init(_ name: String, _ compute: @escaping @Sendable (_ output: Tensor, _ labels: Tensor) -> (loss: Tensor, correct: Tensor?)) {
    self.name = name
    self.compute = compute
  }

  /// Mean cross-entropy of softmax(output) against class numbers.
  public static let crossEntropy = Loss.crossEntropy(labelSmoothing: 0)

  /// Mean cross-entropy against (1 − ε)·onehot + ε / classes.
  public static func crossEntropy(labelSmoothing: Float) -> Loss {
    Loss("crossEntropy") { output, labels in
      let result = softmaxCrossEntropy(output, labels, labelSmoothing: labelSmoothing)
      return (result.loss, result.correct)
    }
  }
}
