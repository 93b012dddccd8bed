import GlissadeFormats

extension RunRecord {
  /// The record as a checkpoint keeps it: all but the times of single steps, which say something of one process only.
  var json: JSONValue {
    func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    var json: JSONValue = [
      "device": .string(device), "device_reason": .string(deviceReason), "parameters": .integer(Int64(parameters)),
      "first_step_seconds": .number(firstStepSeconds), "data_wait_seconds": .number(dataWaitSeconds),
      "preparation_seconds": .number(preparationSeconds), "feature_seconds": .number(featureSeconds),
      "validation_seconds": .number(validationSeconds), "feature_wait_seconds": .number(featureWaitSeconds),
      "validation_wait_seconds": .number(validationWaitSeconds),
      "elapsed_seconds": .number(elapsedSeconds),
      "peak_arena_bytes": .integer(Int64(peakArenaBytes)), "fallback": optional(fallback), "measure": .string(measure.rawValue),
      "epochs": .array(epochs.map(\.json)),
    ]
    if bestBy != .validationLoss, let members = json.members {
      json = .object(members + [JSONMember("best_by", .string(bestBy.rawValue))])
    }
    if let members = json.members, let monitored = monitored.json {
      json = .object(members + [JSONMember("warnings", .array(warnings.map(\.json))), JSONMember("monitored", monitored)])
    }
    if valueUnit != 1, let members = json.members { json = .object(members + [JSONMember("value_unit", .number(valueUnit))]) }
    if stepTimes.steps > 0, let members = json.members { json = .object(members + [JSONMember("step_times", stepTimes.json)]) }
    if hasOtherSteps, let members = json.members { json = .object(members + [JSONMember("other_steps", true)]) }
    return json
  }

  /// Reads what `json` gave; `nil` for anything else.
  init?(json: JSONValue) {
    guard let device = json["device"]?.stringValue, let reason = json["device_reason"]?.stringValue,
      let parameters = json["parameters"]?.integerValue, let first = json["first_step_seconds"]?.doubleValue,
      let waited = json["data_wait_seconds"]?.doubleValue, let peak = json["peak_arena_bytes"]?.integerValue,
      let rows = json["epochs"]?.arrayValue, let measure = json["measure"]?.stringValue.flatMap(Loss.Measure.init(rawValue:))
    else { return nil }
    self.init()
    self.device = device
    deviceReason = reason
    self.parameters = parameters
    firstStepSeconds = first
    dataWaitSeconds = waited
    // Checkpoints of earlier versions do not say.
    preparationSeconds = json["preparation_seconds"]?.doubleValue ?? 0
    featureSeconds = json["feature_seconds"]?.doubleValue ?? 0
    validationSeconds = json["validation_seconds"]?.doubleValue ?? 0
    featureWaitSeconds = json["feature_wait_seconds"]?.doubleValue ?? 0
    validationWaitSeconds = json["validation_wait_seconds"]?.doubleValue ?? 0
    hasOtherSteps = json["other_steps"] == true
    peakArenaBytes = peak
    self.measure = measure
    valueUnit = json["value_unit"]?.doubleValue ?? 1
    bestBy = json["best_by"]?.stringValue.flatMap(EarlyStopping.Measure.init(rawValue:)) ?? .validationLoss
    fallback = json["fallback"]?.stringValue
    stepTimes = json["step_times"].flatMap(StepTimes.init(json:)) ?? StepTimes()
    warnings = (json["warnings"]?.arrayValue ?? []).compactMap(RunWarning.init(json:))
    if let monitored = json["monitored"] { self.monitored = MonitoredRun(json: monitored) }
    for row in rows {
      guard let epoch = EpochRecord(json: row) else { return nil }
      epochs.append(epoch)
    }
    // Those of earlier versions say only what was counted by itself.
    elapsedSeconds = json["elapsed_seconds"]?.doubleValue ?? wholeSeconds
  }
}

extension EpochRecord {
  var json: JSONValue {
    .object(
      [JSONMember("epoch", .integer(Int64(epoch))), JSONMember("step", .integer(Int64(step)))]
        + (health.map { [JSONMember("health", $0.json)] } ?? [])
        + Self.columns.filter { !$0.mayBeMissing || !self[keyPath: $0.value].isNaN }.map {
          JSONMember($0.name, .number(self[keyPath: $0.value]))
        }
        + (metrics.isEmpty
          ? []
          : [
            JSONMember(
              "metrics",
              .array(
                metrics.map { ["name": .string($0.name), "training": .number($0.training), "validation": .number($0.validation)] }))
          ]))
  }

  init?(json: JSONValue) {
    guard let epoch = json["epoch"]?.integerValue, let step = json["step"]?.integerValue else { return nil }
    self.init(epoch: epoch, step: step)
    for column in Self.columns {
      if let value = json[column.name]?.doubleValue {
        self[keyPath: column.value] = value
      } else if !column.mayBeMissing {
        return nil
      }
    }
    health = json["health"].flatMap(EpochHealth.init(json:))
    for metric in json["metrics"]?.arrayValue ?? [] {
      guard let name = metric["name"]?.stringValue, let training = metric["training"]?.doubleValue,
        let validation = metric["validation"]?.doubleValue
      else { return nil }
      metrics.append(MetricValue(name: name, training: training, validation: validation))
    }
  }
}

extension RunRecord {
  /// Tells errors in another unit, also those of epochs that are over.
  mutating func tell(inUnitsOf unit: Double) {
    guard unit != valueUnit, measure == .meanAbsoluteError else { return }
    for index in epochs.indices {
      epochs[index].trainAccuracy *= unit / valueUnit
      epochs[index].validationAccuracy *= unit / valueUnit
      epochs[index].averageValidationAccuracy *= unit / valueUnit
    }
    valueUnit = unit
  }
}
