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
      case "gelu-tanh": gelu(x, .tanh)
      default: softplus(x)
      }
    }
  }

  private func check(
    _ name: String, on under: DeviceUnderTest, _ compute: (_ inputs: [String: Tensor], _ options: JSONValue) throws -> Tensor
  ) throws {
    try Self.fixture.get().check(name, on: under, tolerance: Self.tolerance, compute)
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
