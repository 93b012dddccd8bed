import GlissadeData
import GlissadeFormats
import GlissadeReports

extension TableEncoding {
  /// Words that are named.
  private static let shownWords = 6

  /// A column for people: what is in it, and what it becomes.
  func look(at column: Table.Column, of table: Table) -> PreviewPage.Column {
    PreviewPage.Column(
      name: column.name, kind: Self.kind(of: column), values: Self.values(of: column, in: table),
      missing: (0..<table.count).count { column.isMissing($0) }, rows: table.count, becomes: becomes(column))
  }

  private static func kind(of column: Table.Column) -> String {
    if case .numbers = column.content { "numbers" } else { "categories" }
  }

  /// Its range, or its words, those first that most rows have.
  private static func values(of column: Table.Column, in table: Table) -> String {
    switch column.content {
    case .numbers(let values):
      var (least, most, sum, count) = (Double.infinity, -Double.infinity, 0.0, 0)
      for value in values where !value.isNaN { (least, most, sum, count) = (min(least, value), max(most, value), sum + value, count + 1) }
      guard count > 0 else { return "none" }
      return "\(Text.significant(least)) to \(Text.significant(most)), mean \(Text.significant(sum / Double(count)))"
    case .categories(let places, let words):
      var counts = [Int](repeating: 0, count: words.count)
      for place in places where place >= 0 { counts[Int(place)] += 1 }
      let order = words.indices.sorted { (counts[$0], $1) > (counts[$1], $0) }
      let shown = order.prefix(shownWords).map { "\(printable(words[$0], limit: 40)) (\(counts[$0]))" }.joined(separator: ", ")
      return "\(words.count) word\(words.count == 1 ? "" : "s"): \(shown)\(words.count > shownWords ? ", …" : "")"
    }
  }

  private func becomes(_ column: Table.Column) -> String {
    func standardised(_ mean: Double, _ deviation: Double) -> String {
      "(x − \(Text.significant(mean))) / \(Text.significant(deviation))"
    }
    if let value = values.first(where: { $0.name == column.name }) {
      let form = value.mean == 0 && value.deviation == 1 ? "as it is" : standardised(value.mean, value.deviation)
      return "what is predicted, a value: \(form)"
    }
    if case .classes(let name, let classes) = target, name == column.name {
      let shown = classes.prefix(Self.shownWords).map { printable($0, limit: 40) }.joined(separator: ", ")
      return "what is predicted, one of \(classes.count) classes: \(shown)\(classes.count > Self.shownWords ? ", …" : "")"
    }
    guard let input = inputs.first(where: { $0.name == column.name }) else { return "nothing: it is left out" }
    switch input {
    case .number(_, let mean, let deviation):
      return "1 feature: \(standardised(mean, deviation))" + (missing == .mean ? "; 0 where it is missing" : "")
    case .category(_, let words):
      let shown = words.prefix(Self.shownWords).map { printable($0, limit: 40) }.joined(separator: ", ")
      return "\(words.count) feature\(words.count == 1 ? "" : "s"), 1 for the row's own word and 0 for the others: \(shown)"
        + (words.count > Self.shownWords ? ", …" : "")
    }
  }
}
