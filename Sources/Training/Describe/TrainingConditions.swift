import GlissadeData
import GlissadeFormats
import GlissadeOptimizers

/// What has to be the same for a training to go on where it stopped and end with the same bits: data and options, as far as they show.
///
/// The number of epochs is not among them: more of them make a run longer. (A schedule that goes to the end of the run goes by the new number.)
public struct TrainingConditions: Hashable, Sendable {
  /// What the training learns from.
  public var training: DatasetFingerprint
  /// What is checked after each epoch.
  public var validation: DatasetFingerprint?
  /// Options by name, in words.
  public var options: [Option]

  /// The option of `Dataset.changes`. Checkpoints from before there was such a thing do not say it, and so leave it open.
  private static let changes = "augmentation"

  /// One option as text.
  public struct Option: Hashable, Sendable {
    /// What it is called, in words.
    public var name: String
    /// What it is, in words.
    public var value: String

    /// - Parameters:
    ///   - name: in words.
    ///   - value: in words.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// One that was kept: see the properties.
  public init(training: DatasetFingerprint, validation: DatasetFingerprint?, options: [Option]) {
    self.training = training
    self.validation = validation
    self.options = options
  }

  /// The conditions of a training.
  /// - Throws: `DataError` where the data cannot be read.
  init(_ settings: TrainingOptions, training: any Dataset, validation: (any Dataset)?) throws(DataError) {
    self.training = try DatasetFingerprint(of: training)
    self.validation = if let validation { try DatasetFingerprint(of: validation) } else { nil }
    options = [
      Option("batch size", "\(settings.batchSize)"), Option("seed", "\(settings.seed)"), Option("loss", settings.loss.name),
      Option("clipping norm", settings.clippingNorm.map { "\($0)" } ?? "none"),
    ]
    // L-BFGS minimises the same function either way.
    if let size = settings.microBatch, size < settings.batchSize, !settings.groups.allSatisfy({ $0.optimizer is LBFGS }) {
      options.append(Option("micro-batch", "\(size)"))
    }
    if let value = settings.clipping.value { options.append(Option("clipping value", "\(value)")) }
    if let ratio = settings.clipping.ratio { options.append(Option("clipping ratio", "\(ratio)")) }
    if let average = settings.average { options.append(Option("average of weights", "\(average)")) }
    if let weights = settings.classWeights { options.append(Option("class weights", "\(weights)")) }
    if settings.sampling != .shuffled { options.append(Option("sampling", settings.sampling.rawValue)) }
    if let mixing = settings.mixing { options.append(Option("mixing", "\(mixing)")) }
    if settings.loss.reduction != .mean { options.append(Option("reduction", settings.loss.reduction.rawValue)) }
    options.append(Option(Self.changes, training.changes ?? "none"))
    // What most data are needs no words.
    if training.inputs.map(\.name) != [SampleField.featuresName] || training.inputs[0].element != .float32 {
      options.append(Option("inputs", training.inputs.map { "\($0)" }.joined(separator: ", ")))
    }
    if case .tensors(let fields) = training.targets {
      options.append(Option("targets", fields.map { "\($0)" }.joined(separator: ", ")))
    }
    if !settings.metrics.isEmpty { options.append(Option("metrics", settings.metrics.map(\.name).joined(separator: ", "))) }
    if settings.isExact { options.append(Option("exactness", "exact")) }
    if settings.featureCache != nil { options.append(Option("feature cache", "used")) }
    func note(_ groups: [ParameterGroup], _ phase: String) {
      for (index, group) in groups.enumerated() {
        let name = (groups.count == 1 ? "" : " of group \(index + 1)") + phase
        // Checkpoints from before there was such a thing do not say it.
        options.append(Option("optimizer\(name)", "\(group.optimizer)".replacing(", isMaximizing: false", with: "")))
        options.append(Option("schedule\(name)", "\(group.schedule)"))
        if group.penalty.l1 != 0 { options.append(Option("penalty l1\(name)", "\(group.penalty.l1)")) }
        if group.penalty.l2 != 0 { options.append(Option("penalty l2\(name)", "\(group.penalty.l2)")) }
        if let norm = group.maximumNorm { options.append(Option("maximum norm\(name)", "\(norm)")) }
        if group.stayClose != 0 { options.append(Option("distance to the start\(name)", "\(group.stayClose)")) }
      }
    }
    note(settings.groups, "")
    for phase in settings.laterPhases { note(phase.groups, " from epoch \(phase.firstEpoch) on") }
  }

  /// What is different now, in words; empty where a training can go on.
  /// - Parameter now: the conditions of now; these are those of before.
  public func differences(from now: TrainingConditions) -> [String] {
    var result = training.differences(from: now.training).map { "the training data has \($0)" }
    switch (validation, now.validation) {
    case (nil, nil): break
    case (nil, _): result.append("there is validation data, before there was none")
    case (_, nil): result.append("there is no validation data, before there was some")
    case (let before?, let now?): result += before.differences(from: now).map { "the validation data has \($0)" }
    }
    for option in options {
      let value = now.options.first { $0.name == option.name }?.value
      if value != option.value { result.append("\(option.name) is \(value ?? "not there"), before \(option.value)") }
    }
    for option in now.options where option.name != Self.changes && !options.contains(where: { $0.name == option.name }) {
      result.append("\(option.name) is \(option.value), before there was none")
    }
    return result
  }
}

extension TrainingConditions {
  var json: JSONValue {
    [
      "training": training.json, "validation": validation?.json ?? .null,
      "options": .array(options.map { [.string($0.name), .string($0.value)] }),
    ]
  }

  init?(json: JSONValue) {
    guard let training = json["training"].flatMap(DatasetFingerprint.init(json:)), let list = json["options"]?.arrayValue,
      let second = json["validation"]
    else { return nil }
    self.init(training: training, validation: DatasetFingerprint(json: second), options: [])
    if validation == nil, second != .null { return nil }
    for pair in list {
      guard let pair = pair.arrayValue, pair.count == 2, let name = pair[0].stringValue, let value = pair[1].stringValue else { return nil }
      options.append(Option(name, value))
    }
  }
}

extension DatasetFingerprint {
  var json: JSONValue {
    [
      "samples": samples.map { .string(String($0, radix: 16)) } ?? .null, "count": .integer(Int64(count)),
      "sample_shape": .array(sampleShape.map { .integer(Int64($0)) }),
      "classes": .array(classNames.map { .string($0) }), "labels": .string(String(labels, radix: 16)),
      "contents": .string(String(contents, radix: 16)),
    ]
  }

  init?(json: JSONValue) {
    guard let count = json["count"]?.integerValue, let shape = json["sample_shape"]?.arrayValue, let names = json["classes"]?.arrayValue,
      let labels = json["labels"]?.stringValue.flatMap({ UInt64($0, radix: 16) }),
      let contents = json["contents"]?.stringValue.flatMap({ UInt64($0, radix: 16) })
    else { return nil }
    self.init(
      count: count, sampleShape: shape.compactMap(\.integerValue), classNames: names.compactMap(\.stringValue), labels: labels,
      contents: contents, samples: json["samples"]?.stringValue.flatMap { UInt64($0, radix: 16) })
  }
}
