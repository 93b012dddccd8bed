/// How much each sample of a batch counts in a loss that is a value for each sample: by its class's weight, times its own.
///
/// The batch's loss is Σᵢ wᵢ·ℓᵢ / Σᵢ wᵢ with wᵢ = w(yᵢ)·uᵢ, as in PyTorch's `cross_entropy(…, weight)`; a sum is not divided. Where samples are
/// mixed, it is Σᵢ (λᵢ·wᵢ·ℓᵢ + (1 − λᵢ)·wⱼ·ℓᵢⱼ) / Σᵢ wᵢ, where ℓᵢⱼ compares the output for sample i with the targets of j, which it was mixed with.
public struct SampleWeighting: Equatable, Sendable {
  /// How much a sample of each class counts, in any unit; all alike where `nil`.
  public let classWeights: [Float]?
  /// Whether the loss is a mean over the batch; otherwise it is a sum.
  public let isMean: Bool

  /// - Parameters:
  ///   - classWeights: how much a sample of each class counts; default all alike.
  ///   - classCount: how many classes there are, where there are weights.
  ///   - isMean: whether the loss is a mean over the batch, the default; otherwise it is a sum.
  /// - Throws: `DataError.invalidArgument` unless there is a weight for every class, all are finite and none below 0, and one is above 0.
  public init(classWeights: [Float]? = nil, classCount: Int = 0, isMean: Bool = true) throws(DataError) {
    if let classWeights { try checkClassWeights(classWeights, classCount: classCount) }
    self.classWeights = classWeights
    self.isMean = isMean
  }

  /// Writes how much each sample counts, and what it was mixed with.
  /// - Parameters:
  ///   - labels: the samples' classes; read only where classes have weights.
  ///   - sampleWeights: u; `nil` where all samples count alike.
  ///   - own: room for as many numbers as there are samples.
  ///   - mixed: the places in the batch of what samples were mixed with, λ, and room for how much those count; `nil` where nothing was.
  func write(
    _ labels: UnsafeBufferPointer<Int32>, sampleWeights: UnsafeBufferPointer<Float>?, own: UnsafeMutableBufferPointer<Float>,
    mixed: (partners: UnsafeBufferPointer<Int32>, shares: UnsafeBufferPointer<Float>, weights: UnsafeMutableBufferPointer<Float>)?
  ) {
    var total: Float = 0
    for place in own.indices {
      var weight = sampleWeights.map { $0[place] } ?? 1
      if let classWeights {
        let label = Int(labels[place])
        weight *= classWeights.indices.contains(label) ? classWeights[label] : 0
      }
      own[place] = weight
      total += weight
    }
    let scale = !isMean ? 1 : total > 0 ? 1 / total : 0
    for place in own.indices { own[place] *= scale }
    guard let mixed else { return }
    for place in own.indices { mixed.weights[place] = (1 - mixed.shares[place]) * own[Int(mixed.partners[place])] }
    for place in own.indices { own[place] *= mixed.shares[place] }
  }
}
