import Foundation
import Glissade

/// The largest curvature of a model's mean squared error: the largest eigenvalue of its Hessian, by power iteration. The Hessian is never
/// made; each turn is one product of it with a vector, which is one more gradient of the gradient.
struct LargestCurvature: Layer {
  let model: Dense

  func forward(_ x: Tensor) -> Tensor {
    let graph = x.graph
    let loss = meanSquaredError(model(x), graph.constant(0, shape: [x.shape[0], 1]))
    let weights = graph.parameters.map { graph[$0] }
    var vector = weights.map { graph.constant(1, shape: $0.shape) }
    var size = graph.constant(1)
    for _ in 0..<40 {
      vector = graph.hessianProducts(of: loss, times: vector, withRespectTo: weights)
      size = sqrt(vector.reduce(graph.constant(0)) { $0 + ($1 * $1).sum() })
      vector = vector.map { $0 / size }
    }
    return size.broadcast(to: [x.shape[0], 1])
  }
}

do {
  // y = x₀ − 2·x₁ + 3·x₂, the inputs on three different scales.
  let scales: [Float] = [1, 0.5, 0.2]
  var (features, values) = ([Float](), [Float]())
  for row in 0..<64 {
    let x = (0..<3).map { column in Float(row * (5 + 7 * column) % 13) / 6 * scales[column] }
    features += x
    values.append(x[0] - 2 * x[1] + 3 * x[2])
  }
  let data = try ArrayDataset(features: features, sampleShape: [3], values: values, valueNames: ["y"])

  let device = try DeviceSelection.open(.auto)
  let session = try TrainingSession(
    model: LargestCurvature(model: Dense(3, 1)), sampleShape: [3], batchSize: 64, loss: Loss.meanSquaredError, groups: [],
    device: device.device
  )
  let curvature = try session.predict(features)[0]
  print("largest curvature \(curvature), so that rates from \(2 / curvature) on diverge")

  // Gradient descent on a parabola: just below the bound it finds the bottom, just above it swings out.
  var losses: [Double] = []
  for factor in [0.9, 1.1] {
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: factor * 2 / Double(curvature)))])
    options.loss = Loss.meanSquaredError
    (options.epochs, options.batchSize) = (60, 64)
    let result = try Trainer(model: Dense(3, 1), options: options).fit(data, on: device)
    losses.append(result.record.epochs.last?.trainLoss ?? .nan)
    print("\(factor) of that: loss \(losses[losses.count - 1])")
  }
  exit(losses[0] < 1 && losses[1] > 1000 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("curvature: \(error)\n".utf8))
  exit(1)
}
