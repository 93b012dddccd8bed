import GlissadeKernels
import GlissadePlanning

/// Plans of the kernels that do nothing but reach a limit.
package enum LimitPlans {
  /// Fused multiply-adds in registers.
  /// - Parameter rounds: multiply-adds of every accumulator.
  package static func multiplyAdd(rounds: Int, for profile: DeviceProfile) -> Plan {
    let items = profile.shares
    let isCPU = profile.style == .cpu
    let lanes = isCPU ? 16 : 1
    let tile = profile.tile.rows * profile.tile.columns / 16
    let chains =
      isCPU ? max(Int(FMA_PEAK_MINIMUM_CHAINS), min(tile, Int(FMA_PEAK_MAXIMUM_CHAINS))) : Int(FMA_PEAK_GPU_CHAINS)
    let output = Slice(.activations, offset: 0, count: items * lanes)
    // Goes to 1, so that no number is subnormal or overflows.
    let parameters = FMAPeakParameters(y: output.unit, rounds: Int32(rounds), factor: 0.5, addend: 0.5)
    let launch = Launch(
      "fma_peak", items: items, writes: [output], flops: 2 * rounds * chains * lanes * items, parameters: parameters)
    return Plan(launches: [launch], activationsSize: Slice.room(output.count))
  }

  /// How a copy writes.
  package enum CopyKind: Int32, CaseIterable {
    case plain = 0
    /// Past the caches, where there are such stores.
    case streaming = 1
    /// Where it has read.
    case inPlace = 2
  }

  private static func copyCount(bytes: Int) -> Int { max(1, (bytes / 8 + 15) / 16) * 16 }

  /// Where a copy goes: half a page off, because loads wait for earlier stores to addresses that are equal in their last 12 bits.
  private static func copyTarget(_ count: Int) -> Int { (Slice.room(count) + 1023) / 1024 * 1024 + 512 }

  /// The size of arena that copies of so many bytes, read and written, need.
  package static func copyElements(bytes: Int) -> Int {
    let count = copyCount(bytes: bytes)
    return copyTarget(count) + Slice.room(count)
  }

  /// A copy.
  /// - Parameter bytes: read and written together.
  package static func copy(bytes: Int, _ kind: CopyKind, for profile: DeviceProfile) -> Plan {
    let count = copyCount(bytes: bytes)
    let source = Slice(.activations, offset: 0, count: count)
    let target = kind == .inPlace ? source : Slice(.activations, offset: copyTarget(count), count: count)
    let parameters = CopyPeakParameters(x: source.unit, y: target.unit, count: Int32(count), kind: kind.rawValue, addend: 0)
    let launch = Launch("copy_peak", items: profile.shares(of: count), reads: [source], writes: [target], parameters: parameters)
    return Plan(launches: [launch], activationsSize: kind == .inPlace ? Slice.room(count) : copyElements(bytes: bytes))
  }

  /// Sums of rows: reading, and next to no writing.
  /// - Parameter bytes: read.
  package static func reading(bytes: Int, for profile: DeviceProfile) -> Plan {
    let columns = min(4096, max(16, bytes / 4 / 16 * 16))
    let rows = max(1, bytes / 4 / columns)
    let source = Slice(.activations, offset: 0, count: rows * columns)
    let sums = Slice(.activations, offset: Slice.room(source.count), count: rows)
    let parameters = ReduceRowsParameters(
      in: source.unit, out: sums.unit, rows: Int32(rows), columns: Int32(columns), chunk: Int32(columns), operation: Int32(REDUCE_SUM),
      scale: 1)
    let launch = Launch(
      "reduce_rows", items: profile.shares(of: source.count), reads: [source], writes: [sums], parameters: parameters)
    return Plan(launches: [launch], activationsSize: Slice.room(source.count) + Slice.room(rows))
  }

  /// Writing.
  /// - Parameters:
  ///   - bytes: written.
  ///   - isStreamed: whether in one launch, which goes past the caches where kernels store so much that way; otherwise in launches of too little
  ///     for that.
  package static func filling(bytes: Int, isStreamed: Bool, for profile: DeviceProfile) -> Plan {
    let count = max(16, bytes / 4 / 16 * 16), most = isStreamed ? count : LaunchWork.streamedCount / 2
    let launches = stride(from: 0, to: count, by: most).map { start in
      let target = Slice(.activations, offset: start, count: min(most, count - start))
      // Not zeros: some machines write those twice as fast as anything else.
      let parameters = FillParameters(out: target.unit, count: Int32(target.count), value: 1)
      return Launch("fill", items: profile.shares(of: target.count), writes: [target], parameters: parameters)
    }
    return Plan(launches: launches, activationsSize: Slice.room(count))
  }

  /// Of each row of a matrix one number, at a random column: what costs is that each is somewhere else.
  /// - Parameter table: where the matrix lies; in front of the result where that is `nil`.
  package static func picking(rows: Int, columns: Int, from table: Slice? = nil, for profile: DeviceProfile) -> Plan {
    let source = table ?? Slice(.activations, offset: 0, count: rows * columns)
    let room = table == nil ? Slice.room(source.count) : 0
    let picked = Slice(.activations, offset: room, count: rows)
    let parameters = PickPeakParameters(x: source.unit, y: picked.unit, rows: Int32(rows), columns: Int32(columns))
    let launch = Launch("pick_peak", items: profile.shares(of: rows), reads: [source], writes: [picked], parameters: parameters)
    return Plan(launches: [launch], activationsSize: room + Slice.room(rows))
  }

  /// Multiply-adds that need each other's results, by each thread for itself.
  package static func chain(rounds: Int, for profile: DeviceProfile) -> Plan {
    let items = max(profile.workers, 1)
    let output = Slice(.activations, offset: 0, count: items)
    let parameters = FMAPeakParameters(y: output.unit, rounds: Int32(rounds), factor: 0.5, addend: 0.5)
    let launch = Launch("fma_chain", items: items, writes: [output], flops: 2 * rounds * items, parameters: parameters)
    return Plan(launches: [launch], activationsSize: Slice.room(output.count))
  }

  /// Launches that do nothing.
  /// - Parameters:
  ///   - count: how many.
  ///   - isShared: whether all of a device's threads take part; otherwise each has one work-item, which a CPU's caller does itself.
  package static func empty(count: Int, isShared: Bool, for profile: DeviceProfile) -> Plan {
    // From this many bytes on, the CPU device shares a launch out.
    let output = Slice(.activations, offset: 0, count: isShared ? 1 << 16 : 16)
    let launch = Launch(
      "empty_launch", items: isShared ? profile.shares : 1, writes: [output], parameters: EmptyLaunchParameters(y: output.unit, never: 0))
    return Plan(launches: Array(repeating: launch, count: count), activationsSize: Slice.room(output.count))
  }
}
