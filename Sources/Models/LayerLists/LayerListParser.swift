import GlissadeFormats

/// Reads `name, name(1, label: 2), name(name, label: name(3))`.
struct LayerListParser {
  private let text: String
  private var rest: Substring

  init(_ text: String) {
    self.text = text
    rest = Substring(text)
  }

  private static let example = "as in 'conv(32, kernel: 3), relu, max_pool, flatten, dense(128), relu'"
  /// Blocks within blocks: more is no network, and might be too much for the stack.
  private static let deepest = 16

  /// All of it.
  /// - Throws: `LayerListError`.
  mutating func list() throws(LayerListError) -> [LayerItem] {
    var items: [LayerItem] = []
    repeat { items.append(try layer(depth: 0)) } while take(",")
    skip()
    guard rest.isEmpty else { throw error("'\(short(rest))' is left over; layers are separated by commas, \(Self.example)") }
    return items
  }

  private func error(_ problem: String) -> LayerListError { LayerListError(text, problem) }
  private func short(_ text: Substring) -> String { printable(text.count > 24 ? "\(text.prefix(24))…" : String(text)) }

  private mutating func skip() { rest = rest.drop { $0.isWhitespace } }

  private mutating func take(_ mark: Character) -> Bool {
    skip()
    guard rest.first == mark else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func word() -> String {
    skip()
    let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == "." || $0 == "+" }
    rest = rest.dropFirst(word.count)
    return String(word)
  }

  /// A layer that stands for itself, and is looked through.
  private mutating func layer(depth: Int) throws(LayerListError) -> LayerItem {
    let item = try item(depth: depth)
    try LayerKinds.check(item, in: text)
    return item
  }

  private mutating func item(depth: Int) throws(LayerListError) -> LayerItem {
    guard depth <= Self.deepest else { throw error("there are more than \(Self.deepest) parentheses within each other") }
    let name = word()
    guard !name.isEmpty else {
      throw error(
        rest.isEmpty ? "a layer is missing at the end, \(Self.example)" : "'\(short(rest))' stands where a layer has to be, \(Self.example)"
      )
    }
    var item = LayerItem(name: name)
    guard take("(") else { return item }
    if take(")") { return item }
    repeat { item.arguments.append(try argument(depth: depth)) } while take(",")
    guard take(")") else {
      throw error(
        rest.isEmpty
          ? "the parenthesis behind \(printable(name)) is not closed"
          : "'\(short(rest))' stands where \(printable(name)) has to go on, or to end with ')'")
    }
    return item
  }

  private mutating func argument(depth: Int) throws(LayerListError) -> LayerItem.Argument {
    let before = rest
    let first = word()
    if !first.isEmpty, take(":") || take("=") { return LayerItem.Argument(label: first, value: try value(depth: depth)) }
    rest = before
    return LayerItem.Argument(label: nil, value: try value(depth: depth))
  }

  private mutating func value(depth: Int) throws(LayerListError) -> LayerItem.Value {
    let before = rest
    let text = word()
    if let number = Double(text) { return .number(number, text) }
    rest = before
    return .layer(try item(depth: depth + 1))
  }
}
