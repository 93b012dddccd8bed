/// A reader under attack: files that it should accept, and how to make it read one.
struct Reader {
  let name: String
  let corpus: [[UInt8]]
  /// True when the file was accepted.
  let read: ([UInt8]) throws -> Bool

  /// A damaged file, the same for the same numbers.
  func input(seed: UInt64, iteration: UInt64) -> [UInt8] {
    var random = SplitMix(seed: seed &* 0x2545_f491_4f6c_dd1d &+ iteration)
    let first = corpus.randomElement(using: &random) ?? []
    let second = corpus.randomElement(using: &random) ?? []
    return Mutation.damage(first, other: second, &random)
  }
}
