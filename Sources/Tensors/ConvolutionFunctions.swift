// Convolutions of lines and volumes, and transposed ones: all of them by the kernels of images.

extension Tensor {
  /// Convolution of these [N, L, C] lines with weights [outC, k, C / groups]: that of images of height 1 (PyTorch's `conv1d`).
  /// - Parameters:
  ///   - weights: [outC, k, C / groups].
  ///   - stride: from one window to the next; default 1.
  ///   - padding: zeros on both sides; default 0.
  ///   - dilation: from one tap to the next; default 1.
  ///   - groups: into which channels are split, to be convolved apart; default 1.
  /// - Returns: [N, floor((L + 2·padding − dilation·(k − 1) − 1) / stride) + 1, outC].
  public func convolved1D(_ weights: Tensor, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1) -> Tensor {
    lines("conv1d", weights) { images, weights in
      images.convolved(weights, stride: (1, stride), padding: (0, padding), dilation: (1, dilation), groups: groups)
    }
  }

  /// The transposed convolution of these [N, L, C] lines: that of images of height 1 (PyTorch's `conv_transpose1d`).
  /// - Parameters:
  ///   - weights: [C, k, outC / groups].
  ///   - stride: from one window to the next in the result; default 1.
  ///   - padding: what is cut off on both sides; default 0.
  ///   - outputPadding: more places at the end, below the stride; default 0.
  ///   - dilation: from one tap to the next; default 1.
  ///   - groups: into which channels are split; default 1.
  public func transposedConvolved1D(
    _ weights: Tensor, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0, dilation: Int = 1, groups: Int = 1
  ) -> Tensor {
    lines("transposedConv1d", weights) { images, weights in
      images.transposedConvolved(
        weights, stride: (1, stride), padding: (0, padding), outputPadding: (0, outputPadding), dilation: (1, dilation), groups: groups)
    }
  }

  private func lines(_ operation: String, _ weights: Tensor, _ convolve: (Tensor, Tensor) -> Tensor) -> Tensor {
    guard isValid, weights.isValid, shape.rank == 3, weights.shape.rank == 3 else {
      return graph.reject(operation, [self, weights], because: "lines are [batch, length, channels], and weights have three axes, too")
    }
    let images = reshaped(to: [shape[0], 1, shape[1], shape[2]])
    let kernel = weights.reshaped(to: [weights.shape[0], 1, weights.shape[1], weights.shape[2]])
    let result = convolve(images, kernel)
    return result.reshaped(to: [result.shape[0], result.shape[2], result.shape[3]])
  }

  /// The transposed convolution of these [N, H, W, C] images: the gradient of a convolution with respect to its images, as an operation of its
  /// own (PyTorch's `conv_transpose2d`). What is one pixel here is a window there, and overlapping windows are added.
  /// - Parameters:
  ///   - weights: [C, kH, kW, outC / groups].
  ///   - stride: from one window to the next in the result; default 1.
  ///   - padding: what is cut off on all sides; default 0.
  ///   - outputPadding: more pixels at the bottom and on the right, below the stride; default 0.
  ///   - dilation: from one tap to the next; default 1.
  ///   - groups: into which channels are split; default 1.
  /// - Returns: [N, (H − 1)·stride − 2·padding + dilation·(kH − 1) + outputPadding + 1, the same of W, outC].
  public func transposedConvolved(
    _ weights: Tensor, stride: (height: Int, width: Int) = (1, 1), padding: (height: Int, width: Int) = (0, 0),
    outputPadding: (height: Int, width: Int) = (0, 0), dilation: (height: Int, width: Int) = (1, 1), groups: Int = 1
  ) -> Tensor {
    let name = "transposedConv2d"
    guard isValid, weights.isValid, shape.rank == 4, weights.shape.rank == 4 else {
      return graph.reject(name, [self, weights], because: "images are [batch, height, width, channels], and weights have four axes, too")
    }
    let limit = 1 << 15
    let numbers = [stride.height, stride.width, dilation.height, dilation.width, groups, padding.height + 1, padding.width + 1]
    guard numbers.allSatisfy({ (1...limit).contains($0) }), (0..<stride.height).contains(outputPadding.height),
      (0..<stride.width).contains(outputPadding.width)
    else {
      return graph.reject(
        name, [self, weights],
        because: "stride, dilation and groups have to be at least 1, padding at least 0 (and none above \(limit)), and more pixels at the "
          + "end fewer than the stride")
    }
    func extent(_ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ more: Int, _ dilation: Int) -> Int {
      (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + more + 1
    }
    let size = (
      height: extent(shape[1], weights.shape[1], stride.height, padding.height, outputPadding.height, dilation.height),
      width: extent(shape[2], weights.shape[2], stride.width, padding.width, outputPadding.width, dilation.width)
    )
    guard size.height > 0, size.width > 0 else {
      return graph.reject(name, [self, weights], because: "padding cuts all of \(size.height)×\(size.width) pixels off")
    }
    let window = Window(
      kernel: (weights.shape[1], weights.shape[2]), stride: stride, padding: padding, dilation: dilation)
    let result = Shape([shape[0], size.height, size.width, Shape([weights.shape[3], groups]).count])
    let rule = ConvolutionInputGradient(window: window, groups: groups, inputShape: result)
    return graph.record(.convolutionInputGradient(rule), [self, weights])
  }
  //VOLUMES
}
