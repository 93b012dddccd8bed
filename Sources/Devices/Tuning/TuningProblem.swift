import GlissadePlanning
import GlissadeTensors

/// A product of a certain size that `glissade tune` looks for the best kernel for: what the step records, and on which operands.
public struct TuningProblem: Hashable, Sendable, CustomStringConvertible {
  private enum Geometry: Hashable, Sendable {
    case matmul(rows: Int, columns: Int, inner: Int, transposesA: Bool, transposesB: Bool)
    case convolution(ProductProblem.Kind, image: Shape, outputs: Int, kernel: Int, stride: Int)
  }

  private let geometry: Geometry

  /// A matrix product, [rows, inner] times [inner, columns].
  public static func matmul(_ rows: Int, _ columns: Int, _ inner: Int, transposesA: Bool = false, transposesB: Bool = false)
    -> TuningProblem
  {
    TuningProblem(geometry: .matmul(rows: rows, columns: columns, inner: inner, transposesA: transposesA, transposesB: transposesB))
  }

  /// A convolution or one of its gradients, padded so that with stride 1 the image keeps its size; the kernel is square.
  /// - Parameter image: [batch, height, width, channels].
  public static func convolution(
    _ kind: ProductProblem.Kind, _ image: Shape, to outputs: Int, kernel: Int = 3, stride: Int = 1
  ) -> TuningProblem {
    TuningProblem(geometry: .convolution(kind, image: image, outputs: outputs, kernel: kernel, stride: stride))
  }

  /// Products of trainings, the quickest first: a perceptron's layers at batch 128, a residual network's at batch 64, and large squares.
  public static var training: [TuningProblem] {
    var problems: [TuningProblem] = [
      .matmul(128, 512, 784, transposesB: true), .matmul(512, 784, 128, transposesA: true), .matmul(128, 784, 512),
      .matmul(1024, 1024, 1024), .matmul(4096, 4096, 4096),
    ]
    for kind in [ProductProblem.Kind.convolution, .inputGradient, .weightGradient] {
      problems += [(64, 32), (128, 16), (256, 8), (512, 4)].map { .convolution(kind, [64, $0.1, $0.1, $0.0], to: $0.0) }
      problems.append(.convolution(kind, [64, 32, 32, 64], to: 128, stride: 2))
    }
    return problems.sorted { $0.flops < $1.flops }
  }

  /// A small problem of a kind whose sizes divide nothing: what a kernel has to get right before it is measured.
  static func probe(of problem: TuningProblem) -> TuningProblem {
    switch problem.geometry {
    case .matmul(_, _, _, let transposesA, let transposesB):
      .matmul(131, 77, 67, transposesA: transposesA, transposesB: transposesB)
    case .convolution(let kind, _, _, let kernel, let stride): .convolution(kind, [3, 9, 11, 13], to: 19, kernel: kernel, stride: stride)
    }
  }

  private var window: Window {
    guard case .convolution(_, _, _, let kernel, let stride) = geometry else { return Window(kernel: (1, 1)) }
    return Window(kernel: (kernel, kernel), stride: (stride, stride), padding: (kernel / 2, kernel / 2))
  }

  /// The images' and the weights' shapes, and the result's.
  private func shapes(_ image: Shape, _ outputs: Int, _ kernel: Int, _ stride: Int) -> (w: Shape, y: Shape) {
    let size = [image[1], image[2]].map { ($0 + 2 * (kernel / 2) - kernel) / stride + 1 }
    return ([outputs, kernel, kernel, image[3]], [image[0], size[0], size[1], outputs])
  }

  /// What the operation takes.
  var operands: [Shape] {
    switch geometry {
    case .matmul(let rows, let columns, let inner, let transposesA, let transposesB):
      return [transposesA ? [inner, rows] : [rows, inner], transposesB ? [columns, inner] : [inner, columns]]
    case .convolution(let kind, let image, let outputs, let kernel, let stride):
      let (w, y) = shapes(image, outputs, kernel, stride)
      return kind == .weightGradient ? [image, y] : kind == .inputGradient ? [y, w] : [image, w]
    }
  }

  /// Records the operation.
  func record(_ operands: [Tensor]) -> Tensor {
    switch geometry {
    case .matmul(_, _, _, let transposesA, let transposesB):
      return operands[0].matmul(operands[1], transposeSelf: transposesA, transposeOther: transposesB)
    case .convolution(let kind, let image, let outputs, let kernel, let stride):
      let (w, _) = shapes(image, outputs, kernel, stride)
      let graph = operands[0].graph
      switch kind {
      case .inputGradient:
        return graph.record(.convolutionInputGradient(ConvolutionInputGradient(window: window, groups: 1, inputShape: image)), operands)
      case .weightGradient:
        return graph.record(.convolutionWeightGradient(ConvolutionWeightGradient(window: window, groups: 1, weightShape: w)), operands)
      case .matmul, .convolution: return operands[0].convolved(operands[1], stride: (stride, stride), padding: (kernel / 2, kernel / 2))
      }
    }
  }

  /// The operands as parameters that nobody trains, so that running the problem uploads nothing.
  /// - Parameter limits: how large buffers may be.
  func makeParameters(within limits: BufferLimits = BufferLimits()) -> ([Parameter], ParameterLayout) {
    let parameters = operands.enumerated().map { Parameter("operand \($0)", shape: $1) }
    return (parameters, ParameterLayout(parameters.map { (path: $0.name, parameter: $0) }, groupCount: 0, limits: limits) { _, _ in nil })
  }

  /// Whether a device has room for the operands and the result.
  func fits(_ profile: DeviceProfile) -> Bool {
    let (parameters, layout) = makeParameters(within: profile.limits)
    guard layout.oversized == nil, let plan = try? plan(for: profile, parameters, layout) else { return false }
    return plan.oversized == nil
  }

  /// A step that computes the problem and nothing else.
  func plan(for profile: DeviceProfile, _ parameters: [Parameter], _ layout: ParameterLayout) throws(ShapeError) -> Plan {
    let graph = Graph(isTraining: false)
    var request = StepRequest(graph: graph, layout: layout)
    request.outputs = ["result": record(parameters.map { graph[$0] })]
    return try Planner(profile: profile).plan(request)
  }

  /// As the planner sees it.
  public var problem: ProductProblem {
    switch geometry {
    case .matmul(let rows, let columns, let inner, let transposesA, let transposesB):
      return ProductProblem(.matmul, rows: rows, columns: columns, inner: inner, isTransposedA: transposesA, isTransposedB: transposesB)
    case .convolution(let kind, let image, let outputs, let kernel, let stride):
      let (_, y) = shapes(image, outputs, kernel, stride)
      let (pixels, taps) = (y[0] * y[1] * y[2], kernel * kernel)
      switch kind {
      case .inputGradient:
        let phase = image[0] * ((image[1] + stride - 1) / stride) * ((image[2] + stride - 1) / stride)
        return ProductProblem(kind, rows: phase, columns: image[3], inner: (taps + stride * stride - 1) / (stride * stride) * outputs)
      case .weightGradient: return ProductProblem(kind, rows: outputs, columns: taps * image[3], inner: pixels)
      case .matmul, .convolution: return ProductProblem(kind, rows: pixels, columns: outputs, inner: taps * image[3])
      }
    }
  }

  /// Floating-point operations, a multiplication and an addition being two.
  public var flops: Double {
    switch geometry {
    case .matmul(let rows, let columns, let inner, _, _): return 2 * Double(rows) * Double(columns) * Double(inner)
    case .convolution(_, let image, let outputs, let kernel, let stride):
      let (w, y) = shapes(image, outputs, kernel, stride)
      return 2 * Double(y.count) * Double(w.count / outputs)
    }
  }

  /// As in `matmul 128x512x784, second transposed` and `weight-gradient 64x32x32x64, 3x3 to 64`.
  public var description: String {
    guard case .convolution(let kind, let image, let outputs, let kernel, let stride) = geometry else { return problem.description }
    let sizes = image.dimensions.map { "\($0)" }.joined(separator: "x")
    return "\(kind.rawValue) \(sizes), \(kernel)x\(kernel) to \(outputs)" + (stride > 1 ? ", stride \(stride)" : "")
  }
}
