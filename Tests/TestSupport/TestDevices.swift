import Foundation
import GlissadeDevices
import Synchronization

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
}

/// Every device that a test has to hold on.
public enum TestDevices {
  /// The processor at each instruction-set level that it can run, the best first.
  public static let native: [TestDevice] = CPUDevice.levels.compactMap { level in
    (try? CPUDevice(level: level)).map { TestDevice(name: "native \(level)", device: $0) }
  }

  /// Every OpenCL device, and every CPU-type one again with the kernels that GPUs get.
  public static let openCL: [TestDevice] = OpenCLDiscovery().candidates.flatMap { candidate in
    let identifier = candidate.information.identifier
    var found = [(try? OpenCLDevice(candidate)).map { TestDevice(name: identifier, device: $0) }]
    if candidate.information.kind == .cpu {
      let device = try? OpenCLDevice(candidate, style: .gpu)
      found.append(device.map { TestDevice(name: "\(identifier) as a GPU", device: $0, isSlowToPrepare: true) })
    }
    return found.compactMap { $0 }
  }

  /// Native levels, then OpenCL devices.
  public static let all = native + openCL

  /// Whether somebody said that there need not be an OpenCL device: otherwise tests fail without one, so that none is left out unnoticed.
  public static let mayLackOpenCL = ProcessInfo.processInfo.environment["GLISSADE_TESTS_WITHOUT_OPENCL"] == "1"

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
