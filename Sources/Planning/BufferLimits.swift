/// How large buffers, and what is in them, may be, in elements of 4 bytes.
public struct BufferLimits: Hashable, Sendable {
  /// The largest buffer. Kernels are told where in it something begins in units of 16 elements, as an int32.
  public let buffer: Int
  /// The largest tensor, and the largest piece of a group's parameters. Kernels count its elements in an int32, and somewhat beyond its end.
  public let tensor: Int

  /// - Parameter largestAllocation: bytes of the largest buffer that the device allocates; `nil` for no limit.
  public init(largestAllocation: Int? = nil) {
    buffer = min((largestAllocation ?? .max) / 4, 1 << 34) / Slice.alignment * Slice.alignment
    tensor = min(buffer, (1 << 31) - (1 << 24))
  }
}

extension DeviceProfile {
  /// How large buffers may be on the device.
  public var limits: BufferLimits { BufferLimits(largestAllocation: largestAllocation) }
}

/// Something that has to be in one buffer and is larger than a buffer can be.
public struct OversizedBuffer: Hashable, Sendable, CustomStringConvertible {
  /// As in `the result [64, 224, 224, 64] of conv2d + bias in features.0`.
  public var what: String
  /// Bytes that it takes.
  public var bytes: Int
  /// Bytes that it may take.
  public var limit: Int

  public var description: String {
    "\(what) needs \(Self.text(bytes)) in one piece, and a buffer there has \(Self.text(limit)) at most"
  }

  /// Bytes for people: whole MiB above a few of them.
  public static func text(_ bytes: Int) -> String {
    bytes >= 8 << 20 ? "\((bytes + (1 << 20) - 1) >> 20) MiB" : "\((bytes + 1023) >> 10) KiB"
  }
}
