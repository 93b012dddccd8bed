import GlissadeKernels
import GlissadeTensors

extension Lowering {
  /// Rows of a chunk whose partial result is merged later: by the shape alone, so that results do not depend on threads. A GPU's work-groups
  /// share a chunk, and share the merging.
  private func chunkRows(_ rows: Int, _ channels: Int) -> Int {
    switch profile.style {
    case .cpu: max(64, min(1024, (1 << 16) / max(channels, 1)), (rows + 255) / 256)
    case .gpu: max(128, (rows + 511) / 512)
    }
  }

  mutating func lowerBatchNormStatistics(_ node: Int, _ rule: BatchNormStatistics) {
    let x = input(node, 0)
    let channels = inputShape(node, 0)[-1]
    let rows = inputShape(node, 0).count / channels
    let chunk = chunkRows(rows, channels)
    let chunks = (rows + chunk - 1) / chunk
    let (partialMean, partialM2) = (scratch(chunks * channels), scratch(chunks * channels))
    let (mean, variance, inverse) = (output(node, 0), output(node, 1), output(node, 2))
    add(
      Pending(
        kernel: .library("batch_norm_statistics_partial"), note: note(node, flops: 3 * rows * channels),
        items: (profile.shares(of: rows * channels), 1, 1), arguments: [.read(x), .write(partialMean)],
        alsoWrites: [(partialM2, partialMean)],
        parameters: { unit in
          bytes(
            of: BatchNormPartialParameters(
              x: unit(x), mean: unit(partialMean), m2: unit(partialM2), rows: Int32(rows), channels: Int32(channels), chunk: Int32(chunk)))
        }))
    add(
      Pending(
        kernel: .library("batch_norm_statistics_merge"), note: note(node, "batchNormStatistics merge", flops: 6 * chunks * channels),
        items: (profile.shares(of: chunks * channels), 1, 1), arguments: [.read(partialMean), .write(mean)],
        alsoReads: [(partialM2, partialMean)],
        alsoWrites: [(variance, mean), (inverse, mean)],
        parameters: { unit in
          bytes(
            of: BatchNormMergeParameters(
              partialMean: unit(partialMean), partialM2: unit(partialM2), mean: unit(mean), variance: unit(variance),
              inverseStd: unit(inverse),
              rows: Int32(rows), channels: Int32(channels), chunk: Int32(chunk), epsilon: rule.epsilon))
        }))
  }

  mutating func lowerBatchNormSums(_ node: Int) {
    let (x, dy, mean, inverse) = (input(node, 0), input(node, 1), input(node, 2), input(node, 3))
    let channels = inputShape(node, 0)[-1]
    let rows = inputShape(node, 0).count / channels
    let chunk = chunkRows(rows, channels)
    let chunks = (rows + chunk - 1) / chunk
    let (sums, products) = (scratch(chunks * channels), scratch(chunks * channels))
    let results = [output(node, 0), output(node, 1)]
    // The kernel writes both results to one buffer; where a parameter of the two is frozen they go to different ones.
    let isTogether = canShareBuffer(results[0], results[1])
    let targets = isTogether ? results : [scratch(channels), scratch(channels)]
    add(
      Pending(
        kernel: .library("batch_norm_gradient_partial"), note: note(node, flops: 5 * rows * channels),
        items: (profile.shares(of: rows * channels), 1, 1), arguments: [.read(x), .read(dy), .read(mean), .write(sums)],
        alsoReads: [(inverse, mean)],
        alsoWrites: [(products, sums)],
        parameters: { unit in
          bytes(
            of: BatchNormGradientPartialParameters(
              x: unit(x), dy: unit(dy), mean: unit(mean), inverseStd: unit(inverse), sumDy: unit(sums), sumDyXhat: unit(products),
              rows: Int32(rows), channels: Int32(channels), chunk: Int32(chunk)))
        }))
    add(
      Pending(
        kernel: .library("batch_norm_gradient_merge"), note: note(node, "batchNormSums merge", flops: 2 * chunks * channels),
        items: (profile.shares(of: chunks * channels), 1, 1), arguments: [.read(sums), .write(targets[0])], alsoReads: [(products, sums)],
        alsoWrites: [(targets[1], targets[0])],
        parameters: { unit in
          bytes(
            of: BatchNormGradientMergeParameters(
              sumDy: unit(sums), sumDyXhat: unit(products), dbeta: unit(targets[0]), dgamma: unit(targets[1]), rows: Int32(rows),
              channels: Int32(channels), chunk: Int32(chunk)))
        }))
    if !isTogether { for (target, result) in zip(targets, results) { copy(target, to: result) } }
  }

  /// Folds the batch's statistics into the running ones, at the end of a sound step. On a GPU, where a launch costs more than what it does here,
  /// several layers at a time.
  mutating func lowerRunningUpdates(_ statistics: [(statistics: Graph.RunningStatistics, mean: ValueID, variance: ValueID)]) {
    let layers = statistics.compactMap { runningLayer($0.statistics, mean: $0.mean, variance: $0.variance) }
    guard profile.style == .gpu else { return layers.forEach { emitRunningUpdate($0) } }
    let limit = Int(BATCH_NORM_LAYERS)
    for first in stride(from: 0, to: layers.count, by: limit) { emitRunningUpdates(layers[first..<min(first + limit, layers.count)]) }
  }

  /// One layer's batch statistics and where they go.
  private struct RunningLayer {
    var path: String
    var mean: Slot
    var variance: Slot
    var runningMean: Slot
    var runningVariance: Slot
    var parameters: BatchNormRunningParameters

    var channels: Int { Int(parameters.channels) }

    func parameters(_ unit: (Slot?) -> Int32) -> BatchNormRunningParameters {
      var result = parameters
      (result.mean, result.variance) = (unit(mean), unit(variance))
      (result.runningMean, result.runningVariance) = (unit(runningMean), unit(runningVariance))
      return result
    }
  }

  private mutating func runningLayer(_ statistics: Graph.RunningStatistics, mean: ValueID, variance: ValueID) -> RunningLayer? {
    guard let runningMean = layout[statistics.mean.id], let runningVariance = layout[statistics.variance.id] else { return nil }
    let rows = Double(statistics.sampleCount)
    return RunningLayer(
      path: runningMean.path, mean: slot(mean), variance: slot(variance), runningMean: fixed(runningMean.slice),
      runningVariance: fixed(runningVariance.slice),
      parameters: BatchNormRunningParameters(
        mean: 0, variance: 0, runningMean: 0, runningVariance: 0, channels: Int32(statistics.mean.shape.count),
        momentum: statistics.momentum, rest: Float(1 - Double(statistics.momentum)), unbiased: rows > 1 ? Float(rows / (rows - 1)) : 1))
  }

  private mutating func emitRunningUpdate(_ layer: RunningLayer) {
    // The kernel changes both in one buffer; where they are in different pieces of the statistics it does so beside them.
    let isTogether = canShareBuffer(layer.runningMean, layer.runningVariance)
    var layer = layer
    let results = [layer.runningMean, layer.runningVariance]
    if !isTogether {
      (layer.runningMean, layer.runningVariance) = (scratch(layer.channels), scratch(layer.channels))
      for (result, target) in zip(results, [layer.runningMean, layer.runningVariance]) { copy(result, to: target) }
    }
    let finished = layer
    add(
      Pending(
        kernel: .library("batch_norm_running_update"),
        note: Launch.Note("running statistics", path: layer.path, shape: [layer.channels], flops: 6 * layer.channels),
        items: (profile.shares(of: layer.channels), 1, 1),
        arguments: [.read(layer.mean), .update(layer.runningMean), .buffer(.control)], alsoReads: [(layer.variance, layer.mean)],
        alsoWrites: [(layer.runningVariance, layer.runningMean)], parameters: { unit in bytes(of: finished.parameters(unit)) }))
    if !isTogether { for (result, target) in zip(results, [layer.runningMean, layer.runningVariance]) { copy(target, to: result) } }
  }

  private mutating func emitRunningUpdates(_ layers: ArraySlice<RunningLayer>) {
    guard let first = layers.first else { return }
    let areTogether = layers.allSatisfy { layer in
      [layer.mean, layer.variance].allSatisfy { canShareBuffer($0, first.mean) }
        && [layer.runningMean, layer.runningVariance].allSatisfy { canShareBuffer($0, first.runningMean) }
    }
    guard areTogether, layers.count > 1 else { return layers.forEach { emitRunningUpdate($0) } }
    let channels = layers.reduce(0) { $0 + $1.channels }
    let widest = layers.reduce(1) { max($0, $1.channels) }
    let others = layers.dropFirst()
    add(
      Pending(
        kernel: .library("batch_norm_running_updates"),
        note: Launch.Note("running statistics of \(layers.count) layers", path: first.path, shape: [channels], flops: 6 * channels),
        items: (profile.shares(of: widest), layers.count, 1),
        arguments: [.read(first.mean), .update(first.runningMean), .buffer(.control)],
        alsoReads: others.map { ($0.mean, first.mean) } + layers.map { ($0.variance, first.mean) }
          + others.map { ($0.runningMean, first.runningMean) } + layers.map { ($0.runningVariance, first.runningMean) },
        alsoWrites: others.map { ($0.runningMean, first.runningMean) } + layers.map { ($0.runningVariance, first.runningMean) },
        parameters: { unit in
          var table = BatchNormRunningLayers()
          withUnsafeMutableBytes(of: &table) { bytes in
            let places = bytes.bindMemory(to: BatchNormRunningParameters.self)
            for (place, layer) in zip(places.indices, layers) { places[place] = layer.parameters(unit) }
          }
          return bytes(of: table)
        }))
  }
}
