import GlissadeData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Whether a training went wrong although all of its numbers are finite: its loss ends far above that of an answer that needs no learning.
///
/// That is, for classes, the loss of guessing, ln(classes); for values, the error of always predicting their mean. A training has diverged where
/// its last epoch has more than five times as much (ten times, if it is the only one), or three times and more than half of what the first one
/// had; and where an earlier epoch had a fifth of it and the last one is back at it. Values are looked
/// at in the validation data, too: with R² below −3 and errors of one and a half times those of the mean, what was learnt is of no use.
struct Divergence {
  /// What needs no learning.
  private let reference: Double
  /// What of an epoch is compared with it, and what to call them.
  private let value: KeyPath<EpochRecord, Double>
  private let name: String
  private let answer: String

  /// - Returns: `nil` for a loss of somebody's own for classes, of which nothing is known, and for values that are all alike.
  /// - Throws: `DataError` where the data cannot be read.
  init?(of data: any Dataset, _ options: TrainingOptions, _ measure: Loss.Measure, unit: Double) throws(DataError) {
    guard measure != .none else { return nil }
    if measure == .meanAbsoluteError {
      guard case .values = data.targets, options.loss.comparison != .inputs else { return nil }
      reference = try data.meanAbsoluteDeviation() * unit
      (value, name, answer) = (\.trainAccuracy, "mean absolute error", "always predicting the mean has")
      if !(reference > 0) { return nil }
      return
    }
    guard options.loss.smoothing != nil, data.classCount > 1 else { return nil }
    // What weights cost is part of the loss.
    if (options.groups + options.laterPhases.flatMap(\.groups)).contains(where: { !$0.penalty.isZero }) { return nil }
    reference = log(Double(data.classCount))
    (value, name, answer) = (\.trainLoss, "loss", "guessing has")
  }

  /// What went wrong, in words; `nil` where nothing did.
  func verdict(on epochs: [EpochRecord]) -> String? {
    let series = epochs.map { $0[keyPath: value] }
    guard let first = series.first, let last = series.last, let least = series.min(), last.isFinite else { return nil }
    let isFar = series.count == 1 ? last > 10 * reference : last > 5 * reference || (last > 3 * reference && last > first / 2)
    let what = "the training diverged: the training \(name) of the last epoch is \(Self.rounded(last))"
    if isFar { return "\(what), where \(answer) \(Self.rounded(reference))" }
    if let row = epochs.last, row.validationDetermination < -3, row.validationAccuracy > 1.5 * reference {
      let determination = Self.rounded(row.validationDetermination)
      return "the training diverged: R² of the validation data is \(determination) after the last epoch, and 0 is what their mean has"
    }
    guard least < reference / 5, last > 0.9 * reference else { return nil }
    return "\(what), after \(Self.rounded(least)) in an earlier one; \(answer) \(Self.rounded(reference))"
  }

  /// With four digits.
  private static func rounded(_ value: Double) -> Float {
    guard value != 0 else { return 0 }
    let scale = pow(10, 3 - log10(abs(value)).rounded(.down))
    return scale.isFinite && scale > 0 ? Float((value * scale).rounded() / scale) : Float(value)
  }
}

extension Dataset {
  /// The mean of |value − mean|, over all values of all samples; each of a sample's values has a mean of its own.
  fileprivate func meanAbsoluteDeviation() throws(DataError) -> Double {
    let width = targets.valueCount
    guard width > 0, count > 0 else { return 0 }
    var all = [Float](repeating: 0, count: count * width)
    let indices = Array(0..<count)
    try all.withUnsafeMutableBufferPointer { (values) throws(DataError) in try gatherValues(indices[...], into: values) }
    var means = [Double](repeating: 0, count: width)
    for (index, value) in all.enumerated() { means[index % width] += Double(value) / Double(count) }
    return all.enumerated().reduce(0) { $0 + abs(Double($1.element) - means[$1.offset % width]) } / Double(all.count)
  }
}
