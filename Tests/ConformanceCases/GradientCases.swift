import GlissadeTensors

// MARK: Reference

/// y·(dy − Σ dy·y), or dy − eʸ·Σ dy for the logarithm.
private func softmaxGradientReference(_ y: Numbers, _ dy: Numbers, isLogarithmic: Bool) -> Numbers {
  let columns = y.shape[-1]
  var result = y
  for start in stride(from: 0, to: y.values.count, by: columns) {
    let row = start..<(start + columns)
    let sum = row.reduce(0.0) { $0 + dy.values[$1] * (isLogarithmic ? 1 : y.values[$1]) }
    for index in row {
      result.values[index] = isLogarithmic ? dy.values[index] - Real.exp(y.values[index]) * sum : y.values[index] * (dy.values[index] - sum)
    }
  }
  return result
}

/// (softmax − target) / batch.
private func crossEntropyGradientReference(_ logits: Numbers, _ labels: Numbers, labelSmoothing: Double) -> Numbers {
  var result = softmaxReference(logits, isLogarithmic: false)
  let (rows, columns) = (logits.shape[0], logits.shape[1])
  for row in 0..<rows {
    for column in 0..<columns {
      let target = (column == Int(labels.values[row]) ? 1 - labelSmoothing : 0) + labelSmoothing / Double(columns)
      result[row, column] = (result[row, column] - target) / Double(rows)
    }
  }
  return result
}

/// Σ dy and Σ dy·(x − mean)·inverse of each channel.
private func batchNormSumsReference(_ x: Numbers, _ dy: Numbers, _ mean: Numbers, _ inverse: Numbers) -> [Numbers] {
  let channels = x.shape[-1]
  var (sum, product) = (Numbers([channels]), Numbers([channels]))
  for index in x.values.indices {
    let channel = index % channels
    sum.values[channel] += dy.values[index]
    product.values[channel] += dy.values[index] * (x.values[index] - mean.values[channel]) * inverse.values[channel]
  }
  return [sum, product]
}

// MARK: Rows

extension Table {
  /// What gradients are made of, as operations of their own, so that their gradients are checked as any other's.
  static var gradientOperations: Table {
    Table(name: "gradient operations", cases: softmaxGradients + extremeGradients + batchNormParts + poolingGradients)
  }

  private static var softmaxGradients: [Case] {
    let shapes: [Shape] = [[5, 10], [1, 1], [7, 17], [3, 4, 5], [2, 131], [19]]
    let rows = shapes.flatMap { shape in
      [false, true].map { isLogarithmic in
        let y = Operand(shape, .uniform(isLogarithmic ? -4 ... -0.1 : 0.05...0.9))
        return Case(
          isLogarithmic ? "log-softmax gradient" : "softmax gradient", [y, Operand(shape)], tolerance: 1e-5,
          one: { $0[0].graph.record(.softmaxGradient(SoftmaxGradient(isLogarithmic: isLogarithmic)), $0) },
          reference: { softmaxGradientReference($0[0], $0[1], isLogarithmic: isLogarithmic) })
      }
    }
    let entropies = ([[5, 10], [7, 17], [1, 3]] as [Shape]).flatMap { shape in
      ([0, 0.1] as [Float]).map { smoothing in
        // Both results, so that what arrives at the loss and at its gradient meets in the logits.
        Case(
          "cross-entropy and its gradient, smoothing \(smoothing)",
          [Operand(shape, .uniform(-3...3)), Operand([shape[0]], .integers(below: shape[1]))], tolerance: 1e-5,
          build: { graph, operands in
            let loss = softmaxCrossEntropy(operands[0], operands[1], labelSmoothing: smoothing).loss
            return [loss, graph.tensor(ValueID(node: loss.id.node, output: 1))]
          },
          reference: { operands in
            let loss = crossEntropyReference(operands[0], operands[1], labelSmoothing: Double(smoothing)).loss
            return [Numbers([], [loss]), crossEntropyGradientReference(operands[0], operands[1], labelSmoothing: Double(smoothing))]
          })
      }
    }
    return rows + entropies
  }

  /// Rows, long and short, and other axes; each number several times, so that extremes are shared.
  private static var extremeGradients: [Case] {
    let entries: [(Shape, [Int])] = [
      ([5, 10], [1]), ([3, 4, 19], [2]), ([4, 3, 7], [1, 2]), ([70, 33], [1]), ([2, 131], [1]), ([1], [0]), ([4, 5, 6], [0, 2]),
      ([9, 17], [0]),
    ]
    let shared = entries.flatMap { shape, axes in
      [Reduction.max, .min].map { reduction in
        let x = Operand(shape, .fixed((0..<shape.count).map { Float(($0 * 7 + $0 / 5) % 4) - 2 }), isDifferentiated: false)
        return extremeGradient(reduction, x, axes)
      }
    }
    // No number is the largest of those among which there is a NaN.
    let none = Operand([1, 20], .fixed((0..<20).map { $0 == 17 ? .nan : Float($0) }), isDifferentiated: false)
    return shared + [extremeGradient(.max, none, [1], isDifferentiated: false)]
  }

  private static func extremeGradient(_ reduction: Reduction, _ x: Operand, _ axes: [Int], isDifferentiated: Bool = true) -> Case {
    let kept = Shape(x.shape.dimensions.indices.map { axes.contains($0) ? 1 : x.shape[$0] })
    return Case(
      "gradient of \(reduction.rawValue) over \(axes)", [x, Operand(kept, isDifferentiated: isDifferentiated)], tolerance: 1e-5,
      one: { operands in
        let extremes = operands[0].reduced(reduction, axes: axes, keepingAxes: true)
        return operands[0].graph.record(.extremeGradient(ExtremeGradient(axes: axes)), [operands[0], extremes, operands[1]])
      },
      reference: { operands in
        let (x, dy) = (operands[0], operands[1])
        let groups = Dictionary(grouping: x.values.indices) { position in
          let place = Numbers.places(position, x.shape)
          return kept.dimensions.indices.reduce(0) { $0 * kept[$1] + (kept[$1] == 1 ? 0 : place[$1]) }
        }
        var result = Numbers(x.shape)
        for (group, positions) in groups {
          let values = positions.map { x.values[$0] }
          let extreme = reduction == .max ? values.max() : values.min()
          let shared = positions.filter { x.values[$0] == extreme }
          for position in shared { result.values[position] = dy.values[group] / Double(shared.count) }
          if values.contains(where: \.isNaN) { for position in positions { result.values[position] = .nan } }
        }
        return result
      })
  }

  private static var batchNormParts: [Case] {
    ([[6, 5], [4, 3, 3, 19], [70, 67], [2, 1]] as [Shape]).flatMap { shape -> [Case] in
      let channels = shape[-1]
      let operands = [Operand(shape), Operand(shape), Operand([channels]), Operand([channels], .uniform(0.5...2))]
      return [
        Case(
          "batch norm's statistics", [operands[0]], tolerance: 1e-5, gradientTolerance: 1e-4,
          build: { graph, operands in
            let mean = graph.record(.batchNormStatistics(BatchNormStatistics(epsilon: 1e-2)), operands)
            return (0..<3).map { graph.tensor(ValueID(node: mean.id.node, output: $0)) }
          },
          reference: { operands in
            let (weight, bias) = (Numbers([channels], repeating: 1), Numbers([channels]))
            let parts = batchNormReference(operands[0], weight, bias, epsilon: 1e-2)
            return [parts[1], parts[2], map(parts[2]) { 1 / ($0 + 1e-2).squareRoot() }]
          }),
        Case(
          "batch norm's sums", operands, tolerance: 1e-5,
          build: { graph, operands in
            // Computed, because the kernel wants both in one buffer.
            let (mean, inverse) = (operands[2] * 2, operands[3] * 2)
            let sum = graph.record(.batchNormSums(BatchNormSums()), [operands[0], operands[1], mean, inverse])
            return (0..<2).map { graph.tensor(ValueID(node: sum.id.node, output: $0)) }
          },
          reference: { operands in
            batchNormSumsReference(operands[0], operands[1], map(operands[2]) { 2 * $0 }, map(operands[3]) { 2 * $0 })
          }),
      ]
    }
  }

  /// Tap numbers at random, some of which lie in the padding.
  private static var poolingGradients: [Case] {
    let entries: [(Shape, Window)] = [
      ([2, 4, 6, 5], Window(kernel: (2, 2), stride: (2, 2))), ([1, 7, 5, 17], Window(kernel: (3, 3), stride: (2, 2), padding: (1, 1))),
      ([1, 5, 6, 16], Window(kernel: (3, 3))), ([1, 6, 5, 19], Window(kernel: (3, 2), stride: (1, 2), padding: (1, 1))),
      ([1, 9, 8, 2], Window(kernel: (2, 3), stride: (3, 1), dilation: (2, 2))), ([1, 4, 9, 7], Window(kernel: (1, 4), padding: (0, 2))),
      ([2, 5, 7, 16], Window(kernel: (2, 2), stride: (2, 2), padding: (1, 1))),
      ([1, 9, 11, 20], Window(kernel: (4, 3), stride: (4, 3), padding: (2, 0))),
    ]
    return entries.flatMap { shape, window -> [Case] in
      let pooled = pooledShape(shape, window)
      let taps = Operand(pooled, .integers(below: window.kernelHeight * window.kernelWidth))
      return [
        Case(
          "max pool gradient, \(window)", [Operand(pooled), taps],
          one: { $0[0].graph.record(.maxPoolGradient(MaxPoolGradient(window: window, inputShape: shape)), $0) },
          reference: { operands in
            var result = Numbers(shape)
            forEachChosen(window, shape, operands[1]) { image, place in result.values[image] += operands[0].values[place] }
            return result
          }),
        Case(
          "max pool selection, \(window)", [Operand(shape), taps],
          one: { $0[0].graph.record(.maxPoolSelection(MaxPoolSelection(window: window)), $0) },
          reference: { operands in
            var result = Numbers(pooled)
            forEachChosen(window, shape, operands[1]) { image, place in result.values[place] = operands[0].values[image] }
            return result
          }),
      ]
    }
  }

  /// The positions of each chosen pixel and of the window that chose it.
  private static func forEachChosen(_ window: Window, _ shape: Shape, _ taps: Numbers, _ body: (_ image: Int, _ place: Int) -> Void) {
    for place in taps.values.indices {
      let index = Numbers.places(place, taps.shape)
      let (ky, kx) = (Int(taps.values[place]) / window.kernelWidth, Int(taps.values[place]) % window.kernelWidth)
      let iy = index[1] * window.strideHeight - window.paddingHeight + ky * window.dilationHeight
      let ix = index[2] * window.strideWidth - window.paddingWidth + kx * window.dilationWidth
      guard (0..<shape[1]).contains(iy), (0..<shape[2]).contains(ix) else { continue }
      body(((index[0] * shape[1] + iy) * shape[2] + ix) * shape[3] + index[3], place)
    }
  }
}
