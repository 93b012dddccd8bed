import GlissadeCharts
import GlissadeFormats
import GlissadeTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A run on a terminal: its state as lines for so many columns and rows. Curves have what room there is; where there is little, what matters
/// most stays.
package struct RunScreen {
  /// One line.
  package struct Line: Equatable, Sendable {
    /// How it is meant.
    package enum Style: Sendable {
      case plain
      case strong
      case faint
      case warning
    }

    package var text: String
    package var style: Style

    init(_ text: String, _ style: Style = .plain) { (self.text, self.style) = (text, style) }
  }

  private let state: RunState
  private let width: Int
  private let height: Int
  private let isUnicode: Bool
  private let hint: String

  /// A picture of curves needs so much.
  private static let (leastColumns, leastRows) = (36, 10)
  /// Layers whose health is shown.
  private static let mostLayers = 12
  /// How wide the course of a figure is at most.
  private static let courseWidth = 12

  /// - Parameters:
  ///   - state: the run's.
  ///   - width: columns.
  ///   - height: lines.
  ///   - isUnicode: whether the terminal knows more than ASCII.
  ///   - hint: what the last line says, such as how to leave.
  package init(_ state: RunState, width: Int, height: Int, isUnicode: Bool, hint: String) {
    (self.state, self.width, self.height, self.isUnicode, self.hint) = (state, max(width, 1), max(height, 1), isUnicode, hint)
  }

  /// At most `height` lines, each of at most `width` columns.
  package var lines: [Line] {
    let figures = state.figures
    var head = [Line("\(figures.subject)\(separator)\(figures.name)", .strong)]
    head += status
    head += warnings
    let foot = hint.isEmpty ? [] : [Line(hint, .faint)]
    var body: [Line] = []
    let room = height - head.count - foot.count
    if room > 0 { body = charts(rows: room) }
    let rest = room - body.count
    if rest > 1 { body += table(rows: rest) }
    var lines = head + body
    // The hint goes first, then what is below.
    lines = Array(lines.prefix(max(height - foot.count, 1)))
    while lines.count + foot.count < height { lines.append(Line("")) }
    if lines.count + foot.count <= height { lines += foot }
    return lines.map { Line(TerminalColumns.clipped(known($0.text), to: width, isUnicode: isUnicode), $0.style) }
  }

  /// What is ours in it in ASCII, where the terminal knows no more.
  private func known(_ text: String) -> String {
    isUnicode ? text : text.replacing("–", with: "-").replacing("−", with: "-").replacing("²", with: "2").replacing("…", with: ".")
  }

  private var separator: String { isUnicode ? " · " : " - " }

  // MARK: Where it stands

  private var status: [Line] {
    var lines: [Line] = []
    let progress = state.progress
    let epochs = state.epochsInAll.map { "/\($0)" } ?? ""
    switch state.activity {
    case .ended:
      lines += wrapped(state.figures.result).map { Line($0, .strong) }
      lines += flowed(["\(state.epochs)\(epochs) epochs", time])
      return lines
    case .left:
      return [Line("stopped: no process trains here any more; --resume goes on", .warning)]
        + flowed(["\(state.epochs)\(epochs) epochs", state.figures.result])
    case .beginning:
      return [Line("getting ready")]
    case .training, .features, .testing, .silent: break
    }
    guard let progress else { return lines }
    if progress.activity == .features {
      lines.append(Line(bar(progress.step, of: progress.stepsPerEpoch, "features of the frozen layers")))
      lines += flowed(["\(progress.step)/\(progress.stepsPerEpoch) samples", left(progress)])
    } else {
      let place = "epoch \(progress.epoch)/\(progress.epochs)"
      let steps = "\(progress.step)/\(progress.stepsPerEpoch)"
      let isBetween = progress.step == progress.stepsPerEpoch && state.activity == .training && state.epochs < progress.epoch
      lines.append(Line(bar(progress.step, of: progress.stepsPerEpoch, place)))
      let what = state.activity == .testing ? "measuring with the test data" : isBetween ? "validation" : "step \(steps)"
      lines += flowed(
        [what, "loss \(Figure.text(progress.loss))", told(progress)].compactMap { $0 }
          + progress.metrics.map { "\(printable($0.name)) \(Figure.text($0.training))" }
          + ["rate \(Figure.text(progress.learningRate))", "\(Figure.text(rounded(progress.samplesPerSecond))) samples/s", left(progress)])
    }
    if case .silent(let seconds) = state.activity { lines.append(Line("nothing was heard for \(Figure.seconds(seconds))", .warning)) }
    return lines
  }

  private func flowed(_ texts: [String]) -> [Line] { TerminalColumns.flowed(texts, to: width, isUnicode: isUnicode).map { Line($0) } }

  private func flowed(_ texts: [String]) -> [String] { TerminalColumns.flowed(texts, to: width, isUnicode: isUnicode) }

  private func rounded(_ value: Double) -> Double { value >= 100 ? value.rounded() : value }

  private func left(_ progress: RunProgress) -> String {
    progress.secondsLeft.isFinite ? "\(Figure.duration(progress.secondsLeft)) left" : ""
  }

  private func told(_ progress: RunProgress) -> String? {
    progress.measure.map { $0 == "accuracy" ? "accuracy \(Figure.percent(progress.told))" : "error \(Figure.text(progress.told))" }
  }

  private var time: String { "\(Figure.seconds(state.figures.metrics["seconds"].filter(\.isFinite).reduce(0, +))) of training" }

  /// A name and a bar, as wide as there is room for.
  private func bar(_ done: Int, of count: Int, _ name: String) -> String {
    let room = min(width - TerminalColumns.width(of: name) - 2, 60)
    guard room >= 8 else { return name }
    let inside = isUnicode ? room : room - 2
    let full = count > 0 ? Int(Double(min(max(done, 0), count)) / Double(count) * Double(inside)) : 0
    let (mark, space) = isUnicode ? ("█", "░") : ("#", ".")
    let text = String(repeating: mark, count: full) + String(repeating: space, count: inside - full)
    return "\(name)  " + (isUnicode ? text : "[\(text)]")
  }

  private var warnings: [Line] {
    var texts = [state.problem].compactMap { $0 }
    texts += (state.progress?.notes ?? []).suffix(3)
    if state.activity == .ended {
      texts += state.figures.warnings + (state.figures.summary["advice"]?.arrayValue ?? []).compactMap(\.stringValue)
    }
    // At most a third of the screen.
    let lines = texts.flatMap { wrapped(printable($0, limit: 400)) }.prefix(max(height / 3, 1))
    return lines.map { Line($0, .warning) }
  }

  private func wrapped(_ text: String) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      if let last = lines.last, !last.isEmpty, TerminalColumns.width(of: last) + 1 + TerminalColumns.width(of: String(word)) > width {
        lines.append("")
      }
      lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
    }
    return lines
  }

  // MARK: Curves

  /// What has a picture of its own, what matters most first.
  private var panels: [LineChart] {
    let metrics = state.figures.metrics
    func chart(_ measured: String, _ title: String, running: [(x: Double, y: Double)]) -> LineChart? {
      var series: [LineChart.Series] = []
      for (part, name) in [("validation", "validation"), ("train", "training")] {
        var points = metrics.points("\(part)_\(measured)") ?? []
        if part == "train" { points += running }
        if !points.isEmpty { series.append(.init(name, points)) }
      }
      return series.isEmpty ? nil : LineChart(title, x: .epoch, y: MetricsTable.axis(measured), series)
    }
    var panels = [chart("loss", "loss", running: running(\.loss, \.loss))]
    if let measure = state.figures.measure ?? state.progress?.measure {
      panels.append(chart(measure, MetricsTable.text(measure), running: running(\.told, \.told)))
    }
    for name in metrics.names where name.hasPrefix("validation_") && !name.hasSuffix("loss") {
      let measured = String(name.dropFirst("validation_".count))
      if measured != state.figures.measure { panels.append(chart(measured, MetricsTable.text(measured), running: [])) }
    }
    if let rates = metrics.points("learning_rate"), rates.count > 1 {
      panels.append(LineChart("learning rate", x: .epoch, y: Axis("learning rate"), [.init("learning rate", rates)]))
    }
    return panels.compactMap { $0 }
  }

  /// What the epoch at hand has come to: while none is over, its curve; later, how it stands.
  private func running(
    _ value: (RunProgress) -> Double, _ point: (RunProgress.Point) -> Double
  ) -> [(x: Double, y: Double)] {
    guard let progress = state.progress, progress.activity != .features, progress.epoch > state.epochs, progress.stepsPerEpoch > 0 else {
      return []
    }
    let begin = Double(progress.epoch - 1)
    if state.epochs == 0 { return progress.curve.map { (begin + $0.share, point($0)) }.filter { $0.y.isFinite } }
    let share = Double(progress.step) / Double(progress.stepsPerEpoch)
    return [(begin + share, value(progress))].filter { $0.y.isFinite }
  }

  private func charts(rows: Int) -> [Line] {
    let panels = panels
    // A point is no curve.
    let curves = panels.filter { panel in panel.series.contains { $0.points.count { $0.y.isFinite } > 1 } }
    guard !panels.isEmpty else { return [] }
    let across = min(max((width + 2) / (Self.leastColumns + 2), 0), curves.count)
    // A line for each that gets no picture.
    var down = across == 0 ? 0 : min(rows / Self.leastRows, (curves.count + across - 1) / across)
    while down > 0, down * Self.leastRows + max(panels.count - across * down, 0) > rows { down -= 1 }
    let drawn = Array(curves.prefix(across * down))
    let others = panels.filter { panel in !drawn.contains { $0.title == panel.title } }
    var lines: [Line] = []
    if down > 0 {
      let columns = (width - 2 * (across - 1)) / across
      // The table below gets a quarter of what is left.
      let each = min(max((rows - others.count) * 3 / 4 / down, Self.leastRows), rows / down)
      for row in 0..<down {
        let part = drawn[min(row * across, drawn.count)..<min((row + 1) * across, drawn.count)]
        let texts = part.map { panel in
          // What stands around the curves: title, axis, marks, labels, and what each ends at.
          let around = 4 + (panel.series.count > 1 ? panel.series.count : 0)
          return panel.text(columns: columns, rows: max(each - around, 4), isUnicode: isUnicode).split(separator: "\n").map(String.init)
        }
        for line in 0..<(texts.map(\.count).max() ?? 0) {
          let cells = texts.map { TerminalColumns.padded($0.indices.contains(line) ? $0[line] : "", to: columns, isUnicode: isUnicode) }
          lines.append(Line(cells.joined(separator: "  ")))
        }
      }
    }
    lines += others.map { Line(line(of: $0)) }
    return Array(lines.prefix(rows))
  }

  /// A curve in one line.
  private func line(of panel: LineChart) -> String {
    let series = panel.series.first { $0.points.contains { $0.y.isFinite } } ?? panel.series[0]
    let values = series.points.map(\.y).filter(\.isFinite)
    let last = values.last.map { Figure.text($0) } ?? "-"
    // The figure says more than the end of a long name.
    let title = TerminalColumns.clipped(panel.title, to: max(width - last.count - 1, 1), isUnicode: isUnicode)
    let room = width - TerminalColumns.width(of: title) - last.count - 2
    let curve = isUnicode && room >= 4 ? Sparkline.text(values, width: min(room, 40)) : ""
    return [title, curve, last].filter { !$0.isEmpty }.joined(separator: " ")
  }

  // MARK: Tables

  /// The last epochs, and what the layers' health was.
  private func table(rows: Int) -> [Line] {
    let metrics = state.figures.metrics
    var lines: [Line] = []
    var room = rows
    if let health = state.health, room > 3 {
      let shown = min(health.rows.count, Self.mostLayers, room - 1)
      let table = columns(cells(of: health, rows: shown))
      lines += table.enumerated().map { Line($0.element, $0.offset == 0 ? .faint : .plain) }
      room -= table.count
    }
    guard room > 2, !metrics.epochs.isEmpty else { return lines }
    let names = metrics.names.filter { $0 != "step" && $0 != "seconds" }
    let shown = metrics.epochs.indices.suffix(room - 1)
    let cells = shown.map { row in
      [Figure.text(metrics.epochs[row])]
        + names.map { name in
          metrics[name].indices.contains(row) ? Figure.text(metrics[name][row], ofColumn: name) : ""
        }
    }
    let heads = ["epoch"] + names.map(MetricsTable.text)
    lines += columns([heads] + cells).enumerated().map { Line($0.element, $0.offset == 0 ? .faint : .plain) }
    return lines
  }

  /// What the layers' health was last; norms and ratios with how they went, over orders of magnitude.
  private func cells(of health: HealthTable, rows: Int) -> [[String]] {
    let rows = health.rows.prefix(rows)
    let courses = rows.map { row in
      health.names.indices.map { column in
        let values = isUnicode ? health.course(of: column, in: row) ?? [] : []
        return Sparkline.text(values.map { $0 > 0 ? log10($0) : .nan }, width: Self.courseWidth)
      }
    }
    let drawn = Set(health.names.indices.filter { column in courses.contains { !$0[column].isEmpty } })
    let head = health.names.enumerated().flatMap { [MetricsTable.text($1)] + (drawn.contains($0) ? ["by epoch"] : []) }
    return [head]
      + zip(rows, courses).map { row, courses in
        row.enumerated().flatMap { [Self.short($1)] + (drawn.contains($0) ? [courses[$0]] : []) }
      }
  }

  /// A number of a file in as many digits as matter; what is none as it is.
  private static func short(_ cell: String) -> String {
    Double(cell).map { Figure.text($0) } ?? printable(cell, limit: 40)
  }

  /// Cells below each other; columns that have no room are left out, from the right.
  private func columns(_ rows: [[String]]) -> [String] {
    guard let first = rows.first else { return [] }
    var (kept, taken) = (0, 0)
    var widths: [Int] = []
    for column in first.indices {
      let own = rows.map { column < $0.count ? TerminalColumns.width(of: $0[column]) : 0 }.max() ?? 0
      guard taken + own + (kept > 0 ? 2 : 0) <= width else { break }
      taken += own + (kept > 0 ? 2 : 0)
      widths.append(own)
      kept += 1
    }
    return rows.map { row in
      widths.enumerated().map { place, own in
        let cell = place < row.count ? row[place] : ""
        return String(repeating: " ", count: own - TerminalColumns.width(of: cell)) + cell
      }.joined(separator: "  ")
    }
  }
}

extension Figure {
  /// Hours, minutes and seconds, as in `0:42` and `1:02:03`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "-" }
    let total = Int(max(seconds, 0).rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }
}
