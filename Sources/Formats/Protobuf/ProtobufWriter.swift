/// Appends the fields of a protocol-buffers message in wire format.
///
/// ONNX models and TensorBoard's events are such messages, of some thirty fields that we write and none that we read. For those the
/// protobuf library is out of proportion: building it takes about as long as building everything here.
///
/// ```swift
/// var message = ProtobufWriter()
/// message.integer(1, 8)
/// message.message(2) { $0.text(1, "loss") }
/// ```
///
/// Fields are written in the order of the calls, defaults included; a repeated field is several calls, unless it is packed. The encoding
/// is that of protobuf.dev/programming-guides/encoding.
public struct ProtobufWriter: Sendable {
  /// The message so far.
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// How a field's value lies behind its tag.
  private enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case delimited = 2
    case fixed32 = 5
  }

  /// An `int32`, `int64`, `bool` (0 or 1) or enumeration.
  public mutating func integer(_ field: Int, _ value: Int64) {
    tag(field, .varint)
    varint(UInt64(bitPattern: value))
  }

  /// A `float`.
  public mutating func float(_ field: Int, _ value: Float) {
    tag(field, .fixed32)
    fixed(value.bitPattern)
  }

  /// A `double`.
  public mutating func double(_ field: Int, _ value: Double) {
    tag(field, .fixed64)
    fixed(value.bitPattern)
  }

  /// A `string`.
  public mutating func text(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

  /// A `bytes`, or a message that was encoded before.
  public mutating func data(_ field: Int, _ value: [UInt8]) {
    length(field, value.count)
    bytes += value
  }

  /// A message.
  /// - Parameter body: writes its fields.
  public mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    body(&inner)
    data(field, inner.bytes)
  }

  /// A packed `repeated int32`, `int64` or enumeration.
  public mutating func packed(_ field: Int, _ values: [Int64]) {
    var inner = ProtobufWriter()
    for value in values { inner.varint(UInt64(bitPattern: value)) }
    data(field, inner.bytes)
  }

  /// A packed `repeated float`.
  public mutating func packed(_ field: Int, _ values: [Float]) {
    var inner = ProtobufWriter()
    for value in values { inner.fixed(value.bitPattern) }
    data(field, inner.bytes)
  }

  /// A packed `repeated double`.
  public mutating func packed(_ field: Int, _ values: [Double]) {
    var inner = ProtobufWriter()
    for value in values { inner.fixed(value.bitPattern) }
    data(field, inner.bytes)
  }

  /// The tag and the length of a `bytes` or message whose content the caller writes elsewhere, right behind.
  public mutating func length(_ field: Int, _ count: Int) {
    tag(field, .delimited)
    varint(UInt64(count))
  }

  private mutating func tag(_ field: Int, _ type: WireType) { varint(UInt64(field) << 3 | type.rawValue) }

  /// Seven bits a byte, the lowest first; the eighth says that more follow.
  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 0x7f {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func fixed(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
