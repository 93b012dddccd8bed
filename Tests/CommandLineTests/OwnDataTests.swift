import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// A run's data is known again by what it is, wherever it lies and however it is spelt, and what the run was trained on is not measured with.
struct OwnDataTests {
  private let folder: CommandLineTests.TemporaryFolder
  private let files = FileManager.default

  /// Two classes of 20 pictures each in `a/data`, and a run on them in `a/run`, made from there: 32 to train on, 4 for either other part.
  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    for number in 0..<40 { try put("a/data/\(number % 2 == 0 ? "light" : "dark")/\(number).png", picture(number)) }
    try files.createDirectory(atPath: folder.path("b"), withIntermediateDirectories: true)
    let outcome = try glissade(
      "train", "--data", "data", "--model", "mlp", "--size", "8", "--epochs", "2", "--batch-size", "8", "--device", "cpu", "--out", "run",
      directory: folder.path("a"))
    try #require(outcome.status == 0, "\(outcome)")
  }

  private func picture(_ number: Int) -> [UInt8] {
    let pixels = (0..<3 * 12 * 10).map { UInt8(truncatingIfNeeded: (number % 2 == 0 ? 170 : 20) + ($0 * 7 + number * 13) % 60) }
    return HandmadePicture.png(width: 12, height: 10, pixels: pixels)
  }

  private func put(_ name: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: folder.path(name))
    try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// What `evaluate` finds, from a folder.
  private func evaluate(_ more: String..., in place: String = "b", run: String = "../a/run") throws -> JSONValue {
    let arguments = ["evaluate", "--run", run, "--device", "cpu", "--json"] + more
    let outcome = try Command(arguments, directory: folder.path(place)).finish()
    try #require(outcome.status == 0, "\(outcome)")
    return try JSONValue.parse(Array(outcome.output.utf8))
  }

  private func complain(_ more: String..., fragments: String...) throws {
    let outcome = try Command(["evaluate", "--run", "../a/run", "--device", "cpu"] + more, directory: folder.path("b")).finish()
    #expect(outcome.status == 1, "\(outcome)")
    for fragment in fragments { #expect(outcome.errors.contains(fragment), "\(outcome)") }
  }

  @Test func itIsFoundFromAnywhere() throws {
    #expect(try evaluate()["samples"] == 4)
    // Other data of that name does not take its place.
    try put("b/data/light/1.png", picture(41))
    try put("b/data/dark/2.png", picture(40))
    #expect(try evaluate()["data"] == .string(folder.path("a/data")))
    try files.moveItem(atPath: folder.path("a/data"), toPath: folder.path("pictures"))
    try complain(fragments: "a/data: the run's data is not there any more, and data is other data; --data says where it is now")
    try files.moveItem(atPath: folder.path("pictures"), toPath: folder.path("a/data"))
    let resumed = try glissade("train", "--resume", "../a/run", "--epochs", "3", directory: folder.path("b"))
    #expect(resumed.status == 0, "\(resumed)")
    // Moved together.
    try files.moveItem(atPath: folder.path("a"), toPath: folder.path("c"))
    #expect(try evaluate(run: "../c/run")["data"] == .string(folder.path("c/data")))
    // And one without the other.
    try files.moveItem(atPath: folder.path("c"), toPath: folder.path("a"))
    try files.moveItem(atPath: folder.path("a/data"), toPath: folder.path("pictures"))
    try files.removeItem(atPath: folder.path("b/data"))
    try complain(fragments: "a/data: the run's data is not there; --data says where it is now")
    let result = try evaluate("--data", "../pictures")
    #expect(result["samples"] == 4 && result["own_training_samples"] == 0)
    let named = try glissade("train", "--resume", "../a/run", "--epochs", "4", "--data", "../pictures", directory: folder.path("b"))
    #expect(named.status == 0, "\(named)")
    #expect(try runOptions(folder.path("a/run"))["data_path"] == .string(folder.path("pictures")))
    #expect(try evaluate()["samples"] == 4)
  }

  @Test func itIsTheSameHoweverItIsSpelt() throws {
    try files.createSymbolicLink(atPath: folder.path("a/link"), withDestinationPath: "data")
    try files.copyItem(atPath: folder.path("a/data"), toPath: folder.path("copy"))
    let expected = try evaluate(in: "a", run: "run")
    for name in ["data", "data/", "./data", "../a/data", folder.path("a/data"), "link", "../copy"] {
      let result = try evaluate("--data", name, in: "a", run: "run")
      #expect(result["samples"] == 4 && result["loss"] == expected["loss"], "\(name)")
    }
  }

  @Test func ownSamplesAreLeftOut() throws {
    try files.copyItem(atPath: folder.path("a/data"), toPath: folder.path("more"))
    // Renamed, in another class and twice: it is the same picture.
    try put("more/light/again.png", picture(0))
    for number in 40..<46 { try put("more/\(number % 2 == 0 ? "light" : "dark")/\(number).png", picture(number) + [0]) }
    let result = try evaluate("--data", "../more")
    let trained = try #require(result["own_training_samples"]?.integerValue)
    let validated = try #require(result["own_validation_samples"]?.integerValue)
    #expect(trained + validated == 37 && result["samples"] == 10)
    let all = try evaluate("--data", "../more", "--all")
    #expect(all["samples"] == 47 && all["own_left_out"] == false && all["own_training_samples"]?.integerValue == trained)
    let text = try glissade("evaluate", "--run", "../a/run", "--data", "../more", directory: folder.path("b"))
    #expect(text.output.contains("(10 samples of ../more; left out: \(trained) that the run was trained on, "), "\(text)")
    // Only what it was trained on.
    let options = try runOptions(folder.path("a/run"))
    #expect(options["data"] == "data")
    #expect(try evaluate("--data", "../more", "--limit", "3")["samples"] == 3)
  }

  @Test func changedDataIsNamed() throws {
    for number in 40..<60 { try put("a/data/\(number % 2 == 0 ? "light" : "dark")/\(number).png", picture(number) + [0]) }
    try complain(fragments: "a/data is not what the run was trained on, or has changed since", "--data")
    let result = try evaluate("--data", "../a/data")
    #expect(result["samples"] == 24 && result["own_validation_samples"] == 4)
  }

  @Test func rowsAreRecognisedToo() throws {
    // Ten different rows, each six times.
    let rows = (0..<60).map { "\($0 % 10),\(($0 % 10) * ($0 % 10)),\($0 % 2 == 0 ? "even" : "odd")\n" }
    let header = "x,square,kind\n"
    try put("t/table.csv", Array((header + rows.joined()).utf8))
    let trained = try glissade(
      "train", "--data", "table.csv", "--target", "kind", "--epochs", "2", "--device", "cpu", "--out", "run", directory: folder.path("t"))
    #expect(trained.status == 0, "\(trained)")
    try files.linkItem(atPath: folder.path("t/table.csv"), toPath: folder.path("t/hard.csv"))
    for name in ["table.csv", "./table.csv", "hard.csv", folder.path("t/table.csv")] {
      #expect(try evaluate("--data", name, in: "t", run: "run")["samples"] == 12, "\(name)")
    }
    // Rows that were trained on are others now: what is measured is still right, and it is said.
    func evaluateOwn() throws -> Outcome { try glissade("evaluate", "--run", "run", directory: folder.path("t")) }
    #expect(try evaluateOwn().errors.isEmpty)
    let changed = rows.enumerated().map { $0.offset < 3 ? "77,\($0.offset),\($0.offset % 2 == 0 ? "even" : "odd")\n" : $0.element }
    try put("t/table.csv", Array((header + changed.joined()).utf8))
    let noticed = try evaluateOwn()
    #expect(noticed.status == 0 && noticed.errors.contains("table.csv has changed since: 3 of the 60 rows"), "\(noticed)")
    try put("t/table.csv", Array((header + rows.joined()).utf8))
    // In another order, the columns too, and with more rows like them: as many as were trained on are left out.
    let turned = (rows.reversed() + rows.prefix(10)).map { $0.dropLast().split(separator: ",").reversed().joined(separator: ",") + "\n" }
    try put("t/other.csv", Array(("kind,square,x\n" + turned.joined()).utf8))
    let result = try evaluate("--data", "other.csv", in: "t", run: "run")
    #expect(result["samples"] == 22)
    #expect((result["own_training_samples"]?.integerValue ?? 0) + (result["own_validation_samples"]?.integerValue ?? 0) == 48)
    let partly = Array(("x,square,kind\n" + rows.prefix(10).joined()).utf8)
    try put("t/part.csv", partly)
    let outcome = try glissade("evaluate", "--run", "run", "--data", "part.csv", directory: folder.path("t"))
    expectComplaint(outcome, status: 1, "part.csv holds nothing but the run's own samples: 10 that the run was trained on; --all")
  }

  @Test func whereNothingIsForTheTestItIsCalledValidation() throws {
    let outcome = try glissade(
      "train", "--data", "data", "--model", "mlp", "--size", "8", "--epochs", "1", "--batch-size", "8", "--test", "0", "--device", "cpu",
      "--out", "second", directory: folder.path("a"))
    #expect(outcome.status == 0, "\(outcome)")
    let evaluated = try glissade("evaluate", "--run", "../a/second", directory: folder.path("b"))
    #expect(evaluated.output.contains("\nvalidation accuracy "), "\(evaluated)")
    // Moved and with one picture fewer, so that it is not the same, there is still nothing else to measure with.
    try files.copyItem(atPath: folder.path("a/data"), toPath: folder.path("fewer"))
    for number in [0, 1] { try files.removeItem(atPath: folder.path("fewer/\(number == 0 ? "light" : "dark")/\(number).png")) }
    #expect(try evaluate("--data", "../fewer", run: "../a/second")["part"] == "validation")
  }
}
