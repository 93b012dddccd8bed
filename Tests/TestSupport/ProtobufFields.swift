/// The fields of a protocol-buffers message, read without the code under test.
public struct ProtobufFields {
  public enum Value: Equatable {
    case varint(UInt64)
    case fixed64(UInt64)
    case delimited([UInt8])
    case fixed32(UInt32)
  }

  /// In the order of the message.
  public let all: [(number: Int, value: Value)]

  public struct Malformed: Error {
    public let offset: Int
  }

  public init(_ bytes: some Sequence<UInt8>) throws {
    let bytes = Array(bytes)
    var at = 0
    var fields: [(number: Int, value: Value)] = []
    func byte() throws -> UInt8 {
      guard at < bytes.count else { throw Malformed(offset: at) }
      at += 1
      return bytes[at - 1]
    }
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 70, by: 7) {
        let next = try byte()
        value |= UInt64(next & 0x7f) << shift
        if next & 0x80 == 0 { return value }
      }
      throw Malformed(offset: at)
    }
    func little(_ count: Int) throws -> UInt64 {
      var value: UInt64 = 0
      for index in 0..<count { value |= UInt64(try byte()) << UInt64(8 * index) }
      return value
    }
    while at < bytes.count {
      let tag = try varint()
      let value: Value
      switch tag & 7 {
      case 0: value = .varint(try varint())
      case 1: value = .fixed64(try little(8))
      case 2:
        let count = Int(try varint())
        guard count <= bytes.count - at else { throw Malformed(offset: at) }
        value = .delimited(Array(bytes[at..<at + count]))
        at += count
      case 5: value = .fixed32(UInt32(try little(4)))
      default: throw Malformed(offset: at)
      }
      fields.append((Int(tag >> 3), value))
    }
    all = fields
  }

  /// All values of a field that are messages.
  public func messages(_ number: Int) throws -> [ProtobufFields] { try data(number).map { try ProtobufFields($0) } }

  /// All values of a field that are bytes.
  public func data(_ number: Int) -> [[UInt8]] {
    all.compactMap { field in
      if case .delimited(let bytes) = field.value, field.number == number { return bytes }
      return nil
    }
  }

  /// All values of a field that are text.
  public func texts(_ number: Int) -> [String] { data(number).map { String(decoding: $0, as: UTF8.self) } }

  /// All values of a field that are integers, packed or not.
  public func integers(_ number: Int) -> [Int64] {
    all.filter { $0.number == number }.flatMap { field -> [Int64] in
      switch field.value {
      case .varint(let value): return [Int64(bitPattern: value)]
      case .delimited(let bytes):
        var values: [Int64] = []
        var (value, shift) = (UInt64(0), UInt64(0))
        for byte in bytes {
          value |= UInt64(byte & 0x7f) << shift
          shift += 7
          if byte & 0x80 == 0 {
            values.append(Int64(bitPattern: value))
            (value, shift) = (0, 0)
          }
        }
        return values
      default: return []
      }
    }
  }

  /// All values of a field that are 32-bit floats, not packed.
  public func floats(_ number: Int) -> [Float] {
    all.compactMap { field in
      if case .fixed32(let bits) = field.value, field.number == number { return Float(bitPattern: bits) }
      return nil
    }
  }
}
