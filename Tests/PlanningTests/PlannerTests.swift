import GlissadeDevices
import GlissadeLayers
import GlissadeModels
import GlissadePlanning
import TestSupport
import Testing

@testable import GlissadeTensors

/// What is computed, where, and what is not.
struct PlannerTests {
  private func plan(_ request: StepRequest) throws -> Plan { try Planner(profile: TrainingPlans.cpu).plan(request) }

  private func operations(_ plan: Plan, in path: String) -> [String] {
    plan.launches.filter { $0.note.path == path }.map(\.note.operation)
  }

  @Test func everyParameterOfALeNetGetsItsGradient() throws {
    let request = TrainingPlans.lenet
    let plan = try plan(request)
    let written = Set(plan.launches.flatMap(\.writes))
    for entry in request.layout.entries {
      let gradient = try #require(entry.gradient)
      #expect(written.contains(gradient), "\(entry.path)")
    }
  }

  /// No gradient where nothing is trained: neither of the frozen weights, nor through the layer above them.
  @Test func frozenFirstLayer() throws {
    let model = LeNet(input: [28, 28, 1], classes: 10)
    let all = try plan(TrainingPlans.request(model, input: [4, 28, 28, 1]))
    let some = try plan(TrainingPlans.request(model, input: [4, 28, 28, 1]) { !$0.hasPrefix("conv1.") })
    func gradients(_ plan: Plan, _ path: String) -> [String] { operations(plan, in: path).filter { $0.contains("Gradient") } }
    #expect(gradients(all, "conv1").contains { $0.contains("WeightGradient") })
    #expect(gradients(all, "conv2").contains { $0.contains("InputGradient") })
    #expect(gradients(some, "conv1").isEmpty)
    #expect(!gradients(some, "conv2").contains { $0.contains("InputGradient") })
    #expect(gradients(some, "conv2").contains { $0.contains("WeightGradient") })
    #expect(some.launches.count < all.launches.count)
    #expect(some.flops < all.flops)
    // The images themselves need no gradient in either.
    #expect(!gradients(all, "conv1").contains { $0.contains("InputGradient") })
  }

  @Test func noParameterIsTrainedWithoutAnUpdate() throws {
    var request = TrainingPlans.lenet
    request.updates = []
    request.loss = nil
    let plan = try plan(request)
    #expect(plan.firstUpdate == plan.launches.count)
    for launch in plan.launches {
      for slice in launch.writes {
        if case .parameters = slice.buffer { Issue.record("\(launch.note.operation) writes parameters") }
      }
    }
  }

  @Test func updatesComeLast() throws {
    let plan = try plan(TrainingPlans.resnet)
    #expect(plan.firstUpdate < plan.launches.count)
    for (index, launch) in plan.launches.enumerated() {
      for slice in launch.writes {
        switch slice.buffer {
        case .parameters, .state, .statistics: #expect(index >= plan.firstUpdate, "launch \(index): \(launch.note.operation)")
        default: break
        }
      }
    }
  }

  /// The same step is planned the same way twice: nothing depends on a hash's order.
  @Test func plansAreReproducible() throws {
    for request in [TrainingPlans.lenet, TrainingPlans.resnet] {
      let (first, second) = (try plan(request), try plan(request))
      #expect(first.activationsSize == second.activationsSize)
      #expect(first.launches.map(\.kernel) == second.launches.map(\.kernel))
      #expect(first.launches.map(\.parameters) == second.launches.map(\.parameters))
      #expect(first.launches.map(\.buffers) == second.launches.map(\.buffers))
    }
  }

  @Test func shapeErrorsAreThrownOnce() {
    let request = TrainingPlans.request(LeNet(input: [28, 28, 1], classes: 10), input: [4, 14, 14, 1])
    let error = #expect(throws: ShapeError.self) { try plan(request) }
    #expect(error?.path == "fc1")
  }

  // MARK: Odd steps

  private func run(_ request: StepRequest, parameters: [(Parameter, [Float])], inputs: [String: HostValues]) throws -> StepRunner {
    let device = try #require(TestDevices.native.first).device
    let runner = try StepRunner(request, on: device)
    for (parameter, values) in parameters { try runner.write(values, to: parameter.id) }
    try runner.run(inputs)
    #expect(try runner.damage() == [])
    return runner
  }

  @Test func inputsThatNothingReadsStillHaveAPlace() throws {
    let graph = Graph()
    let weight = Parameter("w", shape: [3])
    let x = graph.input("x", shape: [3])
    let unread = graph.input("unread", shape: [5])
    _ = tanh(unread)
    var request = StepRequest(graph: graph, layout: ParameterLayout([("w", weight)], groupCount: 1) { _, _ in 0 })
    request.outputs = ["y": x * graph[weight]]
    let runner = try run(
      request, parameters: [(weight, [1, 2, 3])], inputs: ["x": .floats([4, 5, 6]), "unread": .floats([0, 0, 0, 0, 0])])
    #expect(Set(runner.plan.inputNames) == ["x", "unread"])
    #expect(try runner.output("y") == [4, 10, 18])
  }

  @Test func parametersThatNothingReads() throws {
    let graph = Graph()
    let (used, unused) = (Parameter("used", shape: [3]), Parameter("unused", shape: [4]))
    let layout = ParameterLayout([("unused", unused), ("used", used)], groupCount: 1) { _, _ in 0 }
    let loss = (graph[used] * graph.input("x", shape: [3])).sum()
    let gradients = graph.gradients(of: loss, withRespectTo: [graph[used], graph[unused]])
    #expect(gradients[1] == nil)
    var request = StepRequest(graph: graph, layout: layout)
    request.outputs = ["loss": loss]
    request.gradients = [(used.id, try #require(gradients[0]))]
    let runner = try run(request, parameters: [(used, [1, 2, 3]), (unused, [9, 9, 9, 9])], inputs: ["x": .floats([4, 5, 6])])
    // The gradient is an input, unchanged, and is copied to where gradients live.
    #expect(try runner.gradient(of: used.id) == [4, 5, 6])
    #expect(try runner.value(of: unused.id) == [9, 9, 9, 9])
    #expect(try runner.output("loss") == [32])
  }

  @Test func oneValueThatIsTheGradientOfTwo() throws {
    let graph = Graph()
    let (a, b, c) = (Parameter("a", shape: [2, 3]), Parameter("b", shape: [2, 3]), Parameter("c", shape: [3, 2]))
    let x = graph.input("x", shape: [2, 3])
    let sum = graph[a] + graph[b] + graph[c].reshaped(to: [2, 3])
    let loss = (tanh(x) * sum).sum()
    let gradients = graph.gradients(of: loss, withRespectTo: [graph[a], graph[b], graph[c]])
    var request = StepRequest(
      graph: graph, layout: ParameterLayout([("a", a), ("b", b), ("c", c)], groupCount: 2) { path, _ in path == "b" ? 1 : 0 })
    request.gradients = try zip([a.id, b.id, c.id], gradients).map { ($0, try #require($1)) }
    let values = (0..<6).map { Float($0) / 4 }
    let zero = [Float](repeating: 0, count: 6)
    let runner = try run(request, parameters: [(a, zero), (b, zero), (c, zero)], inputs: ["x": .floats(values)])
    let first = try runner.gradient(of: a.id)
    #expect(abs(first[5] - 0.848_283_6) < 1e-6)
    #expect(try runner.gradient(of: b.id) == first)
    #expect(try runner.gradient(of: c.id) == first)
  }

  @Test func outputsThatAreInputsConstantsOrParameters() throws {
    let graph = Graph()
    let weight = Parameter("w", shape: [2])
    let x = graph.input("x", shape: [2, 2])
    var request = StepRequest(graph: graph, layout: ParameterLayout([("w", weight)], groupCount: 1) { _, _ in 0 })
    request.outputs = ["x": x.reshaped(to: [4]), "w": graph[weight], "c": graph.constant(7, shape: [3]), "y": tanh(x)]
    let runner = try run(request, parameters: [(weight, [5, 6])], inputs: ["x": .floats([1, 2, 3, 4])])
    #expect(try runner.output("x") == [1, 2, 3, 4])
    #expect(try runner.output("w") == [5, 6])
    #expect(try runner.output("c") == [7, 7, 7])
  }

  @Test func gradientThatIsAConstant() throws {
    let graph = Graph()
    let weight = Parameter("w", shape: [])
    let loss = graph[weight] * 1
    var request = StepRequest(graph: graph, layout: ParameterLayout([("w", weight)], groupCount: 1) { _, _ in 0 })
    let gradient = graph.gradients(of: loss, withRespectTo: [graph[weight]])[0]
    request.gradients = [(weight.id, try #require(gradient))]
    let runner = try run(request, parameters: [(weight, [5])], inputs: [:])
    #expect(try runner.gradient(of: weight.id) == [1])
  }
}
