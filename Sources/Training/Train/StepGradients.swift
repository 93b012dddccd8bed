import GlissadePlanning
import GlissadeTensors

/// What becomes of a step's loss and gradients before optimizers see them: as part of the graph, so that it is fused with what computes them.
extension TrainingSession {
  /// The penalties of all groups; `nil` where there are none.
  func penalty(in graph: Graph) -> Tensor? {
    var total: Tensor?
    for entry in layout.entries {
      guard let penalty = entry.group.map({ groups[$0].penalty }), !penalty.isZero else { continue }
      let p = graph[entry.parameter]
      if penalty.l1 != 0 { total = sum(total, abs(p).sum() * penalty.l1) }
      if penalty.l2 != 0 { total = sum(total, (p * p).sum() * (penalty.l2 / 2)) }
    }
    return total
  }

  private func sum(_ total: Tensor?, _ term: Tensor) -> Tensor { total.map { $0 + term } ?? term }

  /// A parameter's gradient, clipped by ratio and by value.
  func clipped(_ gradient: Tensor, of parameter: Tensor) -> Tensor {
    var result = gradient
    if let ratio = clipping.ratio {
      let graph = gradient.graph
      let limit = maximum(parameter.unitNorms, graph.constant(1e-3)) * ratio
      // gradient · min(limit / norm, 1).
      let (scaled, largest, norm) = result.units
      result = scaled * minimum(limit / maximum(norm, graph.constant(1e-30)), largest)
    }
    if let value = clipping.value {
      // What is not finite adds what is no number, so that it is found.
      result = result.clamped(from: -value, to: value) + result * 0
    }
    return result
  }

  /// What becomes of a batch's gradients once those of its parts are added up.
  func updateRequest() -> StepRequest {
    let graph = Graph(isTraining: false)
    for (path, parameter) in paths { graph.parameterPaths[parameter.id] = path }
    let (all, gradients) = layout.including(\.gradient, "as a gradient")
    var request = StepRequest(graph: graph, layout: all)
    if clipping.value != nil || clipping.ratio != nil {
      // Each in its own place.
      request.gradients = layout.entries.compactMap { entry in
        gradients[entry.parameter.id].map { (entry.parameter.id, clipped(graph[$0], of: graph[entry.parameter])) }
      }
    }
    setUpdates(of: &request)
    return request
  }

  /// What brings parameters down to their groups' maximum norms; to be run after a step.
  func constraintRequest() -> StepRequest {
    let graph = Graph(isTraining: false)
    for (path, parameter) in paths { graph.parameterPaths[parameter.id] = path }
    var request = StepRequest(graph: graph, layout: layout)
    for entry in layout.entries where entry.parameter.shape.rank > 1 {
      guard let norm = entry.group.flatMap({ groups[$0].maximumNorm }) else { continue }
      let p = graph[entry.parameter]
      let size = p.unitNorms
      // Those that are short enough keep every bit.
      let factor = minimum(graph.constant(norm) / maximum(size, graph.constant(norm)), graph.constant(1))
      request.stores.append((entry.parameter.id, p * factor))
    }
    return request
  }
}

extension Tensor {
  /// The norm of each unit's weights: of what has one index of the first axis; of a vector as a whole.
  fileprivate var unitNorms: Tensor {
    let (_, largest, norm) = units
    return norm * largest
  }

  /// Each unit in multiples of its largest number, so that no square is too large for float32; that number; and the norm in multiples of it.
  fileprivate var units: (scaled: Tensor, largest: Tensor, norm: Tensor) {
    // The axes of a unit; `nil` for all.
    let axes = shape.rank > 1 ? Array(1..<shape.rank) : nil
    let largest = maximum(abs().max(axes: axes, keepingAxes: true), graph.constant(1e-30))
    let scaled = self / largest
    return (scaled, largest, (scaled * scaled).sum(axes: axes, keepingAxes: true).sqrt())
  }
}
