import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadePlanning

/// What a training's step consists of, layer by layer, and what it takes of memory: as it is planned, without running anything.
package struct StepOutline: Sendable {
  /// A layer that is called in the step.
  package struct Layer: Sendable {
    /// As its parameters' paths begin; empty for the model itself.
    package var path: String
    /// Its type's name.
    package var type: String
    /// What it gives: [samples, …].
    package var shape: Shape
    /// Elements of the weights that it reads first.
    package var parameters = 0
    /// Those of them that are trained.
    package var trained = 0
    /// Bytes of what it gives.
    package var bytes: Int
    /// Floating-point operations of a step, forward and backward.
    package var flops = 0
  }

  /// In the order in which they are called first.
  package var layers: [Layer] = []
  /// Elements of all weights.
  package var parameters = 0
  /// Those of them that are trained.
  package var trained = 0
  /// Samples that are computed together: of a step, or of a part of one.
  package var batchSize = 0
  /// Kernel launches.
  package var launches = 0
  /// Floating-point operations.
  package var flops = 0
  /// Bytes that a training takes on its device, by what they are for.
  package var memory: [(what: String, bytes: Int)] = []
  /// The least time that a device takes for it by its published figures, where it was planned for such a one.
  package var leastSeconds: Double?
  /// Why there is no room for it, where there is none.
  package var objection: String?
}

extension Trainer {
  /// Plans the step of a training and says what it consists of. Parameters get no memory, and nothing is run.
  /// - Parameters:
  ///   - training: what is learnt from.
  ///   - device: for which it is planned, unless it is for another one that need not be here.
  ///   - published: that one; what it has of memory is not known.
  /// - Throws: what keeps a step from being planned.
  package func outline(
    of training: any Dataset, on device: any Device, as published: PublishedDevice? = nil
  ) throws -> StepOutline {
    let session = try session(for: training, on: device, isTrial: true)
    if options.monitor != nil { try session.monitor() }
    return try session.outline(batchSize: options.batchSize, as: published)
  }

  /// The first samples of a training's first batch, as its first step gets them: chosen, changed and mixed.
  /// - Parameters:
  ///   - training: what is learnt from.
  ///   - count: how many, at most.
  /// - Returns: for each its numbers, and how much of which class it is.
  /// - Throws: `DataError` for samples that cannot be read.
  package func firstSamples(
    of training: any Dataset, count: Int
  ) throws -> [(features: [Float], classes: [(place: Int, share: Double)])] {
    let encoding = try options.encoding(for: training)
    let loader = try BatchLoader(training, order: try order(of: training), endEpoch: 1, encoding: encoding)
    guard let batch = try loader.next() else { return [] }
    let (size, classCount) = (training.sampleSize, training.classCount)
    return (0..<min(count, batch.count)).map { sample in
      let features = Array(batch.features[sample * size..<(sample + 1) * size])
      guard case .distributions(_, let credit) = batch.targets else { return (features, [(Int(batch.labels[sample]), 1)]) }
      let shares = credit[sample * classCount..<(sample + 1) * classCount].enumerated().filter { $0.element > 0 }
      return (features, shares.map { (place: $0.offset, share: Double($0.element)) }.sorted { $0.share > $1.share })
    }
  }
}

extension TrainingSession {
  fileprivate func outline(batchSize: Int, as published: PublishedDevice?) throws -> StepOutline {
    let together = largestPart(of: batchSize)
    let plan: Plan
    if let published {
      plan = try self.plan(batchSize: batchSize, isTraining: true, for: published.profile)
    } else {
      plan = try plannedStep(together, trainingPurpose)
    }
    // A step that is monitored has more to hold at once; the arena is one.
    let watched = try monitoring == nil || published != nil ? nil : plannedStep(together, .health)
    var outline = StepOutline(
      parameters: parameterCount, trained: trainableCount, batchSize: together, launches: plan.launches.count, flops: plan.flops)
    outline.layers = layers(of: trace(together, trainingPurpose).graph)
    let places = Dictionary(outline.layers.enumerated().map { ($0.element.path, $0.offset) }, uniquingKeysWith: { first, _ in first })
    for launch in plan.launches where launch.note.flops > 0 {
      // What belongs to a layer in which others are is told of none of them.
      if let place = places[launch.note.path] { outline.layers[place].flops += launch.note.flops }
    }
    let memory = ModelMemory(layout, groups, updates, addsGradients: isParted)
    let parts: [(what: String, bytes: Int)] = [
      ("parameters", memory.parameters), ("gradients", memory.gradients), ("optimizer state", memory.state),
      ("sums of gradients", memory.sums), ("starting points", memory.anchors),
      ("what the monitor compares with", monitoring == nil ? 0 : 4 * layout.groupSizes.reduce(0, +)),
      ("activations", 4 * max(plan.activationsSize, watched?.activationsSize ?? 0)),
      ("two batches", 8 * plan.inputsSize),
    ]
    outline.memory = parts.filter { $0.bytes > 0 }
    if let published {
      outline.leastSeconds = StepCost(plan, on: published.figures).seconds
    } else {
      do { try checkRoom(batchSize: batchSize, isTraining: true) } catch { outline.objection = "\(error)" }
    }
    return outline
  }

  /// The layers that have no others in them, and those that read weights of their own.
  private func layers(of graph: Graph) -> [StepOutline.Layer] {
    let groups = Dictionary(layout.entries.map { ($0.parameter.id, $0) }, uniquingKeysWith: { first, _ in first })
    var results: [Int: Shape] = [:]
    var (weights, trained) = ([Int: Int](), [Int: Int]())
    var outer = Set<Int>()
    for node in graph.nodes {
      if case .parameter(let read) = node.operation, let entry = groups[read.id], entry.parameter.role == .weight {
        weights[node.scope, default: 0] += entry.slice.count
        if entry.group != nil { trained[node.scope, default: 0] += entry.slice.count }
      }
      guard !node.inputs.isEmpty, let result = node.outputs.first?.shape else { continue }
      var scope = node.scope
      results[scope] = result
      while case let parent = graph.scope(scope).parent, parent > 0 {
        results[parent] = result
        outer.insert(parent)
        scope = parent
      }
    }
    var layers: [StepOutline.Layer] = []
    var places: [String: Int] = [:]
    for scope in 1..<max(graph.scopeCount, 1) where !outer.contains(scope) || weights[scope] != nil {
      guard let shape = results[scope], let owner = graph.scope(scope).owner else { continue }
      let path = graph.path(ofScope: scope)
      let type = String(describing: Swift.type(of: owner))
      // A layer that is called again has the same path.
      if let place = places[path], layers[place].type == type {
        layers[place].bytes += 4 * shape.count
        continue
      }
      places[path] = places[path] ?? layers.count
      layers.append(
        StepOutline.Layer(
          path: path, type: type, shape: shape, parameters: weights[scope] ?? 0, trained: trained[scope] ?? 0, bytes: 4 * shape.count))
    }
    return layers
  }
}
