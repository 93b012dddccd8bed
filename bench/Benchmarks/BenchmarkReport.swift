import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// All that a run of benchmarks found, as it is kept in a file.
public struct BenchmarkReport: Sendable {
  /// The number of the file's layout. Keys may be added under the same number; what is there keeps its meaning.
  public static let schema = 1

  public var version: String
  public var device: DeviceInformation
  /// `nil` while they have not been measured.
  public var limits: MachineLimits?
  public var results: [BenchmarkResult]

  /// - Parameters:
  ///   - version: of the program.
  ///   - device: what was measured.
  ///   - limits: `nil` where they have not been measured yet.
  public init(version: String, device: DeviceInformation, limits: MachineLimits?, results: [BenchmarkResult]) {
    self.version = version
    self.device = device
    self.limits = limits
    self.results = results
  }

  /// The report as JSON; times in seconds unless a key says otherwise.
  public var json: JSONValue {
    [
      "schema": .integer(Int64(Self.schema)),
      "glissade_version": .string(version),
      "date": .string(Self.date),
      "machine": [
        "processor": .string(Self.processor), "cores": .integer(Int64(sysconf(Int32(_SC_NPROCESSORS_ONLN)))),
        "system": .string(Self.system),
      ],
      "device": [
        "name": .string(device.name), "kind": .string(device.kind.rawValue), "platform": .string(device.platform),
        "driver": .string(device.driver), "identifier": .string(device.identifier),
      ],
      "limits": limits.map { Self.json(of: $0) } ?? .null,
      "results": .array(results.map(\.json)),
    ]
  }

  private static func json(of limits: MachineLimits) -> JSONValue {
    [
      "fma_gflops": .number(limits.multiplyAddGflops), "copy_gbps": .number(limits.copyGbps),
      "launch_host_us": .number(limits.launchHostMicroseconds), "launch_device_us": .number(limits.launchDeviceMicroseconds),
      "in_place_gbps": .number(limits.inPlaceGbps),
      "copy_curve": .array(limits.copyCurve.map { ["bytes": .integer(Int64($0.bytes)), "gbps": .number($0.gbps)] }),
    ]
  }

  /// UTC, as in `2026-01-31T23:59:59Z`.
  private static var date: String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    var buffer = [CChar](repeating: 0, count: 32)
    let count = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static var processor: String { (try? CPUDevice(threads: 1))?.information.name ?? "unknown" }

  /// The kernel's name, release and architecture.
  private static var system: String {
    var names = utsname()
    guard uname(&names) == 0 else { return "unknown" }
    func text<Field>(_ field: Field) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
  }
}

extension BenchmarkResult {
  /// The result as JSON; what does not apply is left out.
  var json: JSONValue {
    var members: [JSONMember] = [
      JSONMember("suite", .string(suite.rawValue)), JSONMember("name", .string(name)),
      JSONMember("median_seconds", .number(samples.median)), JSONMember("min_seconds", .number(samples.minimum)),
      JSONMember("p90_seconds", .number(samples.p90)), JSONMember("repeats", .integer(Int64(samples.count))),
    ]
    func add(_ key: String, _ value: Double?) { if let value { members.append(JSONMember(key, .number(value))) } }
    func add(_ key: String, _ value: Int?) { if let value { members.append(JSONMember(key, .integer(Int64(value)))) } }
    add("gflops", gflops)
    add("gbps", gbps)
    add("percent_of_limit", percentOfLimit)
    add("percent_of_limit_at_best", percentOfLimitAtBest)
    if let limit { members.append(JSONMember("limit", .string(limit.rawValue))) }
    add("model_seconds", modelSeconds)
    if let modelBound { members.append(JSONMember("model_bound", .string(modelBound.rawValue))) }
    add("device_seconds", deviceSeconds)
    add("host_seconds", hostSeconds)
    add("unfused_seconds", unfusedSeconds)
    add("samples_per_second", samplesPerSecond)
    add("batch_size", batchSize)
    add("launches", launches)
    add("host_us_per_launch", hostMicrosecondsPerLaunch)
    add("arena_bytes", arenaBytes)
    add("peak_resident_bytes", peakResidentBytes)
    add("first_step_seconds", firstStepSeconds)
    if let families { members.append(JSONMember("families", .object(families.map { JSONMember($0.name, .number($0.seconds)) }))) }
    if let steps { members.append(JSONMember("steps", .array(steps.map(\.json)))) }
    return .object(members)
  }
}

extension LaunchTime {
  fileprivate var json: JSONValue {
    [
      "kernel": .string(kernel), "operation": .string(operation), "path": .string(path),
      "shape": .array(shape.dimensions.map { .integer(Int64($0)) }), "seconds": .number(seconds), "flops": .integer(Int64(flops)),
      "bytes": .integer(Int64(byteCount)),
    ]
  }
}
