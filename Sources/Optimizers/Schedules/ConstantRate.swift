/// Always the base rate, or another one.
public struct ConstantRate: ScheduleShape {
  public static let name = "constant"
  public static let summary = "the base rate, or the rate that 'at' names"
  public static let arguments: [ScheduleArgument<Self>] = [.number("at", optional: \.rate, "the rate; the base rate where it is left out")]

  /// The rate; `nil` for the base rate.
  public var rate: Double?

  public init() {}

  public func learningRate(at moment: ScheduleMoment) -> Double { rate ?? moment.base }
}

extension Schedule {
  /// Always the base rate.
  public static let constant = Schedule(ConstantRate())

  /// Always one rate, whatever the base.
  public static func constant(at rate: Double, over: Span? = nil) -> Schedule {
    var shape = ConstantRate()
    shape.rate = rate
    return Schedule(shape, over: over)
  }
}
