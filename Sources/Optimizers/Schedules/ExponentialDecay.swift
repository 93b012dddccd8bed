#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// base · factor^⌊t / per⌋, in whole strides; PyTorch's `ExponentialLR`.
public struct ExponentialDecay: ScheduleShape {
  public static let name = "exponential"
  public static let summary = "base · factor^⌊t / per⌋"
  public static let arguments: [ScheduleArgument<Self>] = [
    .number("factor", \.factor, open: true, required: true, "what the rate is multiplied by"),
    .span("per", \.per, "how often"),
  ]

  /// What the rate is multiplied by, above 0; default 1.
  public var factor = 1.0
  /// How often; default each epoch.
  public var per = Schedule.Span.epochs(1)

  public init() {}

  public func learningRate(at moment: ScheduleMoment) -> Double { moment.base * pow(factor, Double(moment.strides(of: per))) }
}

extension Schedule {
  /// base · factor^⌊t / per⌋, in whole strides; PyTorch's `ExponentialLR`.
  public static func exponential(factor: Double, per: Span = .epochs(1)) -> Schedule {
    var shape = ExponentialDecay()
    (shape.factor, shape.per) = (factor, per)
    return Schedule(shape)
  }
}
