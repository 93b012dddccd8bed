import GlissadeLayers
import GlissadeModels
import GlissadeTensors
import Testing

/// Arguments that make no sense, or no memory could hold, are refused by a message when the step is compiled; none ends the process.
struct OddArgumentTests {
  static let integers = [
    Int.min, Int.min + 1, -1 << 31, -1, 0, 1, 2, 3, 1 << 15, (1 << 15) + 1, 1 << 31, 1 << 32, Int.max / 2, Int.max - 1, Int.max,
  ]
  static let fractions: [Float] = [-.infinity, -1, -0.0, 0, 0.5, 1, .greatestFiniteMagnitude, .infinity, .nan]

  /// What an operation makes is usable, or a message says why there is nothing.
  private func check(_ what: @autoclosure () -> String, _ shape: Shape = [2, 6, 6, 4], _ make: (Tensor) -> Tensor) {
    let graph = Graph()
    let y = make(graph.input("x", shape: shape))
    let isRefused = graph.firstError?.description.isEmpty == false
    #expect(y.isValid ? y.shape.isUsable : isRefused, "\(what())")
    // Its gradient comes to the same.
    if y.isValid { _ = graph.gradients(of: y.sum(), withRespectTo: [graph.tensor(ValueID(node: 0))]) }
  }

  @Test("Windows", arguments: integers) func windows(_ number: Int) {
    let base = Window(kernel: (2, 2))
    let paths: [WritableKeyPath<Window, Int>] = [
      \.kernelHeight, \.kernelWidth, \.strideHeight, \.strideWidth, \.paddingHeight, \.paddingWidth, \.dilationHeight, \.dilationWidth,
      \.extraHeight, \.extraWidth,
    ]
    for path in paths {
      for other in paths {
        for second in [number, 1] {
          var window = base
          window[keyPath: path] = number
          if second != 1 { window[keyPath: other] = second }
          check("max pooling by \(window)") { $0.maxPooled(window) }
          check("average pooling by \(window)") { $0.averagePooled(window) }
          check("average pooling by \(window)") { $0.averagePooled(window, countsPadding: false) }
        }
      }
    }
  }

  @Test("Convolutions", arguments: integers) func convolutions(_ number: Int) {
    func weights(_ x: Tensor) -> Tensor { x.graph.input("w", shape: [8, 3, 3, 4]) }
    check("stride") { $0.convolved(weights($0), stride: (number, 1)) }
    check("stride") { $0.convolved(weights($0), stride: (1, number)) }
    check("padding") { $0.convolved(weights($0), padding: (number, number)) }
    check("dilation") { $0.convolved(weights($0), dilation: (number, 1)) }
    check("more padding") { $0.convolved(weights($0), extraPadding: (number, number)) }
    check("groups") { $0.convolved(weights($0), groups: number) }
    check("layer's inputs") { Conv2D(number, 8, kernel: 3)($0) }
    check("layer's outputs") { Conv2D(4, number, kernel: 3)($0) }
    check("layer's kernel") { Conv2D(4, 8, kernel: number)($0) }
    check("layer's groups") { Conv2D(4, 8, kernel: 3, groups: number)($0) }
    check("layer's stride") { Conv2D(4, 8, kernel: 3, stride: number, padding: number, dilation: number)($0) }
    check("padded to stride") { Conv2D(paddedToStride: 4, 8, kernel: 3, stride: number)($0) }
    check("padded to stride") { Conv2D(paddedToStride: 4, 8, kernel: number, stride: 2)($0) }
    check("padded to stride") { Conv2D(paddedToStride: 4, number, kernel: number, stride: number, groups: number)($0) }
  }

  @Test("Lines, volumes and sizes", arguments: integers) func otherShapes(_ number: Int) {
    let (line, volume): (Shape, Shape) = ([2, 9, 4], [2, 3, 4, 5, 4])
    for other in [number, 1] {
      check("lines", line) { Conv1D(4, 8, kernel: other, stride: number, padding: number, dilation: other)($0) }
      check("lines", line) { Conv1D(number, other, kernel: 3, groups: number)($0) }
      check("transposed lines", line) { ConvTranspose1D(4, 8, kernel: other, stride: number, padding: other, outputPadding: number)($0) }
      check("transposed images") { ConvTranspose2D(4, 8, kernel: number, stride: other, outputPadding: other, dilation: number)($0) }
      check("volumes", volume) { Conv3D(4, 2, kernel: 2, stride: number, padding: other, dilation: number)($0) }
      check("transposed volumes", volume) { ConvTranspose3D(4, 2, kernel: 2, stride: number, padding: other, outputPadding: other)($0) }
      check("volumes' weights", volume) { $0.convolved3D($0.graph.input("w", shape: [2, 2, 2, 2, 4]), groups: number) }
      check("max pooling of lines", line) { MaxPool1D(number, stride: other, padding: number, dilation: other)($0) }
      check("average pooling of lines", line) { AveragePool1D(other, stride: number, padding: other)($0) }
      check("adaptive max pooling") { AdaptiveMaxPool2D(number, other)($0) }
      check("fractional pooling") { FractionalMaxPool2D(number, height: other, width: 2)($0) }
      check("fractional pooling") { FractionalMaxPool2D(other, height: 2, width: number)($0) }
      check("resizing") { $0.resized(height: number, width: other) }
      check("border") { Pad2D(top: number, bottom: other, left: 1, right: number)($0) }
      check("border", line) { Pad1D(number, other, mode: .circular)($0) }
      check("branches") { Concatenate(Sequential(), Sequential(), axis: number)($0) }
    }
    check("adaptive pooling of lines", line) { AdaptiveMaxPool1D(number)(AdaptiveAveragePool1D(5)($0)) }
    check("adaptive pooling of lines", line) { AdaptiveAveragePool1D(number)($0) }
    check("enlarging") { Upsample(number, mode: .bilinear)($0) }
    check("enlarging") { Upsample(number)($0) }
    check("volumes", volume) { Conv3D(number, 2, kernel: number)($0) }
    check("volumes", volume) { Conv3D(4, number, kernel: 1, groups: number)($0) }
  }

  @Test("Fractions", arguments: fractions) func ratios(_ ratio: Float) {
    check("fractional pooling") { FractionalMaxPool2D(2, ratio: Double(ratio))($0) }
  }

  @Test("Layers", arguments: integers) func layers(_ number: Int) {
    check("dense", [3, 4]) { Dense(number, 5)($0) }
    check("dense", [3, 4]) { Dense(4, number)($0) }
    check("dense", [3, 2, 4]) { Dense(4, number)($0) }
    check("batch norm") { BatchNorm(number)($0) }
    check("max pooling") { MaxPool2D(number)($0) }
    check("max pooling") { MaxPool2D(2, stride: number, padding: number, dilation: number)($0) }
    check("average pooling") { AveragePool2D(number, padding: number)($0) }
    check("adaptive pooling") { AdaptiveAveragePool2D(number, 2)($0) }
    check("adaptive pooling") { AdaptiveAveragePool2D(2, number)($0) }
    check("an mlp", [3, 4]) { MLP([4, number, 3])($0) }
    check("a lenet", [2, 28, 28, 1]) { LeNet(input: [number, number, 1], classes: 3)($0) }
    check("a lenet", [2, 28, 28, 1]) { LeNet(input: [28, 28, number], classes: number)($0) }
    check("a lenet", [2, 28, 28, 1]) { LeNet(input: [number], classes: 3)($0) }
    check("a resnet", [2, 32, 32, 3]) { ResNet(channels: number, classes: 3)($0) }
    check("a resnet", [2, 32, 32, 3]) { ResNet(channels: 3, classes: number)($0) }
  }

  @Test("Shapes and axes", arguments: integers) func shapes(_ number: Int) {
    for shape in [[number], [number, number], [-1, number], [2, number, 1], [number, 0, number], [3, number, number, number]] as [Shape] {
      check("reshape to \(shape)") { $0.reshaped(to: shape) }
      check("broadcast to \(shape)") { $0.broadcast(to: shape) }
      check("input of \(shape)") { $0.graph.input("y", shape: shape) }
      check("constant of \(shape)") { $0.graph.constant(1, shape: shape) }
      check("parameter of \(shape)") { $0.graph[Parameter("p", shape: shape)] }
      #expect(shape.strides.count == shape.rank && shape.count == Shape(shape.dimensions).count)
      _ = (shape.access(in: [2, 6]), Shape([2, 6]).access(in: shape), shape.broadcast(with: [2, 6]), shape[number], shape.isUsable)
    }
    check("transpose") { $0.transposed([number, 0, 1, 2]) }
    for axes in [[number], [number, 1], [number, number]] {
      check("sum over \(axes)") { $0.sum(axes: axes) }
      check("mean over \(axes)") { $0.mean(axes: axes, keepingAxes: true) }
      check("maximum over \(axes)") { $0.max(axes: axes) }
      check("minimum over \(axes)") { $0.min(axes: axes) }
    }
    check("adaptive pooling") { $0.adaptivelyPooled(height: number, width: number) }
  }

  @Test("Places and amounts", arguments: integers) func movement(_ number: Int) {
    for other in [number, 0, 1, -1, 3] {
      check("slice") { $0.sliced(axis: other, from: number, by: other) }
      check("slice") { $0.sliced(axis: 1, from: other, to: number) }
      check("slice") { $0.sliced(axis: -1, to: other, by: number) }
      if other <= number, number < .max { check("slice") { $0.sliced(axis: 2, other..<number, by: number) } }
      check("at") { $0.at(number, axis: other) }
      check("flip") { $0.flipped(axes: [number, other]) }
      check("roll") { $0.rolled(by: number, axis: other) }
      check("pad") { $0.padded([(0, number), (other, 0), (number, other), (0, 0)]) }
      for mode in [PaddingMode.reflect, .replicate, .circular] {
        check("pad") { $0.padded([(0, 0), (number, other), (0, 0), (0, 0)], mode: mode) }
      }
      check("split") { $0.split([number, other], axis: 1).first ?? $0 }
      check("tile") { $0.tiled([1, other, number, 1]) }
      check("repeat") { $0.repeated(number, axis: other) }
      check("stack") { stack([$0, $0], axis: number) }
      check("concatenate") { concatenate([$0, $0], axis: number) }
      check("take") { $0.taken($0.graph.constant(integers: [1, 0]), axis: number) }
      check("gather") { $0.gather($0.graph.constant(integer: 1, shape: [2, 6, 6, 1]), axis: number) }
      check("scatter") { $0.scattered($0.graph.constant(integer: 1, shape: [1, 1, 1, 1]), axis: other, extent: number) }
      check("lower triangle") { $0.lowerTriangle(diagonal: number) }
      check("upper triangle") { $0.upperTriangle(diagonal: number) }
      check("triangle", [2]) { $0.sum() * $0.graph.lowerTriangle(rows: 3, columns: 4, diagonal: number) }
    }
    check("one-hot", [2]) { $0.sum() * $0.graph.arange(0..<2).oneHot(number) }
    check("split") { number < 5000 ? $0.split(into: number, axis: 3).first ?? $0 : $0 }
    if number > 0, number <= 1 << 15 { check("arange", []) { $0 * $0.graph.arange(0..<number, by: number).cast(to: .float32) } }
  }

  @Test("Rates and constants", arguments: fractions) func rates(_ rate: Float) {
    check("dropout") { $0.dropout(rate) }
    check("batch norm") {
      $0.batchNormalized(weight: $0.graph.constant(1, shape: [4]), bias: $0.graph.constant(0, shape: [4]), epsilon: rate).y
    }
    check("huber") { huberLoss($0, $0.graph.constant(0, shape: $0.shape), delta: rate) }
    check("cross-entropy", [3, 4]) {
      softmaxCrossEntropy($0, $0.graph.input("labels", shape: [3], dtype: .int32), labelSmoothing: rate).loss
    }
    check("a power") { power($0, $0.graph.constant(rate)) }
    check("a quotient") { $0 / rate }
  }

  @Test("First values of any fan", arguments: integers) func initializers(_ number: Int) {
    let all: [Initializer] = [
      .pytorchDefault(fanIn: number), .kaimingNormal(fan: number), .kaimingUniform(fan: number),
      .xavierNormal(fanIn: number, fanOut: number, gain: 1), .xavierUniform(fanIn: number, fanOut: Int.max, gain: 1),
    ]
    for initializer in all {
      var values = [Float](repeating: .nan, count: 5)
      values.withUnsafeMutableBufferPointer { initializer.fill($0, seed: 1, path: "p") }
      let areFinite = values.allSatisfy { $0.isFinite }
      #expect(areFinite, "\(initializer)")
    }
  }

  @Test("What is refused says why") func messages() throws {
    func message(_ make: (Tensor) -> Tensor) throws -> String {
      let graph = Graph()
      _ = make(graph.input("x", shape: [2, 6, 6, 4]))
      return try #require(graph.firstError).description
    }
    #expect(try message { $0.maxPooled(Window(kernel: (2, 2), padding: (Int.max, 0))) }.contains("none above 32768"))
    #expect(try message { huberLoss($0, $0, delta: 0) }.contains("delta is 0.0, and it has to be above 0"))
    #expect(try message { huberLoss($0, $0, delta: .nan) }.contains("delta is nan"))
    #expect(try message { $0.convolved($0.graph.input("w", shape: [8, 3, 3, 4]), groups: Int.max) }.contains("in \(Int.max) groups"))
  }
}
