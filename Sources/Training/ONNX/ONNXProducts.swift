import GlissadeFormats
import GlissadeTensors

extension ONNXTranslation {
  /// A dense layer is `Gemm`, its weights reordered where its input is a flattened picture; any other product is `MatMul`.
  mutating func translateMatMul(_ node: Int, _ rule: MatMul) throws(ONNXExportError) {
    let (a, b) = (input(node, 0), input(node, 1))
    guard shape(a).count == 2, let weights = parameter(b), weights.shape.count == 2, !rule.transposeA else {
      let first = try factor(a, rule.transposeA)
      let second = try factor(b, rule.transposeB)
      return set(node, add("MatMul", scope(node), [first, second]), .same)
    }
    let x = try value(a)
    let name: String
    if case .flattened(let height, let width, let channels) = x.arrangement {
      let pixels = [height, width, channels]
      let (split, order) =
        rule.transposeB
        ? ([weights.shape[0]] + pixels, [0, 3, 1, 2]) : (pixels + [weights.shape[1]], [2, 0, 1, 3])
      name = initializer("\(weights.path).flattened", weights.shape, .floats(permuted(weights.values, split, order)))
    } else {
      name = try value(b).name
    }
    var inputs = [x.name, name]
    if let bias = patterns.biases[node]?.bias { inputs.append(try value(bias).name) }
    set(node, add("Gemm", scope(node), inputs, ["transB": .integer(rule.transposeB ? 1 : 0)]), .same)
  }

  private mutating func factor(_ id: ValueID, _ isTransposed: Bool) throws(ONNXExportError) -> String {
    let mine = try ours(id)
    guard isTransposed else { return mine.name }
    let rank = shape(id).count
    return add("Transpose", graph.nodes[id.node].scope, [mine.name], ["perm": .integers(Array(0..<rank - 2) + [rank - 1, rank - 2])])
  }

  mutating func translateConvolution(_ node: Int, _ rule: Convolution) throws(ONNXExportError) {
    let x = try asImage(input(node, 0))
    let weights = input(node, 1)
    let name: String
    if let parameter = parameter(weights) {
      let turned = ONNXArrangement.toImage.map { parameter.shape[$0] }
      name = initializer(
        "\(parameter.path).convolution", turned, .floats(permuted(parameter.values, parameter.shape, ONNXArrangement.toImage)))
    } else {
      name = try asImage(weights)
    }
    var inputs = [x, name]
    if let bias = patterns.biases[node]?.bias { inputs.append(try value(bias).name) }
    let window = rule.window
    var attributes = attributes(of: window)
    attributes["dilations"] = .integers([window.dilationHeight, window.dilationWidth])
    attributes["group"] = .integer(rule.groups)
    set(node, add("Conv", scope(node), inputs, attributes), .image)
  }

  /// Weights [in, kernel height, kernel width, out / groups] are [in, out / groups, kernel height, kernel width] there.
  mutating func translateTransposedConvolution(_ node: Int, _ rule: ConvolutionInputGradient) throws(ONNXExportError) {
    let x = try asImage(input(node, 0))
    let name: String
    if let weights = parameter(input(node, 1)) {
      let turned = ONNXArrangement.toImage.map { weights.shape[$0] }
      name = initializer(
        "\(weights.path).convolution", turned, .floats(permuted(weights.values, weights.shape, ONNXArrangement.toImage)))
    } else {
      name = try asImage(input(node, 1))
    }
    let (window, from) = (rule.window, shape(input(node, 0)))
    guard window.extraHeight == 0, window.extraWidth == 0 else { throw refusal(node, "there is no such operator") }
    var attributes = attributes(of: window)
    attributes["dilations"] = .integers([window.dilationHeight, window.dilationWidth])
    attributes["group"] = .integer(rule.groups)
    attributes["output_padding"] = .integers([
      rule.inputShape[1] + 2 * window.paddingHeight - (from[1] - 1) * window.strideHeight
        - window.dilationHeight * (window.kernelHeight - 1) - 1,
      rule.inputShape[2] + 2 * window.paddingWidth - (from[2] - 1) * window.strideWidth - window.dilationWidth * (window.kernelWidth - 1)
        - 1,
    ])
    set(node, add("ConvTranspose", scope(node), [x, name], attributes), .image)
  }

  private func attributes(of window: Window) -> [String: ONNXModel.Attribute] {
    [
      "kernel_shape": .integers([window.kernelHeight, window.kernelWidth]),
      "strides": .integers([window.strideHeight, window.strideWidth]),
      // Top, left, bottom, right.
      "pads": .integers([
        window.paddingHeight, window.paddingWidth, window.paddingHeight + window.extraHeight, window.paddingWidth + window.extraWidth,
      ]),
    ]
  }

  /// - Parameter countsPadding: of an average; `nil` for the largest value.
  mutating func translatePool(_ node: Int, _ window: Window, countsPadding: Bool?) throws(ONNXExportError) {
    let x = try asImage(input(node, 0))
    var attributes = attributes(of: window)
    if window.roundsUp { attributes["ceil_mode"] = .integer(1) }
    if let countsPadding {
      guard window.dilationHeight == 1, window.dilationWidth == 1 else {
        throw refusal(node, "averages over windows with gaps are no operator of set \(ONNXModel.operatorSet)")
      }
      attributes["count_include_pad"] = .integer(countsPadding ? 1 : 0)
    } else {
      attributes["dilations"] = .integers([window.dilationHeight, window.dilationWidth])
    }
    set(node, add(countsPadding == nil ? "MaxPool" : "AveragePool", scope(node), [x], attributes), .image)
  }

  /// An ordinary pooling where the grid divides the picture. Otherwise cells overlap or repeat, and the pooling is a product with a matrix
  /// of means on either side.
  mutating func translateAdaptivePool(_ node: Int, _ rule: AdaptiveAveragePool) throws(ONNXExportError) {
    let size = shape(input(node, 0))
    if size[1] % rule.height == 0, size[2] % rule.width == 0 {
      let kernel = (height: size[1] / rule.height, width: size[2] / rule.width)
      return try translatePool(node, Window(kernel: kernel, stride: kernel), countsPadding: true)
    }
    let x = try asImage(input(node, 0))
    let rows = initializer("means.\(rule.height).\(size[1])", [rule.height, size[1]], .floats(Self.means(rule.height, of: size[1])))
    let columns = initializer(
      "means.\(size[2]).\(rule.width).transposed", [size[2], rule.width],
      .floats(permuted(Self.means(rule.width, of: size[2]), [rule.width, size[2]], [1, 0])))
    set(node, add("MatMul", scope(node), [add("MatMul", scope(node), [rows, x]), columns]), .image)
  }

  /// The matrix [cells, pixels] that takes the mean over each cell: cell i spans floor(i·pixels / cells) ..< ceil((i + 1)·pixels / cells).
  private static func means(_ cells: Int, of pixels: Int) -> [Float] {
    var matrix = [Float](repeating: 0, count: cells * pixels)
    for cell in 0..<cells {
      let span = cell * pixels / cells..<((cell + 1) * pixels + cells - 1) / cells
      for pixel in span { matrix[cell * pixels + pixel] = 1 / Float(span.count) }
    }
    return matrix
  }
}
