import Foundation
import GlissadeFormats

/// One of the files in `Tests/Fixtures`, which PyTorch computed; its `README.md` says what is in them.
struct Fixture {
  let file: SafetensorsFile

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  init(_ name: String) throws { try self.init(path: "\(Self.folder)/\(name).safetensors") }

  /// A file of the same kind that was made for one test.
  init(path: String) throws { file = try SafetensorsFile(path: path) }

  /// A tensor's elements in full precision, whether they are stored as F32 or F64.
  func doubles(_ name: String) throws -> [Double] {
    guard file.tensor(named: name)?.type == .float64 else { return try file.floats(of: name).map(Double.init) }
    return try file.bytes(of: name).withUnsafeBytes { bytes in
      (0..<(bytes.count / 8)).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
    }
  }

  func has(_ name: String) -> Bool { file.tensor(named: name) != nil }

  /// A metadata entry; those that are objects, lists or numbers are JSON text.
  func metadata(_ key: String) throws -> JSONValue {
    guard let text = file.metadata[key] else { throw Missing(name: "metadata \(key) in \(file.path)") }
    return try JSONValue.parse(Array(text.utf8))
  }

  /// What a fixture should have and has not.
  struct Missing: Error, CustomStringConvertible {
    let name: String
    var description: String { "\(name) is missing" }
  }
}

extension JSONValue {
  /// The member of an object, which has to be there.
  func member(_ key: String) throws -> JSONValue {
    guard let value = self[key] else { throw Fixture.Missing(name: "member \(key)") }
    return value
  }

  var integers: [Int] { (arrayValue ?? []).compactMap(\.integerValue) }
  var strings: [String] { (arrayValue ?? []).compactMap(\.stringValue) }
  var doubles: [Double] { (arrayValue ?? []).compactMap(\.doubleValue) }
}
