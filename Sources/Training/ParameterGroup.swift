import GlissadeOptimizers

/// Parameters that are trained together: by one optimizer, with one schedule, in one arena.
public struct ParameterGroup: Sendable {
  /// The update rule and its base learning rate.
  public var optimizer: any Optimizer
  /// How the learning rate goes over the run.
  public var schedule: Schedule
  /// Which parameters, by path; the first group that takes a parameter has it.
  public var takes: @Sendable (_ path: String) -> Bool

  /// - Parameters:
  ///   - optimizer: the update rule.
  ///   - schedule: default constant.
  ///   - takes: which parameters, by path; default all.
  public init(
    _ optimizer: any Optimizer, schedule: Schedule = .constant, takes: @escaping @Sendable (_ path: String) -> Bool = { _ in true }
  ) {
    self.optimizer = optimizer
    self.schedule = schedule
    self.takes = takes
  }
}
