import Glissade
import GlissadeDevices
import GlissadePlanning

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

  /// The limits as far as they have been measured; `nil` before the first time.
  public var knownLimits: MachineLimits? { knownProbe?.limits ?? formerLimits }

  /// The names of a suite's cases.
  public static func names(of suite: BenchmarkResult.Suite, _ options: BenchmarkOptions = BenchmarkOptions()) -> [String] {
    switch suite {
    case .kernels: kernelCases.filter { options.takes($0.name, onDemand: $0.onDemand) }.map(\.name)
    case .optimizers: OptimizerCase.all.filter { options.takes($0.name, onDemand: $0.onDemand) }.map(\.name)
    case .train: TrainingCase.all.map(\.name).filter { options.takes($0) && (options.models.isEmpty || options.models.contains($0)) }
    }
  }

  /// What the training suite's steps would take at least on a device that is known by its published figures. Nothing is run.
  /// - Parameters:
  ///   - options: of which cases.
  ///   - published: the device.
  ///   - report: is given each case's name, batch size, plan and cost.
  /// - Throws: `ShapeError`.
  public static func predict(
    _ options: BenchmarkOptions, as published: PublishedDevice, report: (String, Int, Plan, StepCost) throws -> Void
  ) throws {
    let names = Set(names(of: .train, options))
    for row in TrainingCase.all where names.contains(row.name) {
      let batchSize = options.batchSize ?? row.batchSize
      let plan = try row.plan(batchSize: batchSize, isExact: options.isExact, for: published.profile)
      try report(row.name, batchSize, plan, StepCost(plan, on: published.figures))
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
      var figures = try DeviceFigures.measured(on: device)
      for (index, row) in Self.kernelCases.filter({ names.contains($0.name) }).enumerated() {
        if index % 8 == 7 {
          try probe.refresh()
          figures = try DeviceFigures.measured(on: device)
        }
        let (replay, bytes, limit, table, operands) = try row.replay(on: device)
        let witness =
          switch limit {
          case .fma: probe.multiplyAddWitness(flops: row.flops)
          case .copy: try probe.copyWitness(bytes: bytes)
          case .fill: try probe.fillWitness(bytes: bytes)
          case .pick: try probe.pickWitness(row.picked, from: table, of: operands)
          }
        let measurement = try Measurement(of: replay, seconds: options.seconds ?? 0.15, against: witness)
        let result = measurement.result(
          .kernels, row.name, launches: replay.plan.launches.count, flops: row.flops, bytes: bytes, limit: limit)
        try report(result.modelled(by: StepCost(replay.plan, on: figures)))
      }
    case .optimizers:
      let probe = try probe()
      let figures = try DeviceFigures.measured(on: device)
      for row in OptimizerCase.all where names.contains(row.name) {
        try report(try row.measure(on: device, seconds: options.seconds ?? 0.5, probe, figures))
        try probe.refresh()
      }
    case .train:
      // The probe's memory is not to be counted as the training's.
      formerLimits = knownProbe?.limits ?? formerLimits
      knownProbe = nil
      for row in TrainingCase.all where names.contains(row.name) {
        // After the step, which is to be the process's first.
        try report(
          try row.measure(on: device, seconds: options.seconds ?? 5, batchSize: options.batchSize, isExact: options.isExact) {
            StepCost($0, on: try DeviceFigures.measured(on: device))
          })
      }
    }
  }
}
