/// A rate of one's own: a function of the moment.
struct OwnRate: ScheduleShape {
  static let name = "own"
  static let summary = "a function of the step, given in Swift"
  static let arguments: [ScheduleArgument<Self>] = []

  var title = OwnRate.name
  private var rate: @Sendable (ScheduleMoment) -> Double = { $0.base }

  init() {}

  init(_ title: String, _ rate: @escaping @Sendable (ScheduleMoment) -> Double) {
    self.title = title
    self.rate = rate
  }

  func learningRate(at moment: ScheduleMoment) -> Double { rate(moment) }

  var conflict: String? {
    guard title.isEmpty || Schedules.all.contains(where: { $0.name == title }) else { return nil }
    return "a schedule of one's own needs a name that no other has, and '\(title)' is \(title.isEmpty ? "none" : "a built-in one")"
  }
}

extension Schedule {
  /// A schedule of one's own.
  ///
  /// ```swift
  /// let sawtooth = Schedule("sawtooth of 100 steps") { $0.base * (1 - Double($0.step % 100) / 100) }
  /// let group = ParameterGroup(SGD(learningRate: 0.1), schedule: sawtooth.warmingUp(over: .steps(50)))
  /// ```
  ///
  /// Recipes cannot name it, so it is for `ParameterGroup`. `Trainer.fit` refuses one whose rate is not finite, or below 0, at a step of the run.
  /// - Parameters:
  ///   - name: for messages and records. A training goes on with a schedule of the same name, and two of the same name are equal, so what the
  ///     rate depends on belongs into it.
  ///   - over: how long it lasts; default to the end of the run.
  ///   - rate: the learning rate at a moment of its stretch, which begins at step 0: a function of that moment alone, so that a training that
  ///     goes on has the same rates.
  public init(_ name: String, over: Span? = nil, _ rate: @escaping @Sendable (_ moment: ScheduleMoment) -> Double) {
    self.init(OwnRate(name, rate), over: over)
  }

  /// Whether somebody else wrote a shape of it.
  package var isOwn: Bool { stretches.contains { stretch in !Schedules.all.contains { $0 == type(of: stretch.shape) } } }
}
