import GlissadeFormats
import GlissadePlanning
import GlissadeTensors

/// The numbers of a model, and of its optimizer where it is being trained, on the host.
public struct ModelState: Sendable {
  /// One parameter's values.
  public struct Entry: Sendable {
    /// Its path, as in `layer1.0.conv1.weight`.
    public var path: String
    /// The extent of each axis, in our own layout.
    public var shape: Shape
    /// Row-major, as many as the shape says.
    public var values: [Float]

    /// With as many values as the shape says.
    public init(path: String, shape: Shape, values: [Float]) {
      self.path = path
      self.shape = shape
      self.values = values
    }
  }

  /// What an optimizer remembers of one parameter. It belongs to the parameter, not to its group, so it survives another grouping.
  public struct OptimizerEntry: Sendable {
    /// One kind of memory, as many numbers as the parameter has.
    public struct Slot: Sendable {
      /// As PyTorch calls it: `exp_avg`, `momentum_buffer`, …
      public var name: String
      /// One for each number of the parameter, in its order.
      public var values: [Float]

      /// - Parameters:
      ///   - name: as PyTorch calls it.
      ///   - values: one for each number of the parameter.
      public init(name: String, values: [Float]) {
        self.name = name
        self.values = values
      }
    }

    /// The parameter's.
    public var path: String
    /// Steps that the optimizer has taken with this parameter: fewer than the model's where it was frozen at first.
    public var steps: Int
    /// In the order of the optimizer's `stateNames`; empty for one without memory.
    public var slots: [Slot]

    /// - Parameters:
    ///   - path: the parameter's.
    ///   - steps: that the optimizer has taken with it.
    ///   - slots: in the order of the optimizer's `stateNames`.
    public init(path: String, steps: Int, slots: [Slot]) {
      self.path = path
      self.steps = steps
      self.slots = slots
    }
  }

  /// In the model's order.
  public var parameters: [Entry]
  /// What the optimizer remembers of each parameter that is trained, in the model's order; empty for a state that only evaluates.
  public var optimizer: [OptimizerEntry] = []
  /// Running statistics that belong to the averages of the weights rather than to these, by their paths; none where they share them.
  var averageStatistics: [String: [Float]] = [:]
  /// Optimizer steps taken by the run, which is where schedules and dropout stand.
  public var steps = 0

  /// - Parameter parameters: in the model's order; nothing that an optimizer remembers, and no steps taken.
  public init(parameters: [Entry]) { self.parameters = parameters }

  /// The state with the averages of those weights that have one in their place (`TrainingOptions.average`), without what optimizers remember; `nil`
  /// where there is no average.
  public var averaged: ModelState? {
    let averages = Dictionary(
      optimizer.compactMap { memory in memory.slots.first { $0.name == averageName }.map { (memory.path, $0.values) } },
      uniquingKeysWith: { first, _ in first })
    guard !averages.isEmpty else { return nil }
    return ModelState(
      parameters: parameters.map {
        Entry(path: $0.path, shape: $0.shape, values: averages[$0.path] ?? averageStatistics[$0.path] ?? $0.values)
      })
  }

  /// Whether every parameter is a number.
  public var isFinite: Bool { parameters.allSatisfy { $0.values.allSatisfy(\.isFinite) } }

  /// Writes the parameters as safetensors, whole or not at all. Layouts are ours: channels last, convolution weights [outC, kH, kW, inC].
  /// - Throws: `FormatError` with the path and the reason.
  public func save(to path: String, metadata: [String: String] = [:]) throws(FormatError) {
    var metadata = metadata
    metadata["format"] = "glissade"
    metadata["layout"] = "NHWC; convolution weights [out, height, width, in / groups]"
    try SafetensorsWriter.write(
      path: path, parameters.map { SafetensorsEntry(name: $0.path, shape: $0.shape.dimensions, $0.values) }, metadata: metadata)
  }

  /// Reads parameters that a model has, from safetensors in our layouts.
  /// - Parameters:
  ///   - path: the file.
  ///   - model: paths and shapes to expect.
  /// - Throws: `FormatError` for a file that cannot be read, `StateError` for tensors that are missing, surplus or of another shape.
  public init(contentsOf path: String, for model: [(path: String, shape: Shape)]) throws {
    let file = try SafetensorsFile(path: path)
    // The numbers, and what they are read through.
    try AvailableMemory.require(model.reduce(0) { $0 + 4 * $1.shape.count }, for: "the model in \(path)")
    var problems: [String] = []
    var entries: [Entry] = []
    for (name, shape) in model {
      guard let tensor = file.tensor(named: name) else {
        problems.append("\(name) \(shape) is missing")
        continue
      }
      guard tensor.shape == shape.dimensions else {
        problems.append("\(name) is \(Shape(tensor.shape)) and the model has \(shape)")
        continue
      }
      entries.append(Entry(path: name, shape: shape, values: try file.floats(of: name)))
    }
    let known = Set(model.map(\.path))
    problems += file.tensors.filter { !known.contains($0.name) }.map { "\($0.name) \(Shape($0.shape)) is not in the model" }
    if !problems.isEmpty { throw StateError(path: path, problems: problems) }
    self.init(parameters: entries)
  }
}

/// A file whose tensors are not a model's.
public struct StateError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What does not fit, a sentence each.
  public let problems: [String]

  public var description: String { "\(path) does not fit the model: \(problems.joined(separator: "; "))" }
}
