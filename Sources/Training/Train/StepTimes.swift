import GlissadeDevices
import GlissadeFormats
import GlissadePlanning

/// Where the device's time goes within a training step, by kind of kernel: means over a few steps at the beginning of a run, which are timed
/// launch by launch.
public struct StepTimes: Hashable, Sendable {
  /// What one kind of kernel takes.
  public struct Part: Hashable, Sendable {
    /// The kind, as `convolution`, `elementwise` or `updates`: a file of kernels.
    public var kind: String
    /// Seconds of a step, by the device's clock where it has one.
    public var seconds: Double
    /// Launches of a step.
    public var launches: Int
  }

  /// The kinds, what takes longest first.
  public private(set) var parts: [Part] = []
  /// How many steps were timed.
  public private(set) var steps = 0

  init() {}

  /// The steps of a run that are timed, from 1: none of those that the usual step's time is taken of (`RunRecord.steadyStepSeconds`), and not the
  /// first ones, whose caches are cold.
  static let timed: Set = [6, 8, 10]

  /// Adds a step.
  mutating func add(_ plan: Plan, nanoseconds: [UInt64]) {
    var sums = Dictionary(parts.map { ($0.kind, $0.seconds * Double(steps)) }, uniquingKeysWith: +)
    var launches: [String: Int] = [:]
    for (launch, time) in zip(plan.launches, nanoseconds) {
      sums[launch.family, default: 0] += Double(time) * 1e-9
      launches[launch.family, default: 0] += 1
    }
    steps += 1
    parts = sums.map { Part(kind: $0, seconds: $1 / Double(steps), launches: launches[$0] ?? 0) }
      .sorted { ($1.seconds, $0.kind) < ($0.seconds, $1.kind) }
  }
}

extension StepTimes {
  /// As it stands in `summary.json` and in checkpoints.
  var json: JSONValue {
    [
      "steps": .integer(Int64(steps)),
      "kernels": .array(
        parts.map { ["kind": .string($0.kind), "launches": .integer(Int64($0.launches)), "seconds": .number($0.seconds)] }),
    ]
  }

  /// Reads what `json` gave; `nil` for anything else.
  init?(json: JSONValue) {
    guard let steps = json["steps"]?.integerValue, let kernels = json["kernels"]?.arrayValue else { return nil }
    self.steps = Int(clamping: steps)
    for kernel in kernels {
      guard let kind = kernel["kind"]?.stringValue, let launches = kernel["launches"]?.integerValue,
        let seconds = kernel["seconds"]?.doubleValue
      else { return nil }
      parts.append(Part(kind: kind, seconds: seconds, launches: Int(clamping: launches)))
    }
  }
}
