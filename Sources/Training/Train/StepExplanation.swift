import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadePlanning

/// One training step as it is planned, what it takes at least, and what it took.
package struct StepExplanation: Sendable {
  package let plan: Plan
  package let cost: StepCost
  /// Samples that it computes: a batch, or the largest part of one.
  package let samples: Int
  /// Elements of all weights.
  package let parameterCount: Int
  /// Seconds of each launch by the device's clock, medians of several steps; `nil` where nothing was run.
  package let measured: [Double]?
  /// Seconds of a whole step, the median of several, one after another; `nil` where nothing was run.
  package let step: Double?
  /// Why nothing could be run, where something was to be.
  package let objection: String?
}

extension Trainer {
  /// Plans the step of a training on a device that is at hand, and runs it a few times on the first batch, for at most some seconds.
  /// - Parameters:
  ///   - training: what is learnt from.
  ///   - device: where.
  ///   - figures: what the device can do.
  /// - Throws: what keeps a step from being planned.
  package func explanation(
    of training: any Dataset, on device: any Device, figures: DeviceFigures
  ) throws -> StepExplanation {
    let session = try session(for: training, on: device)
    let plan = try session.plan(batchSize: options.batchSize, isTraining: true)
    let cost = StepCost(plan, on: figures)
    do {
      let loader = try BatchLoader(training, order: try order(of: training), encoding: try options.encoding(for: training))
      guard let batch = try loader.next() else { return unmeasured(plan, cost, session, "there is no batch") }
      let (launches, step) = try session.measure(fields: batch.fields)
      return StepExplanation(
        plan: plan, cost: cost, samples: session.largestPart(of: options.batchSize), parameterCount: session.parameterCount,
        measured: launches, step: step, objection: nil)
    } catch { return unmeasured(plan, cost, session, "\(error)") }
  }

  /// Plans the step for a device that is known only by what is published of it.
  /// - Parameters:
  ///   - training: what is learnt from.
  ///   - published: the device.
  /// - Throws: what keeps a step from being planned.
  package func explanation(of training: any Dataset, as published: PublishedDevice) throws -> StepExplanation {
    // Parameters have to be somewhere.
    let session = try session(for: training, on: try CPUDevice(threads: 1))
    let plan = try session.plan(batchSize: options.batchSize, isTraining: true, for: published.profile)
    return unmeasured(plan, StepCost(plan, on: published.figures), session, nil)
  }

  private func unmeasured(_ plan: Plan, _ cost: StepCost, _ session: TrainingSession, _ objection: String?) -> StepExplanation {
    StepExplanation(
      plan: plan, cost: cost, samples: session.largestPart(of: options.batchSize), parameterCount: session.parameterCount, measured: nil,
      step: nil, objection: objection)
  }
}

extension TrainingSession {
  /// Runs a training step with learning rates of 0, or the first part of one, several times, launch by launch and whole.
  /// - Returns: medians, in seconds.
  fileprivate func measure(fields: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws -> (launches: [Double], step: Double) {
    let clock = ContinuousClock()
    func seconds(_ duration: Duration) -> Double {
      Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    func run() throws {
      if isParted { try addFirstPart(fields) } else { try train(fields: fields) { _ in 0 } }
      try device.synchronize()
    }
    let end = clock.now + .seconds(2)
    try run()
    var steps: [Double] = []
    var times: [[Double]] = []
    repeat {
      steps.append(seconds(try clock.measure(run)))
      let nanoseconds = try profile(fields: fields).nanoseconds
      if times.isEmpty { times = Array(repeating: [], count: nanoseconds.count) }
      for (index, time) in nanoseconds.enumerated() { times[index].append(Double(time) * 1e-9) }
    } while clock.now < end && steps.count < 9
    return (times.map(median), median(steps))
  }
}
