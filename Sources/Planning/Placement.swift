import GlissadeTensors

/// Gives every slot its place: intermediate values share an arena by lifetime, or several where one would be too large, and launches get
/// their final arguments.
struct Placement {
  private(set) var plan = Plan()

  /// - Parameters:
  ///   - lowering: launches and slots.
  ///   - keeping: slots that are read after the step.
  init(_ lowering: Lowering, keeping kept: [Slot]) {
    var lifetimes = [(first: Int, last: Int)?](repeating: nil, count: lowering.slots.count)
    // A part lives as long as the whole.
    func whole(_ slot: Slot) -> Slot { lowering.slots[slot.index].part?.of ?? slot }
    func touch(_ slot: Slot, _ launch: Int) {
      let slot = whole(slot)
      let known = lifetimes[slot.index]
      lifetimes[slot.index] = (min(known?.first ?? launch, launch), max(known?.last ?? launch, launch))
    }
    for (index, launch) in lowering.pending.enumerated() {
      for argument in launch.arguments {
        switch argument {
        case .read(let slot), .write(let slot), .update(let slot): touch(slot, index)
        case .buffer, .unused: break
        }
      }
      for slot in (launch.alsoReads + launch.alsoWrites).map(\.slot) { touch(slot, index) }
    }
    for slot in kept { touch(slot, lowering.pending.count) }

    var requests: [ArenaLayout.Request] = []
    var requestOf = [Int?](repeating: nil, count: lowering.slots.count)
    for (index, slot) in lowering.slots.enumerated() where slot.fixed == nil && slot.part == nil {
      guard let lifetime = lifetimes[index] else { continue }
      requestOf[index] = requests.count
      requests.append(ArenaLayout.Request(size: Slice.room(slot.count), first: lifetime.first, last: lifetime.last))
    }
    let together = lowering.pending.flatMap { $0.alsoReads + $0.alsoWrites }.compactMap { slot, neighbour -> (Int, Int)? in
      guard let first = requestOf[whole(slot).index], let second = requestOf[whole(neighbour).index] else { return nil }
      return (first, second)
    }
    let limits = lowering.profile.limits
    let layout = ArenaLayout(requests, together: together, limit: limits.buffer)
    let slices = lowering.slots.enumerated().map { index, slot in
      let start = slot.part?.at ?? 0
      return slot.fixed
        ?? requestOf[slot.part?.of.index ?? index].map {
          Slice(.activations(arena: layout.arenas[$0]), offset: layout.offsets[$0] + start, count: slot.count)
        } ?? Slice(.activations, offset: 0, count: slot.count)
    }

    plan.slices = slices
    plan.activationSizes = layout.sizes
    plan.activationSizes[0] = max(layout.sizes[0], Slice.room(1))
    plan.unsharedSize = requests.reduce(0) { $0 + $1.size }
    plan.inputs = lowering.inputs
    plan.inputsSize = lowering.inputsSize
    plan.zerosSize = lowering.zerosSize
    plan.tables = lowering.tables
    plan.arrays = lowering.arrays
    plan.launches = lowering.pending.map { pending in
      var launch = Launch(
        kernel: pending.kernel, buffers: [], parameters: pending.parameters { slot in slot.map { slices[$0.index].unit } ?? 0 },
        items: pending.items, note: pending.note, writes: pending.alsoWrites.map { slices[$0.slot.index] },
        reads: pending.alsoReads.map { slices[$0.slot.index] })
      launch.parts = pending.parts
      func note(written slot: Slot) { if lowering.slots[slot.index].isWhole { launch.wholeNumbers.append(slices[slot.index]) } }
      for also in pending.alsoWrites { note(written: also.slot) }
      for argument in pending.arguments {
        switch argument {
        case .read(let slot):
          launch.buffers.append(slices[slot.index].buffer)
          launch.reads.append(slices[slot.index])
        case .write(let slot):
          launch.buffers.append(slices[slot.index].buffer)
          launch.writes.append(slices[slot.index])
          note(written: slot)
        case .update(let slot):
          note(written: slot)
          launch.buffers.append(slices[slot.index].buffer)
          launch.reads.append(slices[slot.index])
          launch.writes.append(slices[slot.index])
        case .buffer(let buffer): launch.buffers.append(buffer)
        case .unused: launch.buffers.append(.zeros)
        }
      }
      return launch
    }
    plan.oversized = oversized(limits)
  }

  /// The largest of what is larger than a buffer can be.
  private func oversized(_ limits: BufferLimits) -> OversizedBuffer? {
    var found: [OversizedBuffer] = []
    func look(at size: Int, _ limit: Int, _ what: () -> String) {
      if size > limit { found.append(OversizedBuffer(what: what(), bytes: 4 * size, limit: 4 * limit)) }
    }
    look(at: plan.inputsSize, limits.buffer) { "the batch" }
    look(at: plan.arrays.count, limits.buffer) { "the constant arrays" }
    look(at: plan.zerosSize, limits.tensor) { "a pixel outside an image" }
    for launch in plan.launches {
      for slice in launch.writes {
        guard case .activations = slice.buffer else { continue }
        look(at: Slice.room(slice.count), limits.tensor) { launch.note.name(of: slice) }
      }
    }
    for size in plan.activationSizes { look(at: size, limits.buffer) { "what a launch keeps together" } }
    for (_, input) in plan.inputs { look(at: Slice.room(input.slice.count), limits.tensor) { "the batch" } }
    return found.max { $0.bytes < $1.bytes }
  }
}

extension Launch.Note {
  /// What a slice is that the launch writes, for messages.
  fileprivate func name(of slice: Slice) -> String {
    let what = slice.count == shape.count ? "the result \(shape) of" : "what is beside the result \(shape) of"
    return "\(what) \(operation)\(path.isEmpty ? "" : " in \(path)")"
  }
}
