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

  init(of row: OptimizerCase, _ shapes: [Shape], on device: any Device) throws {
    let rule = row.rule
    let parameters = shapes.enumerated().map { (path: "p.\($0)", parameter: Parameter("p", shape: $1)) }
    layout = ParameterLayout(parameters, groupCount: 1, limits: device.profile.limits) { _, _ in 0 }
    var request = StepRequest(graph: Graph(isTraining: true), layout: layout)
    request.updates = [rule]
    request.anchorStrengths = [row.stayClose]
    plan = try Planner(profile: device.profile).plan(request)
    var control = ControlBlock()
    control.ok = 1
    control.clip = 1
    let controlBuffer = try device.makeBuffer(count: MemoryLayout<ControlBlock>.size / 4)
    try device.write([control], to: controlBuffer)
    var shared = try device.makeBuffers(
      layout.buffers { group, piece in
        (0..<rule.stateSlots).map { .state(group: group, slot: $0, piece: piece) }
          + (row.stayClose == 0 ? [] : [.anchors(group: group, piece: piece)])
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
    memory = try PlanMemory(for: plan, on: device, sharing: shared).buffers
    var constants = [Float](repeating: 0, count: StepMemory.constantsSize(groups: 1))
    let compiled = try rule.compiled()
    constants[16...].withUnsafeMutableBufferPointer {
      compiled.write(constants: $0, step: OptimizerCase.step, learningRate: row.rate)
    }
    self.constants = constants.withUnsafeBytes { Array($0) }
  }
}
