/// Names a device buffer that launches read and write.
public enum BufferReference: Hashable, Sendable, CustomStringConvertible {
  /// Intermediate results of a step, laid out by lifetime; in several arenas where one would be larger than a buffer can be.
  case activations(arena: Int)
  /// What the host supplies for a step: a batch and its labels. The same memory as `constants`, so that one copy brings a step everything.
  case inputs
  /// The parameters of a group that is trained; in several pieces where one would be larger than a buffer can be.
  case parameters(group: Int, piece: Int = 0)
  /// Their gradients, in the same layout.
  case gradients(group: Int, piece: Int = 0)
  /// One kind of optimizer state for them (momentum, second moments, …), in the same layout.
  case state(group: Int, slot: Int, piece: Int = 0)
  /// What the parts of a batch have added up so far, in the same layout, where a batch's gradients are computed part by part.
  case gradientSums(group: Int, piece: Int = 0)
  /// Where the parameters of a group started, in the same layout, for groups that are drawn there.
  case anchors(group: Int, piece: Int = 0)
  /// The parameters of a group as they were before a step that is monitored, in the same layout.
  case earlier(group: Int, piece: Int = 0)
  /// Which parameter lies where in a piece of a group's arena, for kernels that take a norm of each (`SegmentTable`).
  case segments(group: Int, piece: Int = 0)
  /// Parameters that are not trained: frozen weights, running statistics.
  case statistics(piece: Int)
  /// What the host tells a step: its number, the seed, learning rates (`StepConstants`, `GroupConstants`).
  case constants
  /// What the device keeps about the run: health, clipping, running sums (`ControlBlock`).
  case control
  /// Zeros that nobody writes.
  case zeros
  /// The plan's own arrays of constants, which nobody writes.
  case arrays

  /// The first arena of intermediate results, and mostly the only one.
  public static var activations: BufferReference { .activations(arena: 0) }
  /// The first piece of the parameters that are not trained, and mostly the only one.
  public static var statistics: BufferReference { .statistics(piece: 0) }

  public var description: String {
    func part(_ number: Int) -> String { number == 0 ? "" : ", part \(number + 1)" }
    return switch self {
    case .activations(let arena): "activations\(part(arena))"
    case .inputs: "inputs"
    case .parameters(let group, let piece): "parameters[\(group)]\(part(piece))"
    case .gradients(let group, let piece): "gradients[\(group)]\(part(piece))"
    case .state(let group, let slot, let piece): "state[\(group)][\(slot)]\(part(piece))"
    case .gradientSums(let group, let piece): "gradient sums[\(group)]\(part(piece))"
    case .anchors(let group, let piece): "anchors[\(group)]\(part(piece))"
    case .earlier(let group, let piece): "earlier[\(group)]\(part(piece))"
    case .segments(let group, let piece): "segments[\(group)]\(part(piece))"
    case .statistics(let piece): "statistics\(part(piece))"
    case .constants: "constants"
    case .control: "control"
    case .zeros: "zeros"
    case .arrays: "arrays"
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

  /// The elements of what the device keeps about the run: a `ControlBlock`, and behind it two for each number that is summed up over the steps.
  public static func controlSize(sums: Int) -> Int { 16 + 2 * sums }
}
