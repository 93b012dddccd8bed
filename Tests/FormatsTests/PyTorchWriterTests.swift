import GlissadeFormats
import TestSupport
import Testing

@Suite struct PyTorchWriterTests {
  private let entries = [
    WeightsEntry(name: "weight", shape: [2, 3], [1, -2, 3.5, .nan, .infinity, -0.0] as [Float]),
    WeightsEntry(name: "empty", shape: [0, 7], [] as [Float]),
    WeightsEntry(name: "labels é\n", shape: [3], [7, -8, .max] as [Int32]),
    WeightsEntry(name: "wide", type: .uint16, shape: [2]) { (writer) throws(FormatError) in
      try writer.write(elements: [1, 65535] as [UInt16])
    },
    WeightsEntry(name: "", shape: [], [Int64.min]),
  ]

  @Test func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.pt")
    try PyTorchWriter.write(path: path, entries)
    let file = try WeightsFile(path: path)
    #expect(file.format == .pyTorchArchive)
    #expect(file.tensors.map(\.name) == entries.map(\.name))
    #expect(file.tensors.map(\.type) == entries.map(\.type))
    #expect(file.tensors.map(\.shape) == entries.map(\.shape))
    #expect(try file.floats(of: "weight").map(\.bitPattern) == [1, -2, 3.5, Float.nan, .infinity, -0.0].map(\.bitPattern))
    #expect(try file.integers(of: "labels é\n") == [7, -8, Int64(Int32.max)])
    #expect(try file.integers(of: "wide") == [1, 65535])
    #expect(try file.integers(of: "") == [.min])
    #expect(folder.names == ["a.pt"])
    let first = try folder.get("a.pt")
    try PyTorchWriter.write(path: path, entries)
    #expect(try folder.get("a.pt") == first)
  }

  /// What the directory says of the file's layout: every entry's data at a multiple of 64 bytes.
  @Test func dataAreAligned() throws {
    let folder = try TemporaryFolder()
    let values = (0..<64).map(Float.init)
    try PyTorchWriter.write(
      path: folder.file("a"), (1..<10).map { WeightsEntry(name: "t\($0)", shape: [$0], Array(values[..<$0])) })
    let bytes = try folder.get("a")
    let header: [UInt8] = [0x50, 0x4b, 0x03, 0x04]
    var found = 0
    for index in 0..<bytes.count - 30 where bytes[index..<index + 4].elementsEqual(header) {
      let name = Int(bytes[index + 26]) | Int(bytes[index + 27]) << 8
      let extra = Int(bytes[index + 28]) | Int(bytes[index + 29]) << 8
      #expect((index + 30 + name + extra) % 64 == 0)
      found += 1
    }
    #expect(found == 9 + 5)
  }

  /// From PyTorch's file to safetensors and back to PyTorch's: the same names, types, shapes and bytes.
  @Test(arguments: FixtureFolder.checkpoints) func throughBothFormats(_ name: String) throws {
    let folder = try TemporaryFolder()
    let original = try WeightsFile(path: FixtureFolder.checkpoint(name))
    try SafetensorsWriter.write(path: folder.file("a.safetensors"), original.entries)
    let between = try WeightsFile(path: folder.file("a.safetensors"))
    try PyTorchWriter.write(path: folder.file("a.pt"), between.entries)
    let copy = try WeightsFile(path: folder.file("a.pt"))
    for tensor in original.tensors {
      for file in [between, copy] {
        #expect(file.tensor(named: tensor.name)?.type == tensor.type)
        #expect(file.tensor(named: tensor.name)?.shape == tensor.shape)
        #expect(try file.bytes(of: tensor.name) == original.bytes(of: tensor.name))
      }
    }
    #expect(copy.tensors.count == original.tensors.count)
  }

  @Test func theWriterChecksItsEntries() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    func fault(_ entries: [WeightsEntry]) -> FormatError.Reason? {
      do throws(FormatError) {
        try PyTorchWriter.write(path: path, entries)
        return nil
      } catch {
        return error.reason
      }
    }
    let one = WeightsEntry(name: "a", shape: [1], [1] as [Float])
    #expect(fault([one, one]) == .tensor(name: "a", .badName))
    #expect(fault([WeightsEntry(name: "a", shape: [2], [1] as [Float])]) == .tensor(name: "a", .sizeMismatch(bytes: 4, expected: 8)))
    #expect(fault([WeightsEntry(name: "a", shape: [-1], [1] as [Float])]) == .tensor(name: "a", .badShape([-1])))
    #expect(folder.names.isEmpty)
  }

  @Test func largeTensorsGoByPieces() throws {
    let folder = try TemporaryFolder()
    let values = (0..<700_001).map { Float($0) }
    try PyTorchWriter.write(path: folder.file("a.pt"), [WeightsEntry(name: "x", shape: [700_001], values)])
    let file = try WeightsFile(path: folder.file("a.pt"))
    try SafetensorsWriter.write(path: folder.file("b"), file.entries)
    #expect(try WeightsFile(path: folder.file("b")).floats(of: "x") == values)
  }
}
