/// A value in a graph: a shape, an element type, and the operation that makes it. It holds no numbers; they exist when a compiled step runs.
public struct Tensor {
  /// The graph that this value belongs to.
  public let graph: Graph
  /// Which value of the graph it is.
  package let id: ValueID
  /// Shape and element type.
  public let type: TensorType

  init(graph: Graph, id: ValueID, type: TensorType) {
    self.graph = graph
    self.id = id
    self.type = type
  }

  /// The extents; `[]` for a tensor made by an invalid operation.
  public var shape: Shape { type.shape }
  /// The element type.
  public var dtype: DType { type.dtype }
  /// False for the result of an invalid operation; whatever is computed from it is invalid too.
  public var isValid: Bool { id.isValid }
}

/// Names one value of a graph: an output of a node.
package struct ValueID: Hashable, Sendable {
  /// The node's place in the order of recording.
  package let node: Int
  /// Which of the node's outputs.
  package let output: Int

  package init(node: Int, output: Int = 0) {
    self.node = node
    self.output = output
  }

  static let invalid = ValueID(node: -1)
  /// False for the result of an invalid operation.
  package var isValid: Bool { node >= 0 }
}
