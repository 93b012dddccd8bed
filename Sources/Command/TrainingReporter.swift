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

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    if !isQuiet, Terminal.isLive(STDERR_FILENO) { bar = ProgressBar(file: STDERR_FILENO) }
  }

  /// A line, unless quiet.
  func line(_ text: String) {
    guard !isQuiet else { return }
    bar?.clear()
    Terminal.write(text + "\n", to: STDOUT_FILENO)
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
      if bar != nil { bar?.draw(progress) } else if pace.isTime(for: progress) { line(ProgressText(progress).line) }
    case .epoch(let row):
      line(Self.line(row))
      pace.epochEnded()
    case .fellBack(let reason):
      // Not even quiet: a device is broken.
      bar?.clear()
      Terminal.write("glissade: \(Text.line(reason))\n", to: STDERR_FILENO)
    case .testing: bar?.draw(note: "evaluating the test set")
    }
  }

  private static func line(_ row: EpochRecord) -> String {
    var text = "epoch \(row.epoch)  loss \(Text.fixed(row.trainLoss, 4))  accuracy \(Text.percent(row.trainAccuracy))"
    if row.validationLoss.isFinite {
      text += "  validation loss \(Text.fixed(row.validationLoss, 4))  accuracy \(Text.percent(row.validationAccuracy))"
    }
    return text + "  \(Text.fixed(row.seconds, 1)) s  \(Text.fixed(row.samplesPerSecond, 0)) samples/s"
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
