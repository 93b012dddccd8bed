import GlissadePlanning

/// Writes the OpenCL C of an elementwise chain. `Kernels/elementwise.cl` defines the words and says what the kernel looks like.
enum ElementwiseSource {
  static func text(of chain: ElementwiseChain, name: String) -> String {
    var lines: [String] = []
    let inputs = chain.inputs.indices.map { "__global const float* in\($0)" }
    let outputs = chain.outputs.indices.map { "__global float* out\($0)" }
    lines.append("__kernel void \(name)(\((inputs + outputs).joined(separator: ", ")), const ElementwiseParameters a) {")
    for index in chain.inputs.indices { lines.append("__global const float* i\(index) = AT(in\(index), a.inputOffset[\(index)]);") }
    for index in chain.outputs.indices { lines.append("__global float* o\(index) = AT(out\(index), a.outputOffset[\(index)]);") }
    for (index, access) in chain.inputs.enumerated() {
      if access == .column { lines.append("COLUMN_INPUT(t\(index), i\(index), a.columns)") }
      if access == .scalar { lines.append("const floatw s\(index) = splatw(*i\(index));") }
    }
    let isFlat = !chain.inputs.contains { $0 == .column || $0 == .row }
    lines.append(isFlat ? "ELEMENTWISE_FLAT(a)" : "ELEMENTWISE_GRID(a)")
    for (index, access) in chain.inputs.enumerated() {
      let value =
        switch access {
        case .full: "loadw(i\(index) + position)"
        case .column: "COLUMN_VALUE(t\(index), i\(index), column, a.columns)"
        case .row: "ROW_VALUE(i\(index), row, column, a.columns)"
        case .scalar: "s\(index)"
        }
      lines.append("const floatw r\(index) = \(value);")
    }
    let first = chain.inputs.count
    for (index, instruction) in chain.instructions.enumerated() {
      func operand(_ operand: ElementwiseChain.Operand) -> String {
        switch operand {
        case .input(let number): "r\(number)"
        case .result(let number): "r\(first + number)"
        case .immediate: "splatw(a.instructions[\(index)].immediate)"
        }
      }
      let arguments: [String]
      switch instruction.function {
      case .unary: arguments = [operand(instruction.a)]
      case .binary: arguments = [operand(instruction.a), operand(instruction.b)]
      }
      lines.append("const floatw r\(first + index) = W(\(instruction.function.name))(\(arguments.joined(separator: ", ")));")
    }
    for (index, result) in chain.outputs.enumerated() { lines.append("streamw(r\(first + result), o\(index) + position, lanes, streams);") }
    lines.append("ELEMENTWISE_END")
    lines.append("}")
    return lines.joined(separator: "\n") + "\n"
  }
}
