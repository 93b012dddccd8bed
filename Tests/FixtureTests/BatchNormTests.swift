import GlissadeLayers
import Testing

@Suite("Batch norm against PyTorch")
struct BatchNormTests {
  @Test("Two training steps and an evaluation", arguments: DeviceUnderTest.all) func steps(on under: DeviceUnderTest) throws {
    let fixture = try LayerTests.fixture.get()
    let shape: Shape = [3, 4, 5, 6]
    let layer = BatchNorm(6)
    let values = [
      "weight": NamedStream.values("layers/batchnorm/weight", count: 6, scale: 0.5, offset: 1),
      "bias": NamedStream.values("layers/batchnorm/bias", count: 6, scale: 0.5),
    ]
    let runner = try GraphRunner(under.device, parameters: LayerPath.parameters(of: layer), values: values)
    func check(_ found: [Float]?, _ key: String) throws {
      let difference = Difference.ofTensor(try #require(found), try fixture.doubles("batchnorm/\(key)"), scale: 1)
      #expect(difference <= LayerTests.tolerance, "\(key) is off by \(difference)")
    }
    var input: StepInput?
    for step in 0..<2 {
      let data = StepInput(NamedStream.values("layers/batchnorm/input/\(step)", count: shape.count, scale: 2, offset: 0.75))
      let upstream = StepInput(NamedStream.values("layers/batchnorm/upstream/\(step)", count: shape.count))
      let results = try runner.run(inputs: ["input": data, "upstream": upstream], step: step + 1) { graph in
        let x = graph.input("input", shape: shape)
        let y = layer(x)
        let loss = (y * graph.input("upstream", shape: shape)).sum()
        let gradients = graph.gradients(of: loss, withRespectTo: [x, graph[layer.weight], graph[layer.bias]])
        return [
          "output": y, "gradient/input": try #require(gradients[0]), "gradient/weight": try #require(gradients[1]),
          "gradient/bias": try #require(gradients[2]),
        ]
      }
      for (key, found) in results { try check(found, "\(step)/\(key)") }
      try check(try runner.value(of: "running_mean"), "\(step)/running_mean")
      try check(try runner.value(of: "running_var"), "\(step)/running_var")
      input = data
    }
    let evaluated = try runner.run(isTraining: false, inputs: ["input": try #require(input)]) { graph in
      ["output": layer(graph.input("input", shape: shape))]
    }
    try check(evaluated["output"], "evaluation")
    // Evaluation leaves the running statistics alone.
    try check(try runner.value(of: "running_mean"), "1/running_mean")
    try check(try runner.value(of: "running_var"), "1/running_var")
  }
}
