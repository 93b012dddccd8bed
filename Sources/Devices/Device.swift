@_exported import GlissadePlanning

/// Something that computes: the processor itself, or an OpenCL device. It allocates memory, copies, and turns plans into what it can replay.
public protocol Device: AnyObject, Sendable {
  /// What it is.
  var information: DeviceInformation { get }
  /// What the planner needs to know of it.
  var profile: DeviceProfile { get }

  /// Bytes of the device's memory that buffers take which are alive; `nil` where it is the host's, whose system counts.
  var allocatedBytes: Int? { get }

  /// New memory, zeroed.
  /// - Parameter count: elements of 4 bytes.
  /// - Throws: `DeviceError` when there is not enough.
  func makeBuffer(count: Int) throws(DeviceError) -> any DeviceBuffer

  /// Copies from the host, after everything already queued.
  /// - Parameter offset: in elements of 4 bytes.
  func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError)

  /// Copies to the host, after everything already queued.
  /// - Parameter offset: in elements of 4 bytes.
  func read(_ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(DeviceError)

  /// Does all that replaying a plan must not do: looks kernels up or builds them, and sets their arguments.
  /// - Parameter buffers: memory for every buffer that the plan names, large enough.
  func prepare(_ plan: Plan, buffers: [BufferReference: any DeviceBuffer]) throws(DeviceError) -> any PreparedPlan

  /// Waits until everything queued has run.
  func synchronize() throws(DeviceError)
}

extension Device {
  public var allocatedBytes: Int? { nil }
}

/// Memory of a device.
public protocol DeviceBuffer: AnyObject {
  /// Elements of 4 bytes.
  var count: Int { get }
}

/// A plan that a device can replay without allocating, hashing or building strings.
public protocol PreparedPlan: AnyObject {
  /// Queues one step. The host's data is copied before this returns.
  /// - Parameters:
  ///   - constants: the step's constants (`StepConstants` and `GroupConstants`).
  ///   - inputs: data for each input, in the order of `inputNames`.
  func run(constants: UnsafeRawBufferPointer, inputs: [UnsafeRawBufferPointer]) throws(DeviceError)

  /// Runs one step launch by launch and calls back after each: for diagnosis and for times by kernel.
  /// - Parameters:
  ///   - launches: how many of the plan's launches to run; `nil` for all.
  ///   - after: is given the launch's index and how long the device took, in nanoseconds, by its own clock where it has one.
  func runObserved(
    constants: UnsafeRawBufferPointer, inputs: [UnsafeRawBufferPointer], launches: Int?,
    after: @escaping (Int, UInt64) throws(DeviceError) -> Void
  ) throws(DeviceError)
}

/// What a device is.
public struct DeviceInformation: Hashable, Sendable {
  /// What OpenCL calls its type.
  public enum Kind: String, Hashable, Sendable {
    /// A processor, be it native or under OpenCL.
    case cpu
    /// A graphics processor.
    case gpu
    /// Whatever else computes.
    case accelerator
  }

  /// How the command names it: `cpu` or `opencl:P.D`.
  public var identifier: String
  /// As its driver or the processor calls itself, fit for terminals.
  public var name: String
  /// The OpenCL platform, or what runs the kernels natively.
  public var platform: String
  /// The OpenCL driver's version; empty for the native processor.
  public var driver: String
  /// What it is.
  public var kind: Kind
  /// Its memory in bytes, the host's where it has none of its own.
  public var memoryBytes: UInt64
  /// Cores of a processor, compute units of a GPU as its driver counts them.
  public var computeUnits: Int
  /// In MHz; 0 where unknown.
  public var clockMegahertz: Int
  /// Whether memory is the host's.
  public var sharesHostMemory: Bool
  /// Half-precision arithmetic.
  public var hasHalfPrecision: Bool
  /// Whether the driver has sub-groups, which `glissade tune` then tries.
  public var hasSubgroups: Bool
  /// Whether the driver has command buffers; told, and not used.
  public var hasCommandBuffers: Bool

  /// Name, and platform where that says more.
  public var description: String { identifier == "cpu" ? "\(name) (\(platform))" : "\(name) (\(platform), \(identifier))" }
}

/// A device that failed, or was never there.
public struct DeviceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which device: `cpu`, `opencl:0.1`.
  public var device: String
  /// What was called, as in `clEnqueueNDRangeKernel`.
  public var call: String
  /// The error's name, as in `CL_OUT_OF_RESOURCES`.
  public var error: String
  /// The kernel at work, if one was.
  public var kernel: String?
  /// More, such as a build log.
  public var detail: String?

  /// What is not there where a device has no room for something that was asked for in time.
  package static let lackOfMemory = "too little memory"
  /// Whether the device has no room for something, which was seen before it was needed.
  public var isLackOfMemory: Bool { error == Self.lackOfMemory }
  /// Whether its driver had no memory for something although there was to be some: other programs use the device, too, or it has less than
  /// its driver says.
  package var isFailedAllocation: Bool { error == "CL_MEM_OBJECT_ALLOCATION_FAILURE" }

  /// - Parameters:
  ///   - device: which: `cpu`, `opencl:0.1`.
  ///   - call: what was called.
  ///   - error: the error's name.
  ///   - kernel: the kernel at work; default none.
  ///   - detail: more, such as a build log; default none.
  public init(device: String, call: String, error: String, kernel: String? = nil, detail: String? = nil) {
    self.device = device
    self.call = call
    self.error = error
    self.kernel = kernel
    self.detail = detail
  }

  public var description: String { "device \(device): \(failure)" }

  /// What failed, and how.
  var failure: String { "\(call)\(kernel.map { " for kernel \($0)" } ?? "") failed with \(error)\(remark)" }

  private var remark: String { detail.map { $0.isEmpty ? "" : ": \($0)" } ?? "" }
}
