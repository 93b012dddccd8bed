import COpenCL
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An OpenCL 1.2 device: one in-order queue for kernels, one for uploads, programs built from the embedded kernels and cached on disk.
///
/// Sendable: OpenCL's objects may be used from any thread; what changes here (programs) is guarded by its own lock.
public final class OpenCLDevice: Device, @unchecked Sendable {
  public let information: DeviceInformation
  public let profile: DeviceProfile
  let context: cl_context
  /// Kernels and copies, in order.
  let queue: cl_command_queue
  /// Uploads, beside the kernels of the step before.
  let transferQueue: cl_command_queue
  let status: OpenCLStatus
  let programs: OpenCLPrograms
  /// Where its choice of kernels for products comes from.
  public let tuning: DeviceTuning
  let candidate: OpenCLCandidate
  private let timing = Mutex(TimingQueue())
  /// Bytes of all buffers that are alive, staging included.
  let allocated = AllocatedBytes()
  public var allocatedBytes: Int? { allocated.count }

  /// Made when it is first asked for: queues that take times may be slower.
  private struct TimingQueue: @unchecked Sendable {
    var queue: cl_command_queue?
    var isMissing = false
  }

  /// Opens a device.
  /// - Parameters:
  ///   - candidate: the device.
  ///   - style: whether to plan as for a CPU or as for a GPU; `nil` for `GLISSADE_OPENCL_STYLE`, or what the device says it is.
  ///   - products: which kernels compute products; `nil` for what was tuned here, or what the device's class starts with.
  ///   - largestAllocation: bytes of the largest buffer, where that is less than the device allocates; `nil` for
  ///     `GLISSADE_LARGEST_ALLOCATION`, or what the device says.
  /// - Throws: `DeviceError` with the call that failed.
  public convenience init(
    _ candidate: OpenCLCandidate, style: DeviceProfile.Style? = nil, products: ProductTuning? = nil, largestAllocation: Int? = nil
  ) throws(DeviceError) {
    try self.init(candidate, style: style, products: products, largestAllocation: largestAllocation, cache: nil)
  }

  /// - Parameter cache: where built programs are kept; `nil` for the usual place.
  init(
    _ candidate: OpenCLCandidate, style: DeviceProfile.Style?, products: ProductTuning? = nil, largestAllocation: Int? = nil,
    cache: ProgramCache?
  ) throws(DeviceError) {
    information = candidate.information
    status = OpenCLStatus(device: candidate.information.identifier)
    if let objection = candidate.objection {
      throw DeviceError(device: status.device, call: "opening", error: "an unusable device", detail: objection)
    }
    // GLISSADE_OPENCL_STYLE plans for a CPU-type device as for a GPU, or the other way round: how the GPU's kernels are tested without one.
    let wanted = style?.rawValue ?? Environment["GLISSADE_OPENCL_STYLE"]
    if let wanted, DeviceProfile.Style(rawValue: wanted) == nil {
      throw DeviceError(device: status.device, call: "GLISSADE_OPENCL_STYLE", error: "'\(wanted)'", detail: "it has to be cpu or gpu")
    }
    let isCPU = wanted.map { $0 == "cpu" } ?? (candidate.style == .cpu)
    self.candidate = candidate
    // 32 vector registers of 16 floats, 16 of 8, or 16 of 4; a GPU's lane holds a small tile.
    let tile =
      !isCPU
      ? RegisterTile(rows: 2, columns: 16)
      : candidate.nativeVectorWidth >= 16
        ? RegisterTile(rows: 8, columns: 32)
        : RegisterTile(rows: candidate.nativeVectorWidth >= 8 ? 6 : 2, columns: 16)
    let wideTile = isCPU && candidate.nativeVectorWidth >= 16 ? RegisterTile(rows: 6, columns: 64) : nil
    // GLISSADE_MATMUL_PRECISION=half rounds the operands of products to half precision in local memory; sums stay float.
    let precision = Environment["GLISSADE_MATMUL_PRECISION"] ?? "float"
    guard ["float", "half"].contains(precision) else {
      throw DeviceError(
        device: status.device, call: "GLISSADE_MATMUL_PRECISION", error: "'\(precision)'", detail: "it has to be float or half")
    }
    let known =
      products.map { DeviceTuning(source: .defaults, warning: nil, products: $0) }
      ?? DeviceTuning(information, style: isCPU ? .cpu : .gpu, within: candidate.groupLimits)
    tuning = precision == "half" ? known.withHalfTiles : known
    let units = max(candidate.information.computeUnits, 1)
    let own = candidate.largestAllocation
    let largest: Int?
    if let largestAllocation {
      largest = min(own ?? .max, largestAllocation)
    } else {
      largest = try Environment.largestAllocation(own, device: status.device)
    }
    profile = DeviceProfile(
      style: isCPU ? .cpu : .gpu, tile: tile, wideTile: wideTile, shares: isCPU ? 64 : units * 2048,
      workers: isCPU ? units : units * 256,
      products: tuning.products,
      largestAllocation: largest)

    var code: cl_int = 0
    var device: cl_device_id? = candidate.device
    guard let context = clCreateContext(nil, 1, &device, nil, nil, &code) else { throw status.error(code, "clCreateContext") }
    guard let queue = clCreateCommandQueue(context, candidate.device, 0, &code) else {
      clReleaseContext(context)
      throw status.error(code, "clCreateCommandQueue")
    }
    guard let transferQueue = clCreateCommandQueue(context, candidate.device, 0, &code) else {
      clReleaseCommandQueue(queue)
      clReleaseContext(context)
      throw status.error(code, "clCreateCommandQueue")
    }
    self.context = context
    self.queue = queue
    self.transferQueue = transferQueue
    // -w: warnings about our kernels are nothing that a user can act on, and some drivers write them to standard error.
    let options = "-cl-std=CL1.2 -w" + (isCPU ? " -DCPU_DEVICE" : "")
    programs = OpenCLPrograms(candidate, context: context, options: options, tile: tile, cache: cache)
  }

  deinit {
    clFinish(transferQueue)
    clFinish(queue)
    timing.withLock { if let queue = $0.queue { clReleaseCommandQueue(queue) } }
    programs.release()
    clReleaseCommandQueue(transferQueue)
    clReleaseCommandQueue(queue)
    clReleaseContext(context)
  }

  /// A queue whose events know when the device began and ended; `nil` where the driver has none.
  var timingQueue: cl_command_queue? {
    timing.withLock { timing in
      if timing.queue == nil, !timing.isMissing {
        var code: cl_int = 0
        timing.queue = clCreateCommandQueue(context, candidate.device, cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE), &code)
        timing.isMissing = timing.queue == nil
      }
      return timing.queue
    }
  }

  /// How many work-items make a group. On a CPU one: a work-item is a thread's worth of work there. On a GPU 64 where they share out elements
  /// in a row (the same for every size, so that drivers which build a kernel for a group's size build it once); otherwise what the driver likes.
  func localSize(of kernel: cl_kernel, for items: (Int, Int, Int)) -> (Int, Int, Int)? {
    if profile.style == .cpu { return (1, 1, 1) }
    var most = 0
    guard items.0 % 64 == 0,
      clGetKernelWorkGroupInfo(
        kernel, candidate.device, cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE), MemoryLayout<Int>.size, &most, nil) == CL_SUCCESS,
      most >= 64
    else { return nil }
    return (64, 1, 1)
  }

  public func makeBuffer(count: Int) throws(DeviceError) -> any DeviceBuffer {
    var code: cl_int = 0
    let byteCount = max(count, 16) * 4
    if candidate.information.kind == .cpu, byteCount >= HostMemory.hugePage {
      return OpenCLBuffer(memory: try wrapHostMemory(byteCount: byteCount), count: count, allocated)
    }
    guard let memory = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), byteCount, nil, &code) else {
      throw status.error(code, "clCreateBuffer", detail: "\(byteCount) bytes were asked for")
    }
    let buffer = OpenCLBuffer(memory: memory, count: count, allocated)
    var zero: cl_uint = 0
    try status.check(clEnqueueFillBuffer(queue, memory, &zero, 4, 0, byteCount, 0, nil, nil), "clEnqueueFillBuffer")
    try synchronize()
    return buffer
  }

  /// A processor's driver works in the memory that it is given, and would take small pages itself.
  private func wrapHostMemory(byteCount: Int) throws(DeviceError) -> cl_mem {
    var code = cl_int(CL_OUT_OF_HOST_MEMORY)
    guard let host = HostMemory.allocate(byteCount: byteCount) else {
      throw status.error(code, "posix_memalign", detail: "\(byteCount) bytes were asked for")
    }
    guard let memory = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR), byteCount, host, &code) else {
      free(host)
      throw status.error(code, "clCreateBuffer", detail: "\(byteCount) bytes were asked for")
    }
    // Commands may still be using a buffer that is released: the driver says when it has done with it.
    code = clSetMemObjectDestructorCallback(memory, { _, host in free(host) }, host)
    guard code == CL_SUCCESS else {
      clReleaseMemObject(memory)
      free(host)
      throw status.error(code, "clSetMemObjectDestructorCallback")
    }
    return memory
  }

  public func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError) {
    guard !bytes.isEmpty else { return }
    let memory = try own(buffer, offset, bytes.count)
    try status.check(
      clEnqueueWriteBuffer(queue, memory, cl_bool(CL_TRUE), offset * 4, bytes.count, bytes.baseAddress, 0, nil, nil), "clEnqueueWriteBuffer"
    )
  }

  public func read(_ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(DeviceError) {
    guard !bytes.isEmpty else { return }
    let memory = try own(buffer, offset, bytes.count)
    try status.check(
      clEnqueueReadBuffer(queue, memory, cl_bool(CL_TRUE), offset * 4, bytes.count, bytes.baseAddress, 0, nil, nil), "clEnqueueReadBuffer")
  }

  public func synchronize() throws(DeviceError) { try status.check(clFinish(queue), "clFinish") }

  private func own(_ buffer: any DeviceBuffer, _ offset: Int, _ byteCount: Int) throws(DeviceError) -> cl_mem {
    guard let buffer = buffer as? OpenCLBuffer, offset >= 0, offset * 4 + byteCount <= buffer.count * 4 else {
      throw DeviceError(device: status.device, call: "copy", error: "out of bounds", detail: "\(byteCount) bytes at element \(offset)")
    }
    return buffer.memory
  }

  public func prepare(_ plan: Plan, buffers: [BufferReference: any DeviceBuffer]) throws(DeviceError) -> any PreparedPlan {
    try OpenCLPlan(self, plan, buffers)
  }
}

/// Memory of an OpenCL device.
final class OpenCLBuffer: DeviceBuffer {
  let memory: cl_mem
  let count: Int
  private let allocated: AllocatedBytes

  init(memory: cl_mem, count: Int, _ allocated: AllocatedBytes) {
    self.memory = memory
    self.count = count
    self.allocated = allocated
    allocated.add(4 * count)
  }

  deinit {
    clReleaseMemObject(memory)
    allocated.add(-4 * count)
  }
}

/// A count of bytes that buffers take as long as they live.
final class AllocatedBytes: Sendable {
  private let bytes = Atomic(0)
  var count: Int { bytes.load(ordering: .relaxed) }
  func add(_ more: Int) { bytes.add(more, ordering: .relaxed) }
}
