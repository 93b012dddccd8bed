/// Looks at every layer while a training runs: how large gradients, weights and updates are, and what activations come to (`LayerHealth`).
///
/// A step that is measured is preceded by a plan of its own, which computes the same once more without changing a parameter, and followed by
/// one that looks how far parameters moved; so what is trained has the same bits with and without the monitor. It costs about as much as a
/// step each time.
public struct HealthMonitor: Hashable, Sendable {
  /// Measured at the first step of the run, and then at every so manieth; at least 1. Default 50: about two per cent of the time.
  public var interval = 50

  /// Whether the gradients of each epoch's last step are counted into histograms, on the host; default not.
  public var takesHistograms = false

  /// - Parameters:
  ///   - interval: steps between two measurements; default 50.
  ///   - takesHistograms: whether gradients are counted after each epoch; default not.
  public init(interval: Int = 50, takesHistograms: Bool = false) { (self.interval, self.takesHistograms) = (interval, takesHistograms) }

  /// Whether a step is measured.
  /// - Parameter step: from 1.
  func isDue(atStep step: Int) -> Bool { (step - 1) % max(interval, 1) == 0 }

  /// After so many steps the sums of losses are read, for what rises and falls with a period.
  var lossInterval: Int { max(interval / 10, 1) }

  /// - Throws: `TrainingError.invalid`.
  func check() throws(TrainingError) {
    if interval < 1 {
      throw .invalid(option: "the steps between measurements of the monitor", value: "\(interval)", requirement: "at least 1")
    }
  }
}
