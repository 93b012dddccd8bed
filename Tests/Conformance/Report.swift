import ConformanceCases
import GlissadeDevices
import GlissadeFormats
import StepSupport

/// What was found so far, for the file and for the last line.
struct Report {
  private struct Tested {
    var device: TestDevice
    var cases = 0
    var failed = 0
    var seconds = 0.0
  }

  let seed: UInt64
  private var devices: [Tested] = []
  private var findings: [(table: String, finding: Finding)] = []
  /// Devices that could not be tested at all, and why.
  private(set) var unopened: [String] = []
  /// Whether everything was run that was asked for.
  var isComplete = false

  init(seed: UInt64) { self.seed = seed }

  var cases: Int { devices.reduce(0) { $0 + $1.cases } }
  var failed: Int { devices.reduce(0) { $0 + $1.failed } }
  var seconds: Double { devices.reduce(0) { $0 + $1.seconds } }
  var passes: Bool { failed == 0 && unopened.isEmpty && cases > 0 }

  mutating func begin(_ device: TestDevice) { devices.append(Tested(device: device)) }

  mutating func miss(_ line: String) { unopened.append(line) }

  mutating func add(_ new: [Finding], of table: String, cases: Int, seconds: Double) {
    guard !devices.isEmpty else { return }
    devices[devices.count - 1].cases += cases
    devices[devices.count - 1].failed += Set(new.map(\.row)).count
    devices[devices.count - 1].seconds += seconds
    findings += new.map { (table, $0) }
  }

  /// `opencl:0.0 (NVIDIA H100, driver 580.1): 610 cases in 12.3 s, all passed`.
  var lastDevice: String {
    guard let tested = devices.last else { return "" }
    let information = tested.device.device.information
    let driver = information.driver.isEmpty ? "" : ", driver \(printable(information.driver))"
    let verdict = tested.failed == 0 ? "all passed" : "\(tested.failed) failed"
    let note = (tested.device.device as? OpenCLDevice)?.note.map { "; \(printable($0, limit: 1000))" } ?? ""
    return
      "\(tested.device.name) (\(printable(information.name))\(driver)): \(tested.cases) cases in \(Self.seconds(tested.seconds)), \(verdict)\(note)"
  }

  var summary: String {
    let missing = unopened.isEmpty ? "" : ", and \(unopened.count) device\(unopened.count == 1 ? "" : "s") could not be tested"
    let verdict = failed == 0 ? "all passed" : "\(failed) failed"
    return "\(cases) cases on \(devices.count) device\(devices.count == 1 ? "" : "s") in \(Self.seconds(seconds)): \(verdict)\(missing)"
  }

  private static func seconds(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) s"
  }

  var json: JSONValue {
    [
      "schema": 1, "complete": .bool(isComplete), "passed": .bool(isComplete && passes), "seed": .integer(Int64(clamping: seed)),
      "cases": .integer(Int64(cases)), "failed": .integer(Int64(failed)),
      "devices": .array(
        devices.map { tested in
          let information = tested.device.device.information
          return [
            "device": .string(tested.device.name), "name": .string(information.name), "kind": .string(information.kind.rawValue),
            "platform": .string(information.platform), "driver": .string(information.driver),
            "style": .string(tested.device.device.profile.style.rawValue), "cases": .integer(Int64(tested.cases)),
            "failed": .integer(Int64(tested.failed)), "seconds": .number(tested.seconds),
          ]
        }),
      "not_tested": .array(unopened.map { .string($0) }),
      "findings": .array(
        findings.map { table, finding in
          [
            "device": .string(finding.device), "table": .string(table), "case": .string(finding.row), "problem": .string(finding.problem),
            "times_tolerance": finding.excess.map { .number($0) } ?? .null,
          ]
        }),
    ]
  }
}
