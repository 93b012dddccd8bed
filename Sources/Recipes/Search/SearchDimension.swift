import GlissadeFormats
import GlissadeRandom

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An option of training that a search varies, and what it may be there, read from a text such as `lr=1e-4..1e-2:log` or `optimizer=sgd,adam`:
///
/// - `NAME=LOW..HIGH` is any number between two, both of them included, and `NAME=LOW..HIGH:log` one whose logarithm is; whole numbers where the
///   option takes no others. `:N` behind it makes N numbers at equal distances (or ratios) of it, the ends among them.
/// - `NAME=A,B,C` is one of some values. Those that have commas themselves are separated by bars: `hidden=64|128,64`.
///
/// Numbers are drawn with four digits, which is what tables and recipes then say.
public struct SearchDimension: Sendable {
  /// What the option may be.
  public enum Values: Hashable, Sendable {
    /// One of these, as the option writes them.
    case choices([String])
    /// A number between two.
    case range(low: Double, high: Double, isLogarithmic: Bool, isWhole: Bool)
  }

  /// The option's name, with underscores.
  public let name: String
  /// What it may be.
  public let values: Values
  /// As it was given.
  public let text: String

  /// Reads one.
  /// - Throws: `SearchSpaceError` for a name that no option has, and for values that the option cannot have.
  public init(_ text: String) throws(SearchSpaceError) {
    func problem(_ what: String) -> SearchSpaceError { SearchSpaceError("--vary \(printable(text)): \(what)") }
    guard let equals = text.firstIndex(of: "=") else {
      throw problem("an option and what it may be are joined by =, as in lr=1e-4..1e-2:log or optimizer=sgd,adam")
    }
    let spelt = RecipeReader.underscored(String(text[..<equals]))
    guard let option = Recipe.declarations.first(where: { $0.name == spelt || $0.aliases.contains(spelt) }) else {
      throw problem(RecipeValueError.unknown("option", spelt, among: Recipe.declarations.map(\.name)))
    }
    let rest = String(text[text.index(after: equals)...])
    (name, self.text) = (option.name, text)
    do throws(RecipeValueError) {
      values =
        option.isNumber && rest.contains("..") ? try Self.range(rest, of: option) : try .choices(Self.choices(rest, of: option))
    } catch { throw problem(error.told(of: option.name, noun: option.noun)) }
  }

  /// What it may be, one after another; `nil` for a range.
  public var choices: [String]? { if case .choices(let list) = values { list } else { nil } }

  /// Whether equal ratios count as equal distances.
  public var isLogarithmic: Bool { if case .range(_, _, let isLogarithmic, _) = values { isLogarithmic } else { false } }

  // MARK: Reading

  private static func choices(_ text: String, of option: any RecipeDeclaration) throws(RecipeValueError) -> [String] {
    let hasBars = text.contains("|")
    let parts = hasBars ? text.split(separator: "|", omittingEmptySubsequences: false).map(trimmed) : pieces(text)
    if !hasBars, parts.count > 1, (try? option.read(.one(text))) != nil {
      throw .sentence("takes values with commas in them, so that '\(printable(text))' may be one of these: separate them by |")
    }
    var found: [String] = []
    for part in parts {
      let value = try option.read(.one(part)).recipeText
      if found.contains(value) { throw .sentence("names \(printable(value)) twice") }
      found.append(value)
    }
    guard found.count > 1 else {
      throw .sentence(
        "has one value, and nothing to choose from: it takes several, or a range; --\(option.optionName) \(printable(text)) is for one")
    }
    return found
  }

  /// What commas separate that stand in no brackets.
  private static func pieces(_ text: String) -> [String] {
    var (parts, depth) = ([""], 0)
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts.map(trimmed)
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    guard let first = text.firstIndex(where: { $0 != " " }), let last = text.lastIndex(where: { $0 != " " }) else { return "" }
    return String(text[first...last])
  }

  private static func range(_ text: String, of option: any RecipeDeclaration) throws(RecipeValueError) -> Values {
    let usual = "a range is LOW..HIGH, LOW..HIGH:log or LOW..HIGH:log:N"
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(trimmed)
    guard let dots = parts[0].firstRange(of: "..") else { throw .sentence("is '\(printable(text))', and \(usual)") }
    var ends: [Double] = []
    for end in [parts[0][..<dots.lowerBound], parts[0][dots.upperBound...]] {
      guard let number = try option.read(.one(trimmed(end))).recipeNumber else {
        throw .sentence("goes from or to '\(printable(String(end)))', and ranges are of numbers")
      }
      ends.append(number)
    }
    let (low, high) = (ends[0], ends[1])
    guard low < high else { throw .sentence("goes from \(short(low)) to \(short(high)), and the first of these has to be the smaller one") }
    var (isLogarithmic, count): (Bool, Int?) = (false, nil)
    for (place, word) in parts.dropFirst().enumerated() {
      if place == 0, word == "log" || word == "linear" {
        isLogarithmic = word == "log"
      } else if count == nil, let number = Int(word) {
        guard (2...1000).contains(number) else { throw .sentence("is to have \(number) values, and it has to be from 2 to 1000") }
        count = number
      } else {
        throw .sentence("has ':\(printable(word))' behind its range, and \(usual)")
      }
    }
    if isLogarithmic, low <= 0 { throw .sentence("begins at \(short(low)), and a logarithm is of what is above 0") }
    // A number between whole ones is none for an option that counts.
    let isWhole =
      low == low.rounded() && high == high.rounded() && (try? option.read(.one("\(low + (high - low) * 0.375 + 0.0625)"))) == nil
    // Beyond, doubles are no longer all whole numbers.
    if isWhole, max(abs(low), abs(high)) >= 0x1p53 { throw .sentence("goes to \(short(high)), and whole numbers are drawn below 2^53") }
    let range = Values.range(low: low, high: high, isLogarithmic: isLogarithmic, isWhole: isWhole)
    guard let count else { return range }
    var found: [String] = []
    for index in 0..<count {
      let value = number(Double(index) / Double(count - 1), low, high, isLogarithmic, isWhole)
      if !found.contains(value) { found.append(value) }
    }
    return .choices(found)
  }

  // MARK: Numbers

  /// The value of a trial, by its number alone, so that a search that goes on draws what it would have drawn.
  func draw(trial: Int, seed: UInt64) -> String {
    var random = Philox4x32.own(seed: seed, name: "sweep.\(name)", first: trial, second: 0)
    switch values {
    case .choices(let list): return list[Int(random.integer(below: UInt64(list.count)))]
    case .range(let low, let high, let isLogarithmic, let isWhole):
      if isWhole, !isLogarithmic { return "\(Int(low) + Int(random.integer(below: UInt64(high - low) + 1)))" }
      return Self.number(Double(random.next() >> 11) * 0x1p-53, low, high, isLogarithmic, isWhole)
    }
  }

  /// The number at a share of the way.
  private static func number(_ share: Double, _ low: Double, _ high: Double, _ isLogarithmic: Bool, _ isWhole: Bool) -> String {
    let value = isLogarithmic ? low * pow(high / low, share) : low + (high - low) * share
    let rounded = isWhole ? value.rounded() : fourDigits(value)
    return short(min(max(rounded, low), high))
  }

  private static func fourDigits(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    let places = 3 - Int(log10(abs(value)).rounded(.down))
    // Read from digits it is the nearest number to these, whatever its size.
    let digits = (value * pow(10, Double(places))).rounded()
    return abs(digits) <= 10_000 ? Double("\(Int(digits))e\(-places)") ?? value : value
  }

  private static func short(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
}

/// What is varied makes no sense: which part of it, and what would be right.
public struct SearchSpaceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What makes none, and what would.
  public let description: String

  package init(_ description: String) { self.description = description }
}
