import Glissade

/// Measures a device: its limits, and what reaches how much of them.
public final class Benchmark {
  public let device: any Device
  private var knownProbe: LimitProbe?
  /// What a probe found that is gone.
  private var formerLimits: MachineLimits?

  /// - Parameter device: alone at work, if the figures are to mean anything.
  public init(on device: any Device) { self.device = device }

  private func probe() throws -> LimitProbe {
    if let knownProbe { return knownProbe }
    let probe = try LimitProbe(on: device)
    knownProbe = probe
    return probe
  }

  /// The device's limits: the medians of everything measured so far, at first of a short series.
  /// - Throws: `DeviceError`.
  public func limits() throws -> MachineLimits { if knownProbe == nil, let formerLimits { formerLimits } else { try probe().limits } }

  /// The names of a suite's cases.
  public static func names(of suite: BenchmarkResult.Suite, _ options: BenchmarkOptions = BenchmarkOptions()) -> [String] {
    switch suite {
    case .kernels: kernelCases.filter { options.takes($0.name, onDemand: $0.onDemand) }.map(\.name)
    case .optimizers: OptimizerCase.all.filter { options.takes($0.name, onDemand: $0.onDemand) }.map(\.name)
    case .train: TrainingCase.all.map(\.name).filter { options.takes($0) && (options.models.isEmpty || options.models.contains($0)) }
    }
  }

  private static var kernelCases: [KernelCase] { KernelCase.products + KernelCase.memoryBound }

  /// Runs a suite.
  /// - Parameters:
  ///   - suite: which.
  ///   - options: of which cases, and how long.
  ///   - report: is given each result as soon as there is one.
  /// - Throws: `DeviceError`, `ShapeError`.
  public func run(
    _ suite: BenchmarkResult.Suite, _ options: BenchmarkOptions = BenchmarkOptions(), report: (BenchmarkResult) throws -> Void
  ) throws {
    let names = Set(Self.names(of: suite, options))
    switch suite {
    case .kernels:
      let probe = try probe()
      for (index, row) in Self.kernelCases.filter({ names.contains($0.name) }).enumerated() {
        if index % 8 == 7 { try probe.refresh() }
        let (replay, bytes) = try row.replay(on: device)
        let witness = row.flops > 0 ? probe.multiplyAddWitness(flops: row.flops) : try probe.copyWitness(bytes: bytes)
        let measurement = try Measurement(of: replay, seconds: options.seconds ?? 0.15, against: witness)
        try report(measurement.result(.kernels, row.name, launches: replay.plan.launches.count, flops: row.flops, bytes: bytes))
      }
    case .optimizers:
      let probe = try probe()
      for row in OptimizerCase.all where names.contains(row.name) {
        try report(try row.measure(on: device, seconds: options.seconds ?? 0.5, probe))
        try probe.refresh()
      }
    case .train:
      // The probe's memory is not to be counted as the training's.
      formerLimits = knownProbe?.limits ?? formerLimits
      knownProbe = nil
      for row in TrainingCase.all where names.contains(row.name) {
        try report(try row.measure(on: device, seconds: options.seconds ?? 5, batchSize: options.batchSize, isExact: options.isExact))
      }
    }
  }
}
