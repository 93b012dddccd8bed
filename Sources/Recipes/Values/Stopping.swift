import GlissadeFormats
import GlissadeTraining

/// `patience=5,metric=validation_loss,min_delta=0`, each with its default where it is left out; a number alone is the patience.
extension EarlyStopping: RecipeValue {
  private static let patienceName = "patience"
  private static let metricName = "metric"
  private static let deltaName = "min_delta"

  public init(recipeText text: String) throws(RecipeValueError) {
    self.init()
    var seen: Set<String> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
      let (name, value) = pieces.count == 2 ? (pieces[0], pieces[1]) : (Self.patienceName, pieces[0])
      guard seen.insert(name).inserted else { throw .sentence("says \(printable(name)) twice") }
      switch name {
      case Self.patienceName:
        guard let number = Int(value) else { throw .sentence("is '\(printable(text))', and it has to be \(Self.recipeKind)") }
        guard number >= 1 else { throw .sentence("says a patience of \(number), and it has to be at least 1 epoch") }
        patience = number
      case Self.metricName:
        let words = Measure.allCases.map(\.rawValue)
        guard let known = MetricName.word(value, among: words).flatMap(Measure.init(rawValue:)) else {
          let hint = Nearest.to(value, among: words).map { "; did you mean '\($0)'?" } ?? ""
          throw .sentence("says the metric '\(printable(value))'\(hint) (there are \(words.joined(separator: ", ")))")
        }
        measure = known
      case Self.deltaName:
        guard let number = Double(value), number >= 0, number.isFinite else {
          throw .sentence("says min_delta \(printable(value)), and it has to be a number of at least 0")
        }
        minimumDelta = number
      default: throw .sentence("has no '\(printable(name))'; it has to be \(Self.recipeKind)")
      }
    }
  }

  public init(recipeList list: [String]) throws(RecipeValueError) { try self.init(recipeText: list.joined(separator: ",")) }
  public var recipeText: String { description }
  public static var beginsWithNumber: Bool { true }
  public static var recipeKind: String { "as patience=5,metric=validation_loss,min_delta=0" }
}

/// A stretch of time: `90s`, `20m`, `1h30m`, `2d`. A number alone is refused: 20 would be seconds to some and minutes to others.
public struct TimeSpan: Hashable, Sendable, RecipeValue {
  /// Above 0.
  public let seconds: Double

  /// - Parameter seconds: above 0, and at most three hundred years.
  package init(seconds: Double) { self.seconds = seconds }

  private static let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
  /// Longer than anything runs: three hundred years.
  private static let limit = 1e10

  public init(recipeText text: String) throws(RecipeValueError) {
    var (total, digits) = (0.0, "")
    let objection = RecipeValueError.sentence("is '\(printable(text))', and it has to be \(Self.recipeKind)")
    for character in text where character != " " {
      guard let unit = Self.units[character] else {
        digits.append(character)
        continue
      }
      guard let number = Double(digits), number >= 0 else { throw objection }
      total += number * unit
      digits = ""
    }
    if !digits.isEmpty {
      guard Double(digits) != nil else { throw objection }
      throw .sentence(
        "is '\(printable(text))', with no unit behind \(printable(digits)), and it has to be \(Self.recipeKind) (s, m, h and d are seconds to days)"
      )
    }
    guard total > 0, total < Self.limit else { throw objection }
    seconds = total
  }

  public var recipeText: String { seconds == seconds.rounded() ? "\(Int(seconds))s" : "\(seconds)s" }
  public static var beginsWithNumber: Bool { true }
  public static var recipeKind: String { "a time above 0, as 90s, 20m or 1h30m" }

  /// As training takes it.
  public var duration: Duration { .seconds(seconds) }
}
