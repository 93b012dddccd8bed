#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// base · factor^n where n of the named steps are behind; PyTorch's `MultiStepLR`.
public struct MultiStepDecay: ScheduleShape {
  public static let name = "multistep"
  public static let summary = "base · factor^n, where n of the named moments are behind"
  public static let arguments: [ScheduleArgument<Self>] = [
    .spans("at", \.milestones, "when, as in '30, 60 epochs'"),
    .number("factor", \.factor, open: true, "what each rate is multiplied by"),
  ]

  /// When the rate is multiplied; default never.
  public var milestones: [Schedule.Span] = []
  /// What it is multiplied by at each of them, above 0; default 0.1.
  public var factor = 0.1

  public init() {}

  public func learningRate(at moment: ScheduleMoment) -> Double {
    var count = 0
    for milestone in milestones where milestone.steps(perEpoch: moment.stepsPerEpoch) <= moment.step { count += 1 }
    return moment.base * pow(factor, Double(count))
  }
}

extension Schedule {
  /// base · factor^n where n of the milestones are behind; PyTorch's `MultiStepLR`.
  public static func multiStep(at milestones: [Span], factor: Double = 0.1) -> Schedule {
    var shape = MultiStepDecay()
    (shape.milestones, shape.factor) = (milestones, factor)
    return Schedule(shape)
  }
}
