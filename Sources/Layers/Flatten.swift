/// All axes but the first as one: [batch, …] to [batch, features]. Images are flattened as they lie in memory: height, width, channels.
public struct Flatten: Layer {
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { x.flattened() }
}
