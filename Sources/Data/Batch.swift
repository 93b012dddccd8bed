/// A batch lent by a `BatchLoader`: pointers into one of its buffers, which goes back to the loader when this value ends.
///
/// The buffers stay valid as long as the batch exists, also beyond the loader's life, and may be changed in place.
public struct Batch: ~Copyable {
  /// The epoch the batch belongs to, from 0.
  public let epoch: Int
  /// Its place in the epoch, from 0.
  public let index: Int
  /// Number of samples: the batch size, or fewer in a short last batch.
  public let count: Int
  /// Whether the epoch ends with this batch.
  public let isLastOfEpoch: Bool
  /// The samples one after another: count · sampleSize numbers, aligned to 64 bytes. Where samples consist of several tensors, the first of them.
  public let features: UnsafeMutableBufferPointer<Float>
  /// The labels: count numbers, aligned to 64 bytes.
  public let labels: UnsafeMutableBufferPointer<Int32>

  /// What the outputs are compared with, in the form that the loader was asked for.
  public let targets: BatchTargets

  /// All of it: the inputs, what they are labelled with, and what the loader's encoding adds (`TargetEncoding`), each for all samples.
  public let fields: UnsafeBufferPointer<UnsafeRawBufferPointer>

  private let ring: BatchRing
  private let slot: Int

  init(_ ticket: BatchRing.Ticket, _ ring: BatchRing) {
    epoch = ticket.epoch
    index = ticket.index
    count = ticket.count
    isLastOfEpoch = ticket.isLastOfEpoch
    features = ring.features(ticket.slot, count: ticket.count)
    labels = ring.labels(ticket.slot, count: ticket.count)
    targets = ring.targets(ticket.slot, count: ticket.count)
    fields = ring.fields(ticket.slot)
    self.ring = ring
    slot = ticket.slot
  }

  /// Returns the buffer now rather than at the end of the scope.
  public consuming func finish() {}

  deinit {
    ring.giveBack(slot)
  }
}
