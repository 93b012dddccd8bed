/// An activation by name, as PyTorch's functions are called, with numbers where it has some.
///
/// ```swift
/// let model = MLP([784, 256, 10], activation: .leakyRelu(slope: 0.2))
/// ```
public struct Activation: Hashable, Sendable {
  /// What they are called.
  public enum Name: String, CaseIterable, Sendable {
    /// `ReLU`: max(x, 0).
    case relu
    /// `LeakyReLU`; its slope is 0.01 unless another is given.
    case leakyRelu = "leaky_relu"
    /// `PReLU` with one slope for all, learned from 0.25 on.
    case prelu
    /// `PReLU` with a slope for each channel, or feature of a dense layer, learned from 0.25 on.
    case preluPerChannel = "prelu_per_channel"
    /// `ELU`; α is 1.
    case elu
    /// `SELU`.
    case selu
    /// `CELU`; α is 1.
    case celu
    /// `GELU`, exact.
    case gelu
    /// `GELU` by its approximation with tanh.
    case geluTanh = "gelu_tanh"
    /// `SiLU`: x · sigmoid(x).
    case silu
    /// `Mish`.
    case mish
    /// `Softplus`; β is 1.
    case softplus
    /// `Softsign`: x / (1 + |x|).
    case softsign
    /// `Sigmoid`.
    case sigmoid
    /// `Tanh`.
    case tanh
    /// `Hardtanh`, between −1 and 1.
    case hardtanh
    /// `ReLU6`.
    case relu6
    /// `Hardswish`.
    case hardswish
    /// `Hardsigmoid`.
    case hardsigmoid

    /// What a number may be.
    public enum Range: Sendable {
      /// Anything.
      case anything
      /// At least 0.
      case notNegative
      /// Above 0.
      case positive
    }

    /// Its numbers: what they are called, PyTorch's values, and what they may be.
    public var numbers: [(name: String, usual: Float, range: Range)] {
      switch self {
      case .leakyRelu: [("slope", 0.01, .notNegative)]
      // Where learned slopes begin.
      case .prelu, .preluPerChannel: [("slope", 0.25, .anything)]
      case .elu: [("alpha", 1, .notNegative)]
      case .celu: [("alpha", 1, .positive)]
      case .softplus: [("beta", 1, .positive)]
      case .hardtanh: [("lower", -1, .anything), ("upper", 1, .anything)]
      case .relu, .selu, .gelu, .geluTanh, .silu, .mish, .softsign, .sigmoid, .tanh, .relu6, .hardswish, .hardsigmoid: []
      }
    }
  }

  /// Which.
  public let name: Name
  /// Its first numbers, as many as are not to be the usual ones.
  public let numbers: [Float]

  /// - Parameters:
  ///   - name: which.
  ///   - numbers: in the order of `Name.numbers`, which has those that are not given; what is beyond them means nothing.
  public init(_ name: Name, _ numbers: [Float] = []) { (self.name, self.numbers) = (name, numbers) }

  private func number(_ place: Int) -> Float { place < numbers.count ? numbers[place] : name.numbers[place].usual }

  /// A layer that computes it; those that learn slopes have slopes of their own.
  /// - Parameter channels: how many it is for, the last axis.
  public func makeLayer(channels: Int) -> any Layer {
    switch name {
    case .relu: ReLU()
    case .leakyRelu: LeakyReLU(number(0))
    case .prelu: PReLU(slope: number(0))
    case .preluPerChannel: PReLU(channels, slope: number(0))
    case .elu: ELU(number(0))
    case .selu: SELU()
    case .celu: CELU(number(0))
    case .gelu: GELU()
    case .geluTanh: GELU(.tanh)
    case .silu: SiLU()
    case .mish: Mish()
    case .softplus: Softplus(beta: number(0))
    case .softsign: Softsign()
    case .sigmoid: Sigmoid()
    case .tanh: Tanh()
    case .hardtanh: Hardtanh(from: number(0), to: number(1))
    case .relu6: ReLU6()
    case .hardswish: Hardswish()
    case .hardsigmoid: Hardsigmoid()
    }
  }

  /// What is wrong with its numbers, and what would be right; `nil` where nothing is.
  public var problem: String? {
    for (place, known) in name.numbers.enumerated() {
      let value = number(place)
      switch known.range {
      case .anything where value.isFinite: continue
      case .notNegative where value >= 0 && value.isFinite: continue
      case .positive where value > 0 && value.isFinite: continue
      case .anything: return "\(known.name) has to be a number"
      case .notNegative: return "\(known.name) has to be at least 0"
      case .positive: return "\(known.name) has to be a number above 0"
      }
    }
    guard name == .hardtanh, number(0) >= number(1) else { return nil }
    return "lower, \(number(0)), has to be below upper, \(number(1))"
  }

  /// How weights in front of it start best: He's for what leaves half of its inputs alone, Glorot's for what is bounded on both sides, LeCun's
  /// for SELU, whose numbers were found for that.
  public var initialization: Initialization {
    switch name {
    case .relu, .leakyRelu, .prelu, .preluPerChannel, .elu, .celu, .gelu, .geluTanh, .silu, .mish, .softplus, .relu6, .hardswish: .heNormal
    case .softsign, .sigmoid, .tanh, .hardtanh, .hardsigmoid: .glorotUniform
    case .selu: .lecunNormal
    }
  }
}

// As they are written most.
extension Activation {
  /// max(x, 0).
  public static let relu = Activation(.relu)
  /// x above 0, otherwise 0.01·x.
  public static let leakyRelu = Activation(.leakyRelu)
  /// x above 0, otherwise slope·x, with a slope of at least 0.
  public static func leakyRelu(slope: Float) -> Activation { Activation(.leakyRelu, [slope]) }
  /// x above 0, otherwise w·x with one learned slope w.
  public static let prelu = Activation(.prelu)
  /// x above 0, otherwise w·x with a learned slope w for each channel.
  public static let preluPerChannel = Activation(.preluPerChannel)
  /// `ELU` with α = 1.
  public static let elu = Activation(.elu)
  /// `SELU`.
  public static let selu = Activation(.selu)
  /// `CELU` with α = 1.
  public static let celu = Activation(.celu)
  /// `GELU`, exact.
  public static let gelu = Activation(.gelu)
  /// `GELU` by its approximation with tanh.
  public static let geluTanh = Activation(.geluTanh)
  /// x · sigmoid(x).
  public static let silu = Activation(.silu)
  /// `Mish`.
  public static let mish = Activation(.mish)
  /// `Softplus` with β = 1.
  public static let softplus = Activation(.softplus)
  /// x / (1 + |x|).
  public static let softsign = Activation(.softsign)
  /// `Sigmoid`.
  public static let sigmoid = Activation(.sigmoid)
  /// `Tanh`.
  public static let tanh = Activation(.tanh)
  /// `Hardtanh` between −1 and 1.
  public static let hardtanh = Activation(.hardtanh)
  /// `ReLU6`.
  public static let relu6 = Activation(.relu6)
  /// `Hardswish`.
  public static let hardswish = Activation(.hardswish)
  /// `Hardsigmoid`.
  public static let hardsigmoid = Activation(.hardsigmoid)
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
