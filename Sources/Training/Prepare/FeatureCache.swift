import GlissadeData
import GlissadeLayers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// That the features of a frozen backbone are computed once and kept, so that an epoch costs no more than its head.
///
/// Only for data that is the same in every epoch: without augmentation. What the head sees is what it would have seen, up to rounding: features
/// come from batches in another order.
public struct FeatureCache: Hashable, Sendable {
  /// Bytes of features that are kept in memory; where there are more, all of them are in a file.
  public var memoryLimit: Int
  /// Where that file is. It has no name, so nothing is left of it when the process ends, however that happens.
  public var folder: String

  /// - Parameters:
  ///   - memoryLimit: bytes of features that are kept in memory; default 1 GiB.
  ///   - folder: where the file is that takes more; default `/var/tmp`.
  public init(memoryLimit: Int = 1 << 30, folder: String = "/var/tmp") {
    self.memoryLimit = memoryLimit
    self.folder = folder
  }
}

/// A dataset whose samples are what a backbone made of another dataset's.
struct FeatureDataset: Dataset {
  private let base: any Dataset
  private let store: FeatureStore
  let sampleShape: [Int]
  let labels: [Int32]
  /// How long computing the features waited for samples.
  let waited: Duration

  var count: Int { base.count }
  var classNames: [String] { base.classNames }
  var targets: TargetKind { base.targets }
  var sampleWeights: [Float]? { base.sampleWeights }

  /// Computes the features, batch by batch.
  /// - Parameter progress: is told of each batch.
  /// - Throws: `DataError` for data that cannot be read, or features that cannot be kept; what `TrainingSession.features(of:count:)` throws.
  init(
    of base: any Dataset, by session: TrainingSession, batchSize: Int, cache: FeatureCache, shouldStop: () -> Bool,
    progress: (_ samples: Int) -> Void
  ) throws {
    self.base = base
    labels = base.labels
    sampleShape = try session.featureShape().dimensions
    let width = sampleShape.reduce(1, *)
    let bytes = base.count.multipliedReportingOverflow(by: 4 * width)
    let isLarge = bytes.overflow || bytes.partialValue > cache.memoryLimit
    store = try FeatureStore(width: width, count: base.count, folder: isLarge ? cache.folder : nil)
    guard base.count > 0 else {
      waited = .zero
      return
    }
    let order = try BatchOrder(count: base.count, batchSize: min(batchSize, base.count), shuffles: false)
    let loader = try BatchLoader(base, order: order, endEpoch: 1)
    while let batch = try loader.next(), !shouldStop() {
      try store.append(try session.features(of: UnsafeBufferPointer(batch.features), count: batch.count))
      progress(batch.count)
    }
    waited = loader.waited
  }

  func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try checkGather(indices, features: features, labels: labels)
    for (position, index) in indices.enumerated() {
      labels[position] = self.labels[index]
      try store.read(index, into: UnsafeMutableBufferPointer(rebasing: features[position * store.width..<(position + 1) * store.width]))
    }
  }

  func name(ofSample index: Int) -> String? { base.name(ofSample: index) }
  func place(ofSample index: Int) -> String? { base.place(ofSample: index) }

  func gatherValues(_ indices: ArraySlice<Int>, into values: UnsafeMutableBufferPointer<Float>) throws(DataError) {
    try base.gatherValues(indices, into: values)
  }

  func gather(_ indices: ArraySlice<Int>, target: Int, into elements: UnsafeMutableRawBufferPointer) throws(DataError) {
    try base.gather(indices, target: target, into: elements)
  }
}
