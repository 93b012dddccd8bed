import GlissadeKernels
import GlissadeTensors

extension Lowering {
  /// A recorded rule's step over a piece of a group's arenas.
  mutating func lowerRecorded(_ update: RecordedUpdate, _ name: String, _ arenas: GroupArenas) throws(ShapeError) {
    let norms = update.norms.isEmpty ? nil : lowerNorms(update, name, arenas)
    var read = arenas
    for (chain, compute) in update.matrices { read.states.append(try lowerMatrices(chain, compute, update.immediates, name, arenas)) }
    lowerChain(update.step, update.immediates, Launch.Note("\(name) update", shape: [arenas.size]), read, .step(norms))
  }

  /// Which parameter lies where in a piece, for kernels, and the slot of that.
  private mutating func segments(of arenas: GroupArenas) -> (table: SegmentTable, slot: Slot, chunk: Int) {
    let size = profile.style == .cpu ? GradientChunks.size : GradientChunks.size / 4  // a work-item's, a work-group's
    let table = SegmentTable(layout, group: arenas.group, piece: arenas.piece, chunk: size)
    return (table, self.table(.segments(group: arenas.group, piece: arenas.piece), table.words), size)
  }

  /// What becomes of the matrices of a piece: a value is computed for all elements, and those of matrices are replaced, shape by shape.
  private mutating func lowerMatrices(
    _ chain: UpdateChain, _ compute: @Sendable (Tensor) -> Tensor, _ immediates: [Float], _ name: String, _ arenas: GroupArenas
  ) throws(ShapeError) -> Slot {
    let value = scratch(arenas.size)
    lowerChain(chain, immediates, Launch.Note("\(name) value for matrices", shape: [arenas.size]), arenas, .value(value))
    let (table, places, _) = segments(of: arenas)
    for same in table.matrices {
      let traced = Graph(isTraining: false)
      let given = traced.input("matrices", shape: [same.count, same.rows, same.columns])
      let result = compute(given)
      if let error = traced.firstError { throw error }
      guard result.isValid, result.graph === traced, result.shape == given.shape else {
        throw ShapeError(operation: "step.matrices", inputs: [given.type], problem: "it makes \(result.shape) of them")
      }
      let (graph, moved) = traced.decomposed(keeping: [result.id, given.id])
      let matrices = scratch(given.shape.count)
      emitMatrices(same, places, name, isGathering: true, value, matrices)
      let done = lower(graph, to: moved[result.id] ?? result.id, given: [moved[given.id] ?? given.id: matrices], as: name)
      emitMatrices(same, places, name, isGathering: false, value, done)
    }
    return value
  }

  /// Takes matrices out of an arena, or puts them back.
  private mutating func emitMatrices(
    _ same: SegmentTable.Matrices, _ places: Slot, _ name: String, isGathering: Bool, _ arena: Slot, _ matrices: Slot
  ) {
    let count = same.rows * same.columns
    let part = min(count, GradientChunks.size / 4)
    let parts = (count + part - 1) / part
    emit(
      isGathering ? "gather_matrices" : "scatter_matrices",
      Launch.Note("\(name) \(isGathering ? "gather" : "scatter")", shape: [same.count, same.rows, same.columns]),
      items: (profile.shares(of: same.count * count), 1, 1),
      isGathering ? [.read(arena), .read(places), .write(matrices)] : [.read(matrices), .read(places), .update(arena)]
    ) { unit in
      MatricesParameters(
        x: unit(arena), matrices: unit(matrices), segments: unit(places), firstMatrix: Int32(same.first), matrixCount: Int32(same.count),
        count: Int32(count), part: Int32(part), parts: Int32(parts))
    }
  }

  /// Where the norms of a piece's parameters are: so many numbers for each norm, and the table that says which are whose.
  private struct Norms {
    var numbers: Slot
    var step: Int
    var table: Slot
  }

  /// What takes norms of each parameter: what they are taken of, unless it is at hand; sums of squares by chunks; the chunks' sums.
  private mutating func lowerNorms(_ update: RecordedUpdate, _ name: String, _ arenas: GroupArenas) -> Norms {
    let (table, segments, size) = self.segments(of: arenas)
    func rounded(_ count: Int) -> Int { (count + Slice.alignment - 1) / Slice.alignment * Slice.alignment }
    let (partialStep, normStep) = (rounded(table.chunkCount), rounded(table.segmentCount))
    let count = update.norms.count
    // Once more for numbers whose squares are too large.
    let partial = scratch(2 * count * partialStep)
    if let sums = update.sums, profile.style == .cpu {
      lowerChain(
        sums, update.immediates, Launch.Note("\(name) norms", shape: [arenas.size]), arenas,
        .sums(Sums(table: segments, places: table, partial: partial, step: partialStep)))
    } else {
      lowerSums(update, name, arenas, table, segments, size: size, partial, partialStep)
    }
    let numbers = scratch(count * normStep)
    emit(
      "segment_norm_finish", Launch.Note("\(name) norms", shape: [table.segmentCount]),
      items: (profile.shares(of: count * table.chunkCount), 1, 1), [.read(partial), .read(segments), .update(numbers)]
    ) { unit in
      SegmentNormFinishParameters(
        normCount: Int32(count), segments: unit(segments), segmentCount: Int32(table.segmentCount),
        firstSegment: Int32(table.firstSegment), longest: Int32(table.longest), partial: unit(partial), partialStep: Int32(partialStep),
        norms: unit(numbers), normStep: Int32(normStep))
    }
    return Norms(numbers: numbers, step: normStep, table: segments)
  }

  /// Sums of squares by chunks, of what is at hand, and of what is computed before that.
  private mutating func lowerSums(
    _ update: RecordedUpdate, _ name: String, _ arenas: GroupArenas, _ table: SegmentTable, _ segments: Slot, size: Int, _ partial: Slot,
    _ partialStep: Int
  ) {
    let operands = update.norms.map { operand -> Slot in
      switch operand {
      case .parameter: return arenas.parameters
      case .gradient: return arenas.gradients
      case .state(let index): return arenas.states[index]
      case .value(let chain):
        let value = scratch(arenas.size)
        lowerChain(chain, update.immediates, Launch.Note("\(name) value for a norm", shape: [arenas.size]), arenas, .value(value))
        return value
      }
    }
    let isGradient = update.norms.map { $0 == .gradient ? Int32(1) : 0 }
    let arguments = (0..<Int(UPDATE_NORMS)).map { $0 < operands.count ? Argument.read(operands[$0]) : .unused }
    emit(
      "segment_norm_partial", Launch.Note("\(name) norms", shape: [arenas.size], flops: 2 * arenas.size * operands.count),
      items: (profile.shares(of: arenas.size * operands.count), 1, 1),
      arguments + [.buffer(.control), .read(segments), .update(partial)]
    ) { unit in
      var parameters = SegmentNormPartialParameters()
      parameters.x = four(operands.map { unit($0) })
      parameters.gradient = four(isGradient)
      parameters.normCount = Int32(operands.count)
      (parameters.segments, parameters.chunks, parameters.firstChunk) = (unit(segments), Int32(table.chunkCount), Int32(table.firstChunk))
      parameters.chunk = Int32(size)
      (parameters.partial, parameters.partialStep) = (unit(partial), Int32(partialStep))
      return parameters
    }
  }

  /// Where sums of squares go.
  private struct Sums {
    var table: Slot
    var places: SegmentTable
    var partial: Slot
    var step: Int
  }

  /// What a chain does with what it computes.
  private enum Use {
    /// Takes the step, with these norms.
    case step(Norms?)
    case value(Slot)
    case sums(Sums)
  }

  /// One chain over a piece of a group's arenas.
  private mutating func lowerChain(
    _ chain: UpdateChain, _ immediates: [Float], _ note: Launch.Note, _ arenas: GroupArenas, _ use: Use
  ) {
    var note = note
    note.flops = arenas.size * chain.instructions.count
    let stores: (parameter: Bool, states: [Bool])
    switch chain.outputs {
    case .step(let parameter, let states): stores = (parameter != nil, states.map { $0 != nil })
    case .value, .sums: stores = (false, arenas.states.map { _ in false })
    }
    var (norms, sums, scratch): (Norms?, Sums?, Argument) = (nil, nil, .unused)
    switch use {
    case .step(let own): norms = chain.normCount > 0 ? own : nil
    case .value(let slot): scratch = .write(slot)
    case .sums(let own): (sums, scratch) = (own, .update(own.partial))
    }
    func argument(_ slot: Slot, _ isStored: Bool) -> Argument { isStored ? .update(slot) : .read(slot) }
    let states = (0..<Int(UPDATE_STATES)).map { index in
      index < arenas.states.count ? argument(arenas.states[index], stores.states[index]) : .unused
    }
    let (group, size) = (arenas.group, arenas.size)
    let table = norms?.table ?? sums?.table
    add(
      Pending(
        kernel: .update(chain), note: note, items: (profile.vectorShares(of: size), 1, 1),
        arguments: [argument(arenas.parameters, stores.parameter), .read(arenas.gradients)] + states + [
          scratch, .buffer(.control), .buffer(.constants), norms.map { .read($0.numbers) } ?? .unused, table.map { .read($0) } ?? .unused,
        ],
        parameters: { [norms, sums, scratch] unit in
          var parameters = RecordedUpdateParameters()
          (parameters.count, parameters.group) = (Int32(size), Int32(group))
          (parameters.p, parameters.g) = (unit(arenas.parameters), unit(arenas.gradients))
          parameters.state = four(arenas.states.map { unit($0) })
          switch scratch {
          case .write(let slot), .update(let slot): parameters.scratch = unit(slot)
          default: parameters.scratch = 0
          }
          (parameters.norms, parameters.segments) = (unit(norms?.numbers), unit(table))
          parameters.normStep = Int32(norms?.step ?? 0)
          (parameters.chunks, parameters.firstChunk) = (Int32(sums?.places.chunkCount ?? 0), Int32(sums?.places.firstChunk ?? 0))
          parameters.partialStep = Int32(sums?.step ?? 0)
          chain.describe(&parameters, immediates)
          return bytes(of: parameters)
        }))
  }
}

/// Four numbers, zeros where there are fewer.
private func four(_ values: [Int32]) -> (Int32, Int32, Int32, Int32) {
  func value(_ index: Int) -> Int32 { index < values.count ? values[index] : 0 }
  return (value(0), value(1), value(2), value(3))
}

extension UpdateChain {
  /// The register that an operand is in.
  func register(_ operand: Operand) -> Int32 {
    switch operand {
    case .parameter: Int32(UPDATE_PARAMETER)
    case .gradient: Int32(UPDATE_GRADIENT)
    case .state(let index): Int32(UPDATE_STATE) + Int32(index)
    case .norm(let index): Int32(UPDATE_NORM) + Int32(index)
    case .number(let index): Int32(UPDATE_NUMBER) + Int32(index)
    case .immediate(let index): Int32(UPDATE_IMMEDIATE) + Int32(index)
    case .result(let index): Int32(UPDATE_RESULT) + Int32(index)
    }
  }

  /// Fills in what is the chain's own.
  fileprivate func describe(_ parameters: inout RecordedUpdateParameters, _ immediates: [Float]) {
    (parameters.stateCount, parameters.normCount) = (Int32(stateCount), Int32(normCount))
    parameters.instructionCount = Int32(instructions.count)
    (parameters.uniformCount, parameters.segmentCount) = (Int32(uniformCount), Int32(segmentCount))
    (parameters.pRegister, parameters.scratchRegister) = (-1, -1)
    parameters.stateRegister = (-1, -1, -1, -1)
    switch outputs {
    case .step(let parameter, let states):
      parameters.pRegister = parameter.map(register) ?? -1
      withUnsafeMutableBytes(of: &parameters.stateRegister) { $0.bindMemory(to: Int32.self).store(states.map { $0.map(register) ?? -1 }) }
    case .value(let value): parameters.scratchRegister = register(value)
    case .sums(let values):
      parameters.sumCount = Int32(values.count)
      parameters.sumRegister = four(values.map(register))
    }
    withUnsafeMutableBytes(of: &parameters.immediates) { $0.bindMemory(to: Float.self).store(immediates) }
    let code = instructions.map { instruction in
      let registers = instruction.operands.map { UInt32(bitPattern: register($0)) }
      return registers.enumerated().reduce(instruction.function.opcode) { $0 | $1.element << UInt32(8 * ($1.offset + 1)) }
    }
    withUnsafeMutableBytes(of: &parameters.instructions) { $0.bindMemory(to: UInt32.self).store(code) }
  }
}

extension UpdateChain.Instruction.Function {
  /// The kernels' number of it.
  fileprivate var opcode: UInt32 {
    switch self {
    case .unary(let function): UInt32(ElementwiseChain.opcodes[function.rawValue] ?? 0)
    case .binary(let function): UInt32(ElementwiseChain.opcodes[function.rawValue] ?? 0)
    case .multiplyAdd: UInt32(UPDATE_multiplyAdd)
    case .multiplySubtract: UInt32(UPDATE_multiplySubtract)
    case .subtractProduct: UInt32(UPDATE_subtractProduct)
    }
  }
}

extension UnsafeMutableBufferPointer {
  /// Writes as many of the values as fit.
  fileprivate func store(_ values: [Element]) {
    for (index, value) in values.prefix(count).enumerated() { self[index] = value }
  }
}
