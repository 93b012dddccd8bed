/// How far numbers spread: the largest magnitude, and the root mean square of the smaller 99 %, in which outliers have no part.
public struct Spread: Sendable, CustomStringConvertible {
  /// The largest magnitude.
  public private(set) var largest: Float = 0
  /// How many numbers have each binary exponent.
  private var counts = [Int](repeating: 0, count: 256)

  /// Beside a number so many times as large, a convolution that mixes pixels loses about half of a float's digits.
  public static let limit = 1000.0

  mutating func add(_ values: UnsafeBufferPointer<Float>) {
    var largest = largest
    counts.withUnsafeMutableBufferPointer { counts in
      for value in values {
        largest = max(largest, abs(value))
        counts[Int(value.bitPattern >> 23 & 0xff)] += 1
      }
    }
    self.largest = largest
  }

  /// The root mean square of all but the largest hundredth, to within some percent.
  public var usual: Double {
    let total = counts.reduce(0, +)
    var (left, squares) = (total - total / 100, 0.0)
    for (exponent, count) in counts.enumerated() where left > 0 {
      let magnitude = exponent == 0 ? 0 : Double(sign: .plus, exponent: exponent - 127, significand: 1.5)
      squares += Double(min(count, left)) * magnitude * magnitude
      left -= count
    }
    return total == 0 ? 0 : (squares / Double(total)).squareRoot()
  }

  /// Whether the largest is that large. What is not finite is somebody else's to report.
  public var isWide: Bool { largest.isFinite && Double(largest) > Self.limit * usual }

  /// Both, in words.
  public var description: String { "\(largest), where most are about \(Float(usual))" }

  /// What a spread comes to, for people.
  static func consequence(_ layer: String) -> String {
    "3×3 convolutions such as \(layer) go by Winograd's algorithm here, whose rounding errors are in proportion to the largest number in a tile "
      + "of 6×6 pixels; --exact (TrainingOptions.isExact) does without it"
  }
}
