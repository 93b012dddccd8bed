import GlissadeDevices
import GlissadeLayers
import GlissadePlanning

extension TrainingSession {
  /// Copies parameters and optimizer state to the host. Waits for the device.
  public func state() throws(DeviceError) -> ModelState {
    var state = ModelState(parameters: [])
    state.steps = steps
    // An arena is read as a whole: small reads cost a GPU more than they bring.
    var arenas: [BufferReference: [Float]] = [:]
    func values(_ slice: Slice) throws(DeviceError) -> [Float] {
      if arenas[slice.buffer] == nil, let buffer = buffer(slice.buffer) {
        arenas[slice.buffer] = try device.read(buffer, count: buffer.count, filler: 0)
      }
      return arenas[slice.buffer].map { Array($0[slice.offset..<(slice.offset + slice.count)]) } ?? []
    }
    var place = 0
    for entry in layout.entries {
      let numbers = try values(entry.slice)
      state.parameters.append(ModelState.Entry(path: entry.path, shape: entry.parameter.shape, values: numbers))
      guard let group = entry.group else { continue }
      var slots: [ModelState.OptimizerEntry.Slot] = []
      for (slot, name) in updates[group].stateNames.enumerated() {
        slots.append(.init(name: name, values: try entry.state(slot).map { slice throws(DeviceError) in try values(slice) } ?? []))
      }
      slots += descentSlots(place..<(place + entry.slice.count))
      place += entry.slice.count
      state.optimizer.append(.init(path: entry.path, steps: groupSteps[group], slots: slots))
    }
    return state
  }

  /// Takes over parameters and, parameter by parameter, what an optimizer remembers of them.
  ///
  /// A parameter without such memory, or with that of another kind of optimizer, begins anew, as it would in PyTorch: with zeros. Memory of
  /// parameters that are not trained here is left out. A group's parameters share one count of steps; where theirs differ it is the smallest,
  /// so that those which begin get exactly their corrections. The others then take smaller steps for a while (under Adam a third to a
  /// seventh at first); parameters that begin later are better off in a group of their own.
  /// - Throws: `StateError` where paths or shapes are not the model's, `DeviceError`.
  public func restore(_ state: ModelState) throws {
    let known = Dictionary(state.parameters.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    let memory = Dictionary(state.optimizer.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var problems: [String] = []
    for entry in layout.entries {
      if let source = known[entry.path] {
        if source.shape != entry.parameter.shape || source.values.count != entry.slice.count {
          problems.append("\(entry.path) is \(source.shape) and the model has \(entry.parameter.shape)")
        }
      } else {
        problems.append("\(entry.path) \(entry.parameter.shape) is missing")
      }
      for slot in memory[entry.path]?.slots ?? [] where slot.values.count != entry.slice.count {
        problems.append("\(slot.name) of \(entry.path) has \(slot.values.count) numbers and the parameter \(entry.slice.count)")
      }
    }
    if !problems.isEmpty { throw StateError(path: "the state", problems: problems) }
    for entry in layout.entries {
      if let source = known[entry.path], let buffer = buffer(entry.slice.buffer) {
        try device.write(source.values, to: buffer, at: entry.slice.offset)
      }
    }
    if descent != nil { restoreDescent(from: memory) }
    var counts: [Int] = []
    for group in groups.indices { counts.append(try restore(group, from: memory)) }
    try restart(at: state.steps, groupSteps: counts)
  }

  /// Fills the arenas of a group's state.
  /// - Returns: the steps that the group has taken.
  private func restore(_ group: Int, from memory: [String: ModelState.OptimizerEntry]) throws(DeviceError) -> Int {
    let optimizer = updates[group]
    let names = optimizer.stateNames
    var arenas = names.map { name in
      layout.groupPieces[group].map { [Float](repeating: optimizer.initialValue(ofState: name), count: $0) }
    }
    var count: Int?
    for entry in layout.entries where entry.group == group {
      let source = memory[entry.path].flatMap { descent != nil || $0.slots.map(\.name) == names ? $0 : nil }
      count = min(count ?? Int.max, source?.steps ?? 0)
      for (slot, values) in (source?.slots ?? []).map(\.values).enumerated() where slot < arenas.count {
        arenas[slot][entry.piece].replaceSubrange(entry.slice.offset..<(entry.slice.offset + entry.slice.count), with: values)
      }
    }
    for (slot, pieces) in arenas.enumerated() {
      for (piece, values) in pieces.enumerated() {
        if let buffer = buffer(.state(group: group, slot: slot, piece: piece)) { try device.write(values, to: buffer) }
      }
    }
    return count ?? 0
  }

  /// Puts other values in place of parameters; what optimizers remember, and all counts, stay. Parameters that are not given stay as they are.
  func replaceParameters(by values: [ModelState.Entry]) throws(DeviceError) {
    let known = Dictionary(values.map { ($0.path, $0.values) }, uniquingKeysWith: { first, _ in first })
    for entry in layout.entries {
      if let values = known[entry.path], values.count == entry.slice.count { try write(values, to: entry) }
    }
  }

  /// The running sums as the device keeps them, for a training that goes on in the middle of an epoch.
  func sumsBlock() throws(DeviceError) -> [Int32] {
    guard let control = buffer(.control) else { return [] }
    return try device.read(control, count: control.count, filler: 0)
  }

  /// Puts back what `sumsBlock` gave.
  func restore(sumsBlock block: [Int32]) throws(DeviceError) {
    if let control = buffer(.control), control.count >= block.count { try device.write(block, to: control) }
  }
}
