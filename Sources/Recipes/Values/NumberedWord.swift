/// A word of a few that may have numbers behind it, as in `focal(2,0.25)`.
protocol NumberedWord: RawRepresentable, CaseIterable, Sendable where RawValue == String {
  /// Its numbers: what they are called, and what they may be.
  var places: [(name: String, range: RecipeRange)] { get }
}

extension NumberedWord {
  /// Reads it with what is behind it.
  /// - Returns: the word, and as many of its numbers as are given.
  /// - Throws: `RecipeValueError`, which says what is wrong with the text.
  static func read(_ text: String) throws(RecipeValueError) -> (word: Self, numbers: [Float]) {
    let name = String(text.prefix { $0 != "(" })
    guard let word = Self(rawValue: name) else { throw .unknown(name, among: allCases.map(\.rawValue)) }
    let rest = text.dropFirst(name.count)
    if rest.isEmpty { return (word, []) }
    let known = word.places
    let parts = rest.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
    let values = parts.compactMap { Float($0) }
    for (part, value) in zip(parts, values) { try RecipeValueError.checkFloat(part, value, Double(part) ?? 0) }
    guard rest.hasSuffix(")"), rest.count > 2, values.count == parts.count, values.count <= known.count else {
      let form = known.isEmpty ? "\(name), without numbers" : "\(name)(\(known.map(\.name).joined(separator: ",")))"
      throw .sentence("is '\(text)', and it has to be \(form)")
    }
    for (value, number) in zip(values, known) where !number.range.contains(Double(value)) {
      throw .sentence("is '\(text)': \(number.name) has to be \(number.range.text)")
    }
    return (word, values)
  }

  /// Without the blanks around it.
  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  /// As it can be read again.
  func text(_ numbers: [Float]) -> String {
    numbers.isEmpty ? rawValue : "\(rawValue)(\(numbers.map { "\($0)".withoutPoint }.joined(separator: ",")))"
  }

  /// Every word.
  static var words: [String] { allCases.map(\.rawValue) }
}
