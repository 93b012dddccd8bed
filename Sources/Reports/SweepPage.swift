import GlissadeCharts
import GlissadeFormats

/// What a search of hyper-parameters has come to, as its page shows it.
package struct SweepFigures: Sendable {
  /// An option that was varied.
  package struct Dimension: Sendable {
    package var name: String
    /// What it may be, where that is no number.
    package var choices: [String]?
    package var isLogarithmic: Bool

    package init(name: String, choices: [String]?, isLogarithmic: Bool) {
      (self.name, self.choices, self.isLogarithmic) = (name, choices, isLogarithmic)
    }
  }

  /// A trial that has come to something.
  package struct Trial: Sendable {
    package var number: Int
    /// Its folder, in that of the search.
    package var run: String
    /// Of each dimension; `nil` where it has no such option.
    package var values: [String?]
    /// What it is compared by; `nil` where it failed.
    package var result: Double?
    package var status: String
    package var epochs: Int
    package var bestEpoch: Int?
    package var failure: String?

    package init(
      number: Int, run: String, values: [String?], result: Double?, status: String, epochs: Int, bestEpoch: Int?, failure: String?
    ) {
      (self.number, self.run, self.values, self.result) = (number, run, values, result)
      (self.status, self.epochs, self.bestEpoch, self.failure) = (status, epochs, bestEpoch, failure)
    }
  }

  /// What was trained on what.
  package var subject: String
  package var strategy: String
  /// How many trials there are to be.
  package var planned: Int
  /// What trials are compared by, as `metrics.csv` calls it.
  package var metric: String
  package var growsBetter: Bool
  /// Whether that is a share, told in per cent.
  package var isShare: Bool
  package var dimensions: [Dimension] = []
  package var trials: [Trial] = []
  /// The number of the best.
  package var best: Int?
  /// What the test data says of it.
  package var test: String?
  package var seconds = 0.0

  package init(subject: String, strategy: String, planned: Int, metric: String, growsBetter: Bool, isShare: Bool) {
    (self.subject, self.strategy, self.planned) = (subject, strategy, planned)
    (self.metric, self.growsBetter, self.isShare) = (metric, growsBetter, isShare)
  }
}

/// A page about a search: parallel coordinates, each number that was varied against the result, and a table.
package struct SweepPage {
  /// The page.
  package let html: String

  package init(_ figures: SweepFigures) { html = Self.page(figures) }

  /// Writes it, whole or not at all.
  /// - Throws: `FormatError`.
  package func write(to path: String) throws(FormatError) { try AtomicFile.write(path: path, text: html) }

  private static func page(_ figures: SweepFigures) -> String {
    let metric = MetricsTable.text(figures.metric)
    func told(_ value: Double?) -> String { figures.isShare ? Figure.percent(value) : Figure.text(value) }
    func kind(_ dimension: SweepFigures.Dimension) -> String { dimension.choices == nil ? "n" : "t" }
    var context: [String: Any] = [
      "title": "search: \(figures.subject)", "subject": figures.subject, "strategy": figures.strategy, "metric": metric,
      "count": "\(figures.trials.count)", "planned": "\(figures.planned)", "time": Figure.seconds(figures.seconds),
      "names": figures.dimensions.map { ["name": printable($0.name), "kind": kind($0)] },
      "trials": figures.trials.map { trial in
        [
          "number": "\(trial.number)", "run": trial.run,
          "cells": zip(trial.values, figures.dimensions).map { ["text": printable($0 ?? "–", limit: 200), "kind": kind($1)] },
          "result": told(trial.result), "epochs": "\(trial.epochs)", "best": trial.bestEpoch.map(String.init) ?? "–",
          "status": trial.number == figures.best ? "best" : trial.failure.map { "failed: \(printable($0, limit: 300))" } ?? trial.status,
        ] as [String: Any]
      },
    ]
    if let best = figures.trials.first(where: { $0.number == figures.best }) {
      let given = zip(figures.dimensions, best.values).compactMap { dimension, value in
        value.map { "\(printable(dimension.name)) \(printable($0, limit: 200))" }
      }
      context["result"] =
        "Trial \(best.number) is the best: \(metric) \(told(best.result)) with \(given.joined(separator: ", "))"
        + (figures.test.map { "; \($0)" } ?? "")
      context["best_run"] = best.run
    }
    if figures.trials.count < figures.planned {
      context["warnings"] = ["\(figures.trials.count) of \(figures.planned) trials have come to something so far."]
    }
    if figures.trials.contains(where: { $0.status == "paused" }) {
      context["paused"] = "Trials that are paused were left behind by better ones; what they came to is after fewer epochs."
    }
    if figures.trials.contains(where: { $0.result != nil }) {
      context["parallel"] = parallel(figures, metric)
      // On a telephone it is pushed aside rather than shrunk until nothing can be read.
      context["parallel_width"] = "\(150 * (figures.dimensions.count + 1))"
      let scatters = scatters(figures, metric)
      if !scatters.isEmpty { (context["has_scatters"], context["scatters"]) = (true, scatters) }
    }
    return Page.html(template, context)
  }

  /// The place of a choice, or a number.
  private static func value(_ text: String?, _ dimension: SweepFigures.Dimension) -> Double? {
    guard let text else { return nil }
    if let choices = dimension.choices { return choices.firstIndex(of: text).map(Double.init) }
    return Double(text)
  }

  private static func parallel(_ figures: SweepFigures, _ metric: String) -> String {
    let shown = figures.trials.filter { $0.result != nil }
    // The better, the stronger: by rank, since one bad trial would make all others look alike.
    let order = shown.compactMap(\.result).sorted { figures.growsBetter ? $0 < $1 : $0 > $1 }
    let dimensions =
      figures.dimensions.map { dimension in
        ParallelChart.Dimension(
          Axis(printable(dimension.name), isLogarithmic: dimension.isLogarithmic), choices: dimension.choices?.map { printable($0) })
      } + [ParallelChart.Dimension(MetricsTable.axis(figures.metric))]
    let lines = shown.map { trial in
      let rank = order.firstIndex { $0 == trial.result } ?? 0
      return ParallelChart.Line(
        "trial \(trial.number): \(Figure.text(trial.result))", zip(trial.values, figures.dimensions).map(value) + [trial.result],
        weight: order.count > 1 ? Double(rank) / Double(order.count - 1) : 1, isMarked: trial.number == figures.best)
    }
    return ParallelChart("", dimensions, lines).svg(width: max(480, 190 * dimensions.count), height: 380, hasStyle: false)
  }

  /// Each number that was varied against what came of it; where what is a choice was varied, too, in its colours.
  private static func scatters(_ figures: SweepFigures, _ metric: String) -> [String] {
    let groups = figures.dimensions.firstIndex { $0.choices.map { (2...6).contains($0.count) } ?? false }
    return figures.dimensions.indices.compactMap { place in
      let dimension = figures.dimensions[place]
      guard dimension.choices == nil else { return nil }
      func points(_ wanted: String?) -> [(x: Double, y: Double)] {
        figures.trials.compactMap { trial in
          guard let x = value(trial.values[place], dimension), let y = trial.result,
            wanted == nil || groups.map({ trial.values[$0] == wanted }) ?? true
          else { return nil }
          return (x, y)
        }
      }
      let series =
        groups.flatMap { figures.dimensions[$0].choices }?.map { LineChart.Series(printable($0), points($0), isScattered: true) }
        ?? [LineChart.Series("trials", points(nil), isScattered: true)]
      guard series.contains(where: { !$0.points.isEmpty }) else { return nil }
      return LineChart(
        printable(dimension.name), x: Axis(printable(dimension.name), isLogarithmic: dimension.isLogarithmic),
        y: MetricsTable.axis(figures.metric), series
      ).inline()
    }
  }

  private static let template = """
    <main>
    <h1>Search: {{subject}}</h1>
    {{#result}}<p class="result">{{.}}</p>
    {{/result}}{{#warnings}}<p class="warn">{{.}}</p>
    {{/warnings}}<dl><dt>trials</dt><dd>{{count}} of {{planned}}</dd><dt>strategy</dt><dd>{{strategy}}</dd><dt>compared by</dt><dd>{{metric}} in the epoch whose model is kept</dd><dt>time</dt><dd>{{time}}</dd>{{#best_run}}<dt>recipe of the best</dt><dd>best.yaml; its run is in {{.}}</dd>{{/best_run}}</dl>
    {{#parallel}}<h2>All of it</h2>
    <p class="note">A line for each trial: the better, the stronger. The best one has another colour. A dash stands for an option that a trial has not.</p>
    <div class="wide"><div class="charts" style="min-width:{{parallel_width}}px">{{{.}}}</div></div>
    {{/parallel}}{{#has_scatters}}<h2>One by one</h2>
    <div class="charts">
    {{#scatters}}{{{.}}}{{/scatters}}
    </div>
    {{/has_scatters}}<h2>Trials</h2>
    {{#paused}}<p class="note">{{.}}</p>
    {{/paused}}<div class="wide"><table class="sortable"><thead><tr><th class="n">trial</th>{{#names}}<th class="{{kind}}">{{name}}</th>{{/names}}<th class="n">epochs</th><th class="n">{{metric}}</th><th class="n">best epoch</th><th></th></tr></thead><tbody>
    {{#trials}}<tr><td class="n">{{number}}</td>{{#cells}}<td class="{{kind}}"><bdi>{{text}}</bdi></td>{{/cells}}<td class="n">{{epochs}}</td><td class="n">{{result}}</td><td class="n">{{best}}</td><td class="t s"><bdi>{{status}}</bdi></td></tr>
    {{/trials}}</tbody></table></div>
    </main>
    <footer>Written by Glissade.</footer>
    """
}
