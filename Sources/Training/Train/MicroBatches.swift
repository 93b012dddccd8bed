/// The parts that a batch is computed in, one after another, where it is not computed as a whole.
enum MicroBatches {
  /// As few parts as are of at most `most` samples, as equal as they can be, so that none has one sample alone unless all have.
  /// - Parameters:
  ///   - count: samples of the batch, at least 1.
  ///   - most: samples of the largest part, at least 1.
  static func parts(of count: Int, most: Int) -> [Range<Int>] {
    let number = (count + most - 1) / most
    return (0..<number).map { (count * $0 / number)..<(count * ($0 + 1) / number) }
  }
}
