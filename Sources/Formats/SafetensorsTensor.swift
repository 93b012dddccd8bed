/// What a safetensors header says of one tensor.
public struct SafetensorsTensor: Equatable, Sendable {
  /// The name, as in a state dictionary.
  public let name: String
  /// The element type.
  public let type: SafetensorsType
  /// The dimensions, outermost first; empty for a scalar.
  public let shape: [Int]
  /// Where the elements lie, in bytes after the header.
  public let range: Range<Int>

  /// Number of elements.
  public var count: Int { range.count / type.size }
}
