import Glibc
import GlissadeFormats
import TestSupport
import Testing

/// Files made to harm: each must be refused with a reason, quickly and without memory for what it only claims.
@Suite struct HostileSafetensorsTests {
  private func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + [UInt8](repeating: 0, count: data)
  }

  private func reason(_ bytes: [UInt8]) throws -> FormatError.Reason? {
    let folder = try TemporaryFolder()
    let path = try folder.put("a.safetensors", bytes)
    do throws(FormatError) {
      _ = try SafetensorsFile(path: path)
      return nil
    } catch {
      #expect(error.path == path)
      #expect(!error.description.contains("\n"))
      return error.reason
    }
  }

  private func fault(_ header: String, data: Int = 0) throws -> TensorFault? {
    guard case .tensor(_, let fault) = try reason(file(header, data: data)) else { return nil }
    return fault
  }

  @Test func theHarmlessOnesPass() throws {
    #expect(try reason(file("{}")) == nil)
    #expect(try reason(file("{}   ")) == nil)
    #expect(try reason(file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: 4)) == nil)
    let unordered = #"{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    #expect(try reason(file(unordered, data: 3)) == nil)
  }

  @Test func lengths() throws {
    #expect(try reason([]) == .tooShort(bytes: 0, needed: 8))
    #expect(try reason([1, 2, 3]) == .tooShort(bytes: 3, needed: 8))
    #expect(try reason(file("{}", length: 3)) == .headerLength(declared: 3, limit: 2))
    #expect(try reason(file("{}", length: .max)) == .headerLength(declared: .max, limit: 2))
    #expect(try reason(file("{}", length: 1 << 63)) == .headerLength(declared: 1 << 63, limit: 2))
  }

  @Test func headersThatAreNotTheRightJSON() throws {
    for header in ["", "{", "nonsense", #"{"a":NaN}"#, #"{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}"#] {
      guard case .json = try reason(file(header, data: 4)) else {
        Issue.record("\(header) passed")
        continue
      }
    }
    let twice = #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    guard case .json = try reason(file(twice, data: 1)) else {
      Issue.record("a duplicate passed")
      return
    }
    guard case .malformed = try reason(file("[]")) else {
      Issue.record("an array passed")
      return
    }
    guard case .malformed = try reason(file(#"{"__metadata__":{"a":1}}"#)) else {
      Issue.record("a number among the metadata passed")
      return
    }
    #expect(try reason(file(String(repeating: "[", count: 500_000))) != nil)
  }

  /// `reason` sees to it that each message is one line, whatever the file calls things.
  @Test func namesThatWouldBreakALine() throws {
    let name = #"a\n\u001b[2Jb"#
    let entry = #"{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#
    let headers = [
      #"{"\#(name)":1}"#, #"{"\#(name)":\#(entry),"\#(name)":\#(entry)}"#, #"{"__metadata__":{"\#(name)":1}}"#,
      #"{"a":{"dtype":"\#(name)","shape":[1],"data_offsets":[0,1]}}"#,
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"\#(name)":1}}"#,
    ]
    for header in headers {
      guard let reason = try reason(file(header, data: 1)) else {
        Issue.record("\(header) passed")
        continue
      }
      #expect(!reason.description.unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(reason)")
    }
  }

  @Test func entries() throws {
    let bad = [
      #"{"a":1}"#, #"{"a":{}}"#, #"{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}"#,
      #"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#,
      #"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}"#, #"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#,
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#,
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551620]}}"#,
    ]
    for header in bad {
      guard case .badEntry = try fault(header, data: 4) else {
        Issue.record("\(header) passed")
        continue
      }
    }
    #expect(try fault(#"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#, data: 4) == .unknownType("F33"))
  }

  @Test func ranges() throws {
    func one(_ shape: String, _ offsets: String) -> String { #"{"a":{"dtype":"F32","shape":\#(shape),"data_offsets":\#(offsets)}}"# }
    #expect(try fault(one("[1]", "[0,8]"), data: 4) == .offsetsOutOfRange(begin: 0, end: 8, available: 4))
    #expect(try fault(one("[1]", "[-4,0]"), data: 4) == .offsetsOutOfRange(begin: -4, end: 0, available: 4))
    #expect(try fault(one("[1]", "[4,0]"), data: 4) == .offsetsOutOfRange(begin: 4, end: 0, available: 4))
    #expect(try fault(one("[2]", "[0,4]"), data: 4) == .sizeMismatch(bytes: 4, expected: 8))
    #expect(try fault(one("[-1,-1]", "[0,4]"), data: 4) == .badShape([-1, -1]))
    #expect(try fault(one("[4611686018427387904,4]", "[0,0]")) == .badShape([1 << 62, 4]))
    #expect(try fault(one("[2147483648,2147483648,2]", "[0,0]")) == .badShape([1 << 31, 1 << 31, 2]))
    #expect(try fault(one("[9223372036854775807]", "[0,4]"), data: 4) == .badShape([.max]))
    #expect(try fault(one("[0,4611686018427387904,4]", "[0,0]")) == nil)
    #expect(try fault(one("[1]", "[4,8]"), data: 8) == .notContiguous(begin: 4, expected: 0))
    #expect(try reason(file(one("[1]", "[0,4]"), data: 5)) == .malformed("1 bytes after the last tensor belong to none"))
    let overlap = #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#
    #expect(try fault(overlap, data: 4) == .notContiguous(begin: 2, expected: 3))
    let same = #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#
    #expect(try fault(same, data: 4) == .notContiguous(begin: 0, expected: 4))
  }

  /// Every shortening of a good file is refused, and no single changed byte of its header crashes the reader.
  @Test func truncationsAndFlips() throws {
    let folder = try TemporaryFolder()
    try SafetensorsWriter.write(
      path: folder.file("good"),
      [SafetensorsEntry(name: "a", shape: [2, 2], [1, 2, 3, 4] as [Float]), SafetensorsEntry(name: "b", shape: [1], [5] as [Int64])],
      metadata: ["k": "v"])
    let good = try folder.get("good")
    for count in 0..<good.count {
      let path = try folder.put("bad", Array(good[..<count]))
      #expect(throws: FormatError.self) { try SafetensorsFile(path: path) }
    }
    for position in 0..<good.count - 24 {
      for value in [0, 0x22, 0x39, 0x7b, 0x80, 0xff] as [UInt8] {
        var bytes = good
        bytes[position] = value
        let path = try folder.put("bad", bytes)
        if let file = try? SafetensorsFile(path: path) {
          for tensor in file.tensors { #expect(try file.bytes(of: tensor.name).count == tensor.range.count) }
        }
      }
    }
  }

  @Test func aFileThatShrinksAfterOpening() throws {
    let folder = try TemporaryFolder()
    try SafetensorsWriter.write(path: folder.file("a"), [SafetensorsEntry(name: "a", shape: [4], [1, 2, 3, 4] as [Float])])
    let file = try SafetensorsFile(path: folder.file("a"))
    _ = try folder.put("a", Array(try folder.get("a").dropLast(5)))
    #expect(throws: FormatError.self) { try file.floats(of: "a") }
  }

  @Test func whatIsNoFile() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FormatError.self) { try SafetensorsFile(path: folder.file("none")) }
    #expect(error?.description == "\(folder.file("none")): cannot open: No such file or directory (errno 2)")
    #expect(symlink("nowhere", folder.file("link")) == 0)
    #expect(throws: FormatError(path: folder.file("link"), reason: .malformed("a link that leads nowhere"))) {
      try SafetensorsFile(path: folder.file("link"))
    }
    #expect(throws: FormatError(path: folder.path, reason: .notRegular)) { try SafetensorsFile(path: folder.path) }
    #expect(throws: FormatError(path: "/dev/zero", reason: .notRegular)) { try SafetensorsFile(path: "/dev/zero") }
  }
}
