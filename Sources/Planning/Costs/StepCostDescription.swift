extension StepCost {
  /// The columns that stand beside a plan's launches: the least time of each, what was measured, what sets the least time.
  /// - Parameter measured: seconds of each launch; `nil` where nothing was measured.
  public func columns(measured: [Double]?) -> [Plan.Column] {
    let least = launches.indices.map { CostText.microseconds(observable($0)) }
    let bounds = launches.map(\.bound.rawValue)
    var columns = [Plan.Column("least µs", least)]
    if let measured { columns.append(Plan.Column("measured µs", measured.map(CostText.microseconds))) }
    return columns + [Plan.Column("bound by", bounds, isRightAligned: false)]
  }

  /// How much of a step's least time is spent in launches that something sets the time of, the largest share first.
  public var shares: [(bound: LaunchCost.Bound, share: Double)] {
    var sums: [LaunchCost.Bound: Double] = [:]
    for cost in launches {
      // A launch's own cost counts as such, whatever it launches.
      sums[cost.bound, default: 0] += cost.bound == .launch ? cost.seconds : cost.computing
      if cost.bound != .launch { sums[.launch, default: 0] += cost.launching }
    }
    return LaunchCost.Bound.allCases.compactMap { bound in sums[bound].map { (bound, $0 / max(inOrder, 1e-12)) } }
      .filter { $0.share > 0 }.sorted { $0.share > $1.share }
  }

  /// The totals for people: the least time and what it consists of, by kernel family, and what holds a GPU back.
  /// - Parameters:
  ///   - plan: the one that this is the cost of.
  ///   - measured: seconds of each launch; `nil` where nothing was measured.
  ///   - step: seconds of a whole step, one after another; `nil` where nothing was measured.
  ///   - findings: how many of the findings are listed.
  public func summary(of plan: Plan, measured: [Double]? = nil, step: Double? = nil, findings count: Int = 12) -> String {
    var lines = [
      "the least time of a step by the model: \(CostText.time(inOrder)), one launch after another; "
        + "\(CostText.time(overlapped)) if all overlapped that do not need each other"
    ]
    if queueing > 0 { lines[0] += "; the host queues them in \(CostText.time(queueing))" }
    if uploading > 0 { lines[0] += "; the batch is brought in \(CostText.time(uploading))" }
    if let step {
      lines.append("a step was measured to take \(CostText.time(step)): the least is \(CostText.percent(seconds / step)) of it")
    }
    lines.append("what sets it: " + shares.map { "\($0.bound.rawValue) \(CostText.percent($0.share))" }.joined(separator: ", "))
    lines += [""] + families(plan, measured)
    let found = figures.unit == nil ? [] : findings(of: plan).prefix(count).filter { $0.avoidable > 0.005 * inOrder }
    if !found.isEmpty {
      lines += ["", "what the step loses beside its bytes and operations, the most costly first:"]
      lines += found.map { "  \(CostText.right(CostText.time($0.avoidable), 8))  \(text(of: $0, plan))" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func families(_ plan: Plan, _ measured: [Double]?) -> [String] {
    var rows: [(name: String, least: Double, measured: Double, bounds: [LaunchCost.Bound: Double])] = []
    for index in launches.indices {
      let name = plan.launches[index].family
      let place = rows.firstIndex { $0.name == name } ?? rows.count
      if place == rows.count { rows.append((name, 0, 0, [:])) }
      rows[place].least += observable(index)
      rows[place].measured += measured?[index] ?? 0
      rows[place].bounds[launches[index].bound, default: 0] += observable(index)
    }
    let title = "FAMILY".padded(18) + ["LEAST µs"].cells + (measured == nil ? "" : ["MEASURED µs", "REACHED"].cells) + "  BOUND BY"
    return [title]
      + rows.sorted { ($1.least, $0.name) < ($0.least, $1.name) }.map { row in
        let reached = measured == nil ? "" : [CostText.microseconds(row.measured), CostText.percent(row.least / row.measured)].cells
        let bounds = LaunchCost.Bound.allCases.compactMap { bound in row.bounds[bound].map { (bound, $0) } }.sorted { $0.1 > $1.1 }
        return row.name.padded(18) + [CostText.microseconds(row.least)].cells + reached + "  "
          + bounds.prefix(2).filter { $0.1 > 0.1 * row.least }.map(\.0.rawValue).joined(separator: ", ")
      }
  }

  private func text(of finding: Finding, _ plan: Plan) -> String {
    let cost = launches[finding.worst]
    let launch = plan.launches[finding.worst]
    let times = finding.count == 1 ? "" : ", \(finding.count) times"
    if finding.kernel == "launches" { return "launches, \(finding.count) of them" }
    let place = launch.note.path.isEmpty ? "" : ", worst in \(launch.note.path)"
    let work = cost.work
    let groups = "\(work.items) work-item\(work.items == 1 ? "" : "s") in \(work.groups) group\(work.groups == 1 ? "" : "s")"
    let reason: String
    switch finding.bound {
    case .waits: reason = "\(groups) wait \(CostText.number(work.waits)) times for memory"
    case .idleUnits: reason = "\(groups), \(CostText.percent(cost.busyShare)) of the device at work"
    case .localMemory: reason = "\(CostText.number(work.feedBytes)) bytes from local memory for each multiply-add"
    case .memory where work.overfetch > 1: reason = "\(CostText.number(work.overfetch)) bytes handed over for each one used"
    case .memory: reason = "tiles read \(CostText.number(Double(work.tileBytes) / Double(max(work.bytes, 1)))) times what they need"
    case .arithmetic: reason = "\(groups), \(CostText.percent(cost.busyShare)) of the device at work, edges that nobody needs included"
    case .dependencies: reason = "\(CostText.number(work.clocks)) clocks for what needs the result before it"
    case .launch: reason = "less than a launch, \(groups)"
    }
    return "\(finding.kernel)\(times)\(place): \(reason)"
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String { CostText.left(self, width) }
}

extension [String] {
  fileprivate var cells: String { map { CostText.right($0, 13) }.joined() }
}
