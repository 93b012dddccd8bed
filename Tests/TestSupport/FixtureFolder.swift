import Foundation

/// Where the fixtures are.
public enum FixtureFolder {
  public static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  /// The names of the checkpoints that PyTorch wrote.
  public static let checkpoints = (try? FileManager.default.contentsOfDirectory(atPath: path + "/checkpoints").sorted()) ?? []

  public static func checkpoint(_ name: String) -> String { "\(path)/checkpoints/\(name)" }

  /// The bytes of one of them, read without the code under test.
  public static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: checkpoint(name))))
  }

  /// The bytes of a fixture that is no table of tensors.
  public static func content(of name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }

  /// The names of the pictures of every kind.
  public static let pictures = (try? FileManager.default.contentsOfDirectory(atPath: path + "/pictures").sorted()) ?? []

  /// The bytes of one of them.
  public static func pictureBytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/pictures/\(name)")))
  }
}
