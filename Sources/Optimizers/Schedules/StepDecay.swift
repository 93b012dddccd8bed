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

  public var every = Schedule.Span.epochs(1)
  public var factor = 0.1

  public init() {}

  public init(every: Schedule.Span, factor: Double = 0.1) { (self.every, self.factor) = (every, factor) }

  public func learningRate(at moment: ScheduleMoment) -> Double { moment.base * pow(factor, Double(moment.strides(of: every))) }
}

extension Schedule {
  /// base · factor^⌊t / every⌋; PyTorch's `StepLR`.
  public static func step(every: Span, factor: Double) -> Schedule {
    Schedule(StepDecay(every: every, factor: factor))
  }
}
