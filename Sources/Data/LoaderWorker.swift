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
          indices, into: ring.features(slot, count: indices.count), labels: ring.labels(slot, count: indices.count))
        ring.publish(
          BatchRing.Ticket(slot: slot, epoch: epoch, index: batch, count: indices.count, isLastOfEpoch: batch + 1 == batches))
        batch += 1
      }
      epoch += 1
      batch = 0
    }
  }
}

/// The thread's entry: a plain C function, as pthreads want it.
private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Unmanaged<LoaderWorker>.fromOpaque(context).takeRetainedValue().run() }
  return nil
}
