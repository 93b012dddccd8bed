import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// `train` and `evaluate` on a folder of pictures.
struct PictureTrainingTests {
  private let folder: CommandLineTests.TemporaryFolder

  /// Two classes, light and dark, one file that is no picture among them.
  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    for number in 0..<60 {
      let isLight = number % 2 == 0
      let pixels = (0..<3 * 40 * 30).map { UInt8(truncatingIfNeeded: (isLight ? 170 : 20) + ($0 * 7 + number * 13) % 60) }
      try put("data/\(isLight ? "light" : "dark")/\(number).png", HandmadePicture.png(width: 40, height: 30, pixels: pixels))
    }
  }

  private func put(_ name: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: folder.path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  private func train(_ more: String..., out: String = "run") throws -> Outcome {
    let arguments = ["train", "--data", folder.path("data"), "--model", "mlp", "--size", "8", "--epochs", "6", "--batch-size", "8"]
    return try glissade(arguments + ["--device", "cpu", "--test", "0.2", "--replace", "--out", folder.path(out)] + more)
  }

  @Test func trainsAndEvaluates() throws {
    let outcome = try train("--augment", "flip,crop,color-jitter(0.1)")
    #expect(outcome.status == 0, "\(outcome)")
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    let accuracy = try #require(summary["test_accuracy"]?.doubleValue)
    #expect(accuracy > 0.9, "\(outcome)")
    let options = try runOptions(folder.path("run"))
    #expect(
      options["classes"] == ["dark", "light"] && options["input"] == [8, 8, 3] && options["augment"] == "flip,crop,color-jitter(0.1)")
    // The same pictures are held out again.
    let evaluated = try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu", "--json")
    #expect(evaluated.status == 0, "\(evaluated)")
    let result = try JSONValue.parse(Array(evaluated.output.utf8))
    #expect(result["samples"] == 12 && result["accuracy"]?.doubleValue == accuracy)
  }

  @Test("Pictures are seen in several views, and what that gains is said") func views() throws {
    #expect(try train("--augment", "flip,crop,color-jitter(0.4),mixup").status == 0)
    func evaluate(_ more: String...) throws -> Outcome {
      try glissade(["evaluate", "--run", folder.path("run"), "--device", "cpu"] + more)
    }
    func json(_ outcome: Outcome) throws -> JSONValue { try JSONValue.parse(Array(outcome.output.utf8)) }
    let (plain, seen) = try (json(evaluate("--json")), json(evaluate("--tta", "3", "--json")))
    #expect(seen["views"] == 3 && seen["samples"] == 12 && seen["model"] == "best" && seen["members"] == nil)
    #expect(seen["unchanged"]?["accuracy"] == plain["accuracy"])
    let (loss, unchanged) = (seen["loss"]?.doubleValue ?? .nan, seen["unchanged"]?["loss"]?.doubleValue ?? .nan)
    #expect(abs(unchanged - (plain["loss"]?.doubleValue ?? .nan)) < 1e-6 && loss != unchanged && abs(loss - unchanged) < 1)
    // The same views each time, and others with other changes.
    let again = try json(evaluate("--tta", "3", "--json", "--batch-size", "5"))["loss"]?.doubleValue ?? .nan
    #expect(abs(again - loss) < 1e-6)
    #expect(try json(evaluate("--tta", "3", "--augment", "rotation", "--json"))["loss"]?.doubleValue != loss)
    let told = try evaluate("--tta", "1")
    #expect(told.status == 0 && told.output.contains("\nof each picture and one view of it: "), "\(told)")
    #expect(told.output.contains(" percentage points against the pictures as they are (accuracy "), "\(told)")

    // A picture has its views whatever it is asked for with.
    let pictures = [4, 7, 9].map { folder.path("data/\($0 % 2 == 0 ? "light" : "dark")/\($0).png") }
    func predict(_ files: [String], _ more: String...) throws -> [JSONValue] {
      let outcome = try glissade(["predict", "--run", folder.path("run"), "--device", "cpu", "--json"] + more + files)
      try #require(outcome.status == 0, "\(outcome)")
      return try json(outcome).arrayValue ?? []
    }
    let all = try predict(pictures, "--tta", "4")
    #expect(try all.count == 3 && predict([pictures[1]], "--tta", "4") == [all[1]])
    #expect(try predict(pictures) != all && predict(pictures, "--tta", "4", "--batch-size", "2") == all)

    expectComplaint(try evaluate("--tta", "0"), status: 2, "--tta is 0, and it has to be from 1 to 100")
    expectComplaint(try evaluate("--augment", "flip"), status: 2, "there is no --tta")
    expectComplaint(try evaluate("--tta", "2", "--augment", "mixup"), status: 2, "--augment mixup has nothing of the kind")
    expectComplaint(try evaluate("--tta", "2", "--augment", "flop"), status: 2, "did you mean 'flip'?")
    #expect(try train(out: "unchanged").status == 0)
    let nothing = try glissade("evaluate", "--run", folder.path("unchanged"), "--tta", "2", "--device", "cpu")
    expectComplaint(nothing, status: 2, "which changed none of them", "--augment flip,crop")
    #expect(try glissade("evaluate", "--run", folder.path("unchanged"), "--tta", "2", "--augment", "flip", "--device", "cpu").status == 0)
  }

  @Test("A share is of no account where the folder has such a part, and that is said") func sharesBesideParts() throws {
    for number in 0..<12 {
      let pixels = [UInt8](repeating: number % 2 == 0 ? 200 : 40, count: 3 * 16)
      let name = "\(number % 2 == 0 ? "light" : "dark")/\(number).png"
      for part in ["train", "test"] { try put("parted/\(part)/\(name)", HandmadePicture.png(width: 4, height: 4, pixels: pixels)) }
    }
    let arguments = [
      "train", "--data", folder.path("parted"), "--model", "mlp", "--size", "8", "--epochs", "1", "--device", "cpu", "--quiet",
    ]
    let outcome = try glissade(arguments + ["--test", "0.3", "--validation", "0.2", "--out", folder.path("parted-run")])
    #expect(outcome.status == 0 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("--test is of no account: \(folder.path("parted")) has a part of its own for that"), "\(outcome)")
    // Of the recipe that the run left it is not said again.
    let again = try glissade(["train", "--recipe", folder.path("parted-run/recipe.yaml"), "--quiet", "--out", folder.path("parted-again")])
    #expect(again.status == 0 && again.errors.isEmpty, "\(again)")
  }

  @Test func sameSeedSameBytesForAnyThreads() throws {
    for (name, threads) in [("a", "1"), ("b", "2")] {
      #expect(try train("--augment", "flip,resized-crop,mixup", "--threads", threads, out: name).status == 0)
    }
    let models = try ["a", "b"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(models[0] == models[1])
  }

  @Test func whatIsLeftOutIsCounted() throws {
    try put("data/dark/moving.gif", Array("GIF89a".utf8))
    try put("data/light/moving.gif", Array("GIF89a".utf8))
    try put("data/notes/read.me", [1])
    let outcome = try train()
    #expect(outcome.status == 0 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(
      outcome.errors.contains("left out: 2 files of other kinds (.gif: ") && outcome.errors.contains("1 folder without pictures ("),
      "\(outcome)")
    // A class that has nothing else is not left out silently.
    try put("data/blue/moving.gif", Array("GIF89a".utf8))
    expectComplaint(try train(), status: 1, "the class 'blue' has no picture that can be read", "--classes dark,light leaves it out")
    #expect(try train("--classes", "dark,light").status == 0)
  }

  @Test func evaluatesTheClassesThatAreThere() throws {
    #expect(try train("--epochs", "1").status == 0)
    func evaluate(_ more: String...) throws -> Outcome {
      try glissade(["evaluate", "--run", folder.path("run"), "--data", folder.path("more"), "--device", "cpu"] + more)
    }
    for number in 0..<3 {
      try put("more/dark/\(number).png", HandmadePicture.png(width: 9, height: 9, pixels: [UInt8](repeating: 9, count: 243)))
    }
    let fewer = try evaluate()
    #expect(
      fewer.status == 0 && fewer.errors.contains("no pictures of 1 of 2 classes (light)") && fewer.output.contains("(3 samples"), "\(fewer)"
    )
    for number in 0..<2 {
      try put("more/blue/\(number).png", HandmadePicture.png(width: 9, height: 9, pixels: [UInt8](repeating: 9, count: 243)))
    }
    expectComplaint(try evaluate(), status: 1, "the model does not know the class 'blue', 2 pictures; --classes dark leaves it out")
    let chosen = try evaluate("--classes", "dark")
    #expect(chosen.status == 0 && chosen.output.contains("(3 samples"), "\(chosen)")
    expectComplaint(try evaluate("--classes", "dark,blue"), status: 1, "the model does not know the class 'blue'; it knows dark, light")
  }

  @Test func namesAreWhatTheyAre() throws {
    for name in ["dark", "light"] {
      try FileManager.default.moveItem(atPath: folder.path("data/\(name)"), toPath: folder.path("data/a, \u{1b}[31m\(name)"))
    }
    let outcome = try train("--classes", "a\\, \u{1b}[31mdark,\"a, \u{1b}[31mlight\"", "--epochs", "1")
    #expect(outcome.status == 0 && !outcome.output.contains("\u{1b}"), "\(outcome)")
    let picture = folder.path("data/a, \u{1b}[31mdark/1.png")
    let predicted = try glissade("predict", "--run", folder.path("run"), picture, "--device", "cpu")
    #expect(predicted.status == 0 && !predicted.output.contains("\u{1b}") && predicted.output.contains("\\u{1b}[31mdark"), "\(predicted)")
    // Bytes that are no UTF-8: a picture is found by them, and a folder is not made under another name.
    let shell = "printf 'p\\351.png'"
    try FileManager.default.copyItem(atPath: picture, toPath: folder.path("p.png"))
    let script = "cd '\(folder.path)' && mv p.png \"$(\(shell))\" && '\(Command.path)' "
    let found = try Command(["-c", script + "predict --run run --device cpu \"$(\(shell))\""], executable: "/bin/sh").finish()
    #expect(found.status == 0 && found.output.hasPrefix("p\\xe9.png: "), "\(found)")
    let out = try Command(
      ["-c", "cd '\(folder.path)' && '\(Command.path)' train --data data --out \"$(printf 'o\\351')\""], executable: "/bin/sh"
    ).finish()
    expectComplaint(out, status: 2, "the value of --out is not UTF-8: 'o\\xe9'")
  }

  @Test func classesStandInATable() throws {
    let names = (0..<60).map { "\($0),\($0 % 2 == 0 ? "bright" : "dim")" }
    try put("labels.csv", Array(("id,kind\n" + names.joined(separator: "\n") + "\n").utf8))
    let options = ["--data", folder.path("data"), "--model", "mlp", "--size", "8", "--batch-size", "8", "--device", "cpu", "--test", "0.2"]
    let outcome = try Command(
      ["train", "--labels", "labels.csv", "--epochs", "1", "--out", "run"] + options, directory: folder.path
    ).finish()
    #expect(outcome.status == 0, "\(outcome)")
    #expect(try runOptions(folder.path("run"))["classes"] == ["bright", "dim"])
    // From another folder, too.
    #expect(try glissade("train", "--resume", folder.path("run"), "--epochs", "2").status == 0)
    let evaluated = try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu")
    #expect(evaluated.status == 0 && evaluated.output.contains("(12 samples"), "\(evaluated)")
    // The table has moved: it is named anew, and known from then on.
    try FileManager.default.moveItem(atPath: folder.path("labels.csv"), toPath: folder.path("elsewhere.csv"))
    expectComplaint(try glissade("train", "--resume", folder.path("run"), "--epochs", "3"), status: 1, "labels.csv")
    let anew = try glissade("train", "--resume", folder.path("run"), "--epochs", "3", "--labels", folder.path("elsewhere.csv"))
    #expect(anew.status == 0, "\(anew)")
    let again = try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu")
    #expect(again.status == 0 && again.output.contains("(12 samples"), "\(again)")
    expectComplaint(try train("--label-column", "kind"), status: 2, "--label-column is for --labels")
  }

  @Test func theDataOptionIsNamed() throws {
    expectComplaint(try glissade("train", folder.path("data")), status: 2, "did you mean --data \(folder.path("data"))?")
  }

  @Test func mistakesAreNamed() throws {
    expectComplaint(try train("--augment", "flop"), status: 2, "--augment", "did you mean 'flip'?")
    expectComplaint(try train("--classes", "light,darc"), status: 1, "no class 'darc'; did you mean 'dark'?")
    expectComplaint(try glissade("train", "--size", "8"), status: 2, "--size is for folders of pictures")
    try put("data/dark/bad.png", Array("no picture".utf8))
    expectComplaint(try train(), status: 1, "1 of", "bad.png: neither a JPEG nor a PNG, WebP or TIFF but text")
  }
}
