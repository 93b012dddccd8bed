import Glissade
import Testing

/// Which parameters a pattern takes, and what is said of one that takes none.
struct ParameterSelectionTests {
  private func weights(_ text: String, _ model: any Layer) throws -> [String] {
    try ParameterSelection(text).paths(in: model).filter { !$0.contains("running_") }.sorted()
  }

  private func message(_ text: String, _ model: any Layer) -> String {
    do { return "\(try weights(text, model))" } catch { return "\(error)" }
  }

  @Test func namesOfParts() throws {
    let model = ResNet(channels: 3, classes: 10)
    let all = LayerPath.parameters(of: model).map(\.path)
    #expect(try weights("head", model) == ["fc.bias", "fc.weight"])
    #expect(try ParameterSelection("all").paths(in: model) == Set(all))
    #expect(try ParameterSelection("backbone").paths(in: model) == Set(all.filter { !$0.hasPrefix("fc.") }))
    #expect(try ParameterSelection("backbone, head").paths(in: model) == Set(all))
  }

  /// Each model's head is its last dense layer; a user's own model's the last part that has weights.
  @Test func headsOfModels() throws {
    func head(_ name: String) throws -> [String] {
      try weights("head", #require(ModelZoo.make(name, input: [32, 32, 3], classes: 10)))
    }
    #expect(try head("mlp") == ["layers.2.bias", "layers.2.weight"])
    #expect(try head("lenet") == ["fc2.bias", "fc2.weight"])
    #expect(try head("resnet50") == ["fc.bias", "fc.weight"])
    #expect(try head("mobilenet_v2") == ["classifier.1.bias", "classifier.1.weight"])
    #expect(try head("efficientnet-lite0") == ["_fc.bias", "_fc.weight"])
    #expect(try head("vgg11_bn") == ["classifier.6.bias", "classifier.6.weight"])
    #expect(try weights("head", Sequential(Dense(4, 3), ReLU(), Sequential(Dense(3, 2), ReLU()))) == ["2.0.bias", "2.0.weight"])
    struct Own: Layer {
      let stem = Dense(4, 3)
      let end = Dense(3, 2)
      func forward(_ x: Tensor) -> Tensor { end(relu(stem(x))) }
    }
    #expect(try weights("head", Own()) == ["end.bias", "end.weight"])
    #expect(try weights("backbone", Own()) == ["stem.bias", "stem.weight"])
  }

  @Test func patterns() throws {
    let resnet = ResNet(channels: 3, classes: 10)
    #expect(try weights("layer1.0.conv1", resnet) == ["layer1.0.conv1.weight"])
    #expect(try weights("layer*.1.bn2.bias", resnet) == (1...4).map { "layer\($0).1.bn2.bias" })
    #expect(try weights("layer1", resnet).count == 12)
    #expect(try weights("**.bias", resnet).count == 21)
    #expect(try weights("conv1,bn1", resnet) == ["bn1.bias", "bn1.weight", "conv1.weight"])
    let efficient = EfficientNetLite(.lite0, classes: 10)
    let blocks = try weights("blocks.0-5", efficient)
    #expect(Set(blocks.map { $0.split(separator: ".")[1] }) == Set((0...5).map { "\($0)" }))
    #expect(blocks == (try weights("_blocks.0-5", efficient)))
    #expect(try weights("blocks.*.expand_conv", efficient).count == 15)
  }

  @Test func whatMatchesNothing() {
    let resnet = ResNet(channels: 3, classes: 10)
    #expect(message("layr1", resnet).hasPrefix("parameters 'layr1': the pattern matches no parameter of the model; did you mean 'layer1'?"))
    #expect(message("layer1.0.conv4", resnet).contains("did you mean 'layer1.0.conv1'?"))
    #expect(message("layer9-12", resnet).contains("there are backbone, head, all, conv1, bn1, layer1"))
    #expect(message("backbon", resnet).contains("did you mean 'backbone'?"))
    #expect(message("layer1..conv1", resnet).contains("empty component"))
    #expect(message("layer1.3-1", resnet).contains("a range that ends before it begins"))
    #expect(message("head,,backbone", resnet).contains("an empty pattern"))
  }
}
