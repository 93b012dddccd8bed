import GlissadeFormats
import GlissadeTraining

/// A run in plain lines, for where nothing can be redrawn: what it has come to, and then what is new.
package struct RunLines {
  private var told = 0
  private var hasBegun = false
  private var lastStep: (epoch: Int, step: Int)?
  private var lastActivity: RunState.Activity?
  private var last: Double?
  /// Epochs of a run that is under way already, of which no more than these are told at first.
  private static let first = 5
  private let interval: Double

  /// - Parameter interval: seconds between two lines of progress; default ten.
  package init(interval: Double = 10) { self.interval = interval }

  /// What is new.
  /// - Parameter time: now, in seconds since 1970.
  package mutating func lines(of state: RunState, at time: Double = RunReader.now) -> [String] {
    var lines: [String] = []
    if !hasBegun {
      lines.append("\(state.figures.subject), \(printable(state.figures.folder.path))")
      told = max(state.epochs - Self.first, 0)
      if told > 0 { lines.append("\(told) epoch\(told == 1 ? "" : "s") before") }
      hasBegun = true
    }
    // A run that begins anew in the same folder.
    told = min(told, state.epochs)
    while told < state.epochs {
      lines.append(epoch(told, of: state))
      told += 1
    }
    if let problem = state.problem, lastActivity != state.activity { lines.append(printable(problem, limit: 600)) }
    switch state.activity {
    case .ended:
      lines.append(state.figures.result)
      lines += state.figures.warnings
    case .left: lines.append("stopped: no process trains here any more; --resume \(printable(state.figures.folder.path)) goes on")
    case .beginning: if lastActivity != .beginning { lines.append("getting ready") }
    case .training, .features, .testing, .silent:
      if let progress = state.progress, last.map({ time - $0 >= interval }) ?? true,
        lastStep.map({ $0 != (progress.epoch, progress.step) }) ?? true
      {
        last = time
        lastStep = (progress.epoch, progress.step)
        lines.append(line(of: progress))
      }
    }
    lastActivity = state.activity
    return lines
  }

  private func epoch(_ place: Int, of state: RunState) -> String {
    let metrics = state.figures.metrics
    let cells = metrics.names.compactMap { name -> String? in
      guard name != "step", metrics[name].indices.contains(place), metrics[name][place].isFinite else { return nil }
      return "\(MetricsTable.text(name)) \(Figure.text(metrics[name][place], ofColumn: name))"
    }
    return (["epoch \(Figure.text(metrics.epochs[place]))"] + cells).joined(separator: "  ")
  }

  private func line(of progress: RunProgress) -> String {
    let left = progress.secondsLeft.isFinite ? ["\(Figure.duration(progress.secondsLeft)) left"] : []
    switch progress.activity {
    case .features:
      return (["features of the frozen layers: \(progress.step) of \(progress.stepsPerEpoch) samples"] + left).joined(separator: "  ")
    case .testing: return "measuring with the test data"
    case .training:
      let told = progress.measure.map {
        $0 == "accuracy" ? "accuracy \(Figure.percent(progress.told))" : "error \(Figure.text(progress.told))"
      }
      return
        ([
          "epoch \(progress.epoch)/\(progress.epochs)", "step \(progress.step)/\(progress.stepsPerEpoch)",
          "loss \(Figure.text(progress.loss))",
        ]
        + [told].compactMap { $0 } + left + ["\(Figure.text(progress.samplesPerSecond.rounded())) samples/s"]).joined(separator: "  ")
    }
  }
}
