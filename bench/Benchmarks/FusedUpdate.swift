import Glissade
import GlissadeDevices
import GlissadePlanning
import GlissadeKernels

/// An update as training does it, with everything that it needs.
struct FusedUpdate {
  let plan: Plan
  let layout: ParameterLayout
  let memory: [BufferReference: any DeviceBuffer]
  let constants: [UInt8]

  /// How much the last part of a batch counts, where a batch is computed in parts. The sum of the others is 0, so that the gradients stay what they
  /// are however often this runs.
  static let lastShare: Float = 1

  init(of row: OptimizerCase, _ shapes: [Shape], on device: any Device) throws {
    let rule = row.rule
    let parameters = shapes.enumerated().map { (path: "p.\($0)", parameter: Parameter("p", shape: $1)) }
    layout = ParameterLayout(parameters, groupCount: 1, limits: device.profile.limits) { _, _ in 0 }
    var request = StepRequest(graph: Graph(isTraining: true), layout: layout)
    request.updates = [rule]
    switch row.before {
    case .nothing: break
    case .stayClose(let strength): request.anchorStrengths = [strength]
    case .clipping(let norm): request.clippingNorm = norm
    case .adding: request.addsGradients = true
    }
    plan = try Planner(profile: device.profile).plan(request)
    var control = ControlBlock()
    control.ok = 1
    control.clip = 1
    let controlBuffer = try device.makeBuffer(count: MemoryLayout<ControlBlock>.size / 4)
    try device.write([control], to: controlBuffer)
    var shared = try device.makeBuffers(
      layout.buffers { group, piece in
        (0..<rule.stateSlots).map { .state(group: group, slot: $0, piece: piece) }
          + (row.before.isOfAnchors ? [.anchors(group: group, piece: piece)] : [])
          + (row.before == .adding ? [.gradientSums(group: group, piece: piece)] : [])
      })
    shared[.control] = controlBuffer
    for (reference, size) in layout.buffers() {
      if let buffer = shared[reference] { try Filling.write(.numbers, count: size, to: buffer, at: 0, of: device) }
    }
    // Parameters begin where they are drawn to.
    for (piece, size) in layout.groupPieces[0].enumerated() {
      if let buffer = shared[.anchors(group: 0, piece: piece)] {
        try Filling.write(.numbers, count: size, to: buffer, at: 0, of: device)
      }
    }
    for (piece, size) in layout.groupPieces[0].enumerated() {
      if let buffer = shared[.gradientSums(group: 0, piece: piece)] { try device.write([Float](repeating: 0, count: size), to: buffer) }
    }
    memory = try PlanMemory(for: plan, on: device, sharing: shared).buffers
    var constants = [Float](repeating: 0, count: StepMemory.constantsSize(groups: 1))
    let compiled = try rule.compiled()
    constants[16...].withUnsafeMutableBufferPointer {
      compiled.write(constants: $0, step: OptimizerCase.step, learningRate: row.rate)
    }
    var head = StepConstants()
    (head.part, head.isLastPart, head.share) = (1, 1, Self.lastShare)
    constants.withUnsafeMutableBytes { $0.storeBytes(of: head, as: StepConstants.self) }
    self.constants = constants.withUnsafeBytes { Array($0) }
  }
}
