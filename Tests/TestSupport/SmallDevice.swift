import GlissadeDevices

/// The processor as a device with memory of its own, and little of it, as a GPU has.
public final class SmallDevice: Device, @unchecked Sendable {
  // Sendable: used from one thread at a time.
  public let information: DeviceInformation
  public let profile: DeviceProfile
  private let processor: CPUDevice
  private var buffers: [WeakBuffer] = []

  private struct WeakBuffer {
    weak var buffer: (any DeviceBuffer)?
  }

  /// - Parameters:
  ///   - memoryBytes: what it has.
  ///   - largestAllocation: bytes of its largest buffer; `nil` for no limit.
  public init(memoryBytes: Int, largestAllocation: Int? = nil) throws {
    processor = try CPUDevice(threads: 1, largestAllocation: largestAllocation ?? .max)
    var information = processor.information
    information.identifier = "small"
    information.kind = .gpu
    information.memoryBytes = UInt64(memoryBytes)
    information.sharesHostMemory = false
    self.information = information
    profile = processor.profile
  }

  public var allocatedBytes: Int? { buffers.reduce(0) { $0 + 4 * ($1.buffer?.count ?? 0) } }
  /// The most that was allocated at once, in bytes.
  public private(set) var peakBytes = 0

  public func makeBuffer(count: Int) throws(DeviceError) -> any DeviceBuffer {
    let buffer = try processor.makeBuffer(count: count)
    buffers = buffers.filter { $0.buffer != nil } + [WeakBuffer(buffer: buffer)]
    peakBytes = max(peakBytes, allocatedBytes ?? 0)
    let bytes = 4 * count
    if bytes > profile.largestAllocation ?? .max || allocatedBytes ?? 0 > Int(information.memoryBytes) {
      throw DeviceError(device: "small", call: "makeBuffer", error: "no room", detail: "\(bytes) bytes were asked for")
    }
    return buffer
  }

  public func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError) {
    try processor.write(bytes, to: buffer, at: offset)
  }

  public func read(_ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(DeviceError) {
    try processor.read(buffer, at: offset, into: bytes)
  }

  public func prepare(_ plan: Plan, buffers: [BufferReference: any DeviceBuffer]) throws(DeviceError) -> any PreparedPlan {
    try processor.prepare(plan, buffers: buffers)
  }

  public func synchronize() throws(DeviceError) {}
}
