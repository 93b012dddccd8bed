import GlissadeCharts
import GlissadeFormats
import GlissadeTraining

/// The confusion matrix as a table: whole where there is room, otherwise of the classes between which the most frequent confusions are.
struct ConfusionTable {
  private var names: [String]
  private var counts: [[Int]]
  /// Of each of these classes, what was taken for one that is not here.
  private var others: [Int]?
  private let classCount: Int

  /// - Parameter report: as the summary has it.
  /// - Returns: `nil` where it has no matrix, or one of other classes.
  init?(_ report: JSONValue) {
    let all = (report["classes"]?.arrayValue ?? []).map { printable($0["name"]?.stringValue ?? "") }
    classCount = all.count
    func matrix(_ json: JSONValue?) -> [[Int]]? {
      json?.arrayValue?.map { ($0.arrayValue ?? []).map { max($0.integerValue ?? 0, 0) } }
    }
    if let whole = matrix(report["confusion_matrix"]) {
      guard whole.count == all.count, whole.allSatisfy({ $0.count == all.count }) else { return nil }
      (names, counts) = (all, whole)
      guard all.count > ClassificationReport.shownClasses else { return }
      let chosen = ClassificationReport.mostConfused(whole, limit: ClassificationReport.shownClasses)
      names = chosen.map { all[$0] }
      counts = chosen.map { row in chosen.map { whole[row][$0] } }
      others = zip(chosen, counts).map { row, kept in whole[row].reduce(0, &+) &- kept.reduce(0, &+) }
    } else if let most = report["most_confused"], let counts = matrix(most["counts"]) {
      names = (most["classes"]?.arrayValue ?? []).map { printable($0.stringValue ?? "") }
      self.counts = counts
      others = (most["others"]?.arrayValue ?? []).map { max($0.integerValue ?? 0, 0) }
      guard counts.count == names.count, others?.count == names.count, counts.allSatisfy({ $0.count == names.count }) else { return nil }
    } else {
      return nil
    }
  }

  /// What the template fills in; `nil` where nothing is taken for anything else, of many classes.
  var context: [String: Any]? {
    guard !names.isEmpty else { return nil }
    var note =
      "Each row holds the samples of a class, each column what they were taken for: how many, and which share of the class that is. The more "
      + "of a row is in a field, the deeper its colour."
    if others != nil {
      note += " Of \(Figure.text(Double(classCount))) classes these are the \(names.count) between which the most frequent confusions are."
    }
    var context: [String: Any] = ["note": note, "names": names, "rows": names.indices.map(row)]
    if others != nil { context["has_others"] = true }
    return context
  }

  private func row(_ place: Int) -> [String: Any] {
    let fields = counts[place] + (others.map { [$0[place]] } ?? [])
    let support = fields.reduce(0, &+)
    return [
      "name": names[place], "samples": "\(support)", "mistakes": "\(support &- counts[place][place])",
      "cells": fields.enumerated().map { column, count in
        count > 0 ? Self.cell(count, of: support, isRight: column == place) : [:]
      },
    ]
  }

  private static func cell(_ count: Int, of support: Int, isRight: Bool) -> [String: String] {
    let share = Double(count) / Double(max(support, 1))
    let percent = Int((share * 100).rounded())
    return [
      "count": "\(count)", "share": percent == 0 ? "<1 %" : "\(percent) %", "kind": isRight ? "right" : "wrong",
      // The square root shows few mistakes among many; beyond about a half, numbers on it could not be read.
      "depth": ChartNumber.text(deepest * (0.15 + 0.85 * share.squareRoot()), digits: 2),
    ]
  }

  /// How much there is of a colour where all of a row is.
  static let deepest = 0.5
}
