import GlissadeDevices
import GlissadeFormats

/// What sessions take of memory, asked for before it is taken.
extension TrainingSession {
  /// Sees whether the parameters have room, with their gradients and what optimizers remember.
  static func checkRoom(for layout: ParameterLayout, _ groups: [ParameterGroup], on device: any Device) throws {
    let trained = zip(groups, layout.groupSizes).reduce(0) { sum, pair in
      let (group, size) = pair
      return sum + size * (2 + group.optimizer.stateSlots + (group.stayClose != 0 ? 1 : 0))
    }
    try device.checkRoom(
      for: 4 * (trained + layout.statisticsSize), "a model of \(layout.entries.reduce(0) { $0 + $1.slice.count }) parameters")
  }

  /// Sees whether training by batches of that size has room: activations, the batches that are loaded beside the computation, and the copies
  /// of the state that checkpoints take. To be asked before the first step, when the parameters have their memory already.
  /// - Parameters:
  ///   - batchSize: samples in a step.
  ///   - isTraining: whether steps train; otherwise they only evaluate.
  ///   - states: how many states there are at once: the last one, the next one, and the arenas that it is read from.
  /// - Throws: `MemoryError` with what is needed and what there is, `DeviceError` where it is the device's own memory, `ShapeError`.
  public func checkRoom(batchSize: Int, isTraining: Bool, states: Int = 3) throws {
    let plan = try plannedStep(batchSize: batchSize, isTraining: isTraining)
    let step = 4 * (plan.activationsSize + plan.inputsSize + plan.zerosSize)
    // Three batches for training and as many for the validation that follows; the device's own staging.
    let batches = 4 * batchSize * (sampleShape.count + 2) * 6 + 2 * 4 * plan.inputsSize
    let kept = zip(groups, layout.groupSizes).reduce(layout.statisticsSize) { $0 + $1.1 * (1 + $1.0.optimizer.stateSlots) }
    let copies = 4 * kept * states
    let what = "\(isTraining ? "a training step" : "a step") of \(batchSize) sample\(batchSize == 1 ? "" : "s")"
    let usesHost = device.usesHostMemory
    if !usesHost { try device.checkRoom(for: step, what) }
    try AvailableMemory.require((usesHost ? step : 0) + batches + copies, for: what)
  }
}

extension Device {
  /// Whether its buffers are the host's memory.
  var usesHostMemory: Bool { information.kind == .cpu || information.sharesHostMemory }

  /// Sees whether it has room for so many bytes.
  /// - Throws: `MemoryError` of the host's memory, `DeviceError` of its own.
  func checkRoom(for bytes: Int, _ what: String) throws {
    if usesHostMemory { return try AvailableMemory.require(bytes, for: what) }
    let all = information.memoryBytes
    guard all > 0, bytes > 0, UInt64(bytes) > all else { return }
    throw DeviceError(
      device: information.identifier, call: "allocation", error: "too little memory",
      detail: "\(what) needs \(bytes >> 20) MiB, and the device has \(all >> 20) MiB")
  }
}
