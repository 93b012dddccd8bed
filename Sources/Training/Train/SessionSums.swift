import GlissadeDevices
import GlissadeKernels
import GlissadePlanning

extension TrainingSession {
  /// What steps have added up since the sums were last cleared. Waits for the device.
  public struct Sums: Sendable {
    /// The mean loss over all samples; NaN where there were none.
    public var loss: Double
    /// The share of right answers; for a loss of values, the mean of |output − value|; NaN where there is neither.
    public var accuracy: Double
    /// What became of the session's metrics, in their order; NaN without samples.
    public var metrics: [Double] = []
    /// How many samples these steps had.
    public var samples: Int
    /// The step at which a loss or gradient was not finite: from then on no update was applied.
    public var badStep: Int?
    /// Whether it was a gradient.
    public var hasBadGradient: Bool
    /// The global norm of the last step's gradients, before they were clipped; NaN where gradients are not clipped, and nobody computes it,
    /// and before the first step.
    public var gradientNorm: Float
  }

  /// Reads the sums.
  public func sums() throws(DeviceError) -> Sums {
    let block = try device.read(control, filler: ControlBlock())
    let samples = Double(block.samples)
    let told = Double(block.correct) + Double(block.measureSum) - Double(block.measureCompensation)
    var sums = Sums(
      loss: samples == 0 ? .nan : (Double(block.lossSum) - Double(block.lossCompensation)) / samples,
      accuracy: samples == 0 || measure == .none ? .nan : told / samples,
      samples: Int(block.samples),
      badStep: block.ok == 0 ? Int(block.badStep) : nil, hasBadGradient: block.gradientBad != 0, gradientNorm: block.norm)
    if !metrics.isEmpty { sums.metrics = try metricValues(samples: Int(block.samples)) }
    return sums
  }

  /// What the metrics' sums come to.
  private func metricValues(samples: Int) throws(DeviceError) -> [Double] {
    guard samples > 0 else { return metrics.map { _ in .nan } }
    let count = partSizes.joined().reduce(0, +)
    // Behind the block, of each a sum and what it still lacks.
    let all = try device.read(control, at: StepMemory.controlSize(sums: 0), count: 2 * count, filler: Float(0))
    var place = 0
    return zip(metrics, partSizes).map { metric, sizes in
      let sums = sizes.map { size in
        defer { place += size }
        return (place..<(place + size)).map { Double(all[2 * $0]) - Double(all[2 * $0 + 1]) }
      }
      return metric.value(sums, samples)
    }
  }

  /// Clears the sums, and the verdict on the run's health.
  public func resetSums() throws(DeviceError) {
    var block = ControlBlock()
    block.ok = 1
    block.badStep = -1
    block.clip = 1
    block.norm = .nan
    try device.write([block], to: control)
    let more = control.count - StepMemory.controlSize(sums: 0)
    if more > 0 { try device.write([Int32](repeating: 0, count: more), to: control, at: StepMemory.controlSize(sums: 0)) }
  }
}
