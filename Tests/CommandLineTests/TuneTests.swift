import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// `glissade tune`.
struct TuneTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func environment(_ style: String) -> [String: String] {
    ["GLISSADE_OPENCL_LIBRARY": "", "GLISSADE_OPENCL_STYLE": style, "GLISSADE_CACHE": folder.path("cache")]
  }

  private func tuningFiles() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path("cache"))) ?? []).filter { $0.hasPrefix("tuning-") }
  }

  @Test func processorsHaveNothingToTune() throws {
    let outcome = try glissade("tune", "--device", "cpu")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("There is nothing to tune for this device"), "\(outcome)")
  }

  @Test func argumentsAreChecked() throws {
    expectComplaint(try glissade("tune", "--seconds", "0"), status: 2, "--seconds is 0.0")
    expectComplaint(try glissade("tune", "--filter", "transformer"), status: 2, "no problem's name contains 'transformer'", "matmul 128x")
    expectComplaint(try glissade("tune", "--device", "opencl"), status: 1, "no OpenCL library could be opened")
  }

  /// With no time: one problem with the two kernels that are always tried. It is remembered, used, and not tried again.
  @Test(.enabled(if: tuneHasOpenCL)) func aTinyBudgetFinishesOneProblem() throws {
    let arguments = ["tune", "--device", "opencl", "--seconds", "1e-9", "--filter", "784x128", "--verbose"]
    let first = try glissade(arguments, environment: environment("gpu"))
    #expect(first.status == 0 && first.errors.isEmpty, "\(first)")
    #expect(first.output.contains("matmul 512x784x128, first transposed\n") && first.output.contains("best of 2: "), "\(first)")
    #expect(first.output.contains("GFLOP/s") && first.output.contains("register tiles"), "\(first)")
    let file = try #require(tuningFiles().first)
    let path = folder.path("cache/\(file)")
    let problems = try #require(try JSONValue.read(path: path)["problems"]?.arrayValue)
    #expect(problems.count == 1 && problems[0]["rows"] == 512)

    let devices = try glissade("devices", environment: environment("gpu"))
    #expect(devices.output.contains("tuned: 1 problem measured"), "\(devices)")
    #expect(try glissade("devices", environment: environment("cpu")).output.contains("nothing to tune"))
    let second = try glissade(arguments, environment: environment("gpu"))
    #expect(second.status == 0 && second.output.contains("1 of 1 problems are tuned already"), "\(second)")

    // A damaged file is ignored with a warning, and a new search replaces it.
    try "{".write(toFile: path, atomically: true, encoding: .utf8)
    let third = try glissade(arguments, environment: environment("gpu"))
    #expect(third.status == 0 && third.errorLines.count == 1, "\(third)")
    #expect(third.errors.hasPrefix("glissade: the tuning file is ignored: "), "\(third)")
    #expect(try JSONValue.read(path: path)["problems"]?.arrayValue?.count == 1)
  }
}

/// Whether the machine has an OpenCL library with a device.
private let tuneHasOpenCL: Bool = {
  guard let outcome = try? glissade("devices", "--json", environment: ["GLISSADE_OPENCL_LIBRARY": ""]) else { return false }
  return outcome.output.contains("opencl:0.0")
}()
