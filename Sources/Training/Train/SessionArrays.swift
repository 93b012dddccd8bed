import GlissadeData
import GlissadeTensors

/// Steps on batches in arrays, and files: what a program of one's own loop needs.
///
/// ```swift
/// let session = try TrainingSession(
///   model: model, sampleShape: [32], batchSize: 64, groups: [ParameterGroup(Adam())], device: try CPUDevice())
/// for _ in 0..<100 { try session.train(features, labels: labels) }
/// let (loss, accuracy) = try session.evaluate(features, labels: labels)
/// try session.save(to: "model.safetensors")
/// ```
extension TrainingSession {
  /// Queues one training step on samples with class numbers.
  /// - Parameters:
  ///   - features: the samples one after another.
  ///   - labels: the class of each.
  ///   - learningRate: for this step; default the one that each group's optimizer has. (Schedules are the `Trainer`'s.)
  public func train(_ features: [Float], labels: [Int32], learningRate: Double? = nil) throws {
    try labels.withUnsafeBufferPointer { try train(features, .classes($0), learningRate) }
  }

  /// Queues one training step on samples with values, as many for each as the model has outputs.
  public func train(_ features: [Float], values: [Float], learningRate: Double? = nil) throws {
    try values.withUnsafeBufferPointer { try train(features, .values($0), learningRate) }
  }

  private func train(_ features: [Float], _ targets: BatchTargets, _ learningRate: Double?) throws {
    try features.withUnsafeBufferPointer { features in
      try train(features: features, targets: targets) { learningRate ?? groups[$0].optimizer.learningRate }
    }
  }

  /// Evaluates one batch of samples with class numbers. Waits for the device.
  /// - Returns: the mean loss and the share of right answers. What training steps have added up stays as it is.
  public func evaluate(_ features: [Float], labels: [Int32]) throws -> (loss: Double, accuracy: Double) {
    try labels.withUnsafeBufferPointer { try evaluate(features, .classes($0)) }
  }

  /// Evaluates one batch of samples with values. Waits for the device.
  /// - Returns: the mean loss, and the mean of |output − value|.
  public func evaluate(_ features: [Float], values: [Float]) throws -> (loss: Double, error: Double) {
    let (loss, error) = try values.withUnsafeBufferPointer { try evaluate(features, .values($0)) }
    return (loss, error)
  }

  private func evaluate(_ features: [Float], _ targets: BatchTargets) throws -> (loss: Double, accuracy: Double) {
    let before = try sumsBlock()
    try resetSums()
    try features.withUnsafeBufferPointer { try evaluate(features: $0, targets: targets) }
    let found = try sums()
    try restore(sumsBlock: before)
    return (found.loss, found.accuracy)
  }

  /// Queues one training step on samples of named tensors.
  /// - Parameters:
  ///   - arrays: the session's inputs and targets, each for all samples.
  ///   - learningRate: for this step; default the one that each group's optimizer has.
  /// - Throws: `TrainingError` for names, shapes or numbers of samples that are not the session's; `DeviceError`.
  public func train(_ arrays: [String: SampleArray], learningRate: Double? = nil) throws {
    try withFields(arrays, inputs + (targets ?? [])) { fields, _ in
      try fields.withUnsafeBufferPointer { fields in
        try train(fields: fields) { learningRate ?? groups[$0].optimizer.learningRate }
      }
    }
  }

  /// Evaluates one batch of samples of named tensors. Waits for the device.
  /// - Parameter arrays: the session's inputs and targets, each for all samples.
  /// - Returns: the mean loss, and what became of the session's metrics, in their order. What training steps have added up stays as it is.
  public func evaluate(_ arrays: [String: SampleArray]) throws -> (loss: Double, metrics: [Double]) {
    let before = try sumsBlock()
    try resetSums()
    try withFields(arrays, inputs + (targets ?? [])) { fields, _ in
      try fields.withUnsafeBufferPointer { try evaluate(fields: $0) }
    }
    let found = try sums()
    try restore(sumsBlock: before)
    return (found.loss, found.metrics)
  }

  /// Writes the parameters as safetensors, whole or not at all. Waits for the device.
  /// - Throws: `FormatError` with the path and the reason, `DeviceError`.
  public func save(to path: String) throws { try state().save(to: path) }

  /// Takes over parameters from such a file; what optimizers remember begins anew.
  /// - Throws: `FormatError` for a file that cannot be read, `StateError` for tensors that are not the model's, `DeviceError`.
  public func load(_ path: String) throws {
    let known = layout.entries.map { (path: $0.path, shape: $0.parameter.shape) }
    try restore(ModelState(contentsOf: path, for: known))
  }
}
