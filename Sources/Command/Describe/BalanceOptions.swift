import ArgumentParser
import Glissade

/// What is done about classes of very different sizes.
struct BalanceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How much samples of each class count: balanced (in inverse proportion to their number), or a number for each class.",
      valueName: "balanced|w1,w2,…"))
  var classWeights: String?

  @Option(help: "shuffled (each sample once an epoch), or balanced (drawn with replacement, all classes as often). (default: shuffled)")
  var sampling: String?

  /// The class weights.
  /// - Throws: `Misuse`.
  func weights() throws(Misuse) -> ClassWeights? {
    guard let classWeights else { return nil }
    if classWeights == "balanced" { return .balanced }
    var weights: [Float] = []
    for part in classWeights.split(separator: ",", omittingEmptySubsequences: false) {
      guard let weight = Float(part), weight >= 0, weight.isFinite else {
        throw Misuse("--class-weights is '\(classWeights)', and it has to be 'balanced', or numbers from 0 on separated by commas")
      }
      weights.append(weight)
    }
    return .given(weights)
  }

  /// How samples are chosen.
  /// - Throws: `Misuse`.
  func chosenSampling() throws(Misuse) -> TrainingOptions.Sampling {
    guard let sampling else { return .shuffled }
    guard let known = TrainingOptions.Sampling(rawValue: sampling) else {
      throw .unknown("sampling", sampling, among: TrainingOptions.Sampling.allCases.map(\.rawValue))
    }
    return known
  }
}
