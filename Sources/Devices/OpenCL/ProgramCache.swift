import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Built programs on disk, in `$GLISSADE_CACHE`, `$XDG_CACHE_HOME/glissade` or `~/.cache/glissade`.
///
/// An entry is a header (magic, length and checksum of what follows), the whole key (device, driver, options, source) and the binary. It counts
/// only if all of it is as expected; anything else is as good as absent, and a cache that cannot be written is none.
struct ProgramCache {
  let folder: String?
  private let identity: String
  private static let magic: [UInt8] = Array("GLSDPRG1".utf8)

  init(device: DeviceInformation, platformVersion: String, folder: String? = CacheFolder.path) {
    self.init(folder: folder, identity: [device.platform, platformVersion, device.name, device.driver].joined(separator: "\n"))
  }

  init(folder: String?, identity: String) {
    self.folder = folder
    self.identity = identity
  }

  func binary(source: String, options: String) -> [UInt8]? {
    let key = key(source, options)
    guard let path = path(key), let bytes = Self.read(path) else { return nil }
    let header = Self.magic.count + 24
    guard bytes.count > header, Array(bytes.prefix(Self.magic.count)) == Self.magic else { return nil }
    func number(_ index: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(bytes[Self.magic.count + index * 8 + $1]) << UInt64($1 * 8) }
    }
    let payload = bytes[header...]
    guard number(0) == UInt64(key.count), number(1) == UInt64(payload.count), number(2) == Self.hash(payload),
      payload.starts(with: key)
    else { return nil }
    return Array(payload.dropFirst(key.count))
  }

  func store(_ binary: [UInt8], source: String, options: String) {
    let key = key(source, options)
    guard let path = path(key), let folder else { return }
    CacheFolder.make(folder)
    let payload = key + binary
    var bytes = Self.magic
    for value in [UInt64(key.count), UInt64(payload.count), Self.hash(payload[...])] {
      for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift * 8))) }
    }
    bytes += payload
    // Written aside and renamed: another process sees the whole entry or none.
    let temporary = "\(path).\(getpid())"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard file >= 0 else { return }
    let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    if close(file) != 0 || written != bytes.count || rename(temporary, path) != 0 { unlink(temporary) }
  }

  private func key(_ source: String, _ options: String) -> [UInt8] { Array((identity + "\n" + options + "\n" + source).utf8) }

  private func path(_ key: [UInt8]) -> String? {
    // Two halves of 64 bits; the key itself is compared as well.
    let name = String(Self.hash(key[...]), radix: 16) + String(Self.hash(key.reversed()[...]), radix: 16)
    return folder.map { "\($0)/\(name).program" }
  }

  /// FNV-1a.
  private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return ferror(file) == 0 ? bytes : nil }
      bytes += chunk[..<count]
    }
  }
}
