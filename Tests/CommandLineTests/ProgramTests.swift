import Foundation
import Glissade
import TestSupport
import Testing

/// A program that trains by a recipe does what the command does.
struct ProgramTests {
  private let folder: CommandLineTests.TemporaryFolder

  init() throws { folder = try CommandLineTests.TemporaryFolder() }

  private func put(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let url = URL(fileURLWithPath: folder.path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(path))) }

  private func putTable() throws -> String {
    let rows = (0..<90).map { "\($0 % 7),\($0 % 5),\(Double($0 % 7) * 0.5 - Double($0 % 5))" }
    return try put("t.csv", ("x,y,z\n" + rows.joined(separator: "\n") + "\n").utf8)
  }

  private func putPictures() throws -> String {
    for (name, colour) in [("dark", 40), ("light", 200)] {
      for number in 0..<12 {
        let pixels = (0..<192).map { UInt8(truncatingIfNeeded: colour + ($0 * 7 + number * 13) % 40) }
        _ = try put("pictures/\(name)/\(number).png", HandmadePicture.png(width: 8, height: 8, pixels: pixels))
      }
    }
    return folder.path("pictures")
  }

  /// Trains by the command and by a program, and compares what both leave.
  private func expectTheSame(_ recipe: Recipe, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var recipe = recipe
    (recipe.device, recipe.threads) = (.cpu, 1)
    let file = try put("recipe.yaml", recipe.text().utf8)
    let outcome = try glissade("train", "--recipe", file, "--out", folder.path("command"))
    try #require(outcome.status == 0, "\(outcome)", sourceLocation: sourceLocation)
    var lines: [String] = []
    let result = try Trainer(recipe).fit(out: folder.path("program"), report: { lines.append($0) })
    #expect(result.failure == nil && lines.count >= 2, sourceLocation: sourceLocation)
    for line in lines { #expect(outcome.output.contains(line + "\n"), "\(line)\n\(outcome)", sourceLocation: sourceLocation) }
    #expect(folder.names("program") == folder.names("command"), sourceLocation: sourceLocation)
    for name in ["model.safetensors", "best.safetensors", "samples.safetensors", "recipe.yaml"] {
      #expect(try bytes("program/\(name)") == bytes("command/\(name)"), "\(name)", sourceLocation: sourceLocation)
    }
    // Without a folder the same comes of it, and nothing is left.
    let names = folder.names()
    let alone = try Trainer(recipe).fit()
    try alone.state.save(to: folder.path("alone.safetensors"), metadata: ["model": recipe.model])
    #expect(try bytes("alone.safetensors") == bytes("program/model.safetensors"), sourceLocation: sourceLocation)
    #expect(folder.names().filter { $0 != "alone.safetensors" } == names, sourceLocation: sourceLocation)
    #expect(alone.record.testLoss == result.record.testLoss || result.record.testLoss.isNaN, sourceLocation: sourceLocation)
    #expect(alone.record.regression == result.record.regression, sourceLocation: sourceLocation)
  }

  @Test func tablesComeToTheSameBytes() throws {
    var recipe = Recipe()
    (recipe.data, recipe.target, recipe.epochs) = (try putTable(), "z", 3)
    try expectTheSame(recipe)
  }

  @Test func imagesComeToTheSameBytes() throws {
    var recipe = Recipe()
    let data = try PictureFolder()
    (recipe.data, recipe.epochs, recipe.optimizer, recipe.clipNorm) = (data.path, 2, "sgd", 1)
    try expectTheSame(recipe)
  }

  @Test func fineTuningComesToTheSameBytes() throws {
    var recipe = Recipe()
    (recipe.data, recipe.model, recipe.size, recipe.epochs) = (try putPictures(), "lenet", 8, 1)
    recipe.device = .cpu
    try Trainer(recipe).fit(out: folder.path("base"))
    (recipe.pretrained, recipe.stayClose, recipe.epochs) = (folder.path("base"), 0.01, 3)
    try recipe.set("freeze", to: .one("backbone"), from: .program)
    try recipe.set("unfreeze_at", to: .one("2"), from: .program)
    try expectTheSame(recipe)
  }

  @Test func aRunGoesOnInAProgram() throws {
    var recipe = Recipe()
    (recipe.data, recipe.target, recipe.epochs, recipe.device) = (try putTable(), "z", 4, .cpu)
    try Trainer(recipe).fit(out: folder.path("whole"))
    var steps = 0
    let stopped = try Trainer(recipe).fit(
      out: folder.path("run"),
      shouldStop: {
        steps += 1
        return steps > 13
      })
    #expect(stopped.record.interruption != nil)
    let trainer = try Trainer(resuming: folder.path("run"))
    #expect(trainer.recipe?.epochs == 4 && trainer.data?.training.count ?? 0 > 0)
    try trainer.fit()
    #expect(try bytes("run/model.safetensors") == bytes("whole/model.safetensors"))
    // What is over is handed back; more epochs go on with it.
    #expect(try Trainer(resuming: folder.path("run")).fit().record.epochs.count == 4)
    #expect(try Trainer(resuming: folder.path("run"), change: { $0.epochs = 5 }).fit().record.epochs.count == 5)
    let error = #expect(throws: (any Error).self) { try Trainer(resuming: folder.path("run"), change: { $0.seed = 7 }).fit() }
    #expect(error.map { "\($0)" }?.contains("--seed is 7, and the run has 1") == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func foldsAreTrainedOneAfterAnother() throws {
    var recipe = Recipe()
    (recipe.data, recipe.target, recipe.epochs, recipe.kfold, recipe.device) = (try putTable(), "z", 1, 2, .cpu)
    let error = #expect(throws: (any Error).self) { try Trainer(recipe) }
    #expect(error.map { "\($0)" } == "kfold is 2, and a trainer trains one model: fold has to say which of the 2")
    let results = try Trainer.fitFolds(of: recipe, out: folder.path("folds"))
    #expect(results.count == 2 && folder.names("folds") == ["fold-1", "fold-2", "folds.json"])
    recipe.fold = 2
    let one = try Trainer(recipe).fit()
    #expect(one.state.parameters.map(\.values) == results[1].state.parameters.map(\.values))
  }

  @Test func whatMakesNoSenseIsThrown() throws {
    var recipe = Recipe()
    recipe.epochs = 0
    let error = #expect(throws: RecipeError.self) { try Trainer(recipe) }
    #expect(error.map { "\($0)" } == "epochs is 0, and it has to be from 1 to 1000000")
    #expect(throws: TrainingError.noData) { try Trainer(model: MLP([2, 2]), options: TrainingOptions()).fit() }
  }
}
