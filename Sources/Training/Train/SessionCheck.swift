import GlissadeDevices
import GlissadePlanning
import GlissadeTensors

/// The kernels of a session's steps, checked before they are first run.
///
/// Kernels that nobody has checked on this device are compared with the processor's, on random operands. One that is wrong or cannot be built
/// and uses local memory is planned around, if the device can do without.
extension TrainingSession {
  /// A plan of a step whose kernels the device is known to compute rightly.
  /// - Throws: `DeviceError` with the kernel that computes wrongly; `ShapeError`.
  func checkedPlan(_ batchSize: Int, _ purpose: StepPurpose) throws -> Plan {
    // What a small batch needs is found out quickly; some kernels come in large steps only.
    let smallest = 3
    while true {
      let plan = try plannedStep(batchSize, purpose)
      let isPlainer = try device.verify(
        plan,
        CheckedStep(classes: outputSize) { [self] () throws(ShapeError) in
          let small = batchSize > smallest ? try? request(smallest, purpose) : nil
          return (small.map { [$0] } ?? []) + [try request(batchSize, purpose)]
        })
      if !isPlainer { return plan }
      forgetPlans()
    }
  }

  /// The same for a step that is recorded already.
  func checkedPlan(of request: StepRequest) throws -> Plan {
    while true {
      let plan = try Planner(profile: device.profile).plan(request)
      if !(try device.verify(plan, CheckedStep(classes: outputSize) { [request] })) { return plan }
    }
  }

  /// Makes a plan ready to be replayed, or a plainer one where the device finds out that it cannot run what was planned.
  func preparing(_ plan: () throws -> Plan) throws -> Stepper {
    while true {
      let plan = try plan()
      let before = device.profile
      do { return try prepare(plan) } catch let error as DeviceError {
        if device.profile == before { throw error }
        forgetPlans()
      }
    }
  }
}
