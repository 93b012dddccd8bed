import GlissadeFormats
import GlissadePlanning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What was measured of a device, on disk beside what `glissade tune` found: a JSON file for each device, driver and style of plans. It
/// counts for a day, because a machine is not as fast on every day.
struct FiguresStore {
  private let identity: TuningIdentity
  private let style: DeviceProfile.Style
  private let folder: String?

  /// Seconds for which figures count.
  private static let age = 86400

  init(_ device: any Device, folder: String? = CacheFolder.path) {
    identity = TuningIdentity(device.information)
    style = device.profile.style
    self.folder = folder
  }

  var path: String? { folder.map { "\($0)/figures-\(style.rawValue)-\(identity.hash).json" } }

  /// What is known; `nil` where nothing is, or it is too old, or not what it should be.
  func load() -> DeviceFigures? {
    guard let path else { return nil }
    var information = stat()
    guard stat(path, &information) == 0, abs(Int(time(nil)) - information.st_mtim.tv_sec) < Self.age,
      let value = try? JSONValue.read(path: path, limit: 1 << 20), value["format"] == .integer(2),
      value["platform"]?.stringValue == identity.platform, value["device"]?.stringValue == identity.device,
      value["driver"]?.stringValue == identity.driver, let figures = value["figures"]
    else { return nil }
    return DeviceFigures(figures, style: style)
  }

  /// Writes them anew. A folder that cannot be written is no error.
  func save(_ figures: DeviceFigures) {
    guard let path, let folder else { return }
    CacheFolder.make(folder)
    let value: JSONValue = [
      "format": 2, "platform": .string(identity.platform), "device": .string(identity.device), "driver": .string(identity.driver),
      "figures": figures.json,
    ]
    try? AtomicFile.write(path: path, text: value.text(pretty: true) + "\n")
  }
}

extension DeviceFigures {
  /// What was measured of a device within the last day, or is measured now and remembered.
  /// - Throws: `DeviceError`.
  public static func known(of device: any Device) throws(DeviceError) -> DeviceFigures {
    let store = FiguresStore(device)
    if var figures = store.load() {
      figures.unit = unit(of: device)
      return figures
    }
    let figures = try measured(on: device)
    store.save(figures)
    return figures
  }

  /// Measured figures without what is known of a unit.
  init?(_ value: JSONValue, style: DeviceProfile.Style) {
    func number(_ key: String) -> Double? { value[key]?.doubleValue.flatMap { $0 > 0 && $0.isFinite ? $0 : nil } }
    func curve(_ key: String) -> Bandwidth? {
      guard let list = value[key]?.arrayValue, !list.isEmpty else { return nil }
      let points = list.compactMap { point -> Bandwidth.Point? in
        guard let bytes = point["bytes"]?.integerValue, let rate = point["bytes_per_second"]?.doubleValue, bytes > 0, rate > 0,
          rate.isFinite
        else { return nil }
        return Bandwidth.Point(bytes: bytes, bytesPerSecond: rate)
      }
      return points.count == list.count ? Bandwidth(points) : nil
    }
    guard let operations = number("operations_per_second"), let copying = curve("copying"), let reading = curve("reading"),
      let inPlace = curve("in_place"), let launch = number("launch_seconds"), let small = number("small_launch_seconds"),
      let host = value["host_seconds"]?.doubleValue, host >= 0, host.isFinite, let units = value["units"]?.integerValue, units > 0,
      let includes = value["times_include_launch"]?.boolValue
    else { return nil }
    self.init(
      style: style, operationsPerSecond: operations, clock: number("clock"), copying: copying, reading: reading, writing: curve("writing"),
      inPlace: inPlace, streaming: number("streaming_bytes_per_second"), streamedCopying: number("streamed_copying_bytes_per_second"),
      launchSeconds: launch, smallLaunchSeconds: small, hostSeconds: host, uploadRate: number("upload_bytes_per_second"), units: units,
      timesIncludeLaunch: includes)
  }

  var json: JSONValue {
    func curve(_ bandwidth: Bandwidth) -> JSONValue {
      .array(bandwidth.points.map { ["bytes": .integer(Int64($0.bytes)), "bytes_per_second": .number($0.bytesPerSecond)] })
    }
    return [
      "operations_per_second": .number(operationsPerSecond), "clock": clock.map { .number($0) } ?? .null, "copying": curve(copying),
      "reading": curve(reading), "writing": writing.map { curve($0) } ?? .null, "in_place": curve(inPlace),
      "streaming_bytes_per_second": streaming.map { .number($0) } ?? .null,
      "streamed_copying_bytes_per_second": streamedCopying.map { .number($0) } ?? .null,
      "launch_seconds": .number(launchSeconds), "small_launch_seconds": .number(smallLaunchSeconds),
      "host_seconds": .number(hostSeconds), "upload_bytes_per_second": uploadRate.map { .number($0) } ?? .null,
      "units": .integer(Int64(units)), "times_include_launch": .bool(timesIncludeLaunch),
    ]
  }
}
