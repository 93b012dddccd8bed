import GlissadeFormats
import GlissadeTraining

/// How labels are told, for people.
extension LabelReport {
  /// All of it in a line.
  package var summary: String {
    func percent(_ share: Double) -> String { share.isNaN ? "-" : Text.percent(share) }
    return "mean average precision \(percent(meanAveragePrecision))  F1 \(percent(microF1)), of labels \(percent(macroF1))  "
      + "accuracy of labels \(percent(accuracy))  all labels right \(percent(exactShare))"
  }

  /// A line for each label, below one that says what stands in them.
  package var lines: [String] {
    let names = rows.map { printable($0.name) }
    let width = Text.width(ofNames: names)
    func row(_ name: String, _ cells: [String]) -> String {
      Text.column(name, width) + cells.map { Text.column($0, 11, right: true) }.joined()
    }
    func percent(_ share: Double) -> String { share.isNaN ? "-" : Text.percent(share, 1) }
    return [row("LABEL", ["PRECISION", "RECALL", "F1", "AVERAGE P.", "SAMPLES"])]
      + zip(names, rows).map { name, found in
        row(
          name,
          [percent(found.precision), percent(found.recall), percent(found.f1), percent(found.averagePrecision), "\(found.support)"])
      }
  }
}
