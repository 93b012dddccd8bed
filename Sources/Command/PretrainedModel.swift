import Glissade

/// A model of ours with somebody's weights in it, and a head that is to be trained.
struct PretrainedModel {
  let model: any LayerWithHead
  /// What training begins with: the file's weights, and the head's first values.
  let state: ModelState
  let report: LoadReport
  private let path: String

  /// - Parameters:
  ///   - path: a PyTorch checkpoint, a safetensors file, or the folder of a run.
  ///   - model: with its head replaced.
  ///   - sampleShape: of the pictures.
  ///   - seed: of the head's first values.
  /// - Throws: `FormatError` for a file that cannot be read, `StateError` that lists every tensor that is missing, surplus or of another shape.
  init(_ path: String, model: any LayerWithHead, sampleShape: Shape, seed: UInt64) throws {
    self.path = path
    self.model = model
    let file = try WeightsFile(path: weightsPath(path)).stateDictionary().removingPrefix()
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

  /// What was loaded, for people.
  func lines(classes: Int) -> [String] {
    let ignored = report.ignored.isEmpty ? "" : ", \(report.ignored.count) left out (counters of batches)"
    let head = LayerPath.headPaths(of: model).sorted().joined(separator: ", ")
    let new = report.replacedClasses.map { "a new head, \($0) → \(classes) classes" } ?? "a new head for \(classes) classes"
    return [
      "\(path): \(report.loaded.count) tensors loaded\(ignored); " + (report.replacedHead.isEmpty ? "the head fits" : "\(new) (\(head))")
    ]
  }
}
