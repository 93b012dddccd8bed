import GlissadeFormats

/// A schedule's text that makes no sense: where, and what would.
public struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The whole text.
  public let text: String
  /// What is wrong in it, and what would be right.
  public let problem: String
  public var description: String { "schedule '\(text)': \(problem)" }

  /// What keeps a shape that does not end from standing before `then`.
  static func endless(_ shape: any ScheduleShape) -> String {
    let name = shape.title
    if shape.needsLength { return "\(name) needs a span such as '500 steps' or '2 epochs'" }
    return
      "'\(name)' stands before 'then' and does not end: give it a length, as in '\(name)(\(shape.texts.isEmpty ? "" : "…, ")over: 10 epochs)'"
  }
}

extension Schedule {
  /// Reads a schedule: `constant`, `step(every: 10 epochs, factor: 0.1)`, `cosine(to: 1e-5)`, …, or several joined by `then`, as in
  /// `warmup(500 steps) then cosine`. `Schedules.all` lists what there is. Spans are in `steps` or `epochs`, and every shape takes `over`, its
  /// length.
  /// - Throws: `ScheduleError`, which names what was not understood and what would be.
  public init(_ text: String) throws(ScheduleError) {
    let parser = ScheduleParser(text: text)
    let words = " \(ScheduleParser.trimmed(text[...])) "
    if words.hasPrefix(" then ") || words.hasSuffix(" then ") || words.contains(" then then ") {
      throw parser.error("'then' stands between two schedules, as in 'warmup(500 steps) then cosine(to: 1e-5)'")
    }
    var stretches: [Stretch] = []
    for part in text.split(separator: " then ", omittingEmptySubsequences: false) {
      stretches.append(try parser.stretch(ScheduleParser.trimmed(part)))
    }
    // Warm-up alone leads to the base rate.
    if let last = stretches.last, last.shape.needsLength { stretches.append(Stretch(shape: ConstantRate(), length: nil)) }
    for stretch in stretches.dropLast() where stretch.length == nil { throw parser.error(ScheduleError.endless(stretch.shape)) }
    for stretch in stretches { if let problem = stretch.shape.problem { throw parser.error(problem) } }
    self.init(stretches)
  }
}

/// Reads `name(label: value, …)`.
private struct ScheduleParser {
  struct Call {
    var name: String
    var arguments: [(label: String, value: String)]
    func value(_ label: String) -> String? { arguments.first { $0.label == label }?.value }
  }

  let text: String

  static func trimmed(_ text: Substring) -> String {
    var text = text
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }

  func error(_ problem: String) -> ScheduleError { ScheduleError(text: text, problem: problem) }

  func stretch(_ part: String) throws(ScheduleError) -> Schedule.Stretch {
    let open = part.firstIndex(of: "(")
    let name = open.map { Self.trimmed(part[..<$0]) } ?? part
    guard let shape = Schedules.all.first(where: { $0.name == name }) else {
      let names = Schedules.all.map { $0.name }
      let meant = Nearest.to(name, among: names).map { "did you mean '\($0)'? there are" } ?? "there are"
      throw error(
        "there is no schedule '\(name)'; \(meant) \(names.joined(separator: ", ")), as in 'warmup(500 steps) then cosine(to: 1e-5)'")
    }
    guard let open else { return try read(shape, Call(name: name, arguments: [])) }
    guard part.last == ")" else { throw error("'\(part)' has no closing parenthesis at its end") }
    let inside = part[part.index(after: open)...].dropLast()
    let arguments = inside.split(separator: ",").map { argument in
      let pieces = argument.split(separator: ":", maxSplits: 1)
      return pieces.count == 2
        ? (label: Self.trimmed(pieces[0]), value: Self.trimmed(pieces[1])) : (label: "", value: Self.trimmed(argument))
    }
    return try read(shape, Call(name: name, arguments: arguments))
  }

  private func read<Shape: ScheduleShape>(_ type: Shape.Type, _ call: Call) throws(ScheduleError) -> Schedule.Stretch {
    var shape = Shape()
    let call = joiningLists(of: type, call)
    // What a shape cannot do without may stand without its label.
    let lengths = shape.needsLength ? ["", "over"] : ["over"]
    try finish(call, allowed: Shape.arguments.map(\.label) + lengths)
    for argument in Shape.arguments {
      guard let value = call.value(argument.label) else {
        if argument.isRequired { throw error("\(call.name) needs \(needed(argument))") }
        continue
      }
      argument.set(&shape, try self.value(value, argument.kind, call))
    }
    var length: Schedule.Span?
    for label in lengths where length == nil { length = try call.value(label).map { text throws(ScheduleError) in try span(text, call) } }
    if shape.needsLength && length == nil { throw error("\(call.name) needs a span such as '500 steps' or '2 epochs'") }
    return Schedule.Stretch(shape: shape, length: length)
  }

  private func needed<Shape>(_ argument: ScheduleArgument<Shape>) -> String {
    switch argument.kind {
    case .span, .spans: "\(argument.kind.requirement) as '\(argument.label)'"
    case .number, .word: argument.label
    }
  }

  /// `at: 30, 60 epochs` is one argument.
  private func joiningLists<Shape: ScheduleShape>(of type: Shape.Type, _ call: Call) -> Call {
    let lists = Shape.arguments.compactMap { argument in if case .spans = argument.kind { argument.label } else { nil } }
    var joined = Call(name: call.name, arguments: [])
    for argument in call.arguments {
      if argument.label.isEmpty, let last = joined.arguments.last, lists.contains(last.label) {
        joined.arguments[joined.arguments.count - 1].value += ", \(argument.value)"
      } else {
        joined.arguments.append(argument)
      }
    }
    return joined
  }

  private func finish(_ call: Call, allowed: [String]) throws(ScheduleError) {
    for (index, argument) in call.arguments.enumerated() where call.arguments[..<index].contains(where: { $0.label == argument.label }) {
      throw error("\(call.name) is given \(argument.label.isEmpty ? "a second value, '\(argument.value)'" : "'\(argument.label)' twice")")
    }
    for argument in call.arguments where !allowed.contains(argument.label) {
      let known = allowed.filter { !$0.isEmpty }
      let label = argument.label.isEmpty ? argument.value : argument.label
      let meant = Nearest.to(label, among: known).map { "; did you mean '\($0)'?" } ?? ""
      throw error("\(call.name) has no '\(label)'\(meant.isEmpty ? "; it takes" : meant + " It takes") \(known.joined(separator: ", "))")
    }
  }

  private func value(_ text: String, _ kind: ScheduleArgumentKind, _ call: Call) throws(ScheduleError) -> ScheduleValue {
    switch kind {
    case .number:
      guard let number = Double(text), kind.allows(number) else {
        let isTooLarge = Double(text).map { $0 > Double(Float.greatestFiniteMagnitude) && text.contains(where: \.isNumber) } ?? false
        throw error("'\(text)' in \(call.name) \(isTooLarge ? "is more than float32 can hold" : "has to be \(kind.requirement)")")
      }
      return .number(number)
    case .span: return .span(try span(text, call))
    case .spans: return .spans(try spans(text, call))
    case .word(let words):
      guard let word = MetricName.word(text, among: words) else {
        let meant = Nearest.to(text, among: words).map { "; did you mean '\($0)'?" } ?? ""
        throw error("'\(text)' in \(call.name) has to be \(kind.requirement)\(meant)")
      }
      return .word(word)
    }
  }

  /// Spans of which the last may say the unit of all.
  private func spans(_ text: String, _ call: Call) throws(ScheduleError) -> [Schedule.Span] {
    let parts = text.split(separator: ",").map(Self.trimmed)
    let unit = parts.last?.split(separator: " ").dropFirst().first.map { " \($0)" } ?? ""
    var spans: [Schedule.Span] = []
    for part in parts { spans.append(try span(part.contains(" ") ? part : part + unit, call)) }
    return spans
  }

  private func span(_ text: String, _ call: Call) throws(ScheduleError) -> Schedule.Span {
    let pieces = text.split(separator: " ")
    if pieces.count == 2, let count = Double(pieces[0]), !(count > 0 && count < 1e12) {
      throw error("'\(text)' in \(call.name) has to be \(ScheduleArgumentKind.span.requirement): a number above 0 and below 1e12 of them")
    }
    guard pieces.count == 2, let count = Double(pieces[0]) else {
      throw error("'\(text)' in \(call.name) has to be \(ScheduleArgumentKind.span.requirement)")
    }
    switch pieces[1] {
    case "step", "steps":
      guard count == count.rounded() else { throw error("'\(text)' in \(call.name): steps are whole") }
      return .steps(Int(count))
    case "epoch", "epochs": return .epochs(count)
    default: throw error("'\(pieces[1])' in \(call.name) has to be 'steps' or 'epochs'")
    }
  }
}
