/// The header of a safetensors file: parsed, and checked against the number of data bytes that follow it.
struct SafetensorsHeader {
  /// In the order of their data.
  let tensors: [SafetensorsTensor]
  let metadata: [String: String]

  static let metadataKey = "__metadata__"
  /// The limit of the reference implementation.
  static let longest: UInt64 = 100_000_000

  init(path: String, json: JSONValue, dataBytes: Int) throws(FormatError) {
    guard let members = json.members else { throw FormatError(path: path, reason: .malformed("the header is not a JSON object")) }
    var tensors: [SafetensorsTensor] = []
    var metadata: [String: String] = [:]
    for member in members {
      if member.key == Self.metadataKey {
        guard let entries = member.value.members else {
          throw FormatError(path: path, reason: .malformed("\(Self.metadataKey) is not a JSON object"))
        }
        for entry in entries {
          guard let text = entry.value.stringValue else {
            throw FormatError(path: path, reason: .malformed("\(Self.metadataKey): \"\(printable(entry.key))\" is not a string"))
          }
          metadata[entry.key] = text
        }
      } else {
        do throws(TensorFault) {
          tensors.append(try Self.tensor(member.key, member.value, dataBytes: dataBytes))
        } catch {
          throw FormatError(path: path, reason: .tensor(name: member.key, error))
        }
      }
    }
    // Empty tensors share their offset with a neighbour, hence the second key.
    tensors.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    var end = 0
    for tensor in tensors {
      guard tensor.range.lowerBound == end else {
        throw FormatError(
          path: path, reason: .tensor(name: tensor.name, .notContiguous(begin: tensor.range.lowerBound, expected: end)))
      }
      end = tensor.range.upperBound
    }
    guard end == dataBytes else {
      throw FormatError(path: path, reason: .malformed("\(dataBytes - end) bytes after the last tensor belong to none"))
    }
    self.tensors = tensors
    self.metadata = metadata
  }

  private static func tensor(_ name: String, _ entry: JSONValue, dataBytes: Int) throws(TensorFault) -> SafetensorsTensor {
    guard let members = entry.members else { throw .badEntry("the entry is not a JSON object") }
    if let other = members.first(where: { !["dtype", "shape", "data_offsets"].contains($0.key) }) {
      throw .badEntry("unknown field \"\(printable(other.key))\"")
    }
    guard let typeName = entry["dtype"]?.stringValue else { throw .badEntry("dtype is missing or not a string") }
    guard let type = SafetensorsType(rawValue: typeName) else { throw .unknownType(typeName) }
    let shape = try integers(entry["shape"], field: "shape")
    let offsets = try integers(entry["data_offsets"], field: "data_offsets")
    guard offsets.count == 2 else { throw .badEntry("data_offsets has \(offsets.count) numbers instead of 2") }
    let (begin, end) = (offsets[0], offsets[1])
    guard 0 <= begin, begin <= end, end <= dataBytes else { throw .offsetsOutOfRange(begin: begin, end: end, available: dataBytes) }
    guard let needed = type.byteCount(shape: shape) else { throw .badShape(shape) }
    guard needed == end - begin else { throw .sizeMismatch(bytes: end - begin, expected: needed) }
    return SafetensorsTensor(name: name, type: type, shape: shape, range: begin..<end)
  }

  private static func integers(_ value: JSONValue?, field: String) throws(TensorFault) -> [Int] {
    guard let elements = value?.arrayValue else { throw .badEntry("\(field) is missing or not an array") }
    var integers: [Int] = []
    for element in elements {
      guard let integer = element.integerValue else { throw .badEntry("\(field) holds something that is not a 64-bit integer") }
      integers.append(integer)
    }
    return integers
  }
}
