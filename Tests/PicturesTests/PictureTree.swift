import Foundation
import GlissadePictures
import TestSupport

/// A folder with folders in it, which goes when the test ends.
final class PictureTree {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("glissade-pictures-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func place(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, and the folders on the way to it.
  @discardableResult
  func put(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = URL(fileURLWithPath: place(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  /// Writes a picture that no other number gives: noise.
  @discardableResult
  func picture(_ name: String, _ number: Int, width: Int = 20, height: Int = 15) throws -> String {
    try put(name, HandmadePicture.png(width: width, height: height, pixels: Self.noise(number, count: 3 * width * height)))
  }

  static func noise(_ seed: Int, count: Int) -> [UInt8] {
    var state = UInt32(truncatingIfNeeded: seed) &* 2_654_435_761 &+ 1
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
  }

  func link(_ name: String, to destination: String) throws {
    try FileManager.default.createSymbolicLink(atPath: place(name), withDestinationPath: destination)
  }

  /// A list of so many pictures, of two classes by turns.
  func list(_ count: Int, width: Int = 20, height: Int = 15) throws -> PictureList {
    let paths = try (0..<count).map { try picture("\($0).png", $0, width: width + $0 % 3, height: height + $0 % 5) }
    return try PictureList(paths: paths, labels: (0..<count).map { Int32($0 % 2) }, classNames: ["even", "odd"])
  }
}
