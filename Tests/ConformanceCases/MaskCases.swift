import GlissadeTensors

extension Table {
  static var masks: Table {
    Table(name: "masks", cases: selections + [-2, 0, 3].map(triangles) + [logic, integers, arrays])
  }

  private static var selections: [Case] {
    let entries: [(Shape, Shape, Shape)] = [
      ([5, 7], [5, 7], [5, 7]), ([7], [5, 7], [5, 1]), ([5, 1], [7], [5, 7]), ([3, 1, 5], [3, 4, 5], [4, 1]), ([1], [13], [1]),
      ([40, 33], [], [33]),
    ]
    return entries.map { mask, first, second in
      let holds = Content.fixed((0..<mask.count).map { Float($0 * 7 % 3) })
      let shape = mask.broadcast(with: first.broadcast(with: second) ?? []) ?? []
      func right(_ x: [Numbers], _ position: Int) -> Double {
        let place = Numbers.places(position, shape)
        return 2 * (stretched(x[0], at: place) != 0 ? stretched(x[1], at: place) : stretched(x[2], at: place))
      }
      return Case(
        "select", [Operand(mask, holds, isDifferentiated: false), Operand(first), Operand(second)],
        one: { $0[1].kept(where: $0[0], otherwise: $0[2]) * 2 },
        reference: { x in Numbers(shape, (0..<shape.count).map { right(x, $0) }) })
    }
  }

  private static func triangles(at diagonal: Int) -> Case {
    func right(_ x: Numbers, _ holds: (Int) -> Bool) -> Numbers {
      Numbers([2, 5, 7], (0..<70).map { holds($0 % 7 - $0 / 7 % 5) ? x.values[$0] : 0 })
    }
    return Case(
      "triangles at \(diagonal)", [Operand([2, 5, 7])],
      build: { _, x in [x[0].lowerTriangle(diagonal: diagonal), x[0].upperTriangle(diagonal: diagonal)] },
      reference: { x in [right(x[0]) { $0 <= diagonal }, right(x[0]) { $0 >= diagonal }] })
  }

  private static var logic: Case {
    Case(
      "relations and logic", [Operand([4, 9], .fixed((0..<36).map { Float($0 % 4) }), isDifferentiated: false), Operand([9])],
      one: { x in
        let isTwo: Tensor = (x[0] .> 1) .& (x[0] .!= 3)
        let isZero: Tensor = .!(x[0] .>= 1)
        let never: Tensor = (x[0] .< 0) .| (x[0] .<= -1)
        return x[1].kept(where: (isTwo .| isZero) .^ never, otherwise: -1)
      },
      reference: { x in
        Numbers([4, 9], (0..<36).map { [0, 2].contains(x[0].values[$0]) ? x[1].values[$0 % 9] : -1 })
      })
  }

  private static var integers: Case {
    Case(
      "int32 arithmetic", [Operand([3, 11], .integers(below: 100)), Operand([11], .integers(below: 100))],
      build: { graph, x in
        let sum: Tensor = x[0] * 3 - x[1] + graph.arange(0..<33, by: 3)
        let extremes = maximum(sum, minimum(x[0], x[1]))
        let padded = (-sum).padded([(0, 0), (1, 2)], mode: .constant(-7))
        let chosen = sum.kept(where: x[0] .< x[1], otherwise: -5).flipped(axes: [0])
        let taken = sum.taken(graph.constant(integers: [2, 0]), axis: 0)
        return [extremes, padded, chosen, concatenate([sum, x[0]], axis: 0), taken].map { $0.cast(to: .float32) }
      },
      reference: { x in
        let (a, b) = (x[0].values, x[1].values)
        var sum = Numbers([3, 11])
        for place in 0..<33 { sum.values[place] = a[place] * 3 - b[place % 11] + Double(place % 11 * 3) }
        let extremes = (0..<33).map { Swift.max(sum.values[$0], Swift.min(a[$0], b[$0 % 11])) }
        let chosen = Numbers([3, 11], (0..<33).map { a[$0] < b[$0 % 11] ? sum.values[$0] : -5 })
        return [
          Numbers([3, 11], extremes), padReference(map(sum) { -$0 }, [(0, 0), (1, 2)], .constant(-7)),
          sliceReference(chosen, [2, 0], [3, 11], [-1, 1]), concatenateReference([sum, x[0]], axis: 0),
          Numbers([2, 11], Array(sum.values[22...]) + Array(sum.values[..<11])),
        ]
      })
  }

  private static var arrays: Case {
    Case(
      "constant arrays", [Operand([2, 3])],
      build: { graph, x in
        let weights = graph.constant([0.5, -2, 3])
        let turned = weights.reshaped(to: [3, 1]).broadcast(to: [3, 2])
        return [x[0] * weights, turned, graph.constant([1, 2, 3, 4, 5, 6], shape: [2, 3]) + x[0]]
      },
      reference: { x in
        let weights = [0.5, -2, 3]
        return [
          Numbers([2, 3], (0..<6).map { x[0].values[$0] * weights[$0 % 3] }), Numbers([3, 2], (0..<6).map { weights[$0 / 2] }),
          Numbers([2, 3], (0..<6).map { x[0].values[$0] + Double($0 + 1) }),
        ]
      })
  }
}
