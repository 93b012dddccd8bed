import COpenCL
import Foundation
import TestSupport
import Testing

/// The pretending library says what its profiles say and enforces it, through the forwarders; each test in a process of its own.
@Suite(.enabled(if: hasCPU)) struct PretendingOpenCLTests {
  @Test func profilesAreListedOnce() throws {
    let table = try String(contentsOf: sources.appendingPathComponent("profiles.c"), encoding: .utf8)
    let names = table.split(separator: "\n").compactMap { line in
      line.components(separatedBy: ".name = \"").dropFirst().first?.components(separatedBy: "\"").first
    }
    #expect(names == PretendingOpenCL.profiles)
  }

  @Test func whatItSays() async {
    await #expect(processExitsWith: .success) {
      let device = try open("apple")
      #expect(device.text(CL_DEVICE_NAME) == "Apple M1" && device.text(CL_DEVICE_VERSION) == "OpenCL 1.2 ")
      #expect(device.value(CL_DEVICE_TYPE, cl_device_type.self) == cl_device_type(CL_DEVICE_TYPE_GPU))
      #expect(device.value(CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self) == 256)
      #expect(device.value(CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong.self) == 1 << 30)
      #expect(device.value(CL_DEVICE_MEM_BASE_ADDR_ALIGN, cl_uint.self) == 8 * 4096)
      #expect(device.value(CL_DEVICE_DOUBLE_FP_CONFIG, cl_device_fp_config.self) == 0)
      #expect(!device.text(CL_DEVICE_EXTENSIONS).contains("fp64"))
      #expect(try PretendedDevice.all(CL_DEVICE_TYPE_CPU).isEmpty)
    }
  }

  @Test func buffersAboveTheLimitsAreRefused() async {
    await #expect(processExitsWith: .success) {
      let device = try open("small-64,memory=64,align=512")
      #expect(device.buffer(bytes: 17 << 20).status == CL_INVALID_BUFFER_SIZE)
      let held = (0..<4).map { _ in device.buffer(bytes: 16 << 20) }
      #expect(held.allSatisfy { $0.status == CL_SUCCESS })
      #expect(device.buffer(bytes: 4096).status == CL_MEM_OBJECT_ALLOCATION_FAILURE)
      // What is given back can be had again.
      clReleaseMemObject(held[0].memory)
      #expect(device.buffer(bytes: 16 << 20).status == CL_SUCCESS)
      var (region, status) = (cl_buffer_region(origin: 256, size: 512), cl_int(0))
      let type = cl_buffer_create_type(CL_BUFFER_CREATE_TYPE_REGION)
      #expect(clCreateSubBuffer(held[1].memory, 0, type, &region, &status) == nil && status == CL_MISALIGNED_SUB_BUFFER_OFFSET)
      region.origin = 512
      #expect(clCreateSubBuffer(held[1].memory, 0, type, &region, &status) != nil && status == CL_SUCCESS)
    }
  }

  @Test func memoryMayBeMissedAtFirstUse() async {
    await #expect(processExitsWith: .success) {
      let device = try open("small-64,memory=64,lazy,late")
      let buffers = (0..<5).map { _ in device.buffer(bytes: 16 << 20).memory }
      for buffer in buffers.prefix(4) { #expect(device.fill(buffer) == CL_SUCCESS) }
      #expect(clFinish(device.queue) == CL_SUCCESS)
      #expect(device.fill(buffers[4]) == CL_SUCCESS)
      #expect(clFinish(device.queue) == CL_MEM_OBJECT_ALLOCATION_FAILURE)
      #expect(device.fill(buffers[0]) == CL_INVALID_COMMAND_QUEUE)
    }
  }

  @Test func groupsAboveTheLimitsAreRefused() async {
    await #expect(processExitsWith: .success) {
      let device = try open("nvidia-datacenter,kernel-group=512,local=1024")
      let kernel = try device.kernel(
        "__kernel void k(__global int* x) { x[get_global_id(0)] = get_local_size(0); }", device.buffer(bytes: 8192).memory)
      #expect(device.launch(kernel, 2048, group: 2048) == CL_INVALID_WORK_ITEM_SIZE)
      #expect(device.launch(kernel, 2048, group: 1024) == CL_OUT_OF_RESOURCES)
      #expect(device.launch(kernel, 2048, group: 512) == CL_SUCCESS)
      // A legal group where none is asked for.
      #expect(device.launch(kernel, 2048, group: nil) == CL_SUCCESS && device.launch(kernel, 7, group: nil) == CL_SUCCESS)
      let greedy = try device.kernel(
        "__kernel void k(__global int* x) { __local int t[512]; t[get_local_id(0)] = x[0]; barrier(CLK_LOCAL_MEM_FENCE); x[1] = t[0]; }",
        device.buffer(bytes: 8192).memory)
      #expect(device.launch(greedy, 64, group: 64) == CL_OUT_OF_RESOURCES)
    }
  }

  @Test func whatTheDeviceLacksDoesNotBuild() async {
    await #expect(processExitsWith: .success) {
      let device = try open("intel-xe")
      let (doubles, groups) = ("double y = x[0]; x[0] = (float)(y * 2);", "x[0] = sub_group_reduce_add(x[0]);")
      for body in [doubles, groups] {
        #expect(device.build("__kernel void k(__global float* x) { \(body) }").status == CL_BUILD_PROGRAM_FAILURE)
      }
      let asking = "__kernel void k(__global float* x) {\n#ifdef cl_khr_fp64\n\(doubles)\n#else\nx[0] *= 2;\n#endif\n}"
      #expect(device.build(asking).status == CL_SUCCESS)
      #expect(device.build(asking, options: "-cl-std=CL2.0").status == CL_INVALID_BUILD_OPTIONS)
    }
    await #expect(processExitsWith: .success) {
      let device = try open("nvidia-desktop,warnings")
      let (program, status) = device.build("__kernel void k(__global double* x) { x[0] *= 2; }")
      #expect(status == CL_SUCCESS && program.map { device.log($0).contains("warning") } == true)
    }
  }

  @Test func errorsArriveLate() async {
    await #expect(processExitsWith: .success) {
      let device = try open("apple,late")
      let buffer = device.buffer(bytes: 8192).memory
      let kernel = try device.kernel("__kernel void k(__global int* x) { x[0] = 1; }", buffer)
      var event: cl_event?
      #expect(device.launch(kernel, 512, group: 512, event: &event) == CL_SUCCESS)
      var status: cl_int = 0
      clGetEventInfo(event, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), 4, &status, nil)
      #expect(status == CL_INVALID_WORK_ITEM_SIZE)
      #expect(device.launch(kernel, 64, group: 64) == CL_SUCCESS)
      #expect(device.read(buffer) == CL_INVALID_WORK_ITEM_SIZE)
      #expect(device.launch(kernel, 64, group: 64) == CL_INVALID_COMMAND_QUEUE)
      #expect(device.buffer(bytes: 64).status == CL_OUT_OF_RESOURCES)
    }
    await #expect(processExitsWith: .success) {
      let device = try open("apple,event")
      let buffer = device.buffer(bytes: 8192).memory
      let kernel = try device.kernel("__kernel void k(__global int* x) { x[0] = 1; }", buffer)
      var event: cl_event?
      #expect(device.launch(kernel, 512, group: 512) == CL_SUCCESS && clFinish(device.queue) == CL_SUCCESS)
      #expect(device.launch(kernel, 64, group: 64, event: &event) == CL_SUCCESS)
      #expect(clWaitForEvents(1, &event) == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
      #expect(device.read(buffer) == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
    }
  }

  @Test func kernelsAreStoppedByTheWatchdog() async {
    await #expect(processExitsWith: .success) {
      let device = try open("nvidia-desktop,watchdog=20")
      let text =
        "__kernel void k(__global float* x) { float s = x[0]; for (int i = 0; i < 20000000; i++) s = s * 0.5f + x[i & 15]; x[16] = s; }"
      let buffer = device.buffer(bytes: 8192).memory
      #expect(device.fill(buffer) == CL_SUCCESS)
      #expect(device.launch(try device.kernel(text, buffer), 1, group: 1) == CL_SUCCESS)
      #expect(clFinish(device.queue) == CL_OUT_OF_RESOURCES)
      #expect(clFinish(device.queue) == CL_INVALID_COMMAND_QUEUE)
    }
  }

  @Test func itVanishes() async {
    await #expect(processExitsWith: .success) {
      let device = try open("amd-gcn,vanish=6")
      #expect(device.value(CL_DEVICE_AVAILABLE, cl_bool.self) == 1)
      let buffers = (0..<6).map { _ in device.buffer(bytes: 64) }
      #expect(buffers.map(\.status) == [0, 0, 0, CL_DEVICE_NOT_AVAILABLE, CL_DEVICE_NOT_AVAILABLE, CL_DEVICE_NOT_AVAILABLE])
      #expect(clFinish(device.queue) == CL_DEVICE_NOT_AVAILABLE)
      #expect(device.value(CL_DEVICE_AVAILABLE, cl_bool.self) == 0)
      #expect(clReleaseMemObject(buffers[0].memory) == CL_SUCCESS)
    }
  }

  @Test func driversThatLie() async {
    await #expect(processExitsWith: .success) {
      let device = try open("amd-gcn,claims-group=1024,silent,wrong=spoilt")
      #expect(device.value(CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self) == 1024)
      let buffer = device.buffer(bytes: 8192).memory
      #expect(device.fill(buffer) == CL_SUCCESS)
      let kernel = try device.kernel("__kernel void k(__global float* x) { x[get_global_id(0)] = 1; }", buffer)
      #expect(device.launch(kernel, 1024, group: 1024) == CL_SUCCESS && device.floats(buffer, 2) == [0, 0])
      #expect(device.launch(kernel, 1024, group: 256) == CL_SUCCESS && device.floats(buffer, 2) == [1, 1])
      let spoilt = try device.kernel("__kernel void spoilt(__global float* x) { x[get_global_id(0)] = 2; }", buffer, name: "spoilt")
      #expect(device.launch(spoilt, 4, group: 1) == CL_SUCCESS && device.floats(buffer, 5) == [3.01, 2, 2, 3.01, 1])
    }
  }

  @Test func oddNamesAndABrokenPlatform() async {
    await #expect(processExitsWith: .success) {
      let device = try open("nvidia-desktop,odd-names,broken-platform")
      #expect(device.text(CL_DEVICE_NAME).contains("GeForce") && device.text(CL_DEVICE_NAME).contains("\u{1b}[31m"))
      var (platforms, count) = ([cl_platform_id?](repeating: nil, count: 4), cl_uint(0))
      #expect(clGetPlatformIDs(4, &platforms, &count) == CL_SUCCESS && count == 2)
      #expect(clGetDeviceIDs(platforms[0], cl_device_type(CL_DEVICE_TYPE_ALL), 0, nil, &count) == CL_OUT_OF_HOST_MEMORY)
      #expect(clGetPlatformInfo(platforms[0], cl_platform_info(CL_PLATFORM_NAME), 0, nil, nil) == CL_INVALID_PLATFORM)
    }
  }

  @Test func driversThatSayNothing() async {
    await #expect(processExitsWith: .success) {
      let device = try open("apple,no-names,no-version,no-build=spoilt,no-log")
      for key in [CL_DEVICE_NAME, CL_DEVICE_VENDOR, CL_DRIVER_VERSION, CL_DEVICE_VERSION] { #expect(device.text(key).isEmpty) }
      #expect(device.text(CL_DEVICE_OPENCL_C_VERSION) == "OpenCL C 1.2 ")
      let (program, status) = device.build("__kernel void spoilt(__global int* x) { x[0] = 1; }")
      #expect(status == CL_BUILD_PROGRAM_FAILURE && program.map { device.log($0).isEmpty } == true)
    }
  }

  @Test func memoryMayBeClaimedOnly() async {
    await #expect(processExitsWith: .success) {
      let device = try open("small-64,memory=64,claims-memory=8000,claims-alloc=4000")
      #expect(device.value(CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong.self) == 8000 << 20)
      #expect(device.value(CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong.self) == 4000 << 20)
      #expect(device.buffer(bytes: 17 << 20).status == CL_INVALID_BUFFER_SIZE)
      let held = (0..<4).map { _ in device.buffer(bytes: 16 << 20).status }
      #expect(held.allSatisfy { $0 == CL_SUCCESS } && device.buffer(bytes: 4096).status == CL_MEM_OBJECT_ALLOCATION_FAILURE)
    }
  }

  @Test func transfersMayBeSlow() async {
    await #expect(processExitsWith: .success) {
      let device = try open("small-64,slow-transfers=1")
      let memory = device.buffer(bytes: 1 << 20).memory
      var bytes = [UInt8](repeating: 7, count: 200_000)
      let begin = ContinuousClock.now
      #expect(clEnqueueReadBuffer(device.queue, memory, cl_bool(CL_TRUE), 0, bytes.count, &bytes, 0, nil, nil) == CL_SUCCESS)
      #expect(ContinuousClock.now - begin >= .milliseconds(200))
    }
  }

  @Test func nonsenseEndsTheProcess() async {
    for device in ["", "voodoo", "apple,wobbly", "apple,group=many"] {
      await #expect(processExitsWith: .signal(SIGABRT)) { [device = device as String] in _ = try open(device) }
    }
  }
}

private let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("PretendingOpenCL")

/// Whether the installed library has a CPU, which is what pretends.
private let hasCPU = glissade_opencl_load(nil) == nil && ((try? PretendedDevice.all(CL_DEVICE_TYPE_CPU).isEmpty) == false)

private func open(_ device: String) throws -> PretendedDevice {
  for (variable, value) in try PretendingOpenCL.environment(device) { setenv(variable, value, 1) }
  try #require(glissade_opencl_load(nil).map { String(cString: $0) } == nil)
  return try PretendedDevice()
}

/// The pretended GPU with a context and a queue.
private final class PretendedDevice {
  let handle: cl_device_id
  let context: cl_context
  let queue: cl_command_queue

  init() throws {
    handle = try #require(try Self.all(CL_DEVICE_TYPE_GPU).first)
    var device: cl_device_id? = handle
    var status: cl_int = 0
    context = try #require(clCreateContext(nil, 1, &device, nil, nil, &status))
    queue = try #require(clCreateCommandQueue(context, handle, 0, &status))
  }

  /// Waits: PoCL's threads may be compiling a kernel that was launched, and the process ends next, with the compiler's constants.
  deinit { clFinish(queue) }

  static func all(_ type: Int32) throws -> [cl_device_id] {
    var (platforms, count) = ([cl_platform_id?](repeating: nil, count: 8), cl_uint(0))
    guard clGetPlatformIDs(8, &platforms, &count) == CL_SUCCESS else { return [] }
    return platforms.prefix(Int(count)).compactMap { platform in
      var (device, count): (cl_device_id?, cl_uint) = (nil, 0)
      return clGetDeviceIDs(platform, cl_device_type(type), 1, &device, &count) == CL_SUCCESS ? device : nil
    }
  }

  func value<Value: FixedWidthInteger>(_ key: Int32, _ type: Value.Type) -> Value {
    var value: Value = 0
    clGetDeviceInfo(handle, cl_device_info(key), MemoryLayout<Value>.size, &value, nil)
    return value
  }

  func text(_ key: Int32) -> String {
    var (bytes, size) = ([UInt8](repeating: 0, count: 4096), 0)
    clGetDeviceInfo(handle, cl_device_info(key), bytes.count, &bytes, &size)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  func buffer(bytes: Int) -> (memory: cl_mem?, status: cl_int) {
    var status: cl_int = 0
    let memory = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), bytes, nil, &status)
    return (memory, status)
  }

  func fill(_ memory: cl_mem?) -> cl_int {
    var zero: cl_uint = 0
    return clEnqueueFillBuffer(queue, memory, &zero, 4, 0, 4096, 0, nil, nil)
  }

  func read(_ memory: cl_mem?) -> cl_int {
    var word: cl_uint = 0
    return clEnqueueReadBuffer(queue, memory, cl_bool(CL_TRUE), 0, 4, &word, 0, nil, nil)
  }

  func floats(_ memory: cl_mem?, _ count: Int) -> [Float] {
    var values = [Float](repeating: -1, count: count)
    clEnqueueReadBuffer(queue, memory, cl_bool(CL_TRUE), 0, count * 4, &values, 0, nil, nil)
    return values
  }

  func build(_ source: String, options: String = "-cl-std=CL1.2") -> (program: cl_program?, status: cl_int) {
    var code: cl_int = 0
    let program = source.withCString { text -> cl_program? in
      var text: UnsafePointer<CChar>? = text
      return clCreateProgramWithSource(context, 1, &text, nil, &code)
    }
    return (program, program == nil ? code : clBuildProgram(program, 0, nil, options, nil, nil))
  }

  func log(_ program: cl_program) -> String {
    var bytes = [UInt8](repeating: 0, count: 65536)
    clGetProgramBuildInfo(program, handle, cl_program_build_info(CL_PROGRAM_BUILD_LOG), bytes.count, &bytes, nil)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  func kernel(_ source: String, _ memory: cl_mem?, name: String = "k") throws -> cl_kernel {
    let (program, status) = build(source)
    try #require(status == CL_SUCCESS)
    var (code, memory) = (cl_int(0), memory)
    let kernel = try #require(clCreateKernel(program, name, &code))
    try #require(clSetKernelArg(kernel, 0, MemoryLayout<cl_mem?>.size, &memory) == CL_SUCCESS)
    return kernel
  }

  func launch(_ kernel: cl_kernel, _ items: Int, group: Int?, event: UnsafeMutablePointer<cl_event?>? = nil) -> cl_int {
    var (global, local) = (items, group ?? 1)
    guard group != nil else { return clEnqueueNDRangeKernel(queue, kernel, 1, nil, &global, nil, 0, nil, event) }
    return clEnqueueNDRangeKernel(queue, kernel, 1, nil, &global, &local, 0, nil, event)
  }
}
