import GlissadeFormats
import GlissadeLayers

/// A tensor of a file of weights, in the layout of the program that made it.
public struct NamedTensor: Hashable, Sendable {
  /// What the file calls it.
  public var name: String
  /// The extent of each axis, in its own layout.
  public var shape: Shape
  /// Row-major, as many as the shape says.
  public var values: [Float]

  /// With as many values as the shape says, row-major.
  public init(name: String, shape: Shape, values: [Float]) {
    self.name = name
    self.shape = shape
    self.values = values
  }
}

/// What became of the tensors that a model was given.
public struct LoadReport: Hashable, Sendable, CustomStringConvertible {
  /// Paths of the parameters that took a tensor.
  public var loaded: [String] = []
  /// Parameters of the last layer that were left at their first values, because the file's are of another size or not there.
  public var replacedHead: [ReplacedTensor] = []
  /// Tensors of the file's own head that a new head has no place for.
  public var droppedHead: [DroppedTensor] = []
  /// Names of tensors that a model like this has no use for (PyTorch's counters of batches).
  public var ignored: [String] = []
  /// Paths of parameters whose tensors hold a NaN or an infinity.
  public var notFinite: [String] = []

  /// A tensor that was left out.
  public struct DroppedTensor: Hashable, Sendable {
    /// What the file calls it.
    public var name: String
    /// In its own layout.
    public var shape: Shape
  }

  /// The classes that the file's head knows, where it was replaced: the extent of its last bias, or of its last weights.
  public var replacedClasses: Int? {
    guard !replacedHead.isEmpty else { return nil }
    return (replacedHead.compactMap(\.found) + droppedHead.map(\.shape)).last { $0.rank > 0 }?[0]
  }

  /// A parameter of the last layer that the file's tensor does not fit.
  public struct ReplacedTensor: Hashable, Sendable {
    /// The parameter's path.
    public var path: String
    /// The file's, in its own layout; `nil` where the file has no such tensor.
    public var found: Shape?
    /// The model's, in the file's layout.
    public var expected: Shape
  }

  public var description: String {
    let head = replacedHead.map { "\($0.path) \($0.expected)" + ($0.found.map { " in place of \($0)" } ?? ", which the file has not got") }
    return "\(loaded.count) tensor\(loaded.count == 1 ? "" : "s") loaded"
      + (head.isEmpty ? "" : "; a new head, with its first values: \(head.joined(separator: ", "))")
  }
}

/// What a model is in PyTorch: its `state_dict`.
public struct PyTorchState: Sendable {
  /// Parameters and running statistics, in PyTorch's layout and the model's order.
  public var tensors: [NamedTensor]
  /// The names of the batch norms' counters (`num_batches_tracked`), scalars of 64-bit integers.
  public var batchCounters: [String]
  /// What all of them say: the training steps so far.
  public var batches: Int64

  /// For a writer of files, in the order of PyTorch's own `state_dict`: each counter behind the other tensors of its batch norm.
  public var entries: [WeightsEntry] {
    let counters = Set(batchCounters)
    func counter(besides name: String) -> String {
      name[..<((name.lastIndex(of: ".").map { name.index(after: $0) }) ?? name.startIndex)] + "num_batches_tracked"
    }
    var result: [WeightsEntry] = []
    for (index, tensor) in tensors.enumerated() {
      result.append(WeightsEntry(name: tensor.name, shape: tensor.shape.dimensions, tensor.values))
      let name = counter(besides: tensor.name)
      let isLast = index + 1 == tensors.count || counter(besides: tensors[index + 1].name) != name
      if isLast, counters.contains(name) { result.append(WeightsEntry(name: name, shape: [], [batches])) }
    }
    return result
  }
}

extension ModelState {
  /// Takes over weights that PyTorch made.
  ///
  /// Nothing changes unless everything fits.
  /// - Parameters:
  ///   - tensors: a `state_dict`: names, shapes and values as PyTorch has them.
  ///   - layout: of the model that this is the state of.
  ///   - source: where the tensors are from, for messages.
  ///   - allowsNewHead: whether the last layer may be of another size, or missing; it then keeps the values it has here.
  /// - Returns: what was loaded, and what of the head was not.
  /// - Throws: `StateError` with every tensor that is missing, surplus or of another shape.
  public mutating func load(
    _ tensors: [NamedTensor], by layout: PyTorchLayout, from source: String = "the weights", allowsNewHead: Bool = false
  ) throws(StateError) -> LoadReport {
    if let disorder = layout.disorder { throw StateError(path: source, problems: [disorder]) }
    var known: [String: Int] = [:]
    var problems: [String] = []
    for (index, tensor) in tensors.enumerated() {
      if known.updateValue(index, forKey: tensor.name) != nil { problems.append("\(tensor.name) is there twice") }
    }
    let heads = layout.entries.filter(\.isHead)
    func fits(_ entry: PyTorchLayout.Entry) -> Bool { known[entry.path].map { tensors[$0].shape == entry.foreignShape } ?? false }
    // A head is replaced as a whole: a bias of 10 classes means nothing to weights of 1000.
    let mayBeNew = heads.allSatisfy { entry in known[entry.path].map { isOtherHead(tensors[$0], entry) } ?? true }
    let isNewHead = allowsNewHead && mayBeNew && !heads.allSatisfy(fits)
    let places = Dictionary(parameters.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
    var report = LoadReport()
    var sources: [(place: Int, tensor: Int, entry: PyTorchLayout.Entry)] = []
    for entry in layout.entries {
      let index = known[entry.path]
      if isNewHead, entry.isHead {
        report.replacedHead.append(.init(path: entry.path, found: index.map { tensors[$0].shape }, expected: entry.foreignShape))
        continue
      }
      guard let index else {
        problems.append("\(entry.path) \(entry.foreignShape) is missing")
        continue
      }
      let tensor = tensors[index]
      guard tensor.shape == entry.foreignShape, tensor.values.count == entry.shape.count else {
        problems.append("\(entry.path) is \(tensor.shape) and the model has \(entry.foreignShape)")
        continue
      }
      guard let place = places[entry.path], parameters[place].shape == entry.shape else {
        problems.append("\(entry.path) \(entry.shape) is not in the state that was to take it")
        continue
      }
      sources.append((place, index, entry))
      report.loaded.append(entry.path)
    }
    let (paths, counters) = (Set(layout.entries.map(\.path)), Set(layout.batchCounters))
    let foreignHead = ForeignHead(layout, names: known.keys, hasBackbone: problems.isEmpty)
    for tensor in tensors where !paths.contains(tensor.name) {
      if isNewHead, foreignHead.contains(tensor.name, rank: tensor.shape.rank) {
        report.droppedHead.append(.init(name: tensor.name, shape: tensor.shape))
      } else if counters.contains(tensor.name) {
        report.ignored.append(tensor.name)
      } else {
        problems.append("\(tensor.name) \(tensor.shape) is not in the model")
      }
    }
    if !problems.isEmpty { throw StateError(path: source, problems: problems) }
    for (place, tensor, entry) in sources {
      parameters[place].values = entry.fromPyTorch(tensors[tensor].values)
      if !tensors[tensor].values.allSatisfy(\.isFinite) { report.notFinite.append(entry.path) }
    }
    return report
  }

  /// Whether a tensor is a head's, for another number of classes: all but the first extent is as it should be.
  private func isOtherHead(_ tensor: NamedTensor, _ entry: PyTorchLayout.Entry) -> Bool {
    tensor.shape.rank == entry.foreignShape.rank && tensor.shape.dimensions.dropFirst() == entry.foreignShape.dimensions.dropFirst()
  }

  /// The model as PyTorch has it.
  /// - Parameter layout: of the model that this is the state of.
  /// - Throws: `StateError` where the layout is another model's.
  public func pytorchState(by layout: PyTorchLayout) throws(StateError) -> PyTorchState {
    if let disorder = layout.disorder { throw StateError(path: "PyTorch's state_dict", problems: [disorder]) }
    let known = Dictionary(parameters.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var problems: [String] = []
    var tensors: [NamedTensor] = []
    for entry in layout.entries {
      guard let parameter = known[entry.path] else {
        problems.append("\(entry.path) \(entry.shape) is missing")
        continue
      }
      guard parameter.shape == entry.shape, parameter.values.count == entry.shape.count else {
        problems.append("\(entry.path) is \(parameter.shape) and the model has \(entry.shape)")
        continue
      }
      tensors.append(NamedTensor(name: entry.path, shape: entry.foreignShape, values: entry.toPyTorch(parameter.values)))
    }
    if !problems.isEmpty { throw StateError(path: "the state", problems: problems) }
    return PyTorchState(tensors: tensors, batchCounters: layout.batchCounters, batches: Int64(steps))
  }
}

extension WeightsFile {
  /// All tensors, as 32-bit floats.
  /// - Throws: `FormatError` where reading fails, or an integer cannot be had as that.
  public func namedTensors() throws(FormatError) -> [NamedTensor] {
    var result: [NamedTensor] = []
    for tensor in tensors {
      let isFloating = [.float64, .float32, .float16, .bfloat16].contains(tensor.type)
      let values = isFloating ? try floats(of: tensor.name) : try integers(of: tensor.name).map { Float($0) }
      result.append(NamedTensor(name: tensor.name, shape: Shape(tensor.shape), values: values))
    }
    return result
  }
}
