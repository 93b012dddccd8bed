/// Blends each sample of a batch with another one of it, as mixup and cutmix do.
public protocol SampleMixing: Sendable {
  /// Mixes a batch in place. A pure function of its arguments and of a seed, so that a run is the same however it is loaded.
  /// - Parameters:
  ///   - features: `count` samples one after another.
  ///   - count: how many.
  ///   - sampleShape: the shape of one, channels last.
  ///   - epoch: from 0.
  ///   - batch: its place in the epoch, from 0.
  ///   - partners: room for `count` numbers: takes the place in the batch of what each sample was mixed with.
  ///   - shares: room for `count` numbers: takes how much of each sample is still its own, in 0 … 1.
  func mix(
    features: UnsafeMutableBufferPointer<Float>, count: Int, sampleShape: [Int], epoch: Int, batch: Int,
    partners: UnsafeMutableBufferPointer<Int32>, shares: UnsafeMutableBufferPointer<Float>)
}
