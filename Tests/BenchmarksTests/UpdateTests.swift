import Glissade
import TestSupport
import Testing

@testable import GlissadeBenchmarks

/// The two forms of an update that are compared compute the same.
struct UpdateTests {
  static let shapes: [Shape] = [[7, 3], [130], [64, 40]]

  @Test(arguments: OptimizerCase.all.indices) func unfusedIsEquivalent(_ index: Int) throws {
    let row = OptimizerCase.all[index]
    for device in [TestDevices.native.first, TestDevices.openCL.first].compactMap({ $0?.device }) {
      let fused = try FusedUpdate(of: row, Self.shapes, on: device)
      let unfused = try UnfusedUpdate(of: row, Self.shapes, on: device)
      // Two shapes of matrices, each with its products.
      if row.name == "muon" {
        #expect((30...90).contains(fused.plan.launches.count), "\(fused.plan.launches.count)")
      } else {
        let before =
          switch row.before {
          case .nothing: ["lars", "lamb"].contains(row.name) ? 2 : 0
          case .stayClose, .adding: 1
          case .clipping: 2
          }
        #expect(fused.plan.launches.count == before + 1)
      }
      // Two steps, so that the states that the first one leaves are read.
      let (before, _) = try (parameters(fused.memory, fused.layout, device), 0)
      for _ in 0..<2 {
        try run(fused.plan, fused.memory, fused.constants, device)
        try run(unfused.plan, unfused.memory, unfused.constants, device)
      }
      let first = try parameters(fused.memory, fused.layout, device)
      let second = try parameters(unfused.memory, unfused.layout, device)
      #expect(first != before && first.count == second.count)
      let largest = zip(first, second).map { abs($0 - $1) }.max() ?? .nan
      #expect(largest < 1e-5, "\(row.name)")
    }
  }

  /// One launch for each operation and tensor.
  @Test func unfusedIsUnfused() throws {
    let row = try #require(OptimizerCase.all.first { $0.name == "sgd" })
    let unfused = try UnfusedUpdate(of: row, Self.shapes, on: try CPUDevice(threads: 1))
    #expect(unfused.plan.launches.count == 2 * Self.shapes.count)
  }

  @Test func shapesAreThoseOfResNet() {
    #expect(OptimizerCase.shapes.count == 62)
    #expect(OptimizerCase.shapes.reduce(0) { $0 + $1.count } == 11_173_962)
  }

  private func run(
    _ plan: Plan, _ memory: [BufferReference: any DeviceBuffer], _ constants: [UInt8], _ device: any Device
  ) throws {
    let prepared = try device.prepare(plan, buffers: memory)
    try constants.withUnsafeBytes { try prepared.run(constants: $0, inputs: []) }
    try device.synchronize()
  }

  private func parameters(
    _ memory: [BufferReference: any DeviceBuffer], _ layout: ParameterLayout, _ device: any Device
  ) throws -> [Float] {
    let buffer = try #require(memory[.parameters(group: 0)])
    return try layout.entries.filter { $0.slice.buffer == .parameters(group: 0) }.flatMap {
      try device.read(buffer, at: $0.slice.offset, count: $0.slice.count, filler: Float(0))
    }
  }
}
