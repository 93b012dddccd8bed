import Glissade
import TestSupport
import Testing

/// Labels of which a sample may have any number: how well they are told.
struct LabelReportTests {
  @Test func numbersAreThoseOfTheirFormulas() {
    // Label a: right, right, missed; b: one too many, right; c: nobody has it, and nobody is taken to.
    let report = LabelReport(
      probabilities: [
        0.9, 0.6, 0.1,
        0.2, 0.7, 0.2,
        0.4, 0.1, 0.3,
        0.8, 0.3, 0.4,
      ],
      marks: [
        1, 0, 0,
        0, 1, 0,
        1, 0, 0,
        1, 0, 0,
      ], names: ["a", "b", "c"])
    let (a, b, c) = (report.rows[0], report.rows[1], report.rows[2])
    #expect(a.accuracy == 0.75 && a.precision == 1 && a.recall == 2.0 / 3 && a.f1 == 0.8 && a.support == 3)
    // 0.9, 0.8 and 0.4 have it, 0.2 has not: every threshold is precise.
    #expect(a.averagePrecision == 1)
    #expect(b.accuracy == 0.75 && b.precision == 0.5 && b.recall == 1 && b.f1 == 2.0 / 3 && b.averagePrecision == 1)
    #expect(c.accuracy == 1 && c.precision.isNaN && c.recall.isNaN && c.f1.isNaN && c.averagePrecision.isNaN && c.support == 0)
    #expect(report.samples == 4 && report.accuracy == 10.0 / 12 && report.exactShare == 0.5 && report.microF1 == 0.75)
    #expect(abs(report.macroF1 - (0.8 + 2.0 / 3) / 2) < 1e-12 && report.meanAveragePrecision == 1)
    #expect(report.json["labels"]?.arrayValue?.count == 3 && report.json["micro_f1"] == 0.75)
  }

  @Test func metricsOfTrainingAreThoseOfTheReport() throws {
    var (features, marks) = ([Float](), [Float]())
    for index in 0..<60 {
      let (x, y) = (Float(index * 37 % 60) / 30 - 1, Float(index * 23 % 60) / 30 - 1)
      features += [x, y]
      marks += [x > 0.2 ? 1 : 0, x + y > 0 ? 1 : 0, y * y > 0.5 ? 1 : 0]
    }
    let data = try ArrayDataset(features: features, sampleShape: [2], values: marks, valueNames: ["a", "b", "c"])
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 0.05))])
    (options.epochs, options.batchSize, options.loss) = (8, 16, .binaryCrossEntropyWithLogits)
    options.metrics = [.labelAccuracy, .microF1]
    for device in (TestDevices.native.prefix(1) + TestDevices.openCL).map(\.device) {
      let trainer = Trainer(model: MLP([2, 16, 3]), options: options)
      let result = try trainer.fit(
        data, validation: data, on: DeviceSelection(device: device, reason: "test", mayFallBack: false))
      let report = try #require(try trainer.predictions(for: data, state: result.state, on: device).labels)
      let metrics = try #require(result.record.epochs.last?.metrics)
      #expect(abs(metrics[0].validation - report.accuracy) < 1e-6 && abs(metrics[1].validation - report.microF1) < 1e-6)
      #expect(report.accuracy > 0.7 && report.meanAveragePrecision > 0.7)
    }
    // Values that are no labels have no such report.
    options.loss = .meanSquaredError
    options.metrics = []
    let numbers = Trainer(model: MLP([2, 4, 3]), options: options)
    let device = try CPUDevice(threads: 1)
    let result = try numbers.fit(data, on: DeviceSelection(device: device, reason: "test", mayFallBack: false))
    #expect(try numbers.predictions(for: data, state: result.state, on: device).labels == nil)
  }
}
