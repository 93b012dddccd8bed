/// What can be wrong with one tensor of a file.
public enum TensorFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file holds no tensor of this name.
  case missing
  /// The name occurs twice, or is reserved by the format.
  case badName
  /// The header entry lacks a field or a field has the wrong type.
  case badEntry(String)
  /// The element type is not one this library reads.
  case unknownType(String)
  /// A dimension is negative, or the number of bytes exceeds 64 bits.
  case badShape([Int])
  /// The data range is reversed or leaves the file.
  case offsetsOutOfRange(begin: Int, end: Int, available: Int)
  /// The data range does not begin where the one before it ends: ranges overlap or leave bytes that belong to no tensor.
  case notContiguous(begin: Int, expected: Int)
  /// The byte count disagrees with shape and type.
  case sizeMismatch(bytes: Int, expected: Int)
  /// A stride or the offset in a storage is negative, or the last element's place exceeds 64 bits.
  case badStrides([Int], offset: Int)
  /// The last element lies behind the end of the storage.
  case outsideStorage(last: Int, elements: Int)
  /// The elements repeat so often that reading them would cost much more than the file.
  case repeatsStorage(bytes: Int, storage: Int)
  /// The elements cannot be converted to what was asked for.
  case notConvertible(from: SafetensorsType, to: String)
  /// The destination holds another number of elements.
  case destinationSize(elements: Int, expected: Int)

  /// The fault in words.
  public var description: String {
    switch self {
    case .missing: "no such tensor in the file"
    case .badName: "the name is used twice or reserved"
    case .badEntry(let text): text
    case .unknownType(let type):
      "unknown dtype \"\(printable(type))\"; known are " + SafetensorsType.allCases.map(\.rawValue).joined(separator: ", ")
    case .badShape(let shape): "shape \(shape) is negative or too large"
    case .offsetsOutOfRange(let begin, let end, let available):
      "data_offsets [\(begin), \(end)] do not lie within the \(available) data bytes of the file"
        + (begin >= 0 && begin <= end && end > available ? ", which may be truncated" : "")
    case .notContiguous(let begin, let expected):
      "data begin at byte \(begin), \(begin < expected ? "inside another tensor" : "after a gap"); expected \(expected)"
    case .sizeMismatch(let bytes, let expected): "\(bytes) bytes of data, but shape and dtype need \(expected)"
    case .badStrides(let strides, let offset): "strides \(strides) and offset \(offset) are negative or too large"
    case .outsideStorage(let last, let elements): "its last element is number \(last) of a storage of \(elements)"
    case .repeatsStorage(let bytes, let storage):
      "its \(bytes) bytes repeat a storage of \(storage); save a copy of it (.contiguous()) if that is meant"
    case .notConvertible(let type, let wanted): "dtype \(type.rawValue) cannot be read as \(wanted)"
    case .destinationSize(let elements, let expected): "the destination holds \(elements) elements, the tensor \(expected)"
    }
  }
}
