import CExecutor
import GlissadeKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The processor: kernels compiled for its instruction set, run by a pool of threads that sleep when there is nothing to do.
///
/// Sendable: the executor takes one caller at a time by itself, and everything else is immutable.
public final class CPUDevice: Device, @unchecked Sendable {
  public let information: DeviceInformation
  public let profile: DeviceProfile
  /// Threads at work, the caller's included.
  public let threadCount: Int
  let executor: OpaquePointer
  let kernels: [String: NativeKernel]

  /// The instruction-set levels that this processor can run, the best first.
  public static var levels: [String] {
    (0..<glissade_native_level_count()).map { String(cString: glissade_native_library($0).level) }
  }

  /// - Parameters:
  ///   - threads: how many; `nil` for `GLISSADE_THREADS`, or all cores.
  ///   - level: the instruction-set level; `nil` for `GLISSADE_ISA`, or the best.
  ///   - largestAllocation: bytes of the largest buffer; `nil` for `GLISSADE_LARGEST_ALLOCATION`, or no limit.
  /// - Throws: `DeviceError` for a level that the processor has not got, or a number of threads that makes no sense.
  public init(threads: Int? = nil, level: String? = nil, largestAllocation: Int? = nil) throws(DeviceError) {
    let limit = if let largestAllocation { largestAllocation } else { try Environment.largestAllocation(nil, device: "cpu") }
    var wanted = threads ?? 0
    if let threads, !(1...1024).contains(threads) {
      throw DeviceError(device: "cpu", call: "opening", error: "\(threads) threads", detail: "it has to be a number from 1 to 1024")
    }
    if threads == nil, let text = Environment["GLISSADE_THREADS"] {
      guard let number = Int(text), (1...1024).contains(number) else {
        throw DeviceError(device: "cpu", call: "GLISSADE_THREADS", error: "'\(text)'", detail: "it has to be a number from 1 to 1024")
      }
      wanted = number
    }
    let levels = Self.levels
    let name = level ?? Environment["GLISSADE_ISA"] ?? levels[0]
    guard let index = levels.firstIndex(of: name) else {
      throw DeviceError(
        device: "cpu", call: "GLISSADE_ISA", error: "'\(name)'", detail: "this processor can run \(levels.joined(separator: ", "))")
    }
    guard let executor = executor_create(Int32(wanted)) else {
      throw DeviceError(device: "cpu", call: "executor_create", error: "out of memory")
    }
    self.executor = executor
    threadCount = Int(executor_thread_count(executor))
    let library = glissade_native_library(index)
    var kernels: [String: NativeKernel] = [:]
    for kernel in UnsafeBufferPointer(start: library.first, count: library.count) { kernels[String(cString: kernel.name)] = kernel }
    self.kernels = kernels
    information = DeviceInformation(
      identifier: "cpu", name: Processor.name, platform: "native \(name), \(threadCount) thread\(threadCount == 1 ? "" : "s")", driver: "",
      kind: .cpu, memoryBytes: UInt64(max(sysconf(Int32(_SC_PHYS_PAGES)), 0)) * UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 0)),
      computeUnits: threadCount, clockMegahertz: 0, sharesHostMemory: true, hasHalfPrecision: false, hasSubgroups: false,
      hasCommandBuffers: false)
    profile = DeviceProfile(
      style: .cpu, tile: RegisterTile(rows: Int(library.tileRows), columns: Int(library.tileColumns)), shares: 64, workers: threadCount,
      largestAllocation: limit)
  }

  deinit { executor_destroy(executor) }

  public func makeBuffer(count: Int) throws(DeviceError) -> any DeviceBuffer {
    guard let buffer = CPUBuffer(count: count) else {
      throw DeviceError(device: "cpu", call: "allocation", error: "out of memory", detail: "\(count * 4) bytes were asked for")
    }
    return buffer
  }

  public func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError) {
    let memory = try own(buffer, offset, bytes.count)
    if let source = bytes.baseAddress { memory.copyMemory(from: source, byteCount: bytes.count) }
  }

  public func read(_ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(DeviceError) {
    let memory = try own(buffer, offset, bytes.count)
    bytes.baseAddress?.copyMemory(from: memory, byteCount: bytes.count)
  }

  public func synchronize() throws(DeviceError) {}

  private func own(_ buffer: any DeviceBuffer, _ offset: Int, _ byteCount: Int) throws(DeviceError) -> UnsafeMutableRawPointer {
    guard let buffer = buffer as? CPUBuffer, offset >= 0, offset * 4 + byteCount <= buffer.count * 4 else {
      throw DeviceError(device: "cpu", call: "copy", error: "out of bounds", detail: "\(byteCount) bytes at element \(offset)")
    }
    return buffer.memory + offset * 4
  }

  public func prepare(_ plan: Plan, buffers: [BufferReference: any DeviceBuffer]) throws(DeviceError) -> any PreparedPlan {
    try CPUPlan(self, plan, buffers)
  }
}

/// Memory of the host.
final class CPUBuffer: DeviceBuffer {
  let memory: UnsafeMutableRawPointer
  let count: Int

  init?(count: Int) {
    guard let memory = HostMemory.allocate(byteCount: max(count, 16) * 4) else { return nil }
    self.memory = memory
    self.count = count
  }

  deinit { free(memory) }
}
