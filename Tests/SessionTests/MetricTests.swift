import Foundation
import Glissade
import StepSupport
import TestSupport
import Testing

/// Metrics: computed with each step, summed up over the data, and told wherever epochs are.
struct MetricTests {
  private var devices: [any Device] { (TestDevices.native.prefix(1) + TestDevices.openCL).map(\.device) }

  private func options(_ metrics: [Metric], epochs: Int = 2) -> TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.1))])
    options.metrics = metrics
    options.epochs = epochs
    options.batchSize = 16
    return options
  }

  private func selection(_ device: any Device) -> DeviceSelection { DeviceSelection(device: device, reason: "test", mayFallBack: false) }

  @Test func classesAreCounted() throws {
    let data = try SyntheticClassification(count: 100, sampleShape: [6], classCount: 5, separation: 0.3, seed: 5)
    let right = Metric("right") { output, labels in
      // Right where nothing is above the label's own.
      1 - (softmaxCrossEntropies(output, labels) - (-output.logSoftmax()).min(axes: [1])).applying(.positive)
    }
    for device in devices {
      var progress: [MetricValue] = []
      let trainer = Trainer(model: Dense(6, 5), options: options([.topK(1), .topK(2), .topK(5), .macroF1, right]))
      let result = try trainer.fit(
        data, validation: data, test: data, on: selection(device),
        observe: { if case .progress(let now) = $0 { progress = now.metrics } })
      #expect(result.failure == nil)
      let row = try #require(result.record.epochs.last)
      #expect(row.metrics.map(\.name) == ["top-1", "top-2", "top-5", "macro_f1", "right"])
      #expect(abs(row.metrics[0].validation - row.validationAccuracy) < 1e-6 && abs(row.metrics[0].training - row.trainAccuracy) < 1e-6)
      #expect(row.metrics[2].validation == 1 && row.metrics[1].validation > row.metrics[0].validation)
      #expect(abs(row.metrics[4].validation - row.validationAccuracy) < 0.021)
      #expect(progress.map(\.name) == row.metrics.map(\.name) && progress[2].training == 1)
      let report = try #require(result.record.report)
      let expected = report.scores.map(\.f1).reduce(0, +) / 5
      let test = result.record.testMetrics
      #expect(abs(test[3].validation - expected) < 1e-5, "\(test[3].validation) \(expected)")
    }
  }

  @Test func valuesAreCompared() throws {
    var (features, values) = ([Float](), [Float]())
    for index in 0..<50 {
      features += [Float(index) / 25 - 1, Float(index % 7) / 7]
      values += [Float(index) / 10 - 2, Float(index % 5)]
    }
    let data = try ArrayDataset(features: features, sampleShape: [2], values: values, valueNames: ["a", "b"])
    var options = options([.absoluteError, .rootMeanSquaredError, .determination])
    options.loss = .meanSquaredError
    let result = try Trainer(model: Dense(2, 2), options: options).fit(data, validation: data, on: selection(try CPUDevice()))
    let row = try #require(result.record.epochs.last)
    #expect(abs(row.metrics[0].validation - row.validationAccuracy) < 1e-5)
    #expect(abs(row.metrics[1].validation * row.metrics[1].validation - row.validationLoss) < 1e-5)
    #expect(abs(row.metrics[2].validation - row.validationDetermination) < 1e-5)
  }

  /// Held against the trainer's own R², which is counted in double precision on the host.
  @Test("R² of large values that are alike", arguments: [1e6, -3e7] as [Float]) func largeValues(offset: Float) throws {
    struct Shifted: Layer {
      let dense = Dense(2, 2)
      let offset: Float
      func forward(_ x: Tensor) -> Tensor { dense(x) + offset }
    }
    var (features, values) = ([Float](), [Float]())
    for index in 0..<200 {
      features += [Float(index) / 100 - 1, Float(index % 7) / 7]
      values += [offset + Float(index % 40 - 20) * 2, offset + Float(index % 3) * 4]
    }
    // A single odd sample, the first one, is not where values are counted from.
    values[0] = 0
    let data = try ArrayDataset(features: features, sampleShape: [2], values: values, valueNames: ["a", "b"])
    let named = try TensorDataset(inputs: ["x": .floats(features, shape: [2])], targets: ["y": .floats(values, shape: [2])])
    let rest = Array(1..<200)
    for device in devices {
      var options = options([.determination])
      options.loss = .meanSquaredError
      options.groups = [ParameterGroup(SGD(learningRate: 1e-30))]
      let held = try Subset(of: data, indices: rest)
      let result = try Trainer(model: Shifted(offset: offset), options: options).fit(data, validation: held, on: selection(device))
      let row = try #require(result.record.epochs.last)
      // What the model says is rounded to float32 as well, and so are the errors, alike for both.
      let expected = row.validationDetermination
      #expect(expected < 0.5 && expected > -5, "\(expected)")
      #expect(abs(row.metrics[0].validation - expected) < 1e-4 * max(1, abs(expected)), "\(row.metrics[0].validation) \(expected)")
      var exact = (sums: [0.0, 0.0], squares: [0.0, 0.0], residual: 0.0)
      let outputs = try #require(
        try Trainer(model: Shifted(offset: offset), options: options).outputs(for: data, state: result.state, on: device)["output"]?.floats)
      for place in values.indices {
        let value = Double(values[place])
        exact.residual += (Double(outputs[place]) - value) * (Double(outputs[place]) - value)
        exact.sums[place % 2] += value
        exact.squares[place % 2] += value * value
      }
      let spread = (0..<2).reduce(0.0) { $0 + exact.squares[$1] - exact.sums[$1] * exact.sums[$1] / 200 }
      #expect(abs(row.metrics[0].training - (1 - exact.residual / spread)) < 1e-4, "\(row.metrics[0].training)")
      options.metrics = [.determination.of(target: "y").renamed("R²")]
      options.loss = Loss.meanSquaredError.of(target: "y")
      let other = try Trainer(model: Shifted(offset: offset), options: options).fit(
        named, validation: try Subset(of: named, indices: rest), on: selection(device))
      #expect(other.record.epochs.last?.metrics[0].name == "R²")
      #expect(abs((other.record.epochs.last?.metrics[0].validation ?? .nan) - expected) < 1e-4 * max(1, abs(expected)))
    }
  }

  @Test("Mixed samples count by what is left of them", arguments: [true, false]) func mixed(isBuiltIn: Bool) throws {
    let data = try SyntheticClassification(count: 64, sampleShape: [6], classCount: 3, seed: 5)
    var options = options([.topK(1)])
    if !isBuiltIn { options.loss = Loss("own") { softmaxCrossEntropies($0, $1) } }
    options.mixing = try BatchMixing(mixup: 1, seed: 4)
    let result = try Trainer(model: Dense(6, 3), options: options).fit(data, on: selection(try CPUDevice()))
    let row = try #require(result.record.epochs.last)
    #expect(row.trainAccuracy > 0 && abs(row.metrics[0].training - row.trainAccuracy) < 1e-5)
  }

  @Test func theyAreInEveryFileAndSurviveAResume() throws {
    let data = try SyntheticClassification(count: 96, sampleShape: [6], classCount: 3, seed: 5)
    var options = options([.topK(2), .macroF1], epochs: 3)
    options.checkpointSteps = 4
    let trainer = Trainer(model: Dense(6, 3), options: options)
    var checkpoints: [TrainingCheckpoint] = []
    let device = try CPUDevice()
    let whole = try trainer.fit(data, validation: data, on: selection(device), checkpoint: { checkpoints.append($0) })
    do {
      let temporary = try TemporaryFolder()
      let folder = temporary.path
      // In the middle of the second epoch.
      let middle = try #require(checkpoints.first { $0.completedEpochs == 1 && $0.completedBatches > 0 })
      try middle.save(to: folder + "/checkpoint")
      let read = try TrainingCheckpoint(contentsOf: folder + "/checkpoint")
      let resumed = try trainer.fit(data, validation: data, on: selection(device), resuming: read)
      #expect(resumed.record.epochs.map(\.metrics) == whole.record.epochs.map(\.metrics))
      #expect(resumed.state.parameters.map(\.values) == whole.state.parameters.map(\.values))
      let run = RunFolder(folder)
      try run.write(metrics: whole.record.epochs)
      let table = try String(contentsOfFile: run.metricsPath, encoding: .utf8)
      let lines = table.split(whereSeparator: \.isNewline)
      #expect(lines[0].hasSuffix("train_top-2,validation_top-2,train_macro_f1,validation_macro_f1"))
      #expect(lines[1].hasSuffix("\(whole.record.epochs[0].metrics[1].validation)"))
      try run.write(summary: whole.record, .init(model: "own", dataset: "own", seed: 0, version: "0"), failure: nil)
      #expect(try String(contentsOfFile: run.summaryPath, encoding: .utf8).contains("\"top-2\""))
    }
    let tags = whole.record.epochs[0].scalars().map(\.tag)
    #expect(tags.contains("train/top-2") && tags.contains("validation/macro_f1"))
    // Other metrics are another training.
    options.metrics = []
    #expect(throws: TrainingError.self) {
      try Trainer(model: Dense(6, 3), options: options).fit(data, validation: data, on: selection(device), resuming: checkpoints[0])
    }
  }
}
