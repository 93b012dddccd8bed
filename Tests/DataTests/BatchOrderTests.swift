import GlissadeData
import Testing

@Suite struct BatchOrderTests {
  @Test func everySampleOncePerEpoch() throws {
    let order = try BatchOrder(count: 103, batchSize: 10, seed: 4)
    #expect(order.batchesPerEpoch == 11)
    for epoch in 0..<3 {
      let batches = (0..<11).map { order.indices(epoch: epoch, batch: $0) }
      #expect(batches.map(\.count) == Array(repeating: 10, count: 10) + [3])
      #expect(batches.flatMap { $0 }.sorted() == Array(0..<103))
    }
    #expect(order.indices(epoch: 0, batch: 11).isEmpty && order.indices(epoch: 0, batch: -1).isEmpty)
  }

  @Test func epochsAndSeedsDiffer() throws {
    let order = try BatchOrder(count: 50, batchSize: 10, seed: 4)
    #expect(order.permutation(epoch: 0) == order.permutation(epoch: 0))
    #expect(order.permutation(epoch: 0) != order.permutation(epoch: 1))
    #expect(order.permutation(epoch: 0) != Array(0..<50))
    #expect(try BatchOrder(count: 50, batchSize: 7, seed: 4).permutation(epoch: 1) == order.permutation(epoch: 1))
    #expect(try BatchOrder(count: 50, batchSize: 10, seed: 5).permutation(epoch: 0) != order.permutation(epoch: 0))
    #expect(try BatchOrder(count: 50, batchSize: 10, shuffles: false).permutation(epoch: 3) == Array(0..<50))
  }

  @Test func shortBatches() throws {
    #expect(try BatchOrder(count: 100, batchSize: 10, dropsLast: true).batchesPerEpoch == 10)
    #expect(try BatchOrder(count: 103, batchSize: 10, dropsLast: true).batchesPerEpoch == 10)
    #expect(try BatchOrder(count: 3, batchSize: 10, dropsLast: true).batchesPerEpoch == 0)
    #expect(try BatchOrder(count: 3, batchSize: .max).positions(ofBatch: 0) == 0..<3)
    #expect(try BatchOrder(count: 0, batchSize: 10).batchesPerEpoch == 0)
    #expect(throws: DataError.self) { try BatchOrder(count: 3, batchSize: 0) }
    #expect(throws: DataError.self) { try BatchOrder(count: -1, batchSize: 1) }
  }
}
