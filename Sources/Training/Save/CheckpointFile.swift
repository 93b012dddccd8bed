import GlissadeFormats
import GlissadeTensors

/// A checkpoint in a file: safetensors with `model/<path>`, `optimizer/<slot>/<path>`, `average/<path>` for running statistics of an average of the
/// weights, the running sums, everything else as JSON in the
/// metadata, and a checksum of it all at the end.
extension TrainingCheckpoint {
  private static let format = "glissade-checkpoint"
  private static let version = "1"
  private static let checksum = "checksum"
  private static let sumsName = "training/sums"
  /// What no run reaches, and no sum overflows from.
  private static let counts = 0..<(1 << 48)
  private static func modelName(_ path: String) -> String { "model/\(path)" }
  private static func averageName(_ path: String) -> String { "average/\(path)" }
  private static func slotName(_ slot: Int, _ path: String) -> String { "optimizer/\(slot)/\(path)" }

  /// Writes the checkpoint, whole or not at all. Equal checkpoints give equal bytes.
  /// - Throws: `FormatError` with the path and the reason.
  public func save(to path: String) throws(FormatError) {
    let shapes = Dictionary(state.parameters.map { ($0.path, $0.shape) }, uniquingKeysWith: { first, _ in first })
    var entries = state.parameters.map { SafetensorsEntry(name: Self.modelName($0.path), shape: $0.shape.dimensions, $0.values) }
    for parameter in state.optimizer {
      for (slot, memory) in parameter.slots.enumerated() {
        let shape = shapes[parameter.path]?.dimensions ?? [memory.values.count]
        entries.append(SafetensorsEntry(name: Self.slotName(slot, parameter.path), shape: shape, memory.values))
      }
    }
    for (path, values) in state.averageStatistics.sorted(by: { $0.key < $1.key }) {
      entries.append(SafetensorsEntry(name: Self.averageName(path), shape: [values.count], values))
    }
    if !sums.isEmpty { entries.append(SafetensorsEntry(name: Self.sumsName, shape: [sums.count], sums)) }
    let metadata = ["format": Self.format, "version": Self.version, "training": json.text()]
    try SafetensorsWriter.write(path: path, entries, metadata: metadata, checksum: Self.checksum)
  }

  private var json: JSONValue {
    [
      "steps": .integer(Int64(state.steps)), "completed_epochs": .integer(Int64(completedEpochs)),
      "completed_batches": .integer(Int64(completedBatches)), "epoch_seconds": .number(epochSeconds),
      "optimizer": .array(
        state.optimizer.map {
          ["path": .string($0.path), "steps": .integer(Int64($0.steps)), "slots": .array($0.slots.map { .string($0.name) })]
        }),
      "conditions": conditions?.json ?? .null, "record": record.json, "options": options,
    ]
  }

  /// Reads a checkpoint.
  /// - Throws: `FormatError` for a file that is damaged, of another kind, or of a version that is not known.
  public init(contentsOf path: String) throws(FormatError) {
    func refusal(_ text: String) -> FormatError { FormatError(path: path, reason: .malformed(text)) }
    let file = try SafetensorsFile(path: path)
    guard file.metadata["format"] == Self.format else { throw refusal("not a checkpoint of a training") }
    guard file.metadata["version"] == Self.version else {
      let version = printable(file.metadata["version"] ?? "unknown")
      throw refusal("a checkpoint of version \(version), and this program reads version \(Self.version)")
    }
    try file.checkChecksum(Self.checksum)
    // What follows only fails for a file that somebody made by hand: its checksum is right.
    guard let json = file.metadata["training"].flatMap({ try? JSONValue.parse(Array($0.utf8)) }),
      let steps = json["steps"]?.integerValue, let epochs = json["completed_epochs"]?.integerValue,
      let batches = json["completed_batches"]?.integerValue, let seconds = json["epoch_seconds"]?.doubleValue,
      let record = json["record"].flatMap(RunRecord.init(json:)), let memory = json["optimizer"]?.arrayValue,
      [steps, epochs, batches].allSatisfy(Self.counts.contains), (0..<1e9).contains(seconds)
    else { throw refusal("what it says of the training cannot be understood") }

    var state = ModelState(parameters: [])
    state.steps = steps
    let prefix = Self.modelName("")
    for tensor in file.tensors where tensor.name.hasPrefix(prefix) {
      state.parameters.append(
        .init(
          path: String(tensor.name.dropFirst(prefix.count)), shape: Shape(tensor.shape), values: try file.floats(of: tensor.name)))
    }
    let averaged = Self.averageName("")
    for tensor in file.tensors where tensor.name.hasPrefix(averaged) {
      state.averageStatistics[String(tensor.name.dropFirst(averaged.count))] = try file.floats(of: tensor.name)
    }
    for parameter in memory {
      guard let path = parameter["path"]?.stringValue, let steps = parameter["steps"]?.integerValue,
        Self.counts.contains(steps), let names = parameter["slots"]?.arrayValue?.compactMap(\.stringValue)
      else { throw refusal("what it says of the optimizer cannot be understood") }
      var slots: [ModelState.OptimizerEntry.Slot] = []
      for (slot, name) in names.enumerated() { slots.append(.init(name: name, values: try file.floats(of: Self.slotName(slot, path)))) }
      state.optimizer.append(.init(path: path, steps: steps, slots: slots))
    }
    self.init(state: state)
    completedEpochs = epochs
    completedBatches = batches
    epochSeconds = seconds
    self.record = record
    conditions = json["conditions"].flatMap(TrainingConditions.init(json:))
    options = json["options"] ?? .null
    if file.tensor(named: Self.sumsName) != nil { sums = try file.integers(of: Self.sumsName).map { Int32(truncatingIfNeeded: $0) } }
  }
}
