import Glissade
import GlissadePlanning
import Testing

/// What frozen parameters cost, and what frozen layers do: nothing, and what they do in evaluation.
struct FreezingTests {
  private func session(_ model: any Layer, trains text: String, batch: Int = 8) throws -> TrainingSession {
    let paths = try ParameterSelection(text).paths(in: model)
    return try TrainingSession(
      model: model, sampleShape: [16, 16, 3], batchSize: batch, groups: [ParameterGroup(Adam()) { paths.contains($0) }],
      device: try CPUDevice(threads: 1))
  }

  @Test func frozenPartsTakeNoMemoryAndNoLaunches() throws {
    let model = ResNet(channels: 3, classes: 10)
    let plans = try ["all", "layer4,fc", "head"].map { try session(model, trains: $0) }.map { session in
      (session, plan: try session.plan(batchSize: 8, isTraining: true))
    }
    for (more, less) in zip(plans, plans.dropFirst()) {
      #expect(less.plan.launches.count < more.plan.launches.count)
      #expect(less.plan.flops < more.plan.flops)
      #expect(less.plan.activationsSize < more.plan.activationsSize)
      #expect(less.0.trainableCount < more.0.trainableCount)
      #expect(less.0.layout.groupSizes[0] < more.0.layout.groupSizes[0])
    }
    let head = plans[2]
    #expect(head.0.trainableCount == 5130)
    #expect(head.0.layout.groupSizes[0] == Slice.room(5120) + Slice.room(10))
    // Of the backbone there is the forward pass as in evaluation; nothing updates running statistics.
    let evaluation = try head.0.plan(batchSize: 8, isTraining: false)
    func launches(_ plan: Plan) -> [String] {
      plan.launches.filter { !$0.note.path.isEmpty && $0.note.path != "fc" }.map { "\($0.note.path) \($0.note.operation)" }
    }
    #expect(launches(head.plan) == launches(evaluation))
    #expect(
      !head.plan.launches.contains {
        $0.note.operation == "running statistics" || $0.note.operation.contains("Gradient") && $0.note.path != "fc"
      })
    #expect(plans[1].plan.launches.filter { $0.note.operation == "running statistics" }.allSatisfy { $0.note.path.hasPrefix("layer4.") })
    #expect(plans[0].plan.launches.filter { $0.note.operation == "running statistics" }.count == 20)
  }

  /// Dropout inside a frozen part does not drop; in front of the head, or between trained layers, it does.
  @Test func dropoutFollowsTheLayerThatItIsIn() throws {
    struct Part: Layer {
      let dense = Dense(4, 4)
      let dropout = Dropout(0.5)
      func forward(_ x: Tensor) -> Tensor { dropout(dense(x)) }
    }
    func count(_ model: any Layer, trains text: String) throws -> Int {
      let trained = try ParameterSelection(text).paths(in: model)
      let graph = Graph(isTraining: true)
      for (path, parameter) in LayerPath.parameters(of: model) {
        graph.parameterPaths[parameter.id] = path
        if !trained.contains(path) { graph.frozen.insert(parameter.id) }
      }
      _ = model(graph.input("x", shape: [2, 4]))
      #expect(graph.firstError == nil && graph.isTraining)
      return graph.nodes.count { if case .dropout = $0.operation { true } else { false } }
    }
    let model = Sequential(Part(), Dropout(0.5), Part(), Dropout(0.5), Dense(4, 2))
    #expect(try count(model, trains: "all") == 4)
    #expect(try count(model, trains: "head") == 1)
    #expect(try count(model, trains: "2,4") == 3)
    #expect(try count(model, trains: "0,4") == 3)
  }

  @Test func nothingToTrainIsSaid() {
    #expect(throws: TrainingError.nothingToTrain) {
      try TrainingSession(
        model: ResNet(channels: 3, classes: 10), sampleShape: [16, 16, 3], batchSize: 8, groups: [ParameterGroup(Adam()) { _ in false }],
        device: try CPUDevice(threads: 1))
    }
  }

  @Test func anchorsHaveToFit() throws {
    let model = MLP([4, 3, 2])
    let session = try TrainingSession(
      model: model, sampleShape: [4], batchSize: 2, groups: [ParameterGroup(SGD(), stayClose: 0.1)], device: try CPUDevice(threads: 1))
    var state = try session.state()
    try session.anchor(at: state)
    state.parameters.removeFirst()
    state.parameters[0].shape = [9]
    let error = #expect(throws: StateError.self) { try session.anchor(at: state) }
    #expect(
      error?.problems == [
        "layers.0.weight is missing and is to stay close to it with [3, 4]", "layers.0.bias is [9] and is to stay close to it with [3]",
      ])
  }
}
