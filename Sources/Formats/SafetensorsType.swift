/// The element types of a safetensors file that this library knows, under the names the format gives them.
public enum SafetensorsType: String, CaseIterable, Sendable {
  /// 64-bit float.
  case float64 = "F64"
  /// 32-bit float.
  case float32 = "F32"
  /// 16-bit IEEE float.
  case float16 = "F16"
  /// 16-bit float with the exponent range of float32.
  case bfloat16 = "BF16"
  /// 64-bit signed integer.
  case int64 = "I64"
  /// 32-bit signed integer.
  case int32 = "I32"
  /// 16-bit signed integer.
  case int16 = "I16"
  /// 8-bit signed integer.
  case int8 = "I8"
  /// 64-bit unsigned integer.
  case uint64 = "U64"
  /// 32-bit unsigned integer.
  case uint32 = "U32"
  /// 16-bit unsigned integer.
  case uint16 = "U16"
  /// 8-bit unsigned integer.
  case uint8 = "U8"
  /// One byte, 0 or 1.
  case bool = "BOOL"

  /// Bytes per element.
  public var size: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Bytes of a tensor of this type and shape; nil when a dimension is negative or the count overflows.
  func byteCount(shape: [Int]) -> Int? {
    var count = size
    if shape.contains(where: { $0 < 0 }) { return nil }
    if shape.contains(0) { return 0 }
    for dimension in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      count = product
    }
    return count
  }
}
