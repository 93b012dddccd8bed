import GlissadeData
import GlissadeDevices
import GlissadeFormats
import GlissadePlanning
import GlissadeTensors

/// What a session that is monitored has beside others.
struct SessionMonitoring {
  /// The session's layout, in which parameters as they were before a step have a place, too.
  let layout: ParameterLayout
  /// These, by the parameters that they are of.
  let earlier: [ParameterID: Parameter]
  /// Where numbers belong, by what steps take: the same whatever the batch is.
  fileprivate var tables: [TrainingSession.Input: HealthTable] = [:]

  init(_ layout: ParameterLayout) { (self.layout, earlier) = layout.including(\.earlier, "before the step") }
}

/// What the monitor measured at a step.
struct StepHealth {
  /// The batch's mean loss, without penalties.
  var loss: Double
  var layers: [LayerHealth]
}

/// Where the monitor's numbers of a step belong.
private struct HealthTable {
  var paths: [String]
  /// Of each trained parameter the layer's place and its elements.
  var parameters: [(layer: Int, count: Int)]
  /// Of each activation, the layer's place, what it is called, and which share is told.
  var activations: [(layer: Int, name: String, share: WritableKeyPath<LayerHealth, Double>?)]
}

extension TrainingSession {
  private static let healthKey = "health"

  /// Makes ready for `measured(fields:_:)`: takes as much memory as trained parameters do.
  func monitor() throws(DeviceError) {
    monitoring = SessionMonitoring(layout)
    if isTrial { return }
    for (group, pieces) in layout.groupPieces.enumerated() {
      for (piece, size) in pieces.enumerated() {
        let reference = BufferReference.earlier(group: group, piece: piece)
        if shared[reference] == nil { shared[reference] = try device.makeBuffer(count: size) }
      }
    }
  }

  /// A training step that is recorded to be looked at: its gradients' squares, what activations come to, the loss; and parameters are copied
  /// to where they can be found after the step.
  func healthRequest(_ batchSize: Int) -> StepRequest {
    let trace = trace(batchSize, .health)
    let graph = trace.graph
    var request = StepRequest(graph: graph, layout: monitoring?.layout ?? layout)
    (request.isExact, request.fuses, request.movesStatistics) = (isExact, fuses, false)
    guard var objective = trace.objective, let loss = trace.loss else { return request }
    if let penalty = penalty(in: graph) { objective = objective + penalty }
    let trained = layout.entries.filter { $0.group != nil }.map(\.parameter)
    let gradients = graph.gradients(of: objective, withRespectTo: trained.map { graph[$0] })
    var figures: [Tensor] = []
    for (parameter, gradient) in zip(trained, gradients) {
      if let copy = monitoring?.earlier[parameter.id] { request.stores.append((copy.id, graph[parameter])) }
      // What has none is told as 0.
      figures.append(gradient?.square().sum() ?? graph.constant(0))
      if let gradient { request.gradients.append((parameter.id, gradient)) }
    }
    figures += trace.layers(isTrained).activations.flatMap(\.figures) + [loss]
    request.outputs = [Self.healthKey: graph.concatenate(figures.map { $0.reshaped(to: [1]) }, axis: 0)]
    return request
  }

  /// How far a step moved each trained parameter, and how large it was before.
  func movementRequest() -> StepRequest {
    let graph = Graph(isTraining: false)
    for (path, parameter) in paths { graph.parameterPaths[parameter.id] = path }
    var request = StepRequest(graph: graph, layout: monitoring?.layout ?? layout)
    var figures: [Tensor] = []
    for entry in layout.entries {
      guard let earlier = monitoring?.earlier[entry.parameter.id] else { continue }
      let before = graph[earlier]
      figures += [(graph[entry.parameter] - before).square().sum(), before.square().sum()]
    }
    request.outputs = [Self.healthKey: graph.concatenate(figures.map { $0.reshaped(to: [1]) }, axis: 0)]
    return request
  }

  private func isTrained(_ id: ParameterID) -> Bool { layout[id]?.group != nil }

  /// Takes one training step and measures the layers at it.
  ///
  /// Before the step its computation is done once more, with the same random numbers and without its updates; after it, what it did to
  /// parameters is looked at. Waits for the device. Of a batch that is computed in parts it is the first part that is looked at.
  /// - Parameters:
  ///   - fields: the batch.
  ///   - step: takes the step.
  func measured(fields: UnsafeBufferPointer<UnsafeRawBufferPointer>, _ step: () throws -> Void) throws -> StepHealth {
    let parts = parts(of: try stage(fields, isTraining: true))
    let count = parts[0].count
    let looking = try stepper(count, .health)
    write(step: steps + 1) { _, count in StepNumbers(rate: 0, count: count + 1) }
    let inputs = isParted ? enter(0, of: parts) : stagedTraining.pointers
    try looking.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: inputs)
    // In memory that steps share.
    var found = try healthNumbers(of: looking)
    let trained = layout.entries.filter { $0.group != nil }
    for (index, entry) in trained.enumerated() where index < found.count && found[index] == .infinity {
      found[index] = try squares(of: entry.gradient)
    }
    try step()
    let last = current
    let moving = try stepper(0, .movement)
    try moving.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: [])
    var moved = try healthNumbers(of: moving)
    for (index, entry) in trained.enumerated() where 2 * index + 1 < moved.count {
      let earlier = monitoring?.earlier[entry.parameter.id].flatMap { monitoring?.layout[$0.id]?.slice }
      if moved[2 * index] == .infinity { moved[2 * index] = try squares(of: entry.slice, since: earlier) }
      if moved[2 * index + 1] == .infinity { moved[2 * index + 1] = try squares(of: earlier) }
    }
    if steppers.values.contains(where: { $0 === last?.stepper }) { current = last } else { current = nil }
    return health(healthTable(count), found, moved)
  }

  /// How the gradients of the step that was queued last are spread, as an optimizer sees them but for clipping by the global norm. Waits for the
  /// device.
  func gradientHistograms() throws(DeviceError) -> [EpochHealth.ParameterHistogram] {
    var arenas: [BufferReference: [Float]] = [:]
    var histograms: [EpochHealth.ParameterHistogram] = []
    for entry in layout.entries {
      guard let slice = entry.gradient, let buffer = shared[slice.buffer] else { continue }
      if arenas[slice.buffer] == nil { arenas[slice.buffer] = try device.read(buffer, count: buffer.count, filler: 0) }
      guard let arena = arenas[slice.buffer] else { continue }
      histograms.append(.init(path: entry.path, histogram: Histogram(arena[slice.offset..<(slice.offset + slice.count)])))
    }
    return histograms
  }

  private func healthNumbers(of stepper: Stepper) throws(DeviceError) -> [Double] {
    guard let output = stepper.plan.outputs[Self.healthKey], let buffer = stepper.memory.buffers[output.slice.buffer] else { return [] }
    return try device.read(buffer, at: output.slice.offset, count: output.slice.count, filler: Float.nan).map(Double.init)
  }

  /// A sum of squares that was too large for float32, once more in double precision: of what is in a place, or of how far that is from what
  /// is in another.
  private func squares(of slice: Slice?, since other: Slice? = nil) throws(DeviceError) -> Double {
    func numbers(_ slice: Slice) throws(DeviceError) -> [Float]? {
      guard let buffer = shared[slice.buffer] else { return nil }
      return try device.read(buffer, at: slice.offset, count: slice.count, filler: Float.nan)
    }
    guard let slice, let values = try numbers(slice) else { return .infinity }
    guard let other else { return values.reduce(0) { $0 + Double($1) * Double($1) } }
    guard let before = try numbers(other) else { return .infinity }
    return zip(values, before).reduce(0) { sum, pair in
      let distance = Double(pair.0) - Double(pair.1)
      return sum + distance * distance
    }
  }

  private func healthTable(_ batchSize: Int) -> HealthTable {
    if let known = monitoring?.tables[input] { return known }
    let (paths, activations) = trace(batchSize, .health).layers(isTrained)
    func place(_ path: String) -> Int { paths.firstIndex(of: path) ?? 0 }
    let table = HealthTable(
      paths: paths,
      parameters: layout.entries.filter { $0.group != nil }.map { (place(StepTrace.layer(ofParameter: $0.path)), $0.slice.count) },
      activations: activations.map { activation in
        let share: WritableKeyPath<LayerHealth, Double>? =
          switch activation.bound {
          case .none: nil
          case .zero: \.dead
          case .saturation: \.saturated
          }
        return (place(activation.layer), activation.name, share)
      })
    monitoring?.tables[input] = table
    return table
  }

  /// Puts numbers to what they are of.
  private func health(_ table: HealthTable, _ found: [Double], _ moved: [Double]) -> StepHealth {
    var layers = table.paths.map { LayerHealth(layer: $0) }
    var sums = layers.map { _ in (gradient: 0.0, movement: 0.0, weights: 0.0) }
    for (index, parameter) in table.parameters.enumerated() where index < found.count && 2 * index + 1 < moved.count {
      layers[parameter.layer].trained += parameter.count
      sums[parameter.layer].gradient += found[index]
      sums[parameter.layer].movement += moved[2 * index]
      sums[parameter.layer].weights += moved[2 * index + 1]
    }
    for (index, sum) in sums.enumerated() where layers[index].trained > 0 {
      layers[index].gradientNorm = sum.gradient.squareRoot()
      layers[index].largestGradientNorm = layers[index].gradientNorm
      layers[index].weightNorm = sum.weights.squareRoot()
      if sum.weights > 0 { layers[index].updateRatio = (sum.movement / sum.weights).squareRoot() }
    }
    var rest = found.dropFirst(table.parameters.count)
    for activation in table.activations {
      layers[activation.layer].activation = activation.name
      layers[activation.layer].mean = rest.popFirst() ?? .nan
      layers[activation.layer].deviation = rest.popFirst().map { max($0, 0).squareRoot() } ?? .nan
      if let share = activation.share { layers[activation.layer][keyPath: share] = rest.popFirst() ?? .nan }
    }
    return StepHealth(loss: rest.first ?? .nan, layers: layers)
  }
}
