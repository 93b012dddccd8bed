/// A connection around layers (He et al. 2016): y = body(x) + shortcut(x).
public struct Residual: Layer {
  public let body: Sequential
  public let shortcut: (any Layer)?

  /// - Parameters:
  ///   - body: what is computed.
  ///   - shortcut: what goes around it; default x itself. Where the body changes the shape, a 1×1 convolution, say.
  public init(_ body: any Layer..., shortcut: (any Layer)? = nil) {
    self.body = Sequential(body)
    self.shortcut = shortcut
  }

  public func forward(_ x: Tensor) -> Tensor { body(x) + (shortcut?(x) ?? x) }
}

/// The same elements under another shape, of each sample by itself.
public struct Reshape: Layer {
  private let shape: Shape

  /// - Parameter shape: of one sample, without the batch axis.
  public init(_ shape: Shape) { self.shape = shape }

  public func forward(_ x: Tensor) -> Tensor {
    guard x.isValid, x.shape.rank >= 1 else { return x }
    return x.reshaped(to: Shape([x.shape[0]] + shape.dimensions))
  }
}

/// Pixels of [N, H, W, C] images as blocks of equal ones: PyTorch's `Upsample(mode="nearest")` by a whole factor.
public struct Upsample: Layer {
  private let factor: Int

  /// - Parameter factor: by which height and width grow.
  public init(_ factor: Int) { self.factor = factor }

  public func forward(_ x: Tensor) -> Tensor { x.enlarged(height: factor, width: factor) }
}

/// A depthwise convolution and a 1×1 convolution behind it (Chollet 2017; Howard et al. 2017): a filter for each channel, then their mixtures.
public struct SeparableConv2D: Layer {
  public let depthwise: Conv2D
  public let pointwise: Conv2D

  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - kernel: the depthwise filters' height and width.
  ///   - stride: theirs; default 1.
  ///   - padding: theirs; default 0.
  ///   - bias: whether both have one; default true.
  public init(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true) {
    depthwise = Conv2D(inputs, inputs, kernel: kernel, stride: stride, padding: padding, groups: inputs, bias: bias)
    pointwise = Conv2D(inputs, outputs, kernel: 1, bias: bias)
  }

  public func forward(_ x: Tensor) -> Tensor { pointwise(depthwise(x)) }
}
