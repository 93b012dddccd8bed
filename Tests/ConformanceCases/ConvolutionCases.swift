import GlissadeTensors

// MARK: Reference

func convolutionReference(_ x: Numbers, _ w: Numbers, _ window: Window, groups: Int) -> Numbers {
  var result = Numbers(convolvedShape(x.shape, w.shape, window))
  forEachProduct(x.shape, w.shape, window, groups) { image, weight, output in result.values[output] += x.values[image] * w.values[weight] }
  return result
}

func convolutionInputGradientReference(_ dy: Numbers, _ w: Numbers, _ window: Window, groups: Int, image: Shape) -> Numbers {
  var result = Numbers(image)
  forEachProduct(image, w.shape, window, groups) { image, weight, output in result.values[image] += dy.values[output] * w.values[weight] }
  return result
}

private func convolvedShape(_ x: Shape, _ w: Shape, _ window: Window) -> Shape {
  let padded = (x[1] + 2 * window.paddingHeight + window.extraHeight, x[2] + 2 * window.paddingWidth + window.extraWidth)
  let height = (padded.0 - window.dilationHeight * (w[1] - 1) - 1) / window.strideHeight + 1
  let width = (padded.1 - window.dilationWidth * (w[2] - 1) - 1) / window.strideWidth + 1
  return [x[0], height, width, w[0]]
}

func convolutionWeightGradientReference(_ x: Numbers, _ dy: Numbers, _ window: Window, groups: Int, weights: Shape) -> Numbers {
  var result = Numbers(weights)
  forEachProduct(x.shape, weights, window, groups) { image, weight, output in result.values[weight] += x.values[image] * dy.values[output] }
  return result
}

/// Every product of a convolution: the positions of the image's element, the weight, and the output that they add to.
private func forEachProduct(
  _ x: Shape, _ w: Shape, _ window: Window, _ groups: Int, _ body: (_ image: Int, _ weight: Int, _ output: Int) -> Void
) {
  let y = convolvedShape(x, w, window)
  let (height, width, channels) = (x[1], x[2], x[3])
  let (outputs, inputsOfGroup) = (w[0], w[3])
  let outputsOfGroup = outputs / groups
  for n in 0..<x[0] {
    for oy in 0..<y[1] {
      for ky in 0..<w[1] {
        let iy = oy * window.strideHeight - window.paddingHeight + ky * window.dilationHeight
        guard iy >= 0 && iy < height else { continue }
        for ox in 0..<y[2] {
          for kx in 0..<w[2] {
            let ix = ox * window.strideWidth - window.paddingWidth + kx * window.dilationWidth
            guard ix >= 0 && ix < width else { continue }
            for output in 0..<outputs {
              let image = ((n * height + iy) * width + ix) * channels + output / outputsOfGroup * inputsOfGroup
              let weight = ((output * w[1] + ky) * w[2] + kx) * inputsOfGroup
              let target = ((n * y[1] + oy) * y[2] + ox) * outputs + output
              for input in 0..<inputsOfGroup { body(image + input, weight + input, target) }
            }
          }
        }
      }
    }
  }
}

// MARK: Rows

/// A convolution's sizes.
private struct Sizes {
  var image: Shape
  var weights: Shape
  var stride = (height: 1, width: 1)
  var padding = (height: 0, width: 0)
  var dilation = (height: 1, width: 1)
  var groups = 1
  var extra = (height: 0, width: 0)

  var window: Window {
    Window(kernel: (weights[1], weights[2]), stride: stride, padding: padding, dilation: dilation, extraPadding: extra)
  }
  var result: Shape { convolvedShape(image, weights, window) }
  var name: String { "\(window)\(groups > 1 ? ", \(groups) groups" : "")" }

  func record(_ x: Tensor, _ w: Tensor) -> Tensor {
    x.convolved(w, stride: stride, padding: padding, dilation: dilation, groups: groups, extraPadding: extra)
  }

  func reference(_ x: Numbers, _ w: Numbers) -> Numbers { convolutionReference(x, w, window, groups: groups) }
}

extension Table {
  private static var plain: [Sizes] {
    [
      Sizes(image: [2, 7, 6, 5], weights: [11, 3, 3, 5], padding: (1, 1)),
      Sizes(image: [1, 6, 5, 17], weights: [33, 1, 1, 17]),
      Sizes(image: [2, 4, 4, 16], weights: [32, 1, 1, 16], stride: (2, 2)),
      Sizes(image: [1, 7, 8, 3], weights: [16, 3, 3, 3], stride: (2, 2), padding: (1, 1)),
      Sizes(image: [1, 5, 9, 7], weights: [3, 2, 5, 7], stride: (2, 1), padding: (0, 2)),
      Sizes(image: [1, 9, 8, 4], weights: [5, 3, 2, 4], padding: (2, 1), dilation: (2, 3)),
      Sizes(image: [1, 13, 11, 1], weights: [6, 5, 5, 1], padding: (2, 2)),
      Sizes(image: [1, 11, 11, 3], weights: [8, 7, 7, 3], stride: (2, 2), padding: (3, 3)),
      // Few pixels and many channels: inner dimensions that are cut where tiles are few, of each phase of the gradient as well.
      Sizes(image: [1, 4, 4, 64], weights: [72, 4, 4, 64], stride: (2, 2), padding: (1, 1)),
      Sizes(image: [3, 1, 1, 5], weights: [7, 1, 1, 5]),
      Sizes(image: [1, 1, 1, 2], weights: [1, 3, 3, 2], padding: (1, 1)),
      Sizes(image: [1, 3, 3, 2], weights: [3, 3, 3, 2]),
      Sizes(image: [1, 5, 5, 33], weights: [35, 3, 3, 33], padding: (1, 1)),
      Sizes(image: [1, 4, 4, 64], weights: [16, 3, 3, 64], padding: (1, 1)),
      Sizes(image: [1, 8, 7, 2], weights: [4, 2, 2, 2], stride: (3, 3)),
      Sizes(image: [1, 6, 6, 3], weights: [4, 3, 3, 3], padding: (4, 4)),
      // Few input channels: parts of the pixels that are merged, and output channels of one vector, two, and three that the last fills in part.
      Sizes(image: [3, 30, 30, 1], weights: [40, 3, 3, 1], padding: (1, 1)),
      Sizes(image: [2, 33, 33, 3], weights: [17, 5, 5, 3], padding: (2, 2)),
      Sizes(image: [1, 9, 12, 3], weights: [24, 3, 3, 3], padding: (0, 1), dilation: (2, 1)),
      Sizes(image: [1, 12, 11, 1], weights: [33, 7, 7, 1], stride: (1, 2), padding: (3, 2)),
      // Enough pixels that their parts of the weight gradient are merged.
      Sizes(image: [1, 46, 46, 17], weights: [5, 2, 1, 17]),
      // A gradient that is packed for the weights' gradient: more pixels than are gathered at a time, and parts that are merged.
      Sizes(image: [3, 41, 15, 32], weights: [40, 3, 3, 32], stride: (2, 2), padding: (1, 1)),
      Sizes(image: [1, 50, 50, 64], weights: [32, 1, 1, 64]),
      // Padding at the end alone, as TensorFlow pads: with patches, without, and with a stride of 1.
      Sizes(image: [2, 8, 6, 3], weights: [16, 3, 3, 3], stride: (2, 2), extra: (1, 1)),
      Sizes(image: [1, 6, 8, 16], weights: [7, 5, 5, 16], stride: (2, 2), padding: (1, 1), extra: (1, 1)),
      Sizes(image: [1, 5, 4, 9], weights: [3, 2, 4, 9], padding: (0, 1), extra: (1, 1)),
    ]
  }

  /// Enough channels and tiles for Winograd's kernels, with tiles that reach over the edge, and with panels that are not full.
  private static var winograd: [Sizes] {
    [
      Sizes(image: [3, 13, 14, 32], weights: [48, 3, 3, 32], padding: (0, 2)),
      Sizes(image: [32, 3, 3, 32], weights: [32, 3, 3, 32], padding: (1, 1)),
      // More channels than a block of the weight gradient has.
      Sizes(image: [4, 9, 9, 32], weights: [64, 3, 3, 32], padding: (1, 1)),
    ]
  }

  private static var grouped: [Sizes] {
    [
      Sizes(image: [2, 5, 6, 9], weights: [6, 3, 3, 3], padding: (1, 1), groups: 3),
      Sizes(image: [1, 5, 4, 34], weights: [34, 3, 3, 17], padding: (1, 1), groups: 2),
      Sizes(image: [1, 5, 5, 8], weights: [4, 1, 1, 2], groups: 4),
      Sizes(image: [2, 6, 7, 19], weights: [19, 3, 3, 1], padding: (1, 1), groups: 19),
      Sizes(image: [1, 7, 7, 16], weights: [16, 3, 3, 1], stride: (2, 2), padding: (1, 1), groups: 16),
      Sizes(image: [1, 6, 5, 5], weights: [10, 3, 2, 1], stride: (1, 2), padding: (1, 0), groups: 5),
      Sizes(image: [1, 9, 9, 33], weights: [33, 5, 3, 1], padding: (2, 2), dilation: (2, 1), groups: 33),
      Sizes(image: [1, 4, 5, 2], weights: [2, 3, 3, 1], padding: (1, 1), groups: 2),
      Sizes(image: [1, 5, 5, 6], weights: [9, 3, 3, 2], stride: (2, 2), dilation: (2, 2), groups: 3),
      Sizes(image: [2, 8, 10, 24], weights: [24, 3, 3, 1], stride: (2, 2), groups: 24, extra: (1, 1)),
      // More taps than a list holds.
      Sizes(image: [1, 9, 8, 35], weights: [35, 13, 11, 1], stride: (1, 2), padding: (6, 5), groups: 35),
      Sizes(image: [1, 12, 7, 40], weights: [40, 5, 5, 1], stride: (2, 2), padding: (1, 2), groups: 40, extra: (1, 0)),
      // Whole vectors, several pixels a line, and lines that are all border.
      Sizes(image: [2, 17, 21, 64], weights: [64, 5, 5, 1], padding: (2, 2), groups: 64),
      Sizes(image: [1, 19, 24, 96], weights: [96, 3, 3, 1], padding: (1, 1), groups: 96),
      Sizes(image: [3, 2, 3, 48], weights: [48, 5, 5, 1], padding: (2, 2), groups: 48),
      Sizes(image: [2, 15, 16, 32], weights: [32, 3, 3, 1], stride: (2, 2), padding: (1, 1), groups: 32),
    ]
  }

  static var convolution: Table {
    Table(name: "convolution", cases: (plain + winograd).map(convolutionRow))
  }
  static var groupedConvolution: Table {
    Table(name: "grouped convolution", cases: grouped.map(convolutionRow))
  }

  private static func convolutionRow(_ sizes: Sizes) -> Case {
    Case(
      "convolution, \(sizes.name)", [Operand(sizes.image), Operand(sizes.weights)], tolerance: 1e-5, one: { sizes.record($0[0], $0[1]) },
      reference: {
        sizes.reference($0[0], $0[1])
      })
  }

  /// As operations of their own, which transposed convolutions will want; their gradients are convolutions again.
  static var convolutionGradients: Table {
    Table(
      name: "convolution gradients",
      cases: [plain[0], plain[3], plain[4], plain[5], plain[1], winograd[1], grouped[0], grouped[4]].flatMap { sizes in
        [
          Case(
            "input gradient, \(sizes.name)", [Operand(sizes.result), Operand(sizes.weights)], tolerance: 1e-5,
            one: {
              let rule = ConvolutionInputGradient(window: sizes.window, groups: sizes.groups, inputShape: sizes.image)
              return $0[0].graph.record(.convolutionInputGradient(rule), $0)
            }, reference: { convolutionInputGradientReference($0[0], $0[1], sizes.window, groups: sizes.groups, image: sizes.image) }),
          Case(
            "weight gradient, \(sizes.name)", [Operand(sizes.image), Operand(sizes.result)], tolerance: 1e-5,
            one: {
              let rule = ConvolutionWeightGradient(window: sizes.window, groups: sizes.groups, weightShape: sizes.weights)
              return $0[0].graph.record(.convolutionWeightGradient(rule), $0)
            },
            reference: { convolutionWeightGradientReference($0[0], $0[1], sizes.window, groups: sizes.groups, weights: sizes.weights) }),
        ]
      })
  }

  /// Activations that few networks have: each way of storing sees some. Gradients are those of the same functions elsewhere.
  private static var rareEpilogues: [Case] {
    [plain[0], winograd[1], grouped[0]].enumerated().flatMap { number, sizes -> [Case] in
      let channels = Operand([sizes.weights[0]], .uniform(-0.5...0.5), isDifferentiated: false)
      let both = [
        Operand(sizes.image, isDifferentiated: false), Operand(sizes.weights, .uniform(-0.5...0.5), isDifferentiated: false),
      ]
      func row(
        _ name: String, _ more: Operand, _ build: @escaping (Tensor, Tensor) -> Tensor,
        reference check: @escaping (Numbers, Numbers) -> Numbers
      ) -> Case {
        Case(
          "\(name), \(sizes.name)", both + [more], tolerance: 1e-5, one: { build(sizes.record($0[0], $0[1]), $0[2]) },
          reference: { check(sizes.reference($0[0], $0[1]), $0[2]) })
      }
      let one = Operand([1], isDifferentiated: false)
      let rows = [
        row("bias, mish", channels, { mish($0 + $1) }, reference: { map(reference(.add, $0, $1)) { reference(.mish, $0) } }),
        row("slopes", channels, { leakyRelu($0, slope: $1) }, reference: { reference(.leakyRelu, $0, $1) }),
        row("one slope", one, { leakyRelu($0, slope: $1) }, reference: { reference(.leakyRelu, $0, $1) }),
        row("bias, hardtanh", channels, { hardtanh($0 + $1) }, reference: { map(reference(.add, $0, $1)) { min(max($0, -1), 1) } }),
        row("bias, elu", channels, { elu($0 + $1) }, reference: { map(reference(.add, $0, $1)) { reference(.elu, $0, 1) } }),
      ]
      return [rows[(2 * number) % rows.count], rows[(2 * number + 1) % rows.count]]
    }
  }

  static var convolutionEpilogues: Table {
    Table(
      name: "convolution epilogues",
      cases: rareEpilogues
        + [plain[0], plain[1], plain[3], plain[15], winograd[1], grouped[0], grouped[3]].flatMap { sizes -> [Case] in
          let channels = Operand([sizes.weights[0]], .uniform(-0.5...0.5))
          let both = [Operand(sizes.image), Operand(sizes.weights, .uniform(-0.5...0.5))]
          func row(
            _ name: String, _ more: [Operand], _ build: @escaping (Tensor, [Tensor]) -> Tensor,
            reference check: @escaping (Numbers, [Numbers]) -> Numbers
          )
            -> Case
          {
            Case(
              "\(name), \(sizes.name)", both + more, tolerance: 1e-5, one: { build(sizes.record($0[0], $0[1]), Array($0.dropFirst(2))) },
              reference: { check(sizes.reference($0[0], $0[1]), Array($0.dropFirst(2))) })
          }
          return [
            row("bias, relu", [channels], { relu($0 + $1[0]) }, reference: { y, more in map(reference(.add, y, more[0])) { max($0, 0) } }),
            row(
              "scale, bias, residual, relu", [channels, channels, Operand(sizes.result)], { relu($0 * $1[0] + $1[1] + $1[2]) },
              reference: { y, more in
                map(reference(.add, reference(.add, reference(.multiply, y, more[0]), more[1]), more[2])) { max($0, 0) }
              }),
            row("silu", [], { y, _ in silu(y) }, reference: { y, _ in map(y) { reference(.silu, $0) } }),
            row(
              "scale, relu6", [channels], { relu6($0 * $1[0] * 4) },
              reference: { y, more in
                map(reference(.multiply, y, more[0])) { min(max(4 * $0, 0), 6) }
              }),
            row(
              "bias, relu6", [channels], { relu6($0 + $1[0]) },
              reference: { y, more in
                map(reference(.add, y, more[0])) { min(max($0, 0), 6) }
              }),
            // ReLU6 in front, with inputs beyond 6: its gradient is applied where the input gradient is stored.
            Case(
              "relu6 in front, \(sizes.name)", [Operand(sizes.image, .eitherSign(0.05...9)), both[1]], tolerance: 1e-5,
              one: { sizes.record(relu6($0[0]), $0[1]) }, reference: { sizes.reference(map($0[0]) { min(max($0, 0), 6) }, $0[1]) }),
            // ReLU in front: its gradient is applied where the input gradient is stored.
            Case(
              "relu in front, \(sizes.name)", [Operand(sizes.image, .eitherSign(0.05...1)), both[1]], tolerance: 1e-5,
              one: {
                sizes.record(relu($0[0]), $0[1])
              }, reference: { sizes.reference(map($0[0]) { max($0, 0) }, $0[1]) }),
            // The input gradient and the one that comes around it are added, then masked.
            Case(
              "a connection around, \(sizes.name)", [Operand(sizes.image, .eitherSign(0.05...1)), both[1]], tolerance: 1e-5,
              build: { _, operands in
                let x = relu(operands[0])
                return [sizes.record(x, operands[1]), x * 2]
              },
              reference: { operands in
                let x = map(operands[0]) { max($0, 0) }
                return [sizes.reference(x, operands[1]), map(x) { 2 * $0 }]
              }),
          ]
        })
  }
}
