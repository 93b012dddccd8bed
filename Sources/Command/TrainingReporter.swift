import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Tells people how training goes: lines on standard output, and on a terminal a progress bar on standard error.
final class TrainingReporter {
  private let isQuiet: Bool
  private var bar: ProgressBar?
  private var pace = LinePace()
  private var hasNoticed = false
  /// What is told beside the loss.
  private let measure: Loss.Measure

  init(isQuiet: Bool, measure: Loss.Measure = .accuracy) {
    self.isQuiet = isQuiet
    self.measure = measure
    if !isQuiet, Terminal.isLive(STDERR_FILENO) { bar = ProgressBar(file: STDERR_FILENO) }
  }

  /// A line, unless quiet; fit for a terminal whatever names are in it.
  func line(_ text: String) {
    guard !isQuiet else { return }
    bar?.clear()
    Terminal.write(printable(text, limit: .max) + "\n", to: STDOUT_FILENO)
  }

  func clear() { bar?.clear() }

  /// Whether training is to stop; says so once.
  func noticesInterruption() -> Bool {
    guard Interruption.isRequested else { return false }
    if !hasNoticed {
      hasNoticed = true
      line("stopping after this step; another Ctrl-C quits without saving")
    }
    return true
  }

  func report(_ event: TrainingEvent) {
    switch event {
    case .started: bar?.draw(note: "getting ready")
    case .progress(let progress):
      if bar != nil { bar?.draw(progress, measure) } else if pace.isTime(for: progress) { line(ProgressText(progress, measure).line) }
    case .epoch(let row):
      line(row.line(measure))
      pace.epochEnded()
    case .fellBack(let reason):
      // Not even quiet: a device is broken.
      bar?.clear()
      Terminal.write("glissade: \(Text.line(reason))\n", to: STDERR_FILENO)
    case .unfroze(let epoch, let trainable): line("from epoch \(epoch) on \(trainable) parameters are trained")
    case .testing: bar?.draw(note: "evaluating the test set")
    }
  }
}

extension EpochRecord {
  /// For people.
  func line(_ measure: Loss.Measure) -> String {
    var text = "epoch \(epoch)  loss \(Text.fixed(trainLoss, 4))  \(measure.text(trainAccuracy))"
    if validationLoss.isFinite { text += "  validation loss \(Text.fixed(validationLoss, 4))  \(measure.text(validationAccuracy))" }
    return text + "  \(Text.fixed(seconds, 1)) s  \(Text.fixed(samplesPerSecond, 0)) samples/s"
  }
}

extension Loss.Measure {
  /// With its name, for people. Errors are in units of the value's deviation.
  func text(_ value: Double, _ digits: Int = 2) -> String {
    switch self {
    case .accuracy: "accuracy \(Text.percent(value, digits))"
    case .meanAbsoluteError: "error \(Text.fixed(value, 4))"
    }
  }
}

extension RegressionReport {
  /// For people.
  var line: String {
    rows.map { row in
      "test \(row.name): mean absolute error \(Text.significant(row.meanAbsoluteError)), root mean squared error "
        + "\(Text.significant(row.rootMeanSquaredError)), R² \(Text.fixed(row.determination, 4))"
    }.joined(separator: "\n")
  }
}

/// When a line of progress is due where nothing can be redrawn: at the quarters of an epoch that takes its time, otherwise every ten seconds.
struct LinePace {
  private let clock = ContinuousClock()
  private var last = ContinuousClock.now
  private var quarter = 0

  mutating func isTime(for progress: TrainingEvent.Progress) -> Bool {
    let now = clock.now
    let waited = last.duration(to: now)
    let reached = progress.step * 4 / max(progress.stepsPerEpoch, 1)
    guard reached < 4, waited >= .seconds(10) || (reached > quarter && waited >= .seconds(2)) else { return false }
    quarter = reached
    last = now
    return true
  }

  mutating func epochEnded() {
    quarter = 0
    last = clock.now
  }
}
