import Glissade

/// A run's model, for other programs: under PyTorch's names and in its layouts, or as ONNX.
struct RunExport {
  /// The file with the weights.
  let path: String
  private let run: RunDescription
  private let model: any Layer
  private let state: ModelState

  /// - Parameters:
  ///   - path: the folder of a run, or the file with its model.
  ///   - best: the model of the epoch with the lowest validation loss instead of the last one.
  /// - Returns: `nil` where it is neither.
  /// - Throws: what keeps a run from being read.
  init?(_ path: String, best: Bool) throws {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard isFolder(path) || parts.last == "model.safetensors" else { return nil }
    let files = RunFolder(isFolder(path) ? path : parts.count == 1 ? "." : parts.dropLast().joined(separator: "/"))
    guard exists(files.optionsPath) else { return nil }
    self.path = best ? files.bestPath : files.modelPath
    run = try RunDescription(contentsOf: files.optionsPath)
    model = try run.makeModel()
    state = try ModelState(
      contentsOf: self.path, for: LayerPath.parameters(of: model).map { (path: $0.path, shape: $0.parameter.shape) })
  }

  /// What PyTorch's class of the model takes as its `state_dict`.
  func entries() throws -> [WeightsEntry] {
    try state.pytorchState(by: PyTorchLayout(of: model, sampleShape: Shape(run.input))).entries
  }

  /// The model as ONNX, with what has to be known to use it.
  func onnx() throws -> ONNXModel {
    func text(_ values: [Float]) -> String { JSONValue.array(values.map { .float($0) }).text() }
    return try ONNXModel(
      of: model, sampleShape: Shape(run.input), state: state, name: run.model, version: Version.number,
      metadata: [
        "classes": JSONValue.array(run.classNames.map { .string($0) }).text(), "mean": text(run.normalization.mean),
        "deviation": text(run.normalization.deviation),
      ])
  }
}
