/// A value that the host supplies at every step.
package struct Input: OperationRule {
  /// What data is bound to.
  public let inputName: String
  let type: TensorType

  init(name: String, type: TensorType) {
    inputName = name
    self.type = type
  }

  public var name: String { "input \(inputName)" }
  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [type] }
  public func gradients(_ context: GradientContext) -> [Tensor?] { [] }
}

/// One value everywhere.
package struct Constant: OperationRule {
  public let value: Float
  let shape: Shape

  public var name: String { "constant" }
  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(shape)] }
  public func gradients(_ context: GradientContext) -> [Tensor?] { [] }
}

/// The value of a parameter.
package struct ParameterRead: OperationRule {
  public let id: ParameterID
  let shape: Shape

  public var name: String { "parameter" }
  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(shape)] }
  public func gradients(_ context: GradientContext) -> [Tensor?] { [] }
}
