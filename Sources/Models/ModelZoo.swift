import GlissadeLayers

/// The models that the command knows by name.
public enum ModelZoo {
  /// `mlp`, `lenet`, `resnet18`.
  public static let names = ["mlp", "lenet", "resnet18"]

  /// Makes a model for pictures of a size.
  /// - Parameters:
  ///   - name: one of `names`.
  ///   - input: [height, width, channels].
  ///   - classes: how many classes.
  /// - Returns: `nil` for an unknown name.
  public static func make(_ name: String, input: Shape, classes: Int) -> (any Layer)? {
    switch name {
    case "mlp": MLP([input.count, 512, 256, classes])
    case "lenet": LeNet(input: input, classes: classes)
    case "resnet18": ResNet(channels: input[2], classes: classes)
    default: nil
    }
  }
}
