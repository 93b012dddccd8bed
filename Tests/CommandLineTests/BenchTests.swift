import GlissadeFormats
import TestSupport
import Testing

/// `glissade bench`: what it prints, what it writes, and how it ends. How fast anything is, no test says.
struct BenchTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func bench(_ arguments: String...) throws -> Outcome {
    try glissade(["bench"] + arguments + ["--device", "cpu", "--seconds", "0.001"])
  }

  private func results(_ name: String) throws -> [JSONValue] {
    try #require(try JSONValue.read(path: folder.path(name))["results"]?.arrayValue)
  }

  @Test func kernels() throws {
    let outcome = try bench("kernels", "--filter", "Softmax 128x10: ", "--json", folder.path("results.json"))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("MEDIAN µs") && outcome.output.contains("limits: multiply-adds"), "\(outcome)")
    let json = try JSONValue.read(path: folder.path("results.json"))
    #expect(json["schema"] == 1 && json["glissade_version"]?.stringValue != nil && json["date"]?.stringValue?.count == 20)
    for key in ["processor", "system"] { #expect(json["machine"]?[key]?.stringValue?.isEmpty == false, "\(key)") }
    #expect(try #require(json["machine"]?["cores"]?.integerValue) >= 1)
    #expect(json["device"]?["kind"] == "cpu" && json["device"]?["platform"]?.stringValue?.contains("native") == true)
    #expect(json["device"]?["driver"]?.stringValue != nil && json["device"]?["name"]?.stringValue != nil)
    for key in ["fma_gflops", "copy_gbps", "launch_host_us", "launch_device_us"] {
      #expect(try #require(json["limits"]?[key]?.doubleValue) > 0, "\(key)")
    }
    let results = try results("results.json")
    let names = results.compactMap { $0["name"]?.stringValue }
    #expect(names.count == 4 && names.allSatisfy { $0.contains("softmax 128x10: ") }, "\(names)")
    for result in results {
      #expect(result["suite"] == "kernels" && result["limit"] == "copy" && result["launches"] == 1)
      #expect(try #require(result["repeats"]?.integerValue) >= 10)
      for key in ["median_seconds", "min_seconds", "p90_seconds", "gbps", "percent_of_limit", "device_seconds", "model_seconds"] {
        #expect(try #require(result[key]?.doubleValue) > 0, "\(key)")
      }
      #expect(result["gflops"] == nil && result["host_seconds"] == nil && result["model_bound"]?.stringValue != nil)
      let (least, median) = (result["min_seconds"]?.doubleValue ?? .nan, result["median_seconds"]?.doubleValue ?? .nan)
      #expect(least <= median && median <= result["p90_seconds"]?.doubleValue ?? .nan)
      for name in names { #expect(outcome.output.contains(name)) }
    }
  }

  @Test func productsAreComparedWithMultiplyAdds() throws {
    let outcome = try bench("kernels", "--filter", "dense 128x128->10: forward", "--json", folder.path("results.json"))
    #expect(outcome.status == 0, "\(outcome)")
    let result = try #require(try results("results.json").first)
    #expect(result["limit"] == "fma" && result["gbps"] == nil)
    let median = try #require(result["median_seconds"]?.doubleValue)
    let gflops = try #require(result["gflops"]?.doubleValue)
    #expect(abs(gflops * median * 1e9 / (2 * 128 * 128 * 10) - 1) < 1e-9)
  }

  @Test func training() throws {
    let outcome = try bench("train", "--model", "mlp", "--batch-size", "8", "--launches", "3", "--json", folder.path("results.json"))
    #expect(outcome.status == 0 && outcome.output.contains("mlp batch 8"), "\(outcome)")
    let listed = outcome.output.split(separator: "\n").drop { !$0.contains("LONGEST LAUNCHES") }.dropFirst().prefix { $0.hasPrefix("    ") }
    #expect(listed.count == 3)
    let results = try results("results.json")
    #expect(results.count == 1)
    let result = try #require(results.first)
    #expect(result["suite"] == "train" && result["name"] == "mlp" && result["batch_size"] == 8)
    for key in ["samples_per_second", "host_us_per_launch", "arena_bytes", "peak_resident_bytes", "first_step_seconds"] {
      #expect(try #require(result[key]?.doubleValue) > 0, "\(key)")
    }
    let median = try #require(result["median_seconds"]?.doubleValue)
    #expect(abs((result["samples_per_second"]?.doubleValue ?? 0) * median / 8 - 1) < 1e-9)
    #expect(try #require(result["launches"]?.integerValue) > 5)
    for family in ["matmul", "optimizers", "softmax"] {
      #expect(try #require(result["families"]?[family]?.doubleValue) > 0, "\(family)")
    }
    let steps = try #require(result["steps"]?.arrayValue)
    #expect(steps.count == result["launches"]?.integerValue.map { Int($0) })
    let adam = try #require(steps.first { $0["kernel"] == "adam" })
    #expect(try #require(adam["seconds"]?.doubleValue) > 0 && #require(adam["bytes"]?.integerValue) > 4 * 7 * 535_818)
    let longest = try #require(steps.max { ($0["seconds"]?.doubleValue ?? 0) < ($1["seconds"]?.doubleValue ?? 0) }?["kernel"]?.stringValue)
    #expect(listed.first?.contains(longest) == true)
  }

  @Test func devicesThatAreNotHereArePredicted() throws {
    let outcome = try glissade(["bench", "train", "--as", "h100", "--model", "mlp", "--batch-size", "32", "--launches", "2"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    for text in [
      "as h100, NVIDIA H100", "predictions, nothing was run", "figures: ", "mlp batch 32: ", "what sets it: ", "the longest launches:",
    ] {
      #expect(outcome.output.contains(text), "\(text)")
    }
  }

  @Test(.enabled(if: !TestDevices.openCL.isEmpty)) func openCLTellsHostAndDeviceApart() throws {
    let outcome = try glissade(
      [
        "bench", "kernels", "--filter", "relu 4096x1024: forward", "--device", "opencl", "--seconds", "0.001", "--json",
        folder.path("r.json"),
      ],
      environment: ["GLISSADE_OPENCL_LIBRARY": ""])
    #expect(outcome.status == 0, "\(outcome)")
    for result in try results("r.json") {
      #expect(try #require(result["host_seconds"]?.doubleValue) > 0)
      #expect(try #require(result["device_seconds"]?.doubleValue) > 0)
    }
  }

  // MARK: Comparing

  /// A file of earlier results, of one case that is measured and one that is not.
  private func baseline(median: Double, schema: JSONValue = 1) throws -> String {
    func result(_ name: String) -> JSONValue {
      ["suite": "kernels", "name": .string(name), "median_seconds": .number(median)]
    }
    let names = ["softmax 128x10: forward", "softmax 128x10: sideways"]
    let json: JSONValue = ["schema": schema, "results": .array(names.map(result))]
    let path = folder.path("before.json")
    try json.write(path: path)
    return path
  }

  @Test func slowerIsAFailure() throws {
    let outcome = try bench("kernels", "--filter", "softmax 128x10: ", "--compare", try baseline(median: 1e-12))
    expectComplaint(
      outcome, status: 1, "1 of 1 results are slower", "by more than a factor of 1.10",
      "the worst is kernels: softmax 128x10: forward, by ",
      printsNothing: false)
    #expect(outcome.output.contains("NOW/THEN") && outcome.output.contains("only then: kernels: softmax 128x10: sideways"), "\(outcome)")
    #expect(outcome.output.contains("only now: kernels: softmax 128x10: gradient"), "\(outcome)")
  }

  @Test func asFastIsASuccess() throws {
    let path = try baseline(median: 1000)
    let outcome = try bench("kernels", "--filter", "softmax 128x10: forward", "--compare", path)
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.contains("NOW/THEN"), "\(outcome)")
    // What the filter leaves out is not missing.
    #expect(!outcome.output.contains("sideways"), "\(outcome)")
  }

  @Test func theThresholdIsAFactor() throws {
    let outcome = try bench(
      "kernels", "--filter", "softmax 128x10: forward", "--compare", try baseline(median: 1e-12), "--threshold", "1e15")
    #expect(outcome.status == 0, "\(outcome)")
  }

  @Test func othersFilesAreMisuse() throws {
    expectComplaint(try bench("kernels", "--compare", folder.path("none.json")), status: 2, "none.json")
    try AtomicFile.write(path: folder.path("text.json"), text: "faster!")
    expectComplaint(try bench("kernels", "--compare", folder.path("text.json")), status: 2, "text.json", "invalid JSON")
    try AtomicFile.write(path: folder.path("other.json"), text: "{\"epochs\": 5}")
    expectComplaint(try bench("kernels", "--compare", folder.path("other.json")), status: 2, "other.json", "it has no schema")
    expectComplaint(try bench("kernels", "--compare", try baseline(median: 1, schema: 2)), status: 2, "results of schema 2")
    try AtomicFile.write(path: folder.path("empty.json"), text: "{\"schema\": 1, \"results\": [{\"suite\": \"kernels\"}]}")
    expectComplaint(try bench("kernels", "--compare", folder.path("empty.json")), status: 2, "result 0 lacks")
  }

  @Test(arguments: [
    (["kernel"], "unknown suite 'kernel'; did you mean 'kernels'? (kernels, optimizers, train)"),
    (["kernels", "--filter", "no such thing"], "nothing has that in its name"),
    (["kernels", "--model", "mlp"], "--model is no option of bench kernels; bench train has it"),
    (["optimizers", "--batch-size", "8"], "--batch-size is no option of bench optimizers"),
    (["train", "--model", "lenett"], "did you mean 'lenet'?"),
    (["train", "--batch-size", "0"], "--batch-size is 0"),
    (["optimizers", "--launches", "8"], "--launches is no option of bench optimizers"),
    (["train", "--launches", "-1"], "--launches is -1"),
    (["kernels", "--threshold", "0"], "--threshold is 0.0"),
    (["kernels", "--threshold", "2"], "--threshold is for --compare, and that is not given"),
    (["kernels", "--json", "/nonexistent/results.json"], "--json is '/nonexistent/results.json'"),
    (["kernels", "--device", "gpu"], "did you mean 'opencl'?"),
    (["train", "--as", "h200"], "unknown published device 'h200'; did you mean 'h100'?"),
    (["kernels", "--as", "h100"], "--as is for bench train"),
    (["train", "--as", "h100", "--json", "r.json"], "--json is no option of bench train --as"),
  ])
  func misuse(_ arguments: [String], _ message: String) throws {
    expectComplaint(try glissade(["bench"] + arguments), status: 2, message)
  }
}
