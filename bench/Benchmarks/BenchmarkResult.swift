import Glissade
import GlissadePlanning

/// What was measured of one thing. Times are in seconds; what does not apply is `nil`.
public struct BenchmarkResult: Sendable {
  /// Which of the suites.
  public enum Suite: String, Sendable, CaseIterable {
    case kernels, optimizers, train
  }

  /// Which of the machine's limits something is compared with.
  public enum Limit: String, Sendable {
    case fma, copy
    /// Writing alone, which is what rows that read next to nothing do.
    case fill
    /// Reading numbers that each are in a line of their own, somewhere: what a look-up of single numbers does, which waits for each.
    case pick
  }

  public var suite: Suite
  public var name: String
  /// Of the whole: host and device, from the call until the device is done.
  public var samples: Samples
  /// 10⁹ operations of the mathematics (2 for each multiply-add) per second.
  public var gflops: Double?
  /// 10⁹ bytes that cannot be avoided, read and written, per second.
  public var gbps: Double?
  /// How much of the limit that is; the limit is measured in the same moments, a copy's with as many bytes, and in place
  /// where that is what is measured.
  public var percentOfLimit: Double?
  /// The same from the shortest times instead of the medians: where others use the machine, too, these are the undisturbed ones.
  public var percentOfLimitAtBest: Double?
  public var limit: Limit?
  /// The least time that the cost model allows, and what sets most of it.
  public var modelSeconds: Double?
  public var modelBound: LaunchCost.Bound?
  /// By the device's own clock, without what is between launches; on the CPU device the same as the whole.
  public var deviceSeconds: Double?
  /// Processor time that the host's thread spends before it can go on; `nil` on the CPU device, where the host computes.
  public var hostSeconds: Double?
  /// The same work as one launch for each operation and tensor.
  public var unfusedSeconds: Double?
  public var samplesPerSecond: Double?
  public var batchSize: Int?
  public var launches: Int?
  public var hostMicrosecondsPerLaunch: Double?
  /// Memory between launches, in bytes.
  public var arenaBytes: Int?
  /// The process's largest resident size while this ran, in bytes.
  public var peakResidentBytes: Int?
  /// From the model to its first finished step, tracing, planning and building kernels included.
  public var firstStepSeconds: Double?
  /// Seconds of a step by kernel family.
  public var families: [(name: String, seconds: Double)]?
  /// The launches of a step, in their order.
  public var steps: [LaunchTime]?

  init(suite: Suite, name: String, samples: Samples) {
    self.suite = suite
    self.name = name
    self.samples = samples
  }

  /// The same with what the cost model makes of the plan that was measured.
  func modelled(by cost: StepCost) -> BenchmarkResult {
    var result = self
    result.modelSeconds = cost.seconds
    result.modelBound = cost.shares.first?.bound
    return result
  }
}

/// One launch of a training step.
public struct LaunchTime: Sendable {
  public let kernel: String
  /// The operation, as in `conv2d + bias + relu`, and its layer.
  public let operation: String
  public let path: String
  /// The result's shape.
  public let shape: Shape
  /// The median of several steps.
  public let seconds: Double
  /// Floating-point operations, and bytes read and written, each slice once.
  public let flops: Int
  public let byteCount: Int
}

/// What a benchmark is asked to do.
public struct BenchmarkOptions: Sendable {
  /// Only what has this in its name, in any case. What is made for large devices (`4096^3`, `100M`) runs only when this names that size.
  public var filter: String?
  /// Seconds for each case; `nil` for each suite's own.
  public var seconds: Double?
  /// Of training: which models; empty for all.
  public var models: [String] = []
  /// Of training: samples in a step; `nil` for each model's own.
  public var batchSize: Int?
  /// Of training: whether convolutions mix no pixels beyond their filter's reach (`TrainingOptions.isExact`).
  public var isExact = false

  public init() {}

  /// - Parameter onDemand: what the filter has to name, where something is too large for every machine.
  func takes(_ name: String, onDemand: String? = nil) -> Bool {
    guard let filter = filter?.lowercased() else { return onDemand == nil }
    return name.lowercased().contains(filter) && (onDemand.map { filter.contains($0.lowercased()) } ?? true)
  }
}
