import Foundation
import TestSupport
import Testing

/// What a driver has given is given back before the process ends, however it ends. A driver that still compiles or computes, on threads of its
/// own, while the process's end takes its compiler down, ends it with a segmentation fault: PoCL's does.
@Suite(.enabled(if: hasOpenCL)) struct DriverEndTests {
  private let folder: TemporaryFolder
  private let data: PictureFolder

  init() throws {
    folder = try TemporaryFolder()
    data = try PictureFolder()
  }

  /// A training that counts the driver's calls.
  /// - Parameter compiles: whether the driver, too, has to compile each kernel.
  private func start(
    _ device: String, faults: [FailingOpenCL.Fault] = [], pretended: String? = nil, compiles: Bool = false, _ more: [String]
  ) throws -> Command {
    var variables = try FailingOpenCL.environment(faults + [.countCalls(file: folder.path("calls"))], device: pretended)
    variables["GLISSADE_CACHE"] = folder.path("cache")
    variables["SWIFT_BACKTRACE"] = "enable=no"
    if compiles {
      variables["POCL_CACHE_DIR"] = folder.path("kernels")
      try FileManager.default.createDirectory(atPath: folder.path("kernels"), withIntermediateDirectories: true)
    }
    return try Command(
      [
        "train", "--data", data.path, "--model", "mlp", "--batch-size", "30", "--seed", "1", "--device", device, "--out",
        folder.path("run"),
      ] + more, environment: variables)
  }

  private func expectAllIsGivenBack(_ outcome: Outcome, location: SourceLocation = #_sourceLocation) throws {
    var calls: [String: Int] = [:]
    for line in try String(contentsOfFile: folder.path("calls"), encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ")
      calls[String(words[0])] = Int(words[1])
    }
    let pairs = [
      (["clCreateContext"], "clReleaseContext"), (["clCreateCommandQueue"], "clReleaseCommandQueue"),
      (["clCreateBuffer"], "clReleaseMemObject"), (["clCreateKernel"], "clReleaseKernel"),
      (["clCreateProgramWithSource", "clCreateProgramWithBinary"], "clReleaseProgram"),
    ]
    for (creating, releasing) in pairs {
      let made = creating.reduce(0) { $0 + calls[$1, default: 0] }
      #expect(made > 0 && made == calls[releasing, default: 0], "\(creating) \(releasing) \(calls)\n\(outcome)", sourceLocation: location)
    }
  }

  @Test func aTrainingThatEnds() throws {
    let outcome = try start("opencl", ["--epochs", "1"]).finish()
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    try expectAllIsGivenBack(outcome)
  }

  @Test(arguments: [SIGINT, SIGTERM]) func aTrainingThatIsInterrupted(_ signal: Int32) throws {
    let command = try start("opencl", compiles: signal == SIGINT, ["--epochs", "100000"])
    try command.waitForOutput("epoch 1 ")
    command.send(signal)
    let outcome = try command.finish()
    #expect(outcome.status == 130 && outcome.errors.isEmpty, "\(outcome)")
    try expectAllIsGivenBack(outcome)
  }

  /// Launches are queued when the host looks at the loss.
  @Test func aLossThatIsNotFinite() throws {
    let outcome = try start("opencl", ["--epochs", "2", "--optimizer", "sgd", "--lr", "1e20"]).finish()
    expectComplaint(outcome, status: 1, "is not finite", printsNothing: false)
    try expectAllIsGivenBack(outcome)
  }

  /// The folder that a checkpoint is to be written to goes away.
  @Test func aFileThatCannotBeWritten() throws {
    let command = try start("opencl", ["--epochs", "100000"])
    try command.waitForOutput("epoch 1 ")
    try FileManager.default.moveItem(atPath: folder.path("run"), toPath: folder.path("elsewhere"))
    let outcome = try command.finish()
    #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome)")
    try expectAllIsGivenBack(outcome)
  }

  @Test(arguments: [("opencl", nil as String?), ("auto", "apple")]) func aDriverThatFails(_ device: String, _ pretended: String?) throws {
    let outcome = try start(
      device, faults: [.fail("clEnqueueNDRangeKernel", call: 230, code: -5)], pretended: pretended, ["--epochs", "20"]
    ).finish()
    #expect(outcome.status == (device == "auto" ? 0 : 1) && outcome.errors.contains("CL_OUT_OF_RESOURCES"), "\(outcome)")
    try expectAllIsGivenBack(outcome)
  }
}
