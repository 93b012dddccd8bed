import GlissadePlanning
import Testing

@testable import GlissadeTensors

/// Parts that lie together in memory are not copied.
struct ViewTests {
  private func plan(_ build: (Graph) -> [Tensor]) throws -> Plan {
    let graph = Graph()
    var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
    for (index, y) in build(graph).enumerated() { request.outputs["y\(index)"] = y }
    return try Planner(profile: TrainingPlans.cpu).plan(request)
  }

  @Test func rowsAreAViewWhereKernelsCanBegin() throws {
    let view = try plan { [tanh($0.input("x", shape: [8, 16]).sliced(axis: 0, 3..<6))] }
    #expect(view.launches.count == 1)
    #expect(view.launches[0].reads == [Slice(.inputs, offset: (view.inputs["x"]?.slice.offset ?? 0) + 48, count: 48)])
    let whole = try plan { [$0.input("x", shape: [8, 16]).sliced(axis: 0, 3..<6)] }
    #expect(whole.launches.isEmpty && whole.outputs["y0"]?.slice.buffer == .inputs)
    for (shape, range) in [([8, 7], 3..<6), ([8, 16], 0..<3)] as [(Shape, Range<Int>)] {
      let axis = shape == [8, 7] ? 0 : 1
      #expect(try plan { [$0.input("x", shape: shape).sliced(axis: axis, range)] }.launches.map(\.kernelName) == ["copy_strided"])
    }
    #expect(try plan { [$0.input("x", shape: [8, 16]).sliced(axis: 0, 0..<6, by: 2)] }.launches.count == 1)
  }

  @Test func splitRowsAreViewsAndWhatNobodyReadsIsNotMade() throws {
    #expect(try plan { $0.input("x", shape: [9, 16]).split([2, 3, 4], axis: 0) }.launches.isEmpty)
    #expect(try plan { [$0.input("x", shape: [3, 9]).split([2, 3, 4], axis: 1)[1]] }.launches.count == 1)
  }

  @Test func whatIsPutTogetherIsComputedThere() throws {
    let joined = try plan { graph in
      [concatenate([tanh(graph.input("a", shape: [2, 16])), relu(graph.input("b", shape: [3, 16]))], axis: 0)]
    }
    #expect(joined.launches.map(\.note.operation) == ["hyperbolicTangent", "relu"])
    let writes = joined.launches.flatMap(\.writes)
    #expect(writes[1].offset == writes[0].offset + 32 && joined.outputs["y0"]?.slice.offset == writes[0].offset)
    // In columns, or where the second would begin between two places for kernels, it is copied; an input stays where it is.
    for (a, b, axis, copies) in [([2, 16], [2, 16], 1, 2), ([1, 7], [2, 7], 0, 1)] as [(Shape, Shape, Int, Int)] {
      let plan = try plan { [concatenate([tanh($0.input("a", shape: a)), relu($0.input("b", shape: b))], axis: axis)] }
      #expect(plan.launches.count { $0.kernelName == "copy_rows" } == copies)
    }
    let read = try plan { graph in
      let x = graph.input("a", shape: [2, 16])
      return [concatenate([x, x], axis: 0)]
    }
    #expect(read.launches.count { $0.kernelName == "copy_rows" } == 2)
  }

  /// A part lives as long as the whole, and the whole from its first part on.
  @Test func partsAndTheirWholeShareOneLifetime() throws {
    let plan = try plan { graph in
      let x = graph.input("x", shape: [4, 16])
      let both = concatenate([tanh(x), relu(tanh(x * 2) * 3)], axis: 0)
      let parts = both.split([4, 4], axis: 0)
      return [tanh(parts[1] - parts[0]).matmul(both, transposeOther: true)]
    }
    for (index, launch) in plan.launches.enumerated() {
      for earlier in plan.launches[..<index] {
        for write in earlier.writes where write.buffer == .activations {
          // What is written again must not be read as the earlier value any more; parts of one whole do not overlap.
          for other in launch.writes where other.buffer == .activations && other != write {
            let overlap = max(write.offset, other.offset) < min(write.offset + write.count, other.offset + other.count)
            let readLater = plan.launches[index...].contains { $0.reads.contains(write) }
            #expect(!overlap || !readLater)
          }
        }
      }
    }
  }

  @Test func constantArraysAreInMemoryFromTheStart() throws {
    let plan = try plan { graph in
      let x = graph.input("x", shape: [2, 3])
      return [(x * graph.constant([1, 2, 3]) + graph.constant([1, 2, 3])).kept(where: graph.arange(0..<3) .> 0, otherwise: 0)]
    }
    // The comparison is of another shape than what it chooses from.
    #expect(plan.launches.count == 2)
    // Equal ones are one.
    let arrays = [[0, 1, 2], [1, 2, 3].map { (value: Float) in value.bitPattern }]
    #expect(plan.arrays.count == 2 * Slice.room(3))
    #expect(arrays.allSatisfy { [Array(plan.arrays[..<3]), Array(plan.arrays[Slice.room(3)...].prefix(3))].contains($0) })
  }

  @Test func oneHotIsOneLaunch() throws {
    #expect(try plan { [$0.input("i", shape: [5, 7], dtype: .int32).oneHot(11)] }.launches.count == 1)
  }
}
