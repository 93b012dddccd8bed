import Testing

@testable import GlissadeTraining

/// How far probabilities can be believed, by hand.
@Suite struct CalibrationTests {
  @Test func binsErrorAndBrier() {
    var calibration = Calibration()
    // Two answers at 0.9, one of them right; one at 0.5, right.
    calibration.add(confidence: 0.9, isRight: true, square: 0.02)
    calibration.add(confidence: 0.9, isRight: false, square: 1.62)
    calibration.add(confidence: 0.5, isRight: true, square: 0.5)
    #expect(calibration.bins.map(\.samples).reduce(0, +) == 3 && calibration.bins[13].samples == 2 && calibration.bins[7].samples == 1)
    #expect(abs(calibration.bins[13].confidence - 0.9) < 1e-12 && calibration.bins[13].accuracy == 0.5)
    // (|2·0.9 − 1| + |0.5 − 1|) / 3
    #expect(abs(calibration.expectedError - 1.3 / 3) < 1e-12)
    #expect(abs(calibration.brier - 2.14 / 3) < 1e-12)
    #expect(calibration.isOverconfident && Calibration().expectedError.isNaN)
    calibration.add(confidence: 1, isRight: true, square: 0)
    #expect(calibration.bins[14].samples == 1)
  }

  @Test func areasOfTwoClasses() {
    var curves = TwoClassCurves()
    // scikit-learn's example: roc_auc_score 0.75, average_precision_score 0.8333….
    for (score, isPositive) in [(0.1, false), (0.4, false), (0.35, true), (0.8, true)] { curves.add(score: score, isPositive: isPositive) }
    #expect(abs(curves.receiverArea - 0.75) < 1e-12)
    #expect(abs(curves.averagePrecision - 5.0 / 6) < 1e-12)
    #expect(curves.receiver.first == .init(x: 0, y: 0) && curves.receiver.last == .init(x: 1, y: 1))
    var equal = TwoClassCurves()
    for isPositive in [true, false, true, false] { equal.add(score: 0.5, isPositive: isPositive) }
    #expect(equal.receiverArea == 0.5 && TwoClassCurves().receiverArea.isNaN)
  }

  /// Logits [0, ln 3] are probabilities of 1/4 and 3/4.
  @Test func aReportMeasuresThem() {
    var report = ClassificationReport(classNames: ["a", "b"], mistakeLimit: 3)
    let ln3: Float = 1.098_612_3
    [Int32(1), 0].withUnsafeBufferPointer { report.add(logits: [0, ln3, 0, ln3], labels: $0, first: 0) { _ in nil } }
    #expect(abs(report.calibration.expectedError - 0.25) < 1e-6)
    #expect(abs(report.calibration.brier - (2 * 0.0625 + 2 * 0.5625) / 2) < 1e-6)
    #expect(report.curves?.receiverArea == 0.5)
    #expect(report.confusions(limit: 5) == [.init(label: 0, prediction: 1, count: 1, share: 1)])
    report.illustrate { $0 == 1 ? [255, 216] : nil }
    #expect(report.json["mistakes"]?.arrayValue?.first?["picture"] == "/9g=")
  }

  @Test func predictionsAreToldInTheirOwnUnits() {
    let report = RegressionReport(predictions: [0, 1, 5], values: [0, 2, 1], names: ["y"]).multiplied(by: [10], from: [100])
    #expect(report.rows[0].points.map(\.value) == [100, 120, 110] && report.rows[0].points.map(\.prediction) == [100, 110, 150])
    #expect(report.rows[0].worst.map(\.sample) == [2, 1, 0] && report.rows[0].worst[0].error == 40)
  }

  /// Quarters of the samples by their values, in whatever order these come; errors are 0, 1, 2 and 3 there.
  @Test func errorsByPartOfTheRange() {
    let order = (0..<40).map { ($0 * 7) % 40 }
    let values = order.map { Float($0) }
    let report = RegressionReport(predictions: order.map { Float($0 + $0 / 10) }, values: values, names: ["y"]).multiplied(
      by: [2], from: [100])
    let parts = report.rows[0].parts
    #expect(parts.map(\.lower) == [100, 120, 140, 160] && parts.map(\.upper) == [118, 138, 158, 178])
    #expect(parts.map(\.samples) == [10, 10, 10, 10] && parts.map(\.meanAbsoluteError) == [0, 2, 4, 6])
    let json = report.predictions(on: "test")["values"]?["y"]
    #expect(json?["parts"]?.arrayValue?[1] == ["from": 120.0, "to": 138.0, "samples": 10, "mean_absolute_error": 2.0])
    // Equal values stay together, and few samples are not divided.
    let equal = RegressionReport(predictions: values, values: order.map { $0 < 30 ? 1 : Float($0) }, names: ["y"]).rows[0].parts
    #expect(equal.map(\.samples) == [30, 10] && equal.map(\.upper) == [1, 39])
    #expect(RegressionReport(predictions: [1, 2], values: [1, 2], names: ["y"]).rows[0].parts.isEmpty)
  }
}

/// Sentences that follow from figures.
@Suite struct AdviceTests {
  private func record(_ rows: [(train: Double, validation: Double)]) -> RunRecord {
    var record = RunRecord()
    for (index, row) in rows.enumerated() {
      record.epochs.append(
        EpochRecord(
          epoch: index + 1, step: index + 1, learningRate: 0.1, trainLoss: row.train, trainAccuracy: 0.5, validationLoss: row.validation,
          validationAccuracy: 0.5, seconds: 1, samplesPerSecond: 1))
    }
    return record
  }

  @Test func overfitting() {
    let advice = record([(1, 1), (0.6, 0.8), (0.4, 0.9), (0.2, 1.1)]).advice
    #expect(advice.count == 1 && advice[0].hasPrefix("Over-fitting from epoch 3 on: the validation loss rose from 0.8 to 1.1 "))
  }

  @Test func whatStillFallsAndWhatDoesNot() {
    #expect(record([(1, 1), (0.8, 0.8), (0.6, 0.6)]).advice.first?.hasPrefix("The validation loss was still falling") == true)
    #expect(record([(1, 1), (0.99, 1), (0.995, 1)]).advice.first?.hasPrefix("The training loss hardly fell") == true)
    #expect(record([(1, 1), (0.5, 0.5), (0.48, 0.499)]).advice.isEmpty)
    var diverged = record([(1, 1), (9, 9), (10, 10)])
    diverged.divergence = "it diverged"
    #expect(diverged.advice.count == 1 && diverged.advice[0].hasPrefix("it diverged. A lower --lr"))
  }

  /// Values that are predicted no better than by their mean, and classes no better than by the largest.
  @Test func whatSaysNothing() {
    var values = record([(1, 1)])
    values.reportedOn = "test"
    values.predictions = RegressionReport(predictions: [3, 1, 3, 1], values: [1, 2, 3, 4], names: ["y"])
    #expect(values.advice.count == 1 && values.advice[0].hasPrefix("No better than the mean: on the test data R² of 'y' is -1.8, where"))
    values.predictions = RegressionReport(predictions: [1, 2, 3, 3], values: [1, 2, 3, 4], names: ["y"])
    #expect(values.advice.isEmpty)
    func classes(_ answers: [Int], _ labels: [Int32]) -> [String] {
      var record = record([(1, 1)])
      var report = ClassificationReport(classNames: ["a", "b"], mistakeLimit: 0)
      let logits = answers.flatMap { [Float($0 == 0 ? 0.1 : 0), $0 == 0 ? 0 : 0.1] }
      labels.withUnsafeBufferPointer { report.add(logits: logits, labels: $0, first: 0) { _ in nil } }
      (record.report, record.reportedOn) = (report, "validation")
      return record.advice.filter { $0.hasPrefix("No better") }
    }
    #expect(
      classes([0, 1, 1, 0], [0, 0, 0, 1]).first?.hasPrefix(
        "No better than guessing: 25 % of the answers to the validation data are right, and always answering 'a' has 75 %.") == true)
    #expect(classes([0, 0, 0, 0], [0, 0, 0, 1]).count == 1)
    #expect(classes([0, 0, 0, 1], [0, 0, 0, 1]).isEmpty)
    // Where all are of one class nobody can do better.
    #expect(classes([0, 0], [0, 0]).isEmpty)
  }

  @Test func rareClasses() {
    var record = record([(1, 1)])
    var report = ClassificationReport(classNames: ["many", "few"], mistakeLimit: 0)
    let labels = [Int32](repeating: 0, count: 10) + [1]
    labels.withUnsafeBufferPointer { report.add(logits: (0..<11).flatMap { _ in [Float(1), 0] }, labels: $0, first: 0) { _ in nil } }
    (record.report, record.reportedOn) = (report, "test")
    let advice = record.advice
    #expect(advice.contains { $0.contains("10 samples of 'many' and 1 of 'few' in the test data") })
    #expect(advice.contains { $0.hasPrefix("'few' was never predicted") })
  }
}
