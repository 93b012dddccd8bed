import GlissadeFormats
import GlissadeTraining

/// All trainings of a `--kfold`, one after another, and what they come to.
package struct FoldTraining {
  /// How many.
  let count: Int
  /// Where the folds' run folders are.
  let place: RunPlace
  /// Is told how it goes, in lines.
  let report: (String) -> Void
  /// Is told what to know besides.
  let note: (String) -> Void

  package init(count: Int, place: RunPlace, report: @escaping (String) -> Void, note: @escaping (String) -> Void) {
    (self.count, self.place, self.report, self.note) = (count, place, report, note)
  }

  /// The run folder of a fold, from 1.
  package static func folder(_ number: Int, in path: String) -> RunFolder { RunFolder("\(path)/\(prefix)\(number)") }

  /// The run folders of folds that are there.
  package static func folders(in path: String) -> [RunFolder] {
    RunFolder(path).names.filter { $0.hasPrefix(prefix) && Int($0.dropFirst(prefix.count)) != nil }.map { RunFolder("\(path)/\($0)") }
  }

  private static let prefix = "fold-"

  private var path: String { place.path }

  /// What is written beside the folds' folders.
  private var resultsPath: String { RunFolder(path).foldsPath }

  /// What is told of each fold, by its key in the fold's summary; and whether it is an answer of classes or of values.
  private static let measures = [
    "validation_loss", "validation_accuracy", "validation_mean_absolute_error", "validation_r2", "test_accuracy",
  ]

  /// - Parameters:
  ///   - request: for all folds.
  ///   - train: trains one of them.
  /// - Throws: what the training of a fold throws, with its number.
  package func run(_ request: TrainingRequest, train: (_ request: TrainingRequest, _ place: RunPlace) throws -> Void) throws {
    for number in 1...count {
      let place = place.fold(number)
      let fold = try request.fold(number, resuming: place.isResumed ? place.path : nil)
      report("fold \(number) of \(count)")
      do { try train(fold, place) } catch let error as Failure { throw Failure("fold \(number): \(error)") } catch is Interrupted {
        note("\(number - 1) of \(count) folds are done; --resume \(path) goes on")
        throw Interrupted()
      }
      // Not before the first fold has its folder, so that a refusal leaves what is there.
      try results(upTo: number).write(path: resultsPath)
    }
    try lines().forEach(report)
  }

  private func summary(_ number: Int) throws -> JSONValue { try JSONValue.read(path: Self.folder(number, in: path).summaryPath) }

  /// The mean of a measure over some folds, and the deviation of single ones from it (with n − 1); nothing where a fold has it not.
  private func spread(of key: String, upTo number: Int) throws -> (mean: Double, deviation: Double)? {
    let values = try (1...number).compactMap { try summary($0)[key]?.doubleValue }
    guard values.count == number, number > 0 else { return nil }
    let mean = values.reduce(0, +) / Double(number)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, number > 1 ? (squares / Double(number - 1)).squareRoot() : 0)
  }

  private func results(upTo number: Int) throws -> JSONValue {
    let spreads = try Self.measures.compactMap { key in try spread(of: key, upTo: number).map { (key, $0) } }
    let folds = try (1...number).map { number -> JSONValue in
      let summary = try summary(number)
      let measures = Self.measures + ["best_epoch", "best_validation_loss", "divergence"]
      return .object(
        [JSONMember("fold", .integer(Int64(number))), JSONMember("run", .string("fold-\(number)"))]
          + measures.compactMap { key in summary[key].flatMap { $0 == .null ? nil : JSONMember(key, $0) } })
    }
    return [
      "kfold": .integer(Int64(count)), "folds": .array(folds),
      "mean": .object(spreads.map { JSONMember($0.0, .number($0.1.mean)) }),
      "deviation": .object(spreads.map { JSONMember($0.0, .number($0.1.deviation)) }), "glissade_version": .string(Version.number),
    ]
  }

  /// The folds and their mean, for people.
  private func lines() throws -> [String] {
    func text(_ key: String, _ value: Double) -> String {
      switch key {
      case "validation_accuracy", "test_accuracy": Text.percent(value)
      case "validation_mean_absolute_error": Text.significant(value)
      case "validation_r2": Text.determination(value)
      default: Text.fixed(value, 4)
      }
    }
    let names = [
      "validation_loss": "validation loss", "validation_accuracy": "accuracy", "validation_mean_absolute_error": "error",
      "validation_r2": "R²", "test_accuracy": "test accuracy",
    ]
    let folds = try (1...count).map { number in
      let summary = try summary(number)
      let values = Self.measures.compactMap { key in summary[key]?.doubleValue.map { "\(names[key] ?? key) \(text(key, $0))" } }
      return "fold \(number)  " + values.joined(separator: "  ")
    }
    let means = try Self.measures.compactMap { key in
      try spread(of: key, upTo: count).map { "\(names[key] ?? key) \(text(key, $0.mean)) ± \(text(key, $0.deviation))" }
    }
    return folds + ["mean of \(count) folds ± deviation: " + means.joined(separator: "  "), "saved in \(path)"]
  }
}
