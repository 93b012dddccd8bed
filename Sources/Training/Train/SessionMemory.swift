import GlissadeDevices
import GlissadeFormats
import GlissadeLayers
import GlissadePlanning

/// What sessions take of memory, asked for before it is taken.
extension TrainingSession {
  /// Sees whether the parameters have room, with their gradients and what optimizers remember, and each of them in a buffer.
  static func checkRoom(
    for layout: ParameterLayout, _ groups: [ParameterGroup], _ updates: [any UpdateRule], addsGradients: Bool, on device: any Device
  ) throws {
    if let oversized = layout.oversized { throw device.refusal("\(oversized)") }
    let memory = ModelMemory(layout, groups, updates, addsGradients: addsGradients)
    let what = "a model of \(layout.entries.reduce(0) { $0 + $1.slice.count }) parameters"
    // The host works out the first values, parameter by parameter.
    let values = 4 * (layout.entries.map(\.slice.count).max() ?? 0)
    do {
      try device.checkRoom(for: memory.total, what, of: memory.parts)
      try AvailableMemory.require(values + (device.usesHostMemory ? memory.total : 0), for: what)
    } catch var error as MemoryError {
      error.remedy = memory.remedy(within: nil)
      throw error
    } catch var error as DeviceError {
      if let remedy = memory.remedy(within: device.usableBytes) { error.detail = (error.detail ?? "") + "; \(remedy)" }
      throw error
    }
  }

  /// Sees whether training by batches of that size has room: activations, the batches that are loaded beside the computation, and the copies
  /// of the state that checkpoints take. To be asked before the first step, when the parameters have their memory already.
  /// - Parameters:
  ///   - batchSize: samples in a step.
  ///   - isTraining: whether steps train; otherwise they only evaluate.
  ///   - states: how many states there are at once: the last one, the next one, and the arenas that it is read from.
  /// - Throws: `MemoryError` with what is needed and what there is, `DeviceError` where it is the device's own memory or the largest buffer
  ///   that it has, `ShapeError`. Either says what would have room, if anything does.
  public func checkRoom(batchSize: Int, isTraining: Bool, states: Int = 3) throws {
    try checkRoom(batchSize: batchSize, isTraining: isTraining, states: states, insteadOf: nil)
  }

  /// - Parameter other: a session that will be gone by then.
  func checkRoom(batchSize: Int, isTraining: Bool, states: Int, insteadOf other: TrainingSession?) throws {
    // The one that takes the most of those that there will be.
    let purposes: [StepPurpose] = !isTraining ? [.evaluation] : monitoring == nil ? [trainingPurpose] : [trainingPurpose, .health]
    let together = isTraining ? largestPart(of: batchSize) : batchSize
    let candidates = try purposes.map { purpose in try plannedStep(together, purpose) }
    let plan = candidates.max { bytesToCome($0, 1) < bytesToCome($1, 1) } ?? candidates[0]
    // What trains is evaluated, too, and either plan stages its batches.
    let plans = isTraining ? 2 : 1
    try checkDevice(for: plan, batchSize: together, isTraining: isTraining, plans: plans, insteadOf: other)
    let kept = zip(updates, layout.groupSizes).reduce(layout.statisticsSize) { $0 + $1.1 * (1 + $1.0.stateSlots) }
    /// What it takes of the host's memory.
    /// - Parameter whole: samples of the batch that is loaded; `size` of them are computed together.
    func bytes(_ size: Int, of whole: Int, _ plan: Plan) -> Int {
      // Three batches for training and as many for the validation that follows; the device's own staging.
      let fields = inputs.reduce(1) { $0 + $1.size } + (targets?.reduce(0) { $0 + $1.size } ?? outputSize)
      let batches = 4 * (isTraining ? 3 * (whole + size) : 6 * size) * fields + 2 * 4 * plan.inputsSize
      return (device.usesHostMemory ? bytesToCome(plan, 1) : 0) + batches + 4 * kept * states
    }
    let givenBack = device.usesHostMemory ? other?.heldBytes ?? 0 : 0
    do throws(MemoryError) {
      try AvailableMemory.require(bytes(together, of: batchSize, plan), for: what(together, isTraining), givenBack: givenBack)
    } catch {
      var error = error
      let room = error.available.bytes - AvailableMemory.margin
      // Planning takes some, too.
      guard room > 0 else { throw error }
      error.remedy = remedy(below: together, isTraining) { size, plan, more in
        bytes(size, of: isParted ? batchSize : size, plan) + (device.usesHostMemory ? more : 0) <= room
      }
      throw error
    }
  }

  /// Sees whether the device has room for a step, and every part of it in a buffer.
  /// - Parameters:
  ///   - plans: how many plans for such batches there will be.
  ///   - other: a session that will be gone by then.
  func checkDevice(
    for plan: Plan, batchSize: Int, isTraining: Bool, plans: Int = 1, insteadOf other: TrainingSession? = nil
  ) throws {
    let usable = device.usableBytes ?? .max
    let taken = (device.allocatedBytes ?? 0) - (other?.heldBytes ?? 0)
    func fits(_ plan: Plan, _ more: Int) -> Bool { plan.oversized == nil && taken + bytesToCome(plan, plans) + more <= usable }
    if fits(plan, 0) { return }
    let hint = remedy(below: batchSize, isTraining) { _, plan, more in fits(plan, more) }.map { "; \($0)" } ?? ""
    if let oversized = plan.oversized { throw device.refusal("\(oversized)\(hint)") }
    throw device.refusal(
      "\(what(batchSize, isTraining)) needs \(OversizedBuffer.text(taken + bytesToCome(plan, plans))) with all that the model takes, and "
        + "\(device.usableText)\(hint)")
  }

  /// Bytes that a step's plan still takes of the device's memory, and those of a model that is only tried.
  /// - Parameter plans: how many plans stage such a batch, each twice.
  private func bytesToCome(_ plan: Plan, _ plans: Int) -> Int {
    let grown = plan.ownBuffers.reduce(2 * plans * plan.inputsSize) { $0 + max($1.size - (buffer($1.reference)?.count ?? 0), 0) }
    let earlier = isTrial && monitoring != nil ? 4 * layout.groupSizes.reduce(0, +) : 0
    return 4 * grown + (isTrial ? ModelMemory(layout, groups, updates, addsGradients: isParted).total : 0) + earlier
  }

  private func what(_ batchSize: Int, _ isTraining: Bool) -> String {
    "\(!isTraining ? "a step" : isParted ? "a micro-batch" : "a training step") of \(batchSize) sample\(batchSize == 1 ? "" : "s")"
  }

  /// What has room where a batch size has not: the largest of its half, its quarter, … that does, or, where none does, what takes the most.
  /// - Parameter fits: whether a plan has room, and so many bytes more.
  private func remedy(below batchSize: Int, _ isTraining: Bool, fits: (_ batchSize: Int, Plan, _ more: Int) -> Bool) -> String? {
    var (size, smallest) = (batchSize / 2, batchSize)
    // Batch norm cannot learn from one sample.
    while size > 0, let plan = try? plan(batchSize: size, isTraining: isTraining) {
      if fits(size, plan, 0) {
        if isTraining, isParted { return "one of \(size) has room" }
        let isEnough = isTraining && fits(size, plan, 4 * layout.groupSizes.reduce(0, +))
        return "a batch size of \(size) has room" + (isEnough ? "; so has a micro-batch of \(size), which leaves the batch as it is" : "")
      }
      (size, smallest) = (size / 2, size)
    }
    let memory = ModelMemory(layout, groups, updates, addsGradients: isParted)
    let samples = smallest == 1 ? "one sample" : "\(smallest) samples"
    let remedy = memory.remedy(within: device.usableBytes).map { "; \($0)" } ?? ""
    return "not even \(samples) would have room beside \(memory.parts)\(remedy)"
  }
}

/// Bytes that a model takes of its device's memory as long as it is there, by what they are for.
struct ModelMemory {
  private(set) var parameters = 0
  private(set) var gradients = 0
  private(set) var state = 0
  private(set) var anchors = 0
  private(set) var sums = 0
  var total: Int { parameters + gradients + state + anchors + sums }

  /// - Parameter addsGradients: whether those of the parts of a batch are added up.
  init(_ layout: ParameterLayout, _ groups: [ParameterGroup], _ updates: [any UpdateRule], addsGradients: Bool) {
    parameters = 4 * layout.statisticsSize
    for ((group, rule), size) in zip(zip(groups, updates), layout.groupSizes) {
      parameters += 4 * size
      gradients += 4 * size
      if addsGradients { sums += 4 * size }
      state += 4 * size * rule.stateSlots
      if group.stayClose != 0 { anchors += 4 * size }
    }
  }

  /// As in `45 MiB of parameters, 45 MiB of gradients and 90 MiB of what the optimizer remembers`.
  var parts: String {
    let all = [
      (parameters, "parameters"), (gradients, "gradients"), (state, "what the optimizer remembers"), (anchors, "where parameters started"),
      (sums, "sums of gradients"),
    ]
    let texts = all.filter { $0.0 > 0 }.map { "\(OversizedBuffer.text($0.0)) of \($0.1)" }
    return texts.count < 2 ? texts.first ?? "nothing" : "\(texts.dropLast().joined(separator: ", ")) and \(texts[texts.count - 1])"
  }

  /// What would take less, and has room; `nil` for a model that only evaluates.
  /// - Parameter room: bytes; `nil` where nobody knows.
  func remedy(within room: Int?) -> String? {
    guard gradients > 0 else { return nil }
    let room = room ?? .max
    guard parameters < room else {
      return "its parameters alone take \(OversizedBuffer.text(parameters)), so that no optimizer and no batch has room on this device"
    }
    let plain =
      state > 0 && total - state < room
      ? "SGD without momentum would take \(OversizedBuffer.text(total - state)) instead of \(OversizedBuffer.text(total)), and " : ""
    return plain + "frozen parameters take neither gradients nor what an optimizer remembers"
  }
}

extension Device {
  /// Whether its buffers are the host's memory.
  var usesHostMemory: Bool { information.kind == .cpu || information.sharesHostMemory }

  /// Bytes of its memory that buffers can take; `nil` where it has none of its own, or does not say. Drivers keep a share for programs, queues
  /// and what is on the screen: a sixteenth is left to them, at most 1 GiB.
  var usableBytes: Int? {
    guard allocatedBytes != nil, information.memoryBytes > 0 else { return nil }
    let all = Int(clamping: information.memoryBytes)
    return information.kind == .cpu ? all : all - min(all / 16, 1 << 30)
  }

  /// For messages.
  var usableText: String {
    "the device has \(OversizedBuffer.text(Int(clamping: information.memoryBytes))), of which \(OversizedBuffer.text(usableBytes ?? 0)) "
      + "can be used"
  }

  /// Sees whether it has room for so many bytes more.
  /// - Parameter parts: what they are for.
  /// - Throws: `MemoryError` of the host's memory, `DeviceError` of its own.
  func checkRoom(for bytes: Int, _ what: String, of parts: String? = nil) throws {
    if let usable = usableBytes, (allocatedBytes ?? 0) + bytes > usable {
      throw refusal("\(what) needs \(OversizedBuffer.text(bytes))\(parts.map { " (\($0))" } ?? ""), and \(usableText)")
    }
    if usesHostMemory { try AvailableMemory.require(bytes, for: what) }
  }
}
