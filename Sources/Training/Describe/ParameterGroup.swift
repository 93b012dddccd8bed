import GlissadeOptimizers

/// Parameters that are trained together: by one optimizer, with one schedule, in one arena.
public struct ParameterGroup: Sendable {
  /// The update rule and its base learning rate.
  public var optimizer: any Optimizer
  /// How the learning rate goes over the run.
  public var schedule: Schedule
  /// Which parameters, by path; the first group that takes a parameter has it.
  public var takes: @Sendable (_ path: String) -> Bool
  /// α of L2-SP (Li et al. 2018): α·(p − p₀) is added to each gradient, which is that of a penalty ½·α·‖p − p₀‖² on the distance to where the
  /// parameters started (`TrainingSession.anchor`). Like weight decay it does not show in the loss; unlike it, it is clipped with the
  /// gradients. 0 costs nothing.
  public var stayClose: Float

  /// - Parameters:
  ///   - optimizer: the update rule.
  ///   - schedule: default constant.
  ///   - stayClose: the strength of the penalty on the distance to where the parameters started; default 0.
  ///   - takes: which parameters, by path; default all.
  public init(
    _ optimizer: any Optimizer, schedule: Schedule = .constant, stayClose: Float = 0,
    takes: @escaping @Sendable (_ path: String) -> Bool = { _ in true }
  ) {
    self.optimizer = optimizer
    self.schedule = schedule
    self.stayClose = stayClose
    self.takes = takes
  }
}
