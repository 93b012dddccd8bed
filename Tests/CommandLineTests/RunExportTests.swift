import Foundation
import TestSupport
import Testing

/// What runs of every kind are exported as says elsewhere what `predict` and `evaluate` say here: ONNX Runtime is given the same rows and
/// pictures, where it is installed. `Scripts/witnesses.sh` installs it.
struct RunExportTests {
  private let folder: CommandLineTests.TemporaryFolder

  init() throws { folder = try CommandLineTests.TemporaryFolder() }

  private func succeed(_ arguments: String...) throws -> String {
    let outcome = try glissade(arguments)
    try #require(outcome.status == 0, "\(arguments) \(outcome)")
    return outcome.output
  }

  private func export(_ name: String, classes: Bool = true) throws {
    _ = try succeed("convert", folder.path("runs/\(name)"), folder.path("\(name).onnx"))
    if classes {
      _ = try succeed("convert", folder.path("runs/\(name)"), folder.path("\(name)-probabilities.onnx"), "--probabilities")
    }
  }

  private func keep(_ text: String, _ name: String) throws {
    try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
  }

  /// Numbers of every size, words, missing values; a class and a value that follow from them.
  private func table() throws -> String {
    var text = "a,time,colour,code,sort,price\n"
    for row in 0..<120 {
      let (a, time) = (Double(row * 37 % 101) / 10 - 3, 1_700_000_000 + row * 53 % 89)
      let (colour, code) = (["red", "green", "dark blue"][row % 3], row * 7 % 4)
      let price = 5_000_000 + 1000 * a + Double(100 * (row * 53 % 89)) + Double(5000 * code)
      let sort = (Double(code) + a > 3) == (row % 3 == 0) ? "yes, or so" : "no"
      text += "\(row % 29 == 7 ? "NA" : String(a)),\(time),\(row % 31 == 5 ? "" : colour),\(code),\"\(sort)\",\(price)\n"
    }
    try keep(text, "table.csv")
    return folder.path("table.csv")
  }

  private func train(_ name: String, _ data: String, _ target: String, _ more: String...) throws {
    let options = ["--missing", "mean", "--categorical", "code", "--epochs", "8", "--lr", "1e-2", "--device", "cpu", "--quiet"]
    let outcome = try glissade(
      ["train", "--data", data, "--target", target, "--out", folder.path("runs/\(name)")] + options + more)
    try #require(outcome.status == 0, "\(outcome)")
    try FileManager.default.copyItem(atPath: data, toPath: folder.path("\(name).csv"))
    try keep(try succeed("predict", "--run", folder.path("runs/\(name)"), folder.path("\(name).csv"), "--json"), "\(name).json")
  }

  /// Square pictures of two colours and noise.
  private func pictures(side: Int, _ name: String) throws -> String {
    var state: UInt32 = 1
    func noise() -> Int {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int(state >> 24) / 4 - 32
    }
    for (kind, colour) in [("blue", [40, 60, 200]), ("red", [210, 40, 60])] {
      try FileManager.default.createDirectory(atPath: folder.path("\(name)/\(kind)"), withIntermediateDirectories: true)
      for number in 0..<8 {
        let pixels = (0..<side * side).flatMap { _ in colour.map { UInt8(clamping: $0 + noise()) } }
        try Data(HandmadePicture.png(width: side, height: side, pixels: pixels)).write(
          to: URL(fileURLWithPath: folder.path("\(name)/\(kind)/\(number).png")))
      }
    }
    return folder.path(name)
  }

  @Test("Exports of runs say what the command says", .enabled(if: Witness.python != nil)) func exports() throws {
    let table = try table()
    try train("classes", table, "sort", "--ignore", "price")
    try export("classes")
    try train("values", table, "price", "--ignore", "sort")
    try export("values", classes: false)

    let pictures = try pictures(side: 24, "pictures")
    let common = ["--epochs", "2", "--size", "16", "--device", "cpu", "--quiet"]
    try #require(
      glissade(["train", "--model", "lenet", "--data", pictures, "--out", folder.path("runs/pictures")] + common).status == 0)
    try keep(try succeed("predict", "--run", folder.path("runs/pictures"), pictures, "--json"), "pictures.json")
    try export("pictures")

    let tuned = try glissade([
      "finetune", "--model", "lenet", "--pretrained", folder.path("runs/pictures"), "--data", pictures, "--head", "8,dropout(0.2)",
      "--epochs",
      "2", "--size", "16", "--device", "cpu", "--quiet", "--out", folder.path("runs/tuned"),
    ])
    try #require(tuned.status == 0, "\(tuned)")
    try FileManager.default.copyItem(atPath: pictures, toPath: folder.path("tuned"))
    try keep(try succeed("predict", "--run", folder.path("runs/tuned"), folder.path("tuned"), "--json"), "tuned.json")
    try export("tuned")

    let idx = try PictureFolder()
    try #require(
      glissade(
        "train", "--model", "lenet", "--data", idx.path, "--epochs", "2", "--device", "cpu", "--quiet", "--out", folder.path("runs/idx")
      )
      .status == 0)
    try keep(try succeed("evaluate", "--run", folder.path("runs/idx"), "--json"), "idx.json")
    try FileManager.default.copyItem(atPath: idx.path + "/t10k-images-idx3-ubyte", toPath: folder.path("idx.images"))
    try keepLabels(idx)
    try export("idx")

    let (status, text) = try Witness.run("check_runs.py", folder.path)
    #expect(status == 0 && text.contains("5 runs say the same elsewhere"), "\(text)")
  }

  /// As they are in a file that is not compressed.
  private func keepLabels(_ idx: PictureFolder) throws {
    let labels = (0..<50).map { UInt8($0 % 10) }
    try Data(PictureFolder.idx([labels.count], labels)).write(to: URL(fileURLWithPath: folder.path("idx.labels")))
  }
}
