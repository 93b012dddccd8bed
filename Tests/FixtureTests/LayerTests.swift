import GlissadeFormats
import GlissadeTensors
import Testing

@Suite("Layers against PyTorch")
struct LayerTests {
  static let fixture = Result { try Fixture("layers") }
  static let pools = ["maxpool", "maxpool-ties", "avgpool-with-padding", "avgpool-without-padding"]
  static let convolutions = [
    "conv-stride-padding", "conv-dilation", "conv-groups", "conv-all", "conv-uneven", "conv-pointwise-stride", "conv-depthwise",
    "conv-depthwise-multiplier",
  ]
  static let normalisations = ["layernorm", "layernorm-two-axes", "rmsnorm", "groupnorm", "groupnorm-one", "instancenorm"]
  static let others = ["upsample-nearest", "squeeze-excitation"]
  static let losses = ["cross-entropy", "cross-entropy-smoothing"]
  static let activations = ["softmax", "log-softmax", "relu", "sigmoid", "tanh", "silu", "gelu-tanh", "softplus"]

  /// The largest difference that is allowed, relative to the tensor's largest magnitude or to 1, whichever is more. PyTorch's own float32
  /// stays within 2.6·10⁻⁷.
  static let tolerance = 2e-6

  @Test("Every case of the fixture is tested") func complete() throws {
    let losses = Self.losses + LossCases.distributions + LossCases.values
    let tested = Self.pools + Self.convolutions + ["batchnorm"] + Self.normalisations + Self.others + losses + Self.activations
    #expect(Set(try Self.fixture.get().metadata("cases").strings) == Set(tested))
  }

  @Test("Pooling", arguments: DeviceUnderTest.all, pools) func pooling(on under: DeviceUnderTest, name: String) throws {
    try check(name, on: under) { inputs, options in
      let window = try Self.window(options, kernel: options.member("kernel").integers)
      let input = try #require(inputs["input"])
      guard let counts = options["count_include_pad"]?.boolValue else { return input.maxPooled(window) }
      return input.averagePooled(window, countsPadding: counts)
    }
  }

  @Test("Convolution", arguments: DeviceUnderTest.all, convolutions) func convolution(on under: DeviceUnderTest, name: String) throws {
    try check(name, on: under) { inputs, options in
      let (input, weight) = (try #require(inputs["input"]), try #require(inputs["weight"]))
      let window = try Self.window(options, kernel: [weight.shape[1], weight.shape[2]])
      let convolved = input.convolved(
        weight, stride: (window.strideHeight, window.strideWidth), padding: (window.paddingHeight, window.paddingWidth),
        dilation: (window.dilationHeight, window.dilationWidth), groups: options["groups"]?.integerValue ?? 1)
      return convolved + (try #require(inputs["bias"]))
    }
  }

  @Test("Normalisations", arguments: DeviceUnderTest.all, normalisations) func normalisation(on under: DeviceUnderTest, name: String) throws
  {
    try check(name, on: under) { inputs, options in
      let (x, weight, bias) = (try #require(inputs["input"]), inputs["weight"], inputs["bias"])
      let epsilon = options["eps"]?.doubleValue.map { Float($0) } ?? 1e-5
      if let groups = options["groups"]?.integerValue {
        return x.groupNormalized(groups: groups, weight: weight, bias: bias, epsilon: epsilon)
      }
      let axes = try #require(options["axes"]?.integerValue)
      return name == "rmsnorm"
        ? x.rmsNormalized(axes: axes, weight: weight) : x.layerNormalized(axes: axes, weight: weight, bias: bias, epsilon: epsilon)
    }
  }

  @Test("Other layers", arguments: DeviceUnderTest.all, others) func other(on under: DeviceUnderTest, name: String) throws {
    try check(name, on: under) { inputs, options in
      let x = try #require(inputs["input"])
      if let factors = options["factors"]?.integers { return x.enlarged(height: factors[0], width: factors[1]) }
      // As the layer computes it, with weights that are inputs here.
      let squeezed = x.mean(axes: [1, 2], keepingAxes: true)
      let y = relu(squeezed.convolved(try #require(inputs["fc1"])) + (try #require(inputs["bias1"])))
      return x * sigmoid(y.convolved(try #require(inputs["fc2"])) + (try #require(inputs["bias2"])))
    }
  }

  @Test("Losses", arguments: DeviceUnderTest.all, losses) func loss(on under: DeviceUnderTest, name: String) throws {
    try check(name, on: under) { inputs, options in
      let smoothing = try #require(try options.member("label_smoothing").doubleValue)
      return softmaxCrossEntropy(
        try #require(inputs["input"]), try #require(inputs["labels"]), labelSmoothing: Float(smoothing)
      ).loss
    }
  }

  @Test("Activations", arguments: DeviceUnderTest.all, activations) func activation(on under: DeviceUnderTest, name: String) throws {
    try check(name, on: under) { inputs, _ in
      let x = try #require(inputs["input"])
      return switch name {
      case "softmax": x.softmax()
      case "log-softmax": x.logSoftmax()
      case "relu": relu(x)
      case "sigmoid": sigmoid(x)
      case "tanh": tanh(x)
      case "silu": silu(x)
      case "gelu-tanh": gelu(x)
      default: softplus(x)
      }
    }
  }

  /// Runs a case and compares its output and all gradients.
  /// - Parameter compute: what the case is about, from its inputs and options.
  private func check(
    _ name: String, on under: DeviceUnderTest, _ compute: (_ inputs: [String: Tensor], _ options: JSONValue) throws -> Tensor
  ) throws {
    let fixture = try Self.fixture.get()
    let entry = try fixture.metadata(name)
    let options = try entry.member("options")
    let leaves = try #require(try entry.member("inputs").members)
    let labels = options["labels"]?.integers.map { Int32($0) } ?? []
    var data = try Dictionary(uniqueKeysWithValues: leaves.map { ($0.key, StepInput(try Self.values(name, $0.key, $0.value))) })
    if !labels.isEmpty { data["labels"] = StepInput(labels) }
    let upstream = try entry.member("upstream").integers
    if !upstream.isEmpty { data["upstream"] = StepInput(NamedStream.values("layers/\(name)/upstream", count: Shape(upstream).count)) }

    let results = try GraphRunner(under.device).run(inputs: data) { graph in
      var inputs: [String: Tensor] = [:]
      for leaf in leaves { inputs[leaf.key] = graph.input(leaf.key, shape: Shape(try leaf.value.member("shape").integers)) }
      var all = inputs
      if !labels.isEmpty { all["labels"] = graph.input("labels", shape: [labels.count], dtype: .int32) }
      let output = try compute(all, options)
      let loss = upstream.isEmpty ? output : (output * graph.input("upstream", shape: Shape(upstream))).sum()
      let names = inputs.keys.sorted()
      var outputs = ["output": output]
      for (name, gradient) in zip(names, graph.gradients(of: loss, withRespectTo: names.compactMap { inputs[$0] })) {
        outputs["gradient/\(name)"] = gradient
      }
      return outputs
    }
    #expect(results.count == 1 + leaves.count)
    for (key, found) in results {
      let difference = Difference.ofTensor(found, try fixture.doubles("\(name)/\(key)"), scale: 1)
      #expect(difference <= Self.tolerance, "\(key) is off by \(difference)")
    }
  }

  private static func values(_ name: String, _ leaf: String, _ entry: JSONValue) throws -> [Float] {
    let values = NamedStream.values(
      "layers/\(name)/\(leaf)", count: Shape(try entry.member("shape").integers).count, scale: entry["scale"]?.doubleValue ?? 1,
      offset: entry["offset"]?.doubleValue ?? 0)
    return entry["floor"]?.boolValue == true ? values.map { $0.rounded(.down) } : values
  }

  private static func window(_ options: JSONValue, kernel: [Int]) throws -> Window {
    func pair(_ key: String, _ fallback: Int) -> (Int, Int) {
      let pair = options[key]?.integers ?? []
      return pair.count == 2 ? (pair[0], pair[1]) : (fallback, fallback)
    }
    try #require(kernel.count == 2)
    return Window(kernel: (kernel[0], kernel[1]), stride: pair("stride", 1), padding: pair("padding", 0), dilation: pair("dilation", 1))
  }
}
