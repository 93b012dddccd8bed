import Foundation
import Testing

/// A run's results as a page has them: each target reached or missed.
struct TableTests {
  private func turn(_ workload: String, _ subject: String, _ seconds: Double, round: Int = 1, batch: Int? = nil) -> String {
    let words = subject.split(separator: " ")
    let samples = batch.map { "\(Double($0) / seconds)" } ?? "null"
    return """
      {"round": \(round), "subject": "\(subject)", "peer": "\(words[0])", "variant": "\(words[1])", "workload": "\(workload)", \
      "batch_size": \(batch.map(String.init) ?? "null"), "samples_per_second": \(samples), "step_seconds_median": \(seconds), \
      "first_step_seconds": 1, "version": "1", "device": "Some GPU", "driver": "1"}
      """
  }

  @Test func targetsAreReachedOrMissed() throws {
    let fake = try FakePack()
    _ = try fake.measure()
    func put(_ part: String, _ turns: [String]) throws {
      try FakePack.write("{\"turns\": [\(turns.joined(separator: ", "))]}", to: "\(fake.out)/\(part)/turns.json")
    }
    try put("10-pytorch-mlp", [turn("mlp", "glissade opencl", 0.0014, batch: 128), turn("mlp", "pytorch eager-fused", 0.001, batch: 128)])
    // The median over the rounds: 0.5, 0.6 and 0.9.
    try put(
      "12-pytorch-resnet18",
      [(1, 2.0), (2, 1 / 0.6), (3, 1 / 0.9)].flatMap { round, seconds in
        [
          turn("resnet18", "glissade opencl", seconds, round: round, batch: 256),
          turn("resnet18", "pytorch channels-last", 1, round: round, batch: 256),
        ]
      })
    try put("13-pytorch-adam100m", [turn("adam100m", "glissade opencl", 0.001), turn("adam100m", "pytorch fused", 0.001)])
    try FakePack.write(
      """
      {"glissade_version": "1", "device": {"name": "Some GPU"}, "limits": null, "results": [
        {"suite": "kernels", "name": "relu", "limit": "copy", "percent_of_limit": 95, "median_seconds": 1, "min_seconds": 1, "p90_seconds": 1, "gbps": 1},
        {"suite": "kernels", "name": "gather", "limit": "copy", "percent_of_limit": 41, "median_seconds": 1, "min_seconds": 1, "p90_seconds": 1, "gbps": 1}
      ]}
      """, to: fake.out + "/08-bench-kernels-tuned/bench.json")
    let outcome = try fake.run("table.py", [fake.out])
    #expect(outcome.status == 0, "\(outcome)")
    func row(_ beginning: String) -> String { outcome.lines.first { $0.hasPrefix("| \(beginning)") } ?? "none" }
    #expect(row("`mlp`").contains("| 0.71× | ≥ 0.667× | reached |"), "\(row("`mlp`"))")
    #expect(row("`resnet18`").contains("| 0.60× | ≥ 0.7× | missed |"), "\(row("`resnet18`"))")
    #expect(row("Adam over 100").contains("| 1.00× | ≥ 1× | reached |"), "\(row("Adam over 100"))")
    #expect(row("the product").contains("not measured"), "\(row("the product"))")
    #expect(
      row("memory-bound").contains("1 of 2 reach it; least: gather") && row("memory-bound").contains("missed"), "\(row("memory-bound"))")
    #expect(outcome.output.contains("| GPU | 0.915 |"))
  }

  /// Of a run that was cut at its first part there is little, and no trouble.
  @Test func whatIsNotThereIsNotMeasured() throws {
    let fake = try FakePack()
    _ = try fake.measure(30, parts: ["there"])
    try FakePack.write("page\n<!-- benchmarks cuda -->\nold\n<!-- /benchmarks cuda -->\nend\n", to: fake.folder + "/page.md")
    let outcome = try fake.run("table.py", [fake.out, "--page", fake.folder + "/page.md"])
    #expect(outcome.status == 0, "\(outcome)")
    let page = fake.text("page.md")
    #expect(
      page.hasPrefix("page\n<!-- benchmarks cuda -->\n") && page.hasSuffix("<!-- /benchmarks cuda -->\nend\n") && !page.contains("old"))
    #expect(page.components(separatedBy: "not measured").count == 6)
    let nothing = try fake.run("table.py", [fake.folder])
    #expect(nothing.status == 1 && nothing.errorLines.count == 1, "\(nothing)")
  }
}
