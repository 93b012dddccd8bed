/// An operation that cannot be applied to the tensors it was given. Found while a model is traced, thrown once when the step is compiled.
public struct ShapeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where in the model: the layer's path as in `layer1.0.conv1`, empty outside every layer.
  public var path: String
  /// The operation's name, as in `matmul`.
  public var operation: String
  /// What the operation was given.
  public var inputs: [TensorType]
  /// What is wrong and what would be right.
  public var problem: String

  /// - Parameters:
  ///   - path: the layer's; default outside every layer.
  ///   - operation: its name; default none.
  ///   - inputs: what it was given; default nothing.
  ///   - problem: what is wrong and what would be right.
  public init(path: String = "", operation: String = "", inputs: [TensorType] = [], problem: String) {
    self.path = path
    self.operation = operation
    self.inputs = inputs
    self.problem = problem
  }

  public var description: String {
    let place = path.isEmpty ? "" : "\(path): "
    let shapes = inputs.map(\.description).joined(separator: " and ")
    return "\(place)\(operation)\(shapes.isEmpty ? "" : " of \(shapes)"): \(problem)"
  }
}
