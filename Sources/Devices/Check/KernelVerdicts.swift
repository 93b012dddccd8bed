import GlissadeFormats
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Which kernels have been found to compute what the processor computes: on disk beside the built programs, for each device and driver, so
/// that each is checked once. A file that is damaged, or belongs to another device, is as good as absent, and where there is no folder for
/// caches, every process checks anew.
final class KernelVerdicts: Sendable {
  private let path: String?
  private let folder: String?
  private let head: String
  private let known: Mutex<Set<String>?>

  /// - Parameter identity: device, driver and platform.
  init(identity: String, folder: String? = CacheFolder.path) {
    self.folder = folder
    head = "glissade-verdicts-1 \(Self.hash(identity))"
    path = folder.map { "\($0)/verdicts-\(Self.hash(identity)).txt" }
    known = Mutex(nil)
  }

  /// The keys among some whose kernels have not been found right yet.
  func unknown(of keys: Set<String>) -> Set<String> {
    known.withLock { known in
      if known == nil { known = read() }
      return keys.subtracting(known ?? [])
    }
  }

  /// Remembers kernels as right.
  func add(_ keys: Set<String>) {
    if keys.isEmpty { return }
    known.withLock { known in
      // What another process has found since counts as well.
      known = (known ?? []).union(read()).union(keys)
      guard let path, let folder, let known else { return }
      CacheFolder.make(folder)
      do throws(FormatError) {
        try AtomicFile.write(path: path, text: ([head] + known.sorted()).joined(separator: "\n") + "\n")
      } catch _ {}  // A cache that cannot be written is none.
    }
  }

  private func read() -> Set<String> {
    guard let path, access(path, R_OK) == 0, let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    var lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
    guard lines.first == head else { return [] }
    lines.removeFirst()
    return Set(lines.filter { $0.utf8.count == Self.length })
  }

  /// The length of a key.
  private static let length = 32

  /// 128 bits of a text, as a key: FNV-1a from two beginnings.
  static func hash(_ text: String) -> String {
    var (a, b): (UInt64, UInt64) = (0xcbf2_9ce4_8422_2325, 0x9ae1_6a3b_2f90_404f)
    for byte in text.utf8 {
      a = (a ^ UInt64(byte)) &* 0x100_0000_01b3
      b = (b ^ UInt64(byte)) &* 0x100_0000_01b3
      b ^= b >> 29
    }
    func hex(_ value: UInt64) -> String {
      let digits = String(value, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    return hex(a) + hex(b)
  }
}
