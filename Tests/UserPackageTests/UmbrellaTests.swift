import Foundation
import Testing

/// What `import Glissade` brings a program, and what it keeps inside.
struct UmbrellaTests {
  /// Has the compiler look at a program, without building it.
  private func check(_ program: String) throws -> Outcome {
    let products = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("umbrella-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("main.swift")
    try Data("import Glissade\n\(program)\n".utf8).write(to: file)
    // What the package manager tells the compiler of C.
    let scratch = products.deletingLastPathComponent().deletingLastPathComponent()
    var maps = [scratch.appendingPathComponent("checkouts/Yams/Sources/CYaml/include/module.modulemap")]
    for parent in [products, Repository.root.appendingPathComponent("Sources")] {
      maps += try FileManager.default.contentsOfDirectory(at: parent, includingPropertiesForKeys: nil)
        .map { $0.appendingPathComponent("module.modulemap") }
    }
    let options = maps.filter { FileManager.default.fileExists(atPath: $0.path) }.flatMap { ["-Xcc", "-fmodule-map-file=\($0.path)"] }
    return try Outcome(
      ["swiftc", "-typecheck", "-swift-version", "6", "-I", products.appendingPathComponent("Modules").path] + options + [file.path],
      in: folder)
  }

  @Test func programsFindWhatTheyName() throws {
    let outcome = try check(
      """
      struct Mine: Layer {
        let dense = Dense(4, 2)
        let dropout: Dropout
        let scale = Parameter("scale", shape: [2], initializer: .ones)
        func forward(_ x: Tensor) -> Tensor { x.graph.isTraining ? relu(2 * dense(dropout(x)) + 1) * x.graph[scale] : -x.softmax() }
      }
      var recipe = Recipe()
      recipe.epochs = 2
      let trainer = try Trainer(recipe)
      let result: Trainer.Result = try trainer.fit(out: "run", on: DeviceSelection.open(.cpu))
      let device: any Device = try CPUDevice()
      let options = TrainingOptions(groups: [ParameterGroup(AdamW(), schedule: .constant)])
      let session = try TrainingSession(model: MLP([2, 2]), sampleShape: [2], batchSize: 1, groups: options.groups, device: device)
      let data: any Dataset = try ArrayDataset(features: [1, 2], sampleShape: [2], labels: [0])
      func explain(_ error: DeviceError, _ other: FormatError, _ value: JSONValue, _ folder: RunFolder, _ picture: PictureFolder) {}
      """)
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  @Test func theInsideStaysInside() throws {
    let names = [
      "Plan", "Planner", "Launch", "StepRequest", "DeviceProfile", "StepCost", "DeviceBuffer", "PreparedPlan", "TuningStore", "Operation",
      "MaxPool",
      "BatchNormalization", "AvailableMemory", "RecipeTraining", "TrainingRequest", "Misuse",
    ]
    let outcome = try check(names.enumerated().map { "func inside\($0.offset)(_ value: \($0.element)) {}" }.joined(separator: "\n"))
    for name in names { #expect(outcome.output.contains("cannot find type '\(name)' in scope"), "\(name)\n\(outcome.output)") }
  }
}
