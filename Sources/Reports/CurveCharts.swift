import GlissadeCharts
import GlissadeFormats

/// Curves by epoch, of one run or of several.
enum CurveCharts {
  /// Of one run: loss, what is told beside it, every other measured value, the rate and the speed, with the best epoch marked.
  static func of(_ run: RunFigures) -> [String] {
    let names = run.metrics.names
    var used: Set<String> = ["step", "seconds", "learning_rate", "samples_per_second"]
    var charts: [LineChart] = []
    /// Columns that have a unit in common, in one picture: those that end in the same words.
    func add(_ measured: String) {
      let columns = names.filter { !used.contains($0) && ($0 == measured || $0.hasSuffix("_\(measured)")) }
      used.formUnion(columns)
      let series = columns.compactMap { name in
        run.metrics.points(name).map {
          LineChart.Series(
            MetricsTable.text(name == measured ? name : String(name.dropLast(measured.count + 1))), $0, isDashed: name.hasPrefix("train_"),
            mark: name.hasPrefix("validation_") ? run.bestPlace : nil)
        }
      }
      let title = MetricsTable.text(measured)
      if !series.isEmpty { charts.append(LineChart(title, x: .epoch, y: MetricsTable.axis(measured), series)) }
    }
    add("loss")
    if let measure = run.measure { add(measure) }
    for name in names where !used.contains(name) {
      let part = ["train_", "validation_"].first { name.hasPrefix($0) }
      add(String(name.dropFirst(part?.count ?? 0)))
    }
    for (name, title) in [("learning_rate", "learning rate"), ("samples_per_second", "samples per second")] {
      guard let points = run.metrics.points(name) else { continue }
      charts.append(LineChart(title, x: .epoch, y: Axis(title, includes: [0]), [.init(title, points)]))
    }
    return charts.map { $0.inline() }
  }

  /// The same column of several runs over each other, each in its own colour; of losses, those of each kind for themselves.
  static func of(_ runs: [(name: String, figures: RunFigures)], column: String) -> [String] {
    let shown = runs.enumerated().compactMap { place, run in
      run.figures.metrics.points(column).map {
        (loss: run.figures.loss, series: LineChart.Series(run.name, $0, mark: run.figures.bestPlace, colour: place))
      }
    }
    let isLoss = column.hasSuffix("_loss")
    var kinds: [String?] = []
    for run in shown where !kinds.contains(isLoss ? run.loss : nil) { kinds.append(isLoss ? run.loss : nil) }
    return kinds.map { kind in
      let series = shown.filter { !isLoss || $0.loss == kind }.map(\.series)
      // A curve alone has no legend.
      let alone = series.count == 1 && runs.count > 1 ? ": \(series[0].name)" : ""
      let title = MetricsTable.text(column) + (kinds.count > 1 ? ", \(kind ?? "unknown")" : "") + alone
      return LineChart(title, x: .epoch, y: MetricsTable.axis(column), series).inline()
    }
  }
}

/// Charts within pages, whose head has their style: narrow enough that they can be read on a telephone.
extension LineChart {
  func inline() -> String { svg(width: 480, height: 320, hasStyle: false) }
}

extension BarChart {
  func inline(height: Int = 320) -> String { svg(width: 480, height: height, hasStyle: false) }
}
