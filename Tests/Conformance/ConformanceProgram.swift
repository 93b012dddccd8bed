import ConformanceCases
import GlissadeDevices
import GlissadeFormats
import StepSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The conformance cases as a program, for machines that have no toolchain and processes with another OpenCL library.
@main
struct ConformanceProgram {
  static func main() {
    do {
      let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
      if arguments.wantsHelp {
        say(Arguments.usage)
      } else {
        exit(try run(arguments) ? 0 : 1)
      }
    } catch let misuse as Arguments.Misuse {
      end(misuse.description, 2)
    } catch {
      end("\(error)", 1)
    }
  }

  /// - Returns: whether all passed.
  private static func run(_ arguments: Arguments) throws -> Bool {
    let tables = Table.all.map { $0.rows(with: arguments.filter) }.filter { !$0.cases.isEmpty }
    let others = Check.all(with: arguments.filter) + Check.moreRandomGraphs(arguments.graphs, seed: arguments.seed)
    guard !tables.isEmpty || !others.isEmpty else {
      throw Arguments.Misuse(
        description: "--filter is '\(printable(arguments.filter ?? ""))', and no case has that in its name; see --list")
    }
    if arguments.lists {
      for table in tables { for row in table.cases { say(table.title(of: row) + "\n") } }
      for check in others { say(check.title + "\n") }
      return true
    }
    var report = Report(seed: arguments.seed)
    // First of all: a file that cannot be written is known before the work is done.
    func keep() throws { if let json = arguments.json { try report.json.write(path: json) } }
    try keep()
    let devices = try chosen(arguments.devices, &report)
    for line in report.unopened { say("FAILED \(line)\n") }
    var checks: [Conformance] = []
    var again: [SecondDerivatives] = []
    for device in devices {
      report.begin(device)
      var patience = Conformance.patience
      for (index, table) in tables.enumerated() {
        let start = ContinuousClock.now
        if index == checks.count { checks.append(Conformance(table, seed: arguments.seed)) }
        // Whoever names cases wants all of them.
        let rows = arguments.filter == nil ? checks[index].rows(for: device) : checks[index]
        var findings = rows.findings(on: device, patience: &patience)
        // Without fusion every operation is a launch of its own.
        if device.name == TestDevices.native.first?.name { findings += rows.findings(on: device, fuses: false, patience: &patience) }
        if index == again.count { again.append(SecondDerivatives(table, seed: arguments.seed)) }
        let second = arguments.filter == nil ? again[index].rows(for: device) : again[index]
        findings += second.findings(on: device, patience: &patience)
        say(findings, of: table.name)
        report.add(findings, of: table.name, cases: rows.table.cases.count, seconds: (ContinuousClock.now - start) / .seconds(1))
        try keep()
      }
      for check in others where !Conformance.isSubset {
        let start = ContinuousClock.now
        let findings = check.findings(on: device, patience: &patience)
        say(findings, of: Check.table)
        report.add(findings, of: Check.table, cases: 1, seconds: (ContinuousClock.now - start) / .seconds(1))
        try keep()
      }
      say(report.lastDevice + "\n")
    }
    report.isComplete = true
    try keep()
    say(report.summary + "\n")
    return report.passes
  }

  private static func chosen(_ wanted: Arguments.Devices, _ report: inout Report) throws -> [TestDevice] {
    var devices = wanted == .all || wanted == .cpu ? TestDevices.native : []
    guard wanted != .cpu else { return devices }
    let discovery = OpenCLDiscovery()
    var candidates = discovery.candidates
    if case .one(let identifier) = wanted { candidates = candidates.filter { $0.information.identifier == identifier } }
    if candidates.isEmpty {
      let known = discovery.candidates.map { "\($0.information.identifier) (\(printable($0.information.name)))" }
      let reason = known.isEmpty ? discovery.absence ?? "OpenCL has no device" : "OpenCL has \(known.joined(separator: ", "))"
      switch wanted {
      case .one(let identifier): throw Absence(description: "there is no device \(identifier): \(reason)")
      case .openCL: throw Absence(description: "there is no OpenCL device: \(reason)")
      case .all, .cpu: say("No OpenCL device is tested: \(reason)\n")
      }
    }
    for candidate in candidates {
      for style in TestDevices.styles(of: candidate) {
        do throws(DeviceError) { devices.append(try TestDevices.open(candidate, style)) } catch {
          report.miss("\(candidate.information.identifier) (\(printable(candidate.information.name))): \(error)")
        }
      }
    }
    return devices
  }

  private struct Absence: Error, CustomStringConvertible {
    let description: String
  }

  private static func say(_ findings: [Finding], of table: String) {
    for finding in findings { say("FAILED \(finding.device): \(table): \(finding.row): \(printable(finding.problem, limit: 1000))\n") }
  }

  /// At once, so that a run can be watched through a pipe.
  private static func say(_ text: String) { put(text, STDOUT_FILENO) }

  private static func end(_ line: String, _ status: Int32) -> Never {
    put("GlissadeConformance: \(line)\n", STDERR_FILENO)
    exit(status)
  }

  private static func put(_ text: String, _ descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
