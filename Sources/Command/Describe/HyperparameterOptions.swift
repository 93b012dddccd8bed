import ArgumentParser
import Glissade

/// The optimizer's numbers. What an optimizer has not got cannot be given to it.
struct HyperparameterOptions: ParsableArguments {
  @Option(
    name: [.customLong("lr"), .customLong("learning-rate")], parsing: .unconditional,
    help: "Learning rate. (default: sgd 0.1; rmsprop, adam, adamw 0.001)")
  var learningRate: Double?

  @Option(parsing: .unconditional, help: "sgd, rmsprop: momentum. (default: 0)")
  var momentum: Double?

  @Option(parsing: .unconditional, help: "sgd: dampening of new gradients in the momentum. (default: 0)")
  var dampening: Double?

  @Flag(help: "sgd: Nesterov momentum.")
  var nesterov = false

  @Option(parsing: .unconditional, help: "Weight decay: L2, but decoupled with adamw. (default: 0; adamw 0.01)")
  var weightDecay: Double?

  @Option(parsing: .unconditional, help: "rmsprop: smoothing of squared gradients. (default: 0.99)")
  var alpha: Double?

  @Flag(help: "rmsprop: squared gradients about their mean.")
  var centered = false

  @Option(parsing: .unconditional, help: "adam, adamw: decay of the mean gradient. (default: 0.9)")
  var beta1: Double?

  @Option(parsing: .unconditional, help: "adam, adamw: decay of the mean squared gradient. (default: 0.999)")
  var beta2: Double?

  @Option(parsing: .unconditional, help: "rmsprop, adam, adamw: what keeps the denominator from zero. (default: 1e-8)")
  var epsilon: Double?

  @Flag(help: "adam, adamw: the largest second moment so far (AMSGrad).")
  var amsgrad = false

  static let optimizers = ["sgd", "rmsprop", "adam", "adamw"]

  /// Options that not every optimizer has.
  private var special: [(name: String, isGiven: Bool, optimizers: [String])] {
    [
      ("--momentum", momentum != nil, ["sgd", "rmsprop"]), ("--dampening", dampening != nil, ["sgd"]), ("--nesterov", nesterov, ["sgd"]),
      ("--alpha", alpha != nil, ["rmsprop"]), ("--centered", centered, ["rmsprop"]), ("--beta1", beta1 != nil, ["adam", "adamw"]),
      ("--beta2", beta2 != nil, ["adam", "adamw"]), ("--epsilon", epsilon != nil, ["rmsprop", "adam", "adamw"]),
      ("--amsgrad", amsgrad, ["adam", "adamw"]),
    ]
  }

  /// The optimizer.
  /// - Throws: `Misuse` for an unknown one or an option that it has not got, `OptimizerError` for a value that makes no sense.
  func optimizer(_ name: String) throws -> any Optimizer {
    guard Self.optimizers.contains(name) else { throw Misuse.unknown("optimizer", name, among: Self.optimizers) }
    for option in special where option.isGiven && !option.optimizers.contains(name) {
      let list = option.optimizers
      let who = list.count == 1 ? "\(list[0]) has" : "\(list.dropLast().joined(separator: ", ")) and \(list[list.count - 1]) have"
      throw Misuse("\(option.name) is no option of \(name); \(who) it")
    }
    let optimizer: any Optimizer =
      switch name {
      case "sgd":
        SGD(
          learningRate: learningRate ?? 0.1, momentum: momentum ?? 0, dampening: dampening ?? 0, weightDecay: weightDecay ?? 0,
          isNesterov: nesterov)
      case "rmsprop":
        RMSprop(
          learningRate: learningRate ?? 1e-3, alpha: alpha ?? 0.99, epsilon: epsilon ?? 1e-8, momentum: momentum ?? 0, isCentered: centered,
          weightDecay: weightDecay ?? 0)
      case "adam":
        Adam(
          learningRate: learningRate ?? 1e-3, beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8,
          weightDecay: weightDecay ?? 0, isAMSGrad: amsgrad)
      default:
        AdamW(
          learningRate: learningRate ?? 1e-3, beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8,
          weightDecay: weightDecay ?? 0.01, isAMSGrad: amsgrad)
      }
    try optimizer.validate()
    return optimizer
  }
}

extension Optimizer {
  /// Every number in force, under the names of the command's options.
  var settings: [JSONMember] {
    func number(_ key: String, _ value: Double) -> JSONMember { JSONMember(key, .number(value)) }
    func flag(_ key: String, _ value: Bool) -> JSONMember { JSONMember(key, .bool(value)) }
    func adam(_ rate: Double, _ beta1: Double, _ beta2: Double, _ epsilon: Double, _ decay: Double, _ amsgrad: Bool) -> [JSONMember] {
      [
        number("lr", rate), number("beta1", beta1), number("beta2", beta2), number("epsilon", epsilon), number("weight_decay", decay),
        flag("amsgrad", amsgrad),
      ]
    }
    return switch self {
    case let rule as SGD:
      [
        number("lr", rule.learningRate), number("momentum", rule.momentum), number("dampening", rule.dampening),
        flag("nesterov", rule.isNesterov), number("weight_decay", rule.weightDecay),
      ]
    case let rule as RMSprop:
      [
        number("lr", rule.learningRate), number("alpha", rule.alpha), number("epsilon", rule.epsilon), number("momentum", rule.momentum),
        flag("centered", rule.isCentered), number("weight_decay", rule.weightDecay),
      ]
    case let rule as Adam: adam(rule.learningRate, rule.beta1, rule.beta2, rule.epsilon, rule.weightDecay, rule.isAMSGrad)
    case let rule as AdamW: adam(rule.learningRate, rule.beta1, rule.beta2, rule.epsilon, rule.weightDecay, rule.isAMSGrad)
    default: [number("lr", learningRate)]
    }
  }
}
