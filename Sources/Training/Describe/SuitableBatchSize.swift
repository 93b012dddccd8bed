extension TrainingOptions {
  /// A batch size for so many samples: the usual one, or where an epoch would have too few steps then, one with which it has at least eight.
  ///
  /// The latter is the largest power of two that is at most an eighth of the samples, and at least 2. In both cases the last batch of an epoch
  /// never has one sample alone, which batch norm could not learn from: the nearest size is taken with which it has not.
  /// - Parameters:
  ///   - samples: to train on.
  ///   - usual: the size for large data, at least 1.
  ///   - steps: how many whole batches of the usual size an epoch has to have; default 1.
  /// - Returns: from 1 to `samples`; 1 for no samples.
  public static func batchSize(forSamples samples: Int, usual: Int, steps: Int = 1) -> Int {
    guard samples > 1 else { return 1 }
    var size = usual
    if samples / max(usual, 1) < steps {
      size = 2
      while size * 2 <= min(samples / 8, usual) { size *= 2 }
    }
    return size < 2 || samples % size != 1 ? min(size, samples) : sizeWithoutRemainder(of: samples, near: size)
  }

  /// The batch size nearest to another with which no batch of an epoch has one sample alone; the smaller one of two.
  /// - Parameters:
  ///   - samples: in an epoch, at least 2.
  ///   - size: the other one.
  static func sizeWithoutRemainder(of samples: Int, near size: Int) -> Int {
    let sizes = 2...max(samples, 2)
    // The whole epoch as one batch is always possible.
    for distance in 0...max(samples, size) {
      for candidate in [size - distance, size + distance] where sizes.contains(candidate) && samples % candidate != 1 { return candidate }
    }
    return max(samples, 1)
  }
}
