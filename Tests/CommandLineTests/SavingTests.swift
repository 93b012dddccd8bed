import Foundation
import GlissadeFormats
import Testing

/// What is on disk after something went wrong.
struct SavingTests {
  let data: PictureFolder
  let folder: TemporaryFolder

  init() throws {
    data = try PictureFolder()
    folder = try TemporaryFolder()
  }

  private func arguments(_ more: String...) -> [String] {
    ["train", "--data", data.path, "--model", "mlp", "--device", "cpu", "--batch-size", "32"] + more
  }

  /// Whether all numbers of the saved model are finite.
  private func modelIsFinite() throws -> Bool {
    let model = try SafetensorsFile(path: folder.path("run/model.safetensors"))
    return try model.tensors.allSatisfy { try model.floats(of: $0.name).allSatisfy(\.isFinite) }
  }

  @Test func aFolderThatCannotBeMade() throws {
    expectComplaint(try glissade(arguments("--out", "/proc/glissade/run")), status: 1, "output folder /proc/glissade/run cannot be made")
    try Data().write(to: URL(fileURLWithPath: folder.path("file")))
    expectComplaint(try glissade(arguments("--out", folder.path("file"))), status: 1, "is not a folder")
    // The reason is the system's for not making it, not that it is not there.
    let refused = try glissade(arguments("--out", "/sys/glissade"))
    expectComplaint(refused, status: 1, "output folder /sys/glissade cannot be made")
    #expect(!refused.errors.contains("No such file"), "\(refused)")
    expectComplaint(try glissade(arguments("--out", folder.path("file/run"))), status: 1, "cannot be made", "Not a directory")
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere")) func aFolderThatIsReadOnly() throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path) }
    expectComplaint(try glissade(arguments("--out", folder.path)), status: 1, "cannot be written to: Permission denied")
  }

  /// A limit on the size of files fails the write of the model as a full disk does, half-way.
  @Test func aFullDiskLeavesNothingHalfWritten() throws {
    let command = #"ulimit -f 64; exec "$0" "$@""#
    let outcome = try Command(["-c", command, Command.path] + arguments("--out", folder.path("run")), executable: "/bin/sh").finish()
    expectComplaint(outcome, status: 1, "model.safetensors", "File too large", printsNothing: false)
    let names = folder.names("run").filter { $0 != "metrics.csv" }
    #expect(names == ["facts.json", "recipe.yaml", "report.html", "samples.safetensors", "summary.json"])
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    #expect(try #require(summary["failure"]?.stringValue).contains("model.safetensors"))
  }

  /// Root can have a disk that is really full.
  @Test(.enabled(if: canMount)) func aDiskThatIsReallyFull() throws {
    let disk = folder.path("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
    try #require(run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk) == 0)
    defer { _ = run("umount", disk) }
    let outcome = try glissade(arguments("--out", disk + "/run"))
    expectComplaint(outcome, status: 1, "model.safetensors", "No space left on device", printsNothing: false)
    #expect(!folder.names("disk/run").contains("model.safetensors"))
    #expect(!folder.names("disk/run").contains { $0.hasSuffix(".tmp") })
  }

  @Test func aLossThatIsNotFiniteStopsTraining() throws {
    let outcome = try glissade(arguments("--optimizer", "sgd", "--lr", "1e20", "--out", folder.path("run")))
    expectComplaint(
      outcome, status: 1, "is not finite at step ", "(epoch 1); the first operation", "is saved in \(folder.path("run"))",
      printsNothing: false)
    #expect(try modelIsFinite())
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    #expect(try #require(summary["failure"]?.stringValue).contains("not finite at step"))
    #expect(summary["test_accuracy"] == .null)
  }

  /// The last of two steps makes parameters so large that only the validation after it shows what is wrong.
  @Test func anEvaluationThatIsNotFiniteNamesTheOperation() throws {
    let outcome = try glissade(
      arguments(
        "--optimizer", "sgd", "--lr", "0.1", "--schedule", "constant(over: 1 steps) then constant(at: 1e30)", "--batch-size", "135",
        "--epochs", "1", "--out", folder.path("run")))
    expectComplaint(
      outcome, status: 1, "is not finite while evaluating after step 2 (epoch 1); the first operation with a result that is not finite is",
      printsNothing: false)
    #expect(try modelIsFinite())
  }

  @Test(arguments: [SIGINT, SIGTERM]) func anInterruptionSaves(_ signal: Int32) throws {
    let command = try Command(arguments("--epochs", "100000", "--out", folder.path("run")))
    try command.waitForOutput("epoch 2 ")
    command.send(signal)
    let outcome = try command.finish()
    #expect(outcome.status == 130, "\(outcome)")
    #expect(outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("; saved in \(folder.path("run"))\n"), "\(outcome)")
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    #expect(try #require(summary["interruption"]?.stringValue).hasPrefix("interrupted in epoch "))
    #expect(try #require(summary["epochs"]?.integerValue) >= 2)
    #expect(summary["failure"] == .null)
    #expect(try modelIsFinite())
    let rows = try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8).split(separator: "\n")
    #expect(rows.count == summary["epochs"]!.integerValue! + 1)
    #expect(try glissade("evaluate", "--run", folder.path("run")).status == 0)
  }

  @Test func aSecondInterruptionQuitsAtOnce() throws {
    let command = try Command(arguments("--epochs", "100000", "--out", folder.path("run")))
    try command.waitForOutput("epoch 2 ")
    command.send(SIGINT)
    command.send(SIGTERM)
    #expect(try command.finish().status == 130)
  }
}

private func run(_ arguments: String...) -> Int32 {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return -1 }
  process.waitUntilExit()
  return process.terminationStatus
}

/// Root in a container often may not mount.
private let canMount: Bool = {
  guard geteuid() == 0, let folder = try? TemporaryFolder() else { return false }
  guard run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.path) == 0 else { return false }
  return run("umount", folder.path) == 0
}()
