import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// All trainings of a `--kfold`, one after another, and what they come to.
struct FoldTraining {
  /// How many.
  let count: Int
  /// Where the folds' run folders are.
  let path: String
  let isQuiet: Bool

  /// The run folder of a fold, from 1.
  static func folder(_ number: Int, in path: String) -> RunFolder { RunFolder("\(path)/fold-\(number)") }

  /// What is written beside the folds' folders.
  private var resultsPath: String { path + "/folds.json" }

  /// What is told of each fold, by its key in the fold's summary; and whether it is an answer of classes or of values.
  private static let measures = [
    "validation_loss", "validation_accuracy", "validation_mean_absolute_error", "validation_r2", "test_accuracy",
  ]

  /// - Parameters:
  ///   - settings: of all folds.
  ///   - resumes: whether trainings that are there go on, and those that are done stay.
  ///   - train: trains one of them.
  /// - Throws: what the training of a fold throws, with its number.
  func run(
    _ settings: TrainingSettings, resumes: Bool, train: (_ settings: TrainingSettings, _ folder: RunFolder, _ resumes: Bool) throws -> Void
  ) throws {
    if exists(RunFolder(path).optionsPath) {
      throw Misuse("\(path) holds a run, and --kfold needs a folder of its own: name another --out")
    }
    for number in 1...count {
      let folder = Self.folder(number, in: path)
      let goesOn = resumes && exists(folder.optionsPath)
      var fold = settings
      fold.fold = try Fold(number, of: count)
      fold.resumed = goesOn ? folder.path : nil
      fold.command.arguments += ["--fold", "\(number)"]
      if !isQuiet { Terminal.write("fold \(number) of \(count)\n", to: STDOUT_FILENO) }
      do { try train(fold, folder, goesOn) } catch let error as Failure { throw Failure("fold \(number): \(error)") } catch is Interrupted {
        let text = "\(number - 1) of \(count) folds are done; --resume \(path) goes on"
        Terminal.write("glissade: \(text)\n", to: STDERR_FILENO)
        throw Interrupted()
      }
      // Not before the first fold has its folder, so that a refusal leaves what is there.
      try results(upTo: number).write(path: resultsPath)
    }
    if !isQuiet { Terminal.write(try lines().joined(separator: "\n") + "\n", to: STDOUT_FILENO) }
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
