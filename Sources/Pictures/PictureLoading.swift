import Glibc
import GlissadeFormats

/// How pictures come into memory: nothing that changes a single number of them, but for the background.
public struct PictureLoading: Sendable {
  /// Threads that decode and augment, the loader's own included; nil, the default, for as many as there are processors.
  public var threads: Int?
  /// Bytes of decoded pictures that are kept; nil, the default, for a quarter of the machine's memory, or half of what the process may still
  /// have where that is less.
  public var memory: Int?
  /// The share of the pictures that may be unreadable: they are left out and listed. More are an error. One in a hundred by default.
  public var unreadableShare: Double
  /// How large a picture may be.
  public var limits: PictureLimits
  /// The colour behind what is transparent; white by default.
  public var background: Picture.Colour

  /// Creates options.
  public init(
    threads: Int? = nil, memory: Int? = nil, unreadableShare: Double = 0.01, limits: PictureLimits = .standard,
    background: Picture.Colour = .white
  ) {
    self.threads = threads
    self.memory = memory
    self.unreadableShare = unreadableShare
    self.limits = limits
    self.background = background
  }

  var memoryLimit: Int {
    if let memory { return max(0, memory) }
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    let quarter = pages > 0 && size > 0 ? pages / 4 * size : 1 << 30
    return min(quarter, (AvailableMemory.now?.bytes ?? .max) / 2)
  }
}
