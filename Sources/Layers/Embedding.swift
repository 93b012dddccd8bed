/// A vector for each of some things that are told by number, such as words: y = weight[x]. PyTorch's `Embedding`: weight [count, features].
///
/// Numbers are int32, of any shape; the result has one axis more, the features. A number that is outside gives NaN, which ends the training
/// with a message.
public struct Embedding: Layer {
  /// A row for each number that goes in, [count, features].
  public let weight: Parameter

  /// - Parameters:
  ///   - count: how many things there are; they are numbered from 0.
  ///   - features: the vectors' size.
  ///   - initializer: default PyTorch's, normal with deviation 1.
  public init(_ count: Int, _ features: Int, initializer: Initializer = .normal(mean: 0, deviation: 1)) {
    weight = Parameter("weight", shape: [count, features], initializer: initializer)
  }

  public func forward(_ x: Tensor) -> Tensor {
    guard x.isValid else { return x }
    let shape = Shape(x.shape.dimensions + [weight.shape[1]])
    return x.graph[weight].rows(x.reshaped(to: [x.shape.count])).reshaped(to: shape)
  }
}
