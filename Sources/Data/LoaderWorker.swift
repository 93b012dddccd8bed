import Glibc

/// What a loader's thread does. It knows the ring but not the loader, so the loader can be dropped while the thread runs.
final class LoaderWorker: Sendable {
  private let ring: BatchRing
  private let dataset: any Dataset
  private let order: BatchOrder
  private let epoch: Int
  private let batch: Int
  private let endEpoch: Int
  private let hasPlainInput: Bool
  private let targets: TargetKind
  /// Where a sample is not one tensor, or samples count differently: their labels and weights.
  private let labels: [Int32]
  private let sampleWeights: [Float]?

  init(ring: BatchRing, dataset: any Dataset, order: BatchOrder, epoch: Int, batch: Int, endEpoch: Int) {
    self.ring = ring
    self.dataset = dataset
    self.order = order
    self.epoch = epoch
    self.batch = batch
    self.endEpoch = endEpoch
    hasPlainInput = dataset.hasPlainInput
    targets = dataset.targets
    labels = hasPlainInput || targets != .classes ? [] : dataset.labels
    sampleWeights = dataset.sampleWeights
  }

  /// Runs the worker on a thread of its own, which has to be joined.
  func start() throws(DataError) -> pthread_t {
    // Signals belong to the main program: the thread inherits a mask that blocks them all.
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self)
    let code = pthread_create(&thread, nil, runWorker, context.toOpaque())
    pthread_sigmask(SIG_SETMASK, &previous, nil)
    if code != 0 {
      context.release()
      throw .threadFailed(message: String(cString: strerror(code)))
    }
    return thread
  }

  fileprivate func run() {
    do throws(DataError) {
      try deliver()
      ring.finish(nil)
    } catch {
      ring.finish(error)
    }
  }

  private func deliver() throws(DataError) {
    let batches = order.batchesPerEpoch
    var (epoch, batch) = (epoch, batch)
    while epoch < endEpoch {
      let permutation = order.permutation(epoch: epoch)
      while batch < batches {
        guard let slot = ring.takeFree() else { return }
        let indices = permutation[order.positions(ofBatch: batch)]
        try fillInputs(slot, indices, epoch: epoch)
        try fillTargets(slot, indices, epoch: epoch, batch: batch)
        ring.publish(
          BatchRing.Ticket(slot: slot, epoch: epoch, index: batch, count: indices.count, isLastOfEpoch: batch + 1 == batches))
        batch += 1
      }
      epoch += 1
      batch = 0
    }
  }
}

extension LoaderWorker {
  /// Writes what a batch's samples consist of, and their labels.
  private func fillInputs(_ slot: Int, _ indices: ArraySlice<Int>, epoch: Int) throws(DataError) {
    let count = indices.count
    if hasPlainInput {
      return try dataset.gather(indices, epoch: epoch, into: ring.features(slot, count: count), labels: ring.labels(slot, count: count))
    }
    for input in ring.inputs {
      try dataset.gather(indices, epoch: epoch, input: input, into: ring.bytes(input, slot, count: count))
    }
    guard !labels.isEmpty else { return }
    let target = ring.labels(slot, count: count)
    for (position, index) in indices.enumerated() { target[position] = labels[index] }
  }

  /// Writes what a batch's outputs are compared with, mixing its samples where that is asked for.
  private func fillTargets(_ slot: Int, _ indices: ArraySlice<Int>, epoch: Int, batch: Int) throws(DataError) {
    let count = indices.count
    switch targets {
    case .classes: break
    case .values: try dataset.gatherValues(indices, into: ring.floats(ring.targets.lowerBound, slot, count: count))
    case .tensors:
      for (place, field) in ring.targets.enumerated() {
        try dataset.gather(indices, target: place, into: ring.bytes(field, slot, count: count))
      }
    }
    switch ring.encoding {
    case .labels, .values, .tensors: return
    case .distributions(let targets, let mixing):
      let labels = UnsafeBufferPointer(ring.labels(slot, count: count))
      let (weights, credit) = (ring.floats(ring.extra(0), slot, count: count), ring.floats(ring.extra(1), slot, count: count))
      withSampleWeights(indices) { own in
        guard let mixing else { return targets.write(labels, sampleWeights: own, weights: weights, credit: credit) }
        mix(slot, count, mixing, epoch, batch, shares: ring.floats(ring.extra(3), slot, count: count)) { partners, shares in
          targets.write(labels, mixed: (partners, shares), sampleWeights: own, weights: weights, credit: credit)
          copy(ring.bytes(ring.targets.lowerBound, slot, count: count), of: partners, to: ring.bytes(ring.extra(2), slot, count: count))
        }
      }
    case .weighted(let weighting, let mixing):
      let labels = UnsafeBufferPointer(ring.labels(slot, count: count))
      let weights = ring.floats(ring.extra(0), slot, count: count)
      withSampleWeights(indices) { own in
        guard let mixing else { return weighting.write(labels, sampleWeights: own, own: weights, mixed: nil) }
        let last = ring.extra(1) + ring.targets.count
        mix(slot, count, mixing, epoch, batch, shares: ring.floats(last + 1, slot, count: count)) { partners, shares in
          weighting.write(labels, sampleWeights: own, own: weights, mixed: (partners, shares, ring.floats(last, slot, count: count)))
          for (place, field) in ring.targets.enumerated() {
            copy(ring.bytes(field, slot, count: count), of: partners, to: ring.bytes(ring.extra(1) + place, slot, count: count))
          }
        }
      }
    }
  }

  /// Lends the weights of some samples, where they have any.
  private func withSampleWeights(_ indices: ArraySlice<Int>, _ body: (UnsafeBufferPointer<Float>?) -> Void) {
    guard let sampleWeights else { return body(nil) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: indices.count) { weights in
      for (position, index) in indices.enumerated() { weights[position] = sampleWeights[index] }
      body(UnsafeBufferPointer(weights))
    }
  }

  /// Mixes a batch in place.
  private func mix(
    _ slot: Int, _ count: Int, _ mixing: any SampleMixing, _ epoch: Int, _ batch: Int, shares: UnsafeMutableBufferPointer<Float>,
    _ body: (_ partners: UnsafeBufferPointer<Int32>, _ shares: UnsafeBufferPointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { partners in
      mixing.mix(
        features: ring.features(slot, count: count), count: count, sampleShape: dataset.sampleShape, epoch: epoch, batch: batch,
        partners: partners, shares: shares)
      for place in 0..<count where !(0..<count).contains(Int(partners[place])) { (partners[place], shares[place]) = (Int32(place), 1) }
      body(UnsafeBufferPointer(partners), UnsafeBufferPointer(shares))
    }
  }

  /// Copies what belongs to each sample's partner.
  private func copy(
    _ field: UnsafeMutableRawBufferPointer, of partners: UnsafeBufferPointer<Int32>, to target: UnsafeMutableRawBufferPointer
  ) {
    guard let source = field.baseAddress, let place = target.baseAddress, !partners.isEmpty else { return }
    let bytes = field.count / partners.count
    for (position, partner) in partners.enumerated() {
      (place + position * bytes).copyMemory(from: source + Int(partner) * bytes, byteCount: bytes)
    }
  }
}

/// The thread's entry: a plain C function, as pthreads want it.
private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Unmanaged<LoaderWorker>.fromOpaque(context).takeRetainedValue().run() }
  return nil
}
