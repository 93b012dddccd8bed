import GlissadeTensors

/// Gives every slot its place: intermediate values share one arena by lifetime, and launches get their final arguments.
struct Placement {
  private(set) var plan = Plan()

  /// - Parameters:
  ///   - lowering: launches and slots.
  ///   - keeping: slots that are read after the step.
  init(_ lowering: Lowering, keeping kept: [Slot]) {
    var lifetimes = [(first: Int, last: Int)?](repeating: nil, count: lowering.slots.count)
    func touch(_ slot: Slot, _ launch: Int) {
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
      for slot in launch.alsoReads + launch.alsoWrites { touch(slot, index) }
    }
    for slot in kept { touch(slot, lowering.pending.count) }

    var requests: [ArenaLayout.Request] = []
    var requestOf = [Int?](repeating: nil, count: lowering.slots.count)
    for (index, slot) in lowering.slots.enumerated() where slot.fixed == nil {
      guard let lifetime = lifetimes[index] else { continue }
      requestOf[index] = requests.count
      requests.append(ArenaLayout.Request(size: Slice.room(slot.count), first: lifetime.first, last: lifetime.last))
    }
    let arena = ArenaLayout(requests)
    let slices = lowering.slots.enumerated().map { index, slot in
      slot.fixed ?? Slice(.activations, offset: requestOf[index].map { arena.offsets[$0] } ?? 0, count: slot.count)
    }

    plan.slices = slices
    plan.activationsSize = max(arena.size, Slice.room(1))
    plan.unsharedSize = requests.reduce(0) { $0 + $1.size }
    plan.inputs = lowering.inputs
    plan.inputsSize = lowering.inputsSize
    plan.zerosSize = lowering.zerosSize
    plan.launches = lowering.pending.map { pending in
      var launch = Launch(
        kernel: pending.kernel, buffers: [], parameters: pending.parameters { slot in slot.map { slices[$0.index].unit } ?? 0 },
        items: pending.items, note: pending.note, writes: pending.alsoWrites.map { slices[$0.index] },
        reads: pending.alsoReads.map { slices[$0.index] })
      launch.parts = pending.parts
      for argument in pending.arguments {
        switch argument {
        case .read(let slot):
          launch.buffers.append(slices[slot.index].buffer)
          launch.reads.append(slices[slot.index])
        case .write(let slot):
          launch.buffers.append(slices[slot.index].buffer)
          launch.writes.append(slices[slot.index])
        case .update(let slot):
          launch.buffers.append(slices[slot.index].buffer)
          launch.reads.append(slices[slot.index])
          launch.writes.append(slices[slot.index])
        case .buffer(let buffer): launch.buffers.append(buffer)
        case .unused: launch.buffers.append(.zeros)
        }
      }
      return launch
    }
  }
}
