/// What the learning rate does over a stretch of a run. A shape lists its numbers once (`arguments`): what reads them from text, checks them,
/// prints them and explains them follows from the list.
public protocol ScheduleShape: Sendable {
  /// As text calls it.
  static var name: String { get }
  /// The formula, in one line for people, with the source where it has one.
  static var summary: String { get }
  /// Its numbers.
  static var arguments: [ScheduleArgument<Self>] { get }
  /// What this one is called; default the name.
  var title: String { get }
  /// One with the defaults of all its numbers.
  init()
  /// Whether it makes no sense without a length.
  var needsLength: Bool { get }
  /// The learning rate at a moment of its stretch.
  func learningRate(at moment: ScheduleMoment) -> Double
  /// The momentum, where it changes that as well.
  func momentum(at moment: ScheduleMoment) -> Double?
  /// Whether it does.
  var movesMomentum: Bool { get }
  /// Of one that goes in cycles, how many of its steps are done when the next cycle ends behind so many; `nil` for all others.
  func cycleEnd(after step: Int, stepsPerEpoch: Int) -> Int?
  /// What is wrong between its numbers, beyond their ranges.
  var conflict: String? { get }
}

extension ScheduleShape {
  public var title: String { Self.name }
  public var needsLength: Bool { false }
  public func momentum(at moment: ScheduleMoment) -> Double? { nil }
  public var movesMomentum: Bool { false }
  public func cycleEnd(after step: Int, stepsPerEpoch: Int) -> Int? { nil }
  public var conflict: String? { nil }

  /// What is wrong with the momentums that it goes between.
  static func conflict(low: Double?, high: Double?) -> String? {
    guard high != nil || low != nil else { return nil }
    guard let high, let low else { return "\(name) takes high-momentum and low-momentum, or neither" }
    return high < 1 && low <= high ? nil : "\(name): low-momentum ≤ high-momentum < 1 has to hold"
  }

  /// What is wrong with its numbers.
  var problem: String? {
    for argument in Self.arguments {
      if let value = argument.get(self), let objection = argument.kind.objection(to: value) {
        return "\(argument.label) of \(Self.name) \(objection)"
      }
    }
    return conflict
  }

  /// Its numbers as text has them.
  var texts: [String] {
    Self.arguments.compactMap { argument in
      guard let value = argument.get(self) else { return nil }
      if argument.isQuiet, value == argument.get(Self()) { return nil }
      return "\(argument.label): \(value)"
    }
  }

  var spans: [Schedule.Span] {
    Self.arguments.flatMap { argument -> [Schedule.Span] in
      switch argument.get(self) {
      case .span(let span): [span]
      case .spans(let spans): spans
      default: []
      }
    }
  }
}

/// Where a stretch is.
public struct ScheduleMoment: Sendable {
  /// The optimizer's learning rate.
  public var base: Double
  /// Steps since the stretch began. Past its length where it is the last.
  public var step: Int
  /// What a span in epochs means.
  public var stepsPerEpoch: Int
  /// The stretch's steps, at least 1.
  public var length: Int
  /// What plateaus have come to.
  public var reduction: Double

  /// The share of the stretch that is over, from 0 to 1.
  public var progress: Double { min(Double(step) / Double(length), 1) }

  /// Whole spans since the stretch began.
  func strides(of span: Schedule.Span) -> Int { step / max(span.steps(perEpoch: stepsPerEpoch), 1) }
}

/// A value of a shape's argument.
public enum ScheduleValue: Hashable, Sendable, CustomStringConvertible {
  /// A plain number.
  case number(Double)
  /// A length, as in `500 steps`.
  case span(Schedule.Span)
  /// Several moments, as in `30, 60 epochs`.
  case spans([Schedule.Span])
  /// One of a few words.
  case word(String)

  public var description: String {
    switch self {
    case .number(let number): return "\(number)"
    case .span(let span): return "\(span)"
    case .spans(let spans): return spans.map { "\($0)" }.joined(separator: ", ")
    case .word(let word): return word
    }
  }
}

/// One of a shape's numbers: what it is called, what it may be, and where it is kept.
public struct ScheduleArgument<Shape>: Sendable {
  /// As text labels it.
  public let label: String
  /// What it may be.
  public let kind: ScheduleArgumentKind
  /// One line for people.
  public let help: String
  /// Whether text has to give it.
  public let isRequired: Bool
  /// Whether text leaves it out where it is the default.
  let isQuiet: Bool
  let get: @Sendable (Shape) -> ScheduleValue?
  let set: @Sendable (inout Shape, ScheduleValue) -> Void

  /// A number.
  public static func number(
    _ label: String, _ path: WritableKeyPath<Shape, Double> & Sendable, in range: ClosedRange<Double>? = nil, open: Bool = false,
    required: Bool = false, quiet: Bool = false, _ help: String
  ) -> Self {
    Self(
      label: label, kind: .number(range ?? 0...largestNumber, isAboveLowest: open), help: help, isRequired: required,
      isQuiet: quiet, get: { .number($0[keyPath: path]) },
      set: { shape, value in if case .number(let number) = value { shape[keyPath: path] = number } })
  }

  /// A number that may be left out.
  public static func number(
    _ label: String, optional path: WritableKeyPath<Shape, Double?> & Sendable, _ help: String
  ) -> Self {
    Self(
      label: label, kind: .number(0...largestNumber, isAboveLowest: false), help: help, isRequired: false, isQuiet: false,
      get: { $0[keyPath: path].map(ScheduleValue.number) },
      set: { shape, value in if case .number(let number) = value { shape[keyPath: path] = number } })
  }

  /// A span.
  public static func span(
    _ label: String, _ path: WritableKeyPath<Shape, Schedule.Span> & Sendable, required: Bool = false, _ help: String
  ) -> Self {
    Self(
      label: label, kind: .span, help: help, isRequired: required, isQuiet: false, get: { .span($0[keyPath: path]) },
      set: { shape, value in if case .span(let span) = value { shape[keyPath: path] = span } })
  }

  /// A span that may be left out.
  public static func span(
    _ label: String, optional path: WritableKeyPath<Shape, Schedule.Span?> & Sendable, _ help: String
  ) -> Self {
    Self(
      label: label, kind: .span, help: help, isRequired: false, isQuiet: false, get: { $0[keyPath: path].map(ScheduleValue.span) },
      set: { shape, value in if case .span(let span) = value { shape[keyPath: path] = span } })
  }

  /// Several spans, separated by commas.
  public static func spans(_ label: String, _ path: WritableKeyPath<Shape, [Schedule.Span]> & Sendable, _ help: String) -> Self {
    Self(
      label: label, kind: .spans, help: help, isRequired: true, isQuiet: false, get: { .spans($0[keyPath: path]) },
      set: { shape, value in if case .spans(let spans) = value { shape[keyPath: path] = spans } })
  }

  /// One of some words.
  public static func word<Word: RawRepresentable & CaseIterable & Sendable>(
    _ label: String, _ path: WritableKeyPath<Shape, Word> & Sendable, quiet: Bool = false, _ help: String
  ) -> Self where Word.RawValue == String {
    Self(
      label: label, kind: .word(Word.allCases.map(\.rawValue)), help: help, isRequired: false, isQuiet: quiet,
      get: { .word($0[keyPath: path].rawValue) },
      set: { shape, value in
        if case .word(let text) = value, let word = Word(rawValue: text) { shape[keyPath: path] = word }
      })
  }
}

/// Devices have rates and momentums in float32.
private let largestNumber = Double(Float.greatestFiniteMagnitude)

/// What a shape's argument may be.
public enum ScheduleArgumentKind: Sendable {
  /// - Parameter isAboveLowest: whether the lowest number itself is too low.
  case number(ClosedRange<Double>, isAboveLowest: Bool)
  /// A length, as in `500 steps`.
  case span
  /// Several moments, as in `30, 60 epochs`.
  case spans
  /// One of these words.
  case word([String])

  /// `a number above 0`.
  var requirement: String {
    switch self {
    case .number(let range, let isAboveLowest):
      let low = isAboveLowest ? "above \(short(range.lowerBound))" : "of at least \(short(range.lowerBound))"
      return range.upperBound == largestNumber ? "a number \(low)" : "a number \(low) and at most \(short(range.upperBound))"
    case .span: return "a span such as '500 steps' or '2 epochs'"
    case .spans: return "spans such as '30, 60 epochs'"
    case .word(let words): return words.joined(separator: " or ")
    }
  }

  private func short(_ number: Double) -> String { number == number.rounded() && abs(number) < 1e9 ? "\(Int(number))" : "\(number)" }

  func allows(_ number: Double) -> Bool {
    guard case .number(let range, let isAboveLowest) = self else { return true }
    return number.isFinite && range.contains(number) && !(isAboveLowest && number == range.lowerBound)
  }

  func objection(to value: ScheduleValue) -> String? {
    switch value {
    case .number(let number):
      allows(number)
        ? nil
        : number.isFinite && number > largestNumber
          ? "is \(number), which is more than float32 can hold" : "is \(number), and it has to be \(requirement)"
    case .spans(let spans): spans.isEmpty ? "names no step" : nil
    case .span, .word: nil
    }
  }
}

/// The shapes that there are.
public enum Schedules {
  /// Every shape, by name. Another one is a line here.
  public static let all: [any ScheduleShape.Type] = [
    ConstantRate.self, StepDecay.self, MultiStepDecay.self, ExponentialDecay.self, CosineDecay.self, CosineRestarts.self, LinearDecay.self,
    PolynomialDecay.self, InverseSquareRoot.self, OneCycle.self, CyclicRate.self, Plateau.self, WarmUp.self,
  ]

  /// A text for people: each shape with what it takes, its formula, and its numbers; then what all of them have in common.
  public static var help: String { (all.map { $0.usage } + [common]).joined(separator: "\n") }

  private static let common = """
    over: SPAN
        how long any of them lasts; to the end of the run where it is left out
    A then B
        A for as long as its 'over' says, then B from its own beginning; any number one after another, as in
        'warmup(500 steps) then cosine(to: 1e-5, over: 20 epochs) then constant(at: 1e-5)'
    SPAN is '500 steps' or '2 epochs'.
    """
}

extension ScheduleShape {
  fileprivate static var usage: String {
    let empty = Self()
    let taken =
      (empty.needsLength ? ["SPAN"] : [])
      + arguments.map { "\($0.label)\($0.isRequired ? "" : $0.get(empty).map { ": \($0)" } ?? ": none")" }
    return (["\(name)(\(taken.joined(separator: ", ")))", "    \(summary)"] + arguments.map { "    \($0.label): \($0.help)" })
      .joined(separator: "\n")
  }
}
