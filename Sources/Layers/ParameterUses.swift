/// What a recorded model does with its parameters, as far as the order of their elements depends on it.
struct ParameterUses {
  /// How a value of the graph relates to PyTorch's.
  private enum Arrangement: Equatable {
    /// [N, H, W, C], where PyTorch has [N, C, H, W]; or lines or volumes, their channels last.
    case image
    /// [N, H·W·C], where PyTorch has [N, C·H·W].
    case flattened(height: Int, width: Int, channels: Int)
    /// An image of that shape whose pixels, or channels, have axes of their own.
    case regrouped(Shape)
    /// What was made of flattened images in several orders, or of parts of one.
    case disordered
    /// The same in both.
    case same

    /// Whether features lie otherwise in PyTorch.
    var isOfFeatures: Bool {
      switch self {
      case .flattened, .disordered: true
      case .image, .regrouped, .same: false
      }
    }
  }

  private(set) var orders: [ParameterID: PyTorchLayout.Order] = [:]
  /// Parameters that meet what is in no order of PyTorch's.
  private(set) var unordered: Set<ParameterID> = []
  private let graph: Graph
  private var arrangements: [ValueID: Arrangement] = [:]

  /// - Throws: `ShapeError` where a parameter is used in two ways that want different orders.
  init(in graph: Graph) throws(ShapeError) {
    self.graph = graph
    for (index, node) in graph.nodes.enumerated() {
      let arrangement = try follow(index)
      var arePieces = false
      if case .split = node.operation { arePieces = true }
      for output in node.outputs.indices {
        // A batch norm's statistics are vectors; everything else has one result that matters.
        arrangements[ValueID(node: index, output: output)] = output == 0 || arePieces ? arrangement : .same
      }
    }
    for statistics in graph.runningStatistics {
      guard case .flattened(let height, let width, let channels)? = arrangements[ValueID(node: statistics.batchMean.node)] else { continue }
      for parameter in [statistics.mean, statistics.variance] {
        try note(parameter.id, .flattened(axis: 0, height: height, width: width, channels: channels), in: statistics.batchMean.node)
      }
    }
  }

  private func arrangement(_ value: ValueID) -> Arrangement { arrangements[value] ?? .same }

  private func shape(of parameter: ParameterID) -> Shape? { graph.parameters.first { $0.id == parameter }?.shape }

  private func parameter(_ value: ValueID) -> ParameterID? {
    if case .parameter(let read) = graph.nodes[value.node].operation { return read.id }
    return nil
  }

  /// The parameter that a convolution's weights are, or a part of: those of lines and volumes are made into those of images.
  private func weights(_ value: ValueID) -> ParameterID? {
    var value = value
    while true {
      let node = graph.nodes[value.node]
      switch node.operation {
      case .parameter(let read): return read.id
      case .reshape, .slice: value = node.inputs[0]
      default: return nil
      }
    }
  }

  /// The parameter that a product's matrix is, whether or not some of it is dropped.
  private func matrix(_ value: ValueID) -> ParameterID? {
    let node = graph.nodes[value.node]
    if case .dropout = node.operation { return parameter(node.inputs[0]) }
    return parameter(value)
  }

  private mutating func note(_ parameter: ParameterID, _ order: PyTorchLayout.Order, in node: Int) throws(ShapeError) {
    if let known = orders[parameter], known != order {
      throw ShapeError(
        path: graph.path(ofScope: graph.nodes[node].scope), operation: graph.nodes[node].operation.rule.name,
        problem: "\(graph.parameterPaths[parameter] ?? "a parameter") is used in two ways that want different orders in PyTorch")
    }
    orders[parameter] = order
  }

  /// Notes what a node does with parameters.
  /// - Returns: the arrangement of its first result.
  private mutating func follow(_ place: Int) throws(ShapeError) -> Arrangement {
    let node = graph.nodes[place]
    let inputs = node.inputs
    switch node.operation {
    case .input: return node.outputs[0].shape.rank == 4 ? .image : .same
    case .convolution, .convolutionInputGradient:
      let kernel = graph.tensor(inputs[1]).shape
      if let weights = weights(inputs[1]), let shape = shape(of: weights), shape.rank >= 3, shape[0] == kernel[0], shape[-1] == kernel[-1] {
        try note(weights, .convolution, in: place)
      }
      return .image
    case .maxPool, .averagePool, .adaptiveAveragePool: return .image
    case .reshape: return reshaped(inputs[0], to: node.outputs[0].shape)
    case .unary, .dropout, .softmax, .clamp: return arrangement(inputs[0])
    // What only moves pixels leaves channels where they are; what moves features leaves them in no order that PyTorch has.
    case .slice, .split, .pad, .gather, .concatenate, .select:
      if inputs.contains(where: { arrangement($0).isOfFeatures }) { return combined(place, inputs) }
      let known = inputs.map(arrangement).first { $0 != .same } ?? .same
      return known == .image && inputs.contains { graph.tensor($0).shape.rank == node.outputs[0].shape.rank } ? .image : .same
    case .broadcast: return node.outputs[0].shape.rank >= 3 ? arrangement(inputs[0]) : combined(place, inputs)
    case .reduce, .variance:
      let known = arrangement(inputs[0])
      if known.isOfFeatures { return node.outputs[0].shape[-1] == graph.tensor(inputs[0]).shape[-1] ? known : .same }
      return node.outputs[0].shape.rank == 4 ? known : .same
    case .binary, .batchNorm:
      let features = node.outputs[0].shape[-1]
      let others = inputs.filter { parameter($0) == nil }
      let known =
        others.contains { arrangement($0).isOfFeatures } ? combined(place, others) : others.map(arrangement).first { $0 != .same } ?? .same
      if known == .disordered { unordered.formUnion(inputs.compactMap { graph.tensor($0).shape[-1] == features ? parameter($0) : nil }) }
      if case .flattened(let height, let width, let channels) = known {
        for input in inputs {
          guard let id = parameter(input), graph.tensor(input).shape[-1] == features else { continue }
          let axis = graph.tensor(input).shape.rank - 1
          try note(id, .flattened(axis: axis, height: height, width: width, channels: channels), in: place)
        }
      }
      return known
    case .matmul(let rule):
      if let weights = matrix(inputs[1]), graph.tensor(inputs[1]).shape.rank == 2 {
        if arrangement(inputs[0]) == .disordered {
          unordered.insert(weights)
        } else if !rule.transposeA, case .flattened(let height, let width, let channels) = arrangement(inputs[0]) {
          try note(weights, .flattened(axis: rule.transposeB ? 1 : 0, height: height, width: width, channels: channels), in: place)
        } else {
          try note(weights, .same, in: place)
        }
      }
      return .same
    default: return .same
    }
  }

  /// What becomes of features that are moved, joined or computed with each other: their order, where all that has as many of them is in it.
  private func combined(_ place: Int, _ inputs: [ValueID]) -> Arrangement {
    let features = graph.nodes[place].outputs[0].shape.rank > 0 ? graph.nodes[place].outputs[0].shape[-1] : 1
    var known: Arrangement?
    for input in inputs {
      let shape = graph.tensor(input).shape
      // One number for all features is in any order, and so are numbers that somebody wrote down for them.
      switch graph.nodes[input.node].operation {
      case .constant, .array, .parameter: continue
      default: if shape.rank == 0 || shape[-1] == 1 && features > 1 && !arrangement(input).isOfFeatures { continue }
      }
      guard shape[-1] == features, known == nil || known == arrangement(input) else { return .disordered }
      known = arrangement(input)
    }
    return known ?? .same
  }

  private func reshaped(_ value: ValueID, to shape: Shape) -> Arrangement {
    let from = graph.tensor(value).shape
    let (pixels, channels) = (from.count / max(from[0] * from[-1], 1), from[-1])
    switch arrangement(value) {
    case .image where from.rank >= 3 && shape.rank == 2 && from[0] == shape[0]:
      // One pixel, or one channel: both orders are the same.
      return pixels == 1 || channels == 1 ? .same : .flattened(height: pixels / from[-2], width: from[-2], channels: channels)
    // Lines are images of height 1, and volumes more images.
    case .image where from.rank == 4 && shape.rank == 3 && from[1] == 1 && shape == [from[0], from[2], from[3]]: return .image
    case .image where from.rank == 3 && shape == [from[0], 1, from[1], from[2]]: return .image
    case .image where from.rank == 4 && shape.rank == 5 && shape.dimensions[2...].elementsEqual(from.dimensions[1...]): return .image
    case .image where from.rank == 5 && shape.rank == 4 && shape.dimensions[1...].elementsEqual(from.dimensions[2...]): return .image
    // Pixels that become blocks have axes of their own in between.
    case .image where from.rank == 4 && shape == [from[0], from[1], 1, from[2], 1, from[3]]: return .image
    case .image where from.rank == 6 && shape == [from[0], from[1] * from[2], from[3] * from[4], from[5]]: return .image
    case let known where from == shape: return known
    // Channels in groups, or all pixels in a row, and back.
    case .image where from.rank >= 3 && isRegrouping(from, shape): return .regrouped(from)
    case .regrouped(let image) where image == shape: return .image
    // Features that stay together, and images that come back.
    case let known where known.isOfFeatures && shape.rank > 0 && shape[-1] == from[-1]: return known
    case .flattened(let height, let width, let channels) where shape.rank == 4 && shape == [from[0], height, width, channels]: return .image
    case .flattened, .disordered: return .disordered
    default: return .same
    }
  }

  /// Whether a reshaping of images puts neither pixels together with channels nor samples with pixels.
  private func isRegrouping(_ from: Shape, _ shape: Shape) -> Bool {
    guard shape.rank >= 3, shape[0] == from[0] else { return false }
    let pixels = from.dimensions.dropFirst().dropLast().reduce(1, *)
    var product = 1
    for axis in 1..<shape.rank {
      if product == pixels, shape.dimensions[axis...].reduce(1, *) == from[-1] { return true }
      product *= shape[axis]
    }
    return false
  }
}

extension Graph {
  /// The parameters of the layer that makes a value: weights of the product behind it, and what is added to that.
  func head(of output: Tensor) -> Set<ParameterID> {
    var result = Set<ParameterID>()
    var value = output.id
    while value.isValid {
      let node = nodes[value.node]
      func parameter(_ input: ValueID) -> ParameterID? {
        if case .parameter(let read) = nodes[input.node].operation { return read.id }
        return nil
      }
      switch node.operation {
      case .reshape, .unary, .dropout, .softmax: value = node.inputs[0]
      case .binary:
        guard let at = node.inputs.firstIndex(where: { parameter($0) != nil }), let id = parameter(node.inputs[at]) else { return result }
        result.insert(id)
        value = node.inputs[1 - at]
      case .matmul, .convolution:
        if let id = parameter(node.inputs[1]) { result.insert(id) }
        return result
      default: return result
      }
    }
    return result
  }
}
