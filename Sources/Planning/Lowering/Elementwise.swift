import GlissadeKernels
import GlissadeTensors

extension Lowering {
  /// A chain of elementwise operations in one launch; the last one's result is stored.
  mutating func lowerChain(_ members: [Int]) {
    guard let last = members.last else { return }
    let canvas = outputShape(last).count
    var chain = ElementwiseChain(inputs: [], instructions: [], outputs: [members.count - 1])
    var inputSlots: [Slot] = []
    var inputIndex: [InputKey: Int] = [:]
    var immediates: [Float] = []
    var columns: Int?
    let resultOf = Dictionary(uniqueKeysWithValues: members.enumerated().map { (ValueID(node: $1), $0) })

    func operand(_ id: ValueID, of node: Int, in lowering: inout Lowering, mayBeImmediate: Bool) -> ElementwiseChain.Operand {
      let value = lowering.graph.resolved(id)
      if let result = resultOf[value] { return .result(result) }
      if mayBeImmediate, let constant = lowering.graph.constantValue(id) {
        immediates[immediates.count - 1] = constant
        return .immediate
      }
      // A filled slot holds one value throughout, so reading its first element is reading any.
      let isConstant = lowering.graph.isConstant(id)
      let spread = lowering.graph.tensor(id).shape.access(in: lowering.outputShape(node))
      let access = isConstant ? .scalar : spread?.access ?? .full
      if !isConstant { columns = columns ?? spread?.columns }
      let key = InputKey(value: value, access: access)
      if let known = inputIndex[key] { return .input(known) }
      inputIndex[key] = chain.inputs.count
      chain.inputs.append(access)
      inputSlots.append(lowering.slot(value))
      return .input(chain.inputs.count - 1)
    }

    for member in members {
      let node = graph.nodes[member]
      immediates.append(0)
      switch node.operation {
      case .unary(let rule):
        let a = operand(node.inputs[0], of: member, in: &self, mayBeImmediate: true)
        chain.instructions.append(.init(function: .unary(rule.function), a: a, b: .immediate))
      case .binary(let rule):
        let a = operand(node.inputs[0], of: member, in: &self, mayBeImmediate: true)
        let b = operand(node.inputs[1], of: member, in: &self, mayBeImmediate: a != .immediate)
        chain.instructions.append(.init(function: .binary(rule.function), a: a, b: b))
      default: return
      }
    }
    let width = columns ?? canvas
    let output = output(last)
    let names = members.map { graph.nodes[$0].operation.rule.name }
    let note = Launch.Note(
      names.joined(separator: " + "), path: graph.path(ofScope: graph.nodes[last].scope), shape: outputShape(last),
      flops: canvas * members.count)
    let (finished, inputs, constants) = (chain, inputSlots, immediates)
    add(
      Pending(
        kernel: .elementwise(chain), note: note, items: (profile.vectorShares(of: canvas), 1, 1),
        arguments: inputSlots.map { .read($0) } + [.write(output)],
        parameters: { unit in
          finished.parameters(
            rows: canvas / width, columns: width, inputOffsets: inputs.map(unit), outputOffsets: [unit(output)], immediates: constants)
        }))
  }

  private struct InputKey: Hashable {
    var value: ValueID
    var access: BroadcastAccess
  }
}

extension ElementwiseChain {
  /// The kernels' numbers of the scalar functions, by name.
  static let opcodes: [String: Int32] = {
    var result: [String: Int32] = [:]
    var opcode: Int32 = 0
    while opcode < Int32(SCALAR_count) {
      if let name = glissade_scalar_name(opcode) { result[String(cString: name)] = opcode }
      opcode += 1
    }
    return result
  }()

  /// The launch's parameter struct.
  func parameters(rows: Int, columns: Int, inputOffsets: [Int32], outputOffsets: [Int32], immediates: [Float]) -> [UInt8] {
    var result = ElementwiseParameters()
    result.rows = Int32(rows)
    result.columns = Int32(columns)
    result.inputCount = Int32(inputs.count)
    result.outputCount = Int32(outputs.count)
    result.instructionCount = Int32(instructions.count)
    func register(_ operand: Operand) -> Int32 {
      switch operand {
      case .input(let index): Int32(index)
      case .result(let index): Int32(inputs.count + index)
      case .immediate: -1
      }
    }
    withUnsafeMutableBytes(of: &result.inputOffset) { $0.bindMemory(to: Int32.self).update(inputOffsets) }
    withUnsafeMutableBytes(of: &result.inputMode) { $0.bindMemory(to: Int32.self).update(inputs.map(\.rawValue)) }
    withUnsafeMutableBytes(of: &result.outputOffset) { $0.bindMemory(to: Int32.self).update(outputOffsets) }
    withUnsafeMutableBytes(of: &result.outputRegister) { $0.bindMemory(to: Int32.self).update(outputs.map { Int32(inputs.count + $0) }) }
    let code = instructions.enumerated().map { index, instruction in
      ElementwiseInstruction(
        operation: Self.opcodes[instruction.function.name] ?? -1, a: register(instruction.a), b: register(instruction.b),
        immediate: immediates[index])
    }
    withUnsafeMutableBytes(of: &result.instructions) { $0.bindMemory(to: ElementwiseInstruction.self).update(code) }
    return withUnsafeBytes(of: result) { Array($0) }
  }
}

extension UnsafeMutableBufferPointer {
  /// Writes as many of the values as fit.
  fileprivate func update(_ values: [Element]) {
    for (index, value) in values.prefix(count).enumerated() { self[index] = value }
  }
}
