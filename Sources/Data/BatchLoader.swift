import Glibc

/// Gathers batches on a background thread, a few ahead of the consumer.
///
/// The buffers are allocated once, 64-byte aligned; per batch nothing is allocated, and whoever has to wait sleeps. Batches come in
/// exactly the order of their `BatchOrder`, epoch after epoch, so a run is reproducible and can resume at any batch. An error of the
/// dataset reaches the consumer in place of the batch it befell, and again at every later call. Dropping the loader stops the thread,
/// at the latest after the batch it is gathering.
///
///     let loader = try BatchLoader(dataset, order: BatchOrder(count: dataset.count, batchSize: 128))
///     while let batch = try loader.next() {
///       // use batch.features and batch.labels
///     }
public final class BatchLoader: Sendable {
  private let ring: BatchRing
  private let thread: pthread_t

  /// Starts gathering.
  /// - Parameters:
  ///   - dataset: where samples come from.
  ///   - order: which samples form which batch.
  ///   - startEpoch: the first epoch, 0 by default.
  ///   - startBatch: the first batch of that epoch, 0 by default; the number of batches per epoch stands for the epoch after it.
  ///   - endEpoch: the epoch before which to end; nil, the default, goes on for as long as it is asked.
  ///   - encoding: in which form batches have their targets; default the dataset's plain one.
  ///   - buffers: how many batches exist at once, the consumer's included; 3 by default.
  /// - Throws: `DataError` when the order does not belong to a dataset of this size, has no batch, a start lies outside it, fewer than
  ///   2 buffers are asked for, or memory or thread cannot be had.
  public init(
    _ dataset: any Dataset, order: BatchOrder, startEpoch: Int = 0, startBatch: Int = 0, endEpoch: Int? = nil,
    encoding: TargetEncoding? = nil, buffers: Int = 3
  ) throws(DataError) {
    guard order.count == dataset.count else {
      throw .invalidArgument(name: "order.count", value: "\(order.count)", requirement: "the dataset's count, \(dataset.count)")
    }
    let batches = order.batchesPerEpoch
    guard batches > 0 else {
      let dropped = order.dropsLast ? ", short batches dropped" : ""
      throw .empty(what: "no batches: \(order.count) samples, batch size \(order.batchSize)\(dropped)")
    }
    guard 0..<BatchOrder.epochLimit ~= startEpoch else {
      throw .invalidArgument(name: "startEpoch", value: "\(startEpoch)", requirement: "0 ..< \(BatchOrder.epochLimit)")
    }
    guard 0...batches ~= startBatch else {
      throw .invalidArgument(name: "startBatch", value: "\(startBatch)", requirement: "0 … \(batches), the batches of an epoch")
    }
    guard buffers >= 2 else { throw .invalidArgument(name: "buffers", value: "\(buffers)", requirement: "at least 2") }

    let encoding = encoding ?? dataset.plainEncoding
    try Self.check(encoding, dataset)
    try dataset.requireDistinctFields(source: "the dataset")
    // A batch never holds more samples than there are, whatever size was asked for.
    ring = try BatchRing(
      batchSize: min(order.batchSize, order.count), inputs: dataset.inputs, targets: dataset.targetFields,
      hasClasses: dataset.targets == .classes, slots: buffers, encoding: encoding)
    let worker = LoaderWorker(
      ring: ring, dataset: dataset, order: order, epoch: startEpoch, batch: startBatch,
      endEpoch: min(endEpoch ?? BatchOrder.epochLimit, BatchOrder.epochLimit))
    thread = try worker.start()
  }

  private static func check(_ encoding: TargetEncoding, _ dataset: any Dataset) throws(DataError) {
    switch (encoding, dataset.targets) {
    case (.labels, .classes): return
    case (.values(let count), .values(let names)) where count == names.count && count > 0: return
    case (.tensors(let fields), .tensors(let own)) where fields == own: return
    case (.weighted(let weighting, let mixing), _):
      if let weights = weighting.classWeights {
        guard dataset.targets == .classes else {
          throw .invalidArgument(name: "encoding", value: "with class weights", requirement: "for a dataset with classes")
        }
        try checkClassWeights(weights, classCount: dataset.classCount)
      }
      try checkMixing(mixing, dataset)
    case (.distributions(let targets, let mixing), .classes):
      try checkMixing(mixing, dataset)
      guard targets.classCount == dataset.classCount else {
        throw .invalidArgument(
          name: "encoding", value: "for \(targets.classCount) classes", requirement: "for the dataset's \(dataset.classCount)")
      }
      // What is written by class number must not lie outside.
      try checkLabels(dataset.labels, classes: targets.classCount, source: "the dataset")
    case (_, .classes): throw .invalidArgument(name: "encoding", value: "\(encoding)", requirement: "one of classes, as the dataset has")
    case (_, .values(let names)):
      throw .invalidArgument(name: "encoding", value: "\(encoding)", requirement: "of \(names.count) values, as the dataset has")
    case (_, .tensors): throw .invalidArgument(name: "encoding", value: "\(encoding)", requirement: "the dataset's own tensors")
    }
    if let weights = dataset.sampleWeights { try checkSampleWeights(weights, count: dataset.count, source: "the dataset") }
  }

  /// Samples are mixed number by number.
  private static func checkMixing(_ mixing: (any SampleMixing)?, _ dataset: any Dataset) throws(DataError) {
    guard mixing != nil, !dataset.hasPlainInput else { return }
    throw .invalidArgument(
      name: "the samples to be mixed", value: dataset.inputs.map { "\($0)" }.joined(separator: ", "), requirement: "one tensor of float32")
  }

  deinit {
    ring.stop()
    pthread_join(thread, nil)
  }

  /// The next batch, waiting for it if need be; nil after the last.
  /// - Throws: what the dataset threw, or `DataError.batchesNotReturned` when the caller holds all buffers already.
  public func next() throws(DataError) -> Batch? {
    guard let ticket = try ring.takeReady() else { return nil }
    return Batch(ticket, ring)
  }

  /// How long `next` has waited for data so far, in all: near zero when loading keeps up with training.
  public var waited: Duration { .nanoseconds(Int64(clamping: ring.nanosecondsWaited)) }
}
