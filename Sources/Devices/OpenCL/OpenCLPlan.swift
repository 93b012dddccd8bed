import COpenCL

/// A plan as OpenCL kernels whose arguments are set: replaying it is bare enqueues.
///
/// What the host supplies is copied to one of two staging buffers, uploaded by the transfer queue while the step before still computes, and
/// copied to its place on the device when the step begins.
final class OpenCLPlan: PreparedPlan {
  private struct Call {
    var kernel: cl_kernel
    var dimensions: cl_uint
    /// `nil` for none.
    var offset: (Int, Int, Int)?
    var global: (Int, Int, Int)
    /// The work-group's size; `nil` leaves it to the driver.
    var local: (Int, Int, Int)?
    var name: String
  }

  private struct Stage {
    var host: UnsafeMutableRawPointer
    var device: cl_mem
    var uploaded: cl_event?
    var consumed: cl_event?
  }

  private let device: OpenCLDevice
  private let kernels: [cl_kernel]
  private var calls: [Call] = []
  /// The calls of each launch.
  private var ranges: [Range<Int>] = []
  /// What may be wrong when a step fails for no reason that can be seen.
  private let hint: String?
  private let buffers: [any DeviceBuffer]  // keeps memory alive
  private var stages: [Stage] = []
  private var turn = 0
  private let target: cl_mem
  private let stagedBytes: Int
  private let inputs: [(offset: Int, byteCount: Int)]

  /// - Parameter pieces: into how many pieces launches are cut that can be; `nil` for as many as their work asks for.
  init(
    _ device: OpenCLDevice, _ plan: Plan, _ buffers: [BufferReference: any DeviceBuffer], pieces count: Int? = nil
  ) throws(DeviceError) {
    func memory(_ reference: BufferReference) throws(DeviceError) -> OpenCLBuffer {
      guard let buffer = buffers[reference] as? OpenCLBuffer else {
        throw DeviceError(device: device.information.identifier, call: "prepare", error: "missing buffer", detail: reference.description)
      }
      return buffer
    }
    self.device = device
    self.buffers = Array(buffers.values)
    let inputBuffer = try memory(.inputs)
    target = inputBuffer.memory
    stagedBytes = min(plan.inputsSize, inputBuffer.count) * 4
    inputs = plan.inputNames.compactMap { plan.inputs[$0].map { ($0.slice.offset * 4, $0.slice.count * 4) } }
    // Twice what a step takes that its kernels suit badly: no more than two are under way.
    device.patience.expect(seconds: 4 * plan.launches.reduce(0) { $0 + device.seconds(of: $1) })
    let status = device.status
    let built = try device.programs.kernels(for: plan)
    kernels = built.map(\.handle)
    hint = Self.hint(plan, device)
    for (kernel, launch) in zip(built, plan.launches) {
      let items = launch.items
      let first = calls.count
      for piece in device.pieces(of: launch, kernel, count: count).pieces {
        calls.append(
          Call(
            kernel: kernel.handle, dimensions: items.2 > 1 ? 3 : items.1 > 1 ? 2 : 1,
            offset: piece.offset == (0, 0, 0) ? nil : piece.offset,
            global: piece.global, local: piece.local, name: launch.kernelName))
      }
      ranges.append(first..<calls.count)
    }
    // From here on deinit releases what there is.
    for (launch, kernel) in zip(plan.launches, kernels) {
      let name = launch.kernelName
      var number: cl_uint = 0
      for reference in launch.buffers {
        var handle: cl_mem? = try memory(reference).memory
        try status.check(clSetKernelArg(kernel, number, MemoryLayout<cl_mem?>.size, &handle), "clSetKernelArg", kernel: name)
        number += 1
      }
      let code = launch.parameters.withUnsafeBytes { clSetKernelArg(kernel, number, $0.count, $0.baseAddress) }
      try status.check(code, "clSetKernelArg", kernel: name)
    }
    for _ in 0..<2 {
      var code: cl_int = 0
      guard let staging = clCreateBuffer(device.context, cl_mem_flags(CL_MEM_READ_WRITE), max(stagedBytes, 64), nil, &code) else {
        throw status.error(code, "clCreateBuffer", detail: "\(stagedBytes) bytes for staging")
      }
      guard let host = HostMemory.allocate(byteCount: max(stagedBytes, 64), alignment: 4096) else {
        clReleaseMemObject(staging)
        throw status.error(cl_int(CL_OUT_OF_HOST_MEMORY), "posix_memalign", detail: "\(stagedBytes) bytes for staging")
      }
      stages.append(Stage(host: host, device: staging))
      device.allocated.add(stagedBytes)
    }
  }

  deinit {
    // What a driver that does not answer may still be using stays, as does what might wait for it.
    guard !device.patience.isStuck else { return }
    let isIdle = clFinish(device.transferQueue) == CL_SUCCESS
    clFinish(device.queue)
    for stage in stages {
      if let event = stage.uploaded { clReleaseEvent(event) }
      if let event = stage.consumed { clReleaseEvent(event) }
      clReleaseMemObject(stage.device)
      device.allocated.add(-stagedBytes)
      // A device that is lost may still be reading what it was to upload.
      if isIdle { free(stage.host) }
    }
    for kernel in kernels { clReleaseKernel(kernel) }
  }

  /// What to say of a step that ended for no reason that can be seen: a driver that ends kernels which take too long says nothing else.
  private static func hint(_ plan: Plan, _ device: OpenCLDevice) -> String? {
    guard device.information.kind != .cpu, let longest = plan.launches.max(by: { $0.note.flops < $1.note.flops }),
      device.seconds(of: longest) > 0.1
    else { return nil }
    return "drivers of desktops end kernels that take longer than about 2 s; this step's largest is \(longest.kernelName) with "
      + "\(max(longest.note.flops / 1_000_000_000, 1)) billion operations, and smaller batches make it smaller"
  }

  func run(constants: UnsafeRawBufferPointer, inputs: [UnsafeRawBufferPointer]) throws(DeviceError) {
    try stage(constants, inputs)
    var done: cl_event?
    do throws(DeviceError) {
      for index in calls.indices.dropLast() { try enqueue(index, on: device.queue, event: nil) }
      if let last = calls.indices.last { try enqueue(last, on: device.queue, event: &done) }
    } catch {
      // What was queued before must not wait for somebody to ask for more.
      clFlush(device.queue)
      throw error
    }
    try device.watch.add(done, "clEnqueueNDRangeKernel", hint: hint)
    // What it complains of is one of the launches that were queued, or an earlier one.
    try device.status.check(clFlush(device.queue), "clFlush", detail: "the driver took what was queued, and told only later")
  }

  private func enqueue(_ index: Int, on queue: cl_command_queue, event: UnsafeMutablePointer<cl_event?>?) throws(DeviceError) {
    let kernel = calls[index].kernel
    let dimensions = calls[index].dimensions
    var global = calls[index].global
    let (hasOffset, hasLocal) = (calls[index].offset != nil, calls[index].local != nil)
    var offset = calls[index].offset ?? (0, 0, 0)
    var local = calls[index].local ?? (1, 1, 1)
    let code = withUnsafeBytes(of: &global) { global in
      withUnsafeBytes(of: &local) { local in
        withUnsafeBytes(of: &offset) { offset in
          clEnqueueNDRangeKernel(
            queue, kernel, dimensions, hasOffset ? offset.bindMemory(to: Int.self).baseAddress : nil,
            global.bindMemory(to: Int.self).baseAddress, hasLocal ? local.bindMemory(to: Int.self).baseAddress : nil, 0, nil, event)
        }
      }
    }
    if code != CL_SUCCESS { throw device.status.error(code, "clEnqueueNDRangeKernel", kernel: calls[index].name) }
  }

  /// Brings a step's data to the device. Waits only for the step before the last, which used the same staging buffer.
  private func stage(_ constants: UnsafeRawBufferPointer, _ inputs: [UnsafeRawBufferPointer]) throws(DeviceError) {
    let status = device.status
    guard inputs.count == self.inputs.count else {
      throw DeviceError(device: status.device, call: "run", error: "\(inputs.count) inputs instead of \(self.inputs.count)")
    }
    let slot = turn
    turn = 1 - turn
    try device.patience.check()
    if let consumed = stages[slot].consumed {
      try device.patience.wait(for: consumed, in: device.queue, device.watch)
      let code = clWaitForEvents(1, &stages[slot].consumed)
      if code != CL_SUCCESS { try device.watch.check() }
      try status.check(code, "clWaitForEvents")
      if let event = stages[slot].consumed { clReleaseEvent(event) }
      stages[slot].consumed = nil
    }
    let host = stages[slot].host
    if let source = constants.baseAddress { host.copyMemory(from: source, byteCount: min(constants.count, stagedBytes)) }
    for (place, input) in zip(self.inputs, inputs) {
      if let source = input.baseAddress { (host + place.offset).copyMemory(from: source, byteCount: min(input.count, place.byteCount)) }
    }
    if let event = stages[slot].uploaded { clReleaseEvent(event) }
    stages[slot].uploaded = nil
    let staging = stages[slot].device
    var (uploaded, consumed): (cl_event?, cl_event?)
    let code = clEnqueueWriteBuffer(device.transferQueue, staging, cl_bool(CL_FALSE), 0, stagedBytes, host, 0, nil, &uploaded)
    stages[slot].uploaded = uploaded
    try status.check(code, "clEnqueueWriteBuffer")
    try status.check(clFlush(device.transferQueue), "clFlush")
    try status.check(clEnqueueCopyBuffer(device.queue, staging, target, 0, 0, stagedBytes, 1, &uploaded, &consumed), "clEnqueueCopyBuffer")
    stages[slot].consumed = consumed
    // A copy whose upload failed leaves the batch before in its place, on which the kernels then work.
    if let uploaded { clRetainEvent(uploaded) }
    if let consumed { clRetainEvent(consumed) }
    try device.watch.add(uploaded, "clEnqueueWriteBuffer")
    try device.watch.add(consumed, "clEnqueueCopyBuffer")
  }

  func runObserved(
    constants: UnsafeRawBufferPointer, inputs: [UnsafeRawBufferPointer], launches: Int?,
    after: @escaping (Int, UInt64) throws(DeviceError) -> Void
  ) throws(DeviceError) {
    try stage(constants, inputs)
    try device.synchronize()
    for index in ranges.indices.prefix(launches ?? ranges.count) {
      var time: UInt64 = 0
      for call in ranges[index] { time += try timed(call) }
      try after(index, time)
    }
  }

  /// Runs one launch and waits for it.
  /// - Returns: nanoseconds by the device's clock; by the host's, the call and the waiting included, where the device has none.
  private func timed(_ index: Int) throws(DeviceError) -> UInt64 {
    guard let queue = device.timingQueue else {
      let start = ContinuousClock.now
      try enqueue(index, on: device.queue, event: nil)
      try device.synchronize()
      let elapsed = (ContinuousClock.now - start).components
      return UInt64(elapsed.seconds) * 1_000_000_000 + UInt64(elapsed.attoseconds / 1_000_000_000)
    }
    var event: cl_event?
    try enqueue(index, on: queue, event: &event)
    defer { if let event, !device.patience.isStuck { clReleaseEvent(event) } }
    if let event { try device.patience.wait(for: event, in: queue, device.watch) }
    try device.status.check(clFinish(queue), "clFinish", kernel: calls[index].name)
    try device.watch.check()
    func time(_ what: Int32) throws(DeviceError) -> UInt64 {
      var value: cl_ulong = 0
      let code = clGetEventProfilingInfo(event, cl_profiling_info(what), MemoryLayout<cl_ulong>.size, &value, nil)
      try device.status.check(code, "clGetEventProfilingInfo", kernel: calls[index].name)
      return value
    }
    let start = try time(CL_PROFILING_COMMAND_START)
    return max(try time(CL_PROFILING_COMMAND_END), start) - start
  }
}
