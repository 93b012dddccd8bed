import TestSupport
import Testing

@testable import GlissadeDevices

/// What is done where a device has no room.
struct DeviceRoomTests {
  @Test func theCPUComputesWhatADeviceHasNoRoomFor() throws {
    let device = try SmallDevice(memoryBytes: 1 << 20)
    let lack = DeviceError(device: "small", call: "allocation", error: "too little memory", detail: "1 needs 2")
    var reasons: [String] = []
    func compute(mayFallBack: Bool, _ error: DeviceError) throws -> String {
      try DeviceSelection(device: device, reason: "test", mayFallBack: mayFallBack).withRoom({ reasons.append($0) }) { selection in
        if selection.device === device { throw error }
        #expect(!selection.mayFallBack && selection.reason.contains("1 needs 2"))
        return selection.device.information.identifier
      }
    }
    #expect(try compute(mayFallBack: true, lack) == "cpu")
    #expect(reasons == ["device small: allocation failed with too little memory: 1 needs 2; the CPU computes it"])
    // A device that was asked for, and another failure, are as they were.
    #expect(throws: lack) { try compute(mayFallBack: false, lack) }
    let other = DeviceError(device: "small", call: "clFinish", error: "CL_OUT_OF_RESOURCES")
    #expect(throws: other) { try compute(mayFallBack: true, other) }
    #expect(reasons.count == 1)
  }

  /// What drivers say of their largest buffer is believed as far as it can be true.
  @Test(
    arguments: [
      (bytes: 0, total: 8 << 30, largest: nil), (512 << 20, 2 << 30, 512 << 20), (4 << 30, 2 << 30, 2 << 30), (512 << 10, 2 << 30, nil),
      ((512 << 20) + 5000, 2 << 30, (512 << 20) + 4096), (256 << 20, 0, 256 << 20),
    ] as [(bytes: UInt64, total: UInt64, largest: Int?)]) func largestBuffers(bytes: UInt64, total: UInt64, largest: Int?)
  {
    #expect(OpenCLDiscovery.largestAllocation(bytes, of: total) == largest)
  }
}
