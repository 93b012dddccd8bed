import GlissadeKernels
import GlissadePlanning

/// An update rule with its hyper-parameters. One of your own is a few lines:
///
///     struct Lion: Optimizer {
///       var learningRate = 1e-4, beta1 = 0.9, beta2 = 0.99, weightDecay = 0.0
///       var stateNames: [String] { ["exp_avg"] }
///       func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
///         let m = state["exp_avg"]
///         let direction = m.moving(towards: g, by: 1 - beta1).sign()
///         return (p - step.rate * (direction + p * weightDecay), ["exp_avg": m.moving(towards: g, by: 1 - beta2)])
///       }
///     }
///
/// Each step updates a whole parameter group with one launch over the group's flat arenas; see `UpdateRule`.
public protocol Optimizer: UpdateRule {
  /// The base learning rate γ, which a schedule scales.
  var learningRate: Double { get set }
  /// Its numbers and switches, each once: options, help, checks, files and messages follow from them.
  static var hyperparameters: [Hyperparameter] { get }
  /// Checks the hyper-parameters.
  /// - Throws: `OptimizerError`, which names the value and what it may be.
  func validate() throws(OptimizerError)
}

extension Optimizer {
  /// Only the learning rate.
  public static var hyperparameters: [Hyperparameter] { [learningRate] }

  /// Checks each hyper-parameter by itself.
  public func validate() throws(OptimizerError) { try checkHyperparameters() }

  /// Checks each hyper-parameter by itself.
  func checkHyperparameters() throws(OptimizerError) {
    for parameter in Self.hyperparameters { try parameter.check(self) }
  }

  /// The base learning rate, which every optimizer has.
  static var learningRate: Hyperparameter {
    .number("lr", \Self.learningRate, .positive, "Learning rate.", words: "learning rate")
  }
}

/// A hyper-parameter that no optimizer can work with.
public struct OptimizerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The optimizer's name.
  public let optimizer: String
  /// Its number, in words.
  public let option: String
  /// What that is.
  public let value: Double
  /// What it has to be.
  public let requirement: String

  public var description: String {
    guard !value.isFinite || Float(value).isFinite else {
      return "\(optimizer): \(option) is \(value), which is more than float32 can hold"
    }
    let text = "\(value)"
    return "\(optimizer): \(option) is \(text.hasSuffix(".0") ? String(text.dropLast(2)) : text), and it has to be \(requirement)"
  }
}

extension GroupConstants {
  /// Writes a group's numbers for a step where `UpdateRule.write` is told to.
  func store(in constants: UnsafeMutableBufferPointer<Float>) {
    UnsafeMutableRawBufferPointer(constants).storeBytes(of: self, as: Self.self)
  }
}

extension Hyperparameter {
  /// λ, which every optimizer has.
  static func weightDecay<Rule: Optimizer>(_ path: WritableKeyPath<Rule, Double> & Sendable) -> Hyperparameter {
    .number("weight_decay", path, .notNegative, "Weight decay: L2, but decoupled with adamw, lion, lamb and muon.")
  }

  /// Uphill, which every optimizer has.
  static func maximize<Rule: Optimizer>(_ path: WritableKeyPath<Rule, Bool> & Sendable) -> Hyperparameter {
    .flag("maximize", path, "Uphill: makes the loss as large as it can.")
  }

  /// ε, which many have.
  static func epsilon<Rule: Optimizer>(_ path: WritableKeyPath<Rule, Double> & Sendable) -> Hyperparameter {
    .number("epsilon", path, .notNegative, "What keeps the denominator from zero.")
  }

  /// Weight decay's place, for those that have it in two.
  static func decoupled<Rule: Optimizer>(_ path: WritableKeyPath<Rule, Bool> & Sendable) -> Hyperparameter {
    .flag("decoupled", path, "Weight decay apart from the gradient, as AdamW's.")
  }

  /// β₁, which many have.
  static func beta1<Rule: Optimizer>(_ path: WritableKeyPath<Rule, Double> & Sendable) -> Hyperparameter {
    .number("beta1", path, .belowOne, "Decay of the mean gradient.")
  }

  /// β₂, which many have.
  static func beta2<Rule: Optimizer>(_ path: WritableKeyPath<Rule, Double> & Sendable) -> Hyperparameter {
    .number("beta2", path, .belowOne, "Decay of the mean squared gradient.")
  }
}

/// The bytes of a kernel's parameter struct.
func bytes<Parameters>(of parameters: Parameters) -> [UInt8] { withUnsafeBytes(of: parameters) { Array($0) } }
