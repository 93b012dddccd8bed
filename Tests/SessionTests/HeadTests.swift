import Glissade
import Testing

/// New heads on old networks.
struct HeadTests {
  private func output(_ model: any Layer, _ input: Shape) throws -> Shape {
    let graph = Graph(isTraining: true)
    for (path, parameter) in LayerPath.parameters(of: model) { graph.parameterPaths[parameter.id] = path }
    let shape = model(graph.input("x", shape: Shape([2] + input.dimensions))).shape
    if let error = graph.firstError { throw error }
    return shape
  }

  @Test(arguments: ModelZoo.names, ["dense", "dropout(0.4)", "20,16,dropout(0.5)", "20"])
  func replaced(_ name: String, _ design: String) throws {
    let input: Shape = [32, 32, 3]
    let model = try #require(ModelZoo.make(name, input: input, classes: 10))
    let replaced = try model.replacingHead(by: HeadDesign(design, classes: 7))
    #expect(try output(model, input) == [2, 10])
    #expect(try output(replaced, input) == [2, 7])
    // The backbone is the same; nothing of the head is.
    let (old, new) = (LayerPath.parameters(of: model), LayerPath.parameters(of: replaced))
    let (oldHead, newHead) = (LayerPath.headPaths(of: model), LayerPath.headPaths(of: replaced))
    #expect(old.filter { !oldHead.contains($0.path) }.map(\.parameter.id) == new.filter { !newHead.contains($0.path) }.map(\.parameter.id))
    #expect(Set(old.map(\.parameter.id)).isDisjoint(with: new.filter { newHead.contains($0.path) }.map(\.parameter.id)))
    #expect(newHead.count == 2 * (1 + (try HeadDesign(design, classes: 7)).hidden.count))
    if design == "dense" { #expect(old.map(\.path) == new.map(\.path)) }
    // In two parts it is what it is in one.
    let graph = Graph(isTraining: false)
    let features = replaced.backbone(graph.input("x", shape: Shape([2] + input.dimensions)))
    #expect(replaced.head(features).shape == [2, 7])
    #expect(graph.firstError == nil)
  }

  /// How often dropout drops in a training step.
  private func dropouts(_ model: any Layer) -> [Float] {
    let graph = Graph(isTraining: true)
    _ = model(graph.input("x", shape: [2, 32, 32, 3]))
    return graph.nodes.compactMap { node in if case .dropout(let rule) = node.operation { rule.rate } else { nil } }
  }

  @Test func dropoutIsTheModelsOwnUnlessSaid() throws {
    func rates(_ name: String, _ design: String) throws -> [Float] {
      dropouts(try #require(ModelZoo.make(name, input: [32, 32, 3], classes: 10)).replacingHead(by: HeadDesign(design, classes: 7)))
    }
    #expect(try rates("efficientnet-lite0", "dense") == [0.2])
    #expect(try rates("efficientnet-lite0", "64") == [0.2])
    #expect(try rates("efficientnet-lite0", "64,dropout(0.5)") == [0.5, 0.5])
    #expect(try rates("mobilenet_v2", "64,dropout(0.5)") == [0.5, 0.5])
    #expect(try rates("resnet18", "dense") == [])
    #expect(try rates("resnet18", "64,dropout(0.5)") == [0.5, 0.5])
    #expect(try rates("vgg11_bn", "dropout(0.25)") == [0.5, 0.25])
  }

  @Test func text() throws {
    #expect(try HeadDesign("256,dropout(0.2)", classes: 8) == HeadDesign(classes: 8, hidden: [256], dropout: 0.2))
    #expect(try HeadDesign(" 512 , 64 ", classes: 8) == HeadDesign(classes: 8, hidden: [512, 64]))
    for design in ["dense", "64", "64,32,dropout(0.5)"] { #expect("\(try HeadDesign(design, classes: 3))" == design) }
    func message(_ text: String, classes: Int = 8) -> String {
      do { return "\(try HeadDesign(text, classes: classes))" } catch { return "\(error)" }
    }
    #expect(
      message("256,drop") == "a new head: 'drop' in '256,drop' is no part of a head; there are dense, numbers of hidden features, and "
        + "dropout(rate), as in '256,dropout(0.2)'")
    #expect(message("dropout(1)").contains("a dropout of 1.0; it has to be at least 0 and below 1"))
    #expect(message("dropout(x)").contains("'x' in 'dropout(x)' is no rate"))
    #expect(message("dropout(0.1),dropout(0.2)").contains("twice"))
    #expect(message("0").contains("a hidden layer of 0 features"))
    #expect(message("").contains("'' in '' is no part of a head"))
    #expect(message("dense", classes: 0).contains("0 classes"))
  }

  @Test func whatHasNoHead() {
    #expect(throws: HeadError.self) { try Sequential(ReLU()).replacingHead(by: HeadDesign(classes: 2)) }
    #expect(throws: HeadError.self) { try Sequential(Conv2D(3, 4, kernel: 1)).replacingHead(by: HeadDesign(classes: 2)) }
    #expect(throws: HeadError.self) { try Sequential(MLP([4, 3])).replacingHead(by: HeadDesign(classes: 2)) }
  }

  /// Weights with the head of 1000 classes, into models with heads of their own.
  @Test(arguments: ["resnet18", "mobilenet_v2", "vgg11_bn", "efficientnet-lite0"], ["dense", "32,dropout(0.5)"])
  func weightsOfAnotherHead(_ name: String, _ design: String) throws {
    let input: Shape = [32, 32, 3]
    let original = name == "vgg11_bn" ? VGG(classes: 20, hidden: 16) : try #require(ModelZoo.make(name, input: input, classes: 20))
    let theirs = try PyTorchLayout(of: original, sampleShape: input)
    let tensors = theirs.entries.map {
      NamedTensor(name: $0.path, shape: $0.foreignShape, values: [Float](repeating: 0.5, count: $0.shape.count))
    }
    let model = try original.replacingHead(by: HeadDesign(design, classes: 7))
    let ours = try PyTorchLayout(of: model, sampleShape: input)
    var state = ModelState(
      parameters: ours.entries.map { .init(path: $0.path, shape: $0.shape, values: [Float](repeating: 0, count: $0.shape.count)) })
    #expect(throws: StateError.self) { try state.load(tensors, by: ours) }
    #expect(state.parameters.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    let report = try state.load(tensors, by: ours, allowsNewHead: true)
    #expect(report.loaded.count == theirs.entries.count - 2)
    #expect(report.replacedHead.count == (design == "dense" ? 2 : 4))
    #expect(report.replacedClasses == 20)
    for entry in state.parameters {
      let isHead = LayerPath.headPaths(of: model).contains(entry.path)
      #expect(entry.values.allSatisfy { $0 == (isHead ? 0 : 0.5) }, "\(entry.path)")
    }
    // What is surplus elsewhere is still refused.
    let stranger = NamedTensor(name: "stranger.weight", shape: [1], values: [1])
    #expect(throws: StateError.self) { try state.load(tensors + [stranger], by: ours, allowsNewHead: true) }
  }
}
