import COpenCL
import GlissadePlanning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An OpenCL device as it was found, before it is opened.
public struct OpenCLCandidate: @unchecked Sendable {
  // Sendable: platform and device ids are handles that stay valid and may be used from any thread.
  /// What it is.
  public let information: DeviceInformation
  let platform: cl_platform_id
  let device: cl_device_id
  let platformVersion: String
  let nativeVectorWidth: Int
  let hasFusedMultiplyAdd: Bool
  let groupLimits: GroupLimits
  /// Bytes of the largest buffer; `nil` where the device says nothing that can be true.
  let largestAllocation: Int?

  /// Where its choice of kernels for products will come from.
  public var tuning: DeviceTuning {
    let wanted = Environment["GLISSADE_OPENCL_STYLE"].flatMap(DeviceProfile.Style.init(rawValue:))
    return DeviceTuning(information, style: wanted ?? style, within: groupLimits)
  }

  /// How it is planned for unless somebody wants otherwise. Mesa's device on the processor is a GPU in this: neighbouring work-items are
  /// the lanes of its vectors, so that a kernel's vector of 16 floats is 16 vectors there, and some kernels take half a minute to compile.
  public var style: DeviceProfile.Style { information.kind == .cpu && information.platform != "rusticl" ? .cpu : .gpu }

  /// The kernels for products that its class starts with.
  var defaultProducts: ProductTuning {
    DefaultTuning.products(of: DeviceClass(information), units: information.computeUnits, within: groupLimits)
  }

  /// Why an open device cannot be used, before trying.
  var objection: String? {
    guard isUsable else { return "it is not available, has no compiler, or its OpenCL is older than 1.2" }
    return Self.knownFault(of: information, threads: Environment["LP_NUM_THREADS"])
  }
  let isUsable: Bool

  /// What is known of a driver that a self-test may or may not find. Mesa's processor device takes groups by several threads, which in its
  /// first version get in each other's way where work-items wait for each other: results are wrong, and its heap is damaged, now and then.
  /// - Parameter threads: `LP_NUM_THREADS`, by which it is told how many threads to use.
  static func knownFault(of information: DeviceInformation, threads: String?) -> String? {
    guard information.platform == "rusticl", information.name.hasPrefix("llvmpipe"), information.driver.hasPrefix("22."),
      threads != "0", threads != "1"
    else { return nil }
    return "Mesa \(information.driver) computes wrongly on a processor with several threads: LP_NUM_THREADS=1 gives it one; "
      + "Mesa 25 is right with any"
  }
}

/// What OpenCL finds on this machine. A machine without a loader, or with one that has no driver, has no devices; that is no error.
public struct OpenCLDiscovery: Sendable {
  /// Every device of every platform, in the loader's order.
  public let candidates: [OpenCLCandidate]
  /// Why there are none, if so.
  public let absence: String?

  public init() {
    if let objection = Self.objection(addressSpaceLeft: HostMemory.addressSpaceLeft, processors: sysconf(Int32(_SC_NPROCESSORS_ONLN))) {
      candidates = []
      absence = objection
      return
    }
    if let problem = glissade_opencl_load(nil) {
      candidates = []
      absence = "no OpenCL library could be opened (\(String(cString: problem)))"
      return
    }
    var count: cl_uint = 0
    let status = clGetPlatformIDs(0, nil, &count)
    guard status == CL_SUCCESS, count > 0 else {
      candidates = []
      absence =
        status == CL_SUCCESS || status == CL_PLATFORM_NOT_FOUND_KHR
        ? OpenCLDrivers.absence : "OpenCL's platforms cannot be listed (\(String(cString: glissade_opencl_error_name(status))))"
      return
    }
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    clGetPlatformIDs(count, &platforms, nil)
    var found: [OpenCLCandidate] = []
    for (index, platform) in platforms.enumerated() {
      guard let platform else { continue }
      found += Self.devices(of: platform, index)
    }
    candidates = found
    absence = found.isEmpty ? "OpenCL has no device" : nil
  }

  /// Why drivers are not even loaded: with too little address space those for processors end the process, since they can start none of
  /// their threads, or their compiler finds no room.
  /// - Parameters:
  ///   - addressSpaceLeft: bytes; `nil` where there is no limit.
  ///   - processors: of the machine, each of which drivers start a thread for.
  static func objection(addressSpaceLeft: Int?, processors: Int) -> String? {
    let needed = (512 + 16 * max(processors, 1)) << 20
    guard let addressSpaceLeft, addressSpaceLeft < needed else { return nil }
    return "too little memory: OpenCL's drivers need \(needed >> 20) MiB, and \(addressSpaceLeft >> 20) MiB are left of the limit on "
      + "address space, ulimit -v"
  }

  private static func devices(of platform: cl_platform_id, _ index: Int) -> [OpenCLCandidate] {
    var count: cl_uint = 0
    guard clGetDeviceIDs(platform, cl_device_type(CL_DEVICE_TYPE_ALL), 0, nil, &count) == CL_SUCCESS, count > 0 else { return [] }
    var devices = [cl_device_id?](repeating: nil, count: Int(count))
    clGetDeviceIDs(platform, cl_device_type(CL_DEVICE_TYPE_ALL), count, &devices, nil)
    let name = text { clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), $0, $1, $2) }
    let version = text { clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_VERSION), $0, $1, $2) }
    return devices.enumerated().compactMap { number, device in
      device.map { describe($0, platform, name, version, "opencl:\(index).\(number)") }
    }
  }

  private static func describe(
    _ device: cl_device_id, _ platform: cl_platform_id, _ platformName: String, _ platformVersion: String, _ identifier: String
  ) -> OpenCLCandidate {
    func string(_ key: Int32) -> String { text { clGetDeviceInfo(device, cl_device_info(key), $0, $1, $2) } }
    func value<Value: FixedWidthInteger>(_ key: Int32, _ type: Value.Type) -> Value {
      var value: Value = 0
      clGetDeviceInfo(device, cl_device_info(key), MemoryLayout<Value>.size, &value, nil)
      return value
    }
    let type = value(CL_DEVICE_TYPE, cl_device_type.self)
    let extensions = Set(string(CL_DEVICE_EXTENSIONS).split(separator: " ").map(String.init))
    let version = string(CL_DEVICE_VERSION).split(separator: " ").dropFirst().first.map(String.init) ?? "1.0"
    let numbers = version.split(separator: ".").compactMap { Int($0) }
    let isRecent = numbers.count == 2 && (numbers[0], numbers[1]) >= (1, 2)
    let information = DeviceInformation(
      identifier: identifier, name: string(CL_DEVICE_NAME), platform: platformName, driver: string(CL_DRIVER_VERSION),
      kind: type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0 ? .gpu : type & cl_device_type(CL_DEVICE_TYPE_CPU) != 0 ? .cpu : .accelerator,
      memoryBytes: value(CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong.self), computeUnits: Int(value(CL_DEVICE_MAX_COMPUTE_UNITS, cl_uint.self)),
      clockMegahertz: Int(value(CL_DEVICE_MAX_CLOCK_FREQUENCY, cl_uint.self)),
      sharesHostMemory: value(CL_DEVICE_HOST_UNIFIED_MEMORY, cl_bool.self) != 0, hasHalfPrecision: extensions.contains("cl_khr_fp16"),
      hasSubgroups: extensions.contains("cl_khr_subgroups") || extensions.contains("cl_intel_subgroups"),
      hasCommandBuffers: extensions.contains("cl_khr_command_buffer"))
    let limits = GroupLimits(
      items: value(CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self), localBytes: Int(clamping: value(CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong.self)),
      hasSubgroups: information.hasSubgroups)
    let fused = value(CL_DEVICE_SINGLE_FP_CONFIG, cl_device_fp_config.self) & cl_device_fp_config(CL_FP_FMA) != 0
    return OpenCLCandidate(
      information: information, platform: platform, device: device, platformVersion: platformVersion,
      nativeVectorWidth: Int(value(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, cl_uint.self)), hasFusedMultiplyAdd: fused, groupLimits: limits,
      largestAllocation: largestAllocation(value(CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong.self), of: information.memoryBytes),
      isUsable: isRecent && value(CL_DEVICE_AVAILABLE, cl_bool.self) != 0 && value(CL_DEVICE_COMPILER_AVAILABLE, cl_bool.self) != 0)
  }

  /// What a driver says of its largest buffer, in whole pages. OpenCL asks for 1 MiB at least, of the smallest devices; less than that, or
  /// nothing, says that the driver does not know.
  static func largestAllocation(_ bytes: cl_ulong, of total: UInt64) -> Int? {
    let most = total > 0 ? min(bytes, total) : bytes
    return most < 1 << 20 ? nil : Int(clamping: most) / 4096 * 4096
  }

  static func text(_ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int) -> String {
    var size = 0
    guard query(0, nil, &size) == CL_SUCCESS, size > 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard query(size, &bytes, nil) == CL_SUCCESS else { return "" }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
