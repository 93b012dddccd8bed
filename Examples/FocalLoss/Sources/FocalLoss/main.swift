import Foundation
import Glissade

// A focal loss (Lin et al. 2017), which makes much of the samples that are hard: (1 − p)²·(−log p), where p is the probability of the right class.
let focal = Loss("focal") { output, labels in
  let p = output.logSoftmax().gather(labels)
  return -(1 - p.exp()).pow(2) * p
}

// How probable the right class is, on average.
let certainty = Metric("certainty") { output, labels in output.softmax().gather(labels) }

/// One sample in ten is of the rare class, beside the common one and overlapping with it.
func samples(_ count: Int) throws -> ArrayDataset {
  var (features, labels) = ([Float](), [Int32]())
  for index in 0..<count {
    let isRare = index % 10 == 0
    let (x, y) = (Float(index * 37 % 101) / 101, Float(index * 53 % 97) / 97)
    features += isRare ? [x + 0.9, y] : [x, y]
    labels.append(isRare ? 1 : 0)
  }
  return try ArrayDataset(features: features, sampleShape: [2], labels: labels, classNames: ["common", "rare"])
}

do {
  var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 0.02))])
  options.loss = focal
  options.metrics = [certainty, .macroF1]
  // Class weights, weights of samples and mixed samples work for a loss of one's own as for any.
  options.classWeights = .balanced
  options.epochs = 20
  options.batchSize = 64
  let data = try samples(2000)
  let result = try Trainer(model: MLP([2, 16, 2]), options: options).fit(
    data, test: data, on: try DeviceSelection.open(.auto),
    observe: { event in
      if case .epoch(let row) = event { print("epoch \(row.epoch): loss \(row.trainLoss), F1 \(row.metrics[1].training)") }
    })
  if let failure = result.failure { throw failure }
  for metric in result.record.testMetrics { print("\(metric.name): \(metric.validation)") }
  exit(result.record.testMetrics[1].validation > 0.7 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("focal loss: \(error)\n".utf8))
  exit(1)
}
