import GlissadeTensors
import Testing

struct DecompositionTests {
  @Test func keepsOnlyWhatIsNeeded() {
    let graph = Graph()
    let x = graph.input("x", shape: [4, 3])
    let wanted = tanh(x)
    _ = relu(x).sum()
    let (copy, values) = graph.decomposed(keeping: [wanted.id])
    #expect(copy.nodes.map { $0.operation.rule.name } == ["input x", "hyperbolicTangent"])
    #expect(values[wanted.id].map { copy.tensor($0).shape } == [4, 3])
  }

  @Test func batchNormIsTakenApart() {
    let graph = Graph()
    let x = graph.input("x", shape: [4, 3])
    let result = x.batchNormalized(weight: graph.input("w", shape: [3]), bias: graph.input("b", shape: [3]), epsilon: 1e-5)
    let (copy, values) = graph.decomposed(keeping: [result.y.id, result.mean.id, result.variance.id])
    let names = copy.nodes.map { $0.operation.rule.name }
    #expect(!names.contains("batchNorm"))
    #expect(names.contains("batchNormStatistics"))
    #expect(values[result.y.id].map { copy.tensor($0).shape } == [4, 3])
    #expect(values[result.mean.id].map { copy.tensor($0).shape } == [3])
  }

  /// A mean's gradient begins with constants, spread over shapes: none of that is left to be computed.
  @Test func whatFollowsFromConstantsIsOne() throws {
    let graph = Graph()
    let x = graph.input("x", shape: [4, 3])
    let loss = (x * x).meanOfEachSample().mean()
    let gradient = try #require(graph.gradients(of: loss, withRespectTo: [x])[0])
    let (copy, values) = graph.decomposed(keeping: [gradient.id])
    let names = copy.nodes.map(\.operation.rule.name)
    #expect(!names.contains("broadcast") && names.filter { $0 == "multiply" }.count <= 2, "\(names)")
    #expect(values[gradient.id].map { copy.tensor($0).shape } == [4, 3])
    // What is no number is computed, so that it is found where others are.
    let odd = graph.constant(1) / graph.constant(0) * x
    let kept = graph.decomposed(keeping: [odd.id]).graph
    #expect(kept.nodes.contains { $0.operation.rule.name == "divide" })
  }

  /// What a canvas of rows and columns cannot express is broadcast by an operation of its own.
  @Test func generalBroadcastsBecomeOperations() {
    let graph = Graph()
    let a = graph.input("a", shape: [4, 1, 5])
    let b = graph.input("b", shape: [4, 3, 5])
    let sum = a + b
    let (copy, _) = graph.decomposed(keeping: [sum.id])
    #expect(copy.nodes.contains { $0.operation.rule.name == "broadcast" })
  }
}
