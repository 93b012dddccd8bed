import GlissadeKernels
import GlissadePlanning

/// An update rule with its hyper-parameters. Each step updates a whole parameter group with one kernel over the group's flat arenas.
public protocol Optimizer: UpdateRule {
  /// The base learning rate γ, which a schedule scales.
  var learningRate: Double { get set }
  /// The name that the command knows it by.
  static var name: String { get }
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
  public let optimizer: String
  public let option: String
  public let value: Double
  public let requirement: String

  public var description: String { "\(optimizer): \(option) is \(value), and it has to be \(requirement)" }
}

extension GroupConstants {
  /// Writes a group's numbers for a step where `UpdateRule.write` is told to.
  func store(in constants: UnsafeMutableBufferPointer<Float>) {
    UnsafeMutableRawBufferPointer(constants).storeBytes(of: self, as: Self.self)
  }
}

/// The bytes of a kernel's parameter struct.
func bytes<Parameters>(of parameters: Parameters) -> [UInt8] { withUnsafeBytes(of: parameters) { Array($0) } }
