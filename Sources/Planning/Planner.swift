import GlissadeTensors

/// Makes a plan of a traced step: takes composites apart, fuses, turns operations into launches, lays out memory.
public struct Planner: Sendable {
  /// The device that the plan is for.
  public let profile: DeviceProfile

  public init(profile: DeviceProfile) { self.profile = profile }

  /// Plans a step.
  /// - Throws: `ShapeError`, the first that was found while the model was traced.
  public func plan(_ request: StepRequest) throws(ShapeError) -> Plan { try planned(request).plan }

  /// Plans a step, and says which launches compute which of its fused operations.
  func planned(_ request: StepRequest) throws(ShapeError) -> (plan: Plan, graph: Graph, units: [(unit: Fusion.Unit, launches: Range<Int>)])
  {
    if let error = request.graph.firstError { throw error }
    var roots = request.outputs.values.map(\.id) + request.gradients.map(\.gradient.id) + request.stores.map(\.value.id)
    roots += [request.loss, request.correct].compactMap { $0?.id } + request.sums.map(\.id)
    if request.movesStatistics { roots += request.graph.runningStatistics.flatMap { [$0.batchMean, $0.batchVariance] } }
    let (graph, values) = request.graph.decomposed(keeping: roots)
    if let error = graph.firstError { throw error }
    func value(_ tensor: Tensor) -> ValueID { values[tensor.id] ?? .init(node: 0) }

    let profile = profile.suiting(graph)
    let fusion = Fusion(graph, roots: roots.compactMap { values[$0] }, isEnabled: request.fuses)
    let (destinations, copies) = gradientDestinations(request, graph, value)
    var lowering = Lowering(
      graph: graph, profile: profile, layout: request.layout, destinations: destinations, roots: roots.compactMap { values[$0] },
      isExact: request.isExact)
    // Inputs get their places even where pruning left them unread, so that the host can always write them.
    for (index, node) in graph.nodes.enumerated() {
      if case .input = node.operation { _ = lowering.slot(ValueID(node: index)) }
    }
    var units: [(unit: Fusion.Unit, launches: Range<Int>)] = []
    for unit in fusion.units {
      let first = lowering.pending.count
      lowering.lower(unit)
      units.append((unit, first..<lowering.pending.count))
    }
    for (value, slice) in copies { lowering.copy(lowering.slot(value), to: lowering.fixed(slice)) }
    let outputs = request.outputs.mapValues { (slot: lowering.slot(value($0)), type: $0.type) }
    let loss = request.loss.map { lowering.slot(value($0)) }
    let correct = request.correct.map { lowering.slot(value($0)) }
    let sums = request.sums.map { lowering.slot(value($0)) }
    if let loss {
      lowering.lowerStepEnd(loss: loss, correct: correct, sampleCount: request.sampleCount, isFractional: request.isFractional)
      lowering.lowerSums(sums)
    }
    let firstUpdate = lowering.pending.count
    if request.addsGradients { for group in request.layout.groupPieces.indices { lowering.lowerGradientSums(group: group) } }
    if !request.updates.isEmpty {
      for (group, strength) in request.anchorStrengths.enumerated() where strength != 0 {
        lowering.lowerStayClose(group: group, strength: strength)
      }
      if let norm = request.clippingNorm { lowering.lowerClipping(to: norm) }
      for (group, rule) in request.updates.enumerated() { try lowering.lowerUpdate(try rule.compiled(), group: group) }
    }
    for (parameter, value) in request.stores {
      if let slice = request.layout[parameter]?.slice {
        lowering.copy(lowering.slot(values[value.id] ?? .init(node: 0)), to: lowering.fixed(slice))
      }
    }
    if request.graph.isTrainingStep, request.movesStatistics {
      lowering.lowerRunningUpdates(
        request.graph.runningStatistics.map {
          ($0, mean: values[$0.batchMean] ?? .init(node: 0), variance: values[$0.batchVariance] ?? .init(node: 0))
        })
    }
    let kept = outputs.values.map(\.slot) + [loss, correct].compactMap { $0 } + sums
    var plan = Placement(lowering, keeping: kept).plan
    plan.outputs = outputs.mapValues { (plan.slices[$0.slot.index], $0.type) }
    plan.firstUpdate = firstUpdate
    plan.tile = profile.tile
    plan.slices = []
    return (plan, graph, units)
  }

  /// Gradients are computed where they belong. Where one value is the gradient of two parameters, or is not computed at all (an input, say),
  /// it is copied there.
  private func gradientDestinations(
    _ request: StepRequest, _ graph: Graph, _ value: (Tensor) -> ValueID
  ) -> (destinations: [ValueID: Slice], copies: [(ValueID, Slice)]) {
    var destinations: [ValueID: Slice] = [:]
    var copies: [(ValueID, Slice)] = []
    for (parameter, gradient) in request.gradients {
      guard let slice = request.layout[parameter]?.gradient else { continue }
      let id = graph.resolved(value(gradient))
      switch graph.nodes[id.node].operation {
      case .input, .parameter, .constant, .array: copies.append((id, slice))
      default:
        if destinations[id] == nil { destinations[id] = slice } else { copies.append((id, slice)) }
      }
    }
    return (destinations, copies)
  }
}
