/// All axes but the first as one: [batch, …] to [batch, features]. Images are flattened as they lie in memory: height, width, channels.
public struct Flatten: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { x.flattened() }
}
