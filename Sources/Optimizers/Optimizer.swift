import GlissadeKernels
@_exported import GlissadePlanning

/// An update rule with its hyper-parameters. Each step updates a whole parameter group with one kernel over the group's flat arenas.
public protocol Optimizer: UpdateRule {
  /// The base learning rate γ, which a schedule scales.
  var learningRate: Double { get set }
  /// The name that the command knows it by.
  static var name: String { get }
  /// Checks the hyper-parameters.
  /// - Throws: `OptimizerError`, which names the value and what it may be.
  func validate() throws(OptimizerError)
}

/// A hyper-parameter that no optimizer can work with.
public struct OptimizerError: Error, Hashable, Sendable, CustomStringConvertible {
  public let optimizer: String
  public let option: String
  public let value: Double
  public let requirement: String

  public var description: String { "\(optimizer): \(option) is \(value), and it has to be \(requirement)" }
}

/// One hyper-parameter's check.
struct HyperparameterCheck {
  let optimizer: String

  func expect(_ option: String, _ value: Double, _ isRight: Bool, _ requirement: String) throws(OptimizerError) {
    if !isRight || !value.isFinite { throw OptimizerError(optimizer: optimizer, option: option, value: value, requirement: requirement) }
  }

  func learningRate(_ value: Double) throws(OptimizerError) {
    try expect("learning rate", value, Float(value) > 0 && Float(value).isFinite, "a number above 0 that float32 can hold")
  }
  func notNegative(_ option: String, _ value: Double) throws(OptimizerError) { try expect(option, value, value >= 0, "at least 0") }
  func belowOne(_ option: String, _ value: Double) throws(OptimizerError) {
    try expect(option, value, value >= 0 && value < 1, "at least 0 and below 1")
  }
}

extension GroupConstants {
  /// Writes a group's numbers for a step where `UpdateRule.write` is told to.
  func store(in constants: UnsafeMutableBufferPointer<Float>) {
    UnsafeMutableRawBufferPointer(constants).storeBytes(of: self, as: Self.self)
  }
}

/// The bytes of a kernel's parameter struct.
func bytes<Parameters>(of parameters: Parameters) -> [UInt8] { withUnsafeBytes(of: parameters) { Array($0) } }
