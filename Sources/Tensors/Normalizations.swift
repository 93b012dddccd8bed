// Normalisations that need nothing but the sample at hand, as compositions: they are the same in training and in evaluation.

extension Tensor {
  /// (x − mean) / √(variance + ε) over some axes, the variance over all elements (biased).
  private func standardized(over axes: [Int], epsilon: Float) -> Tensor {
    let (variance, mean) = varianceAndMean(axes: axes, correction: 0, keepingAxes: true)
    return (self - mean) * (variance + epsilon).applying(.reciprocalSquareRoot)
  }

  /// Layer normalisation over the last axes (Ba et al. 2016): (x − mean) / √(variance + ε) · weight + bias, mean and variance of each sample's
  /// own; PyTorch's `layer_norm`.
  /// - Parameters:
  ///   - axes: how many of the last axes; default 1.
  ///   - weight: of the shape of these axes; `nil` for ones.
  ///   - bias: likewise; `nil` for zeros.
  ///   - epsilon: ε; default 1e-5.
  public func layerNormalized(axes: Int = 1, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5) -> Tensor {
    guard isValid else { return self }
    guard axes >= 1, axes <= shape.rank else {
      return graph.reject("layerNorm", [self], because: "it normalises \(axes) axes, and there have to be from 1 to \(shape.rank)")
    }
    return standardized(over: Array(shape.rank - axes..<shape.rank), epsilon: epsilon).scaled(by: weight, plus: bias)
  }

  /// Root-mean-square normalisation over the last axes (Zhang and Sennrich 2019): x / √(mean(x²) + ε) · weight; PyTorch's `rms_norm`.
  /// - Parameters:
  ///   - axes: how many of the last axes; default 1.
  ///   - weight: of the shape of these axes; `nil` for ones.
  ///   - epsilon: ε; default 2⁻²³, what PyTorch takes where it is told nothing.
  public func rmsNormalized(axes: Int = 1, weight: Tensor? = nil, epsilon: Float = .ulpOfOne) -> Tensor {
    guard isValid else { return self }
    guard axes >= 1, axes <= shape.rank else {
      return graph.reject("rmsNorm", [self], because: "it normalises \(axes) axes, and there have to be from 1 to \(shape.rank)")
    }
    let squares = applying(.square).mean(axes: Array(shape.rank - axes..<shape.rank), keepingAxes: true)
    return (self * (squares + epsilon).applying(.reciprocalSquareRoot)).scaled(by: weight, plus: nil)
  }

  /// Group normalisation (Wu and He 2018): the channels, which are the last axis, in groups of neighbours; mean and variance over each sample's
  /// group with everything between batch and channels; PyTorch's `group_norm`. With as many groups as channels it is instance normalisation
  /// (Ulyanov et al. 2016).
  /// - Parameters:
  ///   - groups: a divisor of the channels.
  ///   - weight: [channels]; `nil` for ones.
  ///   - bias: [channels]; `nil` for zeros.
  ///   - epsilon: ε; default 1e-5.
  public func groupNormalized(groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5) -> Tensor {
    guard isValid else { return self }
    guard shape.rank >= 2 else { return graph.reject("groupNorm", [self], because: "it needs [batch, …, channels]") }
    let channels = shape[-1]
    guard groups >= 1, channels % groups == 0 else {
      return graph.reject("groupNorm", [self], because: "\(groups) groups do not divide \(channels) channels evenly")
    }
    let pixels = shape.count / (shape[0] * channels)
    guard pixels * (channels / groups) > 1 else {
      return graph.reject(
        "groupNorm", [self],
        because: "each of \(groups) groups has one value of \(shape), of which nothing is left when its mean is taken away: it needs "
          + "several pixels or channels in each")
    }
    return reshaped(to: [shape[0], pixels, groups, channels / groups]).standardized(over: [1, 3], epsilon: epsilon)
      .reshaped(to: shape).scaled(by: weight, plus: bias)
  }

  private func scaled(by weight: Tensor?, plus bias: Tensor?) -> Tensor {
    let scaled = weight.map { self * $0 } ?? self
    return bias.map { scaled + $0 } ?? scaled
  }

  /// Each pixel of these [N, H, W, C] images as a block of `height` × `width` equal ones; PyTorch's `interpolate(mode="nearest")` by whole
  /// factors.
  public func enlarged(height: Int, width: Int) -> Tensor {
    guard isValid else { return self }
    let limit = 1...(1 << 15)
    guard shape.rank == 4, limit.contains(height), limit.contains(width) else {
      return graph.reject(
        "upsample", [self], because: "it needs [batch, height, width, channels], and factors of at least 1 and at most \(limit.upperBound)")
    }
    let (rows, columns) = (shape[1], shape[2])
    return reshaped(to: [shape[0], rows, 1, columns, 1, shape[3]])
      .broadcast(to: [shape[0], rows, height, columns, width, shape[3]])
      .reshaped(to: [shape[0], rows * height, columns * width, shape[3]])
  }

  /// The tensor with parts zeroed together: a factor of 0 or 1 / (1 − rate) for each element of `shape`, which this tensor's shape is a
  /// stretch of. While training; otherwise the tensor itself.
  /// - Parameter factors: which parts go together: extents of 1 along the axes that do.
  public func dropout(_ rate: Float, together factors: Shape) -> Tensor {
    guard isValid, graph.isTraining, rate != 0 else { return self }
    guard factors.broadcast(with: shape) == shape else {
      return graph.reject("dropout", [self], because: "parts of shape \(factors) do not cover \(shape)")
    }
    return self * graph.constant(1, shape: factors).dropout(rate)
  }
}
