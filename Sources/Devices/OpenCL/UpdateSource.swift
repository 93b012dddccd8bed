import GlissadeKernels
import GlissadePlanning

/// Writes the OpenCL C of a recorded update rule. `Kernels/updates.cl` defines the words and says what the kernel looks like.
enum UpdateSource {
  static func text(of chain: UpdateChain, name: String) -> String {
    var lines: [String] = []
    let states = (0..<Int(UPDATE_STATES)).map { "__global float* state\($0)" }
    let buffers =
      ["__global float* p", "__global const float* g"] + states + [
        "__global float* scratch", "__global ControlBlock* control", "__global const float* constants", "__global const float* norms",
        "__global const int* segments",
      ]
    lines.append("__kernel void \(name)(\(buffers.joined(separator: ", ")), const RecordedUpdateParameters a) {")
    lines.append("RECORDED_UPDATE")
    for index in 0..<chain.stateCount { lines.append("__global float* s\(index) = AT(state\(index), a.state[\(index)]);") }
    if chain.normCount > 0 { lines.append("SEGMENT_NORMS") }
    let operands = chain.operands
    for case .number(let index) in operands { lines.append("const floatw n\(index) = splatw(numbers[\(index)]);") }
    for case .immediate(let index) in operands { lines.append("const floatw c\(index) = splatw(a.immediates[\(index)]);") }
    for index in 0..<chain.uniformCount { lines.append(line(chain.instructions[index], index)) }
    if case .value = chain.outputs { lines.append("__global float* target = AT(scratch, a.scratch);") }
    lines.append("RECORDED_UPDATE_LOOP")
    for index in 0..<chain.stateCount { lines.append("const floatw old\(index) = loadw(s\(index) + at);") }
    for index in 0..<chain.normCount { lines.append("const floatw m\(index) = SEGMENT_NUMBER(\(index));") }
    for index in chain.instructions.indices.dropFirst(chain.uniformCount) { lines.append(line(chain.instructions[index], index)) }
    switch chain.outputs {
    case .step(let parameter, let states):
      if let parameter { lines.append("storew(KEEP(old, \(word(parameter))), parameters + at, lanes);") }
      for (index, state) in states.enumerated() {
        if let state { lines.append("storew(KEEP(old\(index), \(word(state))), s\(index) + at, lanes);") }
      }
    case .value(let value): lines.append("storew(KEEP(splatw(0.0f), \(word(value))), target + at, lanes);")
    }
    lines.append("RECORDED_UPDATE_END")
    lines.append("}")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func word(_ operand: UpdateChain.Operand) -> String {
    switch operand {
    case .parameter: "old"
    case .gradient: "gradient"
    case .state(let index): "old\(index)"
    case .norm(let index): "m\(index)"
    case .number(let index): "n\(index)"
    case .immediate(let index): "c\(index)"
    case .result(let index): "r\(index)"
    }
  }

  private static func line(_ instruction: UpdateChain.Instruction, _ index: Int) -> String {
    let words = instruction.operands.map(word)
    let value =
      switch instruction.function {
      case .unary(let function): "W(\(function.rawValue))(\(words[0]))"
      case .binary(let function): "W(\(function.rawValue))(\(words[0]), \(words[1]))"
      case .multiplyAdd: "FMA(\(words[0]), \(words[1]), \(words[2]))"
      case .multiplySubtract: "FMA(\(words[0]), \(words[1]), -\(words[2]))"
      case .subtractProduct: "FMA(-\(words[0]), \(words[1]), \(words[2]))"
      }
    return "const floatw r\(index) = \(value);"
  }
}

extension UpdateChain {
  /// What instructions and outputs read, each once, in order.
  fileprivate var operands: [Operand] {
    var all = instructions.flatMap(\.operands)
    switch outputs {
    case .step(let parameter, let states): all += ([parameter] + states).compactMap { $0 }
    case .value(let value): all.append(value)
    }
    var seen = Set<Operand>()
    return all.filter { seen.insert($0).inserted }
  }
}
