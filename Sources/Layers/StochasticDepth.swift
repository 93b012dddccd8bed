/// Leaves out a residual branch for some of the samples while training (Huang et al. 2016): each sample's branch is zeroed with probability
/// `rate` and scaled by 1 / (1 − rate) otherwise. torchvision's `StochasticDepth` with `mode="row"`, timm's `DropPath`. What it wraps is the
/// branch, without the connection around it.
public struct StochasticDepth: Layer {
  /// In [0, 1).
  public let rate: Float

  /// - Parameter rate: the probability with which a sample's branch is dropped, in [0, 1).
  public init(_ rate: Float) { self.rate = rate }

  public func forward(_ x: Tensor) -> Tensor {
    guard x.isValid, x.shape.rank >= 1 else { return x }
    return x.dropout(rate, together: Shape([x.shape[0]] + [Int](repeating: 1, count: x.shape.rank - 1)))
  }

  /// The linear rule: the rate of block `index` of `count` grows from near 0 to `rate`, which the last block has.
  public static func linear(_ rate: Float, index: Int, of count: Int) -> StochasticDepth {
    StochasticDepth(rate * Float(index + 1) / Float(max(count, 1)))
  }
}

/// Zeroes whole channels of each sample with probability `rate` while training, and scales the others by 1 / (1 − rate) (Tompson et al. 2015).
/// PyTorch's `Dropout2d`, for [batch, …, channels].
public struct SpatialDropout: Layer {
  /// In [0, 1).
  public let rate: Float

  /// - Parameter rate: the probability with which a channel is dropped, in [0, 1); default one half.
  public init(_ rate: Float = 0.5) { self.rate = rate }

  public func forward(_ x: Tensor) -> Tensor {
    guard !x.isValid || x.shape.rank >= 2 else { return x.graph.reject("spatialDropout", [x], because: "it needs [batch, …, channels]") }
    guard x.isValid else { return x }
    return x.dropout(rate, together: Shape([x.shape[0]] + [Int](repeating: 1, count: x.shape.rank - 2) + [x.shape[-1]]))
  }
}

/// A fully connected layer whose weights, rather than its results, are dropped while training (Wan et al. 2013): y = x·(M ∘ W)ᵀ + b, with a new
/// mask M in each step, which holds 0 with probability `rate` and 1 / (1 − rate) otherwise; the whole batch shares it. In evaluation it is a
/// `Dense`, and its paths are that one's.
public struct DropConnect: Layer {
  /// W, [outputs, inputs], whose elements are dropped.
  public let weight: Parameter
  /// b, [outputs], which is never dropped; `nil` without one.
  public let bias: Parameter?
  /// In [0, 1).
  public let rate: Float

  /// - Parameters:
  ///   - inputs: features that go in.
  ///   - outputs: features that come out.
  ///   - rate: the probability with which a weight is dropped, in [0, 1); default one half.
  ///   - bias: whether there is one; default true.
  public init(_ inputs: Int, _ outputs: Int, rate: Float = 0.5, bias: Bool = true) {
    self.init(Dense(inputs, outputs, bias: bias), rate: rate)
  }

  /// With a dense layer's weight and bias.
  /// - Parameters:
  ///   - dense: whose weights are dropped.
  ///   - rate: the probability with which a weight is dropped, in [0, 1); default one half.
  public init(_ dense: Dense, rate: Float = 0.5) { (weight, bias, self.rate) = (dense.weight, dense.bias, rate) }

  public func forward(_ x: Tensor) -> Tensor {
    let y = x.matmul(x.graph[weight].dropout(rate), transposeOther: true)
    return bias.map { y + x.graph[$0] } ?? y
  }
}
