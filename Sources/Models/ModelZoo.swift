import GlissadeLayers

/// The models that the command knows by name.
///
/// `resnet18` is the network for small pictures (a 3×3 stem without pooling); `resnet18-imagenet`, `resnet34` and `resnet50` have the stem
/// of the paper, as torchvision has them, and take its weights.
public enum ModelZoo {
  /// In the order in which they are listed for people.
  public static let names =
    ["mlp", "lenet", "resnet18", "resnet18-imagenet", "resnet34", "resnet50", "mobilenet_v2"]
    + EfficientNetLite.Size.allCases.map(\.rawValue)
    + ["vgg11_bn"]

  /// Those whose activation can be chosen, and what else stands between their layers (`BlockDesign`).
  public static let withActivations = ["mlp", "lenet"]
  /// Those that are made of residual blocks, which stochastic depth leaves out.
  public static let residual = names.filter { $0.hasPrefix("resnet") || $0 == "mobilenet_v2" || EfficientNetLite.Size(rawValue: $0) != nil }

  /// What stands between a model's layers where nobody says: of `lenet` with a dropout of 0.25.
  public static func usualDesign(_ name: String) -> BlockDesign {
    var design = BlockDesign()
    if name == "lenet" { design.dropout = 0.25 }
    return design
  }

  /// Makes a model for pictures of a size.
  /// - Parameters:
  ///   - name: one of `names`.
  ///   - input: [height, width, channels].
  ///   - classes: how many classes.
  ///   - design: of those in `withActivations`; default `usualDesign`.
  ///   - dropPath: of residual networks, how often the last block is left out for a sample while training; earlier ones by the linear rule
  ///     (`StochasticDepth.linear`). Default 0.
  /// - Returns: `nil` for an unknown name.
  public static func make(
    _ name: String, input: Shape, classes: Int, design: BlockDesign? = nil, dropPath: Float = 0
  ) -> (any LayerWithHead)? {
    let design = design ?? usualDesign(name)
    if let size = EfficientNetLite.Size(rawValue: name) {
      return EfficientNetLite(size, channels: input[2], classes: classes, dropPath: dropPath)
    }
    return switch name {
    case "mlp": MLP([input.count, 512, 256, classes], design)
    case "lenet": LeNet(input: input, classes: classes, design)
    case "resnet18": ResNet(channels: input[2], classes: classes, dropPath: dropPath)
    case "resnet18-imagenet": ResNet(channels: input[2], classes: classes, stem: .imageNet, dropPath: dropPath)
    case "resnet34": ResNet(channels: input[2], classes: classes, blocks: [3, 4, 6, 3], stem: .imageNet, dropPath: dropPath)
    case "resnet50":
      ResNet(channels: input[2], classes: classes, blocks: [3, 4, 6, 3], block: .bottleneck, stem: .imageNet, dropPath: dropPath)
    case "mobilenet_v2": MobileNetV2(channels: input[2], classes: classes, dropPath: dropPath)
    case "vgg11_bn": VGG(channels: input[2], classes: classes)
    default: nil
    }
  }
}
