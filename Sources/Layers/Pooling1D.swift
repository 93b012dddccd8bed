/// The largest value of each window of [N, L, C] lines: PyTorch's `MaxPool1d`.
public struct MaxPool1D: Layer {
  private let kernel: Int
  private let stride: Int?
  private let padding: Int
  private let dilation: Int

  /// - Parameters:
  ///   - kernel: the window's length.
  ///   - stride: default the window's length.
  ///   - padding: on both sides, never the largest; default 0.
  ///   - dilation: the distance between taps; default 1.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
  }

  public func forward(_ x: Tensor) -> Tensor { x.maxPooled1D(kernel: kernel, stride: stride, padding: padding, dilation: dilation) }
}

/// The mean of each window of [N, L, C] lines: PyTorch's `AvgPool1d`.
public struct AveragePool1D: Layer {
  private let kernel: Int
  private let stride: Int?
  private let padding: Int
  private let countsPadding: Bool

  /// - Parameters:
  ///   - kernel: the window's length.
  ///   - stride: default the window's length.
  ///   - padding: zeros on both sides; default 0.
  ///   - countsPadding: whether padding counts in the mean (PyTorch's `count_include_pad`); default true.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.countsPadding = countsPadding
  }

  public func forward(_ x: Tensor) -> Tensor {
    x.averagePooled1D(kernel: kernel, stride: stride, padding: padding, countsPadding: countsPadding)
  }
}

/// The mean over each of some cells that cover [N, L, C] lines, whatever their length: PyTorch's `AdaptiveAvgPool1d`.
public struct AdaptiveAveragePool1D: Layer {
  private let length: Int

  /// - Parameter length: how many cells there are.
  public init(_ length: Int) { self.length = length }

  public func forward(_ x: Tensor) -> Tensor { x.adaptivelyPooled1D(length) }
}

/// The largest value of each of some cells that cover [N, L, C] lines, whatever their length: PyTorch's `AdaptiveMaxPool1d`.
public struct AdaptiveMaxPool1D: Layer {
  private let length: Int

  /// - Parameter length: how many cells there are.
  public init(_ length: Int) { self.length = length }

  public func forward(_ x: Tensor) -> Tensor { x.adaptivelyMaxPooled1D(length) }
}
