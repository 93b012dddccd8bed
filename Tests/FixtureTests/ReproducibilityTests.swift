import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadeRandom
import GlissadeTraining
import Synchronization
import Testing

@Suite("Same seed, same run")
struct ReproducibilityTests {
  @Test("Two trainings on one device end with the same bits", arguments: DeviceUnderTest.all) func sameBits(on under: DeviceUnderTest)
    throws
  {
    let first = try SmallNetwork.trained(on: under.device, steps: 6, seed: 5)
    let second = try SmallNetwork.trained(on: under.device, steps: 6, seed: 5)
    #expect(first.bits == second.bits)
    #expect(first.parameters.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    #expect(first.bits != (try SmallNetwork.trained(on: under.device, steps: 6, seed: 6)).bits)
  }

  @Test("The number of threads changes nothing", arguments: CPUDevice.levels) func threads(level: String) throws {
    let one = try SmallNetwork.trained(on: CPUDevice(threads: 1, level: level), steps: 4, seed: 5)
    for threads in [2, 3] {
      let device = try CPUDevice(threads: threads, level: level)
      #expect(device.threadCount == threads)
      #expect(try SmallNetwork.trained(on: device, steps: 4, seed: 5).bits == one.bits, "\(threads) threads")
    }
  }

  @Test("Initial weights are the same on every device") func initialWeights() throws {
    let expected = try SmallNetwork.session(on: DeviceUnderTest.processor.device, seed: 9).state()
    #expect(expected.parameters.map(\.path).contains("conv2.weight"))
    for under in DeviceUnderTest.all {
      let state = try SmallNetwork.session(on: under.device, seed: 9).state()
      #expect(state.parameters.map(\.path) == expected.parameters.map(\.path))
      #expect(state.bits == expected.bits, "\(under.testDescription)")
    }
  }

  @Test("Samples come in the same order on every device, and in another one in the next epoch") func order() throws {
    var orders: [[[Int]]] = []
    for under in DeviceUnderTest.best {
      let data = RecordingDataset(samples: try SyntheticClassification(count: 50, sampleShape: [4]))
      var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.01))])
      options.epochs = 2
      options.batchSize = 8
      options.seed = 11
      let result = try Trainer(model: MLP([4, 2]), options: options).fit(data, on: try under.selection())
      #expect(result.failure == nil)
      orders.append(data.record.batches.withLock { $0 })
    }
    let order = try BatchOrder(count: 50, batchSize: 8, seed: 11)
    #expect(orders[0] == (0..<2).flatMap { epoch in (0..<7).map { Array(order.indices(epoch: epoch, batch: $0)) } })
    #expect(orders.allSatisfy { $0 == orders[0] })
    #expect(orders[0].prefix(7) != orders[0].suffix(7))
    #expect(orders[0].prefix(7).flatMap { $0 }.sorted() == Array(0..<50))
  }

  /// A size with a tail in every way that devices cut it up.
  static let dropoutCount = 3 * 1000 + 7

  @Test("Dropout masks are the same on every device, whatever computes them", arguments: DeviceUnderTest.all)
  func dropout(on under: DeviceUnderTest) throws {
    let (seed, step) = (0x1234_5678_9abc_def0 as UInt64, 3)
    let ones = StepInput([Float](repeating: 1, count: Self.dropoutCount))
    let results = try GraphRunner(under.device).run(inputs: ["ones": ones], seed: seed, step: step) { graph in
      let x = graph.input("ones", shape: [Self.dropoutCount])
      return ["first": x.dropout(0.25), "second": x.dropout(0.6)]
    }
    for (stream, (name, rate)) in [("first", 0.25 as Float), ("second", 0.6)].enumerated() {
      let found = try #require(results[name])
      #expect(found == Self.mask(seed: seed, step: step, stream: stream, rate: rate))
      let kept = Float(found.count { $0 != 0 }) / Float(found.count)
      #expect(abs(kept - (1 - rate)) < 0.04)
    }
  }

  @Test("Another step drops other elements, and evaluation none", arguments: DeviceUnderTest.best)
  func dropoutMoves(on under: DeviceUnderTest) throws {
    let ones = StepInput([Float](repeating: 1, count: Self.dropoutCount))
    func results(step: Int, isTraining: Bool = true) throws -> [Float] {
      try #require(
        try GraphRunner(under.device).run(isTraining: isTraining, inputs: ["ones": ones], seed: 1, step: step) { graph in
          ["y": graph.input("ones", shape: [Self.dropoutCount]).dropout(0.5) * 1.5]
        }["y"])
    }
    #expect(try results(step: 1) == results(step: 1))
    #expect(try results(step: 1) != results(step: 2))
    #expect(try results(step: 1, isTraining: false).allSatisfy { $0 == 1.5 })
  }

  /// Philox4x32-10 keyed by the seed at counter (block, step, stream, 0). Elements go in groups of 64 over 16 blocks: element j of a group
  /// takes word j / 16 of the group's block j % 16, and is kept where that word is at least rate · 2³².
  private static func mask(seed: UInt64, step: Int, stream: Int, rate: Float) -> [Float] {
    let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    let threshold = UInt32((Double(rate) * 0x1p32).rounded())
    return (0..<dropoutCount).map { element in
      let block = element / 64 * 16 + element % 16
      let words = Philox4x32.block(counter: SIMD4(UInt32(block), UInt32(step), UInt32(stream), 0), key: key)
      return words[element % 64 / 16] >= threshold ? 1 / (1 - rate) : 0
    }
  }
}
