import Glibc
import GlissadeFormats
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  private let entries = [
    SafetensorsEntry(name: "weight", shape: [2, 3], [1, -2, 3.5, .nan, .infinity, -0.0] as [Float]),
    SafetensorsEntry(name: "empty", shape: [0, 7], [] as [Float]),
    SafetensorsEntry(name: "labels", shape: [3], [7, -8, .max] as [Int32]),
    SafetensorsEntry(name: "mask \"q\" é", shape: [3], [0, 1, 255] as [UInt8]),
    SafetensorsEntry(name: "step", shape: [], [Int64.min]),
  ]

  @Test func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try SafetensorsWriter.write(path: path, entries, metadata: ["format": "pt", "epoch": "3"])
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["format": "pt", "epoch": "3"])
    #expect(file.tensors.map(\.name) == ["weight", "empty", "labels", "mask \"q\" é", "step"])
    #expect(file.tensor(named: "weight")?.shape == [2, 3])
    let weight = try file.floats(of: "weight")
    #expect(weight.map(\.bitPattern) == [1, -2, 3.5, Float.nan, .infinity, -0.0].map(\.bitPattern))
    #expect(try file.floats(of: "empty").isEmpty)
    #expect(try file.integers(of: "labels") == [7, -8, Int64(Int32.max)])
    #expect(try file.integers(of: "mask \"q\" é") == [0, 1, 255])
    #expect(try file.integers(of: "step") == [.min])
    #expect(try file.bytes(of: "labels") == [7, 0, 0, 0, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
  }

  @Test func bytesAreExactlyThese() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    try SafetensorsWriter.write(
      path: path, [SafetensorsEntry(name: "b", shape: [1], [1] as [Float]), SafetensorsEntry(name: "a", shape: [], [2] as [UInt8])],
      metadata: ["y": "2", "x": "1"], order: .sorted)
    var header = #"{"__metadata__":{"x":"1","y":"2"},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"#
    header += #""b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}"#
    while header.utf8.count % 8 != 0 { header += " " }
    #expect(try folder.get("a") == [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [2, 0, 0, 0x80, 0x3f])
    let first = try folder.get("a")
    try SafetensorsWriter.write(
      path: path, [SafetensorsEntry(name: "a", shape: [], [2] as [UInt8]), SafetensorsEntry(name: "b", shape: [1], [1] as [Float])],
      metadata: ["x": "1", "y": "2"], order: .sorted)
    #expect(try folder.get("a") == first)
  }

  @Test func theWriterChecksItsEntries() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    func fault(_ entries: [SafetensorsEntry]) -> FormatError.Reason? {
      do throws(FormatError) {
        try SafetensorsWriter.write(path: path, entries)
        return nil
      } catch {
        return error.reason
      }
    }
    let one = SafetensorsEntry(name: "a", shape: [1], [1] as [Float])
    #expect(fault([one, one]) == .tensor(name: "a", .badName))
    #expect(fault([SafetensorsEntry(name: "__metadata__", shape: [1], [1] as [Float])]) == .tensor(name: "__metadata__", .badName))
    #expect(fault([SafetensorsEntry(name: "a", shape: [2], [1] as [Float])]) == .tensor(name: "a", .sizeMismatch(bytes: 4, expected: 8)))
    #expect(fault([SafetensorsEntry(name: "a", shape: [-1], [1] as [Float])]) == .tensor(name: "a", .badShape([-1])))
    let huge = [Int.max, Int.max]
    #expect(fault([SafetensorsEntry(name: "a", shape: huge, [1] as [Float])]) == .tensor(name: "a", .badShape(huge)))
    let half = SafetensorsEntry(name: "h", type: .uint8, shape: [Int.max]) { _ in }
    #expect(fault([one, half]) == .tensor(name: "h", .badShape([Int.max])))
    #expect(folder.names.isEmpty)
  }

  @Test func readsOtherTypes() throws {
    let folder = try TemporaryFolder()
    func entry<T: BitwiseCopyable & Sendable>(_ type: SafetensorsType, _ values: [T]) -> SafetensorsEntry {
      SafetensorsEntry(name: type.rawValue, type: type, shape: [values.count]) { (writer) throws(FormatError) in
        try writer.write(elements: values)
      }
    }
    let path = folder.file("a")
    try SafetensorsWriter.write(
      path: path,
      [
        entry(.bool, [1, 0, 1] as [UInt8]), entry(.float16, [1, -0.5, 65504, 5.9604645e-08, .infinity] as [Float16]),
        entry(.bfloat16, [0x3f80, 0xc000, 0x7f80] as [UInt16]), entry(.float64, [0.1, -1e300] as [Double]),
        entry(.int8, [-128] as [Int8]), entry(.int16, [-32768] as [Int16]), entry(.uint16, [65535] as [UInt16]),
        entry(.uint32, [.max] as [UInt32]), entry(.uint64, [1, .max] as [UInt64]),
      ])
    let file = try SafetensorsFile(path: path)
    #expect(try file.floats(of: "F16") == [1, -0.5, 65504, 0x1p-24, .infinity])
    #expect(try file.floats(of: "BF16") == [1, -2, .infinity])
    #expect(try file.floats(of: "F64") == [0.1, -.infinity])
    #expect(try file.integers(of: "BOOL") == [1, 0, 1])
    #expect(try file.integers(of: "I8") == [-128])
    #expect(try file.integers(of: "I16") == [-32768])
    #expect(try file.integers(of: "U16") == [65535])
    #expect(try file.integers(of: "U32") == [4_294_967_295])
    #expect(throws: FormatError.self) { try file.integers(of: "U64") }
    #expect(throws: FormatError.self) { try file.integers(of: "F16") }
    #expect(throws: FormatError.self) { try file.floats(of: "I8") }
    #expect(throws: FormatError(path: path, reason: .tensor(name: "no", .missing))) { try file.floats(of: "no") }
    var small = [Float](repeating: 0, count: 2)
    _ = small.withUnsafeMutableBufferPointer { small in
      #expect(throws: FormatError(path: path, reason: .tensor(name: "BF16", .destinationSize(elements: 2, expected: 3)))) {
        try file.readFloats(of: "BF16", into: small)
      }
    }
  }

  /// More than one piece of a converting read.
  @Test func largeHalfTensors() throws {
    let folder = try TemporaryFolder()
    let values = (0..<300_001).map { UInt16(truncatingIfNeeded: $0) & 0x7eff }
    try SafetensorsWriter.write(
      path: folder.file("a"),
      [
        SafetensorsEntry(name: "h", type: .bfloat16, shape: [values.count]) { (writer) throws(FormatError) in
          try writer.write(elements: values)
        }
      ])
    let read = try SafetensorsFile(path: folder.file("a")).floats(of: "h")
    #expect(read == values.map { Float(bitPattern: UInt32($0) << 16) })
  }

  @Test func aChecksumCoversEverythingBeforeIt() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try SafetensorsWriter.write(
      path: path, [SafetensorsEntry(name: "a", shape: [3], [1, 2, 3] as [Float])], metadata: ["key": "value"], checksum: "crc")
    try SafetensorsFile(path: path).checkChecksum("crc")
    let bytes = try folder.get("a.safetensors")
    // CRC-32 after its definition, a bit at a time.
    var expected: UInt32 = ~0
    for byte in bytes.dropLast(4) {
      expected ^= UInt32(byte)
      for _ in 0..<8 { expected = expected >> 1 ^ (expected & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    #expect(bytes.suffix(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) } == ~expected)
    var changed = bytes
    changed[bytes.count - 9] ^= 1
    let damaged = try SafetensorsFile(path: folder.put("b.safetensors", changed))
    #expect(throws: FormatError(path: damaged.path, reason: .malformed("its content does not match its checksum"))) {
      try damaged.checkChecksum("crc")
    }
    #expect(throws: FormatError.self) { try damaged.checkChecksum("a") }
  }
}
