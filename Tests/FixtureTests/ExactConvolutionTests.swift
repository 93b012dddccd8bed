import GlissadeLayers
import GlissadeOptimizers
import GlissadeTensors
import GlissadeTraining
import Testing

/// Exact steps: what a convolution's filter does not reach has no part in its sums.
@Suite("Exact convolutions")
struct ExactConvolutionTests {
  private static let shape: Shape = [1, 24, 24, 32]
  private static let place = (y: 13, x: 10, channel: 5)

  /// A convolution of 32 channels and its input gradient, without and with an outlier.
  private func results(on under: DeviceUnderTest, isExact: Bool, outlier: Float) throws -> [String: [Float]] {
    let plain = NamedStream.values("exact/x", count: Self.shape.count, scale: 2)
    var spoilt = plain
    spoilt[(Self.place.y * 24 + Self.place.x) * 32 + Self.place.channel] = outlier
    let weights = NamedStream.values("exact/w", count: 32 * 9 * 32)
    let inputs = ["plain": StepInput(plain), "spoilt": StepInput(spoilt), "z": StepInput(plain), "w": StepInput(weights)]
    return try GraphRunner(under.device).run(isExact: isExact, inputs: inputs) { graph in
      let (w, z) = (graph.input("w", shape: [32, 3, 3, 32]), graph.input("z", shape: Self.shape))
      let product = z.convolved(w, padding: (1, 1))
      var outputs: [String: Tensor] = [:]
      for name in ["plain", "spoilt"] {
        let x = graph.input(name, shape: Self.shape)
        outputs["\(name) y"] = x.convolved(w, padding: (1, 1))
        outputs["\(name) dz"] = graph.gradients(of: (product * x).sum(), withRespectTo: [z])[0]
      }
      return outputs
    }
  }

  @Test("An outlier changes nothing that does not see it", arguments: DeviceUnderTest.all, [1e6, Float.infinity, .nan])
  func outliers(on under: DeviceUnderTest, outlier: Float) throws {
    let results = try results(on: under, isExact: true, outlier: outlier)
    for name in ["y", "dz"] {
      let (plain, spoilt) = (try #require(results["plain \(name)"]), try #require(results["spoilt \(name)"]))
      var changed = 0
      for index in plain.indices where plain[index].bitPattern != spoilt[index].bitPattern {
        let (y, x) = (index / 32 / 24, index / 32 % 24)
        changed += 1
        #expect(abs(y - Self.place.y) <= 1 && abs(x - Self.place.x) <= 1, "\(name) at \(y), \(x) is \(spoilt[index]), not \(plain[index])")
      }
      #expect(changed == 9 * 32)
    }
  }

  /// What a step's batch is in may be freed or filled anew as soon as it is queued.
  @Test("A batch is copied before the step returns", arguments: DeviceUnderTest.best)
  func batchesAreCopied(on under: DeviceUnderTest) throws {
    func train(spoils: Bool) throws -> [[Float]] {
      let session = try TrainingSession(
        model: Sequential(Dense(300, 200), ReLU(), Dense(200, 4)), sampleShape: [300], batchSize: 64,
        groups: [ParameterGroup(SGD(learningRate: 0.1))], device: under.device)
      let features = UnsafeMutableBufferPointer<Float>.allocate(capacity: 64 * 300)
      let labels = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 64)
      defer {
        features.deallocate()
        labels.deallocate()
      }
      for step in 0..<6 {
        _ = features.update(fromContentsOf: NamedStream.values("copied/\(step)", count: features.count))
        for index in labels.indices { labels[index] = Int32((index + step) % 4) }
        try session.train(features: UnsafeBufferPointer(features), labels: UnsafeBufferPointer(labels)) { _ in 0.1 }
        if spoils {
          features.update(repeating: .nan)
          labels.update(repeating: -1)
        } else {
          try session.device.synchronize()
        }
      }
      return try session.state().parameters.map(\.values)
    }
    #expect(try train(spoils: true) == train(spoils: false))
  }
}
