import Glissade
import TestSupport
import Testing

/// Losses that are made of gradients are trained like any others.
struct SecondDerivativeTests {
  /// The slope of a network with respect to its input.
  private struct Slope: Layer {
    let network = Sequential(Dense(1, 24), Tanh(), Dense(24, 1))

    func forward(_ x: Tensor) -> Tensor { x.graph.gradient(of: network(x).sum(), withRespectTo: x) }
  }

  /// Nothing but the slopes is ever compared with anything, and they become those of sin(2x).
  @Test func aNetworkLearnsWhatItsSlopeIs() throws {
    let places = (0..<48).map { Float($0) / 24 - 1 }
    let data = try ArrayDataset(
      features: places, sampleShape: [1], values: places.map { 2 * cos(2 * $0) }, valueNames: ["slope"])
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 1e-2))])
    options.loss = .meanSquaredError
    (options.epochs, options.batchSize, options.seed) = (300, 48, 1)
    let result = try Trainer(model: Slope(), options: options).fit(data, on: try DeviceSelection.open(.cpu))
    #expect(result.failure == nil)
    let losses = result.record.epochs.map(\.trainLoss)
    #expect((losses.first ?? 0) > 0.3 && (losses.last ?? .nan) < 0.02, "\(losses.first ?? .nan) to \(losses.last ?? .nan)")
  }

  /// By its series, which is exact enough up to 2.
  private func cos(_ x: Float) -> Float {
    var (term, sum): (Float, Float) = (1, 1)
    for k in 1..<12 {
      term *= -x * x / Float((2 * k - 1) * (2 * k))
      sum += term
    }
    return sum
  }

  /// A penalty on the slopes of layers whose gradients are operations of their own.
  private struct Penalized: Layer {
    let convolution = Conv2D(2, 5, kernel: 3, padding: 1)
    let norm = BatchNorm(5)
    let pool = MaxPool2D(2)
    let head = Dense(45, 4)

    func forward(_ x: Tensor) -> Tensor {
      let p = head(pool(silu(norm(convolution(x)))).flattened()).softmax()
      let slope = x.graph.gradient(of: (p * p).sum(), withRespectTo: x)
      return p + slope.applying(.square).sum(axes: [1, 2, 3]).reshaped(to: [x.shape[0], 1]) * 3
    }
  }

  /// Along its gradient each parameter changes the loss as fast as the gradient is long.
  @Test(arguments: TestDevices.all) func gradientsOfAPenaltyAreSlopesOfTheLoss(on device: TestDevice) throws {
    let session = try TrainingSession(
      model: Penalized(), sampleShape: [6, 6, 2], batchSize: 3, loss: .meanSquaredError, groups: [ParameterGroup(SGD(learningRate: 1))],
      seed: 4, device: device.device)
    let features = (0..<216).map { Float(($0 * 37) % 101) / 50 - 1 }
    let values = [Float](repeating: 0.5, count: 12)
    func loss() throws -> Double {
      try session.resetSums()
      try features.withUnsafeBufferPointer { features in
        try values.withUnsafeBufferPointer { try session.train(features: features, targets: .values($0), learningRates: { _ in 0 }) }
      }
      return try session.sums().loss
    }
    _ = try loss()
    let before = try session.state()
    for (index, parameter) in before.parameters.enumerated() {
      guard let gradient = try session.gradient(of: parameter.path) else { continue }
      let length = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      guard length > 1e-4 else { continue }
      func moved(_ distance: Double) throws -> Double {
        var state = before
        state.parameters[index].values = zip(parameter.values, gradient).map { $0 + Float(distance * Double($1) / length) }
        try session.restore(state)
        return try loss()
      }
      // Not so far that another pixel becomes its window's largest, where the slopes jump.
      let slope = (try moved(0.001) - moved(-0.001)) / 0.002
      #expect(abs(slope - length) < 0.02 * length + 1e-4, "\(parameter.path): \(slope) instead of \(length)")
      try session.restore(before)
      _ = try loss()
    }
  }
}
