import GlissadeDevices
import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadeTraining
import Testing

/// One training step of a whole network, held against PyTorch in float64.
@Suite("Networks against PyTorch")
struct NetworkTests {
  /// In the measures of the fixtures' README. PyTorch's own float32 stays within 2·10⁻⁵.
  static let tolerance = 1e-4

  @Test("LeNet", arguments: DeviceUnderTest.all) func leNet(on under: DeviceUnderTest) throws {
    try check("lenet", LeNet(input: [28, 28, 1], classes: 10, dropout: 0), on: under)
  }

  @Test("ResNet-18", arguments: DeviceUnderTest.best) func resNet(on under: DeviceUnderTest) throws {
    try check("resnet18", ResNet(channels: 3, classes: 10), on: under)
  }

  @Test("LeNet without fusion", arguments: DeviceUnderTest.best) func unfused(on under: DeviceUnderTest) throws {
    try check("lenet", LeNet(input: [28, 28, 1], classes: 10, dropout: 0), on: under, fuses: false)
  }

  private func check(_ name: String, _ model: any Layer, on under: DeviceUnderTest, fuses: Bool = true) throws {
    let fixture = try Fixture(name)
    let input = try fixture.metadata("input")
    let shape = Shape(try input.member("shape").integers)
    let labels = try fixture.metadata("labels").integers.map { Int32($0) }
    let stream = try #require(try input.member("stream").stringValue)
    let images = NamedStream.values(stream, count: shape.count, scale: try #require(try input.member("scale").doubleValue))
    let values = try Self.parameters(of: name, fixture)

    // Sums are kept in one number, so the logits come out of a step of their own, which leaves the session's state alone.
    let parameters = LayerPath.parameters(of: model)
    let logits = try GraphRunner(under.device, parameters: parameters, values: values).run(inputs: ["images": StepInput(images)]) { graph in
      ["logits": model(graph.input("images", shape: shape))]
    }
    #expect(Difference.relative(try #require(logits["logits"]), try fixture.doubles("logits")) <= Self.tolerance)

    let session = try TrainingSession(
      model: model, sampleShape: Shape(Array(shape.dimensions.dropFirst())), batchSize: labels.count,
      groups: [ParameterGroup(SGD(learningRate: 1))], device: under.device, fuses: fuses)
    var state = try session.state()
    for index in state.parameters.indices {
      if let value = values[state.parameters[index].path] { state.parameters[index].values = value }
    }
    #expect(Set(values.keys) == Set(session.layout.entries.filter { $0.parameter.role == .weight }.map(\.path)))
    try session.restore(state)
    try images.withUnsafeBufferPointer { images in
      // At a learning rate of 0 the weights stay, as they did for PyTorch's evaluation.
      try labels.withUnsafeBufferPointer { try session.train(features: images, labels: $0) { _ in 0 } }
    }

    let sums = try session.sums()
    let loss = try fixture.doubles("loss")[0]
    #expect(abs(sums.loss - loss) <= Self.tolerance * loss, "loss \(sums.loss), PyTorch \(loss)")
    #expect(Int((sums.accuracy * Double(labels.count)).rounded()) == (try fixture.metadata("correct").integerValue))
    for name in values.keys.sorted() {
      let gradient = try #require(try session.gradient(of: name))
      let expected = try GradientProbe(fixture, named: name)
      let difference = GradientProbe(of: gradient, named: name).difference(from: expected, count: gradient.count)
      #expect(difference <= Self.tolerance, "the gradient of \(name) is off by \(difference)")
    }
    let after = try session.state()
    for entry in after.parameters {
      if let value = values[entry.path] { #expect(entry.values == value, "\(entry.path) moved at a learning rate of 0") }
      guard entry.path.hasSuffix("running_mean") || entry.path.hasSuffix("running_var"), fixture.has(entry.path) else { continue }
      let difference = Difference.relative(entry.values, try fixture.doubles(entry.path))
      #expect(difference <= Self.tolerance, "\(entry.path) is off by \(difference)")
    }
    let evaluated = Difference.relative(try session.predict(images), try fixture.doubles("evaluation/logits"))
    #expect(evaluated <= Self.tolerance, "evaluation is off by \(evaluated)")
  }

  /// The weights that PyTorch had, by path.
  private static func parameters(of model: String, _ fixture: Fixture) throws -> [String: [Float]] {
    var values: [String: [Float]] = [:]
    for member in try fixture.metadata("parameters").members ?? [] {
      let (name, entry) = (member.key, member.value)
      if entry["stored"]?.boolValue == true {
        values[name] = try fixture.file.floats(of: name)
      } else {
        values[name] = NamedStream.values(
          "\(model)/\(name)", count: Shape(try entry.member("shape").integers).count, scale: entry["scale"]?.doubleValue ?? 1,
          offset: entry["offset"]?.doubleValue ?? 0)
      }
    }
    return values
  }
}
