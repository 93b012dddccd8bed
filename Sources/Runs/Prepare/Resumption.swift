import GlissadeDevices
import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

/// A run that is to go on.
package struct Resumption {
  /// Where it goes on; `nil` where it stopped before its first checkpoint, and begins again.
  package let checkpoint: TrainingCheckpoint?
  /// What people should know of it: damaged checkpoints.
  package let notes: [String]

  /// The options that may be others now: they change how far the run goes, where it runs or what is written, not what it computes.
  package static let freeNames: String = {
    let names = Recipe.declarations.filter { $0.whenResumed == .free }.map { "--\($0.optionName)" }
    return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
  }()
  /// What follows from the data.
  private static let ofData = ["input", "classes", "mean", "deviation", "table"]

  /// Looks at what the folder holds, and compares what it says.
  /// - Parameters:
  ///   - folder: the run's.
  ///   - now: what would be written now.
  /// - Throws: `Misuse` where options were given that are not the run's, `Failure` where the data has changed or nothing can be resumed.
  package init(_ folder: RunFolder, now: RunDocument) throws {
    let before = try RunDocument(of: folder)
    var differences = Self.differences(before, now)
    let (newest, damage) = folder.newestCheckpoint()
    // What was in force when it was written; somebody may have edited the file.
    if let kept = newest.flatMap({ RunDocument(kept: $0.options, path: folder.path) }) {
      differences += Self.differences(kept, now).filter { !differences.contains($0) }
    }
    if let wanted = before.pretrainedChecksum, let found = now.pretrainedChecksum, wanted != found {
      throw Failure(
        "\(now.recipe.pretrained ?? "") does not hold the weights that the run began with: their checksum is \(found), and it was "
          + "\(wanted); --pretrained says where they are now")
    }
    // An option may be why the data is divided otherwise, and so is named first.
    let ofData = differences.filter(\.isOfData)
    let others = differences.filter { !$0.isOfData }
    if others.isEmpty, !ofData.isEmpty { throw Failure("the data of the run has changed: \(Self.list(ofData))") }
    if !others.isEmpty {
      throw Misuse("\(Self.list(others)); a run goes on with the options that it began with, but for \(Self.freeNames)")
    }
    // What is done of an epoch counts, too.
    let epochs = now.recipe.epochs
    if let newest, newest.completedEpochs + (newest.completedBatches > 0 ? 1 : 0) > epochs {
      throw Misuse("--epochs is \(epochs), and \(Self.done(newest)) are done already; \(folder.path) goes on with more of them")
    }
    checkpoint = newest
    notes = damage.map { "\($0); it is left out" }
  }

  /// Whether there is nothing left to do: all epochs are done, or it has ended before in order, and the summary, which is written last, says
  /// that it ended well.
  package func isFinished(_ folder: RunFolder, _ options: TrainingOptions) -> Bool {
    guard let checkpoint, let summary = try? JSONValue.read(path: folder.summaryPath) else { return false }
    let isOver = checkpoint.completedEpochs == options.epochs || checkpoint.record.reasonToStop(options) != nil
    return isOver && checkpoint.completedBatches == 0 && summary["interruption"] == .null && summary["failure"] == .null
      && summary["epochs"]?.integerValue == checkpoint.completedEpochs
  }

  /// Where it goes on, and why it may not end with the bits that it would have ended with.
  package func lines(_ folder: RunFolder, on selection: DeviceSelection, epochs: Int) -> [String] {
    guard let checkpoint else { return ["\(folder.path) has no checkpoint yet, so the run begins again"] }
    var lines = ["going on with \(folder.path) after \(Self.done(checkpoint)) of \(epochs)"]
    let (before, now) = (checkpoint.record.device, selection.device.information.description)
    if before != now { lines.append("note: so far it ran on \(before); another device rounds otherwise") }
    if let planned = RunDocument(kept: checkpoint.options, path: folder.path)?.recipe.epochs, planned != epochs {
      lines.append("note: \(epochs) epochs instead of \(planned); a schedule that goes to the end of the run changes with them")
    }
    return lines
  }

  /// How far it is, for people.
  private static func done(_ checkpoint: TrainingCheckpoint) -> String {
    func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }
    let steps = checkpoint.completedBatches > 0 ? " and \(count(checkpoint.completedBatches, "step"))" : ""
    return count(checkpoint.completedEpochs, "epoch") + steps
  }

  private struct Difference: Equatable {
    var name: String
    var before: String
    var now: String
    var isOfData: Bool
  }

  private static func differences(_ before: RunDocument, _ now: RunDocument) -> [Difference] {
    let options = Recipe.declarations.filter { $0.whenResumed == .same }.compactMap { option -> Difference? in
      let (old, new) = (text(option.value(in: before.recipe)), text(option.value(in: now.recipe)))
      return old == new ? nil : Difference(name: "--\(option.optionName)", before: old, now: new, isOfData: false)
    }
    // A run that was killed before it wrote them has none.
    guard before.facts != .null else { return options }
    // What was written and read again is compared, so that numbers that look alike are alike.
    let facts = (try? JSONValue.parse(Array(now.facts.text().utf8))) ?? now.facts
    return options
      + ofData.filter { before.facts[$0] != facts[$0] }.map {
        Difference(name: $0, before: text(before.facts[$0]), now: text(facts[$0]), isOfData: true)
      }
  }

  private static func text(_ value: any RecipeValue) -> String {
    let text = value.recipeText
    let isBare = value.recipeNumber != nil || value is Bool || text == "none"
    return isBare ? text : "'\(text)'"
  }

  private static func text(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null?: "none"
    case .string(let text)?: "'\(text)'"
    case let value?: value.text()
    }
  }

  private static func list(_ differences: [Difference]) -> String {
    differences.map { "\($0.name) is \($0.now), and the run has \($0.before)" }.joined(separator: "; ")
  }
}
