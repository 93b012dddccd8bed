import GlissadeRandom

/// Gaussian blobs: a classification problem from nothing but a seed, for tests and first runs.
///
/// Class c has a centre drawn from N(0, separation²) in every coordinate; sample i belongs to class i mod classes and is its centre plus
/// N(0, 1) noise. The centres come from the Philox stream "blob centres" and the noise from "blob noise", so datasets with the same seed
/// and shape but different counts agree on what they share.
public struct SyntheticClassification: Dataset {
  private let samples: ArrayDataset

  /// Number of samples.
  public var count: Int { samples.count }
  /// Shape of one sample.
  public var sampleShape: [Int] { samples.sampleShape }
  /// "0", "1", …
  public var classNames: [String] { samples.classNames }
  /// The label of every sample: its index mod the number of classes.
  public var labels: [Int32] { samples.labels }

  /// Draws a dataset.
  /// - Parameters:
  ///   - count: number of samples.
  ///   - sampleShape: shape of one, [2] by default.
  ///   - classCount: number of blobs, 2 by default.
  ///   - separation: standard deviation of the centres in units of the noise, 3 by default.
  ///   - seed: 0 by default.
  ///   - part: 0 by default; other parts have the same centres and other noise (a test set, say).
  /// - Throws: `DataError` when a count is negative, there is no class, the separation is not finite, or a dimension is not positive.
  public init(
    count: Int, sampleShape: [Int] = [2], classCount: Int = 2, separation: Float = 3, seed: UInt64 = 0, part: UInt32 = 0
  ) throws(DataError) {
    guard classCount > 0, classCount <= Int(Int32.max) else {
      throw .invalidArgument(name: "classCount", value: "\(classCount)", requirement: "1 … \(Int32.max)")
    }
    guard count >= 0 else { throw .invalidArgument(name: "count", value: "\(count)", requirement: "at least 0") }
    guard separation.isFinite else { throw .invalidArgument(name: "separation", value: "\(separation)", requirement: "finite") }
    guard sampleShape.allSatisfy({ $0 > 0 }), let size = checkedProduct(sampleShape), let total = checkedProduct([size], times: count),
      let centreTotal = checkedProduct([size], times: classCount)
    else { throw .badDimensions(path: "synthetic classification", dimensions: sampleShape) }

    var centres = [Float](repeating: 0, count: centreTotal)
    var generator = Philox4x32(seed: seed, stream: Philox4x32.stream(named: "blob centres"))
    generator.fillNormal(&centres, deviation: separation)

    var features = [Float](repeating: 0, count: total)
    generator = Philox4x32(seed: seed, stream: Philox4x32.stream(named: "blob noise"), position: UInt64(part) << 32)
    generator.fillNormal(&features)
    var labels = [Int32](repeating: 0, count: count)
    for index in 0..<count {
      let label = index % classCount
      labels[index] = Int32(label)
      for element in 0..<size { features[index * size + element] += centres[label * size + element] }
    }
    samples = try ArrayDataset(
      features: features, sampleShape: sampleShape, labels: labels, classNames: (0..<classCount).map(String.init),
      source: "synthetic classification")
  }

  /// Writes samples and labels; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range or a buffer too small.
  public func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try samples.gather(indices, into: features, labels: labels)
  }
}
