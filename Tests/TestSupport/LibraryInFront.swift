import Foundation

/// Builds the libraries that stand in front of OpenCL in tests: those in `Tests/`, beside what they share in `Tests/OpenCLInFront`.
enum LibraryInFront {
  /// Compiles one beside the test bundle.
  /// - Parameter name: its folder in `Tests/`, for example `FailingOpenCL`.
  /// - Returns: its path.
  static func build(_ name: String) throws -> String {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let sources = try ["OpenCLInFront", name].flatMap { folder in
      try FileManager.default.contentsOfDirectory(at: tests.appendingPathComponent(folder), includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "c" }.map(\.path).sorted()
    }
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let library = folder.appendingPathComponent("lib\(name).so").path
    let fresh = "\(library).\(ProcessInfo.processInfo.processIdentifier)"
    // Compiled here because SwiftPM makes shared objects only of products, and every product is public.
    try run(["clang", "-shared", "-fPIC", "-fvisibility=hidden", "-O1", "-o", fresh] + sources)
    // In one step, because test processes that run at the same time build it too.
    guard rename(fresh, library) == 0 else { throw BuildFailure(message: "cannot rename \(fresh) to \(library): errno \(errno)") }
    return library
  }

  private static func run(_ command: [String]) throws {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw BuildFailure(message: "\(command.joined(separator: " ")): \(text)") }
  }

  struct BuildFailure: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
  }
}
