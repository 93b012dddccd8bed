import Foundation
import Glissade

/// Sixteen numbers through two, and back.
struct Autoencoder: Layer {
  let encoder = MLP([16, 32, 2])
  let decoder = MLP([2, 32, 16])
  func forward(_ x: Tensor) -> Tensor { decoder(encoder(x)) }
}

do {
  // Waves, of which each is known by its phase and its height.
  let waves: [Float] = (0..<1024 * 16).map { number -> Float in
    let (index, place) = (number / 16, number % 16)
    let (height, phase) = (Double(1 + index % 5) / 5, Double(index % 37) / 37 * 6.28)
    return Float(height * sin(Double(place) / 2.5 + phase))
  }
  let data = try TensorDataset(inputs: ["wave": .floats(waves, shape: [16])])
  var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 5e-3))])
  // What the output is compared with is the input itself.
  options.loss = .meanSquaredError.ofInputs()
  options.metrics = [.determination.ofInputs()]
  options.epochs = 40
  options.batchSize = 64
  let selection = try DeviceSelection.open(.auto)
  let trainer = Trainer(model: Autoencoder(), options: options)
  let result = try trainer.fit(data, test: data, on: selection)
  if let failure = result.failure { throw failure }
  let again = try trainer.outputs(for: data.prefix(1), state: result.state, on: selection.device)
  print("a wave: \(waves.prefix(4)), and again: \(again["output"]?.floats.prefix(4) ?? [])")
  let determination = result.record.testMetrics[0].validation
  print("R² \(determination)")
  exit(determination > 0.9 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("autoencoder: \(error)\n".utf8))
  exit(1)
}
