import GlissadeFormats
import TestSupport
import Testing

struct ProtobufTests {
  /// The examples of the encoding's own description.
  @Test func knownBytes() {
    func bytes(_ body: (inout ProtobufWriter) -> Void) -> [UInt8] {
      var writer = ProtobufWriter()
      body(&writer)
      return writer.bytes
    }
    #expect(bytes { $0.integer(1, 150) } == [0x08, 0x96, 0x01])
    #expect(bytes { $0.text(2, "testing") } == [0x12, 0x07] + Array("testing".utf8))
    #expect(bytes { $0.message(3) { $0.integer(1, 150) } } == [0x1a, 0x03, 0x08, 0x96, 0x01])
    #expect(bytes { $0.packed(6, [3, 270, 86942] as [Int64]) } == [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05])
    #expect(bytes { $0.integer(1, -2) } == [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
    #expect(bytes { $0.float(2, 1.5) } == [0x15, 0, 0, 0xc0, 0x3f])
    #expect(bytes { $0.double(1, -2) } == [0x09, 0, 0, 0, 0, 0, 0, 0, 0xc0])
    #expect(bytes { $0.packed(4, [1, -1] as [Float]) } == [0x22, 8, 0, 0, 0x80, 0x3f, 0, 0, 0x80, 0xbf])
    #expect(bytes { $0.integer(16, 0) } == [0x80, 0x01, 0])
  }

  @Test func whatIsWrittenIsRead() throws {
    var writer = ProtobufWriter()
    writer.integer(7, .max)
    writer.message(20) { inner in
      inner.text(1, "é")
      inner.packed(2, [0, 1, -1, 1 << 40] as [Int64])
      inner.float(3, .pi)
    }
    writer.length(9, 2)
    let fields = try ProtobufFields(writer.bytes + [1, 2])
    #expect(fields.integers(7) == [.max])
    #expect(fields.data(9) == [[1, 2]])
    let inner = try #require(try fields.messages(20).first)
    #expect(inner.texts(1) == ["é"])
    #expect(inner.integers(2) == [0, 1, -1, 1 << 40])
    #expect(inner.floats(3) == [.pi])
  }
}
