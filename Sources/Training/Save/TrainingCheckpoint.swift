import GlissadeFormats

/// A training between two steps: all that it takes to go on as if it had never stopped.
///
/// Random numbers need no more than the seed, which the conditions hold, and the steps and epochs done: shuffles, dropout and augmentation
/// are functions of those.
///
/// ```swift
/// let checkpoint = try TrainingCheckpoint(contentsOf: "runs/first/checkpoint-4220.safetensors")
/// let result = try trainer.fit(training, validation: validation, on: selection, resuming: checkpoint)
/// ```
public struct TrainingCheckpoint: Sendable {
  /// Parameters, running statistics, optimizer state, and the number of steps, which is where schedules stand.
  public var state: ModelState
  /// Epochs that are over.
  public var completedEpochs = 0
  /// Batches that are done of the epoch after them. All of them, where only its validation is missing.
  public var completedBatches = 0
  /// What the device has added up in that epoch (loss, right answers, samples), as it keeps it; empty where no batch is done.
  public var sums: [Int32] = []
  /// Seconds that the epoch has taken so far.
  public var epochSeconds = 0.0
  /// What the run has produced so far.
  public var record = RunRecord()
  /// The parameters after the best epoch so far. It is not part of the file, because a run keeps it in one of its own: who goes on hands it
  /// over, and without it the end of the training measures with the last state unless a later epoch is better.
  public var best: ModelState?
  /// What must not change; `nil` where nobody asked for checkpoints.
  public var conditions: TrainingConditions?
  /// What the caller wants to keep with it; the command keeps its options here.
  public var options = JSONValue.null

  /// - Parameter state: between two epochs, before the first unless `completedEpochs` is set.
  public init(state: ModelState) { self.state = state }
}
