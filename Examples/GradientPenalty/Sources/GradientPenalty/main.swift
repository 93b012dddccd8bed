import Foundation
import Glissade

/// A network that also says how steep it is.
struct Sloped: Model {
  let network = Sequential(Dense(1, 64), Tanh(), Dense(64, 64), Tanh(), Dense(64, 1))

  func forward(_ inputs: Inputs) -> Outputs {
    let x = inputs["x"]
    let y = network(x)
    // Of the sum over samples, since each of them depends on its own x alone.
    return ["y": y, "slope": x.graph.gradient(of: y.sum(), withRespectTo: x)]
  }
}

/// (y − target)² + λ · (∂y/∂x)²: a loss that is made of a gradient, whose own gradient is one of a gradient.
func penalized(_ strength: Float) -> Loss {
  Loss.named("penalized") { outputs, targets in
    let (error, slope) = (outputs["y"] - targets["y"], outputs["slope"])
    return (error.applying(.square) + slope.applying(.square) * strength).sum(axes: [1])
  }
}

func samples(_ places: [Float], _ value: (Int, Float) -> Float) throws -> TensorDataset {
  let values = places.enumerated().map { value($0.offset, $0.element) }
  return try TensorDataset(inputs: ["x": .floats(places, shape: [1])], targets: ["y": .floats(values, shape: [1])])
}

do {
  // A slow sine, every value a tenth off, up and down by turns; and places in between.
  let data = try samples((0..<32).map { Float($0) / 16 - 1 }) { sin(2 * $1) + ($0 % 2 == 0 ? 0.1 : -0.1) }
  let between = try samples((0..<201).map { Float($0) / 100 - 1 }) { _, x in sin(2 * x) }
  let device = try DeviceSelection.open(.auto)

  var steepest: [Float] = []
  for strength in [0, 3e-3] as [Float] {
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 3e-3))])
    options.loss = penalized(strength)
    (options.epochs, options.batchSize, options.seed) = (1500, 32, 1)
    let trainer = Trainer(model: Sloped(), options: options)
    let result = try trainer.fit(data, on: device)
    if let failure = result.failure { throw failure }
    let slopes = try trainer.outputs(for: between, state: result.state, on: device.device)["slope"]?.floats ?? []
    steepest.append(slopes.map(\.magnitude).max() ?? .nan)
    print("with a penalty of \(strength) the steepest slope is \(steepest[steepest.count - 1])")
  }
  // The sine itself is nowhere steeper than 2.
  exit(steepest[1] < 2.5 && steepest[1] < steepest[0] ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("gradient penalty: \(error)\n".utf8))
  exit(1)
}
