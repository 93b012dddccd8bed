import COpenCL
import GlissadeFormats
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
  /// What else it says of itself.
  public let properties: OpenCLProperties
  let platform: cl_platform_id
  let device: cl_device_id
  let groupLimits: GroupLimits
  /// Bytes of the largest buffer; `nil` where the device says nothing that can be true.
  let largestAllocation: Int?

  /// Where its choice of kernels for products will come from.
  public var tuning: DeviceTuning {
    let wanted = Environment["GLISSADE_OPENCL_STYLE"].flatMap(DeviceProfile.Style.init(rawValue:))
    return DeviceTuning(information, style: wanted ?? style, within: groupLimits)
  }

  /// Whether its driver is PoCL, which has to be handled in its own way. A platform that does not answer with its name is known by its version,
  /// or by the device's.
  var isPoCL: Bool { Self.isPoCL(platform: information.platform, versions: [properties.platformVersion, properties.version]) }

  /// - Parameters:
  ///   - platform: its name; anything where it does not say.
  ///   - versions: of OpenCL, as the platform and the device say; empty where they do not.
  static func isPoCL(platform: String, versions: [String]) -> Bool {
    platform == "Portable Computing Language" || versions.contains { $0.lowercased().split(separator: " ").contains("pocl") }
  }

  /// How it is planned for unless somebody wants otherwise. Mesa's device on the processor is a GPU in this: neighbouring work-items are
  /// the lanes of its vectors, so that a kernel's vector of 16 floats is 16 vectors there, and some kernels take half a minute to compile.
  public var style: DeviceProfile.Style { information.kind == .cpu && information.platform != "rusticl" ? .cpu : .gpu }

  /// The kernels for products that its class starts with.
  var defaultProducts: ProductTuning {
    DefaultTuning.products(of: DeviceClass(information), computeUnits: information.computeUnits, within: groupLimits)
  }

  /// Why an open device cannot be used, before trying.
  public var objection: String? { fault ?? Self.knownFault(of: information, threads: Environment["LP_NUM_THREADS"]) }
  /// What it says of itself that keeps kernels from running there.
  let fault: String?

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
  /// Platforms that could not be asked for their devices, and why; one line each.
  public let problems: [String]

  public init() { self = DriverOutput.kept { Self.found() } }

  private init(_ candidates: [OpenCLCandidate] = [], absence: String?, problems: [String] = []) {
    self.candidates = candidates
    self.absence = absence
    self.problems = problems
  }

  private static func found() -> OpenCLDiscovery {
    if let objection = objection(addressSpaceLeft: HostMemory.addressSpaceLeft, processors: sysconf(Int32(_SC_NPROCESSORS_ONLN))) {
      return OpenCLDiscovery(absence: objection)
    }
    if let problem = glissade_opencl_load(nil) {
      return OpenCLDiscovery(absence: "no OpenCL library could be opened (\(printable(String(cString: problem))))")
    }
    var count: cl_uint = 0
    var status = clGetPlatformIDs(0, nil, &count)
    var platforms = [cl_platform_id?](repeating: nil, count: Int(status == CL_SUCCESS ? count : 0))
    if !platforms.isEmpty { status = clGetPlatformIDs(count, &platforms, nil) }
    guard status == CL_SUCCESS, !platforms.isEmpty else {
      return OpenCLDiscovery(
        absence: status == CL_SUCCESS || status == CL_PLATFORM_NOT_FOUND_KHR
          ? OpenCLDrivers.absence : "OpenCL's platforms cannot be listed (\(OpenCLStatus.name(of: status)))")
    }
    var candidates: [OpenCLCandidate] = []
    var problems: [String] = []
    for (index, platform) in platforms.enumerated() {
      guard let platform else { continue }
      switch devices(of: platform, index) {
      case .success(let devices): candidates += devices
      case .failure(let problem): problems.append(problem.text)
      }
    }
    let absence = candidates.isEmpty ? (["OpenCL has no device"] + problems).joined(separator: "; ") : nil
    return OpenCLDiscovery(candidates, absence: absence, problems: problems)
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

  private struct Problem: Error { let text: String }

  /// A platform that fails leaves the others as they are.
  private static func devices(of platform: cl_platform_id, _ index: Int) -> Result<[OpenCLCandidate], Problem> {
    let ownName = text { clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), $0, $1, $2) }
    let name = ownName.isEmpty ? "a platform without a name" : ownName
    let version = text { clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_VERSION), $0, $1, $2) }
    let type = cl_device_type(CL_DEVICE_TYPE_ALL)
    var count: cl_uint = 0
    var status = clGetDeviceIDs(platform, type, 0, nil, &count)
    if status == CL_DEVICE_NOT_FOUND || status == CL_SUCCESS && count == 0 { return .success([]) }
    var devices = [cl_device_id?](repeating: nil, count: Int(status == CL_SUCCESS ? count : 0))
    if status == CL_SUCCESS { status = clGetDeviceIDs(platform, type, count, &devices, nil) }
    guard status == CL_SUCCESS else {
      let platform = "platform \(index)" + (ownName.isEmpty ? "" : " (\(ownName))")
      return .failure(Problem(text: "\(platform): \(OpenCLStatus(device: "opencl:\(index)").error(status, "clGetDeviceIDs").failure)"))
    }
    return .success(
      devices.enumerated().compactMap { number, device in
        device.map { describe($0, platform, name, version, "opencl:\(index).\(number)") }
      })
  }

  private static func describe(
    _ device: cl_device_id, _ platform: cl_platform_id, _ platformName: String, _ platformVersion: String, _ identifier: String
  ) -> OpenCLCandidate {
    let query = DeviceQuery(device)
    let properties = OpenCLProperties(device, platformVersion: platformVersion)
    let type = query.number(CL_DEVICE_TYPE, cl_device_type.self)
    let extensions = Set(properties.extensions)
    let name = query.text(CL_DEVICE_NAME)
    let information = DeviceInformation(
      identifier: identifier, name: name.isEmpty ? "a device without a name" : name, platform: platformName,
      driver: query.text(CL_DRIVER_VERSION),
      kind: type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0 ? .gpu : type & cl_device_type(CL_DEVICE_TYPE_CPU) != 0 ? .cpu : .accelerator,
      memoryBytes: query.number(CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong.self),
      computeUnits: Int(query.number(CL_DEVICE_MAX_COMPUTE_UNITS, cl_uint.self)),
      clockMegahertz: Int(query.number(CL_DEVICE_MAX_CLOCK_FREQUENCY, cl_uint.self)),
      sharesHostMemory: query.flag(CL_DEVICE_HOST_UNIFIED_MEMORY), hasHalfPrecision: extensions.contains("cl_khr_fp16"),
      hasSubgroups: extensions.contains("cl_khr_subgroups") || extensions.contains("cl_intel_subgroups"),
      hasCommandBuffers: extensions.contains("cl_khr_command_buffer"))
    // Our groups are neighbours in the first dimension.
    let items = min(properties.groupSize, max(properties.itemSizes.first ?? properties.groupSize, 1))
    let limits = GroupLimits(items: items, localBytes: Int(clamping: properties.localBytes), hasSubgroups: information.hasSubgroups)
    // What custom devices run is built in.
    let isCustom = type & cl_device_type(CL_DEVICE_TYPE_CUSTOM) != 0
    return OpenCLCandidate(
      information: information, properties: properties, platform: platform, device: device, groupLimits: limits,
      largestAllocation: largestAllocation(properties.largestAllocation, of: information.memoryBytes),
      fault: isCustom ? "it runs no programs but its own" : properties.objection)
  }

  /// What a driver says of its largest buffer, in whole pages. OpenCL asks for 1 MiB at least, of the smallest devices; less than that, or
  /// nothing, says that the driver does not know.
  static func largestAllocation(_ bytes: cl_ulong, of total: UInt64) -> Int? {
    let most = total > 0 ? min(bytes, total) : bytes
    return most < 1 << 20 ? nil : Int(clamping: most) / 4096 * 4096
  }

  /// What a driver says, on one line and fit for terminals, messages and files' names, whatever is in it.
  static func text(_ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int) -> String {
    var size = 0
    guard query(0, nil, &size) == CL_SUCCESS, (1...(1 << 24)).contains(size) else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard query(size, &bytes, nil) == CL_SUCCESS else { return "" }
    let words = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    return printable(words.joined(separator: " "), limit: .max)
  }
}
