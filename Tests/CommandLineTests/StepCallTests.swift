import Foundation
import TestSupport
import Testing

/// What a step asks of a driver beside its launches: each call takes the host microseconds, and of launches there are many.
@Suite(.enabled(if: hasOpenCL)) struct StepCallTests {
  private let folder: TemporaryFolder
  private let data: PictureFolder

  init() throws {
    folder = try TemporaryFolder()
    data = try PictureFolder(side: 28)
  }

  /// The calls of a training of one epoch.
  private func calls(_ model: String, samples: Int, validation: String, device: String?) throws -> [String: Int] {
    var variables = try FailingOpenCL.environment([.countCalls(file: folder.path("calls"))], device: device)
    variables["GLISSADE_CACHE"] = folder.path("cache")
    // Once to have everything built and checked, once to count.
    for _ in 0..<2 {
      let outcome = try glissade(
        [
          "train", "--data", data.path, "--model", model, "--batch-size", "30", "--limit", "\(samples)", "--validation", validation,
          "--epochs", "1", "--seed", "1", "--device", "opencl", "--replace", "--quiet", "--out", folder.path("run"),
        ], environment: variables)
      try #require(outcome.status == 0, "\(outcome)")
    }
    var calls: [String: Int] = [:]
    for line in try String(contentsOfFile: folder.path("calls"), encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ")
      calls[String(words[0])] = Int(words[1])
    }
    return calls
  }

  /// An upload, a copy, a wait for the step before the last, and two flushes; arguments were set when the plan was made, and no launch but
  /// the last has an event.
  @Test(arguments: ["mlp", "lenet"], [nil as String?, "nvidia-datacenter"])
  func aStepIsBareLaunches(_ model: String, _ device: String?) throws {
    // 4 steps and 9, with 30 samples of validation each.
    let few = try calls(model, samples: 150, validation: "0.2", device: device)
    let many = try calls(model, samples: 300, validation: "0.1", device: device)
    func more(_ function: String) -> Int { many[function, default: 0] - few[function, default: 0] }
    // Steps whose launches are measured one by one are among the first.
    let measured = more("clGetEventProfilingInfo") / 2
    let uploads = more("clEnqueueWriteBuffer")
    // What is read waits for a marker on a GPU.
    let markers = more("clEnqueueMarkerWithWaitList")
    let launches = more("clEnqueueNDRangeKernel")
    let all = "\(few)\n\(many)"
    #expect((5...9).contains(uploads) && launches - measured >= 5 * 10, "\(all)")
    // As many as one kernel more has, but none for each step.
    #expect(more("clSetKernelArg") <= 10 && more("clCreateBuffer") <= 0 && more("clCreateKernel") <= 1, "\(all)")
    #expect(more("clEnqueueCopyBuffer") == uploads && more("clWaitForEvents") <= uploads, "\(all)")
    #expect(more("clReleaseEvent") - measured - markers <= 6 * uploads, "\(all)")
    #expect(more("clFlush") - measured - markers <= 3 * uploads, "\(all)")
  }
}
