import Foundation
import Glissade

/// Two samples in, how far apart they are out: one network looks at both.
struct Siamese: Model {
  let embed = MLP([12, 32, 4])
  func forward(_ inputs: Inputs) -> Outputs {
    let (left, right) = (embed(inputs["left"]), embed(inputs["right"]))
    return ["distance": sqrt((left - right).applying(.square).sum(axes: [1]) + 1e-6)]
  }
}

// Hadsell, Chopra and LeCun 2006: what belongs together is drawn together, the rest is pushed apart to a distance of 1.
let contrastive = Loss.named("contrastive") { outputs, targets in
  let (distance, isSame) = (outputs["distance"], targets["same"])
  return isSame * distance.applying(.square) + (1 - isSame) * relu(1 - distance).applying(.square)
}
let agreement = Metric.named("agreement") { outputs, targets in
  let isNear = (0.5 - outputs["distance"]).applying(.positive)
  return 1 - abs(isNear - targets["same"])
}

/// Pairs of points, every other pair of one cloud.
func pairs(_ count: Int, part: UInt32) throws -> TensorDataset {
  let clouds = try SyntheticClassification(count: 8 * count, sampleShape: [12], classCount: 6, separation: 1.5, part: part)
  let (points, labels) = try clouds.gather(Array(0..<clouds.count))
  func point(_ index: Int) -> ArraySlice<Float> { points[(12 * index)..<(12 * index + 12)] }
  var (left, right, same) = ([Float](), [Float](), [Float]())
  var next = count
  for first in 0..<count {
    let wanted = first % 2 == 0
    while (labels[next] == labels[first]) != wanted { next = next + 1 < clouds.count ? next + 1 : count }
    left += point(first)
    right += point(next)
    same.append(wanted ? 1 : 0)
    next = next + 1 < clouds.count ? next + 1 : count
  }
  return try TensorDataset(
    inputs: ["left": .floats(left, shape: [12]), "right": .floats(right, shape: [12])], targets: ["same": .floats(same)])
}

do {
  var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 3e-3))])
  options.loss = contrastive
  options.metrics = [agreement]
  options.epochs = 20
  options.batchSize = 64
  let result = try Trainer(model: Siamese(), options: options).fit(
    pairs(1024, part: 0), test: pairs(512, part: 1), on: try DeviceSelection.open(.auto))
  if let failure = result.failure { throw failure }
  let found = result.record.testMetrics[0].validation
  print("agreement \(found)")
  exit(found > 0.85 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("siamese: \(error)\n".utf8))
  exit(1)
}
