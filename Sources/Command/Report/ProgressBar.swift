import Glissade
import GlissadeCharts
import GlissadeFormats

/// One line of a terminal that is redrawn in place, at most ten times a second.
struct ProgressBar {
  let file: Int32
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant?
  private var isVisible = false

  init(file: Int32) { self.file = file }

  mutating func draw(_ progress: TrainingEvent.Progress, _ measure: Loss.Measure, _ curves: ProgressCurves) {
    let now = clock.now
    if isVisible, let last, last.duration(to: now) < .milliseconds(95) { return }
    last = now
    // The last column stays free: some terminals wrap there.
    let drawn = Terminal.isUnicode && Terminal.variable("NO_COLOR") == nil ? curves : ProgressCurves()
    show(ProgressText(progress, measure).bar(width: Terminal.width(file) - 1, isUnicode: Terminal.isUnicode, drawn))
  }

  /// How far something has come that is counted in bytes.
  mutating func draw(_ name: String, done: Int, total: Int, rest: String) {
    let now = clock.now
    if isVisible, let last, last.duration(to: now) < .milliseconds(95) { return }
    last = now
    let fraction = Double(done) / Double(max(total, 1))
    show(ProgressText.line(name, fraction, rest, width: Terminal.width(file) - 1, isUnicode: Terminal.isUnicode))
  }

  /// A word instead of the bar, for what has no steps.
  mutating func draw(note: String) {
    last = nil
    show(String((note + " ...").prefix(max(Terminal.width(file) - 1, 0))))
  }

  /// Overwrites and then clears the rest, in one go: clearing first would flicker.
  private mutating func show(_ text: String) {
    Terminal.write("\r\(text)\u{1B}[K", to: file)
    isVisible = true
  }

  mutating func clear() {
    guard isVisible else { return }
    Terminal.write("\r\u{1B}[K", to: file)
    isVisible = false
  }
}

/// Progress in words and as a bar.
struct ProgressText {
  private let progress: TrainingEvent.Progress
  private let place: String
  private let step: String
  private let rest: [String]

  init(_ progress: TrainingEvent.Progress, _ measure: Loss.Measure = .accuracy) {
    self.progress = progress
    place = "epoch \(progress.epoch)/\(progress.epochs)"
    let total = "\(progress.stepsPerEpoch)"
    step = "\(Text.column("\(progress.step)", max(total.count, "\(progress.step)".count), right: true))/\(total)"
    rest =
      ["loss \(Text.fixed(progress.loss, 4))"] + measure.texts(progress.accuracy, 1)
      + progress.metrics.map { "\(printable($0.name)) \(Text.significant($0.training))" }
      + ["\(Text.duration(progress.secondsLeft)) left", "\(Text.fixed(progress.samplesPerSecond, 0)) samples/s"]
  }

  /// Without a bar, for where nothing can be redrawn.
  var line: String { ([place, "step \(step)"] + rest).joined(separator: "  ") }

  /// As much as fits: the bar shrinks first, then the curves do, then what matters least goes.
  func bar(width: Int, isUnicode: Bool, _ curves: ProgressCurves = ProgressCurves()) -> String {
    for kept in stride(from: rest.count, through: 0, by: -1) {
      for curve in kept == 0 ? [0] : ProgressCurves.widths {
        var parts = Array(rest.prefix(kept))
        // The loss is the first.
        if curve > 0 { parts.replaceSubrange(0..<1, with: curves.texts(beside: parts[0], width: curve)) }
        let tail = ([step] + parts).joined(separator: "  ")
        let room = width - place.count - tail.count - 4
        if room >= 10 { return "\(place)  \(Self.bar(min(room, 40), fraction, isUnicode))  \(tail)" }
      }
    }
    return String("\(place) \(step)".prefix(max(width, 0)))
  }

  /// A name, a bar and the rest, as much as fits: the bar goes first.
  static func line(_ name: String, _ fraction: Double, _ rest: String, width: Int, isUnicode: Bool) -> String {
    let room = width - name.count - rest.count - 4
    return room >= 10 ? "\(name)  \(bar(min(room, 40), fraction, isUnicode))  \(rest)" : String("\(name) \(rest)".prefix(max(width, 0)))
  }

  private var fraction: Double { Double(progress.step) / Double(max(progress.stepsPerEpoch, 1)) }

  private static func bar(_ width: Int, _ fraction: Double, _ isUnicode: Bool) -> String {
    let inside = isUnicode ? width : width - 2
    let done = min(max(Int(fraction * Double(inside)), 0), inside)
    let (full, empty) = isUnicode ? ("█", "░") : ("#", ".")
    let bar = String(repeating: full, count: done) + String(repeating: empty, count: inside - done)
    return isUnicode ? bar : "[\(bar)]"
  }
}
