import Foundation
import Testing

/// What a run of the built command came to.
struct Outcome: CustomStringConvertible {
  let status: Int32
  let output: String
  let errors: String

  var errorLines: [Substring] { errors.split(separator: "\n", omittingEmptySubsequences: false).dropLast() }
  var description: String { "status \(status)\n--- output\n\(output)--- errors\n\(errors)" }
}

/// The built command, at work.
final class Command {
  private let process = Process()
  private let folder: TemporaryFolder

  /// The binary, beside the test bundle.
  static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("glissade").path

  /// Starts it; its output goes to files, so that no pipe can fill up.
  init(_ arguments: [String], executable: String = path, environment: [String: String] = [:], directory: String? = nil) throws {
    folder = try TemporaryFolder()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    // A pretended GPU that shares two cores with ten others is slow, not stuck.
    var variables = [
      "GLISSADE_THREADS": "1", "GLISSADE_OPENCL_LIBRARY": "/nonexistent", "LC_ALL": "C.UTF-8", "GLISSADE_DRIVER_SECONDS": "800",
    ]
    for name in ["PATH", "HOME", "POCL_CACHE_DIR", "OCL_ICD_VENDORS"] { variables[name] = ProcessInfo.processInfo.environment[name] }
    process.environment = variables.merging(environment) { $1 }
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try Self.handle(folder.path("output"))
    process.standardError = try Self.handle(folder.path("errors"))
    try process.run()
  }

  private static func handle(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: path))
    return try #require(FileHandle(forWritingAtPath: path))
  }

  /// What it has printed so far.
  var output: String { (try? String(contentsOfFile: folder.path("output"), encoding: .utf8)) ?? "" }

  var isRunning: Bool { process.isRunning }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits until something is printed. Keeps its thread meanwhile: a task that lets go of it gets it back when other tests have ended, and
  /// the command would be busy until then.
  func waitForOutput(_ text: String) throws {
    for _ in 0..<6000 where process.isRunning && !output.contains(text) { usleep(50_000) }
    try #require(output.contains(text), "\(output)")
  }

  /// Waits for its end, but not for ever.
  func finish(within limit: Duration = .seconds(900)) throws -> Outcome {
    let deadline = ContinuousClock.now + limit
    while process.isRunning, ContinuousClock.now < deadline { usleep(5000) }
    if process.isRunning { send(SIGKILL) }
    process.waitUntilExit()
    // A process that was killed by a signal shows as shells show it.
    let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    return Outcome(status: status, output: output, errors: try String(contentsOfFile: folder.path("errors"), encoding: .utf8))
  }
}

/// Runs the built command to its end.
func glissade(_ arguments: String..., environment: [String: String] = [:], directory: String? = nil) throws -> Outcome {
  try Command(arguments, environment: environment, directory: directory).finish()
}

func glissade(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
  try Command(arguments, environment: environment).finish()
}

/// Expects one line on standard error and nothing on standard output.
func expectComplaint(
  _ outcome: Outcome, status: Int32, _ fragments: String..., printsNothing: Bool = true, location: SourceLocation = #_sourceLocation
) {
  #expect(outcome.status == status, "\(outcome)", sourceLocation: location)
  #expect(outcome.errorLines.count == 1 && outcome.errors.hasPrefix("glissade: "), "\(outcome)", sourceLocation: location)
  for fragment in fragments { #expect(outcome.errors.contains(fragment), "\(fragment)\n\(outcome)", sourceLocation: location) }
  if printsNothing { #expect(outcome.output.isEmpty, "\(outcome)", sourceLocation: location) }
}
