/// A layer as text has it: its name, and what stands in parentheses behind it.
struct LayerItem: Hashable, Sendable, CustomStringConvertible {
  /// What an argument is.
  enum Value: Hashable, Sendable {
    /// A number, and how it was written.
    case number(Double, String)
    /// A layer, or a word, which look the same.
    indirect case layer(LayerItem)
  }

  /// `kernel: 3`, or without the label.
  struct Argument: Hashable, Sendable {
    var label: String?
    var value: Value
  }

  var name: String
  var arguments: [Argument] = []

  var description: String {
    guard !arguments.isEmpty else { return name }
    let texts = arguments.map { argument in
      let value =
        switch argument.value {
        case .number(_, let text): text
        case .layer(let item): item.description
        }
      return argument.label.map { "\($0): \(value)" } ?? value
    }
    return "\(name)(\(texts.joined(separator: ", ")))"
  }

  /// Itself, or what is in it, where that draws random numbers while training.
  var random: LayerItem? {
    if let found = arguments.lazy.compactMap({ $0.item?.random }).first { return found }
    guard let kind = LayerKinds.all.first(where: { $0.name == name }), let rate = kind.randomRate else { return nil }
    return rate.isEmpty || LayerArguments(kind: kind, item: self).number(rate) > 0 ? self : nil
  }

  /// The layers among its arguments that have no label.
  var parts: [LayerItem] { arguments.compactMap { $0.label == nil ? $0.item : nil } }
}

extension LayerItem.Argument {
  /// The layer, or the word.
  var item: LayerItem? {
    if case .layer(let item) = value { item } else { nil }
  }

  /// The number.
  var number: Double? {
    if case .number(let number, _) = value { number } else { nil }
  }
}
