/// From the base rate to `to` in a straight line: base + (to − base)·t / T, then `to`. T is the stretch's length.
public struct LinearDecay: ScheduleShape {
  public static let name = "linear"
  public static let summary = "base + (to − base)·t / T, T the length"
  public static let arguments: [ScheduleArgument<Self>] = [.number("to", \.to, "the last rate")]

  /// The last rate; default 0.
  public var to = 0.0

  public init() {}

  public func learningRate(at moment: ScheduleMoment) -> Double { moment.base + (to - moment.base) * moment.progress }
}

extension Schedule {
  /// From the base rate to `to` in a straight line, over the rest of the run where `over` is nil.
  public static func linear(to: Double = 0, over: Span? = nil) -> Schedule {
    var shape = LinearDecay()
    shape.to = to
    return Schedule(shape, over: over)
  }
}
