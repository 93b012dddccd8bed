import Foundation

/// The Python that has PyTorch and its kin, which some tests ask what they make of our files and we of theirs.
/// `Scripts/witnesses.sh` installs it, and says where with `GLISSADE_WITNESS_PYTHON`; without it those tests are left out.
public enum Witness {
  public static let python = ProcessInfo.processInfo.environment["GLISSADE_WITNESS_PYTHON"]

  /// Runs a script of `Tests/Fixtures`.
  /// - Returns: its exit status, and what it printed.
  public static func run(_ script: String, _ arguments: String...) throws -> (status: Int32, text: String) {
    guard let python else { return (127, "GLISSADE_WITNESS_PYTHON is not set") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["\(FixtureFolder.path)/\(script)"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    print(text)
    return (process.terminationStatus, text)
  }
}
