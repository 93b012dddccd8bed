import Glibc
import GlissadeFormats
import GlissadePictures
import TestSupport

/// Pictures that other programs wrote, and what Pillow and torchvision made of them.
enum PictureFixtures {
  static let folder = FixtureFolder.path + "/pictures"

  static func file() throws -> SafetensorsFile { try SafetensorsFile(path: FixtureFolder.path + "/pictures.safetensors") }

  static func bytes(_ name: String) throws -> [UInt8] { try FixtureFolder.pictureBytes(name) }

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// The names of all pictures.
  static let names =
    (try? file())?.tensors.map(\.name).filter { $0.hasPrefix("white/") }.map { String($0.dropFirst("white/".count)) }.sorted() ?? []

  static let backgrounds: [(name: String, colour: Picture.Colour)] = [
    ("white", .white), ("green", Picture.Colour(red: 0, green: 200, blue: 100)),
  ]
}

/// The natural logarithm, without Foundation's.
func logarithm(_ value: Double) -> Double { log(value) }

extension SafetensorsFile {
  /// Numbers of 64 bits.
  func floats64(of name: String) throws -> [Double] {
    try bytes(of: name).withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
  }
}
