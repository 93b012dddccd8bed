/// Makes distributions over classes of class numbers: label smoothing ε, a weight w for each class, and two classes where samples are mixed.
///
/// The loss is the sum over samples i and classes c of tᵢ꜀·(−log pᵢ꜀), with
///
///     tᵢ꜀ = (w(yᵢ)·((1 − ε)·λᵢ·[c = yᵢ]) + w(zᵢ)·(1 − ε)·(1 − λᵢ)·[c = zᵢ] + w(c)·ε / classes) / Σᵢ w(yᵢ)
///
/// (with uᵢ·w(yᵢ) in place of w(yᵢ), and so on, where samples have weights u of their own, and without the division for a sum in place of a mean)
/// where yᵢ is the sample's class, zᵢ that of what it was mixed with, and λᵢ the share that is still its own. Unmixed that is PyTorch's
/// `cross_entropy(logits, y, weight, label_smoothing)`: a mean in which every sample counts by its class. Mixed by one λ it is
/// λ·CE(y) + (1 − λ)·CE(z) (Zhang et al. 2018). A batch of classes with weight 0 alone has loss 0.
///
/// Naming yᵢ counts as λᵢ of a right answer, and naming zᵢ as 1 − λᵢ, as the authors of mixup count.
public struct ClassTargets: Equatable, Sendable {
  /// How many classes there are.
  public let classCount: Int
  /// How much a sample of each class counts, in any unit; all alike where `nil`.
  public let classWeights: [Float]?
  /// ε, the share of each label that is spread over all classes.
  public let labelSmoothing: Float
  /// Whether the loss is a mean over the batch; otherwise it is a sum.
  public let isMean: Bool

  /// - Parameters:
  ///   - classCount: how many classes there are.
  ///   - classWeights: how much a sample of each class counts; all alike by default.
  ///   - labelSmoothing: in [0, 1); default 0.
  ///   - isMean: whether the loss is a mean over the batch, the default; otherwise it is a sum.
  /// - Throws: `DataError.invalidArgument` unless there is a weight for every class, all are finite and none below 0, one is above 0, and the
  ///   smoothing is in its range.
  public init(
    classCount: Int, classWeights: [Float]? = nil, labelSmoothing: Float = 0, isMean: Bool = true
  ) throws(DataError) {
    guard classCount > 0 else { throw .invalidArgument(name: "classCount", value: "\(classCount)", requirement: "at least 1") }
    if let classWeights { try checkClassWeights(classWeights, classCount: classCount) }
    guard labelSmoothing >= 0, labelSmoothing < 1 else {
      throw .invalidArgument(name: "labelSmoothing", value: "\(labelSmoothing)", requirement: "at least 0 and below 1")
    }
    self.classCount = classCount
    self.classWeights = classWeights
    self.labelSmoothing = labelSmoothing
    self.isMean = isMean
  }

  /// Writes the two matrices of a batch.
  /// - Parameters:
  ///   - labels: yᵢ, each in 0 ..< classCount.
  ///   - mixed: the places in the batch of what samples were mixed with, and λ; `nil` where nothing was.
  ///   - sampleWeights: how much each sample counts beside its class; `nil` where all count alike.
  ///   - weights: room for labels.count · classCount numbers: takes t.
  ///   - credit: as much room: takes how much of a right answer it is to name each class.
  public func write(
    _ labels: UnsafeBufferPointer<Int32>, mixed: (partners: UnsafeBufferPointer<Int32>, shares: UnsafeBufferPointer<Float>)? = nil,
    sampleWeights: UnsafeBufferPointer<Float>? = nil, weights: UnsafeMutableBufferPointer<Float>,
    credit: UnsafeMutableBufferPointer<Float>
  ) {
    var total: Float = 0
    for (row, label) in labels.enumerated() { total += weight(Int(label)) * (sampleWeights.map { $0[row] } ?? 1) }
    let scale = !isMean ? 1 : total > 0 ? 1 / total : 0
    let certain = (1 - labelSmoothing) * scale
    let spread = labelSmoothing / Float(classCount) * scale
    for row in 0..<labels.count {
      let start = row * classCount
      let ownSpread = sampleWeights.map { spread * $0[row] } ?? spread
      for index in 0..<classCount {
        weights[start + index] = spread == 0 ? 0 : ownSpread * weight(index)
        credit[start + index] = 0
      }
      func add(_ sample: Int, _ share: Float) {
        let label = Int(labels[sample])
        guard (0..<classCount).contains(label) else { return }
        weights[start + label] += certain * share * weight(label) * (sampleWeights.map { $0[sample] } ?? 1)
        credit[start + label] += share
      }
      if let mixed, labels.indices.contains(Int(mixed.partners[row])) {
        add(row, mixed.shares[row])
        add(Int(mixed.partners[row]), 1 - mixed.shares[row])
      } else {
        add(row, 1)
      }
    }
  }

  private func weight(_ label: Int) -> Float {
    guard let classWeights else { return 1 }
    return classWeights.indices.contains(label) ? classWeights[label] : 0
  }
}

/// Checks that there is a weight for every class.
func checkClassWeights(_ weights: [Float], classCount: Int) throws(DataError) {
  guard weights.count == classCount else {
    throw .invalidArgument(
      name: "classWeights", value: "\(weights.count) numbers", requirement: "\(classCount) numbers, one for each class")
  }
  guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.contains(where: { $0 > 0 }) else {
    throw .invalidArgument(name: "classWeights", value: "\(weights)", requirement: "finite numbers, none below 0 and one above 0")
  }
}

/// How much samples of each class count in a loss.
public enum ClassWeights: Hashable, Sendable {
  /// In inverse proportion to their number, so that all classes count alike: samples / (classes · samples of the class).
  case balanced
  /// A weight for each class, in label order.
  case given([Float])

  /// The weights for some labels. A class without samples has weight 0 where they are balanced.
  /// - Parameters:
  ///   - labels: each in 0 ..< classCount.
  ///   - classCount: how many classes there are.
  public func values(labels: [Int32], classCount: Int) -> [Float] {
    switch self {
    case .given(let weights): return weights
    case .balanced:
      var counts = [Int](repeating: 0, count: classCount)
      for label in labels where counts.indices.contains(Int(label)) { counts[Int(label)] += 1 }
      return counts.map { $0 == 0 ? 0 : Float(Double(labels.count) / (Double(classCount) * Double($0))) }
    }
  }
}
