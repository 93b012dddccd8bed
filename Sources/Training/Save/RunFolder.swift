import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The folder that a run leaves: `recipe.yaml`, `facts.json`, `summary.json`, `report.html`, `metrics.csv`, `model.safetensors`, the model of the
/// best epoch and the last checkpoints. Every file is written whole or not at all.
public struct RunFolder: Sendable {
  /// Where it is, as it was given.
  public let path: String

  /// - Parameter path: of the folder, whether or not it is there.
  public init(_ path: String) { self.path = path }

  /// Device, losses, accuracies, times, memory, under stable keys.
  public var summaryPath: String { path(.summary) }
  /// A row for each epoch.
  public var metricsPath: String { path(.metrics) }
  /// What the monitor found, by epoch and layer; only where there was one.
  public var healthPath: String { path(.health) }
  /// Where the run stands while it trains (`RunProgress`).
  package var progressPath: String { path(.progress) }
  /// The page about the run.
  public var reportPath: String { path(.report) }
  /// The model after the last epoch.
  public var modelPath: String { path(.model) }
  /// The model after the epoch with the lowest validation loss, or the best by another measure where that ends the training.
  public var bestPath: String { path(.best) }
  /// The average of the weights after the last epoch, where one is kept.
  public var averagePath: String { path(.average) }
  /// The weights that the run began with, where these were somebody's and not drawn: for as long as going on needs them.
  public var startPath: String { path(.start) }
  /// All that decided the run.
  public var recipePath: String { path(.recipe) }
  /// What its data turned out to be, and where everything lay.
  public var factsPath: String { path(.facts) }
  /// What version 0.1.0 left in place of both.
  public var optionsPath: String { path(.options) }
  /// What several trainings come to, each of which has a folder of its own in this one.
  public var foldsPath: String { path(.folds) }
  /// What the members of an ensemble come to, each of which has a folder of its own in this one.
  public var ensemblePath: String { path(.ensemble) }
  /// What a search is and what has come of it, each of whose trials has a folder of its own in this one.
  public var sweepPath: String { path(.sweep) }
  /// A row for each of a search's trials.
  public var sweepTablePath: String { path(.sweepTable) }
  /// The page about a search.
  public var sweepPagePath: String { path(.sweepPage) }
  /// The recipe of a search's best trial.
  public var bestRecipePath: String { path(.bestRecipe) }
  /// The samples that the run was trained, checked and measured with, by their hashes (`RunSamples`).
  public var samplesPath: String { path(.samples) }

  /// Writes the tables: of epochs, and of what the monitor found.
  public func write(_ record: RunRecord) throws(FormatError) {
    try write(metrics: record.epochs, measure: record.measure)
    try write(health: record.epochs)
  }

  /// Writes the table of epochs. What is told beside the loss names its columns: `train_accuracy`, or `train_mean_absolute_error`.
  public func write(metrics epochs: [EpochRecord], measure: Loss.Measure = .accuracy) throws(FormatError) {
    func number(_ value: Double) -> String { value.isNaN ? "" : "\(value)" }
    let columns = EpochRecord.columns(measure, of: epochs)
    let names = epochs.last?.metrics.map(\.name) ?? []
    let rows = epochs.map { row in
      let metrics = names.flatMap { name in
        let metric = row.metrics.first { $0.name == name }
        return [number(metric?.training ?? .nan), number(metric?.validation ?? .nan)]
      }
      return ["\(row.epoch)", "\(row.step)"] + columns.map { number(row[keyPath: $0.value]) } + metrics
    }
    let header = columns.map { measure.named($0.name) } + names.flatMap { ["train_\($0)", "validation_\($0)"] }
    try CSV.write(path: metricsPath, header: ["epoch", "step"] + header, rows: rows)
  }

  /// What the summary says of a run beside what the record knows.
  public struct Description: Sendable {
    /// The model's name.
    public var model: String
    /// What the data is called.
    public var dataset: String
    /// Of weights, shuffles and dropout.
    public var seed: UInt64
    /// Of the program.
    public var version: String
    /// What was minimised, as a recipe calls it; `nil` where nobody says.
    public var loss: String?

    /// See the properties.
    public init(model: String, dataset: String, seed: UInt64, version: String, loss: String? = nil) {
      self.loss = loss
      self.model = model
      self.dataset = dataset
      self.seed = seed
      self.version = version
    }
  }

  /// Writes the summary; its keys are stable.
  public func write(summary record: RunRecord, _ description: Description, failure: String?) throws(FormatError) {
    func number(_ value: Double?) -> JSONValue { value.map { $0.isFinite ? .number($0) : .null } ?? .null }
    let last = record.epochs.last
    let summary: JSONValue = [
      "device": .string(record.device),
      "device_reason": .string(record.deviceReason),
      "model": .string(description.model),
      "dataset": .string(description.dataset),
      "loss": description.loss.map { .string($0) } ?? .null,
      "parameters": .integer(Int64(record.parameters)),
      "epochs": .integer(Int64(record.epochs.count)),
      "seed": Int64(exactly: description.seed).map { .integer($0) } ?? .string("\(description.seed)"),
      "train_loss": number(last?.trainLoss),
      "validation_loss": number(last?.validationLoss),
      "validation_accuracy": number(record.measure == .accuracy ? last?.validationAccuracy : nil),
      "validation_mean_absolute_error": number(record.measure == .meanAbsoluteError ? last?.validationAccuracy : nil),
      "validation_r2": number(last?.validationDetermination),
      "best_epoch": record.bestEpoch.map { .integer(Int64($0.epoch)) } ?? .null,
      "best_validation_loss": number(record.bestEpoch?.validationLoss),
      "best_validation_accuracy": number(record.measure == .accuracy ? record.bestEpoch?.validationAccuracy : nil),
      "best_validation_r2": number(record.bestEpoch?.validationDetermination),
      "best_by": record.bestEpoch == nil ? .null : .string(record.bestBy.rawValue),
      "tested_epoch": record.testedEpoch > 0 ? .integer(Int64(record.testedEpoch)) : .null,
      "test_loss": number(record.testLoss),
      "test_accuracy": number(record.measure == .accuracy ? record.testAccuracy : nil),
      "average_validation_loss": number(last?.averageValidationLoss),
      "average_validation_accuracy": number(record.measure == .accuracy ? last?.averageValidationAccuracy : nil),
      "average_test_loss": number(record.averageTestLoss),
      "average_test_accuracy": number(record.measure == .accuracy ? record.averageTestAccuracy : nil),
      "metrics": metrics(of: record),
      "test_values": record.regression?.json ?? .null,
      "labels": record.predictions?.labels?.json ?? .null,
      "predictions": record.predictions?.predictions(on: record.reportedOn) ?? .null,
      "reported_on": record.report == nil ? .null : .string(record.reportedOn),
      "report": record.report?.json ?? .null,
      "samples_per_second": number(record.samplesPerSecond),
      "step_milliseconds_median": number(record.steadyStepSeconds * 1000),
      "step_times": record.stepTimes.steps > 0 ? record.stepTimes.json : .null,
      "first_step_seconds": number(record.firstStepSeconds),
      "preparation_seconds": number(record.preparationSeconds),
      "feature_seconds": number(record.featureSeconds),
      "validation_seconds": number(record.validationSeconds),
      "device_seconds": number(record.deviceSeconds),
      "host_seconds": number(record.hostSeconds),
      "elapsed_seconds": number(record.elapsedSeconds),
      "data_wait_seconds": number(record.dataWaitSeconds),
      "feature_wait_seconds": number(record.featureWaitSeconds),
      "validation_wait_seconds": number(record.validationWaitSeconds),
      "data_wait_share": number(record.dataWaitShare),
      "peak_arena_bytes": .integer(Int64(record.peakArenaBytes)),
      "health": record.epochs.last { $0.health != nil }.map(Self.health) ?? .null,
      "warnings": .array(record.warnings.map(\.json)),
      "divergence": record.divergence.map { .string($0) } ?? .null,
      "stop_reason": record.stopReason.map { .string($0) } ?? .null,
      "interruption": record.interruption.map { .string($0) } ?? .null,
      "fallback": record.fallback.map { .string($0) } ?? .null,
      "failure": failure.map { .string($0) } ?? .null,
      "advice": .array(record.advice.map { .string($0) }),
      "glissade_version": .string(description.version),
    ]
    try summary.write(path: summaryPath)
  }

  /// What the monitor found in an epoch.
  private static func health(of row: EpochRecord) -> JSONValue {
    let found = row.health?.json.members ?? []
    return .object([JSONMember("epoch", .integer(Int64(row.epoch)))] + found)
  }

  /// The metrics after the last epoch and after the best one, and on the test data, each under its name; `null` where there are none.
  private func metrics(of record: RunRecord) -> JSONValue {
    guard let last = record.epochs.last, !last.metrics.isEmpty else { return .null }
    func number(_ value: Double?) -> JSONValue { value.map { $0.isFinite ? .number($0) : .null } ?? .null }
    return .object(
      last.metrics.map { metric in
        JSONMember(
          metric.name,
          [
            "train": number(metric.training), "validation": number(metric.validation),
            "best_validation": number(record.bestEpoch?.metrics.first { $0.name == metric.name }?.validation),
            "test": number(record.testMetrics.first { $0.name == metric.name }?.validation),
          ])
      })
  }
}

extension Loss.Measure {
  /// A column or tag that ends in `accuracy`, by what it holds.
  func named(_ name: String) -> String {
    name.hasSuffix("accuracy") ? name.dropLast("accuracy".count) + column : name
  }

  /// Its name in tables.
  var column: String {
    switch self {
    case .accuracy: "accuracy"
    case .meanAbsoluteError: "mean_absolute_error"
    case .none: "nothing"
    }
  }
}

extension RegressionReport {
  /// An object for each value, under its name.
  public var json: JSONValue {
    func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
    return .object(
      rows.map { row in
        JSONMember(
          row.name,
          [
            "mean_absolute_error": number(row.meanAbsoluteError), "root_mean_squared_error": number(row.rootMeanSquaredError),
            "r2": number(row.determination),
          ])
      })
  }

  /// Samples beside what was predicted for them: some of all as pairs of value and prediction, the worst with their places, and the error in each
  /// part of the range.
  /// - Parameter part: of the data.
  func predictions(on part: String) -> JSONValue {
    func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
    let values = rows.map { row in
      JSONMember(
        row.name,
        [
          "mean_absolute_error": number(row.meanAbsoluteError),
          "parts": .array(
            row.parts.map {
              [
                "from": number($0.lower), "to": number($0.upper), "samples": .integer(Int64($0.samples)),
                "mean_absolute_error": number($0.meanAbsoluteError),
              ]
            }),
          "points": .array(row.points.map { [number($0.value), number($0.prediction)] }),
          "worst": .array(
            row.worst.map {
              [
                "sample": .integer(Int64($0.sample)), "place": $0.place.map { .string($0) } ?? .null, "value": number($0.value),
                "prediction": number($0.prediction),
              ]
            }),
        ])
    }
    return ["on": .string(part), "samples": .integer(Int64(samples)), "values": .object(values)]
  }
}
