import Glissade
import GlissadePlanning
import GlissadeBenchmarks

/// Benchmarks as people read them.
struct BenchTable {
  private let isNative: Bool
  /// How many of a training step's launches are listed.
  private let launches: Int
  private static let nameWidth = 50

  init(device: any Device, launches: Int = 0) {
    isNative = device is CPUDevice
    self.launches = launches
  }

  /// The machine's limits on one line, and the copies of other sizes on a second one.
  static func text(of limits: MachineLimits) -> String {
    let curve = limits.copyCurve.map { "\(Text.bytes(UInt64($0.bytes))) \(Text.fixed($0.gbps, 1))" }
    return """
      limits: multiply-adds \(Text.fixed(limits.multiplyAddGflops, 1)) GFLOP/s, copy \(Text.fixed(limits.copyGbps, 1)) GB/s, \
      in place \(Text.fixed(limits.inPlaceGbps, 1)) GB/s, \
      empty launch host \(Text.fixed(limits.launchHostMicroseconds, 2)) µs, device \(Text.fixed(limits.launchDeviceMicroseconds, 2)) µs
      copies by size, read and written, in GB/s: \(curve.joined(separator: ", "))

      """
  }

  /// A suite's title and its columns.
  func head(of suite: BenchmarkResult.Suite) -> String {
    let time = ["MEDIAN µs", "MIN µs", "P90 µs"]
    let columns =
      switch suite {
      case .kernels: time + ["GFLOP/s", "GB/s", "LIMIT %", "AT BEST %", "MODEL µs", "DEVICE µs", "HOST µs", "LAUNCHES", "BOUND BY"]
      case .optimizers: time + ["GB/s", "LIMIT %", "AT BEST %", "MODEL µs", "DEVICE µs", "HOST µs", "UNFUSED µs", "RATIO"]
      case .train: ["STEP ms", "MIN ms", "P90 ms", "MODEL ms", "SAMPLES/s", "LAUNCHES", "HOST µs/L", "ARENA MiB", "PEAK MiB", "FIRST s"]
      }
    return "\n" + Self.line(suite.rawValue.uppercased(), columns)
  }

  /// A result below its suite's head.
  func row(of result: BenchmarkResult) -> String {
    let samples = result.samples
    func number(_ value: Double?, _ digits: Int, scale: Double = 1) -> String { value.map { Text.fixed($0 * scale, digits) } ?? "-" }
    func microseconds(_ value: Double?) -> String { number(value, 1, scale: 1e6) }
    let time = [microseconds(samples.median), microseconds(samples.minimum), microseconds(samples.p90)]
    let share = [number(result.percentOfLimit, 1), number(result.percentOfLimitAtBest, 1)]
    switch result.suite {
    case .kernels:
      let line = Self.line(
        result.name,
        time + [
          number(result.gflops, 1), number(result.gbps, 1),
        ] + share + [
          microseconds(result.modelSeconds), microseconds(result.deviceSeconds), microseconds(result.hostSeconds),
          result.launches.map { "\($0)" } ?? "-",
        ])
      return String(line.dropLast()) + "  \(result.modelBound?.rawValue ?? "-")\n"
    case .optimizers:
      return Self.line(
        result.name,
        time + [
          number(result.gbps, 1)
        ] + share + [
          microseconds(result.modelSeconds), microseconds(result.deviceSeconds), microseconds(result.hostSeconds),
          microseconds(result.unfusedSeconds),
          number(result.unfusedSeconds.map { $0 / samples.median }, 2),
        ])
    case .train:
      let mebibyte = 1.0 / Double(1 << 20)
      let line = Self.line(
        result.name + (result.batchSize.map { " batch \($0)" } ?? ""),
        [number(samples.median, 3, scale: 1e3), number(samples.minimum, 3, scale: 1e3), number(samples.p90, 3, scale: 1e3)] + [
          number(result.modelSeconds, 3, scale: 1e3), number(result.samplesPerSecond, 1), result.launches.map { "\($0)" } ?? "-",
          number(result.hostMicrosecondsPerLaunch, 2),
          number(result.arenaBytes.map(Double.init), 1, scale: mebibyte),
          number(result.peakResidentBytes.map(Double.init), 1, scale: mebibyte),
          number(result.firstStepSeconds, 3),
        ])
      let families = (result.families ?? []).map { "\($0.name) \(Text.fixed($0.seconds * 1e3, 2))" }
      return line + Text.wrapped("ms by family: " + families.joined(separator: ", "), width: 120).map { "    \($0)\n" }.joined()
        + longest(of: result.steps ?? [])
    }
  }

  /// A step's longest launches, the longest first.
  private func longest(of steps: [LaunchTime]) -> String {
    guard launches > 0, !steps.isEmpty else { return "" }
    let total = steps.reduce(0) { $0 + $1.seconds }
    let chosen = steps.sorted { $0.seconds > $1.seconds }.prefix(launches)
    return Self.line("    LONGEST LAUNCHES", ["µs", "STEP %", "GFLOP/s", "GB/s"])
      + chosen.map { step in
        let seconds = max(step.seconds, 1e-9)
        return Self.line(
          "    \(step.kernel)",
          [
            Text.fixed(step.seconds * 1e6, 1), Text.fixed(step.seconds / max(total, 1e-9) * 100, 1),
            step.flops > 0 ? Text.fixed(Double(step.flops) / seconds * 1e-9, 1) : "-",
            Text.fixed(Double(step.byteCount) / seconds * 1e-9, 1),
          ]
        ).dropLast() + "  \(step.operation)\(step.path.isEmpty ? "" : " of \(step.path)"), \(step.shape)\n"
      }.joined()
  }

  private static func line(_ name: String, _ cells: [String]) -> String {
    Text.column(name, nameWidth) + cells.map { Text.column($0, 11, right: true) }.joined() + "\n"
  }

  /// How well the cost model and what was measured agree, where memory sets the time.
  static func text(of agreement: ModelAgreement) -> String {
    guard agreement.count > 0 else { return "" }
    let others = agreement.others.map { "\($0.name) \(Text.fixed($0.ratio, 2))" }
    let list = others.isEmpty ? "" : "; the others, measured over modelled: " + others.joined(separator: ", ")
    return "the cost model: \(agreement.within) of \(agreement.count) kernels that memory sets the time of are within 25 % of it\(list)\n"
  }

  /// What a step would take at least on a device that is not here.
  static func text(of cost: StepCost, _ plan: Plan, name: String, batchSize: Int, launches: Int) -> String {
    let longest = plan.launches.indices.sorted { (cost.launches[$1].seconds, $0) < (cost.launches[$0].seconds, $1) }.prefix(launches)
    let lines = longest.map { index in
      let (launch, least) = (plan.launches[index], cost.launches[index])
      return "    \(Text.column(Text.fixed(least.seconds * 1e6, 1), 10, right: true)) µs, \(least.bound.rawValue): \(launch.kernelName)"
        + (launch.note.path.isEmpty ? "" : " of \(launch.note.path)") + ", \(launch.note.shape)\n"
    }
    let rate = Text.fixed(Double(batchSize) / cost.seconds, 0)
    return "\n\(name) batch \(batchSize): \(plan.launches.count) launches, at most \(rate) samples/s\n" + cost.summary(of: plan)
      + (lines.isEmpty ? "" : "the longest launches:\n" + lines.joined())
  }

  /// Ratios to earlier results.
  static func text(of comparison: BenchmarkComparison, with baseline: BenchmarkBaseline, path: String, threshold: Double) -> String {
    var text = "\ncompared with \(path), measured on \(baseline.device)\n"
    if !comparison.rows.isEmpty { text += line("NAME", ["THEN µs", "NOW µs", "NOW/THEN"]) }
    for row in comparison.rows {
      let mark = row.ratio > threshold ? "  slower" : ""
      let cells = [Text.fixed(row.before * 1e6, 1), Text.fixed(row.now * 1e6, 1), Text.fixed(row.ratio, 3)]
      text += String(line("\(row.suite): \(row.name)", cells).dropLast()) + mark + "\n"
    }
    for name in comparison.added { text += "only now: \(name)\n" }
    for name in comparison.missing { text += "only then: \(name)\n" }
    return text
  }
}
