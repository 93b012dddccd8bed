import Foundation
import GlissadeDevices
import GlissadeFormats
import GlissadeLayers
import GlissadeModels
import GlissadeRandom
import GlissadeTraining
import TestSupport
import Testing

/// What is exported computes the same elsewhere: ONNX Runtime and the networks' own PyTorch classes evaluate it, where they are installed.
/// `Scripts/witnesses.sh` installs them.
struct ExportTests {
  private static let classes = 10

  /// A network, pictures that it takes, and what PyTorch calls it where it has it.
  private struct Case {
    var name: String
    var model: any Layer
    var shape: Shape
    var batch = 3
    var pytorch: String?
  }

  /// Functions and reductions that networks of the zoo do not have, each of which the result depends on.
  private struct Arithmetic: Layer {
    func forward(_ x: Tensor) -> Tensor {
      let functions: [(Tensor) -> Tensor] = [
        { $0.floor() }, { ($0 * 3).round() }, { $0.erf() }, { $0.log1p() }, { $0.expm1() }, { $0.sin() }, { $0.cos() }, { $0.sign() },
        { leakyRelu($0, slope: 0.2) }, { leakyRelu($0, slope: -$0) }, { $0.clamped(from: -0.5, to: 0.25) }, { $0.clamped(to: 0.1) },
        { $0.clamped(from: 0.1) }, { $0.abs().pow(1.5) }, { $0.logSumExp(axes: [-1], keepingAxes: true) + $0 * 0 },
        { $0.variance(axes: [1], keepingAxes: true) + $0 * 0 }, { $0.product(axes: [1], keepingAxes: true) + $0 * 0 },
        { $0.norm(axes: [1], keepingAxes: true) + $0 * 0 }, { $0.standardDeviation(axes: [1], correction: 0, keepingAxes: true) + $0 * 0 },
      ]
      return functions.enumerated().reduce(x) { $0 + $1.element(x) * (1 + 0.1 * Float($1.offset)) }
    }
  }

  /// Convolutions, poolings, products and orders that networks of the zoo do not have. Images are [7, 8, 3].
  private struct OtherShapes: Layer {
    let weight = Parameter("weight", shape: [3, 3, 3, 4], initializer: .pytorchDefault(fanIn: 27))
    let lines = Parameter("lines", shape: [5, 3, 4], initializer: .pytorchDefault(fanIn: 12))
    let table = Parameter("table", shape: [5, 2], initializer: .pytorchDefault(fanIn: 5))

    func forward(_ x: Tensor) -> Tensor {
      let wide = x.transposedConvolved(x.graph[weight], stride: (2, 2), padding: (1, 1), outputPadding: (1, 0))
      let window = Window(kernel: (3, 3), stride: (2, 2), roundsUp: true)
      let pooled = wide.maxPooled(window) + wide.averagePooled(window, countsPadding: false) * 2
      let sequence = pooled.mean(axes: [1]).convolved1D(x.graph[lines], padding: 1)
      let scores = einsum("btc,bsc->bts", sequence, sequence) * 0.1
      let mixed = scores.softmax().matmul(sequence).cumulativeSum(axis: 1).mean(axes: [1])
      let places = mixed.sortOrder(isDescending: true, count: 3)
      let gates = x.graph[table].rows(places).sum(axes: [2])
      let last = mixed.reshaped(to: [mixed.shape[0], 1, 5]).matmul(sequence, transposeOther: true).flattened()
      return einsum("bi,bj->bij", gates, last).flattened() + x.graph[table].rows(mixed.argmin(axis: 1)).sum(axes: [1], keepingAxes: true)
    }
  }

  private static func zoo(_ name: String, _ shape: Shape, pytorch: Bool = true) throws -> Case {
    let model = try #require(ModelZoo.make(name, input: shape, classes: classes))
    return Case(name: "\(name)-\(shape[0])", model: model, shape: shape, pytorch: pytorch ? name : nil)
  }

  private static func cases() throws -> [Case] {
    [
      try zoo("mlp", [7, 5, 2], pytorch: false), try zoo("lenet", [28, 28, 1], pytorch: false),
      try zoo("resnet18", [32, 32, 3], pytorch: false), try zoo("resnet18-imagenet", [64, 64, 3]), try zoo("resnet34", [64, 64, 3]),
      try zoo("resnet50", [64, 64, 3]), try zoo("mobilenet_v2", [64, 64, 3]), try zoo("efficientnet-lite0", [96, 96, 3]),
      // An odd size, whose padding is even.
      try zoo("efficientnet-lite0", [65, 65, 3], pytorch: false), try zoo("efficientnet-lite4", [64, 64, 3]),
      // 2×2 pixels are spread over the 7×7 of the dense layers, 7×7 are taken as they are, 8×8 overlap.
      Case(name: "vgg11_bn-64", model: VGG(classes: classes, hidden: 64), shape: [64, 64, 3], pytorch: "vgg11_bn"),
      Case(name: "vgg11_bn-224", model: VGG(classes: classes, hidden: 64), shape: [224, 224, 3], batch: 1),
      Case(name: "shapes", model: OtherShapes(), shape: [7, 8, 3], batch: 5),
      Case(name: "arithmetic", model: Arithmetic(), shape: [9], batch: 5),
      Case(name: "moved-pictures", model: MovingNetworks.Pictures(), shape: [8, 6, 4]),
      Case(name: "tokens", model: MovingNetworks.Tokens(), shape: [8], batch: 4),
      Case(name: "sums", model: MovingNetworks.Sums(), shape: [8], batch: 4),
      Case(name: "vgg11_bn-256", model: VGG(classes: classes, hidden: 64), shape: [256, 256, 3], batch: 1),
    ]
  }

  /// First values are nearly alike in every batch norm; these are not.
  private static func stirred(_ state: ModelState) -> ModelState {
    var state = state
    for index in state.parameters.indices {
      let path = state.parameters[index].path
      guard state.parameters[index].shape.rank == 1 else { continue }
      var generator = Philox4x32(seed: 7, stream: Philox4x32.stream(named: path))
      let isPositive = path.hasSuffix("running_var") || path.hasSuffix("weight")
      generator.fillUniform(&state.parameters[index].values, low: isPositive ? 0.5 : -0.2, high: isPositive ? 1.5 : 0.2)
    }
    return state
  }

  @Test("Exports evaluate to the same elsewhere", .enabled(if: Witness.python != nil)) func exports() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("glissade-exports-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let device = try CPUDevice()
    for each in try Self.cases() {
      let session = try TrainingSession(model: each.model, sampleShape: each.shape, batchSize: each.batch, groups: [], device: device)
      let state = Self.stirred(try session.state())
      try session.restore(state)
      var features = [Float](repeating: 0, count: each.batch * each.shape.count)
      var generator = Philox4x32(seed: 3, stream: Philox4x32.stream(named: each.name))
      generator.fillUniform(&features, low: -1, high: 1)
      let logits = try session.predict(features)
      let path = folder.appendingPathComponent(each.name).path
      try ONNXWriter.write(
        path: path + ".onnx", ONNXModel(of: each.model, sampleShape: each.shape, state: state, name: each.name))
      if each.pytorch != nil {
        let layout = try PyTorchLayout(of: each.model, sampleShape: each.shape)
        try PyTorchWriter.write(path: path + ".pth", try state.pytorchState(by: layout).entries)
      }
      try SafetensorsWriter.write(
        path: path + ".safetensors",
        [
          SafetensorsEntry(name: "features", shape: [each.batch] + each.shape.dimensions, features),
          SafetensorsEntry(name: "logits", shape: [each.batch, logits.count / each.batch], logits),
        ], metadata: ["network": each.pytorch ?? ""])
    }
    let (status, text) = try Witness.run("check_exports.py", folder.path)
    #expect(status == 0, "\(text)")
  }
}
