import Glissade
import GlissadeDevices
import GlissadePlanning

/// An update as other OpenCL backends do it: for every tensor, one launch for each operation of the formula. Results go where the operands
/// were, as they do there.
struct UnfusedUpdate {
  let plan: Plan
  let layout: ParameterLayout
  let memory: [BufferReference: any DeviceBuffer]
  let constants: [UInt8]

  init(of row: OptimizerCase, _ shapes: [Shape], on device: any Device) throws {
    let graph = Graph(isTraining: true)
    // Group 0 holds the parameters, the groups after it the states, and then where parameters started, or sums of gradients; the gradients
    // themselves are frozen.
    let names = row.rule.stateNames
    let beside = row.before.isOfAnchors || row.before == .adding ? 1 + names.count : nil
    let groupCount = 1 + names.count + (beside == nil ? 0 : 1)
    let step = UpdateStep(StepNumbers(rate: row.rate, count: OptimizerCase.step), in: graph)
    var listed: [(path: String, parameter: Parameter)] = []
    var groups: [String: Int] = [:]
    var results: [(parameter: ParameterID, gradient: Tensor)] = []
    func tensor(_ name: String, _ index: Int, group: Int?) -> Parameter {
      let parameter = Parameter(name, shape: shapes[index])
      listed.append(("\(name).\(index)", parameter))
      groups["\(name).\(index)"] = group
      return parameter
    }
    let own = shapes.indices.map { (p: tensor("p", $0, group: 0), g: tensor("g", $0, group: nil)) }
    var factor = graph.constant(1)
    if case .clipping(let most) = row.before {
      let squares = own.map { (graph[$0.g] * graph[$0.g]).sum() }
      factor = minimum(graph.constant(most) / (sqrt(squares.dropFirst().reduce(squares[0], +)) + 1e-6), graph.constant(1))
    }
    for (index, (p, g)) in own.enumerated() {
      let states = names.indices.map { tensor("s\($0)", index, group: 1 + $0) }
      let before = UpdateState(Dictionary(zip(names, states.map { graph[$0] }), uniquingKeysWith: { first, _ in first }))
      var gradient = graph[g]
      switch row.before {
      case .nothing: break
      case .stayClose(let strength): gradient = gradient + (graph[p] - graph[tensor("b", index, group: beside)]) * strength
      case .adding: gradient = gradient * FusedUpdate.lastShare + graph[tensor("b", index, group: beside)]
      case .clipping: gradient = gradient * factor
      }
      let (after, left) = row.rule.update(graph[p], gradient, before, step)
      results.append((p.id, after))
      for (name, state) in zip(names, states) { if let value = left.values[name] { results.append((state.id, value)) } }
    }
    layout = ParameterLayout(listed, groupCount: groupCount, limits: device.profile.limits) { path, _ in groups[path] }
    var request = StepRequest(graph: graph, layout: layout)
    // Values are computed into the gradient arenas, which are the parameters' own memory here.
    request.gradients = results
    request.fuses = false
    plan = try Planner(profile: device.profile).plan(request)
    var shared: [BufferReference: any DeviceBuffer] = [:]
    for (group, pieces) in layout.groupPieces.enumerated() {
      for (piece, size) in pieces.enumerated() {
        let buffer = try device.makeBuffer(count: size)
        if row.before == .adding, group == beside { try device.write([Float](repeating: 0, count: size), to: buffer) }
        if group == 0 || row.before.isOfAnchors && group == beside {
          try Filling.write(.numbers, count: size, to: buffer, at: 0, of: device)
        }
        shared[.parameters(group: group, piece: piece)] = buffer
        shared[.gradients(group: group, piece: piece)] = buffer
      }
    }
    // Parameters and gradients of both forms lie alike, and so have the same numbers.
    for (reference, size) in layout.statisticsBuffers {
      let gradients = try device.makeBuffer(count: size)
      try Filling.write(.numbers, count: size, to: gradients, at: 0, of: device)
      shared[reference] = gradients
    }
    memory = try PlanMemory(for: plan, on: device, sharing: shared).buffers
    constants = [UInt8](repeating: 0, count: StepMemory.constantsSize(groups: groupCount) * 4)
  }
}
