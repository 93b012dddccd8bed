import Foundation
import Testing

/// Packages under Examples that show one thing each: they build against this one without a warning, and fail by themselves where they learn less
/// than they say.
extension OwnModelTests {
  static let examples = [
    "Autoencoder", "Curvature", "FirstProgram", "FocalLoss", "GradientPenalty", "OwnAugmentation", "OwnOptimizers", "PictureAndTable",
    "SiameseNetwork", "TokenClassifier",
  ]

  @Test func examplesBuildAndLearn() throws {
    let examples = Repository.root.appendingPathComponent("Examples")
    // As one package: each by itself would have the library built once more.
    let all = FileManager.default.temporaryDirectory.appendingPathComponent("examples-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: all) }
    try FileManager.default.createDirectory(at: all, withIntermediateDirectories: true)
    var targets: [String] = []
    for name in Self.examples {
      let text = try Repository.text("Examples/\(name)/Package.swift")
      #expect(text.contains(".package(name: \"glissade\", path: \"../..\")"))
      let target = ".executableTarget(name: \"\(name)\", dependencies: [.product(name: \"Glissade\", package: \"glissade\")])"
      #expect(text.contains("  targets: [\(target)]\n"))
      targets.append(target.replacing("])", with: "], path: \"\(name)\")"))
      try FileManager.default.createSymbolicLink(
        at: all.appendingPathComponent(name), withDestinationURL: examples.appendingPathComponent("\(name)/Sources/\(name)"))
      let lines = try Repository.text("Examples/\(name)/Sources/\(name)/main.swift").split(
        separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count <= 61, "\(name) has \(lines.count - 1) lines")
    }
    let manifest = """
      // swift-tools-version: 6.1
      import PackageDescription
      let package = Package(
        name: "OwnModel", dependencies: [.package(name: "glissade", path: "\(Repository.root.path)")], targets: [\(targets.joined(separator: ","))])
      """
    try manifest.write(to: all.appendingPathComponent("Package.swift"), atomically: true, encoding: .utf8)
    let build = try Outcome(["swift", "build", "--package-path", all.path, "--scratch-path", Self.scratch.path, "-Xcc", "-O2"], in: all)
    try #require(build.status == 0, "\(build.output)")
    let warnings = build.output.split(separator: "\n").filter { $0.contains("warning:") }
    #expect(warnings.isEmpty, "\(warnings.joined(separator: "\n"))")
    for name in Self.examples {
      let run = try Outcome([Self.scratch.appendingPathComponent("debug/\(name)").path], in: all)
      #expect(run.status == 0, "\(name): \(run.output)")
      // It is as short as can be, and does not judge itself.
      if name == "FirstProgram" { #expect(run.output.contains("test accuracy 0.8"), "\(run.output)") }
    }
  }
}
