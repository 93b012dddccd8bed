import GlissadeTensors
import TestSupport
import Testing

@testable import GlissadeDevices
@testable import GlissadePlanning

/// How index spaces are handed to drivers.
struct LaunchPiecesTests {
  /// Each place of the index space is in exactly one piece, groups divide pieces, and no group is larger than it may be.
  private func expectWhole(
    _ items: (Int, Int, Int), group: Int? = nil, limit: Int = 256, sizes: [Int] = [256, 256, 256], count: Int = 1
  ) -> [LaunchPieces.Piece] {
    let pieces = LaunchPieces(items: items, group: group, limit: limit, itemSizes: sizes, count: count).pieces
    let volume = pieces.reduce(0) { $0 + $1.global.0 * $1.global.1 * $1.global.2 }
    #expect(volume == items.0 * items.1 * items.2, "\(items)")
    for (index, piece) in pieces.enumerated() {
      if let local = piece.local {
        #expect(piece.global.0 % local.0 == 0 && piece.global.1 % local.1 == 0 && piece.global.2 % local.2 == 0, "\(items)")
        #expect(local.0 * local.1 * local.2 <= max(limit, group ?? 0) && local.0 <= sizes[0] && local.1 <= sizes[1] && local.2 <= sizes[2])
        if let group { #expect(local == (group, 1, 1)) }
      }
      // One after the other along one axis, without gaps.
      guard index > 0 else {
        #expect(piece.offset == (0, 0, 0))
        continue
      }
      let before = pieces[index - 1]
      let next = (
        before.offset.0 + (piece.offset.0 > 0 ? before.global.0 : 0), before.offset.1 + (piece.offset.1 > 0 ? before.global.1 : 0),
        before.offset.2 + (piece.offset.2 > 0 ? before.global.2 : 0)
      )
      #expect(piece.offset == next, "\(items)")
    }
    return pieces
  }

  @Test func aPrimeNumberOfItemsIsNoReasonForGroupsOfOne() {
    for items in [(7, 131, 1), (131, 7, 1), (3, 5, 257), (67, 1, 1), (2, 8191, 3)] {
      let pieces = expectWhole(items)
      let inGroups = pieces.filter { $0.local.map { $0.0 * $0.1 * $0.2 >= 32 } ?? false }
      #expect(inGroups.count == 1 && pieces.count == 2, "\(items)")
    }
    // Few items are few groups whatever they are.
    #expect(expectWhole((31, 1, 1)).count == 1)
  }

  @Test func groupsKeepWithinTheLimits() {
    #expect(expectWhole((640, 1, 1))[0].local ?? (0, 0, 0) == (64, 1, 1))
    #expect(expectWhole((640, 1, 1), limit: 48)[0].local ?? (0, 0, 0) == (32, 1, 1))
    #expect(expectWhole((640, 1, 1), limit: 1)[0].local == nil)
    #expect(expectWhole((7, 1000, 1), sizes: [1024, 1, 1])[0].local == nil)
    #expect(expectWhole((7, 1000, 1), limit: 16)[0].local ?? (0, 0, 0) == (1, 16, 1))
    #expect(expectWhole((512, 3, 1), group: 128)[0].local ?? (0, 0, 0) == (128, 1, 1))
  }

  @Test func whatTakesLongIsCutIntoWholeGroups() {
    #expect(expectWhole((256 * 40, 3, 1), group: 256, count: 7).count == 7)
    #expect(expectWhole((256 * 2, 3, 1), group: 256, count: 7).count == 2)
    #expect(expectWhole((7, 131, 5), count: 2).count == 3)
    #expect(expectWhole((64, 1, 1), count: 9).count == 1)
  }

  /// A product and a convolution in pieces are the same numbers, whatever kernels compute them.
  @Test(.enabled(if: !TestDevices.openCL.isEmpty)) func piecesComputeWhatTheWholeComputes() throws {
    let candidate = try #require(OpenCLDiscovery().candidates.first)
    for variant in [ProductVariant.registers, .local(LocalTile(32, 32, inner: 8, item: (4, 4), groups: 8))] {
      let device = try OpenCLDevice(candidate, style: .gpu, products: ProductTuning(always: variant))
      let problems = [
        ProductProblem(.matmul, rows: 131, columns: 150, inner: 70), ProductProblem(.convolution, rows: 4 * 81, columns: 70, inner: 9 * 20),
      ]
      for problem in problems {
        let whole = try results(of: problem, on: device, pieces: nil)
        for pieces in [2, 5] { #expect(try results(of: problem, on: device, pieces: pieces) == whole, "\(problem) \(variant) \(pieces)") }
      }
    }
  }

  private func results(of problem: ProductProblem, on device: OpenCLDevice, pieces: Int?) throws -> [UInt32] {
    let graph = Graph(isTraining: false)
    let x: Tensor
    let y: Tensor
    if problem.kind == .matmul {
      x = graph.input("x", shape: [problem.rows, problem.inner])
      y = x.matmul(graph.input("w", shape: [problem.inner, problem.columns]))
    } else {
      x = graph.input("x", shape: [4, 9, 9, 20])
      y = x.convolved(graph.input("w", shape: [problem.columns, 3, 3, 20]), padding: (1, 1))
    }
    var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
    request.outputs = ["y": y]
    let plan = try Planner(profile: device.profile).plan(request)
    let cuttable = plan.launches.filter { LaunchPieces.cuttable.contains($0.kernelName) }
    #expect(!cuttable.isEmpty, "what takes long can be cut: \(plan.launches.map(\.kernelName))")
    let memory = try PlanMemory(for: plan, on: device, sharing: [:])
    let prepared = try OpenCLPlan(device, plan, memory.buffers, pieces: pieces)
    let values = CheckValues(graph, classes: 2)
    try KernelCheck.run(
      prepared, inputs: plan.inputNames.map { name in plan.inputs[name].map { values.bits($0.type, named: name, isTap: nil) } ?? [] })
    let output = try #require(plan.outputs["y"])
    let buffer = try #require(memory.buffers[output.slice.buffer])
    return try device.read(buffer, at: output.slice.offset, count: output.slice.count, filler: 0)
  }
}
