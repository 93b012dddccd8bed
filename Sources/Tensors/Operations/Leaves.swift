/// A value that the host supplies at every step.
package struct Input: OperationRule {
  /// What data is bound to.
  package let inputName: String
  let type: TensorType

  init(name: String, type: TensorType) {
    inputName = name
    self.type = type
  }

  package var name: String { "input \(inputName)" }
  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [type] }
  package func gradients(_ context: GradientContext) -> [Tensor?] { [] }
}

/// One value everywhere.
package struct Constant: OperationRule {
  /// The value; of int32 the bits.
  package let value: Float
  let type: TensorType

  init(value: Float, shape: Shape) {
    self.value = value
    type = TensorType(shape)
  }

  init(integer: Int32, shape: Shape) {
    value = Float(bitPattern: UInt32(bitPattern: integer))
    type = TensorType(shape, .int32)
  }

  /// The value, where it is int32.
  package var integer: Int32? { type.dtype == .int32 ? Int32(bitPattern: value.bitPattern) : nil }

  package var name: String { "constant" }
  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [type] }
  package func gradients(_ context: GradientContext) -> [Tensor?] { [] }
}

/// Numbers that are part of the step itself. They are in the device's memory from the start, and cost a step nothing.
package struct ConstantArray: OperationRule {
  /// The elements' bits.
  package let bits: [UInt32]
  let type: TensorType

  package var name: String { "constant array" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(
      type.shape.count == bits.count, "\(type.shape) has \(type.shape.count) elements, and there are \(bits.count) numbers")
    return [type]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] { [] }
}

/// The value of a parameter.
package struct ParameterRead: OperationRule {
  package let id: ParameterID
  let shape: Shape
  /// int32 where a parameter stands for such a value, whose bits it holds.
  var dtype = DType.float32

  package var name: String { "parameter" }
  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(shape, dtype)] }
  package func gradients(_ context: GradientContext) -> [Tensor?] { [] }
}
