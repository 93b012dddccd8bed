import GlissadeData
import TestSupport
import Testing

@Suite struct IDXTests {
  private let pixels = (0..<5 * 3 * 4).map { UInt8(truncatingIfNeeded: $0 &* 37) }
  private let labels: [UInt8] = [0, 2, 1, 2, 0]

  private func fill(_ folder: TemporaryFolder, images: [UInt8]? = nil, labels: [UInt8]? = nil, suffix: String = "") throws {
    for part in ["train", "t10k"] {
      _ = try folder.put("\(part)-images-idx3-ubyte\(suffix)", images ?? idx([5, 3, 4], pixels))
      _ = try folder.put("\(part)-labels-idx1-ubyte\(suffix)", labels ?? idx([5], self.labels))
    }
  }

  private func failure(_ folder: IDXFolder, _ part: IDXFolder.Part = .training) -> DataError? {
    do throws(DataError) {
      _ = try folder.load(part)
      return nil
    } catch {
      #expect(!error.description.contains("\n"))
      return error
    }
  }

  @Test(arguments: [false, true])
  func readsPlainAndGzip(compressed: Bool) throws {
    let folder = try TemporaryFolder()
    if compressed {
      try fill(folder, images: gzip(idx([5, 3, 4], pixels)), labels: gzip(idx([5], labels)), suffix: ".gz")
    } else {
      try fill(folder)
    }
    let data = try IDXFolder(path: folder.path).load(.training)
    #expect(data.count == 5 && data.sampleShape == [3, 4, 1] && data.classNames == ["0", "1", "2"])
    #expect(data.pixels == pixels)
    #expect(data.labels == [0, 2, 1, 2, 0])
    let (features, labels) = try data.gather([3, 0])
    #expect(labels == [2, 0])
    #expect(features == (Array(pixels[36..<48]) + pixels[0..<12]).map { Float($0) / 255 })
  }

  /// Data of many chunks, members of gzip in a row, and padding after the last.
  @Test func largeAndMultiMember() throws {
    let folder = try TemporaryFolder()
    let pixels = (0..<700 * 32 * 32).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) }
    let whole = idx([700, 32, 32], pixels)
    let members = gzip(Array(whole[..<9])) + gzip([]) + gzip(Array(whole[9..<400_000])) + gzip(Array(whole[400_000...]))
    try fill(folder, images: members + [0, 0, 0], labels: gzip(idx([700], [UInt8](repeating: 1, count: 700))))
    #expect(try IDXFolder(path: folder.path).load(.training).pixels == pixels)
  }

  @Test func missing() throws {
    let folder = try TemporaryFolder()
    let none = folder.file("none")
    #expect(failure(IDXFolder(path: none)) == .missingFolder(path: none, hint: nil))
    let absent = failure(FashionMNIST.folder(none))
    #expect(absent?.description.contains("apt install dataset-fashion-mnist") == true)
    let empty = failure(FashionMNIST.folder(folder.path))
    #expect(empty?.description.contains("train-labels-idx1-ubyte.gz") == true && empty?.description.contains("apt install") == true)
    let file = try folder.put("file", [1])
    #expect(failure(IDXFolder(path: file)) == .notAFolder(path: file))
    try fill(folder)
    #expect(failure(IDXFolder(path: folder.path)) == nil)
    let wrong = failure(FashionMNIST.folder(folder.path))
    #expect(wrong == .wrongShape(source: folder.file("train-images-idx3-ubyte"), found: [3, 4, 1], expected: [28, 28, 1]))
  }

  @Test func wrongContent() throws {
    let folder = try TemporaryFolder()
    let (images, labelFile) = (folder.file("train-images-idx3-ubyte"), folder.file("train-labels-idx1-ubyte"))
    let data = IDXFolder(path: folder.path, classNames: ["a", "b", "c"])

    try fill(folder, images: idx([5, 3, 4], pixels, magic: 0x0801))
    #expect(failure(data) == .wrongMagic(path: images, found: 0x0801, expected: 0x0803))
    #expect(failure(data)?.description.contains("0x00000801 instead of 0x00000803") == true)
    try fill(folder, images: idx([4, 3, 4], Array(pixels.prefix(48))))
    #expect(failure(data) == .countMismatch(images: images, imageCount: 4, labels: labelFile, labelCount: 5))
    try fill(folder, labels: idx([5], [0, 1, 2, 3, 0]))
    #expect(failure(data) == .labelOutOfRange(source: labelFile, index: 3, value: 3, classes: 3))
    try fill(folder, images: idx([5, 3, 4], Array(pixels.dropLast())))
    #expect(failure(data) == .truncated(path: images, bytes: 75, expected: 76))
    try fill(folder, images: idx([5, 3, 4], pixels + [0]))
    #expect(failure(data) == .trailingBytes(path: images, expected: 76))
    try fill(folder, images: idx([5, 0, 4], []))
    #expect(failure(data) == .badDimensions(path: images, dimensions: [5, 0, 4]))
    try fill(folder, images: [])
    #expect(failure(data) == .truncated(path: images, bytes: 0, expected: 16))
    try fill(folder, images: [0, 0, 8, 3, 0])
    #expect(failure(data) == .truncated(path: images, bytes: 5, expected: 16))
    try fill(folder, images: Array("<html>not found</html>".utf8))
    #expect(failure(data) == .wrongMagic(path: images, found: 0x3c68_746d, expected: 0x0803))
  }

  /// Headers that promise what no memory holds fail on what is there, at once.
  @Test func hostileHeaders() throws {
    let folder = try TemporaryFolder()
    let images = folder.file("train-images-idx3-ubyte")
    let data = IDXFolder(path: folder.path)
    try fill(folder, images: idx([.max, .max, .max], pixels))
    #expect(failure(data) == .badDimensions(path: images, dimensions: [4_294_967_295, 4_294_967_295, 4_294_967_295]))
    for file in [idx([.max, 65_535, 4096], pixels), gzip(idx([.max, 65_535, 4096], pixels))] {
      try fill(folder, images: file)
      #expect(failure(data) == .truncated(path: images, bytes: 76, expected: 16 + 4_294_967_295 * 65_535 * 4096))
    }
    try fill(folder, labels: idx([.max], labels))
    #expect(failure(data) == .truncated(path: folder.file("train-labels-idx1-ubyte"), bytes: 13, expected: 8 + 4_294_967_295))
  }

  @Test func truncatedGzip() throws {
    let folder = try TemporaryFolder()
    let images = folder.file("train-images-idx3-ubyte")
    let whole = gzip(idx([5, 3, 4], pixels))
    for count in 2..<whole.count {
      try fill(folder, images: Array(whole[..<count]))
      #expect(failure(IDXFolder(path: folder.path)) == .truncatedGzip(path: images))
    }
  }

  @Test func corruptGzip() throws {
    let folder = try TemporaryFolder()
    let images = folder.file("train-images-idx3-ubyte")
    let whole = gzip(idx([5, 3, 4], pixels))
    for (position, message) in [(whole.count - 8, "incorrect data check"), (whole.count - 1, "incorrect length check")] {
      var bytes = whole
      bytes[position] ^= 0x40
      try fill(folder, images: bytes)
      #expect(failure(IDXFolder(path: folder.path)) == .corruptGzip(path: images, message: message))
    }
    // Whatever byte is damaged, nothing but an error or, in the unchecked header fields, the right data comes out.
    for position in whole.indices {
      var bytes = whole
      bytes[position] ^= 0x15
      try fill(folder, images: bytes)
      if let read = try? IDXFolder(path: folder.path).load(.training) { #expect(read.pixels == pixels) }
    }
    try fill(folder, images: whole + Array("trash".utf8))
    guard case .corruptGzip = failure(IDXFolder(path: folder.path)) else {
      Issue.record("trash after the data passed")
      return
    }
  }

  /// The classes of the test part are those of the training part.
  @Test func inferredClasses() throws {
    let folder = try TemporaryFolder()
    try fill(folder)
    _ = try folder.put("t10k-labels-idx1-ubyte", idx([5], [0, 0, 0, 1, 0]))
    #expect(try IDXFolder(path: folder.path).load(.test).classCount == 3)
    _ = try folder.put("t10k-labels-idx1-ubyte", idx([5], [0, 0, 0, 3, 0]))
    #expect(
      failure(IDXFolder(path: folder.path), .test)
        == .labelOutOfRange(source: folder.file("t10k-labels-idx1-ubyte"), index: 3, value: 3, classes: 3))
  }
}
