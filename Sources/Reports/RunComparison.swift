import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

/// A page about several runs: what each reached, curves over each other, what differs in their recipes, and which is better where.
public struct RunComparison {
  /// The page.
  public let html: String

  /// - Parameter folders: the runs', in the order in which they are to stand.
  /// - Throws: `FormatError` for a summary or a table of epochs that is damaged.
  public init(of folders: [RunFolder]) throws(FormatError) {
    var runs: [(name: String, figures: RunFigures)] = []
    for folder in folders {
      let figures = try RunFigures(folder)
      // Where the last names are the same, the paths tell the runs apart.
      let isAlone = folders.filter { $0.path.split(separator: "/").last == folder.path.split(separator: "/").last }.count == 1
      runs.append((isAlone ? figures.name : printable(path: folder.path), figures))
    }
    html = Self.page(runs)
  }

  /// Writes it, whole or not at all.
  /// - Throws: `FormatError`.
  public func write(to path: String) throws(FormatError) { try AtomicFile.write(path: path, text: html) }

  private typealias Runs = [(name: String, figures: RunFigures)]

  private static func page(_ runs: Runs) -> String {
    let measures = Set(runs.compactMap(\.figures.measure))
    var columns = ["validation_loss", "train_loss"]
    if measures.count == 1, let measure = measures.first { columns = ["validation_\(measure)"] + columns + ["train_\(measure)"] }
    // What some of the runs have besides.
    for run in runs {
      columns += run.figures.metrics.names.filter { !columns.contains($0) && $0.hasPrefix("validation_") && measures.count == 1 }
    }
    columns += ["learning_rate", "samples_per_second"]
    var notes = runs.flatMap { run in run.figures.warnings.map { "\(run.name): \($0)" } }
    if measures.count > 1 {
      notes.insert(
        "These runs do different things: some answer with classes, some with values. Only what both have is drawn over each other.", at: 0)
    }
    if Set(runs.compactMap { $0.figures.text("dataset") ?? $0.figures.recipe?.data }).count > 1 {
      notes.insert("These runs are of different data, so their figures are not of the same task.", at: 0)
    }
    let losses = runs.compactMap(\.figures.loss).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    if losses.count > 1, measures.count <= 1 {
      notes.append(
        "These runs minimise different losses (\(losses.joined(separator: ", "))), whose figures say nothing of each other: only curves of the "
          + "same loss are drawn over each other.")
    }
    let compared = ComparedPart.of(runs)
    if case .unlike(let text) = compared { notes.append(text) }
    let shown = columns.flatMap { CurveCharts.of(runs, column: $0) }
    var context: [String: Any] = [
      "title": "\(runs.count) runs compared", "count": "\(runs.count)", "warnings": notes, "curves": shown,
      "runs": runs.map { run in
        [
          "name": run.name, "subject": run.figures.subject, "result": run.figures.result,
          "epochs": "\(run.figures.metrics.epochs.count)", "best": run.figures.bestEpoch.map { Figure.text($0) } ?? "–",
          "parameters": Figure.text(run.figures.number("parameters")),
          "time": Figure.seconds(run.figures.metrics["seconds"].filter(\.isFinite).reduce(0, +)),
        ]
      }, "names": runs.map { ["name": $0.name] },
    ]
    let differences = differences(runs)
    if !differences.isEmpty { (context["has_differences"], context["differences"]) = (true, differences) }
    if case .part(let part) = compared { context["better"] = part.context(runs.map(\.name)) }
    return Page.html(template, context)
  }

  /// What is not the same in all recipes.
  private static func differences(_ runs: Runs) -> [[String: Any]] {
    let known = runs.compactMap(\.figures.recipe)
    guard let first = known.first else { return [] }
    var names: [String] = []
    for other in known.dropFirst() {
      for difference in first.differences(from: other) where !names.contains(difference.name) { names.append(difference.name) }
    }
    return names.compactMap { name in
      // What a training has not got, it does not say; and what it minimises may follow from its data.
      let texts = runs.map { run in
        (name == "loss" ? run.figures.loss : run.figures.recipe.flatMap { $0.isGiven(name) ? $0.text(of: name) : nil }) ?? "–"
      }
      // One says that there is none of what the other has no use for.
      guard Set(texts).count > 1 else { return nil }
      return ["name": name, "cells": texts.map { ["text": printable($0)] }] as [String: Any]
    }
  }

  private static let template = """
    <main>
    <h1>{{count}} runs compared</h1>
    {{#warnings}}<p class="warn">{{.}}</p>
    {{/warnings}}
    <div class="wide"><table class="sortable"><thead><tr><th>run</th><th>what</th><th>result</th><th class="n">epochs</th><th class="n">best</th><th class="n">parameters</th><th class="n">time</th></tr></thead><tbody>
    {{#runs}}<tr><td class="t"><bdi>{{name}}</bdi></td><td class="t"><bdi>{{subject}}</bdi></td><td class="t s">{{result}}</td><td class="n">{{epochs}}</td><td class="n">{{best}}</td><td class="n">{{parameters}}</td><td class="n">{{time}}</td></tr>
    {{/runs}}</tbody></table></div>
    <h2>Curves</h2>
    <p class="note">By epoch; dots mark best epochs.</p>
    <div class="charts">
    {{#curves}}{{{.}}}{{/curves}}
    </div>
    {{#has_differences}}<h2>What differs in their recipes</h2>
    <div class="wide"><table><thead><tr><th>option</th>{{#names}}<th><bdi>{{name}}</bdi></th>{{/names}}</tr></thead><tbody>
    {{#differences}}<tr><td>{{name}}</td>{{#cells}}<td class="t"><bdi>{{text}}</bdi></td>{{/cells}}</tr>
    {{/differences}}</tbody></table></div>{{/has_differences}}
    {{#better}}<h2>Which is better where</h2>
    <p class="note">{{note}}</p>
    <div class="wide"><table class="sortable"><thead><tr><th>{{head}}</th>{{#names}}<th class="n"><bdi>{{name}}</bdi></th>{{/names}}<th>best</th></tr></thead><tbody>
    {{#rows}}<tr><td class="t"><bdi>{{name}}</bdi></td>{{#cells}}<td class="n">{{text}}</td>{{/cells}}<td class="t"><bdi>{{best}}</bdi></td></tr>
    {{/rows}}</tbody></table></div>{{/better}}
    </main>
    <footer>Written by Glissade.</footer>
    """
}
