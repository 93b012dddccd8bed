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
    lines.append(chain.takesSums ? "RECORDED_NORMS" : "RECORDED_UPDATE")
    for index in 0..<chain.stateCount { lines.append("__global float* s\(index) = AT(state\(index), a.state[\(index)]);") }
    if chain.normCount > 0 { lines.append("SEGMENT_NORMS") }
    let operands = chain.operands
    for case .number(let index) in operands { lines.append("const float n\(index) = numbers[\(index)];") }
    for case .immediate(let index) in operands { lines.append("const float c\(index) = a.immediates[\(index)];") }
    // What is the same for many elements is a float.
    let firstElement = chain.uniformCount + chain.segmentCount
    for index in 0..<chain.uniformCount { lines.append(line(chain.instructions[index], index, isShared: true, firstElement)) }
    if case .value = chain.outputs { lines.append("__global float* target = AT(scratch, a.scratch);") }
    lines.append(chain.takesSums ? "RECORDED_NORMS_LOOP" : "RECORDED_UPDATE_LOOP")
    for index in 0..<chain.stateCount { lines.append("FETCHED(old\(index), s\(index))") }
    for index in 0..<chain.normCount { lines.append("const float m\(index) = SEGMENT_NUMBER(\(index));") }
    for index in chain.instructions.indices.dropFirst(chain.uniformCount) {
      lines.append(line(chain.instructions[index], index, isShared: index < firstElement, firstElement))
    }
    func value(_ operand: UpdateChain.Operand) -> String { word(operand, isShared: false, firstElement) }
    switch chain.outputs {
    case .step(let parameter, let states):
      if let parameter { lines.append("storew(KEEP(old, \(value(parameter))), parameters + at, lanes);") }
      for (index, state) in states.enumerated() {
        if let state { lines.append("storew(KEEP(old\(index), \(value(state))), s\(index) + at, lanes);") }
      }
    case .value(let operand): lines.append("storew(KEEP(splatw(0.0f), \(value(operand))), target + at, lanes);")
    case .sums(let operands):
      for (index, operand) in operands.enumerated() {
        // What is there without the gradient counts whatever that is.
        let isKept =
          switch operand {
          case .gradient, .result: 0
          default: 1
          }
        lines.append("ADD_SQUARES(\(index), \(value(operand)), \(isKept))")
      }
    }
    lines.append(chain.takesSums ? "RECORDED_NORMS_END" : "RECORDED_UPDATE_END")
    lines.append("}")
    return lines.joined(separator: "\n") + "\n"
  }

  /// - Parameters:
  ///   - isShared: whether what is computed is the same for many elements, and so a float.
  ///   - firstElement: the first result that is not.
  private static func word(_ operand: UpdateChain.Operand, isShared: Bool, _ firstElement: Int) -> String {
    func shared(_ name: String) -> String { isShared ? name : "splatw(\(name))" }
    return switch operand {
    case .parameter: "old"
    case .gradient: "gradient"
    case .state(let index): "old\(index)"
    case .norm(let index): shared("m\(index)")
    case .number(let index): shared("n\(index)")
    case .immediate(let index): shared("c\(index)")
    case .result(let index): index < firstElement ? shared("r\(index)") : "r\(index)"
    }
  }

  private static func line(_ instruction: UpdateChain.Instruction, _ index: Int, isShared: Bool, _ firstElement: Int) -> String {
    let words = instruction.operands.map { word($0, isShared: isShared, firstElement) }
    func function(_ name: String) -> String { isShared ? "\(name)_1" : "W(\(name))" }
    let value =
      switch instruction.function {
      case .unary(let name): "\(function(name.rawValue))(\(words[0]))"
      case .binary(let name): "\(function(name.rawValue))(\(words[0]), \(words[1]))"
      case .multiplyAdd: "FMA(\(words[0]), \(words[1]), \(words[2]))"
      case .multiplySubtract: "FMA(\(words[0]), \(words[1]), -\(words[2]))"
      case .subtractProduct: "FMA(-\(words[0]), \(words[1]), \(words[2]))"
      }
    return "const \(isShared ? "float" : "floatw") r\(index) = \(value);"
  }
}

extension UpdateChain {
  /// What instructions and outputs read, each once, in order.
  fileprivate var operands: [Operand] {
    var all = instructions.flatMap(\.operands)
    switch outputs {
    case .step(let parameter, let states): all += ([parameter] + states).compactMap { $0 }
    case .value(let value): all.append(value)
    case .sums(let values): all += values
    }
    var seen = Set<Operand>()
    return all.filter { seen.insert($0).inserted }
  }
}
