import GlissadeFormats
import GlissadeLayers

/// The kinds of layers that a `LayerList` can name.
public enum LayerKinds {
  /// Every kind, in the order in which they are listed for people.
  static let all: [LayerKind] = dense + convolutions + poolings + norms + dropouts + shapes + blocks + activations

  /// Their names.
  public static var names: [String] { all.map(\.name) }

  /// A text for people: each with what it takes.
  public static var help: String {
    let calls = activations.map(\.call)
    // As many as fit into a line.
    let lines = calls.reduce(into: [""]) { lines, call in
      let last = lines[lines.count - 1]
      if last.count + call.count > 100 { lines.append(call) } else { lines[lines.count - 1] = last.isEmpty ? call : "\(last), \(call)" }
    }
    let others = all.filter { kind in !activations.contains { $0.name == kind.name } }
    return
      (others.map(\.usage) + [
        "\(lines.joined(separator: ",\n"))\n    Activations, as PyTorch calls them; those of prelu are learned.", common,
      ])
      .joined(separator: "\n")
  }

  private static let common = """
    Layers stand one after another, separated by commas, as in
        'conv(32, padding: 1), relu, max_pool, flatten, dense(128), relu, dropout(0.5)'
    Numbers may stand without their names, in the order above; 'padding=1' is 'padding: 1'. A dense layer with an output for each class is put behind them.
    """

  static func kind(_ name: String, in text: String) throws(LayerListError) -> LayerKind {
    if let found = all.first(where: { $0.name == name }) { return found }
    let meant = (OtherLayerNames.meant(by: name) ?? Nearest.to(name, among: names)).map { "; did you mean '\($0)'? There" } ?? "; there"
    throw LayerListError(text, "there is no layer '\(printable(name))'\(meant) are \(names.joined(separator: ", "))")
  }

  /// Sees whether a layer can have what stands in its parentheses.
  static func check(_ item: LayerItem, in text: String) throws(LayerListError) {
    let kind = try kind(item.name, in: text)
    func error(_ problem: String) -> LayerListError { LayerListError(text, "\(item.name) \(problem)") }
    var free = 0
    for (index, argument) in item.arguments.enumerated() {
      if let label = argument.label, item.arguments[..<index].contains(where: { $0.label == label }) {
        throw error("is given '\(printable(label))' twice")
      }
      if let label = argument.label {
        try check(label, argument, of: kind, error, in: text)
      } else if let number = argument.number {
        guard free < kind.numbers.count else {
          throw error(
            kind.numbers.isEmpty
              ? "takes no numbers" : "takes at most \(kind.numbers.count) number\(kind.numbers.count == 1 ? "" : "s"): \(kind.call)")
        }
        let known = kind.numbers[free]
        if item.arguments.contains(where: { $0.label == known.label }) { throw error("is given '\(known.label)' twice") }
        if let objection = known.objection(to: number) {
          throw error("says \(known.label) \(argument.text), and it has to be \(objection)")
        }
        free += 1
      } else if let part = argument.item {
        guard kind.parts != .none else { throw error("takes no '\(printable(part.name))': \(kind.call)") }
        try check(part, in: text)
      }
    }
    let arguments = LayerArguments(kind: kind, item: item)
    if let missing = kind.numbers.first(where: { $0.isRequired && arguments.given($0.label) == nil }) {
      throw error("needs \(missing.help), as in \(kind.name)(\(missing.example))")
    }
    if kind.parts != .none, item.parts.isEmpty { throw error("needs layers in its parentheses: \(kind.call)") }
  }

  private static func check(
    _ label: String, _ argument: LayerItem.Argument, of kind: LayerKind, _ error: (String) -> LayerListError, in text: String
  ) throws(LayerListError) {
    if let known = kind.numbers.first(where: { $0.label == label }) {
      guard let number = argument.number else { throw error("says \(label) '\(printable(argument.text))', and it has to be a number") }
      if let objection = known.objection(to: number) { throw error("says \(label) \(argument.text), and it has to be \(objection)") }
    } else if let known = kind.words.first(where: { $0.label == label }) {
      guard let word = argument.item, word.arguments.isEmpty, known.words.contains(word.name) else {
        throw error("says \(label) '\(printable(argument.text))', and it has to be \(known.words.joined(separator: " or "))")
      }
    } else if label == kind.partLabel {
      guard let part = argument.item else { throw error("says \(label) '\(printable(argument.text))', and it has to be a layer") }
      try check(part, in: text)
    } else {
      let labels = kind.labels
      let meant = Nearest.to(label, among: labels).map { "; did you mean '\($0)'?" } ?? ""
      throw error("has no '\(printable(label))'\(meant) It is \(kind.call)")
    }
  }
}

extension LayerKind {
  /// What its arguments may be called.
  fileprivate var labels: [String] { numbers.map(\.label) + words.map(\.label) + [partLabel].compactMap { $0 } }

  /// As it is called, with what it takes.
  fileprivate var call: String {
    let layers: [String] =
      switch parts {
      case .none: []
      case .sequence, .branches: ["layer, …"]
      }
    let rest = words.map { "\($0.label): \($0.words.joined(separator: "|"))" } + [partLabel].compactMap { $0 }.map { "\($0): layer" }
    let all = layers + numbers.map(\.text) + rest
    return all.isEmpty ? name : "\(name)(\(all.joined(separator: ", ")))"
  }

  fileprivate var usage: String { "\(call)\n    \(summary)" }
}

extension LayerNumber {
  /// A value that makes sense, for messages.
  fileprivate var example: String { label == "channels" ? "32" : label == "features" ? "128" : "2" }
}

extension LayerItem.Argument {
  /// As it was written.
  fileprivate var text: String {
    switch value {
    case .number(_, let text): text
    case .layer(let item): item.description
    }
  }
}
