/// What a launch asks of a device: memory, operations, and how many work-items have how much to wait for. Taken from the launch alone, its
/// kernel's parameters included; `KernelWork` knows the kernels.
public struct LaunchWork: Sendable {
  /// Memory that a launch goes through once.
  public struct Access: Hashable, Sendable {
    public enum Kind: Hashable, Sendable { case read, written, updated }
    public var slice: Slice
    public var kind: Kind
    /// Whether it is written past a CPU's caches, so that nobody finds it there.
    public var isStreamed = false

    /// Bytes that have to pass, in both directions together.
    public var bytes: Int { 4 * slice.count * (kind == .updated ? 2 : 1) }
  }

  /// Each slice once. What is read and written is updated, in place.
  public var accesses: [Access]
  /// Bytes that come again and again from a cache common to all units, since every tile of a product reads its operands by itself.
  public var tileBytes = 0
  /// Operations as multiply-adds would take the time for: two for any instruction, edges that nobody needs included.
  public var operations = 0.0
  /// Clocks of a CPU's threads, of all of them together, for instructions that need the results of those before them or take one number at a
  /// time, beside the operations.
  public var clocks = 0.0
  /// Bytes of local memory, or of a unit's own cache, for each multiply-add.
  public var feedBytes = 0.0
  /// Independent sums of a work-item, which hide each other's latency.
  public var independentSums = 2
  /// Work-items that have work to do; the index space may have more.
  public var items = 1
  /// Work-items of a group.
  public var groupSize = 1
  /// How often each of them waits for memory, one time after another.
  public var waits = 1.0
  /// Bytes that memory hands over for each one that is used, because neighbouring work-items read what are no neighbours.
  public var overfetch = 1.0
  /// Registers that a work-item needs, roughly.
  public var registers = 32
  /// Bytes of local memory for a group.
  public var localBytes = 0

  /// Groups that have work.
  public var groups: Int { max(1, (items + groupSize - 1) / max(groupSize, 1)) }
  /// Bytes that have to pass at least.
  public var bytes: Int { accesses.reduce(0) { $0 + $1.bytes } }

  /// Work that is nothing but memory and operations.
  public init(accesses: [Access], operations: Double = 0) {
    self.accesses = accesses
    self.operations = operations
  }

  /// The work of a launch on a device that is planned for in a style.
  /// - Parameters:
  ///   - tile: the register tile that products were cut for; the GPUs' where that is not known.
  ///   - isNative: whether a CPU's kernels are the native ones, not a driver's.
  public init(_ launch: Launch, style: DeviceProfile.Style, tile: RegisterTile? = nil, isNative: Bool = true) {
    self.init(accesses: Self.accesses(of: launch))
    operations = 2 * Double(launch.note.flops)
    items = launch.items.0 * launch.items.1 * launch.items.2
    KernelWork(launch, style: style, tile: tile ?? RegisterTile(rows: 2, columns: 16), isNative: isNative).describe(&self)
    // Now that it is known what is only written, and how much of it.
    for index in accesses.indices where style == .cpu && accesses[index].kind == .written {
      accesses[index].isStreamed = accesses[index].slice.count >= Self.streamedCount
    }
    items = max(1, items)
    waits = max(1, waits)
  }

  /// Elements from which on a CPU's kernels store past the caches: `STREAMING_COUNT` of `Kernels/language.h`.
  package static let streamedCount = 2 << 20

  private static func accesses(of launch: Launch) -> [Access] {
    let written = Set(launch.writes)
    let read = Set(launch.reads)
    // In the launch's order, so that sums of times are the same every time.
    var seen = Set<Slice>()
    return (launch.reads + launch.writes).filter { $0.count > 0 && seen.insert($0).inserted }.map { slice in
      Access(slice: slice, kind: !written.contains(slice) ? .read : read.contains(slice) ? .updated : .written)
    }
  }
}
