import ArgumentParser
import Glissade

/// Which of a file's tensors are meant, where weights are named.
struct WeightsChoice: ParsableArguments {
  @Option(help: .of("key"))
  var key: String?

  @Option(help: .of("prefix"))
  var prefix: String?

  /// Whether any of it was given.
  var isGiven: Bool { key != nil || prefix != nil }

  /// What is meant.
  var part: WeightsPart { WeightsPart(key: key, prefix: prefix) }

  /// Opens a file of weights, or a run's model.
  func open(_ path: String) throws -> WeightsFile { try part.open(path) }

  /// - Throws: `Misuse` for a key or a prefix that is not there.
  func chosen(of file: WeightsFile) throws -> WeightsFile { try part.chosen(of: file) }
}
