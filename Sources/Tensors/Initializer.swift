import GlissadeRandom

/// How a parameter's values start. Values come from Philox4x32-10 keyed by the run's seed, in a stream named by the parameter's path, so
/// they depend on nothing but the seed, the path and the shape: not on the device, nor on the order in which layers are made.
public enum Initializer: Hashable, Sendable {
  /// All zero.
  case zeros
  /// All one.
  case ones
  /// All the same.
  case constant(Float)
  /// Uniform in [low, high).
  case uniform(low: Float, high: Float)
  /// Normal with this mean and standard deviation.
  case normal(mean: Float, deviation: Float)
  /// He et al. 2015: uniform in ±gain·√(3 / fan). PyTorch's default for weights is `a = √5`: gain √(2 / (1 + a²)), that is ±1/√fan_in.
  case kaimingUniform(fan: Int, gain: Float)
  /// He et al. 2015: normal with deviation gain / √fan.
  case kaimingNormal(fan: Int, gain: Float)
  /// Glorot and Bengio 2010: uniform in ±gain·√(6 / (fanIn + fanOut)).
  case xavierUniform(fanIn: Int, fanOut: Int, gain: Float)
  /// Glorot and Bengio 2010: normal with deviation gain·√(2 / (fanIn + fanOut)).
  case xavierNormal(fanIn: Int, fanOut: Int, gain: Float)

  /// PyTorch's default for the weights and biases of dense and convolution layers: uniform in ±1/√fanIn.
  public static func pytorchDefault(fanIn: Int) -> Initializer {
    let bound = 1 / Float(max(fanIn, 1)).squareRoot()
    return .uniform(low: -bound, high: bound)
  }

  /// Kaiming normal for a layer followed by ReLU: gain √2.
  public static func kaimingNormal(fan: Int) -> Initializer { .kaimingNormal(fan: fan, gain: Float(2).squareRoot()) }
  /// Kaiming uniform for a layer followed by ReLU: gain √2.
  public static func kaimingUniform(fan: Int) -> Initializer { .kaimingUniform(fan: fan, gain: Float(2).squareRoot()) }

  /// Writes a parameter's first values.
  /// - Parameters:
  ///   - values: where to.
  ///   - seed: the run's seed.
  ///   - path: the parameter's path, which names its random stream.
  public func fill(_ values: UnsafeMutableBufferPointer<Float>, seed: UInt64, path: String) {
    func uniform(_ bound: Float) { uniform(-bound, bound) }
    func uniform(_ low: Float, _ high: Float) {
      var generator = Philox4x32(seed: seed, stream: Philox4x32.stream(named: path))
      generator.fillUniform(values, low: low, high: high)
    }
    func normal(_ mean: Float, _ deviation: Float) {
      var generator = Philox4x32(seed: seed, stream: Philox4x32.stream(named: path))
      generator.fillNormal(values, mean: mean, deviation: deviation)
    }
    switch self {
    case .zeros: values.update(repeating: 0)
    case .ones: values.update(repeating: 1)
    case .constant(let value): values.update(repeating: value)
    case .uniform(let low, let high): uniform(low, high)
    case .normal(let mean, let deviation): normal(mean, deviation)
    case .kaimingUniform(let fan, let gain): uniform(gain * (3 / Float(max(fan, 1))).squareRoot())
    case .kaimingNormal(let fan, let gain): normal(0, gain / Float(max(fan, 1)).squareRoot())
    case .xavierUniform(let fanIn, let fanOut, let gain): uniform(gain * (6 / max(Float(fanIn) + Float(fanOut), 1)).squareRoot())
    case .xavierNormal(let fanIn, let fanOut, let gain): normal(0, gain * (2 / max(Float(fanIn) + Float(fanOut), 1)).squareRoot())
    }
  }
}
