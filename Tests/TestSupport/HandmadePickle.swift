/// Pickles put together instruction by instruction.
public enum HandmadePickle {
  public static let start: [UInt8] = [0x80, 2]
  public static let stop: [UInt8] = [0x2e]
  /// What begins a legacy stream, up to the object.
  public static let streamStart: [UInt8] =
    start + [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19] + stop + start + [0x4d, 0xe9, 3] + stop + start + [0x7d]
    + stop

  public static func text(_ text: String) -> [UInt8] { [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8) }
  public static func integer(_ value: Int) -> [UInt8] { [0x8a, 8] + little(value) }
  public static func global(_ module: String, _ name: String) -> [UInt8] { [0x63] + Array("\(module)\n\(name)\n".utf8) }
  public static func tuple(_ parts: [UInt8]...) -> [UInt8] { [0x28] + parts.flatMap(\.self) + [0x74] }
  public static func integers(_ values: [Int]) -> [UInt8] { [0x28] + values.flatMap(integer) + [0x74] }
  public static func list(_ parts: [[UInt8]]) -> [UInt8] { [0x5d, 0x28] + parts.flatMap(\.self) + [0x65] }
  public static func dictionary(_ entries: [(String, [UInt8])]) -> [UInt8] {
    [0x7d, 0x28] + entries.flatMap { text($0) + $1 } + [0x75]
  }
  /// A call of a function with its arguments.
  public static func call(_ function: [UInt8], _ arguments: [UInt8]...) -> [UInt8] {
    function + [0x28] + arguments.flatMap(\.self) + [0x74, 0x52]
  }
  public static func storage(_ kind: String = "FloatStorage", key: String = "0", count: Int) -> [UInt8] {
    tuple(text("storage"), global("torch", kind), text(key), text("cpu"), integer(count)) + [0x51]
  }
  public static func tensor(_ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
    call(
      global("torch._utils", "_rebuild_tensor_v2"), storage, integer(offset), integers(shape), integers(strides), [0x89], [0x7d])
  }
  /// A whole pickle of one value.
  public static func whole(_ value: [UInt8]) -> [UInt8] { start + value + stop }

  private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
