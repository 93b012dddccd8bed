import GlissadeDevices
import GlissadeKernels
import GlissadePlanning

/// Training steps that compute their batch part by part, so that activations of a part alone need room.
///
/// Of each part a plan computes loss and gradients, which join those of the parts before, each weighted by its share of the batch. Then a plan of
/// its own does what becomes of a batch's gradients: clipping, what draws weights to their start, updates.
extension TrainingSession {
  /// Whether steps do that.
  var isParted: Bool { microBatch != nil }

  /// What the step of a batch, or of a part of it, is for.
  var trainingPurpose: StepPurpose { isParted ? .part : .training }

  /// The parts of a batch of so many samples: one where it is computed as a whole.
  func parts(of count: Int) -> [Range<Int>] { MicroBatches.parts(of: count, most: microBatch ?? max(count, 1)) }

  /// The samples of the largest of them.
  func largestPart(of count: Int) -> Int { parts(of: count).map(\.count).max() ?? count }

  /// Whether what a part's step differentiates is no mean over its samples.
  static func takesScale(_ weighing: StepWeighing, _ loss: Loss) -> Bool { weighing != .none || loss.reduction == .sum }

  /// What such steps are given besides the batch's fields.
  static func scale(_ scale: UnsafeMutablePointer<Float>, _ weighing: StepWeighing, _ loss: Loss) -> [UnsafeRawBufferPointer] {
    takesScale(weighing, loss) ? [UnsafeRawBufferPointer(start: scale, count: MemoryLayout<Float>.size)] : []
  }

  /// Notes where a part of the staged batch is, and which it is.
  /// - Parameters:
  ///   - number: the part's, from 0.
  ///   - parts: all of them.
  /// - Returns: what its step is given.
  func enter(_ number: Int, of parts: [Range<Int>]) -> [UnsafeRawBufferPointer] {
    let (part, count) = (parts[number], parts.last?.upperBound ?? 1)
    stagedTraining.narrow(to: part)
    partScale.pointee = Float(count) / Float(part.count)
    var head = constants.load(as: StepConstants.self)
    (head.part, head.isLastPart) = (Int32(number), number == parts.count - 1 ? 1 : 0)
    head.share = Float(part.count) / Float(count)
    // What is random differs from part to part.
    head.seedHigh = UInt32(truncatingIfNeeded: seed >> 32) ^ (UInt32(truncatingIfNeeded: number) &* 0x9E37_79B9)
    constants.storeBytes(of: head, as: StepConstants.self)
    return stagedTraining.part
  }

  /// Queues the parts of the staged batch. Afterwards its gradients are where those of a whole batch would be.
  func addGradients(_ count: Int) throws {
    let parts = parts(of: count)
    for number in parts.indices { try addGradients(number, of: parts) }
  }

  /// Queues a part of the staged batch.
  /// - Returns: what computes it.
  @discardableResult
  func addGradients(_ number: Int, of parts: [Range<Int>]) throws -> Stepper {
    let stepper = try stepper(parts[number].count, .part)
    try stepper.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: enter(number, of: parts))
    return stepper
  }

  /// Queues the first part of a batch, as if there were no other.
  func addFirstPart(_ fields: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws {
    let count = try stage(fields, isTraining: true)
    write(step: steps + 1) { _, count in StepNumbers(rate: 0, count: count + 1) }
    try addGradients(0, of: parts(of: count))
  }

  /// Queues a step on the staged batch.
  func trainInParts(_ count: Int, _ numbers: (_ group: Int, _ count: Int) -> StepNumbers) throws {
    steps += 1
    for group in groupSteps.indices { groupSteps[group] += 1 }
    write(step: steps, numbers)
    try addGradients(count)
    let last = current
    try stepper(0, .update).prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: [])
    // What is told of the last step is told of what computes, unless it went where memory had to grow.
    current = last.flatMap { steppers[$0.key] === $0.stepper ? $0 : nil }
  }
}
