import GlissadeRandom

/// A division of samples into training and validation: disjoint, together all, and with every class in proportion.
public struct TrainingSplit: Equatable, Sendable {
  /// Indices to train on, ascending.
  public let training: [Int]
  /// Indices held out, ascending.
  public let validation: [Int]

  /// Divides samples by their labels.
  ///
  /// round(fraction · n) samples are held out, but never the last one of a class, because nothing could learn that class then. Each class
  /// gives its share rounded down; the rest is taken from the classes with the largest remainders, the lower label first among equals, and,
  /// where these have but one sample, from the classes that have most left. Which samples of class c go is the first part of a Philox
  /// permutation from stream "split" at block c · 2³².
  ///
  /// - Parameters:
  ///   - labels: the label of every sample.
  ///   - classCount: number of classes.
  ///   - validationFraction: in [0, 1).
  ///   - seed: equal seeds give equal splits.
  ///   - keepsClasses: whether each class keeps a sample to train on; otherwise only the last sample of all is kept.
  /// - Throws: `DataError.invalidArgument` for another fraction, `.labelOutOfRange` for a label outside 0 ..< classCount.
  public init(
    labels: [Int32], classCount: Int, validationFraction: Double, seed: UInt64, keepsClasses: Bool = true
  ) throws(DataError) {
    try self.init(
      labels: labels, classCount: classCount, validationFraction: validationFraction, seed: seed, kept: keepsClasses ? classCount : 0)
  }

  /// - Parameter kept: how many classes, the first ones, keep a sample; others are no classes that anything has to learn.
  init(labels: [Int32], classCount: Int, validationFraction: Double, seed: UInt64, kept: Int) throws(DataError) {
    guard validationFraction >= 0, validationFraction < 1 else {
      throw .invalidArgument(name: "validationFraction", value: "\(validationFraction)", requirement: "at least 0 and below 1")
    }
    try checkLabels(labels, classes: classCount, source: "labels to split")
    var members = [[Int]](repeating: [], count: max(0, classCount))
    for (index, label) in labels.enumerated() { members[Int(label)].append(index) }

    let quotas = Self.quotas(members.map(\.count), fraction: validationFraction, kept: kept)
    var isHeldOut = [Bool](repeating: false, count: labels.count)
    for (label, quota) in quotas.enumerated() where quota > 0 {
      // A block index of c · 2³² is word position c · 2³⁴.
      var generator = Philox4x32(seed: seed, stream: Philox4x32.stream(named: "split"), position: UInt64(label) << 34)
      generator.shuffle(&members[label])
      for index in members[label].prefix(quota) { isHeldOut[index] = true }
    }
    training = isHeldOut.indices.filter { !isHeldOut[$0] }
    validation = isHeldOut.indices.filter { isHeldOut[$0] }
  }

  /// How many of each class are held out: the largest-remainder method, but that the first classes keep a sample each.
  private static func quotas(_ counts: [Int], fraction: Double, kept: Int) -> [Int] {
    let total = counts.reduce(0, +)
    let wanted = min(Int((fraction * Double(total)).rounded()), max(0, total - 1))
    let shares = counts.map { fraction * Double($0) }
    let most = counts.enumerated().map { max(0, $0 < kept ? $1 - 1 : $1) }
    var quotas = zip(shares, most).map { min(Int($0.rounded(.down)), $1) }
    let remainders = zip(shares, quotas).map { $0 - Double($1) }
    let order = counts.indices.sorted { (-remainders[$0], $0) < (-remainders[$1], $1) }
    var missing = wanted - quotas.reduce(0, +)
    for label in order where missing > 0 && quotas[label] < most[label] {
      quotas[label] += 1
      missing -= 1
    }
    while missing > 0 {
      let left = counts.indices.filter { quotas[$0] < most[$0] }
      guard let label = left.max(by: { (counts[$0] - quotas[$0], -$0) < (counts[$1] - quotas[$1], -$1) }) else { break }
      quotas[label] += 1
      missing -= 1
    }
    return quotas
  }
}

extension Dataset {
  /// Divides the samples into training and validation; see `TrainingSplit`. Samples with values to be predicted count as one class.
  /// - Throws: `DataError.invalidArgument` for a fraction outside [0, 1).
  public func split(validationFraction: Double, seed: UInt64) throws(DataError) -> TrainingSplit {
    // One class of labels that are all 0, whatever a dataset without classes says.
    let (labels, classes) = targets == .classes ? (labels, classCount) : (Array(repeating: 0, count: count), 1)
    return try TrainingSplit(labels: labels, classCount: classes, validationFraction: validationFraction, seed: seed)
  }
}
