#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// to + (base − to)·(1 − t / T)^power, then `to`; PyTorch's `PolynomialLR` where `to` is 0. T is the stretch's length.
public struct PolynomialDecay: ScheduleShape {
  public static let name = "polynomial"
  public static let summary = "to + (base − to)·(1 − t / T)^power, T the length"
  public static let arguments: [ScheduleArgument<Self>] = [
    .number("power", \.power, open: true, "the exponent"), .number("to", \.to, "the last rate"),
  ]

  /// The exponent, above 0; default 2.
  public var power = 2.0
  /// The last rate; default 0.
  public var to = 0.0

  public init() {}

  public func learningRate(at moment: ScheduleMoment) -> Double { to + (moment.base - to) * pow(1 - moment.progress, power) }
}

extension Schedule {
  /// to + (base − to)·(1 − t / T)^power; over the rest of the run where `over` is nil.
  public static func polynomial(power: Double = 2, to: Double = 0, over: Span? = nil) -> Schedule {
    var shape = PolynomialDecay()
    (shape.power, shape.to) = (power, to)
    return Schedule(shape, over: over)
  }
}
