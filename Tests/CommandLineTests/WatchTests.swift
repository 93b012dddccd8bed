import Foundation
import Testing

/// `glissade watch` and `train --live`. util-linux's `script` plays the terminal.
struct WatchTests {
  private let folder: TemporaryFolder
  private static let hasScript = FileManager.default.isExecutableFile(atPath: "/usr/bin/script")
  private static let (entering, leaving) = ("\u{1B}[?1049h", "\u{1B}[?1049l")

  init() throws { folder = try TemporaryFolder() }

  private func table() throws -> String {
    let path = folder.path("t.csv")
    try ("a,b,c\n" + (0..<80).map { "\($0),\($0 % 7),\($0 % 2 == 0 ? "x" : "y")\n" }.joined()).write(
      toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func arguments(_ more: String...) throws -> [String] {
    try ["train", "--data", table(), "--target", "c", "--device", "cpu", "--epochs", "3", "--out", folder.path("run")] + more
  }

  /// Runs the command at a terminal of 90 × 25, at which somebody has pressed keys already.
  private func atTerminal(
    _ arguments: [String], keys: String, before: String = "", _ environment: [String: String] = [:]
  ) throws -> Outcome {
    let words = ([Command.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
    let command = "printf '\(keys)' | /usr/bin/script -qec \"stty cols 90 rows 25; \(before) \(words)\" /dev/null"
    return try Command(["-c", command], executable: "/bin/sh", environment: ["TERM": "xterm"].merging(environment) { $1 }).finish()
  }

  @Test func withoutATerminalThereAreLines() throws {
    #expect(try glissade(try arguments("--live")).status == 0)
    for more in [[], ["--once"]] {
      let outcome = try glissade(["watch", folder.path("run")] + more)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
      let lines = outcome.output.split(separator: "\n")
      #expect(
        lines.count == 5 && lines[0].hasPrefix("mlp on ") && lines[1].hasPrefix("epoch 1  ") && lines[4].hasPrefix("test accuracy "),
        "\(outcome)")
      #expect(!outcome.output.contains("\u{1B}"))
    }
    // Where the run stood is nobody's concern any more.
    #expect(!folder.names("run").contains("progress.json"))
  }

  @Test func aTrainingElsewhereIsFollowed() throws {
    let training = try Command(try arguments("--epochs", "1000000", "--quiet"))
    while training.isRunning, !FileManager.default.fileExists(atPath: folder.path("run/progress.json")) { usleep(5000) }
    let watch = try Command(["watch", folder.path("run")])
    try watch.waitForOutput("epoch 2  ")
    let once = try glissade("watch", "--once", folder.path("run"))
    #expect(once.status == 0 && once.output.contains("/1000000  step "), "\(once)")
    training.send(SIGINT)
    #expect(try training.finish().status == 130)
    let outcome = try watch.finish()
    #expect(outcome.status == 0 && outcome.output.contains("It was stopped: "), "\(outcome)")
  }

  @Test func aTrainingThatWasKilledIsTold() throws {
    let training = try Command(try arguments("--epochs", "1000000", "--quiet"))
    while training.isRunning, !FileManager.default.fileExists(atPath: folder.path("run/progress.json")) { usleep(5000) }
    training.send(SIGKILL)
    _ = try training.finish()
    // Some time after its last word.
    let path = folder.path("run/progress.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let time = try #require(text.range(of: "\"time\":"))
    try (text[..<time.upperBound] + "1}").write(toFile: path, atomically: true, encoding: .utf8)
    let outcome = try glissade("watch", folder.path("run"))
    #expect(outcome.status == 0 && outcome.output.contains("stopped: no process trains here any more"), "\(outcome)")
    let resumed = try glissade("train", "--resume", folder.path("run"), "--epochs", "1000000", "--max-time", "1s", "--quiet")
    #expect(resumed.status == 0 && !folder.names("run").contains("progress.json"), "\(resumed)")
  }

  @Test(.enabled(if: hasScript)) func theScreenIsTakenAndGivenBack() throws {
    #expect(try glissade(try arguments("--quiet")).status == 0)
    let outcome = try atTerminal(["watch", folder.path("run")], keys: "q")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(
      outcome.output.contains(Self.entering) && outcome.output.contains("test accuracy ") && outcome.output.contains("q leaves"),
      "\(outcome)")
    #expect(outcome.output.hasSuffix("\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\(Self.leaving)"), "\(outcome)")

    // By a signal, too, if it comes when the screen is there.
    let interrupted = try atTerminal(["watch", folder.path("run")], keys: "", before: "timeout --foreground --preserve-status -s INT 1")
    #expect(interrupted.status == 130, "\(interrupted)")
    #expect(interrupted.output.hasSuffix(Self.leaving) == interrupted.output.contains(Self.entering), "\(interrupted)")

    for plain in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
      let outcome = try atTerminal(["watch", folder.path("run")], keys: "", before: "", plain)
      #expect(outcome.status == 0 && !outcome.output.contains("\u{1B}") && outcome.output.contains("epoch 3  "), "\(outcome)")
    }
  }

  @Test(.enabled(if: hasScript)) func aLiveTrainingShowsItsOwn() throws {
    let outcome = try atTerminal(try arguments("--live"), keys: "")
    #expect(outcome.status == 0, "\(outcome)")
    let parts = outcome.output.components(separatedBy: Self.leaving)
    #expect(parts.count == 2 && parts[0].contains(Self.entering) && parts[0].contains("q leaves this view"), "\(outcome)")
    // What was to be told meanwhile comes afterwards, in order.
    #expect(!parts[0].contains("validation loss") || !parts[0].contains("samples/s\r\n"))
    let lines = ["epoch 1  ", "epoch 2  ", "epoch 3  ", "best epoch: ", "saved in "].map { parts.last?.range(of: $0)?.lowerBound }
    #expect(lines.allSatisfy { $0 != nil } && zip(lines, lines.dropFirst()).allSatisfy { $0! < $1! }, "\(outcome)")

    let plain = try atTerminal(try arguments("--live", "--replace"), keys: "", before: "", ["NO_COLOR": "1"])
    #expect(plain.status == 0 && !plain.output.contains(Self.entering), "\(plain)")
    expectComplaint(try glissade(try arguments("--live", "--quiet")), status: 2, "--live shows the training")
  }

  @Test func whatIsNoRun() throws {
    expectComplaint(try glissade("watch", folder.path("none")), status: 1, "no such run folder")
    expectComplaint(try glissade("watch", folder.path), status: 1, "is no run's folder")
    expectComplaint(try glissade("watch", try table()), status: 1, "is a file, and a run is a folder")
    #expect(try glissade(try arguments("--quiet")).status == 0)
    expectComplaint(try glissade("watch", folder.path), status: 1, "holds a run")
    try "epoch,step\n1,what\n".write(toFile: folder.path("run/metrics.csv"), atomically: true, encoding: .utf8)
    expectComplaint(try glissade("watch", folder.path("run")), status: 1, "metrics.csv", "'what' is no number")
  }
}
