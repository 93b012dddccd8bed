import Foundation

/// What a script came to.
struct Outcome: CustomStringConvertible {
  let status: Int32
  let output: String
  let errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
  var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
  var description: String { "status \(status)\n--- output\n\(output)--- errors\n\(errors)" }
}

/// A pack whose programs only write down how they were called, in a folder of its own.
final class FakePack {
  /// What `glissade devices --json` says.
  enum Devices {
    case gpu, none, gpuThatFails
  }

  static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Scripts/gpu").path

  let folder: String
  var pack: String { folder + "/pack" }
  var out: String { folder + "/out" }
  private var environment: [String: String]

  init(_ devices: Devices = .gpu) throws {
    var template = Array("/tmp/glissade-pack-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
    folder = String(cString: made)
    environment = [:]
    try Self.write(Self.glissade, to: folder + "/programs/glissade")
    try Self.write(Self.conformance, to: folder + "/programs/GlissadeConformance")
    try Self.write("pictures", to: folder + "/datasets/fashion-mnist/train-images-idx3-ubyte.gz")
    try Self.write(Self.json(devices), to: folder + "/devices.json")
    environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8",
      "GLISSADE_PACK_PROGRAMS": folder + "/programs", "GLISSADE_DATASETS": folder + "/datasets", "FAKE_LOG": folder + "/log",
      "FAKE_DEVICES": folder + "/devices.json", "GLISSADE_PYTHON": "/bin/false",
    ]
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static func write(_ text: String, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  /// Runs one of the scripts, of the repository or, once there is one, of the pack.
  func run(_ script: String, _ arguments: [String], ofPack: Bool = false, more: [String: String] = [:]) throws -> Outcome {
    let process = try start(script, arguments, ofPack: ofPack, more: more)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: text("output"), errors: text("errors"))
  }

  /// Starts one and does not wait for it.
  func start(_ script: String, _ arguments: [String], ofPack: Bool = false, more: [String: String] = [:]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: (ofPack ? pack : Self.scripts) + "/" + script)
    process.arguments = arguments
    process.environment = environment.merging(more) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    for name in ["output", "errors"] { try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
    process.standardOutput = FileHandle(forWritingAtPath: folder + "/output")
    process.standardError = FileHandle(forWritingAtPath: folder + "/errors")
    try process.run()
    return process
  }

  /// Makes the pack and runs all of it.
  func measure(_ seconds: Int = 30, parts: [String] = [], more: [String: String] = [:]) throws -> Outcome {
    if !FileManager.default.fileExists(atPath: pack) { _ = try run("pack.sh", [pack]) }
    return try run("run.sh", [out, "\(seconds)"] + parts, ofPack: true, more: more)
  }

  func text(_ name: String) -> String { (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? "" }

  /// How the programs were called.
  var calls: [String] { text("log").split(separator: "\n").map(String.init) }

  /// The lines of the record: name, state, seconds, limit, what it says.
  var record: [[String]] {
    text("out/parts.tsv").split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
  }

  func state(of part: String) -> String? { record.first { $0[0] == part }?[1] }

  private static let glissade = """
    #!/bin/sh
    echo "glissade $*" >>"$FAKE_LOG"
    option() { name=$1; shift; while [ $# -gt 0 ]; do [ "$1" != "$name" ] || echo "$2"; shift; done; }
    case $1 in
      --version) echo 0.1.0 ;;
      devices) if [ "${2:-}" = --json ]; then cat "$FAKE_DEVICES"; else echo "a table"; fi ;;
      train)
        out=$(option --out "$@")
        mkdir -p "$out"
        printf '{\\n  "test_accuracy": %s,\\n  "samples_per_second": 1000\\n}\\n' "${FAKE_ACCURACY:-0.915}" >"$out/summary.json"
        ;;
      bench)
        echo "a row of $2"
        printf '{"results": [], "limits": null}' >"$(option --json "$@")"
        if [ "${FAKE_SLOW:-}" = "$2" ]; then sleep 100; fi
        ;;
      tune) echo '{}' >"$GLISSADE_CACHE/tuning.json" ;;
    esac

    """

  private static let conformance = """
    #!/bin/sh
    echo "GlissadeConformance $*" >>"$FAKE_LOG"
    if [ -n "${FAKE_FAILURE:-}" ]; then echo "FAILED one"; echo "1 case on 1 device: 1 failed"; exit 1; fi
    if [ "${FAKE_SLOW:-}" = conformance ]; then sleep 100; fi
    echo "1 case on 1 device: all passed"

    """

  private static func json(_ devices: Devices) -> String {
    let gpu =
      "{\n      \"identifier\": \"opencl:1.0\",\n      \"name\": \"Some \\\"GPU\\\"\",\n      \"kind\": \"gpu\",\n      \"auto\": true\n    },"
    let cpu =
      "{\n      \"identifier\": \"cpu\",\n      \"name\": \"Some processor\",\n      \"kind\": \"cpu\",\n      \"auto\": true\n    }"
    let (list, auto, reason) =
      switch devices {
      case .gpu: (gpu + cpu, "opencl:1.0", "the best GPU")
      case .none: (cpu, "cpu", "OpenCL has no driver installed")
      case .gpuThatFails: (gpu + cpu, "cpu", "no GPU could be used: it computes wrongly")
      }
    return "{\n  \"devices\": [\n    \(list)\n  ],\n  \"auto\": \"\(auto)\",\n  \"auto_reason\": \"\(reason)\"\n}\n"
  }
}
