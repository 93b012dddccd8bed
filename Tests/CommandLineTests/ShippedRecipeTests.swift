import Foundation
import Glissade
import TestSupport
import Testing

/// Every recipe of `Recipes/` trains, on data that is small and like its own.
struct ShippedRecipeTests {
  private let folder: CommandLineTests.TemporaryFolder
  private static let recipes = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Recipes")

  init() throws { folder = try CommandLineTests.TemporaryFolder() }

  private func put(_ name: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: folder.path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// Trains a recipe, changed by what makes it small.
  private func expectTraining(
    _ recipe: String, by command: String = "train", _ options: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (path, run) = (Self.recipes.appendingPathComponent(recipe + ".yaml").path, folder.path("runs/" + recipe))
    let outcome = try glissade(
      [command, "--recipe", path, "--batch-size", "4", "--device", "cpu", "--quiet", "--out", run] + options)
    #expect(outcome.status == 0, "\(recipe): \(outcome)", sourceLocation: sourceLocation)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.hasPrefix("# "), "\(recipe): a recipe begins by saying what it is for", sourceLocation: sourceLocation)
    // What it says is in force where nothing else was said.
    let (written, kept) = (try Recipe(contentsOf: path), try Recipe(contentsOf: run + "/recipe.yaml"))
    let changed = Set((options + ["--batch-size", "--device"]).filter { $0.hasPrefix("--") })
    for option in Recipe.declarations where written.origin(of: option.name) != nil && !changed.contains("--\(option.optionName)") {
      #expect(written.text(of: option.name) == kept.text(of: option.name), "\(recipe): \(option.name)", sourceLocation: sourceLocation)
    }
  }

  @Test func everyRecipeIsTried() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.recipes.path).sorted()
    #expect(
      names == [
        "cifar10-resnet18.yaml", "fashion-mnist-lenet.yaml", "fashion-mnist-resnet18.yaml", "finetune-gentle.yaml", "finetune-head.yaml",
        "table-classification.yaml", "table-regression.yaml",
      ])
  }

  @Test func images() throws {
    let data = try PictureFolder(training: 40, test: 10)
    try expectTraining("fashion-mnist-lenet", "--data", data.path, "--epochs", "1")
    try expectTraining("fashion-mnist-resnet18", "--data", data.path, "--epochs", "1", "--limit", "12")
    for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
      var bytes: [UInt8] = []
      for record in 0..<4 {
        bytes.append(UInt8(record))
        for place in 0..<3072 { bytes.append(UInt8(truncatingIfNeeded: place * (record + 3))) }
      }
      try put("cifar/\(name)", bytes)
    }
    try expectTraining("cifar10-resnet18", "--data", folder.path("cifar"), "--epochs", "1", "--limit", "12")
  }

  @Test func pictures() throws {
    for (name, colour) in [("dark", 40), ("light", 200)] {
      for number in 0..<8 {
        let pixels = (0..<192).map { UInt8(truncatingIfNeeded: colour + ($0 * 7 + number * 13) % 40) }
        try put("pictures/\(name)/\(number).png", HandmadePicture.png(width: 8, height: 8, pixels: pixels))
      }
    }
    let (data, base) = (folder.path("pictures"), folder.path("base"))
    let outcome = try glissade(
      "train", "--data", data, "--model", "efficientnet-lite0", "--size", "32", "--limit", "8", "--batch-size", "4", "--epochs", "1",
      "--device", "cpu", "--quiet", "--out", base)
    #expect(outcome.status == 0, "\(outcome)")
    try expectTraining("finetune-head", by: "finetune", "--data", data, "--pretrained", base, "--size", "32", "--epochs", "2")
    try expectTraining("finetune-gentle", by: "finetune", "--data", data, "--pretrained", base, "--size", "32", "--epochs", "7")
  }

  @Test func tables() throws {
    let classes = (0..<60).map { "\($0 % 9),\(Double($0 % 7) / 3),\($0 % 9 > 4 ? "benign" : "malignant")" }
    try put("classes.csv", Array(("mean radius,mean texture,diagnosis\n" + classes.joined(separator: "\n") + "\n").utf8))
    try expectTraining("table-classification", "--data", folder.path("classes.csv"), "--epochs", "2")
    let values = (0..<60).map { "\($0 % 50 + 20),\($0 % 2 + 1),\(Double($0 % 11) + 20),\(Double($0 % 11) * 12 + Double($0 % 2))" }
    try put("values.csv", Array(("age,sex,bmi,progression\n" + values.joined(separator: "\n") + "\n").utf8))
    try expectTraining("table-regression", "--data", folder.path("values.csv"), "--epochs", "2")
  }
}
