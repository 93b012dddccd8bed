import Foundation
import Testing

/// A package of somebody else's that depends on this one, with a layer and a model of its own.
/// They share what is built, so one comes after the other.
@Suite(.serialized) struct OwnModelTests {
  /// Beside the test bundle, so that a second run finds what the first one built.
  static let scratch = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("OwnModel")

  @Test func buildsTrainsAndLearns() throws {
    let package = Repository.root.appendingPathComponent("Examples/OwnModel")
    let swift = ["swift", "build", "--package-path", package.path, "--scratch-path", Self.scratch.path, "-Xcc", "-O2"]
    let build = try Outcome(swift, in: package)
    try #require(build.status == 0, "\(build.output)")
    let warnings = build.output.split(separator: "\n").filter { $0.contains("warning:") }
    #expect(warnings.isEmpty, "\(warnings.joined(separator: "\n"))")

    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("own-model-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try Outcome([Self.scratch.appendingPathComponent("debug/OwnModel").path], in: folder)
    // The program itself fails below 90 % of right answers.
    try #require(run.status == 0, "\(run.output)")
    for epoch in 1...5 { #expect(run.output.contains("epoch \(epoch): loss "), "\(run.output)") }
    let last = run.output.split(separator: "\n").last ?? ""
    let accuracy = try #require(last.hasPrefix("test accuracy ") ? Double(last.dropFirst("test accuracy ".count)) : nil, "\(run.output)")
    #expect(accuracy >= 0.9 && accuracy <= 1)

    let saved = try Data(contentsOf: folder.appendingPathComponent("own-model.safetensors"))
    let length = saved.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let header = try #require(try JSONSerialization.jsonObject(with: saved.dropFirst(8).prefix(length)) as? [String: [String: Any]])
    let names = Set(header.keys).subtracting(["__metadata__"])
    let blocks = (0..<2).flatMap { block in
      ["expand.weight", "expand.bias", "project.weight", "project.bias", "scale"].map { "blocks.\(block).\($0)" }
    }
    #expect(names == Set(["stem.weight", "stem.bias", "head.weight", "head.bias"] + blocks))
    #expect(header["blocks.0.expand.weight"]?["shape"] as? [Int] == [128, 64])
  }
}
