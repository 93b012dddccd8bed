import GlissadeLayers
import GlissadeTensors
import Testing

/// What does not fit is found while the model is traced, and said with the layer's path, the operation and the shapes.
struct ShapeErrorTests {
  private struct Block: Layer {
    let first = Dense(8, 6)
    let second = Dense(5, 4)
    func forward(_ x: Tensor) -> Tensor { second(relu(first(x))) }
  }

  private struct Network: Layer {
    let stem = Dense(12, 8)
    let blocks = [Block(), Block()]
    func forward(_ x: Tensor) -> Tensor { blocks.reduce(stem(x)) { $1($0) } }
  }

  private struct Images: Layer {
    let conv1 = Conv2D(3, 8, kernel: 3)
    let body = Sequential(ReLU(), Conv2D(4, 8, kernel: 3), Flatten())
    func forward(_ x: Tensor) -> Tensor { body(conv1(x)) }
  }

  private func trace(_ model: some Layer, _ shape: Shape, training: Bool = true) -> Graph {
    let graph = Graph(isTraining: training)
    for (path, parameter) in LayerPath.parameters(of: model) { graph.parameterPaths[parameter.id] = path }
    let result = model(graph.input("x", shape: shape))
    #expect(result.isValid == (graph.firstError == nil))
    return graph
  }

  private func message(_ build: (Graph) -> Tensor) -> String {
    let graph = Graph()
    #expect(!build(graph).isValid)
    return graph.firstError?.description ?? "no error"
  }

  @Test func layersInAUsersModel() throws {
    let error = try #require(trace(Network(), [7, 12]).firstError)
    #expect(error.path == "blocks.0.second")
    #expect(error.operation == "matmul")
    #expect(error.inputs == [TensorType([7, 6]), TensorType([4, 5])])
    #expect(error.description.hasPrefix("blocks.0.second: matmul of [7, 6] and [4, 5]: "))
    #expect(error.description.contains("inner sizes 6 and 5 differ"))
  }

  @Test func convolutionInASequence() throws {
    let error = try #require(trace(Images(), [2, 8, 8, 3]).firstError)
    #expect(error.path == "body.1")
    #expect(error.description.hasPrefix("body.1: conv2d of [2, 6, 6, 8] and [8, 3, 3, 4]: "))
    #expect(error.problem.contains("the images have 8 channels and the weights are made for 4"))
  }

  @Test func imagesTooSmallForTheKernel() throws {
    let error = try #require(trace(Images(), [2, 2, 9, 3]).firstError)
    #expect(error.path == "conv1")
    #expect(error.problem.contains("a window of 3×3 pixels does not fit a padded image of 2×9"))
  }

  /// Only the first is told: the others follow from it.
  @Test func firstErrorStays() {
    let graph = Graph()
    let x = graph.input("x", shape: [2, 3])
    let y = x + graph.input("y", shape: [4, 5])
    let first = graph.firstError
    let z = y.matmul(x).reshaped(to: [99]).sum() + x.reshaped(to: [7])
    #expect(!z.isValid)
    #expect(first != nil && graph.firstError == first)
  }

  @Test func elementwise() {
    #expect(
      message { $0.input("a", shape: [2, 3]) + $0.input("b", shape: [2, 4]) }
        == "add of [2, 3] and [2, 4]: the shapes do not broadcast: aligned from the last axis, extents have to be equal or 1")
    #expect(
      message { relu($0.input("a", shape: [3], dtype: .int32)) }
        == "relu of [3] of int32: it works on float32; `cast(to:)` makes it of int32")
  }

  @Test func layout() {
    #expect(message { $0.input("a", shape: [2, 3]).reshaped(to: [4, 2]) }.contains("[4, 2] has 8 elements, and the tensor has 6"))
    #expect(
      message { $0.input("a", shape: [2, 3]).transposed([0, 0]) }.contains("the permutation [0, 0] has to name each of the 2 axes once"))
    #expect(message { $0.input("a", shape: [2, 3]).broadcast(to: [2, 4]) }.contains("it does not stretch to [2, 4]"))
    #expect(message { $0.input("a", shape: []).flattened() }.contains("at least one axis"))
    #expect(message { $0.input("a", shape: [2, 3]).rows($0.input("i", shape: [2])) }.contains("the indices have to be int32"))
  }

  @Test func movement() {
    func x(_ graph: Graph, _ shape: Shape = [2, 5], _ dtype: DType = .float32) -> Tensor { graph.input("x", shape: shape, dtype: dtype) }
    #expect(message { x($0).sliced(axis: 1, 2..<6) }.contains("axis 1 has the places 0..<5, and 2..<6 by 1 are asked for"))
    #expect(message { x($0).sliced(axis: 2, 0..<1) }.contains("the axis 2 has to be among -2..<2"))
    #expect(message { x($0).sliced(axis: 1, from: 4, to: 2) }.contains("nothing is left of axis 1"))
    #expect(message { x($0).at(-6, axis: 1) }.contains("axis 1 has the places 0..<5, and -6 is asked for"))
    #expect(message { x($0).split([2, 2], axis: 1)[0] }.contains("pieces of [2, 2] places do not make the 5 of axis 1"))
    #expect(message { x($0).split(into: 2, axis: 1)[0] }.contains("which 2 pieces do not share equally"))
    #expect(message { concatenate([x($0), x($0, [3, 4])], axis: 0) }.contains("beside axis 0 all extents have to be equal"))
    #expect(message { concatenate([x($0), x($0, [2, 5], .int32)], axis: 0) }.contains("all have to be of one type"))
    #expect(message { $0.concatenate([], axis: 0) }.contains("there is nothing to be put together"))
    #expect(message { x($0) + concatenate([], axis: 0) }.contains("there is nothing to be put together"))
    #expect(
      message { x($0).padded([(0, 0), (5, 0)], mode: .reflect) }.contains("axis 1 of 5 places has at most 4 of them beyond its ends"))
    #expect(message { x($0).padded([(1, 1)]) }.contains("an amount for each of the 2 axes: (1, 1)"))
    #expect(message { x($0, [5], .int32).padded([(1, 1)], mode: .constant(0.5)) }.contains("0.5 is no int32"))
    #expect(message { x($0).gather(x($0, [2], .float32)) }.contains("the indices have to be int32"))
    #expect(message { x($0).gather(x($0, [3], .int32)) }.contains("it does not stretch to [2, 1]"))
    #expect(message { x($0, [2, 5], .int32).scattered(x($0, [2, 5], .int32), axis: 0, extent: 3) }.contains("it adds float32"))
    #expect(message { x($0).oneHot(3) }.contains("the indices have to be int32"))
    #expect(message { $0.constant([1, 2, 3], shape: [2, 2]) }.contains("[2, 2] has 4 elements, and there are 3 numbers"))
    #expect(message { $0.arange(3..<3) }.contains("at least one int32"))
  }

  @Test func elementTypes() {
    func labels(_ graph: Graph) -> Tensor { graph.input("labels", shape: [5], dtype: .int32) }
    #expect(message { labels($0) + $0.input("x", shape: [5]) }.contains("both have to be of one type; `cast(to:)` changes it"))
    #expect(message { labels($0) * 0.5 }.contains("both have to be of one type"))
    #expect(message { labels($0) / 2 }.contains("it works on float32; `cast(to: .float32)` makes it of int32"))
    for refused: (Tensor) -> Tensor in [
      { $0.mean() }, { $0.variance() }, { $0.logSumExp() }, { $0.softmax() }, { $0.matmul($0) }, { $0.norm() }, { $0.dropout(0.5) },
      { $0.reshaped(to: [5, 1]).scattered($0.reshaped(to: [5, 1]), axis: 0, extent: 5) },
    ] {
      #expect(message { refused(labels($0)) }.contains("`cast(to: .float32)` makes it of int32"))
    }
    #expect(message { labels($0).clamped(from: 0.5) }.contains("of one type; `cast(to:)` changes it"))
    #expect(message { labels($0).sum(axes: [1]) }.contains("the axes [1] have to be different and among 0..<1"))
    #expect(message { $0.input("x", shape: [5]).kept(where: $0.input("m", shape: [5]), otherwise: labels($0)) }.contains("of one type"))
    let graph = Graph()
    let x = labels(graph)
    #expect((x + 1 - x * 2).dtype == .int32 && (-x).dtype == .int32 && (x .== 3).dtype == .float32 && x.oneHot(4).shape == [5, 4])
    #expect(graph.firstError == nil)
  }

  @Test func reductions() {
    #expect(message { $0.input("a", shape: [2, 3]).sum(axes: [2]) }.contains("the axes [2] have to be different and among 0..<2"))
    #expect(message { $0.input("a", shape: [2, 3]).mean(axes: [-1, 1]) }.contains("the axes [1, 1]"))
    #expect(message { $0.input("a", shape: []).softmax() }.contains("at least one axis"))
  }

  @Test func products() {
    #expect(
      message { $0.input("a", shape: [2, 3]).matmul($0.input("b", shape: [4, 5])) }.hasPrefix(
        "matmul of [2, 3] and [4, 5]: the inner sizes 3 and 4"))
    #expect(message { $0.input("a", shape: []).matmul($0.input("b", shape: [3, 5])) }.contains("at least one axis"))
    #expect(message { $0.input("a", shape: [2, 4, 3]).matmul($0.input("b", shape: [5, 3, 2])) }.contains("the batch axes [2] and [5]"))
    #expect(
      message { $0.input("a", shape: [1, 5, 5, 4]).convolved($0.input("w", shape: [6, 3, 3, 2]), groups: 3) }
        .contains("the images have 4 channels and the weights are made for 6 (in 3 groups)"))
    #expect(
      message { $0.input("a", shape: [1, 5, 5, 4]).convolved($0.input("w", shape: [6, 3, 3, 4]), stride: (0, 1)) }.contains("stride"))
    #expect(
      message { $0.input("a", shape: [1, 5, 5, 4]).convolved($0.input("w", shape: [6, 3, 3, 4]), padding: (-1, 0)) }.contains("padding"))
    #expect(
      message { $0.input("a", shape: [5, 5, 4]).convolved($0.input("w", shape: [6, 3, 3, 4])) }.contains("[batch, height, width, channels]")
    )
  }

  @Test func pooling() {
    #expect(message { $0.input("a", shape: [1, 4, 4, 2]).maxPooled(Window(kernel: (5, 5))) }.contains("does not fit"))
    #expect(
      message { $0.input("a", shape: [1, 4, 4, 2]).maxPooled(Window(kernel: (2, 2), padding: (2, 0))) }.contains("at most half the kernel"))
    #expect(message { $0.input("a", shape: [4, 4]).averagePooled(Window(kernel: (2, 2))) }.contains("[batch, height, width, channels]"))
  }

  @Test func lossesAndNormalisation() {
    #expect(
      message { softmaxCrossEntropy($0.input("a", shape: [4, 3]), $0.input("l", shape: [5], dtype: .int32)).loss }
        .hasPrefix("softmaxCrossEntropy of [4, 3] and [5] of int32: the labels have to be [4] of int32"))
    #expect(message { softmaxCrossEntropy($0.input("a", shape: [4, 3]), $0.input("l", shape: [4])).loss }.contains("int32"))
    #expect(
      message { softmaxCrossEntropy($0.input("a", shape: [4, 3]), $0.input("l", shape: [4], dtype: .int32), labelSmoothing: 1).loss }
        .contains("label smoothing is 1.0"))
    #expect(
      message {
        $0.input("a", shape: [4, 3]).batchNormalized(weight: $0.input("w", shape: [2]), bias: $0.input("b", shape: [3]), epsilon: 1e-5).y
      }
      .contains("the tensor has 3 channels, and weight and bias are made for 2 and 3"))
    #expect(
      message {
        $0.input("a", shape: [1, 3]).batchNormalized(weight: $0.input("w", shape: [3]), bias: $0.input("b", shape: [3]), epsilon: 1e-5).y
      }
      .contains("more than one value in each channel"))
    #expect(message { $0.input("a", shape: [4, 3]).dropout(1) }.contains("the rate is 1.0"))
    #expect(message { $0.input("a", shape: [4, 3]).dropout(.nan) }.contains("the rate is nan"))
  }

  @Test func sizes() {
    #expect(message { $0.input("a", shape: [0, 3]) }.contains("every extent has to be positive"))
    #expect(message { $0.constant(1, shape: [1 << 16, 1 << 16]) }.contains("below 2^31"))
    #expect(message { $0.input("a", shape: [50000, 1]).matmul($0.input("b", shape: [1, 50000])) }.contains("below 2^31"))
  }

  @Test func graphsDoNotMix() {
    let other = Graph().input("b", shape: [2])
    #expect(message { $0.input("a", shape: [2]) + other }.contains("different graphs"))
  }

  @Test func gradientOfSomethingLarge() {
    let graph = Graph()
    let x = graph.input("x", shape: [2, 3])
    #expect(graph.gradients(of: x * x, withRespectTo: [x]).allSatisfy { $0?.isValid == false })
    #expect(graph.firstError?.description.contains("only a scalar can be differentiated") == true)
  }
}
