import Glibc

/// The buffers of a loader and the two queues between its thread and its consumer.
///
/// Unchecked because the lock is invisible to the compiler: every `var` is touched only while `monitor` is held, and the buffers belong
/// to one side at a time: to the thread from `takeFree` to `publish`, to the consumer from `takeReady` to `giveBack`.
final class BatchRing: @unchecked Sendable {
  struct Ticket {
    let slot: Int
    let epoch: Int
    let index: Int
    let count: Int
    let isLastOfEpoch: Bool
  }

  let batchSize: Int
  let sampleSize: Int
  let slots: Int
  let encoding: TargetEncoding
  private let memory: UnsafeMutableRawPointer
  private let featureStride: Int
  private let labelStride: Int
  /// Where the matrices of targets begin behind the labels, and how wide they are.
  private let matrices: [(offset: Int, width: Int)]
  private let slotStride: Int

  private let monitor = Monitor()
  private var free: [Int]
  private var ready: [Ticket] = []
  private var lent = 0
  private var finished = false
  private var stopped = false
  private var failure: DataError?
  private var waited: UInt64 = 0

  init(batchSize: Int, sampleSize: Int, slots: Int, encoding: TargetEncoding = .labels) throws(DataError) {
    // Room for features, then labels, then further targets, each rounded up to whole cache lines.
    func lines(_ elements: Int?) -> Int? {
      guard let elements, case (let bytes, false) = elements.multipliedReportingOverflow(by: 4), bytes < Int.max / 2 else { return nil }
      return max(64, (bytes + 63) & ~63)
    }
    var (rest, matrices) = (0 as Int?, [(offset: Int, width: Int)]())
    for width in encoding.widths {
      guard let offset = rest, let size = lines(checkedProduct([width], times: batchSize)), offset < Int.max / 2 else {
        rest = nil
        break
      }
      matrices.append((offset, width))
      rest = offset + size
    }
    guard let featureStride = lines(checkedProduct([sampleSize], times: batchSize)), let labelStride = lines(batchSize), let rest,
      case (let slotStride, false) = (featureStride + labelStride).addingReportingOverflow(rest),
      let total = checkedProduct([slotStride], times: slots)
    else { throw .outOfMemory(what: "the batch buffers", bytes: Int.max) }
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, total) == 0, let memory else { throw .outOfMemory(what: "the batch buffers", bytes: total) }
    self.memory = memory
    self.batchSize = batchSize
    self.sampleSize = sampleSize
    self.slots = slots
    self.encoding = encoding
    self.featureStride = featureStride
    self.labelStride = labelStride
    self.matrices = matrices
    self.slotStride = slotStride
    free = Array(0..<slots)
    ready.reserveCapacity(slots)
  }

  deinit {
    Glibc.free(memory)
  }

  func features(_ slot: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
    let start = (memory + slot * slotStride).assumingMemoryBound(to: Float.self)
    return UnsafeMutableBufferPointer(start: start, count: count * sampleSize)
  }

  func labels(_ slot: Int, count: Int) -> UnsafeMutableBufferPointer<Int32> {
    let start = (memory + slot * slotStride + featureStride).assumingMemoryBound(to: Int32.self)
    return UnsafeMutableBufferPointer(start: start, count: count)
  }

  /// One of the matrices that the encoding asks for.
  func matrix(_ index: Int, _ slot: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
    let (offset, width) = matrices[index]
    let start = memory + slot * slotStride + featureStride + labelStride + offset
    return UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: Float.self), count: count * width)
  }

  func targets(_ slot: Int, count: Int) -> BatchTargets {
    switch encoding {
    case .labels: .classes(UnsafeBufferPointer(labels(slot, count: count)))
    case .distributions:
      .distributions(
        weights: UnsafeBufferPointer(matrix(0, slot, count: count)), credit: UnsafeBufferPointer(matrix(1, slot, count: count)))
    case .values: .values(UnsafeBufferPointer(matrix(0, slot, count: count)))
    }
  }

  private func locked<Result: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    monitor.lock()
    defer { monitor.unlock() }
    return try body()
  }

  // MARK: the thread's side

  /// A buffer to fill, waiting for one if need be; nil when the loader is being dropped.
  func takeFree() -> Int? {
    locked {
      while free.isEmpty && !stopped { monitor.wait() }
      return stopped ? nil : free.removeLast()
    }
  }

  func publish(_ ticket: Ticket) {
    locked {
      ready.append(ticket)
      monitor.notifyAll()
    }
  }

  /// No batch will follow, because the last has been published or because of an error.
  func finish(_ error: DataError?) {
    locked {
      failure = error
      finished = true
      monitor.notifyAll()
    }
  }

  // MARK: the consumer's side

  /// The next batch in order, waiting for it if need be; nil after the last.
  func takeReady() throws(DataError) -> Ticket? {
    try locked { () throws(DataError) -> Ticket? in
      if ready.isEmpty && !finished {
        guard lent < slots else { throw .batchesNotReturned(buffers: slots) }
        let start = Self.now()
        while ready.isEmpty && !finished { monitor.wait() }
        waited += Self.now() - start
      }
      if ready.isEmpty {
        if let failure { throw failure }
        return nil
      }
      lent += 1
      return ready.removeFirst()
    }
  }

  func giveBack(_ slot: Int) {
    locked {
      lent -= 1
      free.append(slot)
      monitor.notifyAll()
    }
  }

  func stop() {
    locked {
      stopped = true
      monitor.notifyAll()
    }
  }

  var nanosecondsWaited: UInt64 { locked { waited } }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
