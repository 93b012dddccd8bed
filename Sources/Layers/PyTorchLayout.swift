/// How a model's parameters lie in PyTorch, which keeps images as [N, C, H, W] where we keep [N, H, W, C].
///
/// Found by tracing the model, not by names: a convolution's weights are transposed wherever they are called; a dense layer whose input is
/// a flattened image has its columns in another order; so has whatever else meets the features one by one before that, such as a batch norm
/// behind the flattening. A model that itself brings images into PyTorch's order before it flattens them needs no reordering, and gets none.
public struct PyTorchLayout: Sendable {
  /// How a parameter's elements are arranged there.
  public enum Order: Hashable, Sendable {
    /// As here: dense weights [outputs, inputs], vectors.
    case same
    /// A convolution's weights: there [outputs, inputs / groups, height, width], here the inputs are last; so for lines and volumes.
    case convolution
    /// An axis that counts the elements of a flattened image: there by channel, row, column, here by row, column, channel.
    case flattened(axis: Int, height: Int, width: Int, channels: Int)
  }

  /// One parameter.
  public struct Entry: Sendable {
    /// Its path, which is its name there.
    public let path: String
    /// Its shape here.
    public let shape: Shape
    /// How its elements lie there, beside how they lie here.
    public let order: Order
    /// Whether it belongs to the head, what changes with the number of classes: of a `LayerWithHead` what it says, otherwise the layer whose
    /// result is the model's.
    public let isHead: Bool

    /// Its shape there.
    public var foreignShape: Shape {
      order == .convolution ? Shape([shape[0], shape[-1]] + shape.dimensions.dropFirst().dropLast()) : shape
    }

    /// Values in our order from PyTorch's.
    /// - Parameter values: as many as `shape` has elements.
    public func fromPyTorch(_ values: [Float]) -> [Float] {
      blocks.map { transposed(values, $0.outer, rows: $0.channels, columns: $0.pixels, inner: $0.inner) } ?? values
    }

    /// Values in PyTorch's order from ours.
    /// - Parameter values: as many as `shape` has elements.
    public func toPyTorch(_ values: [Float]) -> [Float] {
      blocks.map { transposed(values, $0.outer, rows: $0.pixels, columns: $0.channels, inner: $0.inner) } ?? values
    }

    /// The transposed matrices that the reordering consists of: how many, channels by pixels, and how many neighbours each element has.
    private var blocks: (outer: Int, channels: Int, pixels: Int, inner: Int)? {
      switch order {
      case .same: return nil
      case .convolution: return (shape[0], shape[-1], shape.dimensions.dropFirst().dropLast().reduce(1, *), 1)
      case .flattened(let axis, let height, let width, let channels):
        let (outer, inner) = (shape.dimensions.prefix(axis).reduce(1, *), shape.dimensions.dropFirst(axis + 1).reduce(1, *))
        return (outer, channels, height * width, inner)
      }
    }
  }

  /// In the model's order.
  public let entries: [Entry]
  /// The names of the counters of batches that PyTorch's batch norms keep and ours have no use for (`bn1.num_batches_tracked`).
  public let batchCounters: [String]
  /// The path of the layer that the head's parameters are in, as `fc`.
  public let headPath: String?
  /// The paths of parameters whose elements have no order there: what they meet is made of flattened images in several orders, side by side or added
  /// up, or of parts of one. Weights of such a model are no other framework's.
  public let unordered: [String]

  private init(entries: [Entry], batchCounters: [String], headPath: String?, unordered: [String]) {
    (self.entries, self.batchCounters, self.headPath, self.unordered) = (entries, batchCounters, headPath, unordered)
  }

  /// The same parameters as they lie here.
  package var inOurOrder: PyTorchLayout {
    PyTorchLayout(
      entries: entries.map { Entry(path: $0.path, shape: $0.shape, order: .same, isHead: $0.isHead) }, batchCounters: batchCounters,
      headPath: headPath, unordered: [])
  }

  /// What keeps the parameters from being brought into PyTorch's order; `nil` where nothing does.
  package var disorder: String? {
    unordered.first.map {
      "\($0) has no order in PyTorch: what it meets is made of flattened images in several orders, or of parts of one"
    }
  }

  /// - Parameters:
  ///   - model: the network.
  ///   - sampleShape: the shape of one sample, [height, width, channels] for pictures. What a flattening looks like depends on it.
  /// - Throws: `ShapeError` for a model that does not fit its input, or that uses a parameter in two ways which want different orders.
  public init(of model: some Layer, sampleShape: Shape) throws(ShapeError) {
    try self.init(of: model, inputs: [("features", TensorType(sampleShape))])
  }

  /// The same of a network of named inputs.
  /// - Parameters:
  ///   - model: the network.
  ///   - inputs: what one sample consists of, without the batch.
  /// - Throws: `ShapeError`, as the other.
  public init(of model: some Layer, inputs: [(name: String, type: TensorType)]) throws(ShapeError) {
    let parameters = LayerPath.parameters(of: model)
    let graph = Graph(isTraining: true)
    for (path, parameter) in parameters { graph.parameterPaths[parameter.id] = path }
    let given = inputs.map { name, type in
      (name: name, tensor: graph.input(name, shape: Shape([2] + type.shape.dimensions), dtype: type.dtype))
    }
    let outputs = model.outputs(for: Inputs(given, role: "input"))
    if let error = graph.firstError { throw error }
    let uses = try ParameterUses(in: graph)
    var head = outputs.tensors.reduce(into: Set<ParameterID>()) { $0.formUnion(graph.head(of: $1)) }
    if let model = model as? any LayerWithHead { head = Set(LayerPath.parameters(of: model.headLayer).map(\.parameter.id)) }
    entries = parameters.map { path, parameter in
      Entry(path: path, shape: parameter.shape, order: uses.orders[parameter.id] ?? .same, isHead: head.contains(parameter.id))
    }
    unordered = parameters.filter { uses.unordered.contains($0.parameter.id) }.map(\.path)
    headPath = (model as? any LayerWithHead).flatMap { Self.path(of: $0.headLayer, in: parameters) }
    let counted = Set(graph.runningStatistics.map(\.mean.id))
    batchCounters = parameters.filter { counted.contains($0.parameter.id) }.map { path, parameter in
      String(path.dropLast(parameter.name.count)) + "num_batches_tracked"
    }
  }

  /// A layer's path: what is in front of the path that its first parameter has inside it.
  private static func path(of layer: any Layer, in parameters: [(path: String, parameter: Parameter)]) -> String? {
    guard let first = LayerPath.parameters(of: layer).first,
      let whole = parameters.first(where: { $0.parameter.id == first.parameter.id })?.path,
      whole.hasSuffix("." + first.path)
    else { return nil }
    return String(whole.dropLast(first.path.count + 1))
  }
}

/// `outer` matrices of rows × columns, each element `inner` neighbouring numbers, transposed.
private func transposed(_ values: [Float], _ outer: Int, rows: Int, columns: Int, inner: Int) -> [Float] {
  guard values.count == outer * rows * columns * inner else { return values }
  return [Float](unsafeUninitializedCapacity: values.count) { target, count in
    values.withUnsafeBufferPointer { source in
      var to = 0
      for block in 0..<outer {
        let start = block * rows * columns * inner
        var column = 0
        while column < columns {
          var from = start + column * inner
          var row = 0
          while row < rows {
            var index = 0
            while index < inner {
              target[to] = source[from + index]
              to &+= 1
              index &+= 1
            }
            from &+= columns * inner
            row &+= 1
          }
          column &+= 1
        }
      }
    }
    count = values.count
  }
}
