/// How stored bytes become numbers: (value / 255 − mean) / deviation, with one mean and deviation per channel.
///
/// The convention of torchvision's `ToTensor` followed by `Normalize`, evaluated in float32 in that order, so the results are the same
/// to the last bit.
public struct Normalization: Equatable, Sendable {
  /// The mean of each channel, in units of the full scale.
  public let mean: [Float]
  /// The standard deviation of each channel, in units of the full scale.
  public let deviation: [Float]

  /// Creates a normalisation.
  /// - Throws: `DataError.invalidArgument` unless there are as many deviations as means, at least one, all means are finite, and all
  ///   deviations are positive and finite.
  public init(mean: [Float], deviation: [Float]) throws(DataError) {
    guard !mean.isEmpty, mean.allSatisfy(\.isFinite) else {
      throw .invalidArgument(name: "mean", value: "\(mean)", requirement: "one finite number per channel")
    }
    guard deviation.count == mean.count, deviation.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .invalidArgument(
        name: "deviation", value: "\(deviation)", requirement: "\(mean.count) positive finite numbers, one per channel")
    }
    self.init(unchecked: mean, deviation)
  }

  init(unchecked mean: [Float], _ deviation: [Float]) {
    self.mean = mean
    self.deviation = deviation
  }

  /// Only scales: 0 … 255 becomes 0 … 1.
  public static func unit(channels: Int) -> Normalization {
    Normalization(unchecked: Array(repeating: 0, count: max(channels, 0)), Array(repeating: 1, count: max(channels, 0)))
  }

  /// The result for each of the 256 bytes of each channel, channel by channel.
  var table: [Float] {
    zip(mean, deviation).flatMap { mean, deviation in
      (0..<256).map { (Float($0) / 255 - mean) / deviation }
    }
  }
}
