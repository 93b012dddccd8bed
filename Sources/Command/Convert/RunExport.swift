import Glissade
import GlissadeFormats

/// A run's model, for other programs: under PyTorch's names and in its layouts, or as ONNX.
struct RunExport {
  /// The file with the weights.
  let path: String
  private let run: RunDescription
  private let model: any Layer
  private let state: ModelState

  /// - Parameters:
  ///   - path: the folder of a run, or the file with its model.
  ///   - choice: which of the run's models, unless the path says so.
  /// - Returns: `nil` where it is neither.
  /// - Throws: what keeps a run from being read.
  init?(_ path: String, _ choice: ModelChoice) throws {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let named = RunFolder.Model.allCases.first { RunFolder("").path(of: $0).dropFirst() == parts.last ?? "" }
    guard isFolder(path) || named != nil else { return nil }
    let files = RunFolder(isFolder(path) ? path : parts.count == 1 ? "." : parts.dropLast().joined(separator: "/"))
    guard files.isRun else { return nil }
    self.path = try files.file(of: isFolder(path) ? choice.model(of: files) : named ?? .last)
    run = try RunDescription(of: files)
    model = try run.makeModel()
    state = try ModelState(
      contentsOf: self.path, for: LayerPath.parameters(of: model).map { (path: $0.path, shape: $0.parameter.shape) })
  }

  /// What PyTorch's class of the model takes as its `state_dict`.
  func entries() throws -> [WeightsEntry] {
    try state.pytorchState(by: PyTorchLayout(of: model, sampleShape: Shape(run.input))).entries
  }

  /// What the network's outputs are in ONNX.
  enum Output: String {
    case logits, probabilities, value
    /// A probability for each label, by sigmoid, which is always part of it.
    case marks
  }

  /// The model as ONNX, with what has to be known to use it.
  /// - Parameter probabilities: whether softmax is part of it.
  /// - Throws: `Misuse` where values have no probabilities.
  func onnx(probabilities: Bool = false) throws -> (model: ONNXModel, output: Output) {
    var metadata = run.table?.metadata ?? pictureMetadata
    let areMarks = run.areMarks
    let output: Output = areMarks ? .marks : run.table?.deviation != nil ? .value : probabilities ? .probabilities : .logits
    if probabilities, output == .value { throw Misuse("--probabilities is for classes, and the run predicts values") }
    metadata["output"] = (areMarks ? .probabilities : output).rawValue
    var model = try ONNXModel(
      of: model, sampleShape: Shape(run.input), state: state, name: run.model, version: Version.number, metadata: metadata)
    // Logits of labels are no use to anybody.
    if areMarks { try model.addSigmoid() }
    if let encoding = run.table?.encoding { try model.standardize(by: encoding) }
    if output == .probabilities { try model.addSoftmax() }
    return (model, output)
  }

  /// Whether the network alone is no use without what is done to a table's columns before and after it.
  var isOfTable: Bool { run.table != nil }

  /// What the network itself gives, for people.
  var outputOfNetwork: String {
    guard run.areMarks || run.table?.deviation != nil else { return "gives logits" }
    return run.areMarks ? "gives logits, whose sigmoid is the probability of each label" : "gives standardised values"
  }

  private var pictureMetadata: [String: String] {
    func text(_ values: [Float]) -> String { JSONValue.array(values.map { .float($0) }).text() }
    var result = [
      "classes": JSONValue.array(run.classNames.map { .string($0) }).text(), "mean": text(run.normalization.mean),
      "deviation": text(run.normalization.deviation),
      "input": "pictures [batch, channels, height, width] of (byte / 255 - mean) / deviation",
    ]
    // What becomes of a file before that: its shorter side is brought to one length, and the middle cut out.
    if run.pictures != nil, let pipeline = try? run.picturePipeline() {
      result["resize"] = "\(pipeline.resize)"
      result["crop"] = "\(pipeline.size)"
    }
    return result
  }
}
