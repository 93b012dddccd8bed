import GlissadePlanning

/// The buffers of a plan: those that plans share (parameters, gradients, state, …) and the plan's own.
public struct PlanMemory {
  /// By the names that launches use.
  public private(set) var buffers: [BufferReference: any DeviceBuffer]

  /// - Parameters:
  ///   - plan: the plan to be run.
  ///   - device: where.
  ///   - shared: buffers that other plans use as well; activations among them are used again if they are large enough.
  /// - Throws: `DeviceError` when there is not enough memory, or something is larger than a buffer can be.
  public init(for plan: Plan, on device: any Device, sharing shared: [BufferReference: any DeviceBuffer]) throws(DeviceError) {
    if let oversized = plan.oversized { throw device.refusal("\(oversized)") }
    buffers = shared
    for (reference, size) in plan.ownBuffers where (buffers[reference]?.count ?? 0) < size {
      buffers[reference] = try device.makeBuffer(count: size)
    }
    for (reference, words) in plan.tables where buffers[reference] == nil {
      let buffer = try device.makeBuffer(count: words.count)
      try device.write(words, to: buffer)
      buffers[reference] = buffer
    }
    if !plan.arrays.isEmpty {
      let arrays = try device.makeBuffer(count: plan.arrays.count)
      try device.write(plan.arrays, to: arrays)
      buffers[.arrays] = arrays
    }
    // The step's constants and its inputs are one buffer.
    buffers[.constants] = buffers[.inputs]
  }
}

extension Plan {
  /// The buffers that a plan needs beside parameters and what belongs to them, and their elements.
  public var ownBuffers: [(reference: BufferReference, size: Int)] {
    activationSizes.enumerated().map { (.activations(arena: $0), $1) } + [(.inputs, inputsSize), (.zeros, zerosSize)]
  }
}

extension ParameterLayout {
  /// The buffers of what is trained, with those that lie in the same layout, and of what is not, and their elements.
  /// - Parameter alike: how many further buffers each piece of a group needs; by its number.
  public func buffers(
    _ alike: (_ group: Int, _ piece: Int) -> [BufferReference] = { _, _ in [] }
  ) -> [(reference: BufferReference, size: Int)] {
    groupPieces.enumerated().flatMap { group, pieces in
      pieces.enumerated().flatMap { piece, size in
        ([.parameters(group: group, piece: piece), .gradients(group: group, piece: piece)] + alike(group, piece)).map { ($0, size) }
      }
    } + statisticsBuffers
  }

  /// The buffers of parameters that are not trained, and their elements.
  public var statisticsBuffers: [(reference: BufferReference, size: Int)] {
    statisticsPieces.enumerated().map { (.statistics(piece: $0), $1) }
  }
}

extension Device {
  /// New memory for several buffers.
  /// - Throws: `DeviceError` when there is not enough.
  public func makeBuffers(
    _ sizes: [(reference: BufferReference, size: Int)]
  ) throws(DeviceError) -> [BufferReference: any DeviceBuffer] {
    var buffers: [BufferReference: any DeviceBuffer] = [:]
    for (reference, size) in sizes { buffers[reference] = try makeBuffer(count: size) }
    return buffers
  }

  /// Something that the device has no room for.
  package func refusal(_ detail: String) -> DeviceError {
    DeviceError(device: information.identifier, call: "allocation", error: DeviceError.lackOfMemory, detail: detail)
  }
}
