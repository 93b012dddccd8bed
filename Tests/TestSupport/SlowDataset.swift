import Glibc
import Glissade

/// Takes its time over every batch.
public struct SlowDataset: Dataset {
  private let base: SyntheticClassification
  private let pause: Double

  /// - Parameter pause: seconds before each batch.
  public init(_ base: SyntheticClassification, pause: Double) { (self.base, self.pause) = (base, pause) }

  public var count: Int { base.count }
  public var sampleShape: [Int] { base.sampleShape }
  public var labels: [Int32] { base.labels }
  public var classNames: [String] { base.classNames }

  public func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    usleep(UInt32(pause * 1e6))
    try base.gather(indices, into: features, labels: labels)
  }
}
