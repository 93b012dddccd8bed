import Glissade
import GlissadeCharts

/// How the losses went so far, for one line: epoch by epoch or, in the first ones, as progress has it.
struct ProgressCurves {
  /// Characters of a curve, the best first; 0 for none.
  static let widths = [16, 8, 5, 0]

  private var training = Thinned()
  private var validation = Thinned()
  /// The epoch at hand.
  private var running = Thinned()
  private var epoch = 0
  /// Epochs from which on these are the curve.
  private static let enough = 2

  /// Values of any number in bounded memory: each is the mean of as many neighbours as any other.
  private struct Thinned {
    private(set) var values: [Double] = []
    private var (each, sum, count) = (1, 0.0, 0)
    private static let most = 128

    mutating func append(_ value: Double) {
      guard value.isFinite else { return }
      (sum, count) = (sum + value / Double(each), count + 1)
      guard count == each else { return }
      values.append(sum)
      (sum, count) = (0, 0)
      guard values.count == Self.most else { return }
      values = stride(from: 0, to: values.count, by: 2).map { values[$0] / 2 + values[$0 + 1] / 2 }
      each *= 2
    }
  }

  init() {}

  mutating func add(_ progress: TrainingEvent.Progress) {
    if progress.epoch != epoch { (epoch, running) = (progress.epoch, Thinned()) }
    running.append(progress.loss)
  }

  mutating func add(_ row: EpochRecord) {
    running = Thinned()
    training.append(row.trainLoss)
    validation.append(row.validationLoss)
  }

  /// The loss with its curve beside it, and that of the validation data.
  /// - Parameters:
  ///   - loss: as it stands.
  ///   - width: characters of each curve.
  func texts(beside loss: String, width: Int) -> [String] {
    let own = Sparkline.text(
      training.values.count >= Self.enough ? training.values + running.values.suffix(1) : running.values, width: width)
    let other = Sparkline.text(validation.values, width: width)
    return [own.isEmpty ? loss : "\(loss) \(own)"] + (other.isEmpty || width < 8 ? [] : ["validation \(other)"])
  }
}
