import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// The built command on devices that pretend to be GPUs. `Scripts/pretended.sh all` does more of it, on every one of them.
@Suite(.enabled(if: hasProcessor)) struct PretendedDeviceTests {
  /// What the tests train on: one of each kind of driver.
  private static let trained = ["nvidia-desktop", "amd-rdna", "apple", "small-64"]

  private let data: PictureFolder
  private let folder: TemporaryFolder

  init() throws {
    data = try PictureFolder(side: 20)
    folder = try TemporaryFolder()
  }

  private func train(_ device: String, _ environment: [String: String], to run: String = "run", on data: PictureFolder? = nil) throws
    -> Outcome
  {
    try glissade(
      [
        "train", "--data", (data ?? self.data).path, "--model", "lenet", "--batch-size", "30", "--epochs", "3", "--lr", "3e-3", "--seed",
        "1", "--device", device, "--replace", "--out", folder.path(run),
      ], environment: environment)
  }

  private func summary(_ run: String = "run") throws -> JSONValue { try JSONValue.read(path: folder.path("\(run)/summary.json")) }

  private func weights(_ run: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.path("\(run)/model.safetensors")))
  }

  /// How often a function was called, as the failing library counted.
  private func calls(_ function: String) throws -> Int {
    let lines = try String(contentsOfFile: folder.path("calls"), encoding: .utf8).split(separator: "\n")
    return try #require(lines.first { $0.hasPrefix("\(function) ") }.flatMap { Int($0.dropFirst(function.count + 1)) })
  }

  // MARK: What it takes

  @Test(arguments: PretendingOpenCL.profiles) func autoTakesIt(_ profile: String) throws {
    let devices = try glissade("devices", "--json", environment: try PretendingOpenCL.environment(profile))
    #expect(devices.status == 0 && devices.errors.isEmpty, "\(devices)")
    let list = try JSONValue.parse(Array(devices.output.utf8))
    #expect(list["auto"] == "opencl:0.0", "\(devices)")
    #expect(devices.output.contains("the best GPU that passed its self-test"), "\(devices)")
  }

  @Test func aBrokenPlatformIsPassedOver() throws {
    let devices = try glissade("devices", "--json", environment: try PretendingOpenCL.environment("apple,broken-platform"))
    #expect(try JSONValue.parse(Array(devices.output.utf8))["auto"] == "opencl:1.0", "\(devices)")
  }

  @Test func namesOfDevicesAreCleanedForTerminals() throws {
    for arguments in [["devices"], ["devices", "--json"]] {
      let devices = try glissade(arguments, environment: try PretendingOpenCL.environment("apple,odd-names,warnings"))
      #expect(devices.status == 0 && devices.errors.isEmpty && devices.output.contains("Apple M1"), "\(devices)")
      #expect(!devices.output.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || $0.value == 127 }, "\(devices)")
    }
  }

  @Test func aDeviceWithoutNamesIsToldApart() throws {
    for arguments in [["devices"], ["devices", "--json"]] {
      let devices = try glissade(arguments, environment: try PretendingOpenCL.environment("apple,no-names"))
      #expect(devices.status == 0 && devices.errors.isEmpty, "\(devices)")
      for words in ["a device without a name", "a platform without a name"] { #expect(devices.output.contains(words), "\(devices)") }
      #expect(!devices.output.contains("driver ,") && !devices.output.contains(", driver \n"), "\(devices)")
    }
    let outcome = try train("auto", try PretendingOpenCL.environment("apple,no-names"))
    #expect(outcome.status == 0 && outcome.output.hasPrefix("device: opencl:0.0, a device without a name, a platform without a name ("))
  }

  @Test func aDeviceWithoutAVersionIsRefusedWithTheReason() throws {
    let devices = try glissade("devices", environment: try PretendingOpenCL.environment("apple,no-version"))
    #expect(devices.output.contains("its driver does not say which OpenCL it has"), "\(devices)")
  }

  // MARK: What it finds out

  @Test(arguments: ["softmax_cross_entropy", "max_pool_gradient"]) func aKernelThatComputesWronglyIsNoticed(_ kernel: String) throws {
    let devices = try glissade("devices", environment: try PretendingOpenCL.environment("apple,wrong=\(kernel)"))
    #expect(devices.status == 0 && devices.output.contains("* cpu "), "\(devices)")
    #expect(devices.output.contains("self-test"), "\(devices)")
  }

  /// A driver that claims more than it bears: noticed, or got round.
  @Test(arguments: [
    "claims-group=1024,group=32", "claims-local=65536,local=2048", "claims-local=65536,local=2048,silent", "claims-alloc=4096,alloc=1",
  ])
  func aDriverThatLiesIsNoticed(_ lie: String) throws {
    let environment = try PretendingOpenCL.environment("amd-gcn,\(lie)")
    let outcome = try train("auto", environment)
    #expect(outcome.status == 0, "\(outcome)")
    #expect(
      outcome.output.hasPrefix("device: opencl:0.0") || (outcome.output + outcome.errors).contains("device opencl:0.0: "), "\(outcome)")
    #expect(try #require(try summary()["test_accuracy"]?.doubleValue) > 0.9, "\(outcome)")
  }

  @Test func aProgramThatDoesNotBuildIsOneLine() throws {
    let outcome = try train("opencl", try PretendingOpenCL.environment("amd-rdna,no-build=softmax_cross_entropy"))
    expectComplaint(outcome, status: 1, "clBuildProgram for kernel softmax_cross_entropy", "CL_BUILD_PROGRAM_FAILURE")
    #expect(!outcome.errors.unicodeScalars.contains { $0.value < 32 && $0 != "\n" } && outcome.errors.utf8.count < 4096, "\(outcome)")
  }

  @Test(arguments: ["softmax_cross_entropy", "adam"]) func aCompilerThatSaysNothingIsSaidTo(_ kernel: String) throws {
    let outcome = try train("opencl", try PretendingOpenCL.environment("amd-rdna,no-build=\(kernel),no-log"))
    expectComplaint(
      outcome, status: 1, "for kernel \(kernel) failed with CL_BUILD_PROGRAM_FAILURE: its compiler gave no reason\n", printsNothing: false)
  }

  // MARK: Training

  /// As well as on the processor, with the same bits each time, and after an interruption that comes to light late.
  @Test(arguments: trained) func lenet(_ profile: String) throws {
    let device = try FailingOpenCL.environment([.countCalls(file: folder.path("calls"))], device: profile)
    let first = try train("opencl", device)
    #expect(first.status == 0 && first.errors.isEmpty && first.output.hasPrefix("device: opencl:0.0"), "\(first)")
    #expect(try train("cpu", [:], to: "cpu").status == 0)
    let accuracies = try ["run", "cpu"].map { try #require(try summary($0)["test_accuracy"]?.doubleValue) }
    #expect(abs(accuracies[0] - accuracies[1]) <= 0.04 && accuracies[0] > 0.9, "\(accuracies)")
    #expect(try train("opencl", device, to: "again").status == 0)
    #expect(try weights("run") == weights("again"))

    let late = FailingOpenCL.Fault.failLate("clEnqueueNDRangeKernel", call: try calls("clEnqueueNDRangeKernel") * 2 / 3, code: -5)
    let stopped = try train("opencl", try FailingOpenCL.environment([late], device: profile), to: "resumed")
    expectComplaint(stopped, status: 1, "CL_OUT_OF_RESOURCES", "is saved in \(folder.path("resumed"))", printsNothing: false)
    let resumed = try glissade("train", "--resume", folder.path("resumed"), environment: device)
    #expect(resumed.status == 0, "\(resumed)")
    #expect(try weights("run") == weights("resumed"))
  }

  /// The device is lost on the way, in one way or another: the processor goes on from the last epoch.
  @Test(arguments: ["late", "event", "vanish", "watchdog", "hang"]) func trainingGoesOnOnTheProcessor(_ way: String) throws {
    let profile = "nvidia-desktop"
    var environment = try FailingOpenCL.environment([.countCalls(file: folder.path("calls"))], device: profile)
    #expect(try train("auto", environment).status == 0)
    let launch = try calls("clEnqueueNDRangeKernel") * 2 / 3
    switch way {
    case "vanish": environment["GLISSADE_PRETEND"] = "\(profile),vanish=\(launch)"
    case "watchdog": environment["GLISSADE_PRETEND"] = "\(profile),stuck=\(launch)"
    case "hang":
      environment["GLISSADE_PRETEND"] = "\(profile),hang=\(launch)"
      environment["GLISSADE_DRIVER_SECONDS"] = "4"
    default:
      let fault = FailingOpenCL.Fault.failLate("clEnqueueNDRangeKernel", call: launch, code: -5, onlyInEvents: way == "event")
      environment = try FailingOpenCL.environment([fault], device: profile)
    }
    let outcome = try train("auto", environment)
    expectComplaint(outcome, status: 0, "training goes on on the CPU from the state after epoch ", printsNothing: false)
    let summary = try summary()
    #expect(summary["failure"] == .null && summary["epochs"] == 3 && summary["fallback"] != .null)
    #expect(try #require(summary["test_accuracy"]?.doubleValue) > 0.9)
  }

  /// A kernel that never ends, under a driver that says nothing of it: one line, and what was saved is whole.
  @Test func aKernelThatHangsEndsTheTraining() throws {
    let profile = "amd-rdna"
    let environment = try FailingOpenCL.environment([.countCalls(file: folder.path("calls"))], device: profile)
    #expect(try train("opencl", environment, to: "whole").status == 0)
    var hanging = try PretendingOpenCL.environment("\(profile),hang=\(try calls("clEnqueueNDRangeKernel") * 2 / 3)")
    hanging["GLISSADE_DRIVER_SECONDS"] = "4"
    let outcome = try train("opencl", hanging)
    expectComplaint(
      outcome, status: 1, "no answer: nothing that it was given ended for 4 s", "is saved in \(folder.path("run"))", printsNothing: false)
    let resumed = try glissade(
      "train", "--resume", folder.path("run"), environment: try PretendingOpenCL.environment(profile))
    #expect(resumed.status == 0, "\(resumed)")
    #expect(try weights("run") == weights("whole"))
  }

  @Test(arguments: ["soon", "0", "-1", "inf", "1e30"]) func patienceIsANumberOfSeconds(_ text: String) throws {
    var environment = try PretendingOpenCL.environment("amd-rdna")
    environment["GLISSADE_DRIVER_SECONDS"] = text
    expectComplaint(try train("opencl", environment), status: 1, "GLISSADE_DRIVER_SECONDS", "'\(text)'", "seconds above 0")
  }

  // MARK: Memory

  /// Buffers that are smaller than what a training takes are many, and nothing else changes.
  @Test func buffersAreCutToWhatTheDeviceAllows() throws {
    for (run, device) in [("whole", "amd-rdna"), ("cut", "amd-rdna,alloc=4")] {
      let outcome = try train("opencl", try PretendingOpenCL.environment(device), to: run)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    }
    #expect(try weights("whole") == weights("cut"))
  }

  /// Drivers that take memory when a buffer is first used, and links that are slow: nothing changes but the time.
  @Test(arguments: ["lazy,late", "lazy,slow-transfers=100,event"])
  func howADriverDoesItChangesNoBit(_ way: String) throws {
    for (run, device) in [("plain", "intel-xe"), ("other", "intel-xe,\(way)")] {
      let outcome = try train("opencl", try PretendingOpenCL.environment(device), to: run)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    }
    #expect(try weights("plain") == weights("other"))
  }

  /// A driver that claims more memory than there is, as one does whose memory others use: seen when a buffer is made, or when it is first used.
  /// Wherever that is, `auto` ends on the processor; otherwise there is one line with what takes less, and what was saved goes on elsewhere.
  @Test(arguments: ["", ",lazy,event"]) func memoryThatIsClaimedOnly(_ way: String) throws {
    let profile = "amd-gcn"
    let data = try PictureFolder(side: 28)
    #expect(try train("opencl", try PretendingOpenCL.environment(profile), to: "whole", on: data).status == 0)
    var goneOn = 0
    for memory in [5, 8, 10] {
      let device = "\(profile),memory=\(memory),alloc=\(memory),claims-memory=8000,claims-alloc=4000\(way)"
      let outcome = try train("auto", try PretendingOpenCL.environment(device), on: data)
      #expect(outcome.status == 0 && outcome.errorLines.count <= 1, "\(memory) MiB: \(outcome)")
      goneOn += outcome.errors.contains("training goes on on the CPU from the state after epoch ") ? 1 : 0
      let summary = try summary()
      #expect(summary["failure"] == .null && summary["epochs"] == 3)
      #expect(try #require(summary["test_accuracy"]?.doubleValue) > 0.9, "\(memory) MiB: \(outcome)")

      let explicit = try train("opencl", try PretendingOpenCL.environment(device), to: "explicit", on: data)
      if explicit.status == 0 {
        #expect(try weights("explicit") == weights("whole"))
        continue
      }
      expectComplaint(explicit, status: 1, "device opencl:0.0: ", printsNothing: false)
      if explicit.errors.contains("CL_MEM_OBJECT_ALLOCATION_FAILURE") {
        let remedy = "(other programs may be using its memory; less of it: --batch-size, --micro-batch, --model"
        #expect(explicit.errors.contains(remedy), "\(explicit)")
      }
      guard explicit.errors.contains("is saved in") else { continue }
      let resumed = try glissade("train", "--resume", folder.path("explicit"), environment: try PretendingOpenCL.environment(profile))
      #expect(resumed.status == 0, "\(resumed)")
      #expect(try weights("explicit") == weights("whole"))
    }
    // What validation needs comes after the first epoch's steps.
    #expect(goneOn > 0)
  }

  @Test func whatHasNoRoomIsRefusedBeforeTheFirstStep() throws {
    let environment = try PretendingOpenCL.environment("small-64,memory=64,alloc=64")
    let outcome = try glissade(
      [
        "train", "--data", data.path, "--model", "resnet18", "--batch-size", "30", "--epochs", "1", "--device", "opencl", "--out",
        folder.path("run"),
      ], environment: environment)
    expectComplaint(outcome, status: 1, "opencl:0.0", "64 MiB", printsNothing: false)
    #expect(outcome.output.isEmpty || !outcome.output.contains("epoch"), "\(outcome)")
  }

  @Test func tuning() throws {
    var environment = try PretendingOpenCL.environment("amd-gcn")
    environment["GLISSADE_CACHE"] = folder.path("cache")
    let outcome = try glissade(
      ["tune", "--device", "opencl", "--seconds", "1e-9", "--filter", "784x128", "--verbose"], environment: environment)
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.contains("best of 2: "), "\(outcome)")
    #expect(try glissade("devices", environment: environment).output.contains("tuned: 1 problem measured"))
  }

  // MARK: Where it belongs

  /// It is for tests: neither the command nor any product has anything of it.
  @Test func itIsNoPartOfTheProduct() throws {
    let command = try Data(contentsOf: URL(fileURLWithPath: Command.path))
    for word in ["GLISSADE_PRETEND", "GLISSADE_REAL_OPENCL", "GLISSADE_FAIL", "PretendingOpenCL", "FailingOpenCL"] {
      #expect(command.firstRange(of: Data(word.utf8)) == nil, "\(word)")
    }
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let manifest = try String(contentsOf: package.appendingPathComponent("Package.swift"), encoding: .utf8)
    for word in ["PretendingOpenCL", "FailingOpenCL", "OpenCLInFront"] { #expect(!manifest.contains(word), "\(word)") }
  }
}

/// Whether the machine has an OpenCL library with a processor behind it, which is what pretends.
private let hasProcessor: Bool = {
  guard let outcome = try? glissade("devices", "--json", environment: ["GLISSADE_OPENCL_LIBRARY": ""]) else { return false }
  return outcome.output.contains("opencl:0.0")
}()
