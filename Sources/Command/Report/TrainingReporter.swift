import Glissade
import GlissadeFormats

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
  private var epochPace: EpochPace
  /// The last epoch, where its line was not due.
  private var withheld: EpochRecord?
  /// What is told beside the loss.
  private var measure = Loss.Measure.accuracy

  /// The whole screen, where it is wanted, and the run's folder, which is certain once training has begun.
  private var live: (view: LiveView, folder: () -> RunFolder)?
  private var curves = ProgressCurves()

  /// - Parameters:
  ///   - epochs: of the whole run.
  ///   - live: the run's folder, where the training is to be shown on the whole screen.
  init(isQuiet: Bool, epochs: Int, live: (() -> RunFolder)? = nil) {
    epochPace = EpochPace(epochs: epochs)
    self.isQuiet = isQuiet
    if !isQuiet, Terminal.isLive(STDERR_FILENO) { bar = ProgressBar(file: STDERR_FILENO) }
    if let live, FullScreen.isPossible { self.live = (LiveView(), live) }
  }

  /// A line, unless quiet; fit for a terminal whatever names are in it.
  func line(_ text: String) {
    guard !isQuiet else { return }
    tell(printable(text, limit: .max) + "\n", STDOUT_FILENO)
  }

  /// Leaves the screen or removes the bar, and says how the last epoch went where that was not said.
  func end() {
    if let row = withheld { line(row.line(measure)) }
    withheld = nil
    live?.view.end()
    live = nil
    bar?.clear()
  }

  /// Something to be known, also where nothing but errors is printed.
  func warn(_ text: String) { tell("glissade: \(Text.line(text))\n", STDERR_FILENO) }

  /// Prints something, behind the screen that is shown if there is one.
  private func tell(_ text: String, _ file: Int32) {
    if live?.view.keeps(text, for: file) == true { return }
    bar?.clear()
    Terminal.write(text, to: file)
  }

  /// Shows the whole screen where that is wanted. Before the first step the run's folder may be another one's.
  private func showScreen() {
    guard let live, !hasShown else { return }
    hasShown = true
    bar?.clear()
    live.view.begin(live.folder())
  }

  private var hasShown = false
  private var isOnScreen: Bool { live?.view.isShown ?? false }

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
    case .started(let start):
      measure = start.measure
      bar?.draw(note: "getting ready")
    case .progress(let progress):
      showScreen()
      curves.add(progress)
      if isOnScreen { break }
      if bar != nil {
        bar?.draw(progress, measure, curves)
      } else if pace.isTime(for: progress) {
        line(ProgressText(progress, measure).line)
      }
    case .features(let features):
      showScreen()
      let isOver = features.done == features.count
      if bar != nil, !isOver, !isOnScreen { bar?.draw(note: features.text) }
      if isOver ? features.seconds >= 1 : bar == nil && pace.isTime(for: features) { line(features.text) }
    case .epoch(let row):
      curves.add(row)
      let isDue = epochPace.isDue(row.epoch)
      if isDue { line(row.line(measure)) }
      withheld = isDue ? nil : row
      pace.epochEnded()
    case .fellBack(let reason): warn(reason)
    case .unfroze(let epoch, let trainable): line("from epoch \(epoch) on \(trainable) parameters are trained")
    case .stopped(let epoch, let reason): line("stopped after epoch \(epoch): \(reason)")
    case .warning(let warning): line("warning: \(Text.line(warning.text))")
    case .note(let text): line("note: \(Text.line(text))")
    case .testing: if !isOnScreen { bar?.draw(note: "evaluating the test set") }
    }
  }
}

extension EpochRecord {
  /// For people.
  func line(_ measure: Loss.Measure) -> String {
    var parts = ["epoch \(epoch)", "loss \(Text.fixed(trainLoss, 4))"] + measure.texts(trainAccuracy)
    parts += metrics.map { "\(printable($0.name)) \(Text.significant($0.training))" }
    if validationLoss.isFinite {
      parts += ["validation loss \(Text.fixed(validationLoss, 4))"] + measure.texts(validationAccuracy)
      parts += metrics.map { "\(printable($0.name)) \(Text.significant($0.validation))" }
    }
    if averageValidationLoss.isFinite {
      parts += ["with averaged weights \(Text.fixed(averageValidationLoss, 4))"] + measure.texts(averageValidationAccuracy)
    }
    if validationDetermination.isFinite { parts.append("R² \(Text.determination(validationDetermination))") }
    return (parts + ["\(Text.fixed(seconds, 1)) s", "\(Text.fixed(samplesPerSecond, 0)) samples/s"]).joined(separator: "  ")
  }
}

extension RunRecord {
  /// Which epoch was best and what it and the last one reach, for people; `nil` where there is nothing to measure by.
  var lineOfBest: String? {
    guard let best = bestEpoch, let last = epochs.last else { return nil }
    func text(_ row: EpochRecord) -> String {
      let determination = row.validationDetermination.isFinite ? ", R² \(Text.determination(row.validationDetermination))" : ""
      guard row.validationLoss.isFinite else { return "loss \(Text.fixed(row.trainLoss, 4))" }
      let told = measure.texts(row.validationAccuracy).map { ", \($0)" }.joined()
      return "validation loss \(Text.fixed(row.validationLoss, 4))\(told)\(determination)"
    }
    if best.epoch == last.epoch { return "best epoch: the last one, \(best.epoch) (\(text(best)))" }
    return "best epoch: \(best.epoch) (\(text(best))); last: \(last.epoch) (\(text(last))); "
      + "the best is measured and used from now on, and --last is for the other"
  }
}

extension Loss.Measure {
  /// With its name, for people; nothing where there is nothing to be told.
  func texts(_ value: Double, _ digits: Int = 2) -> [String] {
    switch self {
    case .accuracy: ["accuracy \(Text.percent(value, digits))"]
    case .meanAbsoluteError: ["error \(Text.significant(value))"]
    case .none: []
    }
  }
}

extension RegressionReport {
  /// For people, where the data is a test's.
  var line: String { line(of: "test") }

  /// For people.
  /// - Parameter part: of the data.
  func line(of part: String) -> String {
    rows.map { row in
      "\(part) \(row.name): mean absolute error \(Text.significant(row.meanAbsoluteError)), root mean squared error "
        + "\(Text.significant(row.rootMeanSquaredError)), R² \(Text.determination(row.determination))"
    }.joined(separator: "\n")
  }
}

extension TrainingEvent.Features {
  /// For people.
  var text: String {
    let what = "features of the frozen layers: \(done) of \(count) samples"
    if done == count { return "\(what) in \(Text.fixed(seconds, 1)) s" }
    return "\(what)  \(Text.duration(seconds / Double(max(done, 1)) * Double(count - done))) left"
  }
}

/// Which epochs have a line: all of a short run; of a longer one the first ten, the last, and between them no more than two in a second.
struct EpochPace {
  private static let shortRun = 20
  private static let first = 10
  let epochs: Int
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant?

  init(epochs: Int) { self.epochs = epochs }

  /// - Parameter epoch: from 1.
  mutating func isDue(_ epoch: Int) -> Bool {
    let now = clock.now
    let isEarly = epochs <= Self.shortRun || epoch <= Self.first
    if let last, !isEarly, epoch < epochs, last.duration(to: now) < .milliseconds(500) { return false }
    last = now
    return true
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

  /// The same for what has no epochs: every ten seconds, and the first time after two.
  mutating func isTime(for features: TrainingEvent.Features) -> Bool {
    let now = clock.now
    guard last.duration(to: now) >= (quarter == 0 ? .seconds(2) : .seconds(10)) else { return false }
    quarter = 1
    last = now
    return true
  }

  mutating func epochEnded() {
    quarter = 0
    last = clock.now
  }
}
