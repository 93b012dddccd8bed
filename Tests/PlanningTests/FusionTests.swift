import GlissadePlanning
import Testing

@testable import GlissadeTensors

/// What joins what: the plan's launches by name.
struct FusionTests {
  private func operations(fuses: Bool = true, _ build: (Graph) -> Tensor) throws -> [String] {
    let graph = Graph()
    var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
    request.outputs = ["y": build(graph)]
    request.fuses = fuses
    return try Planner(profile: TrainingPlans.cpu).plan(request).launches.map(\.note.operation)
  }

  private func product(_ graph: Graph) -> Tensor { graph.input("a", shape: [64, 8]).matmul(graph.input("b", shape: [8, 16])) }

  @Test func biasAndActivationMoveIntoTheProduct() throws {
    let launches = try operations { relu(self.product($0) + $0.input("bias", shape: [16])) }
    #expect(launches == ["matmul + add + relu"] || launches == ["matmul + bias + relu"], "\(launches)")
    let apart = try operations(fuses: false) { relu(self.product($0) + $0.input("bias", shape: [16])) }
    #expect(apart.count == 3)
  }

  @Test func residualMovesIn() throws {
    let launches = try operations { graph in
      relu(self.product(graph) + graph.input("bias", shape: [16]) + graph.input("r", shape: [64, 16]))
    }
    #expect(launches.count == 1, "\(launches)")
  }

  @Test func aValueThatIsReadTwiceStays() throws {
    let launches = try operations { graph in
      let y = self.product(graph)
      return relu(y + graph.input("bias", shape: [16])) * y
    }
    #expect(launches.count == 2, "\(launches)")
    #expect(launches.first == "matmul")
  }

  @Test func chainsAreOneLaunch() throws {
    let launches = try operations { graph in
      let x = graph.input("x", shape: [9, 5])
      return tanh(x * 2 + graph.input("y", shape: [5])) / (x * x + 1)
    }
    #expect(launches.count == 1, "\(launches)")
  }

  @Test func longChainsAreCut() throws {
    let launches = try operations { graph in (0..<50).reduce(graph.input("x", shape: [9])) { x, _ in tanh(x) } }
    #expect(launches.count == 2, "\(launches)")
    let wide = try operations { graph in (1..<20).reduce(graph.input("x0", shape: [9])) { $0 * graph.input("x\($1)", shape: [9]) } }
    #expect(wide.count >= 3 && wide.count <= 4, "\(wide)")
  }

  /// Two rows and columns that do not go together are two chains.
  @Test func canvasesThatDiffer() throws {
    let launches = try operations { graph in
      let x = graph.input("x", shape: [4, 6])
      let y = tanh(x + graph.input("column", shape: [6]))
      return y.reshaped(to: [8, 3]) * graph.input("other", shape: [3])
    }
    #expect(launches.count == 2, "\(launches)")
  }

  @Test func reductionsEndChains() throws {
    let launches = try operations { graph in tanh(tanh(graph.input("x", shape: [4, 6])).sum(axes: [1]) * 2) }
    #expect(launches.count == 3, "\(launches)")
  }
}
