import GlissadeLayers
import Testing

/// What layers do that no other framework's numbers can show: random parts, numbers of things, and names.
@Suite struct LayerBehaviourTests {
  /// Runs a layer on ones and returns its result.
  private func result(
    _ layer: any Layer, _ shape: Shape, on under: DeviceUnderTest, isTraining: Bool, step: Int = 1
  ) throws -> [Float] {
    let runner = try GraphRunner(under.device, parameters: LayerPath.parameters(of: layer))
    let ones = [Float](repeating: 1, count: shape.count)
    return try #require(
      try runner.run(isTraining: isTraining, inputs: ["x": StepInput(ones)], step: step) { ["y": layer($0.input("x", shape: shape))] }["y"])
  }

  @Test("Stochastic depth drops samples whole", arguments: DeviceUnderTest.all) func samples(on under: DeviceUnderTest) throws {
    let y = try result(StochasticDepth(0.25), [400, 2, 3, 4], on: under, isTraining: true)
    let rows = (0..<400).map { sample -> Set<Float> in Set(y[24 * sample..<24 * (sample + 1)]) }
    #expect(rows.allSatisfy { $0 == [0] || $0 == [1 / 0.75] })
    #expect((60...140).contains(rows.count { $0 == [0] }))
    #expect(try result(StochasticDepth(0.25), [4, 2, 3, 4], on: under, isTraining: false) == [Float](repeating: 1, count: 96))
    #expect(StochasticDepth.linear(0.2, index: 0, of: 4).rate == 0.05 && StochasticDepth.linear(0.2, index: 3, of: 4).rate == 0.2)
  }

  @Test("Spatial dropout drops channels whole", arguments: DeviceUnderTest.all) func channels(on under: DeviceUnderTest) throws {
    let y = try result(SpatialDropout(0.5), [20, 3, 2, 16], on: under, isTraining: true)
    let maps = (0..<320).map { map -> Set<Float> in
      let (sample, channel) = (map / 16, map % 16)
      return Set((0..<6).map { pixel in y[(sample * 6 + pixel) * 16 + channel] })
    }
    #expect(maps.allSatisfy { $0 == [0] || $0 == [2] })
    #expect((110...210).contains(maps.count { $0 == [0] }))
  }

  /// Another mask in each step, the same for the whole batch; in evaluation a dense layer.
  @Test("DropConnect drops weights", arguments: DeviceUnderTest.all) func weights(on under: DeviceUnderTest) throws {
    let layer = DropConnect(40, 8, rate: 0.5, bias: false)
    let dense = try result(layer, [2, 40], on: under, isTraining: false)
    let first = try result(layer, [2, 40], on: under, isTraining: true)
    #expect(Array(first[0..<8]) == Array(first[8..<16]) && first != dense)
    #expect(try result(layer, [2, 40], on: under, isTraining: true) == first)
    #expect(try result(layer, [2, 40], on: under, isTraining: true, step: 2) != first)
    #expect(LayerPath.parameters(of: layer).map(\.path) == ["weight"])
  }

  @Test("An embedding looks its rows up, and its gradient adds up", arguments: DeviceUnderTest.all)
  func rows(on under: DeviceUnderTest) throws {
    let layer = Embedding(5, 3, initializer: .normal(mean: 0, deviation: 1))
    let runner = try GraphRunner(under.device, parameters: [("weight", layer.weight)], values: ["weight": (0..<15).map(Float.init)])
    let found = try runner.run(inputs: ["x": StepInput([4, 0, 4, 2, 4, 1] as [Int32])]) { graph in
      let y = layer(graph.input("x", shape: [2, 3], dtype: .int32))
      #expect(y.shape == [2, 3, 3])
      return ["y": y, "dw": try #require(graph.gradients(of: y.sum(), withRespectTo: [graph[layer.weight]])[0])]
    }
    #expect(found["y"] == [12, 13, 14, 0, 1, 2, 12, 13, 14, 6, 7, 8, 12, 13, 14, 3, 4, 5])
    #expect(found["dw"] == [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 3, 3, 3])
  }

  /// PyTorch's names, so that weights go there and back.
  @Test func paths() {
    func paths(_ layer: any Layer) -> [String] { LayerPath.parameters(of: layer).map(\.path) }
    #expect(paths(LayerNorm(4)) == ["weight", "bias"] && paths(RMSNorm(4)) == ["weight"])
    #expect(paths(GroupNorm(groups: 2, 4)) == ["weight", "bias"] && paths(InstanceNorm(4)).isEmpty)
    #expect(paths(SqueezeExcitation(8, squeezed: 2)) == ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"])
    #expect(paths(SeparableConv2D(3, 5, kernel: 3, bias: false)) == ["depthwise.weight", "pointwise.weight"])
    #expect(paths(Residual(Dense(3, 3, bias: false))) == ["body.0.weight"])
  }

  @Test func mistakesNameTheLayer() {
    func message(_ layer: any Layer, _ shape: Shape) -> String {
      let graph = Graph(isTraining: false)
      _ = layer(graph.input("x", shape: shape))
      return graph.firstError.map { "\($0)" } ?? ""
    }
    #expect(message(GroupNorm(groups: 4, 6), [2, 3, 3, 6]).contains("4 groups do not divide 6 channels"))
    #expect(message(InstanceNorm(6), [2, 1, 1, 6]).contains("each of 6 groups has one value of [2, 1, 1, 6]"))
    #expect(message(GroupNorm(groups: 6, 6), [2, 6]).contains("each of 6 groups has one value of [2, 6]"))
    #expect(message(LayerNorm(5), [2, 6]).contains("[2, 6]"))
    #expect(message(SqueezeExcitation(4, squeezed: 2), [2, 4]).contains("[batch, height, width, channels]"))
    #expect(message(StochasticDepth(1), [2, 4]).isEmpty)
    #expect(message(Upsample(0), [2, 4, 4, 1]).contains("factors of at least 1"))
    let training = Graph(isTraining: true)
    _ = StochasticDepth(1)(training.input("x", shape: [2, 4]))
    #expect(training.firstError.map { "\($0)".contains("below 1") } == true)
  }
}
