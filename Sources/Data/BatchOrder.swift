import GlissadeRandom

/// Which samples form which batch of which epoch: a pure function of its fields, the same on every device and on every resume.
public struct BatchOrder: Equatable, Sendable {
  /// Number of samples.
  public let count: Int
  /// Samples per batch; the last batch of an epoch may be shorter.
  public let batchSize: Int
  /// Whether every epoch has a random order of its own; otherwise all go through the samples in order.
  public let shuffles: Bool
  /// Whether a short last batch is left out.
  public let dropsLast: Bool
  /// The seed of the shuffles.
  public let seed: UInt64
  /// Where samples are drawn with replacement: the sums of the samples' weights, in order.
  private let cumulativeWeights: [Double]?

  /// Whether an epoch draws its samples with replacement, by weight, rather than going through all of them.
  public var drawsByWeight: Bool { cumulativeWeights != nil }

  /// Epochs are numbered 0 ..< 2³⁰.
  static let epochLimit = 1 << 30

  /// Creates an order.
  /// - Parameters:
  ///   - count: number of samples.
  ///   - batchSize: samples per batch.
  ///   - shuffles: true by default.
  ///   - dropsLast: false by default: the short last batch is kept.
  ///   - seed: 0 by default.
  ///   - sampleWeights: how likely each sample is to be drawn, in any unit: an epoch is then `count` draws with replacement. `nil`, the
  ///     default, takes every sample once an epoch.
  /// - Throws: `DataError.invalidArgument` when the count is negative or the batch size below 1, or unless there is a weight for every
  ///   sample, all are finite, none is below 0, and some are above.
  public init(
    count: Int, batchSize: Int, shuffles: Bool = true, dropsLast: Bool = false, seed: UInt64 = 0, sampleWeights: [Double]? = nil
  ) throws(DataError) {
    guard count >= 0 else { throw .invalidArgument(name: "count", value: "\(count)", requirement: "at least 0") }
    guard batchSize >= 1 else { throw .invalidArgument(name: "batchSize", value: "\(batchSize)", requirement: "at least 1") }
    self.count = count
    self.batchSize = batchSize
    self.shuffles = shuffles
    self.dropsLast = dropsLast
    self.seed = seed
    cumulativeWeights = try sampleWeights.map { (weights) throws(DataError) in try Self.cumulative(weights, count: count) }
  }

  private static func cumulative(_ weights: [Double], count: Int) throws(DataError) -> [Double] {
    guard weights.count == count else {
      throw .invalidArgument(name: "sampleWeights", value: "\(weights.count) numbers", requirement: "\(count) numbers, one for each sample")
    }
    var (sum, sums) = (0.0, [Double]())
    sums.reserveCapacity(count)
    for weight in weights {
      guard weight >= 0, weight.isFinite else {
        throw .invalidArgument(name: "sampleWeights", value: "\(weight)", requirement: "finite and not below 0")
      }
      sum += weight
      sums.append(sum)
    }
    guard sum > 0, sum.isFinite else { throw .invalidArgument(name: "sampleWeights", value: "a sum of \(sum)", requirement: "above 0") }
    return sums
  }

  /// Weights with which every class is drawn as often as every other that has samples: 1 / samples of the class.
  /// - Parameter labels: the label of every sample, none negative.
  public static func balancedWeights(labels: [Int32]) -> [Double] {
    var counts: [Int32: Int] = [:]
    for label in labels { counts[label, default: 0] += 1 }
    return labels.map { 1 / Double(counts[$0] ?? 1) }
  }

  /// Batches in an epoch.
  public var batchesPerEpoch: Int {
    count / batchSize + (dropsLast || count % batchSize == 0 ? 0 : 1)
  }

  /// The positions in the epoch's permutation that batch `batch` covers; empty past the end.
  public func positions(ofBatch batch: Int) -> Range<Int> {
    guard batch >= 0, batch < batchesPerEpoch else { return 0..<0 }
    let start = batch * batchSize
    return start..<(start + min(batchSize, count - start))
  }

  /// The order of all samples in an epoch.
  ///
  /// A Fisher–Yates permutation from the Philox stream "shuffle" whose block index has the epoch as its upper word. Drawn by weight, it is no
  /// permutation: each place has the sample at which a uniform number of 53 bits, from two words of stream "sampling", falls.
  public func permutation(epoch: Int) -> [Int] {
    if let cumulativeWeights { return draws(cumulativeWeights, epoch: epoch) }
    var order = Array(0..<count)
    if shuffles {
      // Epoch as the upper 32 bits of the block index, four words a block.
      let position = UInt64(truncatingIfNeeded: epoch) << 34
      var generator = Philox4x32(seed: seed, stream: Philox4x32.stream(named: "shuffle"), position: position)
      generator.shuffle(&order)
    }
    return order
  }

  private func draws(_ sums: [Double], epoch: Int) -> [Int] {
    guard let total = sums.last else { return [] }
    var generator = Philox4x32(
      seed: seed, stream: Philox4x32.stream(named: "sampling"), position: UInt64(truncatingIfNeeded: epoch) << 34)
    return (0..<count).map { _ in
      // Rounding must not bring it to the total itself, which lies behind the last sample.
      let place = min(Double(generator.next() >> 11) * 0x1p-53 * total, total.nextDown)
      // The first sample whose sum is above it; samples of weight 0 are never that.
      var (low, high) = (0, count - 1)
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] > place { high = middle } else { low = middle + 1 }
      }
      return low
    }
  }

  /// The samples of one batch; empty past the end of the epoch. To go through an epoch, compute `permutation(epoch:)` once instead.
  public func indices(epoch: Int, batch: Int) -> ArraySlice<Int> {
    permutation(epoch: epoch)[positions(ofBatch: batch)]
  }
}
