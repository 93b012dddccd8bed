import Glissade

/// A layer of one's own: y = x + scale · (W₂ relu(W₁ x + b₁) + b₂), where `scale` is a learned factor for each feature.
struct ResidualBlock: Layer {
  let expand: Dense
  let project: Dense
  let scale: Parameter

  init(_ features: Int, hidden: Int) {
    expand = Dense(features, hidden)
    project = Dense(hidden, features)
    scale = Parameter("scale", shape: [features], initializer: .ones)
  }

  func forward(_ x: Tensor) -> Tensor {
    x + project(relu(expand(x))) * x.graph[scale]
  }
}

/// A model of one's own. Its parameters are called by its properties: `stem.weight`, `blocks.0.expand.bias`, `blocks.1.scale`, …
struct ResidualNetwork: Layer {
  let stem: Dense
  let blocks: [ResidualBlock]
  let dropout = Dropout(0.1)
  let head: Dense

  init(inputs: Int, classes: Int) {
    stem = Dense(inputs, 64)
    blocks = (0..<2).map { _ in ResidualBlock(64, hidden: 128) }
    head = Dense(64, classes)
  }

  func forward(_ x: Tensor) -> Tensor {
    var x = relu(stem(x))
    for block in blocks { x = block(x) }
    return head(dropout(x))
  }
}
