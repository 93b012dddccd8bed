import Glissade

extension KernelCase {
  /// Everything that is compared with copying.
  static var memoryBound: [KernelCase] { batchNorms + poolings + softmaxes + elementwise + movements + reductions }

  private static func name(_ shape: Shape) -> String { shape.dimensions.map(String.init).joined(separator: "x") }

  private static var batchNorms: [KernelCase] {
    let shapes: [Shape] = [[64, 32, 32, 64], [64, 16, 16, 128], [64, 8, 8, 256], [64, 4, 4, 512]]
    return shapes.flatMap { shape -> [KernelCase] in
      let operands = [Operand(shape), Operand([shape[3]]), Operand([shape[3]])]
      let body: Body = { [$0[0].batchNormalized(weight: $0[1], bias: $0[2], epsilon: 1e-5).y] }
      // The statistics need all of x before the first y; the sums need all of x and dy before the first dx.
      var forward = KernelCase.forward("batch norm \(name(shape)): forward", operands, body)
      forward.bytesReadAgain = 4 * shape.count
      var gradient = KernelCase.gradient("batch norm \(name(shape)): gradient", operands, of: [0, 1, 2], body)
      gradient.bytesReadAgain = 8 * shape.count
      return [forward, gradient]
    }
  }

  private static var poolings: [KernelCase] {
    func window(_ kernel: Int, _ stride: Int, _ padding: Int) -> Window {
      Window(kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding))
    }
    var cases: [KernelCase] = []
    for (shape, pool) in [
      (Shape([128, 28, 28, 32]), window(2, 2, 0)), (Shape([128, 14, 14, 64]), window(2, 2, 0)), (Shape([64, 32, 32, 64]), window(3, 2, 1)),
    ] {
      let title = "max pool \(pool.kernelHeight)x\(pool.kernelWidth) /\(pool.strideHeight) \(name(shape))"
      // The values, and the numbers of the taps that hold them.
      let body: Body = { x in
        let y = x[0].maxPooled(pool)
        return [y, y.graph.tensor(ValueID(node: y.id.node, output: 1))]
      }
      cases.append(.forward("\(title): forward", [Operand(shape)], body))
      cases.append(.gradient("\(title): gradient", [Operand(shape)], of: [0], taps: pool.kernelHeight * pool.kernelWidth, body))
    }
    let average = window(2, 2, 0)
    let pictures = [Operand([64, 32, 32, 64])]
    cases.append(.forward("average pool 2x2 /2 64x32x32x64: forward", pictures) { [$0[0].averagePooled(average)] })
    cases.append(.gradient("average pool 2x2 /2 64x32x32x64: gradient", pictures, of: [0]) { [$0[0].averagePooled(average)] })
    for shape in [Shape([64, 4, 4, 512]), [64, 16, 16, 128]] {
      cases.append(.forward("global average pool \(name(shape)): forward", [Operand(shape)]) { [$0[0].mean(axes: [1, 2])] })
      cases.append(.gradient("global average pool \(name(shape)): gradient", [Operand(shape)], of: [0]) { [$0[0].mean(axes: [1, 2])] })
    }
    // Cells that overlap, and cells that do not.
    for size in [7, 8] {
      let title = "adaptive average pool 64x32x32x64 to \(size)x\(size)"
      cases.append(.forward("\(title): forward", pictures) { [$0[0].adaptivelyPooled(height: size, width: size)] })
      cases.append(.gradient("\(title): gradient", pictures, of: [0]) { [$0[0].adaptivelyPooled(height: size, width: size)] })
    }
    return cases
  }

  private static var softmaxes: [KernelCase] {
    [Shape([128, 10]), [4096, 1000]].flatMap { shape -> [KernelCase] in
      let x = [Operand(shape)]
      let labels = Operand([shape[0]], .integers(below: shape[1]))
      return [
        .forward("softmax \(name(shape)): forward", x) { [$0[0].softmax()] },
        .gradient("softmax \(name(shape)): gradient", x, of: [0]) { [$0[0].softmax()] },
        .forward("log-softmax \(name(shape)): forward", x) { [$0[0].logSoftmax()] },
        .gradient("log-softmax \(name(shape)): gradient", x, of: [0]) { [$0[0].logSoftmax()] },
        .forward("cross-entropy \(name(shape)): loss and gradient", x + [labels]) { operands in
          let loss = softmaxCrossEntropy(operands[0], operands[1]).loss
          return (0..<3).map { loss.graph.tensor(ValueID(node: loss.id.node, output: $0)) }
        },
      ]
    }
  }

  private static var elementwise: [KernelCase] {
    let shape = Shape([4096, 1024])
    let (x, pair) = ([Operand(shape)], [Operand(shape), Operand(shape)])
    let size = name(shape)
    return [
      .forward("relu \(size): forward", x) { [relu($0[0])] },
      .gradient("relu \(size): gradient", x, of: [0]) { [relu($0[0])] },
      .forward("gelu \(size): forward", x) { [gelu($0[0], .tanh)] },
      .gradient("gelu \(size): gradient", x, of: [0]) { [gelu($0[0], .tanh)] },
      .forward("exact gelu \(size): forward", x) { [gelu($0[0])] },
      .gradient("exact gelu \(size): gradient", x, of: [0]) { [gelu($0[0])] },
      .forward("mish \(size): forward", x) { [mish($0[0])] },
      .gradient("mish \(size): gradient", x, of: [0]) { [mish($0[0])] },
      .forward("elu \(size): forward", x) { [elu($0[0])] },
      .gradient("elu \(size): gradient", x, of: [0]) { [elu($0[0])] },
      .forward("hardswish \(size): forward", x) { [hardswish($0[0])] },
      .gradient("hardswish \(size): gradient", x, of: [0]) { [hardswish($0[0])] },
      .forward("sigmoid \(size): forward", x) { [sigmoid($0[0])] },
      .forward("add \(size): forward", pair) { [$0[0] + $0[1]] },
      .forward("add + relu \(size): forward", pair) { [relu($0[0] + $0[1])] },
      .forward("add row \(size): forward", [Operand(shape), Operand([1024])]) { [$0[0] + $0[1]] },
      .gradient("add row \(size): row gradient", [Operand(shape), Operand([1024])], of: [1]) { [$0[0] + $0[1]] },
      .forward("add column \(size): forward", [Operand(shape), Operand([4096, 1])]) { [$0[0] + $0[1]] },
      .gradient("add column \(size): column gradient", [Operand(shape), Operand([4096, 1])], of: [1]) { [$0[0] + $0[1]] },
      .forward("clamp \(size): forward", x) { [$0[0].clamped(from: -0.5, to: 0.5)] },
      .gradient("clamp \(size): gradient", x, of: [0]) { [$0[0].clamped(from: -0.5, to: 0.5)] },
      .forward("leaky relu \(size): forward", x) { [leakyRelu($0[0])] },
      .gradient("leaky relu \(size): gradient", x, of: [0]) { [leakyRelu($0[0])] },
      .forward("error function \(size): forward", x) { [erf($0[0])] },
      .forward("round \(size): forward", x) { [round($0[0])] },
      .forward("add + relu 64x4x4x512: forward", [Operand([64, 4, 4, 512]), Operand([64, 4, 4, 512])]) { [relu($0[0] + $0[1])] },
      .forward("dropout \(size): forward", x) { [$0[0].dropout(0.25)] },
      .gradient("dropout \(size): gradient", x, of: [0]) { [$0[0].dropout(0.25)] },
      .forward("dropout 128x128: forward", [Operand([128, 128])]) { [$0[0].dropout(0.25)] },
    ]
  }

  private static var movements: [KernelCase] {
    let pictures = [Operand([64, 32, 32, 64])]
    let embedding = [Operand([10000, 128]), Operand([4096], .integers(below: 10000))]
    return [
      .forward("transpose 2048x2048: forward", [Operand([2048, 2048])]) { [$0[0].transposed()] },
      .forward("transpose 64x32x32x64 to NCHW: forward", pictures) { [$0[0].transposed([0, 3, 1, 2])] },
      .gradient("transpose 64x32x32x64 to NCHW: gradient", pictures, of: [0]) { [$0[0].transposed([0, 3, 1, 2])] },
      .forward("broadcast 64x1x1x512 to 64x8x8x512: forward", [Operand([64, 1, 1, 512])]) { [$0[0].broadcast(to: [64, 8, 8, 512])] },
      .forward("slice 4096x1024 by columns 256..<768: forward", [Operand([4096, 1024])]) { [$0[0].sliced(axis: 1, 256..<768)] },
      .gradient("slice 4096x1024 by columns 256..<768: gradient", [Operand([4096, 1024])], of: [0]) { [$0[0].sliced(axis: 1, 256..<768)] },
      .forward("slice 4096x1024 backwards by columns: forward", [Operand([4096, 1024])]) { [$0[0].flipped(axes: [1])] },
      .forward("slice 4096x1024 by every second column: forward", [Operand([4096, 1024])]) { [$0[0].sliced(axis: 1, 0..<1024, by: 2)] },
      .forward("concatenate 4096x512 twice: forward", [Operand([4096, 512]), Operand([4096, 512])]) { [concatenate($0, axis: 1)] },
      .forward("pad 64x32x32x64 by a pixel: forward", pictures) { [$0[0].padded([(0, 0), (1, 1), (1, 1), (0, 0)])] },
      .forward("gather 4096 of 4096x1024: forward", [Operand([4096, 1024]), Operand([4096], .integers(below: 1024))]) {
        [$0[0].gather($0[1])]
      }
      .picking(rows: 4096, columns: 1024),
      .forward("gather 4096x1024 along rows: forward", [Operand([4096, 1024]), Operand([4096], .integers(below: 4096))]) {
        [$0[0].taken($0[1])]
      },
      .forward("one-hot 4096 of 1024: forward", [Operand([4096], .integers(below: 1024))]) { [$0[0].oneHot(1024)] },
      .forward("select 4096x1024: forward", [Operand([4096, 1024]), Operand([4096, 1024])]) {
        [$0[0].kept(where: $0[0] .> 0, otherwise: $0[1])]
      },
      .forward("rows 4096 of 10000x128: forward", embedding) { [$0[0].rows($0[1])] },
      .gradient("rows 4096 of 10000x128: gradient", embedding, of: [0]) { [$0[0].rows($0[1])] },
    ]
  }

  private static var reductions: [KernelCase] {
    let x = [Operand([4096, 1024])]
    return [
      .forward("sum 4096x1024 over all: forward", x) { [$0[0].sum()] },
      .forward("sum 4096x1024 over rows: forward", x) { [$0[0].sum(axes: [0])] },
      .forward("sum 4096x1024 over columns: forward", x) { [$0[0].sum(axes: [1])] },
      .forward("max 4096x1024 over columns: forward", x) { [$0[0].max(axes: [1])] },
      .gradient("max 4096x1024 over columns: gradient", x, of: [0]) { [$0[0].max(axes: [1])] },
      .forward("product 4096x1024 over rows: forward", [Operand([4096, 1024], .factors)]) { [$0[0].product(axes: [0])] },
      .forward("log-sum-exp 4096x1024 over columns: forward", x) { [$0[0].logSumExp(axes: [1])] },
      .forward("argmax 4096x1024 over columns: forward", x) { [$0[0].argmax(axis: 1)] },
      .forward("cumulative sum 4096x1024 over columns: forward", x) { [$0[0].cumulativeSum()] },
      .forward("top 5 of 4096x1024: forward", x) { [$0[0].sortOrder(isDescending: true, count: 5)] },
      .forward("sort 4096x1024 by rows: forward", x) { [$0[0].sortOrder()] },
      .forward("variance 4096x1024 over columns: forward", x) { [$0[0].variance(axes: [1])] },
      .forward("mean 64x16x16x128 over pixels: forward", [Operand([64, 16, 16, 128])]) { [$0[0].mean(axes: [0, 1, 2])] },
    ]
  }
}
