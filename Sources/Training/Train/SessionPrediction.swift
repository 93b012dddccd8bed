import GlissadeDevices
import GlissadePlanning

extension TrainingSession {
  /// The model's output for some samples, in evaluation mode.
  /// - Parameter features: the samples one after another.
  /// - Returns: the output's elements.
  public func predict(_ features: [Float]) throws -> [Float] {
    let size = inputShape.count
    let count = features.count / max(size, 1)
    guard count > 0, count * size == features.count else {
      throw TrainingError.invalid(
        option: "features", value: "\(features.count) numbers", requirement: "a positive multiple of \(size), a sample's size")
    }
    try features.withUnsafeBufferPointer { features in
      if loss.isOfClasses {
        try [Int32](repeating: 0, count: count).withUnsafeBufferPointer { try evaluate(features: features, labels: $0) }
      } else {
        try [Float](repeating: 0, count: count * outputSize).withUnsafeBufferPointer {
          try evaluate(features: features, targets: .values($0))
        }
      }
    }
    var output: [Float] = []
    try read(outputOfBatch: count, into: &output)
    return output
  }

  /// Reads the model's output in the evaluation step that was queued last. Waits for the device.
  /// - Parameters:
  ///   - count: the batch's samples.
  ///   - values: becomes the output; where it has that size already, nothing is allocated.
  func read(outputOfBatch count: Int, into values: inout [Float]) throws {
    let stepper = try stepper(count, false)
    guard let output = stepper.plan.outputs["output"], let buffer = stepper.memory.buffers[output.slice.buffer] else {
      return values.removeAll()
    }
    if values.count != output.slice.count { values = [Float](repeating: 0, count: output.slice.count) }
    try device.read(buffer, at: output.slice.offset, into: &values)
  }
}
