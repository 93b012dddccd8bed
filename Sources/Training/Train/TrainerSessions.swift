import GlissadeData
import GlissadeDevices
import GlissadeLayers

// The sessions that trainers work with.
extension Trainer {
  /// A session that trains on some data.
  /// - Parameters:
  ///   - groups: what is trained and how; default the options'.
  ///   - isTrial: whether nothing is to be run.
  func session(
    for training: any Dataset, on device: any Device, groups: [ParameterGroup]? = nil, isTrial: Bool = false
  ) throws -> TrainingSession {
    try TrainingSession(
      model: model, inputs: training.inputs, targets: training.targetFields, batchSize: options.batchSize, loss: options.loss,
      weighing: options.weighing(for: training), metrics: try options.metrics(for: training), groups: groups ?? options.groups,
      clipping: options.clipping, isAveraged: options.average != nil, seed: options.seed, device: device, isExact: options.isExact,
      fuses: true, isTrial: isTrial, microBatch: options.microBatch)
  }

  /// A session that evaluates a model on some data.
  /// - Parameter forOutputs: whether outputs alone are wanted.
  func evaluationSession(
    for data: any Dataset, batchSize: Int, on device: any Device, forOutputs: Bool = false
  ) throws -> TrainingSession {
    try TrainingSession(
      model: model, inputs: data.inputs, targets: forOutputs && options.loss.comparison == .values ? nil : data.targetFields,
      batchSize: batchSize, loss: options.loss, weighing: .none, metrics: forOutputs ? [] : try options.metrics(for: data), groups: [],
      clipping: GradientClipping(),
      seed: options.seed, device: device, isExact: options.isExact, fuses: true,
      isTrial: false, predictsOnly: forOutputs)
  }

  /// What a model gives for a dataset, in evaluation mode, by the outputs' names.
  /// - Parameters:
  ///   - data: what to predict from.
  ///   - state: the parameters.
  ///   - device: where.
  /// - Returns: an array for each output, sample by sample.
  /// - Throws: `ShapeError` for a model that does not fit the data, `StateError`, `DataError`, `DeviceError`.
  public func outputs(for data: any Dataset, state: ModelState, on device: any Device) throws -> [String: SampleArray] {
    guard data.count > 0 else { return [:] }
    let size = min(options.evaluationBatch, data.count)
    let session = try evaluationSession(for: data, batchSize: size, on: device, forOutputs: true)
    try session.restore(state)
    return try outputs(for: data, by: session)
  }

  /// What a session's model gives for a dataset.
  func outputs(for data: any Dataset, by session: TrainingSession) throws -> [String: SampleArray] {
    let size = min(options.evaluationBatch, data.count)
    let loader = try BatchLoader(data, order: try BatchOrder(count: data.count, batchSize: size, shuffles: false), endEpoch: 1)
    var results: [String: SampleArray] = [:]
    while let batch = try loader.next() {
      var inputs: [String: SampleArray] = [:]
      for (field, bytes) in zip(data.inputs, batch.fields) {
        inputs[field.name] =
          field.element == .float32
          ? .floats(Array(bytes.bindMemory(to: Float.self)), shape: field.shape)
          : .integers(Array(bytes.bindMemory(to: Int32.self)), shape: field.shape)
      }
      for (name, array) in try session.predict(inputs) {
        switch (results[name]?.elements, array.elements) {
        case (.floats(let before)?, .floats(let more)): results[name]?.elements = .floats(before + more)
        case (.integers(let before)?, .integers(let more)): results[name]?.elements = .integers(before + more)
        default: results[name] = array
        }
      }
    }
    return results
  }
}

extension Dataset {
  /// - Throws: `TrainingError` where samples consist of other tensors, or are labelled with others, than those of the training data.
  func requireFields(of training: any Dataset, _ what: String) throws(TrainingError) {
    func list(_ fields: [SampleField]) -> String { fields.isEmpty ? "nothing" : fields.map { "\($0)" }.joined(separator: ", ") }
    guard inputs == training.inputs else {
      throw .invalid(
        option: "what the \(what) samples consist of", value: list(inputs),
        requirement: "\(list(training.inputs)), as the training samples")
    }
    guard targetFields == training.targetFields else {
      throw .invalid(
        option: "what the \(what) samples are labelled with", value: list(targetFields),
        requirement: "\(list(training.targetFields)), as the training samples")
    }
  }
}

extension TrainingSession {
  /// - Throws: `TrainingError` for a model that has fewer outputs than there are classes.
  func checkOutputs(for training: any Dataset) throws(TrainingError) {
    guard measure == .accuracy, training.targets == .classes, training.classCount > outputSize else { return }
    throw .invalid(
      option: "the number of the model's outputs", value: "\(outputSize)",
      requirement: "at least \(training.classCount), the number of classes")
  }
}
