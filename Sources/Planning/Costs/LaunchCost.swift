/// The least time that a launch takes, and what sets it.
public struct LaunchCost: Sendable {
  /// What a launch cannot be faster than.
  public enum Bound: String, CaseIterable, Hashable, Sendable {
    /// Bytes, from memory or from the caches that hold them.
    case memory
    /// Operations.
    case arithmetic
    /// A CPU's instructions that need the results of those before them, or take one number at a time.
    case dependencies
    /// Bytes from local memory, or from a unit's own cache, to the arithmetic.
    case localMemory = "local memory"
    /// Too few work-groups for the device's compute units, or too few work-items in them.
    case idleUnits = "idle units"
    /// Work-items that wait for one load after another, too few of them to wait side by side.
    case waits
    /// The launch itself.
    case launch
  }

  public var work: LaunchWork
  /// Seconds for its bytes, as memory hands them over.
  public var memory: Double
  /// Seconds for what tiles read again from a cache common to all units.
  public var tiles: Double
  /// Seconds for its operations if every unit is at work.
  public var arithmetic: Double
  /// Seconds for instructions that wait for those before them, likewise, beside the operations.
  public var dependencies: Double
  /// Seconds for bringing operands from local memory, likewise.
  public var feeding: Double
  /// Seconds in which work-items wait for memory.
  public var waiting: Double
  /// Seconds beside that: from the launch before to this one.
  public var launching: Double
  /// The share of the device's arithmetic that has something to do, from above 0 to 1.
  public var busyShare: Double
  /// Work-groups that a compute unit holds at a time.
  public var groupsPerUnit: Int
  /// Seconds for its bytes and operations, if nothing else were in the way.
  public var unavoidable: Double

  /// Whether bytes and instructions hide each other but in part, as on a CPU: whatever misses its caches holds up what needs it, and a thread has
  /// room for some hundred instructions beside that.
  private let hidesInPart: Bool

  /// Seconds for its instructions, by those units that have work.
  private var instructions: Double { (max(arithmetic, feeding) + dependencies) / busyShare }
  /// Seconds for its bytes and its instructions: the longer of the two, and on a CPU up to half as much again, the root of the sum of their squares.
  private var working: Double {
    hidesInPart ? (memory * memory + instructions * instructions).squareRoot() : max(memory, instructions)
  }
  /// Seconds on the device, without the launch.
  public var computing: Double { max(working, tiles, waiting) }
  /// Seconds of both.
  public var seconds: Double { launching + computing }
  /// What of it better sharing out could save.
  public var avoidable: Double { max(0, computing - unavoidable) }

  /// What sets the time.
  public var bound: Bound {
    let time = computing
    if launching >= time { return .launch }
    if waiting == time { return .waits }
    if tiles == time || memory >= instructions { return .memory }
    if busyShare < 2.0 / 3 { return .idleUnits }
    if dependencies > max(arithmetic, feeding) { return .dependencies }
    return feeding > arithmetic ? .localMemory : .arithmetic
  }

  /// - Parameters:
  ///   - work: what is to be done.
  ///   - distances: for each of its accesses, the elements by how many bytes ago they were used.
  ///   - figures: the device.
  ///   - isSmall: whether one of a CPU's threads does it alone.
  init(_ work: LaunchWork, distances: [[(elements: Int, distance: Int)]], on figures: DeviceFigures, isSmall: Bool = false) {
    self.work = work
    hidesInPart = figures.style == .cpu
    let units = isSmall ? 1 : figures.units
    let (perfect, farthest) = Self.traffic(of: work, distances, on: figures)
    // Bandwidths are those of all units together.
    memory = perfect * work.overfetch * Double(figures.units / units)
    tiles = Double(work.tileBytes) / figures.reading.rate(at: 0)
    arithmetic = work.operations / figures.operationsPerSecond
    dependencies = figures.clock.map { work.clocks / ($0 * Double(figures.units)) } ?? 0
    unavoidable = max(perfect, arithmetic)
    launching = isSmall ? figures.smallLaunchSeconds : figures.launchSeconds
    (feeding, waiting, busyShare, groupsPerUnit) = (0, 0, 1, 1)
    // Whole groups for each unit: the last ones leave the others idle.
    let groupsEach = (work.groups + units - 1) / units
    busyShare = Double(work.groups) / Double(groupsEach * figures.units)
    guard let unit = figures.unit else { return }
    let size = max(work.groupSize, 1)
    groupsPerUnit = max(
      1,
      [
        unit.residentItems / size, unit.residentGroups, unit.registers / max(min(work.registers, unit.registersPerItem) * size, 1),
        work.localBytes > 0 ? unit.localBytes / work.localBytes : .max,
      ].min() ?? 1)
    let resident = Double(min(groupsEach, groupsPerUnit) * min(size, work.items))
    let saturating = Double(unit.lanes * unit.arithmeticLatency) / Double(max(work.independentSums, 1))
    busyShare *= min(1, resident / saturating)
    if work.feedBytes > 0 {
      let clocks = work.feedBytes * Double(unit.lanes) / Double(unit.localBytesPerClock)
      feeding = arithmetic * clocks
    }
    let latency = farthest <= figures.reading.points.first?.bytes ?? 0 ? unit.cacheLatency : unit.memoryLatency
    waiting = work.waits * latency * max(1, Double(work.groups) / Double(units * groupsPerUnit))
  }

  /// Seconds for the bytes of a launch, each passing once, and how long ago the oldest of them were used.
  private static func traffic(
    of work: LaunchWork, _ distances: [[(elements: Int, distance: Int)]], on figures: DeviceFigures
  ) -> (seconds: Double, farthest: Int) {
    var (read, written, updated) = (0.0, 0.0, 0.0)
    // Bytes, and those of the written ones that are hidden behind reading.
    var (bytesRead, bytesWritten, bytesHidden) = (0.0, 0.0, 0.0)
    var farthest = 0
    for (access, pieces) in zip(work.accesses, distances) {
      for piece in pieces {
        farthest = max(farthest, piece.distance)
        let bytes = 4 * Double(piece.elements)
        switch access.kind {
        case .read:
          read += bytes * figures.secondsPerByteRead(at: piece.distance)
          bytesRead += bytes
        case .written:
          written += bytes * figures.secondsPerByteWritten(at: piece.distance, isStreamed: access.isStreamed)
          bytesWritten += bytes
          bytesHidden += bytes * figures.overlap(at: piece.distance, isStreamed: access.isStreamed)
        case .updated: updated += bytes * figures.secondsPerByteUpdated(at: piece.distance)
        }
      }
    }
    guard bytesRead > 0, bytesWritten > 0 else { return (read + written + updated, farthest) }
    // As many bytes as a copy would have, each pair of which hides a part of the shorter one.
    let pairs = min(bytesRead, bytesWritten)
    let hidden = pairs * bytesHidden / bytesWritten * min(read / bytesRead, written / bytesWritten)
    return (max(read + written - hidden, read, written) + updated, farthest)
  }
}
