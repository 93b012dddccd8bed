import GlissadeData
import GlissadeDevices
import GlissadePlanning

/// What is looked at when something goes wrong or takes long.
extension TrainingSession {
  /// Runs a step's computation again, launch by launch and without its updates, to find the first result that is not finite.
  /// - Returns: the operation with its layer, an input or a parameter; `nil` where everything is finite.
  public func firstNotFinite(
    features: UnsafeBufferPointer<Float>, targets: BatchTargets, step: Int, isTraining: Bool = true
  ) throws -> String? {
    try withFields(features, targets, isTraining: isTraining) { try firstNotFinite(fields: $0, step: step, isTraining: isTraining) }
  }

  /// The same, of a batch field by field.
  func firstNotFinite(
    fields: UnsafeBufferPointer<UnsafeRawBufferPointer>, step: Int, isTraining: Bool = true
  ) throws -> String? {
    for (field, values) in zip(form(.evaluation).inputs, fields) where field.element == .float32 {
      guard values.bindMemory(to: Float.self).contains(where: { !$0.isFinite }) else { continue }
      return "the batch itself (its data is not finite\(inputs.count == 1 ? "" : ": '\(field.name)'"))"
    }
    for entry in layout.entries {
      guard let buffer = shared[entry.slice.buffer] else { continue }
      let values = try device.read(buffer, at: entry.slice.offset, count: entry.slice.count, filler: Float(0))
      if values.contains(where: { !$0.isFinite }) { return "parameter \(entry.path)" }
    }
    var found: String?
    try replay(fields: fields, step: step, isTraining: isTraining) { launch, read throws(DeviceError) in
      guard found == nil else { return }
      for slice in launch.writes where !launch.wholeNumbers.contains(slice) {
        guard try read(slice).contains(where: { !$0.isFinite }) else { continue }
        found = launch.note.operation + (launch.note.path.isEmpty ? "" : " in \(launch.note.path)") + " \(launch.note.shape)"
        return
      }
    }
    return found
  }

  /// Runs a step's computation launch by launch and without its updates.
  /// - Parameter body: is given each launch once it has run, and what reads the slices that it read or wrote.
  func replay(
    fields: UnsafeBufferPointer<UnsafeRawBufferPointer>, step: Int, isTraining: Bool,
    _ body: @escaping (_ launch: Launch, _ read: (Slice) throws(DeviceError) -> [Float]) throws(DeviceError) -> Void
  ) throws {
    let count = try stage(fields, isTraining: isTraining)
    let purpose = isTraining ? trainingPurpose : .evaluation
    let parts = isTraining ? parts(of: count) : [0..<count]
    for number in parts.indices {
      let stepper = try stepper(parts[number].count, purpose)
      write(step: step) { _, count in StepNumbers(rate: 0, count: count) }
      let inputs = purpose == .part ? enter(number, of: parts) : isTraining ? stagedTraining.pointers : stagedEvaluation.pointers
      try stepper.prepared.runObserved(
        constants: UnsafeRawBufferPointer(constants), inputs: inputs, launches: stepper.plan.firstUpdate
      ) { [device] index, _ throws(DeviceError) in
        try body(stepper.plan.launches[index]) { slice throws(DeviceError) in
          guard let buffer = stepper.memory.buffers[slice.buffer] else { return [] }
          return try device.read(buffer, at: slice.offset, count: slice.count, filler: Float(0))
        }
      }
    }
  }

  /// Times each launch of a training step; of one that computes its batch in parts, of the first.
  /// - Returns: nanoseconds, in the plan's order.
  public func profile(features: UnsafeBufferPointer<Float>, targets: BatchTargets) throws -> (plan: Plan, nanoseconds: [UInt64]) {
    try withFields(features, targets, isTraining: true) { try profile(fields: $0) }
  }

  /// The same, of a batch field by field.
  func profile(fields: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws -> (plan: Plan, nanoseconds: [UInt64]) {
    let parts = parts(of: try stage(fields, isTraining: true))
    let stepper = try stepper(parts[0].count, trainingPurpose)
    return (stepper.plan, try nanoseconds(ofTraining: stepper, isParted ? enter(0, of: parts) : stagedTraining.pointers))
  }

  /// Runs a training step, or the part of one, launch by launch.
  /// - Parameter inputs: what it is given; default the batch that is staged.
  func nanoseconds(ofTraining stepper: Stepper, _ inputs: [UnsafeRawBufferPointer]? = nil) throws(DeviceError) -> [UInt64] {
    var times = [UInt64](repeating: 0, count: stepper.plan.launches.count)
    try stepper.prepared.runObserved(
      constants: UnsafeRawBufferPointer(constants), inputs: inputs ?? stagedTraining.pointers, launches: nil
    ) { index, nanoseconds throws(DeviceError) in times[index] = nanoseconds }
    return times
  }

  /// Times each launch of a training step on samples with class numbers.
  public func profile(features: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>) throws -> (
    plan: Plan, nanoseconds: [UInt64]
  ) {
    try profile(features: features, targets: .classes(labels))
  }
}
