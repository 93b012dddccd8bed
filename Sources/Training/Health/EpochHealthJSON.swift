import GlissadeFormats

extension LayerHealth {
  /// What is known, under the names of `figures`.
  var json: JSONValue {
    .object(
      [
        JSONMember("layer", .string(layer)), JSONMember("activation", activation.map { .string($0) } ?? .null),
        JSONMember("trained", .integer(Int64(trained))),
      ]
        + Self.figures.filter { !self[keyPath: $0.value].isNaN }.map { JSONMember($0.name, .number(self[keyPath: $0.value])) })
  }

  init?(json: JSONValue) {
    guard let layer = json["layer"]?.stringValue, let trained = json["trained"]?.integerValue else { return nil }
    self.init(layer: layer, activation: json["activation"]?.stringValue)
    self.trained = trained
    for figure in Self.figures { if let value = json[figure.name]?.doubleValue { self[keyPath: figure.value] = value } }
  }
}

extension EpochHealth {
  var json: JSONValue {
    [
      "step": .integer(Int64(step)), "measurements": .integer(Int64(measurements)), "layers": .array(layers.map(\.json)),
    ]
  }

  init?(json: JSONValue) {
    guard let step = json["step"]?.integerValue, let measurements = json["measurements"]?.integerValue, measurements > 0,
      let layers = json["layers"]?.arrayValue?.map(LayerHealth.init(json:)), !layers.contains(nil)
    else { return nil }
    self.init(layers.compactMap { $0 }, step: step)
    self.measurements = measurements
  }
}

extension RunFolder {
  /// Writes the table of what the monitor found: a line for each epoch and layer.
  func write(health epochs: [EpochRecord]) throws(FormatError) {
    func number(_ value: Double) -> String { value.isNaN ? "" : "\(value)" }
    let rows = epochs.flatMap { row in
      (row.health?.layers ?? []).map { layer in
        ["\(row.epoch)", "\(row.health?.step ?? row.step)", layer.layer, layer.activation ?? ""]
          + LayerHealth.figures.map { number(layer[keyPath: $0.value]) }
      }
    }
    guard !rows.isEmpty else { return }
    try CSV.write(
      path: healthPath, header: ["epoch", "step", "layer", "activation"] + LayerHealth.figures.map(\.name), rows: rows)
  }
}
