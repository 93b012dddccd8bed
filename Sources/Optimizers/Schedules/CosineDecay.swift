#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// From the base rate to `to` along half a cosine: to + (base − to)·(1 + cos(π·t / T)) / 2, then `to`; PyTorch's `CosineAnnealingLR`
/// (Loshchilov and Hutter 2017, without restarts). T is the stretch's length.
public struct CosineDecay: ScheduleShape {
  public static let name = "cosine"
  public static let summary = "to + (base − to)·(1 + cos(π·t / T)) / 2, T the length (Loshchilov and Hutter 2017)"
  public static let arguments: [ScheduleArgument<Self>] = [.number("to", \.to, "the last rate")]

  /// The last rate; default 0.
  public var to = 0.0

  public init() {}

  public func learningRate(at moment: ScheduleMoment) -> Double {
    to + (moment.base - to) * (1 + cos(.pi * moment.progress)) / 2
  }
}

extension Schedule {
  /// From the base rate to `to` along half a cosine; PyTorch's `CosineAnnealingLR`. Over the rest of the run where `over` is nil.
  public static func cosine(to: Double = 0, over: Span? = nil) -> Schedule {
    var shape = CosineDecay()
    shape.to = to
    return Schedule(shape, over: over)
  }
}
