/// The least time that a plan takes when it is replayed, by a device's figures: what to compare measurements with, and what to expect of a
/// device that is not there.
///
/// A launch takes as long as the slowest of its parts: its bytes, by how long ago they were used and so by which cache still has them; what
/// tiles read again; its operations, by the share of the compute units that has work; and its work-items' waiting for memory. Launches run
/// one after another, as in an in-order queue. The host queues them meanwhile. Nothing in it knows how good the code of a kernel is: it is
/// what no code could be faster than, if kernels share their work out as ours do.
public struct StepCost: Sendable {
  /// In the plan's order.
  public let launches: [LaunchCost]
  public let figures: DeviceFigures
  /// Seconds for all launches, one after another.
  public let inOrder: Double
  /// Seconds if launches that do not need each other's results ran side by side: the longest chain of those that do, and no less than all
  /// bytes and all operations take.
  public let overlapped: Double
  /// Seconds in which the host queues them.
  public let queueing: Double
  /// Seconds in which a step's data is brought to the device.
  public let uploading: Double

  /// Seconds for a step after another: the device's, or what keeps it waiting.
  public var seconds: Double { max(inOrder, queueing, uploading) }

  public init(_ plan: Plan, on figures: DeviceFigures) {
    self.figures = figures
    let works = plan.launches.map { LaunchWork($0, style: figures.style, tile: plan.tile, isNative: figures.hasSmallLaunches) }
    var distances = ReuseDistances()
    let total = works.reduce(0) { $0 + $1.bytes }
    var costs: [LaunchCost] = []
    // Twice, because a step finds what the one before it has left.
    for round in 0..<2 {
      for (launch, work) in zip(plan.launches, works) {
        let found = work.accesses.map { access in
          distances.use(access.slice, isLost: access.isStreamed).map { (elements: $0.elements, distance: $0.distance ?? total) }
        }
        distances.advance(by: work.bytes)
        guard round == 1 else { continue }
        costs.append(LaunchCost(work, distances: found, on: figures, isSmall: figures.hasSmallLaunches && launch.isSmall))
      }
    }
    launches = costs
    inOrder = costs.reduce(0) { $0 + $1.seconds }
    queueing = Double(costs.count) * figures.hostSeconds
    uploading = figures.uploadRate.map { Double(4 * plan.inputsSize) / $0 } ?? 0
    overlapped = max(
      Self.longestChain(plan, costs), costs.reduce(0) { $0 + $1.memory }, costs.reduce(0) { $0 + $1.arithmetic })
  }

  /// What a device tells of a launch's time at least.
  public func observable(_ index: Int) -> Double {
    figures.timesIncludeLaunch ? launches[index].seconds : launches[index].computing
  }

  /// The longest chain of launches that read what others have written.
  private static func longestChain(_ plan: Plan, _ costs: [LaunchCost]) -> Double {
    var ends: [BufferReference: [(slice: Slice, end: Double)]] = [:]
    var longest = 0.0
    for (launch, cost) in zip(plan.launches, costs) {
      func overlaps(_ a: Slice, _ b: Slice) -> Bool { a.offset < b.offset + b.count && b.offset < a.offset + a.count }
      var start = 0.0
      for slice in launch.reads {
        for writer in ends[slice.buffer] ?? [] where overlaps(writer.slice, slice) { start = max(start, writer.end) }
      }
      let end = start + cost.seconds
      for slice in launch.writes {
        // What is overwritten is nobody's result any more.
        ends[slice.buffer, default: []].removeAll {
          slice.offset <= $0.slice.offset && $0.slice.offset + $0.slice.count <= slice.offset + slice.count
        }
        ends[slice.buffer, default: []].append((slice, end))
      }
      longest = max(longest, end)
    }
    return longest
  }
}

extension DeviceFigures {
  /// Whether one thread does alone what is not worth waking others for.
  fileprivate var hasSmallLaunches: Bool { style == .cpu && hostSeconds == 0 }
}
