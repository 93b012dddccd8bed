/// A schedule's text that makes no sense: where, and what would.
public struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
  public let text: String
  public let problem: String
  public var description: String { "schedule '\(text)': \(problem)" }
}

extension Schedule {
  /// Reads a schedule: `constant`, `step(every: 10 epochs, factor: 0.1)`, `exponential(factor: 0.95)`, `cosine(to: 1e-5)`,
  /// `linear(to: 0)`, each after `warmup(500 steps) then …` if wanted. Spans are in `steps` or `epochs`.
  /// - Throws: `ScheduleError`, which names what was not understood and what would be.
  public init(_ text: String) throws(ScheduleError) {
    let parts = text.split(separator: " then ", omittingEmptySubsequences: false).map(ScheduleParser.trimmed)
    var schedule: Schedule?
    for (index, part) in parts.enumerated().reversed() {
      let parser = ScheduleParser(text: text)
      let call = try parser.call(part)
      if call.name == "warmup" {
        let span = try parser.span(call, "", "over")
        schedule = .warmup(span, then: schedule ?? .constant)
        try parser.finish(call, allowed: ["", "over"])
      } else if index == parts.count - 1 {
        schedule = try parser.schedule(call)
      } else {
        throw parser.error("only warmup can come before 'then', and '\(call.name)' does")
      }
    }
    self = schedule ?? .constant
  }
}

/// Reads `name(label: value, …)`.
private struct ScheduleParser {
  struct Call {
    var name: String
    var arguments: [(label: String, value: String)]
    subscript(labels: [String]) -> String? { arguments.first { labels.contains($0.label) }?.value }
  }

  static let names = ["constant", "step", "exponential", "cosine", "linear", "warmup"]
  let text: String

  static func trimmed(_ text: Substring) -> String {
    var text = text
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }

  func error(_ problem: String) -> ScheduleError { ScheduleError(text: text, problem: problem) }

  func call(_ part: String) throws(ScheduleError) -> Call {
    guard let open = part.firstIndex(of: "(") else {
      try check(part)
      return Call(name: part, arguments: [])
    }
    let name = Self.trimmed(part[..<open])
    try check(name)
    guard part.last == ")" else { throw error("'\(part)' has no closing parenthesis at its end") }
    let inside = part[part.index(after: open)...].dropLast()
    let arguments = inside.split(separator: ",").map { argument in
      let pieces = argument.split(separator: ":", maxSplits: 1)
      return pieces.count == 2
        ? (label: Self.trimmed(pieces[0]), value: Self.trimmed(pieces[1])) : (label: "", value: Self.trimmed(argument))
    }
    return Call(name: name, arguments: arguments)
  }

  private func check(_ name: String) throws(ScheduleError) {
    if !Self.names.contains(name) {
      throw error(
        "there is no schedule '\(name)'; there are \(Self.names.joined(separator: ", ")), as in 'warmup(500 steps) then cosine(to: 1e-5)'")
    }
  }

  func finish(_ call: Call, allowed: [String]) throws(ScheduleError) {
    for (index, argument) in call.arguments.enumerated() where call.arguments[..<index].contains(where: { $0.label == argument.label }) {
      throw error("\(call.name) is given \(argument.label.isEmpty ? "a second value, '\(argument.value)'" : "'\(argument.label)' twice")")
    }
    for argument in call.arguments where !allowed.contains(argument.label) {
      let known = allowed.filter { !$0.isEmpty }.joined(separator: ", ")
      throw error(
        "\(call.name) has no '\(argument.label.isEmpty ? argument.value : argument.label)'\(known.isEmpty ? "" : "; it takes \(known)")")
    }
  }

  func number(_ call: Call, _ labels: String..., orElse fallback: Double? = nil, positive: Bool = false) throws(ScheduleError) -> Double {
    guard let value = call[labels] else {
      if let fallback { return fallback }
      throw error("\(call.name) needs \(labels.last ?? "a number")")
    }
    guard let number = Double(value), number.isFinite, number >= 0, !positive || number > 0 else {
      throw error("'\(value)' in \(call.name) has to be a number \(positive ? "above 0" : "of at least 0")")
    }
    return number
  }

  func optionalSpan(_ call: Call, _ labels: String...) throws(ScheduleError) -> Span? {
    guard let value = call[labels] else { return nil }
    let pieces = value.split(separator: " ")
    guard pieces.count == 2, let count = Double(pieces[0]), count.isFinite, count > 0, count < 1e12 else {
      throw error("'\(value)' in \(call.name) has to be a span such as '500 steps' or '2 epochs'")
    }
    switch pieces[1] {
    case "step", "steps":
      guard count == count.rounded() else { throw error("'\(value)' in \(call.name): steps are whole") }
      return .steps(Int(count))
    case "epoch", "epochs": return .epochs(count)
    default: throw error("'\(pieces[1])' in \(call.name) has to be 'steps' or 'epochs'")
    }
  }

  func span(_ call: Call, _ labels: String...) throws(ScheduleError) -> Span {
    for label in labels { if let span = try optionalSpan(call, label) { return span } }
    throw error("\(call.name) needs a span such as '500 steps' or '2 epochs'")
  }

  typealias Span = Schedule.Span

  func schedule(_ call: Call) throws(ScheduleError) -> Schedule {
    switch call.name {
    case "step":
      try finish(call, allowed: ["every", "factor"])
      return .step(every: try span(call, "every"), factor: try number(call, "factor", orElse: 0.1, positive: true))
    case "exponential":
      try finish(call, allowed: ["factor", "per"])
      return .exponential(factor: try number(call, "factor", positive: true), per: try optionalSpan(call, "per") ?? .epochs(1))
    case "cosine":
      try finish(call, allowed: ["to", "over"])
      return .cosine(to: try number(call, "to", orElse: 0), over: try optionalSpan(call, "over"))
    case "linear":
      try finish(call, allowed: ["to", "over"])
      return .linear(to: try number(call, "to", orElse: 0), over: try optionalSpan(call, "over"))
    default:
      try finish(call, allowed: [])
      return .constant
    }
  }
}
