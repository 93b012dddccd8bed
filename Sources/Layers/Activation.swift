/// Activations by name, as PyTorch's functions are called.
public enum Activation: String, CaseIterable, Sendable {
  /// `ReLU`: max(x, 0).
  case relu
  /// `LeakyReLU` with a slope of 0.01.
  case leakyRelu = "leaky_relu"
  /// `PReLU` with one slope for all, from 0.25 on.
  case prelu
  /// `ELU` with α = 1.
  case elu
  /// `SELU`.
  case selu
  /// `CELU` with α = 1.
  case celu
  /// `GELU`, exact.
  case gelu
  /// `GELU` by its approximation with tanh.
  case geluTanh = "gelu_tanh"
  /// `SiLU`: x · sigmoid(x).
  case silu
  /// `Mish`.
  case mish
  /// `Softplus` with β = 1.
  case softplus
  /// `Softsign`: x / (1 + |x|).
  case softsign
  /// `Sigmoid`.
  case sigmoid
  /// `Tanh`.
  case tanh
  /// `Hardtanh` between −1 and 1.
  case hardtanh
  /// `ReLU6`.
  case relu6
  /// `Hardswish`.
  case hardswish
  /// `Hardsigmoid`.
  case hardsigmoid

  /// A layer that computes it, with PyTorch's numbers; `prelu` has a slope of its own, one for all.
  public func makeLayer() -> any Layer {
    switch self {
    case .relu: ReLU()
    case .leakyRelu: LeakyReLU()
    case .prelu: PReLU()
    case .elu: ELU()
    case .selu: SELU()
    case .celu: CELU()
    case .gelu: GELU()
    case .geluTanh: GELU(.tanh)
    case .silu: SiLU()
    case .mish: Mish()
    case .softplus: Softplus()
    case .softsign: Softsign()
    case .sigmoid: Sigmoid()
    case .tanh: Tanh()
    case .hardtanh: Hardtanh()
    case .relu6: ReLU6()
    case .hardswish: Hardswish()
    case .hardsigmoid: Hardsigmoid()
    }
  }

  /// How weights in front of it start best: He's for what leaves half of its inputs alone, Glorot's for what is bounded on both sides, LeCun's
  /// for SELU, whose numbers were found for that.
  public var initialization: Initialization {
    switch self {
    case .relu, .leakyRelu, .prelu, .elu, .celu, .gelu, .geluTanh, .silu, .mish, .softplus, .relu6, .hardswish: .heNormal
    case .softsign, .sigmoid, .tanh, .hardtanh, .hardsigmoid: .glorotUniform
    case .selu: .lecunNormal
    }
  }
}

/// How a layer's weights start, by name; what an `Initializer` says in numbers follows from the layer's sizes.
public enum Initialization: String, CaseIterable, Sendable {
  /// Weights and biases uniform in ±1/√fanIn, PyTorch's default.
  case pytorch
  /// Normal with deviation √(2 / fanIn), biases 0 (He et al. 2015).
  case heNormal = "he_normal"
  /// Uniform with that deviation, biases 0.
  case heUniform = "he_uniform"
  /// Normal with deviation √(2 / (fanIn + fanOut)), biases 0 (Glorot and Bengio 2010).
  case glorotNormal = "glorot_normal"
  /// Uniform with that deviation, biases 0.
  case glorotUniform = "glorot_uniform"
  /// Normal with deviation √(1 / fanIn), biases 0 (LeCun et al. 1998).
  case lecunNormal = "lecun_normal"
  /// Uniform with that deviation, biases 0.
  case lecunUniform = "lecun_uniform"

  /// The weight's.
  /// - Parameters:
  ///   - fanIn: numbers that each output is made of.
  ///   - fanOut: outputs that each input is part of.
  public func weight(fanIn: Int, fanOut: Int) -> Initializer {
    switch self {
    case .pytorch: .pytorchDefault(fanIn: fanIn)
    case .heNormal: .kaimingNormal(fan: fanIn)
    case .heUniform: .kaimingUniform(fan: fanIn)
    case .glorotNormal: .xavierNormal(fanIn: fanIn, fanOut: fanOut, gain: 1)
    case .glorotUniform: .xavierUniform(fanIn: fanIn, fanOut: fanOut, gain: 1)
    case .lecunNormal: .kaimingNormal(fan: fanIn, gain: 1)
    case .lecunUniform: .kaimingUniform(fan: fanIn, gain: 1)
    }
  }

  /// The bias's.
  public func bias(fanIn: Int) -> Initializer { self == .pytorch ? .pytorchDefault(fanIn: fanIn) : .zeros }
}

extension Dense {
  /// The same, with weights that start as a rule says.
  /// - Parameters:
  ///   - inputs: features that go in.
  ///   - outputs: features that come out.
  public init(_ inputs: Int, _ outputs: Int, _ initialization: Initialization) {
    self.init(
      inputs, outputs, initializer: initialization.weight(fanIn: inputs, fanOut: outputs),
      biasInitializer: initialization.bias(fanIn: inputs))
  }
}

extension Conv2D {
  /// A convolution whose weights start as a rule says.
  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - kernel: the kernel's height and width.
  ///   - padding: zeros on every side; default 0.
  public init(_ inputs: Int, _ outputs: Int, kernel: Int, padding: Int = 0, _ initialization: Initialization) {
    let fanIn = Shape([inputs, kernel, kernel]).count
    self.init(
      inputs, outputs, kernel: kernel, padding: padding,
      initializer: initialization.weight(fanIn: fanIn, fanOut: Shape([outputs, kernel, kernel]).count),
      biasInitializer: initialization.bias(fanIn: fanIn))
  }
}
