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
  let slots: Int
  let encoding: TargetEncoding
  /// The fields that are inputs, and those that they are compared with; behind them is what the encoding adds.
  let inputs: Range<Int>
  let targets: Range<Int>
  private let memory: UnsafeMutableRawPointer
  /// Where each field begins in a slot, and how many elements it has for each sample. Behind the fields are labels that nobody compares with.
  private let columns: [(offset: Int, width: Int)]
  private let fieldCount: Int
  private let labelColumn: Int
  private let slotStride: Int
  /// Each slot's fields, as long as its batch.
  private let lists: UnsafeMutablePointer<UnsafeRawBufferPointer>

  private let monitor = Monitor()
  private var free: [Int]
  private var ready: [Ticket] = []
  private var lent = 0
  private var finished = false
  private var stopped = false
  private var failure: DataError?
  private var waited: UInt64 = 0

  /// - Parameters:
  ///   - inputs: what samples consist of.
  ///   - targets: what they are labelled with.
  ///   - hasClasses: whether that is class numbers.
  init(
    batchSize: Int, inputs: [SampleField], targets: [SampleField], hasClasses: Bool, slots: Int, encoding: TargetEncoding
  ) throws(DataError) {
    // Room for each field, rounded up to whole cache lines.
    func lines(_ elements: Int?) -> Int? {
      guard let elements, case (let bytes, false) = elements.multipliedReportingOverflow(by: 4), bytes < Int.max / 2 else { return nil }
      return max(64, (bytes + 63) & ~63)
    }
    let widths = (inputs + targets).map(\.size) + encoding.extras(targets)
    var (rest, columns) = (0 as Int?, [(offset: Int, width: Int)]())
    for width in widths + (hasClasses ? [] : [1]) {
      guard let offset = rest, let size = lines(checkedProduct([width], times: batchSize)),
        case (let end, false) = offset.addingReportingOverflow(size)
      else {
        rest = nil
        break
      }
      columns.append((offset, width))
      rest = end
    }
    guard let slotStride = rest, let total = checkedProduct([slotStride], times: slots) else {
      throw .outOfMemory(what: "the batch buffers", bytes: Int.max)
    }
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, total) == 0, let memory else { throw .outOfMemory(what: "the batch buffers", bytes: total) }
    self.memory = memory
    self.batchSize = batchSize
    self.slots = slots
    self.encoding = encoding
    self.inputs = 0..<inputs.count
    self.targets = inputs.count..<(inputs.count + targets.count)
    self.columns = columns
    fieldCount = widths.count
    labelColumn = hasClasses ? inputs.count : widths.count
    self.slotStride = slotStride
    lists = .allocate(capacity: slots * fieldCount)
    lists.initialize(repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: slots * fieldCount)
    free = Array(0..<slots)
    ready.reserveCapacity(slots)
  }

  deinit {
    Glibc.free(memory)
    lists.deallocate()
  }

  /// The first input.
  func features(_ slot: Int, count: Int) -> UnsafeMutableBufferPointer<Float> { floats(0, slot, count: count) }

  /// Labels, where samples have any.
  func labels(_ slot: Int, count: Int) -> UnsafeMutableBufferPointer<Int32> {
    UnsafeMutableBufferPointer(start: start(labelColumn, slot).assumingMemoryBound(to: Int32.self), count: count)
  }

  /// A field's memory for some samples.
  func bytes(_ field: Int, _ slot: Int, count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: start(field, slot), count: 4 * count * columns[field].width)
  }

  /// The same of float32.
  func floats(_ field: Int, _ slot: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: start(field, slot).assumingMemoryBound(to: Float.self), count: count * columns[field].width)
  }

  private func start(_ column: Int, _ slot: Int) -> UnsafeMutableRawPointer { memory + slot * slotStride + columns[column].offset }

  /// Bytes of a sample's field.
  func sampleBytes(_ field: Int) -> Int { 4 * columns[field].width }

  /// What the encoding adds, field by field.
  func extra(_ place: Int) -> Int { targets.upperBound + place }

  /// All fields of a batch that has been published.
  func fields(_ slot: Int) -> UnsafeBufferPointer<UnsafeRawBufferPointer> {
    UnsafeBufferPointer(start: lists + slot * fieldCount, count: fieldCount)
  }

  func targets(_ slot: Int, count: Int) -> BatchTargets {
    switch encoding {
    case .labels: .classes(UnsafeBufferPointer(labels(slot, count: count)))
    case .distributions:
      .distributions(
        weights: UnsafeBufferPointer(floats(extra(0), slot, count: count)),
        credit: UnsafeBufferPointer(floats(extra(1), slot, count: count)))
    case .values: .values(UnsafeBufferPointer(floats(targets.lowerBound, slot, count: count)))
    case .tensors, .weighted: .fields
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
    for field in 0..<fieldCount {
      lists[ticket.slot * fieldCount + field] = UnsafeRawBufferPointer(bytes(field, ticket.slot, count: ticket.count))
    }
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
