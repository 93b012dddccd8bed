import GlissadeFormats
import GlissadeTensors

/// The numbers of a model, and of its optimizer where it is being trained, on the host.
public struct ModelState: Sendable {
  /// One parameter's values.
  public struct Entry: Sendable {
    public var path: String
    public var shape: Shape
    public var values: [Float]

    public init(path: String, shape: Shape, values: [Float]) {
      self.path = path
      self.shape = shape
      self.values = values
    }
  }

  /// In the model's order.
  public var parameters: [Entry]
  /// Optimizer state arenas, by group and slot.
  public var optimizer: [[[Float]]] = []
  /// Optimizer steps taken.
  public var steps = 0

  public init(parameters: [Entry]) { self.parameters = parameters }

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
  public let path: String
  public let problems: [String]

  public var description: String { "\(path) does not fit the model: \(problems.joined(separator: "; "))" }
}
