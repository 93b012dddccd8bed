// Pooling of lines, over grids, and over random regions: all of it by the kernels of images.

extension Tensor {
  /// The largest value of each window of these [N, L, C] lines (PyTorch's `max_pool1d`).
  /// - Parameters:
  ///   - kernel: the window's length.
  ///   - stride: from one window to the next; default the window's length.
  ///   - padding: on both sides, never the largest; default 0.
  ///   - dilation: from one tap to the next; default 1.
  ///   - roundsUp: whether a last window that sticks out counts, too (PyTorch's `ceil_mode`); default false.
  public func maxPooled1D(kernel: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, roundsUp: Bool = false) -> Tensor {
    asImages("maxPool1d") {
      $0.maxPooled(
        Window(
          kernel: (1, kernel), stride: (1, stride ?? kernel), padding: (0, padding), dilation: (1, dilation), roundsUp: roundsUp))
    }
  }

  /// The mean of each window of these [N, L, C] lines (PyTorch's `avg_pool1d`).
  /// - Parameters:
  ///   - kernel: the window's length.
  ///   - stride: from one window to the next; default the window's length.
  ///   - padding: zeros on both sides; default 0.
  ///   - roundsUp: whether a last window that sticks out counts, too (PyTorch's `ceil_mode`); default false.
  ///   - countsPadding: whether padding counts as zeros (PyTorch's `count_include_pad`); default true.
  public func averagePooled1D(
    kernel: Int, stride: Int? = nil, padding: Int = 0, roundsUp: Bool = false, countsPadding: Bool = true
  ) -> Tensor {
    asImages("averagePool1d") {
      $0.averagePooled(
        Window(kernel: (1, kernel), stride: (1, stride ?? kernel), padding: (0, padding), roundsUp: roundsUp),
        countsPadding: countsPadding)
    }
  }

  /// The mean over each of `length` cells of these [N, L, C] lines (PyTorch's `adaptive_avg_pool1d`); see `adaptivelyPooled`.
  public func adaptivelyPooled1D(_ length: Int) -> Tensor { asImages("adaptivePool1d") { $0.adaptivelyPooled(height: 1, width: length) } }

  /// The largest value of each of `length` cells of these [N, L, C] lines (PyTorch's `adaptive_max_pool1d`).
  public func adaptivelyMaxPooled1D(_ length: Int) -> Tensor {
    asImages("adaptiveMaxPool1d") { $0.adaptivelyMaxPooled(height: 1, width: length) }
  }

  private func asImages(_ operation: String, _ pool: (Tensor) -> Tensor) -> Tensor {
    guard isValid else { return self }
    guard shape.rank == 3, dtype == .float32 else {
      return graph.reject(operation, [self], because: "lines are [batch, length, channels] of float32")
    }
    let pooled = pool(reshaped(to: [shape[0], 1, shape[1], shape[2]]))
    return pooled.isValid ? pooled.reshaped(to: [pooled.shape[0], pooled.shape[2], pooled.shape[3]]) : pooled
  }

  /// The largest value of each cell of a grid of `height` × `width` cells that covers these [N, H, W, C] images (PyTorch's
  /// `adaptive_max_pool2d`): cell i of n spans pixels floor(i·size / n) ..< ceil((i + 1)·size / n), so cells may overlap. Of equal ones the
  /// first takes the gradient.
  public func adaptivelyMaxPooled(height: Int, width: Int) -> Tensor {
    let name = "adaptiveMaxPool"
    guard isValid else { return self }
    let limit = 1...(1 << 15)
    guard shape.rank == 4, dtype == .float32, limit.contains(height), limit.contains(width) else {
      return graph.reject(
        name, [self],
        because: "the images have to be [batch, height, width, channels] of float32, and the grid, which is \(height)×\(width), from 1 to "
          + "\(limit.upperBound)")
    }
    func cells(_ axis: Int, _ count: Int) -> (pixels: [Int], size: Int) {
      let cells = (0..<count).map { ($0 * shape[axis] / count, (($0 + 1) * shape[axis] + count - 1) / count) }
      let size = cells.reduce(1) { Swift.max($0, $1.1 - $1.0) }
      // A smaller cell has its last pixel again: that changes neither the largest nor which of equal ones is the first.
      return (cells.flatMap { first, end in (0..<size).map { Swift.min(first + $0, end - 1) } }, size)
    }
    let (rows, columns) = (cells(1, height), cells(2, width))
    func laidOut(_ x: Tensor, _ axis: Int, _ pixels: [Int]) -> Tensor {
      if pixels.elementsEqual(0..<x.shape[axis]) { return x }
      return x.taken(x.graph.constant(integers: pixels.map { Int32(truncatingIfNeeded: $0) }), axis: axis)
    }
    let window = Window(kernel: (rows.size, columns.size), stride: (rows.size, columns.size))
    return laidOut(laidOut(self, 1, rows.pixels), 2, columns.pixels).maxPooled(window)
  }

  /// The largest value of each of some regions of these [N, H, W, C] images, which overlap (Graham 2014, "Fractional Max-Pooling"; PyTorch's
  /// `fractional_max_pool2d`): along an axis of s pixels region i of n begins at floor((i + u)·α) − floor(u·α) with α = (s − k) / (n − 1), the
  /// last one at s − k, so that a size shrinks by any factor, not by whole ones alone.
  /// - Parameters:
  ///   - kernel: k, the regions' height and width, at most the images'.
  ///   - size: n, how many regions there are below each other and beside each other; at most s − k + 1.
  ///   - samples: [2], u for the height and for the width, from 0 to below 1: for all samples and channels.
  public func fractionallyMaxPooled(
    kernel: (height: Int, width: Int), to size: (height: Int, width: Int), samples: Tensor
  ) -> Tensor {
    let name = "fractionalMaxPool"
    guard isValid, samples.isValid else { return isValid ? samples : self }
    guard shape.rank == 4, dtype == .float32, samples.shape == [2], samples.dtype == .float32 else {
      return graph.reject(
        name, [self, samples], because: "the images have to be [batch, height, width, channels] of float32, and the random numbers two")
    }
    for (axis, kernel, count) in [(1, kernel.height, size.height), (2, kernel.width, size.width)] {
      let most = (1...shape[axis]).contains(kernel) ? shape[axis] - kernel + 1 : 0
      guard count >= 1, count <= most else {
        return graph.reject(
          name, [self, samples],
          because:
            "\(count) regions of \(kernel) pixels do not fit \(shape[axis]): each begins at another pixel, so there may be from 1 to "
            + (most > 0 ? "\(most) of them" : "\(shape[axis]), of 1 pixel"))
      }
    }
    func laidOut(_ x: Tensor, _ axis: Int, _ kernel: Int, _ count: Int) -> Tensor {
      if kernel == 1, count == x.shape[axis] { return x }
      let graph = x.graph
      let free = x.shape[axis] - kernel
      var starts = graph.constant(integers: [Int32(truncatingIfNeeded: free)])
      if count > 1 {
        let (sample, share) = (samples.sliced(axis: 0, (axis - 1)..<axis), Float(free) / Float(count - 1))
        let places = graph.constant((0..<(count - 1)).map { Float($0) })
        let inner = ((places + sample) * share).floor() - (sample * share).floor()
        starts = graph.concatenate([inner.cast(to: .int32), starts], axis: 0)
      }
      return x.taken((starts.addingAxis(1) + graph.arange(0..<kernel)).reshaped(to: [count * kernel]), axis: axis)
    }
    let laid = laidOut(laidOut(self, 1, kernel.height, size.height), 2, kernel.width, size.width)
    return laid.maxPooled(Window(kernel: kernel, stride: kernel))
  }
}

extension Graph {
  /// Numbers from 0 to below 1, of 24 bits each, drawn anew in each training step and the same on every device: their bits are what a
  /// dropout of a half leaves over. One half each, in evaluation and in a frozen layer.
  public func uniform(_ shape: Shape) -> Tensor {
    guard isTraining else { return constant(0.5, shape: shape) }
    let bits = constant(1, shape: Shape(shape.dimensions + [24])).dropout(0.5)
    // A bit is 0 or 2. Every partial sum is exact, whatever the order.
    return (bits * constant((0..<24).map { Float(sign: .plus, exponent: -2 - $0, significand: 1) })).sum(axes: [shape.rank])
  }
}
