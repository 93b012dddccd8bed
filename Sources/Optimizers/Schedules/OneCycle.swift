#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One rise and one fall: from `start`·base to base over the share `peak` of the stretch, and on to `end`·base, along half cosines or straight
/// lines. Momentum, where it is wanted, goes the other way, from `high-momentum` to `low-momentum` and back.
/// PyTorch's `OneCycleLR` with its defaults (Smith and Topin 2018): the base rate is its `max_lr`, `start` 1 / `div_factor`, `end`
/// 1 / (`div_factor`·`final_div_factor`), `peak` `pct_start`.
public struct OneCycle: ScheduleShape {
  /// How it goes from one rate to the next.
  public enum Curve: String, CaseIterable, Sendable {
    /// Along half a cosine.
    case cosine
    /// In a straight line.
    case linear
  }

  public static let name = "one-cycle"
  public static let summary =
    "from start·base up to base over the share 'peak' of the length, then down to end·base (Smith and Topin 2018)"
  public static let arguments: [ScheduleArgument<Self>] = [
    .number("peak", \.peak, in: 0...1, "the share of the stretch at which the base rate is reached"),
    .number("start", \.start, in: 0...1, "the first rate, as a share of the base rate"),
    .number("end", \.end, in: 0...1, "the last rate, as a share of the base rate"),
    .word("curve", \.curve, quiet: true, "cosine or linear"),
    .number("high-momentum", optional: \.highMomentum, "momentum (or beta1) at both ends; the optimizer's own where it is left out"),
    .number("low-momentum", optional: \.lowMomentum, "momentum at the base rate"),
  ]

  /// The share of the stretch at which the base rate is reached, from 0 to 1; default 0.3.
  public var peak = 0.3
  /// The first rate, as a share of the base rate; default 0.04.
  public var start = 0.04
  /// The last rate, as a share of the base rate; default 4e-6.
  public var end = 4e-6
  /// How it goes from one to the next; default along half cosines.
  public var curve = Curve.cosine
  /// Momentum (or β₁) at both ends; `nil`, the default, leaves the optimizer's own.
  public var highMomentum: Double?
  /// Momentum at the base rate; `nil` exactly where `highMomentum` is.
  public var lowMomentum: Double?

  public init() {}

  public var movesMomentum: Bool { highMomentum != nil }
  public var conflict: String? { Self.conflict(low: lowMomentum, high: highMomentum) }

  public func learningRate(at moment: ScheduleMoment) -> Double {
    value(at: moment, start * moment.base, moment.base, end * moment.base)
  }

  public func momentum(at moment: ScheduleMoment) -> Double? {
    guard let highMomentum, let lowMomentum else { return nil }
    return value(at: moment, highMomentum, lowMomentum, highMomentum)
  }

  private func value(at moment: ScheduleMoment, _ first: Double, _ middle: Double, _ last: Double) -> Double {
    // The last step has the last rate, so that there are length − 1 strides.
    let (top, bottom) = (peak * Double(moment.length) - 1, Double(moment.length) - 1)
    let step = min(Double(moment.step), bottom)
    return step <= top && top > 0
      ? between(first, middle, step / top) : between(middle, last, bottom > max(top, 0) ? (step - max(top, 0)) / (bottom - max(top, 0)) : 1)
  }

  private func between(_ a: Double, _ b: Double, _ share: Double) -> Double {
    switch curve {
    case .cosine: b + (a - b) / 2 * (1 + cos(.pi * share))
    case .linear: a + (b - a) * share
    }
  }
}

extension Schedule {
  /// One rise to the base rate and one fall; PyTorch's `OneCycleLR`. Over the rest of the run where `over` is nil.
  /// - Parameters:
  ///   - peak: the share of the stretch at which the base rate is reached.
  ///   - start: the first rate, as a share of the base rate.
  ///   - end: the last rate, as a share of the base rate.
  ///   - momentum: what momentum goes down to and comes from; default: it stays as the optimizer has it.
  public static func oneCycle(
    peak: Double = 0.3, start: Double = 0.04, end: Double = 4e-6, curve: OneCycle.Curve = .cosine,
    momentum: (low: Double, high: Double)? = nil, over: Span? = nil
  ) -> Schedule {
    var shape = OneCycle()
    (shape.peak, shape.start, shape.end, shape.curve) = (peak, start, end, curve)
    (shape.lowMomentum, shape.highMomentum) = (momentum?.low, momentum?.high)
    return Schedule(shape, over: over)
  }
}
