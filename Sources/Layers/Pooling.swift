/// The largest value of each window of [N, H, W, C] images.
public struct MaxPool2D: Layer {
  private let window: Window

  /// - Parameters:
  ///   - kernel: the window's height and width.
  ///   - stride: default the window's size.
  ///   - padding: on every side, never the largest; default 0.
  ///   - dilation: the distance between taps; default 1.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1) {
    let stride = stride ?? kernel
    window = Window(kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding), dilation: (dilation, dilation))
  }

  public func forward(_ x: Tensor) -> Tensor { x.maxPooled(window) }
}

/// The mean of each window of [N, H, W, C] images.
public struct AveragePool2D: Layer {
  private let window: Window
  private let countsPadding: Bool

  /// - Parameters:
  ///   - kernel: the window's height and width.
  ///   - stride: default the window's size.
  ///   - padding: zeros on every side; default 0.
  ///   - countsPadding: whether padding counts in the mean (PyTorch's `count_include_pad`); default true.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true) {
    let stride = stride ?? kernel
    window = Window(kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding))
    self.countsPadding = countsPadding
  }

  public func forward(_ x: Tensor) -> Tensor { x.averagePooled(window, countsPadding: countsPadding) }
}

/// The mean over each cell of a grid that covers [N, H, W, C] images, whatever their size: PyTorch's `AdaptiveAvgPool2d`. Images of the
/// grid's size pass unchanged; cells overlap where the grid does not divide the image, and repeat pixels where it is the larger.
public struct AdaptiveAveragePool2D: Layer {
  private let height: Int
  private let width: Int

  /// - Parameters:
  ///   - height: the grid's cells from top to bottom.
  ///   - width: the grid's cells from left to right.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  public func forward(_ x: Tensor) -> Tensor { x.adaptivelyPooled(height: height, width: width) }
}

/// The largest value of each cell of a grid that covers [N, H, W, C] images, whatever their size: PyTorch's `AdaptiveMaxPool2d`. Cells overlap
/// where the grid does not divide the image.
public struct AdaptiveMaxPool2D: Layer {
  private let height: Int
  private let width: Int

  /// - Parameters:
  ///   - height: the grid's cells from top to bottom.
  ///   - width: the grid's cells from left to right.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  public func forward(_ x: Tensor) -> Tensor { x.adaptivelyMaxPooled(height: height, width: width) }
}

/// The largest value of each of some random regions of [N, H, W, C] images, which shrinks them by any factor, and a little differently each
/// time (Graham 2014): PyTorch's `FractionalMaxPool2d`.
///
/// The regions are drawn anew in each training step, one grid for the whole batch, and are the same on every device; in evaluation they are
/// always the same, those of u = ½. See `Tensor.fractionallyMaxPooled`.
public struct FractionalMaxPool2D: Layer {
  private enum Size {
    case pixels(height: Int, width: Int)
    case ratio(Double)
  }
  private let kernel: Int
  private let size: Size

  /// - Parameters:
  ///   - kernel: the regions' height and width.
  ///   - ratio: what is left of height and width, above 0 and below 1, rounded down (PyTorch's `output_ratio`).
  public init(_ kernel: Int, ratio: Double) {
    self.kernel = kernel
    size = .ratio(ratio)
  }

  /// - Parameters:
  ///   - kernel: the regions' height and width.
  ///   - height: how many regions there are below each other.
  ///   - width: how many there are beside each other.
  public init(_ kernel: Int, height: Int, width: Int) {
    self.kernel = kernel
    size = .pixels(height: height, width: width)
  }

  public func forward(_ x: Tensor) -> Tensor {
    guard x.isValid else { return x }
    let target: (height: Int, width: Int)
    switch size {
    case .pixels(let height, let width): target = (height, width)
    case .ratio(let ratio):
      guard ratio > 0, ratio < 1 else {
        return x.graph.reject("fractionalMaxPool", [x], because: "the ratio is \(ratio), and it has to be above 0 and below 1")
      }
      target = (Int(Double(x.shape[1]) * ratio), Int(Double(x.shape[2]) * ratio))
    }
    return x.fractionallyMaxPooled(kernel: (kernel, kernel), to: target, samples: x.graph.uniform([2]))
  }
}

/// The mean over height and width: [N, H, W, C] to [N, C].
public struct GlobalAveragePool: Layer {
  /// Has neither parameters nor numbers.
  public init() {}

  public func forward(_ x: Tensor) -> Tensor {
    guard !x.isValid || x.shape.rank == 4 else {
      return x.graph.reject("globalAveragePool", [x], because: "the images have to be [batch, height, width, channels]")
    }
    return x.mean(axes: [1, 2])
  }
}
