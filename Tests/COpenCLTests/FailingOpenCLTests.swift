import COpenCL
import Foundation
import TestSupport
import Testing

/// The failing library does what it is told, through the forwarders; each test in a process of its own.
struct FailingOpenCLTests {
  @Test func noPlatformsAreZeroPlatforms() async {
    await #expect(processExitsWith: .success) {
      try open(.noPlatforms)
      var count: cl_uint = 7
      #expect(clGetPlatformIDs(0, nil, &count) == CL_SUCCESS)
      #expect(count == 0)
    }
  }

  @Test(.enabled(if: hasCPUDevice)) func noDevices() async {
    await #expect(processExitsWith: .success) {
      try open(.noDevices)
      #expect(devices(CL_DEVICE_TYPE_CPU).isEmpty)
      #expect(devices(CL_DEVICE_TYPE_GPU).isEmpty)
    }
  }

  @Test(.enabled(if: hasCPUDevice)) func aCPUPretendsToBeAGPU() async {
    await #expect(processExitsWith: .success) {
      try open(.pretendGPU)
      #expect(devices(CL_DEVICE_TYPE_CPU).isEmpty)
      let device = try #require(devices(CL_DEVICE_TYPE_GPU).first)
      var type: cl_device_type = 0
      #expect(clGetDeviceInfo(device, cl_device_info(CL_DEVICE_TYPE), MemoryLayout.size(ofValue: type), &type, nil) == CL_SUCCESS)
      #expect(type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0)
      #expect(type & cl_device_type(CL_DEVICE_TYPE_CPU) == 0)
      #expect(try Buffer(device).read() == (CL_SUCCESS, [1, 2, 3, 4]))
    }
  }

  @Test(.enabled(if: hasCPUDevice)) func callsFailFromTheChosenOneOn() async {
    await #expect(processExitsWith: .success) {
      try open(.fail("clEnqueueReadBuffer", call: 3, code: -5), .fail("clFinish", call: 2, code: -36, once: true))
      let buffer = try Buffer(try #require(devices(CL_DEVICE_TYPE_CPU).first))
      #expect((0..<5).map { _ in buffer.read().0 } == [0, 0, -5, -5, -5])
      #expect((0..<4).map { _ in clFinish(buffer.queue) } == [0, -36, 0, 0])
    }
  }

  @Test(.enabled(if: hasCPUDevice)) func aFailedCreationReturnsNothingAndTheCode() async {
    await #expect(processExitsWith: .success) {
      try open(.fail("clCreateContext", call: 1, code: -6))
      var device = devices(CL_DEVICE_TYPE_CPU).first
      var status: cl_int = 0
      #expect(clCreateContext(nil, 1, &device, nil, nil, &status) == nil)
      #expect(status == -6)
    }
  }

  @Test(.enabled(if: hasCPUDevice)) func readDataIsCorrupted() async {
    await #expect(processExitsWith: .success) {
      try open(.corrupt(call: 2, once: true))
      let buffer = try Buffer(try #require(devices(CL_DEVICE_TYPE_CPU).first))
      #expect(buffer.read() == (CL_SUCCESS, [1, 2, 3, 4]))
      #expect(buffer.read() == (CL_SUCCESS, [~1, ~2, ~3, ~4]))
      #expect(buffer.read() == (CL_SUCCESS, [1, 2, 3, 4]))
    }
  }

  @Test(.enabled(if: hasCPUDevice)) func callsAreCounted() async throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("glissade-calls-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    await #expect(processExitsWith: .success) { [file = file as String] in
      try open(.countCalls(file: file))
      let buffer = try Buffer(try #require(devices(CL_DEVICE_TYPE_CPU).first))
      for _ in 0..<5 { _ = buffer.read() }
    }
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.contains("clEnqueueReadBuffer 5"))
    #expect(lines.contains("clCreateContext 1"))
  }
}

private let hasCPUDevice = glissade_opencl_load(nil) == nil && !devices(CL_DEVICE_TYPE_CPU).isEmpty

private func open(_ faults: FailingOpenCL.Fault...) throws {
  for (variable, value) in try FailingOpenCL.environment(faults) { setenv(variable, value, 1) }
  try #require(glissade_opencl_load(nil).map { String(cString: $0) } == nil)
}

/// The devices of one type, on all platforms.
private func devices(_ type: Int32) -> [cl_device_id] {
  var platforms = [cl_platform_id?](repeating: nil, count: 16)
  var platformCount: cl_uint = 0
  guard clGetPlatformIDs(cl_uint(platforms.count), &platforms, &platformCount) == CL_SUCCESS else { return [] }
  return platforms.prefix(Int(platformCount)).flatMap { platform in
    var found = [cl_device_id?](repeating: nil, count: 16)
    var count: cl_uint = 0
    guard clGetDeviceIDs(platform, cl_device_type(type), cl_uint(found.count), &found, &count) == CL_SUCCESS else {
      return [cl_device_id]()
    }
    return found.prefix(Int(count)).compactMap { $0 }
  }
}

/// A device buffer that holds 1, 2, 3, 4.
private struct Buffer {
  let queue: cl_command_queue
  let memory: cl_mem

  init(_ device: cl_device_id) throws {
    var device: cl_device_id? = device
    var status: cl_int = 0
    let context = try #require(clCreateContext(nil, 1, &device, nil, nil, &status))
    queue = try #require(clCreateCommandQueue(context, device, 0, &status))
    var values: [UInt32] = [1, 2, 3, 4]
    let flags = cl_mem_flags(CL_MEM_READ_WRITE) | cl_mem_flags(CL_MEM_COPY_HOST_PTR)
    memory = try #require(clCreateBuffer(context, flags, 16, &values, &status))
  }

  func read() -> (cl_int, [UInt32]) {
    var values = [UInt32](repeating: 0, count: 4)
    let status = clEnqueueReadBuffer(queue, memory, cl_bool(CL_TRUE), 0, 16, &values, 0, nil, nil)
    return (status, values)
  }
}
