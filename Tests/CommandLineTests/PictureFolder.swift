import Foundation

/// A folder with an MNIST-like dataset of ten classes that are easy to tell apart: a bright bar for each, and noise.
struct PictureFolder {
  let folder: TemporaryFolder
  var path: String { folder.path }

  init(side: Int = 12, training: Int = 300, test: Int = 50) throws {
    folder = try TemporaryFolder()
    for (part, count) in [("train", training), ("t10k", test)] {
      var state: UInt32 = part == "train" ? 1 : 2
      func noise() -> UInt8 {
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
      }
      let labels = (0..<count).map { UInt8($0 % 10) }
      var pixels: [UInt8] = []
      for label in labels {
        for y in 0..<side { for x in 0..<side { pixels.append(y == Int(label) % side || x == Int(label) % side ? 255 : noise() / 4) } }
      }
      try put("\(part)-images-idx3-ubyte", Self.idx([count, side, side], pixels))
      try put("\(part)-labels-idx1-ubyte.gz", Self.gzip(Self.idx([count], labels)))
    }
  }

  func put(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: folder.path(name))) }
  func get(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: folder.path(name)))) }
  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: folder.path(name)) }

  static func idx(_ dimensions: [Int], _ bytes: [UInt8], magic: Int? = nil) -> [UInt8] {
    ([magic ?? 0x800 + dimensions.count] + dimensions).flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
      + bytes
  }

  /// A gzip file of stored blocks.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    func little(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
      let block = rest.prefix(65535)
      rest = rest.dropFirst(block.count)
      result += [rest.isEmpty ? 1 : 0] + little(UInt32(block.count), 2) + little(~UInt32(block.count), 2) + block
    } while !rest.isEmpty
    var check: UInt32 = ~0
    for byte in bytes {
      check ^= UInt32(byte)
      for _ in 0..<8 { check = check >> 1 ^ (check & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return result + little(~check, 4) + little(UInt32(bytes.count), 4)
  }
}
