import ArgumentParser
import Glissade

/// Which of a run's models is meant.
struct ModelChoice: ParsableArguments {
  @Flag(help: "Of a run, the model of the last epoch. (default: that of the epoch with the lowest validation loss, where there is one)")
  var last = false

  @Flag(help: "Of a run, the model of the epoch with the lowest validation loss, which is the default.")
  var best = false

  /// - Throws: `Misuse` where both are given.
  func check() throws(Misuse) {
    if best, last { throw Misuse("--best and --last are two models; give one of them, or none for the best one") }
  }

  /// The flag that was given.
  var given: String? { best ? "--best" : last ? "--last" : nil }

  /// The model that was asked for; `nil` for the usual one.
  var wanted: RunFolder.Model? { best ? .best : last ? .last : nil }

  /// The model of a run.
  func model(of folder: RunFolder) -> RunFolder.Model { best ? .best : last ? .last : folder.usualModel }
}
