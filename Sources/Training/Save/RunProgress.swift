import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where a run stands while it trains, as one small file of its folder says (`progress.json`): for whoever looks at it from elsewhere. The file
/// is replaced about once a second and removed when the training ends; `metrics.csv` has the epochs.
package struct RunProgress: Sendable, Equatable {
  /// What the training does.
  package enum Activity: String, Sendable {
    /// Its steps, or what is done between them: validation, checkpoints.
    case training
    /// The features of a frozen backbone; `step` of `stepsPerEpoch` are samples then.
    case features
    /// Measuring with the test data.
    case testing
  }

  package var activity = Activity.training
  /// From 1.
  package var epoch = 0
  package var epochs = 0
  /// Steps of this epoch that are done.
  package var step = 0
  package var stepsPerEpoch = 0
  /// The mean over the epoch so far.
  package var loss = Double.nan
  /// What is told beside it, by its name in tables: `accuracy`, `mean_absolute_error`; `nil` where nothing is.
  package var measure: String?
  /// That, likewise.
  package var told = Double.nan
  /// The metrics of the training, likewise.
  package var metrics: [MetricValue] = []
  package var learningRate = Double.nan
  package var samplesPerSecond = Double.nan
  /// Seconds to the end of the run, as far as can be told.
  package var secondsLeft = Double.nan
  /// The epoch so far.
  package var curve: [Point] = []
  /// What people were told of the training, the latest last.
  package var notes: [String] = []
  /// When this was written, in seconds since 1970.
  package var time = 0.0

  /// A point of the epoch's curve.
  package struct Point: Sendable, Equatable {
    /// How much of the epoch is done, from 0 to 1.
    package var share: Double
    /// The means up to there.
    package var loss: Double
    package var told: Double

    package init(share: Double, loss: Double, told: Double) { (self.share, self.loss, self.told) = (share, loss, told) }
  }

  package init() {}

  /// Numbers have float32's digits, which is as many as people read, and short enough that writing them takes no memory.
  package var json: JSONValue {
    func number(_ value: Double) -> JSONValue { .float(Float(value)) }
    var points: [JSONValue] = []
    points.reserveCapacity(3 * curve.count)
    for point in curve {
      points.append(number(point.share))
      points.append(number(point.loss))
      points.append(number(point.told))
    }
    return [
      "activity": .string(activity.rawValue), "epoch": .integer(Int64(epoch)), "epochs": .integer(Int64(epochs)),
      "step": .integer(Int64(step)), "steps_per_epoch": .integer(Int64(stepsPerEpoch)), "loss": number(loss),
      "measure": measure.map { .string($0) } ?? .null, "told": number(told),
      "metrics": .array(metrics.map { ["name": .string($0.name), "value": number($0.training)] }), "learning_rate": number(learningRate),
      "samples_per_second": number(samplesPerSecond), "seconds_left": number(secondsLeft), "curve": .array(points),
      "notes": .array(notes.map { .string($0) }), "time": .number((time * 100).rounded() / 100),
    ]
  }

  /// - Returns: `nil` for what is no such object.
  package init?(json: JSONValue) {
    guard let activity = json["activity"]?.stringValue.flatMap(Activity.init), let epoch = json["epoch"]?.integerValue,
      let epochs = json["epochs"]?.integerValue, let step = json["step"]?.integerValue, let steps = json["steps_per_epoch"]?.integerValue,
      let time = json["time"]?.doubleValue
    else { return nil }
    func number(_ key: String) -> Double { json[key]?.doubleValue ?? .nan }
    (self.activity, self.epoch, self.epochs, self.step, stepsPerEpoch, self.time) = (activity, epoch, epochs, step, steps, time)
    (loss, told, measure) = (number("loss"), number("told"), json["measure"]?.stringValue)
    (learningRate, samplesPerSecond, secondsLeft) = (number("learning_rate"), number("samples_per_second"), number("seconds_left"))
    metrics = (json["metrics"]?.arrayValue ?? []).compactMap { metric in
      metric["name"]?.stringValue.map { MetricValue(name: $0, training: metric["value"]?.doubleValue ?? .nan) }
    }
    let points = (json["curve"]?.arrayValue ?? []).map { $0.doubleValue ?? .nan }
    curve = stride(from: 0, to: points.count - points.count % 3, by: 3).map { place in
      Point(share: points[place], loss: points[place + 1], told: points[place + 2])
    }
    notes = (json["notes"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  /// Reads what a run's folder says.
  /// - Returns: `nil` where it says nothing, because no training is at work there or it has not begun its first step.
  /// - Throws: `FormatError` for a file that is damaged.
  package init?(of folder: RunFolder) throws(FormatError) {
    guard FileIdentity(folder.progressPath) != nil else { return nil }
    let json: JSONValue
    do throws(FormatError) { json = try JSONValue.read(path: folder.progressPath) } catch {
      // Removed meanwhile.
      if FileIdentity(folder.progressPath) == nil { return nil }
      throw error
    }
    guard let progress = RunProgress(json: json) else {
      throw FormatError(path: folder.progressPath, reason: .malformed("what it says of the training cannot be understood"))
    }
    self = progress
  }
}

/// Writes where a run stands, at most once a second and whenever its activity changes.
///
/// That costs the time of writing a small file, which nobody syncs to the disk; that it cannot be written is no reason to stop a training.
package final class RunProgressFile {
  private let folder: RunFolder
  private var progress = RunProgress()
  private var last: ContinuousClock.Instant?
  private let interval: Duration
  /// Points of a curve that are kept; where there are more, every second one goes.
  private static let mostPoints = 240
  private static let mostNotes = 8

  /// - Parameter interval: at least so much time lies between two times that it is written; default a second.
  package init(_ folder: RunFolder, interval: Duration = .seconds(1)) { (self.folder, self.interval) = (folder, interval) }

  /// Takes note of what happens.
  package func note(_ event: TrainingEvent) {
    switch event {
    case .started(let start):
      progress.measure = start.measure == .none ? nil : start.measure.column
    case .features(let features):
      progress.activity = .features
      (progress.step, progress.stepsPerEpoch) = (features.done, features.count)
      progress.secondsLeft = features.seconds / Double(max(features.done, 1)) * Double(features.count - features.done)
      write()
    case .progress(let now):
      let isAnother = progress.activity != .training || progress.epoch != now.epoch
      if isAnother { progress.curve = [] }
      progress.activity = .training
      (progress.epoch, progress.epochs, progress.step, progress.stepsPerEpoch) = (now.epoch, now.epochs, now.step, now.stepsPerEpoch)
      (progress.loss, progress.told, progress.metrics) = (now.loss, now.accuracy, now.metrics)
      (progress.learningRate, progress.samplesPerSecond) = (now.learningRate, now.samplesPerSecond)
      progress.secondsLeft = now.secondsLeft
      write()
    case .testing:
      progress.activity = .testing
      write(atOnce: true)
    case .warning(let warning): add(warning.text)
    case .note(let text), .fellBack(let text): add(text)
    case .stopped(let epoch, let reason): add("stops after epoch \(epoch): \(reason)")
    case .unfroze(let epoch, let trainable): add("from epoch \(epoch) on \(trainable) parameters are trained")
    case .epoch: break
    }
  }

  private func add(_ note: String) { progress.notes = Array((progress.notes + [note]).suffix(Self.mostNotes)) }

  private func write(atOnce: Bool = false) {
    let now = ContinuousClock.now
    if !atOnce, let last, last.duration(to: now) < interval { return }
    last = now
    if progress.activity == .training, progress.stepsPerEpoch > 0 {
      if progress.curve.count >= Self.mostPoints {
        progress.curve = progress.curve.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      }
      progress.curve.append(.init(share: Double(progress.step) / Double(progress.stepsPerEpoch), loss: progress.loss, told: progress.told))
    }
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    progress.time = Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    let text = progress.json.text()
    try? AtomicFile.write(path: folder.progressPath, isDurable: false, text: text)
  }

  /// Removes the file: the training is over, in whatever way.
  package func remove() { unlink(folder.progressPath) }
}
