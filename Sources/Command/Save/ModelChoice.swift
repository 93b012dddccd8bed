import ArgumentParser
import Glissade

/// Which of a run's models is meant.
struct ModelChoice: ParsableArguments {
  @Flag(help: "Of a run, the model of the last epoch. (default: that of the epoch with the lowest validation loss, where there is one)")
  var last = false

  @Flag(help: "Of a run, the model of the epoch with the lowest validation loss, which is the default.")
  var best = false

  @Flag(help: "Of a run that averages its weights (--ema, --swa), the average after the last epoch.")
  var average = false

  /// The models that were asked for.
  private var chosen: [RunFolder.Model] {
    let all: [(isChosen: Bool, model: RunFolder.Model)] = [(best, .best), (last, .last), (average, .average)]
    return all.filter(\.isChosen).map(\.model)
  }

  /// - Throws: `Misuse` where several are given.
  func check() throws(Misuse) {
    guard chosen.count > 1 else { return }
    let names = chosen.map { "--\($0.rawValue)" }
    let number = names.count == 2 ? "two" : "three"
    throw Misuse(
      "\(names.dropLast().joined(separator: ", ")) and \(names[names.count - 1]) are \(number) models; give one of them, or none for the best one"
    )
  }

  /// The flag that was given.
  var given: String? { chosen.first.map { "--\($0.rawValue)" } }

  /// The model that was asked for; `nil` for the usual one.
  var wanted: RunFolder.Model? { chosen.first }

  /// The model of a run.
  func model(of folder: RunFolder) -> RunFolder.Model { chosen.first ?? folder.usualModel }
}
