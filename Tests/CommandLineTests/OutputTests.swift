import Foundation
import GlissadeFormats
import Testing

/// Output that cannot be written, and standard files that are not there.
struct OutputTests {
  let data: PictureFolder
  let folder: TemporaryFolder

  init() throws {
    data = try PictureFolder(training: 60, test: 10)
    folder = try TemporaryFolder()
  }

  /// The command in a shell, with a redirection.
  private func run(_ arguments: [String], _ redirection: String) throws -> Outcome {
    try Command(["-c", "exec \"$0\" \"$@\" \(redirection)", Command.path] + arguments, executable: "/bin/sh").finish()
  }

  private func training(_ more: String...) -> [String] {
    ["train", "--data", data.path, "--model", "mlp", "--batch-size", "32", "--epochs", "2", "--device", "cpu", "--out", folder.path("run")]
      + more
  }

  @Test func whatCannotBePrintedIsAFailure() throws {
    try #require(try glissade(training()).status == 0)
    let run = folder.path("run")
    for arguments in [
      ["evaluate", "--run", run, "--data", data.path], ["evaluate", "--run", run, "--data", data.path, "--json"], ["inspect", run],
      ["inspect", run, "--json"], ["devices"], ["convert", run, folder.path("\(UUID().uuidString).pth")], ["--version"], ["--help"],
      ["predict", "--help"], training("--explain"),
    ] {
      expectComplaint(try self.run(arguments, "> /dev/full"), status: 1, "standard output: cannot write: No space left on device")
    }
    for arguments in [["inspect", run], ["--version"]] {
      expectComplaint(try self.run(arguments, ">&-"), status: 1, "standard output: cannot write: Bad file descriptor")
    }
  }

  @Test func trainingGoesOnWhenItsReportCannotBePrinted() throws {
    for redirection in ["> /dev/full", ">&-", "2>&-", "<&- >&- 2>&-"] {
      let outcome = try run(training("--replace"), redirection)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(redirection): \(outcome)")
      #expect(folder.names("run").contains("summary.json"))
    }
  }

  /// A file that got the number of standard output would get what is printed.
  @Test func whatIsPrintedReachesNoFileOfTheRun() throws {
    #expect(try run(training("--tensorboard", "--out", folder.path("a")), "").status == 0)
    #expect(try run(training("--tensorboard", "--out", folder.path("b")), "<&- >&- 2>&-").status == 0)
    func size(_ run: String) throws -> Int {
      let name = try #require(folder.names(run).first { $0.hasPrefix("events.") })
      return try Data(contentsOf: URL(fileURLWithPath: folder.path("\(run)/\(name)"))).count
    }
    #expect(try size("a") == size("b"))
  }

  @Test func aLostConnectionSaves() throws {
    let command = try Command(training("--epochs", "100000"))
    try command.waitForOutput("epoch 2 ")
    command.send(SIGHUP)
    let outcome = try command.finish()
    #expect(outcome.status == 130 && outcome.output.contains("; saved in \(folder.path("run"))\n"), "\(outcome)")
  }

  @Test func underNohupALostConnectionIsNothing() throws {
    let arguments = ["-c", "trap '' HUP; exec \"$0\" \"$@\"", Command.path] + training("--epochs", "100000")
    let command = try Command(arguments, executable: "/bin/sh")
    try command.waitForOutput("epoch 2 ")
    command.send(SIGHUP)
    usleep(300_000)
    #expect(command.isRunning)
    command.send(SIGTERM)
    #expect(try command.finish().status == 130)
  }
}
