import GlissadeDevices

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A device that tests run on, and how messages call it.
public struct TestDevice: Sendable, CustomStringConvertible {
  /// `native x86-64-v3`, `opencl:0.0`, `opencl:0.0 as a GPU`.
  public let name: String
  public let device: any Device
  /// Whether a kernel takes its driver long to build, for each size of an index space anew: a CPU with the kernels of a GPU.
  public var isSlowToPrepare = false

  public init(name: String, device: any Device, isSlowToPrepare: Bool = false) {
    self.name = name
    self.device = device
    self.isSlowToPrepare = isSlowToPrepare
  }

  public var description: String { name }
  /// Whether it is the processor without OpenCL.
  public var isNative: Bool { device is CPUDevice }
}

/// Every device that a test has to hold on.
public enum TestDevices {
  /// The processor at each instruction-set level that it can run, the best first.
  public static let native: [TestDevice] = CPUDevice.levels.compactMap { level in
    (try? CPUDevice(level: level)).map { TestDevice(name: "native \(level)", device: $0) }
  }

  /// Every OpenCL device, and every CPU-type one again with the kernels that GPUs get.
  public static let openCL: [TestDevice] = OpenCLDiscovery().candidates.flatMap { candidate in
    styles(of: candidate).compactMap { try? open(candidate, $0) }
  }

  /// Native levels, then OpenCL devices.
  public static let all = native + openCL

  /// How a device is planned for in tests: as it is by itself, and as a GPU, too, if that is as a CPU.
  public static func styles(of candidate: OpenCLCandidate) -> [DeviceProfile.Style?] { candidate.style == .cpu ? [nil, .gpu] : [nil] }

  /// Opens a device.
  /// - Parameter style: as ``styles(of:)`` has it.
  /// - Throws: `DeviceError`.
  public static func open(_ candidate: OpenCLCandidate, _ style: DeviceProfile.Style?) throws(DeviceError) -> TestDevice {
    let identifier = candidate.information.identifier
    let device = try OpenCLDevice(candidate, style: style)
    return TestDevice(
      name: style == nil ? identifier : "\(identifier) as a GPU", device: device,
      isSlowToPrepare: candidate.information.kind == .cpu && device.profile.style == .gpu)
  }

  /// Whether somebody said that there need not be an OpenCL device: otherwise tests fail without one, so that none is left out unnoticed.
  public static let mayLackOpenCL = isSet("GLISSADE_TESTS_WITHOUT_OPENCL")

  /// Whether a variable of the environment is 1.
  public static func isSet(_ variable: String) -> Bool { getenv(variable).map { String(cString: $0) == "1" } ?? false }

  /// What is missing here for tests to mean what they say; `nil` when all is there.
  public static var objection: String? {
    if native.count != CPUDevice.levels.count { return "not every native level could be opened" }
    if openCL.isEmpty && !mayLackOpenCL {
      return "there is no OpenCL device (install pocl-opencl-icd, or set GLISSADE_TESTS_WITHOUT_OPENCL=1): "
        + (OpenCLDiscovery().absence ?? "none could be opened")
    }
    return nil
  }
}
