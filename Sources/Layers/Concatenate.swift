/// What several layers make of the same input, side by side: the branches of an Inception block (Szegedy et al. 2015), or with `Sequential()`
/// as one of them, which hands its input on, a layer of a DenseNet (Huang et al. 2017). Their paths are `branches.0`, `branches.1`, and so on.
public struct Concatenate: Layer {
  /// The layers, in the order in which their results lie side by side.
  public let branches: [any Layer]
  private let axis: Int

  /// - Parameters:
  ///   - branches: at least one.
  ///   - axis: along which their results are put together; negative counts from the last; default the last, the channels.
  public init(_ branches: any Layer..., axis: Int = -1) { self.init(branches, axis: axis) }

  /// The same of an array of layers.
  /// - Parameters:
  ///   - branches: at least one.
  ///   - axis: along which their results are put together; negative counts from the last; default the last, the channels.
  public init(_ branches: [any Layer], axis: Int = -1) {
    self.branches = branches
    self.axis = axis
  }

  public func forward(_ x: Tensor) -> Tensor {
    x.graph.concatenate(branches.map { $0.callAsFunction(x) }, axis: axis)
  }
}
