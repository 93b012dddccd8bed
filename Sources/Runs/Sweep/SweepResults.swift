import GlissadeFormats
import GlissadeTraining

/// What a trial has come to by some epoch.
package struct SweepResult: Hashable, Sendable {
  /// From 1.
  package var trial: Int
  /// The epoch up to which it was to be trained.
  package var budget: Int
  /// Epochs that are over; fewer than the budget where it stopped early.
  package var epochs = 0
  /// The metric in the epoch whose model the trial keeps: the best one or, where nothing says which that is, the last. `nil` for one that failed.
  package var value: Double?
  /// That epoch, from 1.
  package var bestEpoch: Int?
  /// Why it failed; `nil` where it did not.
  package var failure: String?

  package init(trial: Int, budget: Int) { (self.trial, self.budget) = (trial, budget) }

  /// - Parameters:
  ///   - record: of its run.
  ///   - metric: what trials are compared by.
  package init(trial: Int, budget: Int, _ record: RunRecord, _ metric: EarlyStopping.Measure) {
    self.init(trial: trial, budget: budget)
    var record = record
    // Somebody may have gone on with the run by itself.
    record.epochs = Array(record.epochs.prefix(budget))
    epochs = record.epochs.count
    guard let row = record.bestEpoch ?? record.epochs.last else { return }
    let value = metric.value(of: row)
    (self.value, bestEpoch) = (value.isFinite ? value : nil, row.epoch)
  }
}

/// What a search has come to, and what it is compared by.
package struct SweepResults: Sendable {
  package let metric: EarlyStopping.Measure
  /// In the order in which they came.
  package private(set) var all: [SweepResult] = []

  package init(_ metric: EarlyStopping.Measure) { self.metric = metric }

  package mutating func add(_ result: SweepResult) { all.append(result) }

  /// What a trial had come to by some epoch; `nil` where it has not got there.
  package subscript(trial: Int, budget: Int) -> SweepResult? { all.first { $0.trial == trial && $0.budget == budget } }

  /// The last of each trial, by its number.
  package var latest: [SweepResult] {
    let byTrial = Dictionary(all.map { ($0.trial, $0) }, uniquingKeysWith: { $1 })
    return byTrial.values.sorted { $0.trial < $1.trial }
  }

  /// Those that have a value, the best first; of equals the one with the lower number.
  package func ranked(_ results: [SweepResult]) -> [SweepResult] {
    results.filter { $0.value != nil }.sorted { one, other in
      guard let a = one.value, let b = other.value, a != b else { return one.trial < other.trial }
      return metric.isBetter(a, than: b)
    }
  }
}

extension SweepResult {
  var json: JSONValue {
    [
      "trial": .integer(Int64(trial)), "budget": .integer(Int64(budget)), "epochs": .integer(Int64(epochs)),
      "value": value.map { .number($0) } ?? .null, "best_epoch": bestEpoch.map { .integer(Int64($0)) } ?? .null,
      "failure": failure.map { .string($0) } ?? .null,
    ]
  }

  /// Reads what `json` gave; `nil` for anything else.
  init?(_ json: JSONValue) {
    guard let trial = json["trial"]?.integerValue, let budget = json["budget"]?.integerValue, let epochs = json["epochs"]?.integerValue
    else { return nil }
    self.init(trial: trial, budget: budget)
    (self.epochs, value, bestEpoch) = (epochs, json["value"]?.doubleValue, json["best_epoch"]?.integerValue)
    failure = json["failure"]?.stringValue
  }
}
