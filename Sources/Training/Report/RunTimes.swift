/// Where a training's time went.
extension RunRecord {
  /// Seconds of the epochs' steps, with what they waited.
  private var epochSeconds: Double { epochs.reduce(0) { $0 + $1.seconds } }

  /// What of `dataWaitSeconds` the epochs' steps waited.
  public var stepWaitSeconds: Double { max(dataWaitSeconds - featureWaitSeconds - validationWaitSeconds, 0) }

  /// The share of its time that a training waited for data, from the moment that it had read what has to be read before it can begin
  /// (`preparationSeconds`): of what computing features, the epochs and their validation took. NaN before the first epoch is over.
  public var dataWaitShare: Double { epochSeconds > 0 ? dataWaitSeconds / (wholeSeconds - preparationSeconds) : .nan }

  /// Seconds that the device computed the epochs' steps: as many as these have samples for, each as long as those of `stepTimes`. NaN where none
  /// was timed, and where later steps were others, in another phase of training or on another device.
  public var deviceSeconds: Double {
    guard stepTimes.steps > 0, batchSize > 0, !hasOtherSteps, fallback == nil else { return .nan }
    let samples = epochs.reduce(0) { $0 + $1.seconds * $1.samplesPerSecond }
    let step = stepTimes.parts.reduce(0) { $0 + $1.seconds }
    return min(step * samples / Double(batchSize), max(epochSeconds - stepWaitSeconds, 0))
  }

  /// Seconds of the epochs in which steps neither waited for data nor were computed by the device: what the host does between launches, the monitor,
  /// checkpoints within epochs. NaN where `deviceSeconds` is.
  public var hostSeconds: Double { max(epochSeconds - stepWaitSeconds, 0) - deviceSeconds }
}
