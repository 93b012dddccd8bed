import GlissadeFormats
import GlissadePlanning
import GlissadeTensors
import Testing

/// Slices, joins, padding, elements by number and masks are PyTorch's, in values and gradients, over odd corners.
struct MovementTests {
  private static let fixture = Result { try Fixture("movement") }

  private static let functions: [String: @Sendable ([Tensor]) -> Tensor] = [
    "slice": { $0[0].sliced(axis: 0, 1..<4) },
    "slice-step": { $0[0].sliced(axis: 1, from: 1, to: 99, by: 3) },
    "slice-one": { $0[0].sliced(axis: -1, from: -1) },
    "slice-backwards": { $0[0].sliced(axis: 1, from: -2, by: -2) },
    "at": { $0[0].at(-2, axis: 1) },
    "flip": { $0[0].flipped(axes: [0, -1]) },
    "roll": { $0[0].rolled(by: -2, axis: 1) },
    "tile": { $0[0].tiled([2, 1, 3]) },
    "repeat": { $0[0].repeated(3, axis: 0) },
    "split": { x in
      let parts = x[0].split([1, 4, 2], axis: -1)
      return concatenate([parts[2] * 3, parts[1] * 2, parts[0]], axis: 1)
    },
    "concatenate": { concatenate($0, axis: -1) },
    "concatenate-rows": { concatenate([$0[0], $0[1], $0[0]], axis: 0) },
    "stack": { stack($0, axis: -1) },
    "pad": { $0[0].padded([(0, 3), (2, 1)], mode: .constant(-1.5)) },
    "pad-negative": { $0[0].padded([(1, -2), (-1, 2)]) },
    "pad-reflect": { $0[0].padded([(2, 1), (3, 2)], mode: .reflect) },
    "pad-replicate": { $0[0].padded([(2, 1), (0, 6)], mode: .replicate) },
    "pad-circular": { $0[0].padded([(2, 3), (4, 1)], mode: .circular) },
    "take": { $0[0].taken($0[1], axis: 1) },
    "gather": { $0[0].gather($0[1]) },
    "gather-first": { $0[0].gather($0[1], axis: 0) },
    "gather-labels": { $0[0].gather($0[1]) },
    "scatter-add": { $0[0].adding($0[1], at: $0[2], axis: 1) },
    "scatter-add-odd": { $0[0].adding($0[1], at: $0[2], axis: 0) },
    "where": { x in
      let mask = x[0].graph.constant((0..<24).map { Float($0 % 3) }, shape: [4, 6])
      return x[0].kept(where: mask, otherwise: x[1])
    },
    "where-broadcast": { $0[0].kept(where: $0[0].graph.constant(integers: [0, 1, 2, 0, 1, 2]), otherwise: $0[1]) },
    "where-nan": { $0[0].kept(where: $0[0] .> 0, otherwise: 0) },
    "lower": { $0[0].lowerTriangle(diagonal: 1) },
    "upper": { $0[0].upperTriangle(diagonal: -1) },
    "attention": { $0[0].kept(where: $0[0].graph.lowerTriangle(rows: 5, columns: 5), otherwise: -.infinity).softmax() },
  ]

  @Test("Values and gradients", arguments: DeviceUnderTest.all) func cases(on under: DeviceUnderTest) throws {
    let fixture = try Self.fixture.get()
    let shapes = try fixture.metadata("operands")
    let names = try fixture.metadata("cases").strings
    #expect(names.sorted() == Self.functions.keys.sorted())
    var data: [String: StepInput] = [:]
    for name in names { try add(name, fixture, to: &data) }
    let results = try GraphRunner(under.device).run(inputs: data) { graph in
      var outputs: [String: Tensor] = [:]
      for name in names { try record(name, shapes, fixture, in: graph, &outputs) }
      return outputs
    }
    for (key, found) in results {
      let expected = try fixture.numbers(key)
      #expect(found.count == expected.count, "\(key)")
      // What is only moved is the same number, the sign of a zero included.
      let isMoved = key.hasSuffix("/output") && !key.hasPrefix("attention") && !key.hasPrefix("scatter")
      for (place, pair) in zip(found, expected).enumerated() {
        let isRight =
          isMoved || !pair.1.isFinite
          ? pair.0.bitPattern == pair.1.bitPattern || (pair.0.isNaN && pair.1.isNaN)
          : abs(pair.0 - pair.1) <= 1e-6 * abs(pair.1) + 1e-6
        #expect(isRight, "\(key) at \(place) is \(pair.0), and PyTorch's \(pair.1)")
      }
    }
  }

  private func record(
    _ name: String, _ shapes: JSONValue, _ fixture: Fixture, in graph: Graph, _ outputs: inout [String: Tensor]
  ) throws {
    var operands: [Tensor] = []
    let listed = try shapes.member(name).arrayValue ?? []
    for (index, shape) in listed.enumerated() {
      let key = "\(name)/x\(index)"
      operands.append(graph.input(key, shape: Shape(shape.integers), dtype: fixture.has("\(key)/kind") ? .float32 : .int32))
    }
    let function = try #require(Self.functions[name])
    let y = function(operands)
    #expect(graph.firstError == nil, "\(name)")
    outputs["\(name)/output"] = y
    // What flows back is not times the values: 0 times infinity.
    let loss = (y * graph.input("\(name)/upstream", shape: y.shape)).sum()
    let gradients = graph.gradients(of: loss, withRespectTo: operands.filter { $0.dtype == .float32 })
    for (index, gradient) in gradients.enumerated() {
      let found = try #require(gradient)
      outputs["\(name)/g\(index)"] = found
    }
  }

  private func add(_ name: String, _ fixture: Fixture, to data: inout [String: StepInput]) throws {
    data["\(name)/upstream"] = StepInput(try fixture.numbers("\(name)/upstream"))
    for index in 0..<3 where fixture.has("\(name)/x\(index)") || fixture.has("\(name)/x\(index)/kind") {
      let key = "\(name)/x\(index)"
      if fixture.has("\(key)/kind") {
        data[key] = StepInput(try fixture.numbers(key))
      } else {
        data[key] = StepInput(try fixture.file.integers(of: key).map { Int32($0) })
      }
    }
  }

  @Test("Relations and logic", arguments: DeviceUnderTest.all) func relations(on under: DeviceUnderTest) throws {
    let fixture = try Self.fixture.get()
    let (a, b) = (try fixture.numbers("pairs/a"), try fixture.numbers("pairs/b"))
    let relations: [String: (Tensor, Tensor) -> Tensor] = [
      "greater": { $0 .> $1 }, "greater-or-equal": { $0 .>= $1 }, "less": { $0 .< $1 }, "less-or-equal": { $0 .<= $1 },
      "equal": { $0 .== $1 }, "not-equal": { $0 .!= $1 }, "and": { $0 .& $1 }, "or": { $0 .| $1 }, "xor": { $0 .^ $1 },
      "not": { a, _ in .!a },
    ]
    #expect(try fixture.metadata("relations").strings.sorted() == relations.keys.sorted())
    let results = try GraphRunner(under.device).run(inputs: ["a": StepInput(a), "b": StepInput(b)]) { graph in
      let (a, b) = (graph.input("a", shape: [a.count]), graph.input("b", shape: [b.count]))
      return relations.mapValues { $0(a, b) }
    }
    for (name, found) in results { #expect(found == (try fixture.numbers("pairs/\(name)")), "\(name)") }
  }

  @Test("Casts", arguments: DeviceUnderTest.all) func casts(on under: DeviceUnderTest) throws {
    let fixture = try Self.fixture.get()
    let floats = try fixture.numbers("cast/floats")
    let whole = try fixture.file.integers(of: "whole/integers").map { Int32($0) }
    // PyTorch leaves what these become to the processor.
    let beyond: [Float] = [.nan, .infinity, -.infinity, 3e9, -3e9]
    let results = try GraphRunner(under.device).run(inputs: ["floats": StepInput(floats + beyond), "whole": StepInput(whole)]) { graph in
      [
        "integers": graph.input("floats", shape: [floats.count + beyond.count]).cast(to: .int32),
        "floats": graph.input("whole", shape: [whole.count], dtype: .int32).cast(to: .float32),
      ]
    }
    let integers = try #require(results["integers"]).map { Int32(bitPattern: $0.bitPattern) }
    #expect(integers == (try fixture.file.integers(of: "cast/integers").map { Int32($0) }) + [0, .max, .min, .max, .min])
    #expect(results["floats"] == (try fixture.numbers("whole/floats")))
  }

  @Test("An index outside the axis gives NaN, and adds nothing", arguments: DeviceUnderTest.all) func outside(on under: DeviceUnderTest)
    throws
  {
    let indices: [Int32] = [0, -1, 2, 3, .max, .min]
    let results = try GraphRunner(under.device).run(inputs: ["x": StepInput([1, 2, 3] as [Float]), "i": StepInput(indices)]) { graph in
      let (x, i) = (graph.input("x", shape: [3]), graph.input("i", shape: [6], dtype: .int32))
      let y = x.taken(i)
      return [
        "taken": y, "gathered": x.gather(i), "gradient": try #require(graph.gradients(of: y.sum(), withRespectTo: [x])[0]),
        "integers": graph.arange(5..<8).taken(i), "one-hot": i.oneHot(3).sum(axes: [0]),
      ]
    }
    for key in ["taken", "gathered"] {
      #expect(try #require(results[key]).map(\.isNaN) == [false, true, false, true, true, true], "\(key)")
    }
    #expect(results["gradient"] == [1, 0, 1])
    #expect(results["one-hot"] == [1, 0, 1])
    #expect(try #require(results["integers"]).map { Int32(bitPattern: $0.bitPattern) } == [5, .min, 7, .min, .min, .min])
  }
}
