import GlissadeData
import GlissadeDevices
import GlissadePlanning

extension TrainingSession {
  /// The model's output for some samples of one tensor, in evaluation mode.
  /// - Parameter features: the samples one after another.
  /// - Returns: the output's elements, the first output's of several.
  public func predict(_ features: [Float]) throws -> [Float] {
    let size = inputShape.count
    guard inputs.count == 1, inputs[0].element == .float32 else {
      throw TrainingError.invalid(
        option: "what is predicted from", value: "one array of numbers",
        requirement: "an array for each input by its name: \(inputs.map { "\($0)" }.joined(separator: ", "))")
    }
    let count = features.count / max(size, 1)
    guard count > 0, count * size == features.count else {
      throw TrainingError.invalid(
        option: "features", value: "\(features.count) numbers", requirement: "a positive multiple of \(size), a sample's size")
    }
    let stepper = try stepper(count, .prediction)
    try features.withUnsafeBytes { try stepper.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: [$0]) }
    var values: [Float] = []
    try read(Self.outputKey(0), of: stepper, into: &values)
    return values
  }

  /// The model's outputs for some samples, in evaluation mode, by their names.
  /// - Parameter arrays: the samples' tensors, one for each of the session's inputs.
  /// - Returns: an array for each output.
  /// - Throws: `TrainingError` for names, shapes or numbers of samples that are not the model's; `ShapeError`, `DeviceError`.
  public func predict(_ arrays: [String: SampleArray]) throws -> [String: SampleArray] {
    var stepper: Stepper?
    try withFields(arrays, inputs) { fields, count in
      let ready = try self.stepper(count, .prediction)
      try ready.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: fields)
      stepper = ready
    }
    guard let stepper else { return [:] }
    var results: [String: SampleArray] = [:]
    for (place, output) in outputs.enumerated() {
      if output.element == .float32 {
        var values: [Float] = []
        try read(Self.outputKey(place), of: stepper, into: &values)
        results[output.name] = .floats(values, shape: output.shape)
      } else {
        var values: [Int32] = []
        try read(Self.outputKey(place), of: stepper, into: &values)
        results[output.name] = .integers(values, shape: output.shape)
      }
    }
    return results
  }

  /// Lends arrays that are checked against fields, in the fields' order.
  /// - Throws: `TrainingError` for names, shapes or numbers of samples that are not the fields'.
  func withFields(
    _ arrays: [String: SampleArray], _ fields: [SampleField], _ body: ([UnsafeRawBufferPointer], _ samples: Int) throws -> Void
  ) throws {
    if let stray = arrays.keys.sorted().first(where: { name in !fields.contains { $0.name == name } }) {
      throw TrainingError.invalid(
        option: "a field", value: "'\(stray)'", requirement: "one of \(fields.map { "'\($0.name)'" }.joined(separator: ", "))")
    }
    var given: [SampleArray] = []
    var count: Int?
    for field in fields {
      guard let array = arrays[field.name], array.field(field.name) == field, array.elements.count % max(field.size, 1) == 0 else {
        throw TrainingError.invalid(
          option: "the field '\(field.name)'", value: arrays[field.name].map { "\($0.field(field.name))" } ?? "missing",
          requirement: "\(field), for whole samples")
      }
      let samples = array.elements.count / max(field.size, 1)
      guard samples > 0, count ?? samples == samples else {
        throw TrainingError.invalid(
          option: "the field '\(field.name)'", value: "\(samples) samples",
          requirement: count.map { "\($0), as the others" } ?? "at least 1")
      }
      count = samples
      given.append(array)
    }
    try Self.withBytes(of: given[...], []) { try body($0, count ?? 0) }
  }

  /// Lends the memory of several arrays at once.
  private static func withBytes(
    of arrays: ArraySlice<SampleArray>, _ before: [UnsafeRawBufferPointer], _ body: ([UnsafeRawBufferPointer]) throws -> Void
  ) throws {
    guard let first = arrays.first else { return try body(before) }
    try first.withBytes { bytes throws in try withBytes(of: arrays.dropFirst(), before + [bytes], body) }
  }

  /// Reads the model's output in the evaluation step that was queued last, the first of several. Waits for the device.
  /// - Parameters:
  ///   - count: the batch's samples.
  ///   - values: becomes the output; where it has that size already, nothing is allocated.
  func read(outputOfBatch count: Int, into values: inout [Float]) throws {
    try read(Self.outputKey(0), of: try stepper(count, .evaluation), into: &values)
  }

  func read<Element: ExpressibleByIntegerLiteral>(_ key: String, of stepper: Stepper, into values: inout [Element]) throws {
    guard let output = stepper.plan.outputs[key], let buffer = stepper.memory.buffers[output.slice.buffer] else {
      return values.removeAll()
    }
    if values.count != output.slice.count { values = [Element](repeating: 0, count: output.slice.count) }
    try device.read(buffer, at: output.slice.offset, into: &values)
  }
}
