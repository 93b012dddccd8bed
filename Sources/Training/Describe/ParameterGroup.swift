import GlissadeLayers
import GlissadeOptimizers
import GlissadePlanning
import GlissadeTensors

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
  /// What large parameters cost: joins the loss, and with it their gradient.
  public var penalty: WeightPenalty
  /// The norm that the weights of a unit may have after each step: a row of a dense layer's weights, a filter of a convolution (Srebro et al.
  /// 2005; PyTorch's `renorm(2, 0, c)`). Longer ones are shortened; vectors (biases, norms' scales) are left alone, and so is the average of
  /// weights. Default none.
  public var maximumNorm: Float?

  /// - Parameters:
  ///   - optimizer: the update rule.
  ///   - schedule: default constant.
  ///   - stayClose: the strength of the penalty on the distance to where the parameters started; default 0.
  ///   - penalty: on large parameters; default none.
  ///   - maximumNorm: of a unit's weights; default none.
  ///   - takes: which parameters, by path; default all.
  public init(
    _ optimizer: any Optimizer, schedule: Schedule = .constant, stayClose: Float = 0, penalty: WeightPenalty = WeightPenalty(),
    maximumNorm: Float? = nil,
    takes: @escaping @Sendable (_ path: String) -> Bool = { _ in true }
  ) {
    self.optimizer = optimizer
    self.schedule = schedule
    self.stayClose = stayClose
    self.penalty = penalty
    self.maximumNorm = maximumNorm
    self.takes = takes
  }
}

/// A penalty on the size of parameters, which joins the loss: l1·Σ|p| + ½·l2·Σp², and so l1·sign(p) + l2·p each gradient (0 at 0); with both it
/// is that of the elastic net (Zou and Hastie 2005). It counts in the training's loss; the validation's is that of the data alone. Unlike weight
/// decay of an optimizer that keeps it apart, it is clipped and averaged with the gradient.
public struct WeightPenalty: Hashable, Sendable {
  /// λ₁, at least 0.
  public var l1: Float
  /// λ₂, at least 0.
  public var l2: Float

  /// No penalty, or what is given.
  public init(l1: Float = 0, l2: Float = 0) {
    self.l1 = l1
    self.l2 = l2
  }

  /// Whether there is one.
  public var isZero: Bool { l1 == 0 && l2 == 0 }
}

extension ParameterGroup {
  /// - Throws: `TrainingError` for a number that makes no sense.
  func check() throws(TrainingError) {
    for (name, number) in [("l1", penalty.l1), ("l2", penalty.l2)] where !(number >= 0 && number.isFinite) {
      throw .invalid(option: "the penalty \(name)", value: "\(number)", requirement: "a number of at least 0")
    }
    if let norm = maximumNorm, !(norm > 0 && norm.isFinite) {
      throw .invalid(option: "the maximum norm", value: "\(norm)", requirement: "a number above 0")
    }
  }

  /// Its optimizer as a training's steps need it.
  func rule(isAveraged: Bool) -> any UpdateRule { optimizer.wrapped(movesMomentum: schedule.movesMomentum, isAveraged: isAveraged) }
}

extension [ParameterGroup] {
  /// The same with groups of an optimizer for matrices divided: matrices, and all else by its companion.
  /// - Parameter parameters: the model's, with their paths.
  func parted(_ parameters: [(path: String, parameter: Parameter)]) -> [ParameterGroup] {
    guard contains(where: { $0.optimizer is any MatrixOptimizer }) else { return self }
    var open = parameters.filter { $0.parameter.role == .weight }
    return flatMap { group -> [ParameterGroup] in
      let own = open.filter { group.takes($0.path) }
      open.removeAll { group.takes($0.path) }
      guard let rule = group.optimizer as? any MatrixOptimizer else { return [group] }
      let others = Set(own.filter { $0.parameter.shape.matrix == nil }.map(\.path))
      guard !others.isEmpty else { return [group] }
      var (matrices, rest) = (group, group)
      matrices.takes = { group.takes($0) && !others.contains($0) }
      rest.optimizer = rule.companion
      rest.takes = { others.contains($0) }
      return others.count == own.count ? [rest] : [matrices, rest]
    }
  }
}

extension TrainingOptions {
  /// The same with groups as a session divides them.
  func parted(by model: any Layer) -> TrainingOptions {
    let parameters = LayerPath.parameters(of: model)
    var options = self
    options.groups = groups.parted(parameters)
    for index in laterPhases.indices { options.laterPhases[index].groups = laterPhases[index].groups.parted(parameters) }
    return options
  }
}
