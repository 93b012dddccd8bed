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
    let session = try session(for: training, on: device)
    guard try !session.plan(batchSize: options.batchSize, isTraining: true).mixingLayers.isEmpty else { return [] }
    let loader = try BatchLoader(training, order: try order(of: training), encoding: try options.encoding(for: training))
    guard let batch = try loader.next() else { return [] }
    return try session.spreads(fields: batch.fields)
  }
}

extension TrainingSession {
  /// What the layers that mix pixels read in the first step.
  fileprivate func spreads(fields: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws -> [(layer: String, spread: Spread)] {
    var found: [(layer: String, spread: Spread)] = []
    try replay(fields: fields, step: 1, isTraining: true) { launch, read throws(DeviceError) in
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
