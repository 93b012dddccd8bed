import GlissadeData

/// What an evaluation of a whole dataset found.
public struct Evaluation: Sendable {
  /// The mean loss over all samples; NaN without samples, or where it is not finite.
  public var loss: Double
  /// The share of right answers, or what else is told beside the loss; NaN without samples, or where there is no such thing.
  public var accuracy: Double
  /// What became of the metrics, in their order.
  public var metrics: [Double] = []
  /// R², over all values of a sample; see `EpochRecord.validationDetermination`. NaN for classes.
  public var determination = Double.nan
  /// Class by class; `nil` where the model's output is not a number for each class.
  public var report: ClassificationReport?
  /// How long the device waited for data.
  var waited = Duration.zero

  /// How many mistakes a report keeps where nobody says.
  public static let mistakes = 20
}

extension TrainingSession {
  /// Goes through a dataset in order.
  /// - Parameters:
  ///   - data: what to evaluate on.
  ///   - batchSize: samples in a step.
  ///   - mistakes: how many mistakes a report keeps; `nil` for no report, which spares reading the outputs.
  ///   - shouldStop: asked before each step; what was found until then is the result.
  func evaluate(_ data: any Dataset, batchSize: Int, mistakes: Int?, shouldStop: () -> Bool) throws -> Evaluation {
    guard data.count > 0 else { return Evaluation(loss: .nan, accuracy: .nan) }
    let order = try BatchOrder(count: data.count, batchSize: min(batchSize, data.count), shuffles: false)
    let loader = try BatchLoader(data, order: order, endEpoch: 1)
    let classes = data.targets == .classes && outputs.count == 1 && measure == .accuracy ? data.classCount : 0
    var report = mistakes.flatMap { classes > 1 ? ClassificationReport(classNames: data.classNames, mistakeLimit: $0) : nil }
    let name = data.place(ofSample:)
    var residuals = ResidualSums(width: outputs.count == 1 && measure == .meanAbsoluteError ? data.targets.valueCount : 0)
    var logits: [Float] = []
    try resetSums()
    while let batch = try loader.next(), !shouldStop() {
      try evaluate(fields: batch.fields)
      guard report != nil || residuals.width > 0 else { continue }
      try read(outputOfBatch: batch.count, into: &logits)
      if case .values(let values) = batch.targets { residuals.add(predictions: logits, values: values) }
      guard report != nil else { continue }
      if logits.count == batch.count * classes {
        report?.add(logits: logits, labels: UnsafeBufferPointer(batch.labels), first: batch.index * order.batchSize, name: name)
      } else {
        report = nil
      }
    }
    let sums = try sums()
    return Evaluation(
      loss: sums.badStep == nil ? sums.loss : .nan, accuracy: sums.accuracy, metrics: sums.metrics, determination: residuals.determination,
      report: report,
      waited: loader.waited)
  }
}
