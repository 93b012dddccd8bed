import Glissade
import TestSupport
import Testing

@testable import GlissadeBenchmarks

/// What the limits are measured with does the work that it is taken to do.
struct LimitKernelTests {
  private func run(_ plan: Plan, on device: any Device, filling activations: [Float]) throws -> [Float] {
    let memory = try PlanMemory(for: plan, on: device, sharing: [:]).buffers
    let buffer = try #require(memory[.activations])
    try device.write(activations, to: buffer)
    let prepared = try device.prepare(plan, buffers: memory)
    let constants = [UInt8](repeating: 0, count: StepMemory.constantsSize(groups: 0) * 4)
    try constants.withUnsafeBytes { try prepared.run(constants: $0, inputs: []) }
    try device.synchronize()
    return try device.read(buffer, count: plan.activationsSize, filler: 0)
  }

  /// x = x/2 + 1/2 goes to 1 in every accumulator, so that the sum says how many there are.
  @Test(arguments: TestDevices.all) func multiplyAddsAreCounted(_ device: TestDevice) throws {
    let rounds = 60
    let plan = LimitPlans.multiplyAdd(rounds: rounds, for: device.device.profile)
    let output = try #require(plan.launches[0].writes.first)
    let values = try run(plan, on: device.device, filling: [])[..<output.count]
    let chains = try #require(values.first)
    #expect(chains >= 2 && values.allSatisfy { $0 == chains })
    #expect(plan.flops == 2 * rounds * Int(chains) * output.count)
  }

  @Test(arguments: TestDevices.all) func multiplyAddsAreDone(_ device: TestDevice) throws {
    // Accumulator k of work-item i starts with i + k: after one round their sum is that of (i + k)/2 + 1/2.
    let plan = LimitPlans.multiplyAdd(rounds: 1, for: device.device.profile)
    let values = try run(plan, on: device.device, filling: [])
    let lanes = device.device.profile.style == .cpu ? 16 : 1
    let chains = plan.flops / 2 / (plan.launches[0].writes[0].count)
    for item in 0..<min(4, plan.launches[0].items.0) {
      let sum = (0..<chains).reduce(Float(0)) { $0 + Float(item + $1) / 2 + 0.5 }
      #expect(values[item * lanes] == sum, "work-item \(item)")
    }
  }

  /// Each multiply-add needs the one before: x = x/2 + 1/2, so often.
  @Test(arguments: TestDevices.all) func chainsAreWalkedToTheirEnd(_ device: TestDevice) throws {
    let plan = LimitPlans.chain(rounds: 3, for: device.device.profile)
    let output = try #require(plan.launches[0].writes.first)
    let values = try run(plan, on: device.device, filling: [])[..<output.count]
    for (item, value) in values.enumerated() {
      let start = Float(item)
      #expect(value == (start - 1) / 8 + 1, "work-item \(item)")
    }
  }

  /// In one launch, or in some of too little to pass the caches by.
  @Test(arguments: TestDevices.all) func fillingWritesEverything(_ device: TestDevice) throws {
    for isStreamed in [false, true] {
      let plan = LimitPlans.filling(bytes: 9 << 20, isStreamed: isStreamed, for: device.device.profile)
      #expect((plan.launches.count > 1) == !isStreamed && plan.byteCount == 9 << 20)
      let values = try run(plan, on: device.device, filling: Array(repeating: 2, count: plan.activationsSize))
      let (filled, rest) = (values[..<(9 << 18)], values[(9 << 18)...])
      #expect(filled.allSatisfy { $0 == 1 } && rest.allSatisfy { $0 == 2 })
    }
  }

  /// Of each row one number, and not of all the same column.
  @Test(arguments: TestDevices.all) func eachRowIsPickedFrom(_ device: TestDevice) throws {
    let (rows, columns) = (997, 1024)
    let plan = LimitPlans.picking(rows: rows, columns: columns, for: device.device.profile)
    let picked = try #require(plan.launches[0].writes.first)
    // A number that says where it is.
    let values = try run(plan, on: device.device, filling: (0..<rows * columns).map { Float($0) })
    let places = values[picked.offset..<picked.offset + rows].map { Int($0) }
    #expect(places.enumerated().allSatisfy { $1 / columns == $0 })
    #expect(Set(places.map { $0 % columns }).count > columns / 2)
  }

  /// Sizes that threads cannot share out evenly, too.
  @Test(arguments: TestDevices.all) func copiesAreWhole(_ device: TestDevice) throws {
    for count in [16, 48, 16 * 997, 1 << 16] {
      for kind in LimitPlans.CopyKind.allCases {
        let plan = LimitPlans.copy(bytes: count * 8, kind, for: device.device.profile)
        let source = try #require(plan.launches[0].reads.first)
        let target = try #require(plan.launches[0].writes.first)
        #expect(source.count == count && target.count == count && plan.byteCount == count * 8)
        let before = (0..<plan.activationsSize).map { Float($0) }
        var right = before
        if kind != .inPlace { for index in 0..<count { right[target.offset + index] = before[source.offset + index] } }
        #expect(try run(plan, on: device.device, filling: before) == right, "\(kind) of \(count)")
      }
    }
  }

  @Test(arguments: TestDevices.all) func emptyLaunchesDoNothing(_ device: TestDevice) throws {
    for isShared in [false, true] {
      let plan = LimitPlans.empty(count: 3, isShared: isShared, for: device.device.profile)
      let before = (0..<plan.activationsSize).map { Float($0) }
      #expect(plan.launches.count == 3)
      #expect(try run(plan, on: device.device, filling: before) == before)
    }
  }
}
