import GlissadeKernels
import GlissadeTensors

extension Lowering {
  mutating func lowerMaxPool(_ node: Int, _ rule: MaxPool) {
    let (x, y, index) = (input(node, 0), output(node, 0), output(node, 1))
    let pool = Pool(rule.window, full: inputShape(node, 0), pooled: outputShape(node), countsPadding: false)
    emit(
      "max_pool", note(node, flops: outputShape(node).count * pool.taps), items: (profile.shares(of: inputShape(node, 0).count), 1, 1),
      [.read(x), .write(y), .write(index)]
    ) { unit in pool.parameters(unit(x), unit(y), unit(index)) }
  }

  mutating func lowerMaxPoolGradient(_ node: Int, _ rule: MaxPoolGradient) {
    let (dy, index, dx) = (input(node, 0), input(node, 1), output(node))
    let pool = Pool(rule.window, full: outputShape(node), pooled: inputShape(node, 0), countsPadding: false)
    emit(
      "max_pool_gradient", note(node, flops: outputShape(node).count), items: (profile.shares(of: outputShape(node).count), 1, 1),
      [.read(dy), .read(index), .write(dx)]
    ) { unit in pool.parameters(unit(dx), unit(dy), unit(index)) }
  }

  mutating func lowerMaxPoolSelection(_ node: Int, _ rule: MaxPoolSelection) {
    let (x, index, y) = (input(node, 0), input(node, 1), output(node))
    let pool = Pool(rule.window, full: inputShape(node, 0), pooled: outputShape(node), countsPadding: false)
    emit(
      "max_pool_select", note(node, flops: outputShape(node).count * pool.taps),
      items: (profile.shares(of: inputShape(node, 0).count), 1, 1), [.read(x), .read(index), .write(y)]
    ) { unit in pool.parameters(unit(x), unit(y), unit(index)) }
  }

  mutating func lowerAveragePool(_ node: Int, _ rule: AveragePool) {
    let (x, y) = (input(node, 0), output(node))
    let pool = Pool(rule.window, full: inputShape(node, 0), pooled: outputShape(node), countsPadding: rule.countsPadding)
    emit(
      "average_pool", note(node, flops: outputShape(node).count * pool.taps), items: (profile.shares(of: inputShape(node, 0).count), 1, 1),
      [.read(x), .write(y)]
    ) { unit in pool.parameters(unit(x), unit(y), 0) }
  }

  mutating func lowerAveragePoolGradient(_ node: Int, _ rule: AveragePoolGradient) {
    let (dy, dx) = (input(node, 0), output(node))
    let pool = Pool(rule.window, full: outputShape(node), pooled: inputShape(node, 0), countsPadding: rule.countsPadding)
    emit(
      "average_pool_gradient", note(node, flops: inputShape(node, 0).count * pool.taps),
      items: (profile.shares(of: outputShape(node).count), 1, 1), [.read(dy), .write(dx)]
    ) { unit in pool.parameters(unit(dx), unit(dy), 0) }
  }
}

/// A pooling's sizes as its kernels are told them.
private struct Pool {
  let window: Window
  let full: Shape
  let pooled: Shape
  let countsPadding: Bool

  init(_ window: Window, full: Shape, pooled: Shape, countsPadding: Bool) {
    self.window = window
    self.full = full
    self.pooled = pooled
    self.countsPadding = countsPadding
  }

  var taps: Int { window.kernelHeight * window.kernelWidth }

  func parameters(_ x: Int32, _ y: Int32, _ index: Int32) -> PoolParameters {
    PoolParameters(
      x: x, y: y, index: index, batch: Int32(full[0]), inputHeight: Int32(full[1]), inputWidth: Int32(full[2]), channels: Int32(full[3]),
      outputHeight: Int32(pooled[1]), outputWidth: Int32(pooled[2]), kernelHeight: Int32(window.kernelHeight),
      kernelWidth: Int32(window.kernelWidth), strideHeight: Int32(window.strideHeight), strideWidth: Int32(window.strideWidth),
      paddingTop: Int32(window.paddingHeight), paddingLeft: Int32(window.paddingWidth), dilationHeight: Int32(window.dilationHeight),
      dilationWidth: Int32(window.dilationWidth), paddingBottom: Int32(window.paddingHeight), paddingRight: Int32(window.paddingWidth),
      countIncludesPadding: countsPadding ? 1 : 0)
  }
}
