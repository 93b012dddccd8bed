#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// From near 0 to the base rate over its length n, the first of whose steps has a rate above 0 already and the last of which has the base rate:
/// base · (s + (1 − s)·(t + 1) / n), or, exponentially, base · s^(1 − (t + 1) / n), s being `start`.
public struct WarmUp: ScheduleShape {
  /// How it rises.
  public enum Curve: String, CaseIterable, Sendable {
    /// In a straight line.
    case linear
    /// By the same factor in each step.
    case exponential
  }

  public static let name = "warmup"
  public static let summary = "base · (s + (1 − s)·(t + 1) / n) over n steps, s being 'start'; exponential: base · s^(1 − (t + 1) / n)"
  public static let arguments: [ScheduleArgument<Self>] = [
    .word("curve", \.curve, quiet: true, "linear or exponential"),
    .number("start", optional: \.start, "what it rises from, as a share of the base rate; 0, or 0.001 where it rises exponentially"),
  ]

  /// How it rises; default in a straight line.
  public var curve = Curve.linear
  /// What it rises from, as a share of the base rate, below 1; `nil`, the default, is 0, or 0.001 where it rises exponentially.
  public var start: Double?

  public init() {}

  public var needsLength: Bool { true }

  public var conflict: String? {
    guard let start else { return nil }
    if start >= 1 { return "start of warmup is \(start), and it has to be below 1" }
    return curve == .exponential && start == 0 ? "start of warmup is 0, and it has to be above 0 where it rises exponentially" : nil
  }

  public func learningRate(at moment: ScheduleMoment) -> Double {
    let share = Double(min(moment.step + 1, moment.length)) / Double(moment.length)
    switch curve {
    // Not by a start of 0, which would round otherwise.
    case .linear:
      return start.map { moment.base * ($0 + (1 - $0) * share) } ?? moment.base * Double(moment.step + 1) / Double(moment.length)
    case .exponential: return moment.base * pow(start ?? 0.001, 1 - share)
    }
  }
}

extension Schedule {
  /// A linear warm-up over so long, then another schedule, which starts at 0 there.
  public static func warmup(_ span: Span, then next: Schedule) -> Schedule { Schedule(WarmUp(), over: span).then(next) }

  /// A warm-up along another curve.
  /// - Parameter start: what it rises from, as a share of the base rate; default 0, or 0.001 where it rises exponentially.
  public static func warmup(_ span: Span, curve: WarmUp.Curve, start: Double? = nil, then next: Schedule) -> Schedule {
    var shape = WarmUp()
    (shape.curve, shape.start) = (curve, start)
    return Schedule(shape, over: span).then(next)
  }
}
