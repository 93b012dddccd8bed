import GlissadeDevices
import GlissadeLayers
import GlissadePlanning

extension TrainingSession {
  /// Whether steps can take features: the model has a head, and nothing else of it is trained.
  public var canTakeFeatures: Bool {
    guard model is any LayerWithHead, inputs.count == 1, inputs[0].element == .float32, outputs.count == 1 else { return false }
    let head = LayerPath.headPaths(of: model)
    return layout.entries.allSatisfy { $0.group == nil || head.contains($0.path) }
  }

  /// The shape of one sample's features, what the backbone makes of it.
  /// - Throws: `TrainingError` for a model that is no `LayerWithHead`, `ShapeError` for samples that do not fit it.
  public func featureShape() throws -> Shape {
    if let featureShape = knownFeatureShape { return featureShape }
    let (graph, features) = try traceBackbone(batchSize: 1)
    if let error = graph.firstError { throw error }
    let shape = Shape(Array(features.shape.dimensions.dropFirst()))
    knownFeatureShape = shape
    return shape
  }

  /// Says what steps are given from now on.
  /// - Throws: `TrainingError` where features are to be taken and more than the head is trained, or there is no head.
  public func take(_ input: Input) throws {
    if input == .features {
      guard canTakeFeatures else {
        throw TrainingError.invalid(
          option: "the input of a step", value: "features of the backbone",
          requirement: "samples, unless the model is a LayerWithHead and nothing but its head is trained")
      }
      _ = try featureShape()
    }
    self.input = input
    stagedTraining = StagedBatch(form(.training), outputSize: outputSize, partsWith: Self.scale(partScale, weighing, loss))
    stagedEvaluation = StagedBatch(form(.evaluation), outputSize: outputSize)
  }

  /// What the backbone makes of some samples, in evaluation mode. Waits for the device.
  /// - Parameters:
  ///   - samples: one after another.
  ///   - count: how many.
  /// - Returns: their features, one sample's after another's.
  /// - Throws: as `featureShape()`; `TrainingError` for another number of elements than so many samples have; `DeviceError`.
  public func features(of samples: UnsafeBufferPointer<Float>, count: Int) throws -> [Float] {
    guard count > 0, samples.count / sampleShape.count == count, samples.count % sampleShape.count == 0 else {
      throw TrainingError.invalid(
        option: "a batch", value: "\(samples.count) numbers for \(count) samples",
        requirement: "\(sampleShape.count) numbers (\(sampleShape)) for each of at least one sample")
    }
    let stepper: Stepper
    if let known = backbones[count] {
      stepper = known
    } else {
      let (graph, features) = try traceBackbone(batchSize: count)
      var request = StepRequest(graph: graph, layout: layout)
      request.outputs = ["features": features]
      request.isExact = isExact
      request.fuses = fuses
      stepper = try preparing { try checkedPlan(of: request) }
      backbones[count] = stepper
    }
    try stepper.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: [UnsafeRawBufferPointer(samples)])
    guard let output = stepper.plan.outputs["features"], let buffer = stepper.memory.buffers[output.slice.buffer] else { return [] }
    return try device.read(buffer, at: output.slice.offset, count: output.slice.count, filler: 0)
  }

  /// Records the backbone as in evaluation.
  private func traceBackbone(batchSize: Int) throws(TrainingError) -> (graph: Graph, features: Tensor) {
    guard let model = model as? any LayerWithHead else {
      throw .invalid(option: "the model", value: "\(type(of: model))", requirement: "a LayerWithHead to have features")
    }
    let graph = Graph(isTraining: false)
    for entry in layout.entries { graph.parameterPaths[entry.parameter.id] = entry.path }
    let x = graph.input("features", shape: Shape([batchSize] + sampleShape.dimensions))
    return (graph, graph.scoped(owner: model, { _, _ in "" }) { model.backbone(x) })
  }

  /// Records the model's outputs from what a step is given.
  func outputs(for inputs: Inputs) -> Outputs {
    guard input == .features, let model = model as? any LayerWithHead, let x = inputs.tensors.first else {
      return model.outputs(for: inputs)
    }
    return Outputs([(outputs[0].name, x.graph.scoped(owner: model, { _, _ in "" }) { model.head(x) })], role: "output")
  }

  /// The shape of a sample, the first tensor's of several.
  var sampleShape: Shape { Shape(inputs[0].shape) }

  /// The shape of one of those things that steps are given.
  var inputShape: Shape { input == .features ? knownFeatureShape ?? sampleShape : sampleShape }
}
