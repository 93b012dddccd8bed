import Foundation

/// The files that users see.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String { try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) }
}

/// A program's end: its status and everything it wrote.
struct Outcome {
  var status: Int32
  var output: String

  /// Runs a program to its end.
  /// - Throws: what Foundation throws when it cannot be started.
  init(_ command: [String], in folder: URL, adding variables: [String: String] = [:]) throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(variables) { _, new in new }
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    // A signal's number plus 128, as shells say.
    status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }
}
