import Glibc

/// What a loader's thread does. It knows the ring but not the loader, so the loader can be dropped while the thread runs.
final class LoaderWorker: Sendable {
  private let ring: BatchRing
  private let dataset: any Dataset
  private let order: BatchOrder
  private let epoch: Int
  private let batch: Int
  private let endEpoch: Int

  init(ring: BatchRing, dataset: any Dataset, order: BatchOrder, epoch: Int, batch: Int, endEpoch: Int) {
    self.ring = ring
    self.dataset = dataset
    self.order = order
    self.epoch = epoch
    self.batch = batch
    self.endEpoch = endEpoch
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
        try dataset.gather(
          indices, epoch: epoch, into: ring.features(slot, count: indices.count), labels: ring.labels(slot, count: indices.count))
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
  /// Writes what a batch's labels become, mixing its samples where that is asked for.
  private func fillTargets(_ slot: Int, _ indices: ArraySlice<Int>, epoch: Int, batch: Int) throws(DataError) {
    switch ring.encoding {
    case .labels: return
    case .values: try dataset.gatherValues(indices, into: ring.matrix(0, slot, count: indices.count))
    case .distributions(let targets, let mixing):
      let count = indices.count
      let labels = UnsafeBufferPointer(ring.labels(slot, count: count))
      let (weights, credit) = (ring.matrix(0, slot, count: count), ring.matrix(1, slot, count: count))
      guard let mixing else { return targets.write(labels, weights: weights, credit: credit) }
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { partners in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { shares in
          mixing.mix(
            features: ring.features(slot, count: count), count: count, sampleShape: dataset.sampleShape, epoch: epoch, batch: batch,
            partners: partners, shares: shares)
          targets.write(labels, mixed: (UnsafeBufferPointer(partners), UnsafeBufferPointer(shares)), weights: weights, credit: credit)
        }
      }
    }
  }
}

/// The thread's entry: a plain C function, as pthreads want it.
private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Unmanaged<LoaderWorker>.fromOpaque(context).takeRetainedValue().run() }
  return nil
}
