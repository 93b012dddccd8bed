import Glissade
import Testing

/// Which parameters lie otherwise in PyTorch is found from what a model does with them.
struct PyTorchLayoutTests {
  /// Features meet a vector and a batch norm between the flattening and the dense layer.
  private struct Flattening: Layer {
    let conv = Conv2D(3, 5, kernel: (2, 3), groups: 1)
    let scale = Parameter("scale", shape: [60], initializer: .ones)
    let norm = BatchNorm(60)
    let dense = Dense(60, 4)
    let head = Dense(4, 2)
    func forward(_ x: Tensor) -> Tensor { head(relu(dense(norm(conv(x).flattened() * x.graph[scale])))) }
  }

  /// Brings images into PyTorch's order itself.
  private struct Transposing: Layer {
    let dense = Dense(24, 2)
    func forward(_ x: Tensor) -> Tensor { dense(x.transposed([0, 3, 1, 2]).flattened()) }
  }

  /// Flattens one pixel's channels, and a single channel: nothing to reorder.
  private struct Trivial: Layer {
    let conv = Conv2D(3, 1, kernel: 1)
    let first = Dense(6, 7)
    let head = Dense(7, 2)
    func forward(_ x: Tensor) -> Tensor { head(first(conv(x).flattened())) }
  }

  /// One table for two orders.
  private struct Contradiction: Layer {
    let dense = Dense(12, 12)
    func forward(_ x: Tensor) -> Tensor { dense(dense(x.flattened())) }
  }

  @Test func ordersFollowFromUses() throws {
    let layout = try PyTorchLayout(of: Flattening(), sampleShape: [4, 6, 3])
    let orders = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.path, $0.order) })
    let vector = PyTorchLayout.Order.flattened(axis: 0, height: 3, width: 4, channels: 5)
    #expect(
      orders == [
        "conv.weight": .convolution, "conv.bias": .same, "scale": vector, "norm.weight": vector, "norm.bias": vector,
        "norm.running_mean": vector, "norm.running_var": vector, "dense.weight": .flattened(axis: 1, height: 3, width: 4, channels: 5),
        "dense.bias": .same, "head.weight": .same, "head.bias": .same,
      ])
    #expect(layout.entries.filter(\.isHead).map(\.path) == ["head.weight", "head.bias"])
    #expect(layout.entries[0].shape == [5, 2, 3, 3] && layout.entries[0].foreignShape == [5, 3, 2, 3])
    #expect(layout.batchCounters == ["norm.num_batches_tracked"])
    #expect(try PyTorchLayout(of: Transposing(), sampleShape: [2, 3, 4]).entries.allSatisfy { $0.order == .same })
    #expect(try PyTorchLayout(of: Trivial(), sampleShape: [2, 3, 3]).entries.filter { $0.order != .same }.map(\.path) == ["conv.weight"])
  }

  /// Lines, volumes and what moves pixels: [N, L, C] is [N, C, L] there.
  @Test func linesVolumesAndMovedPixels() throws {
    func order(_ model: Sequential, _ shape: Shape, _ path: String) throws -> PyTorchLayout.Order? {
      try PyTorchLayout(of: model, sampleShape: shape).entries.first { $0.path == path }?.order
    }
    let lines = Sequential(Conv1D(3, 5, kernel: 3), MaxPool1D(2), Flatten(), Dense(20, 4))
    #expect(try order(lines, [10, 3], "0.weight") == .convolution)
    #expect(try order(lines, [10, 3], "3.weight") == .flattened(axis: 1, height: 1, width: 4, channels: 5))
    let volumes = Sequential(Conv3D(2, 3, kernel: 2), Flatten(), Dense(36, 4))
    #expect(try order(volumes, [3, 4, 3, 2], "0.weight") == .convolution)
    #expect(try order(volumes, [3, 4, 3, 2], "2.weight") == .flattened(axis: 1, height: 6, width: 2, channels: 3))
    let entry = try #require(try PyTorchLayout(of: volumes, sampleShape: [3, 4, 3, 2]).entries.first)
    #expect(entry.shape == [3, 2, 2, 2, 2] && entry.foreignShape == [3, 2, 2, 2, 2])
    let numbers = (0..<48).map { Float($0) }
    #expect(entry.fromPyTorch(entry.toPyTorch(numbers)) == numbers)
    // Channel 1 of the first tap of the first output comes behind all taps of channel 0.
    #expect(entry.toPyTorch(numbers)[8] == 1)
    let transposed = Sequential(ConvTranspose2D(3, 2, kernel: 2), Flatten(), Dense(24, 4))
    #expect(try order(transposed, [2, 3, 3], "0.weight") == .convolution)
    #expect(try order(transposed, [2, 3, 3], "2.weight") == .flattened(axis: 1, height: 3, width: 4, channels: 2))
    for layer in [Pad2D(1), Upsample(2), Upsample(2, mode: .bilinear), AdaptiveMaxPool2D(3, 3), Concatenate(Sequential(), Sequential())]
      as [any Layer]
    {
      let graph = Graph(isTraining: false)
      let features = Sequential(layer, Flatten())(graph.input("x", shape: [1, 4, 5, 3])).shape[1]
      let fitting = Sequential(layer, Flatten(), Dense(features, 4))
      guard case .flattened(axis: 1, _, _, _) = try order(fitting, [4, 5, 3], "2.weight") else {
        Issue.record("\(type(of: layer)) loses the channels")
        continue
      }
    }
  }

  /// Norms over groups of channels leave images images, dropped weights are weights, and what has no order in PyTorch is named.
  @Test func normsDroppedWeightsAndWhatHasNoOrder() throws {
    func layout(_ layers: any Layer..., shape: Shape = [4, 5, 6]) throws -> PyTorchLayout {
      try PyTorchLayout(of: Sequential(layers), sampleShape: shape)
    }
    let flattened = PyTorchLayout.Order.flattened(axis: 1, height: 4, width: 5, channels: 6)
    for norm in [GroupNorm(groups: 1, 6), GroupNorm(groups: 3, 6), InstanceNorm(6, isAffine: true), RMSNorm(6), SpatialDropout()]
      as [any Layer]
    {
      let found = try layout(norm, ReLU(), Flatten(), Dense(120, 3))
      #expect(found.entries.first { $0.path == "3.weight" }?.order == flattened && found.unordered.isEmpty, "\(type(of: norm))")
    }
    #expect(try layout(Flatten(), DropConnect(120, 3), ReLU(), Dense(3, 2)).entries[0].order == flattened)
    #expect(
      try layout(Flatten(), PReLU(120), RMSNorm(120), LayerNorm(120), Dense(120, 3)).entries.dropLast().allSatisfy { $0.order != .same })
    let disordered: [(String, PyTorchLayout)] = [
      ("side by side", try layout(Concatenate(Flatten(), Sequential(Conv2D(6, 2, kernel: 1), Flatten())), Dense(160, 3))),
      ("with others", try layout(Flatten(), Concatenate(ReLU(), Dense(120, 8)), Dense(128, 3))),
      ("added to others", try layout(Flatten(), Residual(Dense(120, 120), ReLU()), Dense(120, 3))),
      ("groups of neighbours", try layout(Flatten(), GroupNorm(groups: 4, 120), Dense(120, 3))),
    ]
    for (name, layout) in disordered {
      #expect(layout.unordered.contains(layout.entries.dropLast().last?.path ?? ""), "\(name): \(layout.unordered)")
    }
    // Ours are as they are, theirs are refused.
    let model = Sequential(Flatten(), Residual(Dense(120, 120), ReLU()), Dense(120, 3))
    let own = try PyTorchLayout(of: model, sampleShape: [4, 5, 6])
    var state = ModelState(
      parameters: LayerPath.parameters(of: model).map {
        ModelState.Entry(path: $0.path, shape: $0.parameter.shape, values: [Float](repeating: 0, count: $0.parameter.shape.count))
      })
    let error = #expect(throws: StateError.self) { _ = try state.pytorchState(by: own) }
    #expect(error?.description.contains("2.weight has no order in PyTorch") == true, "\(String(describing: error))")
    let tensors = state.parameters.map { NamedTensor(name: $0.path, shape: $0.shape, values: $0.values.map { _ in 2 }) }
    #expect(throws: StateError.self) { try state.load(tensors, by: own) }
    _ = try state.load(tensors, by: own.inOurOrder)
    #expect(state.parameters[0].values[5] == 2)
  }

  @Test func contradictionsAreRefused() throws {
    let error = #expect(throws: ShapeError.self) { try PyTorchLayout(of: Contradiction(), sampleShape: [2, 2, 3]) }
    #expect(error == nil || error?.description.contains("dense.weight is used in two ways") == true)
  }

  /// Element by element, by the definition of the two orders.
  @Test func valuesMoveToTheirPlaces() throws {
    let layout = try PyTorchLayout(of: Flattening(), sampleShape: [4, 6, 3])
    func entry(_ path: String) throws -> PyTorchLayout.Entry { try #require(layout.entries.first { $0.path == path }) }
    func numbers(_ count: Int) -> [Float] { (0..<count).map { Float($0) } }
    let conv = try entry("conv.weight").fromPyTorch(numbers(90))
    for o in 0..<5 {
      for y in 0..<2 {
        for x in 0..<3 {
          for i in 0..<3 {
            #expect(conv[((o * 2 + y) * 3 + x) * 3 + i] == Float(((o * 3 + i) * 2 + y) * 3 + x))
          }
        }
      }
    }
    let (dense, scale) = (try entry("dense.weight").fromPyTorch(numbers(240)), try entry("scale").fromPyTorch(numbers(60)))
    for y in 0..<3 {
      for x in 0..<4 {
        for c in 0..<5 {
          let (ours, theirs) = ((y * 4 + x) * 5 + c, (c * 3 + y) * 4 + x)
          #expect(scale[ours] == Float(theirs))
          for row in 0..<4 { #expect(dense[row * 60 + ours] == Float(row * 60 + theirs)) }
        }
      }
    }
    for entry in layout.entries {
      let values = numbers(entry.shape.count)
      #expect(entry.toPyTorch(entry.fromPyTorch(values)) == values)
    }
  }

  private struct Classifier: Layer {
    let body = Dense(6, 4)
    let norm = BatchNorm(4)
    let fc: Dense
    init(classes: Int) { fc = Dense(4, classes) }
    func forward(_ x: Tensor) -> Tensor { fc(relu(norm(body(x)))) }
  }

  private func state(_ layout: PyTorchLayout, filler: Float) -> ModelState {
    ModelState(
      parameters: layout.entries.map { .init(path: $0.path, shape: $0.shape, values: Array(repeating: filler, count: $0.shape.count)) })
  }

  @Test func everythingThatDoesNotFitIsListed() throws {
    let layout = try PyTorchLayout(of: Classifier(classes: 3), sampleShape: [6])
    var target = state(layout, filler: 1)
    var tensors = try state(layout, filler: 2).pytorchState(by: layout).tensors
    tensors.removeAll { $0.name == "norm.bias" }
    tensors[0] = NamedTensor(name: "body.weight", shape: [4, 5], values: Array(repeating: 0, count: 20))
    tensors.append(NamedTensor(name: "extra", shape: [2], values: [0, 0]))
    tensors.append(NamedTensor(name: "fc.bias", shape: [3], values: [0, 0, 0]))
    tensors.append(NamedTensor(name: "norm.num_batches_tracked", shape: [], values: [9]))
    let error = #expect(throws: StateError.self) { try target.load(tensors, by: layout, from: "weights.pth") }
    #expect(
      error?.description == "weights.pth does not fit the model: fc.bias is there twice; body.weight is [4, 5] and the model has [4, 6]; "
        + "norm.bias [4] is missing; extra [2] is not in the model")
    // Nothing was taken over.
    #expect(target.parameters.allSatisfy { $0.values.allSatisfy { $0 == 1 } })
  }

  @Test func headsOfAnotherSizeAreReplacedWhereThatIsAllowed() throws {
    let (thousand, three) = (
      try PyTorchLayout(of: Classifier(classes: 1000), sampleShape: [6]), try PyTorchLayout(of: Classifier(classes: 3), sampleShape: [6])
    )
    let tensors = try state(thousand, filler: 2).pytorchState(by: thousand).tensors
    var target = state(three, filler: 1)
    let error = #expect(throws: StateError.self) { try target.load(tensors, by: three) }
    #expect(error?.problems == ["fc.weight is [1000, 4] and the model has [3, 4]", "fc.bias is [1000] and the model has [3]"])
    let report = try target.load(tensors, by: three, allowsNewHead: true)
    #expect(report.loaded.count == 6)
    #expect(
      report.description
        == "6 tensors loaded; a new head, with its first values: fc.weight [3, 4] in place of [1000, 4], fc.bias [3] in place of [1000]")
    for entry in target.parameters { #expect(entry.values.allSatisfy { $0 == (entry.path.hasPrefix("fc.") ? 1 : 2) }) }
    // A backbone alone.
    let headless = try target.load(tensors.filter { !$0.name.hasPrefix("fc.") }, by: three, allowsNewHead: true)
    #expect(headless.replacedHead.map(\.found) == [nil, nil])
    // A head for other features is no head of another size.
    let narrow = tensors.map {
      $0.name == "fc.weight" ? NamedTensor(name: $0.name, shape: [1000, 2], values: Array(repeating: 0, count: 2000)) : $0
    }
    #expect(throws: StateError.self) { try target.load(narrow, by: three, allowsNewHead: true) }
    // And one that fits is loaded.
    let same = try state(three, filler: 5).pytorchState(by: three).tensors
    #expect(try target.load(same, by: three, allowsNewHead: true).replacedHead.isEmpty)
    #expect(target.parameters.allSatisfy { $0.values.allSatisfy { $0 == 5 } })
  }
}
