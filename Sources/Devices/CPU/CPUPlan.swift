import CExecutor
import GlissadeKernels

/// A plan as calls of native kernels.
final class CPUPlan: PreparedPlan {
  private let device: CPUDevice
  private let launches: UnsafeMutableBufferPointer<ExecutorLaunch>
  private let parameters: UnsafeMutableRawBufferPointer
  private let buffers: [any DeviceBuffer]  // keeps memory alive
  private let inputs: [(memory: UnsafeMutableRawPointer, byteCount: Int)]
  private let constants: (memory: UnsafeMutableRawPointer, byteCount: Int)

  init(_ device: CPUDevice, _ plan: Plan, _ buffers: [BufferReference: any DeviceBuffer]) throws(DeviceError) {
    func memory(_ reference: BufferReference) throws(DeviceError) -> CPUBuffer {
      guard let buffer = buffers[reference] as? CPUBuffer else {
        throw DeviceError(device: "cpu", call: "prepare", error: "missing buffer", detail: reference.description)
      }
      return buffer
    }
    self.device = device
    self.buffers = Array(buffers.values)
    let room = plan.launches.reduce(0) { $0 + ($1.parameters.count + 15) / 16 * 16 }
    parameters = .allocate(byteCount: max(room, 16), alignment: 64)
    launches = .allocate(capacity: plan.launches.count)
    var used = 0
    var inputs: [(UnsafeMutableRawPointer, Int)] = []
    do throws(DeviceError) {
      for (index, launch) in plan.launches.enumerated() {
        let name = launch.kernel.nativeName
        guard let kernel = device.kernels[name], kernel.parameterBytes == launch.parameters.count else {
          throw DeviceError(device: "cpu", call: "prepare", error: "no such kernel", kernel: name)
        }
        let target = UnsafeMutableRawBufferPointer(rebasing: parameters[used..<(used + launch.parameters.count)])
        target.copyBytes(from: launch.parameters)
        used += (launch.parameters.count + 15) / 16 * 16
        var call = ExecutorLaunch()
        // The item's type has another name there, and the same layout.
        call.run = unsafeBitCast(kernel.run, to: type(of: call.run))
        call.parameters = UnsafeRawPointer(target.baseAddress)
        call.size = (launch.items.0, launch.items.1, launch.items.2)
        // What takes less time than waking a thread does is done by the caller alone.
        if launch.isSmall { call.chunk = launch.items.0 * launch.items.1 * launch.items.2 }
        var arguments: [UnsafeMutableRawPointer] = []
        for reference in launch.nativeBuffers { arguments.append(try memory(reference).memory) }
        withUnsafeMutableBytes(of: &call.buffers) { raw in
          let slots = raw.bindMemory(to: UnsafeMutableRawPointer?.self)
          for (slot, argument) in arguments.enumerated() where slot < slots.count { slots[slot] = argument }
        }
        launches.initializeElement(at: index, to: call)
      }
      for name in plan.inputNames {
        guard let slice = plan.inputs[name]?.slice else { continue }
        inputs.append((try memory(slice.buffer).memory + slice.offset * 4, slice.count * 4))
      }
      let constants = try memory(.constants)
      self.constants = (constants.memory, constants.count * 4)
    } catch {
      launches.deallocate()
      parameters.deallocate()
      throw error
    }
    self.inputs = inputs
  }

  deinit {
    launches.deallocate()
    parameters.deallocate()
  }

  func run(constants: UnsafeRawBufferPointer, inputs: [UnsafeRawBufferPointer]) throws(DeviceError) {
    try stage(constants, inputs)
    executor_run(device.executor, launches.baseAddress, launches.count)
  }

  private func stage(_ constants: UnsafeRawBufferPointer, _ inputs: [UnsafeRawBufferPointer]) throws(DeviceError) {
    guard inputs.count == self.inputs.count else {
      throw DeviceError(device: "cpu", call: "run", error: "\(inputs.count) inputs instead of \(self.inputs.count)")
    }
    if let source = constants.baseAddress {
      self.constants.memory.copyMemory(from: source, byteCount: min(constants.count, self.constants.byteCount))
    }
    for index in inputs.indices {
      guard let source = inputs[index].baseAddress else { continue }
      self.inputs[index].memory.copyMemory(from: source, byteCount: min(inputs[index].count, self.inputs[index].byteCount))
    }
  }

  func runObserved(
    constants: UnsafeRawBufferPointer, inputs: [UnsafeRawBufferPointer], launches count: Int?,
    after: @escaping (Int, UInt64) throws(DeviceError) -> Void
  ) throws(DeviceError) {
    try stage(constants, inputs)
    for index in 0..<min(count ?? launches.count, launches.count) {
      var elapsed: UInt64 = 0
      executor_run_observed(
        device.executor, launches.baseAddress.map { $0 + index }, 1,
        { context, _, nanoseconds in context?.assumingMemoryBound(to: UInt64.self).pointee = nanoseconds }, &elapsed)
      try after(index, elapsed)
    }
  }
}

extension Launch.Kernel {
  /// The native kernel that runs it.
  var nativeName: String {
    switch self {
    case .library(let name): name
    case .elementwise: "elementwise"
    case .update(let chain): chain.takesSums ? "recorded_norms" : "recorded_update"
    case .local(let name, _): name  // which the processor has not got
    }
  }
}

extension Launch {
  /// The buffers as the native kernel takes them: the interpreter of elementwise chains has its outputs after eight inputs.
  fileprivate var nativeBuffers: [BufferReference] {
    guard case .elementwise(let chain) = kernel else { return buffers }
    let inputs = Array(buffers.prefix(chain.inputs.count))
    return inputs + Array(repeating: .zeros, count: 8 - inputs.count) + buffers.dropFirst(inputs.count)
      + Array(repeating: .zeros, count: 4 - (buffers.count - inputs.count))
  }
}
