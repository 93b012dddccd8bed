import GlissadePlanning

/// The buffers of a plan: those that plans share (parameters, gradients, state, …) and the plan's own.
public struct PlanMemory {
  /// By the names that launches use.
  public private(set) var buffers: [BufferReference: any DeviceBuffer]

  /// - Parameters:
  ///   - plan: the plan to be run.
  ///   - device: where.
  ///   - shared: buffers that other plans use as well; activations among them are used again if they are large enough.
  /// - Throws: `DeviceError` when there is not enough memory.
  public init(for plan: Plan, on device: any Device, sharing shared: [BufferReference: any DeviceBuffer]) throws(DeviceError) {
    buffers = shared
    if (buffers[.activations]?.count ?? 0) < plan.activationsSize {
      buffers[.activations] = try device.makeBuffer(count: plan.activationsSize)
    }
    if (buffers[.zeros]?.count ?? 0) < plan.zerosSize { buffers[.zeros] = try device.makeBuffer(count: plan.zerosSize) }
    // The step's constants and its inputs are one buffer.
    if (buffers[.inputs]?.count ?? 0) < plan.inputsSize { buffers[.inputs] = try device.makeBuffer(count: plan.inputsSize) }
    buffers[.constants] = buffers[.inputs]
  }
}
