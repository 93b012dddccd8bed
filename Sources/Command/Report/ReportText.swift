import Glissade
import GlissadeFormats

/// A classification report as people read it.
struct ReportText {
  let report: ClassificationReport

  /// A matrix of more classes than this does not fit a screen.
  private static let largestMatrix = 20
  /// Mistakes that are printed; the summary has more.
  private static let shownMistakes = 5

  init(_ report: ClassificationReport) { self.report = report }

  /// The classes, the matrix where it is small enough, and the worst mistakes.
  var lines: [String] {
    var lines = classes
    if report.classNames.count <= Self.largestMatrix { lines += [""] + matrix }
    if !report.mistakes.isEmpty { lines += ["", "the mistakes that the model is surest of:"] + mistakes }
    return lines
  }

  private var names: [String] { report.classNames.map { printable($0) } }
  private var nameWidth: Int { Text.width(ofNames: names) }

  private var classes: [String] {
    func row(_ name: String, _ cells: [String]) -> String {
      Text.column(name, nameWidth) + cells.map { Text.column($0, 11, right: true) }.joined()
    }
    func percent(_ share: Double) -> String { share.isNaN ? "-" : Text.percent(share, 1) }
    return [row("CLASS", ["PRECISION", "RECALL", "F1", "SAMPLES"])]
      + zip(names, report.scores).map { row($0, [percent($1.precision), percent($1.recall), percent($1.f1), "\($1.support)"]) }
  }

  /// Columns are numbered, because names are wider than counts.
  private var matrix: [String] {
    let count = report.classNames.count
    let width = max(report.confusion.flatMap { $0.map { "\($0)".count } }.max() ?? 1, "\(count - 1)".count) + 2
    func row(_ number: String, _ name: String, _ cells: [String]) -> String {
      Text.column(number, 3, right: true) + " " + Text.column(name, nameWidth) + cells.map { Text.column($0, width, right: true) }.joined()
    }
    return [row("", "TAKEN FOR", (0..<count).map(String.init))]
      + report.confusion.enumerated().map { index, counts in row("\(index)", names[index], counts.map { $0 == 0 ? "." : "\($0)" }) }
  }

  private var mistakes: [String] {
    report.mistakes.prefix(Self.shownMistakes).map { mistake in
      let sample = mistake.name.map { printable(path: $0) } ?? "sample \(mistake.sample)"
      return "  \(sample): \(names[mistake.label]), taken for \(names[mistake.prediction]) with \(Text.percent(mistake.confidence, 1))"
    }
  }
}
