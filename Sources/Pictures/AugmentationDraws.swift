import Glibc
import GlissadeData
import GlissadeRandom

/// The random numbers of one sample in one epoch: a pure function of seed, epoch and sample, whichever thread asks.
struct AugmentationDraws {
  private let own: Philox4x32

  init(seed: UInt64, epoch: Int, sample: Int) {
    own = .own(seed: seed, name: "augmentation", first: sample, second: epoch)
  }

  /// What stands for a sample that is to be known by its pixels alone.
  static func sample(of pixels: ArraySlice<UInt8>) -> Int { Int(truncatingIfNeeded: pixels.withUnsafeBytes { ContentHash.of($0) }) }

  /// A generator for the augmentation at a place in the list, so that one in front of it, however many numbers it takes, moves nothing.
  func generator(_ place: Int) -> Philox4x32 {
    Philox4x32(seed: own.seed, stream: own.stream, position: UInt64(place) &<< 32)
  }
}

extension Philox4x32 {
  /// A number from low … high.
  mutating func uniform(_ range: ClosedRange<Float>) -> Double {
    Double(range.lowerBound) + (Double(range.upperBound) - Double(range.lowerBound)) * Double(nextUniform())
  }

  /// True with a probability.
  mutating func happens(_ probability: Float) -> Bool { nextUniform() < probability }

  /// A whole number from 0 … most.
  mutating func integer(upTo most: Int) -> Int { Int(truncatingIfNeeded: integer(below: UInt64(max(0, most)) + 1)) }

  /// A rectangle in a picture with a share of its area and a ratio of width to height, both drawn from ranges, the ratio uniformly in its
  /// logarithm; nil where none of ten attempts fits.
  mutating func window(
    width: Int, height: Int, scale: ClosedRange<Float>, ratio: ClosedRange<Float>, smallerThanAll: Bool = false
  ) -> PictureWindow? {
    let area = Double(width) * Double(height)
    for _ in 0..<10 {
      let share = area * uniform(scale)
      let (low, high) = (log(Double(ratio.lowerBound)), log(Double(ratio.upperBound)))
      let aspect = exp(low + (high - low) * Double(nextUniform()))
      let (w, h) = ((share * aspect).squareRoot().rounded(.toNearestOrEven), (share / aspect).squareRoot().rounded(.toNearestOrEven))
      let slack = smallerThanAll ? 1.0 : 0
      guard w >= 1, h >= 1, w <= Double(width) - slack, h <= Double(height) - slack else { continue }
      let top = integer(upTo: height - Int(h))
      let left = integer(upTo: width - Int(w))
      return PictureWindow(left: left, top: top, width: Int(w), height: Int(h))
    }
    return nil
  }
}
