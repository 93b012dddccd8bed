import Foundation
import GlissadeDevices
import Testing

/// A device that the fixtures are held against.
struct DeviceUnderTest: Sendable, CustomTestStringConvertible {
  let device: any Device
  var testDescription: String { device.information.description }

  /// Every device of this machine: the processor at each of its instruction-set levels, and all that OpenCL has.
  static let all = processors + openCL.devices
  /// The same with the processor only at its best level, for what takes long.
  static let best = processors.prefix(1) + openCL.devices
  /// The processor at its best level.
  static let processor = processors[0]

  private static let processors = CPUDevice.levels.compactMap { level in
    (try? CPUDevice(level: level)).map { DeviceUnderTest(device: $0) }
  }

  static let openCL: (devices: [DeviceUnderTest], problems: [String]) = {
    let discovery = OpenCLDiscovery()
    var devices: [DeviceUnderTest] = []
    var problems: [String] = []
    for candidate in discovery.candidates {
      do { devices.append(DeviceUnderTest(device: try OpenCLDevice(candidate))) } catch {
        problems.append("\(candidate.information.description): \(error)")
      }
    }
    if devices.isEmpty, ProcessInfo.processInfo.environment["GLISSADE_TESTS_WITHOUT_OPENCL"] != "1" {
      problems.append(
        "\(discovery.absence ?? "no OpenCL device could be opened"): install PoCL, or set GLISSADE_TESTS_WITHOUT_OPENCL=1 to test without")
    }
    return (devices, problems)
  }()
}

@Suite("Devices under test")
struct DevicesUnderTestTests {
  @Test("The processor runs at every level it has") func processors() {
    #expect(DeviceUnderTest.all.count(where: { $0.device is CPUDevice }) == CPUDevice.levels.count)
  }

  @Test("OpenCL has a device, and all that it has can be opened") func openCL() {
    #expect(DeviceUnderTest.openCL.problems == [])
  }
}
