import Glibc

extension Philox4x32 {
  /// The value in [0, 1) that a word stands for: its upper 24 bits times 2⁻²⁴, exact in float32.
  public static func uniform(from word: UInt32) -> Float {
    Float(word &>> 8) * 0x1p-24
  }

  /// Element `index` of this stream as a uniform number in [0, 1); `position` plays no part.
  public func uniform(at index: UInt64) -> Float {
    Self.uniform(from: word(at: index))
  }

  /// The next uniform number in [0, 1); advances `position` by one.
  public mutating func nextUniform() -> Float {
    Self.uniform(from: nextWord())
  }

  /// Two independent standard normal numbers, by Box and Muller in double precision; advances `position` by two.
  ///
  /// With words a, b: u = (a + ½)·2⁻³², v = b·2⁻³², r = √(−2 ln u); the results are r·cos 2πv and r·sin 2πv. u is never 0, so the
  /// results are finite: at most 6.77 in magnitude.
  public mutating func nextNormalPair() -> (Double, Double) {
    let u = (Double(nextWord()) + 0.5) * 0x1p-32
    let v = Double(nextWord()) * 0x1p-32
    let radius = (-2 * log(u)).squareRoot()
    let angle = 2 * Double.pi * v
    return (radius * cos(angle), radius * sin(angle))
  }

  /// Fills a buffer with uniform numbers low + (high − low)·u, u in [0, 1); one word per element.
  ///
  /// Evaluated in double precision and rounded once; where that rounding would reach `high`, the float just below it is stored. Where
  /// `high` is not above `low`, every element is `low`.
  public mutating func fillUniform(_ values: UnsafeMutableBufferPointer<Float>, low: Float = 0, high: Float = 1) {
    let span = Double(high) - Double(low)
    let largest = high > low ? high.nextDown : low
    for index in values.indices {
      values[index] = min(Float(Double(low) + span * Double(nextUniform())), largest)
    }
  }

  /// Fills an array with uniform numbers in [low, high); see the buffer form.
  public mutating func fillUniform(_ values: inout [Float], low: Float = 0, high: Float = 1) {
    values.withUnsafeMutableBufferPointer { fillUniform($0, low: low, high: high) }
  }

  /// Fills a buffer with normal numbers mean + deviation·z; two words per pair of elements, the last pair possibly half used.
  ///
  /// Evaluated in double precision (see `nextNormalPair`) and rounded once.
  public mutating func fillNormal(_ values: UnsafeMutableBufferPointer<Float>, mean: Float = 0, deviation: Float = 1) {
    let (mean, deviation) = (Double(mean), Double(deviation))
    var index = 0
    while index < values.count {
      let (first, second) = nextNormalPair()
      values[index] = Float(mean + deviation * first)
      if index + 1 < values.count {
        values[index + 1] = Float(mean + deviation * second)
      }
      index += 2
    }
  }

  /// Fills an array with normal numbers; see the buffer form.
  public mutating func fillNormal(_ values: inout [Float], mean: Float = 0, deviation: Float = 1) {
    values.withUnsafeMutableBufferPointer { fillNormal($0, mean: mean, deviation: deviation) }
  }
}
