import GlissadeData
import TestSupport
import Testing

/// CIFAR's binary files.
@Suite struct CIFARTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A record whose planes say where they are.
  private func record(_ labels: [UInt8], _ number: Int) -> [UInt8] {
    labels + (0..<3072).map { UInt8(truncatingIfNeeded: $0 % 1024 + 50 * ($0 / 1024) + number) }
  }

  private func putTen() throws {
    for batch in 1...5 { _ = try folder.put("data_batch_\(batch).bin", record([UInt8(batch)], batch) + record([9], 100 + batch)) }
    _ = try folder.put("test_batch.bin", record([0], 7))
  }

  @Test func ten() throws {
    try putTen()
    let found = try #require(CIFARFolder(at: folder.path))
    #expect(found.kind == .ten)
    let training = try found.load(.training)
    #expect(training.sampleShape == [32, 32, 3] && training.labels == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9])
    #expect(training.classNames == (0..<10).map(String.init))
    // The first picture's second pixel: red, green and blue from three planes.
    #expect(Array(training.pixels[3..<6]) == [2, 52, 102])
    #expect(Array(training.pixels[3072 + 3069..<3072 + 3072]) == ([1124, 1174, 1224] as [Int]).map { UInt8(truncatingIfNeeded: $0) })
    #expect(try found.load(.test).labels == [0])
    let names = (0..<10).map { "class \($0)" }
    _ = try folder.put("batches.meta.txt", Array(names.joined(separator: "\n").utf8) + Array("\n\n".utf8))
    #expect(try found.load(.test).classNames == names)
    _ = try folder.put("batches.meta.txt", Array("one\n".utf8))
    #expect(throws: DataError.wrongSize(what: "\(folder.file("batches.meta.txt")) (names of classes)", found: 1, expected: 10)) {
      try found.load(.test)
    }
  }

  @Test func hundredAndItsCoarseClasses() throws {
    _ = try folder.put("train.bin", record([3, 77], 0) + record([19, 99], 1))
    _ = try folder.put("test.bin", record([0, 1], 2))
    #expect(try CIFARFolder(at: folder.path)?.load(.training).labels == [77, 99])
    let coarse = try #require(CIFARFolder(at: folder.path, coarse: true))
    #expect(try coarse.load(.training).labels == [3, 19] && coarse.load(.test).classNames.count == 20)
    #expect(CIFARFolder(at: folder.path + "/nowhere") == nil)
  }

  @Test func damagedFiles() throws {
    try putTen()
    let found = try #require(CIFARFolder(at: folder.path))
    let path = folder.file("data_batch_3.bin")
    _ = try folder.put("data_batch_3.bin", Array(record([3], 0).dropLast()))
    #expect(throws: DataError.truncated(path: path, bytes: 3072, expected: 3073)) { try found.load(.training) }
    _ = try folder.put("data_batch_3.bin", record([3], 0) + [1])
    #expect(throws: DataError.truncated(path: path, bytes: 3074, expected: 6146)) { try found.load(.training) }
    _ = try folder.put("data_batch_3.bin", [])
    #expect(throws: DataError.truncated(path: path, bytes: 0, expected: 3073)) { try found.load(.training) }
    _ = try folder.put("data_batch_3.bin", record([3], 0) + record([10], 0))
    #expect(throws: DataError.labelOutOfRange(source: path, index: 1, value: 10, classes: 10)) { try found.load(.training) }
  }
}
