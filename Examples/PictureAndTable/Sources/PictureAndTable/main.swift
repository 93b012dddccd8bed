import Foundation
import Glissade

/// A picture and two numbers of a table in; a class and a value out.
struct TwoSources: Model {
  let conv = Conv2D(1, 8, kernel: 3, padding: 1)
  let picture = Dense(8, 16)
  let numbers = Dense(2, 16)
  let sort = Dense(16, 3)
  let price = Dense(16, 1)
  func forward(_ inputs: Inputs) -> Outputs {
    let seen = picture(GlobalAveragePool()(relu(conv(inputs["picture"]))))
    let features = relu(seen + numbers(inputs["numbers"]))
    return ["sort": sort(features), "price": price(features)]
  }
}

/// Stripes that lie, stripes that stand, or nothing; and a price that follows from the numbers and from what is seen.
func samples(_ count: Int) throws -> TensorDataset {
  var (pictures, numbers, sorts, prices) = ([Float](), [Float](), [Int32](), [Float]())
  for index in 0..<count {
    let sort = (index * 7) % 3
    for y in 0..<8 {
      for x in 0..<8 { pictures.append(sort == 0 ? 0.5 : Float((sort == 1 ? y : x) % 2)) }
    }
    let (a, b) = (Float(index % 11) / 11, Float(index % 13) / 13)
    numbers += [a, b]
    sorts.append(Int32(sort))
    prices.append(2 * a - b + Float(sort) / 2)
  }
  return try TensorDataset(
    inputs: ["picture": .floats(pictures, shape: [8, 8, 1]), "numbers": .floats(numbers, shape: [2])],
    targets: ["sort": .integers(sorts), "price": .floats(prices)])
}

do {
  var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 0.01))])
  options.loss =
    Loss.crossEntropy.of(output: "sort", target: "sort") + 2 * Loss.meanSquaredError.of(output: "price", target: "price")
  options.metrics = [
    .topK(1).of(output: "sort", target: "sort").renamed("right"),
    .rootMeanSquaredError.of(output: "price", target: "price").renamed("error of the price"),
  ]
  options.epochs = 40
  options.batchSize = 32
  let data = try samples(429)
  let result = try Trainer(model: TwoSources(), options: options).fit(data, test: data, on: try DeviceSelection.open(.auto))
  if let failure = result.failure { throw failure }
  for metric in result.record.testMetrics { print("\(metric.name): \(metric.validation)") }
  let (right, error) = (result.record.testMetrics[0].validation, result.record.testMetrics[1].validation)
  exit(right > 0.95 && error < 0.2 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("picture and table: \(error)\n".utf8))
  exit(1)
}
