#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Half cosines from the base rate to `to`, one after another, the first over `period`, each `multiplier` times as long as the one before:
/// to + (base − to)·(1 + cos(π·t / Tᵢ)) / 2; PyTorch's `CosineAnnealingWarmRestarts`, SGDR (Loshchilov and Hutter 2017).
public struct CosineRestarts: ScheduleShape {
  public static let name = "cosine-restarts"
  public static let summary =
    "half cosines from base to 'to', the first over 'period', each 'multiplier' times as long as the last (SGDR, Loshchilov and Hutter 2017)"
  public static let arguments: [ScheduleArgument<Self>] = [
    .span("period", \.period, required: true, "the first cycle's length"),
    .number("multiplier", \.multiplier, in: 1...1e6, "how much longer each cycle is than the one before"),
    .number("to", \.to, "the last rate of a cycle"),
  ]

  /// The first cycle's length; default an epoch.
  public var period = Schedule.Span.epochs(1)
  /// How many times as long each cycle is as the one before, at least 1; default 1.
  public var multiplier = 1.0
  /// The last rate of a cycle; default 0.
  public var to = 0.0

  public init() {}

  public func learningRate(at moment: ScheduleMoment) -> Double {
    let cycle = cycle(at: moment)
    return to + (moment.base - to) * (1 + cos(.pi * cycle.since / cycle.length)) / 2
  }

  public func cycleEnd(after step: Int, stepsPerEpoch: Int) -> Int? {
    var length = Double(max(period.steps(perEpoch: stepsPerEpoch), 1))
    guard multiplier > 1 else { return (step / Int(length) + 1) * Int(length) }
    var end = length
    while end.rounded(.up) <= Double(step) {
      length *= multiplier
      end += length
    }
    return end < 1e15 ? Int(end.rounded(.up)) : nil
  }

  /// Steps since the running cycle began, and its length.
  private func cycle(at moment: ScheduleMoment) -> (since: Double, length: Double) {
    let first = Double(max(period.steps(perEpoch: moment.stepsPerEpoch), 1))
    let step = Double(moment.step)
    guard multiplier > 1 else { return (step.truncatingRemainder(dividingBy: first), first) }
    var (start, length) = (0.0, first)
    while step - start >= length {
      start += length
      length *= multiplier
    }
    return (step - start, length)
  }
}

extension Schedule {
  /// Half cosines from the base rate to `to`, restarted; PyTorch's `CosineAnnealingWarmRestarts`.
  public static func cosineRestarts(period: Span, multiplier: Double = 1, to: Double = 0) -> Schedule {
    var shape = CosineRestarts()
    (shape.period, shape.multiplier, shape.to) = (period, multiplier, to)
    return Schedule(shape)
  }
}
