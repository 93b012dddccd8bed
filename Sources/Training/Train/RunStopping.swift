/// What ends a training before its last epoch, in order.
extension TrainingRun {
  /// Why no other epoch begins; `nil` where one does. Whether anything gets better follows from what checkpoints
  /// hold; how long epochs took, from the machine.
  var reasonToStop: String? { record.reasonToStop(options) }

  /// What `RunRecord.elapsedSeconds` is by now.
  var elapsedSeconds: Double { elapsedBefore + seconds(since: begun) }

  /// Seconds to the end of the run, as far as can be told within an epoch: its steps as they went so far, and between epochs what went by there
  /// before. The epoch at hand ends whole, whatever time there is.
  /// - Parameters:
  ///   - steps: how many of it are done.
  ///   - elapsed: the seconds that these took.
  func secondsLeft(epoch: Int, steps: Int, elapsed: Double) -> Double {
    let perStep = elapsed / Double(max(steps, 1))
    let pause = pauses.count == 0 ? 0 : pauses.seconds / Double(pauses.count)
    let atHand = perStep * Double(order.batchesPerEpoch - steps) + pause
    let all = atHand + (perStep * Double(order.batchesPerEpoch) + pause) * Double(options.epochs - epoch - 1)
    return min(all, options.timeLimit.map { max(seconds($0) - elapsedSeconds, atHand) } ?? .infinity)
  }
}

extension RunRecord {
  /// Why a training with some options ends after the epochs that are over although it was to have more; `nil` where it goes on.
  package func reasonToStop(_ options: TrainingOptions) -> String? {
    guard epochs.count < options.epochs, !epochs.isEmpty else { return nil }
    if let verdict = options.earlyStopping?.verdict(on: epochs) { return verdict }
    // Compared as numbers: a damaged file may say seconds that no `Duration` holds.
    guard let limit = options.timeLimit, elapsedSeconds >= Self.seconds(limit) else { return nil }
    return "the time is over: \(Self.words(limit))"
  }

  private static func seconds(_ limit: Duration) -> Double {
    Double(limit.components.seconds) + Double(limit.components.attoseconds) * 1e-18
  }

  private static func words(_ limit: Duration) -> String {
    let seconds = Self.seconds(limit)
    return seconds == 1 ? "1 second" : seconds == seconds.rounded() ? "\(Int(seconds)) seconds" : "\(seconds) seconds"
  }

  /// Seconds of the whole training, on all its stretches: reading the data, computing features, the epochs and their validation.
  public var wholeSeconds: Double {
    preparationSeconds + featureSeconds + validationSeconds + epochs.reduce(0) { $0 + $1.seconds }
  }
}
