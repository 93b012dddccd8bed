import Glissade
import Testing

/// The models that the command knows: every name makes a model that trains, and too small pictures are refused by their size.
struct ModelZooTests {
  private func trace(_ name: String, _ input: Shape) throws -> (graph: Graph, output: Shape) {
    let model = try #require(ModelZoo.make(name, input: input, classes: 7))
    let graph = Graph(isTraining: true)
    for (path, parameter) in LayerPath.parameters(of: model) { graph.parameterPaths[parameter.id] = path }
    return (graph, model(graph.input("x", shape: Shape([2] + input.dimensions))).shape)
  }

  @Test(arguments: ModelZoo.names) func everyNameMakesAModel(_ name: String) throws {
    for size in [32, 65] {
      let (graph, output) = try trace(name, [size, size + 3, name == "lenet" ? 1 : 3])
      #expect(graph.firstError == nil)
      #expect(output == [2, 7])
    }
    #expect(ModelZoo.make(name + "x", input: [32, 32, 3], classes: 7) == nil)
  }

  @Test(arguments: ModelZoo.names.filter { !["mlp", "lenet", "resnet18"].contains($0) }) func tooSmall(_ name: String) throws {
    let error = try #require(try trace(name, [40, 31, 3]).graph.firstError)
    #expect(error.problem.contains("32×32"))
    #expect(error.inputs == [TensorType([2, 40, 31, 3])])
  }

  /// As the papers and the packages have them, for 1000 classes.
  @Test(arguments: [
    ("resnet18-imagenet", 11_689_512), ("resnet34", 21_797_672), ("resnet50", 25_557_032), ("mobilenet_v2", 3_504_872),
    ("efficientnet-lite0", 4_652_008), ("efficientnet-lite1", 5_416_680), ("efficientnet-lite2", 6_092_072),
    ("efficientnet-lite3", 8_197_096), ("efficientnet-lite4", 13_006_568), ("vgg11_bn", 132_868_840),
  ]) func sizes(_ name: String, _ count: Int) throws {
    let model = try #require(ModelZoo.make(name, input: [224, 224, 3], classes: 1000))
    let weights = LayerPath.parameters(of: model).filter { $0.parameter.role == .weight }
    #expect(weights.reduce(0) { $0 + $1.parameter.shape.count } == count)
  }

  @Test func classesOfImageNet() {
    #expect(ImageNet.classNames.count == 1000 && Set(ImageNet.classNames).count == 1000)
    #expect(
      ImageNet.classNames[0] == "tench" && ImageNet.classNames[207] == "golden retriever" && ImageNet.classNames[999] == "toilet tissue")
  }
}
