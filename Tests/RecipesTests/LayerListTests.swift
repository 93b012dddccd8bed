import GlissadeLayers
import Testing

@testable import GlissadeModels
@testable import GlissadeRecipes

/// Networks as lists of layers: what is read, what is made of it, and what is refused.
struct LayerListTests {
  private func parameters(_ model: some Layer) -> [(path: String, shape: [Int])] {
    LayerPath.parameters(of: model).map { ($0.path, $0.parameter.shape.dimensions) }
  }

  /// What a model computes of two samples, operation by operation.
  private func operations(_ model: some Layer, _ input: Shape) -> [String] {
    let graph = Graph(isTraining: true)
    _ = model(graph.input("x", shape: Shape([2] + input.dimensions)))
    #expect(graph.firstError == nil)
    return graph.nodes.map { "\($0.operation) \($0.outputs.map(\.shape))" }.filter {
      !$0.hasPrefix("parameter") && !$0.hasPrefix("dropout")
    }
  }

  @Test func aListComputesWhatTheSameModelInSwiftDoes() throws {
    let text = "conv(32, padding: 1), relu, max_pool, conv(64, 3, padding: 1), relu, max_pool(2), flatten, dense(128), relu, dropout(0.25)"
    let network = try LayerList(text).network(input: [28, 28, 1], outputs: 10)
    let model = LeNet(input: [28, 28, 1], classes: 10)
    #expect(parameters(network).map(\.shape) == parameters(model).map(\.shape))
    #expect(parameters(network).map(\.path).last == "head.bias" && parameters(network)[0].path == "layers.0.weight")
    #expect(
      operations(network, [28, 28, 1]).map { $0.filter { !$0.isNumber } }
        == operations(model, [28, 28, 1]).map { $0.filter { !$0.isNumber } })
    let replaced = try network.replacingHead(by: HeadDesign("16", classes: 3))
    #expect(parameters(replaced).suffix(4).map(\.shape) == [[16, 128], [16], [3, 16], [3]])
  }

  /// Every kind, by an example: what it makes, and how many numbers it learns by PyTorch's count.
  static let examples: [(text: String, input: Shape, output: Shape, count: Int)] = [
    ("dense(5)", [7], [5], 40), ("dense(5, drop_connect: 0.5, bias: no)", [7], [5], 35),
    ("conv(6, kernel: 3, stride: 2, padding: 1)", [9, 8, 4], [5, 4, 6], 222), ("conv(6, 3, dilation: 2)", [9, 4], [5, 6], 78),
    ("conv(6, kernel: 1, groups: 2, bias: no)", [9, 8, 4], [9, 8, 6], 12),
    ("depthwise_conv(kernel: 3, padding: 1)", [9, 8, 4], [9, 8, 4], 40),
    ("separable_conv(6, 3)", [9, 8, 4], [7, 6, 6], 70), ("conv_transpose(6, kernel: 2, stride: 2)", [9, 8, 4], [18, 16, 6], 102),
    ("conv_transpose(6, kernel: 2, stride: 2)", [9, 4], [18, 6], 54),
    ("max_pool", [9, 8, 4], [4, 4, 4], 0), ("max_pool(3, stride: 1, padding: 1)", [9, 8, 4], [9, 8, 4], 0),
    ("max_pool(3)", [9, 4], [3, 4], 0),
    ("average_pool(2)", [9, 8, 4], [4, 4, 4], 0), ("average_pool", [9, 4], [4, 4], 0),
    ("fractional_max_pool(ratio: 0.75)", [9, 8, 4], [6, 6, 4], 0), ("adaptive_average_pool(3)", [9, 8, 4], [3, 3, 4], 0),
    ("adaptive_average_pool(2)", [9, 4], [2, 4], 0), ("adaptive_max_pool(3)", [9, 8, 4], [3, 3, 4], 0),
    ("adaptive_max_pool(2)", [9, 4], [2, 4], 0),
    ("global_average_pool", [9, 8, 4], [4], 0), ("batch_norm", [9, 8, 4], [9, 8, 4], 8), ("batch_norm", [7], [7], 14),
    ("layer_norm", [9, 8, 4], [9, 8, 4], 8), ("layer_norm", [7], [7], 14), ("group_norm(2)", [9, 8, 4], [9, 8, 4], 8),
    ("instance_norm", [9, 8, 4], [9, 8, 4], 8), ("softmax", [9, 8, 4], [9, 8, 4], 0),
    ("log_softmax", [7], [7], 0), ("rms_norm", [9, 8, 4], [9, 8, 4], 4), ("dropout", [7], [7], 0),
    ("spatial_dropout(0.2)", [9, 8, 4], [9, 8, 4], 0), ("flatten", [9, 8, 4], [288], 0), ("reshape(6, 6, 8)", [9, 8, 4], [6, 6, 8], 0),
    ("reshape(32, 9)", [9, 8, 4], [32, 9], 0), ("pad(2, mode: reflect)", [9, 8, 4], [13, 12, 4], 0), ("pad(1)", [9, 4], [11, 4], 0),
    ("upsample(2, mode: bilinear)", [9, 8, 4], [18, 16, 4], 0),
    ("residual(conv(4, padding: 1), relu, drop: 0.1)", [9, 8, 4], [9, 8, 4], 148),
    ("residual(conv(8, stride: 2, padding: 1), shortcut: conv(8, kernel: 1, stride: 2))", [9, 8, 4], [5, 4, 8], 336),
    ("concatenate(conv(2, kernel: 1), sequence(relu, conv(3, kernel: 1)), relu)", [9, 8, 4], [9, 8, 9], 25),
    ("sequence(relu, flatten)", [9, 8, 4], [288], 0), ("squeeze_excitation(2)", [9, 8, 4], [9, 8, 4], 22),
  ]

  @Test(arguments: examples) func everyKindMakesWhatItSays(_ example: (text: String, input: Shape, output: Shape, count: Int)) throws {
    let rows = try LayerList(example.text).rows(input: example.input, outputs: 3)
    #expect(rows[0].output == example.output && rows[0].parameters == example.count, "\(rows)")
    #expect(rows.count == 2 && rows[1].parameters == 3 * (example.output.count + 1))
    #expect(try LayerList(example.text).description == example.text)
  }

  @Test func noKindIsWithoutAnExample() throws {
    let shown = Set(Self.examples.map { String($0.text.prefix { $0 != "(" }) }).union(Activation.Name.allCases.map(\.rawValue))
    #expect(Set(LayerKinds.names) == shown && LayerKinds.names.count == shown.count)
    for name in Activation.Name.allCases {
      let rows = try LayerList(name.rawValue).rows(input: [4, 3, 5], outputs: 2)
      #expect(rows[0].output == [4, 3, 5] && rows[0].parameters == (name == .prelu ? 1 : name == .preluPerChannel ? 5 : 0))
      #expect(LayerKinds.help.contains(name.rawValue))
    }
  }

  @Test(
    arguments: [
      ("dropout(0.999999999999)", "it has to be at least 0 and below 1"), ("leaky_relu(1e-50)", "0 or a number that float32 can hold"),
      ("Conv2d(8)", "did you mean 'conv'?"), ("linear(10)", "did you mean 'dense'?"), ("ReLU", "did you mean 'relu'?"),
      ("conv(channels:3:3)", "':3)' stands where conv has to go on"),
      ("", "a layer is missing at the end"), ("conv(8),", "a layer is missing at the end"), ("conv(8", "is not closed"),
      ("conv(8))", "')' is left over"), (", relu", "', relu' stands where a layer has to be"), ("conf(8)", "did you mean 'conv'?"),
      ("conv", "conv needs a number of channels, as in conv(32)"),
      ("conv(0)", "channels 0, and it has to be a whole number from 1 to 65536"),
      ("conv(2.5)", "channels 2.5, and it has to be a whole number"), ("conv(8, kernal: 3)", "did you mean 'kernel'?"),
      ("conv(8, 8: 3)", "conv has no '8'"), ("conv(8, kernel: x)", "kernel 'x', and it has to be a number"),
      ("conv(8, 3, kernel: 3)", "conv is given 'kernel' twice"), ("conv(8, channels: 3)", "conv is given 'channels' twice"),
      ("relu(1)", "relu takes no numbers"), ("max_pool(1, 2, 3, 4)", "max_pool takes at most 3 numbers"),
      ("dropout(1)", "at least 0 and below 1"),
      ("pad(1, mode: none)", "zeros or reflect or replicate or circular"), ("dense(8, relu)", "dense takes no 'relu'"),
      ("residual(drop: 0.1)", "residual needs layers in its parentheses"), ("residual(relu, shortcut: 2)", "it has to be a layer"),
      ("residual(conv(4), shortcut: conf(4))", "did you mean 'conv'?"), ("conv(nan)", "channels nan"), ("conv(1e99)", "channels 1e99"),
      (String(repeating: "sequence(", count: 40) + "relu" + String(repeating: ")", count: 40), "parentheses within each other"),
    ]) func textsThatMakeNoSense(text: String, problem: String) throws
  {
    let error = try #require(throws: LayerListError.self) { try LayerList(text) }
    #expect(error.problem.contains(problem), "\(error)")
  }

  @Test(
    arguments: [
      ("conv(8), dense(3)", "layer 2, dense(3), of [26, 26, 8]: it takes features, and gets [26, 26, 8]"),
      ("conv(8, kernel: 40)", "a window of 40×40 pixels does not fit"),
      ("flatten, max_pool", "layer 2, max_pool, of [784]: it takes pictures"),
      ("conv(8, groups: 3)", "3 groups have to divide the 1 channels that go in and the 8 that come out"),
      ("residual(conv(8))", "its layers make [26, 26, 8], and what goes past them is [28, 28, 1]"),
      ("residual(relu, dense(4))", "layer 1, residual(relu, dense(4)), of [28, 28, 1]: layer 2, dense(4)"),
      ("concatenate(conv(4), conv(4, kernel: 5))", "layer 1, concatenate"), ("reshape(7, 7)", "[7, 7] are 49 numbers"),
      ("hardtanh(2)", "lower, 2.0, has to be below upper, 1.0"), ("group_norm(3)", "layer 1, group_norm(3)"),
      ("celu(0)", "alpha has to be a number above 0"),
      ("pad(30, mode: reflect)", "layer 1, pad(30, mode: reflect)"), ("upsample(64), upsample(64), upsample(64)", "layer"),
    ]) func layersThatDoNotTakeWhatTheyGet(text: String, problem: String) throws
  {
    let list = try LayerList(text)
    let error = try #require(throws: LayerListError.self) { try list.network(input: [28, 28, 1], outputs: 10) }
    #expect(error.problem.contains(problem), "\(error)")
  }

  @Test func weightsStartAsTheRuleSays() throws {
    func deviation(_ text: String, _ input: Shape, _ initialization: Initialization) throws -> Double {
      let network = try LayerList(text).network(input: input, outputs: 2, initialization: initialization)
      let weight = try #require(LayerPath.parameters(of: network).first { $0.path.hasSuffix("weight") }?.parameter)
      var values = [Float](repeating: 0, count: weight.shape.count)
      values.withUnsafeMutableBufferPointer { weight.initializer.fill($0, seed: 1, path: "w") }
      return (values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
    }
    // Inputs of each output: of a transposed convolution what PyTorch counts, the outputs.
    for (text, input, fanIn) in [
      ("conv(64, kernel: 5)", [9, 9, 32], 800), ("conv(64, kernel: 5)", [20, 32], 160), ("conv_transpose(64)", [9, 9, 32], 576),
      ("conv_transpose(64)", [9, 32], 192), ("dense(200)", [300], 300), ("separable_conv(64, kernel: 9)", [9, 9, 64], 81),
    ] as [(String, Shape, Double)] {
      let expected = (2 / fanIn).squareRoot()
      #expect(abs(try deviation(text, input, .heNormal) - expected) < 0.05 * expected, "\(text)")
      #expect(abs(try deviation(text, input, .pytorch) - (1 / (3 * fanIn)).squareRoot()) < 0.05 * expected, "\(text)")
    }
  }

  @Test func recipesHaveThemAsAList() throws {
    let (recipe, problems) = Recipe.read(
      Array("glissade: 1\nlayers:\n  - \"conv(8, padding: 1)\"\n  - relu\n  - residual(conv(8, padding=1), relu)\n".utf8), path: "r.yaml")
    #expect(problems.isEmpty && recipe.model == "layers")
    #expect(recipe.layers?.texts == ["conv(8, padding: 1)", "relu", "residual(conv(8, padding: 1), relu)"])
    #expect(try recipe.problems().isEmpty)
    let again = try Recipe(yaml: Array(recipe.completed(for: .images).text(heading: []).utf8), path: "again.yaml")
    #expect(again.layers == recipe.layers && again.model == "layers")
    let (_, mapping) = Recipe.read(Array("glissade: 1\nlayers:\n  - conv(8, padding: 1)\n".utf8), path: "r.yaml")
    #expect(mapping.map(\.description).joined().contains("a text with a colon and a blank in it goes into quotes"), "\(mapping)")
    let (wrong, found) = Recipe.read(Array("glissade: 1\nlayers: [conf(8)]\n".utf8), path: "r.yaml")
    #expect(wrong.layers == nil && found.map(\.description).joined().contains("r.yaml:2"), "\(found)")
  }
}
