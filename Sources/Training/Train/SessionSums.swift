import GlissadeDevices
import GlissadeKernels

extension TrainingSession {
  /// What steps have added up since the sums were last cleared. Waits for the device.
  public struct Sums: Sendable {
    /// The mean loss over all samples; NaN where there were none.
    public var loss: Double
    /// The share of right answers; for a loss of values, the mean of |output − value|.
    public var accuracy: Double
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
    return Sums(
      loss: samples == 0 ? .nan : (Double(block.lossSum) - Double(block.lossCompensation)) / samples,
      accuracy: samples == 0
        ? .nan : (Double(block.correct) + Double(block.measureSum) - Double(block.measureCompensation)) / samples,
      samples: Int(block.samples),
      badStep: block.ok == 0 ? Int(block.badStep) : nil, hasBadGradient: block.gradientBad != 0, gradientNorm: block.norm)
  }

  /// Clears the sums, and the verdict on the run's health.
  public func resetSums() throws(DeviceError) {
    var block = ControlBlock()
    block.ok = 1
    block.badStep = -1
    block.clip = 1
    block.norm = .nan
    try device.write([block], to: control)
  }
}
