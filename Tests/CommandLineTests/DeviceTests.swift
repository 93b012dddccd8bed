import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// Devices that are not there, and devices that fail.
struct DeviceTests {
  let data: PictureFolder
  let folder: TemporaryFolder

  init() throws {
    data = try PictureFolder()
    folder = try TemporaryFolder()
  }

  private func train(_ device: String, epochs: Int = 3, _ environment: [String: String]) throws -> Outcome {
    try glissade(
      [
        "train", "--data", data.path, "--model", "mlp", "--batch-size", "30", "--epochs", "\(epochs)", "--device", device, "--replace",
        "--out",
        folder.path("run"),
      ], environment: environment)
  }

  private func summary() throws -> JSONValue { try JSONValue.read(path: folder.path("run/summary.json")) }

  // MARK: No OpenCL

  @Test func noLibrary() throws {
    let devices = try glissade("devices")
    #expect(devices.status == 0 && devices.errors.isEmpty, "\(devices)")
    #expect(devices.output.contains("* cpu ") && devices.output.contains("no OpenCL library could be opened"), "\(devices)")
    #expect(devices.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(devices)")
    let training = try train("auto", epochs: 1, [:])
    #expect(training.status == 0 && training.output.contains("no OpenCL library could be opened"), "\(training)")
    #expect(try #require(try summary()["device_reason"]?.stringValue).contains("no OpenCL library"))
    expectComplaint(try train("opencl", [:]), status: 1, "device opencl: no OpenCL library could be opened")
    expectComplaint(try train("opencl:0.0", [:]), status: 1, "device opencl:0.0: no OpenCL library could be opened")
  }

  @Test(.enabled(if: hasOpenCL)) func noPlatforms() throws {
    let environment = try FailingOpenCL.environment([.noPlatforms])
    let devices = try Command(["devices", "--json"], environment: environment).finish()
    #expect(devices.status == 0 && devices.errors.isEmpty, "\(devices)")
    let list = try JSONValue.parse(Array(devices.output.utf8))
    #expect(list["auto"] == "cpu" && list["devices"]?.arrayValue?.count == 1)
    #expect(try train("auto", epochs: 1, environment).status == 0)
    expectComplaint(try train("opencl", environment), status: 1, "device opencl: OpenCL")
  }

  @Test(.enabled(if: hasOpenCL)) func everyDeviceIsListed() throws {
    let devices = try glissade("devices", "--json", environment: ["GLISSADE_OPENCL_LIBRARY": ""])
    #expect(devices.status == 0 && devices.errors.isEmpty, "\(devices)")
    let list = try #require(try JSONValue.parse(Array(devices.output.utf8))["devices"]?.arrayValue)
    #expect(list.contains { $0["identifier"] == "opencl:0.0" } && list.last?["identifier"] == "cpu")
    #expect(list.filter { $0["auto"] == true }.count == 1)
    for device in list { for key in ["name", "platform", "reason"] { #expect(device[key]?.stringValue?.isEmpty == false, "\(key)") } }
    let table = try glissade("devices", environment: ["GLISSADE_OPENCL_LIBRARY": ""])
    #expect(table.output.contains("opencl:0.0") && table.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(table)")
  }

  @Test(.enabled(if: hasOpenCL)) func anIndexOutOfRange() throws {
    expectComplaint(
      try train("opencl:99.0", ["GLISSADE_OPENCL_LIBRARY": ""]), status: 2,
      "device opencl:99.0: there is no such device; OpenCL has opencl:0.0")
    #expect(folder.names().isEmpty)
  }

  @Test func environmentVariablesAreChecked() throws {
    expectComplaint(try train("cpu", ["GLISSADE_THREADS": "many"]), status: 1, "GLISSADE_THREADS", "'many'")
    expectComplaint(try train("cpu", ["GLISSADE_ISA": "avx9"]), status: 1, "GLISSADE_ISA", "'avx9'")
  }

  // MARK: OpenCL that works

  @Test(.enabled(if: hasOpenCL)) func openCLTrains() throws {
    let outcome = try train("opencl", ["GLISSADE_OPENCL_LIBRARY": ""])
    #expect(outcome.status == 0 && outcome.output.hasPrefix("device: opencl:"), "\(outcome)")
    #expect(try #require(try summary()["test_accuracy"]?.doubleValue) > 0.9)
  }

  // MARK: OpenCL that fails

  @Test(.enabled(if: hasOpenCL)) func aWrongSelfTestMeansTheCPU() throws {
    let environment = try FailingOpenCL.environment([.pretendGPU, .corrupt(call: 1)])
    let outcome = try train("auto", epochs: 1, environment)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.hasPrefix("device: cpu, ") && outcome.output.contains("no GPU could be used: "), "\(outcome)")
    #expect(outcome.output.contains("self-test for kernel ") && outcome.output.contains("failed with a wrong result"), "\(outcome)")
    let explicit = try train("opencl", environment)
    expectComplaint(explicit, status: 1, "self-test for kernel ", "failed with a wrong result")
  }

  @Test(.enabled(if: hasOpenCL)) func tooLittleMemoryForTheModelMeansTheCPU() throws {
    let style = ["GLISSADE_OPENCL_STYLE": "cpu"]
    // What opening and testing the device takes is there; what the model takes is not.
    let calls = folder.path("calls")
    let counting = try FailingOpenCL.environment([.pretendGPU, .countCalls(file: calls)]).merging(style) { $1 }
    try #require(try glissade("devices", environment: counting).status == 0)
    let count = try #require(try Self.calls("clCreateBuffer", in: calls))
    let faults: [FailingOpenCL.Fault] = [.pretendGPU, .fail("clCreateBuffer", call: count + 1, code: -4)]
    let outcome = try train("auto", epochs: 1, try FailingOpenCL.environment(faults).merging(style) { $1 })
    expectComplaint(
      outcome, status: 0, "clCreateBuffer failed with CL_MEM_OBJECT_ALLOCATION_FAILURE", "training starts on the CPU", printsNothing: false)
    #expect(try #require(try summary()["fallback"]?.stringValue).contains("CL_MEM_OBJECT_ALLOCATION_FAILURE"))
    #expect(try #require(try summary()["device"]?.stringValue).contains("native"))
  }

  private static func calls(_ function: String, in path: String) throws -> Int? {
    let line = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").first { $0.hasPrefix("\(function) ") }
    return line?.split(separator: " ").last.flatMap { Int($0) }
  }

  /// The number of the launch with which the second epoch is certainly under way.
  private func launchInTheSecondEpoch(_ device: String, _ faults: [FailingOpenCL.Fault], _ more: [String: String] = [:]) throws -> Int {
    let calls = folder.path("calls")
    let environment = try FailingOpenCL.environment(faults + [.countCalls(file: calls)]).merging(more) { $1 }
    let outcome = try train(device, epochs: 1, environment)
    try #require(outcome.status == 0 && outcome.output.hasPrefix("device: opencl:"), "\(outcome)")
    return try #require(try Self.calls("clEnqueueNDRangeKernel", in: calls)) + 5
  }

  @Test(.enabled(if: hasOpenCL)) func underAutoTrainingGoesOnOnTheCPU() throws {
    // A GPU for `auto`, but with the kernels that suit what it really is.
    let style = ["GLISSADE_OPENCL_STYLE": "cpu"]
    let launch = try launchInTheSecondEpoch("auto", [.pretendGPU], style)
    let faults: [FailingOpenCL.Fault] = [.pretendGPU, .fail("clEnqueueNDRangeKernel", call: launch, code: -5)]
    let outcome = try train("auto", try FailingOpenCL.environment(faults).merging(style) { $1 })
    expectComplaint(
      outcome, status: 0, "clEnqueueNDRangeKernel for kernel ", "CL_OUT_OF_RESOURCES",
      "training goes on on the CPU from the state after epoch 1",
      printsNothing: false)
    let summary = try summary()
    let fallback = try #require(summary["fallback"]?.stringValue)
    #expect(fallback.contains("clEnqueueNDRangeKernel for kernel ") && fallback.contains("CL_OUT_OF_RESOURCES"))
    #expect(summary["failure"] == .null && summary["epochs"] == 3)
    #expect(try #require(summary["device"]?.stringValue).contains("native"))
    #expect(try #require(summary["test_accuracy"]?.doubleValue) > 0.9)
    let rows = try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8).split(separator: "\n").dropFirst()
    #expect(rows.map { $0.split(separator: ",").prefix(2).joined(separator: " ") } == ["1 9", "2 18", "3 27"])
  }

  @Test(.enabled(if: hasOpenCL)) func anExplicitDeviceStopsWithItsStateSaved() throws {
    let launch = try launchInTheSecondEpoch("opencl", [])
    let outcome = try train("opencl", try FailingOpenCL.environment([.fail("clEnqueueNDRangeKernel", call: launch, code: -6)]))
    expectComplaint(
      outcome, status: 1, "device opencl:0.0: clEnqueueNDRangeKernel for kernel ", "CL_OUT_OF_HOST_MEMORY",
      "1 epoch done, is saved in \(folder.path("run"))",
      printsNothing: false)
    let summary = try summary()
    #expect(summary["epochs"] == 1 && summary["fallback"] == .null)
    #expect(try #require(summary["failure"]?.stringValue).contains("CL_OUT_OF_HOST_MEMORY"))
    #expect(try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu").status == 0)
  }
}

/// Whether the machine has an OpenCL library with a device.
let hasOpenCL: Bool = {
  guard let outcome = try? glissade("devices", "--json", environment: ["GLISSADE_OPENCL_LIBRARY": ""]) else { return false }
  return outcome.output.contains("opencl:0.0")
}()
