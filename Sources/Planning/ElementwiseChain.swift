import GlissadeTensors

/// A chain of scalar functions over a canvas of rows × columns, computed in one pass over memory. This is its structure; offsets, sizes and
/// immediates are arguments, so that one generated kernel serves every layer with the same chain.
public struct ElementwiseChain: Hashable, Sendable {
  /// What an instruction works on.
  public enum Operand: Hashable, Sendable {
    case input(Int)
    case result(Int)
    /// The instruction's own constant.
    case immediate
  }

  /// One scalar function; instruction k defines result k.
  public struct Instruction: Hashable, Sendable {
    public enum Function: Hashable, Sendable {
      case unary(UnaryFunction)
      case binary(BinaryFunction)
      public var name: String {
        switch self {
        case .unary(let function): function.rawValue
        case .binary(let function): function.rawValue
        }
      }
    }
    public var function: Function
    public var a: Operand
    public var b: Operand
  }

  /// How each input is spread over the canvas.
  package var inputs: [BroadcastAccess]
  public var instructions: [Instruction]
  /// Which results are stored, each to a buffer of its own.
  public var outputs: [Int]
}
