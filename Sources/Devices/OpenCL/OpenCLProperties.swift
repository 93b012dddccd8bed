import COpenCL
import GlissadeFormats

/// What an OpenCL device says of itself beyond `DeviceInformation`: for those who want to know why something does not work there.
public struct OpenCLProperties: Hashable, Sendable {
  public var vendor: String
  /// As in `OpenCL 3.0 CUDA 12.4.131`.
  public var platformVersion: String
  /// As in `OpenCL 1.2 pocl`.
  public var version: String
  /// As in `OpenCL C 1.2`.
  public var languageVersion: String
  /// `FULL_PROFILE` or `EMBEDDED_PROFILE`.
  public var profile: String
  public var extensions: [String]
  public var isAvailable: Bool
  public var hasCompiler: Bool
  public var isLittleEndian: Bool
  public var hasImages: Bool
  public var addressBits: Int
  /// The largest buffer, in bytes; 0 where unknown.
  public var largestAllocation: UInt64
  /// What buffers begin at multiples of, in bits.
  public var baseAlignmentBits: Int
  /// Local memory of a work-group, in bytes.
  public var localBytes: UInt64
  /// Whether local memory is memory of its own; otherwise it is a part of the ordinary one.
  public var hasOwnLocalMemory: Bool
  /// Work-items of the largest work-group.
  public var groupSize: Int
  /// The largest work-group in each dimension.
  public var itemSizes: [Int]
  /// Bytes of all of a kernel's arguments.
  public var parameterBytes: Int
  public var nativeVectorWidth: Int
  public var preferredVectorWidth: Int
  /// What single precision has of `denormals`, `inf_nan`, `round_to_nearest`, `round_to_zero`, `round_to_infinity`, `fma`,
  /// `correctly_rounded_divide_sqrt`, `software`.
  public var singlePrecision: [String]
  public var hasDoublePrecision: Bool

  /// OpenCL's version as two numbers, whatever the driver's maker writes behind them; `nil` where it is no version.
  var versionNumbers: (major: Int, minor: Int)? {
    guard let word = version.split(separator: " ").dropFirst().first else { return nil }
    let numbers = word.split(separator: ".").map { $0.prefix { $0.isASCII && $0.isNumber } }.compactMap { Int($0) }
    return numbers.count >= 2 ? (numbers[0], numbers[1]) : nil
  }

  /// Why kernels cannot run there, if so.
  var objection: String? {
    if !isAvailable { return "its driver says that it is not available" }
    if !hasCompiler { return "its driver has no compiler for OpenCL C" }
    if version.isEmpty { return "its driver does not say which OpenCL it has" }
    guard let numbers = versionNumbers else { return "its OpenCL calls itself '\(version)', which is no version" }
    if numbers < (1, 2) { return "its OpenCL is \(numbers.major).\(numbers.minor), and kernels need 1.2" }
    if !isLittleEndian { return "its byte order is not the host's" }
    if groupSize < 1 { return "its driver allows no work-group" }
    return nil
  }

  init(_ device: cl_device_id, platformVersion: String) {
    let query = DeviceQuery(device)
    self.platformVersion = platformVersion
    vendor = query.text(CL_DEVICE_VENDOR)
    version = query.text(CL_DEVICE_VERSION)
    languageVersion = query.text(CL_DEVICE_OPENCL_C_VERSION)
    profile = query.text(CL_DEVICE_PROFILE)
    extensions = query.text(CL_DEVICE_EXTENSIONS).split(separator: " ").map(String.init)
    isAvailable = query.flag(CL_DEVICE_AVAILABLE)
    hasCompiler = query.flag(CL_DEVICE_COMPILER_AVAILABLE)
    isLittleEndian = query.flag(CL_DEVICE_ENDIAN_LITTLE)
    hasImages = query.flag(CL_DEVICE_IMAGE_SUPPORT)
    addressBits = Int(query.number(CL_DEVICE_ADDRESS_BITS, cl_uint.self))
    largestAllocation = query.number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong.self)
    baseAlignmentBits = Int(query.number(CL_DEVICE_MEM_BASE_ADDR_ALIGN, cl_uint.self))
    localBytes = query.number(CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong.self)
    hasOwnLocalMemory = query.number(CL_DEVICE_LOCAL_MEM_TYPE, cl_device_local_mem_type.self) == cl_device_local_mem_type(CL_LOCAL)
    groupSize = max(query.number(CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self), 0)
    itemSizes = query.numbers(CL_DEVICE_MAX_WORK_ITEM_SIZES)
    parameterBytes = query.number(CL_DEVICE_MAX_PARAMETER_SIZE, Int.self)
    nativeVectorWidth = Int(query.number(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, cl_uint.self))
    preferredVectorWidth = Int(query.number(CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT, cl_uint.self))
    let features = query.number(CL_DEVICE_SINGLE_FP_CONFIG, cl_device_fp_config.self)
    let names: [(Int32, String)] = [
      (CL_FP_DENORM, "denormals"), (CL_FP_INF_NAN, "inf_nan"), (CL_FP_ROUND_TO_NEAREST, "round_to_nearest"),
      (CL_FP_ROUND_TO_ZERO, "round_to_zero"), (CL_FP_ROUND_TO_INF, "round_to_infinity"), (CL_FP_FMA, "fma"),
      (CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT, "correctly_rounded_divide_sqrt"), (CL_FP_SOFT_FLOAT, "software"),
    ]
    singlePrecision = names.filter { features & cl_device_fp_config($0.0) != 0 }.map(\.1)
    hasDoublePrecision = query.number(CL_DEVICE_DOUBLE_FP_CONFIG, cl_device_fp_config.self) != 0
  }
}

/// Asks a device. What it does not answer is 0, false or empty.
struct DeviceQuery {
  private let device: cl_device_id

  init(_ device: cl_device_id) { self.device = device }

  func text(_ key: Int32) -> String { OpenCLDiscovery.text { clGetDeviceInfo(device, cl_device_info(key), $0, $1, $2) } }

  func number<Value: FixedWidthInteger>(_ key: Int32, _ type: Value.Type) -> Value {
    var value: Value = 0
    // A driver that writes and fails has said nothing.
    return clGetDeviceInfo(device, cl_device_info(key), MemoryLayout<Value>.size, &value, nil) == CL_SUCCESS ? value : 0
  }

  func flag(_ key: Int32) -> Bool { number(key, cl_bool.self) != 0 }

  func numbers(_ key: Int32) -> [Int] {
    var size = 0
    guard clGetDeviceInfo(device, cl_device_info(key), 0, nil, &size) == CL_SUCCESS, (1...256).contains(size) else { return [] }
    var values = [Int](repeating: 0, count: (size + MemoryLayout<Int>.size - 1) / MemoryLayout<Int>.size)
    return clGetDeviceInfo(device, cl_device_info(key), size, &values, nil) == CL_SUCCESS ? values : []
  }
}
