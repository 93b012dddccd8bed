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

  /// Epochs are numbered 0 ..< 2³⁰.
  static let epochLimit = 1 << 30

  /// Creates an order.
  /// - Parameters:
  ///   - count: number of samples.
  ///   - batchSize: samples per batch.
  ///   - shuffles: true by default.
  ///   - dropsLast: false by default: the short last batch is kept.
  ///   - seed: 0 by default.
  /// - Throws: `DataError.invalidArgument` when the count is negative or the batch size below 1.
  public init(count: Int, batchSize: Int, shuffles: Bool = true, dropsLast: Bool = false, seed: UInt64 = 0) throws(DataError) {
    guard count >= 0 else { throw .invalidArgument(name: "count", value: "\(count)", requirement: "at least 0") }
    guard batchSize >= 1 else { throw .invalidArgument(name: "batchSize", value: "\(batchSize)", requirement: "at least 1") }
    self.count = count
    self.batchSize = batchSize
    self.shuffles = shuffles
    self.dropsLast = dropsLast
    self.seed = seed
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
  /// A Fisher–Yates permutation from the Philox stream "shuffle" whose block index has the epoch as its upper word.
  public func permutation(epoch: Int) -> [Int] {
    var order = Array(0..<count)
    if shuffles {
      // Epoch as the upper 32 bits of the block index, four words a block.
      let position = UInt64(truncatingIfNeeded: epoch) << 34
      var generator = Philox4x32(seed: seed, stream: Philox4x32.stream(named: "shuffle"), position: position)
      generator.shuffle(&order)
    }
    return order
  }

  /// The samples of one batch; empty past the end of the epoch. To go through an epoch, compute `permutation(epoch:)` once instead.
  public func indices(epoch: Int, batch: Int) -> ArraySlice<Int> {
    permutation(epoch: epoch)[positions(ofBatch: batch)]
  }
}
