/// The type of a tensor's elements.
public enum DType: String, Hashable, Sendable, CustomStringConvertible {
  /// IEEE 754 binary32: what is computed with.
  case float32
  /// Two's complement 32-bit integers: labels, indices.
  case int32

  /// The bytes of one element.
  public var byteCount: Int { 4 }
  public var description: String { rawValue }
}

/// The shape and element type of a tensor.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  /// The extent of each axis.
  public var shape: Shape
  /// What its elements are.
  public var dtype: DType

  /// With elements of float32 unless it is said otherwise.
  public init(_ shape: Shape, _ dtype: DType = .float32) {
    self.shape = shape
    self.dtype = dtype
  }

  public var description: String { dtype == .float32 ? "\(shape)" : "\(shape) of \(dtype)" }
}
