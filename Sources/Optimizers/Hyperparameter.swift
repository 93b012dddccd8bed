/// One number or switch of an optimizer: what it is called, what it means, and what it may be.
public struct Hyperparameter: Sendable {
  /// What it has: a number, or whether something is done.
  public enum Value: Hashable, Sendable {
    /// A number, in whatever unit the formula has.
    case number(Double)
    /// Whether something is done.
    case flag(Bool)
  }

  /// What a number may be.
  public enum Range: Hashable, Sendable {
    /// Above 0, as float32 has it.
    case positive
    /// At least 0, and no larger than float32 can hold.
    case notNegative
    /// At least 0 and below 1.
    case belowOne
    /// At least 0 and at most 1.
    case share
    /// A whole number from 1 to 1000.
    case count

    /// The words for it.
    public var requirement: String {
      switch self {
      case .positive: "a number above 0 that float32 can hold"
      case .notNegative: "at least 0"
      case .belowOne: "at least 0 and below 1"
      case .share: "at least 0 and at most 1"
      case .count: "a whole number from 1 to 1000"
      }
    }

    /// Whether a number is in it.
    public func contains(_ value: Double) -> Bool {
      guard value.isFinite, Float(value).isFinite else { return false }
      return switch self {
      case .positive: Float(value) > 0
      case .notNegative: value >= 0
      case .belowOne: value >= 0 && value < 1
      case .share: value >= 0 && value <= 1
      case .count: (1...1000).contains(value) && value == value.rounded()
      }
    }

    /// A value just outside it.
    public var outside: Double {
      switch self {
      case .positive: 0
      case .notNegative: -Double.leastNormalMagnitude
      case .belowOne: 1
      case .share: 1.0.nextUp
      case .count: 1.5
      }
    }
  }

  /// As options and files spell it, with underscores.
  public let name: String
  /// As messages call it.
  public let words: String
  /// One line for people.
  public let help: String
  /// What a number may be; `nil` for a switch.
  public let range: Range?
  private let read: @Sendable (any Optimizer) -> Value?
  private let write: @Sendable (any Optimizer, Value) -> any Optimizer

  /// A number.
  /// - Parameters:
  ///   - name: with underscores.
  ///   - path: where the optimizer has it.
  ///   - range: what it may be.
  ///   - help: one line for people.
  ///   - words: as messages call it; default the name with blanks.
  public static func number<Rule: Optimizer>(
    _ name: String, _ path: WritableKeyPath<Rule, Double> & Sendable, _ range: Range, _ help: String, words: String? = nil
  ) -> Hyperparameter {
    Hyperparameter(
      name: name, words: words ?? spaced(name), help: help, range: range,
      read: { ($0 as? Rule).map { .number($0[keyPath: path]) } },
      write: { rule, value in
        guard var copy = rule as? Rule, case .number(let number) = value else { return rule }
        copy[keyPath: path] = number
        return copy
      })
  }

  /// A switch.
  /// - Parameters:
  ///   - name: with underscores.
  ///   - path: where the optimizer has it.
  ///   - help: one line for people.
  public static func flag<Rule: Optimizer>(_ name: String, _ path: WritableKeyPath<Rule, Bool> & Sendable, _ help: String) -> Hyperparameter
  {
    Hyperparameter(
      name: name, words: spaced(name), help: help, range: nil,
      read: { ($0 as? Rule).map { .flag($0[keyPath: path]) } },
      write: { rule, value in
        guard var copy = rule as? Rule, case .flag(let flag) = value else { return rule }
        copy[keyPath: path] = flag
        return copy
      })
  }

  private static func spaced(_ name: String) -> String { String(name.map { $0 == "_" ? " " : $0 }) }

  /// What an optimizer has; `nil` for one that has it not.
  public func value(of rule: any Optimizer) -> Value? { read(rule) }

  /// The optimizer with another value; the same where it has none such.
  public func setting(_ value: Value, in rule: any Optimizer) -> any Optimizer { write(rule, value) }

  /// - Throws: `OptimizerError` for a number that is not in its range.
  func check(_ rule: any Optimizer) throws(OptimizerError) {
    guard let range, case .number(let value)? = read(rule), !range.contains(value) else { return }
    throw OptimizerError(optimizer: type(of: rule).name, option: words, value: value, requirement: range.requirement)
  }
}
