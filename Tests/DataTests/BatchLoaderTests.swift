import Glibc
import GlissadeData
import Synchronization
import Testing

/// Wraps a dataset: counts gathers, can be slow, and fails on one sample.
private struct Probe: Dataset {
  final class Counter: Sendable {
    let gathers = Mutex(0)
  }

  let base: SyntheticClassification
  let counter = Counter()
  var failsAt: Int?
  var delay: UInt32 = 0

  var count: Int { base.count }
  var sampleShape: [Int] { base.sampleShape }
  var classNames: [String] { base.classNames }
  var labels: [Int32] { base.labels }

  /// Whether the number of gathers comes to the given one, be the machine ever so busy, and stays there.
  func settled(at gathers: Int) -> Bool {
    for _ in 0..<5000 where counter.gathers.withLock({ $0 }) < gathers { usleep(1000) }
    usleep(30_000)
    return counter.gathers.withLock { $0 } == gathers
  }

  func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    counter.gathers.withLock { $0 += 1 }
    if delay > 0 { usleep(delay) }
    if let failsAt, indices.contains(failsAt) { throw .unreadable(path: "sample \(failsAt)", message: "on purpose") }
    try base.gather(indices, into: features, labels: labels)
  }
}

@Suite struct BatchLoaderTests {
  private func data(_ count: Int = 103) throws -> SyntheticClassification {
    try SyntheticClassification(count: count, sampleShape: [5], classCount: 3, seed: 1)
  }

  @Test(arguments: [2, 3, 5])
  func deliversTheOrderExactly(buffers: Int) throws {
    let data = try data()
    let order = try BatchOrder(count: 103, batchSize: 10, seed: 6)
    let loader = try BatchLoader(data, order: order, endEpoch: 3, buffers: buffers)
    for epoch in 0..<3 {
      for index in 0..<11 {
        guard let batch = try loader.next() else {
          Issue.record("ended in epoch \(epoch), batch \(index)")
          return
        }
        let expected = try data.gather(Array(order.indices(epoch: epoch, batch: index)))
        let (place, count, last) = ((batch.epoch, batch.index), batch.count, batch.isLastOfEpoch)
        #expect(place == (epoch, index))
        #expect(count == (index == 10 ? 3 : 10) && last == (index == 10))
        let (features, labels) = (Array(batch.features), Array(batch.labels))
        #expect(features == expected.features && labels == expected.labels)
        let addresses = [UInt(bitPattern: batch.features.baseAddress), UInt(bitPattern: batch.labels.baseAddress)]
        #expect(addresses.allSatisfy { $0 % 64 == 0 })
      }
    }
    let more = try loader.next() != nil
    #expect(!more)
    let evenMore = try loader.next() != nil
    #expect(!evenMore)
  }

  @Test func resumesAnywhere() throws {
    let order = try BatchOrder(count: 103, batchSize: 10, seed: 6)
    let resumed = try BatchLoader(try data(), order: order, startEpoch: 1, startBatch: 9, endEpoch: 3)
    var places: [[Int]] = []
    while let batch = try resumed.next() { places.append([batch.epoch, batch.index]) }
    #expect(places == [[1, 9], [1, 10]] + (0..<11).map { [2, $0] })
    let atTheEnd = try BatchLoader(try data(), order: order, startEpoch: 1, startBatch: 11, endEpoch: 3)
    let epoch = try atTheEnd.next()?.epoch
    #expect(epoch == 2)
  }

  @Test func twoBatchesAtOnceInAnyOrder() throws {
    let loader = try BatchLoader(try data(), order: BatchOrder(count: 103, batchSize: 10), buffers: 3)
    for _ in 0..<200 {
      guard let first = try loader.next(), let second = try loader.next() else {
        Issue.record("an endless loader ended")
        return
      }
      let (one, two) = (first.features.baseAddress, second.features.baseAddress)
      #expect(one != two)
      second.finish()
      first.finish()
    }
  }

  @Test func holdingAllBuffersIsAnErrorNotAHang() throws {
    let loader = try BatchLoader(try data(), order: BatchOrder(count: 103, batchSize: 10), buffers: 2)
    guard let first = try loader.next(), let second = try loader.next() else {
      Issue.record("no batches")
      return
    }
    #expect(throws: DataError.batchesNotReturned(buffers: 2)) { if try loader.next() != nil { Issue.record("a third of two buffers") } }
    let index = second.index
    first.finish()
    second.finish()
    #expect(index == 1)
    let next = try loader.next()?.index
    #expect(next == 2)
  }

  @Test func errorsReachTheConsumerInTheirPlace() throws {
    let probe = Probe(base: try data(), failsAt: 57)
    let loader = try BatchLoader(probe, order: BatchOrder(count: 103, batchSize: 10, shuffles: false))
    for index in 0..<5 {
      let place = try loader.next()?.index
      #expect(place == index)
    }
    for _ in 0..<2 {
      #expect(throws: DataError.unreadable(path: "sample 57", message: "on purpose")) {
        if try loader.next() != nil { Issue.record("a batch past the error") }
      }
    }
  }

  @Test func neverRunsFurtherAheadThanItsBuffers() throws {
    let probe = Probe(base: try data())
    let loader = try BatchLoader(probe, order: BatchOrder(count: 103, batchSize: 10), buffers: 3)
    #expect(probe.settled(at: 3))
    let batch = try loader.next()
    #expect(probe.settled(at: 3))
    batch?.finish()
    #expect(probe.settled(at: 4))
  }

  @Test func droppingMidEpochStopsTheThread() throws {
    for round in 0..<100 {
      let probe = Probe(base: try data())
      let loader = try BatchLoader(probe, order: BatchOrder(count: 103, batchSize: 1))
      for _ in 0..<round % 7 { _ = try loader.next() }
    }
    let probe = Probe(base: try data())
    do {
      let loader = try BatchLoader(probe, order: BatchOrder(count: 103, batchSize: 1))
      _ = try loader.next()
    }
    let gathers = probe.counter.gathers.withLock { $0 }
    usleep(20_000)
    #expect(probe.counter.gathers.withLock { $0 } == gathers)
  }

  @Test func aBatchOutlivesItsLoader() throws {
    let data = try data()
    let order = try BatchOrder(count: 103, batchSize: 10)
    var loader: BatchLoader? = try BatchLoader(data, order: order)
    guard let batch = try loader?.next() else {
      Issue.record("no batch")
      return
    }
    loader = nil
    let features = Array(batch.features)
    #expect(try features == data.gather(Array(order.indices(epoch: 0, batch: 0))).features)
  }

  @Test func reportsTheTimeWaited() throws {
    let slow = try BatchLoader(Probe(base: try data(), delay: 20_000), order: BatchOrder(count: 103, batchSize: 10), endEpoch: 1)
    while let batch = try slow.next() { batch.finish() }
    #expect(slow.waited >= .milliseconds(50))
    let probe = Probe(base: try data())
    let fast = try BatchLoader(probe, order: BatchOrder(count: 103, batchSize: 10), endEpoch: 1)
    #expect(probe.settled(at: 3))
    let first = try fast.next() != nil
    #expect(first && fast.waited == .zero)
  }

  @Test func argumentsAreChecked() throws {
    let (data, order) = (try data(), try BatchOrder(count: 103, batchSize: 10))
    #expect(throws: DataError.self) { try BatchLoader(data, order: BatchOrder(count: 104, batchSize: 10)) }
    #expect(throws: DataError.self) { try BatchLoader(data, order: BatchOrder(count: 103, batchSize: 104, dropsLast: true)) }
    #expect(throws: DataError.self) { try BatchLoader(data, order: order, startEpoch: -1) }
    #expect(throws: DataError.self) { try BatchLoader(data, order: order, startBatch: 12) }
    #expect(throws: DataError.self) { try BatchLoader(data, order: order, buffers: 1) }
    #expect(throws: DataError.self) { try BatchLoader(data, order: order, buffers: .max) }
    #expect(throws: DataError.self) { try BatchLoader(data.prefix(0), order: BatchOrder(count: 0, batchSize: 1)) }
    let huge = try BatchLoader(data, order: BatchOrder(count: 103, batchSize: .max), endEpoch: 1)
    let count = try huge.next()?.count
    #expect(count == 103)
  }
}
