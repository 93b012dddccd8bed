import ArgumentParser
import Glissade

/// Training several models, each with another part of the data held out.
struct FoldOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Train K models, each of which holds out another K-th of the data and is checked with that, into the folders fold-1, fold-2, … of the \
      run folder: what small data is measured with. Nothing is for the test then, unless --test is given.
      """, valueName: "k"))
  var kfold: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("With --kfold: only the model of this fold, from 1.", valueName: "number"))
  var fold: Int?

  /// - Parameter validation: `--validation`, where it is given.
  /// - Throws: `Misuse`.
  func check(validation: Double?) throws(Misuse) {
    guard let kfold else {
      if fold != nil { throw Misuse("--fold is for --kfold") }
      return
    }
    try Misuse.check("--kfold", kfold, (2...10_000).contains(kfold), "from 2 to 10000")
    if let fold { try Misuse.check("--fold", fold, (1...kfold).contains(fold), "from 1 to \(kfold), the number of folds") }
    if validation != nil { throw Misuse("--validation cannot be given with --kfold, which holds out 1/\(kfold) of the data") }
  }

  /// The fold that is trained, where it is one.
  var chosen: Fold? {
    guard let kfold, let fold else { return nil }
    return try? Fold(fold, of: kfold)
  }
}
