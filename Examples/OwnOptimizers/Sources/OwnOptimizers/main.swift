import Foundation
import Glissade

// Two optimizers of one's own, each a formula. A step of either is one launch over all parameters, on every device; LAMB's norms, one of each
// parameter, take two more.

/// Lion (Chen et al. 2023): steps of one size, by the sign of a mean.
struct OwnLion: Optimizer {
  var learningRate = 1e-3, beta1 = 0.9, beta2 = 0.99, weightDecay = 0.01
  var stateNames: [String] { ["exp_avg"] }
  func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let m = state["exp_avg"]
    let direction = m.moving(towards: g, by: 1 - beta1).sign()
    return (p - step.rate * (direction + p * weightDecay), ["exp_avg": m.moving(towards: g, by: 1 - beta2)])
  }
}

/// LAMB (You et al. 2020): Adam's direction, as long as the parameter itself says. Where a norm is 0 it says nothing.
struct OwnLAMB: Optimizer {
  var learningRate = 1e-2, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6, weightDecay = 0.01
  var stateNames: [String] { ["m", "v"] }
  func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let (beta1, beta2) = (beta1, beta2)
    let m = state["m"].moving(towards: g, by: 1 - beta1)
    let v = state["v"].moving(towards: g * g, by: 1 - beta2)
    let adam = m * step.number { 1 / $0.correction(beta1) } / (sqrt(v * step.number { 1 / $0.correction(beta2) }) + epsilon)
    let way = adam + p * weightDecay
    let (large, long) = (step.norm(p), step.norm(way))
    let trust = (large / long).kept(where: (large .> 0) .& (long .> 0), otherwise: 1)
    return (p - way * (trust * step.rate), ["m": m, "v": v])
  }
}

do {
  // Two spirals, which no straight line tells apart.
  let (turns, count) = (3.5, 400)
  let features = (0..<count).flatMap { index -> [Float] in
    let way = Double(index / 2) / Double(count / 2)
    let angle = turns * way + (index % 2 == 0 ? 0 : Double.pi)
    return [Float(way * cos(angle)), Float(way * sin(angle))]
  }
  let data = try ArrayDataset(
    features: features, sampleShape: [2], labels: (0..<Int32(count)).map { $0 % 2 }, classNames: ["one", "other"])
  for optimizer in [OwnLion(), OwnLAMB()] as [any Optimizer] {
    var options = TrainingOptions(groups: [ParameterGroup(optimizer)])
    (options.epochs, options.batchSize) = (60, 50)
    let result = try Trainer(model: MLP([2, 32, 32, 2]), options: options).fit(data, test: data, on: try DeviceSelection.open(.auto))
    if let failure = result.failure { throw failure }
    let accuracy = result.record.testAccuracy
    print("\(type(of: optimizer).name): \(accuracy)")
    guard accuracy > 0.95 else { exit(1) }
  }
} catch {
  FileHandle.standardError.write(Data("own optimizers: \(error)\n".utf8))
  exit(1)
}
