#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Several models of one form that answer together: with the mean of their probabilities, or of the values that they predict.
///
/// ```swift
/// let ensemble = Ensemble(states, of: .classes)
/// let found = try trainer.evaluation(of: test, by: ensemble)
/// print(found.whole.accuracy, found.gain.overMean)
/// ```
public struct Ensemble: Sendable {
  /// What outputs are.
  public enum Answer: Sendable {
    /// A number for each class, whose softmax is their probabilities.
    case classes
    /// Values that are predicted.
    case values
    /// Logits of yes and no, whose sigmoid is the probability of yes.
    case marks
  }

  /// What a loss makes of outputs for classes: where each class is a yes or no by itself, probabilities are sigmoids of the outputs.
  package static func answer(ofClassesBy loss: Loss) -> Answer { loss.answersEachClass ? .marks : .classes }

  /// The members' parameters; never empty where anything is asked of them.
  public var states: [ModelState]
  /// What their outputs are.
  public var answer: Answer

  /// - Parameters:
  ///   - states: the members' parameters, at least one.
  ///   - answer: what their outputs are.
  public init(_ states: [ModelState], of answer: Answer) { (self.states, self.answer) = (states, answer) }
}

/// An ensemble at work on a session of its members' model.
public final class EnsembleSession {
  private let session: TrainingSession
  private let ensemble: Ensemble
  /// Whether the session has the parameters of a single member already.
  private var isReady = false

  /// - Parameters:
  ///   - ensemble: its members' parameters.
  ///   - session: of their model; its parameters are replaced by each member's in turn.
  public init(_ ensemble: Ensemble, on session: TrainingSession) { (self.ensemble, self.session) = (ensemble, session) }

  /// What the members answer together for some samples of one tensor, in evaluation mode.
  /// - Parameter features: the samples one after another.
  /// - Returns: of values their mean. Of classes the logarithm of the mean probability, so that softmax, the largest number and cross-entropy
  ///   mean what they mean for one model; of marks the logit of the mean probability. A single member's outputs are as they are.
  /// - Throws: what `TrainingSession.restore` throws for members of another form; `TrainingError`, `ShapeError`, `DeviceError`.
  public func predict(_ features: [Float]) throws -> [Float] { try answers(features).together }

  /// The same, with what each member answers by itself.
  /// - Parameters:
  ///   - features: the samples one after another.
  ///   - views: in how many views the same samples are seen besides, for test-time augmentation: each member answers with the mean over them and
  ///     `features`. Default none.
  ///   - view: makes a view's samples, once for each member, so that there is one in memory at a time.
  /// - Throws: as `predict(_:)`, `TrainingError` for views of other sizes, and what `view` throws.
  public func answers(
    _ features: [Float], views: Int = 0, view: (Int) throws -> [Float] = { _ in [] }
  ) throws -> (together: [Float], members: [[Float]]) {
    let samples = features.count / max(session.inputShape.count, 1)
    var (mean, members) = (AnswerMean(ensemble.answer), [[Float]]())
    for state in ensemble.states {
      if !isReady { try session.restore(state) }
      isReady = ensemble.states.count == 1
      var own = AnswerMean(ensemble.answer)
      own.add(try session.predict(features), samples: samples)
      for number in 0..<views {
        let seen = try view(number)
        guard seen.count == features.count else {
          throw TrainingError.invalid(
            option: "a view", value: "\(seen.count) numbers", requirement: "\(features.count), as many as the samples as they are")
        }
        own.add(try session.predict(seen), samples: samples)
      }
      mean.add(own.outputs, samples: samples)
      members.append(own.outputs)
    }
    return (mean.outputs, members)
  }
}

/// The mean of several models' answers, in double precision and in the order of the models.
struct AnswerMean {
  private let answer: Ensemble.Answer
  private var sums: [Double] = []
  private var last: [Float] = []
  private var count = 0

  init(_ answer: Ensemble.Answer) { self.answer = answer }

  /// Adds a model's outputs.
  /// - Parameters:
  ///   - outputs: sample by sample.
  ///   - samples: how many samples these are of.
  mutating func add(_ outputs: [Float], samples: Int) {
    if count == 0 { sums = [Double](repeating: 0, count: outputs.count) }
    guard outputs.count == sums.count, samples > 0 else { return }
    (count, last) = (count + 1, outputs)
    let width = outputs.count / samples
    switch answer {
    case .marks: for (place, output) in outputs.enumerated() { sums[place] += 1 / (1 + exp(-Double(output))) }
    case .values: for (place, output) in outputs.enumerated() { sums[place] += Double(output) }
    case .classes:
      for start in stride(from: 0, to: samples * width, by: max(width, 1)) {
        let row = outputs[start..<start + width]
        let largest = Double(row.max() ?? 0)
        let total = row.reduce(0) { $0 + exp(Double($1) - largest) }
        for place in row.indices { sums[place] += exp(Double(outputs[place]) - largest) / total }
      }
    }
  }

  /// What they answer together; see `EnsembleSession.predict(_:)`.
  var outputs: [Float] {
    guard count > 1 else { return last }
    switch answer {
    case .values: return sums.map { Float($0 / Double(count)) }
    case .marks:
      return sums.map { sum in
        let mean = min(max(sum / Double(count), .leastNormalMagnitude), 1 - .ulpOfOne)
        return Float(log(mean) - log(1 - mean))
      }
    // A probability that is 0 in all of them is as good as the smallest there is.
    case .classes: return sums.map { Float(log(max($0 / Double(count), .leastNormalMagnitude))) }
    }
  }
}
