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
    let numbers = [stride.height, stride.width, dilation.height, dilation.width, groups]
    guard numbers.allSatisfy({ (1...limit).contains($0) }), (0...limit).contains(padding.height), (0...limit).contains(padding.width),
      (0..<stride.height).contains(outputPadding.height),
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

  /// Convolution of these [N, D, H, W, C] volumes with weights [outC, kD, kH, kW, C / groups]: the sum over the kernel's layers of convolutions
  /// of images (PyTorch's `conv3d`).
  /// - Parameters:
  ///   - weights: [outC, kD, kH, kW, C / groups].
  ///   - stride: from one window to the next; default 1.
  ///   - padding: zeros on all sides; default 0.
  ///   - dilation: from one tap to the next; default 1.
  ///   - groups: into which channels are split, to be convolved apart; default 1.
  public func convolved3D(
    _ weights: Tensor, stride: (depth: Int, height: Int, width: Int) = (1, 1, 1),
    padding: (depth: Int, height: Int, width: Int) = (0, 0, 0),
    dilation: (depth: Int, height: Int, width: Int) = (1, 1, 1), groups: Int = 1
  ) -> Tensor {
    let name = "conv3d"
    guard isValid, weights.isValid, shape.rank == 5, weights.shape.rank == 5 else {
      return graph.reject(
        name, [self, weights], because: "volumes are [batch, depth, height, width, channels], and weights have five axes, too")
    }
    let limit = 1 << 15
    guard [stride.depth, dilation.depth].allSatisfy({ (1...limit).contains($0) }), (0...limit).contains(padding.depth) else {
      return graph.reject(
        name, [self, weights], because: "stride and dilation have to be at least 1 and padding at least 0 (and none above \(limit))")
    }
    let (kernel, span) = (weights.shape[1], dilation.depth * (weights.shape[1] - 1) + 1)
    let none = (before: 0, after: 0)
    let volumes = padded([none, (padding.depth, padding.depth), none, none, none])
    guard volumes.isValid else { return volumes }
    guard volumes.shape[1] >= span else {
      return graph.reject(
        name, [self, weights], because: "a window of \(span) layers does not fit padded volumes of \(volumes.shape[1])")
    }
    let depth = (volumes.shape[1] - span) / stride.depth + 1
    let layers = (0..<kernel).map { layer in
      let first = layer * dilation.depth
      let images = volumes.sliced(axis: 1, first..<(first + (depth - 1) * stride.depth + 1), by: stride.depth)
      let plane = weights.sliced(axis: 1, layer..<(layer + 1))
      return images.droppingDepth().convolved(
        plane.droppingDepth(), stride: (stride.height, stride.width), padding: (padding.height, padding.width),
        dilation: (dilation.height, dilation.width), groups: groups)
    }
    guard let first = layers.first else { return self }
    let sum = layers.dropFirst().reduce(first) { $0 + $1 }
    return sum.isValid ? sum.reshaped(to: [shape[0], depth, sum.shape[1], sum.shape[2], sum.shape[3]]) : sum
  }

  /// The transposed convolution of these [N, D, H, W, C] volumes (PyTorch's `conv_transpose3d`): the sum over the kernel's layers of transposed
  /// convolutions of images, each put where its layer belongs.
  /// - Parameters:
  ///   - weights: [C, kD, kH, kW, outC / groups].
  ///   - stride: from one window to the next in the result; default 1.
  ///   - padding: what is cut off on all sides; default 0.
  ///   - outputPadding: more places at the ends, below the stride; default 0.
  ///   - dilation: from one tap to the next; default 1.
  ///   - groups: into which channels are split; default 1.
  public func transposedConvolved3D(
    _ weights: Tensor, stride: (depth: Int, height: Int, width: Int) = (1, 1, 1),
    padding: (depth: Int, height: Int, width: Int) = (0, 0, 0), outputPadding: (depth: Int, height: Int, width: Int) = (0, 0, 0),
    dilation: (depth: Int, height: Int, width: Int) = (1, 1, 1), groups: Int = 1
  ) -> Tensor {
    let name = "transposedConv3d"
    guard isValid, weights.isValid, shape.rank == 5, weights.shape.rank == 5 else {
      return graph.reject(
        name, [self, weights], because: "volumes are [batch, depth, height, width, channels], and weights have five axes, too")
    }
    let limit = 1 << 15
    guard [stride.depth, dilation.depth].allSatisfy({ (1...limit).contains($0) }), (0...limit).contains(padding.depth),
      (0..<stride.depth).contains(outputPadding.depth)
    else {
      return graph.reject(
        name, [self, weights],
        because:
          "stride and dilation have to be at least 1, padding at least 0 (and none above \(limit)), and more places at the end fewer "
          + "than the stride")
    }
    let (kernel, depth) = (weights.shape[1], shape[1])
    let size = (depth - 1) * stride.depth - 2 * padding.depth + dilation.depth * (kernel - 1) + outputPadding.depth + 1
    guard size > 0 else { return graph.reject(name, [self, weights], because: "padding cuts all of \(size) layers off") }
    let images = droppingDepth()
    // Before anything is cut off: each layer of the kernel begins a little later.
    let span = (depth - 1) * stride.depth + dilation.depth * (kernel - 1) + 1
    let layers = (0..<kernel).map { layer -> Tensor in
      let part = images.transposedConvolved(
        weights.sliced(axis: 1, layer..<(layer + 1)).droppingDepth(), stride: (stride.height, stride.width),
        padding: (padding.height, padding.width), outputPadding: (outputPadding.height, outputPadding.width),
        dilation: (dilation.height, dilation.width), groups: groups)
      guard part.isValid else { return part }
      let before = layer * dilation.depth
      return part.reshaped(to: [shape[0], depth, part.shape[1], part.shape[2], part.shape[3]]).padded(
        before: [0, before, 0, 0, 0], after: [0, span - before - (depth - 1) * stride.depth - 1, 0, 0, 0],
        steps: [1, stride.depth, 1, 1, 1], value: 0)
    }
    guard let first = layers.first else { return self }
    let sum = layers.dropFirst().reduce(first) { $0 + $1 }
    let end = size - (span - padding.depth)
    return sum.padded([(0, 0), (-padding.depth, end), (0, 0), (0, 0), (0, 0)])
  }

  /// [N, D, H, W, C] as [N·D, H, W, C].
  private func droppingDepth() -> Tensor { reshaped(to: [shape[0] * shape[1], shape[2], shape[3], shape[4]]) }
}
