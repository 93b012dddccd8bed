import GlissadeKernels
import GlissadeTensors

extension Lowering {
  /// Rows of a chunk whose partial result is merged later: by the shape alone, so that results do not depend on threads.
  private func chunkRows(_ rows: Int, _ channels: Int) -> Int { max(64, min(1024, (1 << 16) / max(channels, 1)), (rows + 255) / 256) }

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

  /// Folds a batch's statistics into the running ones, at the end of a sound step.
  mutating func lowerRunningUpdate(_ statistics: Graph.RunningStatistics, mean: ValueID, variance: ValueID) {
    guard let runningMean = layout[statistics.mean.id], let runningVariance = layout[statistics.variance.id] else { return }
    let (mean, variance) = (slot(mean), slot(variance))
    let results = [fixed(runningMean.slice), fixed(runningVariance.slice)]
    // The kernel changes both in one buffer; where they are in different pieces of the statistics it does so beside them.
    let isTogether = canShareBuffer(results[0], results[1])
    let targets = isTogether ? results : results.map { scratch(count($0)) }
    let (targetMean, targetVariance) = (targets[0], targets[1])
    if !isTogether { for (result, target) in zip(results, targets) { copy(result, to: target) } }
    let channels = statistics.mean.shape.count
    let rows = Double(statistics.sampleCount)
    add(
      Pending(
        kernel: .library("batch_norm_running_update"),
        note: Launch.Note("running statistics", path: runningMean.path, shape: [channels], flops: 6 * channels),
        items: (profile.shares(of: channels), 1, 1), arguments: [.read(mean), .update(targetMean), .buffer(.control)],
        alsoReads: [(variance, mean)],
        alsoWrites: [(targetVariance, targetMean)],
        parameters: { unit in
          bytes(
            of: BatchNormRunningParameters(
              mean: unit(mean), variance: unit(variance), runningMean: unit(targetMean), runningVariance: unit(targetVariance),
              channels: Int32(channels), momentum: statistics.momentum, rest: Float(1 - Double(statistics.momentum)),
              unbiased: rows > 1 ? Float(rows / (rows - 1)) : 1))
        }))
    if !isTogether { for (result, target) in zip(results, targets) { copy(target, to: result) } }
  }
}
