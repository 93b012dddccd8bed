import GlissadeTensors

/// A fused operation of a step: what computes it, and how it is cut out of the step's graph.
package struct PlanPiece {
  /// Its launches, as they are in the step's plan.
  package let launches: [Launch]
  /// What it computes, in `PlanPieces.graph`.
  package let results: [Tensor]

  /// What it costs to run alone, roughly: bytes and operations.
  package var cost: Int { launches.reduce(0) { $0 + $1.byteCount + $1.note.flops / 4 } }
}

/// A step's plan, taken apart into its fused operations.
package struct PlanPieces {
  package let plan: Plan
  package let pieces: [PlanPiece]
  /// The graph that the plan computes.
  package let graph: Graph
  private let stored: Set<ValueID>

  init(_ plan: Plan, _ graph: Graph, _ units: [(unit: Fusion.Unit, launches: Range<Int>)]) {
    self.plan = plan
    self.graph = graph
    var stored = Set<ValueID>()
    pieces = units.map { unit, launches in
      let nodes = [unit.result] + (unit.biasGradient.map { [$0] } ?? [])
      let results = nodes.flatMap { node in
        graph.nodes[node].outputs.indices.map { graph.tensor(ValueID(node: node, output: $0)) }
      }
      stored.formUnion(results.map(\.id))
      return PlanPiece(launches: Array(plan.launches[launches]), results: results)
    }
    self.stored = stored
  }

  /// Some pieces as a graph of their own, which fuses as the step does: what other pieces compute is given. None of them may need what another
  /// of them computes.
  package func extracted(_ pieces: [PlanPiece]) -> Extraction {
    graph.extracted(pieces.flatMap(\.results)) { stored.contains(graph.resolved($0)) }
  }

  /// Pieces in groups that can each be extracted together.
  package func independent(_ pieces: [PlanPiece]) -> [[PlanPiece]] {
    var groups: [(members: [PlanPiece], computed: Set<ValueID>, given: Set<ValueID>)] = []
    for piece in pieces {
      let computed = Set(piece.results.map(\.id))
      let given = Set(extracted([piece]).given.map { graph.resolved($0.source.id) })
      if let index = groups.firstIndex(where: { $0.computed.isDisjoint(with: given) && $0.given.isDisjoint(with: computed) }) {
        groups[index].members.append(piece)
        groups[index].computed.formUnion(computed)
        groups[index].given.formUnion(given)
      } else {
        groups.append(([piece], computed, given))
      }
    }
    return groups.map(\.members)
  }
}

extension Planner {
  /// Plans a step and takes the plan apart.
  /// - Throws: `ShapeError`, the first that was found while the model was traced.
  package func pieces(of request: StepRequest) throws(ShapeError) -> PlanPieces {
    let (plan, graph, units) = try planned(request)
    return PlanPieces(plan, graph, units)
  }
}
