/// A model at the end of one of a schedule's cycles, where the learning rate is at its lowest and before it begins again: a member of a snapshot
/// ensemble (Huang et al. 2017).
public struct ModelSnapshot: Sendable {
  /// Which cycle has ended, from 1.
  public var number: Int
  /// The epoch that it ended in, from 1.
  public var epoch: Int
  /// Steps of the run that were done.
  public var step: Int
  /// The parameters, and no optimizer's memory.
  public var state: ModelState

  /// See the properties.
  public init(number: Int, epoch: Int, step: Int, state: ModelState) {
    (self.number, self.epoch, self.step, self.state) = (number, epoch, step, state)
  }
}

/// When snapshots are taken: what the steps of a training are compared with.
struct SnapshotClock {
  /// Steps that are done when the next cycle ends; beyond every step where none does.
  private(set) var next = Int.max
  private var number = 0
  private let following: (Int) -> Int?

  /// - Parameters:
  ///   - done: steps that are done.
  ///   - following: how many are done at the end of the first cycle that ends behind a step.
  init(after done: Int, following: @escaping (Int) -> Int?) {
    self.following = following
    var step = 0
    while let end = following(step) {
      number += 1
      step = end
      if end > done {
        next = end
        break
      }
    }
  }

  /// Notes that it has been taken.
  /// - Returns: which one it was, from 1.
  mutating func take() -> Int {
    let taken = number
    if let end = following(next) { (next, number) = (end, number + 1) } else { next = .max }
    return taken
  }
}

extension TrainingRun {
  /// When cycles end; `nil` where nobody wants snapshots.
  func snapshotClock(after done: Int) -> SnapshotClock? {
    guard snapshot != nil else { return nil }
    let (perEpoch, total) = (order.batchesPerEpoch, order.batchesPerEpoch * options.epochs)
    let schedule = options.groups.first?.schedule
    return SnapshotClock(after: done) { schedule?.nextRestart(after: $0, stepsPerEpoch: perEpoch, totalSteps: total) }
  }

  /// Takes a snapshot.
  func takeSnapshot(_ session: TrainingSession, epoch: Int) throws {
    guard let number = snapshots?.take() else { return }
    try check(try session.sums(), session, epoch: epoch)
    let state = ModelState(parameters: try session.state().parameters)
    try snapshot?(ModelSnapshot(number: number, epoch: epoch + 1, step: session.steps, state: state))
  }

  /// - Throws: `TrainingError.invalid` where snapshots are wanted and no cycle ends.
  func checkSnapshots() throws(TrainingError) {
    let first = options.groups.first?.schedule
    if snapshot != nil, let other = options.laterPhases.first(where: { $0.groups.first?.schedule != first }) {
      throw .invalid(
        option: "the schedule from epoch \(other.firstEpoch)", value: "'\(other.groups.first.map { "\($0.schedule)" } ?? "")'",
        requirement: "that of the first epoch where snapshots are taken, since they go by its cycles")
    }
    guard let clock = snapshotClock(after: 0), clock.next == .max else { return }
    throw .invalid(
      option: "the schedule", value: "'\(options.groups.first.map { "\($0.schedule)" } ?? "")'",
      requirement: "one of cycles (cosine-restarts, cyclic) of which at least one ends within the run's "
        + "\(order.batchesPerEpoch * options.epochs) steps, since snapshots are taken there")
  }
}
