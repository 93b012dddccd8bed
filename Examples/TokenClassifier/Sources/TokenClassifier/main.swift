import Foundation
import Glissade

/// Tokens' vectors, their mean, and a class.
struct BagOfTokens: Layer {
  let table: Parameter
  let dense: Dense
  init(tokens: Int, width: Int, classes: Int) {
    table = Parameter("table", shape: [tokens, width], initializer: .normal(mean: 0, deviation: 1))
    dense = Dense(width, classes)
  }
  func forward(_ tokens: Tensor) -> Tensor {
    dense(tokens.graph[table].rows(tokens).mean(axes: [1]))
  }
}

/// Sentences of twelve tokens of a hundred; of the first twenty a positive sentence has more even ones.
func sentences(_ count: Int, seed: Int) throws -> TensorDataset {
  var (tokens, labels, state) = ([Int32](), [Int32](), UInt64(seed))
  func next() -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33)
  }
  for index in 0..<count {
    let isPositive = index % 2 == 0
    for place in 0..<12 {
      let word = next() % 10 * 2
      tokens.append(Int32(place < 5 ? word + (isPositive == (place < 4) ? 0 : 1) : 20 + next() % 80))
    }
    labels.append(isPositive ? 1 : 0)
  }
  return try TensorDataset(inputs: ["tokens": .integers(tokens, shape: [12])], labels: labels, classNames: ["negative", "positive"])
}

do {
  var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 0.02))])
  options.epochs = 10
  options.batchSize = 64
  let result = try Trainer(model: BagOfTokens(tokens: 100, width: 16, classes: 2), options: options).fit(
    sentences(2048, seed: 1), test: sentences(512, seed: 2), on: try DeviceSelection.open(.auto))
  if let failure = result.failure { throw failure }
  print("accuracy \(result.record.testAccuracy)")
  exit(result.record.testAccuracy > 0.9 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("token classifier: \(error)\n".utf8))
  exit(1)
}
