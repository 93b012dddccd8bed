import GlissadeKernels

/// The parts of epilogues that a launch needs its kernel to have: a bit for each, as `EPILOGUE_PARTS` of the kernels has them.
public struct EpilogueParts: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A part that an epilogue has or has not.
  init(_ part: Int, if isThere: Bool) { rawValue = isThere ? 1 << UInt32(part) : 0 }

  /// What the kernels' text has to begin with, to be compiled with these parts and no others.
  public var definition: String { "#define EPILOGUE_PARTS \(rawValue)u\n" }
}
