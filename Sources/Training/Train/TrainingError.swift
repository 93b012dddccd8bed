import GlissadeTensors

/// Why training cannot start or go on.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The model has no parameter that any group takes and the loss depends on.
  case nothingToTrain
  /// A batch size that cannot be used.
  case batchSize(Int, samples: Int)
  /// A batch of one sample alone that a layer cannot learn from; `better` is a batch size that leaves none. Where `batchSize` is above 1 it is
  /// the last batch of an epoch.
  case loneSample(samples: Int, batchSize: Int, better: Int, reason: ShapeError)
  /// A number that is not allowed.
  case invalid(option: String, value: String, requirement: String)
  /// A loss or gradient that is not a finite number.
  case notFinite(NotFinite)
  /// A loss that is more than a thousand times what it began with, where the monitor looks.
  case diverged(step: Int, epoch: Int, loss: Double, first: Double)
  /// A parameter that the model uses and that looking through its properties does not find.
  case unreachableParameter(name: String, shape: Shape)
  /// Two parameters under one path.
  case duplicatePath(String)
  /// Data of another shape than what the model is trained on.
  case sampleShape(what: String, [Int], expected: [Int])
  /// A trainer that was given a model and options, and no data.
  case noData
  /// A checkpoint of a training with other data or options.
  case cannotResume(differences: [String])

  public var description: String {
    switch self {
    case .nothingToTrain: "the model has nothing to train: no parameter is both taken by a group and on the way to the loss"
    case .noData: "the trainer was made from no recipe, so it has no data of its own; fit(_:on:) takes some"
    case .batchSize(let size, let samples):
      "batch size \(size) cannot be used: it has to be at least 1 and at most \(samples), the number of training samples"
    case .loneSample(let samples, let size, let better, let reason):
      (size > 1 ? "with batch size \(size) the last batch has one of the \(samples) samples alone" : "a batch has one sample alone")
        + ", which is too few (\(reason))" + (samples > 1 ? "; batch size \(better) leaves no such batch" : "; more samples are needed")
    case .invalid(let option, let value, let requirement): "\(option) is \(value), and it has to be \(requirement)"
    case .notFinite(let report): report.description
    case .diverged(let step, let epoch, let loss, let first):
      "the loss diverged: it is \(Float(loss)) at step \(step) (epoch \(epoch)), more than a thousand times the \(Float(first)) that it began with. "
        + "The last good parameters are kept; a lower learning rate or gradient clipping may help"
    case .unreachableParameter(let name, let shape):
      "the model uses a parameter '\(name)' \(shape) that is in none of its properties; a parameter has to be a property of a layer, and a "
        + "layer a property of a layer, alone, optional or in an array"
    case .duplicatePath(let path): "two parameters of the model have the path '\(path)'; give them different names"
    case .sampleShape(let what, let shape, let expected):
      "the \(what) samples are \(shape) and the training samples \(expected); they have to be of one shape"
    case .cannotResume(let differences): "the training cannot go on where it stopped: \(differences.joined(separator: "; "))"
    }
  }
}

/// Where a number stopped being one.
public struct NotFinite: Hashable, Sendable, CustomStringConvertible {
  /// The step, from 1: the one that failed, or the last before an evaluation that did.
  public var step: Int
  /// The epoch, from 1.
  public var epoch: Int
  /// Whether it came up while evaluating.
  public var isEvaluation = false
  /// What was not finite: `loss` or `gradient`.
  public var what: String
  /// The first operation whose result was not finite, with its layer; `nil` where replaying the step could not find it.
  public var operation: String?

  public var description: String {
    let place = isEvaluation ? "while evaluating after step \(step) (epoch \(epoch))" : "at step \(step) (epoch \(epoch))"
    let cause = operation.map { "; the first operation with a result that is not finite is \($0)" } ?? ""
    return
      "the \(what) is not finite \(place)\(cause). The last sound parameters are kept; a lower learning rate or gradient clipping may help"
  }
}
