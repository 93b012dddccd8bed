import GlissadeFormats
import GlissadeLayers
import GlissadeOptimizers
import GlissadeTraining
import Testing

/// The network of the fixture.
private struct Network: LayerWithHead {
  let conv1 = Conv2D(3, 8, kernel: 3, padding: 1, bias: false)
  let bn1 = BatchNorm(8)
  let conv2 = Conv2D(8, 12, kernel: 3, stride: 2, padding: 1, bias: false)
  let bn2 = BatchNorm(12)
  private(set) var fc: any Layer = Dense(12, 5)

  var headLayer: any Layer { fc }
  func backbone(_ x: Tensor) -> Tensor { relu(bn2(conv2(relu(bn1(conv1(x)))))).mean(axes: [1, 2]) }

  func replacingHead(by design: HeadDesign) throws(HeadError) -> Network {
    var copy = self
    copy.fc = try design.layers(inputs: 12)
    return copy
  }
}

/// What of a network is trained, from which step on, and how close it is to stay: steps held against PyTorch's.
@Suite("Fine-tuning against PyTorch")
struct FineTuningTests {
  static let fixture = Result { try Fixture("finetuning") }
  static let cases = ["head", "upper", "around-a-frozen-norm", "stay-close", "stay-close-clipped", "gradual", "gradual-momentum"]
  static let sample: Shape = [12, 12, 3]
  static let batch = 6
  /// The largest |ours − PyTorch's| / max(|PyTorch's|, 0.1); PyTorch's own float32 stays within 6·10⁻⁶.
  static let tolerance = 2e-5

  @Test("Steps end where PyTorch's do", arguments: DeviceUnderTest.best, cases)
  func trajectory(on under: DeviceUnderTest, name: String) throws {
    let fixture = try Self.fixture.get()
    let options = try fixture.metadata(name)
    let groups = try options.member("groups").arrayValue ?? []
    let losses = try fixture.doubles("\(name)/losses")
    let norm = try options.member("max_norm").doubleValue.flatMap { $0 > 0 ? Float($0) : nil }
    let model = Network()
    let layout = try PyTorchLayout(of: model, sampleShape: Self.sample)
    var session: TrainingSession?
    var active = 0
    for step in 0..<losses.count {
      let now = groups.filter { ($0["from"]?.integerValue ?? 0) <= step }
      if now.count != active {
        let next = try TrainingSession(
          model: model, sampleShape: Self.sample, batchSize: Self.batch, groups: try now.map(Self.group), clippingNorm: norm,
          device: under.device)
        let state = try session?.state() ?? Self.start(of: next, layout)
        try next.restore(state)
        try next.anchor(at: try Self.start(of: next, layout))
        (session, active) = (next, now.count)
      }
      let running = try #require(session)
      let images = NamedStream.values("finetuning/images/\(step)", count: Self.batch * Self.sample.count)
      let labels = (0..<Self.batch).map { Int32(($0 * 3 + step) % 5) }
      let rates = now.map { $0["lr"]?.doubleValue ?? .nan }
      try running.resetSums()
      try images.withUnsafeBufferPointer { images in
        try labels.withUnsafeBufferPointer { try running.train(features: images, labels: $0) { rates[$0] } }
      }
      let sums = try running.sums()
      #expect(sums.badStep == nil && !sums.hasBadGradient)
      #expect(abs(sums.loss - losses[step]) <= 1e-5 * losses[step], "step \(step): loss \(sums.loss), PyTorch \(losses[step])")
      if step == 0 {
        let gradient = try #require(try running.gradient(of: "fc.weight"))
        #expect(Difference.ofTensor(gradient, try fixture.doubles("\(name)/gradient"), scale: 1e-3) <= Self.tolerance)
      }
    }
    let before = try Self.start(of: #require(session), layout)
    let after = try #require(session).state()
    for (entry, (old, new)) in zip(layout.entries, zip(before.parameters, after.parameters)) {
      let found = entry.toPyTorch(new.values)
      let difference = Difference.elementwise(found, try fixture.doubles("\(name)/\(entry.path)"), scale: 0.1)
      #expect(difference <= Self.tolerance, "\(entry.path) is off by \(difference)")
      if try options.member("unmoved").strings.contains(entry.path) { #expect(old.values == new.values, "\(entry.path) moved") }
    }
  }

  @Test("Every case of the fixture is tested") func complete() throws {
    #expect(try Self.fixture.get().metadata("cases").strings == Self.cases)
  }

  /// The fixture's first values.
  private static func start(of session: TrainingSession, _ layout: PyTorchLayout) throws -> ModelState {
    let tensors = layout.entries.map { entry in
      var (scale, offset) = (0.1, 0.0)
      if entry.foreignShape.rank > 1 {
        scale = 0.4
      } else if entry.path.hasSuffix("weight") || entry.path.hasSuffix("var") {
        (scale, offset) = (0.2, 1)
      }
      let values = NamedStream.values("finetuning/\(entry.path)", count: entry.shape.count, scale: scale, offset: offset)
      return NamedTensor(name: entry.path, shape: entry.foreignShape, values: values)
    }
    var state = ModelState(
      parameters: layout.entries.map { ModelState.Entry(path: $0.path, shape: $0.shape, values: []) })
    _ = try state.load(tensors, by: layout)
    return state
  }

  /// The library's group by PyTorch's.
  private static func group(_ options: JSONValue) throws -> ParameterGroup {
    func number(_ key: String, _ fallback: Double = 0) -> Double { options[key]?.doubleValue ?? fallback }
    let layers = try options.member("layers").strings
    let rate = number("lr")
    let optimizer: any Optimizer =
      try options.member("optimizer").stringValue == "SGD"
      ? SGD(learningRate: rate, momentum: number("momentum"), weightDecay: number("weight_decay"))
      : Adam(learningRate: rate, epsilon: number("eps", 1e-8))
    return ParameterGroup(optimizer, stayClose: Float(number("stay_close"))) { path in layers.contains { path.hasPrefix($0 + ".") } }
  }
}
