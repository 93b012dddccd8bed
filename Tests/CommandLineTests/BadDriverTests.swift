import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// Drivers that lie about limits, compute wrongly, tell errors late, print, or whose device goes away: each ends in a plainer plan, in the
/// CPU, or in one line.
@Suite(.enabled(if: hasOpenCL)) struct BadDriverTests {
  let folder: TemporaryFolder
  let table: String

  init() throws {
    folder = try TemporaryFolder()
    table = folder.path("table.csv")
    let rows = (0..<120).map { "\($0 * 37 % 100),\($0 * 53 % 97),\($0 * 37 % 100 > $0 * 53 % 97 ? "up" : "down")" }
    try (["a,b,c"] + rows).joined(separator: "\n").write(toFile: table, atomically: true, encoding: .utf8)
  }

  private func train(_ device: String, _ environment: [String: String], cache: String = "cache", _ more: [String] = []) throws -> Outcome {
    let variables = ["GLISSADE_CACHE": folder.path(cache), "POCL_MAX_PTHREAD_COUNT": "1"].merging(environment) { $1 }
    return try Command(
      [
        "train", "--data", table, "--target", "c", "--hidden", "8", "--epochs", "3", "--batch-size", "16", "--seed", "1", "--device",
        device,
        "--replace", "--out", folder.path("run"),
      ] + more, environment: variables
    ).finish()
  }

  private func loss() throws -> Double {
    try #require(try JSONValue.read(path: folder.path("run/summary.json"))["train_loss"]?.doubleValue)
  }

  private func text(_ key: String) throws -> String? {
    try JSONValue.read(path: folder.path("run/summary.json"))[key]?.stringValue
  }

  // MARK: Limits

  @Test(arguments: ["", ",late", ",event", ",silent"])
  func aDriverThatLiesAboutItsGroupsGetsAPlainerPlan(wayOfTelling: String) throws {
    let outcome = try train("auto", try PretendingOpenCL.environment("small-64,group=32,claims-group=256" + wayOfTelling))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.hasPrefix("device: opencl:0.0, Small GPU 64"), "\(outcome)")
    #expect(try #require(try text("device_reason")).contains("no kernel uses groups of work-items, since "), "\(outcome)")
  }

  @Test func aDeviceWithoutGroupsTrainsAsOthersDo() throws {
    for device in ["small-1", "small-1,claims-group=1024", "amd-gcn,local=64,claims-local=32768"] {
      let outcome = try train("auto", try PretendingOpenCL.environment(device))
      #expect(outcome.status == 0 && outcome.output.hasPrefix("device: opencl:0.0"), "\(device): \(outcome)")
      let found = try loss()
      #expect(try train("cpu", [:]).status == 0)
      #expect(abs(try loss() - found) < 1e-4)
    }
  }

  // MARK: Wrong results

  @Test(arguments: ["adam", "step_end", "gradient_norm_finish"])
  func aKernelThatTheSelfTestDoesNotUseIsFoundBeforeTheFirstStep(kernel: String) throws {
    let clipping = ["--clip-norm", "1"]
    #expect(try train("cpu", [:], clipping).status == 0)
    let right = try loss()
    let environment = try PretendingOpenCL.environment("amd-gcn,wrong=\(kernel)")
    let outcome = try train("auto", environment, clipping)
    #expect(outcome.status == 0 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("self-test for kernel \(kernel) failed with a wrong result: "), "\(outcome)")
    #expect(outcome.errors.contains("; training starts on the CPU"), "\(outcome)")
    #expect(try loss() == right && text("fallback")?.contains(kernel) == true)
    // It is checked again: only what was right is remembered.
    let explicit = try train("opencl", environment, clipping)
    #expect(explicit.status == 1 && explicit.errorLines.count == 1 && explicit.errors.contains("kernel \(kernel) failed"), "\(explicit)")
  }

  @Test func aKernelThatTheSelfTestUsesIsNamed() throws {
    let outcome = try train("auto", try PretendingOpenCL.environment("amd-gcn,wrong=softmax_cross_entropy"))
    #expect(outcome.status == 0 && outcome.output.hasPrefix("device: cpu, "), "\(outcome)")
    #expect(try #require(try text("device_reason")).contains("self-test for kernel softmax_cross_entropy"))
  }

  @Test func aWrongKernelWithLocalMemoryIsPlannedAround() throws {
    let outcome = try train("auto", try PretendingOpenCL.environment("amd-gcn,wrong=matmul_local"))
    #expect(outcome.status == 0 && outcome.output.hasPrefix("device: opencl:0.0"), "\(outcome)")
    let reason = try #require(try text("device_reason"))
    #expect(reason.contains("since self-test for kernel ") && reason.contains("matmul_local"), "\(reason)")
  }

  @Test func aKernelThatDoesNotBuildIsPlannedAroundOrNamed() throws {
    let around = try train("auto", try PretendingOpenCL.environment("amd-gcn,no-build=matmul_local"))
    #expect(around.status == 0 && around.output.hasPrefix("device: opencl:0.0"), "\(around)")
    let named = try train("opencl", try PretendingOpenCL.environment("amd-gcn,no-build=adam"))
    #expect(named.status == 1 && named.errorLines.count == 1 && named.errors.contains("clBuildProgram for kernel adam failed"), "\(named)")
    #expect(!named.errors.contains("\u{1b}"))
  }

  // MARK: Late errors

  /// The loss of a training on the pretended device, and how often it calls functions.
  private func count(_ device: String, _ isCounted: (Substring) -> Bool) throws -> (calls: Int, loss: Double) {
    let calls = folder.path("calls")
    // Twice: the first run has kernels to check.
    for _ in 0..<2 {
      let outcome = try train("auto", try FailingOpenCL.environment([.countCalls(file: calls)], device: device))
      try #require(outcome.status == 0 && outcome.output.hasPrefix("device: opencl:"), "\(outcome)")
    }
    let numbers = try String(contentsOfFile: calls, encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ") }
    return (numbers.filter { isCounted($0[0]) }.reduce(0) { $0 + (Int($1[1]) ?? 0) }, try loss())
  }

  @Test(arguments: [
    ("clEnqueueNDRangeKernel", false), ("clEnqueueNDRangeKernel", true), ("clEnqueueWriteBuffer", true), ("clEnqueueCopyBuffer", true),
  ])
  func anErrorThatIsToldLateEndsOnTheCPUWithTheSameLoss(function: String, onlyInEvents: Bool) throws {
    let device = "amd-gcn"
    let (calls, right) = try count(device) { $0 == function }
    // In the self-test, and in the second half.
    for call in [3, calls * 3 / 4] {
      let faults: [FailingOpenCL.Fault] = [.failLate(function, call: call, code: -5, onlyInEvents: onlyInEvents)]
      let outcome = try train("auto", try FailingOpenCL.environment(faults, device: device))
      #expect(outcome.status == 0 && outcome.errorLines.count <= 1, "\(call) of \(calls): \(outcome)")
      #expect(abs(try loss() - right) < 1e-3, "\(call) of \(calls): \(outcome)")
    }
  }

  @Test func aDeviceThatGoesAwayMeansTheCPU() throws {
    let (calls, right) = try count("amd-gcn") { name in !["clGet", "clRetain", "clRelease"].contains { name.hasPrefix($0) } }
    for call in [1, 40, calls * 3 / 4] {
      let outcome = try train("auto", try PretendingOpenCL.environment("amd-gcn,vanish=\(call)"))
      #expect(outcome.status == 0 && outcome.errorLines.count <= 1, "\(call): \(outcome)")
      #expect(abs(try loss() - right) < 1e-3, "\(call): \(outcome)")
    }
    let explicit = try train("opencl", try PretendingOpenCL.environment("amd-gcn,vanish=\(calls * 3 / 4)"))
    #expect(explicit.status == 1 && explicit.errorLines.count == 1, "\(explicit)")
    #expect(explicit.errors.contains("CL_DEVICE_NOT_AVAILABLE"), "\(explicit)")
  }

  // MARK: What drivers say

  @Test func whatDriversCallThemselvesIsFitForTerminalsAndJSON() throws {
    let environment = try PretendingOpenCL.environment("apple,odd-names,broken-platform,warnings")
    let variables = ["GLISSADE_CACHE": folder.path("cache")].merging(environment) { $1 }
    for arguments in [["devices"], ["devices", "--json", "--test"]] {
      let outcome = try Command(arguments, environment: variables).finish()
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
      let scalars = outcome.output.unicodeScalars
      #expect(scalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }, "\(outcome)")
      #expect(outcome.output.contains("platform 0: clGetDeviceIDs failed with CL_OUT_OF_HOST_MEMORY"), "\(outcome)")
      if arguments.count > 1 {
        let list = try JSONValue.parse(Array(outcome.output.utf8))
        let gpu = try #require(list["devices"]?.arrayValue?.first)
        #expect(gpu["identifier"] == "opencl:1.0" && gpu["self_test"] == "passed" && gpu["opencl"]?["work_group_size"] == 256)
        #expect(gpu["opencl"]?["largest_allocation_bytes"] == .integer(1 << 30) && gpu["opencl"]?["local_memory_bytes"] == 32768)
      } else {
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(outcome)")
      }
    }
    let outcome = try train("auto", environment)
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.hasPrefix("device: opencl:1.0"), "\(outcome)")
  }
}
