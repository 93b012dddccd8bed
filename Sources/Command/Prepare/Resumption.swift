import Glissade

/// A run that is to go on.
struct Resumption {
  /// Where it goes on; `nil` where it stopped before its first checkpoint, and begins again.
  let checkpoint: TrainingCheckpoint?
  /// What people should know of it: damaged checkpoints.
  let notes: [String]

  /// What may be different now: it changes how far the run goes, where it runs or what is written, not what it computes.
  private static let free: Set<String> = ["epochs", "device", "threads", "checkpoint_every", "keep", "tensorboard", "labels"]
  /// What says nothing of the run by itself.
  private static let incidental = KeptPath.places.union(["command", "arguments", "glissade_version"])
  /// What follows from the data.
  private static let ofData: Set<String> = ["input", "classes", "mean", "deviation", "table"]
  /// What the weights that it began with are held against.
  private static let checksum = "pretrained_checksum"

  /// Looks at what the folder holds, and compares the options.
  /// - Parameters:
  ///   - folder: the run's.
  ///   - now: `options.json` as it would be written now.
  /// - Throws: `Misuse` where options were given that are not the run's, `Failure` where the data has changed or nothing can be resumed.
  init(_ folder: RunFolder, now: JSONValue) throws {
    let before = Self.completed(try JSONValue.read(path: folder.optionsPath))
    var differences = Self.differences(before, now)
    let (newest, damage) = folder.newestCheckpoint()
    // The options in force when it was written; somebody may have edited the file.
    if let kept = newest?.options, kept != .null {
      differences += Self.differences(Self.completed(kept), now).filter { !differences.contains($0) }
    }
    if let weights = differences.first(where: { $0.key == Self.checksum }) {
      let (found, wanted) = (Self.text(weights.now), Self.text(weights.before))
      throw Failure(
        "\(now["pretrained"]?.stringValue ?? "") does not hold the weights that the run began with: their checksum is \(found), and it was "
          + "\(wanted); --pretrained says where they are now")
    }
    // An option may be why the data is divided otherwise, and so is named first.
    let ofData = differences.filter { Self.ofData.contains($0.key) }
    let others = differences.filter { !Self.ofData.contains($0.key) }
    if others.isEmpty, !ofData.isEmpty { throw Failure("the data of the run has changed: \(Self.list(ofData))") }
    if !others.isEmpty {
      throw Misuse(
        "\(Self.list(others)); a run goes on with the options that it began with, but for --epochs, --device, --threads, "
          + "--checkpoint-every, --keep and --tensorboard")
    }
    checkpoint = newest
    notes = damage.map { "\($0); it is left out" }
  }

  /// Whether there is nothing left to do: all epochs are done, and the summary, which is written last, says that it ended well.
  func isFinished(_ folder: RunFolder, epochs: Int) -> Bool {
    guard let checkpoint, checkpoint.completedEpochs >= epochs, let summary = try? JSONValue.read(path: folder.summaryPath) else {
      return false
    }
    return summary["interruption"] == .null && summary["failure"] == .null && summary["epochs"]?.integerValue == epochs
  }

  /// Where it goes on, and why it may not end with the bits that it would have ended with.
  func lines(_ folder: RunFolder, on selection: DeviceSelection, epochs: Int) -> [String] {
    guard let checkpoint else { return ["\(folder.path) has no checkpoint yet, so the run begins again"] }
    let steps = checkpoint.completedBatches > 0 ? " and \(checkpoint.completedBatches) steps" : ""
    let done = "\(checkpoint.completedEpochs) epoch\(checkpoint.completedEpochs == 1 ? "" : "s")\(steps)"
    var lines = ["going on with \(folder.path) after \(done) of \(epochs)"]
    let (before, now) = (checkpoint.record.device, selection.device.information.description)
    if before != now { lines.append("note: so far it ran on \(before); another device rounds otherwise") }
    if let planned = checkpoint.options["epochs"]?.integerValue, planned != epochs {
      lines.append("note: \(epochs) epochs instead of \(planned); a schedule that goes to the end of the run changes with them")
    }
    return lines
  }

  private struct Difference: Equatable {
    var key: String
    var before: JSONValue?
    var now: JSONValue?
  }

  /// With what earlier versions did not write, because nothing could change it.
  private static func completed(_ options: JSONValue) -> JSONValue {
    guard let members = options.members, let table = options["table"], table != .null, options["test"] == nil else { return options }
    return .object(members + [JSONMember("test", .number(TableSplit.testShare))])
  }

  private static func differences(_ before: JSONValue, _ now: JSONValue) -> [Difference] {
    // What was written and read again is compared, so that numbers that look alike are alike.
    let now = (try? JSONValue.parse(Array(now.text().utf8))) ?? now
    let keys = (before.members ?? []).map(\.key) + (now.members ?? []).map(\.key).filter { before[$0] == nil }
    return keys.filter { !free.contains($0) && !incidental.contains($0) && before[$0] != now[$0] }.map {
      Difference(key: $0, before: before[$0], now: now[$0])
    }
  }

  private static func text(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null?: "none"
    case .string(let text)?: "'\(text)'"
    case let value?: value.text()
    }
  }

  private static func list(_ differences: [Difference]) -> String {
    differences.map { difference in
      let name = ofData.contains(difference.key) ? difference.key : "--" + difference.key.split(separator: "_").joined(separator: "-")
      return "\(name) is \(text(difference.now)), and the run has \(text(difference.before))"
    }.joined(separator: "; ")
  }
}
