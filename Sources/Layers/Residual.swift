/// A connection around layers (He et al. 2016): y = body(x) + shortcut(x).
public struct Residual: Layer {
  /// What is computed.
  public let body: Sequential
  /// What goes around it; `nil` for x itself.
  public let shortcut: (any Layer)?

  /// - Parameters:
  ///   - body: what is computed.
  ///   - shortcut: what goes around it; default x itself. Where the body changes the shape, a 1×1 convolution, say.
  public init(_ body: any Layer..., shortcut: (any Layer)? = nil) { self.init(body, shortcut: shortcut) }

  /// The same of an array of layers.
  /// - Parameters:
  ///   - body: the branch's layers, one applied after another.
  ///   - shortcut: what is done to what goes past them; default nothing.
  public init(_ body: [any Layer], shortcut: (any Layer)? = nil) {
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

/// [N, H, W, C] images enlarged by a whole factor: PyTorch's `Upsample`.
public struct Upsample: Layer {
  /// What is between the pixels.
  public enum Mode: Sendable {
    /// Blocks of equal pixels.
    case nearest
    /// Mixtures of the four pixels around; see `Tensor.resized`.
    case bilinear
  }
  private let factor: Int
  private let mode: Mode
  private let alignsCorners: Bool

  /// - Parameters:
  ///   - factor: by which height and width grow.
  ///   - mode: default blocks of equal pixels.
  ///   - alignsCorners: whether the outermost pixels stay at the corners (PyTorch's `align_corners`); of bilinear ones. Default false.
  public init(_ factor: Int, mode: Mode = .nearest, alignsCorners: Bool = false) {
    self.factor = factor
    self.mode = mode
    self.alignsCorners = alignsCorners
  }

  public func forward(_ x: Tensor) -> Tensor {
    guard mode == .bilinear, x.isValid, x.shape.rank == 4, (1...(1 << 15)).contains(factor) else {
      return x.enlarged(height: factor, width: factor)
    }
    return x.resized(height: x.shape[1] * factor, width: x.shape[2] * factor, alignsCorners: alignsCorners)
  }
}

/// A depthwise convolution and a 1×1 convolution behind it (Chollet 2017; Howard et al. 2017): a filter for each channel, then their mixtures.
public struct SeparableConv2D: Layer {
  /// A filter for each channel, [inputs, kernel, kernel, 1].
  public let depthwise: Conv2D
  /// Their mixtures, [outputs, 1, 1, inputs].
  public let pointwise: Conv2D

  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - kernel: the depthwise filters' height and width.
  ///   - stride: theirs; default 1.
  ///   - padding: theirs; default 0.
  ///   - bias: whether both have one; default true.
  ///   - initialization: of both; default PyTorch's.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true,
    initialization: Initialization = .pytorch
  ) {
    let taps = Shape([kernel, kernel]).count
    depthwise = Conv2D(
      inputs, inputs, kernel: kernel, stride: stride, padding: padding, groups: inputs, bias: bias,
      initializer: initialization.weight(fanIn: taps, fanOut: taps), biasInitializer: initialization.bias(fanIn: taps))
    pointwise = Conv2D(
      inputs, outputs, kernel: 1, bias: bias, initializer: initialization.weight(fanIn: inputs, fanOut: outputs),
      biasInitializer: initialization.bias(fanIn: inputs))
  }

  public func forward(_ x: Tensor) -> Tensor { pointwise(depthwise(x)) }
}
