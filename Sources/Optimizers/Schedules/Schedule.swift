/// How the learning rate goes over a run, as a function of the step's number (from 0). It is read on the host at every step and reaches the
/// device as a constant, so no schedule makes a plan anew.
///
/// A schedule is one shape, or several one after another: `warmup(500 steps) then cosine(to: 1e-5)`. Each shape begins at its own step 0 and
/// at the base rate, whatever the one before it came to, as in PyTorch's `SequentialLR`. What comes before `then` lasts as long as its
/// `over` says; the last one goes to the end of the run where it has no length of its own. `Schedules.all` lists the shapes.
public struct Schedule: Hashable, Sendable, CustomStringConvertible {
  /// A shape, and how long it lasts.
  struct Stretch: Sendable {
    var shape: any ScheduleShape
    /// `nil`: to the end of the run.
    var length: Span?
  }

  /// One after another; never empty.
  var stretches: [Stretch]

  /// One shape.
  /// - Parameters:
  ///   - shape: what the rate does.
  ///   - over: how long; `nil` for the rest of the run.
  public init(_ shape: some ScheduleShape, over: Span? = nil) { stretches = [Stretch(shape: shape, length: over)] }

  init(_ stretches: [Stretch]) { self.stretches = stretches }

  /// This schedule, and where it has ended another, from its own beginning.
  public func then(_ next: Schedule) -> Schedule { Schedule(stretches + next.stretches) }

  /// This schedule after a linear warm-up.
  public func warmingUp(over span: Span) -> Schedule { .warmup(span, then: self) }

  /// Checks the numbers of a schedule.
  /// - Throws: `ScheduleError` for a number outside its range, a span that is not above 0, or a shape before `then` that does not end.
  public func validate() throws(ScheduleError) {
    for (index, stretch) in stretches.enumerated() {
      for span in stretch.spans where !span.isUsable { throw ScheduleError(text: description, problem: "a span has to be above 0") }
      if let problem = stretch.shape.problem { throw ScheduleError(text: description, problem: problem) }
      if stretch.length == nil, index < stretches.count - 1 || stretch.shape.needsLength {
        throw ScheduleError(text: description, problem: ScheduleError.endless(stretch.shape))
      }
    }
  }

  /// The learning rate of a step.
  /// - Parameters:
  ///   - base: the optimizer's learning rate.
  ///   - step: the step's number, from 0.
  ///   - stepsPerEpoch: what a span in epochs means.
  ///   - totalSteps: how long the run is, for shapes that go to its end.
  ///   - reduction: what plateaus have come to so far (`PlateauState.factor`); default 1.
  public func learningRate(base: Double, step: Int, stepsPerEpoch: Int, totalSteps: Int, reduction: Double = 1) -> Double {
    let (index, start) = stretch(ofStep: step, stepsPerEpoch)
    let moment = moment(index, start, base, step, stepsPerEpoch, totalSteps, reduction)
    return stretches[index].shape.learningRate(at: moment)
  }

  /// The momentum of a step (β₁ of Adam's family), where the schedule changes it; `nil` where the optimizer's own stays.
  public func momentum(step: Int, stepsPerEpoch: Int, totalSteps: Int) -> Double? {
    let (index, start) = stretch(ofStep: step, stepsPerEpoch)
    return stretches[index].shape.momentum(at: moment(index, start, 1, step, stepsPerEpoch, totalSteps, 1))
  }

  /// What follows a measured value at a step, if anything does.
  public func plateau(atStep step: Int, stepsPerEpoch: Int) -> Plateau? {
    stretches[stretch(ofStep: step, stepsPerEpoch).index].shape as? Plateau
  }

  /// What of it a run has nothing of, in a sentence for people: shapes whose turn does not come, or a rate that never moves.
  /// - Parameters:
  ///   - base: the rate that it is of.
  ///   - stepsPerEpoch: what a span in epochs means.
  ///   - totalSteps: how long the run is.
  /// - Returns: `nil` where all of it has its turn.
  package func idleness(base: Double, stepsPerEpoch: Int, totalSteps: Int) -> String? {
    var start = 0
    for index in stretches.indices.dropLast() {
      start += min(stretches[index].length?.steps(perEpoch: stepsPerEpoch) ?? totalSteps, totalSteps)
      guard start >= totalSteps else { continue }
      return "the schedule does not come to '\(Schedule(Array(stretches[(index + 1)...])))': the run has \(totalSteps) steps, and what is "
        + "before it takes them all"
    }
    guard totalSteps > 1, !followsMeasurements, !movesMomentum, !stretches.contains(where: { $0.shape is ConstantRate }) else { return nil }
    func rate(_ step: Int) -> Double { learningRate(base: base, step: step, stepsPerEpoch: stepsPerEpoch, totalSteps: totalSteps) }
    let first = rate(0)
    for step in stride(from: 1, to: totalSteps, by: max(1, totalSteps / 10_000)) where rate(step) != first { return nil }
    guard rate(totalSteps - 1) == first else { return nil }
    return "the schedule '\(self)' leaves the learning rate as it is in all \(totalSteps) steps of the run"
  }

  /// Whether the rate depends on what is measured on the way.
  public var followsMeasurements: Bool { !measures.isEmpty }

  /// Whether it changes momentum beside the rate.
  public var movesMomentum: Bool { stretches.contains { $0.shape.movesMomentum } }

  /// What has to be measured for it after each epoch.
  public var measures: [Plateau.Measure] { stretches.compactMap { ($0.shape as? Plateau)?.measure } }

  /// The stretch that a step is in, and the step at which it began.
  private func stretch(ofStep step: Int, _ stepsPerEpoch: Int) -> (index: Int, start: Int) {
    var start = 0
    for index in 0..<(stretches.count - 1) {
      guard let length = stretches[index].length?.steps(perEpoch: stepsPerEpoch), step - start >= length else { return (index, start) }
      start += length
    }
    return (stretches.count - 1, start)
  }

  private func moment(
    _ index: Int, _ start: Int, _ base: Double, _ step: Int, _ stepsPerEpoch: Int, _ totalSteps: Int, _ reduction: Double
  ) -> ScheduleMoment {
    let length = stretches[index].length?.steps(perEpoch: stepsPerEpoch) ?? (totalSteps - start)
    return ScheduleMoment(
      base: base, step: step - start, stepsPerEpoch: stepsPerEpoch, length: max(length, 1), reduction: reduction)
  }

  public var description: String { stretches.map(\.description).joined(separator: " then ") }

  /// Schedules that say the same of themselves are the same: their texts hold all of their numbers.
  public static func == (a: Schedule, b: Schedule) -> Bool { a.description == b.description }

  public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension Schedule {
  /// A stretch of training.
  public enum Span: Hashable, Sendable, CustomStringConvertible {
    /// So many steps.
    case steps(Int)
    /// So many epochs, which need not be whole.
    case epochs(Double)

    func steps(perEpoch: Int) -> Int {
      switch self {
      case .steps(let count): max(count, 0)
      case .epochs(let count):
        // Longer than any run is as good as without end.
        max(1, Int(min(max(count.isNaN ? 0 : count * Double(perEpoch), 0), 1e15).rounded()))
      }
    }

    var isUsable: Bool {
      switch self {
      case .steps(let count): count > 0
      case .epochs(let count): count > 0 && count.isFinite
      }
    }

    public var description: String {
      switch self {
      case .steps(let count): "\(count) steps"
      case .epochs(let count): "\(count) epochs"
      }
    }
  }
}

extension Schedule.Stretch: CustomStringConvertible {
  /// As `Schedule.init(_:)` reads it.
  var description: String {
    var parts = shape.texts
    if let length { parts.insert(shape.needsLength ? "\(length)" : "over: \(length)", at: shape.needsLength ? 0 : parts.count) }
    return parts.isEmpty ? shape.title : "\(shape.title)(\(parts.joined(separator: ", ")))"
  }

  /// Every span that it has.
  var spans: [Schedule.Span] { (length.map { [$0] } ?? []) + shape.spans }
}
