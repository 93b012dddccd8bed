/// One tensor of a weights file, as its directory describes it.
public struct WeightsTensor: Equatable, Sendable {
  /// The path: `keys`, joined by dots.
  public let name: String
  /// The keys of the dictionaries and the places in the lists that lead to it; one key in a file without nesting, dots and all.
  public let keys: [String]
  /// The element type.
  public let type: SafetensorsType
  /// The dimensions, outermost first; empty for a scalar.
  public let shape: [Int]
  /// Of the elements, in bytes.
  public let byteCount: Int

  /// Its place in the source it comes from.
  package let index: Int

  /// Number of elements.
  public var count: Int { byteCount / type.size }
}
