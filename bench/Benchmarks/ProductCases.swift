import Glissade

extension KernelCase {
  /// Products: everything that is compared with the peak of multiply-adds.
  static var products: [KernelCase] { matmuls + convolutions }

  private static var matmuls: [KernelCase] {
    var cases: [KernelCase] = []
    // y = x·w as it stands, and the gradients of both factors: dy·wᵀ and xᵀ·dy.
    for size in [1024, 4096] {
      let first = cases.count
      defer { if size > 1024 { for index in first..<cases.count { cases[index].onDemand = "\(size)^3" } } }
      let operands = [Operand([size, size]), Operand([size, size])]
      let flops = 2 * size * size * size
      let body: Body = { [$0[0].matmul($0[1])] }
      cases.append(.forward("matmul \(size)^3: a·b", operands, flops: flops, body))
      cases.append(.gradient("matmul \(size)^3: a·bT (gradient of a)", operands, of: [0], flops: flops, body))
      cases.append(.gradient("matmul \(size)^3: aT·b (gradient of b)", operands, of: [1], flops: flops, body))
    }
    // y = x·wᵀ, as dense layers have it: samples, features in, features out.
    let layers = [(4096, 1024, 1024), (128, 784, 512), (128, 512, 256), (128, 256, 10), (128, 3136, 128), (128, 128, 10)]
    for (rows, inputs, outputs) in layers {
      let name = "dense \(rows)x\(inputs)->\(outputs)"
      let operands = [Operand([rows, inputs]), Operand([outputs, inputs])]
      let flops = 2 * rows * inputs * outputs
      let body: Body = { [$0[0].matmul($0[1], transposeOther: true)] }
      cases.append(.forward("\(name): forward", operands, flops: flops, body))
      // No step needs the gradient of the batch itself.
      if inputs != 784 { cases.append(.gradient("\(name): input gradient", operands, of: [0], flops: flops, body)) }
      cases.append(.gradient("\(name): weight gradient", operands, of: [1], flops: flops, body))
    }
    // Batches: each entry its own factors, and some that share one.
    let batched: [(String, Shape, Shape)] = [
      ("matmul 96x128x64 by 96x64x128", [96, 128, 64], [96, 64, 128]),
      ("matmul 8x12x128x64 by 8x1x64x128, shared by 12", [8, 12, 128, 64], [8, 1, 64, 128]),
      ("matmul 8x12x128x64 by 12x64x128, shared by 8", [8, 12, 128, 64], [12, 64, 128]),
    ]
    for (name, a, b) in batched {
      cases.append(.forward("\(name): forward", [Operand(a), Operand(b)], flops: 2 * 96 * 128 * 64 * 128) { [$0[0].matmul($0[1])] })
    }
    return cases
  }

  private struct Layer {
    var batch: Int
    var size: Int
    var inputs: Int
    var outputs: Int
    var kernel = 3
    var stride = 1
  }

  private static var convolutions: [KernelCase] {
    // resnet18 on 32×32, then lenet on 28×28.
    let layers = [
      Layer(batch: 64, size: 32, inputs: 3, outputs: 64),
      Layer(batch: 64, size: 32, inputs: 64, outputs: 64),
      Layer(batch: 64, size: 32, inputs: 64, outputs: 128, stride: 2),
      Layer(batch: 64, size: 32, inputs: 64, outputs: 128, kernel: 1, stride: 2),
      Layer(batch: 64, size: 16, inputs: 128, outputs: 128),
      Layer(batch: 64, size: 16, inputs: 128, outputs: 256, stride: 2),
      Layer(batch: 64, size: 16, inputs: 128, outputs: 256, kernel: 1, stride: 2),
      Layer(batch: 64, size: 8, inputs: 256, outputs: 256),
      Layer(batch: 64, size: 8, inputs: 256, outputs: 512, stride: 2),
      Layer(batch: 64, size: 8, inputs: 256, outputs: 512, kernel: 1, stride: 2),
      Layer(batch: 64, size: 4, inputs: 512, outputs: 512),
      Layer(batch: 128, size: 28, inputs: 1, outputs: 32),
      Layer(batch: 128, size: 14, inputs: 32, outputs: 64),
    ]
    return layers.flatMap { layer -> [KernelCase] in
      let (k, stride, padding) = (layer.kernel, layer.stride, layer.kernel / 2)
      let name =
        "conv\(k)x\(k) \(layer.batch)x\(layer.size)x\(layer.size)x\(layer.inputs)->\(layer.outputs)" + (stride > 1 ? " /\(stride)" : "")
      let operands = [Operand([layer.batch, layer.size, layer.size, layer.inputs]), Operand([layer.outputs, k, k, layer.inputs])]
      let pixels = layer.batch * (layer.size / stride) * (layer.size / stride)
      let flops = 2 * pixels * layer.outputs * k * k * layer.inputs
      let body: Body = { [$0[0].convolved($0[1], stride: (stride, stride), padding: (padding, padding))] }
      var cases = [KernelCase.forward("\(name): forward", operands, flops: flops, body)]
      // No step needs the gradient of the pictures.
      if layer.inputs > 3 { cases.append(.gradient("\(name): input gradient", operands, of: [0], flops: flops, body)) }
      cases.append(.gradient("\(name): weight gradient", operands, of: [1], flops: flops, body))
      return cases
    }
  }
}
