import GlissadeFormats
import GlissadeLayers
import GlissadeTensors

/// A model with somebody's weights in it, and first values for what they do not have: a head that is to be trained.
public struct PretrainedModel {
  /// As it was given, its head replaced where that was wanted.
  public let model: any LayerWithHead
  /// What training begins with: the file's weights, and the head's first values.
  public let state: ModelState
  /// What was loaded, left out and replaced.
  public let report: LoadReport

  /// Where in the file the weights were, and what else would have done.
  package let fit: WeightsFit

  /// Reads weights into a model, in whatever dictionary of the file and behind whatever prefix they are; a head of another size is left out.
  /// - Parameters:
  ///   - path: a PyTorch checkpoint, or a safetensors file in PyTorch's layouts or ours (a run's model).
  ///   - model: with its head replaced by one for other classes, if that is wanted: `replacingHead(by:)`.
  ///   - sampleShape: [height, width, channels] of the pictures.
  ///   - seed: of the head's first values.
  /// - Throws: `FormatError` for a file that cannot be read, `StateError` that counts what is missing, surplus or of another shape and names
  ///   some of each.
  public init(contentsOf path: String, model: any LayerWithHead, sampleShape: Shape, seed: UInt64) throws {
    try self.init(WeightsFile(path: path), model: model, sampleShape: sampleShape, seed: seed)
  }

  /// The same from a file that is open, or from a part of it: `part(_:)` and `tensors(under:)` choose one.
  public init(_ weights: WeightsFile, model: any LayerWithHead, sampleShape: Shape, seed: UInt64) throws {
    self.model = model
    let path = weights.path
    let layout = try PyTorchLayout(of: model, sampleShape: sampleShape)
    let places = WeightsPlaces(in: weights).holding(layout.entries.map(\.path))
    guard let fit = WeightsFit(bestOf: places, layout) else { throw StateError(path: path, problems: ["no tensors in it"]) }
    guard fit.fitsBackbone else { throw StateError(path: path, problems: fit.summary) }
    self.fit = fit
    let file = fit.place.file
    // The first values, the file's in its layouts, and in ours.
    let count = LayerPath.parameters(of: model).reduce(0) { $0 + $1.parameter.shape.count }
    try AvailableMemory.require(3 * 4 * count, for: "reading \(path)")
    var state = ModelState(
      parameters: LayerPath.parameters(of: model).map { path, parameter in
        var values = [Float](repeating: 0, count: parameter.shape.count)
        values.withUnsafeMutableBufferPointer { parameter.initializer.fill($0, seed: seed, path: path) }
        return ModelState.Entry(path: path, shape: parameter.shape, values: values)
      })
    // Our own files have our layouts, PyTorch's its own.
    if file.metadata["format"] == "glissade" {
      report = try state.load(try file.namedTensors(), by: layout.inOurOrder, from: path, allowsNewHead: true)
    } else {
      report = try state.load(try file.namedTensors(), by: layout, from: path, allowsNewHead: true)
    }
    self.state = state
  }
}
