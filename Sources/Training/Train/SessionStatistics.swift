import GlissadeData
import GlissadeLayers
import GlissadePlanning

/// Running statistics of batch norms, taken anew.
extension TrainingSession {
  /// Whether a training step would move any.
  /// - Parameter batchSize: samples in the step.
  func movesStatistics(_ batchSize: Int) -> Bool { !trace(batchSize, .statistics).graph.runningStatistics.isEmpty }

  /// What batch norms' running statistics are at the parameters that are there: the mean over all batches of an epoch, each batch counting as much
  /// as any other, of what batch norms find in it. The variance is that of a sample (n − 1), as in training. Nothing changes, and nothing is learnt;
  /// PyTorch's `update_bn`.
  /// - Parameters:
  ///   - data: what it is trained on.
  ///   - order: of its batches.
  ///   - epoch: which of them, from 0.
  ///   - shouldStop: asked before each batch.
  /// - Returns: the values by the statistics' paths; `nil` where it was stopped.
  func statistics(
    of data: any Dataset, order: BatchOrder, epoch: Int, shouldStop: () -> Bool
  ) throws -> [String: [Float]]? {
    var sums: [String: [Double]] = [:]
    var batches = 0
    typealias Norm = (mean: String, variance: String, count: Int)
    var known: [Int: [Norm]] = [:]
    func norms(inBatchOf size: Int) -> [Norm] {
      if let norms = known[size] { return norms }
      let graph = trace(size, .statistics).graph
      let norms: [Norm] = graph.runningStatistics.map {
        (graph.parameterPaths[$0.mean.id] ?? "", graph.parameterPaths[$0.variance.id] ?? "", $0.sampleCount)
      }
      known[size] = norms
      return norms
    }
    func add(_ values: [Float], to path: String, times factor: Double) {
      let before = sums[path] ?? [Double](repeating: 0, count: values.count)
      sums[path] = zip(before, values).map { $0 + Double($1) * factor }
    }
    let loader = try BatchLoader(data, order: order, startEpoch: epoch, endEpoch: epoch + 1)
    var values: [Float] = []
    while let batch = try loader.next() {
      if shouldStop() { return nil }
      let layers = norms(inBatchOf: batch.count)
      let stepper = try stepper(batch.count, .statistics)
      // What is dropped at random is drawn for each batch anew, and the same after a resume.
      let step = epoch * order.batchesPerEpoch + batches + 1
      write(step: step) { _, count in StepNumbers(rate: 0, count: count) }
      try stepper.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: Array(batch.fields.prefix(inputFieldCount)))
      for (place, norm) in layers.enumerated() {
        try read(Self.meanKey(place), of: stepper, into: &values)
        add(values, to: norm.mean, times: 1)
        try read(Self.varianceKey(place), of: stepper, into: &values)
        add(values, to: norm.variance, times: Double(norm.count) / Double(max(norm.count - 1, 1)))
      }
      batches += 1
    }
    return sums.mapValues { $0.map { Float($0 / Double(max(batches, 1))) } }
  }

  /// What is planned for it: what batch norms find of a batch is read, and nothing else is computed.
  func statisticsRequest(_ batchSize: Int) -> StepRequest {
    let graph = trace(batchSize, .statistics).graph
    var request = StepRequest(graph: graph, layout: layout)
    (request.sampleCount, request.isExact, request.fuses, request.movesStatistics) = (batchSize, isExact, fuses, false)
    for (place, statistics) in graph.runningStatistics.enumerated() {
      request.outputs[Self.meanKey(place)] = graph.tensor(statistics.batchMean)
      request.outputs[Self.varianceKey(place)] = graph.tensor(statistics.batchVariance)
    }
    return request
  }

  private static func meanKey(_ place: Int) -> String { "mean \(place)" }
  private static func varianceKey(_ place: Int) -> String { "variance \(place)" }

  /// How many of a batch's fields are inputs.
  private var inputFieldCount: Int { input == .samples ? inputs.count : 1 }
}
