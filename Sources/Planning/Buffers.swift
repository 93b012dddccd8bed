/// Names a device buffer that launches read and write.
public enum BufferReference: Hashable, Sendable, CustomStringConvertible {
  /// Intermediate results of a step, laid out by lifetime.
  case activations
  /// What the host supplies for a step: a batch and its labels. The same memory as `constants`, so that one copy brings a step everything.
  case inputs
  /// The parameters of a group that is trained.
  case parameters(group: Int)
  /// Their gradients, in the same layout.
  case gradients(group: Int)
  /// One kind of optimizer state for them (momentum, second moments, …), in the same layout.
  case state(group: Int, slot: Int)
  /// Where the parameters of a group started, in the same layout, for groups that are drawn there.
  case anchors(group: Int)
  /// Parameters that are not trained: frozen weights, running statistics.
  case statistics
  /// What the host tells a step: its number, the seed, learning rates (`StepConstants`, `GroupConstants`).
  case constants
  /// What the device keeps about the run: health, clipping, running sums (`ControlBlock`).
  case control
  /// Zeros that nobody writes.
  case zeros

  public var description: String {
    switch self {
    case .activations: "activations"
    case .inputs: "inputs"
    case .parameters(let group): "parameters[\(group)]"
    case .gradients(let group): "gradients[\(group)]"
    case .state(let group, let slot): "state[\(group)][\(slot)]"
    case .anchors(let group): "anchors[\(group)]"
    case .statistics: "statistics"
    case .constants: "constants"
    case .control: "control"
    case .zeros: "zeros"
    }
  }
}

/// Some consecutive elements of a buffer. Slices start at multiples of 16 elements (64 bytes) and are followed by slack that is never
/// written while they are in use, so that kernels may read whole vectors past the end.
public struct Slice: Hashable, Sendable {
  public var buffer: BufferReference
  /// In elements of 4 bytes, a multiple of 16.
  public var offset: Int
  /// In elements.
  public var count: Int

  public init(_ buffer: BufferReference, offset: Int, count: Int) {
    self.buffer = buffer
    self.offset = offset
    self.count = count
  }

  /// The offset as kernels are told it: in units of 16 elements.
  public var unit: Int32 { Int32(truncatingIfNeeded: offset / Slice.alignment) }

  /// Slices start at multiples of this many elements.
  public static let alignment = 16
  /// How many elements past a slice's end a kernel may read: the columns of the widest tile.
  public static let slack = 64

  /// The room that a slice of `count` elements takes, slack and alignment included.
  public static func room(_ count: Int) -> Int { (count + slack + alignment - 1) / alignment * alignment }
}

/// The start of the memory that the host fills for each step.
public enum StepMemory {
  /// The elements of the step's constants: those of the step itself, and those of each parameter group.
  public static func constantsSize(groups: Int) -> Int { 16 * (1 + max(groups, 1)) }
}
