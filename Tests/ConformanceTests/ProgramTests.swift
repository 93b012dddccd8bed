import Foundation
import GlissadeDevices
import GlissadeFormats
import StepSupport
import TestSupport
import Testing

@testable import ConformanceCases

/// The cases as a program: what it prints, writes and ends with.
struct ProgramTests {
  private struct Outcome: CustomStringConvertible {
    let status: Int32
    let output: String
    let errors: String

    var failed: [Substring] { output.split(separator: "\n").filter { $0.hasPrefix("FAILED ") } }
    var lastLine: Substring { output.split(separator: "\n").last ?? "" }
    var description: String { "status \(status)\n--- output\n\(output)--- errors\n\(errors)" }
  }

  /// Beside the test bundle.
  private static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appendingPathComponent("GlissadeConformance").path

  private static let filter = ": softmax up to 3.0 [7"
  private static let hasOpenCL = !TestDevices.openCL.isEmpty

  private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: Self.path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: text, errors: complaint)
  }

  @Test(
    arguments: [
      ["--bogus"], ["--device"], ["--device", "auto"], ["--device", "opencl:0"], ["--filter", "no such case"], ["--seed", "-1"],
      ["--device", "g\u{1b}[31mpu"],
    ])
  func misuseIsOneLineAndStatusTwo(arguments: [String]) throws {
    let outcome = try run(arguments[0], arguments.count > 1 ? arguments[1] : "--json")
    #expect(outcome.status == 2 && outcome.output.isEmpty, "\(outcome)")
    #expect(outcome.errors.hasPrefix("GlissadeConformance: ") && outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
    #expect(!outcome.errors.contains("\u{1b}"))
  }

  @Test func whatIsNotThereIsAFailure() throws {
    let folder = try TemporaryFolder()
    let absent = ["OCL_ICD_VENDORS": folder.path, "GLISSADE_OPENCL_LIBRARY": "/nonexistent"]
    for arguments in [["--device", "opencl"], ["--device", "opencl:77.0"]] {
      let outcome = try run(arguments[0], arguments[1], environment: absent)
      #expect(outcome.status == 1 && outcome.errors.contains("there is no"), "\(outcome)")
    }
    let unwritable = try run("--device", "cpu", "--filter", Self.filter, "--json", folder.path + "/no/such/file")
    #expect(unwritable.status == 1 && unwritable.errors.split(separator: "\n").count == 1 && unwritable.output.isEmpty, "\(unwritable)")
  }

  @Test func everyCaseIsListed() throws {
    let outcome = try run("--list")
    let titles = Table.all.flatMap { table in table.cases.map { table.title(of: $0) } } + Check.all.map(\.title)
    #expect(outcome.status == 0 && outcome.output.split(separator: "\n").map(String.init) == titles)
    #expect(try run("--list", "--filter", "SOFTMAX").output.split(separator: "\n").count == titles.count { $0.contains("oftmax") })
  }

  @Test func whatPassesIsCounted() throws {
    let folder = try TemporaryFolder()
    let outcome = try run("--device", "cpu", "--filter", Self.filter, "--json", folder.file("report.json"), "--seed", "7")
    let levels = TestDevices.native.count
    #expect(outcome.status == 0 && outcome.failed.isEmpty, "\(outcome)")
    #expect(outcome.lastLine.hasPrefix("\(levels) cases on \(levels) device") && outcome.lastLine.hasSuffix("all passed"), "\(outcome)")
    let report = try JSONValue.read(path: folder.file("report.json"))
    #expect(report["passed"]?.boolValue == true && report["complete"]?.boolValue == true && report["seed"]?.integerValue == 7)
    #expect(report["devices"]?.arrayValue?.count == levels && report["findings"]?.arrayValue?.isEmpty == true)
  }

  @Test(.enabled(if: hasOpenCL)) func whatIsComputedWronglyIsNamedWithHowFarOff() throws {
    let folder = try TemporaryFolder()
    let wrong = try FailingOpenCL.environment([.corrupt(call: 1)])
    let outcome = try run(
      "--device", "opencl:0.0", "--filter", Self.filter, "--json", folder.file("report.json"), environment: wrong)
    #expect(outcome.status == 1 && outcome.errors.isEmpty, "\(outcome)")
    let line = try #require(outcome.failed.first { $0.contains("softmax up to 3.0 [7, 17]") })
    #expect(line.hasPrefix("FAILED opencl:0.0") && (line.contains("off by") || line.contains("not finite")), "\(line)")
    #expect(outcome.lastLine.contains("failed"), "\(outcome)")
    let report = try JSONValue.read(path: folder.file("report.json"))
    #expect(report["passed"]?.boolValue == false)
    #expect((report["findings"]?.arrayValue ?? []).contains { $0["case"]?.stringValue == "softmax up to 3.0 [7, 17]" })
  }

  /// Each row by itself, so that one that cannot run hides no other; and an end to it where none can.
  @Test(.enabled(if: hasOpenCL)) func aDeviceThatFailsIsNamedForEachCase() throws {
    let lost = try FailingOpenCL.environment([.fail("clEnqueueNDRangeKernel", call: 1, code: -5)])
    let outcome = try run("--device", "opencl:0.0", "--filter", ": softmax up to 3.0", environment: lost)
    let cases = try run("--list", "--filter", ": softmax up to 3.0").output.split(separator: "\n").count
    #expect(outcome.status == 1 && cases > 2 && outcome.failed.count >= cases, "\(outcome)")
    #expect(outcome.failed.contains { $0.contains("CL_OUT_OF_RESOURCES") }, "\(outcome)")
    let closed = try FailingOpenCL.environment([.fail("clCreateContext", call: 1, code: -2)])
    let unopened = try run("--device", "opencl:0.0", "--filter", Self.filter, environment: closed)
    #expect(unopened.status == 1 && unopened.failed.contains { $0.contains("CL_DEVICE_NOT_AVAILABLE") }, "\(unopened)")
  }

  /// Devices that pretend to be GPUs, with groups of all sizes; `Scripts/pretended.sh all` runs every case on every one of them.
  @Test(.enabled(if: hasOpenCL), arguments: ["nvidia-datacenter", "arm-mali-bifrost", "small-64", "small-1"])
  func pretendedDevicesPass(_ profile: String) throws {
    let outcome = try run("--device", "opencl:0.0", "--filter", "softmax", environment: try PretendingOpenCL.environment(profile))
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.lastLine.hasSuffix("all passed"), "\(outcome)")
  }

  @Test func rowsThatNoDeviceRunsAreCountedAndNotWaitedFor() throws {
    let lost = Lost(try CPUDevice(threads: 1))
    let conformance = Conformance(.softmax, elements: 1)
    var patience = 3
    let findings = conformance.findings(on: TestDevice(name: "lost", device: lost), patience: &patience)
    #expect(patience == 0)
    #expect(findings.map(\.row) == conformance.table.cases.map(\.name))
    #expect(findings.prefix(3).allSatisfy { $0.problem.contains("CL_DEVICE_NOT_AVAILABLE") })
    #expect(findings.dropFirst(3).allSatisfy { $0.problem.contains("not checked") })
  }

  @Test func deviationsHaveTwoDigits() {
    let short = [0, 2e-6, 1e-5, 0.5, 1, 9.96, 123456, 3.21e-5].map(Problem.short)
    #expect(short == ["0.0", "2e-6", "1e-5", "5e-1", "1", "1e1", "1.2e5", "3.2e-5"])
  }
}

/// A device that is gone.
private final class Lost: Device {
  let information: DeviceInformation
  let profile: DeviceProfile
  private let error = DeviceError(device: "lost", call: "anything", error: "CL_DEVICE_NOT_AVAILABLE")

  init(_ device: any Device) { (information, profile) = (device.information, device.profile) }

  func makeBuffer(count: Int) throws(DeviceError) -> any DeviceBuffer { throw error }
  func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError) { throw error }
  func read(_ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(DeviceError) { throw error }
  func prepare(_ plan: Plan, buffers: [BufferReference: any DeviceBuffer]) throws(DeviceError) -> any PreparedPlan { throw error }
  func synchronize() throws(DeviceError) { throw error }
}
