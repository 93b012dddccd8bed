import COpenCL
import GlissadeFormats
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
  /// What plans are made for. It changes where a kernel turns out not to run here (`avoid`).
  public var profile: DeviceProfile { learnt.withLock { $0.profile } }
  /// What was found out about the device since it was opened, and what is done about it; `nil` where nothing was.
  public var note: String? { learnt.withLock { $0.note } }
  let style: DeviceProfile.Style
  let context: cl_context
  /// Kernels and copies, in order.
  let queue: cl_command_queue
  /// Uploads, beside the kernels of the step before.
  let transferQueue: cl_command_queue
  let status: OpenCLStatus
  let programs: OpenCLPrograms
  /// Which kernels are known to compute what the processor computes.
  let verdicts: KernelVerdicts
  /// Whether operands of products are half precision.
  let roundsProducts: Bool
  /// What was queued and not seen to end.
  let watch: OpenCLWatch
  /// How long that is waited for.
  let patience: OpenCLPatience
  /// Where its choice of kernels for products comes from.
  public let tuning: DeviceTuning
  let candidate: OpenCLCandidate
  private let timing = Mutex(TimingQueue())
  /// Bytes of all buffers that are alive, staging included.
  let allocated = AllocatedBytes()
  public var allocatedBytes: Int? { allocated.count }
  private let learnt: Mutex<Learnt>

  private struct Learnt {
    var profile: DeviceProfile
    var note: String?
  }

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
  ///   - groupLimit: the largest work-group that kernels may use; `nil` for what the device says.
  /// - Throws: `DeviceError` with the call that failed.
  public convenience init(
    _ candidate: OpenCLCandidate, style: DeviceProfile.Style? = nil, products: ProductTuning? = nil, largestAllocation: Int? = nil,
    groupLimit: Int? = nil
  ) throws(DeviceError) {
    try self.init(
      candidate, style: style, products: products, largestAllocation: largestAllocation, groupLimit: groupLimit, cache: nil)
  }

  /// - Parameter cache: where built programs are kept; `nil` for the usual place.
  init(
    _ candidate: OpenCLCandidate, style: DeviceProfile.Style?, products: ProductTuning? = nil, largestAllocation: Int? = nil,
    groupLimit: Int? = nil, cache: ProgramCache?
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
    let limit = max(min(groupLimit ?? candidate.groupLimits.items, candidate.groupLimits.items), 1)
    self.style = isCPU ? .cpu : .gpu
    var profile =
      isCPU
      ? Self.processorProfile(units: units, vectorWidth: candidate.properties.nativeVectorWidth)
      : .gpu(computeUnits: units, products: tuning.products)
    profile.products = tuning.products
    profile.largestAllocation = largest
    profile.groupLimit = limit
    // Drivers that say nothing of their numbers are taken for what all others are.
    let numbers = candidate.properties.singlePrecision
    let lacksInfinities = !numbers.isEmpty && !numbers.contains("inf_nan")
    learnt = Mutex(
      Learnt(
        profile: profile,
        note: lacksInfinities ? "its numbers have no infinities, so that a training that diverges may not be seen to" : nil))
    watch = OpenCLWatch(status)
    patience = OpenCLPatience(
      seconds: information.kind == .cpu ? nil : try DriverPatience.working(status.device), device: status.device)
    verdicts = KernelVerdicts(
      identity: [information.platform, candidate.properties.platformVersion, information.name, information.driver].joined(separator: "\n"),
      folder: cache?.folder ?? CacheFolder.path)
    roundsProducts = precision == "half"

    var code: cl_int = 0
    var device: cl_device_id? = candidate.device
    guard let context = DriverOutput.kept({ clCreateContext(nil, 1, &device, nil, nil, &code) }) else {
      throw status.error(code, "clCreateContext")
    }
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
    programs = OpenCLPrograms(
      candidate, context: context, options: options, tile: profile.tile,
      rowGroup: isCPU ? nil : LaunchPieces.powerOfTwo(atMost: min(64, limit)),
      cache: cache)
  }

  /// 32 vector registers of 16 floats, 16 of 8, or 16 of 4. Kernels that share out elements or rows have an item for each thread: drivers hand
  /// each thread its part of the work-groups in one piece, the first ones to the first thread, and where there are more items than rows (or
  /// channels, or parts) those that have something to do are the first ones.
  private static func processorProfile(units: Int, vectorWidth: Int) -> DeviceProfile {
    let isWide = vectorWidth >= 16
    return DeviceProfile(
      style: .cpu, tile: isWide ? RegisterTile(rows: 8, columns: 32) : RegisterTile(rows: vectorWidth >= 8 ? 6 : 2, columns: 16),
      wideTile: isWide ? RegisterTile(rows: 6, columns: 64) : nil, shares: units, workers: units)
  }

  deinit {
    // What might wait for a driver that does not answer is left to the end of the process.
    guard !patience.isStuck else { return }
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

  /// Plans no product with a tile in local memory any more, because its kernel does not run here or computes something else.
  /// - Parameter reason: in one line, for people.
  /// - Returns: whether that changes anything: otherwise there is no plainer plan.
  func avoid(_ kernel: Launch.Kernel, because reason: String) -> Bool {
    guard case .local(_, let tile) = kernel else { return false }
    return learnt.withLock { learnt in
      let products = learnt.profile.products.avoiding(tile)
      guard products != learnt.profile.products else { return false }
      learnt.profile.products = products
      learnt.note = learnt.note ?? "some products use register tiles: \(reason)"
      return true
    }
  }

  /// Notes what was found out while the device was opened.
  func add(note: String) { learnt.withLock { $0.note = note } }

  /// How a launch's index space is enqueued.
  /// - Parameter count: into how many pieces it is cut if it can be; `nil` for as many as its work asks for.
  func pieces(of launch: Launch, _ kernel: OpenCLPrograms.BuiltKernel, count: Int? = nil) -> LaunchPieces {
    // A work-item is a thread's worth of work there.
    if style == .cpu { return LaunchPieces(items: launch.items, local: (1, 1, 1)) }
    let isProcessor = information.kind == .cpu
    // PoCL builds a kernel anew for each group's size, which takes longer than it saves.
    if isProcessor, count == nil, kernel.group == nil, launch.items.0 % 64 != 0 {
      return LaunchPieces(items: launch.items, local: nil)
    }
    let wanted = count ?? (isProcessor ? 1 : Int(min((seconds(of: launch) / LaunchPieces.longest).rounded(.up), 64)))
    return LaunchPieces(
      items: launch.items, group: kernel.group, limit: min(kernel.limit, profile.groupLimit), itemSizes: candidate.properties.itemSizes,
      count: LaunchPieces.cuttable.contains(kernel.name) ? wanted : 1)
  }

  /// How long a launch takes at the most, roughly: 64 operations in each cycle of each unit is what most have, and a twentieth of that is
  /// what a kernel gets out of it that suits them badly.
  func seconds(of launch: Launch) -> Double {
    let cycles = Double(max(information.computeUnits, 1)) * Double(max(information.clockMegahertz, 300)) * 1e6
    return Double(launch.note.flops) / (cycles * 64 / 20)
  }

  public func makeBuffer(count: Int) throws(DeviceError) -> any DeviceBuffer {
    var code: cl_int = 0
    let byteCount = max(count, 16) * 4
    if candidate.information.kind == .cpu, byteCount >= HostMemory.hugePage {
      return OpenCLBuffer(memory: try wrapHostMemory(byteCount: byteCount), count: count, allocated, patience)
    }
    guard let memory = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), byteCount, nil, &code) else {
      throw status.error(code, "clCreateBuffer", detail: "\(byteCount) bytes were asked for")
    }
    let buffer = OpenCLBuffer(memory: memory, count: count, allocated, patience)
    var zero: cl_uint = 0
    var event: cl_event?
    try status.check(clEnqueueFillBuffer(queue, memory, &zero, 4, 0, byteCount, 0, nil, &event), "clEnqueueFillBuffer")
    try watch.add(event, "clEnqueueFillBuffer")
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
    try patience.settle(queue, watch)
    var event: cl_event?
    let code = clEnqueueWriteBuffer(queue, memory, cl_bool(CL_TRUE), offset * 4, bytes.count, bytes.baseAddress, 0, nil, &event)
    try status.check(code, "clEnqueueWriteBuffer")
    try watch.finish(event, "clEnqueueWriteBuffer")
  }

  public func read(_ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(DeviceError) {
    guard !bytes.isEmpty else { return }
    let memory = try own(buffer, offset, bytes.count)
    try patience.settle(queue, watch)
    var event: cl_event?
    let code = clEnqueueReadBuffer(queue, memory, cl_bool(CL_TRUE), offset * 4, bytes.count, bytes.baseAddress, 0, nil, &event)
    // Whatever failed before is the reason, and what was read is nothing.
    do throws(DeviceError) { try watch.check() } catch {
      if let event { clReleaseEvent(event) }
      throw error
    }
    try status.check(code, "clEnqueueReadBuffer")
    try watch.finish(event, "clEnqueueReadBuffer")
  }

  public func synchronize() throws(DeviceError) {
    try patience.settle(queue, watch)
    let code = clFinish(queue)
    try watch.check()
    try status.check(code, "clFinish")
  }

  private func own(_ buffer: any DeviceBuffer, _ offset: Int, _ byteCount: Int) throws(DeviceError) -> cl_mem {
    guard let buffer = buffer as? OpenCLBuffer, offset >= 0, offset * 4 + byteCount <= buffer.count * 4 else {
      throw DeviceError(device: status.device, call: "copy", error: "out of bounds", detail: "\(byteCount) bytes at element \(offset)")
    }
    return buffer.memory
  }

  public func prepare(_ plan: Plan, buffers: [BufferReference: any DeviceBuffer]) throws(DeviceError) -> any PreparedPlan {
    try avoidingWhatFails(of: plan) { () throws(DeviceError) in try OpenCLPlan(self, plan, buffers) }
  }

  /// Builds what a plan needs, so that parts of the plan find it built.
  func build(_ plan: Plan) throws(DeviceError) {
    let kernels = try avoidingWhatFails(of: plan) { () throws(DeviceError) in try programs.kernels(for: plan) }
    for kernel in kernels { clReleaseKernel(kernel.handle) }
  }

  /// A tile that cannot be built, or needs a larger group than its kernel can have, is no tile for the next plan.
  private func avoidingWhatFails<Result>(of plan: Plan, _ body: () throws(DeviceError) -> Result) throws(DeviceError) -> Result {
    do throws(DeviceError) { return try body() } catch {
      for launch in plan.launches where launch.kernelName == error.kernel { _ = avoid(launch.kernel, because: error.failure) }
      throw error
    }
  }
}

/// Memory of an OpenCL device.
final class OpenCLBuffer: DeviceBuffer {
  let memory: cl_mem
  let count: Int
  private let allocated: AllocatedBytes
  private let patience: OpenCLPatience

  init(memory: cl_mem, count: Int, _ allocated: AllocatedBytes, _ patience: OpenCLPatience) {
    self.memory = memory
    self.count = count
    self.allocated = allocated
    self.patience = patience
    allocated.add(4 * count)
  }

  deinit {
    if !patience.isStuck { clReleaseMemObject(memory) }
    allocated.add(-4 * count)
  }
}

/// A count of bytes that buffers take as long as they live.
final class AllocatedBytes: Sendable {
  private let bytes = Atomic(0)
  var count: Int { bytes.load(ordering: .relaxed) }
  func add(_ more: Int) { bytes.add(more, ordering: .relaxed) }
}
