import GlissadeFormats

/// Which of several runs is better where: a figure of each class, of each label, or of each value and each part of its range.
struct ComparedPart {
  /// What the rows are.
  private var head: String
  /// What the figures are.
  private var note: String
  private var growsBetter = true
  private var rows: [(name: String, values: [Double?])]

  /// What there is to compare.
  enum Found {
    case nothing
    /// Both have figures, of different data.
    case unlike(String)
    case part(ComparedPart)
  }

  /// - Parameter runs: to be compared; they have to know the same classes, labels or values, and to have been measured on the same part of the
  ///   data.
  static func of(_ runs: [(name: String, figures: RunFigures)]) -> Found {
    let figures = runs.map(\.figures)
    guard let part = labels(figures) ?? classes(figures) ?? values(figures) else { return .nothing }
    let parts = figures.map { printable($0.text("reported_on") ?? $0.summary["predictions"]?["on"]?.stringValue ?? "test", limit: 40) }
    guard Set(parts).count == 1 else {
      return .unlike(
        "These runs were measured on different data (\(Set(parts).sorted().joined(separator: ", "))), so that their \(part.head) figures are not "
          + "compared.")
    }
    var found = part
    found.note += " On the \(parts[0]) data."
    return .part(found)
  }

  private static func classes(_ runs: [RunFigures]) -> ComparedPart? {
    let scores = runs.map { ClassPart($0.summary["report"])?.scores ?? [] }
    guard let rows = table(scores.map { run in run.map { (name: $0.name, value: $0.f1) } }) else { return nil }
    return ComparedPart(head: "class", note: "F1 of each class.", rows: rows)
  }

  private static func labels(_ runs: [RunFigures]) -> ComparedPart? {
    let found = runs.map { run in
      (run.labels?["labels"]?.arrayValue ?? []).map { (name: printable($0["label"]?.stringValue ?? ""), value: $0["f1"]?.doubleValue) }
    }
    return table(found).map { ComparedPart(head: "label", note: "F1 of each label.", rows: $0) }
  }

  private static func values(_ runs: [RunFigures]) -> ComparedPart? {
    let members = runs.map { $0.labels == nil ? $0.summary["predictions"]?["values"]?.members ?? [] : [] }
    guard let wholes = table(members.map { run in run.map { (name: printable($0.key), value: error($0.value)) } }) else { return nil }
    var rows: [(name: String, values: [Double?])] = []
    for (place, whole) in wholes.enumerated() where whole.values.contains(where: { $0 != nil }) {
      rows.append(whole)
      // Of the same samples alone.
      let parts = members.map { $0[place].value["parts"]?.arrayValue ?? [] }
      func range(_ part: JSONValue) -> [Double?] { ["from", "to", "samples"].map { part[$0]?.doubleValue } }
      guard let first = parts.first, parts.allSatisfy({ $0.map(range) == first.map(range) }) else { continue }
      for (number, part) in first.enumerated() {
        let ends = "\(Figure.text(part["from"]?.doubleValue)) to \(Figure.text(part["to"]?.doubleValue))"
        rows.append(("\(whole.name) from \(ends)", parts.map { error($0[number]) }))
      }
    }
    guard !rows.isEmpty else { return nil }
    return ComparedPart(
      head: "value",
      note: "Mean absolute error of each value and, where the same samples were measured, of each quarter of them, by the true value.",
      growsBetter: false, rows: rows)
  }

  private static func error(_ figures: JSONValue) -> Double? { figures["mean_absolute_error"]?.doubleValue }

  /// Rows of runs that have the same; `nil` where they have not, or none at all.
  private static func table(_ runs: [[(name: String, value: Double?)]]) -> [(name: String, values: [Double?])]? {
    guard let first = runs.first, !first.isEmpty, runs.allSatisfy({ $0.map(\.name) == first.map(\.name) }) else { return nil }
    return first.indices.map { row in (first[row].name, runs.map { $0[row].value.flatMap { $0.isFinite ? $0 : nil } }) }
  }

  /// What the template fills in.
  /// - Parameter names: the runs'.
  func context(_ names: [String]) -> [String: Any] {
    [
      "head": head, "note": note, "names": names.map { ["name": $0] },
      "rows": rows.map { row in
        let known = row.values.compactMap { $0 }
        let best = growsBetter ? known.max() : known.min()
        let winners = zip(names, row.values).filter { $0.1 != nil && $0.1 == best }.map(\.0)
        return [
          "name": row.name, "cells": row.values.map { ["text": growsBetter ? Figure.percent($0) : Figure.text($0)] },
          "best": winners.count == names.count || winners.isEmpty ? "–" : winners.joined(separator: ", "),
        ] as [String: Any]
      },
    ]
  }
}
