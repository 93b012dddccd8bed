import GlissadeDevices
import GlissadeFormats
import GlissadeLayers
import GlissadeRecipes
import GlissadeTraining

/// What the members of an ensemble reach, what they reach together, and what is gained by that; and of samples that are seen in several views,
/// by one model or more, what is gained by these.
package struct EnsembleMeasurement {
  private enum Found {
    case classes(EnsembleEvaluation)
    case values(EnsemblePredictions)
  }

  private let found: Found
  private let names: [String]
  private let data: EvaluationData

  /// Measures.
  /// - Parameters:
  ///   - models: the members.
  ///   - run: what they were made for.
  ///   - data: what they are measured with.
  ///   - batchSize: samples in a step; `nil` for the run's.
  ///   - device: where.
  /// - Throws: what reading the models and evaluating them throws.
  package init(of models: RunModels, _ run: RunDescription, with data: EvaluationData, batchSize: Int?, on device: any Device) throws {
    self.data = data
    names = models.members.map(\.name)
    let model = try run.makeModel()
    let states = try models.states(of: model)
    var options = TrainingOptions()
    options.batchSize = batchSize ?? run.batchSize
    options.loss = run.loss
    options.isExact = run.isExact
    let trainer = Trainer(model: model, options: options)
    if !run.deviations.isEmpty {
      found = .values(
        try trainer.predictions(for: data.data, views: data.views, by: Ensemble(states, of: .of(run)), on: device)
          .multiplied(by: run.deviations))
    } else {
      let measured = try trainer.evaluation(of: data.data, views: data.views, by: Ensemble(states, of: .of(run)), on: device)
      guard measured.whole.loss.isFinite else {
        throw Failure("the loss of \(models.members.map(\.path).joined(separator: ", ")) on \(data.source) is not finite")
      }
      found = .classes(measured)
    }
  }

  /// Measures an ensemble with what its runs held out.
  /// - Parameter path: the folder that its runs lie in.
  /// - Returns: `nil` where nothing was held out.
  init?(ofRunsIn path: String, on device: any Device) throws {
    let models = try RunModels(path, wanted: nil)
    let run = try RunDescription(of: models.folder)
    let data: EvaluationData
    do {
      data = try EvaluationData(
        of: run, in: models.folder, named: nil, labels: GivenLabels(), classes: nil, limit: nil, all: false, note: { _ in })
    } catch is Failure { return nil }
    try self.init(of: models, run, with: data, batchSize: nil, on: device)
  }

  /// Of all together, class by class.
  package var report: ClassificationReport? {
    if case .classes(let found) = found { found.report } else { nil }
  }

  /// What all reach together in a line, and then each of them, for people.
  package var lines: [String] {
    let part = data.part.rawValue
    switch found {
    case .classes(let found):
      let (whole, gain) = (found.whole, found.gain)
      func points(_ gain: Double) -> String { "\(gain < 0 ? "" : "+")\(Text.fixed(gain * 100, 2))" }
      let first =
        "\(part) accuracy \(Text.percent(whole.accuracy))  \(part) loss \(Text.fixed(whole.loss, 4))  (\(data.text(data.data.count)))"
      let seen = found.unchanged.map { unchanged in
        viewed + ": \(points(whole.accuracy - unchanged.accuracy)) percentage points against the pictures as they are (accuracy "
          + "\(Text.percent(unchanged.accuracy)), loss \(Text.fixed(unchanged.loss, 4)))"
      }
      return [first] + (seen.map { [$0] } ?? [])
        + together(
          [
            "of \(names.count) models together: \(points(gain.overMean)) percentage points against their mean, "
              + "\(points(gain.overBest)) against the best of them"
          ] + zip(names, found.members).map { "  \(printable($0))  accuracy \(Text.percent($1.accuracy))  loss \(Text.fixed($1.loss, 4))" })
    case .values(let found) where found.whole.labels != nil:
      let first = found.whole.labels.map { ["\(part) \($0.summary)  (\(data.text($0.samples)))"] } ?? []
      let seen = found.unchanged?.labels.map { [viewed + "; of the pictures as they are:", "  \($0.summary)"] } ?? []
      return first + seen + (found.whole.labels?.lines ?? [])
        + together(
          ["of \(names.count) models together; each of them:"]
            + zip(names, found.members).compactMap { name, member in member.labels.map { "  \(printable(name))  \($0.summary)" } })
    case .values(let found):
      func text(_ row: RegressionReport.Row) -> String {
        "mean absolute error \(Text.significant(row.meanAbsoluteError)), root mean squared error "
          + "\(Text.significant(row.rootMeanSquaredError)), R² \(Text.determination(row.determination))"
      }
      return found.whole.rows.map { "\(part) \(printable($0.name)): \(text($0))  (\(data.text(found.whole.samples)))" }
        + ["of \(names.count) models together; each of them:"]
        + zip(names, found.members).flatMap { name, member in
          member.rows.map { "  \(printable(name))  \(member.rows.count > 1 ? "\(printable($0.name)): " : "")\(text($0))" }
        }
    }
  }

  /// How often each sample was seen.
  private var viewed: String { "of each picture and \(data.views.count == 1 ? "one view" : "\(data.views.count) views") of it" }

  /// What there is to be said of several models only.
  private func together<Value>(_ values: [Value]) -> [Value] { names.count > 1 ? values : [] }

  /// The same under stable keys.
  package var json: [JSONMember] {
    func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
    func views(_ unchanged: JSONValue?) -> [JSONMember] {
      unchanged.map { [JSONMember("views", .integer(Int64(data.views.count))), JSONMember("unchanged", $0)] } ?? []
    }
    switch found {
    case .classes(let found):
      return [
        JSONMember("loss", number(found.whole.loss)), JSONMember("accuracy", number(found.whole.accuracy)),
      ] + views(found.unchanged.map { ["accuracy": number($0.accuracy), "loss": number($0.loss)] })
        + together([
          JSONMember(
            "members",
            .array(
              zip(names, found.members).map { ["name": .string($0), "accuracy": number($1.accuracy), "loss": number($1.loss)] })),
          JSONMember("gain", ["over_mean": number(found.gain.overMean), "over_best": number(found.gain.overBest)]),
        ])
    case .values(let found):
      return [
        JSONMember("values", found.whole.json), JSONMember("labels", found.whole.labels?.json ?? .null),
      ] + views(found.unchanged.map { ["values": $0.json, "labels": $0.labels?.json ?? .null] })
        + together([JSONMember("members", .array(zip(names, found.members).map { ["name": .string($0), "values": $1.json] }))])
    }
  }

  /// With what it was measured.
  var measured: [JSONMember] { data.json + [JSONMember("samples", .integer(Int64(data.data.count)))] }
}

extension Ensemble.Answer {
  /// What the outputs of a run's models are.
  package static func of(_ run: RunDescription) -> Self {
    if !run.deviations.isEmpty { return run.areMarks ? .marks : .values }
    return Ensemble.answer(ofClassesBy: run.loss)
  }
}
