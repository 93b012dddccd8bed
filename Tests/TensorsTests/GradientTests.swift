import GlissadeTensors
import Testing

/// Which gradients are recorded, and which are not.
struct GradientTests {
  private func operations(_ graph: Graph, from first: Int) -> [String] { graph.nodes[first...].map { $0.operation.rule.name } }

  @Test func nothingFlowsWhereNothingIsWanted() {
    let graph = Graph()
    let (a, b) = (graph.input("a", shape: [3]), graph.input("b", shape: [3]))
    let loss = (a * b).sum()
    #expect(graph.gradients(of: loss, withRespectTo: [graph.input("c", shape: [3])])[0] == nil)
    let before = graph.nodes.count
    _ = graph.gradients(of: loss, withRespectTo: [a])
    // One product for a, none for b.
    #expect(operations(graph, from: before).filter { $0 == "multiply" }.count == 1)
  }

  @Test func frozenLayersBelowCostNothing() {
    let graph = Graph()
    let x = graph.input("x", shape: [4, 5])
    let (frozen, trained) = (graph.input("frozen", shape: [5, 6]), graph.input("trained", shape: [6, 2]))
    let loss = relu(x.matmul(frozen)).matmul(trained).sum()
    let before = graph.nodes.count
    let gradients = graph.gradients(of: loss, withRespectTo: [trained])
    #expect(gradients[0]?.shape == [6, 2])
    #expect(operations(graph, from: before).filter { $0 == "matmul" }.count == 1)
    #expect(!operations(graph, from: before).contains("reluGradient"))
  }

  @Test func whatDoesNotReachTheLoss() {
    let graph = Graph()
    let (a, b) = (graph.input("a", shape: [3]), graph.input("b", shape: [3]))
    _ = tanh(b)
    let gradients = graph.gradients(of: (a * 2).sum(), withRespectTo: [a, b])
    #expect(gradients[0]?.shape == [3])
    #expect(gradients[1] == nil)
  }

  @Test func gradientsHaveTheirOperandsShapes() {
    let graph = Graph()
    let shapes: [Shape] = [[], [1], [5], [4, 1], [1, 5], [3, 1, 1], [3, 4, 5]]
    let values = shapes.enumerated().map { graph.input("x\($0)", shape: $1) }
    let loss = values.dropFirst().reduce(values[0]) { $0 * $1 }.sum()
    #expect(graph.gradients(of: loss, withRespectTo: values).map { $0?.shape } == shapes)
    #expect(graph.firstError == nil)
  }

  @Test func theSameParameterReadTwiceIsOneValue() {
    let graph = Graph()
    let parameter = Parameter("w", shape: [3])
    #expect(graph[parameter].id == graph[parameter].id)
    #expect(graph.parameters.count == 1)
  }

  @Test func wholeNumbersHaveNoGradient() {
    let graph = Graph()
    let x = graph.input("x", shape: [3, 4])
    let labels = graph.input("labels", shape: [3], dtype: .int32)
    #expect(graph.gradients(of: x.rows(labels).sum(), withRespectTo: [x])[0]?.shape == [3, 4])
    #expect(graph.firstError == nil)
    _ = graph.gradients(of: x.rows(labels).sum(), withRespectTo: [labels])
    #expect(graph.firstError?.description == "gradient of [3] of int32: int32 values have no gradient (here: input labels)")
  }

  /// Which tap is the largest is a whole number, and picks what has the slope: the slope of that is 0.
  @Test func whatIsPickedByWholeNumbersHasTheSlope() {
    let graph = Graph()
    let x = graph.input("x", shape: [1, 4, 4, 1])
    let table = graph.input("table", shape: [4, 2])
    let pooled = x.maxPooled(Window(kernel: (2, 2), stride: (2, 2)))
    let slope = graph.gradient(of: (pooled * 2).sum(), withRespectTo: x)
    #expect(graph.gradients(of: slope.applying(.square).sum(), withRespectTo: [x])[0] == nil)
    let loss = table.rows(graph.tensor(ValueID(node: pooled.id.node, output: 1))).sum()
    #expect(graph.gradients(of: loss, withRespectTo: [table, x]).map { $0?.shape } == [[4, 2], nil])
    #expect(graph.firstError == nil)
  }

  @Test func gradientsAreDifferentiatedAgain() {
    let graph = Graph()
    let x = graph.input("x", shape: [2, 5])
    let slope = graph.gradient(of: x.softmax().applying(.square).sum(), withRespectTo: x)
    #expect(graph.gradients(of: slope.applying(.square).sum(), withRespectTo: [x])[0]?.shape == [2, 5])
    // ReLU's is constant piece by piece, and a sum's everywhere.
    #expect(graph.gradients(of: graph.gradient(of: relu(x).sum(), withRespectTo: x).sum(), withRespectTo: [x])[0] == nil)
    #expect(graph.firstError == nil)
  }

  @Test func productsWithJacobiansAndHessiansTakeTheirVectorsAsGiven() throws {
    let graph = Graph()
    let x = graph.input("x", shape: [3])
    let before = graph.nodes.count
    _ = graph.jacobianProducts(of: [tanh(x)], times: [x * 2], withRespectTo: [x])
    // Once through tanh, not through the vector.
    #expect(operations(graph, from: before).filter { $0 == "tanhGradient" }.count == 1)
    #expect(graph.hessianProducts(of: (x * x * x).sum(), times: [x], withRespectTo: [x])[0].shape == [3])
    #expect(graph.hessianProducts(of: x.sum(), times: [x], withRespectTo: [x])[0].shape == [3])
    #expect(graph.firstError == nil)
    _ = graph.hessianProducts(of: x.sum(), times: [x.reshaped(to: [1, 3])], withRespectTo: [x])
    #expect(try #require(graph.firstError).problem.contains("[1, 3]"))
  }
}
