import GlissadeTensors

// MARK: Reference

func sliceReference(_ x: Numbers, _ starts: [Int], _ counts: [Int], _ steps: [Int]) -> Numbers {
  Numbers(
    Shape(counts),
    (0..<Shape(counts).count).map { position in
      let place = Numbers.places(position, Shape(counts))
      return x.values[x.shape.dimensions.indices.reduce(0) { $0 * x.shape[$1] + starts[$1] + place[$1] * steps[$1] }]
    })
}

func sliceReference(_ x: Numbers, axis: Int, _ range: Range<Int>) -> Numbers {
  var (starts, counts) = (x.shape.dimensions.map { _ in 0 }, x.shape.dimensions)
  (starts[axis], counts[axis]) = (range.lowerBound, range.count)
  return sliceReference(x, starts, counts, counts.map { _ in 1 })
}

func concatenateReference(_ parts: [Numbers], axis: Int) -> Numbers {
  var dimensions = parts[0].shape.dimensions
  dimensions[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
  let shape = Shape(dimensions)
  return Numbers(
    shape,
    (0..<shape.count).map { position in
      var place = Numbers.places(position, shape)
      var part = 0
      while place[axis] >= parts[part].shape[axis] {
        place[axis] -= parts[part].shape[axis]
        part += 1
      }
      return parts[part].values[place.indices.reduce(0) { $0 * parts[part].shape[$1] + place[$1] }]
    })
}

/// Where a place of a padded axis comes from; `nil`: from nowhere.
private func source(_ place: Int, _ extent: Int, _ mode: PaddingMode) -> Int? {
  if (0..<extent).contains(place) { return place }
  switch mode {
  case .constant: return nil
  case .reflect: return place < 0 ? -place : 2 * (extent - 1) - place
  case .replicate: return place < 0 ? 0 : extent - 1
  case .circular: return (place + extent) % extent
  }
}

func padReference(_ x: Numbers, _ amounts: [(before: Int, after: Int)], _ mode: PaddingMode) -> Numbers {
  let shape = Shape(x.shape.dimensions.indices.map { x.shape[$0] + amounts[$0].before + amounts[$0].after })
  return Numbers(
    shape,
    (0..<shape.count).map { position in
      var from = 0
      for (axis, place) in Numbers.places(position, shape).enumerated() {
        guard let index = source(place - amounts[axis].before, x.shape[axis], mode) else {
          if case .constant(let value) = mode { return Double(value) }
          return .nan
        }
        from = from * x.shape[axis] + index
      }
      return x.values[from]
    })
}

// MARK: Rows

extension Table {
  static var slices: Table {
    let entries: [(Shape, [Int], [Int], [Int])] = [
      ([13], [2], [5], [2]), ([13], [12], [13], [-1]), ([1], [0], [1], [1]), ([13], [7], [1], [1]), ([7, 31], [2, 0], [3, 31], [1, 1]),
      // Together in memory, and at a place where kernels can begin.
      ([40, 16], [8, 0], [20, 16], [1, 1]), ([6, 8], [2, 0], [3, 8], [1, 1]), ([3, 64], [1, 16], [1, 33], [1, 1]),
      ([1, 9, 16], [0, 3, 0], [1, 5, 16], [1, 1, 1]), ([4, 5, 16], [2, 1, 0], [1, 3, 16], [1, 1, 1]),
      ([5, 33], [1, 0], [3, 33], [1, 1]),
      ([5, 33], [0, 4], [5, 17], [1, 1]), ([5, 33], [0, 32], [5, 11], [1, -3]), ([5, 33], [4, 0], [5, 33], [-1, 1]),
      ([3, 5, 7], [2, 4, 6], [3, 5, 7], [-1, -1, -1]), ([3, 5, 7], [0, 1, 1], [3, 2, 3], [1, 2, 2]),
      ([4, 6, 8], [1, 5, 0], [2, 3, 4], [2, -2, 2]),
      ([3, 17, 19], [0, 2, 0], [3, 11, 19], [1, 1, 1]), ([2, 9, 12, 5], [0, 1, 2, 0], [2, 4, 4, 5], [1, 2, 2, 1]),
      ([2, 3, 2, 3, 2, 3, 5], [1, 2, 0, 0, 1, 0, 4], [2, 2, 1, 3, 2, 2, 3], [-1, -2, 1, 1, -1, 2, -2]),
      ([70, 48], [3, 0], [33, 48], [2, 1]),
      // Whole vectors of what is turned round or leaves places out.
      ([50], [49], [50], [-1]), ([3, 70], [0, 69], [3, 70], [1, -1]), ([3, 70], [0, 1], [3, 35], [1, 2]),
      ([3, 70], [0, 69], [3, 35], [1, -2]),
      ([3, 101], [1, 2], [2, 33], [1, 3]), ([80], [79], [40], [-2]), ([80], [0], [40], [2]),
    ]
    let ordinary = entries.flatMap { shape, starts, counts, steps -> [Case] in
      let title = "\(counts) from \(starts) by \(steps)"
      func slice(_ x: Tensor) -> Tensor {
        // Each axis by itself is one slice; all of them together another.
        starts.indices.reduce(x) { x, axis in
          let end = starts[axis] + counts[axis] * steps[axis]
          return x.sliced(axis: axis, from: starts[axis], to: steps[axis] < 0 && end < 0 ? nil : end, by: steps[axis])
        }
      }
      return [
        Case("slice \(title)", [Operand(shape)], one: { slice($0[0]) }, reference: { sliceReference($0[0], starts, counts, steps) }),
        Case(
          "chain over slice \(title)", [Operand(shape)], one: { tanh(slice($0[0] * 2)) + 1 },
          reference: { map(sliceReference($0[0], starts, counts, steps)) { Real.tanh($0 * 2) + 1 } }),
      ]
    }
    let others: [Case] = [
      Case(
        "plain slice of all axes", [Operand([6, 7, 9])],
        one: {
          $0[0].graph.record(.slice(Slicing(starts: [5, 1, 8], counts: [3, 3, 5], steps: [-2, 2, -2])), [$0[0]])
        }, reference: { sliceReference($0[0], [5, 1, 8], [3, 3, 5], [-2, 2, -2]) }),
      Case(
        "at", [Operand([5, 16, 3])], one: { $0[0].at(-2, axis: 1) },
        reference: {
          Numbers([5, 3], sliceReference($0[0], axis: 1, 14..<15).values)
        }),
      // A view of a view, read by a product.
      Case(
        "product of slices", [Operand([40, 16]), Operand([48, 8])],
        one: {
          $0[0].sliced(axis: 0, 8..<40).sliced(axis: 0, 1..<8).matmul($0[1].sliced(axis: 0, 32..<48))
        },
        reference: { operands in
          let (a, b) = (sliceReference(operands[0], axis: 0, 9..<16), sliceReference(operands[1], axis: 0, 32..<48))
          return Numbers([7, 8], (0..<56).map { place in (0..<16).reduce(0.0) { $0 + a[place / 8, $1] * b[$1, place % 8] } })
        }),
    ]
    return Table(name: "slices", cases: ordinary + others)
  }

  static var joins: Table {
    let entries: [([Shape], Int)] = [
      ([[3], [5], [1]], 0), ([[16], [32], [7]], 0), ([[2, 16], [3, 16]], 0), ([[2, 7], [3, 7], [1, 7]], 0), ([[5, 3], [5, 4]], 1),
      ([[5, 16], [5, 32], [5, 17]], 1), ([[33, 1], [33, 1]], 1), ([[2, 3, 5], [2, 4, 5]], 1), ([[1, 3, 16], [1, 2, 16]], 1),
      ([[2, 3, 4, 5], [2, 3, 4, 1], [2, 3, 4, 18]], 3),
    ]
    let splits: [(Shape, Int, [Int])] = [
      ([12], 0, [1, 4, 7]), ([48], 0, [16, 32]), ([6, 16], 0, [2, 4]), ([6, 7], 0, [2, 3, 1]), ([5, 12], 1, [3, 4, 5]),
      ([3, 64], 1, [16, 48]), ([2, 6, 5], 1, [1, 2, 3]), ([2, 3, 4, 33], 3, [1, 16, 16]),
    ]
    let together = entries.flatMap { shapes, axis -> [Case] in
      [
        Case(
          "concatenate along \(axis)", shapes.map { Operand($0) }, one: { concatenate($0, axis: axis) },
          reference: {
            concatenateReference($0, axis: axis)
          }),
        // Operands that are computed, one of them twice, and one that is read elsewhere too.
        Case(
          "concatenate along \(axis) what is computed", shapes.map { Operand($0) },
          build: { _, x in
            let y = x.map { tanh($0) }
            return [concatenate(y + [y[0]], axis: axis), y[0] * 2]
          },
          reference: { x in
            let y = x.map { map($0) { Real.tanh($0) } }
            return [concatenateReference(y + [y[0]], axis: axis), map(y[0]) { $0 * 2 }]
          }),
      ]
    }
    let apart = splits.flatMap { shape, axis, sizes -> [Case] in
      func pieces(_ x: Numbers) -> [Numbers] {
        sizes.indices.map { index in
          let start = sizes[..<index].reduce(0, +)
          return sliceReference(x, axis: axis, start..<(start + sizes[index]))
        }
      }
      return [
        Case(
          "split \(sizes) along \(axis)", [Operand(shape)], build: { _, x in x[0].split(sizes, axis: axis) },
          reference: { pieces($0[0]) }),
        Case(
          "last of \(sizes) along \(axis)", [Operand(shape)], one: { (-$0[0]).split(sizes, axis: axis)[sizes.count - 1] * 2 },
          reference: {
            map(pieces($0[0])[sizes.count - 1]) { $0 * -2 }
          }),
      ]
    }
    let others: [Case] = [
      Case(
        "nested concatenations", [Operand([2, 16]), Operand([1, 16])],
        one: {
          let inner = concatenate([$0[0] * 2, $0[1] + 1], axis: 0)
          return concatenate([$0[1].applying(.square), inner, inner], axis: 0)
        },
        reference: { x in
          let inner = concatenateReference([map(x[0]) { $0 * 2 }, map(x[1]) { $0 + 1 }], axis: 0)
          return concatenateReference([map(x[1]) { $0 * $0 }, inner, inner], axis: 0)
        }),
      Case(
        "stack", [Operand([3, 5]), Operand([3, 5])], build: { _, x in [stack(x), stack(x, axis: 1), stack(x, axis: -1)] },
        reference: { x in
          [[2, 3, 5], [3, 2, 5], [3, 5, 2]].enumerated().map { axis, shape in
            let unit = Shape(shape.enumerated().map { $0 == axis ? 1 : $1 })
            return concatenateReference(x.map { Numbers(unit, $0.values) }, axis: axis)
          }
        }),
      Case(
        "roll", [Operand([3, 7])], build: { _, x in [x[0].rolled(by: 3, axis: 1), x[0].rolled(by: -4, axis: 0)] },
        reference: { x in
          [(1, 4), (0, 1)].map { axis, start in
            concatenateReference(
              [sliceReference(x[0], axis: axis, start..<x[0].shape[axis]), sliceReference(x[0], axis: axis, 0..<start)], axis: axis)
          }
        }),
      Case(
        "tile and repeat", [Operand([2, 3])], build: { _, x in [x[0].tiled([2, 1, 2]), x[0].repeated(3, axis: 1)] },
        reference: { x in
          let row = concatenateReference([x[0], x[0]], axis: 1)
          let tiled = concatenateReference([row, row], axis: 0)
          return [
            Numbers([2, 2, 6], tiled.values), Numbers([2, 9], (0..<18).map { x[0].values[$0 / 3] }),
          ]
        }),
    ]
    return Table(name: "joins and pieces", cases: together + apart + others)
  }

  static var padding: Table {
    let entries: [(Shape, [(before: Int, after: Int)])] = [
      ([5], [(2, 3)]), ([1], [(0, 20)]), ([40], [(16, 16)]), ([3, 5], [(1, 2), (0, 0)]), ([3, 5], [(0, 0), (2, 1)]),
      ([3, 33], [(2, 0), (3, 15)]),
      ([2, 4, 5, 3], [(0, 0), (1, 1), (2, 1), (0, 0)]), ([2, 3, 4, 16], [(0, 0), (1, 0), (1, 2), (0, 0)]),
      ([3, 5, 7], [(-1, 2), (2, -2), (0, -1)]),
      ([2, 1, 2, 2, 1, 2, 3], [(1, 0), (0, 1), (0, 1), (1, 0), (1, 1), (0, 1), (1, 0)]),
    ]
    let borders: [(Shape, [(before: Int, after: Int)])] = [
      ([5], [(2, 4)]), ([3, 5], [(0, 0), (3, 1)]), ([4, 6], [(2, 3), (1, 0)]), ([2, 4, 5, 3], [(0, 0), (1, 2), (2, 1), (0, 0)]),
      ([3, 16], [(1, 1), (0, 0)]),
    ]
    let modes: [PaddingMode] = [.reflect, .replicate, .circular]
    let constants = entries.map { shape, amounts in
      Case(
        "pad \(amounts)", [Operand(shape)], one: { $0[0].padded(amounts, mode: .constant(0.5)) },
        reference: {
          padReference($0[0], amounts, .constant(0.5))
        })
    }
    let mirrored = borders.flatMap { shape, amounts in
      modes.map { mode in
        Case(
          "\(mode) \(amounts)", [Operand(shape)], one: { $0[0].padded(amounts, mode: mode) },
          reference: {
            padReference($0[0], amounts, mode)
          })
      }
    }
    return Table(name: "padding", cases: constants + mirrored)
  }

  static var lookups: Table {
    let entries: [(Shape, Int, Shape)] = [
      ([7, 5], 0, [11]), ([7, 5], 1, [3]), ([3, 4, 17], 1, [2, 3]), ([2, 9, 1], 1, [20]), ([5], 0, [1]), ([3, 5, 16], 2, [7]),
      ([64, 3], 0, [129]),
    ]
    func take(_ x: Numbers, _ indices: Numbers, _ axis: Int) -> Numbers {
      let outer = x.shape.dimensions[..<axis].reduce(1, *)
      let inner = x.shape.dimensions[(axis + 1)...].reduce(1, *)
      var values: [Double] = []
      for o in 0..<outer {
        for index in indices.values { values += x.values[((o * x.shape[axis] + Int(index)) * inner)...].prefix(inner) }
      }
      return Numbers(
        Shape(Array(x.shape.dimensions[..<axis] + indices.shape.dimensions + x.shape.dimensions[(axis + 1)...])), values)
    }
    let along: [(Shape, Int, Shape)] = [
      ([7, 5], 1, [7, 1]), ([7, 5], 0, [3, 5]), ([3, 4, 17], 1, [3, 6, 17]), ([13], 0, [20]), ([4, 33], 1, [4, 33]), ([1, 1], 0, [1, 1]),
    ]
    func sources(_ x: Shape, _ indices: Numbers, _ axis: Int) -> [Int] {
      indices.values.indices.map { position in
        var place = Numbers.places(position, indices.shape)
        place[axis] = Int(indices.values[position])
        return place.indices.reduce(0) { $0 * x[$1] + place[$1] }
      }
    }
    let shared = entries.map { shape, axis, indices in
      Case(
        "take along \(axis)", [Operand(shape), Operand(indices, .integers(below: shape[axis]))], one: { $0[0].taken($0[1], axis: axis) },
        reference: {
          take($0[0], $0[1], axis)
        })
    }
    let each = along.flatMap { shape, axis, indices in
      [
        Case(
          "gather along \(axis)", [Operand(shape), Operand(indices, .integers(below: shape[axis]))],
          one: { $0[0].gather($0[1], axis: axis) },
          reference: { x in
            Numbers(indices, sources(shape, x[1], axis).map { x[0].values[$0] })
          }),
        Case(
          "add along \(axis)", [Operand(shape), Operand(indices), Operand(indices, .integers(below: shape[axis]))],
          one: {
            $0[0].adding($0[1], at: $0[2], axis: axis)
          },
          reference: { x in
            var result = x[0]
            for (from, to) in sources(shape, x[2], axis).enumerated() { result.values[to] += x[1].values[from] }
            return result
          }),
      ]
    }
    let others: [Case] = [
      Case(
        "gather of labels", [Operand([6, 10]), Operand([6], .integers(below: 10))], one: { $0[0].logSoftmax().gather($0[1]) },
        reference: { x in
          let y = softmaxReference(x[0], isLogarithmic: true)
          return Numbers([6], (0..<6).map { y[$0, Int(x[1].values[$0])] })
        }),
      Case(
        "gather with indices that broadcast", [Operand([3, 4, 5]), Operand([1, 4, 1], .integers(below: 5))],
        one: { $0[0].gather($0[1]) },
        reference: { x in
          Numbers([3, 4, 1], (0..<12).map { x[0].values[$0 * 5 + Int(x[1].values[$0 % 4])] })
        }),
      Case(
        "one-hot", [Operand([3, 7], .integers(below: 5)), Operand([5])], one: { $0[0].oneHot(5) * $0[1] },
        reference: { x in
          Numbers([3, 7, 5], (0..<105).map { Int(x[0].values[$0 / 5]) == $0 % 5 ? x[1].values[$0 % 5] : 0 })
        }),
    ]
    return Table(name: "elements by number", cases: shared + each + others)
  }
}
