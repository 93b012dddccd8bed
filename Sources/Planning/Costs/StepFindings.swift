extension StepCost {
  /// Launches of one kernel that lose time for one reason.
  public struct Finding: Sendable {
    public var kernel: String
    public var bound: LaunchCost.Bound
    /// How many launches.
    public var count: Int
    /// Seconds that their bytes and operations do not account for, together.
    public var avoidable: Double
    /// The most costly of them, by its place in the plan.
    public var worst: Int
  }

  /// What holds the device back beside bytes and operations, the most costly first.
  /// - Parameter plan: the one that this is the cost of.
  public func findings(of plan: Plan) -> [Finding] {
    var found: [Finding] = []
    for (index, cost) in launches.enumerated() {
      let bound = cost.bound
      guard cost.avoidable > 0 else { continue }
      let name = plan.launches[index].kernelName
      if let place = found.firstIndex(where: { $0.kernel == name && $0.bound == bound }) {
        found[place].count += 1
        found[place].avoidable += cost.avoidable
        if cost.avoidable > launches[found[place].worst].avoidable { found[place].worst = index }
      } else {
        found.append(Finding(kernel: name, bound: bound, count: 1, avoidable: cost.avoidable, worst: index))
      }
    }
    let launching = launches.reduce(0) { $0 + $1.launching }
    if launching > 0, let longest = launches.indices.max(by: { launches[$0].launching < launches[$1].launching }) {
      found.append(Finding(kernel: "launches", bound: .launch, count: launches.count, avoidable: launching, worst: longest))
    }
    return found.sorted { ($1.avoidable, $0.kernel, $0.bound.rawValue) < ($0.avoidable, $1.kernel, $1.bound.rawValue) }
  }
}
