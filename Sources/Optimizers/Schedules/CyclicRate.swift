#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Up from `from` to the base rate over `up`, down again over `down`, again and again; PyTorch's `CyclicLR` (Smith 2017), whose `max_lr` is the
/// base rate. `triangular2` halves the rise with each cycle, `exp-range` multiplies it by `gamma` with each step. Momentum, where it is wanted,
/// goes the other way: from `high-momentum` down towards `low-momentum`, and back.
public struct CyclicRate: ScheduleShape {
  /// What becomes of the rise.
  public enum Mode: String, CaseIterable, Sendable {
    /// It stays as it is.
    case triangular
    /// It halves with each cycle.
    case triangular2
    /// It is multiplied by `gamma` with each step.
    case expRange = "exp-range"
  }

  public static let name = "cyclic"
  public static let summary = "from 'from' up to base over 'up', down again over 'down', again and again (Smith 2017)"
  public static let arguments: [ScheduleArgument<Self>] = [
    .number("from", \.from, required: true, "the lowest rate"),
    .span("up", \.up, required: true, "how long the rate rises"),
    .span("down", optional: \.down, "how long it falls; as long as it rises where it is left out"),
    .word("mode", \.mode, quiet: true, "triangular; triangular2: each rise half as high; exp-range: times gamma with each step"),
    .number("gamma", \.gamma, in: 0...1, open: true, quiet: true, "for exp-range"),
    .number("high-momentum", optional: \.highMomentum, "momentum (or beta1) at the lowest rate; the optimizer's own where it is left out"),
    .number("low-momentum", optional: \.lowMomentum, "momentum at the base rate"),
  ]

  /// The lowest rate; default 0.
  public var from = 0.0
  /// How long the rate rises; default an epoch.
  public var up = Schedule.Span.epochs(1)
  /// How long it falls; `nil`, the default, as long as it rises.
  public var down: Schedule.Span?
  /// What becomes of the rise; default nothing.
  public var mode = Mode.triangular
  /// The factor of `expRange`, above 0 and at most 1; default 1.
  public var gamma = 1.0
  /// Momentum (or β₁) at the lowest rate; `nil`, the default, leaves the optimizer's own.
  public var highMomentum: Double?
  /// Momentum at the base rate; `nil` exactly where `highMomentum` is.
  public var lowMomentum: Double?

  public init() {}

  public var movesMomentum: Bool { highMomentum != nil }
  public var conflict: String? { Self.conflict(low: lowMomentum, high: highMomentum) }

  public func cycleEnd(after step: Int, stepsPerEpoch: Int) -> Int? {
    let rise = max(up.steps(perEpoch: stepsPerEpoch), 1)
    let cycle = rise + (down.map { max($0.steps(perEpoch: stepsPerEpoch), 1) } ?? rise)
    return (step / cycle + 1) * cycle
  }

  public func learningRate(at moment: ScheduleMoment) -> Double {
    let (height, scale) = height(at: moment)
    return from + (moment.base - from) * height * scale
  }

  public func momentum(at moment: ScheduleMoment) -> Double? {
    guard let highMomentum, let lowMomentum else { return nil }
    let (height, scale) = height(at: moment)
    return highMomentum - (highMomentum - lowMomentum) * height * scale
  }

  /// How far up its cycle it is, as a share of the way to the top, and how high that top is, as a share of the first.
  private func height(at moment: ScheduleMoment) -> (height: Double, scale: Double) {
    let rise = Double(max(up.steps(perEpoch: moment.stepsPerEpoch), 1))
    let fall = down.map { Double(max($0.steps(perEpoch: moment.stepsPerEpoch), 1)) } ?? rise
    let cycle = (Double(moment.step) / (rise + fall)).rounded(.down)
    let since = Double(moment.step) - cycle * (rise + fall)
    let height = since <= rise ? since / rise : 1 - (since - rise) / fall
    let scale =
      switch mode {
      case .triangular: 1.0
      case .triangular2: pow(0.5, cycle)
      case .expRange: pow(gamma, Double(moment.step))
      }
    return (height, scale)
  }
}

extension Schedule {
  /// Up from `from` to the base rate and down again, again and again; PyTorch's `CyclicLR`.
  /// - Parameter momentum: what momentum goes down to and comes from; default: it stays as the optimizer has it.
  public static func cyclic(
    from: Double, up: Span, down: Span? = nil, mode: CyclicRate.Mode = .triangular, gamma: Double = 1,
    momentum: (low: Double, high: Double)? = nil
  ) -> Schedule {
    var shape = CyclicRate()
    (shape.from, shape.up, shape.down, shape.mode, shape.gamma) = (from, up, down, mode, gamma)
    (shape.lowMomentum, shape.highMomentum) = (momentum?.low, momentum?.high)
    return Schedule(shape)
  }
}
