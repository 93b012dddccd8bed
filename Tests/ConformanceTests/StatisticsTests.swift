import GlissadeKernels
import StepSupport
import Testing

@testable import ConformanceCases
@testable import GlissadeDevices
@testable import GlissadePlanning
@testable import GlissadeTensors

/// Kernels that no row of a table runs.
struct StatisticsTests {
  /// running ← (1 − momentum)·running + momentum·batch, the variance unbiased; a channel that is not finite stays as it was.
  @Test func runningStatistics() throws {
    let (rows, channels, momentum) = (12, 19, Float(0.3))
    var dice = Dice("running statistics")
    var values = (0..<rows * channels).map { _ in Float(dice.uniform(-1...3)) }
    let batch = batchNormReference(
      Numbers([rows, channels], values.map(Double.init)), Numbers([channels], repeating: 1), Numbers([channels]), epsilon: 0)
    values[5 * channels + 4] = .infinity
    let before = (0..<channels).map { Float($0) / 8 }
    for device in TestDevices.all {
      let graph = Graph(isTraining: true)
      let pad = Parameter("pad", shape: [3], role: .statistic)
      let mean = Parameter("running_mean", shape: [channels], role: .statistic)
      let variance = Parameter("running_var", shape: [channels], role: .statistic)
      let x = graph.input("x", shape: [rows, channels])
      let result = x.batchNormalized(
        weight: graph.constant(1, shape: [channels]), bias: graph.constant(0, shape: [channels]), epsilon: 1e-5)
      graph.updateRunningStatistics(
        mean: mean, variance: variance, batchMean: result.mean, batchVariance: result.variance, momentum: momentum, sampleCount: rows)
      let layout = ParameterLayout([("pad", pad), ("mean", mean), ("variance", variance)], groupCount: 0) { _, _ in nil }
      let runner = try StepRunner(StepRequest(graph: graph, layout: layout), on: device.device)
      for parameter in [mean, variance] { try runner.write(before, to: parameter.id) }
      try runner.run(["x": .floats(values)])
      #expect(try runner.damage() == [])
      let (newMean, newVariance) = (try runner.value(of: mean.id), try runner.value(of: variance.id))
      for channel in 0..<channels {
        let old = Double(before[channel])
        let unbiased = batch[2].values[channel] * Double(rows) / Double(rows - 1)
        let right = channel == 4 ? (old, old) : (old + 0.3 * (batch[1].values[channel] - old), old + 0.3 * (unbiased - old))
        #expect(abs(Double(newMean[channel]) - right.0) < 2e-6, "\(device.name), mean of \(channel)")
        #expect(abs(Double(newVariance[channel]) - right.1) < 2e-6, "\(device.name), variance of \(channel)")
      }
    }
  }

  /// More layers than a GPU's launch takes at a time, of widths that have nothing to do with each other: each moves by its own batch.
  @Test func runningStatisticsOfManyLayers() throws {
    let (rows, momentum) = (6, Float(0.25))
    let widths = (0..<26).map { 1 + $0 * 7 % 70 }
    var dice = Dice("many running statistics")
    let values = widths.map { width in (0..<rows * width).map { _ in Float(dice.uniform(-1...3)) } }
    for device in TestDevices.all {
      let graph = Graph(isTraining: true)
      var listed: [(path: String, parameter: Parameter)] = [("pad", Parameter("pad", shape: [5], role: .statistic))]
      var layers: [(mean: Parameter, variance: Parameter)] = []
      for (index, width) in widths.enumerated() {
        let mean = Parameter("mean\(index)", shape: [width], role: .statistic)
        let variance = Parameter("variance\(index)", shape: [width], role: .statistic)
        layers.append((mean, variance))
        listed += [(mean.name, mean), (variance.name, variance)]
        let result = graph.input("x\(index)", shape: [rows, width]).batchNormalized(
          weight: graph.constant(1, shape: [width]), bias: graph.constant(0, shape: [width]), epsilon: 1e-5)
        graph.updateRunningStatistics(
          mean: mean, variance: variance, batchMean: result.mean, batchVariance: result.variance, momentum: momentum, sampleCount: rows)
      }
      let layout = ParameterLayout(listed, groupCount: 0) { _, _ in nil }
      let runner = try StepRunner(StepRequest(graph: graph, layout: layout), on: device.device)
      for (index, layer) in layers.enumerated() {
        for parameter in [layer.mean, layer.variance] {
          try runner.write([Float](repeating: Float(index), count: widths[index]), to: parameter.id)
        }
      }
      try runner.run(Dictionary(uniqueKeysWithValues: values.enumerated().map { ("x\($0)", .floats($1)) }))
      #expect(try runner.damage() == [], "\(device)")
      for (index, width) in widths.enumerated() {
        let (mean, variance) = (try runner.value(of: layers[index].mean.id), try runner.value(of: layers[index].variance.id))
        for channel in 0..<width {
          let column = (0..<rows).map { Double(values[index][$0 * width + channel]) }
          let average = column.reduce(0, +) / Double(rows)
          let spread = column.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(rows - 1)
          let old = Double(index)
          #expect(abs(Double(mean[channel]) - (old + 0.25 * (average - old))) < 1e-5, "\(device), layer \(index)")
          #expect(abs(Double(variance[channel]) - (old + 0.25 * (spread - old))) < 1e-5, "\(device), layer \(index)")
        }
      }
    }
  }

  /// The first of equal maxima; a NaN counts as the maximum.
  @Test(arguments: [(5, 10), (1, 1), (33, 17), (7, 1000), (3, 3)]) func argmax(rows: Int, columns: Int) throws {
    var dice = Dice("argmax \(rows) \(columns)")
    var values = (0..<rows * columns).map { _ in Float(dice.next() % 50) }
    if columns > 2 { values[columns - 1] = .nan }
    let right = (0..<rows).map { row -> Int32 in
      let line = values[row * columns..<(row + 1) * columns]
      let best = line.firstIndex { $0.isNaN } ?? line.firstIndex(of: line.max() ?? 0) ?? 0
      return Int32(best - row * columns)
    }
    for device in TestDevices.all.map(\.device) {
      let source = Slice(.parameters(group: 0), offset: 48, count: values.count)
      let target = Slice(.activations, offset: 16, count: rows)
      var plan = Plan()
      let parameters = ArgmaxRowsParameters(
        in: source.unit, out: target.unit, rows: Int32(rows), columns: Int32(columns),
        operation: Int32(REDUCE_MAXIMUM))
      plan.launches = [
        Launch(
          kernel: .library("argmax_rows"), buffers: [source.buffer, target.buffer],
          parameters: withUnsafeBytes(of: parameters) { Array($0) },
          items: (device.profile.shares(of: values.count), 1, 1), note: Launch.Note("argmax"), writes: [target], reads: [source])
      ]
      plan.inputsSize = StepMemory.constantsSize(groups: 1)
      var buffers: [BufferReference: any DeviceBuffer] = [:]
      buffers[source.buffer] = try device.makeBuffer(count: source.offset + Slice.room(values.count))
      let results = try device.makeBuffer(count: target.offset + Slice.room(rows))
      buffers[target.buffer] = results
      buffers[.inputs] = try device.makeBuffer(count: plan.inputsSize)
      buffers[.constants] = buffers[.inputs]
      try device.write(values, to: try #require(buffers[source.buffer]), at: source.offset)
      try device.write([UInt32](repeating: StepRunner.poison, count: results.count), to: results)
      try device.prepare(plan, buffers: buffers).run(constants: UnsafeRawBufferPointer(start: nil, count: 0), inputs: [])
      try device.synchronize()
      #expect(try device.read(results, at: target.offset, count: rows, filler: Int32(-1)) == right)
      let behind = try device.read(results, at: target.offset + rows, count: 16, filler: UInt32(0))
      #expect(behind.allSatisfy { $0 == StepRunner.poison })
    }
  }
}
