import GlissadeDevices
import GlissadeLayers
import GlissadePlanning

/// The memory that a session's plans share, and its first values.
extension TrainingSession {
  func initialize() throws(DeviceError) {
    for entry in layout.entries {
      var values = [Float](repeating: 0, count: entry.slice.count)
      values.withUnsafeMutableBufferPointer { entry.parameter.initializer.fill($0, seed: seed, path: entry.path) }
      try write(values, to: entry)
    }
    for (group, pieces) in layout.groupPieces.enumerated() {
      let optimizer = updates[group]
      for (slot, name) in optimizer.stateNames.enumerated() where optimizer.initialValue(ofState: name) != 0 {
        for (piece, count) in pieces.enumerated() {
          guard let buffer = shared[.state(group: group, slot: slot, piece: piece)] else { continue }
          try device.write([Float](repeating: optimizer.initialValue(ofState: name), count: count), to: buffer)
        }
      }
    }
  }

  func write(_ values: [Float], to entry: ParameterLayout.Entry) throws(DeviceError) {
    if let buffer = shared[entry.slice.buffer] { try device.write(values, to: buffer, at: entry.slice.offset) }
  }

  /// Bytes of the device's memory that the session takes, staging left out.
  var heldBytes: Int { shared.values.reduce(0) { $0 + 4 * $1.count } }

  /// Memory that plans share.
  func buffer(_ reference: BufferReference) -> (any DeviceBuffer)? { shared[reference] }

  /// After parameters and optimizer state were replaced.
  func restart(at steps: Int, groupSteps: [Int]) throws(DeviceError) {
    self.steps = steps
    self.groupSteps = groupSteps
    try resetSums()
  }

  /// A parameter's gradient after the last training step.
  /// - Returns: `nil` for a path that is not trained.
  public func gradient(of path: String) throws(DeviceError) -> [Float]? {
    guard let slice = layout.entries.first(where: { $0.path == path })?.gradient, let buffer = shared[slice.buffer] else { return nil }
    return try device.read(buffer, at: slice.offset, count: slice.count, filler: 0)
  }
}
