/// A fully connected layer: y = x·Wᵀ + b, over the last axis. PyTorch's `Linear`: weight [outputs, inputs], bias [outputs].
public struct Dense: Layer {
  /// W, [outputs, inputs].
  public let weight: Parameter
  /// b, [outputs]; `nil` without one.
  public let bias: Parameter?

  /// - Parameters:
  ///   - inputs: features that go in.
  ///   - outputs: features that come out.
  ///   - bias: whether there is one; default true.
  ///   - initializer: of the weight; default PyTorch's, uniform in ±1/√inputs.
  ///   - biasInitializer: of the bias; default PyTorch's, the same.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer? = nil, biasInitializer: Initializer? = nil) {
    weight = Parameter("weight", shape: [outputs, inputs], initializer: initializer ?? .pytorchDefault(fanIn: inputs))
    self.bias = bias ? Parameter("bias", shape: [outputs], initializer: biasInitializer ?? .pytorchDefault(fanIn: inputs)) : nil
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y: Tensor
    if x.shape.rank == 2 || !x.isValid {
      y = x.matmul(x.graph[weight], transposeOther: true)
    } else {
      guard x.shape.rank > 2 else {
        return x.graph.reject("dense", [x], because: "the input has to be [batch, \(weight.shape[1])]; flatten it first")
      }
      let rows = x.shape.count / max(x.shape[-1], 1)
      y = x.reshaped(to: [rows, x.shape[-1]]).matmul(x.graph[weight], transposeOther: true)
        .reshaped(to: Shape(x.shape.dimensions.dropLast() + [weight.shape[0]]))
    }
    return bias.map { y + x.graph[$0] } ?? y
  }
}
