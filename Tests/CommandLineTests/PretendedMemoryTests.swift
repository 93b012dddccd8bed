import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// Trainings on GPUs that have little memory, or little of it at once.
struct PretendedMemoryTests {
  let data: PictureFolder
  let folder: TemporaryFolder

  init() throws {
    // 338 000 parameters of a perceptron: 1.3 MiB.
    data = try PictureFolder(side: 20)
    folder = try TemporaryFolder()
  }

  private func train(_ device: String, _ pretended: String, out: String = "run", _ more: String...) throws -> Outcome {
    // What a GPU says of itself, with the kernels that suit what it really is.
    let environment = try PretendingOpenCL.environment("nvidia-desktop,\(pretended)").merging(["GLISSADE_OPENCL_STYLE": "cpu"]) { $1 }
    return try glissade(
      ["train", "--data", data.path, "--batch-size", "30", "--epochs", "1", "--device", device, "--out", folder.path(out)]
        + (more.contains("--model") ? [] : ["--model", "mlp"]) + more, environment: environment)
  }

  @Test(.enabled(if: hasOpenCL)) func buffersAreCutToWhatTheDeviceAllocates() throws {
    let whole = try train("auto", "memory=1024", out: "whole")
    #expect(whole.status == 0 && whole.errors.isEmpty && whole.output.hasPrefix("device: opencl:"), "\(whole)")
    let cut = try train("auto", "memory=1024,alloc=1", out: "cut")
    #expect(cut.status == 0 && cut.errors.isEmpty && cut.output.hasPrefix("device: opencl:"), "\(cut)")
    let models = try ["whole", "cut"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(models[0] == models[1])
  }

  @Test(.enabled(if: hasOpenCL)) func aBatchThatIsTooLargeIsRefusedWithOneThatIsNot() throws {
    let outcome = try train("opencl", "memory=1024,alloc=1", "--model", "lenet", "--batch-size", "240")
    expectComplaint(
      outcome, status: 1, "device opencl:0.0: allocation failed with too little memory", "[240, ", " in conv",
      " in one piece, and a buffer there has 1024 KiB at most; a batch size of ", " has room; so has a micro-batch",
      " (--batch-size, --micro-batch", printsNothing: false)
    #expect(folder.names("run").isEmpty)
    let size = try #require(outcome.errors.firstMatch(of: #/a batch size of (\d+) has room/#).map { String($0.1) })
    let smaller = try train("opencl", "memory=1024,alloc=1", "--model", "lenet", "--batch-size", size)
    #expect(smaller.status == 0, "\(smaller)")
  }

  @Test(.enabled(if: hasOpenCL)) func aModelThatIsTooLargeGoesToTheCPUUnderAuto() throws {
    let explicit = try train("opencl", "memory=4,alloc=2")
    expectComplaint(
      explicit, status: 1, "too little memory", "parameters needs ", "of what the optimizer remembers",
      "the device has 4096 KiB, of which 3840 KiB can be used",
      "SGD without momentum would take ", "--optimizer sgd", printsNothing: false)
    #expect(folder.names("run").isEmpty)
    let outcome = try train("auto", "memory=4,alloc=2")
    expectComplaint(outcome, status: 0, "too little memory", "training starts on the CPU", printsNothing: false)
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    #expect(try #require(summary["fallback"]?.stringValue).contains("too little memory"))
    #expect(try #require(summary["device"]?.stringValue).contains("native"))
    // As it says.
    let plain = try train("opencl", "memory=4,alloc=2", out: "plain", "--optimizer", "sgd")
    #expect(plain.status == 0 && plain.output.hasPrefix("device: opencl:"), "\(plain)")
  }
}
