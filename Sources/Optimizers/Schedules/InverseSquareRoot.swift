/// base · √(n / (n + t)), n being `timescale`. After a warm-up over as many steps it is the Transformer's schedule (Vaswani et al. 2017).
public struct InverseSquareRoot: ScheduleShape {
  public static let name = "inverse-sqrt"
  public static let summary = "base · √(n / (n + t)), n the timescale; after warmup(n) it is the Transformer's (Vaswani et al. 2017)"
  public static let arguments: [ScheduleArgument<Self>] = [
    .span("timescale", \.timescale, required: true, "after how long the rate is the base rate divided by √2")
  ]

  /// n: after so long the rate is the base rate divided by √2; default an epoch.
  public var timescale = Schedule.Span.epochs(1)

  public init() {}

  public func learningRate(at moment: ScheduleMoment) -> Double {
    let scale = Double(max(timescale.steps(perEpoch: moment.stepsPerEpoch), 1))
    return moment.base * (scale / (scale + Double(moment.step))).squareRoot()
  }
}

extension Schedule {
  /// base · √(n / (n + t)), n being `timescale`.
  public static func inverseSquareRoot(timescale: Span) -> Schedule {
    var shape = InverseSquareRoot()
    shape.timescale = timescale
    return Schedule(shape)
  }
}
