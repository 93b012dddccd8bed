import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadePlanning

extension Trainer {
  /// How far the numbers spread that convolutions read which mix pixels beyond their filter's reach (`Plan.mixingLayers`): samples, activations
  /// and their gradients in a training's first step, with the model's first values.
  /// - Parameters:
  ///   - training: what is learnt from.
  ///   - device: where.
  /// - Returns: the layers in the order in which they first run; none where nothing mixes.
  /// - Throws: what keeps a step from being computed.
  public func spreads(in training: any Dataset, on device: any Device) throws -> [(layer: String, spread: Spread)] {
    let session = try TrainingSession(
      model: model, sampleShape: Shape(training.sampleShape), batchSize: options.batchSize, loss: options.loss,
      trainsOnDistributions: options.trainsOnDistributions, groups: options.groups, clippingNorm: options.clippingNorm, seed: options.seed,
      device: device, isExact: options.isExact)
    guard try !session.plan(batchSize: options.batchSize, isTraining: true).mixingLayers.isEmpty else { return [] }
    let loader = try BatchLoader(training, order: try order(of: training), encoding: try options.encoding(for: training))
    guard let batch = try loader.next() else { return [] }
    return try session.spreads(features: UnsafeBufferPointer(batch.features), targets: batch.targets)
  }
}

extension TrainingSession {
  /// What the layers that mix pixels read in the first step.
  fileprivate func spreads(features: UnsafeBufferPointer<Float>, targets: BatchTargets) throws -> [(layer: String, spread: Spread)] {
    var found: [(layer: String, spread: Spread)] = []
    try replay(features: features, targets: targets, step: 1, isTraining: true) { launch, read throws(DeviceError) in
      // What is transformed comes first, weights and zeros after it.
      guard launch.mixesPixels, let source = launch.reads.first else { return }
      let values = try read(source)
      let place = found.firstIndex { $0.layer == launch.note.path } ?? found.count
      if place == found.count { found.append((launch.note.path, Spread())) }
      values.withUnsafeBufferPointer { found[place].spread.add($0) }
    }
    return found
  }
}
