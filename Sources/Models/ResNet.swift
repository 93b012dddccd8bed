import GlissadeLayers

/// Two 3×3 convolutions with batch norm and a connection around them (He et al. 2016). Paths are torchvision's.
public struct BasicBlock: Layer {
  public let conv1: Conv2D
  public let bn1: BatchNorm
  public let conv2: Conv2D
  public let bn2: BatchNorm
  /// 1×1 convolution and batch norm where the connection changes size.
  public let downsample: Sequential?

  public init(_ inputs: Int, _ outputs: Int, stride: Int = 1) {
    conv1 = .forReLU(inputs, outputs, kernel: 3, stride: stride, padding: 1)
    bn1 = BatchNorm(outputs)
    conv2 = .forReLU(outputs, outputs, kernel: 3, padding: 1)
    bn2 = BatchNorm(outputs)
    downsample =
      stride == 1 && inputs == outputs ? nil : Sequential(Conv2D.forReLU(inputs, outputs, kernel: 1, stride: stride), BatchNorm(outputs))
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = bn2(conv2(relu(bn1(conv1(x)))))
    return relu(y + (downsample?(x) ?? x))
  }
}

/// ResNet of basic blocks for small pictures: a 3×3 stem of stride 1 without pooling (the CIFAR stem), four stages of 64 to 512 channels.
/// `resnet18` has two blocks in each stage. Paths are torchvision's.
public struct ResNet: Layer {
  public let conv1: Conv2D
  public let bn1: BatchNorm
  public let layer1: Sequential
  public let layer2: Sequential
  public let layer3: Sequential
  public let layer4: Sequential
  public let fc: Dense

  /// - Parameters:
  ///   - channels: of the pictures.
  ///   - classes: how many classes.
  ///   - blocks: in each of the four stages; default two each (ResNet-18).
  public init(channels: Int, classes: Int, blocks: [Int] = [2, 2, 2, 2]) {
    func stage(_ index: Int, _ inputs: Int, _ outputs: Int, stride: Int) -> Sequential {
      let count = index < blocks.count ? max(blocks[index], 1) : 1
      return Sequential((0..<count).map { $0 == 0 ? BasicBlock(inputs, outputs, stride: stride) : BasicBlock(outputs, outputs) })
    }
    conv1 = .forReLU(channels, 64, kernel: 3, padding: 1)
    bn1 = BatchNorm(64)
    layer1 = stage(0, 64, 64, stride: 1)
    layer2 = stage(1, 64, 128, stride: 2)
    layer3 = stage(2, 128, 256, stride: 2)
    layer4 = stage(3, 256, 512, stride: 2)
    fc = Dense(512, classes)
  }

  public func forward(_ x: Tensor) -> Tensor {
    let x = relu(bn1(conv1(x)))
    return fc(GlobalAveragePool()(layer4(layer3(layer2(layer1(x))))))
  }
}

extension Conv2D {
  /// A convolution without bias that starts by He et al.'s rule over the fan-out, as in torchvision's residual networks.
  static func forReLU(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0) -> Conv2D {
    Conv2D(
      inputs, outputs, kernel: kernel, stride: stride, padding: padding, bias: false,
      initializer: .kaimingNormal(fan: outputs * kernel * kernel))
  }
}
