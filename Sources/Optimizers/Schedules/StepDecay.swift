#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// base · factor^⌊t / every⌋; PyTorch's `StepLR`.
public struct StepDecay: ScheduleShape {
  public static let name = "step"
  public static let summary = "base · factor^⌊t / every⌋"
  public static let arguments: [ScheduleArgument<Self>] = [
    .span("every", \.every, required: true, "how long a rate stays"),
    .number("factor", \.factor, open: true, "what each rate is multiplied by"),
  ]

  /// How long a rate stays; default an epoch.
  public var every = Schedule.Span.epochs(1)
  /// What each rate is multiplied by, above 0; default 0.1.
  public var factor = 0.1

  public init() {}

  /// - Parameters:
  ///   - every: how long a rate stays.
  ///   - factor: what each rate is multiplied by; default 0.1.
  public init(every: Schedule.Span, factor: Double = 0.1) { (self.every, self.factor) = (every, factor) }

  public func learningRate(at moment: ScheduleMoment) -> Double { moment.base * pow(factor, Double(moment.strides(of: every))) }
}

extension Schedule {
  /// base · factor^⌊t / every⌋; PyTorch's `StepLR`.
  public static func step(every: Span, factor: Double) -> Schedule {
    Schedule(StepDecay(every: every, factor: factor))
  }
}
