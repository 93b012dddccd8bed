import GlissadeKernels

/// What a launch needs its kernel to be able to do, of what not every program has: a bit for each, as `KERNEL_PARTS` of the kernels has them.
public struct KernelParts: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A part that a launch needs or does not.
  init(_ part: Int, if isNeeded: Bool) { rawValue = isNeeded ? 1 << UInt32(part) : 0 }

  /// What the kernels' text has to begin with, to be compiled with these parts and no others.
  public var definition: String { "#define KERNEL_PARTS \(rawValue)u\n" }
}
