import GlissadeTensors

// MARK: Reference

/// Layer by layer of the result: the sum of the convolutions of the layers that its window sees.
private func volumesReference(
  _ x: Numbers, _ w: Numbers, _ window: Window, _ depth: (stride: Int, padding: Int, dilation: Int), groups: Int
) -> Numbers {
  let (layers, kernel) = (x.shape[1], w.shape[1])
  let count = (layers + 2 * depth.padding - depth.dilation * (kernel - 1) - 1) / depth.stride + 1
  let plane = x.shape.count / x.shape[0] / layers
  let weightPlane = w.shape.count / w.shape[0] / kernel
  var values: [Double] = []
  var shape: Shape = []
  for n in 0..<x.shape[0] {
    for z in 0..<count {
      var sum: Numbers?
      for tap in 0..<kernel {
        let layer = z * depth.stride - depth.padding + tap * depth.dilation
        let isInside = (0..<layers).contains(layer)
        let start = (n * layers + (isInside ? layer : 0)) * plane
        let image = Numbers(
          [1, x.shape[2], x.shape[3], x.shape[4]],
          isInside ? Array(x.values[start..<(start + plane)]) : [Double](repeating: 0, count: plane))
        var weights: [Double] = []
        for output in 0..<w.shape[0] {
          let first = (output * kernel + tap) * weightPlane
          weights += w.values[first..<(first + weightPlane)]
        }
        let part = convolutionReference(
          image, Numbers([w.shape[0], w.shape[2], w.shape[3], w.shape[4]], weights), window, groups: groups)
        shape = part.shape
        sum = sum.map { Numbers($0.shape, zip($0.values, part.values).map { $0 + $1 }) } ?? part
      }
      values += sum?.values ?? []
    }
  }
  return Numbers([x.shape[0], count, shape[1], shape[2], shape[3]], values)
}

// MARK: Rows

extension Table {
  /// Lines, volumes and transposed convolutions.
  static var convolutionShapes: Table { Table(name: "convolutions of other shapes", cases: lines + transposed + volumes) }

  private static var lines: [Case] {
    let entries: [(Shape, Shape, Int, Int, Int, Int)] = [
      ([2, 9, 3], [4, 3, 3], 1, 1, 1, 1), ([2, 11, 4], [6, 3, 2], 2, 3, 2, 2), ([1, 1, 1], [1, 1, 1], 1, 0, 1, 1),
      ([3, 40, 16], [33, 5, 16], 1, 2, 1, 1), ([2, 17, 8], [8, 3, 1], 1, 1, 1, 8),
    ]
    return entries.map { x, w, stride, padding, dilation, groups in
      let window = Window(kernel: (1, w[1]), stride: (1, stride), padding: (0, padding), dilation: (1, dilation))
      return Case(
        "convolution of lines, stride \(stride), padding \(padding), dilation \(dilation), \(groups) groups", [Operand(x), Operand(w)],
        tolerance: 1e-5,
        one: { $0[0].convolved1D($0[1], stride: stride, padding: padding, dilation: dilation, groups: groups) },
        reference: { operands in
          let images = Numbers([x[0], 1, x[1], x[2]], operands[0].values)
          let result = convolutionReference(images, Numbers([w[0], 1, w[1], w[2]], operands[1].values), window, groups: groups)
          return Numbers([x[0], result.shape[2], w[0]], result.values)
        })
    }
  }

  private static var volumes: [Case] {
    let entries: [(Shape, Shape, (Int, Int, Int), (Int, Int, Int), (Int, Int, Int), Int)] = [
      ([2, 6, 4, 5, 3], [5, 2, 3, 2, 3], (2, 1, 2), (1, 0, 1), (2, 1, 1), 1),
      ([1, 1, 1, 1, 1], [1, 1, 1, 1, 1], (1, 1, 1), (0, 0, 0), (1, 1, 1), 1),
    ]
    return entries.map { x, w, stride, padding, dilation, groups in
      let window = Window(
        kernel: (w[2], w[3]), stride: (stride.1, stride.2), padding: (padding.1, padding.2), dilation: (dilation.1, dilation.2))
      return Case(
        "convolution of volumes, stride \(stride), padding \(padding), dilation \(dilation), \(groups) groups", [Operand(x), Operand(w)],
        tolerance: 1e-5,
        one: { $0[0].convolved3D($0[1], stride: stride, padding: padding, dilation: dilation, groups: groups) },
        reference: { volumesReference($0[0], $0[1], window, (stride.0, padding.0, dilation.0), groups: groups) })
    }
  }

  private static var transposed: [Case] {
    let entries: [(Shape, Shape, (Int, Int), (Int, Int), (Int, Int), (Int, Int), Int)] = [
      ([1, 3, 4, 2], [2, 3, 3, 5], (1, 1), (0, 0), (0, 0), (1, 1), 1), ([2, 4, 3, 3], [3, 3, 3, 4], (2, 2), (1, 1), (1, 1), (1, 1), 1),
      ([1, 3, 4, 4], [4, 2, 3, 3], (3, 2), (0, 1), (2, 0), (1, 2), 2), ([2, 5, 5, 16], [16, 4, 4, 33], (2, 2), (1, 1), (0, 0), (1, 1), 1),
      ([1, 1, 1, 7], [7, 4, 4, 9], (1, 1), (0, 0), (0, 0), (1, 1), 1), ([1, 5, 4, 6], [6, 3, 3, 1], (1, 1), (1, 1), (0, 0), (1, 1), 6),
    ]
    return entries.map { x, w, stride, padding, more, dilation, groups in
      let window = Window(kernel: (w[1], w[2]), stride: stride, padding: padding, dilation: dilation)
      let height = (x[1] - 1) * stride.0 - 2 * padding.0 + dilation.0 * (w[1] - 1) + more.0 + 1
      let width = (x[2] - 1) * stride.1 - 2 * padding.1 + dilation.1 * (w[2] - 1) + more.1 + 1
      return Case(
        "transposed convolution, \(window), \(groups) groups", [Operand(x), Operand(w)], tolerance: 1e-5,
        one: {
          $0[0].transposedConvolved(
            $0[1], stride: stride, padding: padding, outputPadding: more, dilation: dilation, groups: groups)
        },
        reference: { operands in
          convolutionInputGradientReference(
            operands[0], operands[1], window, groups: groups, image: [x[0], height, width, w[3] * groups])
        })
    }
  }
}
