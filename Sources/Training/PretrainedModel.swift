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

  /// Reads weights into a model, whatever their names' prefix; a head of another size is left out.
  /// - Parameters:
  ///   - path: a PyTorch checkpoint, or a safetensors file in PyTorch's layouts or ours (a run's model).
  ///   - model: with its head replaced by one for other classes, if that is wanted: `replacingHead(by:)`.
  ///   - sampleShape: [height, width, channels] of the pictures.
  ///   - seed: of the head's first values.
  /// - Throws: `FormatError` for a file that cannot be read, `StateError` that lists every tensor that is missing, surplus or of another shape.
  public init(contentsOf path: String, model: any LayerWithHead, sampleShape: Shape, seed: UInt64) throws {
    self.model = model
    let file = try WeightsFile(path: path).stateDictionary().removingPrefix()
    let layout = try PyTorchLayout(of: model, sampleShape: sampleShape)
    var state = ModelState(
      parameters: LayerPath.parameters(of: model).map { path, parameter in
        var values = [Float](repeating: 0, count: parameter.shape.count)
        values.withUnsafeMutableBufferPointer { parameter.initializer.fill($0, seed: seed, path: path) }
        return ModelState.Entry(path: path, shape: parameter.shape, values: values)
      })
    // Our own files have our layouts, PyTorch's its own.
    if file.metadata["format"] == "glissade" {
      let tensors = try file.namedTensors()
      let foreign = tensors.map { tensor in
        guard let entry = layout.entries.first(where: { $0.path == tensor.name }), entry.shape == tensor.shape else { return tensor }
        return NamedTensor(name: tensor.name, shape: entry.foreignShape, values: entry.toPyTorch(tensor.values))
      }
      report = try state.load(foreign, by: layout, from: path, allowsNewHead: true)
    } else {
      report = try state.load(try file.namedTensors(), by: layout, from: path, allowsNewHead: true)
    }
    self.state = state
  }
}
