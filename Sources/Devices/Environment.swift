#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The environment's variables; an empty one counts as absent.
enum Environment {
  static subscript(name: String) -> String? {
    guard let value = getenv(name), value[0] != 0 else { return nil }
    return String(cString: value)
  }

  /// The largest buffer that a device may allocate, in bytes: what it says itself, or less where `GLISSADE_LARGEST_ALLOCATION` says so.
  /// - Parameters:
  ///   - own: what the device says; `nil` for no limit.
  ///   - device: for messages.
  static func largestAllocation(_ own: Int?, device: String) throws(DeviceError) -> Int? {
    guard let text = Self["GLISSADE_LARGEST_ALLOCATION"] else { return own }
    guard let bytes = Int(text), bytes >= 1 << 17 else {
      throw DeviceError(
        device: device, call: "GLISSADE_LARGEST_ALLOCATION", error: "'\(text)'", detail: "it has to be a number of bytes, at least 131072")
    }
    return min(own ?? .max, bytes)
  }
}

/// The processor's own name.
enum Processor {
  static let name: String = {
    guard let file = fopen("/proc/cpuinfo", "r") else { return "CPU" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = line.withUnsafeBufferPointer { String(decoding: $0.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
      guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
      return text[text.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    return "CPU"
  }()
}
